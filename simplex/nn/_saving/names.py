"""Functions and classes by the public names under which a file may mention them."""

import importlib
import inspect
import sys
import types
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cache
from typing import Any

import torch
from torch import nn


# Where names are looked for. A file that names anything else, such as a function that reads files
# or runs programs, is refused.
_FUNCTIONS = ("torch", "torch.nn.functional", "torch.special")
_CLASSES = ("torch.nn", "torch_geometric.nn", "simplex.nn", "simplex.diffusion", "simplex.train")


def name_of(value: Callable[..., Any]) -> str | None:
    """The public name of a function or class that may be in a file, ``None`` for any other.

    Example:
        >>> import torch
        >>> name_of(torch.tanh), name_of(torch.nn.GELU), name_of(torch.load)
        ('torch.tanh', 'torch.nn.GELU', None)
    """
    name = getattr(value, "__name__", "")
    modules = _CLASSES if isinstance(value, type) else _FUNCTIONS
    for module in modules:
        if module in sys.modules and _public(module, name) is value:
            return f"{module}.{name}"
    return None


def value_of(name: object) -> Callable[..., Any]:
    """The function or class of that name.

    Raises:
        ValueError: there is none, or it is not among what a file may name.
    """
    module, _, last = str(name).rpartition(".")
    value = None
    if module in _CLASSES or module in _FUNCTIONS:
        importlib.import_module(module)
        value = _public(module, last)
    if value is None:
        raise ValueError(
            f"a file may name the functions of torch and torch.nn.functional and the modules of "
            f"torch.nn, torch_geometric.nn and simplex, got {name!r}."
        )
    return value


@cache
def _public(module: str, name: str) -> Callable[..., Any] | None:
    """What a module has under a name, if it is such that a file may name it."""
    value: Any = None if name.startswith("_") else getattr(sys.modules[module], name, None)
    if isinstance(value, type):
        own = issubclass(value, nn.Module) or (is_dataclass(value) and "simplex" in module)
        return value if module in _CLASSES and own else None
    if module == "torch.nn.functional" and inspect.isfunction(value):
        return value
    # In torch itself and in torch.special the functions of tensors are built in; others, such as
    # torch.load, are not. Of those built in some are no functions of tensors, and one opens files.
    kinds = (types.BuiltinFunctionType, types.BuiltinMethodType)
    if module not in _FUNCTIONS or not isinstance(value, kinds) or name == "from_file":
        return None
    return value if module != "torch" or hasattr(torch._C._VariableFunctions, name) else None
