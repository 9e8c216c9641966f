"""Training loops that are not the plain one: the right step, or a refusal in words."""

import copy
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
from torch.testing import assert_close

from optim import LocoProp
from optim.solvers import Iterate


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))


X, Y = torch.randn(2, 32, 6, generator=torch.Generator().manual_seed(0)), torch.zeros(32, 3)


def loss_of(model: nn.Module, x: Tensor = X[0]) -> Tensor:
    return (model(x) - Y[: len(x)]).square().mean()


def stepped(
    before: Callable[[nn.Module, LocoProp], None], variant: Any = "M", **options: Any
) -> list[Tensor]:
    """The weights after one step on X[0], with something done before its forward pass."""
    model = network()
    opt = LocoProp(model, variant, **options)
    before(model, opt)
    loss_of(model).backward()
    opt.step()
    return [p.detach() for p in model.parameters()]


def discard(clear: Callable[[nn.Module, LocoProp], None]) -> Callable[[nn.Module, LocoProp], None]:
    def act(model: nn.Module, opt: LocoProp) -> None:
        loss_of(model, 5 * X[1]).backward()
        clear(model, opt)

    return act


def zero_each(model: nn.Module, opt: LocoProp) -> None:
    for p in model.parameters():
        assert p.grad is not None
        p.grad.zero_()


def new_zeros(model: nn.Module, opt: LocoProp) -> None:
    for p in model.parameters():
        p.grad = torch.zeros_like(p)


CLEARS: dict[str, Callable[[nn.Module, LocoProp], object]] = {
    "model, to none": lambda model, opt: model.zero_grad(),
    "model, to zero": lambda model, opt: model.zero_grad(set_to_none=False),
    "optimiser": lambda model, opt: opt.zero_grad(),
    "optimiser, to zero": lambda model, opt: opt.zero_grad(set_to_none=False),
    "in place": zero_each,
    "new zeros": new_zeros,
}


@pytest.mark.parametrize("variant", ["M", "S"])
def test_a_pass_that_was_thrown_away_does_not_enter_the_step(variant: str) -> None:
    expected = stepped(lambda model, opt: None, variant)
    for name, clear in CLEARS.items():
        for got, want in zip(stepped(discard(clear), variant), expected, strict=True):  # type: ignore[arg-type]
            assert torch.equal(got, want), name


