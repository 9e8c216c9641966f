"""Samplers as they are called every day: steps by number, callbacks, arguments, wrapped answers."""

import functools
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from simplex import SimplicialComplex
from simplex.diffusion import (
    CategoricalProcess,
    EDMPreconditioner,
    FaceSurvival,
    HeatFlow,
    HodgeNoise,
    MaternKernel,
    Trajectory,
    WhiteNoise,
    categorical_sample,
    chain_from_denoiser,
    cosine_schedule,
    ddim,
    ddpm,
    denoiser_from_chain,
    dpmpp_2m,
    dpmpp_2m_sde,
    edm_loss,
    edm_sigmas,
    elbo,
    euler_flow,
    flow_matching_loss,
    from_zero,
    guided,
    heun_edm,
    heun_flow,
    hybrid_loss,
    linear_log_snr_schedule,
    log_snr_times,
    probability_flow,
    sample_complexes,
    sample_meshes,
    simple_loss,
    spaced_times,
    vlb_loss,
    zero_terminal_snr,
)
from tests.cases import over


SCHEDULE, LOG_SNR = cosine_schedule(20), linear_log_snr_schedule()
CHAINS = [ddpm, ddim, dpmpp_2m, dpmpp_2m_sde]
X = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
K = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3)])
FLOW = torch.randn(2, 5, 1, generator=torch.Generator().manual_seed(1))
T = torch.tensor([1, 9, 20])

# Each sampler as a function of (model, steps or times, further arguments).
WALKS = {
    walk.__name__: functools.partial(
        lambda walk, model, times, **named: walk(model, X, SCHEDULE, times, **named), walk
    )
    for walk in CHAINS
} | {
    "euler_flow": lambda model, times, **named: euler_flow(model, X, times, **named),
    "heun_flow": lambda model, times, **named: heun_flow(model, X, times, **named),
    "heun_edm": lambda model, times, **named: heun_edm(model, X, times, **named),
    "heat": lambda model, times, **named: HeatFlow(K).sample(model, FLOW, times, **named),
}


def times_of(name, steps):
    if name in ("ddpm", "ddim", "dpmpp_2m", "dpmpp_2m_sde"):
        return spaced_times(SCHEDULE, steps)
    return (
        edm_sigmas(steps)
        if name == "heun_edm"
        else torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    )


def half(x, t):
    return x / (2 + t.reshape(-1, *[1] * (x.dim() - 1)).to(x) / 20)


def seeded(call):
    torch.manual_seed(0)
    return call()


@over("name", WALKS)
@over("steps", [1, 2, 7])
def test_a_number_of_steps_stands_for_its_times(name, steps):
    walk = WALKS[name]
    expected = seeded(lambda: walk(half, times_of(name, steps)))
    for number in (steps, torch.tensor(steps)):
        assert torch.equal(seeded(lambda number=number: walk(half, number)), expected)
    for wrong in (0, -1, 2.5, True):
        with pytest.raises((ValueError, TypeError), match="must"):
            walk(half, wrong)


def test_a_number_of_steps_in_continuous_time_and_in_categories_and_bounds():
    for steps, times in ((5, log_snr_times(LOG_SNR, 5)), (1, [1.0, 0.0])):
        expected = dpmpp_2m(half, X, LOG_SNR, times)
        assert torch.equal(dpmpp_2m(half, X, LOG_SNR, steps), expected)
    process = CategoricalProcess.uniform(SCHEDULE, 3)
    labels = torch.tensor([0, 2, 1])

    def logits(x, t):
        return torch.nn.functional.one_hot(x, 3) * 2.0

    for times in (4, spaced_times(SCHEDULE, 4)):
        generator, path = torch.Generator().manual_seed(0), Trajectory()
        got = categorical_sample(logits, labels, process, times, callback=path, generator=generator)
        assert len(path) == 5
        assert torch.equal(path.stacked()[-1], got)
        assert torch.equal(path.stacked()[0], labels)
    bounds = [
        seeded(lambda times=times: elbo(half, X, SCHEDULE, times).nats)
        for times in (6, spaced_times(SCHEDULE, 6))
    ]
    assert torch.equal(*bounds)


