"""Closure from timed simplices: the protocol by brute force."""

from itertools import combinations

import pytest
import torch

from simplex import SimplicialComplex
from simplex.datasets import closure_data, timed_simplices
from tests.cases import over


def random_list(seed, n=9, count=40, largest=5, last=30):
    generator = torch.Generator().manual_seed(seed)
    sizes = torch.randint(1, largest + 1, (count,), generator=generator).tolist()
    listed = [torch.randperm(n, generator=generator)[:size].tolist() for size in sizes]
    return listed, torch.randint(0, last, (count,), generator=generator).tolist()


def cut(times, share):
    """The quantile between the two nearest values, rounded; everything for the last one."""
    return (
        max(times) + 1 if share == 1 else round(float(torch.tensor(times).double().quantile(share)))
    )


@over("k", [2, 3])
@over("seed", range(6))
def test_open_sets_and_what_closes_by_brute_force(seed, k):
    listed, times = random_list(seed, largest=4 if k == 2 else 6)
    shares = (0.3, 0.55, 0.8, 1.0)
    items = closure_data(timed_simplices(listed, times, max_dim=k), k, times=shares)
    for item, now, later in zip(items, shares, shares[1:], strict=False):
        until, end = cut(times, now), cut(times, later)
        old = [set(s) for s, t in zip(listed, times, strict=True) if t <= until]
        new = [set(s) for s, t in zip(listed, times, strict=True) if until < t <= end]

        def inside(s, family):
            return any(set(s) <= each for each in family)

        expected = {
            s: float(inside(s, new))
            for s in combinations(range(9), k + 1)
            if not inside(s, old) and all(inside(f, old) for f in combinations(s, k))
        }
        rows = [tuple(row) for row in item.candidates.tolist()]
        assert dict(zip(rows, item.y_candidates.tolist(), strict=True)) == expected
        assert len(rows) == len(expected)
        K = item.complex.validate()
        assert K.num_simplices(0) == 9
        for j in range(k + 1):
            counts = [sum(set(s) <= each for each in old) for s in K.simplices(j).tolist()]
            torch.testing.assert_close(
                item.cochains()[j][:, 0], torch.tensor(counts).float().log1p()
            )
            assert j == 0 or all(counts)
        counted = [sum(set(s) <= each for each in old) for s in K.simplices(1).tolist()]
        assert item.weight_1.tolist() == counted


def test_without_times_the_order_is_random():
    listed, _ = random_list(0)
    first, second, third = (
        timed_simplices(listed, generator=torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)
    )
    assert sorted(first.times.tolist()) == list(range(40))
    assert torch.equal(first.times, second.times)
    assert not torch.equal(first.times, third.times)
    assert first.complex == third.complex


def test_nothing_to_close():
    (item,) = closure_data(timed_simplices([(0, 1), (1, 2)], [0, 1]), times=(0.5, 1))
    assert item.candidates.shape == (0, 3)
    assert item.complex.f_vector == (3, 1)
    (item,) = closure_data(timed_simplices([], []), times=(0.5, 1))
    assert item.complex == SimplicialComplex(0)


TIMED = timed_simplices([(0, 1, 2, 3), (1, 2)], [0, 1])


@over("call, message", [
    (lambda: closure_data([(0, 1)]), "timed must be simplices with times"),
    (lambda: closure_data(TIMED, 1), "k must be"),
    (lambda: closure_data(TIMED, 3), "Read it with max_dim=3"),
    (lambda: closure_data(TIMED, times=(0.5,)), "two shares or more that increase"),
    (lambda: closure_data(TIMED, times=(0.5, 0.5)), "two shares or more that increase"),
    (lambda: closure_data(TIMED, times=(0.5, 80)), "times must be a finite number"),
    (lambda: closure_data(TIMED, times=0.8), "times must be"),
    (lambda: timed_simplices([(0, 0)], [1]), "one twice in simplex 1 of simplices"),
    (lambda: timed_simplices([()], [1]), "at least one vertex"),
    (lambda: timed_simplices([(0, -1)], [1]), "non-negative ids"),
    (lambda: timed_simplices([("a", "b")], [1]), "simplices must be"),
    (lambda: timed_simplices([(0, 1)], [1, 2]), "one for each of the 1 simplices"),
    (lambda: timed_simplices([(0, 1)], [1.5]), "times must be integers"),
    (lambda: timed_simplices(7, [1]), "list of vertex tuples"),
    (lambda: timed_simplices([(0, 4)], [1], num_vertices=3), "below num_vertices=3"),
])  # fmt: skip
def test_what_is_refused(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
