"""The options of a parameter group of LocoProp, and what values they may take."""

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, Literal, TypedDict

from torch import Tensor


Variant = Literal["M", "S"]
Solver = Literal["exact", "mm", "iter"]

SOLVER_OF: Mapping[str, Solver] = {"M": "mm", "S": "exact"}
LEARNING_RATE_OF: Mapping[str, float] = {"exact": 0.1, "mm": 0.1, "iter": 1e-2}

_OF_SOLVERS: Mapping[str, tuple[Any, tuple[Solver, ...]]] = {  # default, who reads it
    "inner": ("nesterov", ("iter",)),
    "gamma": (1.0, ("iter",)),
    "local_reduction": ("mean", ("iter",)),
    "lr_floor": (0.25, ("iter",)),
    "reset_inner": (False, ("iter",)),
    "gram_ema": (0.0, ("exact", "mm")),
    "gram_every": (1, ("exact", "mm")),
}

_WORDS = {
    "variant": ("M", "S"),
    "solver": ("exact", "mm", "iter"),
    "local_reduction": ("mean", "sum"),
    "safeguard": ("none", "backtrack"),
    "loss_reduction": ("mean", "sum"),
    "nonfinite": ("raise", "skip"),
}
_RANGES: Mapping[str, tuple[str, Callable[[float], bool]]] = {
    "lr": ("in [0, inf)", lambda value: 0 <= value < math.inf),
    "gamma": ("in (0, inf)", lambda value: 0 < value < math.inf),
    "momentum": ("in [0, 1)", lambda value: 0 <= value < 1),
    "prox": ("in [0, inf)", lambda value: 0 <= value < math.inf),
    "weight_decay": ("in [0, inf)", lambda value: 0 <= value < math.inf),
    "lr_floor": ("in [0, 1]", lambda value: 0 <= value <= 1),
    "gram_ema": ("in [0, 1)", lambda value: 0 <= value < 1),
    "local_steps": ("a positive integer", lambda value: value >= 1 and value == int(value)),
    "gram_every": ("a positive integer", lambda value: value >= 1 and value == int(value)),
}


class Options(TypedDict):
    """What a parameter group says about its local problem; see `LocoProp` for the meanings."""

    variant: Variant
    solver: Solver
    lr: float
    gamma: float
    momentum: float
    prox: float
    local_steps: int
    lr_floor: float
    local_reduction: Literal["mean", "sum"]
    reset_inner: bool
    gram_ema: float
    gram_every: int
    safeguard: Literal["none", "backtrack"]
    weight_decay: float


def of_solver(solver: Solver, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that not every solver reads: what is given, defaults for what is None.

    Raises:
        ValueError: An option is given that the solver would ignore.
    """
    for name, value in given.items():
        _, readers = _OF_SOLVERS[name]
        if value is not None and solver not in readers:
            raise ValueError(
                f"`{name}` must be left out with solver {solver!r}, which does not read it, got "
                f"{value!r}. It is for solver={' or '.join(map(repr, readers))}."
            )
    return {name: _OF_SOLVERS[name][0] if value is None else value for name, value in given.items()}


def require_options(options: Mapping[str, Any]) -> None:
    """Raise a ValueError (TypeError) that names the first option whose value is not allowed."""
    for name in options.keys() & _WORDS.keys():
        require_word(name, options[name])
    for name, (allowed, holds) in _RANGES.items():
        if not isinstance(options[name], Real | Tensor):
            raise TypeError(f"`{name}` must be a number, {allowed}, got {options[name]!r}.")
        if not holds(options[name]):
            raise ValueError(f"`{name}` must be {allowed}, got {options[name]!r}.")
    if options["variant"] == "M" and options["solver"] == "exact":
        raise ValueError(
            "`solver` must be 'mm' or 'iter' with variant 'M', got 'exact': only the squared loss "
            "of variant 'S' has a closed form. Use solver='mm', or variant='S'."
        )


def require_word(name: str, value: object) -> None:
    """Raise a ValueError if the option of that name has a value that is not one of its words."""
    words = _WORDS[name]
    if value not in words:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, words))}, got {value!r}.")
