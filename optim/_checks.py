"""What the optimiser refuses, in words that name the cause and the remedy."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from optim.linear_map import LinearMap
from optim.transfers import IDENTITY, Transfer


_WORDS = {
    "variant": ("M", "S"),
    "reduction": ("mean", "sum"),
    "safeguard": ("none", "backtrack"),
    "loss_reduction": ("mean", "sum"),
    "nonfinite": ("raise", "skip"),
}


def _positive_integer(value: float) -> bool:
    return value >= 1 and value == int(value)


_RANGES: Mapping[str, tuple[str, Callable[[float], bool]]] = {
    "lr": ("in [0, inf)", lambda value: 0 <= value < math.inf),
    "momentum": ("in [0, 1)", lambda value: 0 <= value < 1),
    "prox": ("in [0, inf)", lambda value: 0 <= value < math.inf),
    "weight_decay": ("in [0, inf)", lambda value: 0 <= value < math.inf),
    "floor": ("in [0, 1]", lambda value: 0 <= value <= 1),
    "gram_ema": ("in [0, 1)", lambda value: 0 <= value < 1),
    "steps": ("a positive integer", _positive_integer),
    "gram_every": ("a positive integer", _positive_integer),
    "largest_gram": ("a positive integer", _positive_integer),
}


def require_word(name: str, value: object) -> None:
    """Raise a ValueError if the option of that name has a value that is not one of its words."""
    words = _WORDS[name]
    if value not in words:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, words))}, got {value!r}.")


def require_number(name: str, value: Any) -> None:
    """Raise a TypeError for what is no number, a ValueError for one out of the option's range."""
    allowed, holds = _RANGES[name]
    if not isinstance(value, Real | Tensor):
        raise TypeError(f"`{name}` must be a number, {allowed}, got {value!r}.")
    if not holds(value):  # type: ignore[arg-type]
        raise ValueError(f"`{name}` must be {allowed}, got {value!r}.")


def require_rule(value: Any) -> None:
    """Raise a TypeError for what is no inner rule: a torch optimiser, the class of a rule."""
    if isinstance(value, type) or not (hasattr(value, "slots") and hasattr(value, "step_")):
        raise TypeError(
            f"`rule` must be an object with slots and step_, got {value!r}. "
            "Give one of optim.inner, RMSProp() say; optimisers of torch are no inner rules."
        )


def require_unsharded(model: nn.Module) -> None:
    """Raise a ValueError for a model of which this process has pieces only (FSDP, DTensor)."""
    kinds = [type(each) for each in (*model.modules(), *model.parameters())]
    names = {base.__name__ for kind in kinds for base in kind.__mro__}
    if sharded := names & {"DTensor", "FullyShardedDataParallel", "FSDPModule"}:
        raise ValueError(
            f"`model` must have whole parameters, got sharded ones ({', '.join(sorted(sharded))}): "
            "a local problem needs all columns of its map. Train without FSDP or tensor "
            "parallelism, or take a first-order optimiser."
        )


def require_squared(transfer: Transfer, solver: str) -> None:
    """Raise a ValueError for a matching loss that has no closed form."""
    if transfer is not IDENTITY:
        raise ValueError(
            f"`transfer` must be the identity for {solver}, got {transfer.name!r}: only the "
            "squared loss of variant 'S' has a closed form. Use Majorise()."
        )


def require_fallback(fallback: Any, *, made: bool = False) -> None:
    """Raise a TypeError for what makes no optimiser, or for what was ``made`` and is none."""
    if not isinstance(fallback, Optimizer) and (made or not callable(fallback)):
        raise TypeError(
            "`fallback` must make a torch optimiser of the parameters it is given, got "
            f"{fallback!r}. Write fallback=lambda params: torch.optim.SGD(params, lr=0.1), for "
            "instance."
        )


def require_closure_free(optimiser: Any) -> None:
    """Raise a ValueError for an optimiser whose step must be given a closure, as L-BFGS."""
    closure = inspect.signature(optimiser.step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        raise ValueError(
            f"`fallback` must make an optimiser that steps without a closure, got "
            f"{type(optimiser).__name__}. Take a first-order one such as torch.optim.AdamW."
        )


def require_fitting_state(groups: list[dict[str, Any]], saved: list[dict[str, Any]]) -> None:
    """Raise a ValueError if saved parameter groups are not those of the same model."""
    if len(saved) != len(groups):
        raise ValueError(
            f"`state_dict` must have {len(groups)} parameter groups, one for each covered map and "
            f"the fallback, got {len(saved)}. Save the state of a LocoProp of the same model."
        )
    names, found = ([group.get("name") for group in each] for each in (groups, saved))
    if found != names:
        raise ValueError(
            f"names of the parameter groups of `state_dict` must be {names}, got {found}. "
            "Make this optimiser with the same model and `exclude` as the saved one."
        )
    for group, other in zip(groups, saved, strict=True):
        if other.get("shapes") != group["shapes"]:
            raise ValueError(
                f"shapes of the parameters of group {group['name']!r} must be {group['shapes']}, "
                f"got {other.get('shapes')}. Load the state into the model it was saved with."
            )


def first_nonfinite(tensors: Sequence[Tensor]) -> int | None:
    """Place of the first tensor that has a NaN or an infinity; None if there is none."""
    entries = [_entries(tensor) for tensor in tensors]
    sums = [each.sum(dtype=torch.promote_types(each.dtype, torch.float32)) for each in entries]
    finite = [torch.isfinite(each).to(sums[0].device) for each in sums]
    if not finite or bool(torch.stack(finite).all()):  # one quick pass; sums keep NaN and infinity
        return None
    places = (k for k, each in enumerate(entries) if not bool(torch.isfinite(each).all()))
    return next(places, None)  # a sum of finite numbers may be infinite


def _entries(tensor: Tensor) -> Tensor:
    """The stored entries, of a dense or a sparse tensor."""
    return tensor.coalesce().values() if tensor.is_sparse else tensor


def require_same_parameters(map: LinearMap) -> None:
    """Raise a RuntimeError where a module's parameters are others than those that are trained."""
    known = {block.layout for block in map.blocks}
    found = {member: member.blocks() for member in map.members}
    missing = known - {block.layout for blocks in found.values() for block in blocks}
    for member, blocks in found.items():
        complex = any(p.is_complex() for block in blocks for p in block.parameters)
        if missing or complex or not known.issuperset(block.layout for block in blocks):
            raise RuntimeError(
                f"parameters of map {member.name!r} must be those that the optimiser was made "
                "with, got others. Shard, parametrise, convert and load with assign=True before "
                "the optimiser is made; make a new LocoProp now."
            )
