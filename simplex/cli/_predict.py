"""``simplex predict``: what the model of a finished run says of the user's files."""

import argparse
import csv
from pathlib import Path


_DESCRIPTION = """\
Read files as those of a finished run of  simplex train  were read, and write what its model says
of each graph, node or simplex: classes by their names with their probabilities, numbers in their
units.

  simplex train --dataset nodes.csv edges.csv --target colour --out run
  simplex predict run new_nodes.csv new_edges.csv --out predictions.csv
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = _DESCRIPTION
    add = parser.add_argument
    add("run_folder", type=Path, metavar="RUN", help="folder of a finished run")
    add("data", nargs="+", metavar="DATA", help="files as for --dataset of simplex train")
    add("--out", type=Path, default=Path("predictions.csv"), help="(default: predictions.csv)")


def run(args: argparse.Namespace) -> int:
    """Predict, write, and say how many."""
    from simplex.cli._checks import require_output
    from simplex.complexes import write_whole
    from simplex.train import predict_files

    require_output(args.out, [".csv"])
    predictions = predict_files(args.run_folder, args.data)
    write_whole(args.out, lambda file: file.write(_text(predictions.header, predictions.rows)))
    print(f"{len(predictions.rows)} predictions, written to {args.out}")
    return 0


def _text(header: object, rows: object) -> bytes:
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)  # type: ignore[arg-type]
    writer.writerows([_short(value) for value in row] for row in rows)  # type: ignore[attr-defined]
    return text.getvalue().encode()


def _short(value: object) -> object:
    """Numbers to six digits."""
    return f"{value:.6g}" if isinstance(value, float) else value