def test_a_pass_after_cleared_ones_counts_with_what_follows() -> None:
    """Micro-batches after a cleared pass are one batch, clipped or not in between."""
    whole = network()
    opt = LocoProp(whole)
    loss_of(whole, X.flatten(0, 1)[:32]).backward()
    opt.step()
    parts = network()
    opt = LocoProp(parts)
    loss_of(parts, X[1]).backward()
    parts.zero_grad(set_to_none=False)
    for half in X[0].split(16):
        (loss_of(parts, half) / 2).backward()
        nn.utils.clip_grad_norm_(parts.parameters(), 1e9)  # touches the gradients in place
    opt.step()
    for got, want in zip(parts.parameters(), whole.parameters(), strict=True):
        assert_close(got, want, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("clear", ["optimiser", "model, to none", "model, to zero"])
def test_two_backward_passes_over_one_graph_with_a_clearing_between(clear: str) -> None:
    """Per-task gradients: the step is that of the second loss."""

    def losses(model: nn.Module) -> tuple[Tensor, Tensor]:
        error = (model(X[0]) - 1).square()
        return error[:, 0].mean(), error[:, 1:].mean()

    reference = network()
    opt = LocoProp(reference)
    losses(reference)[1].backward()
    opt.step()
    model = network()
    opt = LocoProp(model)
    one, two = losses(model)
    one.backward(retain_graph=True)
    CLEARS[clear](model, opt)
    two.backward()
    opt.step()
    for got, want in zip(model.parameters(), reference.parameters(), strict=True):
        assert torch.equal(got, want)


def test_a_hook_of_the_user_changes_what_follows_the_map() -> None:
    def double(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        return 2 * output

    def first_line(prepare: Callable[[nn.Module], Any], late: bool = False) -> tuple[str, str]:
        model = network()
        handle = None if late else prepare(model[0])
        opt = LocoProp(model, "M")
        handle = prepare(model[0]) if late else handle
        loss_of(model, X[0].clone().requires_grad_()).backward()
        opt.step()
        handle.remove()
        line = opt.report().lines[0]
        return line.transfer, line.reason

    def forward(module: nn.Module, **options: bool) -> Any:
        return module.register_forward_hook(double, **options)

    assert first_line(forward) == ("identity", "no matching loss for a scaled Tanh")
    assert first_line(forward, late=True) == ("identity", "no matching loss for a scaled Tanh")
    for before in (
        lambda module: forward(module, prepend=True),
        lambda module: nn.modules.module.register_module_forward_hook(double),
    ):
        assert "a forward hook" in first_line(before, late=True)[1]
    silent = [
        lambda module: module.register_full_backward_hook(lambda module, gi, go: None),
        lambda module: module.register_forward_hook(lambda module, inputs, output: None),
        lambda module: module.register_forward_pre_hook(lambda module, inputs: None),
    ]
    for prepare in silent:
        assert first_line(prepare)[0] == "tanh"


def test_maps_stacked_behind_their_features_are_no_softmax() -> None:
    """With as many maps as features the shapes fit and the axis is another one."""

    def transfer(dim: int, softmax: int, squeeze: bool = False) -> str:
        torch.manual_seed(0)
        model = nn.ModuleList([nn.Linear(6, 3) for _ in range(3)])
        opt = LocoProp(model, "M")
        pre = torch.stack([each(X[0]) for each in model], dim)
        torch.softmax(pre.unsqueeze(-1) if squeeze else pre, softmax).log().sum().backward()
        opt.step()
        return opt.report().lines[0].transfer

    assert transfer(-1, -1) == "identity"
    assert transfer(-1, -2) == "softmax"
    assert transfer(1, -1) == "softmax"
    assert transfer(1, 1) == "identity"
    assert transfer(0, -2, squeeze=True) == "softmax"
    assert transfer(0, -1, squeeze=True) == "identity"


@pytest.mark.parametrize("variant", ["M", "S"])
def test_ragged_and_sparse_inputs_are_their_dense_rows(variant: Any) -> None:
    def step(x: Tensor, back: Callable[[Tensor], Tensor]) -> list[Tensor]:
        model = network()
        opt = LocoProp(model, variant)
        back(model(x)).square().mean().backward()
        opt.step()
        return [p.detach() for p in model.parameters()]

    expected = step(X[0, :8], lambda out: out)
    pieces = [X[0, :3], X[0, 3:8]]
    ragged = torch.nested.nested_tensor(pieces, layout=torch.jagged)
    for x, back in (
        (ragged, lambda out: out.values()),
        (X[0, :8].to_sparse(), lambda out: out),
        (X[0, :8].to_sparse_csr(), lambda out: out),
    ):
        for got, want in zip(step(x, back), expected, strict=True):
            assert_close(got, want, rtol=1e-5, atol=1e-6)


def test_a_model_that_is_watched_is_traced_without_its_hooks() -> None:
    model = network()
    opt = LocoProp(model)
    traced = torch.jit.trace(model, X[0])  # type: ignore[no-untyped-call]
    assert_close(traced(X[1]), model(X[1]))
    loss_of(model).backward()
    opt.step()
    with pytest.raises(AttributeError, match=r"torch\.jit\.script must be given a model without"):
        torch.jit.script(model)
    with pytest.raises(AttributeError, match=r"torch\.jit\.script must be given a model without"):
        torch.jit.script(copy.deepcopy(model))


@pytest.mark.parametrize("rule", [Iterate(lr=1e3), Iterate(lr=1e20, steps=1), "M", "S"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_weights_that_would_not_be_finite_are_not_written(
    rule: Any, dtype: torch.dtype, caplog: pytest.LogCaptureFixture
) -> None:
    """Finite gradients, displacements beyond the numbers: nothing is written or kept."""
    caplog.set_level(logging.ERROR, "optim")

    def run(nonfinite: Any) -> tuple[nn.Module, LocoProp]:
        model = network().to(dtype)
        options = {"variant": rule} if isinstance(rule, str) else {"solver": rule}
        opt = LocoProp(model, **options, lr=1e38, momentum=0.9, nonfinite=nonfinite)
        loss = (1e2 * model(X[0].to(dtype)).float()).square().mean()
        loss.backward()
        return model, opt

    for nonfinite in ("raise", "skip"):
        model, opt = run(nonfinite)
        before = copy.deepcopy(model.state_dict())
        if nonfinite == "raise":
            with pytest.raises(ValueError, match="new weights must be finite"):
                opt.step()
        else:
            opt.step()
            assert opt.skipped == 1
        for name, value in model.state_dict().items():
            assert torch.equal(value, before[name]), name
        kept = [v for s in opt.state.values() for v in s.values() if isinstance(v, Tensor)]
        assert all(bool(v.isfinite().all()) for v in kept)


@pytest.mark.parametrize("size", [1e30, 1e38])
def test_finite_gradients_whose_sum_is_not_are_taken(size: float) -> None:
    """Ten entries of 1e38 are more than float32 holds; each of them is a number."""
    moved = []
    for scale in (1.0, size):
        model = network()
        opt = LocoProp(model, solver=Iterate(lr=1e-3 / scale, steps=1), lr=1.0, prox=0.0)
        loss_of(model).backward()
        for parameter in model.parameters():
            assert parameter.grad is not None
            parameter.grad.fill_(scale)
        before = copy.deepcopy(model)
        opt.step()
        pairs = zip(model.parameters(), before.parameters(), strict=True)
        moved.append([new.detach() - old.detach() for new, old in pairs])
    for own, other in zip(*moved, strict=True):
        assert_close(own, other, rtol=1e-3, atol=1e-6)
        assert own.any()


def test_a_fallback_that_needs_a_closure_is_refused() -> None:
    model = nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8))
    with pytest.raises(ValueError, match="steps without a closure, got LBFGS"):
        LocoProp(model, fallback=torch.optim.LBFGS)
    assert not model[0]._forward_hooks


def test_words_stand_for_solvers() -> None:
    def names(**options: Any) -> str:
        opt = LocoProp(network(), **options)
        return type(opt.param_groups[0]["solver"]).__name__

    assert names() == names(solver="trust") == "Trust"
    assert names(variant="M") == names(solver="mm") == "Majorise"
    assert names(transfer={"0": "tanh"}) == names(safeguard="backtrack") == "Majorise"
    assert names(solver="iter") == "Iterate"
    assert names(variant="S") == names(variant="S", solver="exact") == "Exact"
    with pytest.raises(TypeError, match="'iter', got 'newton'"):
        names(solver="newton")


@pytest.fixture
def one_process(tmp_path: Path) -> Any:
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path / 'meeting'}", rank=0, world_size=1
    )
    yield
    torch.distributed.destroy_process_group()


