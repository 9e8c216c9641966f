"""Planted edge flows: topology, the planted law part by part, and reproducible chance."""

from dataclasses import replace

import pytest
import torch

from simplex.datasets import planted_flows
from simplex.diffusion import HodgeNoise, MaternKernel
from simplex.operators import (
    boundary_matrix,
    coboundary_matrix,
    harmonic_basis,
    hodge_decomposition,
)
from simplex.testing import random_orientation, relabel
from tests.cases import over


DOMAINS = ("annulus", "torus")
HOLES = {"annulus": 1, "torus": 2}


def made(domain, seed=0, num_train=3, num_test=2, **options):
    generator = torch.Generator().manual_seed(seed)
    options = {"dtype": torch.float64} | options
    return planted_flows(domain, num_train, num_test, generator=generator, **options)


def walk(K, flow, vertices):
    """The sum of an edge flow along a closed path."""
    ahead = torch.tensor(vertices).roll(-1)
    ends = torch.stack([torch.tensor(vertices), ahead], dim=1)
    edges = K.index(ends.sort(dim=1).values)
    assert bool((edges >= 0).all())
    return float((flow[edges] * (ends[:, 1] - ends[:, 0]).sign()).sum())


@over("seed", range(3))
@over("size", [None, (5, 11)])
def test_the_annulus(seed, size):
    flows = made("annulus", seed, size=size)
    rings, around = size or (4, 20)
    K = flows.complex.validate()
    assert K.f_vector == (rings * around, around * (3 * rings - 2), 2 * around * (rings - 1))
    assert harmonic_basis(K, 1).shape[1] == 1
    rim = K.cofacets(1)[0].diff() == 1
    assert int(rim.sum()) == 2 * around
    assert bool((K.cofacets(1)[0].diff() >= 1).all())
    radius = flows.positions.norm(dim=1)
    assert float(radius.min()) == pytest.approx(0.4)
    assert float(radius.max()) == pytest.approx(1)
    ring = torch.arange((rings - 1) * around, rings * around).tolist()
    for path in (list(range(around)), ring):
        assert walk(K, flows.fields[:, 0], path) == pytest.approx(1)


@over("seed", range(3))
@over("size", [None, (4, 7)])
def test_the_torus(seed, size):
    flows = made("torus", seed, size=size)
    rows, columns = size or (8, 9)
    K, count = flows.complex.validate(), rows * columns
    assert flows.positions is None
    assert K.f_vector == (count, 3 * count, 2 * count)
    assert harmonic_basis(K, 1).shape[1] == 2
    assert bool((K.cofacets(1)[0].diff() == 2).all())  # a closed surface
    paths = [list(range(0, count, columns)), list(range(columns))]
    found = [[walk(K, field, path) for path in paths] for field in flows.fields.T]
    torch.testing.assert_close(torch.tensor(found), torch.eye(2))


@over("domain", DOMAINS)
def test_the_fields_are_harmonic_and_their_circulation_is_read_back(domain, dtype):
    flows = made(domain, dtype=dtype)
    K, fields = flows.complex, flows.fields
    for operator in (boundary_matrix(K, 1), coboundary_matrix(K, 1)):
        assert float((operator.to(fields.dtype) @ fields).abs().max()) < 1e-8
    wanted = torch.randn(5, HOLES[domain], dtype=dtype)
    wound = (wanted @ fields.to(dtype).T)[..., None]
    torch.testing.assert_close(flows.circulation(wound), wanted)
    gradient, curl, _ = flows.parts(flows.train)
    assert flows.circulation(gradient + curl).abs().max() < 1e-3


@over("domain", DOMAINS)
def test_parts_are_those_of_the_hodge_decomposition(domain, dtype):
    flows = made(domain, dtype=dtype)
    expected = hodge_decomposition(flows.complex, flows.train[..., 0].T)
    tolerance = 1e-4 if dtype == torch.float32 else 1e-8
    for part, other in zip(flows.parts(flows.train), expected, strict=True):
        torch.testing.assert_close(part[..., 0], other.T, atol=tolerance, rtol=tolerance)


@over("shares", [(0.3, 0.3, 0.4), (0.6, 0.1, 0.3)])
@over("domain", DOMAINS)
def test_energy_shares_are_as_asked(domain, shares):
    flows = made(domain, num_train=2000, shares=shares)
    n = flows.train.shape[1]
    for part, share in zip(flows.parts(flows.train), shares, strict=True):
        energies = part.square().sum((1, 2)) / n
        error = float(energies.std()) / 2000**0.5
        assert float(energies.mean()) == pytest.approx(share, abs=4.5 * error)


