"""Dir-SNN on directed complexes: its formula, and what the direction of simplices means to it."""

import copy

import networkx as nx
import pytest
import torch
from torch_geometric.nn import DirGNNConv, SAGEConv

from simplex import SimplicialComplex
from simplex.lifting import clique_complex, directed_flag_complex
from simplex.nn import SIN, DirSNN, DirSNNConv
from simplex.testing import (
    assert_batch_consistent,
    assert_orientation_equivariant,
    assert_permutation_equivariant,
    random_cochains,
    random_orientation,
)
from tests.cases import over
from tests.nn import oracles
from tests.nn.table import LAYERS as LAYERS_OF_ALL, OUT


def digraph(num_vertices, num_edges, seed):
    generator = torch.Generator().manual_seed(seed)
    edges = torch.randint(0, num_vertices, (2, num_edges), generator=generator)
    return directed_flag_complex(edges, max_dim=3, num_vertices=num_vertices)


DIGRAPHS = {
    "random": digraph(7, 26, 0),
    "sparse": digraph(8, 12, 1),
    "no edges": directed_flag_complex([(0, 0)], num_vertices=3),
    "no vertices": SimplicialComplex(0, directed=True),
    "two ways": directed_flag_complex([(0, 1), (1, 0), (1, 2)]),
    "all ways": directed_flag_complex(nx.complete_graph(4).to_directed(), max_dim=3),
    "union": SimplicialComplex.disjoint_union([digraph(5, 12, 2), digraph(4, 9, 3)]),
}
LAYERS = {
    "all terms": {},
    "order 3": {"order": 3, "adjacencies": ("upper", "lower")},
    "means": {"aggr": "mean", "order": 2},
    "one term": {"adjacencies": ("coboundary",), "bias": False},
}


@over("name, place", [(name, place) for name in LAYERS for place in DIGRAPHS])
@torch.no_grad()
def test_formula_on_digraphs(name, place):
    K, widths = DIGRAPHS[place], [2, 3, 1]
    rough = DirSNNConv(widths, 4, 2, **LAYERS[name])
    exact = copy.deepcopy(rough).double()
    x = random_cochains(K, channels=widths, max_dim=2, dtype=torch.float64)
    single = rough([values.float() for values in x], K)
    for y, z, w in zip(exact(x, K), single, oracles.dirsnn(exact, x, K), strict=True):
        torch.testing.assert_close(y, w, atol=1e-10, rtol=1e-10)
        torch.testing.assert_close(z, w.float(), atol=1e-4, rtol=1e-4)


@over("name", LAYERS)
@torch.no_grad()
def test_laws_on_digraphs(name, dtype):
    layer = DirSNNConv(2, 4, 2, **LAYERS[name]).to(dtype)
    items = []
    for seed, K in enumerate(DIGRAPHS.values()):
        x = random_cochains(K, channels=2, max_dim=2, dtype=dtype)
        if seed < 3:
            assert_permutation_equivariant(layer, x, K, seed=seed)
            turned = layer(x, K.reorient(random_orientation(K)))
            assert all(map(torch.equal, layer(x, K), turned))
        items.append((x, K.with_parts(None)))
    assert_batch_consistent(layer, items)


@pytest.mark.slow
@torch.no_grad()
def test_every_layer_keeps_its_laws_on_digraphs():
    """Where two vertices are joined both ways, neighbours count as often as they share a face."""
    K = DIGRAPHS["random"]
    for row in LAYERS_OF_ALL.values():
        if not row.variant:
            layer = row.make(row.width, OUT, row.max_dim, **row.few).double().eval()
            x = row.cochains(K)
            assert_permutation_equivariant(layer, x, K)
            if row.symmetry == "turns":
                assert_orientation_equivariant(layer, x, K)


def reversed_complex(K):
    """All arrows turned round, and where each simplex has gone."""
    rows = [K.simplices(k).flip(1) for k in range(K.dim + 1)]
    image = SimplicialComplex.from_simplices(rows, K.num_simplices(0), directed=True)
    return image, [image.index(each) for each in rows]


