"""Tables that are written: edges, facets, lists of neighbours; they are read by ``_tables``."""

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

import torch

from simplex.complexes import SimplicialComplex
from simplex.io._content import Content, Values
from simplex.io._families.json_text import kept_simplices
from simplex.io._names import distinct_words
from simplex.io._options import Reading
from simplex.io._tables import read_rows
from simplex.io._text import cell_of, column_of, is_alike, is_missing


_PLAIN = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)
_SAFE = re.compile(r"[A-Za-z_]\w*|[-+\d.e]*", re.ASCII)  # no mark of a table
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)


def write_edges(
    K: SimplicialComplex, values: dict[int, Values], ending: str, notes: list[str]
) -> bytes:
    """A line for each edge, from its first end, with its values; a vertex in none stands alone.

    A heading is written to ``.csv`` and ``.tsv``, and where names or values need one.
    """
    names, own = distinct_words(K, "a table"), values.get(1, {})
    edges = K.simplices(1)
    alone = torch.ones(len(names), dtype=torch.bool)
    alone[edges.flatten().cpu()] = False
    mark = {".csv": ",", ".tsv": "\t"}.get(ending, " ")
    ends = _ends({*names, *own})
    columns = _kept(own, ends, mark, notes)
    plain = mark == " " and not columns and K.vertex_labels is None
    plain = plain and (not len(edges) or int(edges[0, 0]) == 0)
    rows: list[list[str]] = [] if plain else [[*ends, *columns]]
    rows += [
        [names[u], names[v], *(column[e] for column in columns.values())]
        for e, (u, v) in enumerate(_from_to(K).tolist())
    ]
    rows += [[names[v]] for v in alone.nonzero()[:, 0].tolist()]
    return _checked(K, _joined(rows, mark), Reading(), notes)


def _from_to(K: SimplicialComplex) -> torch.Tensor:
    """The ends of the edges in the order of their orientation."""
    edges = K.simplices(1).cpu()
    turned = K.orientation(1).cpu()[:, None] < 0
    return torch.where(turned, edges.flip(1), edges)


_ENDS = [("source", "target"), ("from", "to"), ("sender", "receiver"), ("src", "dst")]


_WORDS = {word for ends in _ENDS for word in ends}


def _ends(taken: set[str]) -> tuple[str, str]:
    """Headings of the two ends that are neither names, which are read as an edge, nor columns."""
    return next((ends for ends in _ENDS if not taken.intersection(ends)), _ENDS[0])


def _kept(own: Values, ends: tuple[str, str], mark: str, notes: list[str]) -> dict[str, list[str]]:
    """The cells of the columns that are read again; what is left out or changed is said."""
    kept: dict[str, list[str]] = {}
    for name, column in own.items():
        cells = [cell_of(None if is_missing(value) else value) for value in column]
        safe = all(map(_SAFE.fullmatch, cells))  # then a few rows try the heading
        tried = {key: every[: 3 if safe else None] for key, every in [*kept.items(), (name, cells)]}
        found = _read_again(tried, name, ends, mark) if cells and name not in kept else cells
        found = column_of(cells) if safe and found is not None else found
        if found is None:
            notes.append(f"the values {name!r} are left out, as a table takes them for its marks")
            continue
        kept[name] = cells
        if not all(map(is_alike, found, column)):
            notes.append(f"the values {name!r} are of another type when they are read again")
    return kept


def _read_again(
    columns: dict[str, list[str]], name: str, ends: tuple[str, str], mark: str
) -> Sequence[Any] | None:
    """What is read of one of these columns; ``None`` if there is none of that name."""
    rows = zip(*columns.values(), strict=True)
    body = [[f"a{i}", f"b{i}", *row] for i, row in enumerate(rows)]
    text = _joined([[*ends, *columns], *body], mark)
    try:
        content = read_rows(_lines_alike(text), Reading(values=True), None, [])
    except ValueError:
        return None
    values = content.values.get(1, {})
    found = values.get(name)
    if found is None or len(found) != len(body) or {*values} != {*columns}:
        return None
    same = all(cell_of(a) == b or a == b for a, b in zip(found, columns[name], strict=True))
    return found if same or found == column_of(columns[name]) else None


def _lines_alike(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")  # as every file is read


def write_facets(
    K: SimplicialComplex, values: dict[int, Values], ending: str, notes: list[str]
) -> bytes:
    """A line for each simplex that is in no other: the names of its vertices."""
    names = distinct_words(K, "a table")
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
    names = distinct_words(K, "a table")
    rows = [[name] for name in names]
    for u, v in K.simplices(1).tolist():
        rows[u].append(names[v])
    return _checked(K, _joined(rows, " "), Reading(format="adjacency-list"), notes)


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
    labels = list(map(str, K.vertex_labels or ()))
    plain = any(all(map(pattern.fullmatch, labels)) for pattern in (_PLAIN, _INTEGER))
    if not plain or not {*labels}.isdisjoint(_WORDS):
        _require_same(K, text, reading)
    return text.encode()


def _require_same(K: SimplicialComplex, text: str, reading: Reading) -> None:
    expected = _by_names(K.simplices(1), list(map(str, K.vertex_labels or ())))
    try:
        content = read_rows(_lines_alike(text), reading, None, [])
        again = _edges_of(content)
    except ValueError as error:
        again = (set(), {str(error)})
    if again != expected:
        labels = list(map(str, K.vertex_labels or ()))
        odd = [v for v, name in enumerate(labels) if not re.fullmatch(r"[\w.]+", name)]
        odd += [v for v, name in enumerate(labels) if name in _WORDS]
        v = next(iter(odd), 0)
        raise ValueError(
            "vertex_labels must be words that a table keeps apart from its marks, got others, such "
            f"as {labels[v]!r}, that of vertex {v}. Write them in HIF (.json), GraphML or .npz."
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
