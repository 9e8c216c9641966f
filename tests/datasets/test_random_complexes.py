"""Random complexes: what they promise, by networkx and by counting."""

import networkx as nx
import pytest
import torch

from simplex.datasets import community_complexes, delaunay_complexes
from simplex.lifting import clique_complex
from simplex.operators import betti_numbers
from tests.cases import over


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def skeleton(K):
    graph = nx.Graph()
    graph.add_nodes_from(range(K.num_simplices(0)))
    graph.add_edges_from(K.simplices(1).tolist())
    return graph


@over("max_dim", [1, 2, 3])
@over("seed", [0, 1])
def test_communities_are_clique_complexes_of_even_size(seed, max_dim):
    complexes = community_complexes(30, (5, 9), max_dim=max_dim, generator=seeded(seed))
    assert len(complexes) == 30
    assert {K.num_simplices(0) for K in complexes} == {4, 6, 8}
    for K in complexes:
        K.validate()
        assert clique_complex(skeleton(K), max_dim) == K.with_vertex_labels(
            tuple(range(K.num_simplices(0)))
        )


@over("seed", [0, 1, 2])
def test_communities_have_the_densities_asked_for(seed):
    """With all pairs inside joined, the bridges are what is left; both have binomial counts."""
    dense = community_complexes(400, (16, 16), within=1.0, bridges=0.5, generator=seeded(seed))
    bridges = torch.tensor([K.num_simplices(1) for K in dense]).double() - 2 * 28
    assert bridges.min() >= 1
    assert abs(bridges.mean() - 8) < 4 * (8 * 7 / 8 / 400) ** 0.5
    halves = community_complexes(400, (16, 16), within=0.25, bridges=0.0, generator=seeded(seed))
    edges = torch.tensor([K.num_simplices(1) for K in halves]).double()
    assert abs(edges.mean() - 1 - 56 / 4) < 4 * (56 * 3 / 16 / 400) ** 0.5


def test_one_bridge_is_there_where_none_is_drawn():
    for K in community_complexes(20, (8, 8), within=1.0, bridges=0.0, generator=seeded(0)):
        assert nx.is_connected(skeleton(K))
        assert len(list(nx.bridges(skeleton(K)))) == 1


def test_numbers_of_vertices_do_not_tell_the_community():
    """0 and 1 lie in one community with probability 7/15."""
    complexes = community_complexes(600, (16, 16), within=1.0, bridges=0, generator=seeded(0))
    together = torch.stack([K.index([(0, 1)]) >= 0 for K in complexes]).double().mean()
    assert abs(together - 7 / 15) < 0.09


@over("seed", [0, 1])
def test_delaunay_complexes_are_triangulated_discs(seed):
    complexes = delaunay_complexes(25, (3, 20), generator=seeded(seed))
    sizes = {K.num_simplices(0) for K in complexes}
    assert min(sizes) >= 3
    assert max(sizes) <= 20
    assert len(sizes) > 8
    for K in complexes:
        K.validate()
        n, m, f = K.f_vector
        cofaces = K.cofacets(1)[0].diff()
        outer = int((cofaces == 1).sum())
        assert cofaces.max() <= 2
        assert (m, f) == (3 * n - 3 - outer, 2 * n - 2 - outer)
        assert betti_numbers(K) == (1, 0, 0)
        assert nx.check_planarity(skeleton(K))[0]


def test_some_delaunay_complexes_are_no_clique_complexes():
    complexes = delaunay_complexes(25, (20, 30), generator=seeded(0))
    assert any(clique_complex(skeleton(K)).f_vector != K.f_vector for K in complexes)


@over("draw", [community_complexes, delaunay_complexes])
def test_the_seed_decides(draw):
    first, again, other = (draw(4, generator=seeded(seed)) for seed in (3, 3, 4))
    assert first == again
    assert first != other
    assert draw(0) == []


def test_sizes_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match=r"at least 2 upwards, got 1 … 3"):
        community_complexes(2, (1, 3))
    with pytest.raises(ValueError, match=r"at least 3 upwards, got 9 … 8"):
        delaunay_complexes(2, (9, 8))
    with pytest.raises(ValueError, match=r"within must be a finite number in \[0, 1\], got 1.5"):
        community_complexes(2, within=1.5)
    with pytest.raises(ValueError, match=r"bridges .* must be .* in \[0, 1\], got 1.5"):
        community_complexes(2, (4, 4), bridges=1.5)
