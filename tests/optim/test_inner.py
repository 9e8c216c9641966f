"""Inner rules: TensorFlow's formulas by hand, torch's where the two agree."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from optim import InnerRule
from optim.inner import SGD, Adagrad, Adam, Momentum, Nesterov, RMSProp


ALL = [RMSProp(), SGD(), Momentum(), Nesterov(), Adam(), Adagrad()]
every_rule = pytest.mark.parametrize("rule", ALL, ids=lambda rule: type(rule).__name__)


def gradients(steps: int, *shape: int, size: float = 1.0, seed: int = 0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return list(size * torch.randn(steps, *shape, generator=generator, dtype=torch.float64))


def run(rule: InnerRule, stream: list[Tensor], lrs: list[float]) -> Tensor:
    weight = torch.zeros_like(stream[0])
    slots = rule.slots(weight)
    for gradient, lr in zip(stream, lrs, strict=True):
        rule.step_(weight, gradient, slots, lr)
    return weight


def run_torch(
    make: Callable[..., torch.optim.Optimizer],
    stream: list[Tensor],
    lrs: list[float],
    **options: Any,
) -> Tensor:
    weight = torch.zeros_like(stream[0]).requires_grad_()
    optimizer = make([weight], lr=1.0, **options)
    for gradient, lr in zip(stream, lrs, strict=True):
        optimizer.param_groups[0]["lr"] = lr
        weight.grad = gradient.clone()
        optimizer.step()
    return weight.detach()


LRS = [0.1, 0.05, 0.2, 0.1, 0.01, 0.3]


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (SGD(), {}),
        (Momentum(0.7), {"momentum": 0.7}),
        (Nesterov(0.7), {"momentum": 0.7, "nesterov": True}),
    ],
    ids=["sgd", "momentum", "nesterov"],
)
def test_equal_to_torch_with_varying_steps(rule: InnerRule, options: dict[str, Any]) -> None:
    stream = gradients(6, 5, 3)
    expected = run_torch(torch.optim.SGD, stream, LRS, **options)
    torch.testing.assert_close(run(rule, stream, LRS), expected, rtol=1e-12, atol=1e-14)


def test_adam_equals_torch_without_eps() -> None:
    stream = gradients(6, 5, 3)
    expected = run_torch(torch.optim.Adam, stream, LRS, betas=(0.8, 0.95), eps=0.0)
    torch.testing.assert_close(run(Adam(0.8, 0.95, 0.0), stream, LRS), expected, rtol=1e-12, atol=0)


def test_eps_of_adam_is_not_corrected() -> None:
    """One step: m = (1-β₁)g, v = (1-β₂)g²; torch divides ε by √(1-β₂) as well."""
    beta1, beta2, eps, g = 0.9, 0.99, 0.5, 2.0
    stream = [torch.tensor([g], dtype=torch.float64)]
    by_hand = -0.1 * math.sqrt(1 - beta2) * g / (math.sqrt(1 - beta2) * g + eps)
    ours = float(run(Adam(beta1, beta2, eps), stream, [0.1]))
    assert ours == pytest.approx(by_hand, rel=1e-14)
    theirs = float(run_torch(torch.optim.Adam, stream, [0.1], betas=(beta1, beta2), eps=eps))
    assert theirs == pytest.approx(-0.1 * g / (g + eps), rel=1e-12)
    assert abs(ours) < 0.5 * abs(theirs)


def test_adagrad_by_hand_and_by_torch() -> None:
    stream = gradients(6, 5, 3)
    weight, square = torch.zeros(5, 3).double(), torch.full((5, 3), 0.1).double()
    for gradient, lr in zip(stream, LRS, strict=True):
        square = square + gradient**2
        weight = weight - lr * gradient / square**0.5
    torch.testing.assert_close(run(Adagrad(), stream, LRS), weight, rtol=1e-7, atol=0)
    expected = run_torch(torch.optim.Adagrad, stream, LRS, initial_accumulator_value=0.1, eps=0.0)
    torch.testing.assert_close(run(Adagrad(), stream, LRS), expected, rtol=1e-12, atol=0)


def test_rmsprop_by_hand() -> None:
    """Two steps of TensorFlow's formula with numbers."""
    rule = RMSProp(momentum=0.5, decay=0.9, eps=0.01)
    v1 = 0.9 * 1 + 0.1 * 2.0**2
    m1 = 0.1 * 2.0 / math.sqrt(v1 + 0.01)
    v2 = 0.9 * v1 + 0.1 * 3.0**2
    m2 = 0.5 * m1 + 0.05 * -3.0 / math.sqrt(v2 + 0.01)
    stream = [torch.tensor([2.0]).double(), torch.tensor([-3.0]).double()]
    assert float(run(rule, stream[:1], [0.1])) == pytest.approx(-m1, rel=1e-12)
    assert float(run(rule, stream, [0.1, 0.05])) == pytest.approx(-m1 - m2, rel=1e-12)


