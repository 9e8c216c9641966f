"""Points, distances and adjacency matrices: tables of numbers, perhaps with names beside them."""

from collections.abc import Sequence

import numpy as np
import torch

from simplex.complexes import require_memory
from simplex.interop import GraphEdges
from simplex.io._content import Content
from simplex.io._options import DEFAULT_MAX_DIM, Reading
from simplex.io._tables.table import Table
from simplex.io._text import is_number, to_number
from simplex.lifting import vietoris_rips_complex


_INDEX = ("", "id", "index", "unnamed: 0", "no", "no.", "nr", "#", "row", "rownames", "name")


def read_matrix(table: Table, reading: Reading, max_dim: int | None, notes: list[str]) -> Content:
    """The graph of an adjacency matrix, or the Vietoris-Rips complex of points or distances."""
    kind = reading.format
    if kind != "adjacency" and reading.max_edge_length is None:
        raise ValueError(f"--format {kind} must come with --max-edge-length R, got none.")
    if kind == "distances":
        _fill_triangle(table, notes)
    values, labels, heading = _matrix(table, reading, notes)
    count = len(values)
    if kind != "points":
        if values.shape[1] != count:
            raise ValueError(
                f"--format {kind} must be a square matrix, got {count} rows and "
                f"{values.shape[1]} columns."
            )
        odd = np.argwhere(values != values.T)
        if len(odd) and not (kind == "adjacency" and reading.undirected):
            i, j = odd[0].tolist()
            forget = " Forget the directions with --undirected." if kind == "adjacency" else ""
            if kind == "adjacency" or not np.allclose(values, values.T):
                raise ValueError(
                    f"--format {kind} must be a symmetric matrix, got {values[i, j]:g} in row "
                    f"{i + 1}, column {j + 1}, and {values[j, i]:g} across the diagonal.{forget}"
                )
    if kind == "adjacency":
        ends = torch.from_numpy(np.stack(np.nonzero(values)))
        ends = ends[:, ends[0] <= ends[1]] if not reading.undirected else ends
        return Content(GraphEdges(count, ends, labels))
    radius, most = reading.max_edge_length, reading.max_simplices
    assert radius is not None
    cut = DEFAULT_MAX_DIM if max_dim is None else max_dim
    tensor, places = torch.from_numpy(values), dict[str, list[float]]()
    if kind == "points":
        places = coordinates(values, heading)
        named = ", ".join(places)[:60] if heading else ""
        width = values.shape[1]
        notes.append(
            f"{count} point{'s' if count > 1 else ''} of {width} coordinate"
            f"{'s' if width > 1 else ''}{': ' + named if named else ''}"
        )
        K = vietoris_rips_complex(tensor, radius, cut, max_simplices=most)
    else:
        both = (tensor + tensor.T) / 2
        K = vietoris_rips_complex(None, radius, cut, distances=both, max_simplices=most)
    K = K if labels is None else K.with_vertex_labels(labels)
    return Content(lifted=K, values={0: {**places}})


def coordinates(points: np.ndarray, heading: Sequence[str] | None = None) -> dict[str, list[float]]:
    """The columns of points by name: their headings, or x, y, z, or x1, x2 and so on."""
    width = points.shape[1]
    names = list("xyz"[:width]) if width <= 3 else [f"x{i + 1}" for i in range(width)]
    if heading is not None and len({*heading}) == width and all(heading):
        given = [word.lower() for word in heading]
        names = given if given == names else list(heading)
    return {name: points[:, i].tolist() for i, name in enumerate(names)}


def _fill_triangle(table: Table, notes: list[str]) -> None:
    """One triangle of a matrix, row by row, with its diagonal of zeros or without: all of it.

    And the number of points that PHYLIP has above its rows is left out.
    """
    rows = table.rows
    if len(rows) > 2 and rows[0] == [str(len(rows) - 1)] and len(rows[1]) > 1:
        table.rows, table.lines = rows[1:], table.lines[1:]
        return
    widths = [len(row) for row in rows]
    rising = widths[0] in (1, 2) and widths == list(range(widths[0], widths[0] + len(rows)))
    falling = widths[-1] == 1 and widths == list(range(len(rows), 0, -1))
    if len(rows) < 2 or not (rising or falling):
        return
    named = widths[0] == 2 and rising
    lower = [row[named:] for row in rows]
    if falling:
        lower = [[rows[j][i - j] for j in range(i + 1)] for i in range(len(rows))]
    diagonal = {to_number(row[-1] if rising else row[0]) for row in rows}
    if diagonal != {0.0}:
        if falling or named:
            raise ValueError(
                f"line {table.lines[0]}: a triangle of distances must have its diagonal of zeros, "
                f"got {' '.join(rows[0])[:40]!r}. Write the whole matrix."
            )
        lower = [[], *lower]
        lower = [[*row, "0"] for row in lower]
        table.lines = [table.lines[0], *table.lines]
    count = len(lower)
    require_memory(200 * count**2, torch.device("cpu"), f"the {count} × {count} distances")
    names = [row[:1] if named else [] for row in (rows if named else lower)]
    table.rows = [
        [*names[i], *(lower[max(i, j)][min(i, j)] for j in range(count))] for i in range(count)
    ]
    notes.append(f"one triangle of the distances of {count} points")


