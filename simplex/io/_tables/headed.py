"""A table under a line of headings, read whole: its separator is seen, the rest is strict."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


_MARKS = "\t;,"
_SHOWN = {"\t": "tabs", ";": "';'", ",": "','"}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
VERTEX_IDS = ("id", "node", "node_id", "nodeid", "vertex", "vertex_id", "name")


@dataclass(frozen=True)
class HeadedTable:
    """Columns of fields as text, stripped.

    Attributes:
        path: of the file.
        columns: by heading, in their order.
        lines: of each row the line that it ends on, from 1.
        mark: what separates the fields.
    """

    path: Path
    columns: dict[str, list[str]]
    lines: list[int]
    mark: str = ","

    def __len__(self) -> int:
        return len(self.lines)

    def heading(self, *names: str) -> str | None:
        """The first heading among some, in any case."""
        spelt = {name.lower(): name for name in reversed(self.columns)}
        return next((spelt[name] for name in names if name in spelt), None)

    def at(self, row: int) -> str:
        """Where a row is, for errors."""
        return f"{self.path.name}, line {self.lines[row]}"


def headed_table(path: Path, text: str) -> HeadedTable:
    """Read a table between tabs, semicolons or commas, the first line of which has the headings.

    That of the first column may be nothing, as pandas writes the names of rows.

    Raises:
        ValueError: no headings, no rows, or rows of other lengths.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        raise ValueError(f"{path.name} must have a line of headings and rows, got an empty file.")
    mark = _mark(path, lines)
    reader = csv.reader(io.StringIO(text), delimiter=mark, skipinitialspace=True, strict=True)
    rows, numbers = [], []
    try:
        for row in reader:
            if any(part.strip() for part in row):
                rows.append([part.strip() for part in row])
                numbers.append(reader.line_num)
    except csv.Error as error:
        raise ValueError(
            f"{path.name}, line {reader.line_num}: must be a row of a table, got {error}."
        ) from None
    headings = rows.pop(0)
    _require_headings(path, headings[not headings[0] and len(headings) > 1 :])
    for number, row in zip(numbers[1:], rows, strict=True):
        if len(row) != len(headings):
            raise ValueError(
                f"{path.name}, line {number}: must have {len(headings)} fields as the headings, "
                f"got {len(row)}. Put fields with {_SHOWN[mark]} inside in double quotes."
            )
    if not rows:
        raise ValueError(f"{path.name} must have rows below its headings, got none.")
    columns = dict(zip(headings, map(list, zip(*rows, strict=True)), strict=True))
    return HeadedTable(path, columns, numbers[1:], mark)


def _mark(path: Path, lines: Sequence[str]) -> str:
    """What separates the headings, and the first rows alike."""
    heads = lines[:20]
    for mark in _MARKS:
        if mark in heads[0]:
            return mark
    bare = [_QUOTED.sub("", line) for line in heads[1:]]  # a name may hold what separates
    if any(mark in line for line in bare for mark in _MARKS):
        raise ValueError(
            f"{path.name} must have headings that are separated as its rows are, got the first "
            f"line {heads[0].strip()[:60]!r}."
        )
    if " " in heads[0].strip():
        raise ValueError(
            f"{path.name} must be separated by commas, semicolons or tabs, got the first line "
            f"{heads[0].strip()[:60]!r}."
        )
    return ","


def _require_headings(path: Path, headings: Sequence[str]) -> None:
    if all(_NUMBER.fullmatch(name) for name in headings):
        raise ValueError(
            f"{path.name} must begin with a line of headings, got numbers: {', '.join(headings)}. "
            "Write one, such as id,size,target or source,target."
        )
    twice = [name for name in headings if headings.count(name) > 1]
    if twice or "" in headings:
        got = "a column without a heading" if "" in headings else f"{twice[0]!r} twice"
        raise ValueError(f"{path.name} must have a heading of its own for each column, got {got}.")
