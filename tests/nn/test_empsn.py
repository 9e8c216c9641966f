"""EMPSN: volumes and angles against other formulas, Euclidean motions, what it sees."""

import math

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.nn import EMPSN, EMPSNConv, boundary_invariants, simplex_volumes, upper_invariants
from simplex.testing import (
    random_cochains,
    random_complex,
)
from tests.nn.oracles.geometric import of_boundary, of_upper, volume
from tests.nn.table import FLAT
from tests.tables import COMPLEXES


exact = {"atol": 1e-10, "rtol": 0}


def positions(complex_, dim=4, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(complex_.num_simplices(0), dim, dtype=dtype, generator=generator)


def motion(dim, seed, reflect=False):
    """A random orthogonal matrix of determinant +1, or -1, and a translation."""
    generator = torch.Generator().manual_seed(seed)
    turn = torch.linalg.qr(torch.randn(dim, dim, dtype=torch.float64, generator=generator)).Q
    if (torch.linalg.det(turn) < 0) != reflect:
        turn[:, 0] = -turn[:, 0]
    return turn, 3 * torch.randn(dim, dtype=torch.float64, generator=generator)


def test_volumes_are_those_of_the_distances():
    for name, K in COMPLEXES.items():
        pos = positions(K)
        for k in range(K.dim + 1):
            expected = [volume(pos[list(s)].numpy()) for s in K.simplices(k).tolist()]
            found = simplex_volumes(K, pos, k).numpy()
            np.testing.assert_allclose(found, expected, atol=1e-8, rtol=0, err_msg=name)


def test_invariants_from_their_definition():
    for name in FLAT:
        K = COMPLEXES[name]
        pos = positions(K)
        points = pos.numpy()
        for k in range(K.dim + 1):
            table = upper_invariants(K, pos, k).numpy()
            for row, delta in enumerate(K.simplices(k + 1).tolist()):
                for i, b in enumerate(delta):  # the i-th facet lacks the i-th vertex
                    for j, a in enumerate(v for v in delta if v != b):
                        expected = of_upper(points, delta, b, a)
                        np.testing.assert_allclose(table[row, i, j], expected, atol=1e-8)
            if k > 0:
                table = boundary_invariants(K, pos, k).numpy()
                for row, sigma in enumerate(K.simplices(k).tolist()):
                    for i, b in enumerate(sigma):
                        expected = of_boundary(points, sigma, b)
                        np.testing.assert_allclose(table[row, i], expected, atol=1e-8)


def test_the_regular_tetrahedron():
    corners = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]).double()
    complex_ = COMPLEXES["filled tetrahedron"]
    corners = corners / math.sqrt(8)  # edges of length 1
    volumes = [1, 1, math.sqrt(3) / 4, 1 / (6 * math.sqrt(2))]
    for k, size in enumerate(volumes):
        found = simplex_volumes(complex_, corners, k)
        torch.testing.assert_close(found, torch.full_like(found, size))
    dihedral = upper_invariants(complex_, corners, 2)[..., 5]
    torch.testing.assert_close(dihedral, torch.full_like(dihedral, 1 / 3))
    at_corners = upper_invariants(complex_, corners, 1)[..., 5]
    torch.testing.assert_close(at_corners, torch.full_like(at_corners, 1 / 2))


def test_flat_simplices_have_finite_gradients():
    complex_ = COMPLEXES["filled tetrahedron"]
    for pos in (torch.zeros(4, 3), torch.arange(12.0).view(4, 3), torch.eye(4)[:, :2]):
        pos = pos.double().requires_grad_()
        values = [upper_invariants(complex_, pos, k).sum() for k in range(3)]
        values += [boundary_invariants(complex_, pos, k).sum() for k in range(1, 4)]
        (gradient,) = torch.autograd.grad(sum(values), pos)
        assert all(value.isfinite() for value in values)
        assert gradient.isfinite().all()


