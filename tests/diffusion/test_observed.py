"""Entries that are known: against conditional normal laws in closed form."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.diffusion import (
    GaussianMixture,
    HodgeNoise,
    MaternKernel,
    chain_from_denoiser,
    ddim,
    dpmpp_2m,
    log_snr_times,
    observed,
    vp_sde_schedule,
)
from tests.cases import over


SCHEDULE = vp_sde_schedule()
TIMES = log_snr_times(SCHEDULE, 30, last=1e-4)
K = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3), (1, 3, 4), (0, 4)])
N = K.num_simplices(1)
ROOT = torch.randn(N, N, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
COVARIANCE = ROOT @ ROOT.T / N + 0.1 * torch.eye(N)
MASK = torch.tensor([True, False, True, False, False, True, False, False])[:N, None]
VALUES = torch.linspace(-1, 2, N, dtype=torch.float64)[:, None]


def conditional(std):
    """Mean and covariance of N(0, COVARIANCE) given the entries, with errors of deviation std."""
    seen = MASK[:, 0]
    inner = COVARIANCE[seen][:, seen] + std**2 * torch.eye(int(seen.sum()))
    gain = COVARIANCE[:, seen] @ torch.linalg.inv(inner)
    return gain @ VALUES[seen, 0], COVARIANCE - gain @ COVARIANCE[seen]


def white_model():
    data = GaussianMixture(torch.zeros(1, N), COVARIANCE[None])
    flat = chain_from_denoiser(data.denoise, SCHEDULE)
    return lambda x, t: flat(x[..., 0], t)[..., None]


def coloured_model(noise):
    """The exact E[x_0 | x_t] where x_t = α x_0 + σ K^{1/2} ε."""
    root = noise.power(torch.eye(N, dtype=torch.float64)[..., None], 1.0)[..., 0]

    def model(x, t):
        alpha, sigma = SCHEDULE.coefficients(t)
        a, s = alpha[0], sigma[0]
        total = a**2 * COVARIANCE + s**2 * root
        return (a * COVARIANCE @ torch.linalg.solve(total, x[..., 0].T)).T[..., None]

    return model


@over("std", [0.0, 0.5])
@over("noise", [None, HodgeNoise(K, MaternKernel(1.5, 2.0))])
def test_samples_of_normal_data_are_normal_given_what_is_known(std, noise):
    model = white_model() if noise is None else coloured_model(noise)
    told = observed(model, SCHEDULE, VALUES, MASK, prediction="x0", std=std, noise=noise)
    impulses = torch.cat([torch.zeros(1, N), torch.eye(N)]).double()[..., None]
    start = impulses if noise is None else noise.color(impulses)
    end = dpmpp_2m(told, start, SCHEDULE, TIMES)[..., 0]
    mean, covariance = conditional(std)
    rows = end[1:] - end[0]
    torch.testing.assert_close(end[0], mean, rtol=0, atol=0.02)
    torch.testing.assert_close(rows.T @ rows, covariance, rtol=0, atol=0.03)
    if std == 0:
        torch.testing.assert_close(end[:, MASK[:, 0]], VALUES[MASK].expand(N + 1, -1))


def test_a_mixture_goes_to_the_mode_that_what_is_known_says():
    data = GaussianMixture(
        torch.tensor([[-2.0, -2.0], [2.0, 2.0]]), 0.02 * torch.eye(2).repeat(2, 1, 1)
    )
    model = chain_from_denoiser(data.denoise, SCHEDULE)
    start = torch.randn(100, 2, generator=torch.Generator().manual_seed(0)).double()
    for value in (-1.9, 2.1):
        told = observed(model, SCHEDULE, torch.tensor([value, 0.0]), torch.tensor([True, False]))
        x = ddim(told, start, SCHEDULE, TIMES)
        torch.testing.assert_close(x[:, 0], torch.full((100,), value).double(), rtol=0, atol=1e-3)
        assert ((x[:, 1] * value) > 0).double().mean() > 0.97


def test_nothing_known_changes_nothing_and_one_model_serves_other_shapes():
    model, start = white_model(), torch.randn(3, N, 1, dtype=torch.float64)
    told = observed(model, SCHEDULE, VALUES, MASK & False, prediction="x0")
    expected = ddim(model, start, SCHEDULE, TIMES, prediction="x0")
    torch.testing.assert_close(ddim(told, start, SCHEDULE, TIMES), expected)
    per_row = torch.stack([VALUES, -VALUES, 0 * VALUES])
    told = observed(model, SCHEDULE, per_row, MASK, prediction="x0")
    end = ddim(told, start, SCHEDULE, TIMES)
    torch.testing.assert_close(end[:, MASK[:, 0]], per_row[:, MASK[:, 0]])


@over(
    "change, error, message",
    [
        ({"mask": MASK.double()}, TypeError, "mask must be a tensor of bools"),
        ({"mask": MASK[:3]}, ValueError, "values and mask must have one shape"),
        ({"values": VALUES * torch.nan}, ValueError, "values where they are known must be finite"),
        ({"std": -1.0}, ValueError, "std must be"),
        ({"num_iterations": 0}, ValueError, "num_iterations must be"),
    ],
)
def test_what_cannot_be_known_is_refused(change, error, message):
    arguments = {"values": VALUES, "mask": MASK} | change
    with pytest.raises(error, match=message):
        observed(white_model(), SCHEDULE, prediction="x0", **arguments)


def test_values_of_other_data_are_refused():
    told = observed(lambda x, t: x, SCHEDULE, VALUES, MASK, prediction="x0")
    with pytest.raises(ValueError, match="mask must broadcast to the shape of the data"):
        ddim(told, torch.randn(2, 3, 1), SCHEDULE, 4)
    wrong = observed(lambda x, t: x[:1], SCHEDULE, VALUES, MASK, prediction="x0")
    with pytest.raises(ValueError, match="the prediction of the network must have the shape"):
        ddim(wrong, torch.randn(2, N, 1), SCHEDULE, 4)
