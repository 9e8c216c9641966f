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
