"""Directed flag complexes: ordered cliques by definition, their homology, and what carries them."""

import itertools
import math
import pickle

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric import EdgeIndex
from torch_geometric.data import Batch, Data

from simplex import SimplicialComplex
from simplex.complexes import fillable_simplices, restrict
from simplex.data import SimplicialData
from simplex.diffusion import FaceSurvival
from simplex.interop import to_edge_index, to_gudhi, to_networkx, to_scipy
from simplex.lifting import clique_complex, directed_flag_complex
from simplex.nn import LearnedLift
from simplex.operators import betti_numbers, boundary_matrix, candidate_scores, hodge_laplacian
from simplex.testing import random_orientation, relabel
from simplex.transforms import negative_simplices, split_simplices
from simplex.wl import find_isomorphism
from tests.cases import over


def digraph(num_vertices, num_edges, seed):
    generator = torch.Generator().manual_seed(seed)
    edges = torch.randint(0, num_vertices, (2, num_edges), generator=generator)
    return Data(edge_index=edges, num_nodes=num_vertices)


def all_digraphs(num_vertices):
    """Every digraph without loops: the adjacency matrices (m, n, n), and the graphs."""
    pairs = torch.tensor([*itertools.permutations(range(num_vertices), 2)], dtype=torch.long).view(
        -1, 2
    )
    chosen = torch.arange(2 ** len(pairs))[:, None] >> torch.arange(len(pairs)) & 1
    adjacency = torch.zeros(len(chosen), num_vertices, num_vertices, dtype=torch.bool)
    adjacency[:, pairs[:, 0], pairs[:, 1]] = chosen.bool()
    graphs = [Data(edge_index=pairs[row].T, num_nodes=num_vertices) for row in chosen.bool()]
    return adjacency, graphs


def ordered_cliques(adjacency, k):
    """By definition: the tuples (v_0, …, v_k) with an edge from v_i to v_j for all i < j."""
    rows = []
    for tuple_ in itertools.permutations(range(adjacency.shape[1]), k + 1):
        holds = torch.ones(len(adjacency), dtype=torch.bool)
        for i, j in itertools.combinations(tuple_, 2):
            holds &= adjacency[:, i, j]
        rows += [(graph, *tuple_) for graph in holds.nonzero().flatten().tolist()]
    return sorted(rows)


def betti_by_ranks(K):
    ranks = [
        int(np.linalg.matrix_rank(d.to_dense().double().numpy())) if d._nnz() else 0
        for d in (boundary_matrix(K, k) for k in range(K.dim + 2))
    ]
    return tuple(n - ranks[k] - ranks[k + 1] for k, n in enumerate(K.f_vector))


@pytest.fixture
def on_torch(monkeypatch):
    """The lift by the join of accelerators."""

    def lift(*arguments, **options):
        with monkeypatch.context() as patch:
            patch.setattr("simplex.complexes._flag._COMPILED_ON", ())
            return directed_flag_complex(*arguments, **options)

    return lift


@over("num_vertices", [0, 1, 2, 3, 4])
def test_all_small_digraphs_have_their_ordered_cliques(num_vertices, on_torch):
    adjacency, graphs = all_digraphs(num_vertices)
    union = directed_flag_complex(graphs, max_dim=4).validate()
    for k in range(max(union.dim, 0) + 1):
        rows = union.simplices(k) - num_vertices * union.part(k)[:, None]
        found = [(p, *row) for p, row in zip(union.part(k).tolist(), rows.tolist(), strict=True)]
        assert found == ordered_cliques(adjacency, k)
    assert on_torch(graphs, max_dim=4) == union


@over(
    "graph",
    [
        digraph(30, 400, 0),
        digraph(200, 2000, 1),
        Data(  # a hub that all others go to and come from, and a few edges among them
            edge_index=torch.cat(
                [
                    torch.stack([torch.arange(1, 700), torch.zeros(699, dtype=torch.long)]),
                    torch.stack([torch.zeros(699, dtype=torch.long), torch.arange(1, 700)]),
                    digraph(700, 1500, 2).edge_index,
                ],
                dim=1,
            ),
            num_nodes=700,
        ),
    ],
)
def test_both_joins_agree_and_so_do_dense_counts(graph, on_torch):
    K = directed_flag_complex(graph, max_dim=3).validate()
    assert on_torch(graph, max_dim=3) == K
    A = torch.zeros(graph.num_nodes, graph.num_nodes, dtype=torch.float64)
    A[graph.edge_index[0], graph.edge_index[1]] = 1
    A.fill_diagonal_(0)
    assert K.num_simplices(2) == int((A @ A * A).sum())


