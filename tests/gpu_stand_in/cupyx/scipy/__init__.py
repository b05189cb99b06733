"""Stands for CuPy's SciPy: see ``tests/simulated_gpu.py``."""
