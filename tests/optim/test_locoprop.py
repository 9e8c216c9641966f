"""The optimiser against hand-computed steps, plain PyTorch loops, and the habits of training."""

import copy
import logging
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from optim import Exact, Iterate, LocoProp, Majorise, Trust, paper_schedule
from optim.inner import SGD, Momentum
from tests.optim.layers import LAYERS


TIGHT = {torch.float32: 2e-5, torch.float64: 1e-10}
SOLVERS: dict[str, dict[str, Any]] = {
    "M Majorise": {"variant": "M", "solver": Majorise()},
    "M Iterate": {"variant": "M", "solver": Iterate(), "lr": 1.0},
    "S Exact": {"variant": "S", "solver": Exact()},
    "S Majorise": {"variant": "S", "solver": Majorise()},
    "S Iterate": {"variant": "S", "solver": Iterate(), "lr": 1.0},
    "S Trust": {"variant": "S", "solver": Trust()},
}
PLAIN = {  # linear in γ and without buffers
    kind: {**options, "solver": Iterate(SGD())} if "Iterate" in kind else options
    for kind, options in SOLVERS.items()
    if kind != "S Trust"
}
every_solver = pytest.mark.parametrize("kind", SOLVERS)


def mlp(dtype: torch.dtype = torch.float64, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)
    ).to(dtype)


def batch(
    rows: int = 20, dtype: torch.dtype = torch.float64, seed: int = 1
) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 6, generator=generator, dtype=dtype)
    return x, torch.rand(rows, 3, generator=generator, dtype=dtype)


def bce(model: nn.Module, data: tuple[Tensor, Tensor]) -> Tensor:
    x, y = data
    loss = nn.functional.binary_cross_entropy_with_logits(model(x), y, reduction="none")
    return loss.flatten(1).sum(1).mean()


def train(
    model: nn.Module, opt: torch.optim.Optimizer, data: tuple[Tensor, Tensor], steps: int = 1
) -> list[float]:
    losses = []
    for _ in range(steps):
        opt.zero_grad()
        loss = bce(model, data)
        loss.backward()
        opt.step()
        losses.append(float(loss.detach()))
    return losses


def weights(model: nn.Module) -> list[Tensor]:
    return [p.detach().clone() for p in model.parameters()]


def largest(a: list[Tensor], b: list[Tensor]) -> float:
    return max(float((x - y).abs().max()) for x, y in zip(a, b, strict=True))


def with_ones(x: Tensor) -> Tensor:
    return torch.cat([x, x.new_ones(*x.shape[:-1], 1)], -1)


# --- one step against another implementation ---------------------------------------------------

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "tanh": mlp,
    "relu": lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(inplace=True), nn.Linear(5, 3)),
    "no bias": lambda: nn.Sequential(nn.Linear(6, 5, bias=False), nn.Sigmoid(), nn.Linear(5, 3)),
    "conv": lambda: nn.Sequential(
        nn.Unflatten(1, (2, 3)),
        nn.Conv1d(2, 4, 3, padding=1, groups=2),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(12, 3),
    ),
    "norm": lambda: nn.Sequential(
        nn.Linear(6, 5), nn.LayerNorm(5, elementwise_affine=False), nn.Tanh(), nn.Linear(5, 3)
    ),
    "non-monotone": lambda: nn.Sequential(nn.Linear(6, 5), nn.GELU(), nn.Linear(5, 3)),
}


@pytest.mark.parametrize("variant", ["M", "S"])
def test_one_plain_local_step_is_backprop(variant: Any, dtype: torch.dtype) -> None:
    for network, make in NETWORKS.items():
        model, twin = make().to(dtype), make().to(dtype)
        twin.load_state_dict(model.state_dict())
        step = Iterate(SGD(), lr=0.25, steps=1)
        opt = LocoProp(model, variant, solver=step, lr=0.4, prox=0.0)
        train(model, opt, batch(dtype=dtype), 3)
        train(twin, torch.optim.SGD(twin.parameters(), lr=0.1), batch(dtype=dtype), 3)
        assert largest(weights(model), weights(twin)) < TIGHT[dtype], network


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("variant", ["M", "S"])
def test_one_plain_local_step_is_backprop_for_every_map(variant: Any) -> None:
    for layer, (make, shape) in LAYERS.items():
        torch.manual_seed(0)
        model = make().double()
        twin = copy.deepcopy(model)
        x = torch.randn(shape, dtype=torch.float64)
        step = Iterate(SGD(), lr=0.5, steps=1)
        opt = LocoProp(model, variant, solver=step, lr=0.2, prox=0.0)
        sgd = torch.optim.SGD(twin.parameters(), lr=0.1)
        for _ in range(2):
            for network, optimiser in ((model, opt), (twin, sgd)):
                optimiser.zero_grad()
                torch.tanh(network(x)).square().mean().backward()
                optimiser.step()
        assert largest(weights(model), weights(twin)) < 1e-12, layer


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_one_exact_step_solves_the_regression_of_every_map() -> None:
    """A full undamped step on half the mean squared error per row reaches the least squares."""
    for layer, (make, shape) in LAYERS.items():
        torch.manual_seed(0)
        model = make().double()
        x = torch.randn(shape, dtype=torch.float64)
        target = torch.randn_like(model(x).detach())
        channels = {"conv1d": -2, "conv2d": -3, "conv3d": -4}.get(layer.split("-")[0], -1)
        opt = LocoProp(model, "S", lr=1.0, prox=1e-8)
        slopes = []
        for _ in range(2):
            opt.zero_grad()
            ((model(x) - target).square().sum(channels).mean() / 2).backward()
            slopes.append(max(float(p.grad.abs().max()) for p in model.parameters()))
            opt.step()
        assert slopes[1] < 1e-4 * slopes[0], layer


