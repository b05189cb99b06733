"""Layers, losses, optimisers and training. May import `autograd` and `backends`, and knows no array library."""

from nn import _clash as _clash  # first: says clearly when the `autograd` found is another project's
