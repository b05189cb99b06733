"""Refuses to run over an `autograd` that is not this project's. Imports only `autograd`.

It finds what `autograd._clash` can't: HIPS autograd in a folder that comes first on `sys.path`, and the folder
without `__init__.py` that is left when HIPS autograd was installed over xpgrad's files and then uninstalled.
"""

from __future__ import annotations

import autograd

if not hasattr(autograd, "Tensor"):
    raise ImportError(
        f"nn: expected xpgrad's package autograd; got another of that name in {', '.join(autograd.__path__)} (HIPS "
        "autograd, or what its uninstallation left). Uninstall both and install one: "
        "python -m pip uninstall -y autograd xpgrad && python -m pip install xpgrad"
    )
