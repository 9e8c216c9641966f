"""What goes wrong is said in words that name the cause and the remedy."""

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD
from torch.utils.checkpoint import checkpoint

from optim import Exact, Iterate, LocoProp, Majorise, Trust, paper_schedule
from optim.inner import RMSProp


def model_and_loss() -> tuple[nn.Module, Tensor]:
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)).double()
    return model, torch.randn(8, 4, dtype=torch.float64)


def test_a_model_without_a_covered_map() -> None:
    model = nn.Sequential(nn.LayerNorm(4), nn.PReLU())
    with pytest.raises(ValueError, match=r"(?s)`model` must .*LayerNorm, PReLU"):
        LocoProp(model)
    with pytest.raises(TypeError, match=r"`model` must be .*model\.parameters\(\)"):
        LocoProp(nn.Linear(2, 2).parameters())  # type: ignore[arg-type]


def test_everything_excluded() -> None:
    with pytest.raises(ValueError, match="`model` must"):
        LocoProp(nn.Sequential(nn.Linear(2, 2)), exclude=("0",))


OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"variant": "X"}, r"`variant` must be one of 'M', 'S', got 'X'"),
    ({"variant": "M", "solver": Exact()}, r"variant='S'"),
    ({"solver": "newton"}, r"`solver` must be Trust.*got 'newton'"),
    ({"solver": Majorise}, r"`solver` must be Trust"),
    ({"variant": "M", "solver": Trust()}, r"variant='S'"),
    ({"solver": "trust", "safeguard": "backtrack"}, r"(?s)`safeguard` must be 'none'.*solver='mm'"),
    ({"lr": -1.0}, r"`lr` must be in \[0, inf\), got -1.0"),
    ({"lr": float("nan")}, r"`lr` must be"),
    ({"prox": -1.0}, r"`prox` must be"),
    ({"momentum": 1.0}, r"`momentum` must be in \[0, 1\)"),
    ({"lr": "0.1"}, r"`lr` must be a number, in \[0, inf\), got '0.1'"),
    ({"weight_decay": -0.1}, r"`weight_decay` must be"),
    ({"safeguard": "wolfe"}, r"`safeguard` must be one of"),
    ({"loss_reduction": "max"}, r"`loss_reduction` must be one of"),
    ({"nonfinite": "ignore"}, r"`nonfinite` must be one of"),
    ({"transfer": "tanh"}, r"`transfer` must be"),
    ({"transfer": {"9": "tanh"}}, r"(?s)`transfer`.*'9'.*'0', '2'"),
    ({"transfer": {"0": "tan"}}, r"`transfer` must be one of"),
    ({"exclude": ("9",)}, r"`exclude` must name modules of the model, got \['9'\]"),
    ({"exclude": "0"}, r"`exclude` must be a sequence of names"),
]
NUMBERS: list[tuple[Any, dict[str, Any], str]] = [
    (Majorise, {"steps": 0}, r"`steps` must be a positive integer"),
    (Majorise, {"steps": 1.5}, r"`steps` must be a positive integer"),
    (Majorise, {"gram_every": 0}, r"`gram_every` must be"),
    (Majorise, {"gram_ema": 1.0}, r"`gram_ema` must be"),
    (Exact, {"gram_every": 1.5}, r"`gram_every` must be"),
    (Exact, {"gram_ema": -0.1}, r"`gram_ema` must be in \[0, 1\)"),
    (Exact, {"gram_ema": "0.9"}, r"`gram_ema` must be a number"),
    (Iterate, {"steps": 0}, r"`steps` must be a positive integer"),
    (Iterate, {"lr": float("inf")}, r"`lr` must be in \[0, inf\)"),
    (Iterate, {"floor": 2.0}, r"`floor` must be in \[0, 1\]"),
    (Iterate, {"reduction": "max"}, r"`reduction` must be one of"),
    (Iterate, {"rule": "lbfgs"}, r"`rule` must be an object with slots and step_, got 'lbfgs'"),
    (Iterate, {"rule": torch.optim.Adam}, r"`rule` must be an object"),
    (Iterate, {"rule": RMSProp}, r"`rule` must be an object"),
]


def test_wrong_options() -> None:
    model, _ = model_and_loss()
    for options, message in OPTIONS:
        with pytest.raises((ValueError, TypeError), match=message):
            LocoProp(model, **options)


def test_wrong_numbers_of_a_solver() -> None:
    for solver, numbers, message in NUMBERS:
        with pytest.raises((ValueError, TypeError), match=message):
            solver(**numbers)


