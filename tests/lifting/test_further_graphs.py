"""Graph metrics, connected sets, sampled cliques, nerves, Mapper and random models."""

import itertools
import math

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.lifting import (
    clique_complex,
    connected_sets_complex,
    dowker_complex,
    graph_rips_complex,
    mapper_complex,
    multi_parameter_complex,
    nerve_complex,
    sampled_clique_complex,
    vietoris_rips_complex,
)
from simplex.operators import betti_numbers, maximal_simplices
from tests.cases import over


GRAPHS = {
    "empty": nx.empty_graph(0),
    "alone": nx.empty_graph(3),
    "path": nx.path_graph(6),
    "cycle": nx.cycle_graph(7),
    "complete": nx.complete_graph(5),
    "star": nx.star_graph(5),
    "club": nx.karate_club_graph(),
    "drawn": nx.gnp_random_graph(14, 0.3, seed=1),
    "two": nx.disjoint_union(nx.cycle_graph(4), nx.complete_graph(4)),
    "names": nx.relabel_nodes(nx.path_graph(3), dict(enumerate("abc"))),
}


def plain(graph):
    """The graph on numbers."""
    return nx.convert_node_labels_to_integers(graph)


@over("name", GRAPHS)
@over("length", [0, 1, 2, 3, math.inf])
def test_the_shortest_path_metric(name, length):
    graph = plain(GRAPHS[name])
    K = graph_rips_complex(GRAPHS[name], length, 2).validate()
    apart = torch.full((len(graph), len(graph)), math.inf, dtype=torch.float64)
    for u, found in nx.all_pairs_shortest_path_length(graph):
        for v, steps in found.items():
            apart[u, v] = steps
    apart[apart > length] = math.inf
    expected = vietoris_rips_complex(distances=apart, max_edge_length=1e9, max_dim=2)
    assert expected == K
    assert all(map(torch.equal, K.filtration, expected.filtration))
    assert K.vertex_labels == (tuple("abc") if name == "names" else None)


@over("seed", range(3))
def test_lengths_of_edges(seed):
    graph = nx.gnp_random_graph(15, 0.3, seed=seed)
    lengths = torch.rand(graph.number_of_edges(), generator=torch.Generator().manual_seed(seed))
    lengths[0] = 0.0
    for (u, v), length in zip(graph.edges, lengths.tolist(), strict=True):
        graph[u][v]["length"] = length
    K = graph_rips_complex(graph, 0.9, 3, lengths=lengths)
    found = dict(nx.all_pairs_dijkstra_path_length(graph, weight="length"))
    pairs = {(u, v): d for u in found for v, d in found[u].items() if u < v and d <= 0.9}
    assert {*map(tuple, K.simplices(1).tolist())} == pairs.keys()
    for row, value in zip(K.simplices(1).tolist(), K.filtration[1].tolist(), strict=True):
        assert math.isclose(value, pairs[tuple(row)], rel_tol=1e-12)
    twice = torch.tensor(list(graph.edges)).T
    twice = torch.cat([twice, twice.flip(0)], 1)
    longer = torch.cat([lengths + 1, lengths])  # of an edge given twice the shorter counts
    assert graph_rips_complex(twice, 0.9, 3, lengths=longer, num_vertices=15) == K
    one_step = graph_rips_complex(graph, 1, 3)
    assert one_step == clique_complex(graph, 3)


def test_unions_of_graphs():
    graphs = [nx.cycle_graph(6), nx.path_graph(4)]
    for build in (
        lambda graph: graph_rips_complex(graph, 2),
        lambda graph: connected_sets_complex(graph, 3),
        lambda graph: sampled_clique_complex(graph, 3),
    ):
        assert build(graphs).split() == [build(graph) for graph in graphs]


