"""Diagrams: GUDHI's, part by part; births and deaths with gradients; ties, ends, refusals."""

import math

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.lifting import alpha_complex, directed_flag_complex, vietoris_rips_complex
from simplex.operators import betti_numbers
from simplex.persistence import lower_star, persistence
from tests.cases import over
from tests.persistence.cases import gudhi_intervals, random_filtration, sorted_rows


PROJECTIVE_PLANE = [
    (0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5), (0, 1, 5),
    (1, 2, 4), (2, 3, 5), (1, 3, 4), (2, 4, 5), (1, 3, 5),
]  # fmt: skip
CIRCLE = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2)])


@over("prime, digits", [(2, None), (11, 0), (2**31 - 1, 1)])
def test_the_diagrams_of_a_union_are_those_of_gudhi(prime, digits):
    parts = [random_filtration(seed, digits=digits) for seed in range(60)]
    D = persistence(SimplicialComplex.disjoint_union(parts), prime=prime)
    assert D.num_parts == len(parts)
    for p, K in enumerate(parts):
        expected = gudhi_intervals(K, prime if prime < 2**15 else 11)
        for k in range(K.dim + 1):
            found = sorted_rows(D.of_part(p).of(k).pairs)
            np.testing.assert_array_equal(found, expected[k])


@pytest.mark.slow
@over("seed", range(40))
def test_larger_complexes_have_the_diagrams_of_gudhi(seed):
    cloud = torch.rand(40 + 5 * seed, 2 + seed % 2, dtype=torch.float64)
    alpha = alpha_complex(cloud)
    lifts = [
        vietoris_rips_complex(cloud[:40], 0.6, max_dim=3),
        alpha,
        lower_star(alpha, torch.rand(len(cloud), dtype=torch.float64).round(decimals=seed % 4)),
        lower_star(alpha, torch.rand(alpha.num_simplices(1), dtype=torch.float64), 1),
    ]
    for K in lifts:
        D, expected = persistence(K, prime=3), gudhi_intervals(K, 3)
        for k in range(K.dim + 1):
            np.testing.assert_array_equal(sorted_rows(D.of(k).pairs), expected[k])


def test_the_diagrams_of_ripser():
    ripser = pytest.importorskip("ripser").ripser
    points = torch.randn(25, 3)
    D = persistence(vietoris_rips_complex(points, max_dim=3), max_dim=2)
    for k, expected in enumerate(ripser(points.numpy(), maxdim=2)["dgms"]):
        np.testing.assert_allclose(sorted_rows(D.of(k).pairs), sorted_rows(expected), atol=1e-5)


def test_a_union_has_the_rows_of_its_parts():
    parts = [random_filtration(seed) for seed in range(5)]
    D = persistence(SimplicialComplex.disjoint_union(parts), min_persistence=-1)
    alone = [persistence(K, min_persistence=-1) for K in parts]
    for name in ("dims", "birth", "death"):
        assert torch.equal(getattr(D, name), torch.cat([getattr(each, name) for each in alone]))
    assert D.part.tolist() == [p for p, each in enumerate(alone) for _ in range(len(each))]


@over("seed", range(8))
def test_every_simplex_is_one_end_of_one_class(seed):
    K = random_filtration(seed, digits=1)
    D = persistence(K, min_persistence=-1)
    for k in range(K.dim + 1):
        born, ended = D.of(k).birth_simplex, D.of(k - 1).death_simplex if k else torch.empty(0)
        ids = torch.cat([born, ended[ended >= 0].long()])
        assert ids.sort().values.tolist() == list(range(K.num_simplices(k)))
        assert torch.equal(D.of(k).birth, K.filtration[k][born])
    essential = [len(D.of(k).essential()) for k in range(K.dim + 1)]
    assert tuple(essential) == betti_numbers(K)
    assert all((D.of(k).birth.diff() >= 0).all() for k in range(K.dim + 1))


def test_torsion_is_seen_by_its_prime():
    K = SimplicialComplex.from_simplices(PROJECTIVE_PLANE)
    K = K.with_filtration([torch.full((n,), float(k)) for k, n in enumerate(K.f_vector)])
    counts = {p: [len(persistence(K, prime=p).of(k).essential()) for k in range(3)] for p in (2, 3)}
    assert counts == {2: [1, 1, 1], 3: [1, 0, 0]}


