"""Filtered complexes at random, and their diagrams by GUDHI."""

import numpy as np
import torch

from simplex import SimplicialComplex
from simplex.interop import to_gudhi
from simplex.lifting import random_clique_complex


def random_filtration(seed: int, *, digits: int | None = None) -> SimplicialComplex:
    """A random flag complex of few vertices; with few digits many values are equal."""
    seeded = torch.Generator().manual_seed(seed)
    K = random_clique_complex(4 + seed % 7, 0.3 + 0.1 * (seed % 6), max_dim=3, generator=seeded)
    values = [torch.rand(n, generator=seeded, dtype=torch.float64) for n in K.f_vector]
    if digits is not None:
        values = [value.round(decimals=digits) for value in values]
    for k in range(1, K.dim + 1):
        values[k] = torch.maximum(values[k] + 0.3 * k, values[k - 1][K.facets(k)].amax(1))
    return K.with_filtration(values)


def gudhi_intervals(K: SimplicialComplex, prime: int = 11) -> list[np.ndarray]:
    """For each degree the (m, 2) births and deaths, sorted."""
    tree = to_gudhi(K)
    tree.compute_persistence(homology_coeff_field=prime, persistence_dim_max=True)
    found = [tree.persistence_intervals_in_dimension(k) for k in range(K.dim + 1)]
    return [sorted_rows(rows.reshape(-1, 2)) for rows in found]


def sorted_rows(pairs) -> np.ndarray:
    pairs = np.asarray(pairs, dtype=np.float64).reshape(-1, 2)
    return pairs[np.lexsort(pairs.T)]


def gudhi_extended(K: SimplicialComplex, values: torch.Tensor, prime: int) -> list[np.ndarray]:
    """The ordinary, extended and relative classes as sorted rows (degree, birth, death)."""
    tree = to_gudhi(K)
    for v, value in enumerate(values.tolist()):
        tree.assign_filtration([v], value)
    for simplex, _ in list(tree.get_simplices()):
        if len(simplex) > 1:
            tree.assign_filtration(simplex, -1e9)
    tree.make_filtration_non_decreasing()
    tree.extend_filtration()
    ordinary, relative, up, down = tree.extended_persistence(homology_coeff_field=prime)
    tables = [
        np.array([[k, *pair] for k, pair in rows], dtype=np.float64).reshape(-1, 3)
        for rows in (ordinary, up + down, relative)
    ]
    return [table[np.lexsort(table.T)] for table in tables]