@pytest.mark.parametrize("rows", [3, 20])  # fewer rows than inputs: the other closed form
def test_exact_step_is_the_damped_inverse_gram_times_the_gradient(
    rows: int, dtype: torch.dtype
) -> None:
    model, data = mlp(dtype), batch(rows, dtype)
    opt = LocoProp(model, "S", lr=0.7, prox=0.3)
    opt.zero_grad()
    bce(model, data).backward()
    x, expected = data[0], []
    for layer in model:
        if isinstance(layer, nn.Linear):
            z = with_ones(x)
            c = z.mT @ z / rows
            damping = 0.3 * c.diagonal().mean()
            gradient = torch.cat([layer.weight.grad, layer.bias.grad[:, None]], 1)
            c.diagonal().add_(damping)
            step = -0.7 * torch.linalg.solve(c, gradient.mT).mT
            expected += [layer.weight + step[:, :-1], layer.bias + step[:, -1]]
        x = layer(x)
    expected = [w.detach() for w in expected]
    opt.step()
    assert largest(weights(model), expected) < TIGHT[dtype] * 10


def test_a_small_step_on_every_solver_descends(dtype: torch.dtype) -> None:
    for kind, options in SOLVERS.items():
        model = mlp(dtype)
        solver = Iterate(SGD(), lr=0.1) if "Iterate" in kind else options["solver"]
        opt = LocoProp(model, options["variant"], solver=solver, lr=0.1)
        losses = train(model, opt, batch(dtype=dtype), 10)
        assert losses[-1] < losses[0], kind


def notebook_loop(
    model: nn.Sequential,
    data: list[tuple[Tensor, Tensor]],
    gamma: float,
    lr: float,
    steps: int,
    kept: dict[str, Any],
) -> None:
    """The authors' algorithm in their units, written without the package: sums over the batch,
    explicit targets, RMSProp as TensorFlow defines it (epsilon in the root, v from one)."""
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    slots = kept.setdefault(
        "slots", [[torch.ones_like(p), torch.zeros_like(p)] for p in model.parameters()]
    )
    for x, y in data:
        inputs, pre = [], []
        h = x
        for layer in model:
            if isinstance(layer, nn.Linear):
                inputs.append(h)
                h = layer(h)
                pre.append(h)
            else:
                h = layer(h)
        loss = nn.functional.binary_cross_entropy_with_logits(h, y, reduction="none").sum(1).mean()
        deltas = torch.autograd.grad(loss, pre)
        for k, layer in enumerate(layers):
            f = [torch.tanh, torch.tanh, torch.sigmoid][k]
            z = inputs[k].detach()
            target = f(pre[k].detach()) - gamma * deltas[k]
            for j in range(steps):
                residual = f(z @ layer.weight.detach().T + layer.bias.detach()) - target
                rate = lr * max(1 - j / steps, 0.25)
                gradients = (residual.T @ z, residual.sum(0))
                for p, gradient, slot in zip(
                    (layer.weight, layer.bias), gradients, slots[2 * k : 2 * k + 2], strict=True
                ):
                    slot[0] = 0.9 * slot[0] + 0.1 * gradient**2
                    slot[1] = 0.999 * slot[1] + rate * gradient / torch.sqrt(slot[0] + 1e-5)
                    p.data -= slot[1]


@pytest.mark.parametrize("seed", [0, 1])
def test_paper_recipe_is_the_authors_loop(seed: int) -> None:
    model, twin = mlp(seed=seed), mlp(seed=seed)
    data = [batch(30, seed=s) for s in range(5)]
    opt = LocoProp.paper(model, inner_lr=1e-3)
    for minibatch in data:
        train(model, opt, minibatch)
    notebook_loop(twin, data, gamma=10.0, lr=1e-3, steps=10, kept={})
    assert largest(weights(model), weights(twin)) < 1e-10
    assert largest(weights(model), weights(mlp(seed=seed))) > 1e-3  # it did move


def test_paper_schedule_starts_at_zero_and_ends_near_it() -> None:
    factors = [paper_schedule(epoch) for epoch in range(99)]
    assert factors[:6] == [0.0, 0.2, 0.4, 0.6, 0.8, 1 - 1 / 95]
    assert factors[98] == pytest.approx(1 - 94 / 95)
    assert paper_schedule(99) == paper_schedule(500) == 0.0


def test_the_schedule_of_the_recipe_scales_the_inner_step_alone() -> None:
    """The authors' η under their schedule, epoch by epoch; γ stays."""
    model, twin = mlp(), mlp()
    opt = LocoProp.paper(model, inner_lr=1e-3)
    slots: dict[str, Any] = {}
    for epoch in range(7):
        rate = 1e-3 * paper_schedule(epoch)
        opt.scale_inner(paper_schedule(epoch))
        assert [group["solver"].lr for group in opt.param_groups] == [rate] * 3
        assert [group["lr"] for group in opt.param_groups] == [10.0] * 3
        before = weights(model)
        train(model, opt, batch(30, seed=epoch))
        assert (largest(before, weights(model)) == 0.0) == (epoch == 0)
        notebook_loop(twin, [batch(30, seed=epoch)], 10.0, rate, 10, slots)
    assert largest(weights(model), weights(twin)) < 1e-10


