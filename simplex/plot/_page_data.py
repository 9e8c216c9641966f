"""What a page knows of its complex, as JSON that may stand within HTML."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators import betti_numbers
from simplex.plot._cochains import Cochain
from simplex.plot._space import is_shown_solid


_MOST_COMPUTED = 20_000  # simplices of which Betti numbers and the Hasse diagram are shown
_DIGITS = 7  # of numbers


def fitting_dim(K: SimplicialComplex, most: int) -> tuple[int, list[str]]:
    """The dimension up to which at most so many simplices are, and what is said of the others.

    Raises:
        ValueError: the vertices alone are more.
    """
    if K.num_simplices(0) > most:
        raise ValueError(
            f"a complex must have at most {most} vertices to be shown on a page, got "
            f"{K.num_simplices(0)}. Show a part of it, or raise max_simplices."
        )
    top = K.dim
    while sum(K.f_vector[: top + 1]) > most:
        top -= 1
    left = [f"{K.num_simplices(k):,} of dimension {k}" for k in range(top + 1, K.dim + 1)]
    said = f"Not on this page, which holds {most:,} simplices: the {', '.join(left)}."
    return max(top, 0), [said] if left else []


def page_data(
    K: SimplicialComplex,
    place: Tensor,
    cochains: Sequence[Cochain],
    title: str,
    notes: Sequence[str],
    shown_first: bool,
) -> dict[str, Any]:
    """The values of the page; ``K`` is what is shown of a complex."""
    dims = range(max(K.dim, 0) + 1)
    small = sum(K.f_vector) <= _MOST_COMPUTED
    solid = is_shown_solid(K) and place.shape[1] == 3
    known = list(cochains)
    if K.filtration is not None:
        filtration = tuple(values.detach().double().cpu() for values in K.filtration)
        known.append(Cochain("filtration", filtration))
    turned = K.orientation(1).cpu() < 0
    return {
        "title": title,
        "summary": _summary(K, betti=small and not notes),
        "notes": list(notes),
        "whole": not notes,
        "counts": [K.num_simplices(k) for k in dims],
        "axes": place.shape[1],
        "positions": np.round(_in_unit_ball(place).numpy().ravel(), 5).tolist(),
        "labels": None if K.vertex_labels is None else [str(name) for name in K.vertex_labels],
        "directed": K.directed,
        "simplices": [[] if k == 0 else K.simplices(k).cpu().ravel().tolist() for k in dims],
        "facets": [K.facets(k).cpu().ravel().tolist() if small and k else None for k in dims],
        "turned": turned.tolist() if bool(turned.any()) else None,
        "solid": solid,
        "opacity": 1.0 if solid else _opacity(K),
        "filtration": None if K.filtration is None else [_plain(v) for v in known[-1].values],
        "cochains": [
            {
                "name": name,
                "words": words,
                "flow": is_flow,
                "values": [None if v is None else _plain(v) for v in values[: len(dims)]],
            }
            for name, values, words, is_flow in known
        ],
        "first_cochain": 0 if shown_first else -1,
    }


def as_json(data: dict[str, Any]) -> str:
    """JSON in which nothing ends a script or begins a comment, whatever the names are."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _summary(K: SimplicialComplex, betti: bool) -> str:
    words = f"f-vector {K.f_vector}"
    return f"{words}, Betti numbers {betti_numbers(K)}" if betti and K.dim >= 0 else words


def _opacity(K: SimplicialComplex) -> float:
    ratio = K.num_simplices(1) / max(K.num_simplices(2), 1)
    return max(0.05, min(0.35, round(0.2 * ratio, 2)))


def _in_unit_ball(place: Tensor) -> Tensor:
    if not len(place):
        return place
    place = place / (float(place.abs().max()) or 1.0)  # so that no square overflows
    moved = place - (place.amin(0) + place.amax(0)) / 2
    return moved / (float(moved.norm(dim=1).max()) or 1.0)


def _plain(values: Tensor | None) -> list[Any]:
    """Numbers of few digits; NaN is null, and infinities are words."""
    assert values is not None
    array = values.detach().double().cpu().numpy()
    listed: list[Any] = np.char.mod(f"%.{_DIGITS}g", array).astype(np.float64).tolist()
    for i in np.flatnonzero(~np.isfinite(array)):
        listed[i] = None if np.isnan(array[i]) else "inf" if array[i] > 0 else "-inf"
    return listed
