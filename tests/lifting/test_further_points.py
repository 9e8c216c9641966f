"""Čech, Delaunay-Čech, weighted alpha, witness and neighbour complexes: GUDHI and brute force."""

import itertools
import math

import gudhi
import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from simplex.interop import from_gudhi
from simplex.lifting import (
    alpha_complex,
    cech_complex,
    delaunay_cech_complex,
    farthest_points,
    feature_rips_complex,
    knn_complex,
    strong_witness_complex,
    vietoris_rips_complex,
    weighted_alpha_complex,
    witness_complex,
)
from tests.cases import over


def cloud(seed, n=20, d=2, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, d, generator=generator, dtype=dtype)


def values_of(K, names=None):
    """The filtration value of each simplex, by its vertices."""
    names = names or K.vertex_labels or range(K.num_simplices(0))
    return {
        tuple(names[v] for v in row): value
        for k in range(K.dim + 1)
        for row, value in zip(K.simplices(k).tolist(), K.filtration[k].tolist(), strict=True)
    }


def assert_close(found, expected, tolerance=1e-9):
    assert found.keys() == expected.keys()
    assert all(math.isclose(found[s], expected[s], abs_tol=tolerance) for s in found)


# --- smallest balls -------------------------------------------------------------------------------


def enclosing_radius(corners):
    """The least circumradius of a subset whose ball holds all, over all subsets."""
    best = math.inf
    for size in range(1, len(corners) + 1):
        for some in itertools.combinations(range(len(corners)), size):
            base = corners[some[0]]
            edges = corners[list(some[1:])] - base
            offset = np.linalg.pinv(edges) @ ((edges**2).sum(1) / 2) if len(edges) else 0 * base
            center = base + offset
            apart = np.linalg.norm(corners - center, axis=1)
            sphere = np.linalg.norm(corners[list(some)] - center, axis=1)
            if np.ptp(sphere) < 1e-9 and apart.max() <= sphere.max() + 1e-9:
                best = min(best, sphere.max())
    return best


@over("seed, d", [(0, 2), (1, 2), (2, 3), (3, 1)])
def test_cech_values_are_radii_of_smallest_balls(seed, d):
    points = cloud(seed, 7, d)
    K = cech_complex(points, 0.4, max_dim=3).validate()
    array = points.numpy()
    expected = {
        some: radius
        for size in range(1, 5)
        for some in itertools.combinations(range(7), size)
        if (radius := enclosing_radius(array[list(some)])) <= 0.4
    }
    assert_close(values_of(K), expected)


def test_a_smallest_ball_by_minimization():
    """The definition itself: the least largest distance from a center that may be anywhere."""
    for seed in range(4):
        points = cloud(seed, 4, 3).numpy()
        found = cech_complex(points, max_dim=3).filtration[3].item()
        least = min(
            minimize(lambda c: np.linalg.norm(points - c, axis=1).max(), start,  # noqa: B023
                     method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 4000}
                     ).fun
            for start in (points.mean(0), points[0])
        )  # fmt: skip
        assert math.isclose(found, least, abs_tol=1e-5)


@over("seed, d", [(0, 2), (1, 3), (2, 2)])
def test_delaunay_cech_is_gudhis(seed, d):
    points = cloud(seed, 25, d)
    K = delaunay_cech_complex(points).validate()
    tree = gudhi.DelaunayCechComplex(points=points.numpy()).create_simplex_tree()
    expected = {tuple(s): math.sqrt(v) for s, v in tree.get_simplices()}
    assert_close(values_of(K), expected)
    alpha = values_of(alpha_complex(points))
    assert all(value <= alpha[s] + 1e-12 for s, value in values_of(K).items())
    cut = delaunay_cech_complex(points, 0.2, max_dim=2)
    assert_close(values_of(cut), {s: v for s, v in expected.items() if v <= 0.2 and len(s) < 4})


def test_the_sandwich_of_rips_and_cech(dtype):
    points, r = cloud(5, 25, 2, dtype), 0.15
    inner, outer = (
        {*values_of(vietoris_rips_complex(points, length, 3))}
        for length in (math.sqrt(3) * r * 0.9999, 2 * r * 1.0001)
    )
    cech = {*values_of(cech_complex(points, r, 3))}
    assert inner <= cech <= outer
    assert inner < cech < outer
    bound = cech_complex(points, r, 3).filtration[2].max().item()
    assert cech_complex(points, bound, 3).filtration[2].max().item() == bound


@over("build", [cech_complex, delaunay_cech_complex])
def test_radii_are_differentiable(build):
    points = cloud(6, 5).requires_grad_()
    K = build(points, max_dim=2)
    torch.autograd.gradcheck(lambda p: build(p, max_dim=2).filtration[2], points)
    (gradient,) = torch.autograd.grad(sum(map(torch.sum, K.filtration)), points)
    assert bool(gradient.isfinite().all())