def test_a_scaled_inner_step_resumes_and_other_solvers_are_left_alone() -> None:
    opt, again = (LocoProp(mlp(), solver=Iterate(lr=0.5)) for _ in range(2))
    opt.param_groups[1]["solver"] = Majorise()
    opt.scale_inner(0.5)
    assert [g["solver"] for g in opt.param_groups] == [
        Iterate(lr=0.25),
        Majorise(),
        Iterate(lr=0.25),
    ]
    again.load_state_dict(opt.state_dict())
    assert [g["solver"] for g in again.param_groups] == [g["solver"] for g in opt.param_groups]
    again.scale_inner(0.1)  # of what it was made with
    assert again.param_groups[0]["solver"] == Iterate(lr=0.05)


# --- convergence -------------------------------------------------------------------------------


def test_one_exact_step_solves_an_ill_conditioned_regression() -> None:
    scales = torch.logspace(0, -3, 6, dtype=torch.float64)
    x = batch(50)[0] * scales
    y = batch(50, seed=2)[1]
    model = nn.Linear(6, 3).double()
    opt = LocoProp(model, "S", lr=1.0, prox=1e-14)
    (0.5 * (model(x) - y).square().sum(1).mean()).backward()
    opt.step()
    solution = torch.linalg.lstsq(with_ones(x), y).solution
    assert torch.allclose(model.bias, solution[-1], atol=1e-6)
    residual = model(x).detach() - y
    best = with_ones(x) @ solution - y
    assert float(residual.square().sum() / best.square().sum()) == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "options",
    [
        {"solver": Majorise(5)},
        {"variant": "S"},
        {"solver": Iterate(steps=5), "lr": 1.0},
    ],
    ids=["M Majorise", "S Exact", "M Iterate"],
)
def test_deep_autoencoder_loss_falls(options: dict[str, Any], seed: int) -> None:
    torch.manual_seed(seed)
    code = torch.randn(100, 3)
    x = torch.sigmoid(3 * torch.randn(100, 20) * 0.1 + code @ torch.randn(3, 20))
    sizes = [20, 16, 8, 3, 8, 16, 20]
    layers: list[nn.Module] = []
    for n, d in pairwise(sizes):
        layers += [nn.Linear(n, d), nn.Tanh()]
    model = nn.Sequential(*layers[:-1])
    losses = train(model, LocoProp(model, **options), (x, x), 60)
    entropy = float(nn.functional.binary_cross_entropy(x, x, reduction="none").sum(1).mean())
    assert losses[-1] - entropy < 0.8 * (losses[0] - entropy)


# --- the habits of a training loop -------------------------------------------------------------


@every_solver
def test_accumulated_micro_batches_are_the_full_batch(kind: str) -> None:
    x, y = batch(24)
    full, parts = mlp(), mlp()
    one, two = (LocoProp(model, **SOLVERS[kind]) for model in (full, parts))
    for _ in range(2):
        train(full, one, (x, y))
        two.zero_grad()
        for i in range(3):
            (bce(parts, (x[8 * i : 8 * i + 8], y[8 * i : 8 * i + 8])) / 3).backward()
        two.step()
    assert largest(weights(full), weights(parts)) < 1e-10


@every_solver
def test_sum_and_mean_losses_take_the_same_step(kind: str) -> None:
    data = batch(24)
    mean, total = mlp(), mlp()
    train(mean, LocoProp(mean, **SOLVERS[kind]), data)
    opt = LocoProp(total, **SOLVERS[kind], loss_reduction="sum")
    (24 * bce(total, data)).backward()
    opt.step()
    assert largest(weights(mean), weights(total)) < 1e-10


def test_clipped_gradients_make_a_clipped_exact_step() -> None:
    data = batch()
    free, clipped = mlp(), mlp()
    start = weights(free)
    train(free, LocoProp(free, "S"), data)
    opt = LocoProp(clipped, "S")
    bce(clipped, data).backward()
    norm = nn.utils.clip_grad_norm_(clipped.parameters(), 1e-3)
    opt.step()
    for before, a, b in zip(start, weights(free), weights(clipped), strict=True):
        assert torch.allclose((b - before) * (norm + 1e-6) / 1e-3, a - before, atol=1e-8)


@every_solver
def test_grad_scaler_unscales_and_skips(kind: str) -> None:
    data = batch()
    plain, scaled = mlp(), mlp()
    train(plain, LocoProp(plain, **SOLVERS[kind]), data)
    opt = LocoProp(scaled, **SOLVERS[kind])
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    scaler.scale(bce(scaled, data)).backward()
    scaler.step(opt)
    scaler.update()
    assert largest(weights(plain), weights(scaled)) < 1e-10

    before = weights(scaled)
    opt.zero_grad()
    scaler.scale(bce(scaled, data) * float("inf")).backward()
    scaler.step(opt)
    scaler.update()
    assert largest(before, weights(scaled)) == 0.0
    assert scaler.get_scale() == 2.0**9


def test_autocast_trains_with_float32_weights() -> None:
    model, data = mlp(torch.float32), batch(dtype=torch.float32)
    opt = LocoProp(model)
    losses = []
    for _ in range(5):
        opt.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = bce(model, data)
        loss.backward()
        opt.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    assert all(p.dtype is torch.float32 for p in model.parameters())


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
@every_solver
def test_half_precision_weights_are_solved_in_float32(kind: str, half: torch.dtype) -> None:
    model = mlp(torch.float32).to(half)
    wide = mlp(torch.float32)
    wide.load_state_dict(model.state_dict())
    data = batch(dtype=torch.float32)
    rough = (data[0].to(half), data[1].to(half))
    options: dict[str, Any] = {**SOLVERS[kind], "momentum": 0.5}
    if hasattr(options["solver"], "gram_ema"):
        options["solver"] = replace(options["solver"], gram_ema=0.5)
    opt = LocoProp(model, **options)
    train(model, opt, rough, 2)
    train(wide, LocoProp(wide, **options), data, 2)
    assert all(p.dtype is half for p in model.parameters())
    tensors = [v for state in opt.state.values() for v in state.values() if torch.is_tensor(v)]
    assert tensors
    assert all(v.dtype is torch.float32 for v in tensors if v.is_floating_point())
    assert largest([w.float() for w in weights(model)], weights(wide)) < 0.1


