"""Laws of the samplers: each against the others, and against laws known in closed form."""

import itertools
import math

import pytest
import torch

from simplex import SimplicialComplex
from simplex.diffusion import (
    GaussianMixture,
    WhiteNoise,
    chain_from_denoiser,
    cosine_schedule,
    ddim,
    ddpm,
    denoiser_from_chain,
    denoiser_from_flow,
    dpmpp_2m,
    dpmpp_2m_sde,
    edm_sigmas,
    euler_flow,
    flow_from_denoiser,
    guided,
    heun_edm,
    heun_flow,
    linear_log_snr_schedule,
    linear_schedule,
    log_snr_times,
    noise_levels,
    probability_flow,
    spaced_times,
    vp_sde_schedule,
    zero_terminal_snr,
)
from simplex.operators import harmonic_basis, hodge_laplacian
from tests.cases import over
from tests.diffusion.gaussian import Impulses, exact_network, output_variance, posterior_variance


LINEAR = linear_schedule(1000)
COSINE = cosine_schedule(1000)
SUBSEQUENCES = [
    spaced_times(LINEAR, 7),
    spaced_times(LINEAR, 7, "leading"),
    spaced_times(LINEAR, 7, "linspace"),
    [1000, 400, 399, 12, 0],
    [1000, 400, 399, 12],
]
CHAIN_SAMPLERS = {
    "ddpm": ddpm,
    "ddpm large": lambda *a, **k: ddpm(*a, variance="large", **k),
    "ddim": ddim,
    "ddim eta": lambda *a, **k: ddim(*a, eta=0.7, **k),
    "dpmpp_2m": lambda *a, generator=None, **k: dpmpp_2m(*a, **k),
    "dpmpp_2m_sde": dpmpp_2m_sde,
}
each_sampler = over("name", CHAIN_SAMPLERS)


def seeded():
    return torch.Generator().manual_seed(3)


@over("times", SUBSEQUENCES)
@over("schedule", [LINEAR, COSINE])
def test_ddim_with_eta_1_is_ddpm(schedule, times, dtype):
    x = torch.randn(5, 2, 3, dtype=dtype)
    model = exact_network(schedule, 0.3)
    first = ddim(model, x, schedule, times, eta=1.0, generator=seeded())
    second = ddpm(model, x, schedule, times, generator=seeded())
    torch.testing.assert_close(first, second)


@over("times", SUBSEQUENCES)
def test_one_step_of_dpm_solver_is_ddim_and_with_noise_ddpm(times):
    x = torch.randn(5, 3, dtype=torch.float64)
    model = exact_network(COSINE, 0.3)
    for t, s in itertools.pairwise(times):
        step = [int(t), int(s)]
        torch.testing.assert_close(dpmpp_2m(model, x, COSINE, step), ddim(model, x, COSINE, step))
        torch.testing.assert_close(
            dpmpp_2m_sde(model, x, COSINE, step, generator=seeded()),
            ddpm(model, x, COSINE, step, generator=seeded()),
        )


@each_sampler
@over("target", ["x0", "v", "score"])
def test_every_prediction_runs_under_every_sampler(name, target):
    sampler = CHAIN_SAMPLERS[name]
    times = spaced_times(COSINE, 6)
    x = torch.randn(4, 3, dtype=torch.float64)
    expected = sampler(exact_network(COSINE, 0.3), x, COSINE, times, generator=seeded())
    got = sampler(
        exact_network(COSINE, 0.3, target), x, COSINE, times, prediction=target, generator=seeded()
    )
    torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-9)


