"""LocoProp on every network of the library: coverage, gradients, symmetry of the steps."""

import copy
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from optim import Exact, LocoProp
from optim.maps import find_maps
from optim.problem import LocalProblem
from simplex import SimplicialComplex
from simplex.nn import (
    SCA,
    LinearSum,
    MLPMixer,
    OrientedConv,
    OrientedMPSN,
    SCCNNConv,
    SCNNConv,
    SimplicialMixer,
)
from simplex.testing import random_cochains, random_complex, random_orientation, relabel
from tests.nn.contract import reset
from tests.nn.networks import HIDDEN, IN, NETWORKS, OUT, SIZES, TOP


close = {"rtol": 1e-10, "atol": 1e-10}
VARIANTS = ["M", "S"]
# What the local problems leave to the fallback, by parts of the parameters' names: norms; vectors
# that score attention; the pair messages of SIN, whose halves meet in a sum that is never formed;
# PyG's own dense layers. All else, so every dense map of the library, has a local problem.
REST = {
    "SIN": ("message.", "norms."),
    "MarkedSIN": ("message.", "norms.", "mark"),
    "GCCN": (".lin_l.", ".lin_r."),
    "PooledMLP": ("norm.",),
    "FVectorMLP": ("layers.0.",),  # a batch norm
    "HeatNet": ("layers.0.",),
    "SAN": (".score.",),
    "GSAN": (".score.",),
    "SAT": (".score.",),
    "SCA, attention": (),  # its scores are linear layers
    "SaNN": ("norms.",),
    "HOPSE": ("norms.",),
    "HiGCN": ("norms.", ".weights"),  # the coefficients of its polynomials
    "SimplicialTransformer": ("norms.", ".attentions.0.bias"),  # of the kinds of pairs
    "SimplicialMixer": ("norms.",),
    "SimplicialMixer, kernel": ("norms.", ".mixing.bias"),
}
MORE = {
    "SCA, attention": SCA(*SIZES, attention=True),
    "SimplicialMixer, kernel": SimplicialMixer(*SIZES, mixing="kernel"),
}
DEFAULTS = {name: row for name, row in NETWORKS.items() if name.isidentifier()}
EVERY = {**{name: row.make(*SIZES) for name, row in DEFAULTS.items()}, **MORE}
every_network = pytest.mark.parametrize("name", EVERY)
every_variant = pytest.mark.parametrize("variant", VARIANTS)


def drawn(name: str, seed: int = 0) -> nn.Module:
    """A network of the table in float64, all its weights drawn from the seed."""
    torch.manual_seed(seed)
    model = copy.deepcopy(EVERY[name]).double().train()
    reset(model)
    return model


def inputs(seed: int = 0):
    K = random_complex(seed)
    return random_cochains(K, channels=IN, max_dim=TOP, dtype=torch.float64, seed=seed), K


def loss_of(name: str, model: nn.Module, x, K) -> torch.Tensor:
    result = model.conv(x, K, x[0]) if name == "EMPSN" else model(x, K)
    target = torch.linspace(-1, 1, OUT, dtype=torch.float64)
    return (result - target).square().mean()


def optimiser(model: nn.Module, variant: str = "M", lr: float = 1e-3, **options) -> LocoProp:
    return LocoProp(model, variant, lr=lr, fallback=partial(torch.optim.SGD, lr=1e-4), **options)


def stepped(name: str, x, K, variant: str, lr: float = 0.1) -> dict[str, torch.Tensor]:
    """The parameters of a network after one step, from the same start each time."""
    model = drawn(name)
    opt = optimiser(model, variant, lr)
    loss_of(name, model, x, K).backward()
    opt.step()
    return dict(model.named_parameters())


@every_network
def test_a_small_step_lowers_the_loss(name):
    for variant in VARIANTS:
        model, (x, K) = drawn(name), inputs()
        opt = optimiser(model, variant)
        before = loss_of(name, model, x, K)
        before.backward()
        opt.step()
        with torch.no_grad():
            after = loss_of(name, model, x, K)
        assert after < before, variant


@every_network
def test_every_dense_map_has_a_local_problem(name):
    model = drawn(name)
    groups = optimiser(model).param_groups
    rest = [p for group in groups if "solver" not in group for p in group["params"]]
    left = {key for key, p in model.named_parameters() if any(p is other for other in rest)}
    parts = REST.get(name, ())
    assert left == {key for key, _ in model.named_parameters() if any(p in key for p in parts)}


@every_network
def test_rows_are_the_map_and_give_the_gradient(name):
    """A = Z W is what the module returns, and Zᵀ g, over all its calls, is the gradient."""
    model, (x, K) = drawn(name), inputs()
    maps, _ = find_maps(model)
    sums = {each: torch.zeros_like(each.weights()) for each in maps}

    def watch(each, member, module, given, options, output):
        Z = each.rows(member, *given, **options)
        torch.testing.assert_close(Z @ each.weights(), output.detach().flatten(0, -2), **close)

        def add(g):
            sums[each].add_(Z.mT @ g.flatten(0, -2))

        output.register_hook(add)

    for each in maps:
        for member in each.members:
            member.module.register_forward_hook(partial(watch, each, member), with_kwargs=True)
    loss_of(name, model, x, K).backward()
    assert maps
    for each, total in sums.items():
        torch.testing.assert_close(total, each.gradient(), **close)


