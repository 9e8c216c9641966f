"""From a file to a complex, whatever its format."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from simplex.complexes import SimplicialComplex, require_int, require_path
from simplex.io._content import (
    FILTRATION,
    Content,
    Contents,
    Values,
    compact_labels,
)
from simplex.io._directions import said_of_directions
from simplex.io._families.json_text import kind_of_json, load_json
from simplex.io._families.listed import filtration_in
from simplex.io._graph_complex import graph_complex, oriented_as_given
from simplex.io._names import restore_names, unmarked
from simplex.io._options import Reading
from simplex.io._registry import (
    NAMES,
    TABLES,
    Format,
    ending_of,
    endings,
    format_by_ending,
    named_format,
)
from simplex.io._source import STDIN, require_regular
from simplex.io._text import as_numbers
from simplex.io._vertex_table import add_vertex_table
from simplex.storage import form_of


def read(
    path: str | PathLike[str],
    format: str | None = None,
    *,
    max_dim: int | None = None,
    source: str | None = None,
    target: str | None = None,
    weight: str | None = None,
    delimiter: str | None = None,
    heading: bool | None = None,
    comments: str = "#%",
    max_edge_length: float | None = None,
    undirected: bool = False,
    max_simplices: int | None = None,
    nodes: str | PathLike[str] | None = None,
) -> SimplicialComplex:
    r"""The complex of a file, of any format that :func:`formats` lists, compressed or not.

    Names of vertices become ``vertex_labels``. A graph is a complex of dimension 1, for
    :func:`simplex.lifting.clique_complex` to fill; several graphs in a file are its parts. Values
    called ``filtration``, or the lengths of edges that ``weight`` names, become the filtration; all
    other attributes are given by :func:`read_data`. What a complex cannot hold (self-loops, another
    value for the same edge) is left out with a warning; what may be read in two ways is refused.

    Args:
        path: the file; ``.gz``, ``.bz2`` and ``.xz`` are unpacked.
        format: its name, such as ``"facets"``; ``None`` for what the ending tells.
        max_dim: the dimension at which complexes, and those on points (by default at 2), are cut.
        source: in tables, the column of the first end: its heading or its number from 1.
        target: that of the second end.
        weight: column or attribute of edges: lengths of at least 0, which become the filtration.
        delimiter: what stands between columns; ``" "`` for any number of blanks.
        heading: ``False`` where the first line is data.
        comments: the characters that begin a comment.
        max_edge_length: with points and distances, join what is at most that far apart.
        undirected: forget the directions of a directed graph.
        max_simplices: refuse to build more.
        nodes: a table of vertices (``.csv``, ``.tsv``) with a column ``id``, or one that holds the
            names of the file: isolated vertices come of it, and its other columns are attributes.

    Returns:
        The complex, on the CPU.

    Raises:
        ValueError: the file is damaged, of another format, or may be read in several ways; the
            message names the file, the line and the remedy.
        OSError: it is not there.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     _ = Path(folder, "talks.csv").write_text("source,target\nann,bob\nbob,cid\n")
        ...     K = read(Path(folder, "talks.csv"))
        >>> K.f_vector, K.vertex_labels
        ((3, 2), ('ann', 'bob', 'cid'))
    """
    reading = Reading(
        format, delimiter, source, target, weight, heading, comments, max_edge_length, undirected,
        max_simplices, nodes=place_of(nodes),
    )  # fmt: skip
    with named_errors(path):
        return contents_of(path, reading, max_dim).complex


def read_data(
    path: str | PathLike[str],
    format: str | None = None,
    *,
    max_dim: int | None = None,
    source: str | None = None,
    target: str | None = None,
    weight: str | None = None,
    delimiter: str | None = None,
    heading: bool | None = None,
    comments: str = "#%",
    max_edge_length: float | None = None,
    undirected: bool = False,
    max_simplices: int | None = None,
    nodes: str | PathLike[str] | None = None,
) -> Contents:
    r"""All that a file says: the complex of :func:`read`, and the attributes of its simplices.

    Args:
        path: as of :func:`read`.
        format: as of :func:`read`.
        max_dim: as of :func:`read`.
        source: as of :func:`read`.
        target: as of :func:`read`.
        weight: as of :func:`read`.
        delimiter: as of :func:`read`.
        heading: as of :func:`read`.
        comments: as of :func:`read`.
        max_edge_length: as of :func:`read`.
        undirected: as of :func:`read`.
        max_simplices: as of :func:`read`.
        nodes: as of :func:`read`.

    Returns:
        ``complex``; ``attributes``, for each dimension k a mapping from names to tuples of n_k
        values, ``None`` where there is none; ``metadata`` of the whole; ``notes``, how it was read.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     _ = Path(folder, "talks.csv").write_text("source,target,hours\nann,bob,3\n")
        ...     found = read_data(Path(folder, "talks.csv"))
        >>> found.attributes[1]["hours"]
        (3,)
    """
    reading = Reading(
        format, delimiter, source, target, weight, heading, comments, max_edge_length, undirected,
        max_simplices, values=True, nodes=place_of(nodes),
    )  # fmt: skip
    with named_errors(path):
        return contents_of(path, reading, max_dim)


def place_of(nodes: str | PathLike[str] | None) -> str | None:
    """The path of a table of vertices, as a word."""
    if nodes is None:
        return None
    require_path("nodes", nodes)
    return fspath(nodes)


def contents_of(path: str | PathLike[str], reading: Reading, max_dim: int | None) -> Contents:
    """What :func:`read_data` gives, for options that are together."""
    require_path("path", path)
    if max_dim is not None:
        require_int("max_dim", max_dim, 0)
    place, notes, lost = fspath(path), list[str](), list[str]()
    content = content_of(place, reading, max_dim, notes)
    K, values = _complex_of(content, reading, max_dim, lost)
    lost += content.lost
    form = kind_of_file(place, reading).name
    kept = False
    if reading.ends and content.graph is not None:
        K, kept = oriented_as_given(K, content.graph)
    if reading.values and not kept:
        notes += said_of_directions(content.graph, values.get(1, {}), form)
    if form == "graphml" and not content.exact:
        K = K.with_vertex_labels(_numbered(K.vertex_labels))
    if lost:
        warnings.warn(f"{place}: {'; '.join(lost)}.", stacklevel=3)
    attributes = tuple(
        {name: tuple(column) for name, column in values.get(k, {}).items()}
        for k in range(max(K.dim, 0) + 1)
    )
    return Contents(K, attributes, content.metadata, tuple(notes + lost))


def _numbered(labels: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    """The ids of GraphML are words; all of them integers, they are numbers."""
    if labels is None or not all(isinstance(name, str) for name in labels):
        return labels
    return compact_labels(as_numbers(list(map(str, labels))))


_FORMAT = re.compile(rf"--format ({'|'.join(map(re.escape, NAMES))})(?![\w-])")
_OPTION = re.compile(r"--(\w[\w-]*)( (?:R|COLUMN|FILE)\b)?")


@contextmanager
def named_errors(path: str | PathLike[str]) -> Iterator[None]:
    """Errors that name the file once, with options as Python has them."""
    try:
        yield
    except ValueError as error:
        place = fspath(path)
        text = str(error).replace("--no-heading", "heading=False")
        text = _FORMAT.sub(r'format="\1"', text).replace("--max-edge-length R", "max_edge_length=R")
        text = text.replace('" max_edge_length', '", max_edge_length')
        text = _OPTION.sub(lambda m: m[1].replace("-", "_") + "=…", text)
        prefix = "" if text.startswith(place) else f"{place}: "
        raise ValueError(f"{prefix}{text}") from None


def kind_of_file(path: str, reading: Reading) -> Format:
    """The format of a file: the named one, or that which its ending tells.

    Raises:
        ValueError: the ending is not known.
        FileNotFoundError: there is nothing.
    """
    if reading.format is not None:
        return named_format(reading.format)
    if path == STDIN:
        return named_format("edges")
    if Path(path).is_dir() and any(Path(path).glob("*-nverts.txt")):
        return named_format("benson")
    found = format_by_ending(path)
    if found is None:
        place = Path(path)
        if not place.exists():
            raise FileNotFoundError(2, "no such file", path)
        if place.is_dir():
            raise ValueError(
                "must be a file, or a folder by 'simplex edges' or 'lift --to-disk', got another "
                f"folder{'' if form_of(path) is None else f', of format {form_of(path)}'}."
            )
        raise ValueError(
            f"the file name must end in one of {endings()}. "
            "Name the format of others with --format."
        )
    return found


def content_of(path: str, reading: Reading, max_dim: int | None, notes: list[str]) -> Content:
    """What a file holds, before graphs are lifted."""
    form = kind_of_file(path, reading)
    if form.reader is None:
        raise ValueError(f"format must be one that is read, got {form.name}.")
    if path != STDIN and form.name != "benson":
        require_regular(path)
    if reading.format is None and form.name in TABLES and form.name != "edges":
        reading = replace(reading, format=form.name)
    elif reading.format == "numpy" or (reading.format is None and form.name == "numpy"):
        reading = replace(reading, format="points")
    elif reading.format in ("distances", "points") and ending_of(path) == ".npy":
        form = named_format("numpy")
    assert form.reader is not None
    content = form.reader(path, reading, max_dim, notes)
    restore_names(content)
    if reading.nodes is not None:
        add_vertex_table(content, reading, form.name in TABLES, notes)
        restore_names(content)
    return content


def holds_graphs(path: str, reading: Reading) -> bool:
    """Whether a file holds graphs, or points, which are lifted; and not complexes."""
    form = kind_of_file(path, reading)
    if form.name == "json" and path != STDIN:  # which is read once
        return kind_of_json(load_json(path)) == "node-link"
    return form.holds != "complexes"


def _complex_of(
    content: Content, reading: Reading, max_dim: int | None, lost: list[str]
) -> tuple[SimplicialComplex, dict[int, Values]]:
    """The complex, and the values of its simplices."""
    K = content.facets if content.facets is not None else content.lifted
    values = {k: dict(own) for k, own in content.values.items()}
    if K is None:
        assert content.graph is not None
        K, values = graph_complex(content, reading, lost)
        K = K if max_dim is None else K.skeleton(max_dim)
    elif reading.weight is not None:
        raise ValueError("--weight must be left out for what is no graph.")
    elif K.filtration is None:
        K = filtration_in(K, values)
    size = sum(K.f_vector)
    if reading.max_simplices is not None and size > reading.max_simplices:
        raise ValueError(
            f"must have at most --max-simplices {reading.max_simplices} simplices, got {size}."
        )
    return K, {k: _unmarked(own) for k, own in values.items() if k <= max(K.dim, 0)}


def _unmarked(own: Values) -> Values:
    """By the names that they had before they were written, where no filtration is among them."""
    return own if FILTRATION in own else {unmarked(name): each for name, each in own.items()}
