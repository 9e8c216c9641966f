"""The table of complexes that every law is checked on: small, named, and chosen to be awkward."""

import itertools

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
