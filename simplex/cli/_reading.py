"""The options that say how a file is to be read, for every command that reads one."""

import argparse
import math
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from simplex.io import Reading

# The names of simplex.io.formats(), which cannot be asked for without loading torch.
FORMATS = (
    "edges", "facets", "json", "hif", "xgi", "benson", "graphml", "gml", "pajek", "node-link",
    "graph6", "matrix-market", "dimacs", "metis", "adjacency-list", "tntp", "adjacency", "npz",
    "pt", "simplex-tree", "off", "obj", "ply", "stl", "points", "numpy", "distances",
)  # fmt: skip


_MARKS = {
    "comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t",
    "blank": " ", "blanks": " ", "space": " ", "spaces": " ",
}  # fmt: skip


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Declare the options that say how a file is to be read."""
    group = parser.add_argument_group("reading", "what is not given is decided by looking")
    add = group.add_argument
    said = "of the file, where its ending does not tell: " + ", ".join(FORMATS)
    add("--format", choices=FORMATS, metavar="KIND", help=said)
    add("--delimiter", type=_delimiter, metavar="MARK", help="comma, tab, blanks, … or the mark")
    add("--source", metavar="COLUMN", help="column of the first end: its heading, or 1, 2, …")
    add("--target", metavar="COLUMN", help="column of the second end")
    add(
        "--weight",
        metavar="COLUMN",
        help="column or attribute of edge lengths, kept as filtration values",
    )
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
    add(
        "--nodes",
        metavar="FILE",
        help="a table of the vertices of the file, .csv or .tsv with headings: isolated ones and "
        "attributes come of it",
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


def reading_of(args: Any) -> "Reading":
    """From the parsed arguments of a command that has called :func:`add_reading`."""
    from simplex.io import Reading

    return Reading(
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
        nodes=args.nodes,
    )
