"""``simplex convert``: from a file in one format to a file in another."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from simplex.cli._output import FORMATS, add_max_dim, escaped, note
from simplex.cli._reading import FORMATS as NAMES, add_reading, reading_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = (
        "Read a file of any format and write it in another: names, the filtration and attributes\n"
        "come along where the format has a place for them, and what is left out is said. Graphs\n"
        "stay graphs, unless --lift fills their cliques in."
    )
    parser.epilog = (
        "examples:\n  simplex convert talks.csv talks.graphml\n"
        "  simplex convert groups.facets groups.json\n"
        "  simplex convert meetings.json meetings.edges.gz --max-dim 1 --to edges\n"
        "  simplex convert talks.csv talks.graphml --nodes people.csv\n"
        "  simplex convert talks.graphml talks.csv --to-nodes people.csv\n"
        "  simplex convert graph.gml complex.npz --lift --max-dim 3\n\n" + FORMATS
    )
    add = parser.add_argument
    add("file", metavar="A", help="the file that is read")
    add("out", metavar="B", help="the file that is written; its ending tells the format")
    add_max_dim(parser)
    add("--lift", action="store_true", help="fill the cliques of graphs in, to --max-dim or 2")
    add("--to", choices=NAMES, metavar="KIND", help="format of B, where its ending does not tell")
    add("--to-nodes", metavar="FILE", help="beside a table B: one of its vertices and attributes")
    add_reading(parser)


def run(args: argparse.Namespace) -> int:
    """Read, write, say what was left out."""
    from simplex.cli._files import read_whole
    from simplex.complexes import SimplicialComplex
    from simplex.io import write_noting, written_format

    form = written_format(args.out, args.to)
    sources = [args.file, *([] if args.nodes is None else [args.nodes])]
    places = [args.out, *([] if args.to_nodes is None else [args.to_nodes])]
    for place in places:
        _require_other(place, sources)
    there = [place for place in places if Path(place).exists()]
    reading = replace(reading_of(args), ends=form.name == "edges" and not args.lift)
    K, attributes, metadata = read_whole(args.file, args.max_dim, reading, lift=args.lift)
    assert isinstance(K, SimplicialComplex)
    notes: list[str] = []
    write_noting(K, args.out, args.to, attributes, notes, metadata, args.to_nodes)
    if notes:
        note(args.out, f"note: {'; '.join(notes)}.")
    for place in there:
        print(escaped(f"{place}: replaced"), file=sys.stderr)
    print(f"f-vector {K.f_vector}, written to {' and '.join(places)}")
    return 0


def _require_other(place: str, sources: list[str]) -> None:
    for source in sources:
        if Path(place).exists() and Path(source).exists() and Path(place).samefile(source):
            raise ValueError(f"B must be another file than A, got {place} twice.")
