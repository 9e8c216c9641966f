"""GCCN: any layer of PyG on any neighbourhood equals its dense formula, and keeps the laws."""

import copy

import pytest
import torch
from torch import nn
from torch_geometric.nn import GATConv, GCNConv, GINConv, SAGEConv

from simplex.nn import GCCN, GCCNConv
from simplex.nn._networks.gccn import edge_index
from simplex.operators import adjacency_matrix
from simplex.testing import (
    assert_batch_consistent,
    assert_inputs_untouched,
    assert_permutation_equivariant,
    random_cochains,
    random_complex,
    random_orientation,
)
from tests.tables import COMPLEXES


MAX_DIM = 3
ALL = ("boundary", "coboundary", "lower", "upper")
FLAT = [name for name, K in COMPLEXES.items() if K.dim <= MAX_DIM]


def gin(i, o):
    return GINConv(nn.Sequential(nn.Linear(i, o), nn.ReLU(), nn.Linear(o, o)))


MAKE = {"GIN": gin, "SAGE": SAGEConv, "GAT": GATConv, "GCN": GCNConv}
graph_layers = pytest.mark.parametrize("name", MAKE)


def layer(name, i=2, o=4, **options):
    options = {"adjacencies": ALL, "bipartite": name != "GCN"} | options
    return GCCNConv(i, o, MAX_DIM, make_conv=MAKE[name], **options)


def dense(name, conv, A, source, own):
    """The graph layer from its definition; A[i, j] = 1 where j of ``source`` sends to i."""
    if name == "GIN":
        return conv.nn(own + A @ source)
    if name == "SAGE":
        return conv.lin_l((A @ source) / A.sum(1, keepdim=True).clamp(min=1)) + conv.lin_r(own)
    if name == "GAT":
        hidden, received = source @ conv.lin.weight.T, own @ conv.lin.weight.T
        left, right = (received * conv.att_dst[0]).sum(1), (hidden * conv.att_src[0]).sum(1)
        raw = nn.functional.leaky_relu(left[:, None] + right[None, :], 0.2).exp() * (A != 0)
        return raw / raw.sum(1, keepdim=True).clamp(min=1e-300) @ hidden + conv.bias
    degree = A.sum(1).rsqrt()
    return degree[:, None] * A * degree[None, :] @ source @ conv.lin.weight.T + conv.bias


@graph_layers
@pytest.mark.parametrize("key", FLAT)
def test_every_neighbourhood_is_its_formula(name, key):
    complex_ = COMPLEXES[key]
    conv = layer(name).double()
    x = random_cochains(complex_, 2, MAX_DIM, dtype=torch.float64)
    result = conv(x, complex_)
    for k in range(complex_.dim + 1):
        expected = conv.own[k](x[k])
        for adjacency in ALL:
            j = k + {"boundary": -1, "coboundary": 1}.get(adjacency, 0)
            if f"{adjacency}_{k}" not in conv.convs:
                assert j in (-1, MAX_DIM + 1) or (adjacency, k) in (("lower", 0), ("upper", 3))
                continue
            A = adjacency_matrix(complex_, k, adjacency, dtype=torch.float64).to_dense()
            source, own, count = x[j], x[k], len(x[k])
            if name == "GCN" and j != k:
                source = own = torch.cat([x[k], x[j]])
                A = torch.cat(
                    [torch.cat([torch.zeros(count, count), A], 1), torch.zeros(len(x[j]), len(own))]
                )
            if name == "GCN" or (name == "GAT" and j == k):
                A = A + torch.eye(len(A), dtype=A.dtype)
            inner = conv.convs[f"{adjacency}_{k}"]
            expected = expected + dense(name, inner, A, source, own)[:count]
        torch.testing.assert_close(result[k], expected, atol=1e-10, rtol=0)


@graph_layers
@pytest.mark.parametrize("aggr", ["sum", "mean", "max"])
def test_laws(name, aggr, dtype):
    torch.manual_seed(1)
    conv = layer(name, aggr=aggr).to(dtype)
    items = [
        (random_cochains(K, 2, MAX_DIM, dtype=dtype, seed=i), K)
        for i, K in enumerate([random_complex(0), COMPLEXES["empty"], COMPLEXES["house"]])
    ]
    x, complex_ = items[0]
    assert_permutation_equivariant(conv, x, complex_)
    assert_batch_consistent(conv, items)
    assert_inputs_untouched(conv, x, complex_)
    turned = complex_.reorient(random_orientation(complex_))
    for y, z in zip(conv(x, complex_), conv(x, turned), strict=True):
        assert torch.equal(y, z)  # the orientation is not seen


@pytest.mark.parametrize("key", FLAT)
@pytest.mark.parametrize("adjacency", ALL)
def test_edges_are_those_of_the_adjacency(key, adjacency):
    complex_ = COMPLEXES[key]
    for k in range(complex_.dim + 1):
        expected = adjacency_matrix(complex_, k, adjacency).to_dense()
        sender, receiver = edge_index(complex_, k, adjacency)
        found = torch.zeros_like(expected).index_put((receiver, sender), torch.tensor(1.0), True)
        assert torch.equal(found, expected)