DERANGEMENTS = {2: 1, 3: 2, 4: 9, 5: 44}


@over("n", DERANGEMENTS)
def test_a_digraph_with_all_edges_gives_the_complex_of_injective_words(n):
    """A wedge of spheres, as many as there are permutations without a fixed point (Farmer 1978)."""
    K = directed_flag_complex(nx.complete_graph(n).to_directed(), max_dim=n)
    assert K.f_vector == tuple(math.perm(n, k + 1) for k in range(n))
    assert betti_numbers(K) == (1, *[0] * (n - 2), DERANGEMENTS[n])


HOMOLOGY = {
    "two ways between two": ([(0, 1), (1, 0)], (1, 1)),
    "a directed triangle is hollow": ([(0, 1), (1, 2), (2, 0)], (1, 1)),
    "a transitive one is filled": ([(0, 1), (1, 2), (0, 2)], (1, 0, 0)),
    "a cone over a two-way edge": ([(0, 1), (0, 2), (1, 2), (2, 1)], (1, 0, 0)),
}


@over("name", HOMOLOGY)
def test_homology_of_known_digraphs(name):
    edges, expected = HOMOLOGY[name]
    K = directed_flag_complex(edges, max_dim=3)
    assert betti_numbers(K) == betti_by_ranks(K) == expected


@over("seed", range(6))
def test_chains_of_random_digraphs(seed):
    K = directed_flag_complex(digraph(9, 40, seed), max_dim=4)
    boundaries = [boundary_matrix(K, k).to_dense() for k in range(K.dim + 2)]
    assert all(not (a @ b).any() for a, b in itertools.pairwise(boundaries))
    assert betti_numbers(K) == betti_by_ranks(K)
    for k, betti in enumerate(betti_numbers(K)):
        eigenvalues = torch.linalg.eigvalsh(hodge_laplacian(K, k).to_dense().double())
        assert int((eigenvalues < 1e-9).sum()) == betti


GRAPH = nx.DiGraph([(2, 0), (0, 2), (0, 1), (1, 2), (2, 1), (3, 1), (3, 3), (1, 4)])
ORDERED = nx.DiGraph()
ORDERED.add_nodes_from(range(5))
ORDERED.add_edges_from(GRAPH.edges)
EDGES = torch.tensor(list(GRAPH.edges)).T
INPUTS = {
    "networkx multigraph": nx.MultiDiGraph(ORDERED),
    "edge_index": EDGES,
    "repetitions": torch.cat([EDGES, EDGES[:, :3]], dim=1),
    "array": EDGES.numpy(),
    "PyG Data": Data(edge_index=EDGES, num_nodes=5),
    "PyG EdgeIndex": EdgeIndex(EDGES.contiguous(), sparse_size=(5, 5)),
    "list of edges": list(GRAPH.edges),
    "scipy": nx.to_scipy_sparse_array(ORDERED),
    "dense": nx.to_numpy_array(ORDERED),
    "torch sparse": torch.from_numpy(nx.to_numpy_array(ORDERED)).to_sparse(),
}


@over("name", INPUTS)
def test_every_kind_of_digraph_gives_the_same_complex(name):
    assert directed_flag_complex(INPUTS[name], max_dim=3) == directed_flag_complex(ORDERED, 3)


def test_names_and_lists():
    K = directed_flag_complex([("b", "a"), ("a", "c"), ("b", "c")])
    assert K.vertex_labels == ("b", "a", "c")
    assert K.index([("b", "a", "c"), ("a", "b", "c")]).tolist() == [0, -1]
    graphs = [digraph(5, 12, seed) for seed in range(3)]
    union = directed_flag_complex(graphs, max_dim=3)
    assert union.split() == [directed_flag_complex(graph, max_dim=3) for graph in graphs]
    assert union == directed_flag_complex(Batch.from_data_list(graphs), max_dim=3)


K = directed_flag_complex(digraph(8, 40, 0), max_dim=3)


def test_simplices_are_found_in_their_order():
    for k in range(K.dim + 1):
        assert torch.equal(K.index(K.simplices(k)), torch.arange(K.num_simplices(k)))
    edges = {tuple(edge) for edge in K.simplices(1).tolist()}
    back = K.index(K.simplices(1).flip(1)) >= 0
    assert back.tolist() == [(v, u) in edges for u, v in K.simplices(1).tolist()]
    assert 0 < int(back.sum()) < len(edges)


