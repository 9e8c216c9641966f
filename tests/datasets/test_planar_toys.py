"""Toys of the plane: moments of their law, their supports, their randomness."""

import math

import pytest
import torch

from simplex.datasets import checkerboard, eight_gaussians, swiss_roll, two_moons
from tests.cases import over


TOYS = {
    "two_moons": two_moons,
    "eight_gaussians": eight_gaussians,
    "swiss_roll": swiss_roll,
    "checkerboard": checkerboard,
}
BLURRED = [two_moons, eight_gaussians, swiss_roll]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def double(*values):
    return torch.tensor(values, dtype=torch.float64)


@over(
    "toy, options",
    [
        *((toy, {}) for toy in TOYS.values()),
        *((t, {"noise": s}) for t in BLURRED for s in (0, 0.8)),
    ],
)
def test_mean_zero_and_variance_one(toy, options):
    points = toy(200_000, generator=seeded(), dtype=torch.float64, **options)
    torch.testing.assert_close(points.mean(0), torch.zeros(2).double(), rtol=0, atol=0.01)
    torch.testing.assert_close(points.var(0), torch.ones(2).double(), rtol=0, atol=0.01)


@over("toy", TOYS.values())
def test_draws_come_from_the_generator_alone(toy, dtype):
    first = toy(50, generator=seeded(1), dtype=dtype)
    torch.manual_seed(7)
    assert torch.equal(first, toy(50, generator=seeded(1), dtype=dtype))
    assert not torch.equal(first, toy(50, generator=seeded(2), dtype=dtype))
    assert first.dtype == dtype
    assert first.shape == (50, 2)
    assert toy(0).shape == (0, 2)
    exact = toy(50, generator=seeded(1), dtype=torch.float64)
    torch.testing.assert_close(first, exact.to(dtype))


def test_moons_without_blur_lie_on_two_half_circles():
    points = two_moons(1000, noise=0.0, generator=seeded(), dtype=torch.float64)
    scale = double(0.75, 1 / 2 + 1 / 16 - 1 / math.pi).sqrt()
    points = points * scale + torch.tensor([0.5, 0.25])
    upper = ((points.norm(dim=1) - 1).abs() < 1e-9) & (points[:, 1] >= 0)
    other = torch.tensor([1.0, 0.5]) - points
    lower = ((other.norm(dim=1) - 1).abs() < 1e-9) & (other[:, 1] >= 0)
    assert (upper ^ lower).all()
    assert upper.double().mean().item() == pytest.approx(0.5, abs=0.05)
    for moon in (points[upper], other[lower]):
        share = torch.atan2(moon[:, 1], moon[:, 0]).sort().values / math.pi
        uniform = torch.linspace(0, 1, len(share)).double()
        assert (share - uniform).abs().max() < 0.08


def test_eight_gaussians_are_what_they_say():
    noise = 0.2
    points = eight_gaussians(80_000, noise=noise, generator=seeded(), dtype=torch.float64)
    radius = (0.5 + noise**2) ** -0.5
    angles = torch.arange(8).double() * math.pi / 4
    centres = radius * torch.stack([angles.cos(), angles.sin()], dim=1)
    # E|x|⁴ of the mixture: |c|⁴ + 8 |c|² s² + 8 s⁴.
    s = radius * noise
    expected = radius**4 + 8 * radius**2 * s**2 + 8 * s**4
    assert points.square().sum(1).square().mean().item() == pytest.approx(expected, rel=0.02)
    bare = eight_gaussians(4000, noise=0.0, generator=seeded(), dtype=torch.float64)
    distance, nearest = torch.cdist(bare, centres / radius * 2**0.5).min(1)
    assert distance.max() < 1e-6
    assert nearest.bincount(minlength=8).min() > 400


def test_roll_without_blur_is_an_even_spiral():
    points = swiss_roll(2000, noise=0.0, generator=seeded(), dtype=torch.float64)
    pair = double(2.0, 2 / (3 * math.pi))
    square = (1.5**2 + 1.5 * 4.5 + 4.5**2) * math.pi**2 / 6
    variance = double(square - 0.25, square + 0.25) - pair**2
    points = points * variance.sqrt() + pair
    t = points.norm(dim=1)
    curve = t[:, None] * torch.stack([t.cos(), t.sin()], dim=1)
    torch.testing.assert_close(points, curve)
    share = (t.sort().values / math.pi - 1.5) / 3
    assert (share - torch.linspace(0, 1, 2000).double()).abs().max() < 0.05


def test_board_fills_its_eight_squares_evenly():
    points = checkerboard(16_000, generator=seeded(), dtype=torch.float64) / 0.75**0.5
    cells = points.floor().long() + 2
    assert cells.min() >= 0
    assert cells.max() <= 3
    counts = (4 * cells[:, 0] + cells[:, 1]).bincount(minlength=16).reshape(4, 4)
    dark = torch.arange(4)[:, None] % 2 == torch.arange(4) % 2
    assert (counts[~dark] == 0).all()
    assert ((counts[dark] - 2000).abs() < 200).all()
    inside = points - points.floor()
    torch.testing.assert_close(inside.var(0), torch.full((2,), 1 / 12).double(), rtol=0.05, atol=0)


@over("toy", TOYS.values())
def test_bad_counts(toy):
    with pytest.raises(ValueError, match="n must be non-negative, got -1"):
        toy(-1)
    for n in (2.0, True):
        with pytest.raises(TypeError, match="n must be an integer"):
            toy(n)


@over("toy", BLURRED)
@over("noise", [-0.1, math.nan, math.inf])
def test_bad_noise(toy, noise):
    with pytest.raises(ValueError, match=r"noise must be a finite number in \[0, ∞\)"):
        toy(3, noise=noise)
