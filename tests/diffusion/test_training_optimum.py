"""Linear networks on Gaussian data: every loss has its minimum at E[x₀ | x_t], of known value."""

import math

import pytest
import torch
from torch.autograd.functional import hessian, jacobian

from simplex.diffusion import (
    EDMPreconditioner,
    HeatFlow,
    HodgeNoise,
    LinearPath,
    MaternKernel,
    TrigonometricPath,
    WhiteNoise,
    chain_from_denoiser,
    convert_prediction,
    cosine_schedule,
    denoiser_from_chain,
    denoiser_from_flow,
    edm_loss,
    euler_flow,
    flow_from_denoiser,
    flow_matching_loss,
    hybrid_loss,
    learned_variance,
    min_snr_weight,
    noise_levels,
    ot_coupling,
    simple_loss,
    vlb_loss,
)
from tests.cases import over
from tests.diffusion.gaussian import OfRows
from tests.tables import COMPLEXES


K = COMPLEXES["house"]
N = K.num_simplices(1)
EYE = torch.eye(N, dtype=torch.float64)
SCHEDULE = cosine_schedule(1000)
NOISES = {
    "white": WhiteNoise(),
    "coloured": OfRows(
        HodgeNoise(K, MaternKernel(2.0), MaternKernel(scale=0.5), MaternKernel(scale=3.0))
    ),
}
ROWS = 4 * N


@pytest.fixture(params=NOISES)
def noise(request):
    return NOISES[request.param]


def standard(rows, columns, seed):
    """Rows whose second moments are exactly the identity: means over them are expectations."""
    draws = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)).double()
    return draws @ torch.linalg.inv(torch.linalg.cholesky(draws.T @ draws / rows)).T


def spread_of_data(seed):
    """A covariance of data that commutes with nothing else here."""
    root = torch.randn(N, N, generator=torch.Generator().manual_seed(100 + seed)).double()
    return root @ root.T / N + 0.1 * EYE


def samples(noise, seed=0, copies=1):
    """Data, noise, and the covariance of the data; independent, each pair repeated."""
    C, joint = spread_of_data(seed), standard(ROWS, 2 * N, seed)
    x0 = joint[:, :N] @ torch.linalg.cholesky(C).T
    eps = joint[:, N:] if noise is NOISES["white"] else noise.color(joint[:, N:])
    return x0.repeat(copies, 1), eps.repeat(copies, 1), C


def covariance(noise):
    return EYE if noise is NOISES["white"] else noise.noise.power(EYE, 1.0)


def denoiser_matrix(C, noise, sigma):
    """E[x₀ | y] = y A for y = x₀ + σ ε."""
    return torch.linalg.solve(C + sigma**2 * covariance(noise), C)


def error_left(C, noise, sigma):
    """The mean over components of Var[x₀ | y]."""
    return ((C - C @ denoiser_matrix(C, noise, sigma)).trace() / N).item()


def minimum(loss, shape=(N, N)):
    """Where a quadratic function of a matrix is least, and how little it is: one Newton step."""
    start = torch.zeros(shape, dtype=torch.float64)
    slope = jacobian(loss, start).flatten()
    curvature = hessian(loss, start, vectorize=True).reshape(len(slope), -1)
    assert torch.linalg.eigvalsh(curvature).min() > 0
    least = -torch.linalg.solve(curvature, slope).reshape(shape)
    return least, loss(least).item()


def require_exact(denoise, C, noise, sigma):
    y = torch.randn(5, N, dtype=torch.float64)
    torch.testing.assert_close(
        denoise(y, torch.full((5,), float(sigma), dtype=torch.float64)),
        y @ denoiser_matrix(C, noise, sigma),
        rtol=1e-6,
        atol=1e-8,
    )


@over("t", [20, 400, 950])
@over("target", ["eps", "x0", "v", "score"])
def test_simple_loss(target, t, noise):
    x0, eps, C = samples(noise)
    at = torch.tensor(t)

    def loss(W):
        return simple_loss(lambda x, t: x @ W, x0, at, SCHEDULE, eps, prediction=target).mean()

    W, least = minimum(loss)
    sigma = noise_levels(SCHEDULE, at)
    require_exact(denoiser_from_chain(lambda x, t: x @ W, SCHEDULE, target), C, noise, sigma)
    alpha, std = SCHEDULE.coefficients(t)
    if target == "eps":
        M, S = alpha**2 * C + std**2 * covariance(noise), covariance(noise)
        torch.testing.assert_close(W, std * torch.linalg.solve(M, S), rtol=1e-7, atol=1e-9)
        expected = (S - std**2 * S @ torch.linalg.solve(M, S)).trace() / N
        assert least == pytest.approx(expected.item(), rel=1e-7)
    weight = min_snr_weight(SCHEDULE, at, target).item()
    expected = min(SCHEDULE.snr(t).item(), 5.0) * error_left(C, noise, sigma)
    assert weight * least == pytest.approx(expected, rel=1e-7)


