"""Facets in brackets, as lists of triangulations have them: ``name=[[1,2,3],[1,2,4],…]``."""

import json
import re

import torch

from simplex.complexes import SimplicialComplex
from simplex.io._content import Content, compact_labels


_BEGIN = re.compile(r"\s*(?:[^\s=\[\],]+\s*:?=\s*)?\[\s*\[")
_LIST = re.compile(r"\s*(?:[^\s=\[\],]+\s*:?=\s*)?(\[\s*\[[^=]*?\]\s*\])[\s;,]*")


def is_facet_lists(text: str) -> bool:
    """Whether a text begins as a list of lists."""
    return _BEGIN.match(text) is not None


def read_facet_lists(text: str, max_dim: int | None, notes: list[str]) -> Content:
    """The complex of each list, the parts of a union where there are several.

    Raises:
        ValueError: something else between the lists, or facets that are none.
    """
    complexes, place = [], 0
    while place < len(text):
        found = _LIST.match(text, place)
        if found is None:
            line = text.count("\n", 0, place) + 1
            raise ValueError(
                f"line {line}: must be a list of facets, [[1, 2, 3], …], got {text[place:][:40]!r}."
            )
        complexes.append(_complex_of(found[1], text.count("\n", 0, place) + 1, max_dim))
        place = found.end()
    notes.append("facets in brackets")
    K = complexes[0] if len(complexes) == 1 else SimplicialComplex.disjoint_union(complexes)
    return Content(facets=K)


def _complex_of(listed: str, line: int, max_dim: int | None) -> SimplicialComplex:
    try:
        facets = json.loads(listed)
    except ValueError:
        facets = None
    fits = isinstance(facets, list) and all(
        isinstance(row, list) and row and all(type(v) in (int, str) for v in row) for row in facets
    )
    if facets is None or not fits:
        raise ValueError(
            f"line {line}: facets must be lists of numbers, or of words in double quotes, got "
            f"{listed[:40]!r}."
        )
    met = dict.fromkeys(v for row in facets for v in row)
    names = sorted(met) if all(type(v) is int for v in met) else list(met)
    number_of = {name: v for v, name in enumerate(names)}
    groups: dict[int, list[list[int]]] = {}
    for row in facets:
        if len(set(row)) < len(row):
            raise ValueError(
                f"line {line}: a facet must have its vertices once, got {str(row)[:40]}."
            )
        groups.setdefault(len(row), []).append([number_of[v] for v in row])
    blocks = [torch.tensor(group, dtype=torch.int64) for group in groups.values()]
    K = SimplicialComplex.from_simplices(blocks, num_vertices=len(names), max_dim=max_dim)
    return K.with_vertex_labels(compact_labels(names))
