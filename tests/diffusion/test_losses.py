"""Losses: their minima in closed form, their weights, their couplings."""

import itertools
import math

import pytest
import torch

from simplex.diffusion import (
    BridgePath,
    CategoricalProcess,
    EDMPreconditioner,
    HodgeNoise,
    LinearPath,
    MaternKernel,
    TrigonometricPath,
    categorical_loss,
    convert_prediction,
    cosine_schedule,
    ddim,
    drop_labels,
    edm_loss,
    flow_matching_loss,
    hybrid_loss,
    linear_schedule,
    min_snr_weight,
    ot_coupling,
    q_sample,
    simple_loss,
    vlb_loss,
    zero_terminal_snr,
)
from tests.cases import over
from tests.diffusion.gaussian import OfRows, exact_network
from tests.tables import COMPLEXES


SCHEDULE = cosine_schedule(1000)
COVARIANCE = torch.tensor([[1.0, 0.6, 0.0], [0.6, 2.0, -0.4], [0.0, -0.4, 0.3]]).double()


def samples(rows, seed=0):
    """Data, noise whose second moments are exactly those of the law: least squares is exact."""
    generator = torch.Generator().manual_seed(seed)
    joint = torch.randn(rows, 6, generator=generator, dtype=torch.float64)
    joint = joint @ torch.linalg.inv(torch.linalg.cholesky(joint.T @ joint / rows).T)
    return joint[:, :3] @ torch.linalg.cholesky(COVARIANCE).T, joint[:, 3:]


@over("t", [1, 300, 900])
def test_minimum_of_the_simple_loss(t):
    x0, eps = samples(200)
    alpha, sigma = SCHEDULE.coefficients(t)
    total = alpha**2 * COVARIANCE + sigma**2 * torch.eye(3)
    optimum = sigma * torch.linalg.inv(total)
    loss = simple_loss(lambda x, t: x @ optimum, x0, torch.tensor(t), SCHEDULE, eps).mean()
    expected = (torch.eye(3) - sigma**2 * torch.linalg.inv(total)).trace() / 3
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    x = q_sample(x0, t, SCHEDULE, eps)
    fitted = torch.linalg.lstsq(x, eps).solution
    torch.testing.assert_close(fitted, optimum, rtol=1e-6, atol=1e-9)


def weighted_minimum(target):
    """The linear x₀-predictor that gradient-free least squares finds under a weighted loss."""
    x0, eps = samples(200)
    t = torch.full((200,), 400)
    weight = min_snr_weight(SCHEDULE, t, target)
    x = q_sample(x0, t, SCHEDULE, eps)
    y = x0 if target == "x0" else convert_prediction(eps, x, t, SCHEDULE, "eps", target)
    root = weight.sqrt()[:, None]
    fitted = torch.linalg.lstsq(root * x, root * y).solution
    return convert_prediction(x @ fitted, x, t, SCHEDULE, target, "x0")


@over("target", ["eps", "v", "score"])
def test_every_weighting_has_the_same_minimiser(target):
    torch.testing.assert_close(weighted_minimum(target), weighted_minimum("x0"))


def test_the_minimiser_of_edm_is_the_denoiser_of_the_chain():
    x0, eps = samples(200)
    sigma, preconditioner = 0.8, EDMPreconditioner(0.7)
    exact = COVARIANCE @ torch.linalg.inv(COVARIANCE + sigma**2 * torch.eye(3))
    level = torch.full((200,), sigma).double()

    def network(x, t):  # the F of which D is the exact denoiser
        y = x * (sigma**2 + 0.49) ** 0.5
        skip, out = 0.49 / (sigma**2 + 0.49), sigma * 0.7 / (sigma**2 + 0.49) ** 0.5
        return (y @ exact - skip * y) / out

    def perturbed(x, t):
        return network(x, t) + 0.01 * x

    best = edm_loss(network, x0, level, eps, preconditioner).mean()
    assert best < edm_loss(perturbed, x0, level, eps, preconditioner).mean()
    error = (COVARIANCE - exact @ COVARIANCE).trace() / 3
    weight = (sigma**2 + 0.49) / (0.7 * sigma) ** 2
    assert best.item() == pytest.approx(weight * error.item(), rel=1e-6)


def test_edm_weights_make_the_loss_of_the_network_plain():
    x0, eps = samples(50)
    preconditioner, sigma = (
        EDMPreconditioner(),
        EDMPreconditioner().sigmas(50, like=torch.ones(1).double()),
    )
    root = (sigma**2 + 0.25).sqrt()[:, None]
    y = x0 + sigma[:, None] * eps
    target = (x0 - 0.25 / root**2 * y) * root / (0.5 * sigma[:, None])
    loss = edm_loss(lambda x, t: torch.zeros_like(x), x0, sigma, eps, preconditioner)
    torch.testing.assert_close(loss, target.square().mean(1))
    seen = []
    edm_loss(lambda x, t: seen.append((x, t)) or x, x0, sigma, eps, preconditioner)
    torch.testing.assert_close(seen[0][0], y / root)
    torch.testing.assert_close(seen[0][1], sigma.log() / 4)