def test_closure_is_evaluated_once_and_its_loss_returned() -> None:
    model, twin, data = mlp(), mlp(), batch()
    opt = LocoProp(model)
    calls = []

    def closure() -> Tensor:
        opt.zero_grad()
        loss = bce(model, data)
        loss.backward()
        calls.append(loss)
        return loss

    loss = opt.step(closure)
    (expected,) = train(twin, LocoProp(twin), data)
    assert loss is not None
    assert float(loss.detach()) == expected
    assert len(calls) == 1
    assert largest(weights(model), weights(twin)) == 0.0


def test_zero_grad_between_forward_and_backward_is_harmless() -> None:
    model, twin, data = mlp(), mlp(), batch()
    opt = LocoProp(model)
    loss = bce(model, data)
    opt.zero_grad()
    loss.backward()
    opt.step()
    train(twin, LocoProp(twin), data)
    assert largest(weights(model), weights(twin)) == 0.0


@every_solver
def test_schedulers_scale_the_step(kind: str) -> None:
    model, data = mlp(), batch()
    opt = LocoProp(model, **{**PLAIN.get(kind, SOLVERS[kind]), "lr": 0.1})
    scheduler = torch.optim.lr_scheduler.LambdaLR(opt, lambda epoch: float(epoch))
    before = weights(model)
    train(model, opt, data)  # the factor of epoch 0 is zero
    scheduler.step()
    assert largest(before, weights(model)) < 1e-14
    assert [group["lr"] for group in opt.param_groups] == [0.1] * 3
    train(model, opt, data)
    assert largest(before, weights(model)) > 1e-5


def test_evaluation_under_paused_leaves_the_step_unchanged() -> None:
    model, twin, data = mlp(), mlp(), batch()
    opt = LocoProp(model)
    opt.zero_grad()
    loss = bce(model, data)
    with opt.paused():
        torch.autograd.grad(model(batch(7, seed=5)[0]).sum(), model[0].weight)
    with torch.no_grad():
        model(batch(9, seed=6)[0])
    torch.autograd.grad(model(batch(7, seed=5)[0]).sum(), model[0].weight)  # not paused either
    loss.backward()
    opt.step()
    train(twin, LocoProp(twin), data)
    assert largest(weights(model), weights(twin)) == 0.0


def test_close_removes_every_hook() -> None:
    model = mlp()
    before = [dict(module._forward_hooks) for module in model.modules()]
    opt = LocoProp(model)
    assert [dict(module._forward_hooks) for module in model.modules()] != before
    opt.close()
    assert [dict(module._forward_hooks) for module in model.modules()] == before
    assert all(not p._post_accumulate_grad_hooks for p in model.parameters())
    bce(model, batch()).backward()  # the model is as before
    with pytest.raises(RuntimeError, match="closed"):
        opt.step()


def test_two_optimisers_of_one_model_after_close() -> None:
    model, twin, data = mlp(), mlp(), batch()
    LocoProp(model).close()
    train(model, LocoProp(model), data)
    train(twin, LocoProp(twin), data)
    assert largest(weights(model), weights(twin)) == 0.0


# --- options -----------------------------------------------------------------------------------


def displacement(opt: LocoProp, model: nn.Module, data: tuple[Tensor, Tensor]) -> list[Tensor]:
    before = weights(model)
    train(model, opt, data)
    return [b - a for a, b in zip(before, weights(model), strict=True)]


@pytest.mark.parametrize("kind", PLAIN)
def test_momentum_is_the_heavy_ball_on_the_displacement(kind: str) -> None:
    plain, heavy, data = mlp(), mlp(), batch()
    without = LocoProp(plain, **PLAIN[kind], momentum=0.0)
    with_momentum = LocoProp(heavy, **PLAIN[kind], momentum=0.8)
    first = displacement(with_momentum, heavy, data)
    assert largest(first, displacement(without, plain, data)) < 1e-14
    plain.load_state_dict(heavy.state_dict())
    local = displacement(without, plain, data)
    second = displacement(with_momentum, heavy, data)
    assert largest(second, [0.8 * v + d for v, d in zip(first, local, strict=True)]) < 1e-12


def test_weight_decay_is_decoupled() -> None:
    plain, decayed, data = mlp(), mlp(), batch()
    start = weights(plain)
    a = displacement(LocoProp(plain, lr=0.2, momentum=0.0), plain, data)
    b = displacement(LocoProp(decayed, lr=0.2, momentum=0.0, weight_decay=0.1), decayed, data)
    expected = [d - 0.2 * 0.1 * w for w, d in zip(start, a, strict=True)]
    assert largest(b, expected) < 1e-12


