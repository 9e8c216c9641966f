"""SIN: its options, batches of PyG, empty dimensions, and what it tells apart."""

import itertools
import math

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.data import SimplicialData
from simplex.lifting import clique_complex
from simplex.nn import SIN, FVectorMLP, SimplexBatchNorm, SINConv
from simplex.operators import pool_parts
from simplex.testing import assert_batch_consistent, random_complex
from tests.tables import COMPLEXES


MAX_DIM = 3
FLAT = [name for name in COMPLEXES if COMPLEXES[name].dim <= MAX_DIM]


def features(complex_, dtype=torch.float64, width=3, max_dim=MAX_DIM, seed=0):
    generator = torch.Generator().manual_seed(seed)
    sizes = [complex_.num_simplices(k) for k in range(max_dim + 1)]
    return [torch.randn(n, width, dtype=dtype, generator=generator) for n in sizes]


def test_options_keep_batches(dtype):
    names = ("empty", "edge", "isolated vertices", "house", "random 0")
    items = [
        (features(COMPLEXES[name], dtype, seed=i), COMPLEXES[name]) for i, name in enumerate(names)
    ]
    for within, between, jumping, norm in itertools.product(
        ("sum", "mean"), ("sum", "mean"), (None, "cat"), (None, "batch")
    ):
        model = SIN(
            3,
            4,
            2,
            num_layers=2,
            max_dim=MAX_DIM,
            reduce=within,
            reduce_dims=between,
            readout_dims=[0, 2],
            jumping_knowledge=jumping,
            norm=norm,
        )
        assert_batch_consistent(model.to(dtype).eval(), items)


@pytest.mark.parametrize("norm", [None, "batch"])
def test_every_complex_trains_a_step(norm):
    for name in FLAT:
        K = COMPLEXES[name]
        model = SIN(3, 4, 2, num_layers=2, max_dim=MAX_DIM, norm=norm, jumping_knowledge="cat")
        y = model.train()(features(K, torch.float32), K)
        assert y.shape == (K.num_parts, 2), name
        y.sum().backward()
        for parameter in model.parameters():
            assert parameter.grad is None or parameter.grad.isfinite().all(), name


def test_one_batch_of_pyg_gives_the_same():
    model = SIN(3, 4, 2, num_layers=1, max_dim=2).double()
    items = [random_complex(seed, max_dim=2) for seed in range(3)]
    data = [
        SimplicialData.from_complex(each, features(each, max_dim=2), max_dim=2) for each in items
    ]
    from torch_geometric.data import Batch

    batch = Batch.from_data_list(data)
    expected = torch.cat([model(each.cochains(), each.complex) for each in data])
    torch.testing.assert_close(model(batch.cochains(), batch.complex), expected)


def test_widths_per_dimension_and_lazy_widths():
    complex_ = COMPLEXES["filled tetrahedron"]
    x = [torch.randn(n, w) for n, w in zip((4, 6, 4, 1), (5, 2, 2, 7), strict=True)]
    assert [y.shape[1] for y in SINConv((5, 2, 2, 7), 3, 3)(x, complex_)] == [3] * 4
    x = features(complex_, torch.float32)
    torch.manual_seed(1)
    lazy = SIN(-1, 4, 2, num_layers=2, max_dim=3)
    lazy.reset_parameters()
    lazy(x, complex_)
    torch.manual_seed(2)
    lazy.reset_parameters()
    torch.manual_seed(2)
    known = SIN(3, 4, 2, num_layers=2, max_dim=3)
    known.reset_parameters()
    assert {k: v.shape for k, v in lazy.state_dict().items()} == {
        k: v.shape for k, v in known.state_dict().items()
    }
    known.load_state_dict(lazy.state_dict())
    assert torch.equal(known(x, complex_), lazy(x, complex_))
    fresh = SIN(-1, 4, 2, num_layers=2, max_dim=3)
    fresh.load_state_dict(lazy.state_dict())
    assert torch.equal(fresh(x, complex_), lazy(x, complex_))


def test_pair_weights_start_as_a_dense_layer_of_the_concatenation():
    weight = SINConv(50, 8, 1).message[0].weight.detach()
    assert weight.shape == (50, 100)
    assert weight.abs().max() <= 1 / math.sqrt(100)
    assert weight.std() == pytest.approx(1 / math.sqrt(300), rel=0.05)


def test_reset_changes_every_parameter_and_nothing_else():
    model = SIN(3, 4, 2, num_layers=2, max_dim=2, norm=None)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model.reset_parameters()
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key]) == key.endswith("eps")


@pytest.mark.slow
def test_traces_as_one_graph_with_dynamic_sizes():
    model = SIN(3, 4, 2, num_layers=1, max_dim=2).double()
    compiled = torch.compile(model, fullgraph=True, dynamic=True, backend="eager")
    for seed in range(3):
        complex_ = random_complex(seed, num_vertices=8 + seed, max_dim=2).with_parts(None)
        x = features(complex_, max_dim=2)
        torch.testing.assert_close(compiled(x, complex_), model(x, complex_))


