"""Lengths are compared as they are handed out: dtypes, bounds, distances, flat cells, guards."""

import inspect
import itertools
import math

import gudhi
import numpy as np
import pytest
import scipy.sparse
import torch
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from simplex.interop import from_gudhi
from simplex.lifting import alpha_complex, delaunay_complex, vietoris_rips_complex
from simplex.operators import betti_numbers
from tests.cases import over


def cloud(seed, n=12, d=3, dtype=torch.float64, shift=0.0, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator, dtype=dtype) * scale + shift


def full_matrix(points):
    return (points[:, None] - points[None]).norm(dim=2)


CLOUDS = {
    "space": lambda seed, dtype: cloud(seed, dtype=dtype),
    "far from the origin": lambda seed, dtype: cloud(seed, dtype=dtype, shift=1000.0),
    "many dimensions": lambda seed, dtype: cloud(seed, d=40, dtype=dtype),
    "tiny": lambda seed, dtype: cloud(seed, dtype=dtype, scale=1e-30),
    "huge": lambda seed, dtype: cloud(seed, dtype=dtype, scale=1e30),
    "a grid of tenths": lambda seed, dtype: (
        torch.cartesian_prod(*[torch.arange(4, dtype=dtype)] * 2) * 0.1
    ),
}


@over("name", CLOUDS)
@over("route", ["points", "distances", "chunks"])
def test_a_bound_from_the_filtration_keeps_its_simplices(route, name, dtype, monkeypatch):
    """At its r-th shortest length a complex has all edges of that length, and none longer."""
    if route == "chunks":  # as accelerators do, which have no tree
        chunks = inspect.unwrap(vietoris_rips_complex).__globals__["_near_in_chunks"]
        monkeypatch.setattr(
            "simplex.lifting._rips._near_in_tree",
            lambda points, reach: torch.cat([*chunks(points, reach)], dim=1),
        )
    points = CLOUDS[name](0, dtype)
    if name in ("tiny", "huge") and route == "distances":
        return  # the squares of torch's own norm leave the range of float32
    given = {"points": points} if route != "distances" else {"distances": full_matrix(points)}
    whole = vietoris_rips_complex(**given, max_dim=2)
    lengths = whole.filtration[1]
    assert lengths.dtype == dtype
    assert lengths.isfinite().all()
    assert (lengths > 0).all()
    for r in lengths[::7].tolist():
        K = vietoris_rips_complex(**given, max_edge_length=r, max_dim=2)
        assert K.num_simplices(1) == int((lengths <= r).sum())
        assert torch.equal(K.filtration[1], lengths[lengths <= r])
        assert K.num_simplices(2) == int((whole.filtration[2] <= r).sum())


@over("seed", range(5))
def test_points_and_their_distances_agree(seed, dtype):
    points = cloud(seed, n=30, d=2, dtype=dtype)
    for r in (0.0, 0.3, 1.0, math.inf):
        one = vietoris_rips_complex(points, r)
        two = vietoris_rips_complex(distances=full_matrix(points), max_edge_length=r)
        assert one == two
        assert all(map(torch.equal, one.filtration, two.filtration))


def test_decimal_bounds_mean_what_they_say():
    for r in (0.1, 0.2, 0.3):
        for pair in ([[0.0], [r]], torch.tensor([[0.0], [r]]), np.array([[0, 0], [0, r]])):
            assert vietoris_rips_complex(pair, r).f_vector == (2, 1)
    assert alpha_complex([[0.0, 0.0], [0.2, 0.0]], max_alpha=0.1).f_vector == (2, 1)


@over("d", [1, 2, 3])
def test_alpha_keeps_its_own_radii(d, dtype):
    for seed in range(4):
        points = cloud(seed, n=8, d=d, dtype=dtype)
        whole = alpha_complex(points)
        for r in torch.cat(whole.filtration[1:]).tolist():
            K = alpha_complex(points, max_alpha=r).validate()
            assert K.f_vector == tuple(
                count for value in whole.filtration if (count := int((value <= r).sum()))
            )


GRID = [[4500000, 0], [4500001, 0], [4500003, 7]]
KINDS = {
    "int64": np.array(GRID),
    "uint32": np.array(GRID, dtype=np.uint32),
    "big-endian": np.array(GRID, dtype=">f8"),
    "negative strides": np.array(GRID, dtype=float)[::-1, ::-1],
    "read-only": np.broadcast_to(np.array(GRID, dtype=float), (3, 2)),
    "lists": GRID,
    "tuples": tuple(map(tuple, GRID)),
    "integer tensor": torch.tensor(GRID),
    "list of tensors": [*torch.tensor(GRID).double()],
    "long double": np.array(GRID, dtype=np.longdouble),
}


@over("name", KINDS)
def test_numbers_of_every_kind_are_read_exactly(name):
    K = vietoris_rips_complex(KINDS[name])
    assert K.filtration[1].dtype == torch.float64
    assert K.filtration[1].min() == 1
    assert alpha_complex(KINDS[name]).f_vector == (3, 3, 1)


