"""From the rows of a table to graphs and complexes."""

import gc
import math
import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.interop import GraphEdges
from simplex.io._content import FILTRATION, Content, Values
from simplex.io._families.market import BANNER, market_content
from simplex.io._options import Reading
from simplex.io._source import read_text
from simplex.io._tables.evidence import decide
from simplex.io._tables.heading import Columns, find_columns
from simplex.io._tables.lists import is_facet_lists, read_facet_lists
from simplex.io._tables.matrix import read_matrix
from simplex.io._tables.quick import plain_edges
from simplex.io._tables.table import Table, read_table
from simplex.io._text import MISSING, column_of, is_number, is_printed_integer, to_number


def read_content(path: str, reading: Reading, max_dim: int | None, notes: list[str]) -> Content:
    """Read a text file; what was guessed or left out goes to the notes.

    Facets are kept whole without ``max_dim``.
    """
    return read_rows(read_text(path, notes), reading, max_dim, notes)


def read_rows(text: str, reading: Reading, max_dim: int | None, notes: list[str]) -> Content:
    """Read a text."""
    if text.startswith(BANNER) and reading.format is None:
        return market_content(text, reading.undirected)
    if reading.format in (None, "facets") and is_facet_lists(text):
        return read_facet_lists(text, max_dim, notes)
    given = {
        name: getattr(reading, name)
        for name in ("max_simplices", "rings", "values", "nodes", "ends")
    }
    by_looking = reading == Reading(**given)
    if by_looking and not notes and (found := plain_edges(text)) is not None:
        graph, table = found
        if not (reading.values and len(table.rows[0]) > 2):
            _say_what_was_read(table, Columns(), notes)
            return Content(graph)
    with _without_collector():
        return _content_of(read_table(text, reading), reading, max_dim, notes)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Rows by the million hold no cycles; looking for some takes longer than reading."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _content_of(table: Table, reading: Reading, max_dim: int | None, notes: list[str]) -> Content:
    if not table.rows:
        return Content(GraphEdges(0, torch.empty(2, 0, dtype=torch.int64)))
    if reading.format in ("points", "distances", "adjacency"):
        return read_matrix(table, reading, max_dim, notes)
    if reading.format == "facets":
        _drop_heading(table, reading, notes)
        return Content(facets=_facets(table, max_dim))
    if reading.format == "adjacency-list":
        return Content(_adjacency_list(table))
    columns = find_columns(table, reading)
    named = reading.source or reading.target or reading.weight
    undecided = reading.format is None and not named
    if undecided and table.delimiter and table.rows and decide(table, columns) == "facets":
        notes.append(f"facets of a closed manifold, {table.separator} (or say --format edges)")
        return Content(facets=_facets(table, max_dim))
    return _edges(table, columns, reading, notes)


# --- edges ----------------------------------------------------------------------------------------


def _edges(table: Table, columns: Columns, reading: Reading, notes: list[str]) -> Content:
    rows, (i, j) = table.rows, (columns.source, columns.target)
    last = max(i, j)
    if all(len(row) > last for row in rows):
        left, right, alone = [row[i] for row in rows], [row[j] for row in rows], []
    else:
        left = [row[i] for row in rows if len(row) > last]
        right = [row[j] for row in rows if len(row) > last]
        alone = [row[min(i, j)] for row in rows if min(i, j) < len(row) <= last]
    graph = _numbered(table, left, right, alone, columns, notes, reading.format == "edges")
    lengths = None
    if columns.weight is None:
        _require_finite_weights(table, columns)
    else:
        lengths = _lengths(table, columns, last)
    values = _values(table, columns, last, reading.values)
    _say_what_was_read(table, columns, notes, kept=reading.values)
    return Content(graph, lengths, values={0: {}, 1: values})


def _values(table: Table, columns: Columns, last: int, everything: bool) -> Values:
    """The other columns, or the filtration: numbers where all that is given are, else words."""
    rows = [row for row in table.rows if len(row) > last]
    width = max(map(len, rows), default=0)
    used = {columns.source, columns.target, columns.weight} | ({0} if columns.index else set())
    values: Values = {}
    for k in range(width):
        if k not in used and (everything or columns.name(k) == FILTRATION):
            name = columns.name(k)
            name = name if name not in values and not name.isdigit() else f"column {k + 1}"
            values[name] = column_of([row[k] if k < len(row) else "" for row in rows])
    return values


