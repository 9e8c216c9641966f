"""Meshes: OFF, OBJ, PLY and STL, vertices with coordinates and their triangles."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from simplex.complexes import SimplicialComplex
from simplex.io._content import FILTRATION, Content, Values
from simplex.io._names import unmarked
from simplex.io._options import Reading
from simplex.io._source import read_bytes, read_text


_AXES = ("x", "y", "z")
_PLY_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2",
    "ushort": "u2", "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4",
    "float": "f4", "float32": "f4", "double": "f8", "float64": "f8",
}  # fmt: skip


def mesh_content(
    points: NDArray[np.float64], faces: Sequence[Sequence[int]] | NDArray[np.int64],
    notes: list[str], more: Values | None = None,
) -> Content:  # fmt: skip
    """The complex of edges and triangles on points; polygons are no simplices.

    Raises:
        ValueError: a face of more than three vertices, with a vertex twice or out of range.
    """
    groups: dict[int, list[Sequence[int]]] = {}
    for face in faces:
        groups.setdefault(len(face), []).append(face)
    if any(size > 3 for size in groups):
        size = next(size for size in groups if size > 3)
        raise ValueError(
            f"faces must be triangles, got one of {size} vertices: {tuple(groups[size][0])}. "
            "Triangulate the mesh first."
        )
    rows = [torch.from_numpy(np.asarray(group, dtype=np.int64)) for group in groups.values()]
    if any(len(block) and int(block.max()) >= len(points) for block in rows):
        most = max(int(block.max()) for block in rows if len(block))
        raise ValueError(
            f"faces must name one of the {len(points)} vertices, got vertex {most + 1}, counted "
            "from 1."
        )
    flat = [block.sort(1).values for block in rows if block.shape[1] > 1]
    bad = sum(int((block[:, 1:] == block[:, :-1]).any(1).sum()) for block in flat)
    lost = []
    if bad:
        faces_are = "degenerate faces" if bad > 1 else "degenerate face"
        lost.append(f"{bad} {faces_are}, with a vertex twice, left out")
        rows = [block[~(block[:, 1:] == block[:, :-1]).any(1)] for block in flat]
    K = SimplicialComplex.from_simplices([*rows], num_vertices=len(points))
    used = torch.zeros(len(points), dtype=torch.bool)
    for block in rows:
        used[block.flatten()] = True
    if rows and not bool(used.all()):
        lone = int((~used).sum())
        notes.append(f"{lone} {'vertices that are' if lone > 1 else 'vertex that is'} in no face")
    width = points.shape[1]
    axes = _AXES[:width] if width <= 3 else [f"x{i + 1}" for i in range(width)]
    values: Values = {axis: points[:, i].tolist() for i, axis in enumerate(axes)}
    return Content(facets=K, values={0: values | (more or {})}, lost=lost)


def _coordinates(K: SimplicialComplex, values: dict[int, Values], notes: list[str]) -> list[Any]:
    """Rows of three numbers; what else the vertices have is said to be left out."""
    own = values.get(0, {})
    if "x" not in own or "y" not in own:
        raise ValueError(
            "attributes must have the coordinates 'x', 'y' and perhaps 'z' of the vertices for a "
            "mesh, got none. Give them as attributes=[{'x': …, 'y': …, 'z': …}], or choose a "
            "format without coordinates."
        )
    left = [unmarked(name) for name in own if name not in (*_AXES, FILTRATION)]
    if left:
        notes.append(f"the values {', '.join(map(repr, left))} of vertices are left out")
    flat = [own.get(axis, [0.0] * K.num_simplices(0)) for axis in _AXES]
    if any(value is None for column in flat for value in column):
        raise ValueError("the coordinates of all vertices must be given, got missing ones.")
    try:
        return [[float(value) for value in row] for row in zip(*flat, strict=True)]
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"the coordinates must be numbers, got others ({error}).") from None


def _maximal(K: SimplicialComplex) -> list[list[int]]:
    """The triangles, and the edges that are in none."""
    edges = torch.ones(K.num_simplices(1), dtype=torch.bool)
    edges[K.facets(2).flatten().cpu()] = False
    listed: list[list[int]] = [*K.simplices(2).tolist(), *K.simplices(1).cpu()[edges].tolist()]
    return listed


# --- OFF ------------------------------------------------------------------------------------------


def read_off(path: str, _: Reading, __: int | None, notes: list[str]) -> Content:
    """Geomview's OFF in text: sizes, points of any dimension, faces; colours are left out."""
    text = re.sub(r"#[^\n]*", "", read_text(path, notes))
    lines = [(i, s.split()) for i, s in enumerate(text.split("\n"), start=1) if s.strip()]
    found = re.fullmatch(r"(?:ST)?C?N?([4n]?)OFF(\d*)", lines[0][1][0]) if lines else None
    if found is None:
        got = " ".join(lines[0][1])[:30] if lines else "an empty file"
        raise ValueError(f"must be OFF, with OFF in its first line, got {got!r}.")
    number, head = lines.pop(0)
    head = [found[2], *head[1:]] if found[2] else head[1:]  # 'OFF8 6 12', as ModelNet has it
    if head:
        lines.insert(0, (number, head))
    width = 4 if found[1] == "4" else 3
    if found[1] == "n":
        number, head = lines[0] if lines else (number, [])
        if not head or not head[0].isdigit() or not 1 <= int(head[0]) <= 1 << 16:
            raise ValueError(f"line {number} must have the dimension of the points, got none.")
        width = int(head[0])
        lines[0] = (number, head[1:])
        lines = lines if head[1:] else lines[1:]
    if not lines or not all(map(str.isdigit, lines[0][1][:2])) or len(lines[0][1]) < 2:
        raise ValueError("must be OFF, with the numbers of vertices and faces, got none.")
    count, num_faces = map(int, lines.pop(0)[1][:2])
    if found[1] == "n" and num_faces and len(lines) == count:
        notes.append(f"the {num_faces} faces that the header counts are not there")
        num_faces = 0
    surplus = found[1] == "n" and len(lines) > count + num_faces  # no dimension before the sizes?
    if len(lines) < count + num_faces or surplus:
        raise ValueError(
            f"must hold {count} vertices and {num_faces} faces, got {len(lines)} lines of data."
        )
    if (more := len(lines) - count - num_faces) > 0:
        notes.append(f"{more} line{'s' if more > 1 else ''} behind the faces left out")
    points = _table([(i, row[:width]) for i, row in lines[:count]], width)
    faces = []
    for i, row in lines[count : count + num_faces]:
        size = int(row[0]) if row[0].isdigit() else 0
        if not 1 <= size < len(row) or not all(map(str.isdigit, row[1 : size + 1])):
            raise ValueError(f"line {i} must be 'k v1 … vk', got {' '.join(row)[:40]!r}.")
        faces.append([int(v) for v in row[1 : size + 1]])
    return mesh_content(points, faces, notes)


