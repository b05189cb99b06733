"""CUDA C and what is decided around it. Imports only ``backends.base``, and no CuPy: it compiles without a GPU."""
