"""Batches of items that are not alike: what is made to work, what is refused, whose rules hold."""

import pytest
import torch
from torch_geometric.data import Batch, Data, HeteroData, InMemoryDataset
from torch_geometric.loader import DataLoader

from simplex import SimplicialComplex
from simplex.data import SimplicialData, SimplicialDataset
from simplex.testing import random_orientation
from simplex.transforms import CliqueLift, lift_dataset
from tests.cases import over
from tests.data.test_simplicial_data import assert_same, with_features
from tests.tables import COMPLEXES


pytestmark = pytest.mark.filterwarnings("ignore:Sparse invariant")

MIXED = ["torus", "edge", "one vertex", "4-simplex", "empty", "reoriented", "union"]


@over("name", ["torus", "edge", "4-simplex", "empty", "union", "3-sphere"])
@over("dtype", [torch.float32, torch.float64])
def test_items_of_different_dimension_are_batched_in_any_order(name, dtype):
    for names in ([name, *MIXED], [*MIXED, name]):
        own = [max(COMPLEXES[each].dim, 0) for each in names]
        items = [with_features(each, k) for each, k in zip(names, own, strict=True)]
        for item in items:
            for key in ("x", *(f"x_{k}" for k in range(1, item.max_dim + 1))):
                item[key] = item[key].to(dtype)
        batch = Batch.from_data_list(items)
        expected = []
        for each in names:
            expected += COMPLEXES[each].split() if each == "union" else [COMPLEXES[each]]
        assert batch.complex == SimplicialComplex.disjoint_union(expected)
        assert batch.max_dim == max(own)
        assert [x.dtype for x in batch.cochains()] == [dtype] * (max(own) + 1)
        for item, back, given in zip(items, batch.to_data_list(), names, strict=True):
            assert back.complex == COMPLEXES[given]
            for k in range(item.max_dim + 1, max(own) + 1):
                assert back[f"x_{k}"].shape == (0, 3)
            for key, value in item:
                if key != "num_simplices":
                    assert torch.equal(torch.as_tensor(back[key]), torch.as_tensor(value))


def test_the_items_themselves_stay():
    small, large = with_features("edge", 1), with_features("torus", 2)
    before = small.clone()
    Batch.from_data_list([small, large])
    assert_same(small, before)


def test_loader_over_items_of_different_dimension():
    items = [with_features(name, max(COMPLEXES[name].dim, 0)) for name in ("edge", "torus")]
    (batch,) = DataLoader(items, batch_size=2, num_workers=1)
    assert batch.complex.f_vector == (9, 22, 14)


def test_filtration_and_labels_ride_along():
    K = COMPLEXES["house"]
    values = [torch.arange(n).double() + 10 * k for k, n in enumerate(K.f_vector)]
    K = K.with_filtration(values).with_vertex_labels(["a", "b", 3, (4, "d"), "e"])
    data = SimplicialData.from_complex(K, max_dim=3)
    batch = Batch.from_data_list([data, data])
    for made, times in ((data.complex, 1), (batch.complex, 2), (batch[1].complex, 1)):
        assert made.vertex_labels == K.vertex_labels * times
        for own, expected in zip(made.filtration, values, strict=True):
            assert torch.equal(own, expected.repeat(times))
    cut = data.subgraph(torch.tensor([1, 2, 3, 4])).complex
    assert cut.vertex_labels == ("b", 3, (4, "d"), "e")
    assert cut.filtration[1].tolist() == values[1][[2, 3, 4, 5]].tolist()
    union = SimplicialComplex.disjoint_union([K, K.skeleton(1)])
    dataset = SimplicialDataset.from_union(union)
    assert dataset[1].complex.vertex_labels == K.vertex_labels
    assert torch.equal(dataset[1].complex.filtration[1], values[1])
    whole = dataset[[1, 0]].to_batch().complex
    assert whole.vertex_labels == K.vertex_labels * 2
    assert_same(dataset[[1, 0]].to_batch(), Batch.from_data_list([dataset[1], dataset[0]]))


def test_labels_of_one_vertex_and_of_one_item():
    """A list of one list of one label is not taken for a label."""
    dots = [COMPLEXES["one vertex"].with_vertex_labels([name]) for name in "ab"]
    batch = Batch.from_data_list([SimplicialData.from_complex(K) for K in dots])
    assert batch.complex.vertex_labels == ("a", "b")
    for parts in (dots[:1], dots, [dots[0], COMPLEXES["empty"]]):
        labels = tuple(label for K in parts for label in K.vertex_labels or ())
        dataset = SimplicialDataset.from_union(SimplicialComplex.disjoint_union(parts))
        assert dataset[0].vertex_labels == ["a"]
        assert dataset[0].complex.vertex_labels == ("a",)
        assert dataset.to_batch().complex.vertex_labels == labels
        assert dataset[[0, 0]].to_batch().complex.vertex_labels == ("a", "a")
        assert_same(dataset[[0]].to_batch(), Batch.from_data_list([dataset[0]]))


