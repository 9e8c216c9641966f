"""Pairs to be told alike or different: balanced, of different items, and fair to who counts."""

import pytest
import torch

from simplex.datasets import homeomorphic_pairs
from tests.cases import over


LABELS = torch.tensor([0, 0, 0, 1, 1, 2, 0, 1, 1, 3, 4])
BLOCKS = torch.tensor([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@over("within", [None, BLOCKS, torch.stack([BLOCKS, -BLOCKS], 1)])
@over("count", [1, 2, 4001])
def test_half_are_alike_and_none_is_with_itself(within, count):
    pairs = homeomorphic_pairs(LABELS, count, within=within, generator=seeded())
    assert torch.equal(pairs.same, LABELS[pairs.first] == LABELS[pairs.second])
    assert int(pairs.same.sum()) == count // 2
    assert bool((pairs.first != pairs.second).all())
    if within is not None:
        assert torch.equal(BLOCKS[pairs.first], BLOCKS[pairs.second])


def drawn(pairs, same):
    """Of the pairs of a kind, how often each unordered one is drawn."""
    chosen = torch.stack([pairs.first, pairs.second], 1)[pairs.same == same].sort(1).values
    key, count = (chosen[:, 0] * 11 + chosen[:, 1]).unique(return_counts=True)
    return dict(zip(key.tolist(), count.tolist(), strict=True))


def alike(i, j):
    return i != j and bool(BLOCKS[i] == BLOCKS[j]) and bool(LABELS[i] == LABELS[j])


def unlike(i, j):
    return bool(BLOCKS[i] == BLOCKS[j]) and bool(LABELS[i] != LABELS[j])


FITS = {True: alike, False: unlike}


def test_all_that_can_be_drawn_are_and_evenly():
    pairs = homeomorphic_pairs(LABELS, 60_000, within=BLOCKS, generator=seeded())
    able = [i for i in range(11) if all(any(fit(i, j) for j in range(11)) for fit in FITS.values())]
    for same, fits in FITS.items():
        share = {}
        for i in able:
            partners = [j for j in range(11) if fits(i, j)]
            for j in partners:
                key = min(i, j) * 11 + max(i, j)
                share[key] = share.get(key, 0) + 1 / len(able) / len(partners)
        found = drawn(pairs, same)
        assert set(found) == set(share)
        for key, expected in share.items():
            assert abs(found[key] / 30_000 - expected) < 4 * (expected / 30_000) ** 0.5
    order = (pairs.first < pairs.second).double().mean()
    assert abs(float(order) - 0.5) < 0.02


def test_seeds_and_lists():
    first, again = (homeomorphic_pairs(LABELS.tolist(), 50, generator=seeded(1)) for _ in range(2))
    assert all(map(torch.equal, first, again))
    assert not torch.equal(first.first, homeomorphic_pairs(LABELS, 50, generator=seeded(2)).first)


@over(
    "call, error, match",
    [
        (lambda: homeomorphic_pairs([0, 0, 0], 2), ValueError, "labels must hold an item with"),
        (lambda: homeomorphic_pairs([0, 1, 2], 2), ValueError, "labels must hold an item with"),
        (lambda: homeomorphic_pairs([], 2), ValueError, "labels must hold an item with"),
        (lambda: homeomorphic_pairs([0.5, 1], 2), TypeError, "labels must be integers"),
        (lambda: homeomorphic_pairs([[0, 0, 1]], 2), ValueError, "one class for each item"),
        (lambda: homeomorphic_pairs([0, 0, 1], 0), ValueError, "num_pairs must be at least 1"),
        (lambda: homeomorphic_pairs([0, 0, 1], 2, within=[1, 1]), ValueError, "one row for each"),
        (
            lambda: homeomorphic_pairs([0, 0, 1], 2, within=[1, 2, 3]),
            ValueError,
            "leave within= out",
        ),
    ],
)
def test_wrong_requests(call, error, match):
    with pytest.raises(error, match=match):
        call()
