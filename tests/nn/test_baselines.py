"""GIN and PooledMLP: what they compute, and what they do not see."""

import copy

import pytest
import torch
from networkx import Graph, complete_bipartite_graph, line_graph
from torch_geometric.nn import GINConv as ReferenceGINConv

from simplex.lifting import clique_complex
from simplex.nn import GIN, GINConv, PooledMLP
from simplex.testing import (
    random_cochains,
    random_complex,
)
from tests.nn.table import FLAT
from tests.tables import COMPLEXES


MODELS = {
    "GIN": lambda width: GIN(width, 4, 2, num_layers=2, max_dim=3, jumping_knowledge="cat"),
    "GIN batch norm": lambda width: GIN(width, 4, 2, 2, 3, norm="batch", train_eps=True),
    "PooledMLP": lambda width: PooledMLP(width, 4, 2, num_layers=2, max_dim=3),
}


def test_gin_layer_is_that_of_pyg():
    complex_ = COMPLEXES["torus"]
    conv = GINConv(3, 5, eps=0.3, train_eps=True).double()
    reference = ReferenceGINConv(copy.deepcopy(conv.mlp), eps=0.3).double()
    reference.nn.load_state_dict(conv.mlp.state_dict())  # it has drawn them anew
    (x,) = random_cochains(complex_, channels=3, max_dim=0, dtype=torch.float64)
    edges = complex_.simplices(1).T
    both = torch.cat([edges, edges.flip(0)], dim=1)
    torch.testing.assert_close(conv(x, complex_), reference(x, both))


def test_pooled_features_are_their_formula(dtype):
    for name in FLAT:
        K = COMPLEXES[name]
        x = random_cochains(K, channels=(1, 2, 3, 4), max_dim=3, dtype=dtype)
        model = PooledMLP((1, 2, 3, 4), 5, 2, num_layers=1, max_dim=3).to(dtype).eval()
        rows = []
        for part in range(K.num_parts):
            row = []
            for k, values in enumerate(x):
                own = values[K.part(k) == part]
                total = own.sum(0)
                mean = own.mean(0) if len(own) else torch.zeros_like(total)
                count = torch.tensor([len(own)], dtype=dtype)
                row += [count.log1p(), total.sign() * total.abs().log1p(), mean]
            rows.append(torch.cat(row))
        expected = model.classify(model.hidden(model.norm(torch.stack(rows))))
        torch.testing.assert_close(model(x, K), expected, msg=lambda m, name=name: f"{name}: {m}")


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("name", ["filled tetrahedron", "house", "random 0"])
def test_a_step_of_training_is_finite(name, make):
    model = make(3).train()
    K = COMPLEXES[name]
    model(random_cochains(K, channels=3, max_dim=3), K).sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize("name", [pytest.param("GIN", marks=pytest.mark.slow), "PooledMLP"])
def test_traces_as_one_graph_with_dynamic_sizes(name):
    model = MODELS[name](3).eval()
    compiled = torch.compile(model, fullgraph=True, dynamic=True, backend="eager")
    for seed in range(3):
        K = random_complex(seed, num_vertices=8 + seed)
        x = random_cochains(K, channels=3, max_dim=3)
        torch.testing.assert_close(compiled(x, K), model(x, K))


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_what_is_not_seen_changes_nothing(make):
    complex_ = COMPLEXES["filled tetrahedron"]
    x = random_cochains(complex_, channels=3, max_dim=3)
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


def test_wrong_settings():
    for make, message in (
        (lambda: GIN(3, 4, 2, 0, 2), "num_layers must be at least 1"),
        (
            lambda: GIN(3, 4, 2, 1, 2, readout_dims=[1]),
            "must be an integer from 0 to 0",
        ),
        (lambda: GIN((3, 4), 4, 2, 1, 2), "one positive width for each dimension"),
        (lambda: GIN(3, 4, 2, 1, 2, norm="instance"), "norm must be one of"),
        (lambda: GINConv(3, 4, norm="layer"), "norm must be one of 'batch', None"),
        (lambda: PooledMLP(3, 4, 2, 0, 2), "num_layers must be at least 1"),
        (lambda: GIN(3, 4, 2, 1, 2)([torch.ones(4, 3)], COMPLEXES["house"]), "0 … 2, got 1"),
        (lambda: PooledMLP(3, 4, 2, 1, 2)([], COMPLEXES["house"]), "0 … 2, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            make()


def test_repr():
    assert repr(GINConv(16, 32)) == "GINConv(16, 32)"
