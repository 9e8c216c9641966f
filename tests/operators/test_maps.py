"""Simplicial maps: images against sets, chain maps that commute with the boundary, quotients."""

import itertools

import pytest
import torch

from simplex import SimplicialComplex
from simplex.operators import (
    betti_numbers,
    boundary_matrix,
    chain_map,
    image_complex,
    is_simplicial,
    product,
    quotient,
    simplex_map,
)
from simplex.testing import random_complex, random_orientation
from tests.cases import over
from tests.operators import sets


PATH = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3)])
TRIANGLE = SimplicialComplex.from_simplices([(0, 1, 2)])


def drawn(seed, least=3, most=8):
    """A random complex, a random map of its vertices, and a complex that holds the image."""
    generator = torch.Generator().manual_seed(seed)
    K = random_complex(seed, 8, 8, 3)
    count = int(torch.randint(least, most + 1, (1,), generator=generator))
    vertex_map = torch.randint(count, (8,), generator=generator)
    more = random_complex(seed + 1000, count, 4, 2)
    image = image_complex(K, vertex_map, num_vertices=count)
    rows = [X.simplices(k) for X in (image, more) for k in range(X.dim + 1)]
    L = SimplicialComplex.from_simplices(rows, num_vertices=count)
    return (
        K.reorient(random_orientation(K, seed)),
        L.reorient(random_orientation(L, seed)),
        vertex_map,
    )


def dense(K, L, vertex_map, k):
    return chain_map(K, L, vertex_map, k, dtype=torch.float64).to_dense()


@over("seed", range(20))
def test_images_are_those_of_sets(seed):
    K, L, vertex_map = drawn(seed)
    image = {frozenset(int(vertex_map[v]) for v in one) for one in sets.as_sets(K)}
    assert sets.as_sets(image_complex(K, vertex_map)) == image | {
        frozenset({v}) for v in range(int(vertex_map.max()) + 1)
    }
    assert is_simplicial(K, L, vertex_map)
    below = sets.as_sets(L.skeleton(1))
    assert is_simplicial(K, L.skeleton(1), vertex_map) == (image <= below)
    for k in range(K.dim + 1):
        ids = simplex_map(K, L, vertex_map, k).tolist()
        for row, target in zip(K.simplices(k).tolist(), ids, strict=True):
            mapped = {int(vertex_map[v]) for v in row}
            assert (target < 0) == (len(mapped) <= k)
            assert target < 0 or set(L.simplices(k)[target].tolist()) == mapped


@over("seed", range(15))
def test_chain_maps_commute_with_the_boundary_and_compose(seed):
    K, L, f = drawn(seed)
    for k in range(max(K.dim, L.dim) + 1):
        upper, lower = dense(K, L, f, k), dense(K, L, f, max(k - 1, 0))
        if 0 < k <= min(K.dim, L.dim):
            left = boundary_matrix(L, k, dtype=torch.float64).to_dense() @ upper
            right = lower @ boundary_matrix(K, k, dtype=torch.float64).to_dense()
            assert torch.equal(left, right)
        assert upper.shape == (L.num_simplices(k), K.num_simplices(k))
        assert int((upper != 0).sum(0).max()) <= 1 if upper.numel() else True
    _, _, g = drawn(seed + 500, 8, 8)
    g = g[: L.num_simplices(0)] if L.num_simplices(0) <= 8 else g
    M = image_complex(L, g)
    for k in range(K.dim + 1):
        assert torch.equal(dense(L, M, g, k) @ dense(K, L, f, k), dense(K, M, g[f], k))
        same = torch.arange(K.num_simplices(0))
        assert torch.equal(dense(K, K, same, k), torch.eye(K.num_simplices(k)).double())


def test_a_boundary_is_not_kept_where_a_simplex_collapses():
    """The law counts: without the sign of the permutation it fails."""
    f = dense(TRIANGLE, TRIANGLE, [1, 0, 2], 1)
    assert f.tolist() == [[-1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert dense(TRIANGLE, TRIANGLE, [0, 1, 1], 2).tolist() == [[0.0]]


def test_projections_of_a_product_are_simplicial():
    A, B = random_complex(3, 5, 4, 2), random_complex(4, 4, 4, 2)
    K = product(A, B)
    pairs = torch.arange(K.num_simplices(0))
    first, second = pairs // B.num_simplices(0), pairs % B.num_simplices(0)
    assert is_simplicial(K, A, first)
    assert is_simplicial(K, B, second)


def test_quotients():
    circle = quotient(PATH, [0, 1, 2, 0])
    assert betti_numbers(circle) == (1, 1)
    strip = product(SimplicialComplex.from_simplices(list(itertools.pairwise(range(5)))), PATH)
    row, column = torch.arange(20) // 4, torch.arange(20) % 4
    torus = quotient(strip, (row % 4) * 3 + column % 3)
    assert betti_numbers(torus) == (1, 2, 1)
    turned = torch.where(row == 4, (3 - column) % 3, column % 3)
    klein = quotient(strip, (row % 4) * 3 + turned)
    assert betti_numbers(klein) == (1, 1, 0)
    assert betti_numbers(klein, prime=2) == (1, 2, 1)
    assert quotient(TRIANGLE, [2, 0, 1]) == TRIANGLE


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: quotient(PATH, [0, 0, 1, 2]), r"the edge \(0, 1\), which would be a loop"),
        (lambda: quotient(PATH, [0, 1, 2, 4]), "every class 0 … 4"),
        (lambda: quotient(PATH, [0, 1, 2]), r"shape \(4,\), got \(3,\)"),
        (lambda: image_complex(PATH, [0, 1, 2, -1]), "non-negative, got -1"),
        (lambda: image_complex(PATH, [0, 1, 2, 3], num_vertices=3), "at least 4, got 3"),
        (lambda: simplex_map(TRIANGLE, PATH, [0, 1, 3], 2), r"got \(0, 2\) to \(0, 3\)"),
        (lambda: chain_map(TRIANGLE, PATH, [0, 1, 2], 1), r"got \(0, 2\) to \(0, 2\)"),
        (lambda: chain_map(PATH, TRIANGLE, [0, 1, 2, 5], 0), r"got \(3,\) to \(5,\)"),
    ],
)
def test_what_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.slow
@over("seed", range(100, 400))
def test_the_same_on_hundreds(seed):
    test_images_are_those_of_sets.__wrapped__(seed=seed)
    test_chain_maps_commute_with_the_boundary_and_compose.__wrapped__(seed=seed)
