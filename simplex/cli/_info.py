"""``simplex info``: the invariants of complexes."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simplex.cli._answers import ANSWERS, answer, components_of, may_be_asked
from simplex.cli._costs import costs_of
from simplex.cli._output import FORMATS, add_max_dim
from simplex.cli._reading import add_reading, reading_of


if TYPE_CHECKING:
    from simplex.cli._files import Complexes
    from simplex.complexes import SimplicialComplex

_MOST_SHOWN = 20  # complexes of one file that are described one by one
_MOST_REDUCED = 10_000_000  # simplices whose ranks are computed without being asked for
_MOST_SCATTERED = 100_000  # of those that may take hours
_MOST_LOOKED_AT = 1_000_000  # of which more is said
_KINDS = {"is_pure": "pure", "is_flag": "all cliques filled", "is_manifold": "a manifold"}
_LEFT_OUT = {  # the headings of their lines
    "betti_numbers": "Betti numbers       ",
    "betti_numbers_mod_2": "modulo 2 (torsion)  ",
    "betti_numbers_mod_3": "modulo 3 (torsion)  ",
    "degrees": "degrees             ",
    "is_pure": "pure                ",
    "is_flag": "all cliques filled  ",
    "is_manifold": "a manifold          ",
}


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
        "--all",
        action="store_true",
        help="compute every answer, however large the complex is; without it, what is left out is "
        "said with the time that it would take, about",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="a JSON object for each complex; Betti numbers over Z/2 and Z/3 and the size of the "
        "file too, and the seconds and bytes that each answer left out would take",
    )


def run(args: argparse.Namespace) -> int:
    """Print the invariants of every complex in the file."""
    if args.count and (args.json or args.all):
        raise ValueError("--count must be given without --json and --all.")
    if args.count:
        return _count(args)
    from simplex.cli._files import is_folder, read_complexes
    from simplex.storage import COMPLEX

    complexes = read_complexes(args.file, args.max_dim, reading_of(args))
    size = _bytes_of(Path(args.file))
    if args.json:
        return _as_json(args, complexes, size)
    if size is not None:
        print(f"size of the file      {size:,} bytes")
    on_disk = is_folder(args.file, COMPLEX)
    cut = complexes.cut if complexes.cut is not None else args.max_dim
    for i, K in enumerate(complexes[:_MOST_SHOWN], start=1):
        if len(complexes) > 1:
            print(f"{'' if i == 1 else chr(10)}graph {i} of {len(complexes)}")
        _describe(K, cut, _wanted(K, on_disk, args.all))
    if len(complexes) > _MOST_SHOWN:
        print(f"\n… and {len(complexes) - _MOST_SHOWN} more graphs")
    return 0


def _wanted(K: "SimplicialComplex", on_disk: bool, everything: bool) -> set[str]:
    """The answers that are computed for a text."""
    size = sum(K.f_vector)
    if everything:
        return set(ANSWERS)
    if on_disk and size > _MOST_REDUCED:
        return set()
    wanted = set(ANSWERS) if size <= _MOST_LOOKED_AT else {"betti_numbers", "degrees"}
    return wanted - _too_long(K, size)


def _too_long(K: "SimplicialComplex", size: int) -> set[str]:
    """Betti numbers where they are of too many simplices, or of many that may take hours."""
    betti = {name for name in ANSWERS if name.startswith("betti")}
    unforeseen = size > _MOST_SCATTERED and costs_of(K)["betti_numbers"].seconds is None
    return betti if size > _MOST_REDUCED or unforeseen else set()


def _describe(K: "SimplicialComplex", cut: int | None, wanted: set[str]) -> None:
    """Print what there is to say, each line as soon as it is known."""
    from simplex.operators import euler_characteristic

    def say(line: str) -> None:
        print(line, flush=True)

    left_out = {name: cost for name, cost in costs_of(K).items() if name not in wanted}
    say(f"dimension             {K.dim}")
    say(f"f-vector              {K.f_vector}")
    say(f"Euler characteristic  {euler_characteristic(K)}")
    betti = None
    if wanted:
        say(f"connected components  {components_of(K)}")
    if "betti_numbers" in wanted:
        betti = answer("betti_numbers", K)
        say(f"Betti numbers         {betti}, modulo a large prime")
        if K.dim == cut and betti[-1]:
            say("                      (the last one may shrink with a larger --max-dim)")
    if sum(K.f_vector) and betti is not None and "betti_numbers_mod_2" in wanted:
        mod_2, mod_3 = answer("betti_numbers_mod_2", K), answer("betti_numbers_mod_3", K)
        if not betti == mod_2 == mod_3:
            say(f"                      {mod_2} modulo 2, {mod_3} modulo 3: there is torsion")
    if sum(K.f_vector) and "degrees" in wanted:
        least, mean, most = answer("degrees", K)
        say(f"degrees               {least} to {most}, {mean:.4g} on average")
    if sum(K.f_vector) and "is_pure" in wanted:
        kinds = [said for name, said in _KINDS.items() if answer(name, K)]
        say(f"kind                  {', '.join(kinds) or 'none of: pure, flag, manifold'}")
    for name, what in _LEFT_OUT.items():
        if name in left_out and may_be_asked(name, K):
            say(f"{what}  left out, {left_out[name]}")
    if left_out:
        say("                      (--all computes what is left out)")
    if K.vertex_labels is not None:
        shown = ", ".join(map(str, K.vertex_labels[:6]))
        more = ", …" if K.num_simplices(0) > 6 else ""
        say(f"vertex labels         {shown}{more}")


def _bytes_of(place: Path) -> int | None:
    """The size of a file or of the files of a folder; ``None`` of standard input."""
    if place.is_dir():
        return sum(part.stat().st_size for part in place.rglob("*") if part.is_file())
    return place.stat().st_size if place.is_file() else None


def _as_json(args: argparse.Namespace, complexes: "Complexes", size: int | None) -> int:
    """Print a JSON object a line."""
    import json

    for number, K in enumerate(complexes, start=1):
        size_of = sum(K.f_vector)
        small = args.all or size_of <= _MOST_REDUCED
        wanted = set(ANSWERS) - (set() if args.all else _too_long(K, size_of))
        wanted = wanted if small else {"degrees"}
        of_file = {"file": args.file, "bytes": size, "number": number}
        print(json.dumps(of_file | _facts(K, complexes.cut, wanted)), flush=True)
    return 0


def _facts(K: "SimplicialComplex", cut: int | None, wanted: set[str]) -> dict[str, Any]:
    """The invariants of a complex by name; ``None`` for what has none or is left out."""
    from simplex.operators import euler_characteristic

    answers = {name: answer(name, K) if name in wanted else None for name in ANSWERS}
    return {
        "dimension": K.dim,
        "f_vector": K.f_vector,
        "euler_characteristic": euler_characteristic(K),
        **answers,
        "connected_components": components_of(K) if wanted else None,
        "cut_at": cut,
        "vertex_labels": K.vertex_labels is not None,
        "left_out": {
            name: {"seconds": cost.seconds, "bytes": cost.num_bytes}
            for name, cost in costs_of(K).items()
            if name not in wanted and may_be_asked(name, K)
        },
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
