"""Defects that other libraries have or had, as laws of ours; the shim for their users."""

import itertools
import math

import pytest
import torch

from simplex.diffusion import (
    DDIMScheduler,
    DDPMScheduler,
    FlowMatchEulerDiscreteScheduler,
    LinearPath,
    chain_from_denoiser,
    convert_prediction,
    cosine_schedule,
    ddim,
    ddpm,
    denoiser_from_flow,
    dpmpp_2m,
    dpmpp_2m_sde,
    edm_sigmas,
    elbo,
    euler_flow,
    heun_edm,
    linear_schedule,
    log_snr_times,
    min_snr_weight,
    q_sample,
    reverse_variance,
    simple_loss,
    spaced_times,
    times_at_levels,
    zero_terminal_snr,
)
from tests.cases import over
from tests.diffusion.gaussian import exact_network, posterior_variance


LINEAR = linear_schedule(1000)
SAMPLERS = [ddpm, ddim, dpmpp_2m, dpmpp_2m_sde]


@over("spacing", ["linspace", "leading", "trailing"])
@over("steps", [7, 30, 90])
def test_a_step_goes_where_the_walk_goes_whatever_the_spacing(spacing, steps):
    """A constant stride is wrong for 'linspace' (diffusers #11347, #12633, #9261)."""
    times = spaced_times(LINEAR, steps, spacing)
    model, x = exact_network(LINEAR, 0.3), torch.ones(1, 1, dtype=torch.float64)
    alpha_bar, expected = LINEAR.alpha_bar(times).tolist(), x.item()
    for now, then in itertools.pairwise(alpha_bar):  # DDIM, written out
        eps = math.sqrt(1 - now) / (0.3 * now + 1 - now) * expected
        x0 = (expected - math.sqrt(1 - now) * eps) / math.sqrt(now)
        expected = math.sqrt(then) * x0 + math.sqrt(1 - then) * eps
    assert ddim(model, x, LINEAR, times).item() == pytest.approx(expected, rel=1e-9)
    scheduler = DDIMScheduler(timestep_spacing=spacing)
    scheduler.set_timesteps(steps)
    for t in scheduler.timesteps:
        x = scheduler.step(model(x, t[None] + 1), t, x).prev_sample
    assert x.item() == pytest.approx(expected, rel=1e-9)


def test_times_twice_are_refused_and_spacings_have_none():
    """Duplicates with Karras levels on a cosine chain (#12771); overflow at T steps (#10003)."""
    schedule = cosine_schedule(1000)
    assert (log_snr_times(schedule, 300).diff() < 0).all()
    karras = times_at_levels(schedule, edm_sigmas(60, sigma_max=1e4))
    assert (karras.diff() < 0).all()
    assert karras[-1] == 0
    assert len(karras) < 61
    assert dpmpp_2m(exact_network(schedule, 1.0), torch.ones(1, 1), schedule, karras).isfinite()
    for spacing in ("leading", "linspace", "trailing"):
        times = spaced_times(schedule, 1000, spacing)
        assert times.tolist() == list(range(1000, -1, -1))
    for sampler in SAMPLERS:
        with pytest.raises(ValueError, match="times must fall strictly"):
            sampler(exact_network(schedule, 1.0), torch.ones(1, 1), schedule, [1000, 5, 5, 0])


def test_every_row_has_its_own_timestep():
    """``step`` of diffusers takes no batch of timesteps (#1784)."""
    scheduler = DDIMScheduler()
    scheduler.set_timesteps(10)
    x, output = torch.randn(2, 3, 2, 2)
    t = scheduler.timesteps[[0, 4, 9]]
    together = scheduler.step(output, t, x).prev_sample
    for i in range(3):
        alone = scheduler.step(output[i], t[i], x[i]).prev_sample
        torch.testing.assert_close(together[i], alone)