def test_oriented_and_plain_items():
    K = COMPLEXES["torus"]
    turned = K.reorient(random_orientation(K, 1))
    for order in ([K, turned, K.skeleton(1)], [turned, K]):
        batch = Batch.from_data_list([SimplicialData.from_complex(each) for each in order])
        assert batch.complex == SimplicialComplex.disjoint_union(order)


# --- fields of PyG --------------------------------------------------------------------------------

INDEX = torch.tensor([[0, 1], [2, 0]])
FIELDS = {
    "edge_index": INDEX,
    "edge_index_2": INDEX,
    "edge_index_1": INDEX,
    "edge_label_index": INDEX,
    "index_3": torch.tensor([2]),
    "hyperedge_index": INDEX,
    "face": torch.tensor([[0], [1], [2]]),
    "face_1": torch.tensor([[0.0], [1.0]]),
    "adj_1": torch.eye(3).to_sparse(),
    "adj_t": torch.eye(3).to_sparse(),
    "my_batch_1": torch.tensor([0, 1]),
    "y": torch.tensor([1]),
    "y_1": torch.tensor([1.0]),
    "y_2": torch.ones(3, 4),
    "edge_label_1": torch.tensor([1, 0]),
    "edge_attr_2": torch.ones(2, 5),
    "pos": torch.ones(3, 2),
    "number_1": 4,
    "word_2": "name",
    "rows_1": [torch.ones(2), torch.ones(3)],
    "table_1": {"a": torch.ones(2)},
}


@over("key", FIELDS)
def test_other_fields_are_batched_as_pyg_batches_them(key):
    plain = Data(x=torch.ones(3, 1), edge_index=torch.tensor([[0, 1, 2], [1, 2, 0]]))
    if key != "edge_index":
        plain[key] = FIELDS[key]
    expected = Batch.from_data_list([plain, plain])
    made = [Batch.from_data_list([CliqueLift()(plain)] * 2)]
    if not key.startswith("adj"):
        made.append(lift_dataset([plain, plain]).to_batch())
    for batch in made:
        assert batch.complex.f_vector == (6, 6, 2)
        own, other = batch[key], expected[key]
        if isinstance(other, torch.Tensor):
            assert own.dtype == other.dtype
            assert own.shape == other.shape
            assert torch.equal(
                own.to_dense() if own.is_sparse else own,
                other.to_dense() if other.is_sparse else other,
            )
        else:
            assert str(own) == str(other)


def test_which_fields_are_cut_with_the_simplices():
    K = COMPLEXES["house"]  # 5 vertices, 6 edges, 1 triangle
    fields = {
        "y_1": torch.arange(6),
        "mask_1": torch.arange(5),  # of the vertices, whatever the name
        "y_2": torch.tensor([[7.0, 8.0]]),
        "score_3": torch.tensor([1.0, 2.0]),
        "edge_index_1": torch.tensor([[0, 1, 2, 3, 4, 0], [1, 2, 3, 4, 0, 2]]),
    }
    data = SimplicialData.from_complex(K, torch.ones(5, 1), **fields)
    cut = data.subgraph([0, 2, 3, 4])
    assert cut.y_1.tolist() == [1, 3, 4, 5]
    assert cut.mask_1.tolist() == [0, 2, 3, 4]
    assert cut.y_2.tolist() == [[7.0, 8.0]]
    assert cut.score_3.tolist() == [1.0, 2.0]
    assert torch.equal(cut.edge_index_1, fields["edge_index_1"])
    assert data.is_node_attr("mask_1")
    assert not data.is_node_attr("y_1")


# --- refused --------------------------------------------------------------------------------------


def hetero():
    data = HeteroData()
    data["a"].x = torch.ones(2, 1)
    return data


def test_batches_of_other_things_are_refused_in_words():
    data, graph = with_features("edge"), Data(x=torch.ones(2, 3))
    labelled = with_features("edge", y=torch.tensor([1]))
    wide = SimplicialData.from_complex(COMPLEXES["edge"], [torch.ones(2, 4), torch.ones(1, 3)])
    narrow = SimplicialData.from_complex(COMPLEXES["edge"], [torch.ones(2, 3), torch.ones(1, 3)])
    for items, error, message in (
        (data, TypeError, "must be a list of items, got one SimplicialData"),
        ([data, graph], TypeError, "got Data at place 1"),
        ([graph, data], TypeError, "got Data at place 0"),
        ([data, hetero()], TypeError, "got HeteroData at place 1"),
        ([hetero(), data], TypeError, "got HeteroData at place 0"),
        ([data, None], TypeError, "got NoneType at place 1"),
        ([labelled, data], ValueError, "no 'y' in item 1 and one in item 0"),
        ([data, data, labelled], ValueError, "no 'y' in item 0 and one in item 2"),
        ([wide, narrow], ValueError, r"x must have the same shape .* \(2, 4\) in item 0"),
    ):
        with pytest.raises(error, match=message):
            Batch.from_data_list(items)
    batch = Batch.from_data_list([labelled, data], exclude_keys=["y"])
    assert batch.complex.num_parts == 2


