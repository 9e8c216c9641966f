"""An untrained SIN of default settings, in float64, separates the graphs that exact SWL separates.

Published SINs lose pairs that the test keeps. The criterion is free of scale: two graphs are told
apart if they are further apart than 1000 times the distance of relabelled copies of one graph.
"""

import pytest
import torch

from simplex.datasets import strongly_regular_family
from tests.benchmarks.graphs.strongly_regular import (
    MAX_DIM,
    NOISE_FACTOR,
    PUBLISHED_THRESHOLD,
    default_sin,
    embed,
    family,
    published_sin,
    run,
)
from tests.wl.graphs import rook, shrikhande


SEEDS = [0, 1, 2]


@pytest.fixture(scope="module")
def families(shared_data):
    known = {}

    def find(name):
        if name not in known:
            graphs = strongly_regular_family(name, shared_data / "sr")
            known[name] = family(graphs, MAX_DIM[name])
        return known[name]

    return find


def assert_as_exact(verdicts, each):
    for verdict in verdicts:
        assert torch.equal(verdict.told_apart, each.separated)
        assert torch.equal(verdict.published, each.separated)
        assert verdict.noise < PUBLISHED_THRESHOLD / NOISE_FACTOR  # a graph is found like itself
        assert verdict.margin > 1e6
        together = verdict.distance[~each.separated]
        assert bool((together <= verdict.noise * NOISE_FACTOR).all())


def test_rook_and_shrikhande():
    each = family([rook(), shrikhande()], 3)
    assert each.separated.tolist() == [True]
    assert_as_exact(run(default_sin, each, SEEDS, torch.float64), each)


def test_rook_and_shrikhande_are_alike_without_tetrahedra():
    each = family([rook(), shrikhande()], 2)
    assert each.separated.tolist() == [False]
    assert not each.separated_by_counts.any()
    torch.manual_seed(0)
    rows = embed(default_sin(2), each)
    torch.testing.assert_close(rows, rows[:1].expand_as(rows), atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "seeds"),
    [
        ("SR(16,6,2,2)", SEEDS),
        ("SR(25,12,5,6)", SEEDS[:2]),
        ("SR(26,10,3,4)", SEEDS),
        pytest.param("SR(25,12,5,6)", range(10), marks=pytest.mark.slow),
        pytest.param("SR(26,10,3,4)", range(10), marks=pytest.mark.slow),
        pytest.param("SR(28,12,6,4)", range(10), marks=pytest.mark.slow),
    ],
)
def test_default_separates_what_swl_separates(families, name, seeds):
    each = families(name)
    assert_as_exact(run(default_sin, each, seeds, torch.float64), each)


@pytest.mark.parametrize("name", ["SR(25,12,5,6)", "SR(26,10,3,4)"])
def test_default_has_the_larger_margin_and_single_precision_does_not_suffice(families, name):
    each = families(name)
    closest = {}
    for make in (default_sin, published_sin):
        (verdict,) = run(make, each, SEEDS[:1], torch.float64)
        closest[make] = verdict.distance[each.separated].min() / verdict.distance.max()
    assert closest[default_sin] > 10 * closest[published_sin]
    (verdict,) = run(published_sin, each, SEEDS[:1], torch.float32)
    assert not torch.equal(verdict.told_apart, each.separated)
