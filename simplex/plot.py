"""Pictures of complexes, flows and persistence diagrams, drawn with matplotlib."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_flag, require_int, shown
from simplex.persistence import Diagram


__all__ = ["draw_barcode", "draw_complex", "draw_diagram", "draw_flow", "spring_layout"]

_LARGEST_LAYOUT = 5000  # vertices; the spring layout costs their square
_LARGEST_PICTURE = 1_000_000  # edges or triangles; each is a path that is drawn on its own


def spring_layout(K: SimplicialComplex, *, seed: int = 0) -> Tensor:
    """Positions in the plane by networkx's spring layout of the 1-skeleton.

    Args:
        K: the complex.
        seed: of the random start; the same seed gives the same picture.

    Returns:
        (n_0, 2) float64.

    Raises:
        TypeError: ``K`` is no complex, or ``seed`` no integer.
        ValueError: more than 5,000 vertices, which would take minutes and show nothing.

    Example:
        >>> spring_layout(SimplicialComplex.from_simplices([(0, 1, 2)])).shape
        torch.Size([3, 2])
    """
    import networkx as nx
    import numpy as np

    from simplex.interop import to_networkx

    _require_complex(K)
    require_int("seed", seed, least=0, most=2**32 - 1)
    count = K.num_simplices(0)
    if count > _LARGEST_LAYOUT:
        raise ValueError(
            f"a complex must have at most {_LARGEST_LAYOUT} vertices to be laid out, got {count}. "
            "Pass positions=, or draw a part of it."
        )
    if count == 0:
        return torch.zeros(0, 2, dtype=torch.float64)
    graph = to_networkx(K.with_vertex_labels(None))
    place = nx.spring_layout(graph, seed=seed, k=2.5 / count**0.5, iterations=100)
    return torch.from_numpy(np.array([place[v] for v in range(count)], dtype=np.float64))


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

    _require_complex(K)
    _require_drawable(K)
    _require_style(ax, color)
    require_flag("labels", labels)
    place = _read_positions(K, positions)
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


def draw_flow(
    K: SimplicialComplex, positions: Any, flow: Any, *, ax: Any = None, color: str = "#c44e52"
) -> Any:
    """Draw an edge flow as arrows on the complex, thicker where it is stronger.

    An arrow follows the edge where flow and orientation agree in sign, and runs against it where
    they do not: the picture does not depend on the orientation. Returns the axes.

    Args:
        K: the complex.
        positions: (n_0, 2) coordinates of the vertices, a tensor, an array or lists; or a mapping
            from each vertex label to its two coordinates, as networkx's layouts are; ``None`` for
            :func:`spring_layout`.
        flow: (n_1,) real values, in the orientation of the complex; a tensor, an array or a list.
        ax: matplotlib axes to draw on; ``None`` for the current ones.
        color: of the arrows.

    Raises:
        TypeError: ``K`` is no complex, or positions or flow are no real numbers.
        ValueError: positions or flow of another shape, or not finite; or as :func:`draw_complex`.

    Example:
        >>> from matplotlib.figure import Figure
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> place = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
        >>> ax = draw_flow(K, place, torch.tensor([1.0, 0.5]), ax=Figure().add_subplot())
    """
    _require_complex(K)
    values = _as_numbers("flow", flow)
    if values.shape != (K.num_simplices(1),) or not bool(values.isfinite().all()):
        raise ValueError(
            f"flow must be finite and of shape ({K.num_simplices(1)},), got "
            f"{tuple(values.shape)}. Draw one channel, or one sample, at a time."
        )
    place = _read_positions(K, positions)
    num_colors = _require_style(ax, color)
    ax = draw_complex(K, place, ax=ax, color="#c9d3e3")
    along = values * K.orientation(1).cpu()
    used = along != 0
    if not bool(used.any()):
        return ax
    if num_colors not in (1, int(used.sum())):
        raise ValueError(
            f"color must be one color, or one for each of the {int(used.sum())} arrows, got "
            f"{num_colors} colors."
        )
    strength = along[used].abs() / along.abs().max()
    ends = K.simplices(1).cpu()[used]
    ends = torch.where(along[used, None] > 0, ends, ends.flip(1))
    start, step = place[ends[:, 0]], place[ends[:, 1]] - place[ends[:, 0]]
    ax.quiver(
        *start.T.numpy(),
        *step.T.numpy(),
        angles="xy",
        scale_units="xy",
        scale=1,
        color=color,
        width=0.006,
        alpha=strength.clamp(min=0.15).numpy(),
        zorder=3,
    )
    return ax


def draw_barcode(D: Diagram, *, ax: Any = None) -> Any:
    """Draw a bar from birth to death for each class, by degree; those that stay have an arrow.

    Args:
        D: the diagram, of one part.
        ax: matplotlib axes to draw on; ``None`` for the current ones.

    Returns:
        The axes.

    Raises:
        TypeError: ``D`` is no diagram.
        ValueError: a diagram of several parts, or of more than a million classes.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from simplex.persistence import lower_star, persistence
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2)])
        >>> D = persistence(lower_star(K, [0.0, 1.0, 2.0]))
        >>> ax = draw_barcode(D, ax=Figure().add_subplot())
    """
    ax, last = _read_diagram(D, ax)
    height = 0
    for k in sorted(set(D.dims.tolist())):
        rows = D.of(k)
        order = rows.birth.detach().argsort(stable=True)
        birth, death = (v.detach().double().cpu()[order.cpu()] for v in (rows.birth, rows.death))
        y = torch.arange(height, height + len(rows)).numpy()
        ends = death.clamp(max=last).numpy()
        ax.hlines(y, birth.numpy(), ends, color=f"C{k}", label=f"$H_{k}$", lw=1.5)
        stay = (~death.isfinite()).numpy()
        if stay.any():
            ax.plot(ends[stay], y[stay], ">", color=f"C{k}", markersize=4)
        height += len(rows)
    ax.set_yticks([])
    ax.set_xlabel("filtration value")
    if height:
        ax.legend(loc="center right")  # long bars are the first and the last ones
    return ax


def draw_diagram(D: Diagram, *, ax: Any = None) -> Any:
    """Draw each class as the point (birth, death), by degree; those that stay are on a line above.

    Args:
        D: the diagram, of one part.
        ax: matplotlib axes to draw on; ``None`` for the current ones.

    Returns:
        The axes.

    Raises:
        TypeError: ``D`` is no diagram.
        ValueError: a diagram of several parts, or of more than a million classes.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from simplex.persistence import lower_star, persistence
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2)])
        >>> D = persistence(lower_star(K, [0.0, 1.0, 2.0]))
        >>> ax = draw_diagram(D, ax=Figure().add_subplot())
    """
    ax, last = _read_diagram(D, ax)
    birth, death = (v.detach().double().cpu() for v in (D.birth, D.death))
    if bool((~death.isfinite()).any()):
        ax.axhline(last, color="#888888", lw=0.8, ls="--")
        ax.annotate(
            "∞", (0, last), (2, 2), xycoords=("axes fraction", "data"), textcoords="offset points"
        )
    finite = torch.cat([birth[birth.isfinite()], death[death.isfinite()]])
    if len(finite):
        ends = [float(finite.min()), float(finite.max())]
        ax.plot(ends, ends, color="#888888", lw=0.8)
    for k in sorted(set(D.dims.tolist())):
        rows = (D.dims == k).cpu()
        points = birth[rows].numpy(), death[rows].clamp(max=last).numpy()
        ax.scatter(
            *points, s=14, color=f"C{k}", label=f"$H_{k}$", alpha=0.8, linewidths=0, zorder=3
        )
    ax.set_xlabel("birth")
    ax.set_ylabel("death")
    if len(D):
        ax.legend()
    return ax


def _read_diagram(D: Any, ax: Any) -> tuple[Any, float]:
    """The axes, and a value behind the last one, for what stays."""
    if not isinstance(D, Diagram):
        raise TypeError(
            f"D must be a Diagram, got {type(D).__name__}. Of a filtered complex take "
            "simplex.persistence.persistence(K)."
        )
    if D.num_parts != 1:
        raise ValueError(
            f"D must be the diagram of one part, got {D.num_parts}. Draw D.of_part(p)."
        )
    if len(D) > _LARGEST_PICTURE:
        raise ValueError(
            f"D must have at most {_LARGEST_PICTURE} classes to be drawn, got {len(D)}. Raise "
            "min_persistence."
        )
    _require_style(ax, None)
    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.gca()
    values = torch.cat([D.birth, D.death]).detach().double()
    values = values[values.isfinite()]
    if not len(values):
        return ax, 1.0
    width = float(values.max() - values.min())
    return ax, float(values.max()) + (0.1 * width if width else 1.0)


def _read_positions(K: SimplicialComplex, positions: Any) -> Tensor:
    if positions is None:
        return spring_layout(K)
    if isinstance(positions, Mapping):
        positions = _listed(K, positions)
    place = _as_numbers("positions", positions)
    if place.shape != (K.num_simplices(0), 2) or not bool(place.isfinite().all()):
        raise ValueError(
            f"positions must be finite and of shape ({K.num_simplices(0)}, 2), got "
            f"{tuple(place.shape)}."
        )
    return place


def _listed(K: SimplicialComplex, positions: Mapping[Any, Any]) -> Any:
    """The places of a layout in the order of the vertices; it may hold further ones."""
    names = K.vertex_labels or range(K.num_simplices(0))
    missing = [name for name in names if name not in positions]
    if missing:
        raise ValueError(
            f"positions must have a place for every vertex label, got none for {missing[0]!r}"
            + (f" and {len(missing) - 1} others." if len(missing) > 1 else ".")
        )
    return [positions[name] for name in names] or torch.zeros(0, 2)


def _as_numbers(what: str, values: Any) -> Tensor:
    """Float64 on the CPU, from tensors, arrays of any strides, and nested lists."""
    import numpy as np

    if isinstance(values, Tensor):
        if values.is_meta or values.layout != torch.strided:
            raise TypeError(
                f"{what} must be a dense tensor with values, got one of {values.layout} on "
                f"{values.device}."
            )
        array = values.detach().cpu()
    else:
        try:
            array = torch.from_numpy(np.array(values, order="C"))
        except (TypeError, ValueError) as error:  # words, objects, rows of several lengths
            raise TypeError(
                f"{what} must be a tensor, an array or lists of numbers, got "
                f"{type(values).__name__} that is none."
            ) from error
    if array.is_complex():
        raise TypeError(f"{what} must be real, got {array.dtype}. Draw .real and .imag apart.")
    return array.double()


def _require_complex(K: Any) -> None:
    if not isinstance(K, SimplicialComplex):
        raise TypeError(
            f"K must be a SimplicialComplex, got {type(K).__name__}. Lift a graph with "
            "simplex.lifting.clique_complex."
        )


def _require_style(ax: Any, color: Any) -> int:
    """Axes of matplotlib or ``None``, and what matplotlib takes as colours: how many there are."""
    from matplotlib.axes import Axes
    from matplotlib.colors import to_rgba_array

    if ax is not None and not isinstance(ax, Axes):
        raise TypeError(
            f"ax must be axes of matplotlib or None, got {type(ax).__name__}. Take one of an array "
            "of axes; of a figure pass figure.add_subplot()."
        )
    if color is None:  # matplotlib's own
        return 1
    try:
        colors = to_rgba_array(color)
    except (ValueError, TypeError, AttributeError, RuntimeError, IndexError):
        colors = None
    if colors is None or not bool((colors >= 0).all()):
        raise ValueError(
            f"color must be one that matplotlib knows, such as 'C0' or '#4c72b0', or a list of "
            f"such, got {shown(color)}."
        )
    return len(colors)


def _require_drawable(K: SimplicialComplex) -> None:
    for k, name in ((1, "edges"), (2, "triangles")):
        if K.num_simplices(k) > _LARGEST_PICTURE:
            raise ValueError(
                f"a complex must have at most {_LARGEST_PICTURE} {name} to be drawn, got "
                f"{K.num_simplices(k)}. Draw K.skeleton({k - 1}), or a part of it."
            )
