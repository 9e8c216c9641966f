"""The central data structure and its kernels; depends on torch, numpy and numba only."""

from simplex.complexes._complex import SimplicialComplex
from simplex.complexes._flag import flag_complex, unique_edges
from simplex.complexes._machine import INT64S as INT64S
from simplex.complexes._machine import TABLE as TABLE
from simplex.complexes._machine import compiled as compiled
from simplex.complexes._machine import require_memory as require_memory
from simplex.complexes._subcomplex import Restriction, fillable_simplices, restrict, with_simplices
from simplex.complexes._tables import cofacet_table as cofacet_table
from simplex.complexes._tables import unique_rows as unique_rows
from simplex.complexes._vertices import require_vertex_count as require_vertex_count


__all__ = [
    "Restriction",
    "SimplicialComplex",
    "fillable_simplices",
    "flag_complex",
    "restrict",
    "unique_edges",
    "with_simplices",
]