CARRIED = {
    "pickled": lambda: pickle.loads(pickle.dumps(K)),
    "state": lambda: SimplicialComplex.from_state(K.state()),
    "closed": lambda: SimplicialComplex.from_simplices(
        [K.simplices(k) for k in range(K.dim, -1, -1)], directed=True
    ),
    "closed, and cut": lambda: SimplicialComplex.from_simplices(
        [K.simplices(k) for k in range(K.dim + 1)], max_dim=K.dim, directed=True
    ),
    "restricted": lambda: restrict(K, [torch.ones(n, dtype=torch.bool) for n in K.f_vector])[0],
    "split": lambda: SimplicialComplex.disjoint_union([K, K]).split()[1],
    "reoriented twice": lambda: K.reorient({1: -K.orientation(1)}).reorient({1: -K.orientation(1)}),
    "stored": lambda: SimplicialData.from_complex(K).complex,
    "batched": lambda: Batch.from_data_list([SimplicialData.from_complex(K)] * 2)[1].complex,
    "renamed": lambda: relabel(K, torch.arange(8)).complex,
}


@over("name", CARRIED)
def test_the_order_of_simplices_is_kept(name):
    carried = CARRIED[name]()
    assert carried == K
    assert carried.validate().directed


@over("seed", range(3))
def test_renamed_vertices_permute_the_boundary_matrices(seed):
    turned = K.reorient(random_orientation(K, seed))
    image, place = relabel(turned, torch.randperm(8, generator=torch.Generator().manual_seed(seed)))
    image.validate()
    for k in range(1, K.dim + 1):
        moved = boundary_matrix(image, k).to_dense()[place[k - 1]][:, place[k]]
        assert torch.equal(moved, boundary_matrix(turned, k).to_dense())


def test_a_directed_complex_is_another_than_an_undirected_one():
    edges = [(0, 1), (1, 2), (0, 2)]
    directed, plain = directed_flag_complex(edges), clique_complex(edges)
    assert torch.equal(directed.facets(2), plain.facets(2))
    assert directed != plain
    assert "directed" not in plain.state()
    with pytest.raises(ValueError, match="all directed or all undirected"):
        SimplicialComplex.disjoint_union([directed, plain])
    with pytest.raises(ValueError, match="distinct vertices"):
        SimplicialComplex(2, [torch.tensor([[1, 1]])], directed=True).validate()
    with pytest.raises(ValueError, match="strictly increasing"):
        SimplicialComplex(2, [torch.tensor([[0, 1]])]).validate()


def test_hollow_simplices_are_found_in_every_order():
    hollow = directed_flag_complex(digraph(7, 30, 3), max_dim=3).skeleton(1)
    filled = directed_flag_complex(digraph(7, 30, 3), max_dim=2)
    assert torch.equal(fillable_simplices(hollow, 2), filled.facets(2))
    assert len(fillable_simplices(filled, 2)) == 0


@over(
    "call, message",
    [
        (lambda: directed_flag_complex(nx.Graph([(0, 1)])), r"must be directed.*to_directed\(\)"),
        (
            lambda: directed_flag_complex(digraph(40, 900, 0), 5, max_simplices=2000),
            "max_simplices",
        ),
        (lambda: clique_complex(nx.DiGraph([(0, 1)])), "directed_flag_complex"),
        (lambda: clique_complex(nx.to_scipy_sparse_array(ORDERED)), "directed_flag_complex"),
        (lambda: directed_flag_complex(EDGES, num_vertices=3), "num_vertices"),
        (lambda: directed_flag_complex(EDGES, max_dim=-1), "max_dim"),
    ],
)
def test_refusals_say_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@over(
    "call",
    [
        lambda K: find_isomorphism(K, K),
        lambda K: to_gudhi(K),
        lambda K: negative_simplices(K, 1, 2),
        lambda K: split_simplices(K),
        lambda K: candidate_scores(K, torch.tensor([[0, 1]]), "jaccard"),
        lambda K: FaceSurvival.linear(5, max_dim=3).sample(K, 1),
        lambda K: LearnedLift(1, 4, neighbors=2)(torch.ones(8, 1), K),
    ],
)
def test_what_is_about_sets_of_vertices_refuses_tuples(call):
    with pytest.raises(ValueError, match="must be a complex whose simplices are sets of vertices"):
        call(K)


def test_skeletons_keep_their_directions():
    graph = to_networkx(K)
    assert graph.is_directed()
    assert list(graph.edges) == [tuple(edge) for edge in K.simplices(1).tolist()]
    assert directed_flag_complex(graph, 3) == K
    assert directed_flag_complex(to_edge_index(K), 3, num_vertices=8) == K
    assert directed_flag_complex(to_scipy(K), 3) == K
