"""About how long an answer of ``simplex info`` takes, and how much memory, by the counts."""

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

from simplex.cli._answers import is_branched


if TYPE_CHECKING:
    from simplex.complexes import SimplicialComplex

# CPU time, and growth of the peak of resident memory, on growing complexes of 10⁴ to 10⁷ simplices:
# triangulated tori, Delaunay complexes of points in space, Rips complexes in the plane and in
# space, random clique complexes. Measured on 30 November 2026 on two virtual cores of an AMD EPYC,
# numba compiled before. The largest and the smallest rate are about 3 times larger and smaller.
_BETTI = 0.15e-6  # seconds an incidence: 0.06 (meshes, Rips) to 0.5 (sparse random cliques)
_BETTI_BYTES = 40  # an incidence of the largest map
_FLAG = 0.08e-6  # seconds a simplex: 0.03 (meshes) to 0.15
_FLAG_BYTES = 40  # a vertex or edge
_PURE = 0.01e-6  # seconds a simplex
_MANIFOLD = {1: 0.01e-6, 2: 0.6e-6, 3: 2.5e-6}  # seconds a simplex, by dimension
_MANIFOLD_BYTES = {1: 10, 2: 90, 3: 400}  # a simplex, by dimension
_DEGREES = 0.01e-6  # seconds an edge

# Reduction fills up, and is cubic, where simplices are many but scattered: of random triangles on a
# complete graph 3·10⁴ simplices took 1.4 seconds, 8·10⁴ took 21. Few of the pairs of simplices with
# a common facet are then in one simplex: 1 or 2 %, but 10 to 50 % in the complexes above.
_SCATTERED = 0.05
_FEW = 0.5  # simplices for each of one dimension less, below which nothing fills up

_UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Cost:
    """What an answer costs.

    Attributes:
        seconds: about how many; ``None`` where it cannot be foreseen and may be hours.
        num_bytes: of memory, about.
    """

    seconds: float | None
    num_bytes: int

    def __str__(self) -> str:
        import torch

        from simplex.complexes import available_bytes

        if self.num_bytes > available_bytes(torch.device("cpu")):
            return f"too much memory: about {_rounded(self.num_bytes / 1e9)} GB"
        if self.seconds is None:
            return "could take hours"
        if self.seconds < 0.75:
            return "less than a second"
        longer = [pair for pair in _UNITS if self.seconds >= 1.5 * pair[0]]
        unit, name = longer[0] if longer else _UNITS[-1]
        number = max(_rounded(self.seconds / unit), 1)
        return f"about {number} {name}{'' if number == 1 else 's'}"


def costs_of(K: "SimplicialComplex") -> dict[str, Cost]:
    """What each answer costs that is left out for a large complex."""
    sizes = K.f_vector
    total = sum(sizes)
    maps = [(k + 1) * n for k, n in enumerate(sizes) if k > 0]
    seconds = None if _is_scattered(sizes) else _BETTI * (sum(maps) + sum(sizes[:1]))
    betti = Cost(seconds, _BETTI_BYTES * max(maps, default=0))
    shape = min(max(K.dim, 1), 3)
    manifold = Cost(_MANIFOLD[shape] * total, _MANIFOLD_BYTES[shape] * total)
    if is_branched(K):
        manifold = Cost(0.0, 0)
    return {
        "betti_numbers": betti,
        "betti_numbers_mod_2": betti,
        "betti_numbers_mod_3": betti,
        "degrees": Cost(_DEGREES * sum(sizes[1:2]), 16 * sum(sizes[1:2])),
        "is_pure": Cost(_PURE * total, total),
        "is_flag": Cost(_FLAG * total, _FLAG_BYTES * sum(sizes[:2])),
        "is_manifold": manifold,
    }


def _is_scattered(sizes: tuple[int, ...]) -> bool:
    """Whether the simplices of some dimension are many, and few pairs of their facets meet in one.

    A (k-1)-simplex with d cofacets has d(d-1)/2 pairs of them; with their mean for d there are no
    more, so that uneven complexes, which are reduced quickly, do not count as scattered.
    """
    for k in range(1, len(sizes) - 1):
        mean = (k + 1) * sizes[k] / sizes[k - 1]
        pairs = sizes[k - 1] * mean * (mean - 1) / 2
        many = sizes[k + 1] > _FEW * sizes[k]
        if many and comb(k + 2, 2) * sizes[k + 1] < _SCATTERED * pairs:
            return True
    return False


def _rounded(number: float) -> int:
    """To about one digit: 7, 15, 20, 150."""
    power = max(10 ** (len(str(int(number))) - 1), 1)
    step = max(power if number >= 2 * power else power // 2, 1)
    return int(round(number / step) * step)
