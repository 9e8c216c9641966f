"""Vectors, distances, Euler characteristics: definitions, GUDHI's numbers, gradients."""

import math
from functools import cache

import numpy as np
import pytest
import torch
from gudhi import hera, representations
from scipy.optimize import linear_sum_assignment

from simplex import SimplicialComplex
from simplex.lifting import vietoris_rips_complex
from simplex.persistence import (
    Diagram,
    PersLay,
    betti_curve,
    bottleneck_distance,
    euler_curve,
    euler_transform,
    landscape,
    lower_star,
    persistence,
    persistence_entropy,
    persistence_image,
    persistence_statistics,
    silhouette,
    wasserstein_distance,
)
from tests.cases import over
from tests.persistence.cases import random_filtration


LEVELS = torch.linspace(0.0, 2.0, 11, dtype=torch.float64)
PARTS = [random_filtration(seed) for seed in range(3, 12)]
UNION = SimplicialComplex.disjoint_union(PARTS)

VECTORS = {
    "image": lambda D, k: persistence_image(
        D, k, births=LEVELS, lifetimes=LEVELS[:4], bandwidth=0.2
    ),
    "landscape": lambda D, k: landscape(D, k, levels=LEVELS, count=3),
    "silhouette": lambda D, k: silhouette(D, k, levels=LEVELS, power=0.5),
    "betti": lambda D, k: betti_curve(D, k, levels=LEVELS),
    "smooth betti": lambda D, k: betti_curve(D, k, levels=LEVELS, smoothing=0.1),
    "entropy": persistence_entropy,
    "statistics": persistence_statistics,
}


@cache
def diagrams() -> tuple[Diagram, list[Diagram]]:
    """Of the union, and of each part."""
    return persistence(UNION), [persistence(K) for K in PARTS]


def diagram(K=UNION) -> Diagram:
    return persistence(K)


@over("name", [*VECTORS, "perslay sum", "perslay mean", "perslay max"])
def test_a_union_has_the_vectors_of_its_parts(name):
    if name in VECTORS:
        vector = VECTORS[name]
    else:
        layer = PersLay(3, max_dim=1, reduce=name.split()[1]).double()

        def vector(D, k):
            return layer(D)

    for k in (0, 5):
        union, alone = diagrams()
        together = vector(union, k)
        alone = torch.cat([vector(D, k) for D in alone])
        assert together.shape == alone.shape
        torch.testing.assert_close(together, alone)


def test_the_vectors_of_gudhi():
    D = diagram().finite()
    arrays = D.arrays(0)
    kept = [p for p, rows in enumerate(arrays) if len(rows)]
    rows = [arrays[p] for p in kept]
    assert len(kept) > 5
    sample_range, grid = [0.0, 2.0], LEVELS
    theirs = representations.Landscape(3, 11, sample_range=sample_range).fit_transform(rows)
    ours = landscape(D, 0, levels=grid, count=3)[kept].flatten(1) * math.sqrt(2)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    theirs = representations.BettiCurve(
        resolution=11, sample_range=sample_range, predefined_grid=grid.numpy()
    ).fit_transform(rows)
    np.testing.assert_array_equal(betti_curve(D, 0, levels=grid)[kept], theirs)
    theirs = representations.Entropy(mode="scalar").fit_transform(rows)
    np.testing.assert_allclose(persistence_entropy(D, 0)[kept], theirs[:, 0], atol=1e-12)
    theirs = representations.Silhouette(
        weight=lambda p: p[1] - p[0], resolution=11, sample_range=sample_range
    ).fit_transform(rows)
    ours = silhouette(D, 0, levels=grid)[kept] * math.sqrt(2)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    theirs = representations.PersistenceImage(
        bandwidth=0.2, weight=lambda p: p[1], resolution=[11, 11], im_range=[0, 2, 0, 2]
    ).fit_transform(rows)
    ours = persistence_image(D, 0, births=grid, lifetimes=grid, bandwidth=0.2)[kept].flatten(1)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@over("name", [name for name in VECTORS if name != "betti"])
def test_vectors_have_the_gradients_of_finite_differences(name):
    x = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x: VECTORS[name](persistence(vietoris_rips_complex(x, max_dim=1)), 0),
        x,
        eps=1e-7,
        atol=1e-5,
        fast_mode=True,
    )


def test_a_capped_diagram_has_no_class_that_stays():
    D = diagram()
    capped = D.capped(0.9)
    assert (capped.death <= 0.9).all()
    assert (capped.birth < 0.9).all()
    assert len(capped.finite()) == len(capped) == (D.birth < 0.9).sum()


@over("order", [1.0, 2.0])
def test_distances_are_those_of_gudhi(order):
    D = diagram()
    moved = [K.with_filtration([0.8 * v + 0.1 for v in K.filtration]) for K in PARTS]
    E = diagram(SimplicialComplex.disjoint_union(moved))
    for k in (0, 1):
        near, far = wasserstein_distance(D, E, k, order=order), bottleneck_distance(D, E, k)
        for p, (x, y) in enumerate(zip(D.arrays(k), E.arrays(k), strict=True)):
            theirs = hera.wasserstein_distance(x, y, order=order, delta=1e-6)
            assert near[p].item() == pytest.approx(theirs, rel=1e-5, abs=1e-9)
            assert far[p].item() <= near[p].item() + 1e-12
    assert wasserstein_distance(D, D, 0, order=order).abs().max() < 1e-12


