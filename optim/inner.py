r"""First-order rules of the inner iterations, in the semantics of TensorFlow 1.

LocoProp's authors solve their local problems with TensorFlow's optimisers, which differ from
torch's of the same names: RMSProp has ε inside the root, second moments that start at ONE, and the
step size inside the momentum buffer; Adam's ε is not bias-corrected; Adagrad starts at 0.1 and has
no ε. Slots live in a dict of tensors of the caller, so they persist across minibatches and are
saved with them. A rule changes the weights and the slots in place.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


Slots = Mapping[str, Tensor]


def as_scalar(lr: float, like: Tensor) -> float:
    """The step size, infinite where it exceeds the type: torch takes no finite number above it."""
    return lr if lr <= torch.finfo(like.dtype).max else math.inf


class InnerRule(Protocol):
    """One step of a first-order method on one weight tensor."""

    def slots(self, weight: Tensor) -> dict[str, Tensor]:
        """The buffers of the rule for such a weight, at their start values."""

    def step_(self, weight: Tensor, gradient: Tensor, slots: Slots, lr: float) -> None:
        """Change the weight and the slots in place by one step of size lr."""


def _filled(weight: Tensor, value: float) -> Tensor:
    """A slot: contiguous whatever the weight's strides, as the displacements are."""
    return torch.full_like(weight, value, memory_format=torch.contiguous_format)


@dataclass(frozen=True)
class SGD:
    r"""Gradient descent: :math:`w ← w - η g`.

    >>> w = torch.ones(1)
    >>> SGD().step_(w, torch.ones(1), {}, lr=0.25); w.item()
    0.75
    """

    def slots(self, weight: Tensor) -> dict[str, Tensor]:
        """No buffers."""
        return {}

    def step_(self, weight: Tensor, gradient: Tensor, slots: Slots, lr: float) -> None:
        """See the class."""
        weight.add_(gradient, alpha=-lr)


@dataclass(frozen=True)
class Momentum:
    r"""Heavy ball: :math:`m ← μ m + g`, :math:`w ← w - η m`; the same as torch's SGD.

    Args:
        momentum: μ.
    """

    momentum: float = 0.9

    def slots(self, weight: Tensor) -> dict[str, Tensor]:
        """The buffer m, at zero."""
        return {"momentum": _filled(weight, 0.0)}

    def step_(self, weight: Tensor, gradient: Tensor, slots: Slots, lr: float) -> None:
        """See the class."""
        weight.sub_(slots["momentum"].mul_(self.momentum).add_(gradient), alpha=lr)


@dataclass(frozen=True)
class Nesterov(Momentum):
    r"""Nesterov's momentum: :math:`m ← μ m + g`, :math:`w ← w - η (g + μ m)`; as torch's SGD."""

    def step_(self, weight: Tensor, gradient: Tensor, slots: Slots, lr: float) -> None:
        """See the class."""
        m = slots["momentum"].mul_(self.momentum).add_(gradient)
        weight.sub_(gradient, alpha=lr).sub_(m, alpha=lr * self.momentum)


@dataclass(frozen=True)
class Adam:
    r"""Adam: :math:`w ← w - η \frac{\sqrt{1-β_2^t}}{1-β_1^t} \frac{m}{\sqrt v + ε}`.

    The authors' recipe has β₁ = 0.999 and β₂ = 0.9, the defaults here. It departs from
    ``torch.optim.Adam`` in ε, which is not divided by :math:`\sqrt{1-β_2^t}`.

    Args:
        beta1: Decay of m, the mean gradient.
        beta2: Decay of v, the mean squared gradient.
        eps: ε.
    """

    beta1: float = 0.999
    beta2: float = 0.9
    eps: float = 1e-8

    def slots(self, weight: Tensor) -> dict[str, Tensor]:
        """The buffers m and v and the count t, all at zero."""
        return {
            "mean": _filled(weight, 0.0),
            "square": _filled(weight, 0.0),
            "step": torch.zeros((), dtype=torch.float64),
        }

    def step_(self, weight: Tensor, gradient: Tensor, slots: Slots, lr: float) -> None:
        """See the class."""
        t = slots["step"].add_(1).item()
        lr = as_scalar(lr * (1 - self.beta2**t) ** 0.5 / (1 - self.beta1**t), weight)
        m = slots["mean"].lerp_(gradient, 1 - self.beta1)
        v = slots["square"].mul_(self.beta2).addcmul_(gradient, gradient, value=1 - self.beta2)
        weight.addcdiv_(m, v.sqrt().add_(self.eps), value=-lr)


@dataclass(frozen=True)
class Adagrad:
    r"""Adagrad: :math:`v ← v + g^2`, :math:`w ← w - η g / \sqrt v`, from :math:`v = v_0`.

    Args:
        initial: v₀; it stands where torch has an ε.
    """

    initial: float = 0.1

    def slots(self, weight: Tensor) -> dict[str, Tensor]:
        """The buffer v, at ``initial``."""
        return {"square": _filled(weight, self.initial)}

    def step_(self, weight: Tensor, gradient: Tensor, slots: Slots, lr: float) -> None:
        """See the class."""
        v = slots["square"].addcmul_(gradient, gradient)
        weight.addcdiv_(gradient, v.sqrt(), value=-lr)


@dataclass(frozen=True)
class RMSProp:
    r"""TensorFlow's RMSProp, the authors' inner optimiser.

    .. math:: v ← ρ v + (1-ρ) g^2, \quad m ← μ m + η g / \sqrt{v + ε}, \quad w ← w - m,

    from :math:`v = 1`, :math:`m = 0`. Not scale-free: while g² is small beside ε and the v of the
    start, the step is about η g; so the recipe feeds it gradients SUMMED over the rows.

    Args:
        momentum: μ, 0.999 in the recipe: about a thousand inner iterations are remembered.
        decay: ρ.
        eps: ε, inside the root.
        initial: v at the start.

    >>> w, rule = torch.zeros(1), RMSProp(momentum=0.0, decay=0.0, eps=0.0)
    >>> rule.step_(w, torch.full((1,), 5.0), rule.slots(w), lr=0.25); w.item()
    -0.25
    """

    momentum: float = 0.999
    decay: float = 0.9
    eps: float = 1e-5
    initial: float = 1.0

    def slots(self, weight: Tensor) -> dict[str, Tensor]:
        """The buffers v, at ``initial``, and m, at zero."""
        return {"square": _filled(weight, self.initial), "momentum": _filled(weight, 0.0)}

    def step_(self, weight: Tensor, gradient: Tensor, slots: Slots, lr: float) -> None:
        """See the class."""
        v = slots["square"].mul_(self.decay).addcmul_(gradient, gradient, value=1 - self.decay)
        m = slots["momentum"].mul_(self.momentum)
        weight.sub_(m.addcdiv_(gradient, v.add(self.eps).sqrt_(), value=lr))
