"""Starting colours of the simplices of a complex, as callers give them."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from simplex.complexes import SimplicialComplex, shown
from simplex.wl._refine import Palette, starting_colors


def starting_palettes(
    K: SimplicialComplex, colors: Mapping[int, Any] | Sequence[Any] | None
) -> list[Palette]:
    """The starting colours of each dimension; see :func:`simplex.wl.simplicial_wl`."""
    given = given_colors(K, colors)
    return [
        starting_colors(given.get(k), K.num_simplices(k), K.device, f"colors[{k}]")
        for k in range(max(K.dim, 0) + 1)
    ]


def given_colors(
    K: SimplicialComplex, colors: Mapping[int, Any] | Sequence[Any] | None
) -> dict[int, Any]:
    """What is given for each dimension, all of them dimensions of the complex."""
    if isinstance(colors, Tensor):
        raise TypeError(
            "colors must be a mapping from k or a sequence over k, got one tensor. "
            "Write {0: colors} for the vertices."
        )
    listed: object = () if colors is None else colors
    if not isinstance(listed, (Mapping, Sequence)) or isinstance(listed, (str, bytes)):
        raise TypeError(
            f"colors must be a mapping from k or a sequence over k, got {shown(colors)}."
        )
    given = dict(listed.items() if isinstance(listed, Mapping) else enumerate(listed))
    for k in given:
        none = given[k] is None or (hasattr(given[k], "__len__") and len(given[k]) == 0)
        beyond = isinstance(k, int) and k > K.dim and none
        whole = isinstance(k, int) and not isinstance(k, bool)
        if not (beyond or (whole and 0 <= k <= max(K.dim, 0))):
            raise ValueError(
                f"colors must be for dimensions 0 … {max(K.dim, 0)} of the complex, got {k!r}."
            )
    return given


def kind_of(k: int, count: int = 2) -> str:
    """What k-simplices are called, several or one."""
    names = (
        ("vertex", "vertices"),
        ("edge", "edges"),
        ("triangle", "triangles"),
        ("tetrahedron", "tetrahedra"),
    )
    one, many = names[k] if k < len(names) else (f"{k}-simplex", f"{k}-simplices")
    return one if count == 1 else many
