"""Sets of named vertices, as hypergraph libraries hold them, and complexes."""

from collections.abc import Hashable, Iterable, Sequence
from importlib import import_module
from typing import Any

import torch

from simplex.complexes import SimplicialComplex


def complex_of_sets(
    names: Iterable[Hashable], sets: Iterable[Iterable[Hashable]], max_dim: int | None = None
) -> SimplicialComplex:
    """The closure of sets, on the vertices of these names in their order; empty sets are left out.

    Raises:
        ValueError: a member that is none of the names.
    """
    known = [plain_name(name) for name in names]
    number = {name: v for v, name in enumerate(known)}
    listed: dict[int, list[list[int]]] = {}
    for members in sets:
        try:
            row = sorted({number[plain_name(name)] for name in members})
        except KeyError as error:
            raise ValueError(f"members must be vertices, got {error.args[0]!r}.") from None
        if row:
            listed.setdefault(len(row), []).append(row)
    blocks = [torch.tensor(rows, dtype=torch.int64) for rows in listed.values()]
    K = SimplicialComplex.from_simplices(blocks, num_vertices=len(known), max_dim=max_dim)
    compact = known == list(range(len(known))) and all(type(name) is int for name in known)
    return K if compact else K.with_vertex_labels(known)


def plain_name(name: Any) -> Any:
    """Numbers of numpy as those of Python, other names as they are."""
    return name.item() if type(name).__module__ == "numpy" and hasattr(name, "item") else name


def names_of(K: SimplicialComplex) -> Sequence[Any]:
    """The labels or numbers of the vertices, which must differ.

    Raises:
        ValueError: labels that repeat.
    """
    names: Sequence[Any] = K.vertex_labels or range(K.num_simplices(0))
    if len(set(names)) < len(names):
        raise ValueError(
            "vertex_labels must be distinct to become nodes, got repeated ones. Use "
            "complex.with_vertex_labels(None) for numbers, or convert complex.split() one by one."
        )
    return names


def maximal_sets(K: SimplicialComplex) -> list[list[Any]]:
    """The names of the vertices of every simplex that is in no other."""
    names, sets = names_of(K), list[list[Any]]()
    for k in range(K.dim + 1):
        maximal = torch.ones(K.num_simplices(k), dtype=torch.bool, device=K.device)
        maximal[K.facets(k + 1).flatten()] = False
        sets += [[names[v] for v in row] for row in K.simplices(k)[maximal].tolist()]
    return sets


def library(name: str, extra: str) -> Any:
    """A library that is imported when it is used.

    Raises:
        ImportError: it is not installed; the message names the extra.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{name} must be installed for this, got {error}. "
            f"Install it with: pip install 'simplex-networks[{extra}]'"
        ) from error
