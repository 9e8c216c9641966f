"""From a complex to a file, whatever its format."""

import bz2
import gzip
import lzma
import warnings
from collections.abc import Collection, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np
import torch

from simplex.complexes import SimplicialComplex, require_complex, require_path, write_whole
from simplex.io._content import FILTRATION, Values
from simplex.io._names import keep_names, marked, unmarked
from simplex.io._read import place_of
from simplex.io._registry import Format, ending_of, endings, format_by_ending, named_format
from simplex.io._text import said_of_nan
from simplex.io._two_tables import (
    BESIDE,
    require_beside,
    vertex_table,
    without_lone_vertices,
)


_PACKERS = {
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def write(
    K: SimplicialComplex,
    path: str | PathLike[str],
    format: str | None = None,
    *,
    attributes: Sequence[Mapping[str, Sequence[Any]]] | None = None,
    metadata: Mapping[str, Any] | None = None,
    nodes: str | PathLike[str] | None = None,
) -> None:
    """Write a complex to a file of any format that :func:`formats` says is written.

    The file is whole or not there; one of that name is replaced. What the format has no place for
    (names, the filtration, attributes, metadata, parts, an orientation) is left out with a warning;
    simplices are never left out. A table has the ends of an edge in the order of its orientation,
    as :func:`read_flow` takes them. Names are kept exactly where the format has words, numbers or
    attributes of vertices for them (``simplex_label``); elsewhere a changed type is said.

    Args:
        K: the complex.
        path: the file; ``.gz``, ``.bz2`` or ``.xz`` at its end packs it. Of the format
            ``"benson"``, what its three files begin with.
        format: its name, such as ``"hif"``; ``None`` for what the ending tells.
        attributes: for each dimension k by name n_k values, as :func:`read_data` gives them.
        metadata: by name what is to be said of the whole, as :func:`read_data` gives it.
        nodes: beside a table of edges, facets or neighbours, a second one (``.csv``, ``.tsv``) of
            the vertices: their names, of which isolated ones stand there alone, and their values.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: the format is not known, or cannot hold a complex of that dimension or kind, or
            a name of a vertex, or two names would be one there, or an attribute does not have one
            value for each simplex. Nothing has been written then.
        OSError: the file cannot be written.

    Laws:
        ``read(path)`` is the complex again, up to an order of the vertices, with what the format
        keeps.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from simplex.io import read
        >>> K = SimplicialComplex.from_simplices([("ann", "bob", "cid"), ("cid", "dan")])
        >>> with TemporaryDirectory() as folder:
        ...     write(K, Path(folder, "groups.json.gz"))
        ...     print(read(Path(folder, "groups.json.gz")).vertex_labels)
        ('ann', 'bob', 'cid', 'dan')
    """
    require_complex("K", K)
    require_path("path", path)
    notes: list[str] = []
    beside = None if nodes is None else place_of(nodes)
    write_noting(K, fspath(path), format, attributes, notes, metadata, beside)
    if notes:
        warnings.warn(f"{path}: {'; '.join(notes)}.", stacklevel=2)


def write_noting(
    K: SimplicialComplex,
    path: str,
    format: str | None,
    attributes: Sequence[Mapping[str, Sequence[Any]]] | None,
    notes: list[str],
    metadata: Mapping[str, Any] | None = None,
    nodes: str | None = None,
) -> None:
    """Write; what is left out goes to the notes."""
    form = written_format(path, format)
    values = _values(K, attributes)
    values |= _metadata(metadata)
    _require_held(K, form)
    keeps = {*form.keeps}
    if nodes is not None:
        require_beside(form, nodes)
        if Path(nodes).absolute() == Path(path).absolute():
            raise ValueError(f"the table of nodes must be another file than path, got {path}.")
        keeps |= {"attributes of vertices"}
    _require_words(values, notes, form, keeps)
    notes += _said_of_attributes(values, form, keeps) + _said_of_filtration(K, form, keeps)
    for what, is_there in (
        ("names", K.vertex_labels is not None),
        ("metadata", -1 in values),
        ("parts", K.num_parts != 1),
        ("orientation", K.state()["orientation"] is not None and not _in_rows(K, form)),
    ):
        if is_there and not _keeps(form, what):
            notes.append(f"the {what} of the complex {_VERBS[what]} left out by {form.name}")
    keep_names(K, form.name, keeps, values, notes)
    assert form.writer is not None
    packed: dict[str, bytes] = {}
    if nodes is not None:
        own = values.pop(0, {})
        if form.name != "edges":
            own.pop(FILTRATION, None)  # alone it would be no filtration
        packed[nodes] = _packed(vertex_table(K, own, nodes, notes), nodes)
        K = without_lone_vertices(K)
    written = form.writer(K, values, ending_of(path), notes)
    if isinstance(written, dict):
        packed |= {f"{path}{part}": data for part, data in written.items()}
    else:
        packed[path] = _packed(written, path)
    for place in packed:
        _require_place(Path(place))
    for place, data in packed.items():
        _put(Path(place), data)


def _in_rows(K: SimplicialComplex, form: Format) -> bool:
    """Whether the orientation is that of edges alone, which is the order of ends in a table."""
    return form.name == "edges" and bool((K.orientation(0) > 0).all())


def _packed(data: bytes, path: str) -> bytes:
    packing = Path(path).suffix.lower()
    return _PACKERS[packing](data) if packing in _PACKERS else data


_VERBS = {"names": "are", "metadata": "are", "parts": "are", "orientation": "is"}


def _put(place: Path, data: bytes) -> None:
    write_whole(place, lambda file: file.write(data))


def _require_place(place: Path) -> None:
    if not place.parent.is_dir():
        raise ValueError(f"path must be in an existing folder, got {place}.")
    if place.is_dir():
        raise ValueError(f"path must be a file, got the folder {place}.")


def written_format(path: str, format: str | None) -> Format:
    """The named format, or that which the ending tells, if it is written.

    Raises:
        ValueError: it is not known, or not written.
    """
    form = named_format(format) if format is not None else format_by_ending(path)
    if form is None:
        raise ValueError(
            f"path must end in one of {endings()}, got {path}. Or name the format with format=."
        )
    if not form.writes:
        raise ValueError(f"format must be one that is written, got {form.name}.")
    return form


def _values(
    K: SimplicialComplex, attributes: Sequence[Mapping[str, Sequence[Any]]] | None
) -> dict[int, Values]:
    """For each dimension by name the values, as plain ones; the filtration is one of them."""
    given: Any = [] if attributes is None else attributes
    if not isinstance(given, Sequence) or not all(isinstance(own, Mapping) for own in given):
        raise TypeError(
            "attributes must be a list of mappings from names to values, one for each dimension, "
            f"got {type(attributes).__name__}."
        )
    if len(given) > max(K.dim, 0) + 1 and any(given[max(K.dim, 0) + 1 :]):
        raise ValueError(f"attributes must be of dimensions up to {K.dim}, got {len(given) - 1}.")
    values: dict[int, Values] = {}
    for k, own in enumerate(given):
        for name, column in own.items():
            listed = (
                column.tolist()
                if hasattr(column, "tolist")
                else [x.item() if isinstance(x, (np.generic, torch.Tensor)) else x for x in column]
            )
            if not isinstance(name, str) or len(listed) != K.num_simplices(k):
                raise ValueError(
                    f"attributes must have a value for each of the {K.num_simplices(k)} simplices "
                    f"of dimension {k}, got {len(listed)} as {name!r}."
                )
            values.setdefault(k, {})[marked(name)] = listed
    for k, column in enumerate(K.filtration or ()):
        values.setdefault(k, {})[FILTRATION] = column.detach().cpu().tolist()
    return values


def _metadata(metadata: Mapping[str, Any] | None) -> dict[int, Values]:
    """What is said of the whole, as values of the one simplex of dimension -1, the empty one."""
    if metadata is not None and not (
        isinstance(metadata, Mapping) and all(isinstance(name, str) for name in metadata)
    ):
        raise TypeError(
            f"metadata must be a mapping from names to values, got {type(metadata).__name__}."
        )
    return {-1: {name: [value] for name, value in metadata.items()}} if metadata else {}


_IN_JSON = ("json", "hif", "xgi", "node-link", "npz")


def _require_words(
    values: dict[int, Values], notes: list[str], form: Format, keeps: Collection[str]
) -> None:
    """Say which values are neither numbers nor words, of which a file makes words.

    Raises:
        ValueError: a word that is no text of Unicode.
    """
    plain: tuple[type, ...] = (str, int, float, type(None))
    plain += (list, tuple, dict) if form.name in _IN_JSON else ()
    odd = []
    for own in values.values():
        for name, column in own.items():
            try:
                "".join([name, *map(str, (x for x in column if not isinstance(x, float)))]).encode()
            except UnicodeEncodeError:
                raise ValueError(
                    f"attributes must be text of Unicode, got others in {name!r}."
                ) from None
            if not all(isinstance(x, plain) for x in column):
                odd.append(unmarked(name))
    if odd and (_ATTRIBUTES | {"metadata"}) & {*keeps}:
        notes.append(f"the values {', '.join(map(repr, dict.fromkeys(odd)))} are written as words")


def _require_held(K: SimplicialComplex, form: Format) -> None:
    if form.most_dim is not None and K.dim > form.most_dim:
        instead = "a format of complexes such as .json, .npz or .facets"
        raise ValueError(
            f"K must have dimension at most {form.most_dim} for the format {form.name}, got "
            f"{K.dim}. Write K.skeleton({form.most_dim}) (--max-dim {form.most_dim}), or {instead}."
        )
    if K.directed and "directions" not in form.keeps:
        raise ValueError(
            f"K must be undirected for the format {form.name}, got a directed complex. Write .npz "
            "or .pt."
        )
    if K.dim < 0 and "orientation" not in form.keeps:
        raise ValueError(
            f"K must have at least one vertex for the format {form.name}, got none. Write .npz."
        )


def _keeps(form: Format, what: str) -> bool:
    """Whether the format has a place for what is there; of numbers its writer decides."""
    return what in form.keeps or (what == "names" and "numbers" in form.keeps)


def _said_of_attributes(
    values: Mapping[int, Values], form: Format, keeps: Collection[str]
) -> list[str]:
    """Those of dimensions for which the format has no place, and those of another name there."""
    there = {k for k, own in values.items() if k >= 0 and set(own) - {FILTRATION}}
    places = [dims for what, dims in _DIMENSIONS.items() if what in form.keeps]
    kept = there if "attributes" in form.keeps else there.intersection(*places[:1] or [()])
    if "attributes of vertices" in keeps:
        kept |= there & {0}
    said = []
    if lost := sorted(there - kept):
        which = f"dimension {', '.join(map(str, lost))}" if kept else "the complex"
        said = [f"the attributes of {which} are left out by {form.name}"]
        if 0 in lost and form.name in BESIDE:
            said[0] += " (a table of nodes beside it holds those of vertices)"
    if form.name == "npz" or not _ATTRIBUTES & {*keeps}:
        return said
    whole = {-1} & {*values} if form.name in ("graphml", "gml") else set()
    said += said_of_nan({unmarked(n): v for k in kept | whole for n, v in values[k].items()})
    names = dict.fromkeys(name for k in kept for name in values[k] if unmarked(name) != name)
    return said + [f"the attribute {unmarked(name)!r} is called {name!r} in the file"
                   for name in names]  # fmt: skip


_ATTRIBUTES = {"attributes", "edge attributes", "attributes of vertices"}
_DIMENSIONS = {"edge attributes": (1,), "edge weights": (0, 1), "coordinates": (0,)}


def _said_of_filtration(K: SimplicialComplex, form: Format, keeps: Collection[str]) -> list[str]:
    """What a format that has no filtration makes of it; weights are said by their writers."""
    if K.filtration is None or {"filtration", "times", "edge weights"} & {*keeps}:
        return []
    if "edge attributes" not in keeps or K.dim < 1:
        return [f"the filtration of the complex is left out by {form.name}"]
    said: list[str] = []
    if "attributes of vertices" in keeps:
        return said
    if bool(K.filtration[0].any()):
        said.append(f"the filtration of the vertices is left out by {form.name}, it is read as 0")
    if bool((K.filtration[1] < 0).any()):
        said = [f"the filtration is left out by {form.name} but for the edges, of which it is read "
                "as an attribute, as there are values below 0"]  # fmt: skip
    return said