@over("schedule", [LINEAR, cosine_schedule(1000), zero_terminal_snr(LINEAR)])
def test_variances_are_finite_at_every_index_in_every_dtype(schedule, dtype):
    """'fixed_large_log' NaN (#14569); NaN for ancestral steps on few cosine times (#14213)."""
    t = torch.arange(1, 1001)
    for kind in ("small", "large", posterior_variance(schedule, 0.3)):
        variance = reverse_variance(schedule, t, t - 1, kind)
        assert variance.isfinite().all()
        assert (variance >= 0).all()
    model = exact_network(schedule, 0.3, "v")
    for steps in (1, 2, 3, 10):
        times = spaced_times(schedule, steps)
        for sampler in SAMPLERS[:2]:
            x = torch.randn(4, 2, dtype=dtype)
            assert sampler(model, x, schedule, times, prediction="v").isfinite().all()


@over("steps", [2, 5, 20])
def test_solvers_of_higher_order_stay_finite_to_the_last_step(steps, dtype):
    """Black pictures from a single-step solver of third order (#9007)."""
    schedule = cosine_schedule(1000)
    for sampler in (dpmpp_2m, dpmpp_2m_sde):
        x = torch.randn(50, 2, dtype=dtype)
        got = sampler(exact_network(schedule, 0.3), x, schedule, spaced_times(schedule, steps))
        assert got.isfinite().all()
        assert got.abs().max() < 10


def test_arguments_are_checked():
    """``set_timesteps(0)`` is accepted there (#13394)."""
    scheduler = DDPMScheduler()
    for arguments in (
        {},
        {"num_inference_steps": 0},
        {"timesteps": []},
        {"timesteps": [5, 5]},
        {"timesteps": [1000]},
        {"num_inference_steps": 3, "timesteps": [1]},
    ):
        with pytest.raises(ValueError, match=r"must"):
            scheduler.set_timesteps(**arguments)
    for arguments in ({"beta_schedule": "laplace"}, {"prediction_type": "eps"},
                      {"variance_type": "fixed_large_log"}):  # fmt: skip
        with pytest.raises(ValueError, match="must be one of"):
            DDPMScheduler(**arguments)


@over("make", [DDPMScheduler, DDIMScheduler])
def test_arguments_of_ordinary_scripts_are_taken_at_the_values_we_have(make):
    scheduler = make(
        num_train_timesteps=50, clip_sample=False, set_alpha_to_one=True, steps_offset=0,
        thresholding=False,
    )  # fmt: skip
    assert scheduler.config.num_train_timesteps == 50
    assert scheduler.config.prediction_type == "epsilon"
    assert make(trained_betas=[0.1, 0.2]).config.num_train_timesteps == 2
    with pytest.raises(AttributeError, match="config must stay"):
        scheduler.config.prediction_type = "sample"
    scheduler.set_timesteps(5)
    assert scheduler.num_inference_steps == 5
    x = torch.full((2, 3), 9.0)
    assert scheduler.step(-x, 40, x).pred_original_sample.max() > 1  # not clipped
    for name, value in (("set_alpha_to_one", 0), ("steps_offset", -1), ("thresholding", 1)):
        with pytest.raises((ValueError, TypeError), match=f"{name} must be .*, got {value}"):
            make(**{name: value})
    with pytest.raises(ValueError, match=r"steps_offset must leave .* below 1000, got 60"):
        make(steps_offset=60).set_timesteps(20)
    with pytest.raises(TypeError, match="beta_strat must not be given"):
        make(beta_strat=0.1)


@over("make", [DDPMScheduler, DDIMScheduler, FlowMatchEulerDiscreteScheduler])
def test_a_step_is_a_tuple_and_names_the_timestep_of_a_network_that_breaks(make):
    scheduler, x = make(), torch.ones(2, 3)
    first, *_ = scheduler.step(0.1 * x, 0 if make is not FlowMatchEulerDiscreteScheduler else 1.0,
                               x, return_dict=False)  # fmt: skip
    assert first.shape == x.shape
    assert scheduler.config.num_train_timesteps == len(scheduler) == scheduler.num_inference_steps
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match="6 of 6 values NaN or infinite at timestep 400"):
            scheduler.step(bad * x, 400, x)


