"""Points in files of chemistry (``.xyz``) and of numpy (``.npy``): a complex within a radius."""

import io
from typing import Any

import numpy as np
import torch

from simplex.complexes import require_memory
from simplex.io._content import Content, Values
from simplex.io._options import DEFAULT_MAX_DIM, Reading
from simplex.io._source import read_bytes, read_text
from simplex.io._tables import coordinates, read_content
from simplex.lifting import vietoris_rips_complex


def read_points(path: str, reading: Reading, max_dim: int | None, notes: list[str]) -> Content:
    """A table of numbers, an array of numpy, or the atoms of a molecule."""
    data = read_bytes(path, text=False)
    if data.startswith(b"\x93NUMPY"):
        return _lifted(_array(data), {}, reading, max_dim, notes)
    if (atoms := _atoms(read_text(path, []))) is not None:
        return _lifted(*atoms, reading, max_dim, notes)
    return read_content(path, reading, max_dim, notes)


def read_numpy(path: str, reading: Reading, max_dim: int | None, notes: list[str]) -> Content:
    """Points (n, d) or, with the format distances, an (n, n) matrix."""
    return _lifted(_array(read_bytes(path, text=False)), {}, reading, max_dim, notes)


def _lifted(
    table: Any, values: Values, reading: Reading, max_dim: int | None, notes: list[str]
) -> Content:
    radius, cut = reading.max_edge_length, DEFAULT_MAX_DIM if max_dim is None else max_dim
    if radius is None:
        raise ValueError("--format points must come with --max-edge-length R, got none.")
    tensor = torch.from_numpy(table)
    if reading.format == "distances":
        K = vietoris_rips_complex(None, radius, cut, distances=tensor,
                                  max_simplices=reading.max_simplices)  # fmt: skip
        return Content(lifted=K)
    notes.append(f"{len(table)} points of {table.shape[1]} coordinates")
    K = vietoris_rips_complex(tensor, radius, cut, max_simplices=reading.max_simplices)
    return Content(lifted=K, values={0: coordinates(table) | values})


def _array(data: bytes) -> Any:
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"must be an array of numpy, got another file ({error}).") from None
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise ValueError(
            f"must hold points (n, d) or distances (n, n), got shape {array.shape} of "
            f"{array.dtype}."
        )
    require_memory(8 * array.size, torch.device("cpu"), "the numbers of the array")
    return array.astype(np.float64)


def _atoms(text: str) -> tuple[Any, Values] | None:
    """The places and elements of the molecule of an ``.xyz`` file; ``None`` for other tables."""
    lines = text.rstrip("\n").split("\n")
    if not lines[0].strip().isdigit() or len(lines) < 3:
        return None
    count = int(lines[0])
    rows = [line.split() for line in lines[2 : 2 + count]]
    named = bool(rows) and all(len(row) >= 4 and not row[0].lstrip("-").isdigit() for row in rows)
    if len(rows) < count or not named:
        return None
    if any(line.strip() for line in lines[2 + count :]):
        raise ValueError(f"must hold one molecule of {count} atoms, got more lines.")
    try:
        places = np.array([row[1:4] for row in rows], dtype=np.float64)
    except ValueError:
        raise ValueError("atoms must be 'element x y z', got others.") from None
    return places, {"element": [row[0] for row in rows]}
