"""The text of GUDHI's simplex tree: dimension, vertices and filtration value of each simplex."""

import torch

from simplex.complexes import SimplicialComplex
from simplex.io._content import FILTRATION, Content, Values, compact_labels
from simplex.io._families.listed import numbers_of
from simplex.io._options import Reading
from simplex.io._source import read_text


_LARGEST = 2**62  # above all numbers of vertices


def read_tree(path: str, _: Reading, max_dim: int | None, notes: list[str]) -> Content:
    """Lines ``k v0 … vk value``; numbers of vertices are made compact, and kept as labels.

    Raises:
        ValueError: another line, or a simplex whose facets are not all there.
    """
    rows: dict[int, list[list[int]]] = {}
    given: dict[int, list[float]] = {}
    for i, line in enumerate(read_text(path, notes).split("\n"), start=1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        try:
            size, *rest = fields
            vertices, value = [int(v) for v in rest[:-1]], float(rest[-1])
            if (
                len(vertices) != int(size) + 1
                or len(set(vertices)) < len(vertices)
                or value != value
            ):
                raise ValueError
            if min(vertices) < 0 or max(vertices) >= _LARGEST:
                raise ValueError
        except (ValueError, IndexError):
            raise ValueError(
                f"line {i} must be 'k v0 … vk value' of a k-simplex, got {line[:40]!r}."
            ) from None
        if max_dim is None or len(vertices) <= max_dim + 1:
            rows.setdefault(len(vertices) - 1, []).append(vertices)
            given.setdefault(len(vertices) - 1, []).append(value)
    blocks = {k: torch.tensor(block, dtype=torch.int64) for k, block in rows.items()}
    if not blocks:
        raise ValueError("must hold at least one simplex, 'k v0 … vk value', got none.")
    names = torch.unique(torch.cat([block.flatten() for block in blocks.values()]))
    blocks = {k: torch.searchsorted(names, block) for k, block in blocks.items()}
    K = SimplicialComplex.from_simplices(list(blocks.values()), num_vertices=len(names))
    filtration = []
    for k in range(K.dim + 1):
        values = torch.full((K.num_simplices(k),), torch.nan, dtype=torch.float64)
        if k in blocks:
            values[K.index(blocks[k])] = torch.tensor(given[k], dtype=torch.float64)
        if bool(values.isnan().any()):
            s = K.simplices(k)[values.isnan()][0]
            raise ValueError(
                "all faces of a simplex must be there with their values, got none for "
                f"{tuple(names[s].tolist())}."
            )
        filtration.append(values)
    K = K.with_vertex_labels(compact_labels(names.tolist()))
    return Content(facets=K.with_filtration(filtration, monotone=False))


def write_tree(K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]) -> bytes:
    """All simplices with their filtration values, 0 where there are none."""
    labels = K.vertex_labels
    numbers = range(K.num_simplices(0)) if labels is None else labels
    plain = [v for v in numbers if isinstance(v, int) and not isinstance(v, bool)
             and 0 <= v < _LARGEST]  # fmt: skip
    if len(plain) < len(numbers) or plain != sorted(set(plain)):
        notes.append("names that are no increasing whole numbers are left out")
        plain = list(range(len(numbers)))
    lines = []
    for k in range(K.dim + 1):
        given = values.get(k, {}).get(FILTRATION)
        found = None if given is None else numbers_of(given)
        own = torch.zeros(K.num_simplices(k)) if found is None else found
        for simplex, value in zip(K.simplices(k).tolist(), own.tolist(), strict=True):
            lines.append(f"{k} {' '.join(str(plain[v]) for v in simplex)} {value!r}")
    return "\n".join([*lines, ""]).encode()
