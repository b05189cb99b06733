"""The primitives, by subject: each is its forward formula and its rules.

Imports ``autograd.primitive`` and ``backends``.
"""
