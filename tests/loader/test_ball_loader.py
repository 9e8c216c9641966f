"""Balls by themselves: what is in a batch, its fields, orders, shares, workers and refusals."""

import pickle

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from simplex import SimplicialComplex
from simplex.data import SimplicialData
from simplex.lifting import clique_complex
from simplex.loader import BallLoader
from simplex.storage import edges_to_disk, save_complex
from simplex.testing import random_complex, random_orientation
from simplex.transforms import clique_lift
from tests.cases import over


def graph(n=60, m=150, seed=0):
    """A PyG graph with all kinds of fields: edges in one direction or both, twice, and loops."""
    generator = torch.Generator().manual_seed(seed)
    edges = torch.randint(n, (2, m), generator=generator)
    edges = torch.cat([edges, edges[:, : m // 2].flip(0), edges[:, :5]], dim=1)
    return Data(
        edge_index=edges,
        x=torch.randn(n, 3, generator=generator),
        y=torch.arange(n),
        train_mask=torch.rand(n, generator=generator) < 0.5,
        edge_attr=torch.randn(edges.shape[1], 2, generator=generator),
        name="a graph",
    )


def ball_by_networkx(data, seeds, hops):
    G = nx.Graph()
    G.add_nodes_from(range(data.num_nodes))
    G.add_edges_from(data.edge_index.T.tolist())
    near = nx.multi_source_dijkstra_path_length(G, set(seeds), cutoff=hops)
    return torch.tensor(sorted(near))


def assert_induced(batch, whole, vertices):
    """The batch is what its vertices induce in the lifted whole, row by row."""
    K, L = batch.complex, whole.complex
    assert torch.equal(batch.n_id, vertices)
    for k in range(whole.max_dim + 1):
        inside = torch.isin(L.simplices(k), vertices).all(1)
        assert torch.equal(vertices[K.simplices(k)], L.simplices(k)[inside])
        torch.testing.assert_close(batch.cochains()[k], whole.cochains()[k][inside])
        assert torch.equal(K.orientation(k), L.orientation(k)[inside])


@over("hops", [0, 1, 2, 5])
@pytest.mark.parametrize("lifted", [False, True])
def test_a_batch_is_what_the_vertices_within_the_hops_induce(lifted, hops):
    data = graph()
    whole = clique_lift(data, 3, reduce="mean", edge_attr="sum")
    loader = BallLoader(
        whole if lifted else data, data.train_mask, hops, None, 3, 4,
        **{} if lifted else {"reduce": "mean", "edge_attr": "sum"},
    )  # fmt: skip
    seeds = data.train_mask.nonzero().squeeze(1)
    seen = []
    for batch in loader:
        own = seeds[batch.input_id]
        assert_induced(batch, whole, ball_by_networkx(data, own.tolist(), hops))
        assert torch.equal(batch.n_id[batch.seed], own)
        assert torch.equal(batch.y, batch.n_id)
        assert torch.equal(batch.train_mask, data.train_mask[batch.n_id])
        assert batch.name == "a graph"
        seen += own.tolist()
        rows = torch.cat([batch.n_id[batch.edge_index], batch.edge_attr.T])  # with their numbers
        every = torch.cat([data.edge_index, data.edge_attr.T])
        inside = torch.isin(data.edge_index, batch.n_id).all(0)
        assert sorted(rows.T.tolist()) == sorted(every[:, inside].T.tolist())
    assert seen == seeds.tolist()
    assert len(loader) == -(-len(seeds) // 4)


@over("k", [1, 2])
def test_seeds_are_simplices(k):
    whole = clique_lift(graph(m=250), 2)
    simplices = whole.complex.simplices(k)[::3]
    for data in (graph(m=250), whole):
        for batch in BallLoader(data, simplices.flip(1), 1, batch_size=7):
            rows = batch.n_id[batch.complex.simplices(k)[batch.seed]]
            assert torch.equal(rows, simplices[batch.input_id])


def test_orientations_filtrations_labels_and_fields_of_higher_simplices_come_along():
    K = random_complex(3).reorient(random_orientation(random_complex(3), 1))
    K = K.with_filtration([torch.arange(float(n)) for n in K.f_vector], monotone=False)
    K = K.with_vertex_labels([f"v{i}" for i in range(K.f_vector[0])])
    data = SimplicialData.from_complex(K, [torch.randn(n, 1) for n in K.f_vector])
    data.mark_1 = torch.arange(K.num_simplices(1))
    (batch,) = BallLoader(data, [0], 1, fields={"mark_2": np.arange(K.num_simplices(2))})
    assert_induced(batch, data, batch.n_id)
    L = batch.complex
    assert L.vertex_labels == tuple(f"v{i}" for i in batch.n_id.tolist())
    for k in (1, 2):
        ids = K.index(batch.n_id[L.simplices(k)])
        assert torch.equal(batch[f"mark_{k}"], ids)
        assert torch.equal(L.filtration[k], K.filtration[k][ids])


@over("layout", ["coo", "csr"])
def test_sparse_cochains_stay_sparse(layout):
    K = random_complex(3)
    dense = [torch.eye(n)[:, :5] for n in K.f_vector]
    x = [v.to_sparse_csr() if layout == "csr" else v.to_sparse_coo() for v in dense]
    (batch,) = BallLoader(SimplicialData.from_complex(K, x), [0], 1)
    assert batch.x.layout == x[0].layout
    assert torch.equal(batch.x.to_dense(), dense[0][batch.n_id])


def test_names_of_vertices_come_along():
    G = nx.Graph([("a", "b"), ("b", "c"), ("c", "d")])
    (batch,) = BallLoader(G, [2], 1)
    assert batch.complex.vertex_labels == ("b", "c", "d")


def test_hubs_are_searched_in_their_lists():
    """A star of many leaves, a clique of leaves: few vertices of long lists."""
    n = 5000
    edges = torch.stack([torch.zeros(n, dtype=torch.int64), torch.arange(1, n + 1)])
    edges = torch.cat([edges, torch.combinations(torch.arange(1, 5)).T], dim=1)
    (batch,) = BallLoader(edges, [[2, 4]], 0, max_dim=2)
    assert (batch.complex.f_vector, batch.n_id.tolist()) == ((2, 1), [2, 4])
    loader = BallLoader(edges, [0, 3], 0, batch_size=2)
    assert [batch.complex.f_vector for batch in loader] == [(2, 1)]
    assert next(iter(BallLoader(edges, [3], 1))).complex.f_vector == (5, 10, 10)


@over("kind", ["networkx", "scipy", "edges", "edges on disk", "complex on disk", "complex"])
def test_graphs_and_complexes_of_all_kinds_are_taken(kind, tmp_path_factory):
    G = nx.karate_club_graph()
    edges = torch.tensor([*G.edges]).T
    folder = tmp_path_factory.mktemp("loader") / "folder"
    x = torch.randn(34, 2)
    if kind == "edges on disk":
        edges_to_disk(edges.numpy(), folder)
    if kind == "complex on disk":
        save_complex(clique_complex(edges, 2), folder)
    data = {
        "networkx": G,
        "scipy": nx.to_scipy_sparse_array(G),
        "edges": edges,
        "complex": clique_complex(edges, 2),
    }.get(kind, folder)
    fields = {"x": x} if not kind.startswith("complex") else {"x": x, "x_1": torch.zeros(78, 1)}
    (batch,) = BallLoader(data, [33, 2], 1, batch_size=2, fields=fields)
    vertices = torch.tensor(sorted({33, 2, *G[33], *G[2]}))
    assert torch.equal(batch.n_id, vertices)
    assert batch.complex == clique_complex(G.subgraph(vertices.tolist()), 2).with_vertex_labels(
        None
    )
    assert torch.equal(batch.x, x[vertices])


def test_lists_of_neighbours_are_kept_on_disk(tmp_path, monkeypatch):
    data, folder = graph(), tmp_path / "lists"
    expected = [*BallLoader(data, None, 2, batch_size=20)]
    monkeypatch.setattr("simplex.loader._neighbors._EDGES_AT_ONCE", 7)
    monkeypatch.setattr("simplex.loader._neighbors._ENTRIES_AT_ONCE", 50)
    for _ in range(2):  # made, and opened
        loader = BallLoader(data, None, 2, batch_size=20, neighbors=folder)
        same(expected, [*loader])
        same(expected, [*pickle.loads(pickle.dumps(loader))])
    with pytest.raises(ValueError, match="those of others"):
        BallLoader(graph(seed=1), None, 2, neighbors=folder)


def flat(lists):
    return [each for one in lists for each in one]


def orders(loader, epochs=2):
    return [[batch.input_id.tolist() for batch in loader] for _ in range(epochs)]


def test_orders_are_drawn_anew_each_epoch_and_again_from_a_seed():
    def loader(**options):
        generator = torch.Generator().manual_seed(4)
        return BallLoader(graph(), None, 1, batch_size=7, generator=generator, **options)

    first, second = orders(loader(shuffle=True))
    assert sorted(flat(first)) == [*range(60)]
    assert first != second
    assert orders(loader(shuffle=True)) == [first, second]
    assert orders(loader(), 1) == [[[*range(i, min(i + 7, 60))] for i in range(0, 60, 7)]]
    assert len(loader(drop_last=True)) == 8 == len(orders(loader(drop_last=True), 1)[0])
    assert orders(loader(sampler=[5, 3, 5]), 1) == [[[5, 3, 5]]]


@over("shuffle", [False, True])
def test_ranks_share_the_seeds(shuffle):
    def share(rank, size):
        loader = BallLoader(
            graph(), torch.arange(10), 0, shuffle=shuffle, rank=rank, num_ranks=size
        )
        return [flat(epoch) for epoch in orders(loader)]

    shares = [share(rank, 4) for rank in range(4)]
    for epoch in range(2):
        dealt = [each[epoch] for each in shares]
        assert set(flat(dealt)) == set(range(10))
        sizes = [len(each) for each in dealt]
        assert sizes == ([3, 3, 3, 3] if shuffle else [3, 3, 2, 2])
    assert (shares[0][0] != shares[0][1]) == shuffle


def same(first, second):
    for one, other in zip(first, second, strict=True):
        assert one.to_dict().keys() == other.to_dict().keys()
        assert all(
            torch.equal(value, other[key])
            if isinstance(value, torch.Tensor)
            else value == other[key]
            for key, value in one.to_dict().items()
        )


@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def test_workers_give_the_same_batches(method, tmp_path):
    data = clique_complex(graph().edge_index, 2)
    save_complex(data, tmp_path / "complex")
    np.save(tmp_path / "x.npy", torch.randn(60, 2).numpy())
    mapped = {"x": np.load(tmp_path / "x.npy", mmap_mode="r")}

    def loader(**options):
        generator = torch.Generator().manual_seed(0)
        return BallLoader(
            tmp_path / "complex", None, 2, [2, 2], batch_size=16, shuffle=True,
            fields=mapped, generator=generator, **options,
        )  # fmt: skip

    here = loader()
    there = loader(num_workers=2, persistent_workers=True, multiprocessing_context=method)
    for _ in range(2):
        same(list(there), list(here))


@over(
    "message, options",
    [
        ("hops must be an int", {"hops": None}),
        ("hops must be an int", {"hops": 1.5}),
        ("hops", {"hops": -1}),
        ("fanout", {"fanout": [3]}),
        ("fanout", {"fanout": 0}),
        ("fanout", {"fanout": "all"}),
        ("seeds must hold vertices", {"seeds": [60]}),
        ("seeds must be simplices, got 1", {"seeds": [[0, 0]]}),
        ("seeds must be a mask", {"seeds": torch.ones(3, dtype=torch.bool)}),
        ("seeds must be integers", {"seeds": [0.5]}),
        ("batch_size", {"batch_size": 0}),
        ("max_dim", {"max_dim": -1}),
        ("reduce", {"reduce": "max"}),
        ("x must have 60 rows", {"fields": {"x": torch.zeros(3, 1)}}),
        ("must not be called", {"fields": {"seed": torch.zeros(60)}}),
        ("rank and num_ranks", {"rank": 0}),
        ("rank must be in", {"rank": 2, "num_ranks": 2}),
        ("sampler", {"sampler": [0], "shuffle": True}),
        ("left out", {"collate_fn": list}),
        ("edge_attr must be None", {"data": Data(edge_index=torch.zeros(2, 0).long(), num_nodes=60),
                                    "edge_attr": "sum"}),
        ("edge_attr must be None", {"data": torch.zeros(2, 0).long(), "edge_attr": "sum"}),
        ("reduce and edge_attr", {"data": random_complex(0), "reduce": "mean"}),
        ("no ids of vertices", {"data": Data(edge_index=torch.zeros(2, 0).long(), num_nodes=60,
                                             edge_label_index=torch.zeros(2, 1))}),
    ],
)  # fmt: skip
def test_refused(message, options):
    given = {"data": graph(), "seeds": None, "hops": 2} | options
    with pytest.raises((TypeError, ValueError), match=message):
        BallLoader(**given)


def test_a_network_in_the_place_of_its_hops_is_refused():
    from simplex.nn import SIN

    with pytest.raises(TypeError, match=r"Pass model\.hops"):
        BallLoader(graph(), None, SIN(3, 4, 2, num_layers=1, max_dim=2, level=0))


def test_a_batch_of_complexes_is_refused():
    data = SimplicialData.from_complex(SimplicialComplex.disjoint_union([random_complex(0)] * 2))
    with pytest.raises(ValueError, match="one complex, got a batch"):
        BallLoader(data, None, 1)
