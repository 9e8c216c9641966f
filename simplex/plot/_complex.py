"""Vertices, edges and filled triangles."""

from typing import Any

from simplex.complexes import SimplicialComplex, require_flag
from simplex.plot._checks import require_drawable, require_lifted, require_style
from simplex.plot._positions import read_positions


def draw_complex(
    K: SimplicialComplex,
    positions: Any = None,
    *,
    ax: Any = None,
    labels: bool = False,
    color: str = "#4c72b0",
) -> Any:
    """Draw vertices, edges and filled triangles; where triangles overlap, the fill is darker.

    Simplices of dimension 3 and more show as their triangles.

    Args:
        K: the complex.
        positions: (n_0, 2) coordinates of the vertices, a tensor, an array or lists; or a mapping
            from each vertex label to its two coordinates, as networkx's layouts are; ``None`` for
            :func:`spring_layout`.
        ax: matplotlib axes to draw on; ``None`` for the current ones.
        labels: whether to write the vertex labels, letter by letter: ``$`` is a dollar sign.
        color: of the triangles.

    Returns:
        The axes.

    Raises:
        TypeError: ``K`` is no complex, or positions are no numbers.
        ValueError: positions of another shape, not finite or without one of the vertices; or more
            than a million edges or triangles.

    Example:
        >>> from matplotlib.figure import Figure
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> ax = draw_complex(K, ax=Figure().add_subplot())
        >>> len(ax.collections)  # triangles, edges, vertices
        3
    """
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.patheffects import withStroke

    require_lifted(K)
    require_drawable(K)
    require_style(ax, color)
    require_flag("labels", labels)
    place = read_positions(K, positions)
    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.gca()
    corners, ends = (place[K.simplices(k).cpu()].numpy() for k in (2, 1))
    opacity = min(0.35, 0.2 * len(ends) / max(len(corners), 1))  # pale where they overlap much
    thickness = 0.8 if len(ends) < 2000 else 0.4
    ax.add_collection(PolyCollection(list(corners), facecolors=color, alpha=opacity, linewidths=0))
    ax.add_collection(LineCollection(list(ends), colors="#555555", linewidths=thickness, alpha=0.7))
    size = max(2.0, min(30.0, 4000 / max(len(place), 1)))
    ax.scatter(*place.T.numpy(), s=size, c="#222222", linewidths=0, zorder=4)
    if labels:
        names = K.vertex_labels or range(len(place))
        for name, point in zip(names, place.tolist(), strict=True):
            ax.annotate(
                str(name),
                point,
                (3, 3),
                textcoords="offset points",
                fontsize=6,
                parse_math=False,
                path_effects=[withStroke(linewidth=1.5, foreground="white")],
            )
    ax.set_aspect("equal")
    ax.autoscale_view()
    ax.set_axis_off()
    return ax
