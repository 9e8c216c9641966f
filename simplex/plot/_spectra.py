"""Spectra of Hodge Laplacians, and what filters do to them."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int, require_real, shown
from simplex.operators import eigenpairs, require_rank
from simplex.plot._checks import current_axes, require_lifted


_PARTS = {"harmonic": "C2", "gradient": "C0", "curl": "C3"}  # the colours of each part
_POINTS = 512  # of a curve


def draw_spectrum(K: SimplicialComplex, k: int = 1, *, count: int = 40, ax: Any = None) -> Any:
    r"""Draw the smallest eigenvalues of the Hodge Laplacian, for each of its parts.

    Gradient frequencies are the nonzero eigenvalues of ∂_kᵀ∂_k, curl frequencies those of
    ∂_{k+1}∂_{k+1}ᵀ; the harmonic ones are zero, β_k of them.

    Args:
        K: the complex; of a union, the eigenvalues of all its parts.
        k: 0 … dim.
        count: how many of each part of the Laplacian, and of each part of a union.
        ax: matplotlib axes to draw on; ``None`` for the current ones.

    Returns:
        The axes.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: ``k`` beyond the dimension.

    Example:
        >>> from matplotlib.figure import Figure
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2)])
        >>> ax = draw_spectrum(K, ax=Figure().add_subplot())
        >>> [line.get_ydata().round(6).tolist() for line in ax.lines]
        [[0.0], [3.0, 3.0]]
    """
    require_lifted(K)
    k = require_rank(K, k, 0)
    count = require_int("count", count, 1)
    ax = current_axes(ax)
    for part, color in _PARTS.items():
        values = eigenpairs(K, k, count, part=part, dtype=torch.float64).values.flatten()
        values = values[values.isfinite()].sort().values.cpu()
        if len(values):
            rank = range(1, len(values) + 1)
            ax.plot(rank, values.numpy(), ".", color=color, label=f"{part} ({len(values)})")
    ax.set_xlabel("number")
    ax.set_ylabel(f"eigenvalue of $L_{k}$")
    if ax.lines:
        ax.legend()
    return ax


def draw_response(
    responses: Callable[[Tensor], Tensor] | Mapping[str, Callable[[Tensor], Tensor]],
    bound: float,
    *,
    ax: Any = None,
) -> Any:
    """Draw what filters multiply each frequency with, from 0 to a bound.

    Args:
        responses: a function from (N,) float64 frequencies to (N,) factors, such as a
            :class:`~simplex.signals.PolynomialResponse`; or several by their names.
        bound: the largest frequency, such as of :func:`~simplex.signals.frequency_bounds`.
        ax: matplotlib axes to draw on; ``None`` for the current ones.

    Returns:
        The axes.

    Raises:
        TypeError: a response that is no function.
        ValueError: a bound that is not positive, or a response of another shape.

    Example:
        >>> from matplotlib.figure import Figure
        >>> ax = draw_response({"heat": lambda at: (-at).exp()}, 4.0, ax=Figure().add_subplot())
        >>> float(ax.lines[0].get_ydata()[0])
        1.0
    """
    bound = require_real("bound", bound, 0, open=True)
    by_name = responses if isinstance(responses, Mapping) else {"": responses}
    at = torch.linspace(0, bound, _POINTS, dtype=torch.float64)
    curves = {}
    for name, response in by_name.items():
        if not callable(response):
            raise TypeError(f"responses must be functions of frequencies, got {shown(response)}.")
        curves[name] = response(at)
        if not isinstance(curves[name], Tensor) or curves[name].shape != at.shape:
            raise ValueError(
                f"a response must return one value per frequency, ({_POINTS},), got "
                f"{tuple(getattr(curves[name], 'shape', ()))}."
            )
    ax = current_axes(ax)
    for name, values in curves.items():
        ax.plot(at.numpy(), values.detach().cpu().numpy(), label=str(name))
    ax.set_xlabel("frequency")
    ax.set_ylabel("factor")
    if any(curves):
        ax.legend()
    return ax
