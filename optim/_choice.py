"""How one local problem is posed and solved: its transfer function, its solver, and why."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from optim._detect import Detection, named_transfer
from optim._maps import LinearMap
from optim._options import Solver, Variant
from optim._transfer import IDENTITY, NOT_MONOTONE, Transfer
from optim._transfer import transfer as transfer_of


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