@over("name", GRAPHS)
@over("top", [0, 1, 2, 3])
def test_connected_sets(name, top):
    graph = plain(GRAPHS[name])
    if name == "club":
        graph = graph.subgraph(range(12))
    K = connected_sets_complex(graph, top).validate()
    connected = [
        some
        for size in range(1, top + 2)
        for some in itertools.combinations(range(len(graph)), size)
        if nx.is_connected(graph.subgraph(some))
    ]
    assert SimplicialComplex.from_simplices(connected, num_vertices=len(graph)) == K


@over("name", GRAPHS)
def test_sampled_cliques_are_maximal_and_all_in_the_end(name):
    graph = plain(GRAPHS[name])
    whole = clique_complex(graph, 6)
    few = sampled_clique_complex(graph, 1, 6, generator=torch.Generator().manual_seed(0))
    few.validate()
    assert few.skeleton(1) == whole.skeleton(1)
    larger = {tuple(row) for rows in maximal_simplices(whole) for row in rows.tolist()}
    found = {tuple(row) for rows in maximal_simplices(few) for row in rows.tolist() if len(row) > 2}
    assert found <= larger
    covered = {v for row in found | {*graph.edges} for v in row}
    assert covered == {v for edge in graph.edges for v in edge}
    many = sampled_clique_complex(graph, 200, 6, generator=torch.Generator().manual_seed(0))
    assert many == whole
    assert sampled_clique_complex(graph, 200, 2) == whole.skeleton(2)
    assert sampled_clique_complex(graph, 0, 6) == whole.skeleton(1)


# --- nerves and Mapper ----------------------------------------------------------------------------


@over("seed", range(5))
def test_nerves(seed):
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.rand(6, 9, generator=generator) < 0.3
    cover = [row.nonzero().squeeze(1).tolist() for row in matrix]
    expected = [
        some
        for size in range(1, 5)
        for some in itertools.combinations(range(6), size)
        if size == 1 or set.intersection(*(set(cover[i]) for i in some))
    ]
    K = nerve_complex(cover, 3).validate()
    assert SimplicialComplex.from_simplices(expected, num_vertices=6) == K
    assert nerve_complex(matrix, 3) == dowker_complex(matrix, 3) == K
    assert nerve_complex([set(one) for one in cover], 3) == K
    full = nerve_complex(matrix, 8), dowker_complex(matrix.T, 8)  # Dowker's theorem
    used = matrix.any(1), matrix.any(0)
    loose = [int((~some).sum()) for some in used]
    betti = [list(betti_numbers(K)) for K in full]
    for numbers, alone in zip(betti, loose, strict=True):
        numbers[0] -= alone
        numbers += [0] * (9 - len(numbers))
    assert betti[0] == betti[1]


def brute_mapper(points, values, length, count, overlap):
    """Clusters and the cells that they lie over, as sets, interval by interval."""
    low, high = values.amin(0), values.amax(0)
    size = (high - low) / (count - (count - 1) * overlap)
    clusters = []
    for cell in itertools.product(range(count), repeat=values.shape[1]):
        begin = low + torch.tensor(cell) * size * (1 - overlap)
        inside = ((values >= begin - 1e-9) & (values <= begin + size + 1e-9)).all(1)
        ids = inside.nonzero().squeeze(1).tolist()
        graph = nx.Graph()
        graph.add_nodes_from(ids)
        graph.add_edges_from(
            (u, v)
            for u, v in itertools.combinations(ids, 2)
            if (points[u] - points[v]).norm() <= length
        )
        clusters += [(cell, frozenset(one)) for one in nx.connected_components(graph)]
    return clusters


