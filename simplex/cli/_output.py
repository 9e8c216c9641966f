"""Files that commands write: named wrong before the work, replaced whole after it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def require_output(path: Path, endings: Sequence[str]) -> None:
    """Raise ``ValueError`` unless a file of that name can be written; called before the work."""
    if path.suffix.lower() not in endings:
        raise ValueError(f"--out must end in one of {' '.join(endings)}, got {path}.")
    if path.is_dir():
        raise ValueError(f"--out must be a file, got the folder {path}.")
    if not path.parent.is_dir():
        raise ValueError(f"--out must be in an existing folder, got {path}.")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"--out must be in a folder that can be written to, got {path}.")


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A place beside ``path`` to write to; it becomes ``path`` only if nothing went wrong."""
    fresh = path.with_name(f".{path.stem}.new{path.suffix}")
    try:
        yield fresh
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def save_picture(path: Path, width: float = 8, height: float = 8) -> Iterator[Any]:
    """A matplotlib figure to draw on, saved at the end; sizes in inches.

    The figure never meets pyplot, so no display and no backend is needed.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    yield figure
    with replaced(path) as fresh:
        figure.savefig(fresh, dpi=150)
