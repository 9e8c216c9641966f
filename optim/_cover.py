"""Which parameter belongs to which local problem, and which to none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from optim._maps import LinearMap, find_maps


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
        ValueError: The model has no linear map, or frozen ones only.
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
    members = [member.name for each in found for member in each.members]
    inside = tuple(f"{name}." if name else "" for name in members)
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
    if not any(each.trainable for each in maps):
        raise ValueError(
            "`model` must have a linear map with a parameter that requires a gradient, got frozen "
            "maps only. Thaw some with `requires_grad_()` first."
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