def test_sharded_and_replaced_parameters_are_refused(one_process: None) -> None:
    mesh = init_device_mesh("cpu", (1,))
    model = network()
    fully_shard(model, mesh=mesh)
    with pytest.raises(ValueError, match=r"whole parameters, got sharded ones \(DTensor"):
        LocoProp(model)
    shell = FullyShardedDataParallel.__new__(FullyShardedDataParallel)  # needs an accelerator
    nn.Module.__init__(shell)
    with pytest.raises(ValueError, match=r"got sharded ones \(FullyShardedDataParallel\)"):
        LocoProp(nn.Sequential(network(), shell))
    changes: list[Callable[[nn.Module], object]] = [
        lambda model: fully_shard(model, mesh=mesh),
        lambda model: nn.utils.parametrizations.weight_norm(model[0]),  # type: ignore[index]
        lambda model: model.load_state_dict(network().state_dict(), assign=True),
    ]
    for change in changes:
        model = network()
        opt = LocoProp(model)
        change(model)
        loss_of(model).backward()
        with pytest.raises(RuntimeError, match="those that the optimiser was made with"):
            opt.step()


def test_one_process_of_data_parallelism_is_plain_training(one_process: None) -> None:
    model = network()
    opt = LocoProp(nn.parallel.DistributedDataParallel(model), "M")
    loss_of(model).backward()
    opt.step()
    for got, want in zip(model.parameters(), stepped(lambda m, o: None), strict=True):
        assert torch.equal(got, want)
