"""Arguments that several commands share."""

import argparse


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