def test_rmsprop_is_not_torchs() -> None:
    """20 steps on gradients of 1e-3: ε inside the root, and v = 1 at the start, each matter."""
    generator = torch.Generator().manual_seed(0)
    draws = [torch.randn(3, generator=generator, dtype=torch.float64) for _ in range(20)]
    stream, lrs = [1e-3 * draw for draw in draws], [1e-3] * 20
    torchs = run_torch(torch.optim.RMSprop, stream, lrs, alpha=0.9, eps=1e-5, momentum=0.9)
    inside = run(RMSProp(momentum=0.9, initial=0.0), stream, lrs)
    ours = run(RMSProp(momentum=0.9), stream, lrs)
    firsts = [float(each[0]) for each in (torchs, inside, ours)]
    assert firsts == pytest.approx([-2.184e-2, -3.732e-3, -1.048e-5], rel=1e-3)


def test_rmsprop_is_not_scale_free() -> None:
    """A thousand times the gradient moves neither as far nor a thousand times further."""
    rule, lrs = RMSProp(momentum=0.9), [1e-3] * 100
    near = run(rule, gradients(100, 20, size=1e-3), lrs).abs().mean()
    far = run(rule, gradients(100, 20, size=1.0), lrs).abs().mean()
    assert 5 < float(far / near) < 200


@every_rule
def test_strides_do_not_matter(rule: InnerRule) -> None:
    stream = gradients(3, 2, 5, 7)
    turned = [gradient.mT.contiguous().mT for gradient in stream]
    assert all(slot.is_contiguous() for slot in rule.slots(turned[0]).values())
    torch.testing.assert_close(
        run(rule, stream, LRS[:3]), run(rule, turned, LRS[:3]), rtol=1e-13, atol=1e-15
    )


@every_rule
def test_slots_persist_and_resume(rule: InnerRule, dtype: torch.dtype) -> None:
    stream = [gradient.to(dtype) for gradient in gradients(6, 4, 3)]
    weight = torch.zeros(4, 3, dtype=dtype)
    slots = rule.slots(weight)
    for gradient in stream[:3]:
        rule.step_(weight, gradient, slots, 0.1)
    copies = {name: slot.clone() for name, slot in slots.items()}
    resumed = weight.clone()
    for gradient in stream[3:]:
        rule.step_(weight, gradient, slots, 0.1)
        rule.step_(resumed, gradient, copies, 0.1)
    assert weight.dtype == dtype
    torch.testing.assert_close(weight, resumed, rtol=0, atol=0)
    torch.testing.assert_close(weight, run(rule, stream, [0.1] * 6), rtol=0, atol=0)


def test_gradients_are_left_alone() -> None:
    for rule in ALL:
        (gradient,) = gradients(1, 4, 3)
        before = gradient.clone()
        run(rule, [gradient], [0.1])
        assert torch.equal(gradient, before), rule


def test_defaults_are_the_recipes() -> None:
    assert RMSProp() == RMSProp(momentum=0.999, decay=0.9, eps=1e-5, initial=1.0)
    assert Adam() == Adam(beta1=0.999, beta2=0.9)
