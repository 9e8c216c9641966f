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
    from dataclasses import replace

    import torch

    from simplex.cli._files import file_errors
    from simplex.io import content_of, kind_of_file
    from simplex.signals import flow_of

    reading = replace(reading_of(args), values=True)
    if reading.weight is not None or reading.rings is not None:
        raise ValueError("--weight and --rings must be left out here: values are --value COLUMN.")
    with file_errors(args.file) as notes:
        if kind_of_file(args.file, reading).name == "tntp":
            reading = replace(reading, undirected=True)  # a flow has its directions as signs
        content = content_of(args.file, reading, None, notes)
        if content.graph is None:
            raise ValueError("must hold edges with values, got a complex.")
        column = _column(content.values.get(1, {}), args.value)
        ends = content.graph.edge_index
        listed = [_number(value, ends, i) for i, value in enumerate(column)]
        values = torch.tensor(listed, dtype=torch.float64)
        kept = ends[0] != ends[1]
        if not bool(kept.all()):
            note(args.file, f"note: {int((~kept).sum())} self-loops are left out.")
        count = content.graph.num_vertices
        flow = flow_of(ends[:, kept], values[kept], count, max_dim=args.max_dim)
    return flow, list(content.graph.labels or range(count))


def _column(columns: Any, name: str | None) -> Any:
    if name is None and len(columns) == 1:
        return next(iter(columns.values()))
    if name is None or name not in columns:
        found = ", ".join(map(str, columns)) or "none"
        raise ValueError(f"--value must name a column of values, got {name}; there are: {found}.")
    return columns[name]


def _number(value: Any, ends: "Tensor", row: int) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(
            f"the values must be finite numbers, got {value!r} for edge {row + 1} of "
            f"{ends.shape[1]}. Leave edges out that have none."
        )
    return number


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
