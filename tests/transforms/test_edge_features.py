"""Edge attributes on the edges of the complex, and what the doors of the transforms refuse."""

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric.data import Batch, Data, HeteroData

from simplex import SimplicialComplex
from simplex.data import SimplicialData
from simplex.nn import SIN
from simplex.transforms import (
    CliqueLift,
    HarmonicEnergies,
    RandomCochains,
    clique_lift,
    harmonic_energies,
    lift_dataset,
    random_cochains,
    spread_features,
)
from tests.cases import over
from tests.data.test_simplicial_data import assert_same
from tests.tables import COMPLEXES


def graphs(dtype, width, seed=0):
    """Multigraphs with loops, edges in one direction, in both, and repeated."""
    result = []
    for n in (4, 7, 1, 5):
        index = torch.randint(n, (2, 3 * n if n > 1 else 0))
        index = torch.cat([index, index.flip(0)[:, ::2], index[:, ::3]], dim=1)
        shape = (index.shape[1],) if width is None else (index.shape[1], width)
        attr = torch.randint(-9, 10, shape).to(dtype)
        result.append(Data(x=torch.randn(n, 3), edge_index=index, edge_attr=attr))
    return result


@over("reduce", ["sum", "mean"])
@over("dtype", [torch.float32, torch.float64, torch.int64, torch.bool])
@over("width", [None, 1, 2])
def test_an_edge_has_the_reduced_attributes_of_all_its_columns(reduce, dtype, width):
    if reduce == "mean" and not dtype.is_floating_point:
        with pytest.raises(TypeError, match="edge_attr must be floating point for the mean"):
            CliqueLift(edge_attr=reduce)(graphs(dtype, width)[0])
        return
    given = graphs(dtype, width)
    lift = CliqueLift(edge_attr=reduce)
    for graph, item in zip(given, lift_dataset(given, edge_attr=reduce), strict=True):
        assert_same(lift(graph), item)
        plain = CliqueLift()(graph)
        assert torch.equal(item.x_1[:, :3], plain.x_1)
        assert torch.equal(item.x_2, plain.x_2)
        assert item.x_1.dtype == torch.float32
        columns = [tuple(sorted(column)) for column in graph.edge_index.T.tolist()]
        for edge, row in zip(item.complex.simplices(1).tolist(), item.x_1[:, 3:], strict=True):
            own = [i for i, column in enumerate(columns) if column == tuple(edge)]
            expected = getattr(graph.edge_attr[own].float(), reduce)(0)
            torch.testing.assert_close(row, expected.view(-1))


def test_attributes_of_edges_alone_are_an_edge_cochain():
    given = graphs(torch.float64, 2)
    for graph in given:
        graph.num_nodes, graph.x = graph.num_nodes, None
    lift = CliqueLift(edge_attr="mean")
    dataset = lift_dataset(given, edge_attr="mean")
    for graph, item in zip(given, dataset, strict=True):
        made = lift(graph)
        assert_same(made, item)
        assert made.x_1.shape == (made.complex.num_simplices(1), 2)
        assert made.x_1.dtype == torch.float64
        with pytest.raises(ValueError, match=r"got no \['x', 'x_2'\].*graph that has an x"):
            made.cochains()
    assert_same(dataset.to_batch(), Batch.from_data_list(list(dataset)))


def test_a_network_takes_the_wider_edge_cochain():
    batch = lift_dataset(graphs(torch.float32, 2), edge_attr="sum").to_batch()
    model = SIN((3, 5, 3), 4, 2, num_layers=1, max_dim=2)
    assert model(batch.cochains(), batch.complex).shape == (4, 2)


def test_attributes_and_labels_of_the_graph_are_kept():
    graph = graphs(torch.float32, 2)[1]
    columns = graph.edge_index.shape[1]
    graph.update({"edge_label": torch.arange(columns), "y": torch.arange(7), "g": torch.ones(1, 2)})
    plain = Batch.from_data_list([graph, graph])
    batch = Batch.from_data_list([CliqueLift(edge_attr="sum")(graph)] * 2)
    for key in ("edge_attr", "edge_label", "y", "g", "edge_index"):
        assert torch.equal(batch[key], plain[key])


def test_repr_names_what_is_not_the_default():
    assert repr(CliqueLift(edge_attr="sum")) == (
        "CliqueLift(max_dim=2, reduce='sum', edge_attr='sum')"
    )


# --- doors ----------------------------------------------------------------------------------------


def hetero():
    data = HeteroData()
    data["a"].x = torch.ones(2, 1)
    return data


GRAPH = Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [1]]))
LIFTED = CliqueLift()(GRAPH)
BARE = Data(x=torch.ones(2, 1))