def test_batches_without_complexes_are_those_of_pyg():
    graphs = [Data(x=torch.ones(2, 3)), Data(x=torch.zeros(1, 3), y=1)]
    assert Batch.from_data_list(graphs).x.shape == (3, 3)
    assert Batch.from_data_list([hetero(), hetero()])["a"].x.shape == (4, 1)
    with pytest.raises(KeyError):
        Batch.from_data_list(graphs[::-1])


def test_a_batch_of_batches():
    items = [with_features(name) for name in ("edge", "torus", "house")]
    batch = Batch.from_data_list([Batch.from_data_list(items[:2]), Batch.from_data_list(items[2:])])
    assert batch.complex == Batch.from_data_list(items).complex


def test_malformed_items_are_refused_in_words():
    K = COMPLEXES["edge"]
    data = with_features("edge")
    tables = Batch.from_data_list([data, data], exclude_keys=["facets_2"])
    for call, error, message in (
        (lambda: SimplicialData.from_complex(data), TypeError, "K must be a SimplicialComplex"),
        (lambda: SimplicialData.from_complex(K, 3.0), TypeError, "x must be a tensor"),
        (lambda: SimplicialData.from_complex(K, [[1.0], [2.0]]), TypeError, r"x\[0\] must be"),
        (lambda: SimplicialData.from_complex(K, max_dim="2"), TypeError, "max_dim must be"),
        (lambda: SimplicialDataset.from_union(data), TypeError, "union must be a Simplicial"),
        (lambda: tables.complex, ValueError, "facets_2 must be stored"),
        (lambda: data.subgraph([0, 5]), IndexError, "subset must hold vertex ids in 0 … 1"),
        (lambda: data.subgraph(torch.tensor([True])), ValueError, r"mask of shape \(2,\)"),
        (lambda: data.subgraph([0.5]), TypeError, "subset must be a mask"),
    ):
        with pytest.raises(error, match=message):
            call()
    assert SimplicialData.from_complex(K, torch.ones(2, 1).numpy()).x.shape == (2, 1)
    assert data.subgraph([]).complex.f_vector == ()


class _Stored(InMemoryDataset):
    """A data set whose items are lifted to dimensions of their own."""

    def __init__(self, root):
        super().__init__(root, log=False)
        self.load(self.processed_paths[0], data_cls=SimplicialData)

    @property
    def processed_file_names(self):
        return ["items.pt"]

    def process(self):
        self.save([with_features(name) for name in _OF_ONE_DATA_SET], self.processed_paths[0])


_OF_ONE_DATA_SET = ("torus", "edge", "4-simplex", "one vertex")


def test_data_sets_of_pyg_store_items_of_different_dimension(tmp_path):
    items = [with_features(name) for name in _OF_ONE_DATA_SET]
    InMemoryDataset.save(items, str(tmp_path / "items.pt"))
    for found in (_Stored(str(tmp_path)), SimplicialDataset.from_file(tmp_path / "items.pt")):
        assert [item.complex for item in found] == [item.complex for item in items]
        assert Batch.from_data_list(list(found)).complex == Batch.from_data_list(items).complex
    with pytest.raises(TypeError, match="must all be SimplicialData where one is, got Data"):
        InMemoryDataset.save([items[0], Data(x=torch.ones(1, 1))], str(tmp_path / "other.pt"))


def test_what_would_tear_the_tables_apart_is_refused():
    data = with_features("torus")
    with pytest.raises(ValueError, match=r"Take Batch.from_data_list\(\[first, second\]\)"):
        data.concat(data)
    data.x = data.x[:-1]
    with pytest.raises(ValueError, match="x must be a tensor with one row per simplex"):
        data.cochains()


@over("names", [["torus"], ["torus", "edge", "reoriented"]])
def test_a_data_set_of_items(names):
    items = [with_features(each, y=torch.tensor([i])) for i, each in enumerate(names)]
    dataset = SimplicialDataset.from_items(items)
    assert len(dataset) == len(items)
    for item, back in zip(items, dataset, strict=True):
        assert back.complex == item.complex
        assert torch.equal(back.y, item.y)
    assert dataset.to_batch().y.tolist() == list(range(len(items)))


def test_what_is_no_item_and_fields_that_no_item_would_see():
    with pytest.raises(ValueError, match="items must be at least one, got none"):
        SimplicialDataset.from_items([])
    with pytest.raises(TypeError, match="items must all be SimplicialData, got Data"):
        SimplicialDataset.from_items([Data(x=torch.ones(2, 1))])
    dataset = SimplicialDataset.from_items([with_features("edge")])
    with pytest.raises(AttributeError, match=r"y_1 must be set on the items.*from_items"):
        dataset.y_1 = torch.zeros(1)
