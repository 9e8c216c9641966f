"""Heat kernels, electrostatics, eigenvectors, PageRank and hops against others' formulas."""

import networkx as nx
import numpy as np
import pytest
import torch
from scipy.linalg import expm
from torch_geometric.transforms import AddLaplacianEigenvectorPE
from torch_geometric.utils import from_networkx

from simplex.datasets import random_surface
from simplex.interop import from_networkx as complex_of_graph
from simplex.lifting import clique_complex
from simplex.operators import adjacency_matrix, betti_numbers
from simplex.testing import random_complex
from simplex.transforms import (
    Electrostatics,
    HarmonicEnergies,
    HeatKernelDiagonals,
    HodgeEigenvectors,
    HopCounts,
    PageRanks,
)
from tests.cases import over
from tests.operators.oracles import ALL, CASES, bouquet, dense_boundary
from tests.transforms.encodings import seeded


FEW = [(name, k) for name, k in CASES if name in ("empty", "house", "torus", "union", "reoriented")]


def halves(K, k):
    down, up = dense_boundary(K, k), dense_boundary(K, k + 1)
    return {
        "hodge": down.T @ down + up @ up.T,
        "gradient": down.T @ down,
        "curl": up @ up.T,
    }


@over("name, k", FEW)
def test_heat_and_charge_by_dense_matrices(name, k):
    K, times = ALL[name], (4.0, 0.25)
    matrices = halves(K, k)
    heat = [expm(-t * L).diagonal() for L in matrices.values() for t in times]
    got = HeatKernelDiagonals(times, parts=[*matrices]).columns(K, k)
    assert np.allclose(got.numpy(), np.stack(heat, 1), atol=1e-6)
    greens = [np.linalg.pinv(L, hermitian=True) for L in matrices.values()]
    charge = [column for G in greens for column in (G.diagonal(), np.linalg.norm(G, axis=0))]
    got = Electrostatics(parts=[*matrices]).columns(K, k)
    assert np.allclose(got.numpy(), np.stack(charge, 1), atol=1e-6)


@over("name, k", FEW)
def test_ranks_and_hops_by_networkx(name, k):
    K = ALL[name]
    for adjacency in ("upper", "lower"):
        A = adjacency_matrix(K, k, adjacency, dtype=torch.float64).to_dense().numpy()
        hops = HopCounts(3, adjacencies=adjacency).columns(K, k).numpy()
        distance = dict(nx.all_pairs_shortest_path_length(nx.from_numpy_array(A)))
        expected = [[list(d.values()).count(h) for h in (1, 2, 3)] for d in distance.values()]
        assert np.allclose(hops, np.array(expected).reshape(-1, 3))
        ranks = PageRanks([0.85], walks=adjacency).columns(K, k)[:, 0].numpy()
        for p in range(K.num_parts):
            mine = (K.part(k) == p).numpy()
            graph = nx.from_numpy_array(A[np.ix_(mine, mine)])
            of = nx.pagerank(graph, 0.85, tol=1e-12) if len(graph) else {}
            assert np.allclose(ranks[mine], [of[v] for v in range(len(of))], atol=1e-6)


def test_eigenvectors_of_a_regular_graph_as_pyg_has_them():
    graph = nx.random_regular_graph(3, 20, seed=2)
    theirs = AddLaplacianEigenvectorPE(4, attr_name="pe", is_undirected=True)(from_networkx(graph))
    K = complex_of_graph(graph)
    for form in ("flipped", "fixed"):
        ours = HodgeEigenvectors(4, part="curl", form=form).columns(K, 0)
        assert torch.allclose((ours * theirs.pe).sum(0).abs(), torch.ones(4), atol=1e-4)


def test_signs_are_flipped_for_each_part_and_by_the_generator():
    K = ALL["union"]
    fixed = HodgeEigenvectors(3, form="fixed").columns(K, 1)
    flips = {tuple(HodgeEigenvectors(3).columns(K, 1)[0].sign().tolist()) for _ in range(20)}
    assert len(flips) > 1
    once, again = (HodgeEigenvectors(3, generator=seeded(1)).columns(K, 1) for _ in range(2))
    assert torch.equal(once, again)
    assert torch.equal(once.abs(), fixed.abs())


