"""Lifting PyG graphs with features, one by one and all at once."""

import networkx as nx
import pytest
import torch
from torch_geometric.data import Batch, Data
from torch_geometric.loader import DataLoader
from torch_geometric.utils import from_networkx

from simplex.data import SimplicialDataset
from simplex.lifting import clique_complex
from simplex.transforms import CliqueLift, lift_dataset, spread_features
from tests.cases import over
from tests.data.test_simplicial_data import assert_same
from tests.tables import COMPLEXES


def graphs(seed, count=6):
    result = []
    for i in range(count):
        graph = nx.gnp_random_graph(4 + i, 0.15 * i, seed=10 * seed + i)
        edge_index = from_networkx(graph).edge_index
        x = torch.randn(4 + i, 3, generator=torch.Generator().manual_seed(seed))
        fields = {"y": torch.tensor([i % 2]), "edge_attr": torch.arange(edge_index.shape[1])}
        result.append(Data(x=x, edge_index=edge_index.view(2, -1), **fields))
    return result


@over("name", COMPLEXES)
@over("reduce", ["sum", "mean"])
def test_spread_is_the_sum_or_mean_over_vertices(name, reduce, dtype):
    K = COMPLEXES[name]
    x = torch.randn(K.num_simplices(0), 2, dtype=dtype)
    spread = spread_features(K, x, 4, reduce=reduce)
    assert len(spread) == 5
    for k, values in enumerate(spread):
        expected = [getattr(x[list(s)], reduce)(0) for s in K.simplices(k).tolist()]
        assert values.dtype == dtype
        torch.testing.assert_close(values, torch.stack(expected) if expected else values[:0])


@over("reduce", ["sum", "mean"])
@over("seed", range(2))
def test_dataset_equals_one_by_one(reduce, seed):
    lift = CliqueLift(max_dim=3, reduce=reduce)
    given = graphs(seed)
    dataset = lift_dataset(given, 3, reduce=reduce)
    assert isinstance(dataset, SimplicialDataset)
    assert len(dataset) == len(given)
    for graph, item in zip(given, dataset, strict=True):
        assert_same(lift(graph), item)
        assert item.complex == clique_complex(graph, 3)
        assert torch.equal(item.edge_attr, graph.edge_attr)


@over("ids", [[3, 0, 3, 5], [0], [1, 0], list(range(6))])
def test_batch_of_a_dataset_equals_pyg(ids):
    dataset = lift_dataset(graphs(0), 3)
    fast = dataset[ids].to_batch()
    slow = Batch.from_data_list([dataset[i] for i in ids])
    assert_same(fast, slow)
    fast.complex.validate()
    assert fast.num_graphs == len(ids)
    for first, second in zip(fast.to_data_list(), slow.to_data_list(), strict=True):
        assert_same(first, second)


def test_batch_with_a_field_that_is_not_concatenated():
    given = [graph.update({"note": f"graph {i}"}) for i, graph in enumerate(graphs(0))]
    batch = lift_dataset(given)[[2, 1]].to_batch()
    assert batch.note == ["graph 2", "graph 1"]


def test_dataset_of_one_graph():
    dataset = lift_dataset(graphs(0)[3:4])
    assert len(dataset) == 1
    assert dataset[[0]].to_batch().complex == dataset[0].complex


@over("num_workers", [0, 2])
def test_loader_over_a_dataset(num_workers):
    dataset = lift_dataset(graphs(0), 3)
    loader = DataLoader(dataset, batch_size=3, num_workers=num_workers)
    batches = list(loader)
    assert_same(batches[1], dataset[3:].to_batch())


def test_lifting_inside_workers():
    class Lifted(torch.utils.data.Dataset):
        def __len__(self):
            return 6

        def __getitem__(self, i):
            return CliqueLift(3)(graphs(0)[i])

    batch = next(iter(DataLoader(Lifted(), batch_size=6, num_workers=2)))
    assert batch.complex == lift_dataset(graphs(0), 3).to_batch().complex


def test_input_stays_and_fields_are_kept():
    graph = graphs(0)[4]
    before = graph.clone()
    lifted = CliqueLift()(graph)
    assert_same(graph, before)
    assert torch.equal(lifted.y, graph.y)
    assert torch.equal(lifted.edge_index, graph.edge_index)


def test_graph_without_features():
    edge_index = torch.tensor([[0, 1], [1, 2]])
    graph = Data(edge_index=edge_index, num_nodes=4)
    lifted = CliqueLift()(graph)
    assert "x" not in lifted
    assert lifted.complex.f_vector == (4, 2)
    assert_same(lift_dataset([graph, graph])[1], lifted)
    assert lift_dataset([graph, graph]).to_batch().num_nodes == 8


def test_errors():
    with pytest.raises(ValueError, match="reduce must be one of 'sum', 'mean', got 'max'"):
        CliqueLift(reduce="max")(graphs(0)[2])
    with pytest.raises(TypeError, match="floating point"):
        spread_features(COMPLEXES["edge"], torch.ones(2, 1, dtype=torch.int64), 1, reduce="mean")
    with pytest.raises(ValueError, match=r"\(n_0, F\) with n_0 = 2"):
        spread_features(COMPLEXES["edge"], torch.ones(3, 1), 1)
    with pytest.raises(TypeError, match="torch_geometric Data, got Graph"):
        CliqueLift()(nx.path_graph(3))
    with pytest.raises(ValueError, match="has been lifted already"):
        CliqueLift()(CliqueLift()(graphs(0)[2]))
    with pytest.raises(ValueError, match="at least one graph"):
        lift_dataset([])


def test_fields_of_a_data_set_must_end_with_their_slices():
    union = clique_complex([nx.path_graph(2), nx.path_graph(3)])
    for labels in (torch.tensor([0, 1, 1]), torch.tensor([0]), [0, 1, 1]):
        with pytest.raises(ValueError, match=r"fields\['y'\] must have 2 rows"):
            SimplicialDataset.from_union(union, fields={"y": labels})
    assert SimplicialDataset.from_union(union, fields={"y": torch.tensor([0, 1])})[1].y == 1


def test_repr():
    assert repr(CliqueLift(3, reduce="mean")) == "CliqueLift(max_dim=3, reduce='mean')"


def test_a_batch_is_lifted_before_it_is_made():
    graphs = [Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [1]])) for _ in range(2)]
    with pytest.raises(ValueError, match=r"data must be one graph, got a batch of 2\. Lift before"):
        CliqueLift()(Batch.from_data_list(graphs))
