"""graph6 and sparse6: graphs without names, one a line."""

from collections.abc import Iterable

import numpy as np

from simplex.complexes import SimplicialComplex
from simplex.interop import read_graph, read_graph6, read_plain_graph6
from simplex.io._content import Content, Values
from simplex.io._options import Reading
from simplex.io._source import read_text


def read_graphs6(path: str, _: Reading, __: int | None, notes: list[str]) -> Content:
    """All graphs of a file, as their disjoint union."""
    from tqdm import tqdm

    text = read_text(path, [])
    if (plain := read_plain_graph6(text.encode())) is not None:
        return Content(plain)
    lines: Iterable[str] = text.split("\n")
    return Content(read_graph(read_graph6(tqdm(lines, "reading", disable=None, leave=False))))


def write_graphs6(
    K: SimplicialComplex, values: dict[int, Values], ending: str, notes: list[str]
) -> bytes:
    """A line for each part: graph6, or sparse6 for the ending ``.s6``."""
    parts = K.split() if K.num_parts != 1 else [K]
    if ending == ".s6":
        import networkx as nx

        from simplex.interop import to_networkx

        plain = [to_networkx(part.with_vertex_labels(None)) for part in parts]
        return b"".join(nx.to_sparse6_bytes(graph, header=False) for graph in plain)
    return b"".join(_line(part) for part in parts)


def _line(part: SimplicialComplex) -> bytes:
    """The number of vertices, then a bit for each pair i < j, at j(j-1)/2 + i, six a byte."""
    n = part.num_simplices(0)
    if n > 258047:
        raise ValueError(f"graph6 must have at most 258047 vertices here, got {n}. Write sparse6.")
    size = [n] if n < 63 else [63, n >> 12, n >> 6 & 63, n & 63]
    bits = np.zeros(-(-(n * (n - 1) // 2) // 6) * 6, dtype=np.uint8)
    i, j = part.simplices(1).T.cpu().numpy()
    bits[j * (j - 1) // 2 + i] = 1
    sixes = bits.reshape(-1, 6) @ np.array([32, 16, 8, 4, 2, 1], dtype=np.uint8)
    return bytes(x + 63 for x in size) + (sixes + 63).astype(np.uint8).tobytes() + b"\n"