def test_floats_keep_their_dtype_and_half_precision_becomes_single():
    for given, dtype in [
        (np.float32, torch.float32), (np.float16, torch.float32), (np.float64, torch.float64)
    ]:  # fmt: skip
        points = np.array([[0, 0], [3, 4]], dtype=given)
        assert vietoris_rips_complex(points).filtration[1].dtype == dtype
    points = torch.tensor([[0.0, 0.0], [3.0, 4.0]], dtype=torch.bfloat16)
    assert vietoris_rips_complex(points).filtration[1].tolist() == [5.0]


@over("matrix", ["as it is", "transposed", "minimum", "far"])
def test_rounded_distances_are_taken(matrix, dtype):
    """What torch.cdist rounds by matrix products is symmetric with zero diagonal about."""
    points = cloud(0, n=50, dtype=dtype)
    D = torch.cdist(points, points, compute_mode="use_mm_for_euclid_dist")
    D = {
        "as it is": D, "transposed": D.T, "minimum": torch.minimum(D, D.T),
        "far": torch.where(D > 3, math.inf, D),
    }[matrix]  # fmt: skip
    K = vietoris_rips_complex(distances=D, max_edge_length=0.5, max_dim=1)
    assert vietoris_rips_complex(points, 0.5, 1) == K


def test_rounded_distances_are_averaged():
    D = torch.tensor([[0.0, 1.0], [1.0 + 2**-20, 0.0]], dtype=torch.float32)
    K = vietoris_rips_complex(distances=D)
    assert K.filtration[1].tolist() == [1 + 2**-21]


def test_condensed_and_sparse_distances_are_taken():
    points = cloud(1, n=15)
    expected = vietoris_rips_complex(points, 1.2, 3)
    D = full_matrix(points)
    near = np.where(D.numpy() <= 2, D.numpy(), 0)
    for given in (
        pdist(points.numpy()), scipy.sparse.csr_array(near), scipy.sparse.coo_matrix(near),
        torch.from_numpy(near).to_sparse(), D[torch.triu_indices(15, 15, 1).unbind(0)],
    ):  # fmt: skip
        K = vietoris_rips_complex(distances=given, max_edge_length=1.2, max_dim=3).validate()
        assert expected == K
        torch.testing.assert_close(K.filtration[-1], expected.filtration[-1])


def test_stored_entries_are_pairs_and_duplicates_are_summed():
    ends = [0, 0, 1, 1, 1, 2], [1, 1, 0, 0, 2, 1]
    D = scipy.sparse.coo_array(([1.0, 2.0, 2.0, 1.0, 0.0, 0.0], ends), shape=(4, 4))
    K = vietoris_rips_complex(distances=D)
    assert K.simplices(1).tolist() == [[0, 1], [1, 2]]
    assert K.filtration[1].tolist() == [3.0, 0.0]


def test_sparse_filtrations_are_differentiable():
    values = torch.tensor([1.0, 2.0, 1.0, 2.0], requires_grad=True)
    ends = torch.tensor([[0, 1, 1, 2], [1, 2, 0, 1]])
    D = torch.sparse_coo_tensor(ends, values, (3, 3), check_invariants=True)
    vietoris_rips_complex(distances=D).filtration[1].sum().backward()
    assert values.grad.sum() == 2


SQUARE = full_matrix(cloud(0, n=4))


@over(
    "call, error, message",
    [
        (lambda: vietoris_rips_complex(SQUARE, 1.0), ValueError, "Did you mean distances="),
        (lambda: alpha_complex(torch.cdist(cloud(0, 40).float(), cloud(0, 40).float())),
         ValueError, "Did you mean distances="),
        (lambda: vietoris_rips_complex(distances=torch.tril(SQUARE)), ValueError, r"D \+ D\.T"),
        (lambda: vietoris_rips_complex(distances=torch.triu(SQUARE)), ValueError, r"D \+ D\.T"),
        (lambda: vietoris_rips_complex(distances=scipy.sparse.csr_array(np.tril(SQUARE))),
         ValueError, r"D \+ D\.T"),
        (lambda: vietoris_rips_complex(distances=torch.rand(3, 3).fill_diagonal_(0)),
         ValueError, r"\(D \+ D\.T\) / 2"),
        (lambda: vietoris_rips_complex(distances=1 - torch.eye(3) + 1), ValueError, "zero diag"),
        (lambda: vietoris_rips_complex(distances=np.ones(4)), ValueError, r"n\(n-1\)/2"),
        (lambda: vietoris_rips_complex(distances=SQUARE * math.nan), ValueError, "NaN"),
        (lambda: vietoris_rips_complex([[0.0, 1.0], [2.0]]), ValueError, "one length"),
        (lambda: vietoris_rips_complex([["a", "b"]]), TypeError, "must be numbers"),
        (lambda: vietoris_rips_complex([[2**60, 0], [2**60 + 1, 0]]), ValueError, "beyond 2⁵³"),
        (lambda: vietoris_rips_complex(SQUARE[:2], "far"), TypeError, "must be a number, got str"),
        (lambda: vietoris_rips_complex(torch.tensor([[-3e38], [3e38]])), ValueError, "Rescale"),
    ],
)  # fmt: skip
def test_what_is_no_distance_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_equal_points_and_two_points_of_a_plane_are_points():
    assert vietoris_rips_complex(torch.zeros(3, 3), 0.0).f_vector == (3, 3, 1)


