"""GIN and PooledMLP: what they compute, and what they do not see."""

import copy

import pytest
import torch
from networkx import Graph, complete_bipartite_graph, line_graph
from torch_geometric.nn import GINConv as ReferenceGINConv

from simplex import SimplicialComplex
from simplex.lifting import clique_complex
from simplex.nn import GIN, GINConv, PooledMLP
from simplex.testing import (
    assert_batch_consistent,
    assert_inputs_untouched,
    assert_permutation_equivariant,
    random_cochains,
    random_complex,
)
from tests.tables import COMPLEXES


FLAT = [name for name in COMPLEXES if COMPLEXES[name].dim <= 3]
MODELS = {
    "GIN": lambda width: GIN(width, 4, 2, num_layers=2, max_dim=3, jumping_knowledge="cat"),
    "GIN batch norm": lambda width: GIN(width, 4, 2, 2, 3, norm="batch", train_eps=True),
    "PooledMLP": lambda width: PooledMLP(width, 4, 2, num_layers=2, max_dim=3),
}
each_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


def bare(complex_):
    """Without orientation and parts of its own."""
    tables = [complex_.facets(k) for k in range(1, complex_.dim + 1)]
    return SimplicialComplex(complex_.num_simplices(0), tables)


@pytest.mark.parametrize("name", COMPLEXES)
def test_gin_layer_is_its_formula(name, dtype):
    complex_ = COMPLEXES[name]
    conv = GINConv(3, 5, eps=0.3).to(dtype)
    (x,) = random_cochains(complex_, 3, max_dim=0, dtype=dtype)
    adjacency = torch.zeros(len(x), len(x), dtype=dtype)
    for u, v in complex_.simplices(1).tolist():
        adjacency[u, v] = adjacency[v, u] = 1
    first, second = conv.mlp[0], conv.mlp[2]
    hidden = torch.relu((adjacency @ x + 1.3 * x) @ first.weight.T + first.bias)
    expected = torch.relu(hidden @ second.weight.T + second.bias)
    torch.testing.assert_close(conv(x, complex_), expected)


def test_gin_layer_is_that_of_pyg():
    complex_ = COMPLEXES["torus"]
    conv = GINConv(3, 5, eps=0.3, train_eps=True).double()
    reference = ReferenceGINConv(copy.deepcopy(conv.mlp), eps=0.3).double()
    reference.nn.load_state_dict(conv.mlp.state_dict())  # it has drawn them anew
    (x,) = random_cochains(complex_, 3, max_dim=0, dtype=torch.float64)
    edges = complex_.simplices(1).T
    both = torch.cat([edges, edges.flip(0)], dim=1)
    torch.testing.assert_close(conv(x, complex_), reference(x, both))


@pytest.mark.parametrize("name", FLAT)
def test_pooled_features_are_their_formula(name, dtype):
    complex_ = COMPLEXES[name]
    x = random_cochains(complex_, (1, 2, 3, 4), max_dim=3, dtype=dtype)
    model = PooledMLP((1, 2, 3, 4), 5, 2, num_layers=1, max_dim=3).to(dtype).eval()
    rows = []
    for part in range(complex_.num_parts):
        row = []
        for k, values in enumerate(x):
            own = values[complex_.part(k) == part]
            total = own.sum(0)
            mean = own.mean(0) if len(own) else torch.zeros_like(total)
            count = torch.tensor([len(own)], dtype=dtype)
            row += [count.log1p(), total.sign() * total.abs().log1p(), mean]
        rows.append(torch.cat(row))
    expected = model.classify(model.hidden(model.norm(torch.stack(rows))))
    torch.testing.assert_close(model(x, complex_), expected)


@each_model
def test_what_is_not_seen_changes_nothing(make):
    complex_ = COMPLEXES["filled tetrahedron"]
    x = random_cochains(complex_, 3, max_dim=3)
    if "GIN" in type(make(3)).__name__:
        model, other = make(3).eval(), [x[0], *(torch.randn_like(values) for values in x[1:])]
        graph = complex_.skeleton(1)
        assert torch.equal(model(x, complex_), model(other, complex_))
        empty = [x[0], x[1], x[2][:0], x[3][:0]]
        assert torch.equal(model(x, complex_), model(empty, graph))
        changed = [-x[0], *x[1:]]
    else:
        model, other = make(3), [values.flip(0) for values in x]
        torch.testing.assert_close(model(x, complex_), model(other, complex_))
        changed = [*x[:3], x[3] + 1]
    assert not torch.allclose(model(x, complex_), model(changed, complex_))