def test_awkward_points():
    grid = torch.cartesian_prod(torch.arange(3.0), torch.arange(3.0)).double()
    right = cech_complex(grid, 0.7072, 3)
    assert right.f_vector == (9, 20, 16, 4)  # each square is a full tetrahedron
    assert torch.allclose(right.filtration[3], torch.tensor(0.5).double().sqrt())
    line = torch.tensor([[0.0], [1.0], [2.0], [2.0]])
    K = cech_complex(line, 1.0, 3)
    assert K.filtration[3].tolist() == [1.0]
    assert K.filtration[1].tolist()[-1] == 0.0
    large = cech_complex(grid * 1e200, 0.7072e200, 3)
    assert large == right
    assert bool(large.filtration[3].isfinite().all())
    assert cech_complex(torch.empty(0, 2)).dim == delaunay_cech_complex(torch.empty(0, 2)).dim == -1


# --- weighted alpha -------------------------------------------------------------------------------


@over("seed", range(3))
def test_weighted_alpha(seed):
    points, weights = cloud(seed, 20, 3), cloud(seed + 50, 20, 1)[:, 0] * 0.05
    K = weighted_alpha_complex(points, weights, max_power=0.1).validate()
    names = K.vertex_labels or range(20)
    for v, value in zip(names, K.filtration[0].tolist(), strict=True):
        assert value >= -weights[v].item() - 1e-12  # later where others cover it first
    zero = weighted_alpha_complex(points, torch.zeros(20), max_power=0.09)
    plain = {s: v * v for s, v in values_of(alpha_complex(points, 0.3)).items()}
    assert_close(values_of(zero), plain)
    u, v = K.simplices(1).T
    power = K.filtration[1]  # at least where two spheres first meet, on the line of their centers
    first, second = (torch.tensor(names)[end] for end in (u, v))
    square = (points[first] - points[second]).square().sum(1)
    gap = square + weights[second] - weights[first]
    meet = gap.square() / (4 * square) - weights[second]
    inside = (gap > 0) & (gap < 2 * square)
    assert bool((power[inside] >= meet[inside] - 1e-9).all())
    assert bool(((power - meet).abs()[inside] < 1e-9).any())


@over("seed", range(3))
@over("max_power", [math.inf, 0.05])
def test_gradients_of_weighted_alpha_are_finite_differences(seed, max_power):
    """Also of vertices whose balls others cover first, and of points that are no vertices."""
    given = [cloud(seed, 20, 2), cloud(seed + 50, 20, 1)[:, 0] * 0.05]
    toward = torch.rand(60, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)

    def moved(step):
        points, weights = given[0] + step * toward[:40].view(20, 2), given[1] + step * toward[40:]
        return points.requires_grad_(step == 0), weights.requires_grad_(step == 0)

    points, weights = moved(0)
    K = weighted_alpha_complex(points, weights, max_power)
    ahead, behind = (weighted_alpha_complex(*moved(s), max_power) for s in (1e-6, -1e-6))
    for k, value in enumerate(K.filtration):
        slope = (ahead.filtration[k] - behind.filtration[k]) / 2e-6
        found = torch.stack([
            (grads[0] * toward[:40].view(20, 2)).sum() + (grads[1] * toward[40:]).sum()
            for each in value
            for grads in [torch.autograd.grad(each, (points, weights), retain_graph=True)]
        ])  # fmt: skip
        assert torch.allclose(found, slope, rtol=1e-5, atol=1e-6)


def test_a_covered_ball_is_no_vertex():
    K = weighted_alpha_complex([[0.0, 0.0], [0.1, 0.0], [3.0, 0.0], [0.0, 3.0]], [4.0, 0.0, 0, 0])
    assert K.vertex_labels == (0, 2, 3)


# --- witnesses ------------------------------------------------------------------------------------


def witnessed(points, landmarks, alpha, top, strong):
    """From the definition, over all sets of landmarks."""
    square = ((points[:, None] - landmarks[None]) ** 2).sum(-1)
    count, values = len(landmarks), {}
    for size in range(1, top + 2):
        for some in itertools.combinations(range(count), size):
            others = [v for v in range(count) if v not in some]
            least = square if strong else square[:, others]
            base = least.min(1) if strong or others else np.full(len(points), np.inf)
            value = max(0, (square[:, list(some)].max(1) - base).min())
            if not strong and size > 1:  # faces too
                faces = itertools.combinations(some, size - 1)
                value = max(value, *(values.get(face, np.inf) for face in faces))
            if value <= alpha**2 + 1e-15:
                values[some] = value
    return {some: math.sqrt(value) for some, value in values.items()}


