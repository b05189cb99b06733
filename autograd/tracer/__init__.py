"""Stops HIPS autograd's `__init__.py` where it was installed over ours: it imports `autograd.tracer` before all else.

Python finds a package before a module of the same name, so this folder hides their `tracer.py`. See `autograd._clash`.
"""

from autograd import _clash as _clash
