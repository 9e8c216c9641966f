"""Graph inputs of every kind give one complex; bad graphs are named."""

import networkx as nx
import numpy as np
import pytest
import scipy.sparse
import torch
from torch_geometric import EdgeIndex
from torch_geometric.data import Batch, Data

from simplex import SimplicialComplex
from simplex.lifting import (
    clique_complex,
    dowker_complex,
    khop_complex,
    line_complex,
    neighborhood_complex,
    vietoris_rips_complex,
)
from tests.cases import over


GRAPH = nx.gnp_random_graph(20, 0.4, seed=1)
EDGES = torch.tensor(list(GRAPH.edges)).T


def both_ways(edge_index):
    return torch.cat([edge_index, edge_index.flip(0)], dim=1)


INPUTS = {
    "networkx": GRAPH,
    "networkx multigraph with loops": nx.MultiGraph([*GRAPH.edges, *GRAPH.edges, (3, 3)]),
    "edge_index": EDGES,
    "edge_index both ways": both_ways(EDGES),
    "edge_index with loops and repetitions": torch.cat([EDGES, EDGES, EDGES[:1].expand(2, -1)], 1),
    "int32 array": EDGES.numpy().astype(np.int32),
    "PyG Data": Data(edge_index=both_ways(EDGES), num_nodes=20),
    "scipy csr_array": nx.to_scipy_sparse_array(GRAPH),
    "list of edges": list(GRAPH.edges),
    "array with negative strides": EDGES.numpy()[:, ::-1],
    "big-endian array": EDGES.numpy().astype(">i4"),
    "uint64 array": EDGES.numpy().astype(np.uint64),
    "nested lists": EDGES.tolist(),
    "PyG EdgeIndex": EdgeIndex(EDGES.contiguous(), sparse_size=(20, 20)),
    "dense adjacency": nx.to_numpy_array(GRAPH),
    "dense adjacency, bool tensor": torch.from_numpy(nx.to_numpy_array(GRAPH)).bool(),
    "dense adjacency, lists": nx.to_numpy_array(GRAPH, dtype=int).tolist(),
    "torch sparse adjacency": torch.from_numpy(nx.to_numpy_array(GRAPH)).to_sparse(),
    "scipy coo_matrix": scipy.sparse.coo_matrix(nx.to_numpy_array(GRAPH)),
}
INPUTS["networkx multigraph with loops"].add_nodes_from(GRAPH)


@over("name", INPUTS)
def test_every_kind_of_graph_gives_the_same_complex(name):
    expected = clique_complex(GRAPH, max_dim=3)
    K = clique_complex(INPUTS[name], max_dim=3)
    if K.vertex_labels is not None:  # nodes in another order
        order = torch.tensor(K.vertex_labels)
        for k in range(expected.dim + 1):
            found = expected.index(order[K.simplices(k)])
            assert sorted(found.tolist()) == list(range(expected.num_simplices(k)))
    else:
        assert expected == K


def test_isolated_vertices_are_kept():
    assert clique_complex(torch.tensor([[0], [1]]), num_vertices=5).f_vector == (5, 1)
    assert clique_complex(nx.empty_graph(3)).f_vector == (3,)
    assert clique_complex(Data(edge_index=torch.empty(2, 0).long(), num_nodes=4)).f_vector == (4,)


def test_an_edge_index_of_pyg_knows_its_size():
    edges = EdgeIndex([[0, 1], [1, 0]], sparse_size=(4, 4))
    assert clique_complex(edges).f_vector == (4, 1)
    assert clique_complex([edges, edges]).f_vector == (8, 2)


def test_names_in_a_list_of_edges_are_labels():
    K = clique_complex([("b", "a"), ("a", "c"), ("b", "c")])
    assert (K.f_vector, K.vertex_labels) == ((3, 3, 1), ("b", "a", "c"))


def test_duplicates_of_a_sparse_matrix_are_summed():
    ends = [0, 0, 1, 1, 1, 2], [1, 1, 0, 0, 2, 1]
    matrix = scipy.sparse.coo_array(([1, -1, 1, -1, 1, 1], ends), shape=(3, 3))
    assert clique_complex(matrix).simplices(1).tolist() == [[1, 2]]


