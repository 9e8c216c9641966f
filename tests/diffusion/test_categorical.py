"""Discrete diffusion against products of matrices and sums over all values."""

import math

import pytest
import torch

from simplex.diffusion import (
    CategoricalProcess,
    DiscreteSchedule,
    categorical_elbo,
    categorical_loss,
    categorical_sample,
    cosine_schedule,
    linear_schedule,
    zero_terminal_snr,
)
from tests.cases import over


SCHEDULE = cosine_schedule(6)
K = 4
PROCESSES = {
    "uniform": CategoricalProcess.uniform(SCHEDULE, K),
    "absorbing": CategoricalProcess.absorbing(SCHEDULE, K, mask=3),
    "marginal": CategoricalProcess.marginal(SCHEDULE, [0.5, 0.3, 0.1, 0.1]),
}
each_process = over("name", PROCESSES)


def matrix(process, t):
    """Q_t of one step, by its definition."""
    beta = process.schedule.betas[t - 1]
    return (1 - beta) * torch.eye(K).double() + beta * process.stationary.expand(K, K)


def product(process, s, t):
    result = torch.eye(K).double()
    for step in range(s + 1, t + 1):
        result = result @ matrix(process, step)
    return result


@each_process
@over("s, t", [(0, 1), (0, 6), (2, 3), (1, 5)])
def test_marginals_are_products_of_matrices(name, s, t):
    process = PROCESSES[name]
    got = process.probabilities(torch.arange(K), t, s)
    torch.testing.assert_close(got, product(process, s, t))


@each_process
@over("s, t", [(0, 1), (1, 2), (3, 6), (0, 4)])
def test_posteriors_by_enumeration(name, s, t):
    """Bayes over all x_0, x_s, x_t: p(x_s | x_t) for certain and for uncertain x_0."""
    process = PROCESSES[name]
    to_s, to_t, step = product(process, 0, s), product(process, 0, t), product(process, s, t)
    generator = torch.Generator().manual_seed(s * 7 + t)
    belief = torch.rand(K, generator=generator, dtype=torch.float64) + 0.1
    for xt in range(K):
        possible = to_t[:, xt] > 0
        if not possible.any():
            continue
        exact = to_s * step[:, xt] / to_t[:, xt, None]  # [x_0, x_s]
        for x0 in possible.nonzero()[:, 0].tolist():
            sure = torch.full((K,), -torch.inf).double()
            sure[x0] = 0
            got = process.posterior(sure, torch.tensor(xt), t, s)
            torch.testing.assert_close(got, exact[x0])
        weights = torch.where(possible, belief, 0.0)
        expected = (weights[:, None] * exact.nan_to_num(0.0)).sum(0) / weights.sum()
        got = process.posterior(belief.log(), torch.tensor(xt), t, s)
        torch.testing.assert_close(got, expected)


def test_two_uniform_categories_are_the_binomial_chain():
    """B(x (1 - β) + β / 2), the kernel of 2015."""
    process = CategoricalProcess.uniform(SCHEDULE, 2)
    beta = SCHEDULE.betas[2]
    for x in (0, 1):
        one = process.probabilities(torch.tensor(x), 3, 2)[1]
        torch.testing.assert_close(one, x * (1 - beta) + beta / 2)


@each_process
def test_samples_follow_the_marginals(name):
    process = PROCESSES[name]
    x0 = torch.tensor([0, 2]).repeat_interleave(20_000)
    x = process.q_sample(x0, 3, generator=torch.Generator().manual_seed(0))
    for value, part in ((0, x[:20_000]), (2, x[20_000:])):
        share = torch.bincount(part, minlength=K) / 20_000
        expected = process.probabilities(torch.tensor(value), 3).float()
        torch.testing.assert_close(share, expected, atol=0.015, rtol=0)


def test_times_per_row_are_a_loop():
    process, x0 = PROCESSES["marginal"], torch.randint(K, (3, 5))
    t, s, logits = torch.tensor([1, 4, 6]), torch.tensor([0, 1, 5]), torch.randn(3, 5, K)
    together = process.posterior(logits, x0, t, s)
    for i in range(3):
        alone = process.posterior(logits[i], x0[i], int(t[i]), int(s[i]))
        torch.testing.assert_close(together[i], alone)


def exact_network(process, data):
    """p(x_0 | x_t) by Bayes, for independent values with the law ``data``."""

    def model(x, t):
        flat = product(process, 0, int(t[0]))[:, x].T  # walks share their times
        return (data * flat).log()

    return model