@pytest.mark.slow
def test_compiles():
    model = SIN(3, 4, 2, num_layers=1, max_dim=2).double()
    compiled = torch.compile(model, fullgraph=True, dynamic=True)
    for seed in range(3):
        complex_ = random_complex(seed, num_vertices=8 + seed, max_dim=2)
        x = features(complex_, max_dim=2)
        torch.testing.assert_close(compiled(x, complex_), model(x, complex_))


def strongly_regular_pair():
    rook = nx.line_graph(nx.complete_bipartite_graph(4, 4))
    steps = [(0, 1), (1, 0), (1, 1)]
    nodes = [(i, j) for i in range(4) for j in range(4)]
    edges = [((i, j), ((i + a) % 4, (j + b) % 4)) for i, j in nodes for a, b in steps]
    return rook, nx.Graph(edges)


@pytest.mark.parametrize(("max_dim", "separated"), [(2, False), (3, True)])
@pytest.mark.parametrize("seed", range(3))
@torch.no_grad()
def test_rook_and_shrikhande_part_at_dimension_three(max_dim, separated, seed):
    torch.manual_seed(seed)
    model = SIN(1, 16, 16, num_layers=5, max_dim=max_dim).double()
    rook, shrikhande = (
        model(
            [
                torch.full((K.num_simplices(k), 1), k + 1.0, dtype=torch.float64)
                for k in range(max_dim + 1)
            ],
            K,
        )
        for K in (clique_complex(graph, max_dim) for graph in strongly_regular_pair())
    )
    distance = float((rook - shrikhande).norm() / rook.norm())
    assert (distance > 1e-3) if separated else (distance < 1e-10)


def test_pooling():
    x = torch.tensor([[1.0], [3.0], [5.0]])
    pointer = torch.tensor([0, 0, 2, 3, 3])
    assert pool_parts(x, pointer, "sum").flatten().tolist() == [0, 4, 5, 0]
    assert pool_parts(x, pointer, "mean").flatten().tolist() == [0, 2, 5, 0]


def test_batch_norm_with_few_rows():
    norm, reference = SimplexBatchNorm(2), torch.nn.BatchNorm1d(2)
    many = torch.randn(5, 2)
    assert torch.equal(norm(many), reference(many))
    state = {key: value.clone() for key, value in norm.state_dict().items()}
    reference.eval()
    for rows in (0, 1):
        few = torch.randn(rows, 2)
        torch.testing.assert_close(norm(few), reference(few))
    assert all(torch.equal(value, state[key]) for key, value in norm.state_dict().items())


def test_f_vector_baseline_only_counts():
    rook, shrikhande = (clique_complex(graph, 3) for graph in strongly_regular_pair())
    model = FVectorMLP(1, 8, 2, num_layers=2, max_dim=2)
    assert torch.equal(model([], rook), model([], shrikhande))
    model = FVectorMLP(1, 8, 2, num_layers=2, max_dim=3)
    assert not torch.allclose(model([], rook), model([], shrikhande))
    union = SimplicialComplex.disjoint_union([rook, shrikhande])
    model.eval()
    torch.testing.assert_close(model([], union)[:1], model([], rook))
    model.reset_parameters()


def test_repr():
    assert repr(SINConv(16, 32, 2)) == "SINConv(16, 32, max_dim=2)"


def test_wrong_settings():
    for make, message in (
        (lambda: SINConv(3, 4, -1), "max_dim must be non-negative"),
        (lambda: SINConv(0, 4, 2), "in_channels must be positive or -1"),
        (lambda: SINConv((3, 4), 4, 2), "one positive width for each dimension"),
        (lambda: SINConv(3, 4, 2, norm="layer"), "norm must be one of 'batch', None"),
        (lambda: SIN(3, 4, 2, 0, 2), "num_layers must be at least 1"),
        (lambda: SIN(3, 4, 2, 1, 2, reduce="median"), "reduce must be one of"),
        (
            lambda: SIN(3, 4, 2, 1, 2, readout_dims=[3]),
            "must be an integer from 0 to 2",
        ),
        (
            lambda: SIN(3, 4, 2, 1, 2, jumping_knowledge="lstm"),
            "jumping_knowledge must be one of 'cat'",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            make()


def test_wrong_cochains():
    complex_ = COMPLEXES["house"]
    conv = SINConv(3, 4, 2)
    x = features(complex_, torch.float32, max_dim=2)
    with pytest.raises(ValueError, match=r"dimension 0 … 2, got 2"):
        conv(x[:2], complex_)
    with pytest.raises(ValueError, match=r"x\[1\] must have shape \(n_1, channels\) with n_1 = 6"):
        conv([x[0], x[0], x[2]], complex_)


def test_an_embedding_stands_before_the_layers():
    complex_ = COMPLEXES["house"]
    x = features(complex_, torch.float32, max_dim=2)
    model = SIN(3, 4, 2, num_layers=2, max_dim=2, embed=True)
    plain = SIN(4, 4, 2, num_layers=2, max_dim=2)
    own = {key: value for key, value in model.state_dict().items() if "embed" not in key}
    plain.load_state_dict(own)
    embedded = [embed(values) for embed, values in zip(model.embed, x, strict=True)]
    assert torch.equal(model(x, complex_), plain(embedded, complex_))
    with pytest.raises(ValueError, match="dimension 0 … 2, got 2"):
        model(x[:2], complex_)