def test_edm_levels_for_training_are_lognormal():
    levels = EDMPreconditioner().sigmas(20_000, generator=torch.Generator().manual_seed(0)).log()
    assert levels.mean().item() == pytest.approx(-1.2, abs=0.04)
    assert levels.std().item() == pytest.approx(1.2, abs=0.04)


@over("prediction", ["eps", "x0", "v"])
def test_min_snr_weights_are_the_published_ones(prediction):
    t = torch.arange(1, 1001)
    snr = SCHEDULE.snr(t)
    bounded = snr.clamp(max=5)
    expected = {"eps": bounded / snr, "x0": bounded, "v": bounded / (snr + 1)}[prediction]
    torch.testing.assert_close(min_snr_weight(SCHEDULE, t, prediction), expected)


@over("source, target", list(itertools.permutations(["eps", "x0", "v"], 2)))
def test_weighted_losses_agree_whatever_is_predicted(source, target):
    x0, eps = torch.randn(2, 6, 4, dtype=torch.float64)
    t = torch.tensor([1, 10, 200, 500, 900, 1000])
    x, weights = q_sample(x0, t, SCHEDULE, eps), {}
    guess = torch.randn(6, 4, dtype=torch.float64)
    for name, output in (
        (source, guess),
        (target, convert_prediction(guess, x, t, SCHEDULE, source, target)),
    ):
        loss = simple_loss(lambda x, t, o=output: o, x0, t, SCHEDULE, eps, prediction=name)
        weights[name] = min_snr_weight(SCHEDULE, t, name) * loss
    torch.testing.assert_close(weights[source], weights[target], rtol=1e-4, atol=1e-9)


def test_weights_are_finite_without_any_signal():
    schedule = zero_terminal_snr(linear_schedule(1000))
    for name in ("eps", "x0", "v", "score"):
        assert min_snr_weight(schedule, torch.arange(1, 1001), name).isfinite().all()


def test_losses_are_per_row_and_leave_inputs_alone(dtype):
    x0, eps = torch.randn(2, 3, 4, 5, dtype=dtype)
    kept, t = x0.clone(), torch.tensor([1, 20, 1000])
    model = exact_network(SCHEDULE, 0.5)
    together = simple_loss(model, x0, t, SCHEDULE, eps)
    assert together.shape == (3,)
    assert together.dtype == dtype
    assert torch.equal(x0, kept)
    for i in range(3):
        alone = simple_loss(model, x0[i : i + 1], t[i : i + 1], SCHEDULE, eps[i : i + 1])
        torch.testing.assert_close(together[i : i + 1], alone)


def test_terms_of_the_bound_against_their_definition():
    schedule = linear_schedule(50)
    x0, eps = torch.randn(2, 3, 4, dtype=torch.float64)
    t = torch.tensor([1, 2, 37])
    model = exact_network(schedule, 0.5)
    got = vlb_loss(model, x0, t, schedule, eps)
    x = q_sample(x0, t, schedule, eps)
    error = (convert_prediction(model(x, t), x, t, schedule, "eps", "x0") - x0).square().mean(1)
    beta, alpha_bar = schedule.betas[t - 1], schedule.alpha_bar(t)
    before = schedule.alpha_bar(t - 1)
    small = (1 - before) / (1 - alpha_bar) * beta
    expected = before * beta**2 / (1 - alpha_bar) ** 2 * error / (2 * small)
    torch.testing.assert_close(got[1:], expected[1:])
    first = (1 - schedule.alpha_bar(1)) / (1 - schedule.alpha_bar(2)) * schedule.betas[1]
    likelihood = (error[0] / first + (2 * math.pi * first).log()) / 2
    torch.testing.assert_close(got[0], likelihood)


def test_hybrid_loss_trains_the_variance_by_the_bound_and_the_mean_by_the_simple_loss():
    schedule = linear_schedule(50)
    x0, eps = torch.randn(2, 3, 4)
    t = torch.tensor([1, 2, 37])
    output = torch.randn(3, 4, requires_grad=True)
    v = torch.rand(3, 4, requires_grad=True)
    hybrid_loss(lambda x, t: (output, v), x0, t, schedule, eps).sum().backward()
    simple = output.detach().clone().requires_grad_()
    simple_loss(lambda x, t: simple, x0, t, schedule, eps).sum().backward()
    torch.testing.assert_close(output.grad, simple.grad)
    assert (v.grad != 0).all()
    bound = hybrid_loss(lambda x, t: (eps, 0 * eps), x0, t, schedule, eps)
    vlb = vlb_loss(lambda x, t: eps, x0, t, schedule, eps)
    torch.testing.assert_close(bound, 1e-3 * 50 / math.log(2) * vlb)


