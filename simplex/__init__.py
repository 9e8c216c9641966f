"""Simplicial complexes and simplicial neural networks in PyTorch.

Graph → lift → complex → operators → Weisfeiler-Lehman tests and networks → training. This root has
the one central type; each step is a subpackage, imported where it is used:
``simplex.lifting``, ``simplex.interop``, ``simplex.operators``, ``simplex.wl``, ``simplex.data``,
``simplex.transforms``, ``simplex.nn``, ``simplex.datasets``, ``simplex.train``, ``simplex.optim``,
``simplex.diffusion``.
"""

from simplex.complexes import SimplicialComplex


__version__ = "0.1.0"

__all__ = ["SimplicialComplex", "__version__"]
