"""Independent answers, computed slowly: from vertex tuples, python sets and dense matrices."""

import gudhi
import numpy as np
import torch

from tests.tables import COMPLEXES, random_complex, random_orientation


REORIENTED = {
    f"{name}, turned": K.reorient(random_orientation(K, 3))
    for name, K in COMPLEXES.items()
    if name in ("projective plane", "4-simplex", "union")
}
ALL = {**COMPLEXES, **REORIENTED}
CASES = [(name, k) for name, K in ALL.items() for k in range(max(K.dim, 0) + 1)]


def dense_boundary(K, k):
    """∂_k entry by entry, float64: the sign of leaving out the i-th vertex, times orientations."""
    columns = [tuple(row) for row in K.simplices(k).tolist()]
    rows = {tuple(row): i for i, row in enumerate(K.simplices(k - 1).tolist())} if k else {}
    result = np.zeros((len(rows), len(columns)))
    for s, simplex in enumerate(columns):
        for i in range(len(simplex) if k else 0):
            f = rows[simplex[:i] + simplex[i + 1 :]]
            turned = int(K.orientation(k)[s]) * int(K.orientation(k - 1)[f])
            result[f, s] = (-1) ** i * turned
    return result


def dense_laplacian(K, k, signed=True):
    down, up = dense_boundary(K, k), dense_boundary(K, k + 1)
    if not signed:
        down, up = abs(down), abs(up)
    return down.T @ down + up @ up.T


def persistent_betti(K, prime):
    """GUDHI's Betti numbers over Z/prime, of all degrees up to the dimension."""
    tree = gudhi.SimplexTree()
    for k in range(K.dim + 1):
        for simplex in K.simplices(k).tolist():
            tree.insert(simplex)
    tree.compute_persistence(homology_coeff_field=prime, persistence_dim_max=True)
    betti = [*tree.betti_numbers(), *[0] * (K.dim + 1)]
    return tuple(betti[: K.dim + 1])


def bouquet(num_circles):
    """Hollow triangles that share a vertex: one hole each."""
    from simplex import SimplicialComplex

    edges = []
    for i in range(num_circles):
        a, b = 2 * i + 1, 2 * i + 2
        edges += [(0, a), (0, b), (a, b)]
    return SimplicialComplex.from_simplices(edges)


def tolerance(dtype):
    return {"atol": 1e-5, "rtol": 1e-5} if dtype == torch.float32 else {"atol": 1e-11, "rtol": 0}


__all__ = ["ALL", "CASES", "bouquet", "dense_boundary", "dense_laplacian", "persistent_betti"]
__all__ += ["random_complex", "tolerance"]
