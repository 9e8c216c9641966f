"""The files that the command line reads: graphs and complexes in any format, and folders."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from simplex.complexes import SimplicialComplex
from simplex.interop import GraphEdges
from simplex.io import (
    DEFAULT_MAX_DIM,
    STDIN,
    Content,
    Reading,
    content_of,
    contents_of,
    graph_complex,
    holds_graphs,
    kind_of_file,
    lengths_of,
    parts_of,
    read_saved,
    said_of_directions,
    with_edge_filtration,
    with_lengths,
)
from simplex.lifting import lift_edges, lift_rings
from simplex.storage import COMPLEX, EDGES, Format, form_of, open_complex, open_edges


class Complexes(list[SimplicialComplex]):
    """The complexes of a file, and the dimension at which graphs were cut (``None``: whole)."""

    cut: int | None = None


def read_complexes(
    path: str, max_dim: int | None = None, reading: Reading | None = None
) -> Complexes:
    """Read a file, in the format that its ending or ``reading`` tells, and lift its graphs.

    Without ``max_dim`` graphs are lifted to dimension 2, and saved complexes and facets kept whole.
    At least one complex; ``-`` is standard input. Errors name the file and, where they can, the
    line.
    """
    return read_with_content(path, max_dim, reading or Reading())[0]


def read_with_content(
    path: str, max_dim: int | None, reading: Reading
) -> tuple[Complexes, Content]:
    """The complexes of a file, and what else it says."""
    with file_errors(path) as notes:
        complexes, content = _read(path, max_dim, reading, notes)
        if all(K.dim < 0 for K in complexes):
            raise ValueError("must hold at least one vertex, got none.")
        size, most = sum(sum(K.f_vector) for K in complexes), reading.max_simplices
        if most is not None and size > most:
            raise ValueError(f"must have at most --max-simplices {most} simplices, got {size}.")
    return complexes, content


def read_graphs(path: str, reading: Reading) -> GraphEdges | Path | None:
    """The graphs of a file in one, or the folder of a graph; ``None`` for complexes."""
    _require_no_nodes(path, reading)
    if is_folder(path, EDGES):
        return Path(path)
    if is_saved(path, reading) or reading.format in ("points", "distances", "numpy"):
        return None
    if reading.rings is not None:
        raise ValueError("--rings must be left out here: rings are filled by 'lift --out' alone.")
    if reading.weight is not None:
        raise ValueError("--weight must be left out here: lengths are kept by 'lift --out' alone.")
    with file_errors(path) as notes:
        content = content_of(path, reading, None, notes)
        say_lost(path, content)
    return content.graph


def _require_no_nodes(path: str, reading: Reading) -> None:
    """Refuse a table of vertices beside what is no file of names."""
    if reading.nodes is None:
        return
    pt = path != STDIN and not Path(path).is_dir() and kind_of_file(path, reading).name == "pt"
    if pt or is_folder(path, COMPLEX) or is_folder(path, EDGES):
        raise ValueError("--nodes must be left out for folders and .pt. Convert to .npz before.")


@contextmanager
def file_errors(path: str) -> Iterator[list[str]]:
    """Errors that name the file; what it was read as, noted meanwhile, in one line."""
    notes: list[str] = []
    try:
        yield notes
    except FileNotFoundError as error:
        raise ValueError(f"{error.filename or path}: no such file.") from None
    except OSError as error:
        raise ValueError(f"{error.filename or path}: cannot be read ({error.strerror}).") from None
    except (ValueError, TypeError) as error:
        prefix = "" if str(error).startswith(path) else f"{path}: "
        raise ValueError(f"{prefix}{error}") from None
    if notes:
        print(f"{path}: read as: {_shown('; '.join(notes))}.", file=sys.stderr)


def is_folder(path: str, form: Format) -> bool:
    """Whether there is a folder of this library, by its manifest of this kind."""
    return path != STDIN and Path(path).is_dir() and form_of(path) == form.name


def is_saved(path: str, reading: Reading | None = None) -> bool:
    """Whether a file holds complexes, which come as they are, and not graphs, which are lifted."""
    if is_folder(path, COMPLEX):
        return True
    try:
        return not holds_graphs(path, reading or Reading())
    except (OSError, ValueError):
        return False  # what is wrong with it is said when it is read


def read_complex(
    path: str, max_dim: int | None = None, reading: Reading | None = None
) -> SimplicialComplex:
    """Read a file that must hold exactly one graph or complex."""
    complexes = read_complexes(path, max_dim, reading)
    if len(complexes) > 1:
        raise ValueError(f"{path}: must hold one graph here, got {len(complexes)}.")
    return complexes[0]


def _read(
    path: str, max_dim: int | None, reading: Reading, notes: list[str]
) -> tuple[Complexes, Content]:
    cut = DEFAULT_MAX_DIM if max_dim is None else max_dim
    if reading.rings is not None and (
        is_saved(path, reading) or reading.format in ("points", "distances")
    ):
        raise ValueError("--rings must be left out for complexes and points, got no graph.")
    _require_no_nodes(path, reading)
    if is_folder(path, COMPLEX):
        return Complexes(parts_of(open_complex(path), max_dim)), Content()
    if is_folder(path, EDGES):
        opened = open_edges(path)
        edges = GraphEdges(opened.num_vertices, torch.from_numpy(opened.edges).T)
        content = Content(edges)
    elif path != STDIN and kind_of_file(path, reading).name == "pt":
        return Complexes(read_saved(path, max_dim)), Content()
    else:
        content = content_of(path, reading, max_dim, notes)
        say_lost(path, content)
    if content.facets is not None:
        return Complexes(parts_of(content.facets, max_dim)), content
    complexes = Complexes(
        [content.lifted] if content.lifted is not None else _lift(path, content, cut, reading)
    )
    complexes.cut = cut
    return complexes, content


def _shown(text: str) -> str:
    """Without the characters that steer a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def read_whole(
    path: str, max_dim: int | None, reading: Reading, *, lift: bool
) -> tuple[SimplicialComplex, list[dict[str, Any]], dict[str, Any]]:
    """All of a file as one complex, the values of its simplices and of the whole."""
    if lift or is_folder(path, COMPLEX) or is_folder(path, EDGES):
        return _lifted_whole(path, max_dim, replace(reading, values=True))
    with file_errors(path) as notes, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is noted, and said in one line
        contents = contents_of(path, replace(reading, values=True), max_dim)
        notes += contents.notes
        if contents.complex.dim < 0:
            raise ValueError("must hold at least one vertex, got none.")
    return contents.complex, [dict(own) for own in contents.attributes], dict(contents.metadata)


