"""The files that the command line reads: graphs in text formats, and saved complexes."""

import math
import pickle
import re
import sys
import warnings
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

import torch

from simplex.complexes import SimplicialComplex
from simplex.interop import GraphEdges, read_graph, read_graph6
from simplex.lifting import lift_edges


DEFAULT_MAX_DIM = 2  # of the lift of a graph
_HEADERS = {("source", "target"), ("src", "dst"), ("from", "to"), ("u", "v"), ("node1", "node2")}


def read_complexes(path: str, max_dim: int | None = None) -> list[SimplicialComplex]:
    """Read a file, in the format that its ending tells, and lift its graphs: at least one complex.

    Without ``max_dim`` graphs are lifted to dimension 2, and saved complexes kept whole. Errors
    name the file and, where they can, the line.
    """
    place = Path(path)
    reader = _READERS.get(place.suffix.lower())
    if reader is None:
        known = " ".join(sorted(_READERS))
        raise ValueError(f"{path}: the file name must end in one of {known}.")
    if place.is_dir():
        raise ValueError(f"{path}: must be a file, got a folder.")
    try:
        complexes = reader(place, max_dim)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file.") from None
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from None
    if all(K.dim < 0 for K in complexes):
        raise ValueError(f"{path}: must hold at least one vertex, got none.")
    return complexes


def is_saved(path: str) -> bool:
    """Whether a file holds complexes, which come as they are, and not graphs, which are lifted."""
    return _READERS.get(Path(path).suffix.lower()) is _read_saved


def read_complex(path: str, max_dim: int | None = None) -> SimplicialComplex:
    """Read a file that must hold exactly one graph or complex."""
    complexes = read_complexes(path, max_dim)
    if len(complexes) > 1:
        raise ValueError(f"{path}: must hold one graph here, got {len(complexes)}.")
    return complexes[0]


def _read_text(place: Path) -> str:
    data = place.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError("must be a text file, got binary data.")
    return text


def _lift(place: Path, union: GraphEdges, max_dim: int | None) -> list[SimplicialComplex]:
    """Lift all graphs of a file by one kernel call, noting what a complex cannot hold."""
    loops = int((union.edge_index[0] == union.edge_index[1]).sum())
    if loops:
        what = "1 self-loop is" if loops == 1 else f"{loops} self-loops are"
        print(f"{place}: note: {what} left out.", file=sys.stderr)
    return lift_edges(union, DEFAULT_MAX_DIM if max_dim is None else max_dim).split()


# --- edge lists -----------------------------------------------------------------------------------


def _read_edge_list(place: Path, max_dim: int | None) -> list[SimplicialComplex]:
    lines = enumerate(_read_text(place).splitlines(), start=1)
    rows = [(number, fields) for number, line in lines if (fields := _fields(line))]
    headed = bool(rows) and tuple(name.lower() for name in rows[0][1][:2]) in _HEADERS
    heading = rows.pop(0) if headed else None
    for row in rows:
        _require_edge(*row)
    _require_equal_columns(rows)
    edges = [(fields[0], fields[1]) for _, fields in rows if len(fields) > 1]
    alone = [fields[0] for _, fields in rows if len(fields) == 1]
    met = {name for _, fields in rows for name in fields[:2]}
    if heading and (not edges or not met.isdisjoint(heading[1][:2])):
        _require_edge(*heading)  # the words are vertices, so their line is an edge
        edges.insert(0, (heading[1][0], heading[1][1]))
    elif heading or _has_heading(edges):
        words = heading[1][:2] if heading else edges.pop(0)
        print(f"{place}: note: {' '.join(words)!r} is read as a heading.", file=sys.stderr)
    names: Sequence[Hashable] = list(dict.fromkeys([v for edge in edges for v in edge] + alone))
    if all(_is_number(str(name)) for name in names):
        edges = [(int(u), int(v)) for u, v in edges]  # type: ignore[misc]
        names = sorted({int(str(name)) for name in names})
    number_of = {name: i for i, name in enumerate(names)}
    index = torch.tensor([[number_of[u], number_of[v]] for u, v in edges], dtype=torch.int64)
    labels = None if names == list(range(len(names))) else tuple(names)
    return _lift(place, GraphEdges(len(names), index.view(-1, 2).T, labels), max_dim)


