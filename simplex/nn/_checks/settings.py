"""What constructors refuse: sizes, flags, rates, words and modules."""

from collections.abc import Sequence

import torch
from torch import nn

from simplex.complexes import require_int, require_memory, require_real
from simplex.nn._checks.tensors import brief
from simplex.operators import ADJACENCIES


def require_flags(**flags: bool) -> None:
    """Raise ``TypeError`` unless the values are bools: any other word would count as yes.

    Example:
        >>> require_flags(signed=False)
    """
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise TypeError(f"{name} must be True or False, got {flag!r}.")


MOST_CHANNELS = 2**31 - 1  # more have no tensor


def require_positive(**numbers: int) -> None:
    """Raise unless the numbers are integers from 1, and of a size that tensors have."""
    for name, number in numbers.items():
        if require_int(name, number, 1) > MOST_CHANNELS:
            raise ValueError(f"{name} must be at most {MOST_CHANNELS}, got {number}.")


def require_orders(**orders: int) -> None:
    """Raise unless the orders of the polynomials are integers from 0."""
    for name, order in orders.items():
        if order := require_int(name, order, 0):
            require_positive(**{name: order})


def require_sizes(**sizes: int | Sequence[int]) -> None:
    """Raise unless the sizes are positive integers or sequences of them."""
    for name, size in sizes.items():
        for one in size if isinstance(size, list | tuple) else (size,):
            require_positive(**{name: one})


def require_functions(**functions: object) -> None:
    """Raise ``TypeError`` unless the values are functions or modules; ``None`` may stand for none.

    Example:
        >>> require_functions(activation=torch.relu)
    """
    for name, function in functions.items():
        if function is not None and not callable(function):
            raise TypeError(f"{name} must be a function of a tensor, got {brief(function)}.")


def require_dims(name: str, dims: object, most: int | None = None) -> None:
    """Raise unless this is a list of dimensions, at least one, each from 0 to ``most``."""
    if not isinstance(dims, Sequence | set | frozenset) or isinstance(dims, str | bytes):
        raise TypeError(f"{name} must be a list of dimensions, got {brief(dims)}.")
    if not dims:
        raise ValueError(f"{name} must hold at least one dimension, got {dims}.")
    for k in dims:
        require_int(name, k, 0, most)


def require_adjacencies(adjacencies: object) -> None:
    """Raise unless this is a list of names of adjacencies, at least one."""
    allowed = ", ".join(map(repr, ADJACENCIES))
    if not isinstance(adjacencies, Sequence | set | frozenset) or isinstance(adjacencies, str):
        raise TypeError(f"adjacencies must be a list of {allowed}, got {brief(adjacencies)}.")
    if not adjacencies or any(name not in ADJACENCIES for name in adjacencies):
        raise ValueError(f"adjacencies must be among {allowed}, got {brief(adjacencies)}.")


def require_modules(name: str, modules: object) -> None:
    """Raise ``TypeError`` unless this is a list of modules."""
    if not isinstance(modules, Sequence | nn.ModuleList) or not all(
        isinstance(module, nn.Module) for module in modules
    ):
        raise TypeError(f"{name} must be a list of modules, got {brief(modules)}.")


def require_rates(**rates: float) -> None:
    """Raise unless the probabilities are in [0, 1)."""
    for name, rate in rates.items():
        if require_real(name, rate, 0, 1) == 1:
            raise ValueError(f"{name} must be below 1, got {rate!r}.")


def require_room(in_channels: int, out_channels: int) -> None:
    """Raise where a map of this size has no room; 1 GiB is not asked about."""
    num_bytes = in_channels * out_channels * torch.get_default_dtype().itemsize
    if num_bytes > 1 << 30:
        require_memory(
            num_bytes,
            torch.device("cpu"),
            f"a map of {in_channels} to {out_channels} channels",
            remedy="Take fewer channels.",
        )
