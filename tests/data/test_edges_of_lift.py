"""A complex belongs to the edges it was made of: what changes them afterwards is noticed."""

import copy
import pickle

import pytest
import torch
from torch_geometric import transforms as T
from torch_geometric.data import Batch, Data, InMemoryDataset
from torch_geometric.loader import DataLoader
from torch_geometric.utils import add_random_edge, dropout_edge, dropout_node

from simplex import SimplicialComplex
from simplex.data import SimplicialData, SimplicialDataset
from simplex.lifting import clique_complex
from simplex.transforms import CliqueLift, lift_dataset
from tests.cases import over
from tests.tables import COMPLEXES


pytestmark = pytest.mark.filterwarnings("ignore:Sparse invariant", "ignore:Sparse CSR")

EDGES = torch.tensor([[0, 0, 1, 2, 3, 4, 1, 5], [1, 2, 2, 3, 4, 5, 3, 0]])


def graph(**fields):
    both = torch.cat([EDGES, EDGES.flip(0)], dim=1)
    fields = {"edge_attr": torch.arange(1.0, 17.0), "pos": torch.rand(7, 2)} | fields
    return Data(**{"x": torch.eye(7), "edge_index": both} | fields)  # vertex 6 is isolated


def lifted(**fields):
    return CliqueLift()(graph(**fields))


def reads(data):
    """The ways in which fields of simplices are read."""
    return (
        lambda: data.complex,
        data.cochains,
        lambda: data.x_1,
        lambda: data["x_2"],
        lambda: Batch.from_data_list([data]).complex,
    )


def dropped(data):
    data.edge_index = dropout_edge(data.edge_index, p=0.6, force_undirected=True)[0]
    return data


def added(data):
    data.edge_index = add_random_edge(data.edge_index, p=0.5, force_undirected=True)[0]
    return data


def without_a_vertex(data):
    data.edge_index = dropout_node(data.edge_index, p=0.9, num_nodes=7)[0]
    return data


def sliced(data):
    data.edge_index = data.edge_index[:, [0, 1, 2, 8, 9, 10]]
    return data


def in_place(data):
    data.edge_index = data.edge_index.clone()
    data.edge_index[1, 3] = data.edge_index[0, 11] = 6
    return data


def renumbered(data):
    data.edge_index = torch.tensor([3, 1, 0, 2, 6, 5, 4])[data.edge_index]
    return data


def nearest(data):
    near = torch.cdist(data.pos, data.pos).topk(3, largest=False).indices[:, 1:]
    data.edge_index = torch.stack([torch.arange(7).repeat_interleave(2), near.flatten()])
    return data


def as_sparse_after_a_split(data):
    return T.ToSparseTensor()(sliced(data))


def first(split):
    return lambda data: split(data)[0]


CHANGES = {
    "links held out": first(T.RandomLinkSplit(0.25, 0.25, is_undirected=True)),
    "links held out, directed": first(T.RandomLinkSplit(0.25, 0.25)),
    "two hops": T.TwoHop(),
    "diffusion": T.GDC(),
    "nearest neighbours": nearest,
    "random edges dropped": dropped,
    "random edges added": added,
    "edges of a vertex dropped": without_a_vertex,
    "slice": sliced,
    "written in place": in_place,
    "vertices renumbered": renumbered,
    "slice as a sparse matrix": as_sparse_after_a_split,
    "half hops": lambda data: T.HalfHop()(data.update({"edge_attr": None})),
    "a virtual vertex": T.VirtualNode(),
    "line graph": lambda data: T.LineGraph()(data.update({"edge_attr": None})),
    "isolated vertices removed": T.RemoveIsolatedNodes(),
    "edges of a subset": lambda data: data.edge_subgraph(torch.arange(16) % 8 != 0),
}
KEEPERS = {
    "vertices split": T.RandomNodeSplit(num_val=1, num_test=1),
    "both directions": T.ToUndirected(),
    "self-loops": T.AddSelfLoops(),
    "remaining self-loops": T.AddRemainingSelfLoops(),
    "no self-loops": T.RemoveSelfLoops(),
    "no repetitions": T.RemoveDuplicatedEdges(),
    "another order": lambda data: data.update({"edge_index": data.edge_index.flip(1)}),
    "one direction": lambda data: data.update({"edge_index": EDGES}),
    "repetitions": lambda data: data.update({"edge_index": EDGES.repeat(1, 3)}),
    "32 bits": lambda data: data.update({"edge_index": data.edge_index.int()}),
    "coalesced": lambda data: data.coalesce(),
    "a sparse matrix": T.ToSparseTensor(),
    "normalised": T.GCNNorm(),
    "a constant": T.Constant(),
    "distances": T.Distance(),
    "moved points": T.RandomJitter(0.1),
    "random walks": T.AddRandomWalkPE(2),
    "no link held out": first(T.RandomLinkSplit(0.0, 0.0, is_undirected=True)),
    "no edges any more": lambda data: data.update({"edge_index": None}),
    "cloned": lambda data: data.clone(),
    "pickled": lambda data: pickle.loads(pickle.dumps(data)),
    "copied": copy.copy,
    "moved": lambda data: data.to("cpu"),
    "contiguous": lambda data: data.contiguous(),
    "largest component": T.LargestConnectedComponents(),
    "subgraph": lambda data: data.subgraph(torch.tensor([0, 1, 2, 3])),
}


