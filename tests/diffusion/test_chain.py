"""The Gaussian chain: Bayes, conversions, variances."""

import itertools

import pytest
import torch

from simplex.diffusion import (
    WhiteNoise,
    convert_prediction,
    cosine_schedule,
    learned_variance,
    linear_log_snr_schedule,
    linear_schedule,
    posterior,
    q_sample,
    reverse_variance,
    zero_terminal_snr,
)
from tests.cases import over


SCHEDULES = [linear_schedule(1000), cosine_schedule(1000), linear_log_snr_schedule()]
TARGETS = ["eps", "x0", "v", "score"]


def scaled(schedule, *shares):
    """Times at the given thousandths of a schedule."""
    times = [share * schedule.end // 1000 if schedule.end == 1000 else share / 1000
             for share in shares]  # fmt: skip
    return torch.tensor(times)


@over("schedule", SCHEDULES)
@over("s, t", [(1, 2), (100, 101), (3, 700), (999, 1000)])
def test_posterior_is_the_product_of_gaussians(schedule, s, t):
    s, t = scaled(schedule, s, t)
    (alpha_s, sigma_s), (alpha_t, sigma_t) = schedule.coefficients(s), schedule.coefficients(t)
    x0, x = torch.randn(2, 5, dtype=torch.float64)
    # q(x_s | x_0) q(x_t | x_s), as precisions: x_t = a x_s + noise of variance b.
    a = alpha_t / alpha_s
    b = sigma_t**2 - a**2 * sigma_s**2
    precision = 1 / sigma_s**2 + a**2 / b
    expected = (alpha_s * x0 / sigma_s**2 + a * x / b) / precision
    mean, variance = posterior(x0, x, t, s, schedule)
    torch.testing.assert_close(variance, 1 / precision, rtol=1e-9, atol=0)
    torch.testing.assert_close(mean, expected, rtol=1e-9, atol=1e-12)
    assert reverse_variance(schedule, t, s, "large").item() == pytest.approx(b.item(), rel=1e-9)