def test_neighbourhoods_of_unlike_widths():
    complex_ = COMPLEXES["filled tetrahedron"]
    x = random_cochains(complex_, (5, 2, 3, 7), MAX_DIM)
    for name in ("SAGE", "GAT"):
        conv = layer(name, (5, 2, 3, 7))
        assert [tuple(y.shape) for y in conv(x, complex_)] == [(4, 4), (6, 4), (4, 4), (1, 4)]


def test_no_self_loops_between_dimensions():
    conv = layer("GAT")
    loops = {key: inner.add_self_loops for key, inner in conv.convs.items()}
    assert all(kept == key.startswith(("lower", "upper")) for key, kept in loops.items())


@graph_layers
def test_models(name, dtype):
    network = GCCN(
        2, 4, 3, 2, MAX_DIM, make_conv=MAKE[name], adjacencies=ALL, bipartite=name != "GCN"
    )
    network = network.to(dtype)
    items = [
        (random_cochains(K, 2, MAX_DIM, dtype=dtype, seed=i), K)
        for i, K in enumerate([random_complex(0), COMPLEXES["empty"], COMPLEXES["house"]])
    ]
    assert_batch_consistent(network, items)
    assert_permutation_equivariant(network, *items[0])
    network(*items[0]).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@graph_layers
def test_parameters_copies_and_states(name):
    complex_ = COMPLEXES["filled tetrahedron"]
    x = random_cochains(complex_, 2, MAX_DIM)
    conv = layer(name)
    sum(y.square().sum() for y in conv(x, complex_)).backward()
    assert all(parameter.grad is not None for parameter in conv.parameters())
    other = layer(name)
    other.load_state_dict(conv.state_dict())
    for y, z, w in zip(
        conv(x, complex_), other(x, complex_), copy.deepcopy(conv)(x, complex_), strict=True
    ):
        assert torch.equal(y, z)
        assert torch.equal(y, w)
    weights = {key: value.clone() for key, value in conv.state_dict().items()}
    conv.reset_parameters()
    for key, value in conv.state_dict().items():
        if "weight" in key or "att" in key:
            assert not torch.equal(value, weights[key])


def test_lazy_widths():
    complex_ = COMPLEXES["filled tetrahedron"]
    x = random_cochains(complex_, 2, MAX_DIM)
    lazy, known = layer("SAGE", -1), layer("SAGE", 2)
    lazy(x, complex_)
    known.load_state_dict(lazy.state_dict())
    for y, z in zip(lazy(x, complex_), known(x, complex_), strict=True):
        assert torch.equal(y, z)


def test_gradients_against_finite_differences():
    complex_ = COMPLEXES["triangle with tail"]
    conv = layer("GAT", 2, 2).double()
    x = [v.requires_grad_() for v in random_cochains(complex_, 2, MAX_DIM, dtype=torch.float64)]
    call = lambda *x: tuple(conv(x, complex_))  # noqa: E731
    assert torch.autograd.gradcheck(call, x, fast_mode=True)


@graph_layers
def test_autocast(name):
    complex_ = COMPLEXES["torus"]
    conv, x = layer(name), random_cochains(COMPLEXES["torus"], 2, MAX_DIM)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = conv(x, complex_)
    for y, z in zip(rough, conv(x, complex_), strict=True):
        torch.testing.assert_close(y.float(), z, atol=0.2, rtol=0.1)


def test_repr():
    assert repr(GCCNConv(16, 32, 2, make_conv=SAGEConv, adjacencies=("lower",))) == (
        "GCCNConv(16, 32, max_dim=2, make_conv=SAGEConv, adjacencies=('lower',))"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"adjacencies": ("left",)}, r"adjacencies must be among .*, got \('left',\)"),
        ({"adjacencies": ()}, "adjacencies must be among"),
        ({"aggr": "median"}, "aggr must be one of 'sum', 'mean', 'max', got 'median'"),
        ({"i": (1, 2, 3, 4), "bipartite": False}, "must be one width for all dimensions"),
    ],
)
def test_wrong_settings(options, message):
    with pytest.raises(ValueError, match=message):
        layer("SAGE", **options)


@pytest.mark.parametrize("name", ["SAGE", "GIN"])
def test_traces_as_one_graph_with_dynamic_sizes(name):
    conv = GCCNConv(2, 4, 2, make_conv=MAKE[name]).double()
    compiled = torch.compile(conv, fullgraph=True, dynamic=True, backend="eager")
    for seed in range(3):
        complex_ = random_complex(seed, num_vertices=8 + seed, max_dim=2)
        x = random_cochains(complex_, 2, 2, dtype=torch.float64)
        expected = conv(x, complex_)  # lists the pairs
        for y, z in zip(compiled(x, complex_), expected, strict=True):
            torch.testing.assert_close(y, z)