@over("name", CHANGES)
def test_what_changes_the_graph_after_the_lift_is_noticed(name):
    changed = CHANGES[name](lifted())
    for read in reads(changed):
        with pytest.raises(ValueError, match="apply it before the lift"):
            read()


@over("name", CHANGES)
def test_before_the_lift_it_is_welcome(name):
    if name == "slice as a sparse matrix":  # no edge_index is left to lift
        return
    forget = {"x": None, "num_nodes": 7} if name == "line graph" else {}  # else of the old vertices
    made = CliqueLift()(CHANGES[name](graph(**forget)))
    assert made.complex == clique_complex(made.edge_index, num_vertices=made.num_nodes)


@over("name", KEEPERS)
def test_what_leaves_the_edges_leaves_the_complex(name):
    kept = KEEPERS[name](lifted())
    expected = KEEPERS[name](graph())
    edges = EDGES if expected.edge_index is None else expected.edge_index
    if name in ("largest component", "subgraph"):
        expected = clique_complex(edges, num_vertices=expected.num_nodes)
    else:
        expected = clique_complex(EDGES, num_vertices=7)
    assert kept.complex == expected
    assert len(kept.cochains()[1]) == len(kept.x_1) == expected.num_simplices(1)
    batch = Batch.from_data_list([kept, kept])
    assert batch.complex == SimplicialComplex.disjoint_union([expected] * 2)
    if name != "a sparse matrix":  # PyG cannot take a batch of them apart
        assert batch[1].complex == expected


def test_the_error_says_what_changed():
    with pytest.raises(ValueError, match=r"the 8 undirected edges .* got 3. A transform"):
        _ = sliced(lifted()).complex
    with pytest.raises(ValueError, match=r"the 8 undirected edges .* got 8 others. A transform"):
        _ = renumbered(lifted()).complex
    far = lifted()
    far.edge_index = far.edge_index + 5
    with pytest.raises(ValueError, match=r"ids below the 7 vertices .* before the lift"):
        _ = far.complex
    for batch in ([far, lifted()], [lifted(), far]):
        with pytest.raises(ValueError, match="before the lift"):
            _ = Batch.from_data_list(batch).complex


def test_a_held_out_link_is_in_no_complex_that_can_be_read():
    """Lifted before the split: an error. Lifted after it: no simplex over a held-out link."""
    split = T.RandomLinkSplit(0.25, 0.25, is_undirected=True)
    with pytest.raises(ValueError, match="before the lift"):
        _ = split(lifted())[0].complex
    train, _, test = split(graph())
    hidden = test.edge_label_index[:, test.edge_label == 1]
    assert hidden.shape[1] == 2
    assert CliqueLift()(train).complex.index(hidden.T).tolist() == [-1, -1]
    kept = CliqueLift()(train)
    batch = Batch.from_data_list([kept, kept])
    plain = Batch.from_data_list([train, train])
    for key in ("edge_label_index", "edge_label", "edge_index", "x", "pos"):
        assert torch.equal(batch[key], plain[key])


def test_one_changed_item_in_a_batch_is_noticed():
    items = [lifted() for _ in range(3)]
    items[1] = renumbered(items[1])
    with pytest.raises(ValueError, match="24 others"):
        _ = Batch.from_data_list(items).complex


