"""``simplex info``: the invariants of complexes."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simplex.cli._output import FORMATS, add_max_dim
from simplex.cli._reading import add_reading, reading_of


if TYPE_CHECKING:
    from simplex.complexes import SimplicialComplex

_MOST_SHOWN = 20  # complexes of one file that are described one by one
_MOST_REDUCED = 10_000_000  # simplices whose ranks are computed without being asked for
_MOST_LOOKED_AT = 1_000_000  # of which more is said


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "examples:\n  simplex info graph.edges\n  simplex info complex.pt --max-dim 1\n"
        "  simplex info large.edges --max-dim 4 --count\n\n" + FORMATS
    )
    parser.add_argument("file", metavar="FILE", help="graphs, which are lifted first, or complexes")
    add_max_dim(parser)
    add_reading(parser)
    parser.add_argument(
        "--count",
        action="store_true",
        help="count the cliques of graphs without building their complex: the f-vector alone",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="a JSON object for each complex; Betti numbers over Z/2 and Z/3 and the size of the "
        "file too",
    )


def run(args: argparse.Namespace) -> int:
    """Print the invariants of every complex in the file."""
    if args.count and args.json:
        raise ValueError("--count and --json must not be given together.")
    if args.count:
        return _count(args)
    if args.json:
        return _as_json(args)
    from simplex.cli._files import is_folder, read_complexes
    from simplex.complexes import SimplicialComplex
    from simplex.operators import betti_numbers, euler_characteristic
    from simplex.storage import COMPLEX

    def describe(K: SimplicialComplex) -> None:
        print(f"dimension             {K.dim}")
        print(f"f-vector              {K.f_vector}")
        print(f"Euler characteristic  {euler_characteristic(K)}")
        if on_disk and sum(K.f_vector) > _MOST_REDUCED:
            print(f"Betti numbers         only of at most {_MOST_REDUCED:,} simplices on disk")
        else:
            facts = _facts(K, cut) if 0 < sum(K.f_vector) <= _MOST_LOOKED_AT else None
            betti = betti_numbers(K) if facts is None else facts["betti_numbers"]
            print(f"connected components  {betti[0] if betti else 0}")
            print(f"Betti numbers         {betti}, modulo a large prime")
            if K.dim == cut and betti[-1]:
                print("                      (the last one may shrink with a larger --max-dim)")
            if facts is not None:
                _print_more(facts)
        if K.vertex_labels is not None:
            shown = ", ".join(map(str, K.vertex_labels[:6]))
            more = ", …" if K.num_simplices(0) > 6 else ""
            print(f"vertex labels         {shown}{more}")

    complexes = read_complexes(args.file, args.max_dim, reading_of(args))
    on_disk = is_folder(args.file, COMPLEX)
    cut = complexes.cut if complexes.cut is not None else args.max_dim
    for i, K in enumerate(complexes[:_MOST_SHOWN], start=1):
        if len(complexes) > 1:
            print(f"{'' if i == 1 else chr(10)}graph {i} of {len(complexes)}")
        describe(K)
    if len(complexes) > _MOST_SHOWN:
        print(f"\n… and {len(complexes) - _MOST_SHOWN} more graphs")
    return 0


def _print_more(facts: dict[str, Any]) -> None:
    """What else there is to say of a complex that is not large."""
    mod_2, mod_3 = facts["betti_numbers_mod_2"], facts["betti_numbers_mod_3"]
    if not facts["betti_numbers"] == mod_2 == mod_3:
        print(f"                      {mod_2} modulo 2, {mod_3} modulo 3: there is torsion")
    least, mean, most = facts["degrees"]
    print(f"degrees               {least} to {most}, {mean:.4g} on average")
    names = {"is_pure": "pure", "is_flag": "all cliques filled", "is_manifold": "a manifold"}
    kinds = [name for key, name in names.items() if facts[key]]
    print(f"kind                  {', '.join(kinds) or 'none of: pure, flag, manifold'}")


def _as_json(args: argparse.Namespace) -> int:
    """Print a JSON object a line."""
    import json

    from simplex.cli._files import read_complexes

    complexes = read_complexes(args.file, args.max_dim, reading_of(args))
    place = Path(args.file)
    of_file = {"file": args.file, "bytes": place.stat().st_size if place.is_file() else None}
    for number, K in enumerate(complexes, start=1):
        print(json.dumps(of_file | {"number": number} | _facts(K, complexes.cut)))
    return 0


def _facts(K: "SimplicialComplex", cut: int | None) -> dict[str, Any]:
    """The invariants of a complex by name; ``None`` for what is too large to be computed."""
    from simplex.interop import GraphEdges
    from simplex.lifting import lift_edges
    from simplex.operators import betti_numbers, euler_characteristic, is_manifold, is_pure

    small, edges = sum(K.f_vector) <= _MOST_REDUCED, K.simplices(1)
    degrees = edges.flatten().bincount(minlength=K.num_simplices(0))
    betti = betti_numbers(K) if small else None
    flag = None
    if small and not K.directed:  # as many simplices as the clique complex of its edges has
        graph = GraphEdges(K.num_simplices(0), edges.T)
        try:
            flag = lift_edges(graph, K.dim + 1, 2 * _MOST_REDUCED).f_vector == K.f_vector
        except ValueError:
            flag = False  # as the cliques are more
    return {
        "dimension": K.dim,
        "f_vector": K.f_vector,
        "euler_characteristic": euler_characteristic(K),
        "betti_numbers": betti,
        "betti_numbers_mod_2": betti_numbers(K, prime=2) if small else None,
        "betti_numbers_mod_3": betti_numbers(K, prime=3) if small else None,
        "connected_components": betti[0] if betti else None,
        "degrees": [int(degrees.min()), float(degrees.double().mean()), int(degrees.max())],
        "is_pure": is_pure(K) if small and not K.directed else None,
        "is_flag": flag,
        "is_manifold": is_manifold(K) if small and K.dim <= 3 and not K.directed else None,
        "cut_at": cut,
        "vertex_labels": K.vertex_labels is not None,
    }


def _count(args: argparse.Namespace) -> int:
    """Print the f-vector of the clique complex of all graphs in the file."""
    from simplex.cli._files import read_graphs
    from simplex.io import DEFAULT_MAX_DIM
    from simplex.lifting import count_cliques

    graph = read_graphs(args.file, reading_of(args))
    if graph is None:
        raise ValueError(f"{args.file}: must hold graphs for --count, got complexes.")
    max_dim = DEFAULT_MAX_DIM if args.max_dim is None else args.max_dim
    print(f"f-vector              {count_cliques(graph, max_dim)}")
    return 0
