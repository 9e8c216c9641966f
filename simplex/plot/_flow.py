"""Flows on edges as arrows."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.plot._checks import as_numbers, require_lifted, require_style
from simplex.plot._complex import draw_complex
from simplex.plot._positions import read_positions


def draw_flow(
    K: SimplicialComplex, positions: Any, flow: Any, *, ax: Any = None, color: str = "#c44e52"
) -> Any:
    """Draw an edge flow as arrows on the complex, thicker where it is stronger.

    An arrow follows the edge where flow and orientation agree in sign, and runs against it where
    they do not: the picture does not depend on the orientation. Returns the axes.

    Args:
        K: the complex.
        positions: as of :func:`draw_complex`, in the plane or in space.
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
    require_lifted(K)
    values = as_numbers("flow", flow)
    if values.shape != (K.num_simplices(1),) or not bool(values.isfinite().all()):
        raise ValueError(
            f"flow must be finite and of shape ({K.num_simplices(1)},), got "
            f"{tuple(values.shape)}. Draw one channel, or one sample, at a time."
        )
    place = read_positions(K, positions)
    num_colors = require_style(ax, color)
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
    alpha = strength.clamp(min=0.15).numpy()
    if getattr(ax, "name", None) == "3d":
        _draw_in_space(ax, start, step, color, alpha)
        return ax
    ax.quiver(
        *start.T.numpy(),
        *step.T.numpy(),
        angles="xy",
        scale_units="xy",
        scale=1,
        color=color,
        width=0.006,
        alpha=alpha,
        zorder=3,
    )
    return ax


def _draw_in_space(ax: Any, start: Tensor, step: Tensor, color: Any, alpha: Any) -> None:
    """Arrows of three lines each: to matplotlib all shafts, all left sides, all right ones."""
    import numpy as np
    from matplotlib.colors import to_rgba_array

    flat = start.new_zeros(len(start), 3 - start.shape[1])  # in the plane, on axes in space
    start, step = torch.cat([start, flat], 1), torch.cat([step, flat], 1)
    shaft = np.empty((len(alpha), 4))
    shaft[:] = to_rgba_array("C0" if color is None else color)  # one, or one each
    shaft[:, 3] = alpha
    ax.quiver(
        *start.T.numpy(),
        *step.T.numpy(),
        colors=np.tile(shaft, (3, 1)),
        arrow_length_ratio=0.2,
        linewidths=2,
    )
