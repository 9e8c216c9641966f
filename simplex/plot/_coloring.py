"""Colours of a refinement, on the complex that they refine."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.plot._checks import current_axes, require_drawable, require_lifted, require_size
from simplex.plot._positions import read_positions
from simplex.wl import Coloring


def draw_coloring(
    K: SimplicialComplex, coloring: Coloring, positions: Any = None, *, ax: Any = None
) -> Any:
    """Draw vertices, edges and triangles in the colours of a refinement, one colour a class.

    A round at a time shows how classes split: ``simplicial_wl(K, max_rounds=r)`` for r = 0, 1, ….
    Classes of each dimension are told apart by their colours, by 20 of them in turn.

    Args:
        K: the complex.
        coloring: of :func:`~simplex.wl.simplicial_wl` of K.
        positions: as of :func:`draw_complex`, in the plane.
        ax: matplotlib axes to draw on; ``None`` for the current ones.

    Returns:
        The axes.

    Raises:
        TypeError: ``K`` is no complex, or ``coloring`` no coloring.
        ValueError: colours of another complex, or of other things than simplices.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from simplex.wl import simplicial_wl
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> ax = draw_coloring(K, simplicial_wl(K, max_rounds=1), ax=Figure().add_subplot())
        >>> ax.get_title()
        'round 1: 3 + 2 + 1 classes'
    """
    from matplotlib.collections import LineCollection, PolyCollection

    require_lifted(K)
    require_drawable(K)
    if not isinstance(coloring, Coloring):
        raise TypeError(
            f"coloring must be a Coloring, got {type(coloring).__name__}. Take "
            "simplex.wl.simplicial_wl(K)."
        )
    sizes = tuple(len(color) for color in coloring.colors)
    if sizes != K.f_vector:
        raise ValueError(
            f"coloring must have a colour for each simplex of K, {K.f_vector} of them, got {sizes}."
        )
    place = read_positions(K, positions, 2)
    require_size(place, ax)
    ax = current_axes(ax)
    shades = [_shades(color) for color in coloring.colors]
    points, lines, fills = (shades[k] if k <= K.dim else [] for k in range(3))
    corners, ends = (list(place[K.simplices(k).cpu()].numpy()) for k in (2, 1))
    ax.add_collection(PolyCollection(corners, facecolors=fills, alpha=0.45, linewidths=0))
    ax.add_collection(LineCollection(ends, colors=lines, linewidths=2))
    ax.scatter(
        *place.T.numpy(), s=45, c=points or None, edgecolors="white", linewidths=0.8, zorder=4
    )
    ax.set_aspect("equal")
    ax.autoscale_view()
    ax.set_axis_off()
    counts = " + ".join(map(str, coloring.num_classes))
    ax.set_title(f"round {coloring.rounds}: {counts} classes", fontsize=9)
    return ax


def _shades(color: Tensor) -> list[Any]:
    """A colour of matplotlib for each; classes are numbered as they appear."""
    from matplotlib import colormaps

    values, inverse = torch.unique(color.cpu(), return_inverse=True)
    first = torch.full((len(values),), len(inverse), dtype=torch.int64)
    first.scatter_reduce_(0, inverse, torch.arange(len(inverse)), "amin")
    rank = first.argsort().argsort()[inverse]
    strong_then_pale = (2 * rank) % 20 + (rank % 20 >= 10)
    shades: list[Any] = colormaps["tab20"](strong_then_pale.numpy()).tolist()
    return shades
