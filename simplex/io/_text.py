"""Values as text: how numbers, words and nothing stand in a file, and how they are read again."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any


MISSING = {"", "nan", "na", "n/a", "null", "none"}
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?")
_INTEGER = re.compile(r"[-+]?\d+")
_INFINITE = re.compile(r"[-+]?inf(inity)?", re.IGNORECASE)
_PRINTED = re.compile(r"0|-?[1-9]\d{0,3999}", re.ASCII)  # what Python reads without being asked
_CODE = re.compile(r"[-+]?0\d")  # 007 is no number, or loses its zeros


def is_integer(cell: str) -> bool:
    """Whether a cell holds an integer, in digits."""
    return _INTEGER.fullmatch(cell) is not None


def is_printed_integer(cell: str) -> bool:
    """Whether a cell holds an integer as Python prints it; ``01`` is none, and stays a word."""
    return _PRINTED.fullmatch(cell) is not None


def is_number(cell: str) -> bool:
    """Whether a cell holds a finite number; the comma may be decimal."""
    return _NUMBER.fullmatch(cell) is not None


def to_number(cell: str) -> float:
    """What a cell holds; NaN where that is no number."""
    try:
        return float(cell.replace(",", ".") if is_number(cell) else cell)
    except ValueError:
        return math.nan


def as_numbers(names: Sequence[str]) -> list[Any]:
    """Names of which all are integers as Python prints them, as integers."""
    return list(map(int, names)) if all(map(is_printed_integer, names)) else list(names)


def cell_of(value: Any) -> str:
    """A value as a cell of a table; nothing is an empty one."""
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def column_of(cells: Sequence[str]) -> list[Any]:
    """The values of cells: numbers where all that is given are, else words."""
    known = {cell for cell in cells if cell.lower() not in MISSING}
    if known and all(map(is_printed_integer, known)):
        return [int(cell) if cell in known else None for cell in cells]
    if known and all(map(_is_value, known)):
        return [to_number(cell) if cell in known else None for cell in cells]
    return [cell or None for cell in cells]


def _is_value(cell: str) -> bool:
    if _INFINITE.fullmatch(cell):
        return True
    return is_number(cell) and not _CODE.match(cell)


# --- JSON -----------------------------------------------------------------------------------------


def records_of(values: Mapping[str, Sequence[Any]], count: int) -> list[dict[str, Any]]:
    """Columns as records, without what is missing, NaN among it."""
    return [
        {name: column[i] for name, column in values.items() if not is_missing(column[i])}
        for i in range(count)
    ]


def is_missing(value: Any) -> bool:
    """Whether there is no value: ``None`` or NaN."""
    return value is None or _is_nan(value)


def is_alike(a: Any, b: Any) -> bool:
    """Whether a value that was read is the one that was written, numbers of any kind."""
    if is_missing(a) or is_missing(b):
        return is_missing(a) and is_missing(b)
    return bool(a == b) and isinstance(a, str) == isinstance(b, str) and type(b) is not bool


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value


def said_of_nan(values: Mapping[str, Sequence[Any]]) -> list[str]:
    """What is to be said of columns with NaN, which files have no word for."""
    found = [name for name, column in values.items() if any(map(_is_nan, column))]
    shown = ", ".join(map(repr, found))
    return [f"NaN among the values {shown} is left out, and read as None"] if found else []


def json_bytes(stored: Mapping[str, Any]) -> bytes:
    """A file of JSON; what JSON has no word for becomes a word."""
    return (json.dumps(stored, ensure_ascii=False, default=str) + "\n").encode()
