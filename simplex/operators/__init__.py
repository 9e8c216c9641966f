"""The linear algebra of a complex: boundaries, adjacencies, Laplacians, homology, Hodge theory."""

from simplex.operators._adjacency import (
    Adjacency,
    adjacency_matrix,
    boundary_adjacency,
    coboundary_adjacency,
    lower_adjacency,
    upper_adjacency,
)
from simplex.operators._boundary import boundary_matrix, coboundary_matrix, incidence_matrix
from simplex.operators._dirac import dirac_operator
from simplex.operators._heat import heat_energy, heat_flow
from simplex.operators._hodge import harmonic_basis, hodge_decomposition
from simplex.operators._homology import betti_numbers, euler_characteristic
from simplex.operators._laplacian import down_laplacian, hodge_laplacian, up_laplacian
from simplex.operators._normalized import normalized_laplacian, normalizing_weights


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.operators._adjacency import (
    ADJACENCIES as ADJACENCIES,
    Pairs as Pairs,
    neighbor_counts as neighbor_counts,
    neighbor_pairs as neighbor_pairs,
    receiver_chunks as receiver_chunks,
)
from simplex.operators._apply import (
    apply_boundary as apply_boundary,
    apply_coboundary as apply_coboundary,
    apply_down_laplacian as apply_down_laplacian,
    apply_hodge_laplacian as apply_hodge_laplacian,
    apply_random_walk_laplacian as apply_random_walk_laplacian,
    apply_up_laplacian as apply_up_laplacian,
)
from simplex.operators._boundary import require_rank as require_rank
from simplex.operators._chains import (
    chain_down as chain_down,
    chain_up as chain_up,
    harmonic_filter as harmonic_filter,
    hodge_bound as hodge_bound,
    spectral_bound as spectral_bound,
)
from simplex.operators._incidence import (
    boundary_sum as boundary_sum,
    coboundary_sum as coboundary_sum,
    gather_facets as gather_facets,
    incidences as incidences,
    lower_sum as lower_sum,
    scatter_to_facets as scatter_to_facets,
    upper_sum as upper_sum,
)
from simplex.operators._kernels import (
    HeatKernel as HeatKernel,
    Kernel as Kernel,
    MaternKernel as MaternKernel,
)
from simplex.operators._least_squares import ImageProjection as ImageProjection
from simplex.operators._rows import (
    Entries as Entries,
    Segments as Segments,
    SparseRows as SparseRows,
    _pointer as _pointer,
    _product as _product,
    entries as entries,
    pool_parts as pool_parts,
    read_rows as read_rows,
    segment_read as segment_read,
    segment_softmax as segment_softmax,
    segment_sum as segment_sum,
    segments as segments,
    weighted_sum as weighted_sum,
)
from simplex.operators._spectral import (
    LinearMap as LinearMap,
    chebyshev_apply as chebyshev_apply,
    chebyshev_coefficients as chebyshev_coefficients,
    half_bounds as half_bounds,
    laplacian_halves as laplacian_halves,
    self_adjoint as self_adjoint,
)


__all__ = [
    "Adjacency",
    "adjacency_matrix",
    "betti_numbers",
    "boundary_adjacency",
    "boundary_matrix",
    "coboundary_adjacency",
    "coboundary_matrix",
    "dirac_operator",
    "down_laplacian",
    "euler_characteristic",
    "harmonic_basis",
    "heat_energy",
    "heat_flow",
    "hodge_decomposition",
    "hodge_laplacian",
    "incidence_matrix",
    "lower_adjacency",
    "normalized_laplacian",
    "normalizing_weights",
    "up_laplacian",
    "upper_adjacency",
]
