"""Exact isomorphism beside nauty and BLISS: ``python -m tests.benchmarks.speed.isomorphism FILE``.

Each case runs in a process of its own, in which each program has a limit of seconds; what ends is a
line of FILE (JSON), and is not run again. ``--table`` prints FILE as a table. The others (``pip
install pynauty igraph``) get the smallest faithful graph: a graph itself, of a complex the vertices
and its maximal simplices, coloured. Making them and compiling is left out.
"""

import argparse
import json
import math
import resource
import signal
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import networkx as nx
import torch

from simplex import SimplicialComplex
from simplex.datasets import chang_graphs, random_surface, strongly_regular_family
from simplex.wl import automorphism_group, is_isomorphic
from tests.benchmarks.speed.wl import random_geometric
from tests.wl.graphs import copies, lift, paley, relabel, rook, shrikhande
from tests.wl.symmetric import (
    gadgets,
    hadamard_graph,
    latin_square_graph,
    paley_matrix,
    projective_plane,
)


Pair = tuple[SimplicialComplex, SimplicialComplex, bool]
LIMIT = 10  # seconds of the processor, for a program and a case


def same(K: SimplicialComplex) -> Pair:
    """The complex and a relabelled copy."""
    return K, relabel(K, 0)[0], True


def graph(g: nx.Graph) -> SimplicialComplex:
    return lift(nx.convert_node_labels_to_integers(g), 1)


def other(A: nx.Graph, B: nx.Graph) -> Pair:
    """Two graphs that are not isomorphic."""
    return graph(A), relabel(graph(B), 0)[0], False


def cyclic(n: int) -> nx.Graph:
    return latin_square_graph(n, lambda a, b: (a + b) % n)


