"""Stands for CuPy's second package: see ``tests/simulated_gpu.py``."""
