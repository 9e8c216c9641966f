"""A page to look at a complex with: turn it, point at its simplices, let it grow."""

import html
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from simplex.complexes import SimplicialComplex, require_int, require_path, shown, write_whole
from simplex.plot._checks import require_lifted
from simplex.plot._cochains import read_cochains, read_flows
from simplex.plot._page_data import as_json, fitting_dim, page_data
from simplex.plot._positions import read_positions


_SCRIPTS = ("complex", "colors", "camera", "space", "hasse", "controls")  # as they are needed
_HEIGHT = 560  # pixels, within a notebook


@dataclass(frozen=True, repr=False)
class ComplexPage:
    """A page of HTML that needs nothing else, neither files nor the network.

    In a notebook it shows itself as the last value of a cell.

    Attributes:
        html: the text of the page.
        notes: what of the complex is not on it, in sentences.

    Example:
        >>> page = view_complex(SimplicialComplex.from_simplices([(0, 1, 2)]))
        >>> page.html.startswith("<!DOCTYPE html>"), page.notes
        (True, ())
    """

    html: str
    notes: tuple[str, ...] = ()

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page to a file, to be opened by any browser."""
        require_path("path", path)
        write_whole(Path(path), lambda file: file.write(self.html.encode("utf-8", "replace")))

    def _repr_html_(self) -> str:
        """A frame of its own, which the styles and scripts of a notebook do not reach."""
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" width="100%" height="{_HEIGHT}" '
            'style="border: 1px solid #ddd" sandbox="allow-scripts allow-downloads"></iframe>'
        )

    def __repr__(self) -> str:
        return f"ComplexPage({len(self.html):,} characters)"


def view_complex(
    K: SimplicialComplex,
    positions: Any = None,
    *,
    colors: Mapping[str, Any] | None = None,
    flows: Mapping[str, Any] | None = None,
    path: str | PathLike[str] | None = None,
    title: str = "complex",
    dims: int | None = None,
    seed: int = 0,
    max_simplices: int = 250_000,
) -> ComplexPage:
    """A page on which the complex can be turned, and its simplices pointed at for their values.

    A filtration gets a slider, by which the complex grows; each cochain of ``colors`` can be chosen
    to colour the simplices, and dimensions are switched on and off. Up to 20,000 simplices are
    shown as a Hasse diagram too.

    Args:
        K: the complex.
        positions: as of :func:`draw_complex`: (n_0, 2), (n_0, 3), a layout by names, or ``None``.
        colors: by name the values of simplices, numbers or words: (n_k,) or (n_k, channels) where
            the number of values tells the dimension, a mapping ``{k: values}``, or a list over k
            with ``None`` where there are none.
        flows: by name what runs along edges, (n_1,) or (n_1, channels) in the orientation of the
            complex; arrows show its direction. The first of them, or of the colors, is shown first.
        path: where to write the page; ``None`` not to.
        title: of the page.
        dims: 2 or 3, where no positions are given; ``None`` for the plane.
        seed: of the layout, where no positions are given.
        max_simplices: the most that are on the page. The highest dimensions are left out until they
            fit, which the page says, and a warning.

    Returns:
        The page.

    Raises:
        TypeError: ``K`` is no complex, or positions, colors or flows are no numbers.
        ValueError: positions or values that do not fit the complex; or more vertices than
            ``max_simplices``.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> view_complex(K, colors={"degree": {0: [2, 2, 3, 1]}, "area": [1.5]}, title="two cells")
        ComplexPage(... characters)
    """
    require_lifted(K)
    if path is not None:
        require_path("path", path)
    if not isinstance(title, str):
        raise TypeError(f"title must be a string, got {shown(title)}.")
    top, notes = fitting_dim(K, require_int("max_simplices", max_simplices, 1))
    cochains = read_flows(K, flows or {}) + read_cochains(K, colors or {})
    place = read_positions(K, positions, dims, seed)
    for note in notes:
        warnings.warn(note, stacklevel=2)
    data = page_data(K.skeleton(top), place, cochains, title, notes, bool(cochains))
    page = ComplexPage(_filled(title, as_json(data)), tuple(notes))
    if path is not None:
        page.save(path)
    return page


def _filled(title: str, data: str) -> str:
    """The template with its parts; what is put in is not looked at again."""
    web = files("simplex.plot") / "_web"
    parts = {
        "title": html.escape(title),
        "style": (web / "page.css").read_text("utf-8"),
        "data": data,
        "script": "\n".join((web / f"{name}.js").read_text("utf-8") for name in _SCRIPTS),
    }
    template = (web / "page.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda part: parts[part[1]], template)
