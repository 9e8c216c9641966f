"""Names of vertices in a picture: written where they cover no other one."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simplex.complexes import SimplicialComplex


_FONT_SIZE = 6.0  # points
_WIDTH = 0.62  # of a letter, in font sizes; a little more than most
_MOST_LABELS = 2000  # more are never written


def write_labels(ax: Any, K: SimplicialComplex, shown: NDArray[Any], points: Iterable[Any]) -> None:
    """Write the labels at the points, in data coordinates, which are shown at ``shown`` (n_0, 2).

    Where two would overlap, the vertex with more edges keeps its label.
    """
    from matplotlib.patheffects import withStroke

    names = [str(name) for name in K.vertex_labels or range(K.num_simplices(0))]
    degrees = K.simplices(1).flatten().bincount(minlength=len(names)).cpu().numpy()
    pixels = ax.figure.dpi / 72 * _FONT_SIZE
    kept = _apart(shown, [_WIDTH * pixels * len(name) for name in names], 1.4 * pixels, -degrees)
    style = {
        "fontsize": _FONT_SIZE,
        "parse_math": False,
        "path_effects": [withStroke(linewidth=1.5, foreground="white")],
        "zorder": 5,
    }
    points = list(points)
    for v in kept[:_MOST_LABELS]:
        if len(points[v]) == 2:
            ax.annotate(names[v], points[v], (3, 3), textcoords="offset points", **style)
        else:
            ax.text(*points[v], f" {names[v]}", **style)


def _apart(
    corners: NDArray[Any], widths: list[float], height: float, order: NDArray[Any]
) -> list[int]:
    """Which boxes stay, the first in order first, so that no two of them overlap."""
    kept: list[int] = []
    rows: dict[int, list[tuple[float, float, float]]] = {}  # boxes by strips of their height
    for v in np.argsort(order, kind="stable").tolist():
        x, y = map(float, corners[v])
        strip = int(y // height)
        near = [box for s in (strip - 1, strip, strip + 1) for box in rows.get(s, ())]
        if all(x >= r or x + widths[v] <= l or abs(y - b) >= height for l, r, b in near):
            rows.setdefault(strip, []).append((x, x + widths[v], y))
            kept.append(v)
    return kept
