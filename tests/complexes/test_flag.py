"""The lift kernel: equal to GUDHI's expansion, to brute force, and on every backend."""

import itertools
import multiprocessing
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


@over("max_dim", [0, 1, 2, 3, 4, 9])
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


def test_many_rows_on_several_threads():
    graph = nx.random_geometric_graph(12_000, 0.02, seed=0)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(4)
        wide = lift(graph, 3)
        torch.set_num_threads(1)
        assert wide == lift(graph, 3)
    finally:
        torch.set_num_threads(threads)


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


def test_kernels_compile_without_a_cache_folder(monkeypatch):
    """Where no folder is writable numba cannot cache: a kernel then compiles in memory."""
    import numba.core.caching

    from simplex.complexes import compiled

    def refuse(*args, **kwargs):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(numba.core.caching.CacheImpl, "__init__", refuse)
    assert compiled("int64(int64)")(lambda n: 2 * n)(21) == 42


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