def _numbered(
    table: Table,
    left: list[str],
    right: list[str],
    alone: list[str],
    columns: Columns,
    notes: list[str],
    floats: bool,
) -> GraphEdges:
    met = dict.fromkeys(left)
    met.update(dict.fromkeys(right))
    met.update(dict.fromkeys(alone))
    missing = {name for name in met if name.lower() in MISSING}
    if missing:
        _require_names(table, columns, met, missing, notes)
    if floats and met and all(map(_is_whole, met)):
        whole = {name: str(int(float(name))) for name in met}
        left, right, alone = ([whole[name] for name in names] for names in (left, right, alone))
        met = dict.fromkeys([*left, *right, *alone])
    names: Sequence[Hashable]
    if all(map(is_printed_integer, met)):
        names = sorted(map(int, met))
        number_of = {str(name): k for k, name in enumerate(names)}
    else:  # in the order of the lines
        flat = [name for edge in zip(left, right, strict=True) for name in edge]
        names = list(dict.fromkeys([*flat, *alone]))
        number_of = {str(name): k for k, name in enumerate(names)}
    ends = [_numbers(number_of, left), _numbers(number_of, right)]
    labels = None if names == list(range(len(names))) else tuple(names)
    return GraphEdges(len(names), torch.from_numpy(np.stack(ends)), labels)


def _numbers(number_of: dict[str, int], names: list[str]) -> np.ndarray:
    return np.fromiter(map(number_of.__getitem__, names), dtype=np.int64, count=len(names))


def _is_whole(name: str) -> bool:
    return (
        is_number(name)
        and "," not in name
        and float(name).is_integer()
        and abs(float(name)) < 2**53
    )


def _require_names(
    table: Table,
    columns: Columns,
    met: Iterable[str],
    missing: set[str],
    notes: list[str],
) -> None:
    """``nan`` is a missing end among numbers, and a name among names; nothing is never a name."""
    words = [name for name in met if not is_number(name) and name not in missing]
    if "" not in missing and words:
        odd = sorted(name for name in missing if name not in ("Nan", "Na", "None", "Null"))
        if odd:
            notes.append(f"{', '.join(map(repr, odd))} as a name")
        return
    wrong = {""} if words else missing
    for line, row in zip(table.lines, table.rows, strict=True):
        ends = [row[k] for k in (columns.source, columns.target) if k < len(row)]
        if wrong.intersection(ends):
            raise ValueError(f"line {line}: an edge must have two ends, got {', '.join(ends)!r}.")


def _require_finite_weights(table: Table, columns: Columns) -> None:
    if columns.heading is not None or max(map(len, table.rows)) < 3:
        return
    odd = {"nan", "inf", "-inf", "+inf", "infinity", "-infinity"}
    found = {cell for row in table.rows for cell in row[2:]}
    if any(cell.lower() in odd for cell in found):
        for line, row in zip(table.lines, table.rows, strict=True):
            for cell in row[2:]:
                if cell.lower() in odd:
                    raise ValueError(
                        f"line {line}: an edge must be 'u v', with finite numbers after it at "
                        f"most, got {cell!r}."
                    )


def _lengths(table: Table, columns: Columns, last: int) -> Tensor:
    k, values = columns.weight, []
    assert k is not None
    for line, row in zip(table.lines, table.rows, strict=True):
        if len(row) > last:
            cell = row[k] if k < len(row) else ""
            value = to_number(cell)
            if not value >= 0 or math.isinf(value):
                raise ValueError(f"line {line}: --weight must be numbers ≥ 0, got {cell[:40]!r}.")
            values.append(value)
    return torch.tensor(values, dtype=torch.float64)


