"""Schedules: published values, laws, and what they refuse."""

import math

import pytest
import torch

from simplex.diffusion import (
    ContinuousSchedule,
    DiscreteSchedule,
    cosine_log_snr_schedule,
    cosine_schedule,
    edm_sigmas,
    linear_log_snr_schedule,
    linear_schedule,
    log_snr_times,
    noise_levels,
    scaled_linear_schedule,
    sigmoid_schedule,
    spaced_times,
    times_at_levels,
    vp_sde_schedule,
    zero_terminal_snr,
)
from tests.cases import over


DISCRETE = {
    "linear": linear_schedule(1000),
    "cosine": cosine_schedule(1000),
    "sigmoid": sigmoid_schedule(1000),
    "scaled linear": scaled_linear_schedule(1000),
    "zero terminal": zero_terminal_snr(linear_schedule(1000)),
    "from the SDE": vp_sde_schedule().discrete(1000),
}
CONTINUOUS = {
    "linear": linear_log_snr_schedule(),
    "cosine": cosine_log_snr_schedule(),
    "vp sde": vp_sde_schedule(),
}
each_discrete = over("name", DISCRETE)
each_continuous = over("name", CONTINUOUS)


@over(
    "name, first, middle, last, log_snr_first, log_snr_last",
    [
        ("linear", 0.9999, 0.0785872, 4.035830e-5, 9.2102, -10.1177),
        ("cosine", 0.9999587, 0.4938436, 2.4288e-9, 10.0950, -19.8359),
    ],
)
def test_published_values(name, first, middle, last, log_snr_first, log_snr_last):
    schedule = DISCRETE[name]
    got = schedule.alpha_bar([1, 500, 1000]).tolist()
    assert got[:2] == pytest.approx([first, middle], abs=5e-8)
    assert got[2] == pytest.approx(last, rel=2e-5)
    log_snr = schedule.log_snr([1, 1000]).tolist()
    assert log_snr == pytest.approx([log_snr_first, log_snr_last], abs=5e-5)


@over("name, bits", [("linear", 2.911e-5), ("cosine", 1.752e-9)])
def test_little_is_left_of_unit_variance_data(name, bits):
    alpha_bar = DISCRETE[name].alpha_bar(1000).item()
    nats = -0.5 * (math.log1p(-alpha_bar))  # E over x_0 of KL: ½ (ᾱ + (1 - ᾱ) - 1 - ln(1 - ᾱ))
    assert nats / math.log(2) == pytest.approx(bits, rel=1e-3)


@each_discrete
def test_tables_are_float64_and_consistent(name):
    schedule = DISCRETE[name]
    assert schedule.alpha_bars.dtype == torch.float64
    assert schedule.num_steps == schedule.end == 1000
    alpha, sigma = schedule.coefficients(torch.arange(1001))
    torch.testing.assert_close(alpha**2 + sigma**2, torch.ones(1001, dtype=torch.float64))
    again = DiscreteSchedule.from_betas(schedule.betas)
    torch.testing.assert_close(again.alpha_bars, schedule.alpha_bars)
    assert schedule.betas.isfinite().all()


@each_discrete
def test_respacing_keeps_marginals(name):
    schedule = DISCRETE[name]
    kept = [3, 400, 700, 1000]
    short = schedule.respaced(kept)
    assert torch.equal(short.alpha_bars[1:], schedule.alpha_bars[kept])
    torch.testing.assert_close((1 - short.betas).cumprod(0), schedule.alpha_bars[kept])
    assert torch.equal(schedule.respaced([0, *kept]).alpha_bars, short.alpha_bars)


def test_zero_terminal_snr_ends_with_noise_alone_and_keeps_the_first_step():
    schedule = DISCRETE["zero terminal"]
    assert schedule.alpha_bar(1000) == 0
    assert schedule.alpha_bar(1) == DISCRETE["linear"].alpha_bar(1)
    assert schedule.coefficients(1000)[1] == 1


@each_continuous
def test_continuous_schedules_invert(name):
    schedule = CONTINUOUS[name]
    t = torch.linspace(0.01, 0.95, 50, dtype=torch.float64)
    torch.testing.assert_close(schedule.time_at(schedule.log_snr(t)), t, atol=1e-9, rtol=0)
    bisected = ContinuousSchedule(schedule.log_snr_function).time_at(schedule.log_snr(t))
    torch.testing.assert_close(bisected, t, atol=1e-9, rtol=0)
    assert schedule.time_at(1e3) == 0
    assert schedule.time_at(-1e3) == 1
    step = 1e-6
    slope = (schedule.log_snr(t - step) - schedule.log_snr(t - 3 * step)) / (2 * step)
    torch.testing.assert_close(schedule.log_snr_rate(t - 2 * step), slope, rtol=1e-4, atol=1e-4)


def test_discrete_time_at_is_the_nearest():
    schedule = DISCRETE["linear"]
    t = torch.arange(1, 1001)
    assert torch.equal(schedule.time_at(schedule.log_snr(t)), t)
    between = (schedule.log_snr(9) * 0.4 + schedule.log_snr(10) * 0.6).item()
    assert schedule.time_at(between) == 10
    assert schedule.time_at(1e9) == 1
    assert schedule.time_at(-1e9) == 1000
    assert DiscreteSchedule.from_betas([0.5]).time_at(0.3) == 1


