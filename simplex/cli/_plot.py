"""``simplex plot``: a picture of a complex."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from simplex.cli._output import FORMATS, add_max_dim
from simplex.cli._reading import add_reading, reading_of, whole_number


if TYPE_CHECKING:
    from simplex.complexes import SimplicialComplex

_ENDINGS = (".png", ".pdf", ".svg")
_MOST_LIFTED = 5_000_000  # simplices of a file, unless --max-simplices says otherwise
_MOST = {1: 200_000, 2: 50_000}  # edges and triangles; a minute of drawing, and all is black


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "examples:\n  simplex plot graph.edges --out graph.png --labels\n"
        "  simplex plot many.g6 --graph 3 --out third.svg\n\n" + FORMATS
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="graphs, which are lifted first, or complexes")
    add("--out", type=Path, required=True, metavar="PNG", help="the picture: .png, .pdf or .svg")
    add_max_dim(parser)
    add_reading(parser)
    add("--graph", type=whole_number, default=1, metavar="I", help="which graph (default: 1)")
    add("--labels", action="store_true", help="write the names of the vertices")
    add("--seed", type=whole_number, default=0, help="of the layout (default: 0)")


def run(args: argparse.Namespace) -> int:
    """Lay out, draw, save."""
    from simplex.cli._checks import require_output
    from simplex.cli._files import read_complexes
    from simplex.cli._output import save_picture
    from simplex.plot import draw_complex, spring_layout

    require_output(args.out, _ENDINGS)
    if args.max_simplices is None:
        args.max_simplices = _MOST_LIFTED
    complexes = read_complexes(args.file, args.max_dim, reading_of(args))
    if not 1 <= args.graph <= len(complexes):
        raise ValueError(f"--graph must be in 1 … {len(complexes)}, got {args.graph}.")
    K = complexes[args.graph - 1]
    _require_drawable(args.file, K)
    place = spring_layout(K, seed=args.seed)
    with save_picture(args.out) as figure:
        ax = draw_complex(K, place, ax=figure.add_subplot(), labels=args.labels)
        ax.set_title(f"{Path(args.file).name}: f-vector {K.f_vector}", fontsize=9, parse_math=False)
    print(f"f-vector {K.f_vector}, drawn to {args.out}")
    return 0


def _require_drawable(file: str, K: "SimplicialComplex") -> None:
    for k, name, remedy in (
        (1, "edges", "Draw a part of the graph."),
        (2, "triangles", "Draw the edges alone with --max-dim 1, or a part of the complex."),
    ):
        count = K.num_simplices(k)
        if count > _MOST[k]:
            raise ValueError(
                f"{file}: must have at most {_MOST[k]} {name} to be drawn, got {count}. {remedy}"
            )
