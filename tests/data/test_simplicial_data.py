"""A complex as PyG data: what is stored, what is batched, and the traps of batching."""

import copy
import pickle

import pytest
import torch
from torch_geometric.data import Batch, Data, InMemoryDataset
from torch_geometric.loader import DataLoader
from torch_geometric.transforms import RemoveIsolatedNodes

from simplex import SimplicialComplex
from simplex.data import SimplicialData
from tests.cases import over
from tests.tables import COMPLEXES


MAX_DIM = 4


def with_features(name, max_dim=MAX_DIM, **fields):
    K = COMPLEXES[name]
    x = [torch.arange(3.0 * n).view(n, 3) for n in (K.num_simplices(k) for k in range(max_dim + 1))]
    return SimplicialData.from_complex(K, x, max_dim=max_dim, **fields)


def assert_same(first, second):
    assert type(first) is type(second)
    assert set(first.keys()) == set(second.keys())
    for key in list(first.keys()):
        a, b = first[key], second[key]
        if isinstance(a, torch.Tensor):
            assert a.dtype == b.dtype, key
            assert torch.equal(a, b), key
        else:
            assert a == b, key


PLAIN = [name for name in COMPLEXES if name not in ("reoriented", "union")]


@over("name", COMPLEXES)
def test_complex_survives(name):
    data = with_features(name)
    assert data.complex == COMPLEXES[name]
    assert data.max_dim == MAX_DIM
    assert data.num_nodes == COMPLEXES[name].num_simplices(0)
    assert [len(x) for x in data.cochains()] == [
        COMPLEXES[name].num_simplices(k) for k in range(MAX_DIM + 1)
    ]


@over("name", COMPLEXES)
def test_tables_are_not_copied(name):
    K = COMPLEXES[name]
    back = with_features(name).complex
    for k in range(1, K.dim + 1):
        assert back.facets(k).data_ptr() == K.facets(k).data_ptr()


def test_batch_is_the_disjoint_union_and_splits_again():
    items = [with_features(name, y=torch.tensor([i])) for i, name in enumerate(PLAIN)]
    batch = Batch.from_data_list(items)
    union = SimplicialComplex.disjoint_union([COMPLEXES[name] for name in PLAIN])
    assert batch.complex == union
    batch.complex.validate()
    assert torch.equal(batch.batch, union.part(0))
    assert batch.y.tolist() == list(range(len(PLAIN)))
    for given, back in zip(items, batch.to_data_list(), strict=True):
        assert_same(given, back)


def test_orientation_rides_along():
    turned = with_features("reoriented")
    batch = Batch.from_data_list([turned, turned])
    assert batch.complex == SimplicialComplex.disjoint_union([COMPLEXES["reoriented"]] * 2)
    assert_same(batch.to_data_list()[1], turned)
    assert "orientation_1" not in with_features("torus")


def test_parts_of_an_item_ride_along():
    union = COMPLEXES["union"]
    batch = Batch.from_data_list([with_features("union"), with_features("union")])
    assert batch.complex.num_parts == 2 * union.num_parts
    assert torch.equal(batch.complex.part(0)[union.num_simplices(0) :], union.part(0) + 3)


def test_empty_dimensions_survive_batching():
    batch = Batch.from_data_list([with_features("edge"), with_features("edge")])
    assert batch.facets_2.shape == (0, 3)
    assert batch.x_2.shape == (0, 3)
    assert batch.num_simplices.tolist() == [[2, 1, 0, 0, 0]] * 2
    assert batch.complex.dim == 1


def test_nothing_but_vertices_still_has_a_vertex_count():
    bare = SimplicialData.from_complex(COMPLEXES["isolated vertices"], max_dim=2)
    assert bare.num_nodes == 4
    batch = Batch.from_data_list([bare, bare])
    assert batch.num_nodes == 8
    assert batch.batch.tolist() == [0] * 4 + [1] * 4
    assert_same(batch.to_data_list()[1], bare)


def test_field_of_edges_is_no_vertex_attribute():
    square = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3), (0, 3)])
    data = SimplicialData.from_complex(square, [torch.ones(4, 2), torch.ones(4, 2)])
    assert data.is_node_attr("x")
    for key in ("x_1", "facets_1", "num_simplices"):
        assert not data.is_node_attr(key)
        assert not data.is_edge_attr(key)
    assert data.node_attrs() == ["x"]
    one = SimplicialData.from_complex(COMPLEXES["one vertex"], torch.ones(1, 2))
    assert not one.is_node_attr("num_simplices")


