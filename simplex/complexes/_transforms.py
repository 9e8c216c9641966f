"""Tables that outlive the transforms of ``torch.func`` and the inference mode they are made in."""

from collections.abc import Callable
from typing import TypeVar

import torch


T = TypeVar("T")


def transformed() -> bool:
    """Whether a transform of ``torch.func`` is under way.

    Example:
        >>> transformed(), torch.vmap(lambda x: x + transformed())(torch.zeros(1)).tolist()
        (False, [1.0])
    """
    return bool(torch._C._are_functorch_transforms_active())


def outside_transforms(compute: Callable[[], T]) -> T:
    """``compute()`` as if no transform and no inference mode were under way.

    A tensor made within a transform is a wrapper that dies with it, one made in inference mode
    cannot be kept for a backward pass: neither can stay with a complex.

    Example:
        >>> made = torch.vmap(lambda x: x + outside_transforms(lambda: torch.ones(())).item())
        >>> made(torch.zeros(1))
        tensor([1.])
    """
    if torch.compiler.is_compiling():
        return compute()
    without_transforms = torch._functorch.pyfunctorch.temporarily_clear_interpreter_stack
    with torch.inference_mode(False), without_transforms():
        return compute()
