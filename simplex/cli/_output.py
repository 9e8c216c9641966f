"""What several commands share: options, file formats, and how files and pictures are written."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


FORMATS = """\
file formats, told apart by the ending:
  .txt .edges .edgelist .csv .tsv   one edge a line, 'u v'; numbers after it (weights) are ignored,
                                    a line with one name is an isolated vertex, # and % comment
  .g6 .s6                           graph6 and sparse6, one graph a line
  .graphml                          GraphML, undirected
  .pt                               complexes saved by 'simplex lift --out' or by torch.save
"""


def whole_number(text: str) -> int:
    """A non-negative integer, as an argparse type."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"must be a whole number ≥ 0, got {text!r}")
    return int(text)


def add_max_dim(parser: argparse.ArgumentParser) -> None:
    """``--max-dim``, the dimension at which a lift is cut."""
    parser.add_argument(
        "--max-dim",
        type=whole_number,
        metavar="D",
        help="keep simplices up to dimension D (default: 2 for graphs, all of a saved complex)",
    )


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