def test_edges_must_not_wander_between_the_items_of_a_batch():
    """The total stays: each item answers for its own."""
    batch = Batch.from_data_list([lifted(), lifted()])
    edges = batch.edge_index
    batch.edge_index = torch.where(edges == edges[:, :1], edges + 7, edges)
    with pytest.raises(ValueError, match="before the lift"):
        _ = batch.complex
    batch.edge_index = edges
    assert batch.complex.num_parts == 2
    batch.edge_index = dropout_edge(edges, p=0.5)[0]
    with pytest.raises(ValueError, match="before the lift"):
        batch.cochains()


@over("num_workers", [0, 2])
def test_loaders_notice_a_transform_that_comes_too_late(num_workers):
    data = [lifted() for _ in range(4)]
    for batch in DataLoader(data, batch_size=2, num_workers=num_workers):
        assert batch.complex.num_parts == 2
    dataset = lift_dataset([graph() for _ in range(4)])
    dataset.transform = T.TwoHop()
    with pytest.raises(ValueError, match="before the lift"):
        _ = next(iter(DataLoader(dataset, batch_size=4, num_workers=num_workers))).complex
    with pytest.raises(ValueError, match="before the lift"):
        _ = dataset.to_batch().complex


def test_files_keep_the_fingerprint(tmp_path):
    SimplicialDataset.save(lift_dataset([graph(), graph()]), tmp_path / "data.pt")
    back = SimplicialDataset.from_file(tmp_path / "data.pt")
    assert back.to_batch().complex.num_parts == 2
    with pytest.raises(ValueError, match="before the lift"):
        _ = sliced(back[1]).complex
    torch.save(sliced(lifted()), tmp_path / "one.pt")
    with pytest.raises(ValueError, match="before the lift"):
        _ = torch.load(tmp_path / "one.pt").complex


def test_a_data_set_of_pyg_keeps_the_fingerprint():
    dataset = InMemoryDataset()
    dataset.data, dataset.slices = dataset.collate([lifted(), sliced(lifted())])
    assert dataset[0].complex.f_vector == (7, 8, 2)
    with pytest.raises(ValueError, match="before the lift"):
        _ = dataset[1].complex


def without_fingerprint(data):
    del data.lift_fingerprint
    return data


def test_items_stored_by_an_earlier_version_are_read_if_the_edges_are_those_of_the_complex():
    for name in ("self-loops", "one direction", "largest component", "subgraph"):
        assert KEEPERS[name](without_fingerprint(lifted())).complex.dim == 2
    old = [without_fingerprint(lifted()) for _ in range(2)]
    assert Batch.from_data_list(old).complex == Batch.from_data_list([old[0], lifted()]).complex
    changed = without_fingerprint(sliced(lifted()))
    mixed = [lifted(), changed]
    for read in (*reads(changed), lambda: Batch.from_data_list(mixed)):
        with pytest.raises(ValueError, match=r"the 8 edges of the complex .* got 3"):
            read()


@over("name", COMPLEXES)
def test_a_complex_of_ones_own_keeps_the_edges_that_it_is_given_with(name):
    """They need not be those of the complex: a line or Rips complex has others."""
    K = COMPLEXES[name]
    n = K.num_simplices(0)
    index = torch.randint(max(n, 1), (2, 9 if n else 0))
    data = SimplicialData.from_complex(K, edge_index=index, max_dim=max(K.dim, 1))
    assert data.complex == K
    assert Batch.from_data_list([data, data]).complex.num_simplices(1) == 2 * K.num_simplices(1)
    if n > 2:
        data.edge_index = torch.tensor([[0, 1], [1, 2]])
        with pytest.raises(ValueError, match="before the lift"):
            _ = data.complex


def test_edges_of_vertices_that_there_are_not_are_refused():
    K = COMPLEXES["edge"]
    for index, error, message in (
        (torch.tensor([[0], [2]]), ValueError, "got 2 where n_0 is 2 at most"),
        (torch.tensor([[0], [-1]]), ValueError, "got -1"),
        (torch.tensor([[0.0], [1.0]]), TypeError, "integer vertex ids"),
        (torch.tensor([0, 1]), ValueError, r"shape \(2, E\)"),
        ([[0], [1]], TypeError, "must be a tensor"),
    ):
        with pytest.raises(error, match=message):
            SimplicialData.from_complex(K, edge_index=index)


def test_a_complex_of_vertices_alone_depends_on_no_edge():
    data = sliced(CliqueLift(0)(graph()))
    assert data.complex.f_vector == (7,)
