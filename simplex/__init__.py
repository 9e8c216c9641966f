"""Simplicial complexes and simplicial neural networks in PyTorch.

Graph → lift → complex → operators → Weisfeiler-Lehman tests and networks → training. This root has
the one central type; each step is a subpackage, imported where it is used:
``simplex.lifting``, ``simplex.interop``, ``simplex.operators``, ``simplex.wl``, ``simplex.data``,
``simplex.transforms``, ``simplex.nn``, ``simplex.datasets``, ``simplex.train``, ``simplex.optim``,
``simplex.diffusion``.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING


__version__ = "0.1.0"

__all__ = ["SimplicialComplex", "__version__"]


def _is_command_line() -> bool:
    """Whether this process runs the command ``simplex`` or ``python -m simplex``."""
    module = sys.argv[:1] == ["-m"] and "simplex" in sys.orig_argv
    return module or Path(sys.argv[0] if sys.argv else "").stem == "simplex"


# The command line answers --help without torch, which takes seconds to load. Everywhere else the
# type is loaded here, so that torch.load knows saved complexes once ``simplex`` is imported.
if TYPE_CHECKING or not _is_command_line():
    from simplex.complexes import SimplicialComplex
else:

    def __getattr__(name: str) -> object:
        if name != "SimplicialComplex":
            raise AttributeError(f"module 'simplex' has no attribute {name!r}")
        from simplex.complexes import SimplicialComplex

        return SimplicialComplex
