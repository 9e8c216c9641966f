"""The central data structure and its kernels; depends on torch, numpy and numba only."""

from simplex.complexes._complex import SimplicialComplex
from simplex.complexes._flag import flag_complex, unique_edges
from simplex.complexes._subcomplex import Restriction, fillable_simplices, restrict, with_simplices


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.complexes._arrays import (
    any_tensor as any_tensor,
    integer_tensor as integer_tensor,
    real_tensor as real_tensor,
)
from simplex.complexes._checks import (
    HIGHEST_DIM as HIGHEST_DIM,
    require_complex as require_complex,
    require_flag as require_flag,
    require_generator as require_generator,
    require_int as require_int,
    require_path as require_path,
    require_real as require_real,
    require_undirected as require_undirected,
    require_word as require_word,
    shown as shown,
)
from simplex.complexes._copies import take_parts as take_parts
from simplex.complexes._files import write_whole as write_whole
from simplex.complexes._filtration import first_below_a_facet as first_below_a_facet
from simplex.complexes._flag_rows import (
    LAST_VERTEX as LAST_VERTEX,
    MOST_ROWS as MOST_ROWS,
    count_rows as count_rows,
    fill_rows as fill_rows,
)
from simplex.complexes._index import numbers_of_names as numbers_of_names
from simplex.complexes._kernels import (
    FLAG as FLAG,
    INT64S as INT64S,
    TABLE as TABLE,
    compiled as compiled,
)
from simplex.complexes._lock import only_run as only_run, remove_unfinished as remove_unfinished
from simplex.complexes._machine import (
    available_bytes as available_bytes,
    require_memory as require_memory,
)
from simplex.complexes._orientation import facet_signs as facet_signs
from simplex.complexes._splitmix import STATE as STATE, splitmix as splitmix
from simplex.complexes._state import (
    ON_DISK as ON_DISK,
    OPENED_BY as OPENED_BY,
    LateLabels as LateLabels,
    is_on_disk as is_on_disk,
    plain_labels as plain_labels,
)
from simplex.complexes._stress import relax_stress as relax_stress
from simplex.complexes._subcomplex import require_masks as require_masks
from simplex.complexes._subsets import (
    require_subsets as require_subsets,
    small_subsets as small_subsets,
)
from simplex.complexes._tables import (
    cofacet_table as cofacet_table,
    ragged as ragged,
    unique_rows as unique_rows,
)
from simplex.complexes._threads import (
    interruptible as interruptible,
    on_free_threads as on_free_threads,
    torch_threads as torch_threads,
    usable_threads as usable_threads,
)
from simplex.complexes._transforms import (
    outside_transforms as outside_transforms,
    transformed as transformed,
)
from simplex.complexes._vertices import (
    read_simplices as read_simplices,
    require_room_for_vertices as require_room_for_vertices,
    require_vertex_count as require_vertex_count,
)


__all__ = [
    "Restriction",
    "SimplicialComplex",
    "fillable_simplices",
    "flag_complex",
    "restrict",
    "unique_edges",
    "with_simplices",
]
