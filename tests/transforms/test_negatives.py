"""Negatives: never a simplex, all of their kind equally likely, refused where there are fewer."""

import itertools
from collections import Counter

import pytest
import torch

from simplex import SimplicialComplex
from simplex.lifting import random_clique_complex
from simplex.transforms import negative_simplices
from tests.cases import over
from tests.tables import COMPLEXES


KINDS = ("open", "uniform", "one-swapped")


def by_hand(K, k, kind):
    """All negatives of a kind, part by part, from the definition."""
    part = K.part(0).tolist()
    have = {tuple(row) for row in K.simplices(k).tolist()}
    below = {tuple(row) for row in K.simplices(k - 1).tolist()}
    used = {facet for simplex in have for facet in itertools.combinations(simplex, k)}
    sets = [
        s
        for s in itertools.combinations(range(K.num_simplices(0)), k + 1)
        if s not in have and len({part[v] for v in s}) == 1
    ]
    facets = {s: list(itertools.combinations(s, k)) for s in sets}
    return {
        "uniform": sets,
        "open": [s for s in sets if all(f in below for f in facets[s])],
        "one-swapped": [s for s in sets if any(f in used for f in facets[s])],
    }[kind]


@pytest.fixture(params=["listed", "drawn"])
def way(request, monkeypatch):
    """Exchanges are listed where they are few, and drawn else; here both on small complexes."""
    if request.param == "drawn":
        monkeypatch.setattr("simplex.transforms._negatives._LISTED", -1)
        monkeypatch.setattr("simplex.transforms._negatives._ROUNDS", 400)
    return request.param


def sparse(seed):
    """A complex with triangles that are filled, and others that are open."""
    K = random_clique_complex(12, 0.6, generator=torch.Generator().manual_seed(seed))
    return SimplicialComplex.from_simplices([K.simplices(1), K.simplices(2)[::3]])


@over("k", [1, 2, 3])
@over("name", COMPLEXES)
def test_asked_for_all_they_are_those_of_the_definition(way, name, k):
    K = COMPLEXES[name]
    if way == "drawn" and (k == 3 or name not in ("house", "union", "torus", "bow tie", "empty")):
        return
    part = K.part(0).tolist()
    for kind in KINDS:
        expected = by_hand(K, k, kind)
        counts = [sum(part[s[0]] == p for s in expected) for p in range(K.num_parts)]
        found = negative_simplices(K, k, counts, kind=kind)
        assert [tuple(row) for row in found.tolist()] == expected, kind
        assert found.shape == (len(expected), k + 1)
        assert found.dtype == torch.int64


@over("kind", KINDS)
@over("k", [1, 2])
def test_fewer_are_different_ones_of_them_and_never_what_is_forbidden(kind, k):
    K = SimplicialComplex.disjoint_union([sparse(0), sparse(1)])
    every = by_hand(K, k, kind)
    also = torch.tensor(every[::3]).flip(1)
    allowed = set(every) - set(every[::3])
    part = K.part(0)
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        found = negative_simplices(K, k, [4, 2], kind=kind, also=also, generator=generator)
        rows = [tuple(row) for row in found.tolist()]
        assert len(set(rows)) == 6
        assert set(rows) <= allowed
        assert torch.bincount(part[found[:, 0]], minlength=2).tolist() == [4, 2]
        generator.manual_seed(seed)
        again = negative_simplices(K, k, [4, 2], kind=kind, also=also, generator=generator)
        assert torch.equal(found, again)


@over("kind, k", [("uniform", 1), ("uniform", 2), ("one-swapped", 1), ("one-swapped", 2)])
def test_all_are_equally_likely(way, kind, k):
    house, copies, count = COMPLEXES["house"], 1000, 2
    every = by_hand(house, k, kind)
    K = SimplicialComplex.disjoint_union([house] * copies)
    generator = torch.Generator().manual_seed(1)
    found = negative_simplices(K, k, count, kind=kind, generator=generator) % 5
    counter = Counter(tuple(row) for row in found.tolist())
    share = count / len(every)
    deviation = (copies * share * (1 - share)) ** 0.5  # of each count, a binomial
    assert all(abs(counter[s] - copies * share) < 4 * deviation for s in every), counter


def test_sets_are_numbered_up_to_the_largest_vertex_counts():
    K = SimplicialComplex.from_simplices([(0, 1, 2)], num_vertices=2_000_000)
    found = negative_simplices(K, 2, 1000, kind="uniform")
    assert found.shape == (1000, 3)
    assert bool((found[:, 1:] > found[:, :-1]).all())
    assert abs(float(found.double().mean()) - 1e6) < 1e5  # spread over all vertices
    with pytest.raises(ValueError, match="fewer than 2⁶² sets of 4 vertices"):
        negative_simplices(K, 3, 1, kind="uniform")


@over("kind, k, remedy", [
    ("open", 2, "a clique complex has no open ones at all"),
    ("one-swapped", 2, "or for another kind"),
    ("uniform", 1, "or for another kind"),
])  # fmt: skip
def test_more_than_there_are_is_refused(kind, k, remedy):
    K = COMPLEXES["union"]
    counts = [len(by_hand(part, k, kind)) for part in K.split()]
    with pytest.raises(ValueError, match=f"count must be at most .* in part 2, got 9.*{remedy}"):
        negative_simplices(K, k, [*counts[:2], 9], kind=kind)


@over("arguments, message", [
    ({"K": 3}, "K must be a SimplicialComplex"),
    ({"k": 0}, "k must be"),
    ({"count": -1}, "count must be non-negative"),
    ({"count": [1, 2]}, "one for each of the 1 parts"),
    ({"count": 1.5}, "count must be an integer"),
    ({"kind": "hard"}, "kind must be one of"),
    ({"also": [[0, 1, 2]]}, r"also must be of shape \(m, 2\)"),
    ({"also": [[0, 9]]}, "vertices of the complex"),
    ({"generator": 3}, "must be a torch.Generator"),
])  # fmt: skip
def test_what_is_refused(arguments, message):
    right = {"K": COMPLEXES["house"], "k": 1, "count": 1}
    with pytest.raises((ValueError, TypeError), match=message):
        negative_simplices(**right | arguments)
