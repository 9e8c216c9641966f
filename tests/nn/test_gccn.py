"""GCCN: which edges its graph layers see, and layers of PyG that take two widths."""

import pytest
import torch
from torch_geometric.nn import SAGEConv

from simplex.nn import GCCNConv, edge_index
from simplex.operators import adjacency_matrix
from simplex.testing import (
    random_cochains,
    random_complex,
)
from tests.nn.table import ALL, FLAT, GRAPH_LAYERS
from tests.tables import COMPLEXES


MAX_DIM = 3


def layer(name, i=2, o=4, **options):
    options = {"adjacencies": ALL, "bipartite": name != "GCN"} | options
    return GCCNConv(i, o, MAX_DIM, make_conv=GRAPH_LAYERS[name], **options)


@pytest.mark.parametrize("adjacency", ALL)
def test_edges_are_those_of_the_adjacency(adjacency):
    for name in FLAT:
        K = COMPLEXES[name]
        for k in range(K.dim + 1):
            expected = adjacency_matrix(K, k, adjacency).to_dense()
            sender, receiver = edge_index(K, k, adjacency)
            found = torch.zeros_like(expected)
            found = found.index_put((receiver, sender), torch.tensor(1.0), True)
            assert torch.equal(found, expected), (name, k)


def test_neighbourhoods_of_unlike_widths():
    complex_ = COMPLEXES["filled tetrahedron"]
    x = random_cochains(complex_, channels=(5, 2, 3, 7), max_dim=MAX_DIM)
    for name in ("SAGE", "GAT"):
        conv = layer(name, (5, 2, 3, 7))
        assert [tuple(y.shape) for y in conv(x, complex_)] == [(4, 4), (6, 4), (4, 4), (1, 4)]


def test_no_self_loops_between_dimensions():
    conv = layer("GAT")
    loops = {key: inner.add_self_loops for key, inner in conv.convs.items()}
    assert all(kept == key.startswith(("lower", "upper")) for key, kept in loops.items())


def test_wrong_settings():
    for options, message in (
        ({"adjacencies": ("left",)}, r"adjacencies must be among .*, got \('left',\)"),
        ({"adjacencies": ()}, "adjacencies must be among"),
        ({"aggr": "median"}, "aggr must be one of 'sum', 'mean', 'max', got 'median'"),
        ({"i": (1, 2, 3, 4), "bipartite": False}, "must be one width for all dimensions"),
    ):
        with pytest.raises(ValueError, match=message):
            layer("SAGE", **options)


def test_repr():
    assert repr(GCCNConv(16, 32, 2, make_conv=SAGEConv, adjacencies=("lower",))) == (
        "GCCNConv(16, 32, max_dim=2, make_conv=SAGEConv, adjacencies=('lower',))"
    )


@pytest.mark.parametrize("name", [pytest.param("SAGE", marks=pytest.mark.slow), "GIN"])
def test_traces_as_one_graph_with_dynamic_sizes(name):
    conv = GCCNConv(2, 4, 2, make_conv=GRAPH_LAYERS[name]).double()
    compiled = torch.compile(conv, fullgraph=True, dynamic=True, backend="eager")
    for seed in range(3):
        complex_ = random_complex(seed, num_vertices=8 + seed, max_dim=2)
        x = random_cochains(complex_, channels=2, max_dim=2, dtype=torch.float64)
        expected = conv(x, complex_)  # lists the pairs
        for y, z in zip(compiled(x, complex_), expected, strict=True):
            torch.testing.assert_close(y, z)
