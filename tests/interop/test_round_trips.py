"""Foreign formats there and back."""

import gudhi
import networkx as nx
import numpy as np
import pytest
import scipy.sparse
import torch

from simplex import SimplicialComplex
from simplex.interop import (
    from_edge_index,
    from_gudhi,
    from_networkx,
    from_scipy,
    to_edge_index,
    to_gudhi,
    to_networkx,
    to_scipy,
)
from simplex.lifting import clique_complex, vietoris_rips_complex
from tests.cases import over
from tests.tables import COMPLEXES


ALL = over("name", COMPLEXES)


@ALL
def test_gudhi_there_and_back(name):
    K = COMPLEXES[name]
    values = [torch.full((n,), float(k)) for k, n in enumerate(K.f_vector)]
    back = from_gudhi(to_gudhi(K.with_filtration(values)))
    assert all(torch.equal(back.facets(k), K.facets(k)) for k in range(K.dim + 2))
    assert [value.tolist() for value in back.filtration] == [value.tolist() for value in values]
    assert to_gudhi(K).num_simplices() == sum(K.f_vector)


class OneByOne:
    """A tree that hands out its simplices, and nothing else."""

    def __init__(self, tree):
        self.num_vertices, self.get_simplices = tree.num_vertices, tree.get_simplices


@over("seed", range(6))
def test_a_tree_as_arrays_is_the_tree_one_by_one(seed):
    generator = np.random.default_rng(seed)
    tree = gudhi.SimplexTree()
    for _ in range(seed * 10):
        row = generator.choice(99, 1 + generator.integers(min(seed, 4)), replace=False)
        tree.insert(row, generator.choice([generator.random(), np.inf, -1.0]))
    K, L = from_gudhi(tree), from_gudhi(OneByOne(tree))
    assert K == L
    assert K.vertex_labels == L.vertex_labels
    assert sum(K.f_vector) == tree.num_simplices()
    if K.dim >= 0:
        assert [v.tolist() for v in K.filtration] == [v.tolist() for v in L.filtration]


def test_gudhi_with_gaps_keeps_its_numbers_as_labels():
    tree = gudhi.SimplexTree()
    tree.insert([2, 9, 5], filtration=1.5)
    K = from_gudhi(tree)
    assert K.f_vector == (3, 3, 1)
    assert K.vertex_labels == (2, 5, 9)
    assert K.filtration[2].tolist() == [1.5]


def intervals(tree):
    tree.compute_persistence(homology_coeff_field=2, min_persistence=0)
    pairs = [tree.persistence_intervals_in_dimension(k) for k in range(2)]
    return [pair[np.lexsort(pair.T)] for pair in pairs]


def test_rips_filtration_reaches_gudhi():
    points = torch.rand(25, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    tree = to_gudhi(vietoris_rips_complex(points, 0.6, 2))
    reference = gudhi.RipsComplex(points=points.numpy(), max_edge_length=0.6)
    reference = reference.create_simplex_tree(max_dimension=2)
    for dim, (pairs, expected) in enumerate(
        zip(intervals(tree), intervals(reference), strict=True)
    ):
        assert len(pairs) == len(expected) > 0, dim
        np.testing.assert_allclose(pairs, expected, rtol=1e-12)


def test_nan_filtration_is_refused():
    edge = COMPLEXES["edge"]
    union = SimplicialComplex.disjoint_union(
        [edge, edge.with_filtration([torch.zeros(2), torch.ones(1)])]
    )
    with pytest.raises(ValueError, match="NaN in dimension 0"):
        to_gudhi(union)


NAMED = {
    "strings": nx.les_miserables_graph(),
    "numbers": nx.karate_club_graph(),
    "tuples": nx.grid_2d_graph(3, 4),
    "shuffled numbers": nx.Graph([(3, 1), (1, 0), (0, 2)]),
    "mixed, isolated": nx.Graph([("a", 1), (1, (2, 3))]),
    "empty": nx.Graph(),
}
NAMED["mixed, isolated"].add_node(None.__class__)


@over("name", NAMED)
def test_networkx_labels_survive_the_round_trip(name):
    graph = NAMED[name]
    for lifted in (from_networkx(graph), clique_complex(graph, max_dim=3)):
        back = to_networkx(lifted)
        assert list(back.nodes) == list(graph.nodes)
        assert nx.utils.edges_equal(list(back.edges), list(graph.edges))


@ALL
def test_edge_lists_and_matrices_there_and_back(name):
    skeleton = COMPLEXES[name].skeleton(1)
    count = skeleton.num_simplices(0)
    for back in (
        from_edge_index(to_edge_index(skeleton), num_vertices=count),
        from_scipy(to_scipy(skeleton)),
        from_networkx(to_networkx(skeleton)),
    ):
        assert torch.equal(back.facets(1), skeleton.facets(1))
        assert back.f_vector == skeleton.f_vector


def test_sparse_operators_become_csr():
    dense = torch.tensor([[0.0, 2.0], [3.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    for matrix in (dense, dense.to_sparse(), dense.to_sparse_csr()):
        converted = to_scipy(matrix)
        assert isinstance(converted, scipy.sparse.csr_array)
        assert converted.dtype == np.float64
        assert np.array_equal(converted.toarray(), dense.numpy())


@over(
    "call, error, message",
    [
        (lambda: from_networkx([(0, 1)]), TypeError, "networkx graph, got list"),
        (lambda: from_networkx(nx.DiGraph()), ValueError, "undirected"),
        (lambda: from_gudhi(nx.Graph()), TypeError, "SimplexTree, got Graph"),
        (lambda: from_scipy(np.eye(2)), TypeError, "scipy sparse matrix, got ndarray"),
        (lambda: to_scipy(np.eye(2)), TypeError, "got ndarray"),
        (lambda: from_edge_index([[0.5], [1.0]]), TypeError, "integer"),
        (
            lambda: to_networkx(clique_complex([NAMED["strings"], NAMED["strings"]])),
            ValueError,
            "distinct to become nodes",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
