"""``simplex lift``: from graphs in a file to clique complexes in a file."""

import argparse
from pathlib import Path

from simplex.cli._output import FORMATS, add_max_dim
from simplex.cli._reading.options import Reading, add_reading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "examples:\n  simplex lift graph.edges --max-dim 3 --out complex.pt\n"
        "  simplex lift many.g6 --out union.pt\n\n" + FORMATS
    )
    parser.add_argument("file", metavar="FILE", help="graphs, or complexes to be cut")
    add_max_dim(parser)
    add_reading(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="K.pt",
        help="where to save the complex; several graphs are saved as their disjoint union",
    )


def run(args: argparse.Namespace) -> int:
    """Lift, print the sizes, save."""
    import torch

    from simplex.cli._checks import require_output
    from simplex.cli._files import read_complexes
    from simplex.complexes import SimplicialComplex, write_whole

    if args.out is not None:
        require_output(args.out, [".pt"])
    complexes = read_complexes(args.file, args.max_dim, Reading.of(args))
    lifted = complexes[0] if len(complexes) == 1 else SimplicialComplex.disjoint_union(complexes)
    if len(complexes) > 1:
        print(f"{len(complexes)} graphs, as one disjoint union")
    for k, count in enumerate(lifted.f_vector):
        print(f"dimension {k}: {count:,} simplices")
    if args.out is not None:
        write_whole(args.out, lambda file: torch.save(lifted, file))
        print(f"saved to {args.out}")
    return 0
