"""``simplex wl``: which graphs a colour refinement tells apart."""

import argparse
import math
from typing import TYPE_CHECKING

from simplex.cli._output import FORMATS, add_max_dim
from simplex.cli._reading import add_reading, reading_of


if TYPE_CHECKING:
    from simplex.complexes import SimplicialComplex
    from simplex.wl import Refinement


_NAMES = {"swl": "simplicial WL", "wl": "WL", "2-fwl": "2-FWL (the papers' 3-WL)"}
MOST_SHOWN = 50  # classes that are printed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = (
        "Two files: whether the test tells their two graphs apart, and where it does. One file\n"
        "with many graphs: the classes of graphs that the test does not tell apart, the largest\n"
        "first. One file with one graph: the colours of its simplices. Being told apart proves\n"
        "that graphs are not isomorphic; not being told apart proves nothing (--exact decides).\n"
        "With --canonical instead: classes of isomorphic graphs, or the symmetries of one graph."
    )
    parser.epilog = (
        "examples:\n  simplex wl first.edges second.edges\n  simplex wl many.g6 --max-dim 3\n"
        "  simplex wl first.g6 second.g6 --test 2-fwl --exact\n"
        "  simplex wl many.g6 --marks 1\n  simplex wl many.g6 --canonical\n\n" + FORMATS
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="one or two files of graphs or complexes")
    add_max_dim(parser)
    add_reading(parser)
    add("--test", choices=list(_NAMES), default="swl", help="the refinement (default: swl)")
    add("--marks", type=int, default=0, metavar="N", help="refine copies with N simplices marked")
    add("--mark-dim", type=int, default=0, metavar="K", help="of dimension K (default: vertices)")
    add("--exact", action="store_true", help="also decide isomorphism exactly (two files)")
    add("--canonical", action="store_true", help="exact: canonical forms and symmetries")
    add("--all", action="store_true", help="list every class of graphs, not only the first fifty")


def run(args: argparse.Namespace) -> int:
    """Read, refine, print the verdict."""
    from simplex.cli._checks import require_small
    from simplex.cli._files import read_complexes
    from simplex.wl import MOST_MARKS

    if len(args.files) > 2:
        raise ValueError(
            f"FILE must be given once or twice, got {len(args.files)} files. "
            "Put many graphs into one file, for instance in graph6."
        )
    if not 0 <= args.marks <= MOST_MARKS or args.mark_dim < 0:
        raise ValueError(
            f"--marks must be 0 … {MOST_MARKS} and --mark-dim 0 or more, got {args.marks} and "
            f"{args.mark_dim}."
        )
    if args.canonical:
        from simplex.cli._canonical import run_canonical

        return run_canonical(args)
    test = _refinement(args.test)
    if len(args.files) == 2:
        _compare(args, test)
        return 0
    if args.exact:
        raise ValueError("--exact must be given two files, got one.")
    complexes = read_complexes(args.files[0], args.max_dim, reading_of(args))
    require_small(complexes, args.test)
    if len(complexes) == 1:
        _describe(complexes[0], test, args)
    else:
        _classify(complexes, test, args)
    return 0


def _refinement(name: str) -> "Refinement":
    from simplex import wl

    tests: dict[str, Refinement] = {
        "swl": wl.simplicial_wl,
        "wl": wl.weisfeiler_lehman,
        "2-fwl": wl.folklore_wl,
    }
    return tests[name]


def read_pair(
    args: argparse.Namespace, *, exact: bool
) -> tuple["SimplicialComplex", "SimplicialComplex"]:
    """The complexes of two files, cut alike: a graph is not told apart from its own lift."""
    from simplex.cli._files import is_saved, read_complex
    from simplex.io import DEFAULT_MAX_DIM

    reading, max_dim = reading_of(args), args.max_dim
    if max_dim is None and any(not is_saved(path, reading) for path in args.files):
        max_dim = DEFAULT_MAX_DIM
    if exact and max_dim == 0:
        raise ValueError("--max-dim must be at least 1 with --exact, got 0: it drops all edges.")
    A, B = (read_complex(path, max_dim, reading) for path in args.files)
    return A, B


