"""Balls with a fanout: sums over cofaces, weighted, are unbiased; hubs take what others take."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.data import SimplicialData
from simplex.lifting import clique_complex
from simplex.loader import BallLoader
from simplex.operators import boundary_matrix
from tests.cases import over


COPIES = 4000  # of one graph: every copy has coins of its own
FAR = 4.5  # standard errors: of about a hundred means none is as far by chance


def random_graph(n=10, p=0.6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    pairs = torch.combinations(torch.arange(n)).T
    return pairs[:, torch.rand(pairs.shape[1], generator=generator) < p]


def copies(edges, n):
    shift = n * torch.arange(COPIES)
    return (edges[:, None] + shift[None, :, None]).flatten(1)


def near(estimates, expected):
    """Means over the copies, (COPIES, …), within some standard errors of what is expected."""
    deviation = estimates.mean(0) - expected
    error = estimates.std(0) / COPIES**0.5
    return bool((deviation.abs() <= FAR * error + 1e-9).all())


def at_vertices(K, x, k, signed):
    """(n_0, C) sums of a k-cochain over the simplices at each vertex, with ∂ for edges."""
    if k == 1:
        return boundary_matrix(K, 1, signed=signed).double() @ x
    corners = K.simplices(k).flatten()
    total = torch.zeros(K.num_simplices(0), x.shape[1], dtype=torch.float64)
    return total.index_add(0, corners, x.repeat_interleave(k + 1, dim=0))


@over("fanout, hops", [(2, 1), (3, 1), ([3, 2], 2), ([2, -1], 2)])
@pytest.mark.parametrize("signed", [False, True])
def test_sums_over_cofaces_of_the_seeds_are_unbiased(signed, fanout, hops):
    n, edges = 10, random_graph()
    K = clique_complex(edges, 3, num_vertices=n)
    seeds = n * torch.arange(COPIES)
    generator = torch.Generator().manual_seed(hops)
    (batch,) = BallLoader(copies(edges, n), seeds, hops, fanout, 3, COPIES, generator=generator)
    L = batch.complex
    for k in (1, 2, 3):
        x = torch.randn(K.num_simplices(k), 2, dtype=torch.float64)
        rows = K.index(batch.n_id[L.simplices(k)] % n)
        weighted = batch[f"weight_{k}"].double()[:, None] * x[rows]
        expected = at_vertices(K, x, k, signed)[0]
        assert near(at_vertices(L, weighted, k, signed)[batch.seed], expected), k
        assert not near(at_vertices(L, x[rows], k, signed)[batch.seed], expected), k


def test_two_sums_one_of_the_other_are_unbiased_at_the_seeds():
    """Neighbours of neighbours: weights of an edge, relative to the vertex that receives."""
    n, edges = 10, random_graph(p=0.5, seed=3)
    x = torch.randn(n, 1, dtype=torch.float64)
    A = clique_complex(edges, 1, num_vertices=n)
    adjacency = torch.zeros(n, n, dtype=torch.float64)
    adjacency[edges[0], edges[1]] = adjacency[edges[1], edges[0]] = 1
    expected = (adjacency @ (adjacency @ x))[0]
    assert A.num_simplices(1) == edges.shape[1]
    (batch,) = BallLoader(
        copies(edges, n), n * torch.arange(COPIES), 2, [3, 2], 1, COPIES,
        generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    tail, head = batch.complex.simplices(1).T
    weight, of_edge = batch.weight.double()[:, None], batch.weight_1.double()[:, None]

    def passed(h):
        total = torch.zeros_like(h).index_add(0, tail, of_edge * h[head])
        return total.index_add(0, head, of_edge * h[tail]) / weight

    assert near(passed(passed(x[batch.n_id % n]))[batch.seed], expected)


def test_sums_at_what_is_there_within_one_hop_are_unbiased():
    n, edges = 10, random_graph(seed=5)
    K = clique_complex(edges, 2, num_vertices=n)
    degree = torch.zeros(n).index_add(
        0, K.simplices(1).flatten(), torch.ones(2 * len(K.simplices(1)))
    )
    (batch,) = BallLoader(
        copies(edges, n), n * torch.arange(COPIES), 2, [3, 3], 2, COPIES,
        generator=torch.Generator().manual_seed(1),
    )  # fmt: skip
    L = batch.complex
    sums = torch.zeros(L.num_simplices(0)).index_add(
        0, L.simplices(1).flatten(), batch.weight_1.repeat_interleave(2)
    )
    for vertex in K.simplices(1)[(K.simplices(1) == 0).any(1)].sum(1).tolist():  # neighbours of 0
        there = batch.n_id % n == vertex
        found = (sums / batch.weight)[there]
        error = found.std() / len(found) ** 0.5
        assert abs(found.mean() - degree[vertex]) <= FAR * error, vertex


def test_a_hub_takes_as_many_as_its_fanout_on_average():
    n = 20_000
    star = torch.stack([torch.zeros(n, dtype=torch.int64), torch.arange(1, n + 1)])
    generator = torch.Generator().manual_seed(0)
    loader = BallLoader(star, [0] * 64, 1, 50, 1, generator=generator)
    sizes = torch.tensor([batch.num_nodes - 1.0 for batch in loader])
    assert abs(sizes.mean() - 50) < FAR * (50 / 64) ** 0.5
    assert loader.dataset.batch(torch.tensor([0]), 1).weight.unique().tolist() == [1.0, 400.0]


def test_what_was_left_out_stays_out_and_what_is_there_is_induced():
    n, edges = 40, random_graph(40, 0.3, 2)
    data = SimplicialData.from_complex(clique_complex(edges, 2, num_vertices=n))
    loader = BallLoader(data, None, 3, [2, 2, 2], batch_size=2)
    for batch in loader:
        inside = torch.isin(data.complex.simplices(2), batch.n_id).all(1)
        assert batch.complex.num_simplices(2) == int(inside.sum())
        assert bool((batch.weight[batch.seed] == 1).all())


def test_a_fanout_beyond_all_degrees_takes_all():
    edges = random_graph(30, 0.2)
    exact = BallLoader(edges, None, 2, batch_size=3)
    wide = BallLoader(edges, None, 2, 1000, batch_size=3)
    for one, other in zip(exact, wide, strict=True):
        assert one.complex == other.complex
        assert "weight" not in one
        assert bool((other.weight_1 == 1).all())


def test_samples_are_drawn_anew_each_epoch_and_are_those_of_the_generator():
    def loader():
        generator = torch.Generator().manual_seed(7)
        return BallLoader(random_graph(30, 0.4), [0, 1], 2, 2, generator=generator)

    first, again = loader(), loader()
    epochs = [[batch.n_id.tolist() for batch in first] for _ in range(3)]
    assert epochs == [[batch.n_id.tolist() for batch in again] for _ in range(3)]
    assert epochs[0] != epochs[1]


def test_empty_ones():
    K = SimplicialComplex(3)
    (batch,) = BallLoader(K, [1], 2, 3)
    assert (batch.complex.f_vector, batch.seed.tolist()) == ((1,), [0])
    assert [*BallLoader(K, torch.empty(0, dtype=torch.int64), 1)] == []
