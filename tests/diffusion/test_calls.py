"""What calls take, what they refuse in words, and what networks say of themselves."""

import copy
import functools
import itertools

import numpy
import pytest
import torch
from torch import nn

from simplex import SimplicialComplex
from simplex.diffusion import (
    CategoricalProcess,
    DDIMScheduler,
    DDPMScheduler,
    EDMPreconditioner,
    ExponentialAverage,
    FaceSurvival,
    FlowMatchEulerDiscreteScheduler,
    HeatFlow,
    HeatKernel,
    HodgeNoise,
    HodgeSubspace,
    MaternKernel,
    WhiteNoise,
    categorical_elbo,
    categorical_loss,
    categorical_sample,
    chain_from_denoiser,
    complex_loss,
    cosine_schedule,
    ddim,
    ddpm,
    denoiser_from_chain,
    dpmpp_2m,
    dpmpp_2m_sde,
    edm_loss,
    elbo,
    euler_flow,
    flow_matching_loss,
    guided,
    heun_edm,
    heun_flow,
    hybrid_loss,
    log_likelihood,
    probability_flow,
    sample_complexes,
    simple_loss,
    vlb_loss,
)
from tests.cases import over


SCHEDULE = cosine_schedule(20)
TIMES = [20, 10, 3, 0]
CHAINS = [ddpm, ddim, dpmpp_2m, dpmpp_2m_sde]
WALKS = {sampler.__name__: functools.partial(sampler, prediction="v") for sampler in CHAINS}
SAMPLERS = {
    name: (lambda model, x, walk=walk, rows=None: walk(model, x, SCHEDULE, _of_rows(TIMES, rows)))
    for name, walk in WALKS.items()
} | {
    "euler_flow": lambda model, x, rows=None: euler_flow(model, x, _of_rows([0.0, 0.5, 1.0], rows)),
    "heun_flow": lambda model, x, rows=None: heun_flow(model, x, _of_rows([0.0, 0.5, 1.0], rows)),
    "heun_edm": lambda model, x, rows=None: heun_edm(
        model, x, _of_rows([2.0, 1.0, 0.5, 0.0], rows), churn=1.0
    ),
}


def _of_rows(times, rows):
    """The same times for each of some rows, where their number is given."""
    times = torch.tensor(times)
    return times if rows is None else times[:, None].expand(-1, rows)


@over("name", SAMPLERS)
def test_samplers_keep_the_dtype_of_any_rows_whatever_that_of_the_network(name):
    sampler, dtypes = SAMPLERS[name], (torch.float16, torch.bfloat16, torch.float32, torch.float64)
    for dtype, answer in itertools.product(dtypes, dtypes):
        for shape in ((3, 2), (3,), (0, 2), (3, 0), ()):
            x, met = torch.ones(shape, dtype=dtype), set()

            def model(x, t, answer=answer, met=met):
                assert t.shape == x.shape[:1]
                met.add(x.dtype)
                return (0.3 * x).to(answer)

            for rows in (None, *shape[:1]):
                got = sampler(model, x, rows=rows)
                assert got.shape == x.shape
                assert got.dtype == dtype
                assert got.isfinite().all()
            assert met == {dtype}


def test_empty_batches_have_losses_bounds_and_likelihoods():
    x, t, none = torch.zeros(0, 2), torch.zeros(0).long(), torch.zeros(0)
    model = _half
    process = CategoricalProcess.uniform(SCHEDULE, 3)

    def logits(x, t):
        return torch.zeros(*x.shape, 3)

    bounds = elbo(model, x, SCHEDULE, prediction="v"), categorical_elbo(logits, x.long(), process)
    assert [bound.nats.shape for bound in bounds] == [(0,), (0,)]
    assert [bound.shape for bound in bounds] == [(0,), (0,)]
    for loss in (
        simple_loss(model, x, t, SCHEDULE, x),
        vlb_loss(model, x, t, SCHEDULE, x),
        hybrid_loss(lambda x, t: (x, x), x, t, SCHEDULE, x),
        edm_loss(model, x, none, x, EDMPreconditioner()),
        flow_matching_loss(model, x, x, none),
        categorical_loss(logits, x.long(), t, process),
        log_likelihood(model, x, [1.0, 0.5, 0.0]),
        log_likelihood(model, x, [1.0, 0.5, 0.0], num_probes=2),
    ):
        assert loss.shape == (0,)
    assert categorical_sample(logits, x.long(), process, TIMES).shape == (0, 2)


