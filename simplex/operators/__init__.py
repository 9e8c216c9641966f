"""The linear algebra of a complex: boundaries, adjacencies, Laplacians, homology, Hodge theory."""

from simplex.operators._adjacency import ADJACENCIES as ADJACENCIES
from simplex.operators._adjacency import (
    Adjacency,
    adjacency_matrix,
    boundary_adjacency,
    coboundary_adjacency,
    lower_adjacency,
    upper_adjacency,
)
from simplex.operators._adjacency import Pairs as Pairs
from simplex.operators._adjacency import neighbor_counts as neighbor_counts
from simplex.operators._adjacency import neighbor_pairs as neighbor_pairs
from simplex.operators._adjacency import receiver_chunks as receiver_chunks
from simplex.operators._apply import apply_boundary as apply_boundary
from simplex.operators._apply import apply_coboundary as apply_coboundary
from simplex.operators._apply import apply_down_laplacian as apply_down_laplacian
from simplex.operators._apply import apply_hodge_laplacian as apply_hodge_laplacian
from simplex.operators._apply import apply_random_walk_laplacian as apply_random_walk_laplacian
from simplex.operators._apply import apply_up_laplacian as apply_up_laplacian
from simplex.operators._boundary import boundary_matrix, coboundary_matrix, incidence_matrix
from simplex.operators._boundary import require_rank as require_rank
from simplex.operators._chains import chain_down as chain_down
from simplex.operators._chains import chain_up as chain_up
from simplex.operators._chains import harmonic_filter as harmonic_filter
from simplex.operators._chains import hodge_bound as hodge_bound
from simplex.operators._chains import spectral_bound as spectral_bound
from simplex.operators._dirac import dirac_operator
from simplex.operators._heat import heat_energy, heat_flow
from simplex.operators._hodge import harmonic_basis, hodge_decomposition
from simplex.operators._homology import betti_numbers, euler_characteristic
from simplex.operators._incidence import boundary_sum as boundary_sum
from simplex.operators._incidence import coboundary_sum as coboundary_sum
from simplex.operators._incidence import gather_facets as gather_facets
from simplex.operators._incidence import incidences as incidences
from simplex.operators._incidence import lower_sum as lower_sum
from simplex.operators._incidence import scatter_to_facets as scatter_to_facets
from simplex.operators._incidence import upper_sum as upper_sum
from simplex.operators._laplacian import down_laplacian, hodge_laplacian, up_laplacian
from simplex.operators._least_squares import ImageProjection as ImageProjection
from simplex.operators._normalized import normalized_laplacian, normalizing_weights
from simplex.operators._rows import Entries as Entries
from simplex.operators._rows import Segments as Segments
from simplex.operators._rows import SparseRows as SparseRows
from simplex.operators._rows import _pointer as _pointer
from simplex.operators._rows import _product as _product
from simplex.operators._rows import entries as entries
from simplex.operators._rows import pool_parts as pool_parts
from simplex.operators._rows import read_rows as read_rows
from simplex.operators._rows import segment_read as segment_read
from simplex.operators._rows import segment_softmax as segment_softmax
from simplex.operators._rows import segment_sum as segment_sum
from simplex.operators._rows import segments as segments
from simplex.operators._rows import weighted_sum as weighted_sum
from simplex.operators._spectral import LinearMap as LinearMap
from simplex.operators._spectral import chebyshev_apply as chebyshev_apply
from simplex.operators._spectral import chebyshev_coefficients as chebyshev_coefficients
from simplex.operators._spectral import half_bounds as half_bounds
from simplex.operators._spectral import laplacian_halves as laplacian_halves
from simplex.operators._spectral import self_adjoint as self_adjoint


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
