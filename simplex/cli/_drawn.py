"""What pictures show of a file: one of its complexes, where its vertices are, and its values."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.cli._files import Complexes, read_with_content
from simplex.cli._output import note
from simplex.cli._reading import reading_of
from simplex.complexes import SimplicialComplex
from simplex.io import Content, Reading, graph_complex


_MOST_LIFTED = 5_000_000  # simplices of a file, unless --max-simplices says otherwise
_AXES = ("x", "y", "z")

Values = dict[str, Sequence[Any]]


class Drawn(NamedTuple):
    """A complex; (n_0, 2) or (n_0, 3) places, where the file has them; values by dimension."""

    complex: SimplicialComplex
    place: Tensor | None
    values: dict[int, Values]


def read_drawn(args: argparse.Namespace, *, values: bool) -> Drawn:
    """The complex that ``--graph`` names, of the file; with ``values`` the columns of tables too.

    Raises:
        ValueError: the file is wrong, or holds fewer complexes.
    """
    reading = replace(reading_of(args), values=values)
    if reading.max_simplices is None:
        reading = replace(reading, max_simplices=_MOST_LIFTED)
    complexes, content = read_with_content(args.file, args.max_dim, reading)
    if not 1 <= args.graph <= len(complexes):
        raise ValueError(f"--graph must be in 1 … {len(complexes)}, got {args.graph}.")
    K = complexes[args.graph - 1]
    lost: list[str] = []
    known = _of_part(complexes, args.graph - 1, values_of(content, reading, lost))
    if said := [one for one in lost if values and "come again" in one]:
        note(args.file, f"note: {'; '.join(said)} but for the first.")
    own = known.get(0, {})
    axes = _coordinates(own) or (numbered(own) if content.lifted is not None else [])
    place = _place_of(args.file, [own.pop(axis) for axis in axes])
    return Drawn(K, place, known)


def values_of(content: Content, reading: Reading, lost: list[str]) -> dict[int, Values]:
    """The values of the simplices of all complexes of a file, by their ids in the union."""
    if content.graph is None:
        return {k: dict(own) for k, own in content.values.items()}
    if reading.rings is not None or not any(content.values.values()):
        return {}  # a ring has a vertex more
    _, found = graph_complex(content, reading, lost)
    return {k: dict(own) for k, own in found.items()}


def _of_part(complexes: Complexes, p: int, values: dict[int, Values]) -> dict[int, Values]:
    found: dict[int, Values] = {}
    for k, columns in values.items():
        start = sum(K.num_simplices(k) for K in complexes[:p])
        rows = slice(start, start + complexes[p].num_simplices(k))
        found[k] = {name: column[rows] for name, column in columns.items()}
    return found


def _coordinates(values: Values) -> list[str]:
    """The names of the columns that are coordinates: x, y and z, or x1, x2 and on."""
    named = [axis for axis in _AXES if axis in values]
    if named and "y" not in values and len(named) > 1:
        return []  # x and z alone are no places
    many: list[str] = []
    while f"x{len(many) + 1}" in values:
        many.append(f"x{len(many) + 1}")
    axes = named or (many if len(many) > 3 else [])
    return axes if {*axes} <= {*numbered(values)} else []


def numbered(values: Values) -> list[str]:
    """The columns of numbers; those of points are their coordinates, however they are called."""
    return [name for name, own in values.items() if all(type(v) in (int, float) for v in own)]


def _place_of(file: str, axes: Sequence[Sequence[Any]]) -> Tensor | None:
    """(n_0, 2) or (n_0, 3) places; more coordinates are seen along their principal axes."""
    if not axes:
        return None
    place = torch.tensor([list(column) for column in axes], dtype=torch.float64).T
    if not bool(place.isfinite().all()):
        return None
    if len(axes) == 1:
        return torch.cat([place, torch.zeros_like(place)], dim=1)
    if len(axes) <= 3:
        return place
    note(file, f"note: {len(axes)} coordinates are shown along their first three principal axes.")
    centred = place - place.mean(0)
    _, vectors = torch.linalg.eigh(centred.T @ centred)
    along: Tensor = centred @ vectors[:, -3:].flip(1)
    return along
