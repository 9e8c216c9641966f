"""The files that the command line reads: graphs in text formats, and saved complexes."""

import pickle
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from simplex.cli._reading.build import Content, read_content
from simplex.cli._reading.graphml import read_graphml
from simplex.cli._reading.options import DEFAULT_MAX_DIM, Reading
from simplex.cli._reading.source import (
    COMPRESSED,
    STDIN,
    read_bytes,
    read_text,
    require_regular,
)
from simplex.complexes import SimplicialComplex
from simplex.interop import GraphEdges, read_graph, read_graph6, read_plain_graph6, unite
from simplex.lifting import lift_edges, lift_rings
from simplex.storage import COMPLEX, EDGES, Format, form_of, open_complex, open_edges


_KINDS = {
    **dict.fromkeys([".txt", ".edges", ".edgelist", ".csv", ".tsv", ".mtx"], "table"),
    **dict.fromkeys([".g6", ".s6"], "graph6"),
    ".graphml": "graphml",
    ".pt": "saved",
}


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
    reading = reading or Reading()
    with _reading(path) as notes:
        complexes = _read(path, max_dim, reading, notes)
        if all(K.dim < 0 for K in complexes):
            raise ValueError("must hold at least one vertex, got none.")
        size, most = sum(sum(K.f_vector) for K in complexes), reading.max_simplices
        if most is not None and size > most:
            raise ValueError(f"must have at most --max-simplices {most} simplices, got {size}.")
    return complexes


def read_graphs(path: str, reading: Reading) -> GraphEdges | Path | None:
    """The graphs of a file in one, or the folder of a graph; ``None`` for complexes."""
    if is_folder(path, EDGES):
        return Path(path)
    if is_saved(path, reading) or reading.format in ("points", "distances"):
        return None
    if reading.rings is not None:
        raise ValueError("--rings must be left out here: rings are filled by 'lift --out' alone.")
    if reading.weight is not None:
        raise ValueError("--weight must be left out here: lengths are kept by 'lift --out' alone.")
    with _reading(path) as notes:
        content = _content(path, None, reading, notes)
        if content.graph is not None:
            _say_loops(path, content.graph)
    return content.graph


@contextmanager
def _reading(path: str) -> Iterator[list[str]]:
    """Errors that name the file; what it was read as, noted meanwhile, in one line."""
    notes: list[str] = []
    try:
        yield notes
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file.") from None
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from None
    if notes:
        print(f"{path}: read as: {_shown('; '.join(notes))}.", file=sys.stderr)


def is_folder(path: str, form: Format) -> bool:
    """Whether there is a folder of this library, by its manifest of this kind."""
    return path != STDIN and Path(path).is_dir() and form_of(path) == form.name


def is_saved(path: str, reading: Reading | None = None) -> bool:
    """Whether a file holds complexes, which come as they are, and not graphs, which are lifted."""
    if is_folder(path, COMPLEX):
        return True
    if reading is not None and reading.format is not None:
        return reading.format == "facets"
    return _KINDS.get(_ending(path)) == "saved"


def read_complex(
    path: str, max_dim: int | None = None, reading: Reading | None = None
) -> SimplicialComplex:
    """Read a file that must hold exactly one graph or complex."""
    complexes = read_complexes(path, max_dim, reading)
    if len(complexes) > 1:
        raise ValueError(f"{path}: must hold one graph here, got {len(complexes)}.")
    return complexes[0]


def _ending(path: str) -> str:
    """The ending that tells the format: that below ``.gz`` where a file is compressed."""
    place = Path(path)
    if place.suffix.lower() in COMPRESSED:
        place = place.with_suffix("")
    return place.suffix.lower()


def _kind(path: str, reading: Reading) -> str:
    if reading.format is not None:
        return reading.format if reading.format in ("graph6", "graphml") else "table"
    if path == STDIN:
        return "table"
    kind = _KINDS.get(_ending(path))
    if kind is None:
        place = Path(path)
        if not place.exists():
            raise FileNotFoundError
        if place.is_dir():
            raise ValueError(
                "must be a file, or a folder by 'simplex edges' or 'lift --to-disk', got another "
                f"folder{'' if form_of(path) is None else f', of format {form_of(path)}'}."
            )
        known = " ".join(sorted(_KINDS))
        raise ValueError(
            f"the file name must end in one of {known}. Name the format of others with --format."
        )
    return kind