def _table(rows: list[tuple[int, list[str]]], width: int) -> NDArray[np.float64]:
    for i, row in rows:
        if len(row) != width:
            raise ValueError(f"line {i} must be a point of {width} numbers, got {' '.join(row)!r}.")
    try:
        points = np.array([row for _, row in rows], dtype=np.float64).reshape(-1, width)
    except ValueError as error:
        raise ValueError(f"points must be numbers, got others ({error}).") from None
    if not np.isfinite(points).all():
        raise ValueError("points must be finite numbers, got others.")
    return points


def write_off(K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]) -> bytes:
    """OFF with triangles, and edges that are in none as faces of two."""
    points, faces = _coordinates(K, values, notes), _maximal(K)
    lines = ["OFF", f"{len(points)} {len(faces)} {K.num_simplices(1)}"]
    lines += [" ".join(map(repr, point)) for point in points]
    lines += [f"{len(face)} {' '.join(map(str, face))}" for face in faces]
    return "\n".join([*lines, ""]).encode()


# --- OBJ ------------------------------------------------------------------------------------------


def read_obj(path: str, _: Reading, __: int | None, notes: list[str]) -> Content:
    """Wavefront's OBJ: the lines ``v``, ``f`` and ``l``; what else there is is left out."""
    points: list[tuple[int, list[str]]] = []
    faces: list[list[int]] = []
    other: set[str] = set()
    begun = ""  # by a line that ends in a backslash
    for i, line in enumerate(read_text(path, notes).split("\n"), start=1):
        line = begun + line
        begun = f"{line[:-1]} " if line.endswith("\\") else ""
        if begun:
            continue
        kind, *rest = line.split("#")[0].split() or [""]
        if kind == "v":
            points.append((i, rest[:3]))
        elif kind in ("f", "l", "p"):
            ids = [word.split("/")[0] for word in rest]
            if not ids or not all(re.fullmatch(r"-?[1-9]\d{0,17}", word) for word in ids):
                raise ValueError(f"line {i} must name vertices from 1, got {line[:40]!r}.")
            row = [int(x) - 1 if int(x) > 0 else len(points) + int(x) for x in ids]
            if min(row) < 0:
                raise ValueError(f"line {i} must name vertices before it, got {line[:40]!r}.")
            if kind == "f" and len(row) < 3:
                raise ValueError(
                    f"line {i}: a face must have three vertices, got {line[:40]!r}. Lines are 'l'."
                )
            if kind == "l":
                faces += [[a, b] for a, b in pairwise(row)]
            elif kind == "f":
                faces.append(row)
        elif kind:
            other.add(kind)
    if not points:
        raise ValueError("must be OBJ, with lines 'v x y z', got none.")
    if other:
        notes.append(f"lines {', '.join(map(repr, sorted(other)[:6]))} left out")
    return mesh_content(_table(points, 3), faces, notes)