# --- infinite logits ------------------------------------------------------------------------------


def test_infinite_logits_are_certain():
    process = CategoricalProcess.uniform(SCHEDULE, 3)
    x = torch.tensor([0, 1, 2, 1])
    masked = torch.tensor([0.0, 1.0, -torch.inf]).expand(4, 3)
    large = masked.masked_fill(masked == -torch.inf, -1e4)
    torch.testing.assert_close(
        process.posterior(masked, x, 9, 4), process.posterior(large, x, 9, 4)
    )
    for sure in (torch.tensor([-torch.inf, 0.0, -torch.inf]), torch.tensor([3.0, torch.inf, 9.0])):
        got = categorical_sample(lambda x, t, sure=sure: sure.expand(4, 3), x, process, TIMES)
        assert got.tolist() == [1] * 4
        loss = categorical_loss(
            lambda x, t, sure=sure: sure.expand(4, 3), x, torch.full((4,), 9), process
        )
        assert loss.tolist() == [torch.inf, 0.0, torch.inf, 0.0]
    with pytest.raises(ValueError, match="logits must leave some category possible"):
        process.posterior(torch.full((4, 3), -torch.inf), x, 9, 4)


def test_a_value_that_was_not_masked_is_certain_whatever_the_network_says():
    process = CategoricalProcess.absorbing(SCHEDULE, 3, mask=2)
    refuted = torch.tensor([[-torch.inf, 0.0, -torch.inf]])
    assert process.posterior(refuted, torch.tensor([0]), 9, 4).tolist() == [[1.0, 0.0, 0.0]]


def test_infinite_logits_of_candidates_forbid_and_force():
    K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
    process = FaceSurvival.linear(4, 2)

    def never(state, candidates, t):
        return torch.full((len(candidates.simplices),), -torch.inf)

    assert sample_complexes(never, process, [3, 4]).f_vector == (7,)
    assert sample_complexes(lambda *a: -never(*a), process, [3]).f_vector == (3, 3, 1)

    def exact(state, candidates, t):
        return torch.where(K.index(candidates.simplices) >= 0, torch.inf, -torch.inf)

    assert complex_loss(exact, process, K, 3).tolist() == [0.0]
    assert complex_loss(lambda *a: -exact(*a), process, K, 4).tolist() == [torch.inf]


# --- what a network predicts ----------------------------------------------------------------------


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.map = nn.Linear(2, 2)

    def forward(self, x, t):
        return self.map(x)


def _trained(loss="v"):
    net, x = Net(), torch.randn(3, 2)
    if loss == "flow":
        flow_matching_loss(net, x, x, torch.rand(3)).mean().backward()
    elif loss == "edm":
        edm_loss(net, x, torch.rand(3), x, EDMPreconditioner()).mean().backward()
    else:
        simple_loss(net, x, torch.tensor([1, 5, 9]), SCHEDULE, x, prediction=loss).mean().backward()
    return net


@over("sampler", CHAINS)
@over("kind", ["x0", "v", "score"])
def test_samplers_take_a_network_for_what_it_learned(sampler, kind):
    net, x = _trained(kind), torch.randn(3, 2)
    average = ExponentialAverage(Net())
    average.update(net)
    declared = Net()
    declared.load_state_dict(net.state_dict())
    declared.prediction = kind

    def walk(model, **told):
        torch.manual_seed(0)
        return sampler(model, x, SCHEDULE, TIMES, **told)

    expected = walk(lambda x, t: net(x, t), prediction=kind)
    for model in (net, copy.deepcopy(net), net.forward, functools.partial(net), declared,
                  guided(net, declared, 1.5)):  # fmt: skip
        torch.testing.assert_close(walk(model), expected)
        torch.testing.assert_close(walk(model, prediction=kind), expected)
        with pytest.raises(ValueError, match=f"prediction must be '{kind}'.*got 'eps'"):
            walk(model, prediction="eps")
    torch.testing.assert_close(
        walk(average), walk(lambda x, t: average.network(x, t), prediction=kind)
    )