@over("name", WALKS)
def test_a_trajectory_is_the_walk_cut_short(name):
    walk, times = WALKS[name], times_of(name, 6)
    path, coarse = Trajectory(), Trajectory(every=4, device="cpu")
    end = seeded(lambda: walk(half, times, callback=path))
    assert torch.equal(seeded(lambda: walk(half, times)), end)
    seeded(lambda: walk(half, times, callback=coarse))
    assert [state.step for state in path.states] == list(range(7))
    assert [state.step for state in coarse.states] == [0, 4, 6]
    for stop in range(2, 7):
        part = seeded(lambda stop=stop: walk(half, times[: stop + 1]))
        if name != "heun_edm" or stop < 6:
            torch.testing.assert_close(path.stacked()[stop], part)
    assert torch.equal(coarse.stacked(), path.stacked()[[0, 4, 6]])
    for state, time in zip(path.states, times, strict=True):
        assert state.time.shape == state.x.shape[:1]
        assert (state.time == time.to(state.time)).all()
    seeded(lambda: walk(half, times, callback=path))
    assert len(path) == 7  # a new walk begins anew


@over("name", WALKS)
def test_a_callback_leads_the_walk(name):
    """A walk that a callback puts back to a point at each step ends there, whatever the network."""
    walk, point = WALKS[name], torch.full_like(FLOW if name == "heat" else X, 0.25)
    seen = []

    def lead(state):
        seen.append(state.step)
        return point.double()  # taken in the dtype of x

    assert torch.equal(walk(half, 3, callback=lead), point)
    assert seen == [0, 1, 2, 3]
    for wrong, error in (
        (lambda state: point[:1], ValueError),
        (lambda state: point * torch.nan, ValueError),
        (lambda state: 3, TypeError),
    ):
        with pytest.raises(error, match="what the callback returns must"):
            walk(half, 3, callback=wrong)
    with pytest.raises(TypeError, match=r"callback must be a function.*Trajectory\(\) is one"):
        walk(half, 3, callback=3)


def test_trajectories_say_what_they_cannot_do():
    with pytest.raises(ValueError, match="every must be"):
        Trajectory(0)
    with pytest.raises(ValueError, match="must be tensors to be stacked, got none"):
        Trajectory().stacked()


# --- arguments of the network, and answers that are wrapped ---------------------------------------


class Conditioned(nn.Module):
    """A network that takes labels by keyword, and answers as networks of diffusers do."""

    def __init__(self, wrap=True):
        super().__init__()
        self.scale, self.wrap = nn.Parameter(torch.tensor(0.5)), wrap

    def forward(self, x, t, labels=None):
        labels = torch.zeros(len(x)) if labels is None else labels
        answer = self.scale * x + labels.reshape(-1, *[1] * (x.dim() - 1)).to(x)
        return SimpleNamespace(sample=answer) if self.wrap else (answer,)


def plain(network, labels):
    return lambda x, t: network.scale * x + labels.reshape(-1, *[1] * (x.dim() - 1)).to(x)


@over("name", WALKS)
@over("wrap", [True, False])
def test_labels_reach_the_network_and_its_answer_is_unwrapped(name, wrap):
    network = Conditioned(wrap)
    labels = torch.tensor([1.0, -1.0, 0.5])[: 2 if name == "heat" else 3]
    got = seeded(lambda: WALKS[name](network, 4, model_kwargs={"labels": labels}))
    assert torch.equal(got, seeded(lambda: WALKS[name](plain(network, labels), 4)))
    assert not torch.equal(got, seeded(lambda: WALKS[name](network, 4)))
    with pytest.raises(TypeError, match="model_kwargs must be a mapping"):
        WALKS[name](network, 4, model_kwargs=labels)


LOSSES = {
    "simple": lambda model, **named: simple_loss(model, X, T, SCHEDULE, X.flip(0), **named),
    "vlb": lambda model, **named: vlb_loss(model, X, T, SCHEDULE, X.flip(0), **named),
    "flow": lambda model, **named: flow_matching_loss(model, X, X.flip(0), T / 30, **named),
    "edm": lambda model, **named: edm_loss(
        model, X, T / 10, X.flip(0), EDMPreconditioner(), **named
    ),
    "elbo": lambda model, **named: seeded(
        lambda: elbo(model, X, SCHEDULE, variance="large", **named).nats
    ),
}


@over("name", LOSSES)
def test_losses_pass_labels_on_and_unwrap_too(name):
    network, labels = Conditioned(), torch.tensor([1.0, -1.0, 0.5])
    got = LOSSES[name](network, model_kwargs={"labels": labels})
    torch.testing.assert_close(got, LOSSES[name](plain(network, labels)))
    assert not torch.equal(got, LOSSES[name](network))


