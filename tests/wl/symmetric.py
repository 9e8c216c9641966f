"""Graphs that are hard to tell apart, or have many symmetries."""

import itertools
import random

import networkx as nx

from tests.wl.graphs import copies, csl, paley, rook, shrikhande


def cone(parts, apexes=1):
    """The graphs side by side, joined to further vertices."""
    graph = nx.disjoint_union_all(parts)
    count = len(graph)
    graph.add_edges_from((count + a, v) for v in range(count) for a in range(apexes))
    return graph


def projective_plane(q):
    """Points and lines over the field of q elements, joined where they meet."""
    points = [
        p for p in itertools.product(range(q), repeat=3) if any(p) and next(x for x in p if x) == 1
    ]
    return nx.Graph(
        (i, len(points) + j)
        for i, p in enumerate(points)
        for j, line in enumerate(points)
        if sum(a * b for a, b in zip(p, line, strict=True)) % q == 0
    )


def gadgets(graph, twisted):
    """The graph of Cai, Fürer and Immerman over a graph, with one edge crossed or none."""
    result = nx.Graph()
    for v in graph:
        around = sorted(graph[v])
        for bits in itertools.product((0, 1), repeat=len(around)):
            if sum(bits) % 2 == 0:
                result.add_edges_from(
                    ((v, bits), (v, u, b)) for u, b in zip(around, bits, strict=True)
                )
    for i, (u, v) in enumerate(graph.edges):
        result.add_edges_from(((u, v, b), (v, u, b ^ int(twisted and i == 0))) for b in (0, 1))
    return nx.convert_node_labels_to_integers(result)


def latin_square_graph(n, product):
    """The cells of a square, joined in a row, in a column, and where they hold the same."""
    cells = list(itertools.product(range(n), repeat=2))
    return nx.Graph(
        (i, j)
        for i, a in enumerate(cells)
        for j, b in enumerate(cells)
        if i < j and (a[0] == b[0] or a[1] == b[1] or product(*a) == product(*b))
    )


def hadamard_graph(matrix):
    """Rows and columns, each with both signs, joined to its other sign and as the entries say."""
    n = len(matrix)
    result = nx.Graph()
    for i, j, sign in itertools.product(range(n), range(n), (1, -1)):
        result.add_edge(("row", i, sign), ("column", j, sign * matrix[i][j]))
        result.add_edge((("row", "column")[j % 2], i, 1), (("row", "column")[j % 2], i, -1))
    return nx.convert_node_labels_to_integers(result)


def paley_matrix(q):
    """The Hadamard matrix of order q + 1, for a prime q = 3 modulo 4."""
    squares = {x * x % q for x in range(1, q)}

    def entry(i, j):
        if i == j:
            return 1
        if i == q or j == q:
            return 1 if j == q else -1
        return 1 if (i - j) % q in squares else -1

    return [[entry(i, j) for j in range(q + 1)] for i in range(q + 1)]


def hung(base, *branches):
    """The graph, with a copy of a branch at each node: in turn; its node 0 is put on it."""
    result = nx.convert_node_labels_to_integers(base)
    for v in list(result):
        branch, count = branches[v % len(branches)], len(result) - 1
        result.add_edges_from(
            tuple(count + w if w > 0 else v for w in edge)
            for edge in nx.convert_node_labels_to_integers(branch).edges
        )
    return result


def random_blocks(seed):
    """Small blocks that hang at each other, some of them in equal copies."""
    blocks = [*map(nx.cycle_graph, (3, 4, 5, 6)), nx.path_graph(2), nx.complete_graph(4)]
    blocks += [nx.diamond_graph(), nx.complete_bipartite_graph(2, 3), nx.star_graph(2)]
    draw = random.Random(seed)
    result = draw.choice(blocks)
    while len(result) < 20:
        kind, block = draw.randrange(3), draw.choice(blocks)
        if kind == 0 and len(result) < 8:
            result = hung(result, block)
        elif kind == 1:
            result = hung(block, result)
        else:  # at one node
            nodes = [nx.empty_graph(1)] * len(result)
            nodes[draw.randrange(len(result))] = block
            result = hung(result, *nodes)
    return result


