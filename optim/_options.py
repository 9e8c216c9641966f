"""The options of a parameter group of LocoProp, and what values they may take."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypedDict


Variant = Literal["M", "S"]
Solver = Literal["exact", "mm", "iter"]

SOLVER_OF: Mapping[str, Solver] = {"M": "mm", "S": "exact"}
LEARNING_RATE_OF: Mapping[str, float] = {"exact": 0.2, "mm": 0.2, "iter": 1e-2}

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


def require_options(options: Mapping[str, Any]) -> None:
    """Raise a ValueError that names the first option whose value is not allowed."""
    for name in options.keys() & _WORDS.keys():
        require_word(name, options[name])
    for name, (allowed, holds) in _RANGES.items():
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
