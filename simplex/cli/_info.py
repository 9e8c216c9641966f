"""``simplex info``: the invariants of complexes."""

import argparse

from simplex.cli._output import FORMATS, add_max_dim
from simplex.cli._reading.options import Reading, add_reading


_MOST_SHOWN = 20  # complexes of one file that are described one by one


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "examples:\n  simplex info graph.edges\n  simplex info complex.pt --max-dim 1\n\n" + FORMATS
    )
    parser.add_argument("file", metavar="FILE", help="graphs, which are lifted first, or complexes")
    add_max_dim(parser)
    add_reading(parser)


def run(args: argparse.Namespace) -> int:
    """Print the invariants of every complex in the file."""
    from simplex.cli._files import read_complexes
    from simplex.complexes import SimplicialComplex
    from simplex.operators import betti_numbers, euler_characteristic

    def describe(K: SimplicialComplex) -> None:
        betti = betti_numbers(K)
        print(f"dimension             {K.dim}")
        print(f"f-vector              {K.f_vector}")
        print(f"Euler characteristic  {euler_characteristic(K)}")
        print(f"connected components  {betti[0] if betti else 0}")
        print(f"Betti numbers         {betti}, modulo a large prime")
        if K.dim == cut and betti[-1]:
            print("                      (the last one may shrink with a larger --max-dim)")
        if K.vertex_labels is not None:
            shown = ", ".join(map(str, K.vertex_labels[:6]))
            more = ", …" if K.num_simplices(0) > 6 else ""
            print(f"vertex labels         {shown}{more}")

    complexes = read_complexes(args.file, args.max_dim, Reading.of(args))
    cut = complexes.cut if complexes.cut is not None else args.max_dim
    for i, K in enumerate(complexes[:_MOST_SHOWN], start=1):
        if len(complexes) > 1:
            print(f"{'' if i == 1 else chr(10)}graph {i} of {len(complexes)}")
        describe(K)
    if len(complexes) > _MOST_SHOWN:
        print(f"\n… and {len(complexes) - _MOST_SHOWN} more graphs")
    return 0
