"""What a table without a telling heading is: edges, facets, or something to be asked about."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from simplex.io._tables.foreign import refuse_counts_first
from simplex.io._tables.heading import Columns, refuse_other_tables
from simplex.io._tables.numbers import kind_of_rows
from simplex.io._tables.table import Table
from simplex.io._text import MISSING, is_integer, is_number


_MATRIX = (
    "Read it with --format adjacency, or with --format distances --max-edge-length R; edges with "
    "--format edges."
)
_CHOICE = "Say which: --format edges or --format facets."


def kind_of(cells: Iterable[str]) -> str:
    """What a column holds besides missing values: int, real, word, or blank for nothing."""
    known = set(cells)
    if known and all(map(str.isdigit, known)) and all(map(str.isascii, known)):
        return "int"
    known = {cell for cell in known if cell.lower() not in MISSING}
    if not known:
        return "blank"
    if all(map(is_integer, known)):
        return "int"
    return "real" if all(map(is_number, known)) else "word"


def decide(table: Table, columns: Columns) -> str:
    """``"edges"`` or ``"facets"``.

    Raises:
        ValueError: it may be either, or looks like coordinates, a matrix or lists of neighbours;
            the message names the option that reads it.
    """
    rows = table.rows
    refuse_other_tables(columns)
    if columns.heading is None:
        _refuse_sizes_above_names(table)
    widths = Counter(map(len, rows))
    if columns.known and not columns.doubtful:
        ends = [[row[j] for row in rows if j < len(row)] for j in (columns.source, columns.target)]
        _refuse_real_ends(table, columns, [kind_of(cells) for cells in ends])
        return "edges"
    if len(widths) > 1:
        _refuse_ragged(table, columns, widths)
        return "edges"
    width = next(iter(widths))
    if width == 1:
        _refuse_lone_fields(table)
        return "edges"
    cells = list(zip(*rows, strict=True))
    kinds = [kind_of(column) for column in cells]
    _refuse_matrix(table, columns, kinds)
    sizes = columns.heading is None and str(len(rows) - 1) in rows[0]
    if sizes and all(kind == "int" for kind in kinds):
        known = [set(column[1:]) - MISSING for column in cells[:2]]
        refuse_counts_first(rows, max(map(int, set().union(*known)), default=0))
    i, j = columns.source, columns.target
    _refuse_real_ends(table, columns, [kinds[i], kinds[j]])
    if width == 2 and kinds == ["int", "int"] and columns.heading is None:
        return _facets_or_edges(table, columns, cells)
    if width == 2:
        return "edges"
    whole = len(kinds) - i > 2 and all(kind == "int" for kind in kinds[i:])
    if whole and table.of_edges:
        return "edges"
    if whole and not columns.known:
        return _facets_or_edges(table, columns, cells[i:])
    if columns.known:
        return _facets_or_edges(table, columns, cells) if set(kinds) == {"int"} else "edges"
    _refuse_other_columns(table, columns, cells, kinds)
    return "edges"


# --- numbers --------------------------------------------------------------------------------------


def _facets_or_edges(table: Table, columns: Columns, cells: Sequence[tuple[str, ...]]) -> str:
    """Rows of two integers or more: by the vertices that they would have in common."""
    try:
        ids = np.array([[int(x or -1) for x in column] for column in cells]).T
        ids = ids.astype(np.int64, casting="safe")
    except (OverflowError, ValueError, TypeError):
        return "edges"  # no ids at all, or weights are missing
    kind = kind_of_rows(ids, counted=columns.heading is None and not table.of_edges)
    if kind in ("edges", "facets"):
        return kind
    if kind == "unclear" and columns.heading and columns.known and not columns.doubtful:
        return "edges"
    first = " ".join(table.rows[0])[:40]
    shown = f"line {table.lines[0]}: rows of {len(cells)} whole numbers, {first!r},"
    if kind == "grid":
        remedy = (
            "may be points of a grid. Say --format points --max-edge-length R, or --format edges."
        )
    elif kind == "numbered":
        remedy = (
            "may be edges behind the numbers of the lines, edges with weights, or lists of "
            "neighbours. Say --source 2 --target 3, --format edges, or --format adjacency-list."
        )
    else:
        remedy = f"may be edges with weights or facets of a complex. {_CHOICE}"
    raise ValueError(f"{shown} {remedy}")


def _refuse_real_ends(table: Table, columns: Columns, kinds: list[str]) -> None:
    """Coordinates would become vertices that are named by numbers."""
    if "real" not in kinds:
        return
    j = columns.source if kinds[0] == "real" else columns.target
    line, cell = next(
        (n, row[j])
        for n, row in zip(table.lines, table.rows, strict=True)
        if len(row) > j and is_number(row[j]) and not is_integer(row[j])
    )
    raise ValueError(
        f"line {line}: names of vertices must be words or whole numbers, got {cell!r}. Read "
        "coordinates with --format points --max-edge-length R, a matrix with --format adjacency "
        "or distances, and edges between such names with --format edges."
    )


def _refuse_matrix(table: Table, columns: Columns, kinds: list[str]) -> None:
    rows, width = table.rows, len(kinds)
    numeric = [kind in ("int", "real") for kind in kinds]
    named = width >= 3 and all(numeric[1:]) and not numeric[0]
    count = len(rows)
    labels = columns.heading is not None and columns.heading[1:] == [row[0] for row in rows]
    labels = labels and not (columns.index and count < 3)
    square = width == count + 1 if named or labels else width == count
    if count < 3 or width < 3 or columns.known:
        if labels:
            raise ValueError(f"line {table.lines[0]}: rows and columns have the same names, as in "
                             f"a matrix. {_MATRIX}")  # fmt: skip
        return
    if not all(numeric[1 if named or labels else 0 :]):
        return
    body = [row[1:] for row in rows] if named or labels else rows
    binary = all(cell in ("0", "1") for row in body for cell in row)
    symmetric = square and len({body[i][i] for i in range(count)}) == 1
    symmetric = symmetric and all(body[i][k] == body[k][i] for i in range(count) for k in range(i))
    if labels or binary or symmetric or (square and (count > 4 or named)):
        what = f"{count} rows of {len(body[0])} numbers look like a matrix"
        raise ValueError(f"line {table.lines[0]}: {what}. {_MATRIX}")


# --- words and unequal rows -----------------------------------------------------------------------


def _refuse_other_columns(
    table: Table, columns: Columns, cells: Sequence[tuple[str, ...]], kinds: list[str]
) -> None:
    """Text beside the ends: it must be clear which two columns are the ends."""
    i, j = columns.source, columns.target
    texts = [k for k, kind in enumerate(kinds) if kind == "word" and k not in (i, j)]
    texts = [k for k in texts if not (columns.index and k == 0)]
    first, second = set(cells[i]), set(cells[j])
    counted = columns.heading is None and i == 0 and _counts_rows(cells[0])
    which = "Name the columns of the two ends: --source COLUMN --target COLUMN."
    shown = " ".join(table.rows[0])[:40]
    if counted and kinds[j] == "word":
        raise ValueError(
            f"line {table.lines[0]}: the first column numbers the lines, got {shown!r}. {which}"
        )
    marks = {"e", "a", "l", "p", "v", "n"}
    if {cell.lower() for cell in first} <= marks and kinds[j : j + 2] == ["int", "int"]:
        raise ValueError(
            f"line {table.lines[0]}: a letter begins every line, as in DIMACS, got {shown!r}. "
            f"Read DIMACS with --format dimacs. {which}"
        )
    if columns.guessed and (texts or kinds[i] != kinds[j]):
        raise ValueError(
            f"the headings {', '.join(columns.heading or [])[:60]!r} must tell the ends. {which}"
        )
    for k in texts:
        if first.intersection(cells[k]) or second.intersection(cells[k]):
            raise ValueError(
                f"line {table.lines[0]}: rows of {len(cells)} names, {shown!r}, may be edges or "
                f"facets of a complex. {_CHOICE} {which}"
            )
    unclear = table.delimiter == " " or not first.intersection(second)
    if texts and kinds[i] == kinds[j] == "word" and unclear:
        raise ValueError(
            f"line {table.lines[0]}: an edge must be 'u v', with finite numbers after it at "
            f"most, got {shown!r}. {which}"
        )


def _counts_rows(firsts: Sequence[str]) -> bool:
    return len(firsts) > 1 and any(
        list(firsts) == [str(n) for n in range(start, start + len(firsts))] for start in (0, 1)
    )


def _refuse_lone_fields(table: Table) -> None:
    """Numbers alone are isolated vertices; names may hold a separator, or be in graph6."""
    cells = {row[0] for row in table.rows}
    if len(table.rows) > 1 and all(
        len(c) == len(table.rows) and set(c) <= {"0", "1"} for c in cells
    ):
        raise ValueError(
            f"line {table.lines[0]}: digits without separators look like a matrix. Put blanks "
            "between them and read it with --format adjacency."
        )
    for line, (cell,) in zip(table.lines, table.rows, strict=True):
        if not is_integer(cell):
            raise ValueError(
                f"line {line}: no separator is found in any line, got {cell[:40]!r}. Name it, "
                "as in --delimiter='|'; read graph6 with --format graph6, and names of isolated "
                "vertices with --format edges."
            )


def _refuse_sizes_above_names(table: Table) -> None:
    """Numbers in the first line and nowhere else, one of them that of the lines below."""
    rows, first = table.rows, table.rows[0]
    if len(rows) < 3 or not all(map(is_integer, first)) or len(first) > 3:
        return
    rest = {cell for row in rows[1:] for cell in row[:2]}
    counts = {str(len(rows) - 1), str(len(rest)) if len(first) == 1 else ""}
    named = not rest.intersection(first) and not any(map(is_number, rest))
    if named and counts.intersection(first):
        raise ValueError(
            f"line {table.lines[0]}, {' '.join(first)!r}, may be the numbers of vertices and "
            "edges. Delete it, or read it as data with --format edges."
        )


def _refuse_ragged(table: Table, columns: Columns, widths: Counter[int]) -> None:
    rows = table.rows
    numbers = all(is_integer(cell) for row in rows for cell in row[:2] if cell)
    if numbers and columns.heading is None and all(map(is_integer, rows[0])):
        rest = [int(cell) for row in rows[1:] for cell in row[:2] if cell]
        refuse_counts_first(rows, max(rest, default=0))
    most = max(widths)
    if most <= 2:
        ends = [[row[j] for row in rows if j < len(row)] for j in (0, 1)]
        _refuse_real_ends(table, columns, [kind_of(cells) for cells in ends])
        return
    if most == 3:  # weights may be missing
        thirds = {row[2] for row in rows if len(row) == 3} - {""}
        names = {cell for row in rows for cell in row[:2]}
        real = any(not is_integer(cell) for cell in thirds)
        if all(map(is_number, thirds)) and (real or not numbers) and not thirds & names:
            ends = [[row[j] for row in rows if j < len(row)] for j in (0, 1)]
            _refuse_real_ends(table, columns, [kind_of(cells) for cells in ends])
            return
    usual = widths.most_common(1)[0][0]
    odd = next((k for k, row in enumerate(rows) if len(row) == most), 0)
    if usual == most:
        odd = next(k for k, row in enumerate(rows) if len(row) != most)
    other = usual if len(rows[odd]) != usual else most
    raise ValueError(
        f"line {table.lines[odd]}: every line must be one edge with equally many columns, got "
        f"{len(rows[odd])} here and {other if other != len(rows[odd]) else min(widths)} elsewhere. "
        "Say what the lines are: --format adjacency-list, facets, or edges."
    )