def test_options_of_one_solver_are_unknown_to_the_others() -> None:
    for solver, name in [
        (Exact, "steps"),
        *((solver, name) for solver in (Exact, Majorise) for name in ("rule", "floor", "reset")),
        *((Iterate, name) for name in ("gram_ema", "gram_every")),
    ]:
        with pytest.raises(TypeError, match=name):
            solver(**{name: 1})


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("prox", -5.0, ValueError),
        ("lr", float("nan"), ValueError),
        ("momentum", "0", TypeError),
        ("solver", "mm", TypeError),
        ("solver", Exact(), ValueError),
    ],
)
def test_options_are_checked_in_the_groups_too(name: str, value: Any, error: Any) -> None:
    """A scheduler or a user may write there after the constructor."""
    model, x = model_and_loss()
    opt = LocoProp(model, "M")
    before = [p.detach().clone() for p in model.parameters()]
    model(x).sum().backward()
    opt.param_groups[1][name] = value
    with pytest.raises(error, match=f"`{name}` must be"):
        opt.step()
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_a_foreign_module_named_optim(tmp_path: Path) -> None:
    """`import simplex.optim` beside a user's own optim.py says whose file is in the way."""
    (tmp_path / "optim.py").write_text("x = 1")
    done = subprocess.run(
        [sys.executable, "-c", "import simplex.optim"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "ImportError: `optim` must be the package that comes with simplex" in done.stderr
    assert str(tmp_path / "optim.py") in done.stderr


def test_a_model_that_is_frozen() -> None:
    model, _ = model_and_loss()
    model.requires_grad_(False)
    with pytest.raises(ValueError, match=r"`model` must have .* got frozen maps only"):
        LocoProp(model)


@pytest.mark.parametrize(
    ("fallback", "error", "message"),
    [
        (None, TypeError, "make a torch optimiser .*got None"),
        (lambda params: None, TypeError, "make a torch optimiser .*got None"),
        (lambda params: SGD(list(params)[:1]), ValueError, r"1 of them \(without '2.bias'\)"),
        (lambda params: SGD([nn.Parameter(torch.ones(1)), *params]), ValueError, "and 1 other"),
    ],
)
def test_a_wrong_fallback(fallback: Any, error: Any, message: str) -> None:
    model, _ = model_and_loss()
    with pytest.raises(error, match=f"(?s)`fallback` must .*{message}"):
        LocoProp(model, exclude=("2",), fallback=fallback)
    assert all(not module._forward_hooks for module in model.modules())


def test_a_fallback_may_leave_frozen_parameters_out() -> None:
    model, _ = model_and_loss()
    model[2].bias.requires_grad_(False)
    opt = LocoProp(
        model, exclude=("2",), fallback=lambda ps: SGD([p for p in ps if p.requires_grad])
    )
    assert len(opt.param_groups[-1]["params"]) == 1


def test_a_wrong_option_leaves_no_hook_behind() -> None:
    model, _ = model_and_loss()
    with pytest.raises(ValueError, match="lr"):
        LocoProp(model, lr=-1.0)
    assert all(not module._forward_hooks for module in model.modules())


def test_step_without_a_captured_forward() -> None:
    model, x = model_and_loss()
    opt = LocoProp(model)
    with pytest.raises(RuntimeError, match=r"backward\(\)"):
        opt.step()
    with opt.paused():
        model(x).sum().backward()
    with pytest.raises(RuntimeError, match=r"'0'.*exclude"):
        opt.step()
    opt.zero_grad()
    model(x).sum().backward()
    opt.step()
    with pytest.raises(RuntimeError, match="'0'"):  # the gradient is of the step before
        opt.step()


class _Read(nn.Module):
    """A Linear, and what else reads its weight."""

    def __init__(self, read: Callable[[nn.Linear, Tensor], Tensor]) -> None:
        super().__init__()
        self.linear, self.head, self.read = nn.Linear(6, 6), nn.Linear(6, 2), read

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.read(self.linear, x))
        return out


def _step(model: nn.Module, *, autocast: bool = False, **options: Any) -> None:
    opt = LocoProp(model, **options)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        loss = model(torch.randn(9, 6)).float().square().mean()
    loss.backward()
    opt.step()


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize(
    "read",
    [
        lambda linear, x: functional.linear(linear(x).tanh(), linear.weight),
        lambda linear, x: functional.linear(linear(x).tanh(), linear.weight.T),
        lambda linear, x: linear(x).tanh() @ linear.weight,
        lambda linear, x: torch.einsum("bi,ij->bj", linear(x), linear.weight),
        lambda linear, x: torch.matmul(linear(x)[None, None], linear.weight),
    ],
    ids=["again", "transposed", "product", "einsum", "batched"],
)
def test_rows_of_a_weight_that_is_multiplied_elsewhere_too(read, autocast) -> None:
    with pytest.raises(RuntimeError, match=r"'linear' must be read by its modules.*exclude"):
        _step(_Read(read), autocast=autocast)
    _step(_Read(read), autocast=autocast, exclude=("linear",))


def _gradient_penalty(linear: nn.Linear, x: Tensor) -> Tensor:
    x = x.requires_grad_()
    y = linear(x).tanh()
    return y + torch.autograd.grad(y.sum(), x, create_graph=True)[0]


@pytest.mark.parametrize(
    "read",
    [
        lambda linear, x: linear(linear(x).tanh()),
        lambda linear, x: (
            linear(x) + (linear.weight @ linear.weight.T - torch.eye(6)).square().sum()
        ),
        lambda linear, x: linear(x) + linear.weight.norm(),
        _gradient_penalty,
        lambda linear, x: checkpoint(linear, x, use_reentrant=False),
    ],
    ids=["twice", "orthogonal", "norm", "gradient", "checkpoint"],
)
def test_penalties_and_second_calls_are_not_other_uses(read) -> None:
    _step(_Read(read))


def test_a_weight_of_a_paused_pass_is_not_counted() -> None:
    model = nn.Linear(6, 6)
    opt = LocoProp(model)
    with opt.paused():
        beside = model(torch.ones(3, 6)).square().mean()
    (model(torch.randn(9, 6)).abs().mean() + beside).backward()
    opt.step()


def test_a_convolution_that_is_used_transposed_too() -> None:
    model = nn.Sequential(nn.Conv2d(2, 3, 3))
    opt = LocoProp(model)
    x = model(torch.randn(4, 2, 6, 6)).tanh()
    functional.conv_transpose2d(x, model[0].weight).square().mean().backward()
    with pytest.raises(RuntimeError, match=r"'0' must be read by its modules"):
        opt.step()


def test_a_fallback_is_looked_at_where_nothing_needs_it() -> None:
    with pytest.raises(TypeError, match="`fallback` must make a torch optimiser"):
        LocoProp(nn.Linear(4, 3), fallback=5)


def test_weights_that_are_used_behind_the_module() -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.head = nn.Linear(4, 3), nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(torch.tanh(x @ self.hidden.weight.T))

    model = Functional()
    opt = LocoProp(model)
    model(torch.randn(5, 4)).sum().backward()
    with pytest.raises(RuntimeError, match=r"'hidden'.*exclude"):
        opt.step()
    opt.close()
    opt = LocoProp(model, exclude=("hidden",))
    model.zero_grad()
    model(torch.randn(5, 4)).sum().backward()
    opt.step()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_gradients_that_are_not_finite(value: float, caplog: pytest.LogCaptureFixture) -> None:
    model, x = model_and_loss()
    opt = LocoProp(model, "M")
    before = [p.detach().clone() for p in model.parameters()]
    model(x).sum().backward()
    model[2].bias.grad[0] = value
    with pytest.raises(ValueError, match=r"2\.bias.*nonfinite='skip'"):
        opt.step()
    opt.close()

    opt = LocoProp(model, nonfinite="skip")
    for steps in (1, 2):
        opt.zero_grad()
        model(x).sum().backward()
        model[2].bias.grad[0] = value
        with caplog.at_level(logging.WARNING, "optim"):
            opt.step()
        assert opt.skipped == opt.report().skipped == steps
        assert any("2.bias" in record.getMessage() for record in caplog.records)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert not opt.state
    opt.zero_grad()
    model(x).sum().backward()
    opt.step()
    assert opt.skipped == 2
    assert not torch.equal(before[0], model[0].weight)


def test_gram_matrix_that_is_not_positive_definite() -> None:
    """Inputs that are not finite cannot be repaired by jitter; singular ones can."""
    model = nn.Linear(3, 2, bias=False).double()
    opt = LocoProp(model, "S", prox=0.0)
    x = torch.ones(5, 3, dtype=torch.float64)  # of rank one
    model(x).sum().backward()
    opt.step()
    assert bool(torch.isfinite(model.weight).all())

    opt.zero_grad()
    rows = torch.full((5, 3), float("nan"), dtype=torch.float64)
    model(rows)[:, 0].mul(0).sum().backward()
    model.weight.grad = torch.ones_like(model.weight)
    with pytest.raises((RuntimeError, ValueError), match=r"(?i)positive definite"):
        opt.step()


def test_groups_come_from_the_model() -> None:
    model, _ = model_and_loss()
    opt = LocoProp(model)
    with pytest.raises(RuntimeError, match="model"):
        opt.add_param_group({"params": [nn.Parameter(torch.ones(2))]})


def test_a_lazy_module_before_its_first_forward() -> None:
    with pytest.raises((ValueError, RuntimeError), match=r"(?i)forward"):
        LocoProp(nn.Sequential(nn.LazyLinear(3)))


def test_wrong_schedule() -> None:
    with pytest.raises(ValueError, match="`epoch` must be at least 0, got -1"):
        paper_schedule(-1)
    with pytest.raises(ValueError, match="`warmup` must be"):
        paper_schedule(0, num_epochs=5, warmup=5)
