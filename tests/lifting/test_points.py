"""Geometric lifts against GUDHI and brute force, filtration included."""

import math

import gudhi
import numpy as np
import pytest
import torch
from scipy.sparse import coo_array

from simplex.interop import from_gudhi
from simplex.lifting import alpha_complex, delaunay_complex, vietoris_rips_complex
from tests.cases import over


SEEDS = over("seed", range(3))


def cloud(seed, n=40, d=3, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, d, generator=generator, dtype=dtype)


def assert_same_filtration(K, expected, tolerance):
    assert expected == K
    for value, reference in zip(K.filtration, expected.filtration, strict=True):
        torch.testing.assert_close(value.double(), reference, rtol=0, atol=tolerance)


@SEEDS
@over("max_dim", [0, 1, 2, 3])
def test_rips_is_gudhis(seed, max_dim):
    points = cloud(seed)
    K = vietoris_rips_complex(points, max_edge_length=0.5, max_dim=max_dim).validate()
    tree = gudhi.RipsComplex(points=points.numpy(), max_edge_length=0.5)
    tree = tree.create_simplex_tree(max_dimension=max_dim)
    if max_dim == 0:  # GUDHI keeps the edges
        assert K.f_vector == (40,)
    else:
        assert_same_filtration(K, from_gudhi(tree), 1e-12)


@SEEDS
def test_rips_of_distances_is_that_of_the_points(seed, dtype):
    points = cloud(seed, dtype=dtype)
    distances = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    distances = torch.maximum(distances, distances.T).fill_diagonal_(0)
    one = vietoris_rips_complex(points, 0.45, 3)
    two = vietoris_rips_complex(max_edge_length=0.45, max_dim=3, distances=distances)
    assert one == two
    assert one.filtration[1].dtype == dtype
    for a, b in zip(one.filtration, two.filtration, strict=True):
        torch.testing.assert_close(a, b)


def test_rips_without_a_bound_is_the_full_simplex():
    K = vietoris_rips_complex(cloud(0, n=6), max_dim=5)
    assert K.f_vector == (6, 15, 20, 15, 6, 1)


def test_rips_bound_is_included():
    points = [[0.0], [1.0], [3.0]]
    assert vietoris_rips_complex(points, max_edge_length=1.0).f_vector == (3, 1)
    assert vietoris_rips_complex(points, max_edge_length=0.0).f_vector == (3,)


def test_rips_filtration_is_differentiable():
    points = cloud(0, n=8).requires_grad_()
    K = vietoris_rips_complex(points, 0.8, 2)
    K.filtration[-1].sum().backward()
    assert points.grad.abs().sum() > 0


def test_empty_and_single_clouds():
    assert vietoris_rips_complex(torch.empty(0, 3), 1.0).f_vector == ()
    assert vietoris_rips_complex(torch.zeros(1, 3), 1.0).f_vector == (1,)
    assert alpha_complex(torch.empty(0, 2)).f_vector == ()
    assert alpha_complex([[0.0, 1.0]]).f_vector == (1,)


@SEEDS
@over("dimension", [2, 3])
def test_alpha_is_gudhis_with_radii_for_squares(seed, dimension):
    points = cloud(seed, d=dimension)
    tree = gudhi.AlphaComplex(points=points.numpy()).create_simplex_tree(max_alpha_square=0.04)
    expected = from_gudhi(tree)
    K = alpha_complex(points, max_alpha=0.2).validate()
    expected = expected.with_filtration([value.sqrt() for value in expected.filtration])
    assert_same_filtration(K, expected, 1e-12)
    assert alpha_complex(points, 0.2, max_dim=1) == K.skeleton(1)


@SEEDS
@over("dimension", [2, 3])
def test_delaunay_is_gudhis(seed, dimension):
    points = cloud(seed, d=dimension)
    tree = gudhi.DelaunayComplex(points=points.numpy()).create_simplex_tree()
    K = delaunay_complex(points).validate()
    assert from_gudhi(tree) == K
    assert delaunay_complex(points, max_dim=1) == K.skeleton(1)


def test_alpha_of_a_circle_has_one_hole():
    angle = torch.arange(20) * (2 * math.pi / 20)
    K = alpha_complex(torch.stack([angle.cos(), angle.sin()], 1), max_alpha=0.2)
    assert K.f_vector == (20, 20)


NAN = torch.tensor([[0.0, 0.0], [math.nan, 1.0], [1.0, 0.0], [1.0, 1.0]])
TWINS = torch.tensor([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
MASKED = np.ma.masked_array([[0.0, 0.0], [1.0, 9.0], [0.0, 1.0]], mask=[[0, 0], [0, 1], [0, 0]])
LINE = torch.tensor([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])


@over(
    "call, error, message",
    [
        (lambda: vietoris_rips_complex(NAN, 1.0), ValueError, "finite, got .nan, 1.0. in row 1"),
        (lambda: alpha_complex(NAN), ValueError, "finite"),
        (lambda: delaunay_complex(NAN * math.inf), ValueError, "finite"),
        (lambda: vietoris_rips_complex(NAN[0], 1.0), ValueError, r"shape \(n, d\)"),
        (lambda: vietoris_rips_complex(TWINS, -1.0), ValueError, "≥ 0, got -1"),
        (lambda: vietoris_rips_complex(TWINS, math.nan), ValueError, "≥ 0, got nan"),
        (lambda: vietoris_rips_complex(), ValueError, "exactly one"),
        (lambda: vietoris_rips_complex(TWINS, 1.0, distances=TWINS), ValueError, "exactly one"),
        (lambda: vietoris_rips_complex(TWINS > 0, 1.0), TypeError, "real numbers"),
        (lambda: vietoris_rips_complex(distances=TWINS), ValueError, r"shape \(n, n\)"),
        (lambda: vietoris_rips_complex(distances=-torch.eye(3)), ValueError, "NaN or negative"),
        (lambda: vietoris_rips_complex(distances=torch.eye(3)), ValueError, "zero diagonal"),
        (
            lambda: vietoris_rips_complex(distances=torch.triu(torch.ones(3, 3), 1)),
            ValueError,
            "symmetric",
        ),
        (
            lambda: vietoris_rips_complex(
                distances=coo_array(([0.5, 0.5, 0.3], ([0, 1, 1], [1, 0, 2])), shape=(3, 3))
            ),
            ValueError,
            r"both entries of a pair.*D.maximum\(D.T\)",
        ),
        (
            lambda: vietoris_rips_complex(distances=20 - 19.5 * torch.eye(3)),
            ValueError,
            "inexact: pass points= instead",
        ),
        (lambda: vietoris_rips_complex(MASKED, 1.0), ValueError, "no masked entries"),
        (lambda: delaunay_complex(MASKED), ValueError, "no masked entries"),
        (lambda: alpha_complex(TWINS), ValueError, "rows 1 and 3"),
        (lambda: delaunay_complex(TWINS), ValueError, "rows 1 and 3"),
        (lambda: delaunay_complex(LINE), ValueError, "one hyperplane"),
        (lambda: delaunay_complex(TWINS[:2]), ValueError, r"at least d\+1"),
        (lambda: alpha_complex(LINE, max_alpha=-1), ValueError, "max_alpha"),
    ],
)
def test_bad_points_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_arrays_lists_and_integers_are_points():
    grid = np.array([[0, 0], [0, 1], [1, 0]])
    for points in (grid, grid.tolist(), torch.from_numpy(grid)):
        assert vietoris_rips_complex(points, 1.0).f_vector == (3, 2)
