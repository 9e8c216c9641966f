"""What the transforms refuse: objects of another kind, features of another shape."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    require_generator as require_generator,
    require_int,
    require_real,
    require_word,
    shown,
)
from simplex.data import SimplicialData
from simplex.operators import ADJACENCIES


_MOST_STEPS = 100_000


def require_lifted(data: Any) -> None:
    """A complex with its fields, and no plain graph."""
    if not isinstance(data, SimplicialData):
        raise TypeError(
            f"data must be SimplicialData, got {type(data).__name__}. Lift a graph with "
            "simplex.transforms.CliqueLift first."
        )


def require_complex(K: Any) -> None:
    """A complex, and no graph."""
    if not isinstance(K, SimplicialComplex):
        raise TypeError(
            f"K must be a SimplicialComplex, got {type(K).__name__}. Lift a graph with "
            "simplex.lifting.clique_complex; of SimplicialData pass the .complex."
        )


def require_steps(num_steps: Any) -> None:
    """Whole numbers, each at least as large as the one before."""
    scalar = getattr(num_steps, "ndim", 1) == 0
    if scalar or isinstance(num_steps, (str, int, float)) or not hasattr(num_steps, "__iter__"):
        raise TypeError(f"num_steps must be a sequence of integers, got {num_steps!r}.")
    before = 0
    for step in num_steps:
        if require_int("num_steps", step, least=0) < before:
            raise ValueError(f"num_steps must increase, got {tuple(num_steps)}.")
        before = step


def require_adjacencies(adjacencies: Any) -> None:
    """A list of names of adjacencies, at least one."""
    allowed = ", ".join(map(repr, ADJACENCIES))
    if not isinstance(adjacencies, Sequence) or isinstance(adjacencies, str):
        raise TypeError(f"adjacencies must be a list of {allowed}, got {adjacencies!r}.")
    if not adjacencies or any(name not in ADJACENCIES for name in adjacencies):
        raise ValueError(f"adjacencies must be among {allowed}, got {adjacencies!r}.")


def require_float_cochains(K: SimplicialComplex, x: Any) -> None:
    """One cochain of floats per dimension, on the device of the complex."""
    if not isinstance(x, Sequence) or isinstance(x, str) or not len(x):
        raise TypeError(
            f"x must be a list of cochains, one per dimension, got {type(x).__name__}. Of lifted "
            "data, pass .cochains()."
        )
    for k, values in enumerate(x):
        if not isinstance(values, Tensor) or not values.is_floating_point():
            got = values.dtype if isinstance(values, Tensor) else type(values).__name__
            raise TypeError(
                f"x[{k}] must be a tensor of floats, got {got}. Convert it with .float()."
            )
        if values.layout != torch.strided:
            raise TypeError(f"x[{k}] must be dense, got {values.layout}. Call .to_dense().")
        if values.ndim != 2 or len(values) != K.num_simplices(k):
            raise ValueError(
                f"x[{k}] must have shape (n_{k}, F) with n_{k} = {K.num_simplices(k)}, got "
                f"{tuple(values.shape)}."
            )
        if values.device != K.device or values.dtype != x[0].dtype:
            raise ValueError(
                f"x[{k}] must be {x[0].dtype} on {K.device}, as x[0] and the complex are, got "
                f"{values.dtype} on {values.device}. Convert it with .to(…)."
            )


def require_words(name: str, words: Any, known: Sequence[str]) -> tuple[str, ...]:
    """Some of the known words, as a tuple; one alone is taken too."""
    listed = (words,) if isinstance(words, str) else words
    if not isinstance(listed, Iterable):
        raise TypeError(f"{name} must be words out of {tuple(known)}, got {shown(words)}.")
    listed = tuple(listed)
    for word in listed:
        require_word(name, word, known)
    return listed


def require_times(name: str, times: Any, least: int = 1) -> tuple[int, ...]:
    """Whole numbers, as a tuple, in any order."""
    if isinstance(times, (str, int, float)) or not isinstance(times, Iterable):
        raise TypeError(f"{name} must be a sequence of integers, got {shown(times)}.")
    return tuple(require_int(name, time, least=least, most=_MOST_STEPS) for time in times)


def require_probes(num_probes: Any) -> int | None:
    """How many random vectors, or ``None`` for all unit vectors."""
    return None if num_probes is None else require_int("num_probes", num_probes, least=1)


def require_reals(name: str, values: Any, most: float) -> tuple[float, ...]:
    """Numbers in (0, most), as a tuple."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name} must be a sequence of numbers, got {shown(values)}.")
    return tuple(require_real(name, value, 0.0, most, open=True) for value in values)
