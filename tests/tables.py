"""Complexes that every law is checked on, small and awkward, and the golden vectors of a house."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from simplex import SimplicialComplex
from simplex.testing import random_complex, random_orientation


def _from(*simplices, n=None):
    return SimplicialComplex.from_simplices(list(simplices), num_vertices=n)


_PROJECTIVE_PLANE = [  # the six-vertex triangulation
    (0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5), (0, 1, 5),
    (1, 2, 4), (2, 4, 5), (2, 3, 5), (1, 3, 5), (1, 3, 4),
]  # fmt: skip
_TORUS = [
    tuple(sorted(((i + a) % 7, (i + b) % 7, (i + c) % 7)))
    for i in range(7)
    for a, b, c in [(0, 1, 3), (0, 2, 3)]
]  # the seven-vertex triangulation of Möbius and Császár

COMPLEXES: dict[str, SimplicialComplex] = {
    "empty": _from(),
    "one vertex": _from((0,)),
    "isolated vertices": _from((0,), n=4),
    "edge": _from((0, 1)),
    "edge and isolated vertices": _from((1, 3), n=5),
    "hollow triangle": _from((0, 1), (1, 2), (0, 2)),
    "filled triangle": _from((0, 1, 2)),
    "hollow tetrahedron": _from(*itertools.combinations(range(4), 3)),
    "filled tetrahedron": _from((0, 1, 2, 3)),
    "4-simplex": _from((0, 1, 2, 3, 4)),
    "house": _from((0, 1), (1, 2), (0, 3), (2, 3, 4)),
    "bow tie": _from((0, 1, 2), (2, 3, 4)),
    "triangle with tail": _from((0, 1, 2), (2, 3), n=6),
    "two components": _from((0, 1, 2), (3, 4), (4, 5), (3, 5)),
    "projective plane": _from(*_PROJECTIVE_PLANE),
    "torus": _from(*_TORUS),
    "3-sphere": _from(*itertools.combinations(range(5), 4)),
    "three triangles on an edge": _from((0, 1, 2), (0, 1, 3), (0, 1, 4)),
    **{f"random {seed}": random_complex(seed) for seed in range(3)},
    "reoriented": random_complex(7).reorient(random_orientation(random_complex(7), 7)),
    "union": SimplicialComplex.disjoint_union([random_complex(8), _from(), _from((0, 1, 2))]),
}


class House(NamedTuple):
    """The house complex, its features, and what parameter-free messages must give on it.

    Attributes:
        complex: 5 vertices, 6 edges, the triangle (2, 3, 4).
        x: features of vertices 1 … 5, of edges 1 … 6 (in the authors' order), of the triangle 1.
        expected: for each set of adjacencies the sums x_σ + Σ messages of each dimension, with
            messages x_τ + x_δ for lower and upper neighbours and x_τ for the others.
    """

    complex: SimplicialComplex
    x: list[Tensor]
    expected: dict[frozenset[str], list[Tensor]]


def house() -> House:
    """The golden vectors of the authors' tests, edges in our lexicographic order.

    Paper:
        Bodnar et al., "Weisfeiler and Lehman Go Topological", ICML 2021: the authors' test data
        for upper + lower and upper + boundary messages; the other two follow from the definition.
    """
    complex = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 3), (2, 3, 4)])
    order = [0, 3, 1, 2, 5, 4]  # the authors' e0, e3, e1, e2, e5, e4 are lexicographic

    def column(values: Sequence[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float32)[:, None]

    def table(vertices: list[float], edges: list[float], triangle: float) -> list[Tensor]:
        return [column(vertices), column([edges[i] for i in order]), column([triangle])]

    low, high = [12.0, 9, 25, 25, 23], [17.0, 12, 36, 37, 34]
    return House(
        complex,
        table([1.0, 2, 3, 4, 5], [1.0, 2, 3, 4, 5, 6], 1),
        {
            frozenset(["upper", "lower"]): table(low, [10.0, 20, 47, 22, 42, 37], 1),
            frozenset(["upper", "boundary"]): table(low, [4.0, 7, 23, 9, 25, 24], 15),
            frozenset(["upper", "lower", "boundary"]): table(low, [13.0, 25, 54, 27, 51, 45], 15),
            frozenset(["upper", "lower", "boundary", "coboundary"]): table(
                high, [13.0, 25, 55, 27, 52, 46], 15
            ),
        },
    )
