"""Batches of clusters: their seeds together, the halo around them, METIS where it is installed."""

import sys
from types import SimpleNamespace

import networkx as nx
import pytest
import torch

from simplex.loader import BallLoader, ClusterLoader
from tests.cases import over
from tests.loader.test_exactness import LOCAL, band, cochains, evaluated
from tests.nn.networks import inner


LABELS = torch.arange(64) // 10 * 3 - 1  # any numbers


@torch.no_grad()
def test_all_rows_are_exact_with_the_hops_of_a_network():
    name = "SCNN"
    assert name in LOCAL
    model, data = evaluated(name, 0), band()
    expected, seen = model(cochains(data, 0), data.complex), []
    for batch in ClusterLoader(data, LABELS, inner(model).hops, batch_size=2, shuffle=True):
        rows = model(cochains(batch, 0), batch.complex)[batch.seed]
        own = batch.n_id[batch.seed]
        assert len(LABELS[own].unique()) <= 2
        torch.testing.assert_close(rows, expected[own], rtol=1e-9, atol=1e-12)
        seen += own.tolist()
    assert sorted(seen) == [*range(64)]


@over("hops", [0, 1])
def test_clusters_come_whole_with_their_halo(hops):
    loader = ClusterLoader(band(), LABELS, hops)
    assert len(loader) == 7
    for batch, label in zip(loader, LABELS.unique(), strict=True):
        own = (label == LABELS).nonzero().squeeze(1)
        (ball,) = BallLoader(band(), own, hops, batch_size=len(own))
        assert torch.equal(batch.n_id, ball.n_id)
        assert torch.equal(batch.n_id[batch.seed], own)


def test_seeds_and_ranks():
    edges = band().complex.simplices(1)
    seen = []
    for rank in (0, 1):
        loader = ClusterLoader(band(), LABELS, 0, edges, 3, rank=rank, num_ranks=2)
        for batch in loader:
            rows = batch.n_id[batch.complex.simplices(1)[batch.seed]]
            assert torch.equal(rows, edges[batch.input_id])
            seen += batch.input_id.tolist()
    assert sorted(seen) == [*range(len(edges))]


def test_metis_is_given_the_graph(monkeypatch):
    def part_graph(number, xadj, adjncy):
        G = nx.Graph([(v, int(u)) for v in range(6) for u in adjncy[xadj[v] : xadj[v + 1]]])
        assert nx.utils.graphs_equal(G, nx.path_graph(6))
        return 1, [v * number // 6 for v in range(6)]

    monkeypatch.setitem(sys.modules, "pymetis", SimpleNamespace(part_graph=part_graph))
    batches = [batch.n_id.tolist() for batch in ClusterLoader(nx.path_graph(6), 3, 0)]
    assert batches == [[0, 1], [2, 3], [4, 5]]
    monkeypatch.setitem(sys.modules, "pymetis", None)
    with pytest.raises(ImportError, match="pip install pymetis"):
        ClusterLoader(nx.path_graph(6), 3, 0)


def test_metis_itself():
    pytest.importorskip("pymetis")
    G = nx.connected_caveman_graph(4, 8)
    batches = [set(batch.n_id.tolist()) for batch in ClusterLoader(G, 4, 0)]
    assert sorted(map(min, batches)) == [0, 8, 16, 24]


@over("labels", [[0, 1], 0, 1.5, torch.zeros(64), True])
def test_labels_that_are_none_are_refused(labels):
    with pytest.raises((TypeError, ValueError), match="labels"):
        ClusterLoader(band(), labels, 1)