@every_network
def test_steps_are_blind_to_labels_and_if_odd_to_orientation(name):
    x, K = inputs()
    names = torch.randperm(K.num_simplices(0), generator=torch.Generator().manual_seed(1))
    moved = relabel(K, names)
    images, L = [moved.move(values, k) for k, values in enumerate(x)], moved.complex
    if name in DEFAULTS and DEFAULTS[name].symmetry == "turns":
        signs = random_orientation(L, seed=1)
        images = [v * signs[k].to(v)[:, None] if k in signs else v for k, v in enumerate(images)]
        L = L.reorient(signs)
    for variant in VARIANTS:
        here, there = stepped(name, x, K, variant), stepped(name, images, L, variant)
        for key, values in here.items():
            case = f"{variant}, {key}"
            torch.testing.assert_close(values, there[key], rtol=1e-8, atol=1e-8, msg=case)


@pytest.mark.parametrize("name", ["tanh", "relu"])
def test_the_function_after_an_oriented_layer_is_found(name):
    """The signs go into the rows, so that nothing stands between the map and its activation."""
    activation = getattr(torch, name)
    model, K = (
        OrientedMPSN(IN, HIDDEN, OUT, activation=activation, oriented=name == "tanh"),
        random_complex(0),
    )
    opt = optimiser(model)
    model(torch.randn(K.num_simplices(1), IN), K).sum().backward()
    lines = {line.name: line for line in opt.report()}
    assert all(lines[f"convs.{i}.maps"].transfer == name for i in range(4))


def scnn_layer(K: SimplicialComplex):
    conv = SCNNConv(3, 2, k=1)
    return conv, conv.lin, lambda x: conv(x[1], K), [3] * 3


def sccnn_layer(K: SimplicialComplex):
    conv = SCCNNConv(3, 2, max_dim=TOP)
    return conv, conv.lins[1], lambda x: conv(x, K)[1], [3] * 7


def oriented_layer(K: SimplicialComplex):
    conv = OrientedConv(3, 2, k=1, activation=None)
    return conv, conv.maps, lambda x: conv(x[1], K), [3] * 3


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("make", [scnn_layer, sccnn_layer, oriented_layer])
def test_joint_problem_beats_one_problem_per_operator(make, seed):
    torch.manual_seed(seed)
    K = random_complex(seed, num_vertices=14, num_simplices=18)
    x = random_cochains(K, channels=3, max_dim=TOP, dtype=torch.float64, seed=seed)
    conv, module, call, widths = make(K)
    conv.double()
    each = next(m for m in find_maps(conv)[0] if m.members[0].module is module)
    seen = []
    module.register_forward_hook(lambda _, given, output: seen.append(given))
    torch.tanh(call(x)).sub(1).square().mean().backward()
    Z, G = each.rows(each.members[0], *seen[0]), each.gradient()
    problem = LocalProblem(Z, Z @ each.weights(), G, prox=0.05)
    blocks = torch.arange(sum(widths)).split(widths)
    parts = [replace(problem, design=Z[:, block], gradient=G[block]) for block in blocks]
    alone = torch.cat([Exact().solve(part) for part in parts])
    values = [float(problem.objective(D)) for D in (Exact().solve(problem), alone)]
    assert values[0] < min(0.0, values[1])
    assert values[1] - values[0] > 0.01 * abs(values[0])


@pytest.mark.parametrize("shape", [(5,), (5, 3)])
def test_a_linear_sum_is_the_map_of_the_concatenation(shape, dtype):
    sum = LinearSum({"a": nn.Linear(2, 4, False), "b": nn.Linear(3, 4, False)}).to(dtype)
    x, y = torch.randn(*shape, 2, dtype=dtype), torch.randn(*shape, 3, dtype=dtype)
    weight = torch.cat([sum["a"].weight, sum["b"].weight], dim=1)
    torch.testing.assert_close(sum(x, y), torch.cat([x, y], -1) @ weight.T)
    torch.testing.assert_close(sum(x, y), sum["a"](x) + sum["b"](y))


def test_a_quotient_trains_with_its_maps_excluded():
    """On classes of flows the layers' weights are used without calling them."""
    K = random_complex(0)
    flows = torch.randint(-1, 2, (6, K.num_simplices(1)))
    model = OrientedMPSN(1, HIDDEN, OUT, num_layers=2)
    quotient = model.quotient(K, flows, torch.ones_like(flows))

    def step(**options):
        opt = optimiser(model, **options)
        model.forward_quotient(quotient).square().sum().backward()
        opt.step()
        opt.close()

    with pytest.raises(RuntimeError, match="exclude"):
        step()
    model.zero_grad()
    before = copy.deepcopy(model.state_dict())
    step(exclude=["convs"])
    assert all(not torch.equal(p, before[key]) for key, p in model.named_parameters())


def test_the_condition_of_a_simplicial_mixer_has_local_problems():
    model, (x, K) = SimplicialMixer(*SIZES, cond_channels=3).double(), inputs()
    opt = optimiser(model)
    model(x, K, torch.ones(1, 3, dtype=torch.float64)).square().sum().backward()
    opt.step()
    modulations = [line for line in opt.report() if "modulations" in line.name]
    assert len(modulations) == 2 * 2 * (TOP + 1)


@every_variant
@pytest.mark.parametrize("cond", [None, 3])
def test_mixers_train(variant, cond):
    torch.manual_seed(0)
    model = MLPMixer(1, 6, 3, 2, 8, 4, cond_channels=cond).double()
    nn.init.normal_(model.head.weight)
    x = torch.randn(7, 1, 8, 8, dtype=torch.float64)
    given = (x,) if cond is None else (x, torch.randn(7, cond, dtype=torch.float64))
    losses = []
    opt = optimiser(model, variant)
    for _ in range(3):
        opt.zero_grad()
        loss = model(*given).sub(1).square().mean()
        loss.backward()
        opt.step()
        losses.append(float(loss.detach()))
    assert losses[0] > losses[1] > losses[2]
    assert opt.report().covered > 0.8 * opt.report().total
