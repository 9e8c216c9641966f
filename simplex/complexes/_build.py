"""From simplices as people write them to the arguments of the constructor."""

import warnings
from collections.abc import Hashable, Mapping
from math import comb
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes._checks import require_flag, require_int
from simplex.complexes._machine import available_bytes, require_memory
from simplex.complexes._subsets import small_subsets
from simplex.complexes._tables import close_downward, group_by_dimension
from simplex.complexes._threads import on_free_threads
from simplex.complexes._vertices import (
    read_simplices,
    require_room_for_vertices,
    require_simplices,
    require_vertex_count,
)


_MOST_COMPARED = 2048  # simplices whose common faces are looked at for a bound
_LESS = "Pass max_dim= to keep the faces up to that dimension alone."


@on_free_threads()
def state_from_simplices(
    simplices: Any,
    num_vertices: int | None,
    max_dim: int | None,
    compact: bool | None,
    directed: bool = False,
) -> dict[str, Any]:
    """The arguments of the constructor; see the method of the class."""
    if max_dim is not None:
        require_int("max_dim", max_dim, 0)
    if compact is not None and not isinstance(compact, bool):
        raise TypeError(f"compact must be True, False or None, got {compact!r}.")
    require_flag("directed", directed)
    given = read_simplices(simplices)
    labels: list[Hashable] | None = given.names() if given.named else None
    if num_vertices is not None and (compact or given.named):
        raise ValueError(
            "num_vertices must be None for named vertices and with compact=True, which keep those "
            f"that occur, got {num_vertices}."
        )
    blocks = given.rows({name: v for v, name in enumerate(labels)} if labels else None)
    devices = {block.device for block in blocks}
    if len(devices) > 1:
        raise ValueError(f"all simplices must be on one device, got {sorted(map(str, devices))}.")
    device = devices.pop() if devices else torch.device("cpu")
    groups = group_by_dimension(blocks, directed)
    for rows in groups.values():
        require_simplices(rows.sort(dim=1).values if directed else rows)
    if compact is None and num_vertices is None and labels is None:
        compact = _counts_from_one(groups)
    if compact and labels is None:
        groups, labels = _compacted(groups)
    largest = max((int(rows.max()) for rows in groups.values() if rows.numel()), default=-1)
    count = require_vertex_count(num_vertices, largest)
    require_room_for_vertices(count, device, "Pass compact=True to keep the vertices that occur.")
    wanted = {k: rows for k, rows in groups.items() if k > 0 and len(rows)}
    if max_dim is not None and not directed:
        wanted = _up_to(wanted, max_dim, count)
    require_closure(wanted)
    tables = close_downward(wanted, count, _LESS)
    tables = tables[:max_dim]
    return {
        "num_vertices": count,
        "facets": tables,
        "vertex_labels": labels,
        "directed": directed,
        "device": device,
    }


def _compacted(groups: Mapping[int, Tensor]) -> tuple[dict[int, Tensor], list[Hashable] | None]:
    """The rows on the numbers 0, 1, … in order of the ids in use, and these ids as labels."""
    if not groups:
        return {}, None
    used: Tensor = torch.unique(torch.cat([rows.flatten() for rows in groups.values()]))
    renumbered = {k: torch.searchsorted(used, rows) for k, rows in groups.items()}
    gaps = len(used) > 0 and int(used[-1]) >= len(used)
    return renumbered, used.tolist() if gaps else None


def _counts_from_one(groups: Mapping[int, Tensor]) -> bool:
    """Whether the ids in use are 1 … n, which the user is told."""
    filled = [rows for rows in groups.values() if rows.numel()]
    if not filled or min(int(rows.min()) for rows in filled) != 1:
        return False
    largest = max(int(rows.max()) for rows in filled)
    if largest > sum(rows.numel() for rows in filled):
        return False
    counts = len(torch.unique(torch.cat([rows.flatten() for rows in filled]))) == largest
    if counts:
        warnings.warn(
            f"the vertex ids are 1 … {largest}: renumbered 0 … {largest - 1}, as index() and all "
            "tensors count them; vertex_labels has the given ids. Pass compact=False to keep the "
            "ids, with 0 an isolated vertex; compact=True does this without the note.",
            stacklevel=5,
        )
    return counts


def _up_to(given: Mapping[int, Tensor], max_dim: int, num_vertices: int) -> dict[int, Tensor]:
    """The given simplices of dimension at most ``max_dim``, and the faces of the larger ones."""
    kept = {k: rows for k, rows in given.items() if k <= max_dim}
    if max_dim == 0:
        return {}
    larger = [rows for k, rows in given.items() if k > max_dim]
    if larger:
        sizes = torch.tensor([rows.shape[1] for rows in larger for _ in range(len(rows))])
        pointer = torch.cat([sizes.new_zeros(1), sizes.cumsum(0)]).to(larger[0].device)
        members = torch.cat([rows.flatten() for rows in larger])
        faces = small_subsets(members, pointer, max_dim + 1, num_vertices)[-1]
        kept[max_dim] = torch.cat([*([kept[max_dim]] if max_dim in kept else []), faces])
    return kept


# --- how large a closure is at least --------------------------------------------------------------


def require_closure(given: Mapping[int, Tensor]) -> None:
    """Raise ``ValueError`` where the faces of the given simplices are certain not to fit."""
    if not given:
        return
    width, device = max(given) + 1, given[max(given)].device
    single = _face_bytes(width)
    what = f"the 2^{width} faces of a {width - 1}-simplex"
    require_memory(min(single, 2**100), device, what, _LESS)  # larger numbers are no floats
    most = sum(len(rows) * _face_bytes(k + 1) for k, rows in given.items())
    if most < 2**26 or most < available_bytes(device) // 2:
        return
    least = _least_bytes(given)
    require_memory(least, device, f"the faces of {sum(map(len, given.values()))} simplices", _LESS)


def _face_bytes(width: int) -> int:
    """Of the tables of all faces of a simplex on that many vertices: Σ_s 8·s·C(width, s)."""
    return 8 * width << (width - 1)


def _least_bytes(given: Mapping[int, Tensor]) -> int:
    """A lower bound of the tables: each simplex adds its faces less those shared with earlier ones.

    Σ_i max(0, C(w_i, s) - Σ_{j<i} C(|σ_i ∩ σ_j|, s)) faces of s vertices, over the largest given.
    """
    largest: list[list[int]] = []
    for k in sorted(given, reverse=True):
        largest += given[k][: _MOST_COMPARED - len(largest)].tolist()
    place = {v: i for i, v in enumerate({v for simplex in largest for v in simplex})}
    incidence = np.zeros((len(largest), len(place)), dtype=np.float32)
    for i, simplex in enumerate(largest):
        incidence[i, [place[v] for v in simplex]] = 1
    common = (incidence @ incidence.T).round().astype(np.int64)
    widths, total = common.diagonal(), 0.0
    for size in range(1, int(widths.max()) + 1):
        faces = np.array([comb(n, size) for n in range(int(widths.max()) + 1)], dtype=np.float64)
        added = faces[widths] - np.tril(faces[common], -1).sum(1)
        total += 8 * size * float(added.clip(min=0).sum())
    return int(total)