C5, C6 = nx.cycle_graph(5), nx.cycle_graph(6)
GRAPHS = {
    "CSL(41, 3)": csl(3),
    "Petersen": nx.petersen_graph(),
    "Paley 29": paley(29),
    "Rook": rook(),
    "Shrikhande": shrikhande(),
    "star of 200": nx.star_graph(200),
    "30 cycles": copies(nx.cycle_graph(6), 30),
    "cycles of all lengths": nx.disjoint_union_all([nx.cycle_graph(n) for n in range(3, 12)] * 2),
    "3-regular": nx.random_regular_graph(3, 60, seed=1),
    "3-regular, more": copies(nx.random_regular_graph(3, 20, seed=2), 3),
    "cube": nx.hypercube_graph(5),
    "grid": nx.grid_graph((6, 7), periodic=True),
    "complete": nx.complete_graph(9),
    "complete bipartite": nx.complete_bipartite_graph(7, 7),
    "binary tree": nx.balanced_tree(2, 6),
    "no edges": nx.empty_graph(300),
    "trees around a hexagon": hung(C6, nx.random_labeled_tree(25, seed=0)),
    "hexagons around a tree": hung(nx.balanced_tree(2, 3), C6),
    "rings on rings": hung(hung(C5, C6), nx.cycle_graph(3), nx.path_graph(2)),
    "two Petersen graphs and a bridge": hung(nx.path_graph(2), nx.petersen_graph()),
    "around a node": hung(nx.star_graph(3), nx.petersen_graph(), hung(C5, rook()), C6),
}


C8, C4 = nx.cycle_graph(8), nx.cycle_graph(4)
HARD = {  # pairs that refinement leaves many ways to go wrong in, and whether they are isomorphic
    "cone": (cone([C8] * 4), cone([C8] * 3 + [C4] * 2), False),
    "cone with itself": (cone([C8] * 4), cone([C8] * 4), True),
    "five cones": (cone([C8] * 3, 5), cone([C8] * 2 + [C4] * 2, 5), False),
    "complement": (
        nx.complement(cone([C8] * 4)), nx.complement(cone([C8] * 3 + [C4] * 2)), False,
    ),
    "plane of order 7": (projective_plane(7), projective_plane(7), True),
    "twisted": (gadgets(nx.complete_graph(5), False), gadgets(nx.complete_graph(5), True), False),
    "twisted alike": (gadgets(nx.petersen_graph(), True), gadgets(nx.petersen_graph(), True), True),
    "latin squares": (
        latin_square_graph(8, lambda a, b: (a + b) % 8),
        latin_square_graph(8, lambda a, b: a ^ b), False,
    ),
    "line graph": (nx.line_graph(nx.complete_graph(9)),) * 2 + (True,),
    "around a hexagon": (
        hung(C6, rook(), shrikhande()), hung(C6, *[rook()] * 3, *[shrikhande()] * 3), False,
    ),
    "around a hexagon, turned": (
        hung(C6, *[rook()] * 2, shrikhande()), hung(C6, shrikhande(), *[rook()] * 2), True,
    ),
    "at other nodes of 3-regular graphs": (
        hung(nx.random_regular_graph(3, 20, seed=1), C5),
        hung(nx.random_regular_graph(3, 20, seed=2), C5), False,
    ),
    "on a chain": (
        hung(nx.path_graph(4), rook(), shrikhande(), rook(), rook()),
        hung(nx.path_graph(4), rook(), rook(), shrikhande(), rook()), True,
    ),
    "on a chain, elsewhere": (
        hung(nx.path_graph(4), rook(), shrikhande(), rook(), rook()),
        hung(nx.path_graph(4), shrikhande(), rook(), rook(), rook()), False,
    ),
}  # fmt: skip