def test_neither_parts_rook_and_shrikhande():
    rook = line_graph(complete_bipartite_graph(4, 4))
    nodes = [(i, j) for i in range(4) for j in range(4)]
    steps = [(0, 1), (1, 0), (1, 1)]
    shrikhande = Graph([((i, j), ((i + a) % 4, (j + b) % 4)) for i, j in nodes for a, b in steps])
    for make in MODELS.values():
        model = make(1).double().eval()
        first, second = (
            model([torch.ones(n, 1, dtype=torch.float64) for n in (*K.f_vector, 0)[:4]], K)
            for K in (clique_complex(graph, max_dim=2) for graph in (rook, shrikhande))
        )
        torch.testing.assert_close(first, second)


@each_model
@pytest.mark.parametrize("name", ["empty", "isolated vertices", "house", "union"])
def test_laws(name, make, dtype):
    model = make(2).to(dtype).eval()
    complex_ = COMPLEXES[name]
    x = random_cochains(complex_, 2, max_dim=3, dtype=dtype)
    if complex_.num_parts == 1:
        assert_permutation_equivariant(model, x, bare(complex_))
    assert_inputs_untouched(model, x, complex_)
    items = [(random_cochains(K, 2, 3, dtype=dtype), K) for K in map(random_complex, range(3))]
    assert_batch_consistent(model, [(x, complex_.with_parts(None)), *items])


@each_model
def test_lazy_widths_reset_and_state(make):
    complex_ = COMPLEXES["house"]
    x = random_cochains(complex_, 3, max_dim=3)
    lazy, fresh, known = make(-1).eval(), make(-1), make(3)
    lazy.reset_parameters()
    expected = lazy(x, complex_)
    known.load_state_dict(lazy.state_dict())
    fresh.load_state_dict(lazy.state_dict())
    for model in (known, fresh, copy.deepcopy(known)):
        torch.testing.assert_close(model.eval()(x, complex_), expected)
    torch.manual_seed(1)
    known.reset_parameters()
    assert not torch.allclose(known(x, complex_), expected)


@each_model
@pytest.mark.parametrize("name", ["filled tetrahedron", "house", "random 0"])
def test_every_parameter_learns(name, make):
    model = make(3).train()
    model(random_cochains(COMPLEXES[name], 3, max_dim=3), COMPLEXES[name]).sum().backward()
    for parameter in model.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()


@each_model
def test_gradients_against_finite_differences(make):
    complex_ = COMPLEXES["house"]
    model = make(2).double().eval()
    x = [v.requires_grad_() for v in random_cochains(complex_, 2, 3, dtype=torch.float64)]
    assert torch.autograd.gradcheck(lambda *x: model(x, complex_), x)


@pytest.mark.parametrize("name", ["GIN", "PooledMLP"])
def test_autocast_and_tracing(name):
    model = MODELS[name](3).eval()
    compiled = torch.compile(model, fullgraph=True, dynamic=True, backend="eager")
    for seed in range(3):
        complex_ = random_complex(seed, num_vertices=8 + seed)
        x = random_cochains(complex_, 3, max_dim=3)
        exact = model(x, complex_)
        torch.testing.assert_close(compiled(x, complex_), exact)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough = model(x, complex_)
        torch.testing.assert_close(rough.float(), exact, atol=0.1, rtol=0.1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GIN(3, 4, 2, 0, 2), "num_layers must be at least 1"),
        (lambda: GIN(3, 4, 2, 1, 2, readout_dims=[1]), "readout_dims must be among 0 … 0"),
        (lambda: GIN((3, 4), 4, 2, 1, 2), "one positive width for each dimension"),
        (lambda: GINConv(3, 4, norm="layer"), "norm must be one of 'batch', None, got 'layer'"),
        (lambda: PooledMLP(3, 4, 2, 0, 2), "num_layers must be at least 1"),
        (lambda: GIN(3, 4, 2, 1, 2)([torch.ones(4, 3)], COMPLEXES["house"]), "0 … 2, got 1"),
        (lambda: PooledMLP(3, 4, 2, 1, 2)([], COMPLEXES["house"]), "0 … 2, got 0"),
    ],
)
def test_wrong_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_repr():
    assert repr(GINConv(16, 32)) == "GINConv(16, 32)"