def test_follow_batch_with_an_empty_dimension():
    loader = DataLoader(
        [with_features("filled triangle"), with_features("edge")],
        batch_size=2,
        follow_batch=["x_1", "x_2"],
    )
    batch = next(iter(loader))
    assert batch.x_1_batch.tolist() == [0, 0, 0, 1]
    assert batch.x_2_ptr.tolist() == [0, 1, 1]
    assert_same(batch.to_data_list()[1], with_features("edge"))


@over("num_workers", [0, 2])
def test_loader(num_workers):
    items = [with_features(name) for name in PLAIN]
    loader = DataLoader(items, batch_size=4, num_workers=num_workers)
    parts = [part for batch in loader for part in batch.complex.split()]
    assert parts == [COMPLEXES[name] for name in PLAIN]


def test_in_memory_dataset_keeps_items(tmp_path):
    items = [with_features(name) for name in PLAIN]
    InMemoryDataset.save(items, tmp_path / "data.pt")
    dataset = InMemoryDataset()
    dataset.load(tmp_path / "data.pt", data_cls=SimplicialData)
    assert len(dataset) == len(items)
    for given, back in zip(items, dataset, strict=True):
        assert_same(given, back)


@over("make", [with_features, lambda n: Batch.from_data_list([with_features(n)])])
def test_pickle_copy_and_save(make, tmp_path):
    data = make("house")
    for back in (pickle.loads(pickle.dumps(data)), copy.copy(data), copy.deepcopy(data)):
        assert_same(back, data)
        assert back.complex == data.complex
    torch.save(data, tmp_path / "data.pt")
    back = torch.load(tmp_path / "data.pt", weights_only=not isinstance(data, Batch))
    assert_same(back, data)
    assert not back.is_node_attr("num_simplices")


def test_subgraph_is_the_induced_subcomplex():
    data = with_features("house", y=torch.tensor([1]))
    cut = data.subgraph(torch.tensor([True, False, True, True, True]))
    assert cut.complex.simplices(1).tolist() == [[0, 2], [1, 2], [1, 3], [2, 3]]
    assert cut.complex.simplices(2).tolist() == [[1, 2, 3]]
    cut.complex.validate()
    assert cut.num_nodes == 4
    assert cut.num_simplices.tolist() == [[4, 4, 1, 0, 0]]
    assert torch.equal(cut.x, data.x[[0, 2, 3, 4]])
    assert torch.equal(cut.x_1, data.x_1[[1, 3, 4, 5]])
    assert cut.y.tolist() == [1]
    assert_same(data.subgraph(torch.tensor([0, 2, 3, 4])), cut)
    with pytest.raises(ValueError, match="must be given one complex, got a batch"):
        Batch.from_data_list([data, data]).subgraph(torch.tensor([0]))


def test_errors_name_the_remedy():
    with pytest.raises(ValueError, match=r"from_complex"):
        _ = SimplicialData(x=torch.ones(2, 1)).complex
    with pytest.raises(ValueError, match=r"no \['x_1'\]"):
        SimplicialData.from_complex(COMPLEXES["edge"], torch.ones(2, 1)).cochains()
    with pytest.raises(ValueError, match=r"x\[1\] must have one row per 1-simplex \(1\)"):
        SimplicialData.from_complex(COMPLEXES["edge"], [torch.ones(2, 1), torch.ones(2, 1)])
    with pytest.raises(ValueError, match=r"max_dim must be non-negative, got -1"):
        SimplicialData.from_complex(COMPLEXES["edge"], max_dim=-1)


def test_transforms_that_remove_vertices_are_noticed():
    K = SimplicialComplex.from_simplices([(0, 1), (3,)])  # vertex 2 is isolated, and 3
    data = RemoveIsolatedNodes()(SimplicialData.from_complex(K, max_dim=1))
    with pytest.raises(ValueError, match=r"num_simplices must count.*got \[4, 1\] for"):
        _ = data.complex


def test_fields_of_pyg_follow_its_rules():
    index = torch.tensor([[0, 1], [1, 0]])
    data = with_features("edge", edge_index=index, pos=torch.ones(2, 3))
    batch = Batch.from_data_list([data, data])
    assert batch.edge_index.tolist() == [[0, 1, 2, 3], [1, 0, 3, 2]]
    assert isinstance(data, Data)
    assert data.is_node_attr("pos")
