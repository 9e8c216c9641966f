"""The formats of files: one record each, found by the ending of a name or by their own name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simplex.complexes import SimplicialComplex
from simplex.io._content import Content, Values
from simplex.io._families.gml import read_gml, write_gml
from simplex.io._families.graph6 import read_graphs6, write_graphs6
from simplex.io._families.graphml import read_graphml, write_graphml
from simplex.io._families.json_text import (
    read_hif_content,
    read_json,
    read_node_link,
    read_xgi,
    write_hif,
    write_node_link,
    write_xgi,
)
from simplex.io._families.market import read_market, write_market
from simplex.io._families.meshes import (
    read_obj,
    read_off,
    read_ply,
    read_stl,
    write_obj,
    write_off,
    write_ply,
    write_stl,
)
from simplex.io._families.numbered import (
    read_dimacs,
    read_metis,
    read_pajek,
    write_dimacs,
    write_metis,
    write_pajek,
)
from simplex.io._families.points import read_numpy, read_points
from simplex.io._families.stored import read_npz, read_pt, write_npz, write_pt
from simplex.io._families.tables import write_adjacency_list, write_edges, write_facets
from simplex.io._families.timed import read_timed, write_timed
from simplex.io._families.tntp import read_tntp
from simplex.io._families.tree import read_tree, write_tree
from simplex.io._options import Reading
from simplex.io._source import COMPRESSED
from simplex.io._tables import read_content


Reader = Callable[[str, Reading, int | None, list[str]], Content]
Writer = Callable[[SimplicialComplex, dict[int, Values], str, list[str]], bytes | dict[str, bytes]]


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes:
        name: what :func:`read` and :func:`write` call it.
        suffixes: the endings of names that tell it; ``.gz``, ``.bz2`` or ``.xz`` may follow.
        about: it in a line.
        holds: ``"graphs"``, which become complexes of dimension 1; ``"complexes"``; or
            ``"points"``, which become complexes within a radius.
        keeps: what is written of a complex beside its simplices: ``"names"``, ``"filtration"``,
            ``"attributes"`` of simplices, ``"metadata"`` of the whole, ``"parts"``,
            ``"orientation"``, ``"directions"``.
        reads: whether :func:`read` reads it.
        writes: whether :func:`write` writes it.
        most_dim: the largest dimension that it can hold.
        extra: what must be installed; ``None`` for nothing.
    """

    name: str
    suffixes: tuple[str, ...]
    about: str
    holds: str
    reader: Reader | None
    writer: Writer | None = None
    keeps: tuple[str, ...] = ()
    most_dim: int | None = None
    extra: str | None = None

    @property
    def reads(self) -> bool:
        """Whether it is read."""
        return self.reader is not None

    @property
    def writes(self) -> bool:
        """Whether it is written."""
        return self.writer is not None


_ALL = ("names", "filtration", "attributes", "metadata")


def _graphs(name: str, suffixes: str, about: str, reader: Reader, writer: Writer | None,
            *keeps: str) -> Format:  # fmt: skip
    return Format(name, tuple(suffixes.split()), about, "graphs", reader, writer, keeps, 1)


def _complexes(name: str, suffixes: str, about: str, reader: Reader, writer: Writer | None,
               *keeps: str, most_dim: int | None = None) -> Format:  # fmt: skip
    found = tuple(suffixes.split())
    return Format(name, found, about, "complexes", reader, writer, keeps, most_dim)


def _points(name: str, suffixes: str, about: str, reader: Reader) -> Format:
    return Format(name, tuple(suffixes.split()), about, "points", reader)


