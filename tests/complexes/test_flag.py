"""The lift kernel: equal to GUDHI's expansion, to brute force, and on every backend."""

import itertools
import math
import multiprocessing
import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import networkx as nx
import numpy as np
import pytest
import torch

from simplex.complexes import flag_complex, unique_edges
from simplex.lifting import clique_complex
from tests.cases import over


def graph_edges(graph):
    flat = [end for edge in graph.edges() for end in edge]
    return torch.tensor(flat, dtype=torch.long).view(-1, 2).T


def lift(graph, max_dim):
    count = graph.number_of_nodes()
    return flag_complex(count, unique_edges(graph_edges(graph), count), max_dim)


def cliques_by_definition(graph, max_dim):
    found = []
    for k in range(max_dim + 1):
        rows = [
            c
            for c in itertools.combinations(range(graph.number_of_nodes()), k + 1)
            if all(graph.has_edge(u, v) for u, v in itertools.combinations(c, 2))
        ]
        if not rows:
            break
        found.append(rows)
    return found


def gudhi_expansion(graph, max_dim):
    import gudhi

    tree = gudhi.SimplexTree()
    for v in graph.nodes:
        tree.insert([v])
    for edge in graph.edges:
        tree.insert(list(edge))
    tree.expansion(max_dim)
    rows = sorted(tuple(simplex) for simplex, _ in tree.get_simplices())
    top = max(map(len, rows), default=0)
    return [[row for row in rows if len(row) == k + 1] for k in range(top)]


def as_tuples(complex_):
    return [[tuple(row) for row in complex_.simplices(k).tolist()] for k in range(complex_.dim + 1)]


SMALL_GRAPHS = [graph for graph in nx.graph_atlas_g() if graph.number_of_nodes() <= 6]


def test_all_graphs_up_to_six_vertices():
    assert len(SMALL_GRAPHS) == 209
    for graph in SMALL_GRAPHS:
        complex_ = lift(graph, max_dim=5).validate()
        assert as_tuples(complex_) == cliques_by_definition(graph, 5) == gudhi_expansion(graph, 5)


RANDOM_GRAPHS = {
    f"{model} {seed}": make(seed)
    for seed in range(3)
    for model, make in {
        "gnp": lambda s: nx.gnp_random_graph(40, 0.4, seed=s),
        "power law": lambda s: nx.powerlaw_cluster_graph(300, 6, 0.6, seed=s),
        "geometric": lambda s: nx.random_geometric_graph(200, 0.18, seed=s),
        "hub in the middle": lambda s: nx.relabel_nodes(
            nx.wheel_graph(60), {0: 30, 30: 0}, copy=True
        ),
    }.items()
}


@over("max_dim", [0, 1, 3, 9])
@over("name", RANDOM_GRAPHS)
def test_random_graphs_against_gudhi(name, max_dim):
    graph = RANDOM_GRAPHS[name]
    complex_ = lift(graph, max_dim).validate()
    assert as_tuples(complex_) == gudhi_expansion(graph, max_dim)[: max_dim + 1]


@over("name", RANDOM_GRAPHS)
def test_compiled_and_torch_joins_agree(name, monkeypatch):
    compiled = lift(RANDOM_GRAPHS[name], 4)
    monkeypatch.setattr("simplex.complexes._flag._COMPILED_ON", ())
    monkeypatch.setattr("simplex.complexes._flag_torch._PROPOSALS_PER_CHUNK", 1000)  # several
    by_torch = lift(RANDOM_GRAPHS[name], 4)
    monkeypatch.undo()
    assert by_torch == compiled


def test_many_rows_on_several_threads(monkeypatch):
    graph = nx.random_geometric_graph(12_000, 0.02, seed=0)
    lifts = []
    for threads in (4, 1):
        monkeypatch.setattr("simplex.complexes._flag_numba.usable_threads", lambda n=threads: n)
        lifts.append(lift(graph, 3))
    assert lifts[0] == lifts[1]


def hubs(seed, num_hubs=3, num_leaves=400):
    """A few vertices joined to most others: their child lists are far longer than the others'."""
    random = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(num_leaves, 3 / num_leaves, seed=seed)
    for hub in range(num_leaves, num_leaves + num_hubs):
        graph.add_edges_from(
            (hub, v) for v in range(hub) if v >= num_leaves or random.random() < 0.7
        )
    order = random.permutation(len(graph)) if seed else np.arange(len(graph))[::-1]
    numbered = nx.empty_graph(len(graph))
    numbered.add_edges_from((int(order[u]), int(order[v])) for u, v in graph.edges)
    return numbered


@over("seed", range(6))
def test_hubs_are_searched_not_read_and_nothing_is_lost(seed):
    graph = hubs(seed)
    complex_ = lift(graph, 5).validate()
    assert as_tuples(complex_) == gudhi_expansion(graph, 5)
    assert complex_.dim >= 3