@over("path", [LinearPath(), TrigonometricPath()])
def test_paths_join_noise_and_data_and_have_their_velocity(path):
    z, x0 = torch.randn(2, 4, 3, dtype=torch.float64)
    torch.testing.assert_close(path.at(x0, z, torch.zeros(4).double())[0], z)
    torch.testing.assert_close(path.at(x0, z, torch.ones(4).double())[0], x0)
    t, step = torch.rand(4, dtype=torch.float64) * 0.9 + 0.05, 1e-6
    slope = (path.at(x0, z, t + step)[0] - path.at(x0, z, t - step)[0]) / (2 * step)
    torch.testing.assert_close(path.at(x0, z, t)[1], slope, rtol=1e-6, atol=1e-6)


def test_bridge_has_the_noise_and_velocity_of_its_law():
    z, x0 = torch.zeros(2, 50_000, 1)
    t = torch.full((50_000,), 0.2)
    x, u = BridgePath(0.5).at(x0, z, t)
    assert x.var().item() == pytest.approx(0.25 * 0.16, rel=0.05)
    # u is the drift (1 - 2t) / (2 t (1 - t)) of the deviation from the mean.
    torch.testing.assert_close(u, x * 0.6 / (2 * 0.16))


def test_minimum_of_flow_matching_is_the_velocity_of_gaussian_data():
    variance, t = 0.3, 0.6
    x0, z = torch.randn(2, 40_000, 1, dtype=torch.float64)
    x, u = LinearPath().at(variance**0.5 * x0, z, torch.full((40_000,), t).double())
    slope = (x * u).sum() / x.square().sum()
    exact = (t * variance - (1 - t)) / (t**2 * variance + (1 - t) ** 2)
    assert slope.item() == pytest.approx(exact, abs=0.03)


@over("seed", range(3))
def test_coupling_is_optimal(seed):
    generator = torch.Generator().manual_seed(seed)
    z, x0 = torch.randn(2, 6, 2, 2, generator=generator)
    pairs = ot_coupling(x0, z)
    cost = (z[pairs] - x0).square().sum().item()
    best = min(
        (z[list(order)] - x0).square().sum().item() for order in itertools.permutations(range(6))
    )
    assert cost == pytest.approx(best)
    assert sorted(pairs.tolist()) == list(range(6))


def test_coupling_shortens_paths():
    z, x0 = torch.randn(2, 64, 2)
    t = torch.rand(64)
    straight = flow_matching_loss(lambda x, t: 0 * x, x0, z[ot_coupling(x0, z)], t).mean()
    assert straight < flow_matching_loss(lambda x, t: 0 * x, x0, z, t).mean()


def test_labels_are_dropped_as_often_as_asked():
    labels = torch.arange(10).repeat(1000)
    dropped = drop_labels(labels, 10, 0.2, generator=torch.Generator().manual_seed(0))
    share = (dropped == 10).double().mean().item()
    assert share == pytest.approx(0.2, abs=0.02)
    assert (dropped[dropped != 10] == labels[dropped != 10]).all()
    assert labels.max() == 9


