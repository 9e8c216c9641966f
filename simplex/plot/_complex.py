"""Vertices, edges and filled triangles, in the plane and in space."""

from typing import Any

from simplex.complexes import SimplicialComplex, require_flag
from simplex.plot._checks import (
    current_axes,
    require_drawable,
    require_lifted,
    require_size,
    require_style,
)
from simplex.plot._labels import lay_out, write_labels
from simplex.plot._positions import read_positions
from simplex.plot._space import draw_in_space, space_axes


def draw_complex(
    K: SimplicialComplex,
    positions: Any = None,
    *,
    ax: Any = None,
    labels: bool = False,
    color: str = "#4c72b0",
    dims: int | None = None,
) -> Any:
    """Draw vertices, edges and filled triangles; where triangles overlap, the fill is darker.

    Simplices of dimension 3 and more show as their triangles. In space what is behind is covered:
    a surface is solid and shaded, and its vertices are where its edges meet; other triangles are
    transparent.

    Args:
        K: the complex.
        positions: (n_0, 2) or (n_0, 3) coordinates of the vertices, a tensor, an array or lists; or
            a mapping from each vertex label to its coordinates, as networkx's layouts are; ``None``
            for :func:`spring_layout`, and :func:`pivot_layout` of more than 200 vertices.
        ax: matplotlib axes to draw on; ``None`` for the current ones. Pictures in space need axes
            made with ``projection="3d"``.
        labels: whether to write the vertex labels, letter by letter: ``$`` is a dollar sign. One
            that would cover another, or a vertex, on each side of its own is left out, where
            vertices have fewer edges first.
        color: of the triangles.
        dims: 2 or 3, where no positions are given; ``None`` for the plane.

    Returns:
        The axes.

    Raises:
        TypeError: ``K`` is no complex, or positions are no numbers.
        ValueError: positions of another shape, not finite, of a size that matplotlib cannot draw
            or without one of the vertices; axes of the plane for a picture in space; or more than
            a million edges or triangles.

    Example:
        >>> from matplotlib.figure import Figure
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> ax = draw_complex(K, ax=Figure().add_subplot())
        >>> len(ax.collections)  # triangles, edges, vertices
        3
    """
    require_lifted(K)
    require_drawable(K)
    require_style(ax, color)
    require_flag("labels", labels)
    place = read_positions(K, positions, dims)
    require_size(place, ax)
    if place.shape[1] == 3 or getattr(ax, "name", None) == "3d":
        return draw_in_space(K, place, space_axes(ax), color, labels)
    return _draw_in_plane(K, place, ax, color, labels)


def _draw_in_plane(K: SimplicialComplex, place: Any, ax: Any, color: str, labels: bool) -> Any:
    from matplotlib.collections import LineCollection, PolyCollection

    ax = current_axes(ax)
    corners, ends = (place[K.simplices(k).cpu()].numpy() for k in (2, 1))
    opacity = min(0.35, 0.2 * len(ends) / max(len(corners), 1))  # pale where they overlap much
    thickness = 0.8 if len(ends) < 2000 else 0.4
    ax.add_collection(PolyCollection(list(corners), facecolors=color, alpha=opacity, linewidths=0))
    ax.add_collection(LineCollection(list(ends), colors="#555555", linewidths=thickness, alpha=0.7))
    size = max(2.0, min(30.0, 4000 / max(len(place), 1)))
    ax.scatter(*place.T.numpy(), s=size, c="#222222", linewidths=0, zorder=4)
    ax.set_aspect("equal")
    ax.autoscale_view()
    ax.set_axis_off()
    if labels:
        lay_out(ax)
        shown = ax.transData.transform(place.numpy())
        write_labels(ax, K, shown, place.tolist(), 0.4 * size**0.5)  # a little less than a dot
    return ax