def test_unique_edges_drops_loops_and_repetitions():
    given = torch.tensor([[3, 0, 0, 2, 1, 1], [1, 1, 0, 2, 0, 3]])
    before = given.clone()
    assert unique_edges(given, 4).tolist() == [[0, 1], [1, 3]]
    assert torch.equal(given, before)
    assert unique_edges(torch.empty(2, 0, dtype=torch.long), 0).shape == (0, 2)


@over("directed", [False, True])
@over("num_vertices", [1, 2, 70, 2048, 2049, 10**6, 3_037_000_499])
def test_unique_edges_are_the_set_of_pairs_in_order(num_vertices, directed):
    random = np.random.default_rng(num_vertices)
    for count in (60, 6000):  # few are sorted by torch, many by digits
        given = random.integers(num_vertices, size=(2, count))
        given[:, ::3] = random.integers(min(num_vertices, 40), size=given[:, ::3].shape)
        pairs = {(u, v) for u, v in given.T.tolist() if u != v}
        expected = sorted(pairs if directed else {tuple(sorted(pair)) for pair in pairs})
        for order in ("C", "F"):
            edge_index = torch.from_numpy(np.array(given, order=order))
            edges = unique_edges(edge_index, num_vertices, directed=directed)
            assert [tuple(edge) for edge in edges.tolist()] == expected
            assert edges.shape == (len(expected), 2)


def test_a_hub_costs_its_partners_not_itself():
    leaves = torch.arange(1, 200_001)
    for hub in (0, 100_000):
        ends = torch.where(leaves == hub, 0, leaves)
        star = torch.stack([torch.full_like(leaves, hub), ends])
        assert clique_complex(star, max_dim=3).f_vector == (200_001, 200_000)


def test_too_large_a_lift_stops_and_names_the_counts():
    graph = nx.complete_graph(40)
    with pytest.raises(
        ValueError, match="got 5000 for 40 of dimension 0, 780 of dimension 1, 9880"
    ):
        clique_complex(graph, max_dim=3, max_simplices=5000)
    assert clique_complex(graph, max_dim=2, max_simplices=10_700).num_simplices(2) == 9880


def test_default_limit_is_half_of_the_free_memory(monkeypatch):
    monkeypatch.setattr("simplex.complexes._flag.available_bytes", lambda device: 2**27)
    graph = nx.complete_graph(120)
    with pytest.raises(ValueError, match=r"half of the free memory \(0\.1 GiB\).*dimension 4"):
        clique_complex(graph, max_dim=4)


def test_vertices_alone_count_too():
    for max_dim in (0, 2):
        with pytest.raises(ValueError, match="got 3 for 5 of dimension 0"):
            clique_complex(nx.empty_graph(5), max_dim=max_dim, max_simplices=3)
        assert clique_complex(nx.empty_graph(5), max_dim, max_simplices=5).f_vector == (5,)


def test_on_the_callers_word_a_lift_may_take_all_free_memory_and_no_more(monkeypatch):
    monkeypatch.setattr("simplex.complexes._flag.available_bytes", lambda device: 2**28)
    graph = nx.complete_graph(120)  # 4 GiB to dimension 4, 220 MiB to dimension 3, 7 MiB below
    with pytest.raises(ValueError, match=r"fit in the free memory \(0\.2 GiB\).*Lower max_dim\.$"):
        clique_complex(graph, max_dim=4, max_simplices=10**12)
    with pytest.raises(ValueError, match="fit in half of the free memory"):
        clique_complex(graph, max_dim=3)
    assert clique_complex(graph, 2, max_simplices=10**12).num_simplices(2) == 280840


DENSE = {
    "complete": nx.complete_graph(11),
    "complete, and vertices without an edge": nx.disjoint_union(
        nx.complete_graph(9), nx.empty_graph(9)
    ),
    "octahedral": nx.complete_multipartite_graph(*[2] * 5),
    "multipartite": nx.complete_multipartite_graph(5, 4, 3, 1),
    "bipartite": nx.complete_bipartite_graph(6, 6),
    **{f"gnp {p}": nx.gnp_random_graph(13, p, seed=1) for p in (0.3, 0.6, 0.8, 0.95)},
}
COUNTING = {  # simplices that are many, devices with a compiled join, steps that are quick
    "at once": (1 << 12, ("cpu",), 1 << 26),
    "bounded, compiled": (1, ("cpu",), 0),
    "bounded, by torch": (1, (), 0),
}


