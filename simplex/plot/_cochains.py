"""Values of simplices by names, in the forms that people have them, for colouring."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, shown
from simplex.plot._checks import as_numbers


_MOST_CHANNELS = 32


class Cochain(NamedTuple):
    """Values by dimension: (n_k,) float64 or ``None``; of categories, numbers of their words."""

    name: str
    values: tuple[Tensor | None, ...]
    words: tuple[str, ...] | None = None
    is_flow: bool = False


def read_cochains(K: SimplicialComplex, colors: Any, called: str = "colors") -> list[Cochain]:
    """What is given by names, channel by channel.

    Raises:
        TypeError: no mapping from names, or values that are neither numbers nor words.
        ValueError: another number of values than there are simplices, or one that fits several
            dimensions.
    """
    if not isinstance(colors, Mapping) or not all(isinstance(name, str) for name in colors):
        raise TypeError(
            f"{called} must be a mapping from names to values, got {shown(colors)}. Give "
            "{'degree': values}."
        )
    found: list[Cochain] = []
    for name, given in colors.items():
        what = f"{called}[{name!r}]"
        found += _channels(name, _read(what, _by_dimension(K, what, given)), what)
    return found


def read_flows(K: SimplicialComplex, flows: Any) -> list[Cochain]:
    """What runs along edges, by names; refused where there are values of other simplices."""
    given = flows
    if isinstance(flows, Mapping):
        given = {name: v if isinstance(v, Mapping) else {1: v} for name, v in flows.items()}
    found = read_cochains(K, given, "flows")
    for cochain in found:
        if cochain.words is not None or any(
            values is not None for k, values in enumerate(cochain.values) if k != 1
        ):
            raise ValueError(
                f"flows[{cochain.name!r}] must be numbers on edges, got words or other dimensions. "
                "Give what has no direction as colors."
            )
    return [cochain._replace(is_flow=True) for cochain in found]


def _by_dimension(K: SimplicialComplex, what: str, given: Any) -> list[Any]:
    """For each k in 0 … dim what is given, or ``None``."""
    by_k: list[Any] = [None] * max(K.dim + 1, 1)
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif isinstance(given, Sequence) and any(_is_column(item) for item in given):
        pairs = [(k, values) for k, values in enumerate(given) if values is not None]
    else:
        pairs = [(_only_dimension(K, what, given), given)]
    for k, values in pairs:
        if isinstance(k, bool) or not isinstance(k, int) or not 0 <= k < len(by_k):
            raise ValueError(f"{what} must be for dimensions 0 … {max(K.dim, 0)}, got {shown(k)}.")
        if _length(values) != K.num_simplices(k):
            raise ValueError(
                f"{what} must have a value for each of the {K.num_simplices(k)} "
                f"simplices of dimension {k}, got {_length(values)}."
            )
        by_k[k] = values
    return by_k


def _is_column(item: Any) -> bool:
    is_plain = isinstance(item, (str, Mapping)) or not hasattr(item, "__len__")
    return not is_plain and getattr(item, "ndim", 1) > 0


def _length(values: Any) -> int | None:
    if not _is_column(values):
        return None
    return len(values)


def _only_dimension(K: SimplicialComplex, what: str, values: Any) -> int:
    fits = [k for k in range(K.dim + 1) if K.num_simplices(k) == _length(values)]
    if len(fits) == 1:
        return fits[0]
    if not fits:
        raise ValueError(
            f"{what} must have a value for each simplex of one dimension, "
            f"{', '.join(map(str, K.f_vector)) or 0} of them, got {_length(values)}."
        )
    raise ValueError(
        f"{what} must say of which dimension it is: its {_length(values)} values fit "
        f"{' and '.join(map(str, fits))}. Give {{{fits[0]}: values}}."
    )


def _read(what: str, by_k: list[Any]) -> tuple[list[Tensor | None], tuple[str, ...] | None]:
    """Numbers, (n_k,) or (n_k, C) for each dimension; words are numbered as they appear."""
    words = [v for values in by_k if values is not None for v in _words_in(values)]
    if words:
        known = {word: i for i, word in enumerate(dict.fromkeys(words))}
        columns: list[Tensor | None] = []
        for values in by_k:
            row = None if values is None else [known.get(v, torch.nan) for v in _listed(values)]
            columns.append(None if row is None else torch.tensor(row, dtype=torch.float64))
        return columns, tuple(known)
    return [None if values is None else _numbers(what, values) for values in by_k], None


def _numbers(what: str, values: Any) -> Tensor:
    if isinstance(values, Sequence):
        values = [torch.nan if value is None else value for value in values]
    numbers = as_numbers(what, values)
    if not 1 <= numbers.ndim <= 2:
        raise ValueError(
            f"{what} must be of shape (n_k,) or (n_k, channels), got {tuple(numbers.shape)}."
        )
    return numbers


def _listed(values: Any) -> list[Any]:
    return list(values.tolist() if hasattr(values, "tolist") else values)


def _words_in(values: Any) -> list[str]:
    kind = getattr(getattr(values, "dtype", None), "kind", "O")
    if isinstance(values, Tensor) or kind in "biufc":
        return []
    return [value for value in _listed(values) if isinstance(value, str)]


def _channels(
    name: str, read: tuple[list[Tensor | None], tuple[str, ...] | None], what: str
) -> list[Cochain]:
    columns, words = read
    width = max((v.shape[1] for v in columns if v is not None and v.ndim == 2), default=1)
    if width > _MOST_CHANNELS:
        raise ValueError(
            f"{what} must have at most {_MOST_CHANNELS} channels, got {width}. Choose some."
        )

    def channel(values: Tensor | None, c: int) -> Tensor | None:
        if values is None or values.ndim == 1:
            return values if c == 0 else None
        return values[:, c] if c < values.shape[1] else None

    return [
        Cochain(name if width == 1 else f"{name} {c}", tuple(channel(v, c) for v in columns), words)
        for c in range(width)
    ]
