"""Likelihoods: the bound against exact values, the flow against closed forms, grey levels."""

import itertools
import math

import numpy as np
import pytest
import torch

from simplex.diffusion import (
    GaussianMixture,
    chain_from_denoiser,
    discretized_gaussian,
    elbo,
    flow_from_denoiser,
    flow_of_levels,
    linear_schedule,
    log_likelihood,
    probability_flow,
    vp_sde_schedule,
)
from tests.cases import over
from tests.diffusion.gaussian import exact_network, normal_log_density, posterior_variance


class Quadrature:
    """Noise and data at the nodes of Gauss-Hermite: means of quadratics come out exact."""

    def __init__(self, variance):
        nodes, weights = np.polynomial.hermite_e.hermegauss(3)
        nodes, weights = torch.tensor(nodes), torch.tensor(weights / weights.sum())
        self.data = (variance**0.5 * nodes).repeat_interleave(3)[:, None]
        self.nodes = nodes.repeat(3)[:, None]
        self.weights = torch.outer(weights, weights).flatten()

    def sample(self, like, generator=None):
        return self.nodes

    def whiten(self, x):
        return x


ELBO_TABLE = {  # s²: exact; then T = 1000 and 100 of small, large, optimal (recursions in NumPy)
    0.25: (
        0.725791,
        {"small": (1.295717, 1.997991), "large": (0.840461, 0.758818), "optimal": (0.725791,) * 2},
    ),
    1: (
        1.418939,
        {"small": (1.997533, 2.787985), "large": (1.532641, 1.441500), "optimal": (1.418939,) * 2},
    ),
}


def expected_bound(variance, steps, kind):
    schedule = linear_schedule(steps)
    nodes = Quadrature(variance)
    choice = posterior_variance(schedule, variance) if kind == "optimal" else kind
    bound = elbo(
        exact_network(schedule, variance), nodes.data, schedule, variance=choice, noise=nodes
    )
    return (bound.nats * nodes.weights).sum().item()


@over("kind", ["small", "large", "optimal"])
@over("variance", ELBO_TABLE)
def test_bound_for_gaussian_data(variance, kind):
    exact, table = ELBO_TABLE[variance]
    assert exact == pytest.approx(0.5 * math.log(2 * math.pi * math.e * variance), abs=1e-6)
    assert expected_bound(variance, 100, kind) == pytest.approx(table[kind][1], abs=2e-6)


QUICK = [(0.25, "optimal")]


@over("variance, kind", QUICK)
def test_bound_for_gaussian_data_in_a_thousand_steps(variance, kind):
    require_bound(variance, kind)


@pytest.mark.slow
@over(
    "variance, kind",
    [
        row
        for row in itertools.product(ELBO_TABLE, ("small", "large", "optimal"))
        if row not in QUICK
    ],
)
def test_all_bounds_for_gaussian_data_in_a_thousand_steps(variance, kind):
    require_bound(variance, kind)


def require_bound(variance, kind):
    expected = ELBO_TABLE[variance][1][kind][0]
    assert expected_bound(variance, 1000, kind) == pytest.approx(expected, abs=2e-6)


def test_bound_on_a_subsequence_is_tight_too():
    schedule, nodes = linear_schedule(1000), Quadrature(0.25)
    bound = elbo(
        exact_network(schedule, 0.25, "v"), nodes.data, schedule, [1000, 700, 300, 20, 0],
        prediction="v", variance=posterior_variance(schedule, 0.25), noise=nodes,
    )  # fmt: skip
    assert (bound.nats * nodes.weights).sum().item() == pytest.approx(0.725791, abs=2e-6)
    assert bound.transitions.shape == (3, 9)


@over("v, fixed", [(0.0, "small")])
def test_bound_with_a_learned_variance(v, fixed):
    schedule, nodes = linear_schedule(100), Quadrature(0.25)
    network = exact_network(schedule, 0.25)
    learned = elbo(
        lambda x, t: (network(x, t), torch.full_like(x, v)), nodes.data, schedule,
        variance="learned", noise=nodes,
    )  # fmt: skip
    expected = elbo(network, nodes.data, schedule, variance=fixed, noise=nodes)
    torch.testing.assert_close(learned.nats, expected.nats)


