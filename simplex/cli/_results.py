"""``simplex results``: the rows of many runs as one table."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("folders", nargs="+", metavar="FOLDER", help="of finished runs, or folders of such folders")
    add("--latex", action="store_true", help="a tabular of LaTeX in place of Markdown")


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    from simplex.train import results_table

    print(results_table(args.folders, latex=args.latex), end="")
    return 0
