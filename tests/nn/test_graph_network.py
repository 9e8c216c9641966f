"""Baselines of PyG: what its own models give with the same weights, and what is not seen."""

import networkx as nx
import pytest
import torch
from torch_geometric import nn as pyg
from torch_geometric.utils import from_networkx

from simplex.lifting import clique_complex
from simplex.nn import GraphNetwork
from simplex.testing import random_cochains
from tests.cases import over


GRAPH = nx.gnp_random_graph(9, 0.5, seed=1)
K = clique_complex(GRAPH, max_dim=2)
EDGES = from_networkx(GRAPH).edge_index  # both directions
MODELS = {"gcn": pyg.GCN, "sage": pyg.GraphSAGE, "gat": pyg.GAT}


def network(convolution, **options):
    sizes = {"num_layers": 2, "max_dim": 2} | options
    return GraphNetwork(3, 6, 2, convolution=convolution, **sizes).double().eval()


def inputs(dtype=torch.float64):
    return random_cochains(K, channels=3, max_dim=2, dtype=dtype)


@over("name", MODELS)
def test_the_models_of_pyg_give_the_same(name):
    """PyG's model on the edges of networkx, with the jumping knowledge that acts on all layers."""
    heads = {"heads": 2} if name == "gat" else {}
    ours = network(name, norm=None, jumping_knowledge="cat", **heads)
    theirs = MODELS[name](3, 6, 2, out_channels=2, jk="cat", **heads).double().eval()
    for layer, own in zip(theirs.convs, ours.convs, strict=True):
        layer.load_state_dict(own.convs[0].conv.state_dict())
    theirs.lin = torch.nn.Identity()  # what the readout sees
    x = inputs()
    torch.testing.assert_close(ours.encode(x, K)[0], theirs(x[0], EDGES))


def test_gin_and_mlp_are_their_formulas():
    x, A = inputs(), torch.from_numpy(nx.to_numpy_array(GRAPH))
    for name, first in (("gin", x[0] + A @ x[0]), ("mlp", x[0])):
        model = network(name, norm=None, num_layers=1)
        layer = model.convs[0].convs[0].conv
        expected = (layer.nn if name == "gin" else layer)(first).relu()
        torch.testing.assert_close(model.encode(x, K)[0], expected)


def test_gps_attends_within_parts_and_adds_to_its_messages():
    """PyG's block, on a batch by hand."""
    model = network("gps", num_layers=1, heads=3)
    x = inputs()
    block = model.convs[0].convs[0].conv
    assert isinstance(block, pyg.GPSConv)
    embedded = model.embed[0](x[0])
    batch = torch.zeros(len(embedded), dtype=torch.int64)
    torch.testing.assert_close(model.encode(x, K)[0], block(embedded, EDGES, batch))


@over("name", ["gcn", "gat", "sage", "gin", "gps", "mlp"])
def test_edges_and_triangles_have_rows_but_are_not_seen(name):
    x = inputs()
    other = [x[0], *map(torch.randn_like, x[1:])]
    for level in (None, 0, 1, 2):
        model = network(name, level=level)
        y = model(x, K)
        assert y.shape == (1 if level is None else K.num_simplices(level), 2)
        assert torch.equal(y, model(other, K))
        graph = K.skeleton(1)
        if level != 2:
            assert torch.equal(y, model([*x[:2], x[2][:0]], graph))
    moved = [x[0] + 1, *x[1:]]
    assert not torch.allclose(model(moved, K), y)
    if name == "mlp":
        model = network(name, level=0)
        assert torch.equal(model(x, K), model([x[0], x[1][:0], x[2][:0]], K.skeleton(0)))


def test_wrong_settings():
    for options, message in (
        ({"convolution": "gcn2"}, "convolution must be one of 'gcn', 'gat', 'sage', 'gin', 'gps'"),
        ({"convolution": "gat", "heads": 4}, "heads must divide the 6 channels of a layer, got 4"),
        (
            {"convolution": "gps", "embed": False},
            "must be hidden_channels = 6 for 'gps'",
        ),
        ({"norm": "instance"}, "norm must be one of"),
        ({"readout_dims": [1]}, "readout_dims must be an integer from 0 to 0"),
    ):
        with pytest.raises(ValueError, match=message):
            GraphNetwork(3, 6, 2, 2, 2, **options)
