"""Degrees and random walks against PyG, dense matrices, and the law of the error."""

import numpy as np
import torch
from torch_geometric.data import Data
from torch_geometric.transforms import AddRandomWalkPE, OneHotDegree

from simplex.datasets import random_surface
from simplex.operators import adjacency_matrix, betti_numbers, normalized_laplacian
from simplex.testing import random_complex
from simplex.transforms import Degrees, RandomWalkReturns, clique_lift
from tests.cases import over
from tests.operators.oracles import ALL, CASES
from tests.transforms.encodings import seeded


def graph(K):
    edges = K.simplices(1).T
    return Data(edge_index=torch.cat([edges, edges.flip(0)], 1), num_nodes=K.num_simplices(0))


@over("name", ALL)
def test_on_vertices_as_pyg_has_it(name):
    K = ALL[name]
    if K.num_simplices(0) == 0:
        return
    expected = AddRandomWalkPE(9, attr_name="pe")(graph(K)).pe
    ours = RandomWalkReturns(range(1, 10), walks="upper").columns(K, 0)
    torch.testing.assert_close(ours, expected, atol=1e-6, rtol=1e-5)
    one_hot = OneHotDegree(9, cat=False)(graph(K)).x
    mine = Degrees(["upper"], form="one_hot", max_degree=9).columns(K, 0)
    assert torch.equal(mine, one_hot)


NAMES = (
    "empty",
    "edge and isolated vertices",
    "house",
    "3-sphere",
    "projective plane",
    "reoriented",
)


@over("name, k", [(name, k) for name, k in CASES if name in NAMES])
def test_dense_powers(name, k):
    K, steps = ALL[name], [1, 2, 3, 8]
    walks = []
    for adjacency in ("upper", "lower"):
        A = adjacency_matrix(K, k, adjacency, dtype=torch.float64).to_dense().numpy()
        degree = A.sum(1)
        walks.append(A / np.maximum(degree, 1)[:, None])
        counts = Degrees([adjacency], form="log").columns(K, k)[:, 0]
        assert np.allclose(np.expm1(counts.numpy()), degree, rtol=1e-5)
    L = normalized_laplacian(K, k, "random_walk", dtype=torch.float64).to_dense().numpy()
    walks.append(np.eye(len(L)) - L)
    expected = [np.linalg.matrix_power(P, p).diagonal() for P in walks for p in steps]
    got = RandomWalkReturns(steps).columns(K, k).numpy()
    assert np.allclose(got, np.stack(expected, 1), atol=1e-6)


def test_large_parts(monkeypatch):
    """Unit vectors are exact; random ones err by what the docstring says."""
    K, steps = random_complex(3, num_vertices=14), [1, 2, 3, 6]
    exact = [RandomWalkReturns(steps).columns(K, k) for k in range(3)]
    monkeypatch.setattr("simplex.operators._diagonals.SMALL", 3)
    for k in range(3):
        units = RandomWalkReturns(steps, num_probes=None).columns(K, k)
        torch.testing.assert_close(units, exact[k], atol=1e-6, rtol=1e-5)
        options = {"num_probes": 4000, "generator": seeded(1)}
        probed = RandomWalkReturns(steps, **options).columns(K, k)
        error = (probed - exact[k]).abs().view(len(probed), 3, 4)
        even = exact[k].view(len(probed), 3, 4)[:, :, [1, 3]]
        assert bool((error[:, :, [1, 3]] <= 4.5 * even * (2 / 4000) ** 0.5 + 1e-6).all())
        assert float(error.max()) > 0


def test_long_walks_return_on_holes():
    K = random_surface("torus", 12, generator=seeded())
    for k in range(3):
        returns = RandomWalkReturns([4000], walks=["hodge"]).columns(K, k)
        assert abs(float(returns.sum()) - betti_numbers(K)[k]) < 1e-3


def test_in_a_lift():
    data = clique_lift(graph(ALL["house"]))
    assert Degrees()(data).x_2.shape == (1, 3)
