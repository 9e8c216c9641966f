"""Formats whose edges have one number each: which of the values it is, and what is left out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simplex.io._content import FILTRATION, Values
from simplex.io._names import unmarked
from simplex.io._text import said_of_nan


def weights_of(
    values: Mapping[int, Values],
    form: str,
    fits: Callable[[Sequence[Any]], bool],
    names: Sequence[str],
    notes: list[str],
    axes: Sequence[str] = (),
) -> Sequence[Any] | None:
    """The first column of these names that fits; what becomes of the others is said.

    ``axes``: the values of vertices that are written.
    """
    own, at = values.get(1, {}), values.get(0, {})
    name = next((name for name in names if name in own and fits(own[name])), None)
    if name == FILTRATION:
        left_out = ", that of the vertices is left out" if any(at.get(FILTRATION, ())) else ""
        notes.append(f"the filtration of the edges is written as 'weight' by {form}{left_out}")
    elif FILTRATION in at:
        notes.append(f"the filtration of the complex is left out by {form}")
    left = [other for other in own if other not in (name, FILTRATION)]
    left += [other for other in at if other not in (*axes, FILTRATION)]
    if left:
        shown = ", ".join(repr(unmarked(other)) for other in dict.fromkeys(left))
        notes.append(f"the values {shown} are left out by {form}")
    kept = {other: at[other] for other in axes} | ({} if name is None else {name: own[name]})
    notes += said_of_nan(kept)
    return None if name is None else own[name]