def test_what_cannot_be_lifted_is_refused_in_words():
    attr = GRAPH.clone().update({"edge_attr": torch.ones(3, 1)})
    for call, error, message in (
        (lambda: CliqueLift()(hetero()), TypeError, r"got HeteroData.*to_homogeneous"),
        (lambda: CliqueLift()(LIFTED), ValueError, "has been lifted already"),
        (lambda: CliqueLift()(BARE), ValueError, "must have an edge_index .* got NoneType"),
        (lambda: CliqueLift()([GRAPH]), TypeError, "torch_geometric Data, got list"),
        (lambda: CliqueLift("2"), TypeError, "max_dim must be an integer"),
        (lambda: CliqueLift(-1), ValueError, "max_dim must be non-negative"),
        (lambda: CliqueLift(edge_attr="max"), ValueError, "edge_attr must be one of"),
        (lambda: CliqueLift(0, edge_attr="sum"), ValueError, "max_dim must be an integer from 1"),
        (lambda: CliqueLift(edge_attr="sum")(GRAPH), ValueError, "must have an edge_attr tensor"),
        (lambda: CliqueLift(edge_attr="sum")(attr), ValueError, r"E = 1 columns .*got \(3, 1\)"),
        (lambda: lift_dataset(GRAPH), TypeError, r"got one Data. Pass \[data\]"),
        (lambda: lift_dataset(hetero()), TypeError, "got one HeteroData"),
        (lambda: lift_dataset(Batch.from_data_list([GRAPH])), TypeError, "Pass its to_data_list"),
        (lambda: lift_dataset(3), TypeError, "a list or a data set of graphs, got int"),
        (lambda: lift_dataset([GRAPH, LIFTED]), ValueError, r"graphs\[1\] .*lifted already"),
        (lambda: lift_dataset([GRAPH, hetero()]), TypeError, r"graphs\[1\] .*got HeteroData"),
        (lambda: lift_dataset([GRAPH, nx.path_graph(2)]), TypeError, r"graphs\[1\] .*got Graph"),
        (lambda: lift_dataset([GRAPH, attr]), ValueError, "no 'edge_attr' in item 0"),
        (
            lambda: lift_dataset([GRAPH, GRAPH.clone().update({"x": torch.ones(2, 3)})]),
            ValueError,
            r"x must have the same shape .* \(2, 1\) in item 0 and \(2, 3\) in item 1",
        ),
    ):
        with pytest.raises(error, match=message):
            call()
    assert clique_lift(GRAPH).complex.f_vector == (2, 1)


def test_data_sets_of_graphs_that_name_their_vertex_count_or_do_not():
    named = GRAPH.clone().update({"num_nodes": 2})
    for given in ([GRAPH, named], [named, GRAPH], iter([named, named]), (GRAPH,)):
        dataset = lift_dataset(given)
        assert dataset[len(dataset) - 1].complex.f_vector == (2, 1)


def test_malformed_features_are_refused_in_words():
    K = COMPLEXES["house"]
    for call, error, message in (
        (lambda: spread_features(GRAPH, torch.ones(2, 1), 2), TypeError, "K must be a Simplicial"),
        (lambda: spread_features(K, [[1.0]] * 5, 2), TypeError, "x must be a tensor .* got list"),
        (lambda: spread_features(K, torch.ones(5), 2), ValueError, r"x\[:, None\]"),
        (lambda: spread_features(K, torch.ones(5, 1), 2.0), TypeError, "max_dim must be"),
        (lambda: spread_features(K, torch.ones(5, 1), -1), ValueError, "max_dim must be"),
        (lambda: random_cochains(GRAPH, max_dim=1), TypeError, "K must be a SimplicialComplex"),
        (lambda: random_cochains(K, max_dim=-1), ValueError, "max_dim must be"),
        (lambda: random_cochains(K, max_dim=1, channels=1.5), TypeError, "channels must be"),
        (
            lambda: random_cochains(K, max_dim=1, generator=0),
            TypeError,
            "or None, got 0",
        ),
        (lambda: harmonic_energies(K, 1, 3), TypeError, "num_steps must be a sequence"),
        (lambda: harmonic_energies(K, 1, (4, 2)), ValueError, "num_steps must increase"),
        (lambda: harmonic_energies(K, 1, (0.5,)), TypeError, "num_steps must be an integer"),
        (lambda: harmonic_energies(K, 1, num_probes=0), ValueError, "num_probes must be"),
        (lambda: RandomCochains()(GRAPH), TypeError, "must be SimplicialData, got Data"),
        (lambda: HarmonicEnergies()(GRAPH), TypeError, "must be SimplicialData, got Data"),
    ):
        with pytest.raises(error, match=message):
            call()
    array = np.arange(10.0).reshape(5, 2)
    spread = spread_features(K, array[::-1], 1)
    assert torch.equal(spread[0], torch.from_numpy(array[::-1].copy()))


def test_features_that_would_not_fit_are_refused_before_the_work():
    K = SimplicialComplex.from_simplices([(0,)], num_vertices=10**6)
    with pytest.raises(ValueError, match=r"random numbers .* must fit in half of the free memory"):
        random_cochains(K, max_dim=0, channels=10**9)
    star = SimplicialComplex.from_simplices(torch.tensor([[0, i] for i in range(1, 3000)]))
    wide = torch.zeros(3000, 1).expand(3000, 10**9)  # no memory of its own
    with pytest.raises(ValueError, match=r"the features .* must fit in half of the free memory"):
        spread_features(star, wide, 1)


def test_harmonic_energies_on_a_changed_graph():
    late = LIFTED.clone()
    late.edge_index = torch.empty(2, 0, dtype=torch.int64)
    for transform in (RandomCochains(2), HarmonicEnergies()):
        with pytest.raises(ValueError, match="before the lift"):
            transform(late)
    assert isinstance(RandomCochains(2)(LIFTED), SimplicialData)
