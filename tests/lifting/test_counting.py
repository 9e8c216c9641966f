"""Cliques counted without being listed, beside the complex, networkx and binomial coefficients."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
import torch

from simplex.lifting import clique_complex, clique_degrees, count_cliques
from simplex.storage import edges_to_disk
from tests.cases import over
from tests.lifting.executors import EXECUTORS, Elsewhere, dask_executor, spawned_processes


GRAPHS = {
    "none": nx.Graph(),
    "no edge": nx.empty_graph(3),
    "path": nx.path_graph(4),
    "complete": nx.complete_graph(9),
    "dense": nx.gnp_random_graph(30, 0.6, seed=1),
    "hubs": nx.barabasi_albert_graph(80, 8, seed=2),
    "lists of more than 64": nx.gnp_random_graph(85, 0.9, seed=3),
    "named": nx.relabel_nodes(nx.gnp_random_graph(20, 0.4, seed=4), str),
    "several": [nx.complete_graph(4), nx.empty_graph(2), nx.cycle_graph(3)],
}


# A task of all edges, of some edges, and of parts of the edges from one vertex.
@over("name, task_size", itertools.product(GRAPHS, [None, 1000, 30]))
def test_counts_are_those_of_the_complex(name, task_size):
    most, task_size = (2, 2000) if name.startswith("lists") else (5, task_size)
    f_vector = clique_complex(GRAPHS[name], most).f_vector
    for max_dim in range(most + 1):
        expected = f_vector[: max_dim + 1]
        assert count_cliques(GRAPHS[name], max_dim, task_size=task_size) == expected


@over("executor", EXECUTORS)
def test_counts_are_the_same_by_any_executor(executor):
    counts = count_cliques(GRAPHS["hubs"], 4, EXECUTORS[executor], task_size=500)
    assert counts == count_cliques(GRAPHS["hubs"], 4)
    for k in (0, 1):
        found = clique_degrees(GRAPHS["hubs"], k, 4, EXECUTORS[executor], task_size=500)
        assert torch.equal(found, clique_degrees(GRAPHS["hubs"], k, 4))


def test_counts_of_complete_graphs_are_binomial_coefficients():
    expected = tuple(math.comb(18, k + 1) for k in range(18))
    assert count_cliques(nx.complete_graph(18), 30) == expected


def degrees_by_listing(K, k, max_dim):
    """How many simplices of each dimension contain each k-simplex, by all faces of all of them."""
    degrees = torch.zeros(K.num_simplices(k), max_dim + 1, dtype=torch.int64)
    for l in range(k, K.dim + 1):
        for face in itertools.combinations(range(l + 1), k + 1):
            ids = K.index(K.simplices(l)[:, list(face)])
            degrees[:, l] += torch.bincount(ids, minlength=len(degrees))
    return degrees


@over("name, k", itertools.product(GRAPHS, [0, 1]))
def test_degrees_are_those_of_the_complex(name, k):
    max_dim, task_size = (2, 10**4) if name.startswith("lists") else (4, 300)
    found = clique_degrees(GRAPHS[name], k, max_dim, task_size=task_size)
    assert torch.equal(found, degrees_by_listing(clique_complex(GRAPHS[name], max_dim), k, max_dim))


def test_degrees_of_vertices_are_those_of_networkx():
    graph = GRAPHS["hubs"]
    degrees = clique_degrees(graph)
    assert degrees[:, 1].tolist() == [d for _, d in graph.degree]
    assert degrees[:, 2].tolist() == list(nx.triangles(graph).values())


@over("executor", EXECUTORS)
def test_a_folder_of_edges_counts_as_its_graph(executor, tmp_path):
    graph = GRAPHS["dense"]
    edges = np.array(graph.edges)
    folder = tmp_path / executor / "graph"
    edges_to_disk([edges], folder, num_vertices=30)
    assert count_cliques(folder, 4, EXECUTORS[executor]) == count_cliques(graph, 4)
    found = clique_degrees(folder, 1, 3, EXECUTORS[executor])
    assert torch.equal(found, clique_degrees(graph, 1, 3))
    assert [entry.name for entry in folder.parent.iterdir()] == ["graph"]


def test_workers_that_do_not_see_the_folder_are_noticed(tmp_path):
    with pytest.raises(OSError, match="every worker must see the folder"):
        count_cliques(GRAPHS["dense"], 3, Elsewhere(tmp_path))


@over(
    "arguments, error, words",
    [
        ((nx.DiGraph([(0, 1)]),), ValueError, "directed"),
        ((nx.Graph(), -1), ValueError, "max_dim must be non-negative"),
        ((nx.complete_graph(3), 2, "threads"), TypeError, "executor must be"),
        (("no such folder",), ValueError, "no such folder"),
    ],
)
def test_what_cannot_be_counted_is_named(arguments, error, words):
    with pytest.raises(error, match=words):
        count_cliques(*arguments)


def test_degrees_have_a_dimension_of_their_faces():
    with pytest.raises(ValueError, match="max_dim must be at least 1"):
        clique_degrees(nx.path_graph(3), 1, 0)
    with pytest.raises(ValueError, match="k must be an integer from 0 to 1"):
        clique_degrees(nx.path_graph(3), 2, 3)


@pytest.mark.slow
@pytest.mark.parametrize("engine", [spawned_processes, dask_executor])
def test_counts_by_processes(engine, tmp_path):
    graph = nx.gnp_random_graph(300, 0.3, seed=5)
    edges_to_disk([np.array(graph.edges)], tmp_path / "graph", num_vertices=300)
    with engine() as executor:
        for given in (graph, tmp_path / "graph"):
            assert count_cliques(given, 3, executor, task_size=10**4) == count_cliques(graph, 3)
            found = clique_degrees(given, 1, 3, executor, task_size=10**5)
            assert torch.equal(found, clique_degrees(graph, 1, 3))