def _read(path: str, max_dim: int | None, reading: Reading, notes: list[str]) -> Complexes:
    cut = DEFAULT_MAX_DIM if max_dim is None else max_dim
    if reading.rings is not None and (
        is_saved(path, reading) or reading.format in ("points", "distances")
    ):
        raise ValueError("--rings must be left out for complexes and points, got no graph.")
    if is_folder(path, COMPLEX):
        return Complexes(_parts(open_complex(path), max_dim))
    if is_folder(path, EDGES):
        opened = open_edges(path)
        edges = GraphEdges(opened.num_vertices, torch.from_numpy(opened.edges).T)
        content = Content(edges)
    elif path != STDIN and _kind(path, reading) == "saved":
        require_regular(path)
        return Complexes(_read_saved(Path(path), max_dim))
    else:
        content = _content(path, max_dim, reading, notes)
    if content.facets is not None:
        return Complexes([content.facets])
    complexes = Complexes(
        [content.lifted] if content.lifted is not None else _lift(path, content, cut, reading)
    )
    complexes.cut = cut
    return complexes


def _content(path: str, max_dim: int | None, reading: Reading, notes: list[str]) -> Content:
    """What a text file holds."""
    kind = _kind(path, reading)
    if path != STDIN:
        require_regular(path)
    if kind == "graph6":
        return Content(_read_graph6(path))
    if kind == "graphml":
        return Content(unite(read_graphml(read_bytes(path), reading.undirected)))
    return read_content(path, reading, max_dim, notes)


def _shown(text: str) -> str:
    """Without the characters that steer a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _read_graph6(path: str) -> GraphEdges:
    from tqdm import tqdm

    text = read_text(path, [])
    if (plain := read_plain_graph6(text.encode())) is not None:
        return plain
    lines: Iterable[str] = text.split("\n")
    return read_graph(read_graph6(tqdm(lines, "reading", disable=None, leave=False)))


def _lift(path: str, content: Content, max_dim: int, reading: Reading) -> list[SimplicialComplex]:
    """Lift all graphs of a file by one kernel call, noting what a complex cannot hold."""
    graph = content.graph
    assert graph is not None
    _say_loops(path, graph)
    if reading.rings is not None and content.lengths is not None:
        raise ValueError("--rings must be left out with --weight: rings have no lengths of edges.")
    if reading.rings is not None:
        return lift_rings(graph, reading.rings, max_dim, reading.max_simplices).split()
    K = lift_edges(graph, max_dim, reading.max_simplices)
    if content.lengths is not None:
        return [_with_lengths(K, graph.edge_index, content.lengths)]
    return K.split()


def _say_loops(path: str, graph: GraphEdges) -> None:
    loops = int((graph.edge_index[0] == graph.edge_index[1]).sum())
    if loops:
        what = "1 self-loop is" if loops == 1 else f"{loops} self-loops are"
        print(f"{path}: note: {what} left out.", file=sys.stderr)


def _with_lengths(K: SimplicialComplex, edges: Tensor, lengths: Tensor) -> SimplicialComplex:
    """The lengths of edges as filtration: 0 on vertices, the longest edge of a larger simplex."""
    n = K.num_simplices(0)
    values = [torch.zeros(n, dtype=torch.float64)]
    if K.dim > 0:
        keys = edges.amin(0) * n + edges.amax(0)
        order = torch.argsort(keys, stable=True)
        keys, lengths = keys[order], lengths[order]
        again = keys[1:] == keys[:-1]
        if bool((again & (lengths[1:] != lengths[:-1])).any()):
            raise ValueError(
                "--weight must give an edge one length, got several for the same edge."
            )
        own = K.simplices(1)
        values.append(lengths[torch.searchsorted(keys, own[:, 0] * n + own[:, 1])])
    for k in range(2, K.dim + 1):
        values.append(values[-1][K.facets(k)].amax(1))
    return K.with_filtration(values)


# --- saved complexes ------------------------------------------------------------------------------


def _require_whole(K: SimplicialComplex) -> None:
    """Refuse tables that a small file blows up: one row, said to be a thousand million."""
    for k in range(1, K.dim + 1):
        table = K.facets(k)
        if table.untyped_storage().nbytes() < table.numel() * table.element_size():
            raise ValueError(
                f"must hold its tables whole, got {len(table)} {k}-simplices in "
                f"{table.untyped_storage().nbytes()} bytes."
            )


def _read_saved(place: Path, max_dim: int | None) -> list[SimplicialComplex]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong is said in one line below
            content = torch.load(place, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, LookupError, AttributeError):
        raise ValueError(
            "must be complexes saved by torch.save or 'simplex lift --out', got something that "
            "cannot be loaded as such."
        ) from None
    items: list[Any] = list(content) if isinstance(content, (list, tuple)) else [content]
    complexes = []
    for item in items:
        if not isinstance(item, SimplicialComplex):
            raise ValueError(f"must hold simplicial complexes, got a {type(item).__name__}.")
        _require_whole(item)
        complexes += _parts(item.validate(), max_dim)
    return complexes


def _parts(K: SimplicialComplex, max_dim: int | None) -> list[SimplicialComplex]:
    parts = K.split() if K.num_parts != 1 else [K]
    return parts if max_dim is None else [part.skeleton(max_dim) for part in parts]
