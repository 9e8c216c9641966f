"""A text table with headings, or an edge list, with numbers as Python writes them."""

import re
from dataclasses import replace
from pathlib import Path

from simplex.complexes import require_memory
from simplex.io import HeadedTable, headed_table, read_text


_PER_BYTE = 60  # bytes of memory that a byte of text takes as fields
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
EDGE_LISTS = (".edges", ".edgelist")
MISSING = frozenset(["", "na", "n/a", "nan", "null"])


def read_text_table(path: Path) -> HeadedTable:
    """Read a table with headings, or an edge list, which has none.

    Raises:
        ValueError: no text, no headings, or rows of other lengths.
        OSError: no such file.
    """
    text = _text(path)
    if path.name.lower().removesuffix(".gz").endswith(EDGE_LISTS):
        return _edge_list(path, text)
    table = headed_table(path, text)
    if "" in table.columns:
        raise ValueError(
            f"{path.name} must have a heading of its own for each column, got a column without a "
            "heading."
        )
    if table.mark == ",":
        return table
    columns = {name: _with_points(column) for name, column in table.columns.items()}
    return replace(table, columns=columns)


def _edge_list(path: Path, text: str) -> HeadedTable:
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
    return HeadedTable(path, named, [number for number, _ in rows])


def _text(path: Path) -> str:
    size = path.stat().st_size
    what = f"the fields of {path.name}"
    require_memory(_PER_BYTE * size, None, what, "Cut the table.")  # type: ignore[arg-type]
    try:
        return read_text(str(path), [])
    except ValueError as error:
        raise ValueError(f"{path.name} {error}") from None


def _with_points(column: list[str]) -> list[str]:
    """Numbers with decimal commas as numbers with points, where the whole column is of numbers."""
    present = [value for value in column if value.lower() not in MISSING]
    if not any("," in value for value in present) or not all(
        NUMBER.fullmatch(value) or _DECIMAL_COMMA.fullmatch(value) for value in present
    ):
        return column
    return [value.replace(",", ".") for value in column]