def test_gram_average_is_bias_corrected() -> None:
    """The first averaged step is the step without an average; later ones use the mean Gram."""
    model, twin, data, other = mlp(), mlp(), batch(), batch(seed=9)
    options: dict[str, Any] = {"lr": 0.3, "prox": 0.2}
    opt = LocoProp(model, "S", solver=Exact(gram_ema=0.9), **options)
    train(model, opt, data)
    train(twin, LocoProp(twin, "S", **options), data)
    assert largest(weights(model), weights(twin)) < 1e-10
    layer = model[0]
    before = torch.cat([layer.weight, layer.bias[:, None]], 1).detach()
    train(model, opt, other)
    z, z2 = with_ones(data[0]), with_ones(other[0])
    c = (0.9 * 0.1 * z.mT @ z / 20 + 0.1 * z2.mT @ z2 / 20) / (1 - 0.9**2)
    c.diagonal().add_(0.2 * c.diagonal().mean())
    gradient = torch.cat([layer.weight.grad, layer.bias.grad[:, None]], 1)
    after = torch.cat([layer.weight, layer.bias[:, None]], 1).detach()
    expected = -0.3 * torch.linalg.solve(c, gradient.mT).mT
    assert torch.allclose(after - before, expected, atol=1e-10)


@pytest.mark.parametrize(("variant", "kind"), [("M", Majorise), ("S", Exact)])
def test_gram_every_keeps_the_factorization_between_refreshes(variant: Any, kind: Any) -> None:
    first, second = batch(), batch(seed=9)
    every, lazy = mlp(), mlp()
    one = LocoProp(every, variant, solver=kind(gram_ema=0.5))
    two = LocoProp(lazy, variant, solver=kind(gram_ema=0.5, gram_every=2))
    train(every, one, first)
    train(lazy, two, first)
    assert largest(weights(every), weights(lazy)) < 1e-14
    train(every, one, second)
    train(lazy, two, second)
    assert largest(weights(every), weights(lazy)) > 1e-8


def test_safeguard_never_raises_the_local_objective() -> None:
    """A momentum of the inner rule that overshoots is cut; a step that descends is untouched."""
    data = batch()
    wild: dict[str, Any] = {"solver": Iterate(SGD(), lr=200.0), "lr": 1.0}
    safe, unsafe = mlp(), mlp()
    train(unsafe, LocoProp(unsafe, "S", **wild), data, 3)
    train(safe, LocoProp(safe, "S", safeguard="backtrack", **wild), data, 3)
    assert max(float(w.abs().max()) for w in weights(safe)) < 100
    assert not max(float(w.abs().max()) for w in weights(unsafe)) < 1e6
    guarded, free = mlp(), mlp()
    train(guarded, LocoProp(guarded, safeguard="backtrack"), data)
    train(free, LocoProp(free, "M"), data)
    assert largest(weights(guarded), weights(free)) < 1e-14


@pytest.mark.parametrize("variant", ["M", "S"])
def test_units_of_sums_and_means_convert(variant: Any) -> None:
    """γ is R times as large and η R times as small in sums; the relative prox stays."""
    mean, total, data = mlp(), mlp(), batch(20)
    rows, sums = Iterate(SGD(), 0.2, 6), Iterate(SGD(), 0.2 / 20, 6, reduction="sum")
    one = LocoProp(mean, variant, solver=rows, lr=0.5, prox=0.3)
    two = LocoProp(total, variant, solver=sums, lr=0.5 * 20, prox=0.3)
    train(mean, one, data, 3)
    train(total, two, data, 3)
    assert largest(weights(mean), weights(total)) < 1e-12


def test_first_majorised_step_scales_curvature_and_damping_by_the_slope_bound() -> None:
    x, y = batch()
    model = nn.Linear(6, 3).double()
    opt = LocoProp(model, solver=Majorise(1), lr=0.4, prox=0.3)
    w0 = torch.cat([model.weight, model.bias[:, None]], 1).detach()
    bce(model, (x, y)).backward()
    gradient = torch.cat([model.weight.grad, model.bias.grad[:, None]], 1)
    c = with_ones(x).mT @ with_ones(x) / 20
    majoriser = (c + 0.3 * c.diagonal().mean() * torch.eye(7)) / 4  # sup of sigmoid's slope
    opt.step()
    w1 = torch.cat([model.weight, model.bias[:, None]], 1).detach()
    assert torch.allclose(w1, w0 - 0.4 * torch.linalg.solve(majoriser, gradient.mT).mT, atol=1e-10)


def test_inner_buffers_persist_unless_they_are_reset() -> None:
    """With a reset, every step is the first step of a new optimiser."""
    solver = Iterate(Momentum(), lr=0.05)
    kept, reset, fresh = mlp(), mlp(), mlp()
    keeping = LocoProp(kept, solver=solver, lr=1.0)
    resetting = LocoProp(reset, solver=replace(solver, reset=True), lr=1.0)
    for _ in range(3):
        train(kept, keeping, batch())
        train(reset, resetting, batch())
        new = LocoProp(fresh, solver=solver, lr=1.0)
        train(fresh, new, batch())
        new.close()
    assert largest(weights(reset), weights(fresh)) == 0.0
    assert largest(weights(reset), weights(kept)) > 1e-4


def test_zero_grad_forgets_the_pass_before_it() -> None:
    model, twin, data = mlp(), mlp(), batch()
    opt = LocoProp(model)
    bce(model, batch(seed=7)).backward()
    opt.zero_grad(set_to_none=False)  # zeros, not None: nothing but this call tells
    bce(model, data).backward()
    opt.step()
    train(twin, LocoProp(twin), data)
    assert largest(weights(model), weights(twin)) == 0.0


def test_a_slope_without_bound_is_for_the_iterations(caplog: pytest.LogCaptureFixture) -> None:
    table = ((Majorise(), "S Exact identity"), (Iterate(), "M Iterate relu2"))
    for solver, expected in table:
        model = mlp()
        opt = LocoProp(model, solver=solver, transfer={"0": "relu2", "2": "gelu"})
        train(model, opt, batch())
        first, second, head = opt.report()
        assert f"{first.solver} {first.transfer}" == expected
        assert (second.transfer, second.reason) == ("identity", "gelu is not monotone")
        assert head.transfer == "sigmoid"
    assert "'0', slope of relu2 has no bound; '2', gelu is not monotone" in caplog.text


