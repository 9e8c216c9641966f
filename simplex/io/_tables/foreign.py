"""Text that is a graph in another format: refused by name, for as a table it is another graph."""

import re
from collections.abc import Sequence


_AS_EDGES = "Save the graph as an edge list, 'u v' a line."
_BEGINNINGS = [  # of the first line that is not blank
    (r"(<\?xml.*)?<graphml", "GraphML (XML)", "Read it with --format graphml."),
    (r"<", "XML or HTML", _AS_EDGES),
    (r">>(graph6|sparse6)<<", "graph6", "Read it with --format graph6."),
    (r">>(digraph6|planar_code)", "a format of nauty", _AS_EDGES),
    (r"graph\s*\[|Creator\b", "GML", "Read it with --format gml."),
    (r"(strict\s+)?(di)?graph\b[^,;\t]*\{", "the DOT language of Graphviz", _AS_EDGES),
    (r"[{\[]", "JSON", "Read it with --format json."),
    (r"dl\s+n(m)?\s*=?\s*\d", "UCINET's DL", _AS_EDGES),
    (r"LEDA\.GRAPH", "LEDA", _AS_EDGES),
    (r"nodedef\s*>", "GDF", _AS_EDGES),
    (r"@(nodes|arcs|edges)\b", "LEMON", _AS_EDGES),
    (r"(4|n)?OFF\s*$", "OFF", "Read it with --format off."),
    (r"ply\s*$", "PLY", "Read it with --format ply."),
    (
        r"\*(vertices|network|arcs|edges|matrix|arcslist|edgeslist|node|tie)",
        "Pajek",
        "Read it with --format pajek.",
    ),
]
_DIMACS = re.compile(r"p\s+[a-z]+\s+\d+\s+\d+", re.IGNORECASE)
_PAJEK = re.compile(r"\*(vertices|network|arcs|edges|matrix|arcslist|edgeslist)\b", re.IGNORECASE)


def refuse_other_formats(lines: Sequence[str]) -> None:
    """Raise ``ValueError`` where the lines are of a format that is no table.

    ``lines`` are those that are neither blank nor comments.
    """
    first = " ".join([*lines[:1], *(s for s in lines[1:9] if s.lstrip()[:1] == "<")]).strip()
    for pattern, name, remedy in _BEGINNINGS:
        if re.match(pattern, first, re.IGNORECASE):
            raise ValueError(f"must be a table of edges, got {name}. {remedy}")
    for line in lines:
        if line[:1] in "pP*" and (_DIMACS.match(line) or _PAJEK.match(line)):
            name = "Pajek" if line.startswith("*") else "DIMACS"
            remedy = f"Read it with --format {name.lower()}."
            raise ValueError(f"must be a table of edges, got {name} ({line[:40]!r}). {remedy}")


def refuse_two_sides(remarks: Sequence[tuple[int, str]]) -> None:
    """Raise ``ValueError`` for KONECT's bipartite lists, whose two sides both count from 1."""
    for line, remark in remarks[:2]:
        if re.match(r"%\s*bip\b", remark):
            raise ValueError(
                f"line {line}: {remark[:40]!r} says that the two columns are two sets of vertices, "
                "both numbered from 1. Give the sides different names, or take equal numbers for "
                "one vertex with --format edges."
            )


def _are_sizes(first: Sequence[int], largest: int, rest: int) -> bool:
    """Whether one number may count the vertices, and another the lines that follow."""
    if len(first) == 1 or first[0] == rest >= largest:
        return first[0] >= largest
    pairs = [(first[0], first[-1]), (first[-1], first[0])]
    return any(vertices >= largest and lines == rest for vertices, lines in pairs)


def refuse_counts_first(rows: Sequence[Sequence[str]], largest: int) -> None:
    """Raise ``ValueError`` where the first line may be sizes: 'n', 'n m', 'n n m', METIS.

    ``rows`` are all of integers; ``largest`` is the largest vertex number after the first line.
    """
    first, rest = [int(field) for field in rows[0]], len(rows) - 1
    if rest < 2:
        return
    sizes = len(first) <= 3 and min(first) >= 0 and _are_sizes(first, largest, rest)
    alone = len(first) == 1 and len(rows[1]) >= 1 and (sizes or first[0] == rest)
    if alone or (len(first) > 1 and sizes and rest in first):
        shown = " ".join(rows[0])
        metis = len(first) > 1 and first[0] == rest
        lists = (
            " (or of METIS, whose line i lists the neighbours of i: --format metis)"
            if metis
            else ""
        )
        remedy = "If edges follow, delete it" if metis else "Delete it"
        raise ValueError(
            f"line 1, {shown!r}, may be the numbers of vertices and edges{lists}: {rest} lines "
            f"follow. {remedy}, or read it as data with --format edges."
        )
