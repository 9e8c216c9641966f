"""A text table with headings, read whole: separator, quotes and encoding seen, the rest strict."""

import csv
import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simplex.complexes import require_memory


_MARKS = "\t;,"
_SHOWN = {"\t": "tabs", ";": "';'", ",": "','"}
_PER_BYTE = 60  # bytes of memory that a byte of text takes as fields
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
EDGE_LISTS = (".edges", ".edgelist")
MISSING = frozenset(["", "na", "n/a", "nan", "null"])


@dataclass(frozen=True)
class Table:
    """Columns of fields as text, stripped.

    Attributes:
        path: of the file.
        columns: by heading, in their order.
        lines: of each row the line that it ends on, from 1.
    """

    path: Path
    columns: dict[str, list[str]]
    lines: list[int]

    def __len__(self) -> int:
        return len(self.lines)

    def heading(self, *names: str) -> str | None:
        """The first heading among some, in any case."""
        spelt = {name.lower(): name for name in reversed(self.columns)}
        return next((spelt[name] for name in names if name in spelt), None)

    def at(self, row: int) -> str:
        """Where a row is, for errors."""
        return f"{self.path.name}, line {self.lines[row]}"


def read_text_table(path: Path) -> Table:
    """Read a table between tabs, semicolons or commas, the first line of which has the headings.

    Raises:
        ValueError: no text, no headings, or rows of other lengths.
        OSError: no such file.
    """
    text = _text(path)
    lines = [line for line in text.split("\n") if line.strip()]
    if path.name.lower().removesuffix(".gz").endswith(EDGE_LISTS):
        return _edge_list(path, text)
    if not lines:
        raise ValueError(f"{path.name} must have a line of headings and rows, got an empty file.")
    mark = _mark(path, lines)
    reader = csv.reader(text.split("\n"), delimiter=mark, skipinitialspace=True, strict=True)
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
    _require_headings(path, headings)
    for number, row in zip(numbers[1:], rows, strict=True):
        if len(row) != len(headings):
            raise ValueError(
                f"{path.name}, line {number}: must have {len(headings)} fields as the headings, "
                f"got {len(row)}. Put fields with {_SHOWN[mark]} inside in double quotes."
            )
    if not rows:
        raise ValueError(f"{path.name} must have rows below its headings, got none.")
    columns = dict(zip(headings, map(list, zip(*rows, strict=True)), strict=True))
    if mark != ",":
        columns = {name: _with_points(column) for name, column in columns.items()}
    return Table(path, columns, numbers[1:])


def _edge_list(path: Path, text: str) -> Table:
    """Two ends a line without headings, and perhaps a weight, between blanks, tabs or commas."""
    rows = [
        (number, re.split(r"[\s,;]+", line.strip()))
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip() and line.strip()[0] not in "#%"
    ]
    if not rows:
        raise ValueError(f"{path.name} must have an edge on each line, got an empty file.")
    width = len(rows[0][1])
    for number, row in rows:
        if len(row) != width or width not in (2, 3):
            raise ValueError(
                f"{path.name}, line {number}: must be the two ends of an edge, and its weight "
                f"where all have one, got {len(row)} fields. Other columns need a .csv."
            )
    columns = zip(*(row for _, row in rows), strict=True)
    named = dict(zip(("source", "target", "weight"), map(list, columns), strict=False))
    return Table(path, named, [number for number, _ in rows])


def _text(path: Path) -> str:
    size = path.stat().st_size
    what = f"the fields of {path.name}"
    require_memory(_PER_BYTE * size, None, what, "Cut the table.")  # type: ignore[arg-type]
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise ValueError(f"{path.name} must be a whole gzip file, got {error}.") from None
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "\0" in text:
        raise ValueError(f"{path.name} must be a text table, got binary data.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _mark(path: Path, lines: Sequence[str]) -> str:
    """What separates the headings, and the first rows alike."""
    heads = lines[:20]
    for mark in _MARKS:
        if mark in heads[0]:
            return mark
    if any(mark in line for line in heads[1:] for mark in _MARKS):
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
    if all(NUMBER.fullmatch(name) for name in headings):
        raise ValueError(
            f"{path.name} must begin with a line of headings, got numbers: {', '.join(headings)}. "
            "Write one, such as id,size,target or source,target."
        )
    twice = [name for name in headings if headings.count(name) > 1]
    if twice or "" in headings:
        got = "a column without a heading" if "" in headings else f"{twice[0]!r} twice"
        raise ValueError(f"{path.name} must have a heading of its own for each column, got {got}.")


def _with_points(column: list[str]) -> list[str]:
    """Numbers with decimal commas as numbers with points, where the whole column is of numbers."""
    present = [value for value in column if value.lower() not in MISSING]
    if not any("," in value for value in present) or not all(
        NUMBER.fullmatch(value) or _DECIMAL_COMMA.fullmatch(value) for value in present
    ):
        return column
    return [value.replace(",", ".") for value in column]