def test_per_group_options_are_overridable() -> None:
    model, data = mlp(), batch()
    opt = LocoProp(model)
    opt.param_groups[1]["lr"] = 0.0
    before = weights(model)
    train(model, opt, data)
    pairs = zip(weights(model), before, strict=True)
    moved = [float((a - b).abs().max()) > 1e-8 for a, b in pairs]
    assert moved == [True, True, False, False, True, True]


# --- what is covered ---------------------------------------------------------------------------


def test_report_tells_how_each_parameter_is_trained() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(6, 5), nn.LayerNorm(5), nn.Tanh(), nn.Linear(5, 4), nn.GELU(), nn.Linear(4, 3)
    ).double()
    opt = LocoProp(model, "M")
    assert {line.transfer for line in opt.report()} == {"pending", "-"}
    train(model, opt, batch())
    report = opt.report()
    assert [line.name for line in report] == ["0", "3", "5", "fallback"]
    assert [line.transfer for line in report] == ["identity", "identity", "sigmoid", "-"]
    assert [line.solver for line in report] == ["S Exact", "S Exact", "M Majorise", "AdamW"]
    assert report.covered == 35 + 24 + 15
    assert report.total == 35 + 24 + 15 + 10
    assert "1.weight" in str(report)
    assert [group["name"] for group in opt.param_groups] == ["0", "3", "5", "fallback"]


def test_report_counts_what_trains_and_names_what_is_frozen() -> None:
    model = mlp()
    model[0].bias.requires_grad_(False)
    model[2].requires_grad_(False)
    opt = LocoProp(model)
    train(model, opt, batch())
    report = opt.report()
    assert (report.covered, report.total, report.frozen) == (30 + 15, 30 + 15, 5 + 24)
    assert report.lines[0].parameters == "0.weight, (0.bias)"
    frozen = report.lines[1]
    assert (frozen.solver, frozen.transfer, frozen.reason) == ("-", "-", "frozen")
    assert "45 of 45 parameters" in str(report)
    assert "29 are frozen (in brackets)" in str(report)


def test_the_printed_report_abbreviates_long_lists() -> None:
    model = nn.Sequential(nn.Linear(6, 6), *(nn.LayerNorm(6) for _ in range(20)))
    report = LocoProp(model).report()
    assert report.lines[-1].parameters.count(",") == 39
    assert "1.weight, 1.bias, 2.weight … and 37 more" in str(report)
    assert max(map(len, str(report).splitlines())) < 130


def test_falling_back_to_s_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    model = nn.Sequential(nn.Linear(6, 5), nn.GELU(), nn.Linear(5, 3)).double()
    opt = LocoProp(model, "M")
    with caplog.at_level(logging.INFO, "optim"):
        train(model, opt, batch(), 3)
    said = [record for record in caplog.records if "S" in record.getMessage()]
    assert len(said) == 1
    assert "'0'" in said[0].getMessage()


