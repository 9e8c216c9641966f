"""The ring lift of one graph, of many, in batches and on disk; features of apexes by definition."""

import networkx as nx
import pytest
import torch
from torch_geometric.data import Batch, Data

from simplex.data import SimplicialDataset
from simplex.lifting import ring_complex, ring_lengths
from simplex.nn import SIN
from simplex.transforms import RingLift, lift_dataset, ring_lift, spread_features
from tests.cases import over


def graph_of(shape, place, dtype):
    edges = torch.tensor(list(shape.edges), dtype=torch.int64).view(-1, 2)
    return Data(
        x=torch.randn(len(shape), 3, dtype=torch.float64).mul(4).to(dtype),
        edge_index=edges[torch.randperm(len(edges))].T,
        edge_attr=torch.randn(len(edges), 2, dtype=torch.float64),
        y=torch.tensor([place]),
        num_nodes=len(shape),
    )


def graphs(dtype=torch.float64):
    """Two molecules, a forest, a point, and nothing."""
    shapes = [
        nx.convert_node_labels_to_integers(nx.hexagonal_lattice_graph(1, 2)),
        nx.Graph([(0, 1), (1, 2), (2, 3), (0, 3), (3, 4), (4, 5), (3, 5)]),
        nx.path_graph(3),
        nx.empty_graph(1),
        nx.empty_graph(0),
    ]
    return [graph_of(shape, place, dtype) for place, shape in enumerate(shapes)]


def ring_of(K, apex):
    """The vertices that an apex is joined to."""
    return K.simplices(1)[K.simplices(1)[:, 1] == apex, 0]


OPTIONS = [
    {"reduce": reduce, "apex": apex, "marker": marker, "edge_attr": edge_attr}
    for reduce in ("sum", "mean")
    for apex, marker in (("sum", True), ("mean", False), ("token", True))
    for edge_attr in (None, "mean")
]


def expected_cochains(K, graph, reduce, apex, marker, edge_attr):
    n = graph.num_nodes
    rings = [ring_of(K, apex) for apex in range(n, K.num_simplices(0))]
    own = {
        "sum": lambda ring: graph.x[ring].sum(0),
        "mean": lambda ring: graph.x[ring].mean(0),
        "token": lambda ring: torch.zeros(3, dtype=graph.x.dtype),
    }[apex]
    rows = torch.cat([graph.x, *(own(ring)[None] for ring in rings)])
    cochains = spread_features(K, rows, 2, reduce=reduce)
    if marker:
        marks = [(K.simplices(k) >= n).any(1, keepdim=True).to(rows.dtype) for k in range(3)]
        cochains = [torch.cat(pair, 1) for pair in zip(cochains, marks, strict=True)]
    if edge_attr:
        values = torch.zeros(K.num_simplices(1), 2, dtype=torch.float64)
        values[K.index(graph.edge_index.T)] = graph.edge_attr
        cochains[1] = torch.cat([cochains[1], values], 1)
    return cochains


@over("options", OPTIONS)
def test_features_by_definition_and_all_ways_agree(options):
    given = graphs()
    lift = RingLift(6, 2, **options)
    dataset = lift_dataset(given, 2, rings=6, **options)
    for graph, item in zip(given, dataset, strict=True):
        alone = lift(graph)
        K = ring_complex(graph, 6)
        assert alone.complex == item.complex == K
        for k in range(K.dim + 1):
            assert torch.equal(ring_lengths(alone.complex, k), ring_lengths(K, k))
            assert torch.equal(ring_lengths(item.complex, k), ring_lengths(K, k))
        for own, one, many in zip(
            expected_cochains(K, graph, **options), alone.cochains(), item.cochains(), strict=True
        ):
            assert torch.allclose(own, one, rtol=1e-13, atol=1e-13)
            assert torch.equal(one, many)
        assert torch.equal(item.edge_index, graph.edge_index)
        assert item.y.tolist() == graph.y.tolist()