def _say_what_was_read(
    table: Table, columns: Columns, notes: list[str], kept: bool = False
) -> None:
    """One line on what was taken, where anything was guessed or left out."""
    _note_first_line(table, columns, notes)
    used = {columns.source, columns.target, columns.weight}
    width = max(map(len, table.rows), default=0)
    left = [columns.name(k) for k in range(width) if k not in used]
    if columns.index and left:
        left[0] = "1, numbers of the lines,"
    if not (left or columns.guessed or table.left or notes):
        return
    name = {",": "CSV", ";": "CSV", "\t": "TSV"}.get(table.delimiter, "text")
    said = [name, table.separator]
    if columns.heading:
        said.append("heading" if columns.known else f"heading {' '.join(columns.heading)[:60]!r}")
    said.append(f"columns {columns.name(columns.source)}, {columns.name(columns.target)}")
    if columns.weight is not None:
        said.append(f"length {columns.name(columns.weight)}")
    text = ", ".join(said)
    if left:
        many = ", ".join(left[:6]) + (", …" if len(left) > 6 else "")
        what = "as values" if kept and not columns.index else "ignored"
        text += f"; column{'s' if len(left) > 1 else ''} {many} {what}"
    notes.insert(0, "; ".join([text, *table.left]))


def _note_first_line(table: Table, columns: Columns, notes: list[str]) -> None:
    """Names of the first line that are met nowhere else may be a heading that is not known."""
    rows = table.rows
    if columns.heading is not None or columns.known or len(rows) < 3 or len(rows[0]) < 2:
        return
    first = rows[0][:2]
    if any(map(is_number, first)) or first[0] == first[1]:
        return
    if not any(first[0] in row[:2] or first[1] in row[:2] for row in rows[1:]):
        notes.append(
            f"line {table.lines[0]}, {' '.join(first)[:60]!r}, as an edge, though its names are "
            "met nowhere else: if it is a heading, give --source and --target"
        )


# --- facets and lists of neighbours ---------------------------------------------------------------


def _drop_heading(table: Table, reading: Reading, notes: list[str]) -> None:
    """Words above nothing but numbers are a heading."""
    if reading.heading is False or len(table.rows) < 2 or any(map(is_number, table.rows[0])):
        return
    if all(is_number(cell) or cell == "" for row in table.rows[1:] for cell in row):
        notes.append(f"heading {' '.join(table.rows[0])[:60]!r} left out")
        table.rows, table.lines = table.rows[1:], table.lines[1:]


def _facets(table: Table, max_dim: int | None) -> SimplicialComplex:
    """Every row is a simplex; numbers are made compact, and kept as labels."""
    rows = [[cell for cell in row if cell] for row in table.rows]
    names, number_of = _order(cell for row in rows for cell in row)
    groups: dict[int, list[list[int]]] = {}
    for line, row in zip(table.lines, rows, strict=True):
        if len(set(row)) < len(row):
            raise ValueError(
                f"line {line}: a facet must have its vertices once, got {' '.join(row)[:40]!r}."
            )
        groups.setdefault(len(row), []).append([number_of[cell] for cell in row])
    blocks = [torch.tensor(group, dtype=torch.int64) for group in groups.values()]
    K = SimplicialComplex.from_simplices(blocks, num_vertices=len(names), max_dim=max_dim)
    return K if names == list(range(len(names))) else K.with_vertex_labels(names)


def _adjacency_list(table: Table) -> GraphEdges:
    """The first name of a row and its neighbours; a colon may stand between them."""
    rows = []
    within = all(re.search(r"\S:\S", row[0]) for row in table.rows)
    if within and not any(":" in cell for row in table.rows for cell in row[1:]):
        raise ValueError(
            f"line {table.lines[0]}: a colon may end the first name or belong to it, got "
            f"{table.rows[0][0][:40]!r}. Put a blank after the colon."
        )
    for row in table.rows:
        head, _, tail = row[0].partition(": ")
        first = head[:-1] if head.endswith(":") and len(head) > 1 else head
        rows.append([cell for cell in (first, tail.strip(), *row[1:]) if cell])
    names, number_of = _order(cell for row in rows for cell in row)
    edges = [(number_of[row[0]], number_of[cell]) for row in rows for cell in row[1:]]
    index = torch.tensor(edges, dtype=torch.int64).view(-1, 2).T
    labels = None if names == list(range(len(names))) else tuple(names)
    return GraphEdges(len(names), index, labels)


def _order(cells: Iterable[str]) -> tuple[list[Hashable], dict[str, int]]:
    met = dict.fromkeys(cells)
    names: list[Hashable] = list(met)
    if all(map(is_printed_integer, met)):
        names = [*sorted(map(int, met))]
    return names, {str(name): k for k, name in enumerate(names)}