@pytest.mark.parametrize("said", ["mean", "sum"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("loss", ["mse_loss", "binary_cross_entropy_with_logits", "cross_entropy"])
def test_a_loss_of_another_reduction_is_said_once(
    loss: str, reduction: str, said: Any, caplog: pytest.LogCaptureFixture
) -> None:
    model, (x, y) = mlp(), batch()
    target = y.argmax(1) if loss == "cross_entropy" else y
    opt = LocoProp(model, loss_reduction=said, lr=1e-3)
    for _ in range(2):
        opt.zero_grad()
        getattr(nn.functional, loss)(model(x), target, reduction=reduction).backward()
        opt.step()
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == (said != reduction)
    assert all(f"give loss_reduction={reduction!r}" in message for message in messages)


def test_a_loss_that_is_rescaled_by_hand_is_not_judged(caplog: pytest.LogCaptureFixture) -> None:
    model, (x, y) = mlp(), batch()
    opt = LocoProp(model)
    (nn.functional.mse_loss(model(x), y, reduction="sum") / len(x)).backward()
    opt.step()
    assert not caplog.records


def test_given_transfers_are_used() -> None:
    data = batch()
    auto, given = mlp(), mlp()
    train(auto, LocoProp(auto, "M"), data, 3)
    train(given, LocoProp(given, transfer={"0": "tanh", "2": "tanh", "4": "sigmoid"}), data, 3)
    assert largest(weights(auto), weights(given)) == 0.0
    wrong = mlp()
    train(wrong, LocoProp(wrong, transfer={"0": "sigmoid"}), data, 3)
    assert largest(weights(auto), weights(wrong)) > 1e-6


def test_the_fallback_trains_the_rest_as_if_alone() -> None:
    """Parameters of no map: their AdamW sees the same gradients as an AdamW outside."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5), nn.Tanh(), nn.Linear(5, 3)).double()
    norm = model[1]
    opt = LocoProp(model, fallback=lambda params: torch.optim.AdamW(params, lr=0.05))
    outside = nn.LayerNorm(5).double()
    adam = torch.optim.AdamW(outside.parameters(), lr=0.05)
    for step in range(4):
        train(model, opt, batch(seed=step))
        outside.weight.grad, outside.bias.grad = norm.weight.grad, norm.bias.grad
        adam.step()
    assert largest(weights(norm), weights(outside)) < 1e-14
    assert opt.param_groups[-1]["lr"] == 0.05


def test_exclude_sends_a_map_to_the_fallback() -> None:
    model = mlp()
    opt = LocoProp(model, exclude=("4",), fallback=lambda p: torch.optim.SGD(p, lr=0.1))
    twin = mlp()
    train(twin, torch.optim.SGD(twin.parameters(), lr=0.1), batch())
    train(model, opt, batch())
    assert [group["name"] for group in opt.param_groups] == ["0", "2", "fallback"]
    assert torch.allclose(model[4].weight, twin[4].weight, atol=1e-14)


@every_solver
def test_frozen_parameters_stay_and_the_rest_solves_without_them(kind: str) -> None:
    """A frozen bias is an offset of the pre-activation: the problem of the same layer whose bias
    column is missing, fed through inputs that carry the offset."""
    model = mlp()
    model[0].bias.requires_grad_(False)
    model[2].weight.requires_grad_(False)
    for p in model[4].parameters():
        p.requires_grad_(False)
    before = weights(model)
    train(model, LocoProp(model, **SOLVERS[kind]), batch(), 3)
    moved = [float((a - b).abs().max()) > 0 for a, b in zip(weights(model), before, strict=True)]
    assert moved == [True, False, False, True, False, False]


def test_frozen_bias_is_an_offset() -> None:
    x, y = batch()
    biased, offset = nn.Linear(6, 3).double(), nn.Linear(6, 3, bias=False).double()
    offset.load_state_dict({"weight": biased.weight.detach().clone()})
    biased.bias.requires_grad_(False)
    one = LocoProp(biased, "S", prox=0.1)
    two = LocoProp(offset, "S", prox=0.1)
    for _ in range(3):
        for model, opt, shift in ((biased, one, 0.0), (offset, two, biased.bias)):
            opt.zero_grad()
            torch.tanh(model(x) + shift).sub(y).square().sum(1).mean().backward()
            opt.step()
    assert torch.allclose(biased.weight, offset.weight, atol=1e-12)


@every_solver
@pytest.mark.parametrize("name", ["weight", "bias"])
def test_a_parameter_without_gradient_stays_as_if_frozen(name: str, kind: str) -> None:
    cleared, frozen = mlp(), mlp()
    before = getattr(cleared[0], name).detach().clone()
    getattr(frozen[0], name).requires_grad_(False)
    one, two = (LocoProp(m, **SOLVERS[kind], weight_decay=0.1) for m in (cleared, frozen))
    bce(cleared, batch()).backward()
    getattr(cleared[0], name).grad = None
    one.step()
    train(frozen, two, batch())
    assert torch.equal(getattr(cleared[0], name), before)
    assert largest(weights(cleared), weights(frozen)) == 0.0


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 6)
        self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.tanh(self.inner(torch.tanh(self.inner(x)))))


@every_solver
def test_a_module_used_twice_stacks_its_rows(kind: str) -> None:
    torch.manual_seed(0)
    model, data = Twice().double(), batch()
    opt = LocoProp(model, **SOLVERS[kind], momentum=0.0)
    opt.zero_grad()
    bce(model, data).backward()
    if kind == "S Exact":
        opt.param_groups[0].update(lr=0.5, prox=0.1)
        w0 = torch.cat([model.inner.weight, model.inner.bias[:, None]], 1).detach()
        x = data[0]
        z = with_ones(torch.cat([x, torch.tanh(model.inner(x)).detach()]))
        c = z.mT @ z / 40
        c.diagonal().add_(0.1 * c.diagonal().mean())
        gradient = torch.cat([model.inner.weight.grad, model.inner.bias.grad[:, None]], 1)
        expected = w0 - 0.5 * torch.linalg.solve(c, gradient.mT).mT
        opt.step()
        w1 = torch.cat([model.inner.weight, model.inner.bias[:, None]], 1).detach()
        assert torch.allclose(w1, expected, atol=1e-10)
    else:
        before = weights(model)
        opt.step()
        assert largest(before, weights(model)) > 0


def test_parameters_tied_between_modules_are_one_problem() -> None:
    """Two modules that share weight and bias are one module used twice."""
    torch.manual_seed(0)
    once = Twice().double()
    first, second = nn.Linear(6, 6).double(), nn.Linear(6, 6).double()
    second.weight, second.bias = first.weight, first.bias
    tied = nn.Sequential(first, nn.Tanh(), second, nn.Tanh(), nn.Linear(6, 3)).double()
    first.load_state_dict(once.inner.state_dict())
    tied[4].load_state_dict(once.head.state_dict())
    one, two = LocoProp(once), LocoProp(tied)
    train(once, one, batch(), 3)
    train(tied, two, batch(), 3)
    assert [group["name"] for group in two.param_groups] == ["0 + 2", "4"]
    assert largest(weights(once), weights(tied)) < 1e-10


class Gated(nn.Module):
    """A map by protocol that is the whole model; one inner module has a weight that is no row."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 3)
        self.inner.register_parameter("gate", nn.Parameter(torch.ones(6)))

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x * self.inner.gate)

    def locoprop_rows(self, x: Tensor) -> Tensor:
        return with_ones(x * self.inner.gate)

    def locoprop_weights(self) -> list[nn.Parameter]:
        return [self.inner.weight, self.inner.bias]


def test_a_map_may_be_the_whole_model_and_keep_a_gate_for_the_fallback() -> None:
    torch.manual_seed(0)
    model = Gated().double()
    opt = LocoProp(model)
    assert [group["name"] for group in opt.param_groups] == ["", "fallback"]
    losses = train(model, opt, batch(), 5)
    assert losses[-1] < losses[0]
    assert not torch.equal(model.inner.gate, torch.ones_like(model.inner.gate))


def test_a_transformer_trains() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Unflatten(1, (3, 2)),
        nn.Linear(2, 8),
        nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True),
        nn.Flatten(),
        nn.Linear(24, 3),
    ).double()
    opt = LocoProp(model, "M")
    losses = train(model, opt, batch(), 10)
    assert losses[-1] < losses[0]
    report = opt.report()
    names = ["1", *(f"2.{n}" for n in ("self_attn.in_proj", "self_attn.out_proj", "linear1"))]
    assert [line.name for line in report] == [*names, "2.linear2", "4", "fallback"]
    assert (report.lines[1].transfer, report.lines[1].reason) == ("identity", "found attention")
    assert report.lines[3].transfer == "relu"
    assert report.lines[-1].reason == "LayerNorm is no linear map"


