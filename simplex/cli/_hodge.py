"""``simplex hodge``: a flow in a table goes in, its three parts come out."""

import argparse
import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simplex.cli._output import FORMATS, note
from simplex.cli._reading import add_reading, reading_of


if TYPE_CHECKING:
    from torch import Tensor

    from simplex.signals import Flow


_PARTS = ("gradient", "curl", "harmonic")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = (
        "A table of edges with what flows from the first end to the second (negative: the other\n"
        "way): its gradient, which has sources and sinks, its curl, which runs around triangles,\n"
        "and its harmonic part, which runs around holes. Rows of the same two ends are added up,\n"
        "with the sign of their direction. Triangles of edges are filled, but with --max-dim 1."
    )
    parser.epilog = (
        "examples:\n  simplex hodge traffic.csv --out parts.csv\n"
        "  simplex hodge trade.tsv --source from --target to --value tons\n\n" + FORMATS
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="edges with a column of values")
    add("--value", metavar="COLUMN", help="its heading, where there are several")
    add("--max-dim", type=int, choices=(1, 2), default=2, help="1: no triangle is filled")
    add("--out", type=Path, metavar="PARTS.csv", help="where the parts go, a row for each edge")
    add_reading(parser)


def run(args: argparse.Namespace) -> int:
    """Read, split, print the shares, save."""
    from simplex.cli._checks import require_output
    from simplex.operators import hodge_decomposition

    if args.out is not None:
        require_output(args.out, [".csv"])
    flow, names = _read(args)
    scale = _power_of_two(flow.x)
    scaled = flow.x / scale
    parts = hodge_decomposition(flow.complex, scaled)
    energy = float(scaled.square().sum())
    print(f"f-vector {flow.complex.f_vector}")
    for name, part in zip(_PARTS, parts, strict=True):
        share = float(part.square().sum()) / energy if energy else 0.0
        print(f"{name:8} {share:7.2%} of the energy")
    if args.out is not None:
        _write(args.out, flow, tuple(part * scale for part in parts), names)
        print(f"saved to {args.out}")
    return 0


def _power_of_two(x: "Tensor") -> float:
    """Of the size of the largest value, so that no square overflows; nothing is rounded by it."""
    most = float(x.abs().max()) if x.numel() else 0.0
    if most == float("inf"):
        raise ValueError("the values of an edge must have a finite sum, got one beyond float64.")
    return math.ldexp(1.0, max(math.frexp(most)[1] - 1, -1000)) if most else 1.0


def _read(args: argparse.Namespace) -> tuple["Flow", list[Any]]:
    """The flow, and the names of the vertices."""
    from simplex.cli._files import file_errors
    from simplex.io import flow_in

    reading, lost = reading_of(args), list[str]()
    if reading.weight is not None or reading.rings is not None:
        raise ValueError("--weight and --rings must be left out here: values are --value COLUMN.")
    with file_errors(args.file) as notes:
        flow = flow_in(args.file, reading, args.value, args.max_dim, notes, lost)
        if lost:
            note(args.file, f"note: {'; '.join(lost)}.")
    K = flow.complex
    return flow, list(K.vertex_labels or range(K.num_simplices(0)))


def _write(out: Path, flow: "Flow", parts: tuple["Tensor", ...], names: list[Any]) -> None:
    from simplex.complexes import write_whole

    columns = [flow.x, *parts]

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["source", "target", "value", *_PARTS])
    for (u, v), *row in zip(
        flow.complex.simplices(1).tolist(), *(column.tolist() for column in columns), strict=True
    ):
        writer.writerow([names[u], names[v], *row])
    write_whole(out, lambda file: file.write(text.getvalue().encode()))