@each_sampler
def test_times_per_row_are_a_loop_over_rows(name):
    sampler = CHAIN_SAMPLERS[name]
    walks = [[1000, 300, 200, 0], [900, 800, 1, 0], [1000, 2, 1, 0]]
    x = torch.randn(3, 2, 2, dtype=torch.float64)
    model = exact_network(LINEAR, 0.3)

    class Same(WhiteNoise):
        def sample(self, like, generator=None):
            return torch.full_like(like, 0.5)

    def run(x, times):
        if sampler is CHAIN_SAMPLERS["dpmpp_2m"]:  # takes no noise
            return sampler(model, x, LINEAR, times)
        return sampler(model, x, LINEAR, times, noise=Same())

    together = run(x, torch.tensor(walks).T)
    for i, walk in enumerate(walks):
        torch.testing.assert_close(together[i : i + 1], run(x[i : i + 1], walk))


@each_sampler
def test_the_input_is_untouched_and_no_gradient_is_kept(name, dtype):
    sampler = CHAIN_SAMPLERS[name]
    x = torch.randn(3, 2, dtype=dtype, requires_grad=True)
    before = x.detach().clone()
    got = sampler(exact_network(LINEAR, 1.0), x, LINEAR, [1000, 500, 0], generator=seeded())
    assert torch.equal(x.detach(), before)
    assert not got.requires_grad
    assert got.dtype == dtype
    again = sampler(exact_network(LINEAR, 1.0), x, LINEAR, [1000, 500, 0], generator=seeded())
    assert torch.equal(got, again)


def test_a_walk_is_its_segments():
    model, x = exact_network(LINEAR, 0.3), torch.randn(3, 2)
    half = ddim(model, x, LINEAR, [1000, 600, 300])
    torch.testing.assert_close(
        ddim(model, half, LINEAR, [300, 100, 0]), ddim(model, x, LINEAR, [1000, 600, 300, 100, 0])
    )


def test_the_network_gets_one_time_per_row():
    seen = []

    def model(x, t):
        seen.append((t.dtype, t.tolist()))
        return torch.zeros_like(x)

    ddim(model, torch.ones(2, 3), LINEAR, [1000, 40, 0])
    assert seen == [(torch.int64, [1000, 1000]), (torch.int64, [40, 40])]
    seen.clear()
    ddim(model, torch.ones(2, 3), linear_log_snr_schedule(), [1.0, 0.5])
    assert seen == [(torch.float32, [1.0, 1.0])]


def test_ddim_forward_and_back():
    model, x = exact_network(COSINE, 0.3), torch.randn(3, 2, dtype=torch.float64)
    down = torch.arange(900, 0, -3)
    there = ddim(model, x, COSINE, down)
    back = ddim(model, there, COSINE, down.flip(0))
    torch.testing.assert_close(back, x, rtol=3e-2, atol=0)
    coarse = ddim(model, ddim(model, x, COSINE, down[::12]), COSINE, down[::12].flip(0))
    assert (back - x).abs().max() < (coarse - x).abs().max() / 4


def test_zero_terminal_snr_samples_from_its_end():
    schedule = zero_terminal_snr(LINEAR)
    times = spaced_times(schedule, 200)
    model = exact_network(schedule, 0.25, "v")
    got = output_variance(
        lambda x, z: ddpm(model, x, schedule, times, prediction="v", noise=z), 200
    )
    assert got == pytest.approx(0.25, abs=0.02)
    x0_model = exact_network(schedule, 0.25, "x0")
    x = torch.ones(1, 1, dtype=torch.float64)
    torch.testing.assert_close(
        ddim(x0_model, x, schedule, times, prediction="x0"),
        ddim(model, x, schedule, times, prediction="v"),
    )


def learned(v):
    """The exact network, with a variance at the given place of its range."""
    network = exact_network(LINEAR, 0.3)
    return lambda x, t: (network(x, t), torch.full_like(x, v))


@over("v, fixed", [(0.0, "small"), (1.0, "large")])
def test_learned_variance_at_its_ends_is_a_fixed_one(v, fixed):
    x, times = torch.randn(3, 2, dtype=torch.float64), spaced_times(LINEAR, 9)
    got = ddpm(learned(v), x, LINEAR, times, variance="learned", generator=seeded())
    model = exact_network(LINEAR, 0.3)
    expected = ddpm(model, x, LINEAR, times, variance=fixed, generator=seeded())
    torch.testing.assert_close(got, expected)