@every_solver
def test_the_model_may_change_its_type_before_the_first_step(kind: str) -> None:
    late, early = mlp(torch.float32), mlp(torch.float32).double()
    opt = LocoProp(late, **SOLVERS[kind], momentum=0.5)
    late.double()
    train(late, opt, batch(), 3)
    train(early, LocoProp(early, **SOLVERS[kind], momentum=0.5), batch(), 3)
    assert largest(weights(late), weights(early)) == 0.0


@every_solver
def test_the_model_may_change_its_type_between_steps(kind: str) -> None:
    model = mlp(torch.float32)
    options = dict(SOLVERS[kind])
    if hasattr(options["solver"], "gram_ema"):
        options["solver"] = replace(options["solver"], gram_ema=0.5, gram_every=3)
    opt = LocoProp(model, **options, momentum=0.5)
    losses = train(model, opt, batch(dtype=torch.float32), 2)
    model.double()
    losses += train(model, opt, batch(), 3)
    assert losses[-1] < losses[0]
    state = opt.state[model[0].weight]
    assert state["velocity"].dtype is torch.float64


def test_without_a_proximal_term_no_scale_of_the_inputs_is_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[Tensor] = []

    def counted(design: Tensor) -> Tensor:
        calls.append(design)
        return design.square().mean((-2, -1))

    monkeypatch.setattr("optim.problem.mean_square", counted)
    for prox, expected in ((0.0, 0), (0.1, 3)):
        model = mlp()
        train(model, LocoProp.paper(model, prox=prox), batch())
        assert len(calls) == expected


@pytest.mark.parametrize("variant", ["M", "S"])
def test_the_default_step_is_a_tenth_of_the_full_one(variant: Any) -> None:
    default, given = mlp(), mlp()
    train(default, LocoProp(default, variant), batch(), 3)
    train(given, LocoProp(given, variant, lr=0.1), batch(), 3)
    assert largest(weights(default), weights(given)) == 0.0


@every_solver
def test_a_batch_without_rows_moves_nothing(kind: str) -> None:
    model = mlp()
    opt = LocoProp(model, **SOLVERS[kind])
    before = weights(model)
    model(torch.empty(0, 6, dtype=torch.float64)).sum().backward()
    opt.step()
    assert largest(before, weights(model)) == 0.0


@every_solver
def test_dead_inputs_do_not_break_the_solve(kind: str) -> None:
    """A layer whose inputs are all zero has a zero Gram matrix, and no gradient."""
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3, bias=False)).double()
    nn.init.constant_(model[0].bias, -100.0)
    before = model[2].weight.detach().clone()
    train(model, LocoProp(model, **SOLVERS[kind]), batch(), 2)
    assert torch.equal(before, model[2].weight)


# --- what a step leaves alone ------------------------------------------------------------------


@every_solver
def test_step_advances_neither_statistics_nor_the_random_state(kind: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 3)
    ).double()
    opt = LocoProp(model, **SOLVERS[kind])
    bce(model, batch()).backward()
    buffers = [b.clone() for b in model.buffers()]
    gradients = [p.grad.clone() for p in model.parameters()]
    random = torch.get_rng_state()
    opt.step()
    assert torch.equal(torch.get_rng_state(), random)
    assert largest(buffers, list(model.buffers())) == 0
    assert largest(gradients, [p.grad for p in model.parameters()]) == 0


@every_solver
def test_the_order_of_the_maps_is_irrelevant(kind: str) -> None:
    """All maps move from one capture: solving them last to first changes nothing."""
    forward, backward, data = mlp(), mlp(), batch()
    one = LocoProp(forward, **SOLVERS[kind])
    train(forward, one, data)
    whole = weights(forward)
    for keep in reversed(range(3)):
        backward.load_state_dict(mlp().state_dict())
        two = LocoProp(backward, **SOLVERS[kind])
        for k, group in enumerate(two.param_groups):
            if k != keep:
                for p in group["params"]:
                    p.requires_grad_(True)
        two.zero_grad()
        bce(backward, data).backward()
        for k, group in enumerate(two.param_groups):
            if k != keep:
                for p in group["params"]:
                    p.grad = None
        two.step()
        alone = weights(backward)[2 * keep : 2 * keep + 2]
        assert largest(alone, whole[2 * keep : 2 * keep + 2]) == 0.0


def test_activations_are_freed_after_the_step() -> None:
    import gc
    import weakref

    model = mlp()
    opt = LocoProp(model)
    x, y = batch()
    reference = weakref.ref(x)
    train(model, opt, (x, y))
    del x, y
    gc.collect()
    assert reference() is None


def test_a_loop_of_adam_runs_unchanged() -> None:
    """Only the constructor differs; `None` gradients of unused maps are skipped."""

    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = nn.Linear(6, 3), nn.Linear(6, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.used(x)

    model = Branches().double()
    before = weights(model)
    train(model, LocoProp(model), batch())
    after = weights(model)
    assert largest(before[2:], after[2:]) == 0.0
    assert largest(before[:2], after[:2]) > 0.0