@over("name, k", [("torus", 1), ("3-sphere", 2), ("two components", 0), ("random 1", 1)])
def test_squared_vectors_are_diagonals_of_projectors(name, k):
    K = ALL[name]
    for part, L in halves(K, k).items():
        values, vectors = np.linalg.eigh(L)
        spaces = np.unique(values.round(6))
        spaces = spaces[abs(spaces) > 1e-5] if part != "hodge" else spaces
        columns = HodgeEigenvectors(4, part=part, form="squared").columns(K, k).numpy()
        for j in range(4):
            mine = vectors[:, abs(values - spaces[j]) < 1e-4] if j < len(spaces) else L[:, :0]
            assert np.allclose(columns[:, j], (mine**2).sum(1), atol=1e-5)


def test_too_many_holes_for_projectors():
    with pytest.raises(ValueError, match="count must be of eigenspaces with at most 512"):
        HodgeEigenvectors(1, form="squared").columns(bouquet(600), 1)


def test_large_parts(monkeypatch):
    """Unit vectors are exact; random ones err by what the docstrings say."""
    K, m = random_complex(3, num_vertices=14), 3000
    heat, charge = HeatKernelDiagonals([2.0, 0.3]), Electrostatics()
    exact = [(heat.columns(K, k), charge.columns(K, k)) for k in range(3)]
    hops = [HopCounts(2).columns(K, k) for k in range(3)]
    for module in ("_diagonals", "_gram"):
        monkeypatch.setattr(f"simplex.operators.{module}.SMALL", 3)
    options = {"num_probes": m, "generator": seeded(1)}
    for k, (warm, charged) in enumerate(exact):
        units = HeatKernelDiagonals([2.0, 0.3], num_probes=None).columns(K, k)
        torch.testing.assert_close(units, warm, atol=1e-6, rtol=1e-5)
        units = Electrostatics(num_probes=None).columns(K, k)
        torch.testing.assert_close(units, charged, atol=1e-5, rtol=1e-4)
        error = (HeatKernelDiagonals([2.0, 0.3], **options).columns(K, k) - warm).abs()
        assert bool((error <= 4.5 * warm * (2 / m) ** 0.5 + 1e-6).all())
        error = (Electrostatics(**options).columns(K, k) - charged).abs()
        limit = 4.5 * charged[:, 1] / m**0.5
        assert bool((error[:, 0] <= limit * 2**0.5 + 1e-6).all())
        assert bool((error[:, 1] <= limit * 0.5**0.5 + 1e-6).all())
        counted = HopCounts(2, **options).columns(K, k).view(-1, 2, 2)
        within = 1 + hops[k].view(-1, 2, 2).cumsum(2)
        error = (1 + counted.cumsum(2) - within).abs()
        assert bool((error <= 5 * within / (m - 2) ** 0.5 + 1e-6).all())


def test_what_long_heat_leaves_are_the_holes():
    K = random_surface("Klein bottle", 12, generator=seeded())
    for k in range(3):
        left = HeatKernelDiagonals([1000.0]).columns(K, k)
        assert abs(float(left.sum()) - betti_numbers(K)[k]) < 1e-3


def test_harmonic_energies_of_a_data_set_are_those_of_the_union():
    K = clique_complex([nx.cycle_graph(5), nx.complete_graph(4)], 2)
    one = HarmonicEnergies((2, 4), generator=seeded(2)).columns(K, 1)
    assert one.shape == (11, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: HeatKernelDiagonals(1.0), TypeError, "times must be a sequence of numbers"),
        (lambda: HeatKernelDiagonals([0]), ValueError, "times must be"),
        (lambda: Electrostatics(parts=["harmonic"]), ValueError, "parts must be"),
        (lambda: PageRanks([1.0]), ValueError, "alphas must be"),
        (lambda: PageRanks(walks=["hodge"]), ValueError, "walks must be"),
        (lambda: HopCounts(0), ValueError, "num_hops must be"),
        (lambda: HopCounts(num_probes=2), ValueError, "num_probes must be"),
        (lambda: HodgeEigenvectors(form="absolute"), ValueError, "form must be"),
        (lambda: HodgeEigenvectors(part="north"), ValueError, "part must be"),
    ],
)
def test_wrong_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