@over("variance", [0.25, 1, 4])
def test_optimal_variance_gives_the_variance_of_the_data(variance):
    """Only the start, N(0, 1) for N(0, ᾱ s² + 1 - ᾱ), and the last step, without noise, are off."""
    times = spaced_times(LINEAR, 20)
    optimal = posterior_variance(LINEAR, variance)
    got = output_variance(
        lambda x, z: ddpm(
            exact_network(LINEAR, variance), x, LINEAR, times, variance=optimal, noise=z
        ),
        20,
    )
    missing = optimal(times[-2]).item()
    assert got + missing == pytest.approx(variance, rel=1e-4)


@over("name, order", [("ddim", 1), ("dpmpp_2m", 2), ("heun_edm", 2), ("euler", 1), ("heun", 2)])
def test_orders_of_convergence(name, order):
    """Against the exact solution of the probability flow of Gaussian data, x ∝ its deviation."""
    variance, schedule = 0.3, linear_log_snr_schedule(6.0, -6.0)
    alpha, sigma = schedule.coefficients([1.0, 0.0])
    deviation = (alpha**2 * variance + sigma**2).sqrt()
    expected = (deviation[1] / deviation[0]).item()
    model = exact_network(schedule, variance)
    flow = probability_flow(model, schedule, "eps")
    x = torch.ones(1, 1, dtype=torch.float64)
    errors = []
    for steps in (80, 160):
        times = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
        got = {
            "ddim": lambda times=times: ddim(model, x, schedule, times),
            "dpmpp_2m": lambda times=times: dpmpp_2m(model, x, schedule, times),
            "heun_edm": lambda times=times: (
                alpha[1]
                * heun_edm(
                    denoiser_from_chain(model, schedule),
                    x / alpha[0],
                    noise_levels(schedule, times),
                )
            ),
            "euler": lambda times=times: euler_flow(flow, x, times),
            "heun": lambda times=times: heun_flow(flow, x, times),
        }[name]()
        errors.append(abs(got.item() - expected))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.2)


@over("noisy", [False, True])
def test_the_noisy_multistep_solver_converges_too(noisy):
    schedule = linear_log_snr_schedule(8.0, -8.0)
    model = exact_network(schedule, 0.3)
    times = torch.linspace(1, 0, 151, dtype=torch.float64)
    run = dpmpp_2m_sde if noisy else (lambda *a, noise: dpmpp_2m(*a))
    got = output_variance(lambda x, z: run(model, x, schedule, times, noise=z), 150)
    alpha, sigma = schedule.coefficients(0)
    assert got == pytest.approx((alpha**2 * 0.3 + sigma**2).item(), rel=5e-3)


def test_edm_and_the_chain_are_a_change_of_variables():
    """DDIM over the times of a chain is Euler over its noise levels; and Heun agrees in the end."""
    model, x = exact_network(COSINE, 0.3, "x0"), torch.randn(4, 2, dtype=torch.float64)
    times = spaced_times(COSINE, 60)[:-1]
    levels, alpha = noise_levels(COSINE, times), COSINE.coefficients(times)[0]
    denoise = denoiser_from_chain(model, COSINE, "x0")
    chain = ddim(model, x, COSINE, times, prediction="x0")

    def over_levels(y, sigma):
        return (y - denoise(y, sigma)) / sigma[:, None]

    euler = alpha[-1] * euler_flow(over_levels, x / alpha[0], levels)
    torch.testing.assert_close(euler, chain)
    again = chain_from_denoiser(denoise, COSINE)
    torch.testing.assert_close(ddim(again, x, COSINE, times, prediction="x0"), chain)


