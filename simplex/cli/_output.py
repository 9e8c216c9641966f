"""What several commands share: options, file formats, and how files and pictures are written."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simplex.cli._reading import whole_number


FORMATS = """\
file formats, told apart by the ending:
  .txt .edges .edgelist .csv .tsv   a table of edges, 'u v' a line: separator, quotes, comments,
                                    heading and columns are decided by looking; facets, points,
                                    matrices and lists of neighbours with --format
  .facets                           a simplex a line
  .json .hif .xgi .nodelink         hypergraphs in HIF or of XGI, graphs as nodes and links
  .graphml .gml .net .adjlist       GraphML, GML, Pajek, lists of neighbours
  .mtx .dimacs .col .metis .graph   Matrix Market, DIMACS, METIS
  .g6 .s6                           graph6 and sparse6, one graph a line
  .tntp                             roads in TNTP, with the flows and places beside them
  .off .obj .ply .stl               meshes of triangles
  .xyz .pts .npy .dist              points and distances, with --max-edge-length
  NAME-nverts.txt                   Benson's files of simplices with times, or their folder
  .npz .simplextree                 complexes, also of GUDHI
  .pt                               complexes saved by 'simplex lift --out' or by torch.save
  a folder                          written by 'simplex lift --to-disk' or by simplex.storage
text may be compressed (.gz .bz2 .xz) and of any encoding; - is standard input
"""


def add_max_dim(parser: argparse.ArgumentParser) -> None:
    """``--max-dim``, the dimension at which a lift is cut."""
    parser.add_argument(
        "--max-dim",
        type=whole_number,
        metavar="D",
        help="keep simplices up to dimension D (default: 2 for graphs, all of a saved complex)",
    )


_UNSEEN = {  # what moves the cursor, colours the screen or turns the direction of the text
    code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    for code in (*range(32), *range(127, 160), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}


def escaped(text: str, kept: str = "") -> str:
    """A text of a file, safe on a terminal: control characters are spelled out, as Python does."""
    return text.translate({code: name for code, name in _UNSEEN.items() if chr(code) not in kept})


class EscapedStream:
    """A stream on which names of untrusted files cannot command the terminal."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write with control characters, other than line ends and tabs, spelled out."""
        written: int = self._stream.write(escaped(text, kept="\n\t"))
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def note(path: str | Path, text: str) -> None:
    """Say on stderr, in one line, how a file was read."""
    print(escaped(f"{path}: {text}"), file=sys.stderr)


@contextmanager
def save_picture(path: Path, width: float = 8, height: float = 8) -> Iterator[Any]:
    """A matplotlib figure to draw on, saved at the end; sizes in inches.

    The figure never meets pyplot, so no display and no backend is needed.
    """
    from matplotlib.figure import Figure

    from simplex.complexes import write_whole

    figure = Figure(figsize=(width, height), layout="constrained")
    yield figure
    ending = path.suffix.lstrip(".")
    write_whole(path, lambda file: figure.savefig(file, format=ending, dpi=150))
