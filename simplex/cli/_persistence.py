"""``simplex persistence``: a filtered complex goes in, its diagram comes out."""

import argparse
import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from simplex.cli._output import FORMATS, add_max_dim
from simplex.cli._reading import add_reading, reading_of, whole_number


if TYPE_CHECKING:
    from torch import Tensor

    from simplex.complexes import SimplicialComplex
    from simplex.persistence import Diagram


_ENDINGS = (".png", ".pdf", ".svg")
_LONGEST = 3  # classes of a degree that are printed
_MOST_SHOWN = 20  # graphs of one file that are described one by one


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = (
        "The persistence diagram of a filtered complex: at which values components, loops and\n"
        "voids appear, and at which they end. The filtration is that of the file (a complex of\n"
        "GUDHI or of this library), the distance of points within --max-edge-length, their alpha\n"
        "complex, lengths of edges by --weight, or any column of numbers by --by."
    )
    parser.epilog = (
        "examples:\n  simplex persistence points.csv --format points --alpha --plot diagram.png\n"
        "  simplex persistence roads.csv --weight km --out pairs.csv\n"
        "  simplex persistence social.graphml --by age --descending\n"
        "  simplex persistence graph.edges --by degree\n\n" + FORMATS
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="points, graphs, which are lifted first, or complexes")
    add("--alpha", action="store_true", help="of points: their alpha complex, values are radii")
    add(
        "--by",
        metavar="COLUMN",
        help="values of vertices or edges, or 'degree': a simplex enters with its last one",
    )
    add("--descending", action="store_true", help="with --by: large values enter first")
    add(
        "--out", type=Path, metavar="PAIRS.csv", help="where the diagram goes, a row for each class"
    )
    add("--plot", type=Path, metavar="PNG", help="bars and points: .png, .pdf or .svg")
    add(
        "--min-persistence",
        type=float,
        default=0.0,
        metavar="P",
        help="keep classes that live longer (default: 0; -1 keeps those of no length too)",
    )
    add("--prime", type=whole_number, metavar="P", help="size of the field (default: a large one)")
    add_max_dim(parser)
    add_reading(parser)


def run(args: argparse.Namespace) -> int:
    """Read, filter, pair, print, save."""
    from simplex.cli._checks import require_output
    from simplex.cli._files import file_errors
    from simplex.cli._filtered import read_filtered
    from simplex.operators import LARGEST_PRIME
    from simplex.persistence import persistence

    if args.out is not None:
        require_output(args.out, [".csv"])
    if args.plot is not None:
        require_output(args.plot, _ENDINGS, "--plot")
    if args.descending and args.by is None:
        raise ValueError("--descending must come with --by COLUMN, got none.")
    reading = replace(reading_of(args), values=True)
    K, degrees = read_filtered(
        args.file, args.max_dim, reading, by=args.by, descending=args.descending, alpha=args.alpha
    )
    if args.plot is not None and K.num_parts > 1:
        raise ValueError(f"--plot must be of one graph, got {K.num_parts}.")
    with file_errors(args.file):
        D = persistence(
            K,
            degrees,
            min_persistence=args.min_persistence,
            prime=LARGEST_PRIME if args.prime is None else args.prime,
        )
    _describe(K, D, degrees, -1 if args.descending else 1)
    if args.out is not None:
        _write(args.out, K, D, -1 if args.descending else 1)
        print(f"saved to {args.out}")
    if args.plot is not None:
        _draw(args.plot, D, ("minus " if args.descending else "") + (args.by or "filtration value"))
        print(f"drawn to {args.plot}")
    return 0


def _describe(K: "SimplicialComplex", D: "Diagram", degrees: int, sign: int) -> None:
    """How many classes there are of each degree, and the longest ones."""
    for p, part in enumerate(K.split()[:_MOST_SHOWN]):
        own = D.of_part(p)
        if K.num_parts > 1:
            print(f"{chr(10) if p else ''}graph {p + 1} of {K.num_parts}")
        print(f"f-vector {part.f_vector}")
        for k in range(degrees + 1):
            rows = own.of(k)
            stay = int((rows.death == float("inf")).sum())
            count = f"{len(rows):,} {'class' if len(rows) == 1 else 'classes'}"
            print(
                f"degree {k}: {count}"
                + (
                    f", of which {stay:,} {'never ends' if stay == 1 else 'never end'}"
                    if stay
                    else ""
                )
            )
            longest = rows.lifetime.sort(descending=True, stable=True).indices[:_LONGEST]
            for birth, death in _levels(rows.pairs[longest], sign):
                print(f"  {birth:.6g} to {death:.6g}")
    if K.num_parts > _MOST_SHOWN:
        print(f"\n… and {K.num_parts - _MOST_SHOWN} more graphs")


def _levels(pairs: "Tensor", sign: int) -> list[list[float]]:
    """Births and deaths as the file has them; no zero has a sign."""
    levels: list[list[float]] = (sign * pairs.double() + 0.0).tolist()
    return levels


def _write(out: Path, K: "SimplicialComplex", D: "Diagram", sign: int) -> None:
    """A row for each class; simplices by the names of their vertices, as :func:`_word` has them."""
    from simplex.complexes import write_whole

    names = [_word(name) for name in K.vertex_labels or range(K.num_simplices(0))]

    def simplex(k: int, i: int) -> str:
        return "" if i < 0 else " ".join(names[v] for v in tables[k][i])

    tables = [K.simplices(k).tolist() for k in range(K.dim + 1)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["graph", "degree", "birth", "death", "birth simplex", "death simplex"])
    columns = (D.part, D.dims, D.birth_simplex, D.death_simplex)
    pairs = _levels(D.pairs, sign)
    for (p, k, made, ended), (birth, death) in zip(
        zip(*(column.tolist() for column in columns), strict=True), pairs, strict=True
    ):
        writer.writerow([p + 1, k, birth, death, simplex(k, made), simplex(k + 1, ended)])
    write_whole(out, lambda file: file.write(text.getvalue().encode()))


def _word(name: object) -> str:
    """A name that blanks part from others: in quotes where it holds blanks or quotes itself."""
    text = str(name)
    plain = text and '"' not in text and not any(c.isspace() for c in text)
    return text if plain else json.dumps(text, ensure_ascii=False)


def _draw(path: Path, D: "Diagram", what: str) -> None:
    from simplex.cli._output import save_picture
    from simplex.plot import draw_barcode, draw_diagram

    with save_picture(path, 10, 5) as figure:
        left, right = figure.subplots(1, 2)
        draw_barcode(D, ax=left).set_xlabel(what)
        draw_diagram(D, ax=right)
