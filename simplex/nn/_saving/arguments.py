"""Arguments of a constructor as JSON, and back."""

import inspect
import math
import operator
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from functools import partial
from numbers import Integral, Real
from typing import Any

from torch import nn

from simplex.nn._checks import brief
from simplex.nn._saving.names import name_of, value_of


class Refused(str):
    """In the place of a value that no file can hold: what is said when it is to be saved."""


class Arguments(dict[str, Any]):
    """The arguments of a call by name, each as JSON holds it."""


def encode(value: object) -> Any:
    """A value as JSON holds it: words, numbers, lists, and dictionaries with one of the keys below.

    ``name`` a function or class; ``call`` what makes an object, with its ``arguments``; ``partial``
    a function with some; ``pairs`` a dictionary; ``float`` one that is not finite.

    Example:
        >>> import torch
        >>> encode([1, torch.tanh, {0: 2.5}])
        [1, {'name': 'torch.tanh'}, {'pairs': [[0, 2.5]]}]
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Real) and not isinstance(value, Integral):
        return float(value) if math.isfinite(value) else {"float": str(value)}
    if hasattr(value, "__index__") and not isinstance(value, type):
        try:
            return operator.index(value)
        except TypeError:
            return Refused(brief(value))
    if isinstance(value, Mapping):
        return {"pairs": [[encode(key), encode(item)] for key, item in value.items()]}
    if isinstance(value, Set):
        return [encode(item) for item in sorted(value)]
    if isinstance(value, Sequence | nn.ModuleList) and not hasattr(value, "made_with"):
        return [encode(item) for item in value]
    if isinstance(value, partial):
        made = {"partial": _named(value.func), "arguments": encode(value.keywords)}
        return made | ({"positional": encode(value.args)} if value.args else {})
    if isinstance(value, nn.Module) or (is_dataclass(value) and not isinstance(value, type)):
        return _encode_object(value)
    if callable(value):
        return {"name": _named(value)}
    return Refused(brief(value))


def _named(value: Any) -> str:
    return name_of(value) or Refused(brief(value))


def _encode_object(value: Any) -> Any:
    """An object as the call that makes it."""
    kind = type(value)
    made: Arguments | None = getattr(value, "made_with", None)
    if made is None and is_dataclass(kind):
        given = {f.name: getattr(value, f.name) for f in fields(kind) if f.init}
        made = Arguments({name: encode(each) for name, each in given.items()})
    if made is None:  # a module of torch, which keeps its arguments under their names
        made, parameters = Arguments(), inspect.signature(kind).parameters.values()
        for parameter in parameters:
            own = getattr(value, parameter.name, parameter.default)
            if own is not parameter.empty and own is not parameter.default:
                made[parameter.name] = encode(own)
    encoded = {"call": _named(kind), "arguments": {"pairs": [[k, v] for k, v in made.items()]}}
    if refusals(encoded) or hasattr(value, "made_with") or repr(decode(encoded)) == repr(value):
        return encoded
    return Refused(brief(value))


def refusals(value: object) -> list[str]:
    """What no file can hold, in what :func:`encode` has made."""
    if isinstance(value, Refused):
        return [str(value)]
    if isinstance(value, dict):
        return [each for item in value.values() for each in refusals(item)]
    return [each for item in value for each in refusals(item)] if isinstance(value, list) else []


def decode(value: Any) -> Any:
    """The value that :func:`encode` has made JSON of.

    Raises:
        ValueError: it names what a file may not name.
        TypeError: it is no such JSON.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"float"}:
        return float(value["float"])
    if value.keys() == {"pairs"}:
        return {decode(key): decode(item) for key, item in value["pairs"]}
    if value.keys() == {"name"}:
        return value_of(value["name"])
    if value.keys() == {"call", "arguments"}:
        return value_of(value["call"])(**decode(value["arguments"]))
    if value.keys() >= {"partial", "arguments"}:
        positional = decode(value.get("positional", []))
        return partial(value_of(value["partial"]), *positional, **decode(value["arguments"]))
    raise TypeError(f"no value is written so: {brief(value)}.")


def bind(kind: type, args: Sequence[object], options: Mapping[str, object]) -> Arguments:
    """The arguments of ``kind(*args, **options)`` by name; none of a call that fails anyway."""
    names = [
        name
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    given = dict(zip(names, args, strict=False)) | dict(options)
    return Arguments({name: encode(value) for name, value in given.items()})