def test_empty_graphs():
    assert clique_complex(nx.Graph()).f_vector == ()
    assert clique_complex(torch.empty(2, 0, dtype=torch.long)).f_vector == ()
    assert clique_complex([]).num_parts == 0
    union = clique_complex([nx.Graph(), nx.path_graph(2), nx.Graph()])
    assert [part.f_vector for part in union.split()] == [(), (2, 1), ()]


def test_explicit_zeros_of_a_sparse_matrix_are_no_edges():
    matrix = scipy.sparse.csr_array(
        (np.array([0.0, 0.0, 1.0, 1.0]), (np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1]))), (3, 3)
    )
    assert clique_complex(matrix).simplices(1).tolist() == [[1, 2]]


@over("lift", [clique_complex, line_complex, neighborhood_complex])
def test_a_list_is_the_union_of_the_lifts(lift):
    graphs = [nx.gnp_random_graph(n, 0.5, seed=n) for n in (1, 7, 0, 4, 12)]
    union = lift(graphs, max_dim=3).validate()
    assert union.num_parts == 5
    assert union.split() == [lift(graph, max_dim=3) for graph in graphs]


def test_a_list_may_mix_kinds_and_a_batch_is_a_list():
    data = [Data(edge_index=both_ways(EDGES), num_nodes=n) for n in (20, 25)]
    union = clique_complex(data)
    assert clique_complex(Batch.from_data_list(data)) == union
    assert clique_complex([GRAPH, data[1]]) == union


def test_labels_follow_the_nodes():
    graph = nx.Graph([("b", "a"), ("a", "c"), ("b", "c")])
    assert clique_complex(graph).vertex_labels == ("b", "a", "c")
    assert clique_complex([graph, nx.path_graph(2)]).vertex_labels == ("b", "a", "c", 0, 1)
    assert clique_complex(nx.path_graph(3)).vertex_labels is None
    assert line_complex(graph).vertex_labels == (("b", "a"), ("b", "c"), ("a", "c"))


@over(
    "graph, options, error, message",
    [
        (nx.DiGraph([(0, 1)]), {}, ValueError, r"undirected, got a DiGraph.*to_undirected\(\)"),
        (scipy.sparse.csr_array(([1.0], ([0], [1])), (2, 2)), {}, ValueError, r"A \+ A\.T"),
        (scipy.sparse.csr_array((2, 3)), {}, ValueError, "square, got shape"),
        (EDGES.float(), {}, TypeError, "must be integers, got torch.float32"),
        (EDGES.bool(), {}, TypeError, "must be integers, got torch.bool"),
        (EDGES.T, {}, ValueError, r"pass edges\.T"),
        (EDGES - 1, {}, ValueError, "non-negative, got -1"),
        (EDGES, {"num_vertices": 5}, ValueError, "below num_vertices=5, got 19"),
        (EDGES, {"max_dim": -1}, ValueError, "max_dim must be non-negative, got -1"),
        (EDGES, {"max_dim": 2.0}, TypeError, "max_dim must be an integer"),
        (torch.tensor([[0], [2**40]]), {}, ValueError, "fits in 64 bits"),
        (GRAPH, {"num_vertices": 30}, ValueError, "the graph knows its own vertices"),
        ([(0, 1, 0.5), (1, 2, 0.5)], {}, ValueError, "pairs of vertices.*rows of length 3"),
        ([(0, 1, 2), (2, 3)], {}, ValueError, "rows of length 2, 3.*from_simplices"),
        ([[0, 1], [1, 2]], {}, ValueError, r"as tuples \(u, v\)"),
        ([(0, 1), (1, "a")], {}, TypeError, "all be integers or all names"),
        (torch.rand(4, 4), {}, ValueError, r"hold 0 and 1.*distances="),
        (torch.eye(4).roll(1, 0), {}, ValueError, r"A \+ A\.T"),
        ([EDGES], {"num_vertices": 30}, ValueError, "None for a list"),
        (Data(num_nodes=3), {}, ValueError, "must have an edge_index"),
        ("karate", {}, TypeError, "got str"),
        ([GRAPH, 3], {}, TypeError, "got int"),
    ],
)
def test_bad_graphs_are_named(graph, options, error, message):
    with pytest.raises(error, match=message):
        clique_complex(graph, **options)