def test_bound_per_mode_is_the_bound_of_the_vector():
    """A white chain on independent modes of different variance: the terms add up over modes."""
    schedule = linear_schedule(50)
    variances = torch.tensor([0.25, 1.0, 3.0]).double()
    total = 0.0
    for variance in variances.tolist():
        nodes = Quadrature(variance)
        bound = elbo(exact_network(schedule, variance), nodes.data, schedule, noise=nodes)
        total += (bound.nats * nodes.weights).sum().item()
    one = Quadrature(1.0)
    one.nodes = one.nodes.expand(9, 3)
    data = one.data * variances.sqrt()
    bound = elbo(exact_network(schedule, variances), data, schedule, noise=one)
    assert (bound.nats * one.weights).sum().item() == pytest.approx(total, rel=1e-9)
    assert (bound.bits_per_dim * 3 * math.log(2)).tolist() == pytest.approx(bound.nats.tolist())


def test_coloured_noise_is_the_white_chain_in_whitened_coordinates():
    factor = torch.tensor([[2.0, 0.0], [1.0, 0.5]], dtype=torch.float64)

    class Coloured:
        def sample(self, like, generator=None):
            white = torch.randn(like.shape, generator=generator, dtype=like.dtype)
            return white @ factor.T

        def whiten(self, x):
            return x @ torch.linalg.inv(factor).T

    schedule, y0 = linear_schedule(25), torch.randn(5, 2, dtype=torch.float64)
    model = exact_network(schedule, 0.7)  # data of covariance 0.7 K in the coloured chain
    seed = torch.Generator()
    white = elbo(model, y0, schedule, generator=seed.manual_seed(1))
    coloured = elbo(model, y0 @ factor.T, schedule, noise=Coloured(), generator=seed.manual_seed(1))
    torch.testing.assert_close(coloured.nats, white.nats)


@over("variance", [1e-5, 1e-2, 1.0, 1e4])
@over("mean", [-3.0, -0.3, 0.7512, 1.0])
def test_grey_levels_share_all_probability(variance, mean, dtype):
    grid = torch.linspace(-1, 1, 256, dtype=dtype)
    mean, variance = torch.full_like(grid, mean), torch.tensor(variance, dtype=dtype)
    log_probability = discretized_gaussian()(grid, mean, variance)
    assert log_probability.isfinite().all()
    tolerance = 1e-6 if dtype == torch.float64 else 1e-4
    assert log_probability.exp().sum().item() == pytest.approx(1, abs=tolerance)


def test_grey_levels_have_gradients_everywhere():
    grid = torch.linspace(-1, 1, 256)
    mean = torch.zeros(256, requires_grad=True)
    discretized_gaussian()(grid, mean, torch.tensor(1e-4)).sum().backward()
    assert mean.grad.isfinite().all()


def test_narrow_bins_are_a_density():
    x0 = torch.linspace(-0.9, 0.9, 7, dtype=torch.float64)
    mean, variance = torch.zeros(7).double(), torch.tensor(0.3).double()
    x0 = (x0 * 50_000).round() / 50_000
    fine = discretized_gaussian(100_001)(x0, mean, variance) + math.log(50_000)
    density = torch.distributions.Normal(mean, variance.sqrt()).log_prob(x0)
    torch.testing.assert_close(fine, density, atol=1e-6, rtol=0)


@over("seed", [0, 1])
def test_uniform_grey_levels_cost_eight_bits(seed):
    """The exact denoiser of 256 equally likely levels: no bound is below 8, this one is close."""
    generator = torch.Generator().manual_seed(seed)
    schedule = linear_schedule(1000, 1e-5, 0.02)
    levels = torch.linspace(-1, 1, 256, dtype=torch.float64)
    data = GaussianMixture(levels[:, None], torch.zeros(256, 1, 1))
    model = chain_from_denoiser(data.denoise, schedule)
    x0 = levels[torch.randint(256, (60,), generator=generator)][:, None]
    times = torch.arange(1000, -1, -5)
    bits = elbo(
        model, x0, schedule, times, prediction="x0", variance="large",
        decoder=discretized_gaussian(), generator=generator,
    ).bits_per_dim  # fmt: skip
    assert bits.mean().item() == pytest.approx(8, abs=0.35)


