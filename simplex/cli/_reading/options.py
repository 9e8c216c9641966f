"""The options that say how a file is to be read; imported for ``--help``, so nothing heavy here."""

import argparse
import math
from dataclasses import dataclass
from typing import Any


TABLES = ("edges", "facets", "points", "distances", "adjacency", "adjacency-list")
DEFAULT_MAX_DIM = 2  # of the lift of a graph
FORMATS = (*TABLES, "graph6", "graphml")
_MARKS = {
    "comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t",
    "blank": " ", "blanks": " ", "space": " ", "spaces": " ",
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """What the user said about a file; what is ``None`` is decided by looking at it.

    Attributes:
        format: one of ``FORMATS``.
        delimiter: what stands between columns; ``" "`` for any number of blanks.
        source: column of the first end, by its heading or its number from 1.
        target: column of the second end.
        weight: column of the lengths.
        heading: ``False`` where the first line is none.
        comments: the characters that begin a comment.
        max_edge_length: up to which length points are joined.
        undirected: whether directions are to be forgotten.
        max_simplices: most simplices that may be built; ``None`` for what fits in memory.
        rings: up to how many vertices the rings of graphs are filled; ``None`` not to.
    """

    format: str | None = None
    delimiter: str | None = None
    source: str | None = None
    target: str | None = None
    weight: str | None = None
    heading: bool | None = None
    comments: str = "#%"
    max_edge_length: float | None = None
    undirected: bool = False
    max_simplices: int | None = None
    rings: int | None = None

    @classmethod
    def of(cls, args: Any) -> "Reading":
        """From the parsed arguments of a command that has called :func:`add_reading`."""
        return cls(
            args.format,
            "--" if args.delimiter == [] else args.delimiter,  # argparse takes it for an end
            args.source,
            args.target,
            args.weight,
            False if args.no_heading else None,
            args.comments,
            args.max_edge_length,
            args.undirected,
            args.max_simplices,
            args.rings,
        )


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Declare the options that say how a file is to be read."""
    group = parser.add_argument_group("reading", "what is not given is decided by looking")
    add = group.add_argument
    add("--format", choices=FORMATS, metavar="KIND", help="one of " + ", ".join(FORMATS))
    add("--delimiter", type=_delimiter, metavar="MARK", help="comma, tab, blanks, … or the mark")
    add("--source", metavar="COLUMN", help="column of the first end: its heading, or 1, 2, …")
    add("--target", metavar="COLUMN", help="column of the second end")
    add("--weight", metavar="COLUMN", help="column of edge lengths, kept as filtration values")
    add("--no-heading", action="store_true", help="the first line is data")
    add("--comments", type=_comments, default="#%", metavar="MARKS", help="default #%%, or none")
    add(
        "--max-edge-length",
        type=_length,
        metavar="R",
        help="with points and distances: join what is at most R apart",
    )
    add(
        "--max-simplices",
        type=whole_number,
        metavar="N",
        help="refuse to build more (default: what fits in half of the free memory)",
    )
    add(
        "--rings",
        type=_ring,
        metavar="N",
        help="of graphs: fill the rings of at most N vertices too, each by a cone",
    )
    add("--undirected", action="store_true", help="forget the directions of a directed graph")


def whole_number(text: str) -> int:
    """A non-negative integer, as an argparse type."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"must be a whole number ≥ 0, got {text!r}")
    return int(text)


def _ring(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= 3):
        raise argparse.ArgumentTypeError(f"must be a whole number ≥ 3, got {text!r}")
    return int(text)


def _delimiter(text: str) -> str:
    mark = _MARKS.get(text.lower(), text)
    if not mark or "\n" in mark or '"' in mark:
        raise argparse.ArgumentTypeError(f"must be a mark or its name, got {text!r}")
    return mark if mark in (" ", "\t") else mark.strip()


def _comments(text: str) -> str:
    return "" if text.lower() == "none" else text.strip()


def _length(text: str) -> float:
    try:
        length = float(text)
    except ValueError:
        length = math.nan
    if not length >= 0:
        raise argparse.ArgumentTypeError(f"must be a number ≥ 0, got {text!r}")
    return length
