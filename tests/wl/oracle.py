"""Colour refinement by definition: vertex sets, sorted tuples, dictionaries. Slow and exact."""

import itertools

import networkx as nx

from simplex import SimplicialComplex


ADJACENCIES = ("boundary", "coboundary", "lower", "upper")
SUBSETS = [subset for size in range(1, 5) for subset in itertools.combinations(ADJACENCIES, size)]


def simplices_of(K: SimplicialComplex) -> list[list[frozenset]]:
    return [[frozenset(row) for row in K.simplices(k).tolist()] for k in range(K.dim + 1)]


def skeleton_graph(K: SimplicialComplex) -> nx.Graph:
    graph = nx.empty_graph(K.num_simplices(0))
    graph.add_edges_from(K.simplices(1).tolist())
    return graph


def renumber(signatures: dict) -> dict:
    """Colours from signatures: equal ones alike."""
    number: dict = {}
    return {thing: number.setdefault(s, len(number)) for thing, s in signatures.items()}


def rounds_until_stable(start: dict, signature) -> list[dict]:
    """All colourings from the start to the first stable one."""
    history = [renumber(start)]
    while True:
        old = history[-1]
        new = renumber({thing: (old[thing], signature(thing, old)) for thing in old})
        if len(set(new.values())) == len(set(old.values())):
            return history
        history.append(new)


def swl_history(K: SimplicialComplex, adjacencies, start: dict | None = None) -> list[dict]:
    """SWL colours after every round, per simplex (a frozenset)."""
    levels = simplices_of(K)
    everything = [s for level in levels for s in level]
    boundary = {s: [s - {v} for v in s] if len(s) > 1 else [] for s in everything}
    coboundary: dict = {s: [] for s in everything}
    for s in everything:
        for t in boundary[s]:
            coboundary[t].append(s)
    lower = {s: [(t, d) for d in boundary[s] for t in coboundary[d] if t != s] for s in everything}
    upper = {s: [(t, d) for d in coboundary[s] for t in boundary[d] if t != s] for s in everything}

    def signature(s, color):
        single = {"boundary": boundary, "coboundary": coboundary}
        double = {"lower": lower, "upper": upper}
        return tuple(
            tuple(sorted(color[t] for t in single[name][s]))
            if name in single
            else tuple(sorted((color[t], color[d]) for t, d in double[name][s]))
            for name in adjacencies
        )

    return rounds_until_stable(
        {s: (len(s), start[s] if start else 0) for s in everything}, signature
    )


def wl_history(graph: nx.Graph, start: dict | None = None) -> list[dict]:
    return rounds_until_stable(
        start or dict.fromkeys(graph, 0),
        lambda v, color: tuple(sorted(color[w] for w in graph[v])),
    )


def folklore_history(graph: nx.Graph) -> list[dict]:
    """2-FWL on the ordered pairs within the ``part`` of both vertices (one part if not given)."""
    part = nx.get_node_attributes(graph, "part", default=0)
    pairs = [(u, v) for u in graph for v in graph if part[u] == part[v]]
    start = {(u, v): (u == v, graph.has_edge(u, v)) for u, v in pairs}

    def signature(pair, color):
        u, v = pair
        return tuple(sorted((color[u, w], color[w, v]) for w in graph if part[w] == part[u]))

    return rounds_until_stable(start, signature)


def same_partition(first, second) -> bool:
    """Whether two equally long sequences of colours have the same classes."""
    pairs = set(zip(first, second, strict=True))
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def is_finer(fine, coarse) -> bool:
    """Whether equal colours in the first sequence are equal in the second."""
    return len(set(zip(fine, coarse, strict=True))) == len(set(fine))