@over("sigma", [0.05, 0.8, 20.0])
@over("sigma_data", [0.5, 1.7])
def test_edm_loss(sigma_data, sigma, noise):
    x0, eps, C = samples(noise, 1)
    preconditioner = EDMPreconditioner(sigma_data)
    level = torch.full((ROWS,), sigma, dtype=torch.float64)
    W, least = minimum(
        lambda W: edm_loss(lambda x, t: x @ W, x0, level, eps, preconditioner).mean()
    )
    require_exact(preconditioner.denoiser(lambda x, t: x @ W), C, noise, sigma)
    weight = (sigma**2 + sigma_data**2) / (sigma * sigma_data) ** 2
    assert least == pytest.approx(weight * error_left(C, noise, sigma), rel=1e-7)


def from_the_circle(velocity):
    """D(y; σ) from the velocity along cos and sin: x₀ = sin x + cos u · 2 / π."""

    def denoise(y, sigma):
        angle = torch.atan(1 / sigma)
        sin, cos = angle.sin()[:, None], angle.cos()[:, None]
        return sin**2 * y + cos * velocity(sin * y, angle * 2 / math.pi) * 2 / math.pi

    return denoise


@over("t", [0.05, 0.6, 0.95])
@over(
    "path, to_denoiser, ends",
    [
        (LinearPath(), denoiser_from_flow, lambda t: (t, 1 - t, (1 - t) ** -2)),
        (
            TrigonometricPath(),
            from_the_circle,
            lambda t: (
                math.sin(math.pi / 2 * t),
                math.cos(math.pi / 2 * t),
                (math.pi / 2 / math.cos(math.pi / 2 * t)) ** 2,
            ),
        ),
    ],
)
def test_flow_matching_loss(path, to_denoiser, ends, t, noise):
    x0, z, C = samples(noise, 2)
    times = torch.full((ROWS,), t, dtype=torch.float64)
    W, least = minimum(
        lambda W: flow_matching_loss(lambda x, t: x @ W, x0, z, times, path=path).mean()
    )
    signal, spread, weight = ends(t)
    require_exact(to_denoiser(lambda x, t: x @ W), C, noise, spread / signal)
    expected = weight * error_left(C, noise, spread / signal)
    assert least == pytest.approx(expected, rel=1e-7)


# --- one matrix for all noise levels: only here the weights decide where the minimum is ----------

TIMES = torch.tensor([30, 250, 500, 850])
LEVELS = noise_levels(SCHEDULE, TIMES)


def of_edm(denoise, preconditioner):
    """The network F of which D is the given denoiser."""
    s = preconditioner.sigma_data

    def network(x, level):
        sigma = (4 * level).exp()
        root = (sigma**2 + s**2).sqrt()[:, None]
        skip, out = s**2 / root**2, sigma[:, None] * s / root
        return (denoise(root * x, sigma) - skip * root * x) / out

    return network


def weighted_simple(target):
    def loss(denoise, x0, eps):
        t = TIMES.repeat_interleave(ROWS)
        clean = chain_from_denoiser(denoise, SCHEDULE)
        losses = simple_loss(
            lambda x, t: convert_prediction(clean(x, t), x, t, SCHEDULE, "x0", target),
            x0, t, SCHEDULE, eps, prediction=target,
        )  # fmt: skip
        return (min_snr_weight(SCHEDULE, t, target) * losses).mean()

    return loss


def bound(denoise, x0, eps):
    clean = chain_from_denoiser(denoise, SCHEDULE)
    t = TIMES.repeat_interleave(ROWS)
    return vlb_loss(
        lambda x, t: convert_prediction(clean(x, t), x, t, SCHEDULE, "x0", "v"),
        x0, t, SCHEDULE, eps, prediction="v",
    ).mean()  # fmt: skip


def edm(denoise, x0, eps):
    preconditioner, sigma = EDMPreconditioner(0.6), LEVELS.repeat_interleave(ROWS)
    return edm_loss(of_edm(denoise, preconditioner), x0, sigma, eps, preconditioner).mean()


def flow(denoise, x0, eps):
    t = 1 / (1 + LEVELS.repeat_interleave(ROWS))
    return flow_matching_loss(flow_from_denoiser(denoise), x0, eps, t).mean()


SNR = SCHEDULE.snr(TIMES)
LOSSES = {  # and the weight of ‖D(y; σ) - x₀‖² at each level
    **{
        f"min-SNR, {name}": (weighted_simple(name), SNR.clamp(max=5.0))
        for name in ("eps", "x0", "v", "score")
    },
    "bound": (bound, (SCHEDULE.snr(TIMES - 1) - SNR) / 2),
    "EDM": (edm, (LEVELS**2 + 0.36) / (0.6 * LEVELS) ** 2),
    "flow": (flow, (1 + 1 / LEVELS) ** 2),
}


