"""Benson's three files as contents, and the writing of them."""

from itertools import pairwise
from pathlib import Path

import torch

from simplex.complexes import HIGHEST_DIM, SimplicialComplex
from simplex.io._content import Content, Values, compact_labels
from simplex.io._families.benson import read_benson
from simplex.io._families.json_text import kept_simplices
from simplex.io._families.listed import require_few_faces
from simplex.io._names import distinct_words, require_words
from simplex.io._options import Reading
from simplex.io._text import as_numbers


_PARTS = ("nverts", "simplices", "times", "node-labels")


def read_timed(path: str, reading: Reading, max_dim: int | None, notes: list[str]) -> Content:
    """The closure of the listed simplices, filtered by first appearance."""
    place = Path(path)
    for part in _PARTS:
        if place.name.endswith(f"-{part}.txt"):
            place = place.with_name(place.name.removesuffix(f"-{part}.txt"))
    if max_dim is None:  # the counts are looked at before faces are made
        found = read_benson(place, 0)
        require_few_faces(found.pointer.diff().tolist(), max_dim, reading)
    found = read_benson(place, HIGHEST_DIM if max_dim is None else max_dim)
    K = found.complex
    again = len(found.times) - len({tuple(sorted(row)) for row in _rows(found)})
    if again:
        notes.append(f"{again} simplices that are listed again, later or earlier")
    labels = list(map(str, K.vertex_labels or ()))
    return Content(facets=K.with_vertex_labels(compact_labels(as_numbers(labels))))


def _rows(found: object) -> list[list[int]]:
    pointer, flat = found.pointer.tolist(), found.vertices.tolist()  # type: ignore[attr-defined]
    return [flat[a:b] for a, b in pairwise(pointer)]


def _is_line(label: str) -> bool:
    return label.splitlines() == [label.strip()]


def write_timed(
    K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]
) -> dict[str, bytes]:
    """A line for each simplex that has no coface of the same time, and its time; labels."""
    labels = distinct_words(K, "Benson's files")
    require_words(labels, "Benson's files", _is_line, "be words of one line")
    times, kept = K.filtration, dict(kept_simplices(K, {}))
    if times is not None:
        if any(bool((t != t.round()).any() | ~t.isfinite().all()) for t in times):
            raise ValueError("filtration must be whole numbers, the times of Benson's files.")
        for k in range(1, K.dim + 1):  # those that are there before all of their cofaces
            above = torch.full((K.num_simplices(k),), torch.inf, dtype=torch.float64)
            if k < K.dim:
                spread = times[k + 1].double().repeat_interleave(k + 2)
                above.scatter_reduce_(0, K.facets(k + 1).flatten(), spread, "amin")
            kept[k] = (times[k].double() < above).nonzero()[:, 0]
    before = torch.full((K.num_simplices(0),), torch.inf, dtype=torch.float64)
    if K.dim > 0:
        first = torch.zeros(K.num_simplices(1)) if times is None else times[1].double()
        before.scatter_reduce_(
            0, K.facets(1).flatten(), first.double().repeat_interleave(2), "amin"
        )
    own = torch.zeros(K.num_simplices(0)) if times is None else times[0]
    kept[0] = (own.double() < before).nonzero()[:, 0]
    counts: list[str] = []
    members: list[str] = []
    dates: list[str] = []
    for k, ids in sorted(kept.items()):
        for s, simplex in zip(ids.tolist(), K.simplices(k)[ids].tolist(), strict=True):
            counts.append(str(k + 1))
            members += [str(v + 1) for v in simplex]
            dates.append("0" if times is None else str(int(times[k][s])))
    if times is None:
        notes.append("all simplices have the time 0")
    named = [f"{v} {label}" for v, label in enumerate(labels, start=1)]
    files = dict(zip(_PARTS, (counts, members, dates, named), strict=True))
    return {f"-{part}.txt": "\n".join([*rows, ""]).encode() for part, rows in files.items()}