@over("seed, alpha", [(0, 0.0), (1, 0.2), (2, 0.5), (3, 2.0)])
@over("strong", [False, True])
def test_witness_complexes(seed, alpha, strong):
    points = cloud(seed, 40)
    ids = farthest_points(points, 7)
    build = strong_witness_complex if strong else witness_complex
    K = build(points, ids, alpha, max_dim=3).validate()
    expected = witnessed(points.numpy(), points[ids].numpy(), alpha, 3, strong)
    assert_close(values_of(K), expected, 1e-7)
    assert values_of(build(points, points[ids], alpha, 3)) == values_of(K)
    if strong and alpha > 0:
        cloud_of = gudhi.EuclideanStrongWitnessComplex(
            landmarks=points[ids].numpy(), witnesses=points.numpy()
        )
        tree = cloud_of.create_simplex_tree(alpha**2, 3)
        assert_close(values_of(K), {tuple(s): math.sqrt(v) for s, v in tree.get_simplices()}, 1e-7)
        weak = values_of(witness_complex(points, ids, alpha, 3))
        assert values_of(K).keys() <= weak.keys()


def test_a_landmark_without_a_witness_is_named_by_its_absence():
    K = strong_witness_complex([[0.0], [1.0]], [[0.0], [9.0], [1.0]], 0.1)
    assert K.vertex_labels == (0, 2)


def test_landmarks_cover():
    points = cloud(3, 50)
    chosen = farthest_points(points, 10, start=4)
    apart = torch.cdist(points, points[chosen])
    for i in range(1, 10):
        radius = apart[:, :i].amin(1)
        assert radius[chosen[i]] == radius.max()
    assert farthest_points(points, 50).unique().numel() == 50
    assert farthest_points([[1.0]] * 3, 3).tolist() == [0, 1, 2]


# --- neighbours -----------------------------------------------------------------------------------


@over("count", [0, 1, 3, 19])
@over("mutual", [False, True])
def test_nearest_neighbours(count, mutual):
    points = cloud(8)
    apart = torch.cdist(points, points).fill_diagonal_(math.inf)
    near = torch.zeros(20, 20, dtype=torch.bool)
    near.scatter_(1, apart.argsort(1)[:, :count], True)
    joined = near & near.T if mutual else near | near.T
    K = knn_complex(points, count, 2 if count < 19 else 1, mutual=mutual).validate()
    assert {*map(tuple, K.simplices(1).tolist())} == {
        (u, v) for u, v in joined.nonzero().tolist() if u < v
    }
    if K.dim >= 1:
        u, v = K.simplices(1).T
        assert torch.allclose(K.filtration[1], apart[u, v])


def test_coinciding_points_are_neighbours():
    K = knn_complex([[0.0]] * 5 + [[1.0]], 2)
    assert K.num_simplices(1) >= 6
    assert K.filtration[1].min() == 0
    assert bool((K.cofacets(0)[0].diff() >= 2).all())


@over("radius", [0.0, 0.2, 0.4])
def test_graphs_joined_with_features(radius):
    x = cloud(9).requires_grad_()
    edges = torch.tensor([[0, 1, 2, 3], [4, 2, 3, 1]])
    K = feature_rips_complex(edges, x, radius, 3).validate()
    apart = torch.cdist(x, x).detach()
    expected = {tuple(sorted(pair)) for pair in edges.T.tolist()}
    expected |= {(u, v) for u, v in (apart <= radius).nonzero().tolist() if u < v}
    assert {*map(tuple, K.simplices(1).tolist())} == expected
    u, v = K.simplices(1).T
    assert torch.allclose(K.filtration[1].detach(), apart[u, v])
    K.filtration[K.dim].sum().backward()
    assert x.grad.abs().sum() > 0
    flag = from_gudhi(_flag(20, expected, 3))
    assert flag.f_vector == K.f_vector


def _flag(count, edges, top):
    tree = gudhi.SimplexTree()
    for v in range(count):
        tree.insert([v])
    for edge in edges:
        tree.insert(edge)
    tree.expansion(top)
    return tree


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda p: cech_complex(p, -1.0), ValueError, "max_radius must be a number ≥ 0"),
        (lambda p: cech_complex(p, max_simplices=30), ValueError, "max_simplices"),
        (lambda p: delaunay_cech_complex([[0.0, 0]] * 2), ValueError, "distinct"),
        (lambda p: weighted_alpha_complex(p, [1.0]), ValueError, r"shape \(20,\), one per point"),
        (lambda p: weighted_alpha_complex(p, [math.nan] * 20), ValueError, "finite, got NaN"),
        (lambda p: witness_complex(p, [0, 20]), ValueError, "ids of points, 0 … 19"),
        (lambda p: witness_complex(p, [[0.0]]), ValueError, r"shape \(m, 2\)"),
        (lambda p: witness_complex(p, [0, 1], -1), ValueError, "max_alpha"),
        (lambda p: witness_complex(torch.rand(3000, 2), range(3000), 9.0, 9), ValueError, "memory"),
        (lambda p: farthest_points(p, 21), ValueError, "from 0 to 20"),
        (lambda p: knn_complex(p, 20), ValueError, "must be an integer from 0 to 19"),
        (lambda p: feature_rips_complex([(0, 1)], p, 1.0), ValueError, "2 vertices, got 20"),
    ],
)  # fmt: skip
def test_what_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call(cloud(0))
