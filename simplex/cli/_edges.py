"""``simplex edges``: the edges of a graph, sorted into a folder."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "examples:\n  simplex edges web.txt.gz --to-disk web\n"
        "  simplex edges part-*.parquet --columns source,target --to-disk web\n"
        "  simplex info web --max-dim 3 --count\n  simplex lift web --to-disk K\n"
    )
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="text with an edge a line, perhaps packed; .parquet; .npy; ids are numbers from 0",
    )
    parser.add_argument("--to-disk", metavar="FOLDER", required=True, help="where to save them")
    parser.add_argument(
        "--columns",
        type=_columns,
        metavar="A,B",
        help="columns of the two ends, headings or numbers from 0",
    )


def run(args: argparse.Namespace) -> int:
    """Sort, and print the sizes, and what is left out."""
    from simplex.cli._checks import require_new_folder
    from simplex.storage import EDGES, absolute, edges_to_disk, read_folder

    require_new_folder(args.to_disk)
    sorted_edges = edges_to_disk(args.files, args.to_disk, columns=args.columns)
    dropped = read_folder(absolute(args.to_disk), EDGES).manifest["dropped"]
    print(f"vertices  {sorted_edges.num_vertices:,}")
    print(f"edges     {len(sorted_edges.edges):,}")
    left_out = [f"{count:,} {what}" for what, count in dropped.items() if count]
    if left_out:
        print(f"left out  {', '.join(left_out)}")
    print(f"saved to the folder {args.to_disk}")
    return 0


def _columns(text: str) -> tuple[int | str, int | str]:
    ends: list[int | str] = [int(end) if end.isdigit() else end for end in text.split(",")]
    if len(ends) != 2 or "" in ends:
        raise argparse.ArgumentTypeError(f"must be two columns with a comma between, got {text!r}")
    return ends[0], ends[1]
