"""What is drawn: complexes, graphs, clouds, tables, and arguments that mean nothing."""

import math
from typing import Any

import networkx as nx
import numpy as np
import torch
from hypothesis import strategies as st

from simplex import SimplicialComplex


INTEGERS = (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, ">i4")
DTYPES = st.sampled_from([torch.float32, torch.float64])


@st.composite
def simplex_lists(draw: st.DrawFn, most: int = 7, width: int = 4) -> list[tuple[int, ...]]:
    """Tuples of distinct vertices below ``most``, in any order, repeated too."""
    one = st.lists(st.integers(0, most - 1), min_size=1, max_size=width, unique=True)
    return [tuple(s) for s in draw(st.lists(one, min_size=0, max_size=8))]


@st.composite
def as_people_write(draw: st.DrawFn, simplices: list[tuple[int, ...]]) -> Any:
    """The same simplices as tuples, lists, arrays of any integer type and stride, or tensors."""
    widths = {len(s) for s in simplices}
    if len(widths) != 1 or draw(st.booleans()):
        maker = draw(st.sampled_from([tuple, list, np.array, torch.tensor]))
        return [maker(s) for s in simplices]
    array = np.array(simplices, dtype=draw(st.sampled_from(INTEGERS)))
    view = draw(st.sampled_from(["plain", "reversed", "flipped", "fortran", "tensor", "frozen"]))
    if view == "tensor":
        return torch.tensor(simplices)
    if view == "frozen":
        array.flags.writeable = False
    views = {
        "reversed": array[::-1],
        "flipped": array[:, ::-1],
        "fortran": np.asfortranarray(array),
    }
    return views.get(view, array)


@st.composite
def complexes(draw: st.DrawFn, most: int = 7, width: int = 4) -> SimplicialComplex:
    n = draw(st.integers(0, most))
    simplices = draw(simplex_lists(most=max(n, 1), width=width)) if n else []
    return SimplicialComplex.from_simplices(simplices, num_vertices=n)


def simplices_of(K: SimplicialComplex) -> set[tuple[int, ...]]:
    return {tuple(s) for k in range(K.dim + 1) for s in K.simplices(k).tolist()}


@st.composite
def graphs(draw: st.DrawFn, most: int = 8) -> nx.Graph:
    n = draw(st.integers(0, most))
    pairs = [(u, v) for u in range(n) for v in range(u + 1, n)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    graph = nx.empty_graph(n)
    graph.add_edges_from(chosen)
    return graph


@st.composite
def clouds(draw: st.DrawFn, most: int = 8, dimension: int | None = None) -> torch.Tensor:
    """Points on grids, repeated, far from zero or general, in either precision."""
    n, d = draw(st.integers(1, most)), dimension or draw(st.integers(1, 3))
    unit = draw(st.sampled_from([0.1, 1.0, 1e-3, 1e4]))
    offset = draw(st.sampled_from([0.0, 0.0, 1000.0, -1e6]))
    if draw(st.booleans()):
        coordinate: Any = st.integers(-3, 3)
    else:
        coordinate = st.floats(-1, 1, width=32)
    rows = draw(st.lists(st.tuples(*[coordinate] * d), min_size=n, max_size=n))
    return (torch.tensor(rows, dtype=torch.float64) * unit + offset).to(draw(DTYPES))


NAMES = st.one_of(
    st.integers(0, 50).map(str),
    st.sampled_from(
        ["c#", "a#1", "a b", "x,y", "x;y", "nan", "Nan", "NA", "1e5", "0x1", "01", "-3"]
    ),
    st.sampled_from(
        ['say "hi"', "it's", "x%d", "é", "Ünal", "{a}", "(1, 2)", "->", "1.5", "source"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=4),
).filter(lambda name: name[0] not in "#%")  # a line that begins so is a comment

_K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
JUNK: tuple[Any, ...] = (
    None, True, -1, 0, 1, 10**30, 2**63, 0.5, math.nan, math.inf, -math.inf, 1j, "", "swl", b"x",
    (), [], {}, set(), [[]], [1, "a"], [[0, 1], [1]], {0: 1}, object(), range(3),
    nx.path_graph(3), _K, [_K], np.zeros((2, 2)), np.array([]), np.array("x"), np.zeros(3, object),
    torch.zeros(0), torch.zeros(4, 1), torch.zeros(4, dtype=torch.int64), torch.zeros(2, 2, 2),
    torch.full((4, 1), math.nan), torch.zeros(4, dtype=torch.complex64), torch.uint8,
    torch.zeros(4, 1).to_sparse(), torch.zeros(4, dtype=torch.bool), torch.float16,
    torch.zeros(4, 1, device="meta"),
)  # fmt: skip
