"""Lists of simplices with values of their own: the complex they span, and whose they are there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.io._content import FILTRATION, Content, Values, compact_labels
from simplex.io._families.appearances import faces_at_most, first_appearances
from simplex.io._options import Reading


_MOST_FACES = 1 << 22  # that are listed without being asked for


def spanned_content(
    given: SimplicialComplex | tuple[Sequence[Any], int | None],
    vertices: Tensor,
    pointer: Tensor,
    listed_values: Values,
    values: dict[int, Values],
    metadata: Mapping[str, Any],
    notes: list[str],
    listed_names: Sequence[Any] | None = None,
) -> Content:
    """The closure of listed simplices, each with its values; those of a later one of them are left.

    Args:
        given: the complex, or the names of its vertices and the dimension at which it is cut.
        vertices: those of all listed simplices, one after the other.
        pointer: (m+1,) where each starts.
        listed_values: by name one for each of the listed.
        values: those of the vertices, to which the others are added.
        metadata: what the file says of the whole.
        notes: to which is added what was left out.
        listed_names: what the listed are called; they are values too, where they are not 0, 1, ….
    """
    if isinstance(given, SimplicialComplex):
        K = given.with_vertex_labels(compact_labels(given.vertex_labels or ()))
    else:
        names, max_dim = given
        sizes = torch.zeros(len(pointer) - 1, dtype=torch.int64)
        blocks = first_appearances(vertices, pointer, sizes, len(names), "the file")
        width = int(pointer.diff().max()) if len(sizes) else 1
        cut = max(width - 1, 0) if max_dim is None else max_dim
        rows = [faces_at_most(block, first, cut)[0] for block, first in blocks]
        K = SimplicialComplex.from_simplices(rows, len(names))
        K = K.with_vertex_labels(compact_labels(names))
    listed_values = dict(listed_values)
    counted = map(str, range(len(pointer) - 1))
    if listed_names is not None and list(map(str, listed_names)) != list(counted):
        key = next(key for key in ("edge", "edge id", "id of the edge") if key not in listed_values)
        listed_values[key] = list(listed_names)
    sizes, cut_off = pointer.diff(), 0
    again, differing = 0, dict[str, int]()  # how many of the listed, by the name of a value
    empty = int((sizes == 0).sum())
    for size in torch.unique(sizes[sizes > 0]).tolist():
        listed = (sizes == size).nonzero()[:, 0]
        if size - 1 > K.dim:
            cut_off += len(listed)
            continue
        ids = K.index(vertices[pointer[listed][:, None] + torch.arange(size)])
        first = torch.full((K.num_simplices(size - 1),), len(sizes), dtype=torch.int64)
        first.scatter_reduce_(0, ids, listed, "amin")
        later = (listed != first[ids]).nonzero()[:, 0]
        again += len(later)
        repeated = list(zip(listed[later].tolist(), first[ids[later]].tolist(), strict=True))
        for name, column in listed_values.items():
            if count := sum(column[i] is not None and column[i] != column[j] for i, j in repeated):
                differing[name] = differing.get(name, 0) + count
        own = values.setdefault(size - 1, {}) if listed_values else {}
        places = first.tolist()
        for name, column in listed_values.items():
            taken = [column[i] if i < len(sizes) else None for i in places]
            if any(value is not None for value in taken):
                before = own.get(name)
                own[name] = taken if before is None else [
                    a if a is not None else b for a, b in zip(before, taken, strict=True)
                ]  # fmt: skip
    lost = []
    if again:
        notes.append(f"{again} simplices that are listed again")
    if differing:
        shown = ", ".join(map(repr, [*differing][:6])) + (", …" if len(differing) > 6 else "")
        lost.append(
            f"the values {shown} of {max(differing.values())} hyperedges that are listed again are "
            "left out"
        )
    if cut_off:
        notes.append(f"{cut_off} larger simplices, which stand for their faces")
    if empty:
        lost.append(f"{empty} empty hyperedge{'s are' if empty > 1 else ' is'} left out")
    return Content(facets=K, values=values, metadata=metadata, lost=lost)


def require_few_faces(sizes: Iterable[int], max_dim: int | None, reading: Reading) -> None:
    """Refuse sets so large that all their faces would be millions, unless the user allows it.

    Raises:
        ValueError: the faces are too many; the message names the remedy.
    """
    if max_dim is not None:
        return
    listed = list(sizes)
    faces = sum(2 ** min(size, 200) for size in listed)
    most = _MOST_FACES if reading.max_simplices is None else reading.max_simplices
    if faces > most:
        count = f"{faces:,}" if faces < 10**15 else "far too many"
        raise ValueError(
            f"sets of up to {max(listed)} vertices have {count} faces: cut them with --max-dim 2, "
            "or allow so many with --max-simplices."
        )


def filtration_in(K: SimplicialComplex, values: dict[int, Values]) -> SimplicialComplex:
    """The complex with the values called ``filtration``, where all simplices have numbers there."""
    columns = [numbers_of(values.get(k, {}).get(FILTRATION, [None])) for k in range(K.dim + 1)]
    numbers = [column for column in columns if column is not None]
    if K.dim < 0 or len(numbers) < len(columns):
        return K
    try:
        filtered = K.with_filtration(numbers, monotone=False)
    except ValueError:
        return K  # NaN; they stay values
    for k in range(K.dim + 1):
        del values[k][FILTRATION]
    return filtered


def numbers_of(column: Sequence[Any]) -> Tensor | None:
    """Numbers, one for each, (n,) float64; ``None`` where there are others, or too large ones."""
    if not all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in column):
        return None
    try:
        return torch.tensor([float(x) for x in column], dtype=torch.float64)
    except OverflowError:  # an integer beyond float64
        return None