def test_a_network_belongs_where_its_loss_says():
    x, flow, edm, chain = torch.randn(3, 2), _trained("flow"), _trained("edm"), _trained("v")
    times, levels, scaled = [0.0, 1.0], [1.0, 0.0], EDMPreconditioner()
    for call in (
        lambda: ddim(flow, x, SCHEDULE, TIMES),
        lambda: ddim(edm, x, SCHEDULE, TIMES, prediction="x0"),
        lambda: euler_flow(chain, x, times),
        lambda: heun_flow(edm, x, times),
        lambda: heun_edm(edm, x, levels),  # its denoiser is meant
        lambda: heun_edm(flow, x, levels),
        lambda: scaled.denoiser(chain),
        lambda: chain_from_denoiser(chain, SCHEDULE),
        lambda: log_likelihood(chain, x, times),
    ):
        with pytest.raises(ValueError, match=r"the network must predict .*It belongs in "):
            call()
    assert heun_edm(scaled.denoiser(edm), x, levels).isfinite().all()
    assert euler_flow(flow, x, times).isfinite().all()
    denoise = denoiser_from_chain(chain, SCHEDULE)
    torch.testing.assert_close(
        heun_edm(denoise, x, levels),
        heun_edm(denoiser_from_chain(lambda x, t: chain(x, t), SCHEDULE, "v"), x, levels),
    )
    back = chain_from_denoiser(denoise, SCHEDULE)  # predicts x0, and says so
    with pytest.raises(ValueError, match="prediction must be 'x0'"):
        ddim(back, x, SCHEDULE, TIMES, prediction="v")


def test_only_training_is_remembered_and_the_last_word_counts():
    net, x, t = Net(), torch.randn(3, 2), torch.tensor([1, 5, 9])
    with torch.no_grad():
        simple_loss(net, x, t, SCHEDULE, x, prediction="v")
    assert ddim(net, x, SCHEDULE, TIMES, prediction="x0").shape == x.shape
    for kind in ("v", "x0"):
        simple_loss(net, x, t, SCHEDULE, x, prediction=kind)
    assert ddim(net, x, SCHEDULE, TIMES, prediction="x0").shape == x.shape
    net.prediction = "v"
    with pytest.raises(ValueError, match="prediction must be 'v'"):
        simple_loss(net, x, t, SCHEDULE, x, prediction="x0")
    net.prediction = "noise"
    with pytest.raises(ValueError, match="an attribute of the network, must be one of"):
        ddim(net, x, SCHEDULE, TIMES)


# --- calls that are not meant ---------------------------------------------------------------------


K = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3), (1, 3, 4), (0, 4)])
X, EPS, T = torch.randn(3, 2), torch.randn(3, 2), torch.tensor([1, 5, 20])
FLOW = torch.randn(5, 8, 1)
WRONG = [
    None, "v", -1, 2.5, float("nan"), True, 1j, [], [[1, 2], [3]], {}, object(), int, K,
    torch.zeros(0, 2), torch.zeros(4, 2), torch.zeros(3, 2).long(), torch.eye(3).to_sparse(),
    torch.zeros(3, 2, dtype=torch.complex64), numpy.array(["a"]), 10**30, nn.Linear,
]  # fmt: skip


def _half(x, t):
    return 0.5 * x