def _compare(args: argparse.Namespace, test: "Refinement") -> None:
    from simplex.cli._checks import require_small
    from simplex.wl import compare, is_isomorphic

    A, B = read_pair(args, exact=args.exact)
    require_small([A, B], args.test)
    for letter, path, K in zip("AB", args.files, (A, B), strict=True):
        print(f"{letter}: {path}, f-vector {K.f_vector}")
    _say_cost([A, B], args)
    verdict = compare(A, B, test, marks=args.marks, mark_dim=args.mark_dim)
    print(f"{_NAMES[args.test]}: {verdict.explanation}")
    if args.exact:
        print("exact: isomorphic." if is_isomorphic(A, B) else "exact: not isomorphic.")


def _say_cost(complexes: list["SimplicialComplex"], args: argparse.Namespace) -> None:
    """Before the work begins, how much it is at most."""
    if args.marks:
        counts = [
            K.num_simplices(args.mark_dim) if args.mark_dim <= K.dim else 0 for K in complexes
        ]
        copies = [math.perm(count, min(count, args.marks)) for count in counts]
        work = sum(n * sum(K.f_vector) for n, K in zip(copies, complexes, strict=True))
        marks = count(args.marks, "mark")
        print(f"{marks}: at most {sum(copies):,} copies, {work:,} simplices a round", flush=True)


def _classify(
    complexes: list["SimplicialComplex"], test: "Refinement", args: argparse.Namespace
) -> None:
    """Sort many into classes: who is confused with whom is what one looks for."""
    from simplex.wl import distinguish

    name, most = args.test, None if args.all else MOST_SHOWN
    _say_cost(complexes, args)
    labels = distinguish(complexes, test, marks=args.marks, mark_dim=args.mark_dim).tolist()
    print_classes(_NAMES[name], labels, most, alike="not told apart")


def print_classes(what: str, labels: list[int], most: int | None, *, alike: str) -> None:
    """Print the classes of graphs, the largest first, and how many pairs are in one class."""
    members: dict[int, list[str]] = {}
    for i, label in enumerate(labels, start=1):
        members.setdefault(label, []).append(str(i))
    pairs = sum(len(group) * (len(group) - 1) // 2 for group in members.values())
    every = len(labels) * (len(labels) - 1) // 2
    classes = "1 class" if len(members) == 1 else f"{len(members)} classes"
    print(f"{what}: {len(labels)} graphs in {classes}; those of one class are {alike}")
    print(f"pairs {alike}: {pairs} of {every}")
    ordered = sorted(members.items(), key=lambda item: -len(item[1]))  # equal sizes as they came
    for label, group in ordered[:most]:
        kind = "graph " if len(group) == 1 else "graphs"
        print(f"class {label + 1}: {kind} {', '.join(group)}")
    if most is not None and len(ordered) > most:
        rest = ordered[most:]
        alone = "of one graph each" if len(rest[0][1]) == 1 else "of fewer graphs"
        print(f"… and {count(len(rest), 'more class', 'more classes')} {alone} (--all lists them)")


def _describe(K: "SimplicialComplex", test: "Refinement", args: argparse.Namespace) -> None:
    if args.marks:
        from simplex.wl import simplicial_wl

        if args.test != "swl":
            raise ValueError(
                f"--marks with one graph must be for --test swl, got --test {args.test}: the "
                "baselines colour without marks."
            )
        _say_cost([K], args)
        coloring = simplicial_wl(K, marks=args.marks, mark_dim=args.mark_dim)
    else:
        coloring = test(K)
    print(f"f-vector {K.f_vector}")
    print(f"{_NAMES[args.test]}: stable after {count(coloring.rounds, 'round')}")
    for kind, colors, size in zip(
        coloring.kinds, coloring.colors, coloring.num_classes, strict=True
    ):
        print(f"{kind}: {len(colors):,} in {count(size, 'colour')}")


def count(number: int, noun: str, plural: str | None = None) -> str:
    """A number and what it counts."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {plural or noun + 's'}"
