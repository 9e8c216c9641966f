"""``simplex view``: a page to turn a complex on."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simplex.cli._output import FORMATS, add_max_dim, escaped, note
from simplex.cli._reading import add_reading, whole_number


if TYPE_CHECKING:
    from simplex.cli._drawn import Drawn

_MOST_SHOWN = 250_000  # simplices on a page
_LARGEST = 1_000_000  # bytes of an old page that are looked at


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = (
        "Write a page of HTML on which a complex can be turned, and its simplices pointed at for\n"
        "their names and values. It needs no network, and any browser shows it. Vertices are\n"
        "where the file says (meshes, points, columns x, y, z), or are laid out."
    )
    parser.epilog = (
        "examples:\n  simplex view mesh.off\n"
        "  simplex view points.csv --format points --max-edge-length 0.5\n"
        "  simplex view roads.csv --flow parts.csv --out roads.html\n\n" + FORMATS
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="graphs, which are lifted first, or complexes")
    add("--out", type=Path, metavar="HTML", help="the page (default: FILE.html, here)")
    add(
        "--color",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="values of simplices: tables that begin with vertices, or in order; .npy, .pt",
    )
    add(
        "--flow",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="the same of edges, with a direction: from the first end of a row to the second",
    )
    add_drawing(parser)
    add("--open", action="store_true", help="show the page in the browser")
    add_max_dim(parser)
    add_reading(parser)


def add_drawing(parser: argparse.ArgumentParser) -> None:
    """Declare what every picture of a complex has."""
    add = parser.add_argument
    add("--graph", type=whole_number, default=1, metavar="I", help="which graph (default: 1)")
    add("--seed", type=whole_number, default=0, help="of the layout (default: 0)")
    add(
        "--dims",
        type=int,
        choices=(2, 3),
        help="lay vertices out in the plane or in space, wherever the file has them",
    )


def run(args: argparse.Namespace) -> int:
    """Read, lay out, write."""
    import warnings

    from simplex.cli._checks import require_output
    from simplex.cli._color_files import read_values
    from simplex.cli._drawn import read_drawn
    from simplex.plot import view_complex

    out = args.out or Path(Path(args.file).name.split(".")[0].strip("-") or "complex").with_suffix(
        ".html"
    )
    require_output(out, (".html", ".htm"))
    if args.out is None:
        _require_own(out)
    there = out.exists()
    drawn = read_drawn(args, values=True)
    K = drawn.complex
    colors = read_values(K, args.color) | _colors_of(drawn)
    flows = read_values(K, args.flow, signed=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said below, in one line each
        page = view_complex(
            K,
            drawn.place if args.dims is None else None,
            colors=colors,
            flows=flows,
            title=Path(args.file).name,
            dims=args.dims,
            seed=args.seed,
            max_simplices=max(args.max_simplices or 0, _MOST_SHOWN),
        )
    page.save(out)
    for said in page.notes:
        note(args.file, f"note: {said}")
    if there:
        print(escaped(f"{out}: replaced"), file=sys.stderr)
    print(f"f-vector {K.f_vector}, page written to {out}")
    if args.open:
        import webbrowser

        webbrowser.open(out.resolve().as_uri())
    return 0


def _require_own(out: Path) -> None:
    """Raise ``ValueError`` where the name that nobody chose is that of another file."""
    mark = b'<meta name="generator" content="simplex">'
    if out.exists():
        with out.open("rb") as file:
            if mark not in file.read(_LARGEST):
                raise ValueError(
                    f"{out} is there, and was not written by 'simplex view'. Choose another name "
                    "with --out."
                )


def _colors_of(drawn: "Drawn") -> dict[str, Any]:
    """The values of the file: numbers, or where there are others, words."""
    found: dict[str, dict[int, list[Any]]] = {}
    for k, columns in drawn.values.items():
        for name, column in columns.items():
            plain = all(v is None or isinstance(v, (bool, int, float, str)) for v in column)
            if plain and any(v is not None for v in column):
                found.setdefault(str(name), {})[k] = list(column)
    for by_k in found.values():
        if any(isinstance(v, str) for column in by_k.values() for v in column):
            for k, column in by_k.items():
                by_k[k] = [None if v is None else str(v) for v in column]
    return found