CORRELATED = GaussianMixture(torch.tensor([[0.5, -1.0]]), torch.tensor([[[0.5, 0.3], [0.3, 0.4]]]))
TWO = GaussianMixture(
    torch.tensor([[-1.0, 0.0], [1.0, 0.5]]),
    torch.tensor([[[0.3, 0.1], [0.1, 0.2]], [[0.2, 0.0], [0.0, 0.4]]]),
)


def by_flow(data, name, x, **kwargs):
    """log p of the data by the equation of a chain, of noise levels, or of flow matching."""
    if name == "chain":
        schedule = vp_sde_schedule()
        model = chain_from_denoiser(data.denoise, schedule)
        flow = probability_flow(model, schedule, "x0")
        return log_likelihood(flow, x, torch.linspace(1e-4**0.5, 1, 16).square(), **kwargs)
    if name == "levels":
        levels = torch.logspace(math.log10(5e-3), 2, 20, dtype=torch.float64)
        return log_likelihood(
            flow_of_levels(data.denoise), x, levels,
            log_prior=lambda y: normal_log_density(y, 100.0), **kwargs,
        )  # fmt: skip
    times = 1 - torch.linspace(0.002**0.5, 0.995**0.5, 16, dtype=torch.float64).square()
    return log_likelihood(flow_from_denoiser(data.denoise), x, times, **kwargs)


@over("name", ["chain", "levels", "flow matching"])
@over("data", [CORRELATED, TWO])
def test_likelihood_by_the_flow(data, name):
    x = data.sample(6, generator=torch.Generator().manual_seed(4))
    got = by_flow(data, name, x)
    torch.testing.assert_close(got, data.log_prob(x), atol=3e-2, rtol=0)


def test_probes_are_unbiased():
    """The mean over probes is the exact trace; over all sign patterns it is so exactly."""
    matrix = torch.randn(3, 3, dtype=torch.float64)
    x = torch.randn(1, 3, dtype=torch.float64).expand(2000, 3)
    times = [0.0, 0.02, 0.04, 0.06, 0.08, 0.1]

    def flow(x, t):
        return x @ matrix.T

    exact = log_likelihood(flow, x[:1], times)
    change = exact - normal_log_density(x[:1] @ torch.linalg.matrix_exp(0.1 * matrix).T)
    assert change.item() == pytest.approx(0.1 * matrix.trace().item(), rel=1e-6)
    one = log_likelihood(flow, x, times, num_probes=1)
    error = one.std().item() / 2000**0.5
    assert one.mean().item() == pytest.approx(exact.item(), abs=4 * error)
    many = log_likelihood(flow, x, times, num_probes=8)
    assert many.std().item() == pytest.approx(one.std().item() / 8**0.5, rel=0.2)


def test_probes_are_exact_for_independent_components():
    x = torch.randn(4, 3, dtype=torch.float64)
    flow = lambda x, t: x.sin()  # noqa: E731
    torch.testing.assert_close(
        log_likelihood(flow, x, [0.0, 0.5, 1.0], num_probes=1),
        log_likelihood(flow, x, [0.0, 0.5, 1.0]),
    )


@over(
    "call, message",
    [
        (lambda s, m: elbo(m, torch.ones(2, 1), s, [100, 50, 1]), "end at 0"),
        (lambda s, m: elbo(m, torch.ones(2, 1), s, [100, 0]), "at least 2 steps"),
        (lambda s, m: elbo(lambda x, t: x / 0, torch.ones(2, 1), s), "step 0, time 100"),
        (lambda s, m: discretized_gaussian(1), "levels"),
        (
            lambda s, m: discretized_gaussian()(torch.tensor([3.0]), torch.zeros(1), torch.ones(1)),
            "x0 must be in",
        ),
        (lambda s, m: log_likelihood(m, torch.ones(2, 1), [0.0, 0.0]), "rise or fall strictly"),
        (lambda s, m: log_likelihood(m, torch.ones(2, 1), [0.0, 1.0], num_probes=0), "num_probes"),
        (lambda s, m: log_likelihood(lambda x, t: x / 0, torch.ones(2, 1), [0, 1]), "step 0"),
    ],
)
def test_refusals(call, message):
    schedule = linear_schedule(100)
    with pytest.raises(ValueError, match=message):
        call(schedule, exact_network(schedule, 1.0))
