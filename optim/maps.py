r"""Which modules of a model are linear maps, and which parameters belong to none.

Linear layers, convolutions, attention, recurrent layers and embeddings are known here; any other
module is a map as soon as it has the two methods of :class:`LinearModule`, or after
:func:`register_map`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.nn.utils import parametrizations
from torch.nn.utils.parametrize import is_parametrized

from optim._checks import require_unsharded
from optim.attention import attention_maps
from optim.blocks import Block, NormedBlock
from optim.linear_map import (
    LinearMap,
    LinearModule,
    MapAdapter,
    Member,
    convolution_rows,
    flat_rows,
    linear_rows,
    own_parameters,
)
from optim.recurrent import cell_maps, recurrent_maps
from optim.tables import table_maps


def _weight_and_bias(module: Any) -> Sequence[nn.Parameter | Block]:
    """Weight and bias if they are parameters of their own, or the weight is under a weight norm."""
    normed = _normed(module)
    if normed is None:
        return own_parameters(module, "weight", "bias")
    biases = own_parameters(module, "bias")
    return [normed, *biases] if biases or module.bias is None else []


def _normed(module: Any) -> NormedBlock | None:
    """The weight in polar coordinates; None for other parametrizations, and several."""
    chain = list(module.parametrizations["weight"]) if is_parametrized(module, "weight") else []
    if len(chain) != 1 or not isinstance(chain[0], parametrizations._WeightNorm):
        return None
    made = module.parametrizations["weight"]
    magnitude, direction = made.original0, made.original1
    return NormedBlock(direction, module_groups(module), magnitude=magnitude, dim=chain[0].dim)


def module_groups(module: Any) -> int:
    """The groups of a convolution; 1 of anything else."""
    return int(getattr(module, "groups", 1))


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
            groups=module_groups,
            features=lambda module: -1 - len(module.kernel_size),
        )
        for convolution in (nn.Conv1d, nn.Conv2d, nn.Conv3d)
    },
}


# Modules that are several maps, or none, by the names of the maps in the module:
_PARTED: Mapping[type[nn.Module], Callable[[Any], Mapping[str, MapAdapter]]] = {
    nn.MultiheadAttention: attention_maps,
    nn.Embedding: table_maps,
    **dict.fromkeys((nn.RNNCell, nn.LSTMCell, nn.GRUCell), cell_maps),
    **dict.fromkeys((nn.RNN, nn.LSTM, nn.GRU), recurrent_maps),
}
_REST: Mapping[type[nn.Module], str] = {  # why some of their parameters are of no map
    nn.MultiheadAttention: "added keys, and the bias of projections of unequal widths, are no map",
    nn.Embedding: "its gradient is scaled by frequency",
    **dict.fromkeys(
        (nn.RNN, nn.LSTM, nn.GRU), "layers behind a dropout or a projection hide their inputs"
    ),
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


def adapters_of(module: nn.Module) -> Mapping[str, MapAdapter]:
    """The adapters that read a module, by the names of its maps in it: "" for a single one.

    Its own methods go before the registered types.
    """
    if isinstance(module, LinearModule):
        return {"": _PROTOCOL}
    for base in type(module).__mro__:
        if base in _ADAPTERS or base in _PARTED:
            if _forward(type(module)) is not _forward(base):
                return {}
            return {"": _ADAPTERS[base]} if base in _ADAPTERS else _PARTED[base](module)
    return {}


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
        if name in excluded and why != "excluded":
            why = "excluded"
            closed = {name: (why, claimed), **closed}
        found = [] if why else _members(name, module)
        parts = [each for each in found if each.name == name or each.name not in excluded]
        if parts:
            members += parts
            claimed = {p for each in parts for block in each.blocks() for p in block.parameters}
            closed[name] = f"in the map {name!r}, but none of its weights", claimed
            if parts[0].name != name and not claimed.issuperset(own.values()):
                left[name] = "excluded" if len(parts) < len(found) else _why_rest(module)
            continue
        if not why and isinstance(module, nn.MultiheadAttention):
            closed[name] = why, _ = "attention reads its weights without calling the module", set()
        if not why and is_parametrized(module):
            closed[name] = why, _ = "its weight is parametrised", set()
        if not claimed.issuperset(own.values()):
            left[name] = why or _why_no_map(module)
    return members


def _members(name: str, module: nn.Module) -> list[Member]:
    """The maps of a module, those with real weights."""
    found = [
        Member(_name(name, part), module, adapter) for part, adapter in adapters_of(module).items()
    ]
    return [each for each in found if (blocks := each.blocks()) and not _complex(blocks)]


def _name(module: str, part: str) -> str:
    return ".".join(filter(None, (module, part)))


def _complex(blocks: Iterable[Block]) -> bool:
    return any(parameter.is_complex() for block in blocks for parameter in block.parameters)


def _forward(kind: Any) -> Any:
    return kind.forward


def _why_rest(module: nn.Module) -> str:
    return next(why for base, why in _REST.items() if isinstance(module, base))


def _why_no_map(module: nn.Module) -> str:
    kind, adapters = type(module), adapters_of(module)
    if any(adapter.weights(module) for adapter in adapters.values()):
        return "its weight is complex"
    if adapters:
        return "its weight is parametrised"  # by hooks: a weight that is no parameter
    known = [base for base in kind.__mro__ if base in _ADAPTERS or base in _PARTED]
    if known:
        own = _forward(kind) is not _forward(known[0])
        return f"{kind.__name__} has a forward of its own" if own else _why_rest(module)
    if kind.__name__ in {known.__name__ for known in _ADAPTERS}:
        return f"{kind.__module__}.{kind.__name__} is no linear map known here"
    return f"{kind.__name__} is no linear map"


def _below(name: str, top: str) -> bool:
    return top in ("", name) or name.startswith(f"{top}.")


def find_maps(
    model: nn.Module, exclude: Iterable[str] = ()
) -> tuple[list[LinearMap], Mapping[str, str]]:
    """The linear maps of a model, and why its other parameters belong to none.

    The outermost map claims all modules inside it. Modules that share parameters in the same layout
    are one map, those that read them in different layouts are none. A module may be several maps,
    ``attn.in_proj`` and ``attn.out_proj`` say.

    Args:
        model: Any module.
        exclude: Names of modules (with all they contain), or of maps, that are to be none.

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
    parts = {
        _name(name, part) for name, module in model.named_modules() for part in adapters_of(module)
    }
    if not excluded <= names | parts:
        raise ValueError(
            f"`exclude` must name modules of the model, got {sorted(excluded - names - parts)}. "
            "See model.named_modules()."
        )
    left: dict[str, str] = {}
    maps = []
    for members in _sharing(_claim(model, excluded, left)):
        blocks = {block.layout: block for member in members for block in member.blocks()}
        if _fit(members, blocks.values()):
            maps.append(LinearMap(tuple(members), tuple(blocks.values())))
            continue
        for member in members:
            others = ", ".join(repr(each.name) for each in members if each is not member)
            left[member.name] = f"shares parameters with {others} otherwise"
    return maps, left


