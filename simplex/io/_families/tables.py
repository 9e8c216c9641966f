"""Tables that are written: edges, facets, lists of neighbours; they are read by ``_tables``."""

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

import torch

from simplex.complexes import SimplicialComplex
from simplex.io._content import Content, Values, as_numbers
from simplex.io._families.json_text import kept_simplices
from simplex.io._options import Reading
from simplex.io._tables import read_rows


_PLAIN = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)


def write_edges(
    K: SimplicialComplex, values: dict[int, Values], ending: str, notes: list[str]
) -> bytes:
    """A line for each edge, with its values; a vertex in no edge stands alone.

    A heading is written to ``.csv`` and ``.tsv``, and where names or values need one.
    """
    names, own = _words(K, notes), values.get(1, {})
    edges = K.simplices(1)
    alone = torch.ones(len(names), dtype=torch.bool)
    alone[edges.flatten().cpu()] = False
    mark = {".csv": ",", ".tsv": "\t"}.get(ending, " ")
    columns = {name: column for name, column in own.items() if name not in ("source", "target")}
    if len(columns) < len(own):
        notes.append("values of edges called source and target are left out")
    plain = mark == " " and not columns and K.vertex_labels is None
    plain = plain and (not len(edges) or int(edges[0, 0]) == 0)
    rows: list[list[str]] = [] if plain else [["source", "target", *columns]]
    cells = [[_cell(value) for value in column] for column in columns.values()]
    rows += [
        [names[u], names[v], *(column[e] for column in cells)]
        for e, (u, v) in enumerate(edges.tolist())
    ]
    rows += [[names[v]] for v in alone.nonzero()[:, 0].tolist()]
    return _checked(K, _joined(rows, mark), Reading(), notes)


def write_facets(
    K: SimplicialComplex, values: dict[int, Values], ending: str, notes: list[str]
) -> bytes:
    """A line for each simplex that is in no other: the names of its vertices."""
    names = _words(K, notes)
    alone = torch.ones(len(names), dtype=torch.bool)
    alone[K.simplices(1).flatten().cpu()] = False
    rows = [[names[v]] for v in alone.nonzero()[:, 0].tolist()]
    for k, ids in kept_simplices(K, {}).items():
        rows += [[names[v] for v in simplex] for simplex in K.simplices(k)[ids].tolist()]
    mark = {".csv": ",", ".tsv": "\t"}.get(ending, " ")
    return _checked(K, _joined(rows, mark), Reading(format="facets"), notes)


def write_adjacency_list(
    K: SimplicialComplex, values: dict[int, Values], ending: str, notes: list[str]
) -> bytes:
    """A line for each vertex: its name and those of its neighbours of larger number."""
    names = _words(K, notes)
    rows = [[name] for name in names]
    for u, v in K.simplices(1).tolist():
        rows[u].append(names[v])
    return _checked(K, _joined(rows, " "), Reading(format="adjacency-list"), notes)


def _words(K: SimplicialComplex, notes: list[str]) -> list[str]:
    """The names of the vertices as words, which must be distinct."""
    labels: Sequence[Any] = K.vertex_labels or range(K.num_simplices(0))
    names = [str(label) for label in labels]
    if len(set(names)) < len(names):
        raise ValueError(
            "vertex_labels must be distinct as words to be written, got repeated ones. Use "
            "complex.with_vertex_labels(None) for numbers, or write complex.split() one by one."
        )
    return names


def _cell(value: Any) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _joined(rows: list[list[str]], mark: str) -> str:
    if mark == " ":
        return "".join(" ".join(map(_quoted, row)) + "\n" for row in rows)
    text = io.StringIO()
    csv.writer(text, delimiter=mark, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _quoted(word: str) -> str:
    odd = word == "" or re.search(r'[\s"#%,;{}()\[\]\']', word)
    return '"' + word.replace('"', '""') + '"' if odd else word


def _checked(K: SimplicialComplex, text: str, reading: Reading, notes: list[str]) -> bytes:
    """The text, if it is read as what it was written for; words that may be marks are not."""
    labels = K.vertex_labels
    if labels is not None and not any(
        all(pattern.fullmatch(str(name)) for name in labels) for pattern in (_PLAIN, _INTEGER)
    ):
        _require_same(K, text, reading)
    if labels is not None and [*map(type, as_numbers(list(map(str, labels))))] != [
        *map(type, labels)
    ]:
        notes.append("names are words in this format; read again, they may be of another type")
    return text.encode()


def _require_same(K: SimplicialComplex, text: str, reading: Reading) -> None:
    expected = _by_names(K.simplices(1), list(map(str, K.vertex_labels or ())))
    try:
        content = read_rows(text, reading, None, [])
        again = _edges_of(content)
    except ValueError as error:
        again = (set(), {str(error)})
    if again != expected:
        raise ValueError(
            "vertex_labels must be words that a table keeps apart from its marks, got others, such "
            f"as {next(str(n) for n in K.vertex_labels or () if not _PLAIN.fullmatch(str(n)))!r}. "
            "Write them in HIF (.json), GraphML or .npz."
        )


def _edges_of(content: Content) -> tuple[set[frozenset[str]], set[str]]:
    if content.graph is not None:
        edges, labels = content.graph.edge_index.T, content.graph.labels
        count = content.graph.num_vertices
    else:
        assert content.facets is not None
        edges, labels = content.facets.simplices(1), content.facets.vertex_labels
        count = content.facets.num_simplices(0)
    return _by_names(edges, list(map(str, labels or range(count))))


def _by_names(edges: torch.Tensor, names: list[str]) -> tuple[set[frozenset[str]], set[str]]:
    return {frozenset((names[u], names[v])) for u, v in edges.tolist()}, set(names)
