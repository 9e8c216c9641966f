"""A complex as two tables: of its edges, or its facets; and of its vertices, with their values."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from simplex.complexes import SimplicialComplex
from simplex.io._content import Values
from simplex.io._names import LABEL, unmarked
from simplex.io._registry import Format, ending_of
from simplex.io._tables import VERTEX_IDS, headed_table
from simplex.io._text import cell_of, column_of, is_alike, is_missing
from simplex.io._vertex_table import id_heading
from simplex.operators import induced_subcomplex


_MARKS = {".csv": ",", ".tsv": "\t"}
BESIDE = ("edges", "facets", "adjacency-list")  # formats of names without values of vertices


def require_beside(form: Format, nodes: str) -> None:
    """Refuse a table of vertices beside a format that keeps their values itself, or no names.

    Raises:
        ValueError: so it is, or the table is to be of another ending.
    """
    if form.name not in BESIDE:
        held = "keeps the values of vertices itself" if "attributes" in form.keeps else (
            "has no names of vertices")  # fmt: skip
        raise ValueError(
            f"a table of nodes must be left out for the format {form.name}, which {held}, got "
            f"{nodes}."
        )
    if ending_of(nodes) not in _MARKS:
        raise ValueError(f"the table of nodes must end in .csv or .tsv, got {nodes}.")


def without_lone_vertices(K: SimplicialComplex) -> SimplicialComplex:
    """The vertices of edges, where there are any; edges and what is above keep their ids."""
    if K.dim < 1:
        return K
    met = torch.zeros(K.num_simplices(0), dtype=torch.bool, device=K.device)
    met[K.simplices(1).flatten()] = True
    return K if bool(met.all()) else induced_subcomplex(K, met)


def vertex_table(K: SimplicialComplex, own: Values, path: str, notes: list[str]) -> bytes:
    """A row for each vertex: its name and its values; what does not come back is said.

    Raises:
        ValueError: a name that would be read as another one.
    """
    mark, names = _MARKS[ending_of(path)], list(map(str, K.vertex_labels or range(K.f_vector[0])))
    taken = {name.lower() for name in (*own, *names)}
    heading = next(word for word in (*VERTEX_IDS, "vertex of the complex") if word not in taken)
    columns = {heading: names}
    again = _read_again(columns, mark, heading)
    if again is None or again[heading] != names:
        known = () if again is None else again[heading]
        v = next((v for v, (a, b) in enumerate(zip(known, names, strict=False)) if a != b), 0)
        raise ValueError(
            "vertex_labels must be words that a table keeps apart from its marks, got others, such "
            f"as {names[v]!r}, that of vertex {v}. Write them in HIF (.json), GraphML or .npz."
        )
    for name, column in own.items():
        cells = [cell_of(None if is_missing(value) else value) for value in column]
        found = _read_again({heading: names, name: cells}, mark, heading)
        values = None if found is None else _values(name, found.get(name), cells)
        if values is None:
            notes.append(
                f"the values {unmarked(name)!r} of vertices are left out, as a table takes them "
                "for its marks"
            )
            continue
        columns[name] = cells
        if not all(map(is_alike, values, column)):
            notes.append(
                f"the values {unmarked(name)!r} of vertices are of another type when they are read "
                "again"
            )
    return _joined(columns, mark).encode()


def _read_again(
    columns: Mapping[str, Sequence[str]], mark: str, heading: str
) -> dict[str, list[str]] | None:
    """The cells that are read of these columns; ``None`` where other vertices are."""
    text = _joined(columns, mark)
    if "\0" in text:
        return None
    try:
        table = headed_table(Path("nodes.csv"), text.replace("\r\n", "\n").replace("\r", "\n"))
        known = dict.fromkeys(columns[heading])
        return table.columns if id_heading(table, known) == heading else None
    except ValueError:
        return None


def _values(name: str, found: Sequence[str] | None, cells: Sequence[str]) -> Sequence[Any] | None:
    """The values that are read of cells; ``None`` if these come back as others."""
    if found is None:
        return None
    values = list(found) if name == LABEL else column_of(found)
    same = all(cell_of(a) == b or a == b for a, b in zip(values, cells, strict=True))
    return values if same or values == column_of(cells) else None


def _joined(columns: Mapping[str, Sequence[str]], mark: str) -> str:
    rows = [tuple(columns), *zip(*columns.values(), strict=True)]
    return "".join(mark.join(_field(cell, len(columns)) for cell in row) + "\n" for row in rows)


def _field(text: str, width: int) -> str:
    """In quotes where it holds what may separate fields, whatever separates these."""
    if re.search(r'[",;\t\r\n]', text) or (not text and width == 1):
        return '"' + text.replace('"', '""') + '"'
    return text