@over("name", LOSSES)
def test_weights_between_noise_levels(name, noise):
    loss, weights = LOSSES[name]
    x0, eps, C = samples(noise, 3, len(TIMES))
    A, least = minimum(lambda A: loss(lambda y, sigma: y @ A, x0, eps))
    share = weights / weights.sum()
    level = (share * LEVELS**2).sum().sqrt()  # one denoiser for the mean variance of the noise
    torch.testing.assert_close(A, denoiser_matrix(C, noise, level), rtol=1e-6, atol=1e-8)
    expected = weights.mean().item() * error_left(C, noise, level)
    assert least == pytest.approx(expected, rel=1e-6)


@over("t", [1, 2, 300, 990])
def test_hybrid_loss_learns_the_optimal_variance(t):
    """β̃ + c₀² Var[x₀ | x_t] per component, which the two fixed variances do not know."""
    x0, eps, C = samples(NOISES["white"], 4)
    alpha, std = SCHEDULE.coefficients(t)
    optimum = std * torch.linalg.inv(alpha**2 * C + std**2 * EYE)
    at = torch.full((ROWS,), t)

    def slope(v):
        def model(x, t):
            return x @ optimum, v.expand(ROWS, N)

        v = v.detach().requires_grad_()
        loss = hybrid_loss(model, x0, at, SCHEDULE, eps).mean()
        return torch.autograd.grad(loss, v)[0]

    before = SCHEDULE.alpha_bar(t - 1)
    beta, after = SCHEDULE.betas[t - 1], SCHEDULE.alpha_bar(t)
    small = (1 - before) / (1 - after) * beta
    c0 = before.sqrt() * beta / (1 - after)
    sigma = noise_levels(SCHEDULE, t)
    left = (C - C @ denoiser_matrix(C, NOISES["white"], sigma)).diagonal()
    expected = small + c0**2 * left
    if t == 1:  # the range begins at the variance of the next step
        small = (1 - after) / (1 - SCHEDULE.alpha_bar(2)) * SCHEDULE.betas[1]
    width = (beta / small).log()
    v = (expected / small).log() / width
    torch.testing.assert_close(learned_variance(v, small, beta), expected)
    more, less = slope(v + 0.1 / width), slope(v - 0.1 / width)
    assert (less < 0).all()
    assert (more > 0).all()
    assert (slope(v).abs() < 1e-6 * more).all()


# --- flows whose pairs or drift are not independent or zero ---------------------------------------


@over("seed", range(2))
def test_optimal_coupling_leaves_nothing_to_regret(seed):
    """Gaussians coupled optimally, z = x₀ C^{-1/2}: the minimum is 0, and one Euler step exact."""
    C = spread_of_data(seed)
    values, axes = torch.linalg.eigh(C)
    z = standard(ROWS, N, seed)
    x0 = z @ (axes * values.sqrt()) @ axes.T
    shuffled = z[torch.randperm(ROWS, generator=torch.Generator().manual_seed(seed))]
    z = shuffled[ot_coupling(x0, shuffled)]
    t = torch.linspace(0, 0.9, ROWS).double()
    fixed = torch.full_like(t, 0.3)
    _, least = minimum(lambda W: flow_matching_loss(lambda x, t: x @ W, x0, z, fixed).mean())
    assert least == pytest.approx(0.0, abs=1e-12)
    W, _ = minimum(lambda W: flow_matching_loss(lambda x, t: x @ W, x0, z, 0 * t).mean())
    torch.testing.assert_close(euler_flow(lambda x, t: x @ W, z, [0.0, 1.0]), x0)
    independent = x0[torch.randperm(ROWS, generator=torch.Generator().manual_seed(seed + 9))]
    _, more = minimum(
        lambda W: flow_matching_loss(lambda x, t: x @ W, independent, z, fixed).mean()
    )
    assert more > 0.1


@over("rates", [(0.0, 0.0), (1.3, 0.4)])
@over("t", [0.2, 0.7])
def test_heat_flow_with_the_minimiser_carries_the_law(rates, t, noise):
    """With V the whole velocity, dΣ/dt = Vᵀ Σ + Σ V for the covariance Σ of the path."""
    x0, z, C = samples(noise, 5)
    heat = HeatFlow(K, down=rates[0], up=rates[1])

    def spread(t):
        x = heat.path(x0[..., None], z[..., None], t)[..., 0]
        return x.T @ x / ROWS

    def loss(W):
        pair = x0[..., None], z[..., None]
        return heat.loss(lambda x, t: (x[..., 0] @ W)[..., None], *pair, t).mean()

    W, least = minimum(loss)
    V = heat.drift(EYE) + W
    slope = (spread(t + 1e-5) - spread(t - 1e-5)) / 2e-5
    torch.testing.assert_close(V.T @ spread(t) + spread(t) @ V, slope, rtol=1e-6, atol=1e-7)
    assert least > 0.01
    if rates == (0.0, 0.0):
        require_exact(denoiser_from_flow(lambda x, t: x @ W), C, noise, (1 - t) / t)