@over("make", [DDPMScheduler, DDIMScheduler])
@over("wrong", [-1, 1000])
def test_timesteps_outside_are_named_as_the_shims_count(make, wrong):
    scheduler, x, t = make(), torch.ones(2, 3), torch.tensor([5, wrong])
    message = f"timesteps? must be in 0…999, got {wrong}"
    for call in (
        lambda: scheduler.step(x, wrong, x),
        lambda: scheduler.step(x, t, x),
        lambda: scheduler.add_noise(x, x, t),
        lambda: scheduler.get_velocity(x, x, t),
        lambda: scheduler.set_timesteps(timesteps=[wrong]),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(ValueError, match="previous must be in -1…999, got -2"):
        scheduler.step(x, 5, x, previous=-2)
    with pytest.raises(TypeError, match="timesteps must be integers"):
        scheduler.add_noise(x, x, torch.tensor([0.5, 1.0]))


def test_calls_in_any_order_do_not_change_a_step():
    """A step counter inside a scheduler makes calls depend on their order."""
    scheduler = DDIMScheduler()
    scheduler.set_timesteps(5)
    x, output = torch.randn(2, 3, 2)
    first = [scheduler.step(output, t, x).prev_sample for t in scheduler.timesteps]
    second = [scheduler.step(output, t, x).prev_sample for t in scheduler.timesteps.flip(0)]
    for a, b in zip(first, reversed(second), strict=True):
        assert torch.equal(a, b)


@over("prediction", ["eps", "x0", "v"])
def test_min_snr_bounds_the_weight_of_x0(prediction):
    """Weights for v wrong in examples (#5654, #8466); the clamp on the wrong side elsewhere."""
    x0, eps = torch.randn(2, 5, 3, dtype=torch.float64)
    t = torch.tensor([1, 50, 200, 500, 1000])
    x = q_sample(x0, t, LINEAR, eps)
    guess = torch.randn(5, 3, dtype=torch.float64)
    output = convert_prediction(guess, x, t, LINEAR, "x0", prediction)
    loss = simple_loss(lambda x, t: output, x0, t, LINEAR, eps, prediction=prediction)
    of_x0 = (guess - x0).square().mean(1)
    got = min_snr_weight(LINEAR, t, prediction) * loss / of_x0
    torch.testing.assert_close(got, LINEAR.snr(t).clamp(max=5), rtol=1e-6, atol=0)


@over("shape", [(6,), (6, 4), (6, 3, 5), (2, 3, 4, 5, 2)])
@over("sampler", SAMPLERS)
def test_nothing_is_clipped_and_any_shape_will_do(sampler, shape):
    """Clipping x_0 to [-1, 1] in every step is wrong for flows and features."""

    def model(x, t):
        return torch.full_like(x, 50.0)

    got = sampler(
        model, torch.randn(shape, dtype=torch.float64), LINEAR, spaced_times(LINEAR, 5),
        prediction="x0",
    )  # fmt: skip
    torch.testing.assert_close(got, torch.full(shape, 50.0).double())


def test_a_bound_that_a_user_asks_for_is_kept():
    scheduler = DDPMScheduler(clip_sample=1.0, prediction_type="sample")
    out = scheduler.step(torch.full((2, 2), 5.0), 0, torch.zeros(2, 2))
    assert (out.pred_original_sample == 1).all()
    assert (out.prev_sample == 1).all()


def test_the_first_entry_rule_of_the_bound():
    """A posterior log-variance of log 1e-20 at the first time spoils bits per dimension."""
    x0 = torch.full((1, 4), 0.1, dtype=torch.float64)
    bound = elbo(lambda x, t: x0, x0, LINEAR, [3, 2, 1, 0], prediction="x0", variance="small")
    second = (1 - LINEAR.alpha_bar(1)) / (1 - LINEAR.alpha_bar(2)) * LINEAR.betas[1]
    expected = 4 * 0.5 * torch.log(2 * math.pi * second)
    torch.testing.assert_close(bound.reconstruction, expected[None])


def test_every_objective_runs_with_every_sampler():
    """Elsewhere an objective may end in a NameError under another sampler."""
    variance = 0.3

    def velocity(x, t):
        t = t.reshape(-1, *[1] * (x.dim() - 1))
        return (t * variance - (1 - t)) / (t**2 * variance + (1 - t) ** 2) * x

    x = torch.randn(5, 2, dtype=torch.float64)
    times = spaced_times(LINEAR, 150)
    denoise = denoiser_from_flow(velocity)
    chain = chain_from_denoiser(denoise, LINEAR)
    exact = x * variance**0.5
    for sampler in (ddim, dpmpp_2m):
        got = sampler(chain, x, LINEAR, times, prediction="x0")
        torch.testing.assert_close(got, exact, rtol=4e-2, atol=0)
    levels = torch.logspace(2, -3, 100, dtype=torch.float64)
    got = heun_edm(denoise, x * (1e4 + variance) ** 0.5, levels)
    torch.testing.assert_close(got, exact, rtol=2e-2, atol=0)


@over("sampler", SAMPLERS)
@over("bad", [math.nan, math.inf])
def test_a_network_that_breaks_is_named_with_its_step(sampler, bad):
    """NaN and black samples, found only in the result (lucidrains #92 #101 #175 #191 #360)."""

    def model(x, t):
        return torch.where(t[:, None] == 400, bad, 0.0) * torch.ones_like(x)

    with pytest.raises(ValueError, match=r"4 of 4 values NaN or infinite at step 2, time 400"):
        sampler(model, torch.ones(2, 2), LINEAR, [1000, 900, 400, 3, 0])


def test_large_values_are_not_mistaken_for_nan():
    """A sum may overflow where every value is finite."""
    x = torch.full((1000, 100), 1e38)
    assert ddim(lambda x, t: x, x, LINEAR, [10, 9], prediction="x0").isfinite().all()


@over("sampler", SAMPLERS)
@over(
    "model, times, message",
    [
        (lambda x, t: x[:1], [1000, 0], "prediction of the network must have the shape"),
        (lambda x, t: x, [1001, 0], "0…1000, got 0 to 1001"),
        (lambda x, t: x, [1000], "at least 2"),
        (lambda x, t: x, torch.tensor([[1000, 900, 800], [0, 0, 0]]), "leading dimensions"),
    ],
)
def test_refusals(sampler, model, times, message):
    with pytest.raises(ValueError, match=message):
        sampler(model, torch.ones(2, 3), LINEAR, times)


def test_more_refusals():
    x, model = torch.ones(2, 3), exact_network(LINEAR, 1.0)
    with pytest.raises(ValueError, match=r"eta must be .* in \[0, ∞\), got -1"):
        ddim(model, x, LINEAR, [10, 0], eta=-1.0)
    with pytest.raises(ValueError, match="eta must leave"):
        ddim(model, x, LINEAR, [1000, 10, 0], eta=40.0)
    with pytest.raises(ValueError, match="times must fall strictly"):
        ddim(model, x, LINEAR, [0, 10], eta=0.5)
    with pytest.raises(ValueError, match="variance must be"):
        ddpm(model, x, LINEAR, [10, 0], variance="fixed_small")
    with pytest.raises(ValueError, match="prediction of eps must be defined"):
        ddim(model, x, zero_terminal_snr(LINEAR), [1000, 0])
    with pytest.raises(ValueError, match="sigmas must fall strictly"):
        heun_edm(model, x, [1.0, 2.0])
    with pytest.raises(ValueError, match="all rows or in none"):
        heun_edm(model, x, torch.tensor([[1.0, 1.0], [0.0, 0.1]]))
    with pytest.raises(ValueError, match="churn"):
        heun_edm(model, x, [1.0, 0.0], churn=-1.0)
    with pytest.raises(ValueError, match=r"step 1, time 0\.5"):
        heun_edm(lambda x, s: x / (s[:, None] - 0.5), x, [1.0, 0.6, 0.5, 0.0])


@over("make", [DDPMScheduler, DDIMScheduler])
def test_shim_is_the_sampler(make, dtype):
    scheduler = make(timestep_spacing="trailing")
    scheduler.set_timesteps(25)
    assert len(scheduler) == 1000
    model, x = exact_network(LINEAR, 0.3), torch.randn(3, 2, dtype=dtype)
    y, seed = x, torch.Generator().manual_seed(2)
    for t in scheduler.timesteps:
        out = scheduler.step(model(y, t[None] + 1), t, scheduler.scale_model_input(y, t), seed)
        y = out.prev_sample
    sampler = ddpm if make is DDPMScheduler else ddim
    expected = sampler(
        model, x, LINEAR, spaced_times(LINEAR, 25), generator=torch.Generator().manual_seed(2)
    )
    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-5)


