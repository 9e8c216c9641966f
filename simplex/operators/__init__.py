"""The linear algebra of a complex: boundaries, adjacencies, Laplacians, homology, Hodge theory."""

from simplex.operators._adjacency import (
    Adjacency,
    adjacency_matrix,
    boundary_adjacency,
    coboundary_adjacency,
    lower_adjacency,
    upper_adjacency,
)
from simplex.operators._apply import (
    apply_boundary,
    apply_coboundary,
    apply_down_laplacian,
    apply_hodge_laplacian,
    apply_random_walk_laplacian,
    apply_up_laplacian,
)
from simplex.operators._boundary import boundary_matrix, coboundary_matrix, incidence_matrix
from simplex.operators._boundary_rows import boundary_rows, coboundary_rows
from simplex.operators._candidates import candidate_scores
from simplex.operators._constructions.graphs import HasseGraph, dual_graph, hasse_graph
from simplex.operators._constructions.joins import cone, join, suspension, wedge
from simplex.operators._constructions.links import vertex_links
from simplex.operators._constructions.manifolds import (
    boundary_complex,
    is_manifold,
    is_pseudomanifold,
    is_pure,
    is_surface,
)
from simplex.operators._constructions.maps import (
    chain_map,
    image_complex,
    is_simplicial,
    quotient,
    simplex_map,
)
from simplex.operators._constructions.orientability import genus, is_orientable, orient
from simplex.operators._constructions.products import product
from simplex.operators._constructions.stars import closed_star, closure, link, star
from simplex.operators._constructions.stellar import stellar_subdivision
from simplex.operators._constructions.subcomplexes import (
    deleted_subcomplex,
    induced_subcomplex,
    largest_component,
    maximal_simplices,
)
from simplex.operators._dirac import dirac_operator
from simplex.operators._eigenpairs import Eigenpairs, eigenpairs
from simplex.operators._heat import heat_energy, heat_flow
from simplex.operators._hodge import harmonic_basis, hodge_decomposition
from simplex.operators._homology import betti_numbers, connected_components, euler_characteristic
from simplex.operators._incidence import boundary_sum, coboundary_sum
from simplex.operators._laplacian import down_laplacian, hodge_laplacian, up_laplacian
from simplex.operators._normalized import normalized_laplacian, normalizing_weights
from simplex.operators._subdivision import subdivide


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.operators._adjacency import (
    ADJACENCIES as ADJACENCIES,
    neighbor_counts as neighbor_counts,
    neighbor_pairs as neighbor_pairs,
    receiver_chunks as receiver_chunks,
)
from simplex.operators._bounds import hodge_bound as hodge_bound, part_bound as part_bound
from simplex.operators._candidates import (
    common_neighbors as common_neighbors,
    require_candidates as require_candidates,
)
from simplex.operators._chains import (
    chain_down as chain_down,
    chain_up as chain_up,
    harmonic_filter as harmonic_filter,
)
from simplex.operators._checks import (
    read_cochain as read_cochain,
    require_finite as require_finite,
    require_rank as require_rank,
    require_representable as require_representable,
)
from simplex.operators._diagonals import (
    matrix_diagonals as matrix_diagonals,
    power_roots as power_roots,
)
from simplex.operators._directed import (
    cofaces_by_position as cofaces_by_position,
    face_relations as face_relations,
    faces_by_position as faces_by_position,
    related_counts as related_counts,
    related_sum as related_sum,
)
from simplex.operators._gram import (
    GramSum as GramSum,
    laplacian_matrix as laplacian_matrix,
    neighbor_matrix as neighbor_matrix,
    small_neighbors as small_neighbors,
    walk_matrix as walk_matrix,
)
from simplex.operators._homology import (
    LARGEST_PRIME as LARGEST_PRIME,
    components_of as components_of,
    pivot_owners as pivot_owners,
    require_prime as require_prime,
)
from simplex.operators._hops import gather_hops as gather_hops, hop_widths as hop_widths
from simplex.operators._incidence import (
    gather_facets as gather_facets,
    incidence_signs as incidence_signs,
    incidences as incidences,
    lower_sum as lower_sum,
    scatter_to_facets as scatter_to_facets,
    upper_sum as upper_sum,
    vertex_incidences as vertex_incidences,
)
from simplex.operators._kernels import (
    HeatKernel as HeatKernel,
    Kernel as Kernel,
    MaternKernel as MaternKernel,
)
from simplex.operators._krylov import conjugate_gradients as conjugate_gradients
from simplex.operators._layout import from_rows as from_rows, to_rows as to_rows
from simplex.operators._least_squares import ImageProjection as ImageProjection
from simplex.operators._prepared import (
    prepared_halves as prepared_halves,
    prepared_projections as prepared_projections,
    spectral_bounds as spectral_bounds,
)
from simplex.operators._row_pattern import (
    RowPattern as RowPattern,
    block_pattern as block_pattern,
    row_pattern as row_pattern,
    segments as segments,
    segments_at as segments_at,
)
from simplex.operators._rows import (
    entry_dots as entry_dots,
    sum_columns as sum_columns,
    sum_rows as sum_rows,
)
from simplex.operators._segments import (
    pool_parts as pool_parts,
    segment_softmax as segment_softmax,
)
from simplex.operators._sparse import column_units as column_units
from simplex.operators._spectral import (
    LinearMap as LinearMap,
    chebyshev_apply as chebyshev_apply,
    chebyshev_coefficients as chebyshev_coefficients,
    laplacian_halves as laplacian_halves,
    self_adjoint as self_adjoint,
)
from simplex.operators._subdivision import flags_of as flags_of


__all__ = [
    "Adjacency",
    "Eigenpairs",
    "HasseGraph",
    "adjacency_matrix",
    "apply_boundary",
    "apply_coboundary",
    "apply_down_laplacian",
    "apply_hodge_laplacian",
    "apply_random_walk_laplacian",
    "apply_up_laplacian",
    "betti_numbers",
    "boundary_adjacency",
    "boundary_complex",
    "boundary_matrix",
    "boundary_rows",
    "boundary_sum",
    "candidate_scores",
    "chain_map",
    "closed_star",
    "closure",
    "coboundary_adjacency",
    "coboundary_matrix",
    "coboundary_rows",
    "coboundary_sum",
    "cone",
    "connected_components",
    "deleted_subcomplex",
    "dirac_operator",
    "down_laplacian",
    "dual_graph",
    "eigenpairs",
    "euler_characteristic",
    "genus",
    "harmonic_basis",
    "hasse_graph",
    "heat_energy",
    "heat_flow",
    "hodge_decomposition",
    "hodge_laplacian",
    "image_complex",
    "incidence_matrix",
    "induced_subcomplex",
    "is_manifold",
    "is_orientable",
    "is_pseudomanifold",
    "is_pure",
    "is_simplicial",
    "is_surface",
    "join",
    "largest_component",
    "link",
    "lower_adjacency",
    "maximal_simplices",
    "normalized_laplacian",
    "normalizing_weights",
    "orient",
    "product",
    "quotient",
    "simplex_map",
    "star",
    "stellar_subdivision",
    "subdivide",
    "suspension",
    "up_laplacian",
    "upper_adjacency",
    "vertex_links",
    "wedge",
]