def test_the_matching_is_the_best_of_the_plain_problem():
    D, E = diagram(PARTS[6]).finite(), diagram(PARTS[8]).finite()
    x, y = D.arrays(0)[0], E.arrays(0)[0]
    m, n = len(x), len(y)
    assert min(m, n) > 2
    cost = np.zeros((m + n, m + n))
    cost[:m, :n] = np.abs(x[:, None] - y).max(2)
    cost[:m, n:] = (x[:, 1] - x[:, 0])[:, None] / 2
    cost[m:, :n] = (y[:, 1] - y[:, 0]) / 2
    best = cost[linear_sum_assignment(cost)].sum()
    assert wasserstein_distance(D, E, 0).item() == pytest.approx(best, rel=1e-12)


def test_other_numbers_of_classes_that_stay_are_infinitely_far():
    point, two = (SimplicialComplex(n).with_filtration([[0.0] * n]) for n in (1, 2))
    assert wasserstein_distance(persistence(point), persistence(two), 0).tolist() == [math.inf]
    assert bottleneck_distance(persistence(point), persistence(two), 0).tolist() == [math.inf]


def test_a_wasserstein_distance_has_gradients():
    x = torch.randn(7, 2, dtype=torch.float64, requires_grad=True)
    other = persistence(vietoris_rips_complex(torch.randn(6, 2, dtype=torch.float64), max_dim=1))

    def distance(x):
        D = persistence(vietoris_rips_complex(x, max_dim=1))
        return wasserstein_distance(D.finite(), other.finite(), 0, order=2)

    assert torch.autograd.gradcheck(distance, x, eps=1e-7, atol=1e-5)
    same = persistence(vietoris_rips_complex(x, max_dim=1))
    wasserstein_distance(same, same, 0).sum().backward()
    assert not x.grad.isnan().any()


def test_the_euler_curve_is_the_alternating_sum_of_betti_curves():
    curve = euler_curve(UNION, levels=LEVELS.flip(0))
    betti = [betti_curve(diagram(), k, levels=LEVELS.flip(0)) for k in range(UNION.dim + 1)]
    assert torch.equal(curve, sum((-1) ** k * b for k, b in enumerate(betti)))
    smooth = euler_curve(UNION, levels=LEVELS + 1e-3, smoothing=1e-6)
    torch.testing.assert_close(smooth, euler_curve(UNION, levels=LEVELS + 1e-3), atol=0.2, rtol=0)


def test_the_euler_transform_is_the_curve_of_each_direction():
    points = torch.randn(UNION.num_simplices(0), 3, dtype=torch.float64)
    directions = torch.randn(4, 3, dtype=torch.float64)
    found = euler_transform(UNION, points, directions, levels=LEVELS)
    for i, v in enumerate(directions):
        K = lower_star(UNION, points @ v)
        assert torch.equal(found[:, i], euler_curve(K, levels=LEVELS))
    K, x = PARTS[2], points[: PARTS[2].num_simplices(0)].clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x, v: euler_transform(K, x, v, levels=LEVELS[:3], smoothing=0.5),
        (x, directions.clone().requires_grad_()),
    )


def test_perslay_learns():
    layer = PersLay(2, max_dim=1, scale=2.0)
    values = [v.float().requires_grad_() for v in PARTS[6].filtration]
    loss = layer(persistence(PARTS[6].with_filtration(values))).square().sum()
    loss.backward()
    for parameter in [*layer.parameters(), *values[:2]]:
        assert parameter.grad.isfinite().all()
        assert parameter.grad.abs().sum() > 0


@over(
    "call, error, words",
    [
        (lambda: landscape(UNION, 0, levels=LEVELS), TypeError, "must be a Diagram"),
        (lambda: landscape(diagram(), 0, levels=[]), ValueError, "at least one"),
        (lambda: landscape(diagram(), 0, levels=LEVELS, count=0), ValueError, "count"),
        (lambda: betti_curve(diagram(), 0, levels=LEVELS, smoothing=0.0), ValueError, "smoothing"),
        (lambda: betti_curve(diagram(), -1, levels=LEVELS), ValueError, "k must be"),
        (
            lambda: persistence_image(
                diagram(), 0, births=LEVELS, lifetimes=LEVELS, bandwidth=1, weight=lambda b, l: 1.0
            ),
            ValueError,
            "weight must give one number for each class",
        ),
        (
            lambda: wasserstein_distance(diagram(), diagram(PARTS[0]), 0),
            ValueError,
            "as many parts",
        ),
        (lambda: bottleneck_distance(diagram(), None, 0), TypeError, "E must be a Diagram"),
        (lambda: euler_curve(SimplicialComplex(2), levels=[0.0]), ValueError, "filtration"),
        (
            lambda: euler_transform(PARTS[0], [[0.0]], [[0.0]], levels=[0.0]),
            ValueError,
            "points must have shape",
        ),
        (lambda: PersLay(0), ValueError, "channels"),
        (lambda: PersLay(2, reduce="min"), ValueError, "reduce"),
    ],
)
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
