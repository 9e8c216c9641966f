"""Which transfer function and which solver one map gets, and why."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from optim._checks import require_number, require_word
from optim.detect import Detection, named_transfer
from optim.linear_map import LinearMap
from optim.solvers import Exact, Iterate, Majorise, Solver
from optim.transfers import IDENTITY, NOT_MONOTONE, Transfer, transfer as transfer_of
from optim.trust import Trust


Variant = Literal["M", "S"]
_SQUARED = (Exact, Trust)  # solvers of variant S alone
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
    """The transfer functions that the user names, by module; a string says why there is none."""
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

    What the user gives (a string says why what they named has no matching loss) goes before what
    the graph shows (None before a backward pass); the identity, variant S, is valid always.
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
    if isinstance(solver, Majorise) and math.isinf(transfer.lipschitz):
        return _squared(f"slope of {transfer.name} has no bound", solver, fell_back=True)
    return Choice(transfer, solver, reason)


def _squared(
    reason: str, solver: Solver, *, fell_back: bool = False, pending: bool = False
) -> Choice:
    """Variant S; majorising a quadratic is solving it, so `Majorise` is `Exact` then."""
    if isinstance(solver, Majorise):
        solver = Exact(solver.gram_ema, solver.gram_every)
    return Choice(IDENTITY, solver, reason, fell_back, pending)


def solved_as(
    variant: Variant | None, solver: Solver | str | None, *, trusted: bool
) -> tuple[Any, Any]:
    """Variant and solver from words and defaults, `Trust` if it may be; anything else as it is."""
    if solver is None:
        own = Trust() if trusted else Majorise()
        solver = {None: own, "S": Exact()}.get(variant, Majorise())
    words: Mapping[str, Solver] = {
        "trust": Trust(),
        "exact": Exact(),
        "mm": Majorise(),
        "iter": Iterate(),
    }
    solver = words.get(solver, solver) if isinstance(solver, str) else solver
    if variant is None:
        variant = "S" if isinstance(solver, _SQUARED) else "M"
    return variant, solver


def require_options(options: Mapping[str, Any]) -> None:
    """Refuse the first option of a map's group, where schedulers write, that is not allowed."""
    for name in ("variant", "safeguard"):
        require_word(name, options[name])
    for name in ("lr", "momentum", "prox", "weight_decay"):
        require_number(name, options[name])
    if not isinstance(options["solver"], Solver):
        raise TypeError(
            "`solver` must be Trust(), Exact(), Majorise(), Iterate(), or 'trust', 'exact', 'mm', "
            f"'iter', got {options['solver']!r}."
        )
    if options["variant"] == "M" and isinstance(options["solver"], _SQUARED):
        raise ValueError(
            "`solver` must be Majorise() or Iterate() with variant 'M', got "
            f"{type(options['solver']).__name__}(): only the squared loss of variant 'S' has a "
            "closed form. Use variant='S'."
        )
    if options["safeguard"] != "none" and isinstance(options["solver"], Trust):
        raise ValueError(
            f"`safeguard` must be 'none' with Trust(), got {options['safeguard']!r}: its steps are "
            "bounded already. Leave it out, or give solver='mm'."
        )