def test_shim_counts_timesteps_from_0():
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2", trained_betas=None)
    x0, noise, t = torch.randn(3, 2), torch.randn(3, 2), torch.tensor([0, 500, 999])
    alpha_bar = scheduler.alphas_cumprod[t][:, None]
    expected = (alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * noise).float()
    torch.testing.assert_close(scheduler.add_noise(x0, noise, t), expected)
    velocity = (alpha_bar.sqrt() * noise - (1 - alpha_bar).sqrt() * x0).float()
    torch.testing.assert_close(scheduler.get_velocity(x0, noise, t), velocity)
    scheduler.set_timesteps(timesteps=[900, 40, 3])
    assert scheduler.previous_timestep(torch.tensor([900, 40, 3])).tolist() == [40, 3, -1]
    ours = DDPMScheduler(trained_betas=[0.1, 0.2, 1.0], rescale_betas_zero_snr=False)
    assert ours.betas.tolist() == pytest.approx([0.1, 0.2, 1.0])


@over("shift", [1.0, 3.0])
def test_flow_shim_is_euler_with_the_other_sign(shift):
    scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(12)

    def velocity(x, t):
        return x.sin() + t[:, None]

    x = torch.randn(3, 2, dtype=torch.float64)
    expected = euler_flow(velocity, x, 1 - scheduler.sigmas)
    for timestep in scheduler.timesteps:
        out = -velocity(x, 1 - (timestep / 1000).expand(3))
        x = scheduler.step(out, timestep, x).prev_sample
    torch.testing.assert_close(x, expected)