def test_the_network_remembers_through_its_arguments():
    network, labels = Conditioned(), torch.ones(3)
    named = {"labels": labels}
    simple_loss(network, X, T, SCHEDULE, X, prediction="v", model_kwargs=named).mean().backward()
    got = ddim(network, X, SCHEDULE, 4, model_kwargs=named)
    assert torch.equal(got, ddim(plain(network, labels), X, SCHEDULE, 4, prediction="v"))
    with pytest.raises(ValueError, match="prediction must be 'v'"):
        ddim(network, X, SCHEDULE, 4, prediction="eps", model_kwargs=named)
    both = hybrid_loss(
        lambda x, t, labels: (x + labels[:, None], 0 * x), X, T, SCHEDULE, X, model_kwargs=named
    )
    assert both.shape == (3,)


def test_adapters_unwrap_answers():
    network = Conditioned()
    bare = plain(network, torch.zeros(3))
    times, sigma = torch.tensor([3, 5, 8]), torch.tensor([0.5, 1.0, 2.0])
    for adapt in (
        lambda f: denoiser_from_chain(f, SCHEDULE, "x0")(X, sigma),
        lambda f: chain_from_denoiser(f, SCHEDULE)(X, times),
        lambda f: probability_flow(f, LOG_SNR, "v")(X, sigma / 4),
        lambda f: EDMPreconditioner().denoiser(f)(X, sigma),
        lambda f: guided(f, lambda x, t: 2 * x, 3.0)(X, times),
        lambda f: HeatFlow(K).velocity(f)(FLOW[[0, 1, 1]], sigma),
    ):
        torch.testing.assert_close(adapt(network), adapt(bare))


def test_a_network_that_counts_from_0_gets_times_from_0():
    seen = []

    def network(x, timestep, **named):
        seen.append((timestep.tolist(), named))
        return x

    ddim(from_zero(network), X, SCHEDULE, [20, 1, 0], model_kwargs={"a": 1})
    assert seen == [([19] * 3, {"a": 1}), ([0] * 3, {"a": 1})]
    net = Conditioned()
    simple_loss(net, X, T, SCHEDULE, X, prediction="v").mean().backward()
    with pytest.raises(ValueError, match="prediction must be 'v'"):
        ddim(from_zero(net), X, SCHEDULE, 4, prediction="x0")


# --- guidance, rescaled ---------------------------------------------------------------------------


def test_rescaled_guidance_has_the_spread_of_the_condition():
    with_, without = torch.randn(2, 5, 3, 4, dtype=torch.float64)
    t = torch.zeros(5)
    models = (lambda x, t: with_), (lambda x, t: without)
    plainly = guided(*models, 7.5)(X, t)
    whole = guided(*models, 7.5, rescale=1.0)(X, t)
    torch.testing.assert_close(whole.flatten(1).std(1), with_.flatten(1).std(1))
    directions = whole / whole.flatten(1).norm(dim=1)[:, None, None]
    expected = plainly / plainly.flatten(1).norm(dim=1)[:, None, None]
    torch.testing.assert_close(directions, expected)
    part = guided(*models, 7.5, rescale=0.7)(X, t)
    torch.testing.assert_close(part, 0.7 * whole + 0.3 * plainly)
    flat = guided(lambda x, t: torch.ones(2, 3), lambda x, t: torch.ones(2, 3), 2.0, rescale=1.0)
    assert torch.equal(flat(X, t), torch.ones(2, 3))  # no spread to divide by
    for wrong in (-0.1, 1.1, "much"):
        with pytest.raises((ValueError, TypeError), match="rescale must"):
            guided(*models, 2.0, rescale=wrong)
    with pytest.raises(ValueError, match="rescale must be 0 for rows of one number"):
        guided(lambda x, t: x, lambda x, t: 2 * x, 2.0, rescale=0.5)(torch.ones(4, 1), t)


# --- a chain carries its noise --------------------------------------------------------------------


SMOOTH = HodgeNoise(K, MaternKernel(2.0, 2.0))


class OnFlows(nn.Module):
    def __init__(self):
        super().__init__()
        self.map = nn.Linear(1, 1)

    def forward(self, x, t):
        return self.map(x)


def trained(schedule):
    torch.manual_seed(0)
    net = OnFlows()
    simple_loss(net, FLOW, torch.tensor([3, 9]), schedule, prediction="v").mean().backward()
    return net


