"""Noise fitted to data: the energy of each Hodge part is that of the data."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.datasets import planted_flows
from simplex.diffusion import HeatKernel, MaternKernel, fitted_hodge_noise
from simplex.operators import hodge_decomposition
from simplex.testing import random_complex
from tests.cases import over


def energy(x):
    """The mean of |x|² over rows of cochains, (rows, n_k, 1)."""
    return float(x.square().sum((1, 2)).mean())


@over("kernel", [MaternKernel(), HeatKernel(length=0.5)])
@over("domain", ["annulus", "torus"])
def test_each_part_of_the_covariance_has_the_energy_of_the_data(domain, kernel):
    shares = (0.6, 0.1, 0.3)
    made = planted_flows(domain, 30, 0, shares=shares, generator=torch.Generator().manual_seed(0))
    K, n = made.complex, made.complex.num_simplices(1)
    noise = fitted_hodge_noise(K, made.train, kernel)
    covariance = noise.power(torch.eye(n, dtype=torch.float64), 1.0)
    for found, part in zip(
        hodge_decomposition(K, covariance), made.parts(made.train.double()), strict=True
    ):
        assert float(found.trace()) == pytest.approx(energy(part), rel=1e-5)
    assert float(noise.trace()) == pytest.approx(energy(made.train), rel=1e-5)


@over("seed", range(3))
@over("k", [1, 2])
def test_parts_that_the_complex_lacks_need_no_energy(seed, k):
    K = random_complex(seed)
    x = torch.randn(20, K.num_simplices(k), 1, dtype=torch.float64)
    noise = fitted_hodge_noise(K, x, k=k)
    assert float(noise.trace()) == pytest.approx(energy(x))
    channels = fitted_hodge_noise(K, x[..., 0].T, k=k)  # draws as channels are draws too
    torch.testing.assert_close(channels.trace(), noise.trace())
    torch.testing.assert_close(noise.whiten(noise.color(x)), x)


def test_the_kernel_keeps_its_shape():
    made = planted_flows("torus", 5, 0, generator=torch.Generator().manual_seed(0))
    kernel = MaternKernel(length=3.0)
    at = torch.linspace(0, 8, 9, dtype=torch.float64)
    noise = fitted_hodge_noise(made.complex, made.train, kernel)
    for part in (noise.gradient, noise.curl, noise.harmonic):
        ratio = part(at) / kernel(at)
        torch.testing.assert_close(ratio, ratio[:1].expand(9))


def test_data_without_one_of_the_parts_are_refused():
    made = planted_flows("torus", 5, 0, generator=torch.Generator().manual_seed(0))
    x = made.train.double()
    gradient, curl, harmonic = made.parts(x)
    for name, part, subspace in (
        ("gradient", gradient, "divergence-free"),
        ("curl", curl, "curl-free"),
        ("harmonic", harmonic, "gradient and curl"),
        ("gradient", gradient + curl, "harmonic"),
    ):
        message = f'energy in the {name} part.*live in HodgeSubspace.K, "{subspace}", k=1'
        with pytest.raises(ValueError, match=message):
            fitted_hodge_noise(made.complex, x - part)
    with pytest.raises(ValueError, match="All of x is 0"):
        fitted_hodge_noise(made.complex, 0 * x)


def test_wrong_shapes_are_refused():
    K = SimplicialComplex.from_simplices([(0, 1, 2)])
    union = SimplicialComplex.disjoint_union([K, K])
    for x in (torch.ones(2, 3), torch.ones(4), torch.ones(2, 4, 1)):
        with pytest.raises(ValueError, match=r"one value per simplex, shape \(…, 3, C\)"):
            fitted_hodge_noise(K, x)
    for complex_, x in ((K, torch.ones(0, 3, 1)), (union, torch.ones(6))):
        with pytest.raises(ValueError, match=r"on a complex of one part.*K\.split\(\)"):
            fitted_hodge_noise(complex_, x)
