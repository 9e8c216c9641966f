"""Values of items that are no tensors, as text in one table, read one by one."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import shown


_TUPLE = "a tuple of"  # JSON has lists alone
_PLAIN = (bool, int, float, str, type(None))


def packed(key: str, values: Sequence[Any]) -> tuple[Tensor, Tensor]:
    """The values of a field as bytes, and where each starts, (m+1,).

    Raises:
        ValueError: one that is neither a number, a string, nor a list, tuple or dictionary of such.
    """
    texts = [json.dumps(_plain(key, value)).encode() for value in values]
    starts = torch.tensor([0, *map(len, texts)]).cumsum(0)
    return torch.frombuffer(bytearray(b"".join(texts)), dtype=torch.uint8), starts


class StoredValues(Sequence[Any]):
    """The values that :func:`packed` wrote; each is read when it is asked for."""

    def __init__(self, content: np.ndarray, starts: np.ndarray) -> None:
        self._content, self._starts = content, starts

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        text = self._content[self._starts[place] : self._starts[place + 1]].tobytes()
        return _value(json.loads(text))

    def __iter__(self) -> Iterator[Any]:
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} values)"


class VertexCounts(Sequence[int]):
    """How many vertices each item has, read when it is asked for."""

    def __init__(self, starts: np.ndarray) -> None:
        self._starts = starts

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[int]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return np.diff(self._starts)[place].tolist()
        place = range(len(self))[place]
        return int(self._starts[place + 1]) - int(self._starts[place])


def _plain(key: str, value: Any) -> Any:
    """The value in JSON."""
    if type(value) in _PLAIN:
        return value
    if type(value) in (list, tuple):
        listed = [_plain(key, each) for each in value]
        return listed if type(value) is list else {_TUPLE: listed}
    if type(value) is dict and all(type(name) is str for name in value) and _TUPLE not in value:
        return {name: _plain(key, each) for name, each in value.items()}
    raise not_plain(key, value)


def not_plain(key: str, value: Any) -> ValueError:
    """The error of a field that is not stored."""
    return ValueError(
        f"{key} must be a dense tensor, a number, a string, or a list, tuple or dictionary of the "
        f"latter two to be stored, got {shown(value)}. Convert it, or leave it out."
    )


def _value(read: Any) -> Any:
    """The value that :func:`_plain` was given."""
    if isinstance(read, list):
        return [_value(each) for each in read]
    if isinstance(read, dict):
        if _TUPLE in read:
            return tuple(_value(each) for each in read[_TUPLE])
        return {name: _value(each) for name, each in read.items()}
    return read