def test_composing_steps_gives_the_marginal():
    schedule = cosine_schedule(50)
    mean, variance = torch.ones((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for beta in schedule.betas:
        mean, variance = mean * (1 - beta).sqrt(), variance * (1 - beta) + beta
    alpha, sigma = schedule.coefficients(50)
    torch.testing.assert_close(mean, alpha)
    torch.testing.assert_close(variance, sigma**2)


@over("schedule", SCHEDULES)
def test_q_sample_has_the_moments_of_the_chain(schedule):
    t = scaled(schedule, 300)[0]
    x = q_sample(torch.full((20_000,), 2.0), t, schedule, torch.randn(20_000))
    alpha, sigma = (c.item() for c in schedule.coefficients(t))
    assert x.mean().item() == pytest.approx(2 * alpha, abs=4 * sigma / 20_000**0.5)
    assert x.var().item() == pytest.approx(sigma**2, rel=4 * (2 / 20_000) ** 0.5)


@over("source, target", list(itertools.product(TARGETS, TARGETS)))
@over("schedule", SCHEDULES)
def test_conversions(schedule, source, target, dtype):
    t = scaled(schedule, 1, 250, 900)
    x0, eps = torch.randn(2, 3, 4, dtype=dtype)
    x = q_sample(x0, t, schedule, eps)
    alpha, sigma = (c[:, None].to(dtype) for c in schedule.coefficients(t))
    truth = {"eps": eps, "x0": x0, "v": alpha * eps - sigma * x0, "score": -eps / sigma}
    got = convert_prediction(truth[source], x, t, schedule, source, target)
    assert got.dtype == dtype
    tolerance = 1e-9 if dtype == torch.float64 else 5e-2
    torch.testing.assert_close(got, truth[target], rtol=tolerance, atol=tolerance)
    back = convert_prediction(got, x, t, schedule, target, source)
    torch.testing.assert_close(back, truth[source], rtol=tolerance, atol=tolerance)


def test_one_time_is_the_time_of_every_row():
    schedule = SCHEDULES[0]
    x0, eps = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    each = q_sample(x0, torch.tensor([7, 7, 7]), schedule, eps)
    torch.testing.assert_close(q_sample(x0, 7, schedule, eps), each)
    finer = q_sample(x0, torch.full((3, 4), 7), schedule, eps)
    torch.testing.assert_close(finer, each)


def test_per_row_times_are_a_loop():
    schedule = SCHEDULES[0]
    x0, x = torch.randn(2, 4, 3, 2, dtype=torch.float64)
    t, s = torch.tensor([5, 80, 333, 1000]), torch.tensor([4, 1, 0, 999])
    mean, variance = posterior(x0, x, t, s, schedule)
    for i in range(4):
        one, spread = posterior(x0[i], x[i], int(t[i]), int(s[i]), schedule)
        torch.testing.assert_close(mean[i], one)
        torch.testing.assert_close(variance[i], spread)


def test_variances_are_ordered_and_finite_everywhere():
    for schedule in (*SCHEDULES[:2], zero_terminal_snr(SCHEDULES[0])):
        t, s = torch.arange(1, 1001), torch.arange(1000)
        small, large = (reverse_variance(schedule, t, s, kind) for kind in ("small", "large"))
        optimal = reverse_variance(schedule, t, s, lambda t: torch.full(t.shape, 0.1))
        assert large.isfinite().all()
        assert (small <= large).all()
        assert (small < optimal).all()
        torch.testing.assert_close(large, schedule.betas)


def test_learned_variance_spans_the_range(dtype):
    v = torch.tensor([[0.0, 0.5, 1.0]], dtype=dtype)
    got = learned_variance(v, torch.tensor([1e-4]), torch.tensor([1e-2]))
    torch.testing.assert_close(got, torch.tensor([[1e-4, 1e-3, 1e-2]], dtype=dtype))


@over(
    "call, message",
    [
        (lambda s: q_sample(torch.ones(3, 2), 5, s, torch.ones(3, 1)), "eps must have the shape"),
        (lambda s: q_sample(torch.ones(3), 1001, s, torch.ones(3)), "times must be in"),
        (
            lambda s: q_sample(torch.ones(3), torch.tensor([1, 2]), s, torch.ones(3)),
            "leading dimensions",
        ),
        (lambda s: posterior(torch.ones(3), torch.ones(2), 2, 1, s), "x must have the shape"),
        (lambda s: posterior(torch.ones(3), torch.ones(3), 2, 2, s), "s must be before t"),
        (
            lambda s: convert_prediction(torch.ones(3), torch.ones(2), 2, s, "eps", "x0"),
            "shape of the data",
        ),
        (
            lambda s: convert_prediction(torch.ones(3), torch.ones(3), 2, s, "eps", "u"),
            "target must be one",
        ),
        (
            lambda s: convert_prediction(torch.ones(3), torch.ones(3), 2, s, "u", "x0"),
            "prediction must be",
        ),
        (
            lambda s: convert_prediction(torch.ones(3), torch.ones(3), 0, s, "x0", "eps"),
            "Predict 'v'",
        ),
        (
            lambda s: convert_prediction(
                torch.ones(3), torch.ones(3), 1000, zero_terminal_snr(s), "eps", "x0"
            ),
            "Predict 'v'",
        ),
        (lambda s: reverse_variance(s, 5, 4, "tiny"), "variance must be"),
        (lambda s: learned_variance(torch.ones(1), torch.zeros(1), torch.ones(1)), "small must be"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call(SCHEDULES[0])


def test_white_noise_is_seeded_and_like_the_data(dtype):
    like = torch.zeros(3, 2, dtype=dtype)
    first, second = (
        WhiteNoise().sample(like, generator=torch.Generator().manual_seed(5)) for _ in range(2)
    )
    assert torch.equal(first, second)
    assert first.dtype == dtype
    assert WhiteNoise().whiten(first) is first
