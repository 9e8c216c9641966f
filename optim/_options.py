"""The options of a parameter group of LocoProp, and what values they may take."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, TypedDict

from torch import Tensor

from optim._detect import Detection, named_transfer
from optim._linear_map import LinearMap
from optim._transfer import IDENTITY, NOT_MONOTONE, Transfer, transfer as transfer_of


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


TransferLike = str | Transfer | Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Choice:
    """The transfer and the solver of one local problem, and why.

    Attributes:
        transfer: f of the matching loss; identity is variant S.
        solver: The solver.
        reason: Where f comes from, in words.
        fell_back: Whether a map of variant M has to be solved as S.
        pending: Whether f is not known before a backward pass.
    """

    transfer: Transfer
    solver: Solver
    reason: str
    fell_back: bool = False
    pending: bool = False


def given_transfers(
    transfer: str | Mapping[str, TransferLike], maps: Sequence[LinearMap]
) -> dict[str, Transfer | str]:
    """The transfer functions that the user names, by module; a string says why there is none.

    Raises:
        TypeError: ``transfer`` is neither "auto" nor a mapping.
        ValueError: An unknown module or function.
    """
    if isinstance(transfer, str) and transfer == "auto":
        return {}
    if not isinstance(transfer, Mapping):
        raise TypeError(
            f"`transfer` must be 'auto' or a mapping from module names, got {transfer!r}. "
            "Write {'name of the module': 'tanh'}."
        )
    members = [member.name for each in maps for member in each.members]
    if unknown := sorted(set(transfer) - set(members)):
        raise ValueError(
            f"`transfer` must name covered maps, got {', '.join(map(repr, unknown))}. "
            f"The maps are {', '.join(map(repr, members))}."
        )
    given: dict[str, Transfer | str] = {}
    for name, value in transfer.items():
        word = value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)
        monotone = word.lower() not in NOT_MONOTONE
        given[name] = transfer_of(value) if monotone else f"{word} is not monotone"
    return given


def choose(
    given: Transfer | str | None, detected: Detection | None, variant: Variant, solver: Solver
) -> Choice:
    """The transfer and the solver of one local problem.

    What the user gives goes before what the graph shows; the identity, variant S, is valid always.

    Args:
        given: The user's transfer, or why the one they named has no matching loss.
        detected: What the autograd graph shows; None before the first backward pass.
        variant: The group's variant.
        solver: The group's solver.
    """
    if variant == "S":
        return _squared("variant S", solver)
    if isinstance(given, str):
        return _squared(given, solver, fell_back=True)
    if given is not None:
        transfer, reason = given, "given"
    elif detected is None:
        return _squared("no backward pass yet", solver, pending=True)
    elif detected.transfer is None:
        return _squared(f"no matching loss for {detected.reason}", solver, fell_back=True)
    else:
        transfer, reason = named_transfer(detected.transfer), f"found {detected.reason}"
    if transfer is IDENTITY:
        return _squared(reason, solver)
    if solver == "mm" and math.isinf(transfer.lipschitz):
        return _squared(f"slope of {transfer.name} has no bound", solver, fell_back=True)
    return Choice(transfer, solver, reason)


def _squared(
    reason: str, solver: Solver, *, fell_back: bool = False, pending: bool = False
) -> Choice:
    """Variant S; majorising a quadratic is solving it, so mm is exact then."""
    return Choice(IDENTITY, "exact" if solver == "mm" else solver, reason, fell_back, pending)