def test_flow_shim_noises_and_denoises():
    scheduler, (x0, z) = FlowMatchEulerDiscreteScheduler(), torch.randn(2, 3, 4)
    t = torch.tensor([1000.0, 250.0, 10.0])
    x = scheduler.scale_noise(x0, t, z)
    torch.testing.assert_close(x[1], 0.25 * z[1] + 0.75 * x0[1])
    out = scheduler.step(z - x0, t, x, previous=0.0)
    torch.testing.assert_close(out.pred_original_sample, x0)
    torch.testing.assert_close(out.prev_sample, x0)
    path, velocity = LinearPath().at(x0, z, 1 - t / 1000)
    torch.testing.assert_close(path, x)
    torch.testing.assert_close(velocity, x0 - z)
    for arguments in ({}, {"num_inference_steps": 0}, {"sigmas": [0.5, 0.5]}, {"sigmas": []}):
        with pytest.raises(ValueError, match="must"):
            scheduler.set_timesteps(**arguments)
    with pytest.raises(ValueError, match="previous must be below"):
        scheduler.step(z, 10.0, x0, previous=20.0)
    with pytest.raises(ValueError, match="timesteps must be in"):
        scheduler.step(z, 1010.0, x0)
    with pytest.raises(ValueError, match="shift"):
        FlowMatchEulerDiscreteScheduler(shift=0.0)