def _sharing(members: Iterable[Member]) -> list[list[Member]]:
    """Members that share parameters together, directly or through others, in order."""
    sets: list[tuple[list[Member], set[nn.Parameter]]] = []
    for member in members:
        own = {p for block in member.blocks() for p in block.parameters}
        meets = [each for each in sets if not own.isdisjoint(each[1])]
        if not meets:
            sets.append(([member], own))
            continue
        first, *others = meets
        for other, parameters in others:
            first[0].extend(other)
            first[1].update(parameters)
        first[0].append(member)
        first[1].update(own)
        sets = [each for each in sets if all(each is not other for other in others)]
    return [each for each, _ in sets]


def _fit(members: Sequence[Member], blocks: Iterable[Block]) -> bool:
    """Whether the members read their parameters in one layout, and one table at most."""
    parameters = [parameter for block in blocks for parameter in block.parameters]
    outputs = {(block.groups, block.parameter.shape[0]) for block in blocks}
    if len(set(parameters)) < len(parameters) or len(outputs) > 1:
        return False
    tables = {block.layout for m in members if m.adapter.lookup for block in m.blocks()}
    if not tables:
        return True
    return len(tables) == 1 and all(type(b) is Block and b.groups == 1 for b in blocks)


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


def _holder(model: nn.Module, name: str) -> nn.Module:
    """The module of that name, or the one that has a part of that name."""
    if name in dict(model.named_modules()):
        return model.get_submodule(name)
    return model.get_submodule(name.rpartition(".")[0])


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
    members = [member for each in found for member in each.members]
    inside = tuple(f"{each.name}." if each.name else "" for each in members)
    claimed = {p: each.module for each in members for b in each.blocks() for p in b.parameters}
    outside = {  # read by a module that is no map: p.grad is then not ZᵀG of the map alone
        parameter
        for name in left
        if not name.startswith(inside)
        for parameter in _holder(model, name).parameters(recurse=False)
        if claimed.get(parameter) is not _holder(model, name)
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
        if not covered.issuperset(_holder(model, name).parameters(recurse=False))
    }
    if len(maps) < len(found):
        reasons.add("parameters are shared with a module that is no linear map")
    names = {parameter: name for name, parameter in model.named_parameters()}
    return Cover(maps, rest, names, tuple(sorted(reasons)))