def _lifted_whole(
    path: str, max_dim: int | None, reading: Reading
) -> tuple[SimplicialComplex, list[dict[str, Any]], dict[str, Any]]:
    """The lift of all graphs of a file, with the values and the filtration of these."""
    found, content = read_with_content(path, max_dim, reading)
    K = found[0] if len(found) == 1 else SimplicialComplex.disjoint_union(found)
    values = content.values
    if content.graph is not None and reading.rings is not None:
        if any(values.values()):
            print(f"{path}: note: attributes are left out with --rings.", file=sys.stderr)
        values = {}
    elif content.graph is not None:
        graph, values = graph_complex(content, reading, [])
        said = said_of_directions(
            content.graph, values.get(1, {}), kind_of_file(path, reading).name
        )
        if said:
            print(f"{path}: note: {_shown('; '.join(said))}.", file=sys.stderr)
        if K.filtration is None and graph.filtration is not None:
            K = with_edge_filtration(K, graph.filtration)
    attributes = [dict(values.get(k, {})) for k in range(max(K.dim, 0) + 1)]
    return K, attributes, dict(content.metadata)


def _lift(path: str, content: Content, max_dim: int, reading: Reading) -> list[SimplicialComplex]:
    """Lift all graphs of a file by one kernel call, noting what a complex cannot hold."""
    graph = content.graph
    assert graph is not None
    lengths = lengths_of(content, reading)
    if reading.rings is not None and lengths is not None:
        raise ValueError("--rings must be left out with --weight: rings have no lengths of edges.")
    if reading.rings is not None:
        return lift_rings(graph, reading.rings, max_dim, reading.max_simplices).split()
    K = lift_edges(graph, max_dim, reading.max_simplices)
    if lengths is not None:
        return [with_lengths(K, graph.edge_index, lengths)]
    return K.split()


def say_lost(path: str, content: Content) -> None:
    """Say what of a file a complex cannot hold."""
    lost = list(content.lost)
    if content.graph is not None:
        ends = content.graph.edge_index
        loops = int((ends[0] == ends[1]).sum())
        if loops:
            lost.append(f"{'1 self-loop is' if loops == 1 else f'{loops} self-loops are'} left out")
    if lost:
        print(f"{path}: note: {_shown('; '.join(lost))}.", file=sys.stderr)
