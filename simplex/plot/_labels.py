"""Names of vertices in a picture: written where they cover neither another name nor a vertex."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import floor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simplex.complexes import SimplicialComplex


_FONT_SIZE = 6.0  # points
_LINE = 1.4  # font sizes
_GAPS = (3.0, 1.6)  # points between a vertex and the box of its name
_SIDES = ((1, 1), (-1, 1), (1, -1), (-1, -1))  # right and above first
_MOST_LABELS = 2000  # more are never written
_MOST_TRIED = 20_000  # vertices, those of most edges


class _Box(NamedTuple):
    left: float
    low: float
    right: float
    high: float


def lay_out(ax: Any) -> None:
    """Give the axes the place that they have when the figure is drawn."""
    figure = ax.figure.figure or ax.figure  # of a part of a figure, the whole
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)
    ax.apply_aspect()


def write_labels(
    ax: Any, K: SimplicialComplex, shown: NDArray[Any], points: Iterable[Any], radius: float = 0.0
) -> None:
    """Write the labels at the points, in data coordinates, which are shown at ``shown`` (n_0, 2).

    In the plane on the first of four sides where a label covers no other and no dot, of ``radius``
    in points; where there is none, the vertex with more edges keeps its label.
    """
    from matplotlib.patheffects import withStroke

    names = [str(name) for name in K.vertex_labels or range(K.num_simplices(0))]
    degrees = K.simplices(1).flatten().bincount(minlength=len(names)).cpu().numpy()
    points = list(points)
    flat = not points or len(points[0]) == 2
    order = np.argsort(-degrees, kind="stable")[:_MOST_TRIED]
    sides = _SIDES if flat else ((1, 1),)
    gaps = _GAPS if flat else (_advance(" "), -0.25 * _FONT_SIZE)
    pixels = ax.figure.dpi / 72
    kept = _placed(shown / pixels, names, order.tolist(), sides, gaps, radius if flat else None)
    style = {
        "fontsize": _FONT_SIZE,
        "parse_math": False,
        "path_effects": [withStroke(linewidth=1.5, foreground="white")],
        "zorder": 5,
    }
    for v, (right, up) in kept:
        if flat:
            ax.annotate(names[v], points[v], (right * _GAPS[0], up * _GAPS[1]),
                        textcoords="offset points", ha="left" if right > 0 else "right",
                        va="bottom" if up > 0 else "top", **style)  # fmt: skip
        else:
            ax.text(*points[v], f" {names[v]}", **style)


def _placed(
    shown: NDArray[Any],
    names: Sequence[str],
    order: Sequence[int],
    sides: Sequence[tuple[int, int]],
    gaps: tuple[float, float],
    radius: float | None,
) -> list[tuple[int, tuple[int, int]]]:
    """Which names are written and on which side, the first in order first; all in points."""
    cells: dict[tuple[int, int], list[tuple[int, _Box]]] = {}
    if radius is not None:
        for v, (x, y) in enumerate(shown.tolist()):
            box = _Box(x - radius, y - radius, x + radius, y + radius)
            for cell in _cells(box):
                cells.setdefault(cell, []).append((v, box))
    kept: list[tuple[int, tuple[int, int]]] = []
    for v in order:
        for side in sides:
            x, y = shown[v].tolist()
            box = _box(x, y, names[v], side, gaps)
            own = _cells(box)
            if not any(w != v and _overlap(box, other)
                       for cell in own for w, other in cells.get(cell, ())):  # fmt: skip
                kept.append((v, side))
                for cell in own:
                    cells.setdefault(cell, []).append((-1, box))
                break
        if len(kept) == _MOST_LABELS:
            break
    return kept


def _box(x: float, y: float, name: str, side: tuple[int, int], gaps: tuple[float, float]) -> _Box:
    lines = name.split("\n")
    width = max(sum(map(_advance, line)) for line in lines)
    height = _LINE * _FONT_SIZE * len(lines)
    left = x + gaps[0] if side[0] > 0 else x - gaps[0] - width
    low = y + gaps[1] if side[1] > 0 else y - gaps[1] - height
    return _Box(left, low, left + width, low + height)


def _cells(box: _Box) -> list[tuple[int, int]]:
    """The squares of a grid that a box meets."""
    size = 2 * _LINE * _FONT_SIZE
    columns = range(floor(box.left / size), floor(box.right / size) + 1)
    rows = range(floor(box.low / size), floor(box.high / size) + 1)
    return [(i, j) for i in columns for j in rows]


def _overlap(a: _Box, b: _Box) -> bool:
    return a.left < b.right and b.left < a.right and a.low < b.high and b.low < a.high


@lru_cache(maxsize=4096)
def _advance(letter: str) -> float:
    """How wide a letter is, in points, a little more than in the font."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties()))
    font.set_size(_FONT_SIZE, 72)
    width: float = font.load_char(ord(letter)).linearHoriAdvance / 2**16
    wide = unicodedata.east_asian_width(letter) in "WF"  # which other fonts draw
    return 1.06 * max(width, _FONT_SIZE * wide)
