"""Persistence diagrams, as bars and as points."""

from typing import Any

import torch

from simplex.persistence import Diagram
from simplex.plot._checks import LARGEST_PICTURE, current_axes


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
        >>> from simplex import SimplicialComplex
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
        >>> from simplex import SimplicialComplex
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
    if len(D) > LARGEST_PICTURE:
        raise ValueError(
            f"D must have at most {LARGEST_PICTURE} classes to be drawn, got {len(D)}. Raise "
            "min_persistence."
        )
    ax = current_axes(ax)
    values = torch.cat([D.birth, D.death]).detach().double()
    values = values[values.isfinite()]
    if not len(values):
        return ax, 1.0
    width = float(values.max() - values.min())
    return ax, float(values.max()) + (0.1 * width if width else 1.0)
