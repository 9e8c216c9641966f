"""Which parameter belongs to which local problem, and which transfer function each problem has."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from optim._detect import Detection, named_transfer
from optim._maps import LinearMap, find_maps
from optim._options import Solver, Variant
from optim._transfer import IDENTITY, NOT_MONOTONE, Transfer
from optim._transfer import transfer as transfer_of


TransferLike = str | Transfer | Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Cover:
    """The local problems of a model and the parameters that have none.

    Attributes:
        maps: The covered linear maps.
        rest: Parameters of no map, in the order of ``model.parameters()``.
        names: Name of each parameter.
        reasons: Why the parameters of ``rest`` are of no map.
    """

    maps: tuple[LinearMap, ...]
    rest: tuple[nn.Parameter, ...]
    names: Mapping[nn.Parameter, str]
    reasons: tuple[str, ...]


def cover(model: nn.Module, exclude: Sequence[str]) -> Cover:
    """Find the linear maps of a model; a weight that other modules read too is of no map.

    Raises:
        TypeError: ``model`` is no module, or ``exclude`` is one name.
        ValueError: The model has no linear map.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"`model` must be an nn.Module, got {type(model).__name__}. "
            "Local problems need the layers: give `model`, not `model.parameters()`."
        )
    if isinstance(exclude, str):
        raise TypeError(
            f"`exclude` must be a sequence of names, got {exclude!r}. Write ({exclude!r},)."
        )
    found, left = find_maps(model, exclude)
    inside = tuple(f"{member.name}." for each in found for member in each.members if member.name)
    outside = {  # an embedding tied to the head: p.grad is then not the head's ZᵀG alone
        parameter
        for name in left
        if not name.startswith(inside)
        for parameter in model.get_submodule(name).parameters(recurse=False)
    }
    maps = tuple(each for each in found if outside.isdisjoint(each.parameters))
    if not maps:
        kinds = sorted({type(module).__name__ for module in model.modules()})
        raise ValueError(
            f"`model` must have a linear map that is not excluded, got modules {', '.join(kinds)}. "
            "Write `locoprop_rows` and `locoprop_weights`, call `register_map`, or take another "
            "optimiser."
        )
    covered = {parameter for each in maps for parameter in each.parameters}
    rest = tuple(p for p in model.parameters() if p not in covered)
    reasons = {
        reason
        for name, reason in left.items()
        if not covered.issuperset(model.get_submodule(name).parameters(recurse=False))
    }
    if len(maps) < len(found):
        reasons.add("parameters are shared with a module that is no linear map")
    names = {parameter: name for name, parameter in model.named_parameters()}
    return Cover(maps, rest, names, tuple(sorted(reasons)))


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


def choose_transfer(
    given: Transfer | str | None, detected: Detection | None, variant: Variant, solver: Solver
) -> tuple[Transfer, str, bool]:
    """The transfer of one local problem, why, and whether variant M had to fall back to S.

    What the user gives goes before what the graph shows; the identity (variant S) is valid always.
    """
    if variant == "S":
        return IDENTITY, "variant S", False
    if isinstance(given, str):
        return IDENTITY, given, True
    if given is not None:
        transfer, reason = given, "given"
    elif detected is None:
        return IDENTITY, "the graph was not seen", True
    elif detected.transfer is None:
        return IDENTITY, f"no matching loss for {detected.reason}", True
    else:
        transfer, reason = named_transfer(detected.transfer), f"found {detected.reason}"
    if solver == "mm" and math.isinf(transfer.lipschitz):
        return IDENTITY, f"the slope of {transfer.name} has no bound for solver 'mm'", True
    return transfer, reason, False