@over(
    "call, message",
    [
        (lambda x, m: simple_loss(m, x, torch.tensor([1, 2]), SCHEDULE, x[:1]), "eps must have"),
        (lambda x, m: simple_loss(m, x, torch.tensor([1, 2000]), SCHEDULE, x), "times must be in"),
        (
            lambda x, m: simple_loss(lambda x, t: x[:1], x, torch.tensor([1, 2]), SCHEDULE, x),
            "output of the network must have",
        ),
        (lambda x, m: flow_matching_loss(m, x, x[:1], torch.rand(2)), "z must have the shape"),
        (lambda x, m: flow_matching_loss(m, x, x, torch.tensor([0.0, 1.5])), r"in \[0, 1\]"),
        (lambda x, m: BridgePath(1.0).at(x, x, torch.tensor([0.5, 1.0])), "inside"),
        (lambda x, m: edm_loss(m, x, torch.ones(2), x[:1], EDMPreconditioner()), "eps must have"),
        (lambda x, m: ot_coupling(x, x[:1]), "z must have"),
        (lambda x, m: EDMPreconditioner(0.0), r"sigma_data must be .* in \(0, ∞\)"),
        (lambda x, m: min_snr_weight(SCHEDULE, torch.tensor([1]), "x0", 0.0), "gamma"),
        (lambda x, m: min_snr_weight(SCHEDULE, torch.tensor([1]), "u"), "prediction must be"),
        (lambda x, m: drop_labels(torch.zeros(2).long(), 1, 1.5), "probability"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call(torch.ones(2, 3), lambda x, t: x)


@over("learned", [False, True])
def test_the_bound_under_coloured_noise_is_that_of_the_whitened_chain(learned):
    K = COMPLEXES["house"]
    noise = OfRows(HodgeNoise(K, MaternKernel(length=2.0), harmonic=MaternKernel(scale=3.0)))
    generator = torch.Generator().manual_seed(0)
    rows = torch.arange(1, 6) * 150
    x0, eps = torch.randn(2, 5, K.num_simplices(1), generator=generator, dtype=torch.float64)
    v = torch.rand(x0.shape, generator=generator, dtype=torch.float64)

    def model(x, t):
        return (x.tanh(), v) if learned else x.tanh()

    def whitened(y, t):
        output = noise.whiten(noise.color(y).tanh())
        return (output, v) if learned else output

    loss = (
        (lambda *args, **kwargs: hybrid_loss(*args, vlb_weight=1e3, **kwargs))
        if learned
        else vlb_loss
    )
    got = loss(model, x0, rows, SCHEDULE, eps, noise=noise)
    white = [noise.whiten(each) for each in (x0, eps)]
    expected = loss(whitened, white[0], rows, SCHEDULE, white[1])
    if learned:  # the simple part is not in the metric of the noise
        got = got - simple_loss(lambda x, t: x.tanh(), x0, rows, SCHEDULE, eps)
        expected = expected - simple_loss(
            lambda y, t: whitened(y, t)[0], white[0], rows, SCHEDULE, white[1]
        )
    torch.testing.assert_close(got, expected, rtol=1e-8, atol=1e-8)
    assert not torch.allclose(got, loss(model, x0, rows, SCHEDULE, eps))


@over("loss", [simple_loss, vlb_loss])
def test_what_a_loss_is_given_is_checked(loss):
    x0, eps, t = torch.zeros(4, 3), torch.ones(4, 3), torch.arange(1, 5)

    def call(x0=x0, t=t, model=lambda x, t: x, **options):
        return loss(model, x0, t, SCHEDULE, eps, **options)

    with pytest.raises(ValueError, match=r"t must be in 1…1000 in training, got 0.*adds 1"):
        call(t=t - 1)
    with pytest.raises(TypeError, match=r"x0 must be of floating point, got torch.uint8. Scale"):
        call(x0=x0.byte())
    with pytest.raises(TypeError, match="output of the network must be a tensor, got tuple"):
        call(model=lambda x, t: (x, x))
    with pytest.raises(ValueError, match=r"prediction must be one of 'eps', 'x0'.*got 'epsilon'"):
        call(prediction="epsilon")
    seen = []
    call(t=torch.tensor([5]), model=lambda x, t: seen.append(t) or x)
    assert seen[0].tolist() == [5, 5, 5, 5]


def test_what_a_categorical_loss_is_given_is_checked():
    process = CategoricalProcess.uniform(cosine_schedule(10), 3)
    x0, t = torch.zeros(2, 5).long(), torch.tensor([1, 10])
    for count in (2, 4):
        with pytest.raises(ValueError, match=r"logits must have shape \(2, 5, 3\), got \(2, 5"):
            categorical_loss(lambda x, t, n=count: torch.zeros(2, 5, n), x0, t, process)
    with pytest.raises(ValueError, match="t must be in 1…10 in training"):
        categorical_loss(lambda x, t: torch.zeros(2, 5, 3), x0, t - 1, process)


def test_labels_are_dropped_before_they_are_encoded():
    for wrong in (torch.eye(3), torch.eye(3).long(), torch.ones(3), [1, 2]):
        with pytest.raises(TypeError, match=r"labels must be \(rows,\) integers.*one_hot"):
            drop_labels(wrong, 3, 0.5)


def test_the_network_is_not_blamed_for_a_state_that_is_not_finite():
    x = torch.tensor([[math.nan, 1.0]])
    blamed = r"x must be finite.*at step 0, time 1000, before the network was asked"
    with pytest.raises(ValueError, match=blamed):
        ddim(lambda x, t: 0 * x, x, SCHEDULE, [1000, 500, 0], prediction="v")
    with pytest.raises(ValueError, match="prediction of the network must be finite"):
        ddim(lambda x, t: x / 0, torch.ones(1, 2), SCHEDULE, [1000, 500, 0], prediction="v")
