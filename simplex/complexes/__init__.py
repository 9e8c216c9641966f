"""The central data structure and its kernels; depends on torch, numpy and numba only."""

from simplex.complexes._complex import SimplicialComplex
from simplex.complexes._flag import flag_complex, unique_edges


__all__ = ["SimplicialComplex", "flag_complex", "unique_edges"]