@over("domain", DOMAINS)
def test_the_covariance_is_that_of_hodge_noise(domain):
    """The sparse evaluation of ψ_G(L_d) and ψ_C(L_u), without eigenvectors, as oracle."""
    kernels = {"gradient": MaternKernel(length=2.0), "curl": MaternKernel(length=4.0)}
    flows = made(domain, **kernels)
    noise = HodgeNoise(flows.complex, *kernels.values())
    n = flows.complex.num_simplices(1)
    parts = hodge_decomposition(flows.complex, torch.eye(n, dtype=torch.float64))
    for modes, part in zip((flows.gradient, flows.curl), parts[:2], strict=True):
        expected = noise.power(part, 1.0)
        expected *= 0.3 * n / expected.trace()
        torch.testing.assert_close(modes @ modes.T, expected, atol=1e-8, rtol=1e-8)


@over("domain", DOMAINS)
def test_draws_have_the_covariance(domain):
    flows = made(domain, num_train=4000)
    for modes in (flows.gradient, flows.curl):
        whitened = flows.train[..., 0] @ modes / modes.norm(dim=0).square()
        # (mean of χ²) - 1 has deviation √(2 / 4000) = 0.022; 4.5 of them for some hundred modes
        assert float((whitened.square().mean(0) - 1).abs().max()) < 4.5 * 0.0224
        assert float(whitened.mean(0).abs().max()) < 4.5 * 0.0159


@over("seed", range(2))
@over("domain", DOMAINS)
def test_the_circulation_has_two_modes(domain, seed):
    flows = made(domain, seed, num_train=1000, spread=0.1)
    w = flows.circulation(flows.train) / flows.level
    assert w.shape == (1000, HOLES[domain])
    assert float((w.abs() - 1).abs().max()) < 0.5  # five deviations: nothing between the modes
    assert float(w.abs().std()) == pytest.approx(0.1, rel=0.1)
    signs = w.sign()
    assert float(signs.mean(0).abs().max()) < 4.5 / 1000**0.5
    if domain == "torus":
        assert abs(float(signs.prod(1).mean())) < 4.5 / 1000**0.5


@over("domain", DOMAINS)
def test_a_seed_fixes_everything(domain):
    first, again, other = made(domain, 1), made(domain, 1), made(domain, 2)
    assert torch.equal(first.complex.facets(2), again.complex.facets(2))
    assert torch.equal(first.train, again.train)
    assert torch.equal(first.test, again.test)
    assert not torch.equal(first.train, other.train)
    assert not torch.equal(first.train[:2], first.test)
    draws = [first.draw(2, generator=torch.Generator().manual_seed(3)) for _ in range(2)]
    assert torch.equal(*draws)


@over("domain", DOMAINS)
def test_parts_go_with_the_names_and_directions_of_the_edges(domain):
    flows = made(domain, num_train=4)
    renamed = relabel(flows.complex, torch.randperm(flows.complex.num_simplices(0)))
    signs = random_orientation(renamed.complex, 0)
    there = renamed.complex.reorient(signs)

    def carried(x):
        return renamed.move(x, 1) * signs[1][:, None]

    train = carried(flows.train[..., 0].T)  # flows as channels
    parts = hodge_decomposition(there, train)
    for part, expected in zip(parts, flows.parts(flows.train), strict=True):
        torch.testing.assert_close(part, carried(expected[..., 0].T), atol=1e-8, rtol=1e-8)
    moved = replace(flows, complex=there, fields=carried(flows.fields))
    found = moved.circulation(train.T[..., None])
    torch.testing.assert_close(found, flows.circulation(flows.train))


@over(
    "options, message",
    [
        ({"domain": "sphere"}, "domain must be"),
        ({"domain": "annulus", "size": (1, 20)}, "size must be at least"),
        ({"domain": "torus", "size": (3, 9)}, "size must be at least"),
        ({"domain": "torus", "shares": (0.5, 0.5, 0.5)}, "shares must be"),
        ({"domain": "torus", "shares": (0.5, 0.5, 0.0)}, "shares must be"),
        ({"domain": "torus", "shares": (0.5, 0.5)}, "shares must be"),
        ({"domain": "torus", "spread": -1.0}, "spread must be"),
        ({"domain": "torus", "num_train": -1}, "num_train must be"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        planted_flows(**options)
