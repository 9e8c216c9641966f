"""``simplex plot``: a picture of a complex."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from simplex.cli._output import FORMATS, add_max_dim
from simplex.cli._reading import add_reading
from simplex.cli._view import add_drawing


if TYPE_CHECKING:
    from simplex.complexes import SimplicialComplex

_ENDINGS = (".png", ".pdf", ".svg")
_MOST = {1: 200_000, 2: 50_000}  # edges and triangles; a minute of drawing, and all is black


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "examples:\n  simplex plot graph.edges --out graph.png --labels\n"
        "  simplex plot mesh.off --out mesh.png\n"
        "  simplex plot many.g6 --graph 3 --out third.svg\n\n" + FORMATS
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="graphs, which are lifted first, or complexes")
    add("--out", type=Path, required=True, metavar="PNG", help="the picture: .png, .pdf or .svg")
    add("--labels", action="store_true", help="write the names of the vertices, where they fit")
    add_drawing(parser)
    add_max_dim(parser)
    add_reading(parser)


def run(args: argparse.Namespace) -> int:
    """Lay out, draw, save."""
    from simplex.cli._checks import require_output
    from simplex.cli._drawn import read_drawn
    from simplex.cli._output import save_picture
    from simplex.plot import draw_complex, read_positions

    require_output(args.out, _ENDINGS)
    drawn = read_drawn(args, values=False)
    K = drawn.complex
    _require_drawable(args.file, K)
    given = drawn.place if args.dims is None else None
    place = read_positions(K, given, args.dims, args.seed)
    with save_picture(args.out) as figure:
        ax = figure.add_subplot(projection="3d" if place.shape[1] == 3 else None)
        ax.set_title(f"{Path(args.file).name}: f-vector {K.f_vector}", fontsize=9, parse_math=False)
        draw_complex(K, place, ax=ax, labels=args.labels)  # below the title, which takes room
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
