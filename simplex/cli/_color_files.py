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
    rows = read_table(read_text(path, notes), Reading(format="facets")).rows
    return _by_vertices(K, rows, signed) or _by_order(K, rows, stem)


def _saved(path: str, stem: str) -> dict[str, Any]:
    try:
        saved = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # pickle and zip have many of their own
        reason = str(error).splitlines()[0][:100]
        raise ValueError(f"must hold tensors by torch.save, got another file ({reason}).") from None
    return saved if isinstance(saved, dict) and all(map(_is_word, saved)) else {stem: saved}


def _is_word(name: Any) -> bool:
    return isinstance(name, str)


def _by_vertices(
    K: SimplicialComplex, rows: list[list[str]], signed: bool
) -> dict[str, Any] | None:
    """Rows that begin with the names of the vertices of a simplex; the most names that fit."""
    names = K.vertex_labels or range(K.num_simplices(0))
    known = {str(name): v for v, name in enumerate(names)}
    width = min(map(len, rows), default=0)
    for size in range(min(width - 1, K.dim + 1), 0, -1):
        is_heading = not all(cell in known for cell in rows[0][:size])
        body = rows[is_heading:]
        if not body or not all(cell in known for row in body for cell in row[:size]):
            continue
        tuples = torch.tensor([[known[cell] for cell in row[:size]] for row in body])
        if bool((tuples.sort(1).values.diff(dim=1) == 0).any()):
            continue
        ids = K.index(tuples.to(K.device)).tolist()
        if min(ids) < 0 or len(set(ids)) < len(ids):
            continue
        heading = rows[0] if is_heading else [f"column {j + 1}" for j in range(width)]
        signs = _turns(tuples) if signed else [1] * len(ids)
        columns: dict[str, Any] = {}
        for j in range(size, width):
            values: list[Any] = [None] * K.num_simplices(size - 1)
            cells = _cells([row[j] for row in body])
            for i, cell, sign in zip(ids, cells, signs, strict=True):
                values[i] = sign * cell if isinstance(cell, float) else cell
            columns[heading[j]] = {size - 1: values}
        return columns
    return None


def _turns(tuples: torch.Tensor) -> list[int]:
    """The sign of the order of each row: -1 where an odd number of swaps sorts it."""
    swaps = sum(
        (tuples[:, i] > tuples[:, j]).long() for j in range(tuples.shape[1]) for i in range(j)
    )
    signs: list[int] = (1 - 2 * (torch.as_tensor(swaps) % 2)).expand(len(tuples)).tolist()
    return signs


def _by_order(K: SimplicialComplex, rows: list[list[str]], stem: str) -> dict[str, Any]:
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
    if len(fits) != 1:
        counts = ", ".join(map(str, K.f_vector))
        raise ValueError(
            "rows must begin with the names of the vertices of a simplex, each one once, or be as "
            f"many as there are simplices of one dimension ({counts}), got {len(rows)} rows."
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
