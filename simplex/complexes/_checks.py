"""What every package of the library refuses in the same words: numbers and words out of range."""

import math
import os
from collections.abc import Collection, Hashable
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np
import torch


if TYPE_CHECKING:
    from simplex.complexes._complex import SimplicialComplex

HIGHEST_DIM = 10_000  # of cochains, as each dimension is a tensor of its own


def require_int(name: str, value: object, least: int | None = None, most: int | None = None) -> int:
    """An integer in its range, of Python or numpy, as one of Python.

    Raises:
        TypeError: no integer; a bool is none.
        ValueError: out of range.

    Example:
        >>> require_int("max_dim", 2, least=0)
        2
    """
    if type(value) is not int:  # the usual kind needs no look at its class
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise TypeError(f"{name} must be an integer, got {shown(value)}.")
        value = int(value)
    if least == 0 and value < 0:
        raise ValueError(f"{name} must be non-negative, got {value}.")
    if least is not None and most is not None and not least <= value <= most:
        raise ValueError(f"{name} must be an integer from {least} to {most}, got {value}.")
    if least is not None and value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}.")
    if most is not None and value > most:
        raise ValueError(f"{name} must be at most {most}, got {value}.")
    return value


def require_real(
    name: str,
    value: object,
    least: float = -math.inf,
    most: float = math.inf,
    *,
    open: bool = False,
) -> float:
    """A finite number in [least, most], or with ``open`` in (least, most), as a float.

    Raises:
        TypeError: no number; a bool is none.
        ValueError: out of range, infinite or NaN.

    Example:
        >>> require_real("dropout", 0.5, 0, 1)
        0.5
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {shown(value)}.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    inside = least < number < most if open else least <= number <= most
    if not (math.isfinite(number) and inside):
        left, right = ("(", ")") if open else ("[", "]")
        left, right = "(" if least == -math.inf else left, ")" if most == math.inf else right
        allowed = f"{left}{least}, {most}{right}".replace("inf", "∞")
        raise ValueError(f"{name} must be a finite number in {allowed}, got {value}.")
    return number


def require_flag(name: str, value: object) -> None:
    """Yes or no: a bool, or 0 or 1.

    Raises:
        TypeError: anything else, such as an array, whose truth is a matter of opinion.

    Example:
        >>> require_flag("signed", True)
    """
    if not isinstance(value, (bool, int, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {shown(value)}.")


def require_generator(generator: object) -> None:
    """A generator of torch or ``None``, and no seed.

    Raises:
        TypeError: anything else.

    Example:
        >>> require_generator(torch.Generator().manual_seed(0))
    """
    if generator is not None and not isinstance(generator, torch.Generator):
        seed = generator if isinstance(generator, int) else 0
        raise TypeError(
            f"generator must be a torch.Generator or None, got {shown(generator)}. For a seed give "
            f"torch.Generator().manual_seed({int(seed)})."
        )


def require_word(name: str, value: object, words: Collection[object]) -> None:
    """One of a few words.

    Raises:
        ValueError: another value.

    Example:
        >>> require_word("aggr", "sum", ("sum", "mean"))
    """
    if not (isinstance(value, Hashable) and value in words):  # lists and arrays are no words
        allowed = ", ".join(map(repr, words))
        raise ValueError(f"{name} must be one of {allowed}, got {shown(value)}.")


def require_complex(name: str, value: object) -> "SimplicialComplex":
    """The value itself, if it is a complex and not, say, a graph that has not been lifted.

    Raises:
        TypeError: another kind of value.

    Example:
        >>> from simplex import SimplicialComplex
        >>> require_complex("K", SimplicialComplex(1))
        SimplicialComplex(f_vector=(1,))
    """
    from simplex.complexes._complex import SimplicialComplex

    if not isinstance(value, SimplicialComplex):
        raise TypeError(
            f"{name} must be a SimplicialComplex, got {type(value).__name__}. Lift a graph with "
            "simplex.lifting.clique_complex; build one of vertex tuples with "
            "SimplicialComplex.from_simplices; put several together with "
            "SimplicialComplex.disjoint_union."
        )
    return value


def require_undirected(name: str, value: object) -> "SimplicialComplex":
    """The value itself, if it is a complex whose simplices are sets of vertices.

    Raises:
        TypeError: no complex.
        ValueError: a directed one.

    Example:
        >>> from simplex import SimplicialComplex
        >>> require_undirected("K", SimplicialComplex(1))
        SimplicialComplex(f_vector=(1,))
    """
    K = require_complex(name, value)
    if K.directed:
        raise ValueError(
            f"{name} must be a complex whose simplices are sets of vertices, got a directed one. "
            "Forget the directions with simplex.lifting.clique_complex of the edges."
        )
    return K


def require_path(name: str, value: object) -> None:
    """What names a file or a folder.

    Raises:
        TypeError: anything else.

    Example:
        >>> require_path("path", "graph.edges")
    """
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be a string or a path, got {shown(value)}.")


def shown(value: object) -> str:
    """A value as an error names it: in one short line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{type(value).__name__} {text[:60]}…"