@over("name", DENSE)
def test_exactly_what_fits_is_built_however_it_is_counted(name, monkeypatch):
    """A lift is refused one simplex below its size, and never at it.

    That sizes are bounded from below before they are counted, and counts given up, changes nothing.
    """
    graph = DENSE[name]
    by_size = Counter(len(clique) for clique in nx.enumerate_all_cliques(graph))
    for many, compiled, quick in COUNTING.values():
        monkeypatch.setattr("simplex.complexes._flag._MANY", many)
        monkeypatch.setattr("simplex.complexes._flag._COMPILED_ON", compiled)
        monkeypatch.setattr("simplex.complexes._flag_numba._QUICK", quick)
        for max_dim in (0, 1, 2, 4, 12):
            sizes = tuple(by_size[k] for k in range(1, max_dim + 2) if by_size[k])
            size = sum(sizes)
            assert clique_complex(graph, max_dim, max_simplices=size).f_vector == sizes
            for less in (size // 2, size - 1):
                with pytest.raises(ValueError, match=f"max_simplices .* got {less} for "):
                    clique_complex(graph, max_dim, max_simplices=less)


def test_a_complete_graph_is_refused_before_anything_is_counted(monkeypatch):
    def never(*args):
        raise AssertionError("counted")

    lift(nx.path_graph(3), 2)  # the join is loaded
    monkeypatch.setattr("simplex.complexes._flag_numba.count_children", never)
    pairs = torch.triu_indices(1000, 1000, offset=1)
    sizes = "499500 of dimension 1, 166167000 or more of dimension 2, 41417124750 or more of"
    with pytest.raises(ValueError, match=f"got 200000000 for 1000 of dimension 0, {sizes}"):
        clique_complex(pairs, max_dim=3, max_simplices=2 * 10**8)
    apart = nx.disjoint_union(nx.complete_graph(100), nx.empty_graph(100))
    with pytest.raises(ValueError, match="4950 of dimension 1, 161700 or more of dimension 2"):
        clique_complex(apart, max_dim=2, max_simplices=10**5)


@over("threads", [1, 2])
def test_ctrl_c_ends_all_pieces_in_hand_and_hands_out_no_more(threads, monkeypatch):
    taken, left = [], []

    def count(first, stop, num_vertices, *arrays):
        ended = arrays[-1]
        taken.append(first)
        if len(taken) == threads:
            os.kill(os.getpid(), signal.SIGINT)
        while not ended[0]:
            time.sleep(0.001)
        left.append(first)
        return 0

    join = "simplex.complexes._flag_numba."
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(f"{join}usable_threads", lambda: threads)
            patch.setattr(f"{join}_QUICK", 0)
            patch.setattr(f"{join}_ROWS_PER_PIECE", 10)
            patch.setattr(f"{join}_count", count)
            with pytest.raises(KeyboardInterrupt):
                lift(nx.cycle_graph(100), 2)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(taken) == threads
    assert sorted(left) == sorted(taken)


def _lift_in_child(seed):
    return lift(nx.gnp_random_graph(60, 0.4, seed=seed), 3).f_vector


class _LiftingDataset(torch.utils.data.Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, seed):
        return torch.tensor(_lift_in_child(seed))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork")
def test_parent_then_forked_workers_then_two_threads():
    expected = [_lift_in_child(seed) for seed in range(6)]
    lift(nx.random_geometric_graph(12_000, 0.02, seed=0), 2)  # the parent has used its pool
    loader = torch.utils.data.DataLoader(
        _LiftingDataset(),
        batch_size=None,
        num_workers=2,
        multiprocessing_context=multiprocessing.get_context("fork"),
        timeout=120,
    )
    assert [tuple(item.tolist()) for item in loader] == expected
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(_lift_in_child, range(6))) == expected


@over("seed", range(3))
def test_vertex_order_does_not_change_the_complex(seed):
    graph = nx.gnp_random_graph(30, 0.5, seed=seed)
    order = np.random.default_rng(seed).permutation(30)
    moved = nx.relabel_nodes(graph, dict(enumerate(order.tolist())))
    moved_back = nx.Graph()
    moved_back.add_nodes_from(range(30))
    moved_back.add_edges_from(moved.edges)
    complex_, relabelled = lift(graph, 4), lift(moved_back, 4)
    for k in range(complex_.dim + 1):
        rows = torch.from_numpy(order)[complex_.simplices(k)]
        assert sorted(relabelled.index(rows).tolist()) == list(range(relabelled.num_simplices(k)))


def test_edges_that_are_not_as_promised_are_refused():
    """The kernels look up what ids point to: no other edges may reach them."""
    for n, edges, message in [
        (1, [[0, 1], [1, 2]], "below num_vertices = 1, got 2"),
        (3, [[-1, 1]], "got -1"),
        (3, [[1, 0]], "increasing pairs"),
        (3, [[0, 2], [0, 1]], "lexicographic"),
        (3, [[0, 1], [0, 1]], "distinct"),
        (3, [[0, 1, 2]], r"shape \(n_1, 2\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            flag_complex(n, torch.tensor(edges), 2)
    with pytest.raises(ValueError, match="below num_vertices = 2, got 2"):
        unique_edges(torch.tensor([[0, 1], [1, 2]]), 2)
    with pytest.raises(TypeError, match="edges must be integers"):
        flag_complex(3, torch.tensor([[0.0, 1.0]]), 2)


def test_few_edges_among_many_vertices_that_make_many_triangles():
    """465 edges between the last 31 of 5,031 vertices; 4,495 triangles are many, edges are few."""
    edges = torch.combinations(torch.arange(5000, 5031))
    K = flag_complex(5031, edges, max_dim=4)
    assert K.f_vector == (5031, *(math.comb(31, k + 1) for k in range(1, 5)))