def test_flow_matching_and_the_chain_are_a_change_of_variables():
    """The velocity of Gaussian data in closed form, from the denoiser and back."""
    variance = 0.3

    def velocity(x, t):
        t = t[:, None]
        return (t * variance - (1 - t)) / (t**2 * variance + (1 - t) ** 2) * x

    def denoise(y, sigma):
        return y * (variance / (variance + sigma**2))[:, None]

    x, t = torch.randn(5, 2, dtype=torch.float64), torch.linspace(0.1, 0.9, 5).double()
    torch.testing.assert_close(flow_from_denoiser(denoise)(x, t), velocity(x, t))
    sigma = (1 - t) / t
    torch.testing.assert_close(denoiser_from_flow(velocity)(x, sigma), denoise(x, sigma))
    torch.testing.assert_close(
        chain_from_denoiser(denoise, COSINE)(x, torch.tensor([1, 9, 90, 500, 999])),
        exact_network(COSINE, variance, "x0")(x, torch.tensor([1, 9, 90, 500, 999])),
    )
    # A model trained by flow matching, sampled as a chain: the end of both is the exact map.
    exact = variance**0.5 * x
    chain = chain_from_denoiser(denoiser_from_flow(velocity), LINEAR)
    times = spaced_times(LINEAR, 500)
    torch.testing.assert_close(
        dpmpp_2m(chain, x, LINEAR, times, prediction="x0"), exact, rtol=2e-3, atol=0
    )
    grid = torch.linspace(0, 1, 101)
    torch.testing.assert_close(heun_flow(velocity, x, grid), exact, rtol=1e-3, atol=0)


def test_churn_keeps_the_law():
    """Noise that is added is taken away again: variances stay near those without churn."""

    def denoise(x, sigma):
        return x / (1 + sigma**2)[:, None]

    def run(churn, steps):
        start = torch.zeros(steps + 1, 1, dtype=torch.float64)
        start[0] = 80
        walk = heun_edm(denoise, start, edm_sigmas(steps), churn=churn, noise=Impulses())
        return walk.square().sum().item()

    assert run(0, 100) == pytest.approx(1, abs=5e-3)
    assert run(20, 100) == pytest.approx(1, abs=2e-2)
    assert run(20, 100) != run(0, 100)
    still = heun_edm(denoise, torch.ones(2, 1), edm_sigmas(9), churn=9, churn_range=(500, 600))
    torch.testing.assert_close(still, heun_edm(denoise, torch.ones(2, 1), edm_sigmas(9)))


def test_heun_with_levels_per_row_is_a_loop():
    levels = torch.stack([edm_sigmas(6), edm_sigmas(6, sigma_max=20.0)], 1)
    x = torch.randn(2, 3, dtype=torch.float64)

    def denoise(x, sigma):
        return x / (1 + sigma**2)[:, None]

    together = heun_edm(denoise, x, levels)
    for i in range(2):
        torch.testing.assert_close(
            together[i : i + 1], heun_edm(denoise, x[i : i + 1], levels[:, i])
        )


def test_guidance():
    def conditional(x, t):
        return x + 1

    def unconditional(x, t):
        return 2 * x

    x, t = torch.randn(3), torch.zeros(3)
    assert guided(conditional, unconditional, 1) is conditional
    assert guided(conditional, unconditional, 0) is unconditional
    for scale in (0.5, 3.0):
        expected = unconditional(x, t) + scale * (conditional(x, t) - unconditional(x, t))
        torch.testing.assert_close(guided(conditional, unconditional, scale)(x, t), expected)


def test_guidance_of_gaussians_is_exact():
    """Two Gaussians of equal variance: guidance moves the mean past the conditional one."""
    schedule = linear_log_snr_schedule()
    zero, one = (
        chain_from_denoiser(
            GaussianMixture(torch.tensor([[m]]), torch.full((1, 1, 1), 0.5)).denoise, schedule
        )
        for m in (0.0, 1.0)
    )
    x = torch.zeros(1, 1, dtype=torch.float64)
    times = torch.linspace(1, 0, 40)
    got = [ddim(guided(one, zero, s), x, schedule, times, prediction="x0") for s in (0.0, 1, 3)]
    low, middle, high = (value.item() for value in got)
    assert high - low == pytest.approx(3 * (middle - low), rel=1e-9)


