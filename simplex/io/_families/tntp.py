"""TNTP: road networks of transportation research, with their flows and places beside them."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import torch

from simplex.complexes import require_room_for_vertices
from simplex.io._content import Content, Values, graph_of
from simplex.io._options import Reading
from simplex.io._source import read_text
from simplex.io._text import column_of, is_number, is_printed_integer


_END = "END OF METADATA"
_LINKS = ("init_node", "term_node", "capacity", "length", "free_flow_time", "b", "power", "speed",
          "toll", "link_type")  # fmt: skip
_MOST_ISOLATED = 1_000_000  # vertices that a short file may name


class _Table(NamedTuple):
    """The rows of a file with their line numbers, what is above them, and what is said of all."""

    heading: list[str]
    rows: list[list[str]]
    lines: list[int]
    metadata: dict[str, Any]


def read_tntp(path: str, reading: Reading, _: int | None, notes: list[str]) -> Content:
    """The links of ``NAME_net.tntp``, or the flows of ``NAME_flow.tntp``, as a graph.

    Beside the links their flows, ``Volume`` and ``Cost``, and the places of the nodes, x and y, are
    taken from the files of the same name.

    Raises:
        ValueError: another file, or links in one direction alone, unless directions are forgotten.
    """
    text = read_text(path, notes)
    table = _table(text)
    if not table.rows or min(map(len, table.rows)) < 2 or not _are_ends(table):
        raise ValueError(
            "must be links of TNTP, 'init_node term_node …;' a line, got another table. Places of "
            "nodes are read along with NAME_net.tntp; demands are no links."
        )
    ends = [(int(row[0]), int(row[1])) for row in table.rows]
    there = set(ends)
    single = next((e for e in ends if e[::-1] not in there), None)
    if single is not None and not reading.undirected:
        raise ValueError(
            f"the graph must be undirected, got the link {single[0]} {single[1]} and none back. "
            "Forget the directions with --undirected."
        )
    count, largest = table.metadata.get("NUMBER OF NODES"), max(map(max, ends))
    names = sorted({v for e in ends for v in e})
    if isinstance(count, int) and names[0] >= 1 and largest <= count:
        if count > max(_MOST_ISOLATED, 64 * len(text)):
            raise ValueError(f"must describe its nodes, got {count:,} in {len(text):,} characters.")
        require_room_for_vertices(count, torch.device("cpu"))
        names = list(range(1, count + 1))
    number = {name: v for v, name in enumerate(names)}
    values = _values(table)
    of_nodes: Values = {}
    if flows := _beside(path, "flow", notes):
        values |= _flows(flows, ends, set(values))
    if places := _beside(path, "node", notes):
        of_nodes = _places(places, names)
    index = [(number[u], number[v]) for u, v in ends]
    return graph_of(names, index, of_nodes, values, table.metadata)


def _table(text: str) -> _Table:
    metadata: dict[str, Any] = {}
    heading: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    for i, line in enumerate(text.split("\n"), start=1):
        if said := re.match(r"\s*<([^>]+)>(.*)", line):
            word = said[2].strip()
            if said[1] != _END and word and not word.startswith("~"):
                metadata[said[1]] = column_of([word])[0]
        elif line.lstrip().startswith("~"):
            heading = _words(line.replace("~", " "))
        elif row := line.partition(";")[0].split():
            rows.append(row)
            lines.append(i)
    if rows and not any(map(is_number, rows[0])):
        heading, rows, lines = rows[0], rows[1:], lines[1:]
    return _Table(heading, rows, lines, metadata)


def _words(line: str) -> list[str]:
    """The headings between tabs, which may hold blanks, or between blanks."""
    words = [word.strip() for word in line.replace(";", " ").split("\t") if word.strip()]
    return words if len(words) > 2 else line.replace(";", " ").split()


def _are_ends(table: _Table) -> bool:
    first = table.heading[0].lower() if table.heading else ""
    ends = all(is_printed_integer(cell) for row in table.rows for cell in row[:2])
    return ends and first not in ("node", "origin")


def _values(table: _Table) -> Values:
    width = max(map(len, table.rows))
    short = next((i for i, row in enumerate(table.rows) if len(row) < width), None)
    if short is not None:
        raise ValueError(
            f"line {table.lines[short]} must have {width} columns as others, got "
            f"{len(table.rows[short])}."
        )
    names = table.heading if len(table.heading) == width else list(_LINKS[:width])
    names += [f"column {k + 1}" for k in range(len(names), width)]
    return {names[k]: column_of([row[k] for row in table.rows]) for k in range(2, width)}


def _beside(path: str, part: str, notes: list[str]) -> _Table | None:
    """The file of the same network that holds another part of it, if there is one."""
    place = Path(path)
    name = re.sub(r"_net(?=\.tntp)", f"_{part}", place.name, flags=re.IGNORECASE)
    other = place.with_name(name)
    if name == place.name or not other.is_file():
        return None
    notes.append(f"{part}s of {name}")
    return _table(read_text(str(other), notes))


def _flows(table: _Table, ends: list[tuple[int, int]], taken: set[str]) -> Values:
    """What flows on each link, where the file says it."""
    if not table.rows or min(map(len, table.rows)) < 3 or not _are_ends(table):
        return {}
    row_of = {(int(row[0]), int(row[1])): i for i, row in enumerate(table.rows)}
    rows = [row_of.get(e) for e in ends]
    return {
        name if name not in taken else f"{name} of flows": [
            None if i is None else column[i] for i in rows
        ]
        for name, column in _values(table).items()
    }


def _places(table: _Table, names: list[int]) -> Values:
    """The coordinates of the nodes, where the file says them."""
    of = {row[0]: row[1:3] for row in table.rows if len(row) > 2}
    rows = [of.get(str(name), ["", ""]) for name in names]
    return {axis: column_of([row[i] for row in rows]) for i, axis in enumerate("xy")}