FORMATS = (
    _graphs("edges", ".txt .edges .edgelist .csv .tsv", "a table of edges, 'u v' a line; what else "
            "it may be is decided by looking", read_content, write_edges, "names",
            "edge attributes"),
    _complexes("facets", ".facets", "a simplex a line, by names or numbers", read_content,
               write_facets, "names"),
    _complexes("json", ".json", "HIF, XGI, or nodes and links, told apart by the fields",
               read_json, write_hif, *_ALL),
    _complexes("hif", ".hif .hif.json", "Hypergraph Interchange Format", read_hif_content,
               write_hif, *_ALL),
    _complexes("xgi", ".xgi .xgi.json", "JSON of XGI and its data", read_xgi, write_xgi, *_ALL),
    _complexes("benson", "-nverts.txt -simplices.txt -times.txt", "simplices with times, three "
               "files or their folder", read_timed, write_timed, "names", "times"),
    _graphs("graphml", ".graphml", "GraphML", read_graphml, write_graphml, *_ALL),
    _graphs("gml", ".gml", "GML", read_gml, write_gml, *_ALL),
    _graphs("pajek", ".net .paj", "Pajek", read_pajek, write_pajek, "names", "edge weights"),
    _graphs("node-link", ".nodelink .nodelink.json", "JSON of networkx and d3", read_node_link,
            write_node_link, *_ALL),
    _graphs("graph6", ".g6 .s6", "graph6 and sparse6, a graph a line", read_graphs6,
            write_graphs6, "parts"),
    _graphs("matrix-market", ".mtx", "Matrix Market, a symmetric matrix", read_market,
            write_market, "edge weights"),
    _graphs("dimacs", ".dimacs .col .clq", "DIMACS, 'e u v'", read_dimacs, write_dimacs),
    _graphs("metis", ".metis .graph", "METIS, neighbours a line", read_metis, write_metis),
    _graphs("adjacency-list", ".adjlist", "a vertex and its neighbours a line", read_content,
            write_adjacency_list, "names"),
    _graphs("tntp", ".tntp", "TNTP, roads with their flows and places", read_tntp, None),
    _graphs("adjacency", "", "a matrix of 0 and 1", read_content, None),
    _complexes("npz", ".npz", "arrays of numpy, all of a complex", read_npz, write_npz, *_ALL,
               "parts", "orientation", "directions"),
    _complexes("pt", ".pt", "what torch.save or 'simplex lift --out' wrote", read_pt, write_pt,
               "names", "filtration", "parts", "orientation", "directions"),
    _complexes("simplex-tree", ".simplextree .tree", "text of GUDHI's simplex tree", read_tree,
               write_tree, "filtration", "numbers"),
    _complexes("off", ".off", "OFF, a mesh", read_off, write_off, "coordinates", most_dim=2),
    _complexes("obj", ".obj", "OBJ, a mesh", read_obj, write_obj, "coordinates", most_dim=2),
    _complexes("ply", ".ply", "PLY, a mesh, text or binary", read_ply, write_ply, "coordinates",
               most_dim=2),
    _complexes("stl", ".stl", "STL, a mesh, text or binary", read_stl, write_stl, "coordinates",
               most_dim=2),
    _points("points", ".xyz .pts", "a table of coordinates, or a molecule", read_points),
    _points("numpy", ".npy", "an array of points", read_numpy),
    _points("distances", ".dist .lower_distance_matrix", "a matrix of distances, or a triangle of "
            "it", read_content),
)  # fmt: skip
_BY_NAME = {form.name: form for form in FORMATS}
NAMES = tuple(_BY_NAME)
TABLES = ("edges", "facets", "points", "distances", "adjacency", "adjacency-list")
_LOOKED_AT = ("edges",)  # by the ending alone they may be any table


def formats() -> tuple[Format, ...]:
    """All formats that :func:`read` and :func:`write` know, in the order of use.

    Returns:
        A record for each, with ``name``, ``suffixes``, ``reads``, ``writes``, ``keeps`` and so on.

    Example:
        >>> [form.name for form in formats() if ".gml" in form.suffixes]
        ['gml']
    """
    return FORMATS


def ending_of(path: str) -> str:
    """The ending that tells the format, in lower case: that below ``.gz`` in a compressed file."""
    place = Path(path)
    if place.suffix.lower() in COMPRESSED:
        place = place.with_suffix("")
    name = place.name.lower()
    known = [suffix for form in FORMATS for suffix in form.suffixes if name.endswith(suffix)]
    return max(known, key=len, default=place.suffix.lower())


def named_format(name: str) -> Format:
    """The format of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in _BY_NAME:
        raise ValueError(f"format must be one of {', '.join(NAMES)}, got {name!r}.")
    return _BY_NAME[name]


def format_by_ending(path: str) -> Format | None:
    """The format that the ending of a name tells."""
    ending = ending_of(path)
    return next((form for form in FORMATS if ending in form.suffixes), None)


def endings() -> str:
    """All endings, for a message."""
    return " ".join(sorted(suffix for form in FORMATS for suffix in form.suffixes))
