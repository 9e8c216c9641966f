"""Any lift as a transform: its complex, spread features, other fields, and what is refused."""

import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.loader import DataLoader

from simplex.lifting import (
    clique_complex,
    connected_sets_complex,
    directed_flag_complex,
    graph_rips_complex,
    khop_complex,
    line_complex,
    sampled_clique_complex,
    vietoris_rips_complex,
)
from simplex.nn import SIN
from simplex.transforms import ComplexLift, clique_lift, complex_lift, spread_features
from tests.cases import over


EDGES = torch.tensor([[0, 1, 2, 3, 1], [1, 2, 3, 0, 3]])
GRAPH = Data(
    x=torch.arange(10.0).view(5, 2), edge_index=EDGES, pos=torch.rand(5, 2), y=torch.tensor([1])
)


@over(
    "lift, options",
    [
        (clique_complex, {}),
        (khop_complex, {"hops": 2}),
        (graph_rips_complex, {"max_length": 2}),
        (connected_sets_complex, {}),
        (sampled_clique_complex, {"num_walks": 50}),
        (directed_flag_complex, {}),
        (lambda data, max_dim: vietoris_rips_complex(data.pos, 0.5, max_dim), {}),
    ],
)
def test_the_complex_and_its_features(lift, options):
    data = ComplexLift(lift, 2, reduce="mean", **options)(GRAPH)
    K = lift(GRAPH, max_dim=2, **options)
    assert data.complex == K
    for k, x in enumerate(spread_features(K, GRAPH.x, 2, reduce="mean")):
        assert torch.equal(data[f"x_{k}"] if k else data.x, x)
    assert torch.equal(data.edge_index, EDGES)
    assert torch.equal(data.pos, GRAPH.pos)
    batch = next(iter(DataLoader([data, data], batch_size=2)))
    assert batch.complex.num_parts == 2


def test_the_clique_lift_is_one_of_them():
    one, other = complex_lift(GRAPH, clique_complex, 3), clique_lift(GRAPH, 3)
    assert one.complex == other.complex
    assert all(map(torch.equal, one.cochains(), other.cochains()))
    model = SIN(2, 4, 3, num_layers=1, max_dim=3)
    assert model(one.cochains(), one.complex).shape == (1, 3)
    bare = complex_lift(Data(edge_index=EDGES, num_nodes=5), khop_complex, hops=1)
    assert bare.complex.num_simplices(0) == 5
    assert repr(ComplexLift(khop_complex, hops=1)) == (
        "ComplexLift(khop_complex, max_dim=2, reduce='sum', hops=1)"
    )


def _larger(data, max_dim):
    return clique_complex(data.edge_index, max_dim, num_vertices=6)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ComplexLift("khop"), TypeError, "lift must be a function"),
        (lambda: complex_lift(GRAPH, line_complex), ValueError, "whose vertices are edges"),
        (lambda: complex_lift(GRAPH, _larger), ValueError, r"on the 5 vertices.*got one on 6"),
        (lambda: complex_lift(GRAPH, lambda data, max_dim: 3), TypeError, "got int"),
        (lambda: complex_lift(GRAPH, clique_complex, reduce="max"), ValueError, "reduce"),
        (lambda: complex_lift(clique_lift(GRAPH), clique_complex), ValueError, "lifted already"),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
