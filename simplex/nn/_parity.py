"""What layers on oriented cochains ask of their arguments: a yes or no, and odd functions."""

from collections.abc import Callable

import torch
from torch import Tensor


def require_flags(**flags: bool) -> None:
    """Raise ``TypeError`` unless the values are bools: any other word would count as yes.

    Example:
        >>> require_flags(signed=False)
    """
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise TypeError(f"{name} must be True or False, got {flag!r}.")


def require_activations(
    activation: Callable[[Tensor], Tensor], odd_activation: Callable[[Tensor], Tensor], odd: bool
) -> None:
    """Raise unless both are functions and, where values are odd, the second one is odd.

    It is asked at a few points, so a function that is odd there alone passes.

    Args:
        activation: where values are even.
        odd_activation: where they are odd.
        odd: whether there are odd values.

    Raises:
        TypeError: one is no function.
        ValueError: f(-x) ≠ -f(x) for the second.

    Example:
        >>> require_activations(torch.relu, torch.tanh, odd=True)
    """
    for name, function in (("activation", activation), ("odd_activation", odd_activation)):
        if not callable(function):
            raise TypeError(f"{name} must be a function of a tensor, got {function!r}.")
    if odd and not _is_odd(odd_activation):
        name = getattr(odd_activation, "__name__", repr(odd_activation))
        raise ValueError(
            f"odd_activation must be odd, f(-x) = -f(x), got {name}. Take torch.tanh, or pass "
            f"signed=False if the features have no orientation."
        )


def _is_odd(function: Callable[[Tensor], Tensor]) -> bool:
    x = torch.tensor([0.0, 0.3, 1.0, 4.0], device="cpu")
    try:
        with torch.no_grad():
            return torch.allclose(function(-x), -function(x), atol=1e-6)
    except RuntimeError:
        # Parameters elsewhere, or of another type or width: such a function cannot be asked here.
        return True
