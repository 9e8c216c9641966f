"""Denoising, interpolation and trend filters: held to dense solutions and optimality."""

import numpy as np
import pytest
import torch

from simplex.operators import apply_boundary, apply_coboundary, hodge_decomposition
from simplex.signals import denoise, interpolate, trend_filter
from tests.cases import over
from tests.operators.oracles import dense_boundary
from tests.signals.oracles import ALL, FEW, halves, signal


@over("name, k", FEW)
def test_denoising_is_ridge_regression(name, k):
    K = ALL[name]
    x = signal(K, k)
    down, up = halves(K, k)
    for weights in ((0.0, 0.0), (1.0, 3.0), (20.0, 0.0)):
        matrix = np.eye(len(x)) + weights[0] * down + weights[1] * up
        expected = torch.from_numpy(np.linalg.solve(matrix, x.numpy()))
        found = denoise(K, x, k, down=weights[0], up=weights[1])
        torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-9)


@over("name, k", FEW)
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_interpolation_has_the_least_energy_and_the_least_norm(name, k, noise):
    K = ALL[name]
    x = signal(K, k)
    n = len(x)
    generator = torch.Generator().manual_seed(1)
    mask = torch.rand(n, generator=generator) < 0.5
    hidden = torch.where(mask[:, None], x, torch.nan)
    down, up = halves(K, k)
    energy = 1.5 * down + 0.5 * up
    found = interpolate(K, hidden, mask, k, down=1.5, up=0.5, noise=noise).numpy()
    seen, unseen = mask.numpy(), ~mask.numpy()
    expected = np.where(seen[:, None], x.numpy(), 0.0)
    if noise:
        matrix = np.diag(seen.astype(float)) + noise * energy
        expected = np.linalg.pinv(matrix, rcond=1e-10, hermitian=True) @ expected
    else:
        right = -energy[np.ix_(unseen, seen)] @ expected[seen]
        inverse = np.linalg.pinv(energy[np.ix_(unseen, unseen)], rcond=1e-10, hermitian=True)
        expected[unseen] = inverse @ right
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_a_flow_without_sources_is_filled_in():
    K = ALL["random"].skeleton(1)
    flow = hodge_decomposition(K, signal(K, 1), 1)[2]
    mask = torch.ones(len(flow), dtype=torch.bool)
    mask[::7] = False
    filled = interpolate(K, flow, mask)
    assert float(apply_boundary(K, filled, 1).abs().max()) < 1e-7


@over("name, k", [("random", 0), ("random", 1), ("union", 1), ("projective plane, turned", 1)])
def test_trend_filters_meet_the_conditions_of_optimality(name, k):
    """0 ∈ y - x + μ Dᵀ sign(Dy): there are a, b within the bounds, at them where D y is not 0."""
    K = ALL[name]
    x = signal(K, k, channels=3)
    down, up = 0.3, 0.2
    y = trend_filter(K, x, k, down=down, up=up, tolerance=1e-14, max_steps=100_000)
    D = np.vstack([dense_boundary(K, k), dense_boundary(K, k + 1).T])
    bound = np.r_[np.full(D.shape[0] - K.num_simplices(k + 1), down),
                  np.full(K.num_simplices(k + 1), up)]  # fmt: skip
    better = lambda z: 0.5 * ((z - x.numpy()) ** 2).sum(0) + bound @ abs(D @ z)  # noqa: E731
    value = better(y.numpy())
    rng = np.random.default_rng(0)
    for size in (1.0, 1e-2, 1e-4):
        for _ in range(20):
            step = rng.standard_normal(y.shape)
            for direction in (step, np.linalg.pinv(D) @ (D @ step) - step):
                assert (better(y.numpy() + size * direction) >= value - 1e-9).all()
    jumps = abs(D @ y.numpy())
    assert (jumps < 1e-5).sum() > (abs(D @ x.numpy()) < 1e-5).sum()  # sparse where x was not


def test_large_weights_leave_the_harmonic_part():
    K = ALL["random"]
    x = signal(K, 1)
    y = trend_filter(K, x, down=100.0, up=100.0, tolerance=1e-13)
    torch.testing.assert_close(y, hodge_decomposition(K, x, 1)[2], atol=1e-5, rtol=0)
    assert torch.equal(trend_filter(K, x), x)
    assert float(apply_coboundary(K, y, 1).abs().max()) < 1e-5


@over(
    "call, error, message",
    [
        (lambda K, x: denoise(K, x, down=-1.0), ValueError, "down must be"),
        (lambda K, x: interpolate(K, x, torch.ones(len(x))), TypeError, "observed must be a mask"),
        (lambda K, x: interpolate(K, x, torch.ones(3, dtype=torch.bool)), ValueError, "shape"),
        (
            lambda K, x: interpolate(K, x * torch.nan, torch.ones(len(x), dtype=torch.bool)),
            ValueError,
            "finite",
        ),
        (lambda K, x: trend_filter(K, x, up=1.0, max_steps=1), RuntimeError, "gap must fall"),
        (lambda K, x: trend_filter(K, x, tolerance=0.0), ValueError, "tolerance"),
    ],
)
def test_wrong_calls_are_refused(call, error, message):
    K = ALL["random"]
    with pytest.raises(error, match=message):
        call(K, signal(K, 1))
