"""The central data structure and its kernels; depends on torch, numpy and numba only."""

from simplex.complexes._complex import SimplicialComplex
from simplex.complexes._flag import flag_complex, unique_edges
from simplex.complexes._subcomplex import Restriction, fillable_simplices, restrict, with_simplices


__all__ = [
    "Restriction",
    "SimplicialComplex",
    "fillable_simplices",
    "flag_complex",
    "restrict",
    "unique_edges",
    "with_simplices",
]