def test_gradients_of_the_invariants():
    complex_ = COMPLEXES["filled tetrahedron"]
    pos = positions(complex_, 3).requires_grad_()
    for k in range(3):
        assert torch.autograd.gradcheck(lambda p, k=k: upper_invariants(complex_, p, k), (pos,))
        assert torch.autograd.gradcheck(
            lambda p, k=k: boundary_invariants(complex_, p, k + 1), (pos,)
        )


@pytest.mark.parametrize("reflect", [False, True])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("dim", "max_dim"), [(2, 2), (3, 3), (5, 3)])
def test_features_are_invariant_and_positions_equivariant(dim, max_dim, seed, reflect):
    complex_ = random_complex(seed, max_dim=max_dim)
    turn, step = motion(dim, seed, reflect)
    x = random_cochains(complex_, channels=2, max_dim=max_dim, dtype=torch.float64)
    pos = positions(complex_, dim, seed=seed)
    conv = EMPSNConv(2, 4, max_dim).double()
    (h, moved), (g, followed) = conv(x, complex_, pos), conv(x, complex_, pos @ turn.T + step)
    for y, z in zip(h, g, strict=True):
        torch.testing.assert_close(z, y, **exact)
    torch.testing.assert_close(followed, moved @ turn.T + step, **exact)
    assert (moved - pos).abs().max() > 1e-3
    model = EMPSN(2, 4, 3, num_layers=2, max_dim=max_dim, update_pos=True).double()
    torch.testing.assert_close(
        model(x, complex_, pos @ turn.T + step), model(x, complex_, pos), **exact
    )
    others = model(x, complex_, 2 * pos)
    assert (others - model(x, complex_, pos)).abs().max() > 1e-3  # sizes are seen


@pytest.mark.parametrize("update_pos", [False, True])
def test_positions_move_if_they_are_to(update_pos):
    K = random_complex(0)
    model = EMPSN(2, 4, 3, num_layers=2, max_dim=3, update_pos=update_pos)
    pos = positions(K, 3).float()
    h, moved = model.encode(random_cochains(K, channels=2, max_dim=3), K, pos)
    assert [tuple(y.shape) for y in h] == [(n, 4) for n in K.f_vector]
    assert torch.equal(moved, pos) != update_pos


def test_autocast_leaves_the_positions_in_float32():
    K = COMPLEXES["torus"]
    conv, x, pos = EMPSNConv(2, 4, 2), random_cochains(K, channels=2), positions(K, 3).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, moved = conv(x, K, pos)
    assert moved.dtype == torch.float32
    torch.testing.assert_close(moved, conv(x, K, pos)[1], atol=0.1, rtol=0.1)


@pytest.mark.parametrize("name", ["empty", "one vertex", "isolated vertices", "edge"])
def test_empty_ranks(name):
    complex_ = COMPLEXES[name]
    model = EMPSN(2, 4, 3, num_layers=2, max_dim=2, update_pos=True)
    x = random_cochains(complex_, channels=2, max_dim=2)
    assert model(x, complex_, positions(complex_, 3).float()).isfinite().all()


def test_a_bend_between_two_triangles_is_seen_by_moving_positions_alone():
    """No tetrahedron holds both triangles, so no invariant does."""
    complex_ = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3)])
    flat = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], dtype=torch.float64)
    bent = flat.clone()
    bent[3] = torch.tensor([0.5, 0.5, math.sqrt(0.5)], dtype=torch.float64)
    x = [torch.ones(n, 1, dtype=torch.float64) for n in complex_.f_vector]
    for update_pos in (False, True):
        model = EMPSN(1, 8, 3, num_layers=2, max_dim=2, update_pos=update_pos).double()
        gap = (model(x, complex_, flat) - model(x, complex_, bent)).abs().max()
        assert (gap > 1e-6) == update_pos


def test_repr_and_wrong_positions():
    conv = EMPSNConv(16, 32, 2)
    assert repr(conv) == "EMPSNConv(16, 32, max_dim=2)"
    x = random_cochains(COMPLEXES["house"], channels=16)
    with pytest.raises(ValueError, match=r"pos must have shape \(n_0, D\) with n_0 = 5, got"):
        conv(x, COMPLEXES["house"], torch.zeros(4, 3))
