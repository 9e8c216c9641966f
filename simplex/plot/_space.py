"""Complexes in space, with what is behind drawn first."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.plot._labels import lay_out, write_labels


_MOST_SORTED = 100_000  # edges and triangles; each is sorted by its depth, and drawn, on its own
_LIGHT = (0.4, -0.5, 0.77)  # from where surfaces are lit: above, in front and to the right


def space_axes(ax: Any) -> Any:
    """Axes of three dimensions: those given, the current ones, or those of a new figure."""
    if ax is None:
        from matplotlib import pyplot

        figure = pyplot.gcf()
        if figure.axes and getattr(pyplot.gca(), "name", None) != "3d":
            figure = pyplot.figure()  # another picture is open, in the plane
        ax = pyplot.gca() if figure.axes else figure.add_subplot(projection="3d")
    if getattr(ax, "name", None) != "3d":
        raise ValueError(
            "ax must be axes in space for positions of three coordinates, got axes of the plane. "
            "Make them with figure.add_subplot(projection='3d')."
        )
    return ax


def draw_in_space(K: SimplicialComplex, place: Tensor, ax: Any, color: str, labels: bool) -> Any:
    """Triangles, edges and vertices on axes of three dimensions."""
    from matplotlib.colors import to_rgba_array
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    if place.shape[1] == 2:
        place = torch.cat([place, place.new_zeros(len(place), 1)], dim=1)
    edges, triangles = (K.simplices(k).cpu() for k in (1, 2))
    if len(edges) + len(triangles) > _MOST_SORTED:
        raise ValueError(
            f"a complex must have at most {_MOST_SORTED} edges and triangles to be drawn in space, "
            f"got {len(edges) + len(triangles)}. Draw K.skeleton(1), or a part of it."
        )
    solid = is_shown_solid(K)
    colors = torch.from_numpy(to_rgba_array("C0" if color is None else color))
    fill = colors[torch.arange(len(triangles)) % max(len(colors), 1)]  # several come in turn
    if solid:
        fill[:, :3] *= _brightness(place[triangles])[:, None]
    else:
        fill[:, 3] = min(0.35, 0.2 * len(edges) / max(len(triangles), 1))
    line = (0.2, 0.2, 0.2, 0.45 if solid else 0.7)
    # One collection, so that edges and triangles are sorted among each other, all of three corners:
    # matplotlib pads shorter ones with whatever is in memory, and takes limits of it.
    middle = place[edges].mean(1, keepdim=True)
    lines = torch.cat([place[edges[:, :1]], middle, place[edges[:, 1:]]], dim=1)
    shapes = Poly3DCollection(
        torch.cat([place[triangles], lines]).numpy(),
        facecolors=[*fill.tolist(), *[(0, 0, 0, 0)] * len(edges)],
        edgecolors=[*fill.tolist(), *[line] * len(edges)] if solid
        else [*[(0, 0, 0, 0)] * len(triangles), *[line] * len(edges)],
        linewidths=0.8 if len(edges) < 2000 else 0.3,
    )  # fmt: skip
    ax.add_collection3d(shapes)
    if not solid:
        size = max(1.0, min(24.0, 4000 / max(len(place), 1)))
        ax.scatter(*place.T.numpy(), s=size, c="#222222", linewidths=0, depthshade=True)
    _frame(ax, place)
    if labels:
        write_labels(ax, K, _shown_at(ax, place), place.tolist())
    return ax


def is_shown_solid(K: SimplicialComplex) -> bool:
    """Whether every edge is in one or two triangles, and no simplex in a tetrahedron."""
    counts = torch.bincount(K.facets(2).flatten().cpu(), minlength=K.num_simplices(1))
    return K.dim == 2 and bool(((counts >= 1) & (counts <= 2)).all())


def _brightness(corners: Tensor) -> Tensor:
    """Between dark and full, by the angle of each triangle, (m, 3, 3), to the light."""
    normal = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal = torch.nn.functional.normalize(normal, dim=1)
    light = torch.nn.functional.normalize(normal.new_tensor(_LIGHT), dim=0)
    return 0.55 + 0.45 * (normal @ light).abs()


def _frame(ax: Any, place: Tensor) -> None:
    """The same scale along all axes, around the places, and no axes drawn."""
    if len(place):
        low, high = place.amin(0), place.amax(0)
        width = float((high - low).max()) or 1.0
        size = (high - low).clamp(min=0.02 * width)
        middle = (low + high) / 2
        for axis, m, s in zip("xyz", middle.tolist(), size.tolist(), strict=True):
            getattr(ax, f"set_{axis}lim")(m - s / 2, m + s / 2)
        zoom = 1.3
        for _ in range(4):  # near things are larger: the zoom that fits is not found in one step
            ax.set_box_aspect(size.tolist(), zoom=zoom)
            reach = _reach(ax, place)
            if reach <= 1:
                break
            zoom *= 0.97 / reach
    ax.set_axis_off()


def _reach(ax: Any, place: Tensor) -> float:
    """How far from the middle of the axes a place is seen: 1 at their border."""
    shown = torch.as_tensor(_shown_at(ax, place))
    low, high = torch.as_tensor(ax.bbox.get_points(), dtype=torch.float64)
    off = (2 * shown - low - high) / (high - low)
    return float(off.abs().max()) * 1.05  # as dots have a width


def _shown_at(ax: Any, place: Tensor) -> Any:
    """(n_0, 2) pixels at which the places are seen from where the axes look now."""
    import numpy as np
    from mpl_toolkits.mplot3d import proj3d

    lay_out(ax)
    x, y, _ = proj3d.proj_transform(*place.T.numpy(), ax.get_proj())
    return ax.transData.transform(np.stack([x, y], axis=1))