def test_graphs_on_two_devices_are_refused():
    elsewhere = torch.empty(2, 0, dtype=torch.int64, device="meta")
    with pytest.raises(ValueError, match="on one device, got \\['cpu', 'meta'\\]"):
        clique_complex([EDGES, elsewhere])


def brute_force_khop(graph, hops, max_dim):
    import itertools

    found = {(v,) for v in graph}
    for center in graph:
        ball = sorted(nx.single_source_shortest_path_length(graph, center, cutoff=hops))
        for size in range(1, max_dim + 2):
            found |= set(itertools.combinations(ball, size))
    return found


@over("hops", [0, 1, 2, 3])
@over("seed", range(3))
def test_khop_by_definition(seed, hops):
    graph = nx.gnp_random_graph(12, 0.18, seed=seed)
    K = khop_complex(graph, hops, max_dim=3).validate()
    found = {tuple(row) for k in range(4) for row in K.simplices(k).tolist()}
    assert found == brute_force_khop(graph, hops, 3)
    if hops == 1:
        assert neighborhood_complex(graph, max_dim=3) == K


@over("seed", range(3))
def test_line_complex_is_the_clique_complex_of_networkx_line_graph(seed):
    graph = nx.gnp_random_graph(10, 0.4, seed=seed)
    line = nx.line_graph(graph)
    ordered = nx.Graph()
    ordered.add_nodes_from(sorted(tuple(sorted(edge)) for edge in line))
    ordered.add_edges_from((tuple(sorted(a)), tuple(sorted(b))) for a, b in line.edges)
    expected = clique_complex(ordered, max_dim=4)
    K = line_complex(graph, max_dim=4)
    assert expected == K
    assert K.vertex_labels == expected.vertex_labels


def test_hops_must_be_a_non_negative_integer():
    with pytest.raises(ValueError, match="hops must be non-negative, got -1"):
        khop_complex(GRAPH, -1)
    for hops in (1.5, True):
        with pytest.raises(TypeError, match="hops must be an integer"):
            khop_complex(GRAPH, hops)


@over(
    "call",
    [
        lambda: neighborhood_complex(nx.star_graph(5000), max_dim=6),
        lambda: neighborhood_complex(nx.star_graph(5000), max_dim=10**9),
        lambda: khop_complex(nx.star_graph(5000), 10**9, 20),
        lambda: khop_complex(nx.path_graph(4000), 10**9, 300),
        lambda: line_complex(nx.star_graph(10**5)),
        lambda: clique_complex(torch.ones(1).expand(10**6, 10**6)),
        lambda: dowker_complex(torch.ones(1).expand(10**6, 10**6)),
        lambda: vietoris_rips_complex(torch.zeros(1).expand(10**12, 3), 1.0),
    ],
)
def test_what_would_not_fit_is_refused_before_the_work(call):
    with pytest.raises(ValueError, match="half of the free memory"):
        call()


@over("graph", [nx.path_graph(30), nx.cycle_graph(9), nx.star_graph(20), nx.empty_graph(3)])
def test_balls_stop_at_their_components(graph):
    assert khop_complex(graph, 10**9, 1) == khop_complex(graph, len(graph), 1)
    assert khop_complex(graph, 10**9, 0).f_vector == (len(graph),)
    assert line_complex(graph, 0).f_vector == (graph.number_of_edges(),) * bool(graph.edges)


def test_result_is_a_complex():
    assert isinstance(clique_complex(GRAPH), SimplicialComplex)


def test_a_complex_of_dimension_1_is_a_graph():
    graphs = [nx.relabel_nodes(GRAPH, lambda v: f"v{v}"), nx.path_graph(["a", "b"])]
    expected = clique_complex(graphs, 3)
    found = clique_complex(clique_complex(graphs, 1), 3)
    assert found == expected
    assert found.num_parts == 2
    assert found.vertex_labels == expected.vertex_labels


def test_what_a_complex_has_beside_its_edges_is_not_dropped_in_silence():
    K = clique_complex(GRAPH, 1)
    with pytest.warns(UserWarning, match="the filtration of the complex is left out"):
        clique_complex(K.with_filtration([torch.zeros(n) for n in K.f_vector]))
    with pytest.raises(ValueError, match=r"got a complex, one of dimension 2.*K.skeleton\(1\)"):
        clique_complex(clique_complex(GRAPH, 2))