MIXTURE = GaussianMixture(
    torch.tensor([[-2.0, 0.0], [2.0, 1.0], [0.0, -3.0]]),
    torch.tensor([[[0.5, 0.3], [0.3, 0.4]], [[0.2, 0.0], [0.0, 1.0]], [[0.1, 0.0], [0.0, 0.1]]]),
    torch.tensor([0.5, 0.3, 0.2]),
)


REFERENCE = MIXTURE.sample(100_000, generator=torch.Generator().manual_seed(9))


@over("name", ["ddpm", "ddim", "dpmpp_2m", "dpmpp_2m_sde", "heun_edm", "heun_flow"])
@over("seed", [0, 1])
def test_mixture_with_the_exact_score(name, seed):
    """Moments and weights of the parts within four standard errors, for every sampler."""
    generator, rows = torch.Generator().manual_seed(seed), 1500
    start = WhiteNoise().sample(torch.zeros(rows, 2, dtype=torch.float64), generator=generator)
    schedule = vp_sde_schedule()
    model = chain_from_denoiser(MIXTURE.denoise, schedule)
    times = log_snr_times(schedule, 40, last=1e-4)
    x = {
        "ddpm": lambda: ddpm(
            model, start, schedule, log_snr_times(schedule, 120, last=1e-4),
            prediction="x0", generator=generator,
        ),
        "ddim": lambda: ddim(
            model, start, schedule, log_snr_times(schedule, 120, last=1e-4), prediction="x0"
        ),
        "dpmpp_2m": lambda: dpmpp_2m(model, start, schedule, times, prediction="x0"),
        "dpmpp_2m_sde": lambda: dpmpp_2m_sde(
            model, start, schedule, times, prediction="x0", generator=generator
        ),
        "heun_edm": lambda: heun_edm(MIXTURE.denoise, 80 * start, edm_sigmas(30)),
        "heun_flow": lambda: heun_flow(
            flow_from_denoiser(MIXTURE.denoise), start, torch.linspace(1e-3, 0.999, 40)
        ),
    }[name]()  # fmt: skip
    features = [
        torch.cat([y, y**2, y.prod(1, keepdim=True), (y[:, :1] < -1).double(),
                   (y[:, 1:] < -2).double()], 1)
        for y in (x, REFERENCE)
    ]  # fmt: skip
    error = features[0].std(0) / rows**0.5
    assert ((features[0].mean(0) - features[1].mean(0)).abs() < 4.5 * error + 0.01).all()