def _has_heading(edges: Sequence[tuple[str, str]]) -> bool:
    """Whether words come first and only numbers follow."""
    if len(edges) < 2 or any(map(_is_number, edges[0])):
        return False
    return all(_is_number(name) for edge in edges[1:] for name in edge)


def _is_number(name: str) -> bool:
    """Whether a name is an integer as Python prints it; ``01`` is not, and stays a name."""
    return re.fullmatch(r"0|-?[1-9][0-9]{0,17}", name) is not None


def _fields(line: str) -> list[str]:
    """The columns of a line: split at commas, semicolons or tabs where there are any."""
    line = line.split("#", 1)[0].strip()
    if line.startswith("%"):
        return []
    separator = next((mark for mark in ",;\t" if mark in line.split("{", 1)[0]), None)
    return [field.strip().strip('"') for field in line.split(separator, 2)] if line else []


def _require_edge(number: int, fields: list[str]) -> None:
    ends = fields[:2]
    if any(end == "" or end.lower() == "nan" for end in ends):
        raise ValueError(f"line {number}: an edge must have two ends, got {', '.join(ends)!r}.")
    for weight in _rest(fields):
        try:
            finite = math.isfinite(float(weight))
        except ValueError:
            finite = False
        if not finite:
            raise ValueError(
                f"line {number}: an edge must be 'u v', with finite numbers after it at most, got "
                f"{weight[:40]!r}."
            )


def _rest(fields: list[str]) -> list[str]:
    """What follows an edge; nothing where networkx wrote its attributes as a dictionary."""
    rest = " ".join(fields[2:])
    return re.split(r"[\s,;]+", rest) if rest and not rest.startswith("{") else []


def _require_equal_columns(rows: list[tuple[int, list[str]]]) -> None:
    """A weight may be missing; rows that differ otherwise are an adjacency list, not edges."""
    columns: dict[int, int] = {}  # how many numbers follow an edge: the first such line
    for number, fields in rows:
        columns.setdefault(len(_rest(fields)), number)
    if len(columns) > 1 and max(columns) > 1:
        most = max(columns)
        raise ValueError(
            f"line {columns[most]}: every line must be one edge with equally many numbers after "
            f"it, got {most} here and {min(columns)} elsewhere. Save an adjacency list as edges, "
            "'u v' a line."
        )


# --- graph6, GraphML ------------------------------------------------------------------------------


def _read_graph6(place: Path, max_dim: int | None) -> list[SimplicialComplex]:
    from tqdm import tqdm

    lines = tqdm(_read_text(place).splitlines(), "reading", disable=None, leave=False)
    return _lift(place, read_graph(read_graph6(lines)), max_dim)


def _read_graphml(place: Path, max_dim: int | None) -> list[SimplicialComplex]:
    from xml.etree.ElementTree import ParseError

    import networkx as nx
    from networkx.readwrite.graphml import GraphMLReader

    _read_text(place)  # binary data and missing files are named as such
    try:
        graphs = list(GraphMLReader(node_type=str)(path=str(place)))
    except ParseError as error:
        raise ValueError(f"must be GraphML, got no XML ({error}).") from None
    except (nx.NetworkXError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"must be GraphML, got something else ({error}).") from None
    for graph in graphs:
        if graph.is_directed():
            raise ValueError(
                "the graph must be undirected, got edgedefault='directed'. "
                "Save graph.to_undirected() instead."
            )
    return _lift(place, read_graph([nx.Graph(graph) for graph in graphs]), max_dim)


# --- saved complexes ------------------------------------------------------------------------------


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
        item.validate()
        parts = item.split() if item.num_parts != 1 else [item]
        complexes += [part if max_dim is None else part.skeleton(max_dim) for part in parts]
    return complexes


_READERS: dict[str, Callable[[Path, int | None], list[SimplicialComplex]]] = {
    **dict.fromkeys([".txt", ".edges", ".edgelist", ".csv", ".tsv"], _read_edge_list),
    **dict.fromkeys([".g6", ".s6"], _read_graph6),
    ".graphml": _read_graphml,
    ".pt": _read_saved,
}
