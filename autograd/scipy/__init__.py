"""``autograd.scipy.special`` and ``autograd.scipy.stats``, under the names that HIPS autograd's programs import."""
