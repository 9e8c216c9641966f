"""What pictures refuse: other things than complexes, axes, colours and numbers, and too much."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, shown


LARGEST_PICTURE = 1_000_000  # edges or triangles; each is a path that is drawn on its own


def require_lifted(K: Any) -> None:
    if not isinstance(K, SimplicialComplex):
        raise TypeError(
            f"K must be a SimplicialComplex, got {type(K).__name__}. Lift a graph with "
            "simplex.lifting.clique_complex."
        )


def current_axes(ax: Any) -> Any:
    """The axes given, or the current ones of pyplot."""
    require_style(ax, None)
    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.gca()
    return ax


def require_drawable(K: SimplicialComplex) -> None:
    for k, name in ((1, "edges"), (2, "triangles")):
        if K.num_simplices(k) > LARGEST_PICTURE:
            raise ValueError(
                f"a complex must have at most {LARGEST_PICTURE} {name} to be drawn, got "
                f"{K.num_simplices(k)}. Draw K.skeleton({k - 1}), or a part of it."
            )


def require_style(ax: Any, color: Any) -> int:
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


def require_size(place: Tensor, ax: Any) -> None:
    """Refuse places so far apart, or so near each other, that matplotlib draws nothing."""
    in_space = place.shape[1] == 3 or getattr(ax, "name", None) == "3d"
    least, most = (1e-100, 1e100) if in_space else (1e-280, 1e300)
    size = float(place.abs().max()) if place.numel() else 0.0
    if size > most or 0 < size < least:
        raise ValueError(
            f"positions must be of a size from {least:g} to {most:g} for a picture, got {size:g}. "
            "Divide them by their largest number, or look at them with view_complex."
        )


def as_numbers(what: str, values: Any) -> Tensor:
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
