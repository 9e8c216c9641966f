"""Files with values of simplices, for ``--color`` and ``--flow``."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch

from simplex.cli._files import file_errors
from simplex.complexes import SimplicialComplex
from simplex.io import Reading, read_table, read_text


_MISSING = {"", "nan", "na", "n/a", "null", "none"}


def read_values(K: SimplicialComplex, files: list[str], *, signed: bool = False) -> dict[str, Any]:
    """Values by names, for ``view_complex``: those of several columns by their headings.

    ``signed``: a value runs along the vertices in the order of its row, and is turned where the
    complex has another order.

    Raises:
        ValueError: a file that is not there or is no table of values of the simplices.
    """
    found: dict[str, Any] = {}
    for path in files:
        with file_errors(path) as notes:
            for name, values in _read(K, path, notes, signed).items():
                key = name if name not in found else f"{Path(path).stem}: {name}"
                if key in found:
                    raise ValueError(f"the values must have names of their own, got {key!r} twice.")
                found[key] = values
    return found


def _read(K: SimplicialComplex, path: str, notes: list[str], signed: bool) -> dict[str, Any]:
    ending, stem = Path(path).suffix.lower(), Path(path).stem
    if ending == ".npy":
        try:
            return {stem: np.load(path, allow_pickle=False)}
        except (ValueError, EOFError) as error:
            raise ValueError(f"must be an array of numpy, got another file ({error}).") from None
    if ending == ".pt":
        return _saved(path, stem)
    table = read_table(read_text(path, notes), Reading(format="facets"))
    columns, fault = _by_vertices(K, table.rows, table.lines, notes, signed)
    if columns is None and fault and _begin_with_words(K, table.rows):
        raise ValueError(fault)
    return _by_order(K, table.rows, stem, fault) if columns is None else columns


def _saved(path: str, stem: str) -> dict[str, Any]:
    try:
        saved = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # pickle and zip have many of their own
        reason = str(error).splitlines()[0][:100]
        raise ValueError(f"must hold tensors by torch.save, got another file ({reason}).") from None
    return saved if isinstance(saved, dict) and all(map(_is_word, saved)) else {stem: saved}


def _is_word(name: Any) -> bool:
    return isinstance(name, str)


def _known(K: SimplicialComplex) -> dict[str, int]:
    """The vertices by their names."""
    return {str(name): v for v, name in enumerate(K.vertex_labels or range(K.num_simplices(0)))}


def _begin_with_words(K: SimplicialComplex, rows: list[list[str]]) -> bool:
    """Whether a row begins with the name of a vertex that is no number, which can be no value."""
    known = _known(K)
    return any(row[0] in known and _is_word(_cells([row[0]])[0]) for row in rows)


def _by_vertices(
    K: SimplicialComplex, rows: list[list[str]], lines: list[int], notes: list[str], signed: bool
) -> tuple[dict[str, Any] | None, str]:
    """Rows that begin with the names of the vertices of a simplex; the most names that fit.

    Where none fit, what is wrong with those that nearly do.
    """
    known, width = _known(K), min(map(len, rows), default=0)
    faults: list[tuple[int, str]] = [(0, "")]
    for size in range(min(width - 1, K.dim + 1), 0, -1):
        heading = None if all(cell in known for cell in rows[0][:size]) else rows[0]
        begin_at = int(heading is not None)
        body, at = rows[begin_at:], lines[begin_at:]
        strange = [i for i, row in enumerate(body) if not all(c in known for c in row[:size])]
        if strange or not body:
            if strange:
                i = strange[0]
                word = next(cell for cell in body[i][:size] if cell not in known)
                begin = "the name of a vertex" if size == 1 else f"{size} names of vertices"
                fault = f"line {at[i]} must begin with {begin}, got {word!r}, which is none."
                faults.append((size * (len(body) - len(strange)), fault))
            continue
        tuples = torch.tensor([[known[cell] for cell in row[:size]] for row in body])
        once = not (signed and size == 2)  # both directions of an edge are added up
        ids, good, fault = _ids(K, tuples, [row[:size] for row in body], at, once)
        if fault:
            faults.append((size * good, fault))
            continue
        if heading and any(isinstance(cell, float) for cell in _each(heading[size:])):
            notes.append(f"line {lines[0]}, {' '.join(heading)[:60]!r}, as a heading, for it does "
                         "not begin with names of vertices")  # fmt: skip
        count, fault = max(faults, key=lambda fault: fault[0])  # names that are understood
        if count > size * len(body):
            notes.append(
                f"values of dimension {size - 1}; if they are of another one, {fault[:-1]}"
            )
        return _columns(K, body, ids, tuples, heading, signed), ""
    return None, max(faults, key=lambda fault: fault[0])[1]


def _ids(
    K: SimplicialComplex, tuples: torch.Tensor, names: list[list[str]], lines: list[int], once: bool
) -> tuple[list[int], int, str]:
    """The simplices of rows; how many rows have one of their own; what is wrong with others."""
    again = (tuples.sort(1).values.diff(dim=1) == 0).any(1).nonzero()[:, 0].tolist()
    if again:
        fault = f"must have its vertices once, got {', '.join(names[again[0]])}."
        return [], len(names) - len(again), f"line {lines[again[0]]} {fault}"
    ids: list[int] = K.index(tuples.to(K.device)).tolist()
    first: dict[int, int] = {}
    fault = ""
    for i, simplex in enumerate(ids):
        if simplex < 0:
            fault = fault or (f"line {lines[i]} must begin with a simplex of the complex, got "
                              f"{', '.join(names[i])}.")  # fmt: skip
        elif (before := first.setdefault(simplex, i)) != i and once:
            fault = fault or (f"simplices must be listed each one once, got {', '.join(names[i])} "
                              f"in line {lines[i]} and in line {lines[before]}.")  # fmt: skip
    return ids, len(first), fault


def _columns(
    K: SimplicialComplex,
    body: list[list[str]],
    ids: list[int],
    tuples: torch.Tensor,
    heading: list[str] | None,
    signed: bool,
) -> dict[str, Any]:
    """The values behind the names; those of an edge in both directions, signed, are added up."""
    size, width = tuples.shape[1], min(map(len, body))
    signs = _turns(tuples) if signed else [1] * len(ids)
    columns: dict[str, Any] = {}
    for j in range(size, width):
        values: list[Any] = [None] * K.num_simplices(size - 1)
        cells = _cells([row[j] for row in body])
        for i, cell, sign in zip(ids, cells, signs, strict=True):
            if isinstance(cell, float):
                values[i] = sign * cell + (values[i] or 0.0)
            elif cell is not None:
                values[i] = cell
        columns[heading[j] if heading else f"column {j + 1}"] = {size - 1: values}
    return columns


def _turns(tuples: torch.Tensor) -> list[int]:
    """The sign of the order of each row: -1 where an odd number of swaps sorts it."""
    swaps = sum(
        (tuples[:, i] > tuples[:, j]).long() for j in range(tuples.shape[1]) for i in range(j)
    )
    signs: list[int] = (1 - 2 * (torch.as_tensor(swaps) % 2)).expand(len(tuples)).tolist()
    return signs


def _by_order(K: SimplicialComplex, rows: list[list[str]], stem: str, fault: str) -> dict[str, Any]:
    """A value for each simplex of a dimension, in the order of their ids."""
    width = min(map(len, rows), default=0)
    plain = [stem] if width == 1 else [f"{stem} {j + 1}" for j in range(width)]
    words = bool(rows) and all(map(_is_word, _each(rows[0])))
    others = any(all(map(_is_word, _each(row))) for row in rows[1:])
    readings = [] if words and not others else [(plain, rows)]  # words above numbers are a heading
    readings += [(rows[0], rows[1:])] if words else []
    fits = [
        (heading, body, k)
        for heading, body in readings
        for k, n in enumerate(K.f_vector)
        if n == len(body)
    ]
    if len(fits) > 1:
        dims = sorted({k for *_, k in fits})
        counts = " or ".join(str(n) for n in dict.fromkeys(len(body) for _, body, _ in fits))
        raise ValueError(
            f"rows must say of which simplices they are, got {counts} rows, which fit the "
            f"dimensions {' and '.join(map(str, dims))}. Begin the rows with the names of vertices."
        )
    if not fits:
        counts = ", ".join(map(str, K.f_vector))
        below = " below a heading" if words and not others else ""
        raise ValueError(
            fault
            or "rows must begin with the names of the vertices of a simplex, each one once, or be "
            f"as many as there are simplices of one dimension ({counts}), got "
            f"{len(readings[0][1]) if readings else 0} rows{below}."
        )
    heading, body, k = fits[0]
    return {heading[j]: {k: _cells([row[j] for row in body])} for j in range(width)}


def _each(row: list[str]) -> list[Any]:
    """The cells of a row, each a number or a word by itself."""
    return [_cells([cell])[0] for cell in row]


def _cells(column: list[str]) -> list[Any]:
    """Numbers, where all that is given are; else words. ``None`` where there is nothing."""
    given = [None if cell.lower() in _MISSING else cell for cell in column]
    try:
        numbers = [None if cell is None else float(cell) for cell in given]
    except ValueError:
        return given
    return [None if x is None or math.isnan(x) else x for x in numbers]