@over("count, overlap, columns", [(5, 0.3, 1), (4, 0.6, 1), (3, 0.25, 2), (1, 0.0, 1), (6, 0.0, 1)])
def test_mapper(count, overlap, columns):
    generator = torch.Generator().manual_seed(count)
    points = torch.rand(60, 2, generator=generator, dtype=torch.float64)
    values = points[:, :columns]
    result = mapper_complex(points, values, 0.15, 2, num_intervals=count, overlap=overlap)
    expected = brute_mapper(points, values, 0.15, count, overlap)
    found = {}
    for cluster, point in result.members.T.tolist():
        found.setdefault(cluster, set()).add(point)
    cells = result.cell.tolist()
    numbers = {
        cell: sum(c * count**j for j, c in enumerate(reversed(cell))) for cell, _ in expected
    }
    assert sorted((cells[v], sorted(one)) for v, one in found.items()) == sorted(
        (numbers[cell], sorted(one)) for cell, one in expected
    )
    order = [found[v] for v in range(len(found))]
    assert nerve_complex(order, 2) == result.complex


def test_mapper_sees_a_circle():
    angle = torch.linspace(0, 2 * math.pi, 200)[:-1]
    circle = torch.stack([angle.cos(), angle.sin()], 1)
    assert betti_numbers(mapper_complex(circle, circle[:, 1], 0.1).complex) == (1, 1)
    flat = mapper_complex(circle, torch.zeros(199), 0.1, num_intervals=3)
    assert flat.complex.dim <= 1
    none = mapper_complex(torch.empty(0, 2), torch.empty(0), 1.0)
    assert none.complex.dim == -1


# --- random models --------------------------------------------------------------------------------


def test_multi_parameter_models():
    generator = torch.Generator().manual_seed(0)
    assert multi_parameter_complex(6, [1, 1, 1]).f_vector == (6, 15, 20, 15)
    assert multi_parameter_complex(6, []).f_vector == (6,)
    flag = multi_parameter_complex(30, [0.4, 1.0, 1.0], generator=generator)
    assert clique_complex(flag.simplices(1).T, 3, num_vertices=30) == flag
    counts = torch.zeros(3)
    draws = 60
    for _ in range(draws):
        K = multi_parameter_complex(12, [0.7, 0.5, 0.5], generator=generator).validate()
        counts += torch.tensor([K.num_simplices(k) for k in (1, 2, 3)])
    expected = [66 * 0.7, 220 * 0.7**3 * 0.5, 495 * 0.7**6 * 0.5**4 * 0.5]
    for mean, wanted, spread in zip((counts / draws).tolist(), expected, (5, 12, 6), strict=True):
        assert abs(mean - wanted) < 4 * spread / math.sqrt(draws)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: graph_rips_complex([(0, 1)], -1), ValueError, "max_length must be a number ≥ 0"),
        (lambda: graph_rips_complex([(0, 1)], 1, lengths=[1, 2]), ValueError, "the 1 edges"),
        (lambda: graph_rips_complex([(0, 1)], 1, lengths=[-1]), ValueError, "finite and ≥ 0"),
        (lambda: graph_rips_complex(nx.DiGraph([(0, 1)]), 1), ValueError, "must be undirected"),
        (lambda: graph_rips_complex(nx.path_graph(50), 60, 9, max_simplices=10**4), ValueError,
         "max_simplices"),
        (lambda: connected_sets_complex(nx.star_graph(800), 5), ValueError, "Lower max_dim"),
        (lambda: sampled_clique_complex([(0, 1)], -1), ValueError, "num_walks must be non-neg"),
        (lambda: nerve_complex("sets"), TypeError, "list of sets"),
        (lambda: nerve_complex([{0, -1}]), ValueError, r"cover\[0\] must hold non-negative"),
        (lambda: nerve_complex([{0.5}]), TypeError, r"cover\[0\] must be integers"),
        (lambda: mapper_complex([[0.0]], [0.0, 1.0], 1.0), ValueError, r"shape \(1,\) or \(1, q\)"),
        (lambda: mapper_complex([[0.0]], [0.0], 1.0, overlap=1), ValueError, "below 1"),
        (lambda: multi_parameter_complex(5, [0.5, 1.5]), ValueError, r"probabilities\[1\]"),
        (lambda: multi_parameter_complex(5, 0.5), TypeError, "probabilities must be a list"),
    ],
)  # fmt: skip
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