def split(n: int) -> nx.Graph:
    """The Latin square of the group of two and n / 2 elements."""
    half = n // 2
    return latin_square_graph(n, lambda a, b: (a // half ^ b // half, (a + b) % half))


def sylvester(k: int) -> list[list[int]]:
    return [[(-1) ** (i & j).bit_count() for j in range(2**k)] for i in range(2**k)]


def cfi(base: nx.Graph) -> Pair:
    return other(gadgets(base, False), gadgets(base, True))


def torus(m: int, n: int) -> SimplicialComplex:
    """Squares of a grid, each cut into two triangles."""
    cells = torch.cartesian_prod(torch.arange(m), torch.arange(n))

    def at(i: int, j: int) -> torch.Tensor:
        return (cells[:, 0] + i) % m * n + (cells[:, 1] + j) % n

    lower, upper = [at(0, 0), at(1, 0), at(1, 1)], [at(0, 0), at(0, 1), at(1, 1)]
    return SimplicialComplex.from_simplices(
        torch.cat([torch.stack(lower, 1), torch.stack(upper, 1)])
    )


def random_triangles(num_vertices: int, count: int) -> SimplicialComplex:
    """Vertices, all edges of random triangles, and these."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.rand(count, num_vertices, generator=generator).topk(3).indices
    return SimplicialComplex.from_simplices(rows, num_vertices=num_vertices)


def ladder(rungs: int) -> nx.Graph:
    return nx.convert_node_labels_to_integers(nx.circular_ladder_graph(rungs))


def wreath(count: int, size: int) -> nx.Graph:
    """A cycle, with a copy of a random tree at each of its vertices."""
    result = copies(nx.random_labeled_tree(size, seed=0), count)
    result.add_edges_from((i * size, (i + 1) % count * size) for i in range(count))
    return result


def surface() -> SimplicialComplex:
    generator = torch.Generator().manual_seed(0)
    return random_surface((2, True), 300, num_flips=3_000, generator=generator)


CASES: dict[str, Callable[[], Pair]] = {
    "path, 10,000 vertices": lambda: same(graph(nx.path_graph(10_000))),
    "random tree, 10,000": lambda: same(graph(nx.random_labeled_tree(10_000, seed=0))),
    "binary tree, 16,383": lambda: same(graph(nx.balanced_tree(2, 13))),
    "6 trees of 2,000 around a hexagon": lambda: same(graph(wreath(6, 2_000))),
    "5,000 hexagons": lambda: same(graph(copies(nx.cycle_graph(6), 5_000))),
    "50 rooks, 50 Shrikhande": lambda: same(
        graph(nx.disjoint_union(copies(rook(), 50), copies(shrikhande(), 50)))
    ),
    "50 and 50, 49 and 51": lambda: other(
        nx.disjoint_union(copies(rook(), 50), copies(shrikhande(), 50)),
        nx.disjoint_union(copies(rook(), 49), copies(shrikhande(), 51)),
    ),
    "CFI, ladder of 12 rungs, twisted or not": lambda: cfi(ladder(12)),
    "CFI, ladder of 100 rungs, twisted or not": lambda: cfi(ladder(100)),
    "CFI, random 3-regular, 60, twisted or not": lambda: cfi(
        nx.random_regular_graph(3, 60, seed=0)
    ),
    "CFI, random 3-regular, 200, twisted or not": lambda: cfi(
        nx.random_regular_graph(3, 200, seed=0)
    ),
    "CFI, K₇, twisted or not": lambda: cfi(nx.complete_graph(7)),
    "SR(28, 12, 6, 4), two": lambda: other(*chang_graphs()[:2]),
    "SR(26, 10, 3, 4), two": lambda: other(*strongly_regular_family("sr261034.g6")[:2]),
    "Latin squares of order 12, two": lambda: other(cyclic(12), split(12)),
    "Latin squares of order 24, two": lambda: other(cyclic(24), split(24)),
    "projective plane of order 7": lambda: same(graph(projective_plane(7))),
    "projective plane of order 11": lambda: same(graph(projective_plane(11))),
    "Hadamard, Sylvester 32": lambda: same(graph(hadamard_graph(sylvester(5)))),
    "Hadamard, Paley 32": lambda: same(graph(hadamard_graph(paley_matrix(31)))),
    "Hadamard 32, the two": lambda: other(
        hadamard_graph(sylvester(5)), hadamard_graph(paley_matrix(31))
    ),
    "Hadamard, Paley 84": lambda: same(graph(hadamard_graph(paley_matrix(83)))),
    "Paley 101": lambda: same(graph(paley(101))),
    "Paley 401": lambda: same(graph(paley(401))),
    "hypercube Q₁₀": lambda: same(graph(nx.hypercube_graph(10))),
    "hypercube Q₁₃": lambda: same(graph(nx.hypercube_graph(13))),
    "random 3-regular, 2,000": lambda: same(graph(nx.random_regular_graph(3, 2_000, seed=0))),
    "random geometric, 118,000 simplices": lambda: same(random_geometric(2_000, 18.0, seed=0)),
    "random triangles, 100,000 simplices": lambda: same(random_triangles(10_000, 23_000)),
    "torus, 60,000 simplices": lambda: same(torus(100, 100)),
    "random surface, genus 2": lambda: same(surface()),
    "cross-polytope of dimension 9, its boundary": lambda: same(
        lift(nx.complete_multipartite_graph(*[2] * 9), 8)
    ),
}


# --- programs -------------------------------------------------------------------------------------


def colored_edges(K: SimplicialComplex) -> tuple[int, list[list[int]], list[int]]:
    """The smallest faithful graph: how many nodes, their edges, and their colours."""
    if K.dim < 2:
        return K.num_simplices(0), K.simplices(1).tolist(), [0] * K.num_simplices(0)
    edges, colors = [], [0] * K.num_simplices(0)
    for k in range(1, K.dim + 1):
        alone = torch.ones(K.num_simplices(k), dtype=torch.bool)
        if k < K.dim:
            alone[K.facets(k + 1).flatten()] = False
        for row in K.simplices(k)[alone].tolist():
            edges += [[v, len(colors)] for v in row]
            colors.append(k)
    return len(colors), edges, colors


def ours(A: SimplicialComplex, B: SimplicialComplex) -> Callable[[], bool]:
    is_isomorphic(graph(nx.petersen_graph()), graph(nx.petersen_graph()))
    return lambda: is_isomorphic(A, B, max_steps=None)


def group(A: SimplicialComplex, B: SimplicialComplex) -> Callable[[], bool]:
    automorphism_group(graph(nx.petersen_graph()))
    return lambda: automorphism_group(A, max_steps=None).order > 0


def nauty(A: SimplicialComplex, B: SimplicialComplex) -> Callable[[], bool]:
    import pynauty

    def made(K: SimplicialComplex) -> "pynauty.Graph":
        count, edges, colors = colored_edges(K)
        around: dict[int, list[int]] = {}
        for v, w in edges:
            around.setdefault(v, []).append(w)
        cells = [{v for v in range(count) if colors[v] == c} for c in sorted(set(colors))]
        return pynauty.Graph(count, adjacency_dict=around, vertex_coloring=cells)

    first, second = made(A), made(B)
    return lambda: pynauty.certificate(first) == pynauty.certificate(second)


def bliss(A: SimplicialComplex, B: SimplicialComplex) -> Callable[[], bool]:
    import igraph

    first, second = (
        (igraph.Graph(n=count, edges=edges), colors)
        for count, edges, colors in map(colored_edges, (A, B))
    )
    return lambda: bool(first[0].isomorphic_bliss(second[0], color1=first[1], color2=second[1]))


PROGRAMS = {"is_isomorphic": ours, "automorphism_group": group, "BLISS": bliss, "nauty": nauty}


def run(case: str, programs: list[str], path: Path) -> None:
    """Write a line for each program; the system ends the process at the limit."""
    A, B, expected = CASES[case]()
    for program in programs:
        task = PROGRAMS[program](A, B)
        begin = time.process_time()
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(begin) + LIMIT, resource.RLIM_INFINITY))
        answer = task()
        used = time.process_time() - begin
        right = answer == (expected or program == "automorphism_group")
        write(path, {"case": case, "program": program, "seconds": used, "right": right})


def write(path: Path, line: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")


def read(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The lines by case and program."""
    lines = map(json.loads, path.read_text().splitlines() if path.exists() else [])
    return {(line["case"], line["program"]): line for line in lines}


def main() -> None:
    """Run what is missing, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    ours(*CASES["projective plane of order 7"]()[:2])  # compiles the kernels for all children
    for case in () if args.table else CASES:
        while missing := [each for each in PROGRAMS if (case, each) not in read(args.file)]:
            child = get_context("fork").Process(target=run, args=(case, missing, args.file))
            child.start()
            child.join()
            if child.exitcode:
                late = child.exitcode == -signal.SIGXCPU
                program = next(each for each in missing if (case, each) not in read(args.file))
                why = {"seconds": math.inf} if late else {"error": child.exitcode}
                write(args.file, {"case": case, "program": program, **why})
    for case in CASES if args.table else ():
        found = (read(args.file).get((case, each), {}).get("seconds") for each in PROGRAMS)
        print(f"| {case} | " + " | ".join(map(_shown, found)) + " |")


def _shown(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if math.isinf(seconds):
        return f"> {LIMIT} s"
    if seconds < 0.001:
        return "< 1 ms"
    return f"{seconds * 1000:.2g} ms" if seconds < 0.1 else f"{seconds:.2g} s"


if __name__ == "__main__":
    main()
