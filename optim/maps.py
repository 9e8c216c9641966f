r"""Which modules of a model are linear maps, and which parameters belong to none.

Linear layers and convolutions are known here; any other module is a map as soon as it has the two
methods of :class:`LinearModule`, or after :func:`register_map`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from optim._checks import require_unsharded
from optim.linear_map import (
    Block,
    LinearMap,
    LinearModule,
    MapAdapter,
    Member,
    convolution_rows,
    flat_rows,
    linear_rows,
)


def _weight_and_bias(module: Any) -> Sequence[nn.Parameter]:
    """Weight and bias if they are parameters of their own (not so under a parametrization)."""
    own = [module._parameters.get(name) for name in ("weight", "bias")]
    return [] if own[0] is None else [parameter for parameter in own if parameter is not None]


_PROTOCOL = MapAdapter(
    rows=lambda module, *inputs, **options: module.locoprop_rows(*inputs, **options),
    weights=lambda module: module.locoprop_weights(),
)


_ADAPTERS: dict[type[nn.Module], MapAdapter] = {
    nn.Linear: MapAdapter(
        rows=linear_rows,
        weights=_weight_and_bias,
        pre=lambda module, output: flat_rows(output),
    ),
    **{
        convolution: MapAdapter(
            rows=convolution_rows,
            weights=_weight_and_bias,
            groups=lambda module: int(module.groups),
            features=lambda module: -1 - len(module.kernel_size),
        )
        for convolution in (nn.Conv1d, nn.Conv2d, nn.Conv3d)
    },
}


def register_map(module_type: type[nn.Module], adapter: MapAdapter) -> None:
    """Makes every module of a type a linear map, for types that cannot have the two methods.

    A subclass counts as its registered base only if it inherits ``forward`` unchanged.

    Args:
        module_type: Class of the modules; an earlier entry of the same class is replaced.
        adapter: How to read them.

    >>> class Doubled(nn.Linear):
    ...     def forward(self, x):
    ...         return 2 * super().forward(x)
    >>> rows = lambda module, x: 2 * linear_rows(module, x)
    >>> register_map(Doubled, MapAdapter(rows, lambda module: [module.weight, module.bias]))
    >>> len(find_maps(Doubled(2, 3))[0])
    1
    """
    _ADAPTERS[module_type] = adapter


def adapter_of(module: nn.Module) -> MapAdapter | None:
    """The adapter that reads a module: its own methods first, then the registered types."""
    if isinstance(module, LinearModule):
        return _PROTOCOL
    for base in type(module).__mro__:
        if base in _ADAPTERS:
            return _ADAPTERS[base] if type(module).forward is base.forward else None
    return None


def _claim(model: nn.Module, excluded: set[str], left: dict[str, str]) -> list[Member]:
    """Modules that are maps, the outermost of nested ones; notes in ``left`` why others are not."""
    members: list[Member] = []
    # Top of a subtree -> why nothing below it is a map of its own, and what the top has claimed.
    closed: dict[str, tuple[str, set[nn.Parameter]]] = {}
    for name, module in model.named_modules():
        own = {key: p for key, p in module._parameters.items() if p is not None}
        if lazy := [key for key, parameter in own.items() if nn.parameter.is_lazy(parameter)]:
            raise ValueError(
                f"parameters must be initialised, got lazy {lazy} in module {name!r}. "
                "Run one forward pass before making the optimiser."
            )
        why, claimed = next((c for top, c in closed.items() if _below(name, top)), ("", set()))
        if not why and name in excluded:
            closed[name] = why, _ = "excluded", set()
        if not why and isinstance(module, nn.MultiheadAttention):
            closed[name] = why, _ = "attention reads its weights without calling the module", set()
        adapter = None if why else adapter_of(module)
        weights = adapter.weights(module) if adapter is not None else []
        if adapter is not None and weights and not any(map(torch.is_complex, weights)):
            members.append(Member(name, module, adapter))
            closed[name] = f"in the map {name!r}, but none of its weights", set(weights)
            continue
        if not why and is_parametrized(module):
            closed[name] = why, _ = "its weight is parametrised", set()
        if not claimed.issuperset(own.values()):
            left[name] = why or _why_no_map(module, weights)
    return members


def _why_no_map(module: nn.Module, weights: Sequence[nn.Parameter]) -> str:
    kind = type(module)
    if weights:
        return "its weight is complex"
    if adapter_of(module) is not None:
        return "its weight is parametrised"  # by hooks: a weight that is no parameter
    if any(base in _ADAPTERS for base in kind.__mro__):
        return f"{kind.__name__} has a forward of its own"
    if kind.__name__ in {known.__name__ for known in _ADAPTERS}:
        return f"{kind.__module__}.{kind.__name__} is no linear map known here"
    return f"{kind.__name__} is no linear map"


def _below(name: str, top: str) -> bool:
    return top in ("", name) or name.startswith(f"{top}.")


def find_maps(
    model: nn.Module, exclude: Iterable[str] = ()
) -> tuple[list[LinearMap], Mapping[str, str]]:
    """The linear maps of a model, and why its other parameters belong to none.

    The outermost map claims all modules inside it. Modules with the same parameters in the same
    layout are one map; modules that share some parameters in different layouts are none.

    Args:
        model: Any module.
        exclude: Names of modules (with all they contain) that are to be no maps.

    Returns:
        The maps in the order of ``named_modules``, and, by module name, the reason for each module
        that holds parameters of its own and is no map.

    Raises:
        ValueError: For lazy parameters before the first forward pass, or an unknown name in
            ``exclude``.

    >>> maps, left = find_maps(nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2)))
    >>> [m.name for m in maps], dict(left)
    (['0'], {'1': 'LayerNorm is no linear map'})
    """
    excluded, names = set(exclude), {name for name, _ in model.named_modules()}
    if not excluded <= names:
        raise ValueError(
            f"`exclude` must name modules of the model, got {sorted(excluded - names)}. "
            "See model.named_modules()."
        )
    left: dict[str, str] = {}
    problems: dict[tuple[tuple[int, int], ...], tuple[list[Member], tuple[Block, ...]]] = {}
    for member in _claim(model, excluded, left):
        groups = member.adapter.groups(member.module)
        blocks = tuple(Block(p, groups) for p in member.adapter.weights(member.module))
        key = tuple(block.layout for block in blocks)
        problems.setdefault(key, ([], blocks))[0].append(member)
    owners: dict[int, list[str]] = {}
    for members, blocks in problems.values():
        for block in blocks:
            owners.setdefault(id(block.parameter), []).append(members[0].name)
    maps = []
    for members, blocks in problems.values():
        rivals = {name for block in blocks for name in owners[id(block.parameter)]}
        if len(rivals) > 1:
            others = ", ".join(map(repr, sorted(rivals - {members[0].name})))
            left.update({m.name: f"shares parameters with {others} otherwise" for m in members})
        else:
            maps.append(LinearMap(tuple(members), blocks))
    return maps, left


def _list_of(left: Mapping[str, str]) -> str:
    """The first reasons why modules are no maps, in brackets."""
    told = [f"{name!r}: {why}" for name, why in [*left.items()][:3]]
    return f" ({'; '.join(told)})" if told else ""


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
    require_unsharded(model)
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
            f"`model` must have a linear map that is not excluded, got modules {', '.join(kinds)}"
            f"{_list_of(left)}. "
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
