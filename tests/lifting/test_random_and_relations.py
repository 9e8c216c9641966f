"""Random complexes: seeds, extremes, distribution. Dowker complexes: definition and duality."""

import itertools
import math

import numpy as np
import pytest
import scipy.sparse
import torch

from simplex.interop import to_gudhi
from simplex.lifting import dowker_complex, linial_meshulam_complex, random_clique_complex
from tests.cases import over


def generator(seed):
    return torch.Generator().manual_seed(seed)


@over("size", [1, 2, 3, 4])
def test_with_certainty_all_subsets_come_once(size):
    K = linial_meshulam_complex(9, 1.0, size)
    for k in (size - 1, size):  # the skeleton, and the random simplices
        rows = [tuple(row) for row in K.simplices(k).tolist()]
        assert rows == list(itertools.combinations(range(9), k + 1))


@over("make", [random_clique_complex, linial_meshulam_complex])
def test_seeds_reproduce_and_differ(make):
    one, two, other = (make(30, 0.3, 3, generator=generator(seed)) for seed in (5, 5, 6))
    assert one.validate() == two
    assert one != other


def test_extremes():
    assert random_clique_complex(6, 0.0).f_vector == (6,)
    assert random_clique_complex(6, 1.0, 5).f_vector == (6, 15, 20, 15, 6, 1)
    assert linial_meshulam_complex(6, 1.0, 3).f_vector == (6, 15, 20, 15)
    assert linial_meshulam_complex(6, 0.0, 1).f_vector == (6,)
    assert random_clique_complex(0, 0.5).f_vector == ()
    assert linial_meshulam_complex(2, 0.5, 3).f_vector == (2, 1)


@over("size", [2, 3])
@over("probability", [0.02, 0.5, 0.97])
def test_every_subset_has_its_probability(size, probability):
    """Counts over 150 draws, each subset within 5 standard deviations (seeds 0 … 149)."""
    total = torch.zeros(math.comb(8, size))
    rank = {row: i for i, row in enumerate(itertools.combinations(range(8), size))}
    for seed in range(150):
        K = linial_meshulam_complex(8, probability, size - 1, generator=generator(seed))
        for row in K.simplices(size - 1).tolist():
            total[rank[tuple(row)]] += 1
    deviation = math.sqrt(150 * probability * (1 - probability))
    assert (total - 150 * probability).abs().max() < 5 * deviation


def test_vertices_of_large_ranks_are_exact():
    """With n = 10⁷ the last pairs are found by a square root of 4 · 10¹⁴."""
    K = random_clique_complex(10**7, 1e-11, 1, generator=generator(0)).validate()
    expected = math.comb(10**7, 2) * 1e-11
    assert abs(K.num_simplices(1) - expected) < 5 * math.sqrt(expected)


@over(
    "call",
    [
        lambda: random_clique_complex(10**6, 1.0),
        lambda: random_clique_complex(10**6, 0.5),
        lambda: linial_meshulam_complex(10**6, 0.0, 2),
        lambda: linial_meshulam_complex(60, 0.0, 20),
        lambda: dowker_complex(np.ones((2000, 2000)), 3),
        lambda: dowker_complex(np.ones((500, 2)), 10**9),
        lambda: dowker_complex(scipy.sparse.coo_array(([1], ([0], [0])), shape=(10**12, 10**9))),
    ],
)
def test_what_would_not_fit_is_refused_before_the_work(call):
    with pytest.raises(ValueError, match="half of the free memory"):
        call()


def test_large_sparse_graphs_cost_their_edges():
    K = random_clique_complex(200_000, 1e-5, 2, generator=generator(0))
    expected = math.comb(200_000, 2) * 1e-5
    assert abs(K.num_simplices(1) - expected) < 5 * math.sqrt(expected)


@over(
    "call, message",
    [
        (lambda: random_clique_complex(5, 1.5), r"\[0, 1\], got 1.5"),
        (lambda: random_clique_complex(5, math.nan), r"\[0, 1\], got nan"),
        (lambda: random_clique_complex(-1, 0.5), "num_vertices must be non-negative, got -1"),
        (lambda: linial_meshulam_complex(5, 0.5, 0), "at least 1, got 0"),
        (lambda: linial_meshulam_complex(2_000_000, 0.5, 2), "half of the free memory"),
    ],
)
def test_bad_parameters_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def brute_force_dowker(relation, max_dim):
    rows, columns = relation.shape
    found = {(v,) for v in range(rows)}
    for c in range(columns):
        related = np.flatnonzero(relation[:, c]).tolist()
        for size in range(1, max_dim + 2):
            found |= set(itertools.combinations(related, size))
    return found


@over("seed", range(5))
def test_dowker_by_definition(seed):
    relation = np.random.default_rng(seed).random((9, 7)) < 0.35
    rows = torch.from_numpy(relation)
    for given in (
        relation, rows, scipy.sparse.csr_array(relation), relation.tolist(), [*rows],
        relation.astype(">f4")[::-1][::-1], rows.double().to_sparse(), rows.to(torch.uint8),
    ):  # fmt: skip
        K = dowker_complex(given, max_dim=3).validate()
        found = {tuple(row) for k in range(4) for row in K.simplices(k).tolist()}
        assert found == brute_force_dowker(relation, 3)


@over("seed", range(5))
def test_dowker_duality(seed):
    """The complexes of a relation and of its transpose have the same Betti numbers (GUDHI)."""
    relation = np.random.default_rng(seed).random((7, 7)) < 0.3
    relation = relation[relation.any(1)][:, relation[relation.any(1)].any(0)]

    def betti(matrix):
        tree = to_gudhi(dowker_complex(matrix, max_dim=7))
        tree.compute_persistence(persistence_dim_max=True)
        numbers = tree.betti_numbers()
        return numbers + [0] * (8 - len(numbers))

    assert betti(relation) == betti(relation.T)


@over(
    "relation, message",
    [(torch.ones(3), r"shape \(n, m\)"), (torch.full((2, 2), math.nan), "NaN")],
)
def test_bad_relations_are_named(relation, message):
    with pytest.raises(ValueError, match=message):
        dowker_complex(relation)


def test_sparse_relations_sum_duplicates_and_refuse_nan():
    ends = [0, 0, 1], [0, 0, 0]
    cancelled = scipy.sparse.coo_array(([1, -1, 1], ends), shape=(2, 1))
    assert dowker_complex(cancelled) == dowker_complex(cancelled.toarray())
    doubled = scipy.sparse.coo_array(([1, 1, 1], ends), shape=(2, 1))
    assert dowker_complex(doubled).f_vector == (2, 1)
    for nan in (scipy.sparse.csr_array(np.array([[math.nan]])), np.array([[math.nan]])):
        with pytest.raises(ValueError, match="NaN"):
            dowker_complex(nan)


def test_sets_are_no_relation():
    for sets in ([[0, 1, 2], [2, 3]], [["a"], ["b"]]):
        with pytest.raises(TypeError, match="from_simplices"):
            dowker_complex(sets)


def test_columns_may_be_many():
    relation = scipy.sparse.coo_array(([1, 1], ([0, 2], [2**60, 2**60])), shape=(3, 2**62))
    assert dowker_complex(relation).simplices(1).tolist() == [[0, 2]]


def test_empty_relations():
    assert dowker_complex(torch.zeros(3, 0)).f_vector == (3,)
    assert dowker_complex(torch.zeros(0, 3)).f_vector == ()
