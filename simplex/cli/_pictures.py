"""Figures written to files, without a display."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def save_picture(path: Path, width: float = 8, height: float = 8) -> Iterator[Any]:
    """A matplotlib figure to draw on, saved at the end; sizes in inches.

    The figure never meets pyplot, so no display and no backend is needed.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    yield figure
    figure.savefig(path, dpi=150)