LATTICES = {
    "3 × 3 × 2": torch.cartesian_prod(*map(torch.arange, (3, 3, 2))) * 8,
    "tenths, 4 × 3 × 3": torch.cartesian_prod(*map(torch.arange, (4, 3, 3))) * 0.1,
    "5 × 6": torch.cartesian_prod(torch.arange(5), torch.arange(6)),
    "4-cube, 3 each": torch.cartesian_prod(*[torch.arange(3)] * 4),
    "face-centred": torch.tensor(
        [p for p in itertools.product(range(4), repeat=3) if sum(p) % 2 == 0]
    ),
    "by chance": cloud(3, n=40),
}


@over("name", LATTICES)
def test_delaunay_cells_fill_the_hull_once(name):
    """No cell is flat, their volumes sum to the hull's, interior facets are shared by two."""
    points = LATTICES[name]
    K, d = delaunay_complex(points).validate(), points.shape[1]
    cells = points[K.simplices(d)].double()
    volumes = torch.linalg.det(cells[:, 1:] - cells[:, :1]).abs() / math.factorial(d)
    assert volumes.min() > 1e-9 * volumes.max()
    torch.testing.assert_close(float(volumes.sum()), ConvexHull(points.numpy()).volume)
    assert K.cofacets(d - 1)[0].diff().max() <= 2
    assert betti_numbers(K) == (1, *[0] * d)
    if name == "3 × 3 × 2":
        assert K.num_simplices(3) <= 6 * 4


@over("seed", range(4))
def test_alpha_is_gudhis_in_single_precision_too(seed):
    points = cloud(seed, n=25, d=2, dtype=torch.float32)
    expected = from_gudhi(gudhi.AlphaComplex(points=points.double()).create_simplex_tree())
    K = alpha_complex(points)
    assert expected == K
    for value, square in zip(K.filtration, expected.filtration, strict=True):
        torch.testing.assert_close(value, square.sqrt().float(), rtol=0, atol=0)


@over(
    "call",
    [
        lambda: vietoris_rips_complex(torch.zeros(10**6, 1)),
        lambda: vietoris_rips_complex(torch.zeros(10**6, 1), 1.0),
        lambda: alpha_complex(torch.rand(10**4, 12)),
        lambda: delaunay_complex(torch.rand(3000, 9)),
        lambda: delaunay_complex(torch.rand(1000, 100)),
    ],
)
def test_what_would_not_fit_is_refused_before_the_work(call):
    with pytest.raises(ValueError, match="half of the free memory"):
        call()


def test_vertices_alone_need_no_pairs():
    assert vietoris_rips_complex(torch.zeros(10**6, 1), max_dim=0).f_vector == (10**6,)
    K = vietoris_rips_complex(distances=torch.zeros(3000, 3000), max_dim=0)
    assert K.f_vector == (3000,)


@over("dim, dtype", [(1, torch.float64), (2, torch.float32), (3, torch.float64)])
def test_alpha_values_with_gradients_are_the_same_values(dim, dtype):
    points = torch.randn(25, dim, dtype=dtype)
    free = points.clone().requires_grad_()
    for bounds in ({}, {"max_alpha": 0.4}, {"max_dim": 1}):
        K, plain = alpha_complex(free, **bounds), alpha_complex(points, **bounds)
        assert plain == K
        assert all(map(torch.equal, K.filtration, plain.filtration))
    if dtype == torch.float64:
        weights = [torch.rand_like(v) for v in alpha_complex(points).filtration]

        def total(x):
            values = alpha_complex(x).filtration
            return sum((w * v).sum() for w, v in zip(weights, values, strict=True))

        assert torch.autograd.gradcheck(total, free, eps=1e-7, atol=1e-4, fast_mode=True)


def test_alpha_values_of_points_on_common_spheres_have_gradients():
    grid = torch.cartesian_prod(*[torch.arange(3.0)] * 3).requires_grad_()
    sum(value.sum() for value in alpha_complex(grid).filtration).backward()
    assert grid.grad.isfinite().all()


def test_what_is_infinitely_far_is_not_joined():
    """Distances between the pieces of a graph, in each form in which they come."""
    apart = torch.tensor(
        [[0.0, 1.0, torch.inf], [1.0, 0.0, torch.inf], [torch.inf, torch.inf, 0.0]]
    )
    condensed = apart[*torch.triu_indices(3, 3, 1)]
    for given in (apart, apart.double().numpy(), condensed.numpy(), apart.to_sparse()):
        K = vietoris_rips_complex(distances=given)
        assert K.f_vector == (3, 1)
        assert K.filtration[1].tolist() == [1.0]
        assert vietoris_rips_complex(distances=given, max_edge_length=1.0) == K
