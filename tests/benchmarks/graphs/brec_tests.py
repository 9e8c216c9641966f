"""What tests tell apart of BREC's 400 pairs: ``python -m tests.benchmarks.graphs.brec_tests FILE``.

Every pair is lifted to its clique complex of full dimension and compared by each test, the
cheapest first. A line of JSON for each test and pair goes to FILE, and what FILE has is not done
again. Two marks are tried on what one mark leaves, for at most ``--minutes`` of processor time; the
table says how many pairs ran. ``relabelled``: each graph of each pair against a copy of itself with
its vertices renamed at random, which nothing may tell apart.

*Messages* are what the library leaves out. After each round of the refinement of all copies a
simplex also gets the multiset of the colours that it has in all copies (``messages``), and beside
it that in the copies whose mark is a neighbour of this copy's mark (``messages, neighbours``).
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TextIO

import networkx as nx
import torch
from torch import Tensor

from simplex import SimplicialComplex
from simplex.datasets import brec
from simplex.lifting import clique_complex
from simplex.wl import compare, folklore_wl, simplicial_wl, weisfeiler_lehman


Test = Callable[[SimplicialComplex, SimplicialComplex], bool]
Pairs = dict[str, tuple[str, tuple[str, nx.Graph, nx.Graph]]]  # by name: category, pair
Known = dict[tuple[str, str], tuple[bool, float]]  # test and pair: told apart, CPU seconds


def exchanged(A: SimplicialComplex, B: SimplicialComplex, *, neighbours: bool) -> bool:
    """One marked vertex, and messages between the copies of a simplex after every round."""
    if A.f_vector != B.f_vector:
        return True
    n = A.num_simplices(0)
    union = SimplicialComplex.disjoint_union([A] * n + [B] * n)
    shapes = [(2, n, A.num_simplices(k)) for k in range(A.dim + 1)]
    ends = [K.facets(1).unbind(1) for K in (A, B)]
    colors = [torch.zeros(shape, dtype=torch.int64) for shape in shapes]
    colors[0][:, range(n), range(n)] = 1
    classes = 0
    while True:
        colors = [own.view(s) for own, s in zip(_round(union, colors), shapes, strict=True)]
        joined = [torch.stack([own, _multisets(own)], 3) for own in colors]
        if neighbours:
            joined = [
                torch.cat([both, _sent(own, ends)[..., None]], 3)
                for both, own in zip(joined, colors, strict=True)
            ]
        numbered = [torch.unique(own.flatten(0, 2), dim=0, return_inverse=True) for own in joined]
        colors = [inverse.view(s) for (_, inverse), s in zip(numbered, shapes, strict=True)]
        here, there = (_copies([own[i] for own in colors]) for i in (0, 1))
        if here != there:
            return True
        now = sum(len(distinct) for distinct, _ in numbered)
        if now == classes:
            return False
        classes = now


def _round(union: SimplicialComplex, colors: list[Tensor]) -> tuple[Tensor, ...]:
    flat = {k: own.flatten() for k, own in enumerate(colors)}
    return simplicial_wl(union, colors=flat, max_rounds=1).colors


def _multisets(colors: Tensor) -> Tensor:
    """Of each simplex the multiset of its colours in all copies, numbered: (2, n, n_k)."""
    rows = colors.sort(1).values.transpose(1, 2).flatten(0, 1)
    inverse: Tensor = torch.unique(rows, dim=0, return_inverse=True)[1]
    return inverse.view(2, 1, -1).expand_as(colors)


def _sent(colors: Tensor, ends: list[tuple[Tensor, ...]]) -> Tensor:
    """Sums of random words of the colours in the copies that mark a neighbour."""
    generator = torch.Generator().manual_seed(0)
    bound = torch.iinfo(torch.int64)
    size = int(colors.max()) + 1
    words = torch.randint(bound.min, bound.max, (size,), generator=generator)[colors]
    sums = torch.zeros_like(words)
    for i, (heads, tails) in enumerate(ends):
        sums[i].index_add_(0, heads, words[i][tails]).index_add_(0, tails, words[i][heads])
    return sums


def _copies(colors: list[Tensor]) -> list[list[int]]:
    """The sorted list of the histograms of the copies, each as the sorted list of its colours."""
    offset, parts = 0, []
    for own in colors:
        parts.append(own.sort(1).values + offset)
        offset += 1 << 32
    return sorted(torch.cat(parts, 1).tolist())


def _unmarked_first(test: Test) -> Test:
    """What SWL tells apart is told apart by all of these, at less cost."""
    return lambda A, B: bool(compare(A, B)) or test(A, B)


TESTS: dict[str, Test] = {
    "f-vector": lambda A, B: A.f_vector != B.f_vector,
    "WL": lambda A, B: bool(compare(A, B, weisfeiler_lehman)),
    "2-FWL": lambda A, B: bool(compare(A, B, folklore_wl)),
    "SWL": lambda A, B: bool(compare(A, B)),
    "marks=1": lambda A, B: bool(compare(A, B, marks=1)),
    "marks=1, WL": lambda A, B: bool(compare(A, B, weisfeiler_lehman, marks=1)),
    "marks=1, edges": lambda A, B: bool(compare(A, B, marks=1, mark_dim=1)),
    "marks=1, joined": _unmarked_first(
        lambda A, B: bool(compare(A, B, partial(simplicial_wl, marks=1)))
    ),
    "messages": _unmarked_first(partial(exchanged, neighbours=False)),
    "messages, neighbours": _unmarked_first(partial(exchanged, neighbours=True)),
    "marks=2": lambda A, B: bool(compare(A, B, marks=2)),
}


def lifted(graph: nx.Graph) -> SimplicialComplex:
    """The clique complex, of whatever dimension."""
    return clique_complex(graph, max_dim=len(graph))


def relabelled(graph: nx.Graph, seed: int) -> SimplicialComplex:
    """The same graph with its vertices renamed at random."""
    names = torch.randperm(len(graph), generator=torch.Generator().manual_seed(seed)).tolist()
    name = dict(zip(graph, names, strict=True))
    copy = nx.empty_graph(len(graph))
    copy.add_edges_from((name[u], name[v]) for u, v in graph.edges)
    return lifted(copy)


def main() -> None:
    """Go on where FILE ends, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--tests", nargs="*", default=list(TESTS), choices=list(TESTS))
    parser.add_argument("--minutes", type=float, default=20, help="for marks=2")
    args = parser.parse_args()
    torch.set_num_threads(1)
    known = read(args.file)
    pairs: Pairs = {pair[0]: (c, pair) for c, group in brec().items() for pair in group}
    with args.file.open("a", encoding="utf-8") as file:
        for test in [*args.tests, "relabelled"]:
            run(test, pairs, known, file, args.minutes)
    report(known, pairs)