def test_equal_values_enter_by_dimension_and_then_by_id():
    K = CIRCLE.with_filtration([[0, 0, 0], [1, 1, 1]])  # integers: float64
    D = persistence(K)
    assert D.birth.dtype == torch.float64
    assert D.birth_simplex.tolist() == [0, 1, 2, 2]
    assert D.death_simplex.tolist() == [-1, 0, 1, -1]


def test_degrees_and_lengths_that_are_left_out():
    K = random_filtration(5)
    D = persistence(K)
    assert (D.lifetime > 0).all()
    some = persistence(K, max_dim=0, min_persistence=0.4)
    kept = D[(D.dims == 0) & (D.lifetime > 0.4)]
    assert torch.equal(some.pairs, kept.pairs)


def test_simplices_at_infinity_never_enter():
    K = CIRCLE.with_filtration([[0.0, 0.0, math.inf], [1.0, math.inf, math.inf]])
    D = persistence(K, min_persistence=-1)
    assert D.pairs.tolist() == [[0.0, math.inf], [0.0, 1.0]]
    assert D.death_simplex.tolist() == [-1, 0]


def test_a_directed_complex_is_filtered_too():
    K = directed_flag_complex(torch.tensor([[0, 1, 1, 2], [1, 0, 2, 0]]), max_dim=2)
    K = K.with_filtration([torch.full((n,), float(k)) for k, n in enumerate(K.f_vector)])
    essential = [len(persistence(K).of(k).essential()) for k in range(K.dim + 1)]
    assert tuple(essential) == betti_numbers(K)


@over("lift", [lambda x: vietoris_rips_complex(x, max_dim=2), alpha_complex])
def test_gradients_are_those_of_finite_differences(lift):
    points = torch.randn(7, 2, dtype=torch.float64, requires_grad=True)

    def lengths(x):
        D = persistence(lift(x), max_dim=1).finite()
        return torch.stack([D.of(k).lifetime.pow(2).sum() for k in (0, 1)])

    assert torch.autograd.gradcheck(lengths, points, eps=1e-7, atol=1e-5, fast_mode=True)


def test_a_filtration_can_be_learned_itself():
    values = [torch.zeros(3), torch.tensor([1.0, 2.0, 3.0], requires_grad=True)]
    persistence(CIRCLE.with_filtration(values)).finite().lifetime.sum().backward()
    assert values[1].grad.tolist() == [1.0, 1.0, 0.0]


def test_an_empty_complex_has_an_empty_diagram():
    D = persistence(SimplicialComplex(0).with_filtration([]))
    assert (len(D), D.num_parts, D.pairs.shape) == (0, 1, (0, 2))


@over(
    "K, options, error, words",
    [
        (CIRCLE, {}, ValueError, "filtration, got none"),
        ("K", {}, TypeError, "K must be a SimplicialComplex"),
        (CIRCLE.with_filtration([[0.0] * 3, [0.0] * 3]), {"prime": 4}, ValueError, "prime"),
        (CIRCLE.with_filtration([[0.0] * 3, [0.0] * 3]), {"max_dim": -1}, ValueError, "max_dim"),
        (
            CIRCLE.with_filtration([torch.tensor([0, 0, 1]), torch.tensor([2**62 + 1] * 3)]),
            {},
            ValueError,
            "exact in float64",
        ),
        (CIRCLE.with_filtration([[2.0] * 3, [0.0] * 3], monotone=False), {}, ValueError, "facets"),
        (
            CIRCLE.with_filtration([[-torch.inf, 0, 0], [0.0] * 3]),
            {},
            ValueError,
            "above -infinity",
        ),
        (
            SimplicialComplex.disjoint_union([CIRCLE, random_filtration(3)]),
            {},
            ValueError,
            "NaN",
        ),
    ],
)
def test_what_is_refused(K, options, error, words):
    with pytest.raises(error, match=words):
        persistence(K, **options)
