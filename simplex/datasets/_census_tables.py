"""The triangles of all closed surfaces with few vertices: searched once, then read from a file."""

from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simplex.complexes import interruptible
from simplex.datasets._files import read_arrays, refused
from simplex.datasets._root import keep, kept_place


MOST_VERTICES = 10
FEWEST_VERTICES = 4
_FILE = f"closed-surfaces-{MOST_VERTICES}-1.npz"  # the last number is of the format
_FIELDS = {"triangles": ("u", 2), "counts": ("u", 1), "num_vertices": ("u", 1), "digest": ("u", 1)}
_WHAT = "closed surfaces that surface_census stored"


class CensusTables(NamedTuple):
    """Closed surfaces by the number of vertices, each once.

    Attributes:
        triangles: (rows, 3) int64, vertices of each surface from 0, its triangles in the order in
            which the search adds them.
        counts: (surfaces,) int64, how many triangles each has.
        num_vertices: (surfaces,) int64, ascending.
    """

    triangles: NDArray[np.int64]
    counts: NDArray[np.int64]
    num_vertices: NDArray[np.int64]


def census_tables(max_vertices: int, root: str | Path | None) -> CensusTables:
    """The surfaces with at most so many vertices, from the file, or searched and kept in it."""
    place = kept_place("surfaces", _FILE, root)
    if place.is_file():
        tables = _read(place)
    else:
        tables = _searched()
        keep(place, partial(_write, tables), "the surfaces are not kept, and searched again")
    surfaces = int(np.searchsorted(tables.num_vertices, max_vertices, side="right"))
    rows = int(tables.counts[:surfaces].sum())
    return CensusTables(
        tables.triangles[:rows], tables.counts[:surfaces], tables.num_vertices[:surfaces]
    )


def are_orientable(tables: CensusTables) -> NDArray[np.bool_]:
    """(surfaces,) by running along the triangles of each."""
    from simplex.datasets._census_numba import orientable

    answer: NDArray[np.bool_] = orientable(
        np.ascontiguousarray(tables.triangles), np.ascontiguousarray(tables.counts)
    )
    return answer


def _searched() -> CensusTables:
    from simplex.datasets._census_numba import surfaces_of

    triangles, counts, num_vertices = [], [], []
    for n in range(FEWEST_VERTICES, MOST_VERTICES + 1):
        for degree in range(3, n):
            ended = np.zeros(1, np.bool_)
            found, count = interruptible(surfaces_of, n, degree, ended, stop=ended)
            triangles.append(found)
            counts.append(count[:, 0])
            num_vertices.append(np.full(len(count), n))
    return CensusTables(*map(np.concatenate, (triangles, counts, num_vertices)))


def _write(tables: CensusTables, file: BinaryIO) -> None:
    small = [table.astype(np.uint8) for table in tables]
    triangles, counts, num_vertices = small
    np.savez_compressed(
        file,
        triangles=triangles,
        counts=counts,
        num_vertices=num_vertices,
        digest=_digest(small),
    )


def _read(place: Path) -> CensusTables:
    """The tables of a file, which must be those that were written."""
    stored = read_arrays(place, _FIELDS, _WHAT)
    *tables, digest = (stored[name] for name in _FIELDS)
    if not np.array_equal(_digest(tables), digest):
        raise refused(place, _WHAT, "got other contents than its checksum says")
    return CensusTables(*(table.astype(np.int64) for table in tables))


def _digest(tables: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    whole = sha256()
    for table in tables:
        whole.update(str(table.shape).encode())
        whole.update(np.ascontiguousarray(table).tobytes())
    return np.frombuffer(whole.digest(), np.uint8)
