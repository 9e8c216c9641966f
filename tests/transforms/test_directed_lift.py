"""Lifting PyG digraphs with features, one by one and all at once."""

import pytest
import torch
from torch_geometric.data import Batch, Data
from torch_geometric.loader import DataLoader

from simplex.data import SimplicialDataset
from simplex.lifting import directed_flag_complex
from simplex.nn import DirSNN
from simplex.transforms import CliqueLift, DirectedFlagLift, lift_dataset
from tests.cases import over
from tests.data.test_simplicial_data import assert_same


def digraphs(seed=0):
    generator = torch.Generator().manual_seed(seed)
    result = []
    for n in (5, 6, 4, 1):
        edges = torch.randint(0, n, (2, 3 * n), generator=generator)
        x = torch.randn(n, 3, generator=generator)
        numbers = torch.arange(3.0 * n)
        result.append(Data(x=x, edge_index=edges, edge_attr=numbers, y=torch.tensor([n % 2])))
    return result


@over("reduce, edge_attr", [("sum", None), ("mean", "mean")])
def test_a_data_set_is_lifted_as_its_items_are(reduce, edge_attr, tmp_path):
    lift = DirectedFlagLift(3, reduce=reduce, edge_attr=edge_attr)
    dataset = lift_dataset(digraphs(), 3, reduce=reduce, edge_attr=edge_attr, directed=True)
    for graph, item in zip(digraphs(), dataset, strict=True):
        assert_same(lift(graph), item)
        assert item.complex == directed_flag_complex(graph, 3)
    fast, slow = dataset[[2, 0, 3]].to_batch(), [dataset[i] for i in (2, 0, 3)]
    assert_same(fast, Batch.from_data_list(slow))
    union = directed_flag_complex([digraphs()[i] for i in (2, 0, 3)], 3)
    assert fast.complex.validate() == union
    SimplicialDataset.save(dataset, tmp_path / "digraphs.pt")
    stored = SimplicialDataset.from_file(tmp_path / "digraphs.pt")
    assert [item.complex for item in stored] == [item.complex for item in dataset]


def test_features_are_those_of_vertices_and_of_directed_edges():
    graph = digraphs()[0]
    item = DirectedFlagLift(2, reduce="mean", edge_attr="sum")(graph)
    K = item.complex
    torch.testing.assert_close(item.x_2, graph.x[K.simplices(2)].mean(1))
    for edge, row in zip(K.simplices(1).tolist(), item.x_1.tolist(), strict=True):
        given = (torch.tensor(edge) == graph.edge_index.T).all(1)
        assert row[-1] == graph.edge_attr[given].sum()


def test_direction_is_part_of_what_the_complex_was_made_of():
    item = DirectedFlagLift()(digraphs()[0])
    kept = item.clone()
    kept.edge_index = torch.cat([item.edge_index, item.edge_index[:, :2]], dim=1).flip(1)
    assert kept.complex == item.complex
    for change in (lambda edges: edges.flip(0), lambda edges: torch.cat([edges, edges.flip(0)], 1)):
        other = item.clone()
        other.edge_index = change(item.edge_index)
        with pytest.raises(ValueError, match="edge_index"):
            _ = other.complex
    plain = CliqueLift()(digraphs()[0])
    plain.edge_index = plain.edge_index.flip(0)
    assert not plain.complex.directed


def test_subgraphs_are_induced():
    graph = digraphs()[1]
    keep = torch.tensor([True, True, False, True, True, True])
    item = DirectedFlagLift(3)(graph).subgraph(keep)
    assert item.complex == directed_flag_complex(graph.subgraph(keep), 3)


def test_loaders_and_networks_take_them():
    dataset = lift_dataset(digraphs(), 2, directed=True)
    model = DirSNN(3, 8, 2, num_layers=2, max_dim=2).eval()
    (batch,) = DataLoader(dataset, batch_size=4)
    together = model(batch.cochains(), batch.complex)
    alone = torch.cat([model(item.cochains(), item.complex) for item in dataset])
    torch.testing.assert_close(together, alone)
    with pytest.raises(ValueError, match="directed_simplices"):
        Batch.from_data_list([dataset[0], CliqueLift(2)(digraphs()[0])])
