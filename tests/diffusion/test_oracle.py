"""Variances that each sampler returns for Gaussian data: a table computed elsewhere."""

import pytest
import torch

from simplex.diffusion import (
    ddim,
    ddpm,
    dpmpp_2m,
    edm_sigmas,
    euler_flow,
    flow_of_levels,
    heun_edm,
    linear_schedule,
    spaced_times,
)
from tests.cases import over
from tests.diffusion.gaussian import exact_network, output_variance


LINEAR = linear_schedule(1000)

# Data N(0, s²), exact network, start N(0, 1): NumPy recursions, independent of this code.
TABLE = {  # (s², S): DDPM small = DDIM η=1, DDPM large, DDIM η=0, DPM-Solver++(2M)
    (0.25, 10): (0.111206, 0.243938, 0.136867, 0.163834),
    (0.25, 20): (0.153278, 0.267109, 0.186078, 0.228685),
    (0.25, 50): (0.197225, 0.261857, 0.222220, 0.250551),
    (0.25, 100): (0.219229, 0.256767, 0.235659, 0.250794),
    (0.25, 1000): (0.246125, 0.250752, 0.248498, 0.249970),
    (1, 10): (0.548329, 0.897018, 0.687853, 0.898999),
    (1, 20): (0.710758, 0.971016, 0.830442, 1.002661),
    (1, 50): (0.857414, 0.994231, 0.928430, 1.006080),
    (1, 100): (0.921565, 0.998105, 0.963503, 1.002065),
    (1, 1000): (0.991067, 0.999900, 0.996252, 0.999974),
    (4, 10): (2.389426, 3.087979, 2.954754, 3.961982),
    (4, 20): (3.031135, 3.535437, 3.438996, 4.036641),
    (4, 50): (3.554869, 3.812425, 3.765188, 4.010476),
    (4, 100): (3.764395, 3.905937, 3.880537, 4.002692),
    (4, 1000): (3.974777, 3.990569, 3.987419, 3.999500),
}
SAMPLERS = {
    "ddpm small": lambda model, x, times, z: ddpm(model, x, LINEAR, times, noise=z),
    "ddim eta 1": lambda model, x, times, z: ddim(model, x, LINEAR, times, eta=1.0, noise=z),
    "ddpm large": lambda model, x, times, z: ddpm(
        model, x, LINEAR, times, variance="large", noise=z
    ),
    "ddim": lambda model, x, times, z: ddim(model, x, LINEAR, times),
    "dpmpp_2m": lambda model, x, times, z: dpmpp_2m(model, x, LINEAR, times),
}
COLUMN = {"ddpm small": 0, "ddim eta 1": 0, "ddpm large": 1, "ddim": 2, "dpmpp_2m": 3}


ROWS = [(sampler, *row) for sampler in SAMPLERS for row in TABLE]
QUICK = [  # of those in a thousand steps, two
    (sampler, variance, steps)
    for sampler, variance, steps in ROWS
    if steps < 1000 or (sampler, variance) in (("ddpm large", 1), ("dpmpp_2m", 0.25))
]


@over("sampler, variance, steps", QUICK)
def test_variance_of_samples(sampler, variance, steps):
    require_variance(sampler, variance, steps)


@pytest.mark.slow
@over("sampler, variance, steps", [row for row in ROWS if row not in QUICK])
def test_variance_of_samples_in_a_thousand_steps(sampler, variance, steps):
    require_variance(sampler, variance, steps)


def require_variance(sampler, variance, steps):
    model = exact_network(LINEAR, variance)
    times = spaced_times(LINEAR, steps)
    noisy = COLUMN[sampler] < 2
    got = output_variance(lambda x, z: SAMPLERS[sampler](model, x, times, z), steps if noisy else 0)
    assert got == pytest.approx(TABLE[variance, steps][COLUMN[sampler]], abs=1e-5)


EDM_TABLE = {  # s²: the limit, then for N = 10, 18, 36, 72 Euler, and Heun; levels of rho = 7
    0.25: (
        0.249990,
        (0.133381, 0.178956, 0.212518, 0.230755),
        (0.371854, 0.278388, 0.256134, 0.251428),
    ),
    1: (
        0.999844,
        (0.563700, 0.738664, 0.863096, 0.929916),
        (1.381642, 1.091458, 1.019871, 1.004554),
    ),
    4: (
        3.997502,
        (2.383238, 3.038977, 3.499072, 3.743494),
        (5.215696, 4.293444, 4.062768, 4.012911),
    ),
}


def heun_variance(variance, levels):
    def denoise(x, sigma):
        return x * (variance / (variance + sigma**2))[:, None]

    return heun_edm(denoise, torch.full((1, 1), 80.0).double(), levels).square().item()


@over("variance", EDM_TABLE)
def test_heun_over_noise_levels(variance):
    got = [heun_variance(variance, edm_sigmas(n)) for n in (10, 18, 36, 72)]
    limit, _, heun = EDM_TABLE[variance]
    assert got == pytest.approx(list(heun), abs=1e-5)
    assert limit == pytest.approx(variance * 6400 / (variance + 6400), abs=1e-6)


@over("variance", EDM_TABLE)
def test_euler_over_noise_levels(variance):
    """The equation of EDM with Euler's method."""
    _limit, euler, _ = EDM_TABLE[variance]
    for n, expected in zip((10, 18, 36, 72), euler, strict=True):
        x = torch.full((1, 1), 80.0).double()
        got = euler_flow(
            flow_of_levels(lambda y, s: y * (variance / (variance + s**2))[:, None]),
            x,
            edm_sigmas(n),
        )
        assert got.square().item() == pytest.approx(expected, abs=1e-5)


def test_orders_of_the_edm_table():
    """Errors against the limit: halving the step halves Euler's, and quarters Heun's."""
    errors = [abs(heun_variance(1, edm_sigmas(n)) - EDM_TABLE[1][0]) for n in (18, 36, 72)]
    assert errors[0] / errors[1] == pytest.approx(4.6, abs=0.1)
    assert errors[1] / errors[2] == pytest.approx(4.3, abs=0.1)