def write_obj(K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]) -> bytes:
    """OBJ with triangles, and edges that are in none as lines."""
    lines = [f"v {' '.join(map(repr, point))}" for point in _coordinates(K, values, notes)]
    for face in _maximal(K):
        lines.append(f"{'f' if len(face) == 3 else 'l'} {' '.join(str(v + 1) for v in face)}")
    return "\n".join([*lines, ""]).encode()


# --- STL ------------------------------------------------------------------------------------------


def read_stl(path: str, _: Reading, __: int | None, notes: list[str]) -> Content:
    """STL, binary or text: corners at one place are one vertex."""
    data = read_bytes(path, text=False)
    count = int.from_bytes(data[80:84], "little") if len(data) >= 84 else -1
    if count >= 0 and len(data) == 84 + 50 * count:
        of = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("rest", "<u2")])
        corners = np.frombuffer(data, of, offset=84)["corners"].astype(np.float64).reshape(-1, 3)
    elif data.lstrip()[:5].lower() == b"solid":
        found = re.findall(rb"vertex\s+(\S+)\s+(\S+)\s+(\S+)", data, re.IGNORECASE)
        facets = len(re.findall(rb"^\s*facet\b", data, re.IGNORECASE | re.MULTILINE))
        if len(found) != 3 * facets:
            raise ValueError(f"facets must have three vertices, got {len(found)} for {facets}.")
        corners = _table([(0, [w.decode("latin-1") for w in row]) for row in found], 3)
    else:
        raise ValueError("must be STL, binary or beginning with 'solid', got another file.")
    if not np.isfinite(corners).all():
        raise ValueError("points must be finite numbers, got others.")
    points, inverse = np.unique(corners + 0.0, axis=0, return_inverse=True)
    return mesh_content(points, inverse.reshape(-1, 3), notes)