def test_batches_are_the_union_of_the_items():
    given = graphs()
    dataset = lift_dataset(given, rings=8, edge_attr="sum")
    batch = Batch.from_data_list([RingLift(edge_attr="sum")(graph) for graph in given])
    whole = dataset.to_batch()
    assert batch.complex == whole.complex == ring_complex(given)
    assert torch.equal(ring_lengths(batch.complex, 2), ring_lengths(ring_complex(given), 2))
    assert all(torch.equal(*pair) for pair in zip(batch.cochains(), whole.cochains(), strict=True))
    joined = whole.edge_index  # the atoms keep their places before the apexes of their part
    assert (ring_lengths(whole.complex)[joined] == 0).all()
    assert (whole.complex.index(joined.T) >= 0).all()


def test_a_data_set_on_disk_holds_the_same(tmp_path):
    given = graphs()
    dataset = lift_dataset(given, rings=6, apex="token")
    opened = SimplicialDataset.to_disk(
        tmp_path / "rings", iter(given), rings=6, apex="token", block_size=2
    )
    for item, other in zip(dataset, opened, strict=True):
        assert item.complex == other.complex
        assert torch.equal(ring_lengths(item.complex, 1), ring_lengths(other.complex, 1))
        assert all(torch.equal(*p) for p in zip(item.cochains(), other.cochains(), strict=True))


def test_a_token_is_the_marker_alone():
    item = ring_lift(graphs()[0], apex="token")
    x = [each.float() for each in item.cochains()]
    assert not x[0][10:, :3].any()
    assert x[0][:, 3].tolist() == [0.0] * 10 + [1.0] * 2
    model = SIN(4, 8, 1, 2, 2).eval()
    unmarked = [each * torch.tensor([1, 1, 1, 0]) for each in x]
    assert not torch.allclose(model(x, item.complex), model(unmarked, item.complex))


def test_graphs_without_features_and_integers():
    graph = graphs(torch.int64)[0]
    K, item = ring_complex(graph), RingLift()(graph)
    sums = [graph.x[ring_of(K, apex)].sum(0).tolist() for apex in (10, 11)]
    assert item.x.tolist() == [[*row, 0] for row in graph.x.tolist()] + [[*row, 1] for row in sums]
    bare = Data(edge_index=graph.edge_index, edge_attr=graph.edge_attr, num_nodes=10)
    assert "x" not in RingLift()(bare)
    assert RingLift(edge_attr="sum")(bare).x_1.shape == (23, 2)
    assert lift_dataset([bare, bare], rings=8, edge_attr="sum")[1].x_1.shape == (23, 2)


SQUARE = Data(x=torch.ones(4, 1), edge_index=torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]]))


@over(
    "call, error, message",
    [
        (lambda: RingLift(2), ValueError, "max_length must be .* 3, got 2"),
        (lambda: RingLift("6"), TypeError, "max_length must be an integer"),
        (lambda: RingLift(6, 0), ValueError, "max_dim must be"),
        (lambda: RingLift(apex="max"), ValueError, "apex must be one of"),
        (lambda: RingLift(apex="token", marker=False), ValueError, "marker must be True"),
        (lambda: RingLift(marker="yes"), TypeError, "marker must be"),
        (lambda: RingLift(apex="mean")(graphs(torch.int64)[0]), TypeError, "floating point"),
        (lambda: RingLift()(RingLift()(SQUARE)), ValueError, "lifted already"),
        (lambda: lift_dataset([SQUARE], apex="mean"), ValueError, "left out without rings"),
        (lambda: lift_dataset([SQUARE], rings=6, directed=True), ValueError, "left out for a dir"),
    ],
)
def test_what_is_wrong_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_transform_shows_its_options():
    assert repr(RingLift(6)) == (
        "RingLift(max_length=6, max_dim=2, reduce='sum', apex='sum', marker=True)"
    )