def _matrix(
    table: Table, reading: Reading, notes: list[str]
) -> tuple[np.ndarray, tuple[str, ...] | None, list[str] | None]:
    """The numbers of a table; names before the rows, or above the columns, are of vertices.

    And the words above the numbers.
    """
    rows, lines = table.rows, table.lines
    heading = None
    if reading.heading is not False and len(rows) > 1 and not all(map(_reads, rows[0])):
        row = rows[0]
        named = len(row) == len(rows[1]) > 1 and all(map(_reads, row[1:])) and row[0] != ""
        if not named:
            heading, rows, lines = rows[0], rows[1:], lines[1:]
    labels: tuple[str, ...] | None = None
    index = heading is not None and heading[0].lower() in _INDEX
    index = index or (heading is not None and len(heading) == len(rows[0]) - 1)
    if len(rows[0]) > 1 and (index or not any(_reads(row[0]) for row in rows)):
        firsts = [row[0] for row in rows]
        counted = _counts(firsts)
        rows = [row[1:] for row in rows]
        if counted:
            notes.append("column 1, numbers of the lines, ignored")
        else:
            labels = tuple(firsts)
    elif heading is not None and reading.format != "points" and len(heading) == len(rows):
        labels = tuple(heading)
    if heading is None and labels is None and reading.format == "points":
        _require_no_index(rows, lines[0])
    width = len(rows[0])
    require_memory(16 * width * len(rows), torch.device("cpu"), "the numbers of the table")
    for line, row in zip(lines, rows, strict=True):
        if len(row) != width:
            raise ValueError(
                f"line {line}: every line must have equally many numbers, got {len(row)} here and "
                f"{width} in the first."
            )
    above = None if heading is None else heading[-width:]
    if reading.format == "points" and above is not None:
        rows, above = _without_words(rows, above, notes)
    try:
        values = np.array(rows, dtype=np.float64)
    except ValueError:
        values = np.array([[to_number(cell) for cell in row] for row in rows])
    odd = np.argwhere(~np.isfinite(values) & ~np.isposinf(values))
    if reading.format != "distances":
        odd = np.argwhere(~np.isfinite(values))
    if len(odd):
        i, j = odd[0].tolist()
        raise ValueError(f"line {lines[i]}: must hold numbers, got {rows[i][j][:40]!r}.")
    return values, labels, above


def _without_words(
    rows: list[list[str]], heading: list[str], notes: list[str]
) -> tuple[list[list[str]], list[str]]:
    """Points without the columns of words beside their coordinates, which is noted."""
    kept = [j for j in range(len(heading)) if any(_reads(row[j]) for row in rows)]
    words = [heading[j] for j in range(len(heading)) if j not in kept]
    if not words or not kept:
        return rows, heading
    notes.append(f"column{'s' if len(words) > 1 else ''} {', '.join(words)[:60]} of words ignored")
    return [[row[j] for j in kept] for row in rows], [heading[j] for j in kept]


def _require_no_index(rows: list[list[str]], line: int) -> None:
    """Refuse points without a heading whose first column counts the lines."""
    real = any("." in cell for row in rows for cell in row)
    if len(rows) > 2 and len(rows[0]) > 1 and real and _counts([row[0] for row in rows]):
        raise ValueError(
            f"line {line}: the first column counts the lines, got {' '.join(rows[0])[:40]!r}. Give "
            "the columns a heading: 'id' above numbers of points, another word above a coordinate."
        )


def _counts(firsts: list[str]) -> bool:
    """Whether the cells count the lines, from 0 or from 1."""
    return any(firsts == [str(k) for k in range(s, s + len(firsts))] for s in (0, 1))


def _reads(cell: str) -> bool:
    return is_number(cell) or cell.lower() in ("inf", "+inf", "-inf", "nan")