@over("walk", [ddpm, dpmpp_2m_sde, functools.partial(ddim, eta=0.5)])
def test_a_chain_carries_its_noise_to_samplers_losses_and_bounds(walk):
    chain, t = SCHEDULE.with_noise(SMOOTH), torch.tensor([3, 9])

    def net(x, t):
        return 0.3 * x

    got = seeded(lambda: walk(net, FLOW, chain, 5, prediction="v"))
    assert torch.equal(
        got, seeded(lambda: walk(net, FLOW, SCHEDULE, 5, prediction="v", noise=SMOOTH))
    )
    assert not torch.equal(got, seeded(lambda: walk(net, FLOW, SCHEDULE, 5, prediction="v")))
    drawn = seeded(lambda: SMOOTH.sample(FLOW))
    for loss in (simple_loss, vlb_loss):
        told = {"noise": SMOOTH} if loss is vlb_loss else {}
        assert torch.equal(
            seeded(lambda loss=loss: loss(net, FLOW, t, chain)),
            loss(net, FLOW, t, SCHEDULE, drawn, **told),
        )
    assert torch.equal(
        seeded(lambda: elbo(net, FLOW, chain).nats),
        seeded(lambda: elbo(net, FLOW, SCHEDULE, noise=SMOOTH).nats),
    )
    assert chain.respaced([2, 20]).noise is zero_terminal_snr(chain).noise is SMOOTH
    assert SCHEDULE.noise is None  # the other one is new
    assert LOG_SNR.with_noise(SMOOTH).noise is SMOOTH


@over("walk", CHAINS)
def test_another_noise_than_that_of_training_is_refused(walk):
    chain = SCHEDULE.with_noise(SMOOTH)
    net, white = trained(chain), trained(SCHEDULE.with_noise(WhiteNoise()))
    assert seeded(lambda: walk(net, FLOW, chain, 4)).isfinite().all()
    for call in (
        lambda: walk(net, FLOW, SCHEDULE, 4),
        lambda: walk(guided(net, net.forward, 2.0), FLOW, SCHEDULE, 4),
        lambda: walk(white, FLOW, chain, 4),
        lambda: elbo(net, FLOW, SCHEDULE),
    ):
        with pytest.raises(ValueError, match=r"noise must be a .*, which the network was trained"):
            call()
    if walk is not dpmpp_2m:
        other = HodgeNoise(K, MaternKernel(1.0, 2.0))
        for call in (
            lambda: walk(net, FLOW, chain, 4, noise=other),
            lambda: walk(net, FLOW, chain, 4, noise=WhiteNoise()),
            lambda: vlb_loss(net, FLOW, torch.tensor([3, 9]), chain, noise=other),
        ):
            with pytest.raises(ValueError, match="noise must be that of the chain"):
                call()
    simple_loss(net, FLOW, torch.tensor([3, 9]), SCHEDULE, FLOW, prediction="v").mean().backward()
    assert walk(net, FLOW, SCHEDULE, 4).isfinite().all()  # the last training counts


def test_a_loss_draws_or_is_given_its_noise():
    drawn = torch.randn(X.shape, generator=torch.Generator().manual_seed(4))
    got = simple_loss(half, X, T, SCHEDULE, generator=torch.Generator().manual_seed(4))
    assert torch.equal(got, simple_loss(half, X, T, SCHEDULE, drawn))
    with pytest.raises(ValueError, match="eps or a generator to draw it, not both"):
        simple_loss(half, X, T, SCHEDULE, drawn, generator=torch.Generator())


def test_a_chain_with_the_noise_of_another_complex_is_refused():
    other = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3), (3, 4), (4, 0)])  # 7 edges
    noise = HodgeNoise(other, MaternKernel(length=2.0))
    chain, timed = SCHEDULE.with_noise(noise), LOG_SNR.with_noise(noise)
    zero = lambda x, t: 0 * x  # noqa: E731
    for run in (
        lambda: ddim(zero, FLOW, chain, 5),
        lambda: dpmpp_2m(zero, FLOW, timed, 5),
        lambda: simple_loss(zero, FLOW, T[:2], chain, FLOW),
    ):
        with pytest.raises(ValueError, match=r"one value per simplex, shape \(…, 7, C\)"):
            run()


def test_a_callback_may_write_to_the_first_state_and_not_to_the_callers():
    def overwrite(state):
        state.x.zero_()

    x = torch.ones(3, 2)
    ddim(lambda x, t: 0 * x, x, SCHEDULE, 3, callback=overwrite)
    assert x.eq(1).all()


def test_numbers_of_vertices_may_be_a_tensor_of_integers():
    stay = lambda state, candidates, t: torch.full((len(candidates.simplices),), 50.0)  # noqa: E731
    process = FaceSurvival.linear(4, 2)
    made = sample_complexes(stay, process, torch.tensor([3, 4]))
    assert made.f_vector == sample_complexes(stay, process, [3, 4]).f_vector
    for size in (torch.tensor([3.5]), torch.tensor([-1])):
        with pytest.raises(ValueError, match="num_vertices must be whole numbers"):
            sample_meshes(lambda questions: None, size)