def write_stl(K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]) -> bytes:
    """Binary STL, in which there are nothing but triangles at places of single precision."""
    with np.errstate(over="ignore"):
        points = np.array(_coordinates(K, values, notes)).astype("<f4").reshape(-1, 3)
    if not np.isfinite(points).all():
        raise ValueError("points must be numbers of single precision for STL, got larger ones.")
    triangles = K.simplices(2).cpu().numpy()
    if len(_maximal(K)) > len(triangles) or len(np.unique(triangles)) < len(points):
        raise ValueError(
            "K must be made of triangles for STL, got edges or vertices that are in none. Write "
            "OFF, OBJ or PLY."
        )
    if len(np.unique(points, axis=0)) < len(points):
        raise ValueError("points must be distinct in single precision for STL, got equal ones.")
    of = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("rest", "<u2")])
    rows = np.zeros(len(triangles), of)
    rows["corners"] = points[triangles]
    a, b, c = (points[triangles[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    rows["normal"] = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30)
    return b"simplex".ljust(80) + len(rows).to_bytes(4, "little") + rows.tobytes()


# --- PLY ------------------------------------------------------------------------------------------


def read_ply(path: str, _: Reading, __: int | None, notes: list[str]) -> Content:
    """PLY, text or binary: the coordinates and other numbers of vertices, and the faces."""
    data = read_bytes(path, text=False)
    head, found, body = data.partition(b"end_header\n")
    if not found:
        head, found, body = data.partition(b"end_header\r\n")
    lines = [line.split() for line in head.decode("latin-1").split("\n") if line.strip()]
    if not found or lines[0] != ["ply"]:
        raise ValueError("must be PLY, with a header that ends, got another file.")
    form, elements = _ply_header(lines[1:])
    words = body.split() if form == "ascii" else None
    columns: dict[str, list[Any]] = {}
    faces: list[list[int]] = []
    place = 0
    try:
        for name, count, properties in elements:
            if words is not None and count > len(words) + 1:
                raise IndexError
            rows, place = _ply_rows(body, words, place, count, properties, form)
            if name == "vertex":
                columns = {p[0]: list(c) for p, c in zip(properties, rows, strict=True) if not p[2]}
            elif name == "face":
                at = [i for i, p in enumerate(properties) if p[0] in ("vertex_indices",
                                                                      "vertex_index")]  # fmt: skip
                if not at:
                    raise ValueError("faces of PLY must have vertex_indices, got none.")
                faces = [list(map(int, face)) for face in rows[at[0]]]
            elif name == "edge":
                ends = {p[0]: c for p, c in zip(properties, rows, strict=True)}
                both = zip(ends.get("vertex1", []), ends.get("vertex2", []), strict=True)
                faces += [[int(a), int(b)] for a, b in both]
            else:
                notes.append(f"{count} elements {name!r} left out")
    except (IndexError, ValueError) as error:
        if str(error).startswith("faces"):
            raise
        raise ValueError("must be a whole file of PLY, got one that ends or is damaged.") from None
    if not {"x", "y"} <= set(columns):
        raise ValueError("vertices of PLY must have x and y, got none.")
    axes = [axis for axis in _AXES if axis in columns]
    points = np.array([columns.pop(axis) for axis in axes], dtype=np.float64).T.reshape(
        -1, len(axes))  # fmt: skip
    return mesh_content(points, faces, notes, dict(columns))


_Property = tuple[str, str, str]  # name, type, and of a list the type of its length


def _ply_header(lines: list[list[str]]) -> tuple[str, list[tuple[str, int, list[_Property]]]]:
    form, elements = "", []
    for line in lines:
        if line[0] == "format" and len(line) > 1:
            form = line[1]
        elif line[0] == "element" and len(line) == 3 and line[2].isdigit():
            elements.append((line[1], int(line[2]), list[_Property]()))
        elif line[0] == "property" and elements and len(line) in (3, 5):
            types = [line[1]] if len(line) == 3 else line[2:4]
            if not all(word in _PLY_TYPES for word in types):
                raise ValueError(f"must be PLY of known types, got {' '.join(line)[:40]!r}.")
            kinds = [_PLY_TYPES[word] for word in types]
            elements[-1][2].append((line[-1], kinds[-1], kinds[0] if len(line) == 5 else ""))
        elif line[0] not in ("comment", "obj_info"):
            raise ValueError(f"must be the header of PLY, got {' '.join(line)[:40]!r}.")
    if form not in ("ascii", "binary_little_endian", "binary_big_endian"):
        raise ValueError(f"must be PLY in ascii or binary, got the format {form!r}.")
    return form, elements


def _ply_rows(
    body: bytes, words: list[bytes] | None, place: int, count: int, properties: list[_Property],
    form: str,
) -> tuple[list[Any], int]:  # fmt: skip
    """The columns of the properties of an element, and where the next one begins."""
    order = ">" if form == "binary_big_endian" else "<"
    if words is None and not any(p[2] for p in properties):  # all at once
        of = np.dtype([(f"{i}", order + p[1]) for i, p in enumerate(properties)])
        if place + count * of.itemsize > len(body):
            raise IndexError
        table = np.frombuffer(body, of, count, place)
        columns = [table[name].tolist() for name in of.names or ()]
        return columns, place + count * of.itemsize
    columns = [[] for _ in properties]
    for _ in range(count):
        for column, (_, kind, length) in zip(columns, properties, strict=True):
            size = 1
            if length:
                (size,), place = _ply_numbers(body, words, place, 1, order + length)
            values, place = _ply_numbers(body, words, place, int(size), order + kind)
            column.append(values if length else values[0])
    return columns, place


def _ply_numbers(
    body: bytes, words: list[bytes] | None, place: int, count: int, kind: str
) -> tuple[list[Any], int]:
    if words is not None:
        taken = words[place : place + count]
        if len(taken) < count:
            raise IndexError
        return [float(w) if "f" in kind else int(w) for w in taken], place + count
    width = int(kind[-1])
    if place + count * width > len(body):
        raise IndexError
    return np.frombuffer(body, kind, count, place).tolist(), place + count * width


def write_ply(K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]) -> bytes:
    """PLY in text, with triangles, and edges that are in none."""
    points, listed = _coordinates(K, values, notes), _maximal(K)
    faces, edges = [f for f in listed if len(f) == 3], [f for f in listed if len(f) == 2]
    lines = ["ply", "format ascii 1.0", f"element vertex {len(points)}"]
    lines += [f"property double {axis}" for axis in _AXES]
    lines += [f"element face {len(faces)}", "property list uchar int vertex_indices"]
    if edges:
        lines += [f"element edge {len(edges)}", "property int vertex1", "property int vertex2"]
    lines += ["end_header", *(" ".join(map(repr, point)) for point in points)]
    lines += [f"3 {a} {b} {c}" for a, b, c in faces] + [f"{a} {b}" for a, b in edges]
    return "\n".join([*lines, ""]).encode()
