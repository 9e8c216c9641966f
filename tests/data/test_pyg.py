"""What users of PyG do with data sets works on complexes: load, transform, batch, save."""

import pytest
import torch
from torch_geometric import transforms as T
from torch_geometric.data import Batch, InMemoryDataset
from torch_geometric.datasets import TUDataset
from torch_geometric.loader import DataLoader

from simplex.complexes import SimplicialComplex
from simplex.data import SimplicialData, SimplicialDataset
from simplex.transforms import CliqueLift, clique_lift, lift_dataset
from tests.cases import over
from tests.data.test_simplicial_data import assert_same
from tests.train.tiny import write_tiny


TAIL, PATH = (4, 4, 1), (4, 3)  # a triangle with a tail, a path


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return str(write_tiny(tmp_path_factory.mktemp("tu")))


@pytest.fixture
def graphs(root):
    return TUDataset(root, "TINY")


@pytest.fixture
def dataset(graphs):
    return lift_dataset(graphs)


# --- data sets of PyG -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lifted_root(tmp_path_factory):
    return str(write_tiny(tmp_path_factory.mktemp("lifted")))


@over("time", ["processed", "read back"])
def test_pre_transform_stores_complexes(lifted_root, graphs, time):
    lifted = TUDataset(lifted_root, "TINY", pre_transform=CliqueLift())
    assert len(lifted) == 16
    assert (lifted.num_classes, lifted.num_node_features) == (2, 3)
    for graph, item in zip(graphs, lifted, strict=True):
        assert_same(item, clique_lift(graph))
    assert [item.complex.f_vector for item in lifted[:4]] == [PATH, TAIL, PATH, TAIL]
    assert lifted[[1, 2]].copy()[0].complex.f_vector == TAIL


def test_transform_lifts_on_access(root):
    lift = T.Compose([T.Constant(), CliqueLift(max_dim=3)])
    batches = list(DataLoader(TUDataset(root, "TINY", transform=lift), batch_size=8))
    assert [batch.complex.f_vector for batch in batches] == [(32, 28, 4)] * 2
    assert [batch.x_3.shape for batch in batches] == [(0, 4)] * 2
    assert torch.equal(batches[0].x_2[:, 3], torch.full((4,), 3.0))  # constant, summed


def test_a_data_set_of_ones_own(tmp_path, graphs):
    class Own(InMemoryDataset):
        @property
        def processed_file_names(self):
            return "data.pt"

        def __init__(self, root):
            super().__init__(root, pre_transform=CliqueLift(), log=False)
            self.load(self.processed_paths[0])

        def process(self):
            self.save([self.pre_transform(graph) for graph in graphs], self.processed_paths[0])

    for _ in range(2):
        own = Own(str(tmp_path))
        for graph, item in zip(graphs, own, strict=True):
            assert_same(item, clique_lift(graph))


# --- batches --------------------------------------------------------------------------------------


def test_loader_follows_simplices_and_takes_batches_apart(dataset):
    loader = DataLoader(dataset, batch_size=5, follow_batch=["x_1"], exclude_keys=["edge_index"])
    seen = []
    for batch in loader:
        assert torch.equal(batch.x_1_batch, batch.complex.part(1))
        assert torch.equal(batch.x_1_ptr, batch.complex.part_pointer(1))
        assert batch[len(batch) - 1].complex == batch.complex.split()[-1]
        seen += batch.to_data_list()
    for item, back in zip(dataset, seen, strict=True):
        del item.edge_index
        assert_same(back, item)


def test_shuffled_loader_keeps_labels_with_their_complexes(dataset):
    loader = DataLoader(
        dataset, batch_size=3, shuffle=True, generator=torch.Generator().manual_seed(0)
    )
    count = 0
    for batch in loader:
        assert [part.dim - 1 for part in batch.complex.split()] == batch.y.tolist()
        count += len(batch)
    assert count == 16


@pytest.mark.parametrize(
    "transform",
    [
        T.NormalizeFeatures(["x", "x_1", "x_2"]),
        T.Constant(),
        T.OneHotDegree(3),
        T.ToUndirected(),
        T.AddSelfLoops(),
        T.ToDevice("cpu"),
    ],
    ids=repr,
)
def test_transforms_after_the_lift_keep_the_complex(dataset, transform):
    before = [item.complex for item in dataset]
    dataset.transform = transform
    batch = next(iter(DataLoader(dataset, batch_size=16)))
    assert batch.complex == SimplicialComplex.disjoint_union(before)
    assert_same(dataset.to_batch()[3], batch[3])
    for item, K in zip(dataset, before, strict=True):
        assert item.complex == K


def test_normalised_features_are_those_of_each_simplex(dataset):
    item = T.NormalizeFeatures(["x_1"])(dataset[1])
    assert torch.allclose(item.x_1.sum(1), torch.ones(4))


def test_a_transform_that_adds_a_vertex_is_noticed(dataset):
    with pytest.raises(ValueError, match="apply it before the lift"):
        _ = T.VirtualNode()(dataset[1]).complex


# --- files ----------------------------------------------------------------------------------------


def stored(dataset, path):
    SimplicialDataset.save(dataset, path)
    return SimplicialDataset.from_file(path)


@over("chosen", [slice(None), [3, 1, 3], [1], slice(0, 2)])
def test_a_stored_data_set_comes_back(dataset, tmp_path, chosen):
    part = dataset[chosen]
    torch.save(part, tmp_path / "pickled.pt")
    for back in (
        stored(part, tmp_path / "data.pt"),
        torch.load(tmp_path / "pickled.pt", weights_only=False),
        part.copy(),
    ):
        assert type(back) is SimplicialDataset
        assert len(back) == len(part)
        for item, again in zip(part, back, strict=True):
            assert_same(again, item)
        assert_same(back.to_batch(), Batch.from_data_list(list(part)))


def test_orientations_and_parts_are_stored(tmp_path):
    turned = SimplicialComplex.from_simplices([(0, 1, 2)]).reorient({1: torch.tensor([1, -1, 1])})
    two = SimplicialComplex.disjoint_union([turned, turned])
    dataset = SimplicialDataset.from_union(SimplicialComplex.disjoint_union([turned, two]))
    back = stored(dataset, tmp_path / "data.pt")
    assert [item.complex for item in back] == [item.complex for item in dataset]
    assert back[0].complex.orientation(1).tolist() == [1, -1, 1]


def test_stored_graphs_are_no_complexes(graphs, tmp_path):
    InMemoryDataset.save(list(graphs), tmp_path / "graphs.pt")
    with pytest.raises(ValueError, match="must be a file of SimplicialData, got Data in"):
        SimplicialDataset.from_file(tmp_path / "graphs.pt")
    empty = SimplicialData.from_complex(SimplicialComplex.from_simplices([]))
    InMemoryDataset.save([empty], tmp_path / "empty.pt")
    assert SimplicialDataset.from_file(tmp_path / "empty.pt")[0].complex.dim == -1