@over("name", ["ddim", "dpmpp_2m", "heun_edm", "heun_flow"])
def test_correlated_gaussian(name):
    """A linear sampler maps white noise to the covariance of the data, all of it."""
    root = torch.randn(4, 4, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    covariance = root @ root.T / 4 + 0.1 * torch.eye(4)
    data = GaussianMixture(torch.zeros(1, 4), covariance[None])
    start, schedule = torch.eye(4, dtype=torch.float64), vp_sde_schedule()
    model, times = chain_from_denoiser(data.denoise, schedule), torch.linspace(1, 0, 101) ** 2
    times[-1] = 1e-6
    rows = {
        "ddim": lambda: ddim(model, start, schedule, times, prediction="x0"),
        "dpmpp_2m": lambda: dpmpp_2m(model, start, schedule, times, prediction="x0"),
        "heun_edm": lambda: heun_edm(data.denoise, 80 * start, edm_sigmas(100)),
        "heun_flow": lambda: heun_flow(
            flow_from_denoiser(data.denoise), start, torch.linspace(1e-3, 0.9999, 100)
        ),
    }[name]()
    tolerance = {"ddim": 0.08}.get(name, 0.01)
    torch.testing.assert_close(rows.T @ rows, covariance, rtol=0, atol=tolerance)


@over("name", ["dpmpp_2m_sde", "heun_edm"])
def test_mixture_of_edge_flows(name):
    """Three parts in the space of the edges of an annulus, of full covariance in R^{n_1}."""
    K = SimplicialComplex.from_simplices(
        [(i, (i + 1) % 6, 6 + i) for i in range(6)]
        + [(i, 6 + i, 6 + (i - 1) % 6) for i in range(6)]
    )
    laplacian = hodge_laplacian(K, 1).to_dense().double()
    covariance = torch.linalg.inv(laplacian + torch.eye(len(laplacian)))
    generator = torch.Generator().manual_seed(3)
    (turn,) = harmonic_basis(K, 1).double().T
    means = turn * torch.tensor([[-4.0], [0.0], [4.0]])
    data = GaussianMixture(means, covariance.expand(3, -1, -1), torch.tensor([0.4, 0.2, 0.4]))
    start = torch.randn(1000, len(turn), generator=generator, dtype=torch.float64)
    schedule = vp_sde_schedule()
    model, times = chain_from_denoiser(data.denoise, schedule), log_snr_times(schedule, 60)
    x = {
        "dpmpp_2m_sde": lambda: dpmpp_2m_sde(
            model, start, schedule, times, prediction="x0", generator=generator
        ),
        "heun_edm": lambda: heun_edm(data.denoise, 80 * start, edm_sigmas(30)),
    }[name]()
    circulation = x @ turn
    error = 4 / 1000**0.5
    for low, high, share in ((-math.inf, -2, 0.4), (-2, 2, 0.2), (2, math.inf, 0.4)):
        got = ((circulation > low) & (circulation <= high)).double().mean().item()
        assert got == pytest.approx(share, abs=error * 0.5 + 0.02)
    assert (x.mean(0).abs() < 4 * x.std(0) / 1000**0.5).all()
    across = x - circulation[:, None] * turn
    expected = (covariance.trace() - turn @ covariance @ turn).item()
    assert across.square().sum(1).mean().item() == pytest.approx(expected, rel=0.06)


def test_mixture_is_what_it_says():
    """Its density integrates to 1, its denoiser is the score's (Tweedie), its draws fit."""
    side = torch.linspace(-8, 8, 161).double()
    grid = torch.cartesian_prod(side, side)
    sigma = torch.full((len(grid),), 0.7).double()
    assert MIXTURE.log_prob(grid, sigma).exp().sum().item() * 0.01 == pytest.approx(1, abs=1e-4)
    y = torch.randn(6, 2, dtype=torch.float64, requires_grad=True)
    (score,) = torch.autograd.grad(MIXTURE.log_prob(y, 0.7).sum(), y)
    tweedie = y.detach() + 0.49 * score
    torch.testing.assert_close(MIXTURE.denoise(y.detach(), torch.full((6,), 0.7)), tweedie)
    x = MIXTURE.sample(50_000)
    mean = (MIXTURE.weights[:, None] * MIXTURE.means).sum(0)
    torch.testing.assert_close(x.mean(0), mean, atol=0.04, rtol=0)
    fitted = GaussianMixture.fit(x)
    torch.testing.assert_close(fitted.means[0], x.mean(0))
    rebuilt = fitted.axes[0] @ fitted.eigenvalues[0].diag() @ fitted.axes[0].T
    torch.testing.assert_close(rebuilt, torch.cov(x.T))


@pytest.mark.parametrize("last", [[], torch.tensor([]), [2, 3], True])
def test_the_last_time_before_the_data_is_one(last):
    for schedule in (linear_schedule(100), vp_sde_schedule()):
        with pytest.raises(ValueError, match="last must be one time, got"):
            log_snr_times(schedule, 4, last=last)