def _calls():
    """Functions and sound arguments for them."""
    seed = torch.Generator()
    white, process = WhiteNoise(), CategoricalProcess.uniform(SCHEDULE, 3)
    ddim_shim, flow_shim = DDIMScheduler(), FlowMatchEulerDiscreteScheduler()
    for sampler in CHAINS:
        yield sampler, (_half, X, SCHEDULE, TIMES)
    yield functools.partial(ddim, eta=0.5), (_half, X, SCHEDULE, TIMES)
    yield (lambda *a: ddpm(_half, X, SCHEDULE, TIMES, noise=a[0], generator=a[1])), (white, seed)
    yield euler_flow, (_half, X, [0.0, 1.0])
    yield heun_flow, (_half, X, [0.0, 1.0])
    yield heun_edm, (_half, X, [1.0, 0.5, 0.0])
    yield log_likelihood, (_half, X, [0.0, 1.0])
    yield probability_flow, (_half, SCHEDULE, "v")
    yield denoiser_from_chain, (_half, SCHEDULE, "v")
    yield simple_loss, (_half, X, T, SCHEDULE, EPS)
    yield vlb_loss, (_half, X, T, SCHEDULE, EPS)
    yield elbo, (_half, X, SCHEDULE, TIMES)
    yield edm_loss, (_half, X, torch.rand(3), EPS, EDMPreconditioner())
    yield flow_matching_loss, (_half, X, EPS, torch.rand(3))
    yield (lambda *a: guided(*a)(X, T)), (_half, _half, 2.0)
    yield categorical_sample, (lambda x, t: torch.zeros(2, 3), torch.tensor([0, 1]), process, TIMES)
    yield HodgeNoise, (K, MaternKernel())
    yield HodgeNoise(K, MaternKernel()).sample, (FLOW,)
    yield HodgeSubspace, (K, "curl")
    yield HodgeSubspace(K, "curl").project, (FLOW,)
    yield HeatFlow, (K, 1)
    yield HeatFlow(K).path, (FLOW, FLOW, 0.5)
    yield FaceSurvival.linear(4, 2).sample, (K, 2)
    yield ddim_shim.step, (EPS, 800, X, 0.5)
    yield ddim_shim.add_noise, (X, EPS, T)
    yield flow_shim.step, (EPS, 800.0, X)
    yield HeatKernel, (1.0, 1.0)
    yield ExponentialAverage, (nn.Linear(1, 1), 0.9)


def _error_of(call):
    try:
        call()
    except Exception as error:
        return error
    return None


def test_whatever_is_in_the_place_of_an_argument_the_answer_is_in_words():
    refused = 0
    for function, arguments in _calls():
        function(*arguments)
        for place, wrong in itertools.product(range(len(arguments)), WRONG):
            given = [*arguments[:place], wrong, *arguments[place + 1 :]]
            error = _error_of(lambda function=function, given=given: function(*given))
            if error is not None:
                clear = isinstance(error, (ValueError, TypeError)) and " must " in str(error)
                assert clear, (function, place, wrong, error)
                refused += 1
    assert refused > 1500


@over(
    "call, remedy",
    [
        (lambda: ddim(_half, X, SCHEDULE, 2.5), "a whole number of steps, or all times"),
        (lambda: log_likelihood(_half, X, 5), r"torch\.linspace\(1, 0, 5 \+ 1\)"),
        (lambda: ddpm(_half, X, SCHEDULE, TIMES, generator=7), r"Generator\(\)\.manual_seed\(7\)"),
        (lambda: ddpm(Net, X, SCHEDULE, TIMES), "got the class Net"),
        (lambda: HeatKernel(1.0, 1e300), "its square counts"),
        (lambda: MaternKernel(1.0, 1e-300), "its square counts"),
    ],
)
def test_the_answer_says_what_to_do(call, remedy):
    with pytest.raises((ValueError, TypeError), match=remedy):
        call()


# --- schedulers under diffusers' names ------------------------------------------------------------


def test_arguments_stand_where_they_stand_in_diffusers():
    theirs = 30, 1e-3, 0.1, "scaled_linear", None
    ddim_shim = DDIMScheduler(
        *theirs, 0.5, True, 0, "sample", False, 0.995, 1.0, 1.0, "trailing", True
    )
    ddpm_shim = DDPMScheduler(
        *theirs, "fixed_large", True, "sample", False, 0.995, 0.5, 1.0, "trailing", 0, True
    )
    for shim in (ddim_shim, ddpm_shim):
        assert shim.clip_sample == 0.5
        assert shim.config["timestep_spacing"] == "trailing"
        assert shim.alphas_cumprod[-1] == 0
        shim.set_timesteps(3)
        again = type(shim).from_config({**shim.config, "_class_name": "DDIMScheduler"})
        assert torch.equal(again.alphas_cumprod, shim.alphas_cumprod)
    x, output, noise = torch.randn(3, 4, 2)
    t = int(ddim_shim.timesteps[1])
    for eta in (0.0, 1.0):
        named = ddim_shim.step(output, t, x, eta=eta, variance_noise=noise).prev_sample
        assert torch.equal(ddim_shim.step(output, t, x, eta, False, None, noise).prev_sample, named)
        spread = 0 if eta == 0 else 1
        other = ddim_shim.step(output, t, x, eta, False, None, -noise).prev_sample
        assert torch.equal(named, other) == (not spread)
    assert isinstance(ddpm_shim.step(output, t, x, None, False), tuple)
    flow_shim = FlowMatchEulerDiscreteScheduler(1000, 3.0, False, 0.5, 1.15, 256, 4096, False, None)
    flow_shim.set_timesteps(4, None, None, None)
    first = float(flow_shim.timesteps[0])
    step = flow_shim.step(output, first, x, 0.0, 0.0, float("inf"), 1.0, None, None, False)
    torch.testing.assert_close(step.prev_sample, flow_shim.step(output, first, x).prev_sample)


