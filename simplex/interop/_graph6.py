"""Graphs in graph6 and sparse6: one by one through networkx, or all plain ones at once."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from simplex.complexes import require_memory
from simplex.interop._graph_edges import GraphEdges


_MOST_ISOLATED = 1_000_000  # vertices that a short line of sparse6 may name
_PER_VERTEX = 500  # bytes of a node of networkx
_BLOCK = 1 << 20  # bytes decoded at a time


def read_graph6(lines: Iterable[str]) -> list[Any]:
    """Graphs of networkx, one a line of graph6 or sparse6; empty lines are left out.

    Raises:
        ValueError: a line is no graph, or names far more vertices than it can describe; the message
            has its number.
    """
    import networkx as nx

    graphs = []
    for number, line in enumerate(lines, start=1):
        code = re.sub(r"^>>(graph6|sparse6)<<", "", line.strip())
        if code:
            _require_graph6(code, number)
            read = nx.from_sparse6_bytes if code.startswith(":") else nx.from_graph6_bytes
            try:
                graphs.append(nx.Graph(read(code.encode())))
            except (nx.NetworkXError, ValueError, IndexError, AssertionError):
                what = f"line {number} must be a graph in graph6, got {line[:30]!r}."
                raise ValueError(what) from None
    return graphs


def _require_graph6(code: str, number: int) -> None:
    """Refuse what networkx would decode to something: other bytes, kinds, sizes out of thin air."""
    other = {"&": "digraph6, which is directed", ";": "incremental sparse6", ">": "another header"}
    if code[0] in other:
        raise ValueError(f"line {number} must be a graph in graph6, got {other[code[0]]}.")
    bits = code[1:] if code.startswith(":") else code
    odd = next((c for c in bits if not "?" <= c <= "~"), None)
    if odd is not None:
        raise ValueError(
            f"line {number} must be a graph in graph6, characters from '?' to '~', got {odd!r} in "
            f"{code[:30]!r}."
        )
    size = 8 if bits.startswith("~~") else 4 if bits.startswith("~") else 1
    count = 0
    for character in bits[size // 4 : size]:  # behind '~' or '~~', which say how long it is
        count = count << 6 | ord(character) - 63
    if code.startswith(":") and count > max(_MOST_ISOLATED, 64 * len(code)):
        raise ValueError(
            f"line {number} must describe its vertices, got a header of {count:,} vertices in "
            f"{len(code)} characters."
        )
    require_memory(
        _PER_VERTEX * count,
        torch.device("cpu"),
        f"the {count:,} vertices of line {number}",
        "Take a machine with more memory.",
    )


def read_plain_graph6(code: bytes) -> GraphEdges | None:
    """The disjoint union of the graphs in graph6, one a line; ``None`` for anything else.

    The edges {i, j}, i < j, of a graph are the bits j(j-1)/2 + i that are set, six a byte.
    """
    data = np.frombuffer(re.sub(rb"(?m)^>>graph6<<", b"", code), np.uint8)
    ends = np.append(np.flatnonzero(data == ord("\n")), len(data))
    starts = np.append(0, ends[:-1] + 1)
    starts, ends = starts[starts < ends], ends[starts < ends]
    digits = data - np.uint8(63)  # of base 64; a line break becomes more than that
    if len(starts) == 0 or np.count_nonzero(digits < 64) < (ends - starts).sum():
        return None
    sizes, first = digits[starts].astype(np.int64), starts + 1
    for line in np.flatnonzero(sizes == 63):  # then three digits follow, or a larger number
        size = digits[starts[line] + 1 : starts[line] + 4].tolist()
        if len(size) < 3 or max(size) > 63 or size[0] == 63:
            return None
        sizes[line] = size[0] << 12 | size[1] << 6 | size[2]
        first[line] += 3
    if ((sizes * (sizes - 1) // 2 + 5) // 6 != ends - first).any():
        return None
    pointer = np.append(0, sizes.cumsum())
    blocks = [*_edges_of_blocks(digits, first, ends, sizes, pointer), np.empty((2, 0), np.int64)]
    edges = torch.from_numpy(np.concatenate(blocks, axis=1))
    return GraphEdges(int(pointer[-1]), edges, None, torch.from_numpy(pointer))


def _edges_of_blocks(
    digits: NDArray[np.uint8],
    first: NDArray[np.int64],
    ends: NDArray[np.int64],
    sizes: NDArray[np.int64],
    pointer: NDArray[np.int64],
) -> Iterator[NDArray[np.int64]]:
    """The edges (2, E) of some lines after the other, whose digits are first … ends-1."""
    start = 0
    while start < len(first):
        stop = max(start + 1, int(np.searchsorted(ends, first[start] + _BLOCK)))
        begin = first[start]
        is_set = np.flatnonzero(np.unpackbits(digits[begin : ends[stop - 1]] << np.uint8(2)))
        byte = begin + (is_set >> 3)
        line = start + np.searchsorted(first[start:stop], byte, side="right") - 1
        bit = 6 * (byte - first[line]) + (is_set & 7)
        mine = (byte < ends[line]) & (bit < sizes[line] * (sizes[line] - 1) // 2)
        bit, line = bit[mine], line[mine]
        head = ((1 + np.sqrt(1 + 8 * bit)) / 2).astype(np.int64)
        head -= head * (head - 1) // 2 > bit
        head += head * (head + 1) // 2 <= bit
        yield np.stack([bit - head * (head - 1) // 2, head]) + pointer[line]
        start = stop