def exchanged(layer):
    """The layer with the faces counted from the other end: (i, j) as (k-i, k-j), in each block."""
    other = copy.deepcopy(layer)
    for own, lin in zip(layer.lins, other.lins, strict=True):
        width = layer.widths[0]
        blocks = own.weight.detach().view(len(own.weight), -1, width)
        sizes, k = [1], list(layer.lins).index(own)
        sizes += [k + 1, k + 2] if 0 < k < 2 else ([k + 2] if k == 0 else [k + 1])
        sizes += [] if k == 0 else [(k + 1) ** 2]
        sizes += [] if k == 2 else [(k + 2) * (k + 1)]
        # All lists of relations are in lexicographic order, which the exchange reverses.
        turned = [block.flip(1) for block in blocks.split(sizes, dim=1)]
        lin.weight.data = torch.cat(turned, dim=1).flatten(1)
    return other


@torch.no_grad()
def test_reversed_arrows_are_another_digraph_and_exchange_the_maps():
    layer = DirSNNConv(2, 4, 2).double()
    model = DirSNN(2, 8, 3, num_layers=2, max_dim=2).double()
    K = DIGRAPHS["random"]
    back, place = reversed_complex(K.skeleton(2))
    x = random_cochains(K, channels=2, max_dim=2, dtype=torch.float64)
    y = [torch.empty_like(values) for values in x]
    for values, there, at in zip(x, y, place, strict=True):
        there[at] = values
    for there, here, at in zip(exchanged(layer)(y, back), layer(x, K), place, strict=True):
        torch.testing.assert_close(there[at], here)
    for there, here, at in zip(layer(y, back), layer(x, K), place, strict=True):
        assert not torch.allclose(there[at], here)
    assert not torch.allclose(model(y, back), model(x, K))


@torch.no_grad()
def test_digraphs_that_undirected_networks_confuse_are_told_apart():
    """The same undirected graph, one with a path through and one with two sources."""
    through, meeting = ([(0, 1), (1, 2)], [(0, 1), (2, 1)])
    ones = [torch.ones(n, 1) for n in (3, 2)]
    sin, model = SIN(1, 8, 2, num_layers=2, max_dim=1).eval(), DirSNN(1, 8, 2, 2, 1)
    assert torch.equal(sin(ones, clique_complex(through)), sin(ones, clique_complex(meeting)))
    answers = [model(ones, directed_flag_complex(edges)) for edges in (through, meeting)]
    assert not torch.allclose(*answers)


@torch.no_grad()
def test_vertices_alone_are_dir_gnn():
    """With PyG's DirGNNConv of means, its two maps those of the two relations."""
    K = DIGRAPHS["random"]
    theirs = DirGNNConv(SAGEConv(3, 5, root_weight=False), alpha=0.5)
    ours = DirSNNConv(3, 5, 1, adjacencies=("upper",), aggr="mean")
    x = random_cochains(K, channels=3, max_dim=1)
    maps = [theirs.lin.weight, theirs.conv_in.lin_l.weight / 2, theirs.conv_out.lin_l.weight / 2]
    ours.lins[0].weight.copy_(torch.cat(maps, dim=1))
    ours.lins[0].bias.copy_(
        theirs.lin.bias + (theirs.conv_in.lin_l.bias + theirs.conv_out.lin_l.bias) / 2
    )
    torch.testing.assert_close(ours(x, K)[0], theirs(x[0], K.simplices(1).T))


def test_derivatives_on_digraphs():
    layer = DirSNNConv(2, 3, 2, order=2, aggr="mean").double()
    K = DIGRAPHS["random"]
    x = random_cochains(K, channels=2, max_dim=2, dtype=torch.float64)
    inputs = (*[values.requires_grad_() for values in x], *layer.parameters())
    assert torch.autograd.gradcheck(lambda *_: tuple(layer(x, K)), inputs, fast_mode=True)


@pytest.mark.slow
@torch.no_grad()
def test_traces_as_one_graph_on_digraphs():
    layer = DirSNNConv(2, 3, 2, order=2, aggr="mean").double()
    torch._dynamo.reset()
    compiled = torch.compile(layer, fullgraph=True, dynamic=True, backend="eager")
    for K in (DIGRAPHS["random"], DIGRAPHS["all ways"], DIGRAPHS["random"]):
        x = random_cochains(K, channels=2, max_dim=2, dtype=torch.float64)
        expected = layer(x, K)
        for y, z in zip(compiled(x, K), expected, strict=True):
            torch.testing.assert_close(y, z)


@over("options, message", [({"order": 0}, "order"), ({"aggr": "max"}, "aggr")])
def test_bad_settings_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        DirSNNConv(2, 3, 2, **options)
