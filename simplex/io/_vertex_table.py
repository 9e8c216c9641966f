"""A table of vertices beside a file: names of vertices in no edge, columns as attributes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from simplex.complexes import SimplicialComplex
from simplex.interop import GraphEdges
from simplex.io._content import FILTRATION, Content, Values, compact_labels
from simplex.io._names import LABEL
from simplex.io._options import Reading
from simplex.io._source import read_text
from simplex.io._tables import VERTEX_IDS, HeadedTable, headed_table
from simplex.io._text import as_numbers, column_of, is_printed_integer


def add_vertex_table(content: Content, reading: Reading, words: bool, notes: list[str]) -> None:
    """Take a table of vertices into what a file holds.

    Args:
        content: to which vertices and values are added.
        reading: names the table.
        words: whether names are words of the file, and numbers only where all of them are.
        notes: to which is added what was read.

    Raises:
        ValueError: the table is damaged, none of its columns names the vertices of the file, or it
            has an attribute that the file has too.
        OSError: it is not there.
    """
    assert reading.nodes is not None
    place = Path(reading.nodes)
    labels = _labels(content)
    number_of = {str(label): v for v, label in enumerate(labels)}
    if len(number_of) < len(labels):
        raise ValueError(
            "--nodes must be left out where two vertices are the same word, such as 1 and '1'."
        )
    table = headed_table(place, read_text(reading.nodes, notes))
    heading = id_heading(table, number_of)
    ids = table.columns[heading]
    _require_once(table, ids)
    new = [name for name in ids if name not in number_of]
    names, order = _names(labels, ids, new, words)
    _place(content, names, order)
    if len(ids) - len(new) < len(number_of):
        listed = set(ids)
        absent = [name for name in number_of if name not in listed]
        content.lost.append(
            f"{len(absent)} vertices are not in {place.name}, such as {absent[0]!r}: they have "
            "none of its values"
        )
    _add_values(content, table, ids, names, reading)
    said = [f"vertices of {place.name}, column {heading}"]
    said += [f"{len(new)} of them in no edge"] if new and content.graph is not None else []
    notes.append(", ".join(said))


def _labels(content: Content) -> Sequence[Any]:
    graph, K = content.graph, content.facets
    if graph is not None and graph.part_pointer is None:
        return graph.labels or range(graph.num_vertices)
    if K is not None and K.num_parts == 1:
        return K.vertex_labels or range(K.num_simplices(0))
    what = "points" if graph is None and K is None else "several graphs"
    raise ValueError(f"--nodes must be left out for {what}, got {what} in the file.")


def id_heading(table: HeadedTable, known: Any) -> str:
    """The column that names the vertices: each row another one, all of the file among them.

    Raises:
        ValueError: there is none, or there are several and their headings do not decide.
    """
    called = [h for word in VERTEX_IDS for h in table.columns if h.lower() == word]
    others = [h for h in table.columns if h not in called]
    met = {h: len(set(known).intersection(table.columns[h])) for h in (*called, *others)}
    whole = [h for h in met if met[h] == len(known)]
    chosen = next((h for h in called if h in whole), None)
    if chosen is None and (name := next((h for h in table.columns if h in known), None)):
        raise ValueError(
            f"{table.path.name} must begin with a line of headings, got {name!r}, the name of a "
            "vertex. Write one, such as id."
        )
    if chosen is None and known:
        if len(whole) > 1:
            raise ValueError(
                f"{table.path.name} must tell which column names the vertices, got "
                f"{' and '.join(map(repr, whole[:3]))}. Call it id."
            )
        chosen = next(iter([*whole, *(h for h in called if met[h])]), None)
    if chosen is None:
        example = next(iter(known), None)
        got = "a column called so" if example is None else f"the vertices of the file ({example!r})"
        raise ValueError(
            f"{table.path.name} must have a column of names of vertices, such as id, got none of "
            f"{got} in {', '.join(map(repr, table.columns))[:80]}."
        )
    return chosen


def _require_once(table: HeadedTable, ids: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for row, name in enumerate(ids):
        if not name:
            raise ValueError(f"{table.at(row)}: every row must name a vertex, got an empty field.")
        if (before := first.setdefault(name, row)) != row:
            raise ValueError(
                f"{table.at(row)}: every vertex must be listed once, got {name!r} here and in line "
                f"{table.lines[before]}."
            )


def _names(
    labels: Sequence[Any], ids: Sequence[str], new: Sequence[str], words: bool
) -> tuple[list[Any], list[str]]:
    """The names of all vertices, and they as words: by number, or in the order of the table."""
    name_of = {str(label): label for label in labels}
    if all(type(label) is int for label in labels) and all(map(is_printed_integer, new)):
        names: list[Any] = sorted([*labels, *map(int, new)])
        return names, list(map(str, names))
    order = list(dict.fromkeys([*ids, *name_of]))
    if words:
        return as_numbers(order), order
    return [name_of.get(name, name) for name in order], order


def _place(content: Content, names: list[Any], order: list[str]) -> None:
    """Number the vertices of the file anew, with those that the table adds."""
    labels = _labels(content)
    K, count = content.facets, len(names)
    if K is None:
        graph = content.graph
        assert graph is not None
        place = {name: v for v, name in enumerate(order)}
        moved = torch.tensor([place[str(label)] for label in labels], dtype=torch.int64)
        content.graph = GraphEdges(count, moved[graph.edge_index], compact_labels(names))
    else:  # whose ids stay; the new ones come behind
        there = {*map(str, labels)}
        added = [(n, w) for n, w in zip(names, order, strict=True) if w not in there]
        filtered = K.filtration is not None or FILTRATION in content.values.get(0, {})
        if added and (filtered or K.directed):
            raise ValueError(
                "--nodes must name vertices of the complex alone where it has a filtration or "
                f"directions, got {added[0][1]!r}, which it has not."
            )
        name_of = dict(zip(order, names, strict=True))
        names[:] = [*(name_of[str(label)] for label in labels), *(n for n, _ in added)]
        order[:] = [*map(str, labels), *(w for _, w in added)]
        moved = torch.arange(len(labels))
        if added:
            points = SimplicialComplex.from_simplices([], len(added))
            K = SimplicialComplex.disjoint_union([K.with_vertex_labels(None), points])
            K = K.with_parts(None)
        content.facets = K.with_vertex_labels(compact_labels(names))
    kept: Values = {}
    for name, column in content.values.get(0, {}).items():
        kept[name] = _spread(moved.tolist(), column, count)
    content.values[0] = kept


def _spread(places: Sequence[int], column: Sequence[Any], count: int) -> list[Any]:
    """Values at their places, and nothing elsewhere."""
    found: list[Any] = [None] * count
    for v, value in zip(places, column, strict=True):
        found[v] = value
    return found


def _add_values(
    content: Content, table: HeadedTable, ids: Sequence[str], names: list[Any], reading: Reading
) -> None:
    places = {str(name): v for v, name in enumerate(names)}
    rows = [places[name] for name in ids]
    own = content.values[0]
    for heading, cells in table.columns.items():
        if cells is ids or not (reading.values or heading in (FILTRATION, LABEL)):
            continue
        if not heading:  # an index that numbers the rows
            continue
        if heading in own:
            raise ValueError(
                f"{table.path.name} must have attributes that the file itself has not, got "
                f"{heading!r}. Rename or delete the column."
            )
        values = list(cells) if heading == LABEL else column_of(cells)
        own[heading] = _spread(rows, values, len(names))