def test_the_sde_is_the_limit_of_the_linear_chain():
    fine = linear_schedule(20_000)
    assert vp_sde_schedule().alpha_bar(0.5).item() == pytest.approx(
        fine.alpha_bar(10_000).item(), rel=2e-3
    )


@over("spacing", ["trailing", "leading", "linspace"])
@over("steps", [1, 3, 7, 20, 999, 1000])
def test_spacings_fall_strictly_to_the_data(spacing, steps):
    times = spaced_times(DISCRETE["linear"], steps, spacing)
    assert len(times) == steps + 1
    assert times[-1] == 0
    assert (times.diff() < 0).all()
    assert times[0] <= 1000
    if spacing != "leading":
        assert times[0] == 1000


@over("schedule", [DISCRETE["cosine"], CONTINUOUS["linear"]])
@over("steps", [2, 25, 400])
def test_log_snr_times_have_no_duplicates(schedule, steps):
    times = log_snr_times(schedule, steps)
    assert times[0] == schedule.end
    assert times[-1] == 0
    assert (times.diff() < 0).all()


def test_edm_levels():
    sigmas = edm_sigmas(18)
    assert len(sigmas) == 19
    assert sigmas[[0, 17]].tolist() == pytest.approx([80, 0.002])
    assert sigmas[-1] == 0
    expected = [(80 ** (1 / 7) + i / 17 * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7 for i in (5, 11)]
    assert sigmas[[5, 11]].tolist() == pytest.approx(expected)


@over("schedule", [DISCRETE["linear"], CONTINUOUS["vp sde"]])
def test_times_at_levels_have_these_levels(schedule):
    levels = torch.logspace(1.5, -1.5, 20, dtype=torch.float64)
    times = times_at_levels(schedule, levels)
    assert times[-1] == 0
    torch.testing.assert_close(noise_levels(schedule, times[:-1]), levels, rtol=6e-2, atol=0)
    assert times_at_levels(schedule, torch.tensor([1e9]))[0] == schedule.end


@over(
    "make, message",
    [
        (lambda: DiscreteSchedule(torch.tensor([1.0, 0.5, 0.6])), "fall at every step.*time 2"),
        (lambda: DiscreteSchedule(torch.tensor([1.0, 0.5, 0.5])), "fall at every step.*time 2"),
        (lambda: DiscreteSchedule(torch.tensor([1.0, math.nan])), "fall at every step.*time 1"),
        (lambda: DiscreteSchedule(torch.tensor([1.0, -0.1])), r"in \[0, 1\]"),
        (lambda: DiscreteSchedule(torch.tensor([0.9, 0.5])), "start with 1"),
        (lambda: DiscreteSchedule(torch.ones(1)), "T \\+ 1"),
        (lambda: DiscreteSchedule.from_betas([0.1, 1.5]), r"betas.*\(0, 1\].*1.5"),
        (lambda: DiscreteSchedule.from_betas([]), "betas"),
        (lambda: ContinuousSchedule(lambda t: (6 * t).sin()), "must fall on"),
        (lambda: linear_schedule(19), "T ≥ 20"),
        (lambda: linear_schedule(0), "num_steps"),
        (lambda: sigmoid_schedule(10, 3, -3), "start must be below end"),
        (lambda: zero_terminal_snr(DiscreteSchedule.from_betas([0.5])), "2 steps"),
        (lambda: DISCRETE["linear"].respaced([5, 5]), "increase strictly"),
        (lambda: DISCRETE["linear"].respaced([5, 1001]), "0…1000"),
        (lambda: DISCRETE["linear"].alpha_bar(-1), "0…1000, got -1"),
        (lambda: DISCRETE["linear"].alpha_bar(torch.tensor([1, 1001])), "0…1000, got 1 to 1001"),
        (lambda: CONTINUOUS["linear"].alpha_bar(1.5), r"\[0, 1\], got 1.5"),
        (lambda: CONTINUOUS["linear"].alpha_bar(math.nan), r"\[0, 1\]"),
        (lambda: spaced_times(DISCRETE["linear"], 0), "from 1 to 1000, got 0"),
        (lambda: spaced_times(DISCRETE["linear"], 1001), "from 1 to 1000, got 1001"),
        (lambda: spaced_times(DISCRETE["linear"], 10, "karras"), "spacing must be"),
        (lambda: log_snr_times(DISCRETE["zero terminal"], 5), "finite at both ends"),
        (lambda: log_snr_times(DISCRETE["linear"], 1), "at least 2"),
        (lambda: vp_sde_schedule(0.0), "must be positive"),
        (lambda: linear_log_snr_schedule(-1.0, 1.0), "must fall on"),
        (lambda: times_at_levels(DISCRETE["linear"], torch.tensor([1.0, 2.0])), "sigmas must"),
        (lambda: edm_sigmas(0), "num_steps"),
        (lambda: edm_sigmas(5, 80, 0.002), "sigma_min < sigma_max"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@over(
    "make",
    [
        lambda: DISCRETE["linear"].alpha_bar(0.5),
        lambda: DISCRETE["linear"].alpha_bar(True),
        lambda: CONTINUOUS["linear"].alpha_bar(1j),
        lambda: spaced_times(DISCRETE["linear"], 2.0),
        lambda: cosine_schedule(2.5),
        lambda: spaced_times(CONTINUOUS["linear"], 5),
    ],
)
def test_refusals_of_types(make):
    with pytest.raises(TypeError):
        make()
