"""What is refined by tasks: tables in folders, or in memory and then saved beside the colours."""

import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from simplex.complexes import SimplicialComplex, require_complex, require_memory
from simplex.storage import (
    EDGES,
    Place,
    absolute,
    form_of,
    open_complex,
    open_edges,
    opened_in,
    place_of,
    save_complex,
)
from simplex.wl._checks import require_adjacencies
from simplex.wl._parts import part_pointers
from simplex.wl._refine import Palette, starting_colors
from simplex.wl._starting import given_colors, kind_of


class Source(NamedTuple):
    """What is refined.

    Args:
        tables: for each degree the name of the table of facets; none for vertices.
        sizes: how many simplices there are in each degree.
        kinds: what is coloured, in words: the first so many degrees.
        start: for each of them the starting colours, or ``None`` for one.
        pointers: for each of them the first of each part.
        used: the adjacencies.
        place: the folder of the tables, or the complex that is to be saved.
        token: changes with the tables.
    """

    tables: tuple[str, ...]
    sizes: tuple[int, ...]
    kinds: tuple[str, ...]
    start: tuple[Palette | None, ...]
    pointers: tuple[Tensor, ...]
    used: tuple[str, ...]
    place: Place | SimplicialComplex
    token: str

    def place_for(self, work: Path) -> Place:
        """The folder of the tables; those in memory are saved into one of the folder ``work``."""
        if isinstance(self.place, Place):
            return self.place
        if not (work / "complex").exists():
            save_complex(self.place, work / "complex")
        return place_of(work / "complex")


def simplices_of(
    K: SimplicialComplex | str | os.PathLike[str],
    adjacencies: Iterable[str],
    colors: Mapping[int, Any] | Sequence[Any] | None,
) -> Source:
    """As :func:`simplex.wl.simplicial_wl` colours them."""
    used = require_adjacencies(adjacencies)
    K, place = _opened(K)
    degrees = range(max(K.dim, 0) + 1)
    given = given_colors(K, colors)
    return Source(
        tables=("", *(f"facets_{k}" for k in degrees[1:])),
        sizes=tuple(K.num_simplices(k) for k in degrees),
        kinds=tuple(map(kind_of, degrees)),
        start=tuple(_start(K, k, given.get(k), f"colors[{k}]") for k in degrees),
        pointers=tuple(part_pointers(K)),
        used=tuple(sorted(used)),
        place=place,
        token=_token(place),
    )


def vertices_of(K: SimplicialComplex | str | os.PathLike[str], colors: Any) -> Source:
    """As :func:`simplex.wl.weisfeiler_lehman` colours them; also of the edges in a folder."""
    if isinstance(K, (str, os.PathLike)) and form_of(absolute(K)) == EDGES.name:
        edges, num_vertices = open_edges(K)
        return _graph(SimplicialComplex(num_vertices), "edges", len(edges), colors, place_of(K))
    K, place = _opened(K)
    return _graph(K, "facets_1", K.num_simplices(1), colors, place)


def _graph(
    K: SimplicialComplex,
    table: str,
    num_edges: int,
    colors: Any,
    place: Place | SimplicialComplex,
) -> Source:
    return Source(
        tables=("", table) if num_edges else ("",),
        sizes=(K.num_simplices(0), num_edges) if num_edges else (K.num_simplices(0),),
        kinds=("vertices",),
        start=(_start(K, 0, colors, "colors"),),
        pointers=(K.part_pointer(0).cpu(),),
        used=("neighbors",),
        place=place,
        token=_token(place),
    )


def _opened(
    K: SimplicialComplex | str | os.PathLike[str],
) -> tuple[SimplicialComplex, Place | SimplicialComplex]:
    """The complex, and where tasks find it: its folder, or its bare tables."""
    if isinstance(K, (str, os.PathLike)):
        return open_complex(K), place_of(K)
    require_complex("K", K)
    place = opened_in(K)
    if place is not None:
        return K, place
    tables = [K.facets(k) for k in range(1, K.dim + 1)]
    return K, SimplicialComplex(K.num_simplices(0), tables, directed=K.directed, device=K.device)


def _start(K: SimplicialComplex, k: int, values: Any, what: str) -> Palette | None:
    if values is None:
        return None
    size = K.num_simplices(k)
    remedy = "Give colours to fewer dimensions."
    require_memory(8 * 5 * size, K.device, f"the starting colours of {size} simplices", remedy)
    palette = starting_colors(values, size, K.device, what)
    return Palette(palette.colors.cpu(), palette.size)


def _token(place: Place | SimplicialComplex) -> str:
    if isinstance(place, Place):
        return place.token
    K, checksum = place, 0
    for k in range(1, K.dim + 1):
        checksum = zlib.crc32(K.facets(k).cpu().contiguous().numpy().data, checksum)
    return f"{K.f_vector} {checksum:08x}"
