"""``simplex lift``: from graphs in a file to complexes in a file, clique complexes by default."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from simplex.cli._output import FORMATS, add_max_dim
from simplex.cli._reading import add_reading, reading_of, whole_number


if TYPE_CHECKING:
    from simplex.complexes import SimplicialComplex


HOWS = ("clique", "neighborhood", "khop", "connected-sets", "graph-rips")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "examples:\n  simplex lift graph.edges --max-dim 3 --out complex.pt\n"
        "  simplex lift many.g6 --out union.pt\n"
        "  simplex lift molecules.g6 --rings 8 --out rings.pt\n"
        "  simplex lift graph.edges --how graph-rips --reach 2 --out near.pt\n"
        "  simplex lift large.edges --max-dim 3 --to-disk folder\n\n" + FORMATS
    )
    parser.add_argument("file", metavar="FILE", help="graphs, or complexes to be cut")
    add_max_dim(parser)
    add_reading(parser)
    parser.add_argument(
        "--how",
        choices=HOWS,
        default="clique",
        metavar="LIFT",
        help="what becomes a simplex: one of " + ", ".join(HOWS),
    )
    parser.add_argument(
        "--reach",
        type=whole_number,
        metavar="R",
        help="with khop, steps from a common vertex; with graph-rips, between any two of a simplex",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="K.pt",
        help="where to save the complex; several graphs are saved as their disjoint union",
    )
    parser.add_argument(
        "--to-disk",
        metavar="FOLDER",
        help="lift into a folder, without holding the complex in memory; what was ended goes on",
    )


def run(args: argparse.Namespace) -> int:
    """Lift, print the sizes, save."""
    import torch

    from simplex.cli._checks import require_output
    from simplex.complexes import write_whole

    if args.out is not None:
        require_output(args.out, [".pt"])
    if (args.reach is None) == (args.how in ("khop", "graph-rips")):
        needs = "given" if args.reach is None else "left out"
        raise ValueError(f"--reach must be {needs} with --how {args.how}.")
    if args.how != "clique":
        lifted = _lifted_otherwise(args)
    else:
        lifted = _lifted(args) if args.to_disk is None else _lifted_to_disk(args)
    if lifted.num_parts > 1:
        print(f"{lifted.num_parts} graphs, as one disjoint union")
    for k, count in enumerate(lifted.f_vector):
        print(f"dimension {k}: {count:,} simplices")
    if args.out is not None:
        write_whole(args.out, lambda file: torch.save(lifted, file))
        print(f"saved to {args.out}")
    if args.to_disk is not None:
        print(f"saved to the folder {args.to_disk}")
    return 0


def _lifted(args: argparse.Namespace) -> "SimplicialComplex":
    from simplex.cli._files import read_complexes
    from simplex.complexes import SimplicialComplex

    complexes = read_complexes(args.file, args.max_dim, reading_of(args))
    return complexes[0] if len(complexes) == 1 else SimplicialComplex.disjoint_union(complexes)


def _lifted_otherwise(args: argparse.Namespace) -> "SimplicialComplex":
    """By one of the lifts whose vertices are those of the graph."""
    from simplex import lifting
    from simplex.cli._files import read_graphs
    from simplex.complexes import SimplicialComplex
    from simplex.interop import GraphEdges
    from simplex.io import DEFAULT_MAX_DIM

    if args.to_disk is not None:
        raise ValueError(f"--to-disk must be left out with --how {args.how}.")
    graph = read_graphs(args.file, reading_of(args))
    if not isinstance(graph, GraphEdges):
        raise ValueError(f"{args.file}: must hold graphs for --how {args.how}, got none.")
    lifts: dict[str, tuple[Callable[..., SimplicialComplex], tuple[int, ...]]] = {
        "neighborhood": (lifting.neighborhood_complex, ()),
        "khop": (lifting.khop_complex, (args.reach,)),
        "connected-sets": (lifting.connected_sets_complex, ()),
        "graph-rips": (lifting.graph_rips_complex, (args.reach,)),
    }
    lift, reach = lifts[args.how]
    max_dim = DEFAULT_MAX_DIM if args.max_dim is None else args.max_dim
    K = lift(graph.edge_index, *reach, max_dim, num_vertices=graph.num_vertices)
    size, most = sum(K.f_vector), args.max_simplices
    if most is not None and size > most:
        raise ValueError(f"{args.file}: must have at most --max-simplices {most}, got {size}.")
    return K.with_parts(graph.part_pointer).with_vertex_labels(graph.labels)


def _lifted_to_disk(args: argparse.Namespace) -> "SimplicialComplex":
    from simplex.cli._checks import require_new_folder
    from simplex.cli._files import read_graphs
    from simplex.io import DEFAULT_MAX_DIM
    from simplex.lifting import clique_complex_to_disk
    from simplex.storage import open_complex, save_complex

    if args.out is not None or args.max_simplices is not None:
        raise ValueError("--to-disk must be given without --out and --max-simplices.")
    require_new_folder(args.to_disk)
    graph = read_graphs(args.file, reading_of(args))
    if graph is None:  # complexes, which are there already
        save_complex(_lifted(args), args.to_disk)
        return open_complex(args.to_disk)
    max_dim = DEFAULT_MAX_DIM if args.max_dim is None else args.max_dim
    return clique_complex_to_disk(graph, args.to_disk, max_dim)