@each_process
def test_bound_is_the_entropy_for_the_exact_network(name):
    """In the mean over data and chain; the prior term is what the schedule leaves at its end."""
    process = PROCESSES[name]
    process = CategoricalProcess(
        DiscreteSchedule(torch.cat([SCHEDULE.alpha_bars[:-1], torch.zeros(1).double()])),
        process.stationary,
    )
    data = torch.tensor([0.6, 0.3, 0.1, 0.0]).double()
    rows = 6000
    x0 = torch.multinomial(data, rows, True, generator=torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(2)
    terms = categorical_elbo(exact_network(process, data), x0, process, generator=generator)
    assert terms.transitions.shape == (5, rows)
    bound = terms.nats
    entropy = -(data[:3] * data[:3].log()).sum().item()
    error = bound.std().item() / rows**0.5
    assert bound.mean().item() == pytest.approx(entropy, abs=4 * error)


def test_the_terms_of_the_bound_are_those_of_its_steps():
    process, x0 = PROCESSES["uniform"], torch.randint(K, (2, 5))
    unsure = torch.zeros(2, 5, K).double()
    bound = categorical_elbo(lambda x, t: unsure, x0, process, [6, 3, 0])
    assert bound.transitions.shape == (1, 2)
    assert (bound.transitions > 0).all()
    torch.testing.assert_close(
        bound.nats, bound.prior + bound.transitions[0] + bound.reconstruction
    )
    torch.testing.assert_close(bound.bits_per_dim, bound.nats / (5 * math.log(2)))
    right, wrong = process.probabilities(torch.tensor(0), 6)[:2].tolist()
    left = right * math.log(K * right) + (K - 1) * wrong * math.log(K * wrong)
    torch.testing.assert_close(bound.prior, torch.full((2,), 5 * left).double())
    one = categorical_elbo(lambda x, t: unsure, x0, process, [6, 0])
    assert one.transitions.shape == (0, 2)
    torch.testing.assert_close(one.nats, one.prior + one.reconstruction)


@each_process
def test_walks_give_the_data(name):
    process = PROCESSES[name]
    data = torch.tensor([0.6, 0.3, 0.1, 0.0]).double()
    generator = torch.Generator().manual_seed(5)
    start = process.prior_sample(torch.zeros(4000), generator=generator)
    x = categorical_sample(
        exact_network(process, data), start, process, [6, 5, 3, 1, 0], generator=generator
    )
    share = torch.bincount(x, minlength=K) / 4000
    torch.testing.assert_close(share, data.float(), atol=0.035, rtol=0)


def test_masked_values_appear_and_stay():
    process = CategoricalProcess.absorbing(zero_terminal_snr(linear_schedule(50)), K, mask=3)
    x, seen = torch.full((200,), 3), []

    def model(x, t):
        seen.append(x.clone())
        return torch.tensor([1.0, 0.0, 0.0, -torch.inf]).expand(200, K)

    x = categorical_sample(model, x, process, list(range(50, -1, -5)))
    assert (x < 3).all()
    for before, after in zip(seen[:-1], [*seen[2:], x], strict=True):
        known = before < 3
        assert torch.equal(before[known], after[known])


def test_cross_entropy():
    process, x0 = PROCESSES["uniform"], torch.randint(K, (3, 5))
    right = torch.nn.functional.one_hot(x0, K) * 50.0
    loss = categorical_loss(lambda x, t: right, x0, torch.tensor([1, 3, 6]), process)
    torch.testing.assert_close(loss, torch.zeros(3), atol=1e-6, rtol=0)
    loss = categorical_loss(lambda x, t: 0 * right, x0, torch.tensor([1, 3, 6]), process)
    torch.testing.assert_close(loss, torch.full((3,), math.log(K)))


@over("call, error, message", [
        (lambda p: CategoricalProcess(SCHEDULE, [0.5, -0.1]), ValueError, "stationary must be"),
        (lambda p: CategoricalProcess(SCHEDULE, [0.0, 0.0]), ValueError, "not all 0"),
        (lambda p: CategoricalProcess.absorbing(SCHEDULE, 4, 4), ValueError, "mask must be"),
        (lambda p: p.q_sample(torch.tensor([4]), 1), ValueError, "values must be in 0…3"),
        (lambda p: p.q_sample(torch.tensor([1]), 7), ValueError, "times must be in 0…6"),
        (lambda p: p.q_sample(torch.tensor([1.0]), 1), TypeError, "integers"),
        (lambda p: p.posterior(torch.zeros(2, 3), torch.zeros(2).long(), 2, 1), ValueError,
         "logits must have"),
        (lambda p: p.posterior(torch.zeros(2, 4), torch.zeros(2).long(), 1, 2), ValueError,
         "s must not be after"),
        (lambda p: categorical_sample(lambda x, t: torch.zeros(1, 4), torch.zeros(1).long(), p,
                                      [1, 3]), ValueError, "fall strictly"),
        (lambda p: categorical_sample(lambda x, t: torch.full((1, 4), torch.nan),
                                      torch.zeros(1).long(), p, [6, 3, 0]), ValueError,
         "NaN at step 0, time 6"),
        (lambda p: categorical_elbo(lambda x, t: torch.zeros(1, 4), torch.zeros(1).long(), p,
                                    [6, 3]), ValueError, "end at 0"),
    ])  # fmt: skip
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call(PROCESSES["uniform"])