def read(path: Path) -> Known:
    """What has been done: whether a test tells a pair apart, and the processor's seconds."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = map(json.loads, lines)
    return {(row["test"], row["pair"]): (row["apart"], row["seconds"]) for row in rows}


def run(test: str, pairs: Pairs, known: Known, file: TextIO, minutes: float) -> None:
    """Compare the pairs that have not been compared by a test."""
    spent = sum(seconds for (other, _), (_, seconds) in known.items() if other == test)
    for name in sorted(pairs, key=lambda name: len(pairs[name][1][1])):
        if (test, name) in known or (test == "marks=2" and told_apart("marks=1", name, known)):
            continue
        if test == "marks=2" and spent > 60 * minutes:
            return
        _, first, second = pairs[name][1]
        if test == "relabelled":
            graphs = [(lifted(g), relabelled(g, seed)) for seed, g in enumerate((first, second))]
            compared = [TESTS["marks=1"], TESTS["marks=1, joined"]]
        else:
            graphs, compared = [(lifted(first), lifted(second))], [TESTS[test]]
        begin = time.process_time()
        apart = any(one(*two) for one in compared for two in graphs)
        seconds = time.process_time() - begin
        known[test, name] = apart, seconds
        spent += seconds
        row = {"test": test, "pair": name, "apart": apart, "seconds": seconds}
        file.write(json.dumps(row) + "\n")
        file.flush()


def told_apart(test: str, name: str, known: Known) -> bool:
    """Whether a pair has been told apart."""
    return known.get((test, name), (False, 0.0))[0]


def report(known: Known, pairs: Pairs) -> None:
    """For each test and category what is told apart, of what was compared if that is not all."""
    categories = list(dict.fromkeys(category for category, _ in pairs.values()))
    print("| test | " + " | ".join(categories) + " | all | CPU s |")
    print("|---" * (len(categories) + 3) + "|")
    for test in [*TESTS, "relabelled"]:
        cells, total, seconds = [], 0, 0.0
        for category in categories:
            names = [name for name, (own, _) in pairs.items() if own == category]
            done = {name: known[test, name] for name in names if (test, name) in known}
            if test == "marks=2":  # tells apart what one mark does
                done |= {n: (True, 0.0) for n in names if told_apart("marks=1", n, known)}
            apart = sum(found for found, _ in done.values())
            total, seconds = total + apart, seconds + sum(s for _, s in done.values())
            cells.append(f"{apart}" if len(done) == len(names) else f"{apart}/{len(done)}")
        print(f"| {test} | " + " | ".join(cells) + f" | {total} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
