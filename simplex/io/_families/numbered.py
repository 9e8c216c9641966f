"""Formats whose vertices are numbered from 1: Pajek, DIMACS and METIS."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch

from simplex.complexes import SimplicialComplex, require_room_for_vertices
from simplex.io._content import FILTRATION, Content, Values, graph_of
from simplex.io._families.weights import weights_of
from simplex.io._names import distinct_words, require_words
from simplex.io._options import Reading
from simplex.io._source import read_text
from simplex.io._text import as_numbers, is_missing, is_printed_integer


_MOST_ISOLATED = 1_000_000  # vertices that a short file may name
_FIELD = re.compile(r'"([^"]*)"|(\S+)')


def _lines(path: str, notes: list[str], comment: str) -> tuple[list[tuple[int, str]], int]:
    """Lines that are neither blank nor comments with their numbers, and the size of the text."""
    text = read_text(path, notes)
    lines = [(i, line.strip()) for i, line in enumerate(text.split("\n"), start=1)]
    return [(i, s) for i, s in lines if s and not re.match(comment, s)], len(text)


def _require_described(count: int, size: int) -> None:
    if count > max(_MOST_ISOLATED, 64 * size):
        raise ValueError(
            f"must describe its vertices, got a header of {count:,} in {size:,} characters."
        )
    require_room_for_vertices(count, torch.device("cpu"))


def _whole(line: int, words: Sequence[str], what: str, count: int | None = None) -> list[int]:
    """Words as whole numbers from 0 or, with ``count``, ids in 1 … count."""
    numbers = [int(word) if re.fullmatch(r"\d{1,18}", word) else -1 for word in words]
    low, high = (0, None) if count is None else (1, count)
    if any(x < low or (high is not None and x > high) for x in numbers):
        of = "whole numbers" if count is None else f"numbers of vertices, 1 … {count}"
        raise ValueError(f"line {line} must have {of} as {what}, got {' '.join(words)[:40]!r}.")
    return numbers


def _directed(what: str) -> ValueError:
    return ValueError(
        f"the graph must be undirected, got {what}. Forget the directions with --undirected."
    )


# --- Pajek ----------------------------------------------------------------------------------------


def read_pajek(path: str, reading: Reading, _: int | None, notes: list[str]) -> Content:
    """A network of Pajek: ``*Vertices`` with names, then edges, arcs, lists of them or a matrix."""
    lines, size = _lines(path, notes, "%")
    section, count, first_side, remarks = "", None, 0, 0
    matrix: list[tuple[int, list[float]]] = []
    names: dict[int, str] = {}
    edges: list[tuple[int, int]] = []
    weights: list[float | None] = []
    places: dict[int, list[str]] = {}
    metadata: dict[str, Any] = {}
    for number, line in lines:
        if line.startswith("*"):
            word, *rest = line[1:].split()
            section = word.lower().removesuffix("list") + "list" * word.lower().endswith("list")
            if section == "vertices":
                if count is not None:
                    raise ValueError(f"line {number}: must be one network, got a second *Vertices.")
                (count,) = _whole(number, rest[:1] or ["none"], "the number of vertices")
                first_side = int(rest[1]) if len(rest) > 1 and rest[1].isdigit() else count
                _require_described(count, size)
            elif section == "network":
                metadata["name"] = " ".join(rest)
            elif section in ("arcs", "arcslist") and not reading.undirected:
                raise _directed(f"{line[:20]!r} in line {number}")
            elif section not in ("edges", "edgeslist", "arcs", "arcslist", "matrix"):
                raise ValueError(
                    f"line {number}: must be *Vertices, *Edges or *Arcs, got {line[:30]!r}."
                )
            continue
        if not section:
            remarks += 1
            continue
        if count is None:
            raise ValueError(f"line {number}: must be Pajek, *Vertices first, got {line[:40]!r}.")
        fields = [a if a or not b else b for a, b in _FIELD.findall(line)]
        if section == "vertices":
            (v,) = _whole(number, fields[:1], "the vertex", count)
            if len(fields) > 1:
                names[v] = fields[1]
            places[v] = fields[2:]
        elif section == "matrix":
            matrix.append((number, [_real(number, field) for field in fields]))
        elif section.endswith("list"):
            first, *others = _whole(number, fields, "vertices", count)
            edges += [(first - 1, other - 1) for other in others]
            weights += [None] * len(others)
        else:
            if len(fields) < 2:
                raise ValueError(f"line {number} must have two vertices, got {line[:40]!r}.")
            u, v = _whole(number, fields[:2], "vertices", count)
            edges.append((u - 1, v - 1))
            weights.append(_real(number, fields[2]) if len(fields) > 2 else None)
    if count is None:
        raise ValueError("must be Pajek, with *Vertices, got none.")
    if remarks:
        notes.append(f"{remarks} lines before the first '*' left out")
    for u, v, x in _nonzero(matrix, count, first_side, reading.undirected):
        edges.append((u, v))
        weights.append(x)
    called = [names.get(v, str(v)) for v in range(1, count + 1)]
    vertex_values: Values = {} if len(set(called)) == count else {"label": called}
    if vertex_values or not names:
        called = [str(v) for v in range(1, count + 1)]
    for axis, name in enumerate("xyz"):
        column = [_maybe_real(places.get(v, []), axis) for v in range(1, count + 1)]
        if any(value is not None for value in column):
            vertex_values[name] = column
    edge_values: Values = {"weight": weights} if any(w is not None for w in weights) else {}
    plain = not names and not vertex_values.get("label")
    return graph_of(
        list(range(count)) if plain else as_numbers(called), edges, vertex_values, edge_values,
        metadata,
    )  # fmt: skip


def _nonzero(
    matrix: list[tuple[int, list[float]]], count: int, first_side: int, undirected: bool
) -> list[tuple[int, int, float | None]]:
    """The edges of a ``*Matrix`` with their values, unless all are 1.

    That of two sides has a row for each vertex of the first one, and a column for each of the
    second.
    """
    if not matrix:
        return []
    sides = count if first_side in (0, count) else first_side
    width, start = (count, 0) if sides == count else (count - sides, sides)
    if len(matrix) != sides or any(len(row) != width for _, row in matrix):
        number = next((n for n, row in matrix if len(row) != width), matrix[0][0])
        raise ValueError(
            f"line {number}: *Matrix must have {sides} rows of {width} numbers, got "
            f"{len(matrix)} rows, of {len(matrix[0][1])} numbers the first."
        )
    rows = [row for _, row in matrix]
    square = start == 0
    if square and not undirected and any(
        rows[i][j] != rows[j][i] for i in range(count) for j in range(i)
    ):  # fmt: skip
        raise _directed("a *Matrix that is not symmetric")
    found = [(i, start + j, x) for i, row in enumerate(rows) for j, x in enumerate(row) if x]
    if square and not undirected:
        found = [(i, j, x) for i, j, x in found if i <= j]
    if all(x == 1 for _, _, x in found):
        return [(i, j, None) for i, j, _ in found]
    return list(found)


def _real(number: int, word: str) -> float:
    try:
        return int(word) if is_printed_integer(word) else float(word)
    except ValueError:
        raise ValueError(
            f"line {number} must have a number as weight, got {word[:30]!r}."
        ) from None


def _maybe_real(words: Sequence[str], i: int) -> float | None:
    try:
        return float(words[i]) if i < len(words) else None
    except ValueError:
        return None


def write_pajek(K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]) -> bytes:
    """A network with the names of its vertices; the weights are the filtration, or ``weight``."""
    at = values.get(0, {})
    axes = [axis for axis in "xyz" if axis in at and _are_real(at[axis])]
    axes = axes if axes[:2] == ["x", "y"] else []
    found = weights_of(values, "pajek", _are_real, ("weight", FILTRATION), notes, axes)
    weight = [None] * K.num_simplices(1) if found is None else found
    labels = distinct_words(K, "Pajek")
    rule = "have no '\"' and no line break"
    require_words(labels, "Pajek", lambda label: not re.search(r'["\n\r]', label), rule)
    lines = [f"*Vertices {len(labels)}"]
    for v, label in enumerate(labels):
        place = [at[axis][v] for axis in axes]
        known = not any(map(is_missing, place))
        lines.append(f'{v + 1} "{label}"' + "".join(f" {x!r}" for x in place if known))
    lines.append("*Edges")
    for (u, v), x in zip(K.simplices(1).tolist(), weight, strict=True):
        lines.append(f"{u + 1} {v + 1}" + ("" if is_missing(x) else f" {x!r}"))
    return "\n".join([*lines, ""]).encode()


def _are_real(column: Sequence[Any]) -> bool:
    return all(is_missing(x) or type(x) in (int, float) for x in column)


# --- DIMACS ---------------------------------------------------------------------------------------


def read_dimacs(path: str, reading: Reading, _: int | None, notes: list[str]) -> Content:
    """A graph of the DIMACS challenges: ``p edge n m``, then lines ``e u v`` or ``a u v w``."""
    lines, size = _lines(path, notes, r"c(\s|$)")
    count, told = None, 0
    edges: list[tuple[int, int]] = []
    weights: list[float | None] = []
    for number, line in lines:
        kind, *rest = line.split()
        if kind == "p":
            if count is not None or len(rest) < 3:
                raise ValueError(f"line {number} must be one line 'p edge n m', got {line[:40]!r}.")
            count, told = _whole(number, rest[1:3], "sizes")
            _require_described(count, size)
        elif kind in ("e", "a") and count is not None and len(rest) >= 2:
            if kind == "a" and not reading.undirected:
                raise _directed(f"an arc in line {number}")
            u, v = _whole(number, rest[:2], "vertices", count)
            edges.append((u - 1, v - 1))
            weights.append(_real(number, rest[2]) if len(rest) > 2 else None)
        elif kind not in ("n", "d", "v", "x") or count is None:
            raise ValueError(f"line {number} must be DIMACS, 'e u v' after 'p', got {line[:40]!r}.")
    if count is None:
        raise ValueError("must be DIMACS, with a line 'p edge n m', got none.")
    if told not in (len(edges), 2 * len(edges)):
        both = f"{told} edges in its line 'p' and {len(edges)} below"
        if 2 * told != len(edges):
            raise ValueError(f"must be a whole file of DIMACS, got {both}.")
    values: Values = {"weight": weights} if any(w is not None for w in weights) else {}
    return graph_of(range(count), edges, {}, values)


def write_dimacs(
    K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]
) -> bytes:
    """``p edge n m`` and a line ``e u v`` for each edge."""
    edges = (K.simplices(1) + 1).tolist()
    lines = [f"p edge {K.num_simplices(0)} {len(edges)}", *(f"e {u} {v}" for u, v in edges), ""]
    return "\n".join(lines).encode()


# --- METIS ----------------------------------------------------------------------------------------


def read_metis(path: str, _: Reading, __: int | None, notes: list[str]) -> Content:
    """A graph as METIS, KaHIP and Chaco have it: line i lists the neighbours of vertex i."""
    text = read_text(path, notes)
    lines = [(i, s) for i, s in enumerate(text.split("\n"), start=1)
             if not s.lstrip().startswith("%")]  # fmt: skip
    while lines and not lines[0][1].strip():
        lines.pop(0)
    if not lines:
        raise ValueError("must be METIS, 'n m' first, got an empty file.")
    number, head = lines[0]
    words = head.split()
    if not 2 <= len(words) <= 4:
        raise ValueError(f"line {number} must be 'n m [format [weights]]', got {head[:40]!r}.")
    count, told = _whole(number, words[:2], "sizes")
    _require_described(count, len(text))
    form = (words[2] if len(words) > 2 else "0").zfill(3)
    if not re.fullmatch("[01]{3}", form):
        raise ValueError(f"line {number} must have a format of METIS, got {words[2]!r}.")
    sizes, vertex_weights, edge_weights = (digit == "1" for digit in form)
    constraints = int(words[3]) if len(words) > 3 and words[3].isdigit() else int(vertex_weights)
    body = lines[1 : count + 1]
    if len(body) < count or any(s.strip() for _, s in lines[count + 1 :]):
        rest = len([s for _, s in lines[1:] if s.strip()])
        raise ValueError(f"must have a line for each of its {count} vertices, got {rest}.")
    skip = int(sizes) + (constraints if vertex_weights else 0)
    ends: dict[tuple[int, int], list[int]] = {}
    of_vertices: list[list[int]] = []
    for v, (number, line) in enumerate(body):
        fields = line.split()
        of_vertices.append(_whole(number, fields[:skip], "weights"))
        rest_of = fields[skip:]
        step = 2 if edge_weights else 1
        neighbors = _whole(number, rest_of[::step], "neighbours", count)
        weights = _whole(number, rest_of[1::2], "weights of edges") if edge_weights else []
        if edge_weights and len(weights) != len(neighbors):
            raise ValueError(f"line {number} must have a weight behind each neighbour.")
        for i, w in enumerate(neighbors):
            key = (min(v, w - 1), max(v, w - 1))
            ends.setdefault(key, []).append(weights[i] if edge_weights else 1)
    listed = sum(map(len, ends.values()))
    if listed != 2 * told or any(len(both) != 2 or both[0] != both[1] for both in ends.values()):
        raise ValueError(
            f"must list each of its {told} edges from both ends alike, got {listed} ends of "
            f"{len(ends)} edges."
        )
    edge_values: Values = {"weight": [both[0] for both in ends.values()]} if edge_weights else {}
    vertex_values: Values = {}
    if skip:
        names = ["size"] * sizes + [
            "weight" if constraints == 1 else f"weight_{i + 1}" for i in range(skip - int(sizes))
        ]
        vertex_values = {name: [row[i] for row in of_vertices] for i, name in enumerate(names)}
    return graph_of(range(count), list(ends), vertex_values, edge_values)


def write_metis(K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]) -> bytes:
    """``n m`` and a line of neighbours for each vertex."""
    edges = K.simplices(1).cpu()
    both = torch.cat([edges, edges.flip(1)])
    order = torch.argsort(both[:, 0] * max(K.num_simplices(0), 1) + both[:, 1])
    counts = both[:, 0].bincount(minlength=K.num_simplices(0)).cumsum(0).tolist()
    flat = (both[order, 1] + 1).tolist()
    rows = [" ".join(map(str, flat[a:b])) for a, b in pairwise([0, *counts])]
    return "\n".join([f"{K.num_simplices(0)} {len(edges)}", *rows, ""]).encode()