def test_the_direction_to_noise_is_that_of_the_network_unless_the_clipped_one_is_asked_for():
    shim = DDIMScheduler(clip_sample=True)
    x, eps, t, s = torch.full((1, 2), 3.0), torch.ones(1, 2), 500, 200
    now, then = shim.alphas_cumprod[t], shim.alphas_cumprod[s]
    clean = ((x - (1 - now).sqrt() * eps) / now.sqrt()).clamp(-1, 1)
    for use, direction in ((False, eps), (True, (x - now.sqrt() * clean) / (1 - now).sqrt())):
        expected = then.sqrt() * clean + (1 - then).sqrt() * direction
        got = shim.step(eps, t, x, 0.0, use, previous=s).prev_sample
        torch.testing.assert_close(got.double(), expected.double())


def test_a_config_is_a_mapping_that_stays():
    config = DDPMScheduler(clip_sample=False, beta_schedule="squaredcos_cap_v2").config
    assert config["clip_sample"] is config.get("clip_sample") is config.clip_sample is False
    assert "steps_offset" in config
    assert dict(copy.deepcopy(config)) == dict(config)
    assert DDIMScheduler(**config).config.beta_schedule == "squaredcos_cap_v2"
    for change in (
        lambda: config.update(clip_sample=True),
        lambda: config.pop("clip_sample"),
        lambda: config.__setitem__("clip_sample", True),
    ):
        with pytest.raises(TypeError, match="config must stay"):
            change()
    with pytest.raises(AttributeError, match="got sigma"):
        _ = config.sigma


@over(
    "make",
    [
        lambda: DDPMScheduler(set_alpha_to_one=False),
        lambda: DDPMScheduler(clip_sample_range=2.0),
        lambda: DDIMScheduler.from_config({"use_flow_sigmas": True}),
        lambda: FlowMatchEulerDiscreteScheduler(stochastic_sampling=True),
        lambda: FlowMatchEulerDiscreteScheduler(use_karras_sigmas=True),
        lambda: FlowMatchEulerDiscreteScheduler().set_timesteps(4, mu=1.0),
    ],
)
def test_options_that_are_fixed_here_are_refused_with_what_serves_instead(make):
    with pytest.raises(ValueError, match=r"must be .* got .*\. [A-Z].*\."):
        make()


@over("total, steps", [(1000, 7), (1000, 13), (1000, 53), (50, 9), (37, 2), (1000, 1000)])
def test_linspace_is_numpys(total, steps):
    shim = DDIMScheduler(total, timestep_spacing="linspace")
    shim.set_timesteps(steps)
    assert shim.timesteps.tolist() == numpy.linspace(0, total - 1, steps).round()[::-1].tolist()
    shim.set_timesteps(1)
    assert shim.timesteps.tolist() == [total - 1]


def test_a_guidance_scale_may_be_one_per_row():
    scale, x = torch.tensor([0.0, 1.0, 4.0]), torch.randn(3, 2)
    for given in (scale, scale[:, None]):
        got = guided(lambda x, t: 2 * x, lambda x, t: x, given)(x, None)
        torch.testing.assert_close(got, x + scale[:, None] * x)
    with pytest.raises(ValueError, match="scale must be one number or match"):
        guided(_half, _half, torch.ones(2))(x, None)
