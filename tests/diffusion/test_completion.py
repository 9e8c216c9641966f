"""Complexes completed, kept from some simplices, and steered: against laws by enumeration."""

import itertools
import math

import pytest
import torch

from simplex import SimplicialComplex
from simplex.complexes import restrict
from simplex.diffusion import FaceSurvival, Trajectory, guided, sample_complexes
from simplex.operators import betti_numbers
from tests.cases import over
from tests.diffusion.on_three import KEYS, LAW, exact, frequencies, key, near
from tests.tables import COMPLEXES


GIVEN = [[], [(0, 1)], [(0, 1), (1, 2)], [(0, 1, 2)]]


@over("simplices", GIVEN)
def test_completions_follow_the_law_given_what_is_there(simplices):
    process, count = FaceSurvival.linear(24, 2), 1200
    given = SimplicialComplex.from_simplices(simplices, num_vertices=3)
    expected = LAW * torch.tensor([set(key(given)) <= set(other) for other in KEYS])
    got = sample_complexes(
        exact(process, LAW), process, [3] * count,
        given=SimplicialComplex.disjoint_union([given] * count),
        generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    near(frequencies(got), expected / expected.sum(), count, slack=0.02)


def coin(state, candidates, t):
    """A denoiser that says 0.6, whatever it is asked about."""
    return torch.full((len(candidates.simplices),), math.log(1.5), dtype=torch.float64)


@over("name", ["house", "torus", "4-simplex", "bow tie"])
def test_what_is_given_is_in_every_state_and_what_is_forbidden_in_none(name):
    K = COMPLEXES[name]
    process, generator = FaceSurvival.linear(8, 3), torch.Generator().manual_seed(1)
    keep = [torch.rand(n, generator=generator) < 0.3 for n in K.f_vector]
    keep[0][:] = True
    for k in range(1, K.dim + 1):
        keep[k] &= keep[k - 1][K.facets(k)].all(1)
    part = restrict(K, keep).complex
    given = SimplicialComplex.disjoint_union([part] * 3)
    n = K.num_simplices(0)
    outside = [e for e in itertools.combinations(range(n), 2) if int(part.index([e])[0]) < 0]
    forbidden = [(u + n, v + n) for u, v in outside[::3]]  # in the second part
    forbidden += [(0, 1, 2)] if part.dim < 2 or int(part.index([(0, 1, 2)])[0]) < 0 else []
    path = Trajectory()
    got = sample_complexes(
        coin, process, [n] * 3, given=given, forbidden=forbidden, callback=path, generator=generator
    )
    assert len(path) == 9
    assert path.states[-1].x == got
    for state in path.states:
        state.x.validate()
        for k in range(1, given.dim + 1):
            assert bool((state.x.index(given.simplices(k)) >= 0).all())
        for simplex in forbidden:
            if len(simplex) <= state.x.dim + 1:
                assert int(state.x.index([simplex])[0]) < 0
    first, second = (part.num_simplices(1) for part in got.split()[::2][:2])
    assert got.split()[1].num_simplices(1) < max(first, second)


def test_without_conditions_seeds_give_what_they_gave():
    process = FaceSurvival.linear(6, 2)
    bare = SimplicialComplex.from_simplices([], num_vertices=9).with_parts([0, 4, 9])
    runs = [
        sample_complexes(coin, process, [4, 5], generator=torch.Generator().manual_seed(3), **named)
        for named in ({}, {"given": bare}, {"forbidden": []}, {"times": 6})
    ]
    assert runs[0].f_vector == (9, 13, 5)  # as before there were conditions
    assert all(run == runs[0] for run in runs)


def test_moves_that_a_guide_weighs():
    """Importance by particles: independent edges given their number, by enumeration."""
    process, count = FaceSurvival.linear(6, 1), 400

    def guide(K, t):
        edges = torch.bincount(K.part(1), minlength=K.num_parts)
        exact = torch.where(edges == 2, 0.0, -torch.inf)
        return torch.where(t == 0, exact, torch.where(edges > 2, -4.0, 0.0))

    got = sample_complexes(
        coin, process, [3] * count, guide=guide, num_particles=24,
        generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    assert got.num_parts == count
    expected = torch.tensor([len(other) == 2 for other in KEYS]) / 3
    near(frequencies(got), expected.double(), count)


def test_a_guide_of_strength_s_tilts_the_law():
    process, count, s = FaceSurvival.linear(4, 1), 600, 0.7

    def guide(K, t):
        return torch.bincount(K.part(1), minlength=K.num_parts).double()

    got = sample_complexes(
        coin, process, [3] * count, guide=guide, guide_scale=s, num_particles=32,
        generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    q = 1 - 0.85 * 0.8 * 0.7 * 0.4  # of an edge without the guide: it returns in one of four steps
    odds = q / (1 - q) * math.exp(s)
    p = odds / (1 + odds)
    edges = torch.bincount(got.part(1), minlength=count).double()
    expected = torch.tensor([math.comb(3, n) * p**n * (1 - p) ** (3 - n) for n in range(4)])
    near(torch.bincount(edges.long(), minlength=4).double() / count, expected.double(), count, 0.02)


def test_betti_numbers_are_met_with_conditions_kept():
    process = FaceSurvival.linear(3, 2)

    def one_hole(K, t):
        if int(t[0]):
            return torch.zeros(K.num_parts)
        return torch.tensor(
            [0.0 if tuple(betti_numbers(part))[:2] == (1, 1) else -math.inf for part in K.split()]
        )

    given = SimplicialComplex.from_simplices(
        [(5 * i, 5 * i + 1, 5 * i + 2) for i in range(3)], num_vertices=15
    ).with_parts([0, 5, 10, 15])
    got = sample_complexes(
        coin, process, [5] * 3, given=given, forbidden=[(5, 9), (10, 14)], guide=one_hole,
        num_particles=12, generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    for part in got.split():
        assert tuple(betti_numbers(part))[:2] == (1, 1)
        assert int(part.index([(0, 1, 2)])[0]) >= 0
    assert (got.index([(5, 9), (10, 14)]) < 0).all()


def test_two_scorers_make_a_guided_one():
    process = FaceSurvival.linear(4, 2)

    def certain(state, candidates, t):
        return torch.full((len(candidates.simplices),), 40.0)

    def never(state, candidates, t):
        return torch.full((len(candidates.simplices),), -40.0)

    assert sample_complexes(guided(certain, never, 2.0), process, [3]).f_vector == (3, 3, 1)
    assert sample_complexes(guided(never, certain, 2.0), process, [3]).f_vector == (3,)


TRIANGLE = COMPLEXES["filled triangle"]


@over(
    "named, error, message",
    [
        ({"given": TRIANGLE}, ValueError, r"must have the parts and vertices .* \[4\], got \[3\]"),
        ({"given": [(0, 1)]}, TypeError, "given must be a SimplicialComplex|got list"),
        (
            {"given": SimplicialComplex.from_simplices([(0, 1, 2, 3)])},
            ValueError,
            "dimension at most 2",
        ),
        ({"forbidden": [(0,)]}, ValueError, "at least two vertices"),
        ({"forbidden": [(0, 4)]}, ValueError, r"vertices in 0…3, got \(0, 4\)"),
        ({"forbidden": [("a", "b")]}, TypeError, "tuples of vertices in 0…3"),
        ({"forbidden": 3}, TypeError, "forbidden must be a list of tuples"),
        ({"guide": 3}, TypeError, "guide must be a function"),
        ({"guide": lambda K, t: torch.zeros(1)}, ValueError, "for each part"),
        ({"guide": lambda K, t: t / 0 * 0.0}, ValueError, "a number or -∞"),
        ({"guide": lambda K, t: t - torch.inf}, ValueError, "some chain possible .* Raise num_p"),
        ({"guide": coin, "num_particles": 0}, ValueError, "num_particles must be"),
        ({"callback": lambda state: state.x}, ValueError, "the callback must return None"),
        ({"times": 9}, ValueError, "the number of steps must be"),
    ],
)
def test_conditions_that_cannot_be_met_are_refused(named, error, message):
    with pytest.raises(error, match=message):
        sample_complexes(coin, FaceSurvival.linear(3, 2), [4], **named)


def test_what_is_given_is_not_forbidden():
    given = SimplicialComplex.from_simplices([(0, 1, 2)], num_vertices=4)
    for simplex in ((1, 0), torch.tensor([0, 1, 2])):
        with pytest.raises(ValueError, match="forbidden must not be given as well"):
            sample_complexes(coin, FaceSurvival.linear(3, 2), [4], given=given, forbidden=[simplex])
