"""Random triangulations of closed surfaces, with their topology as labels."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import combinations
from math import ceil, sqrt
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    interruptible,
    require_flag,
    require_generator,
    require_int,
    require_memory,
    require_word,
    shown,
)
from simplex.data import SimplicialDataset
from simplex.datasets._checks import require_pair
from simplex.transforms import spread_features


_SPHERE = list(combinations(range(4), 3))
_TORUS = [((i, (i + 1) % 7, (i + 3) % 7), (i, (i + 2) % 7, (i + 3) % 7)) for i in range(7)]
_PROJECTIVE_PLANE = [
    (0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5), (0, 1, 5),
    (1, 2, 4), (2, 4, 5), (2, 3, 5), (1, 3, 5), (1, 3, 4),
]  # fmt: skip
_MOST_GENUS = 10**6
_QUICK = 1 << 14  # moves that are over before anybody would interrupt them
_MOST_FLIPS = 3 * 10**8  # about five minutes
_PATIENCE = 2_000_000  # proposals; the minimal triangulations below genus 5 take some thousands


class Surface(NamedTuple):
    """A closed connected surface, up to homeomorphism.

    Args:
        genus: handles of an orientable surface, crosscaps of a non-orientable one.
        orientable: whether it is orientable.

    Example:
        >>> klein_bottle = Surface(2, orientable=False)
        >>> klein_bottle.euler_characteristic, klein_bottle.betti_numbers
        (0, (1, 1, 0))
    """

    genus: int
    orientable: bool

    @property
    def euler_characteristic(self) -> int:
        """χ = 2 - 2·genus for orientable surfaces, 2 - genus for others."""
        return 2 - self.genus * (2 if self.orientable else 1)

    @property
    def betti_numbers(self) -> tuple[int, int, int]:
        """Betti numbers over the rationals, (1, 2g, 1) or, if not orientable, (1, g-1, 0)."""
        if self.orientable:
            return 1, 2 * self.genus, 1
        return 1, self.genus - 1, 0

    @property
    def min_vertices(self) -> int:
        r"""The least number of vertices of a triangulation.

        .. math:: n_0 = \left\lceil \tfrac12 \left( 7 + \sqrt{49 - 24 χ} \right) \right\rceil,

        and one more for genus 2, the Klein bottle and the non-orientable genus 3.

        Paper:
            Jungerman, Ringel, "Minimal triangulations on orientable surfaces", Acta Math. 1980;
            Ringel, Math. Ann. 1955, for the non-orientable ones.
        """
        exceptions = ((2, True), (2, False), (3, False))
        bound = ceil((7 + sqrt(49 - 24 * self.euler_characteristic)) / 2)
        return bound + (tuple(self) in exceptions)


SURFACES: Mapping[str, Surface] = MappingProxyType(
    {
        "sphere": Surface(0, True),
        "torus": Surface(1, True),
        "genus 2": Surface(2, True),
        "projective plane": Surface(1, False),
        "Klein bottle": Surface(2, False),
        "non-orientable genus 3": Surface(3, False),
        "non-orientable genus 4": Surface(4, False),
    }
)
"""The surfaces that have a name here; by default the classes of :func:`surfaces`, in order."""


def random_surface(
    surface: str | tuple[int, bool],
    num_vertices: int = 16,
    *,
    num_flips: int = 300,
    generator: torch.Generator | None = None,
) -> SimplicialComplex:
    """A random triangulation of a closed surface: a random walk by bistellar flips.

    The walk starts at a connected sum of the 7-vertex torus and the 6-vertex projective plane (at
    the boundary of the tetrahedron for the sphere), comes to the wanted number of vertices by moves
    1-3, or 2-2 and 3-1, and then makes ``num_flips`` random moves of all three kinds. A move that
    would not leave a simplicial complex is not made. At last the vertices are permuted at random,
    so that numbers, and the orientations that follow them, tell nothing.

    Any two triangulations of a surface are connected by such moves (Pachner), but the distribution
    after finitely many is not uniform.

    Args:
        surface: a name in ``SURFACES``, or a pair (genus, orientable) of the number of handles, or
            of crosscaps if not orientable, and a truth value.
        num_vertices: n_0.
        num_flips: moves in the random walk.
        generator: source of all randomness, on the CPU; ``None`` for torch's global one.

    Returns:
        A complex with f-vector (n_0, 3(n_0 - χ), 2(n_0 - χ)).

    Raises:
        TypeError: a number is no integer.
        ValueError: an unknown surface; fewer vertices than its triangulations have; a negative
            number of flips.
        RuntimeError: no triangulation with so few vertices was found (only for high genus and a
            number near the minimum).

    Cost:
        O(degree) for each flip, compiled: 10⁶ flips take about a second.

    Paper:
        Pachner, "P.L. homeomorphic manifolds are equivalent by elementary shellings", European J.
        Combin. 1991; Björner, Lutz, "Simplicial manifolds, bistellar flips and a 16-vertex
        triangulation of the Poincaré homology 3-sphere", Experiment. Math. 2000.

    Example:
        >>> random_surface("Klein bottle", 10, generator=torch.Generator().manual_seed(0))
        SimplicialComplex(f_vector=(10, 30, 20))
    """
    kind = _require_surface(surface)
    require_int(f"num_vertices of {surface!r}", num_vertices, kind.min_vertices)
    _require_walk(num_flips, generator)
    _require_room(1, [kind], num_vertices, num_flips)
    triangles = _triangles(kind, num_vertices, num_flips, generator)
    return SimplicialComplex.from_simplices(triangles, num_vertices=num_vertices)


def surfaces(
    num_surfaces: int,
    names: Sequence[str | tuple[int, bool]] = tuple(SURFACES),
    *,
    num_vertices: tuple[int, int] = (12, 20),
    num_flips: int = 300,
    features: Literal["degree", "ones", "random"] = "degree",
    generator: torch.Generator | None = None,
) -> SimplicialDataset:
    """A data set of random triangulated surfaces, labelled by their topology.

    The classes are as equally many as can be, in random order. Each item has the fields

    - ``y`` (1,) int64: the class, its place in ``names``;
    - ``genus`` (1,) int64, ``orientable`` (1,) int64 0 or 1, ``betti_numbers`` (1, 3) int64 over
      the rationals; as ``SURFACES`` has them.

    What can be known by counting: n_0 is uniform in the range ``num_vertices`` for every class
    alike, but a surface has n_2 = 2(n_0 - χ), so the f-vector tells the Euler characteristic χ,
    and with it everything, except among surfaces of equal χ: torus and Klein bottle (χ = 0), genus
    2 and non-orientable genus 4 (χ = -2). On these pairs alone does orientability have to be
    *seen*; elsewhere a score may be won by counting, as by :class:`simplex.nn.FVectorMLP`.

    Args:
        num_surfaces: how many.
        names: the classes, as for :func:`random_surface`.
        num_vertices: the least and the largest n_0.
        num_flips: as for :func:`random_surface`.
        features: the cochains, one channel in each dimension 0, 1, 2. ``"degree"``: of a simplex,
            the sum of the degrees of its vertices; ``"ones"``; ``"random"``: standard normal
            numbers, drawn once. The last are distributed alike in all orientations, so they may be
            read as oriented cochains too; the others are not oriented.
        generator: source of all randomness, on the CPU; ``None`` for torch's global one.

    Returns:
        The data set, stored as one union.

    Raises:
        TypeError: a number is no integer.
        ValueError: as for :func:`random_surface`, for any class and n_0; no class; an empty range;
            other features.

    Example:
        >>> dataset = surfaces(8, ["torus", "Klein bottle"], num_vertices=(9, 12))
        >>> dataset[0].betti_numbers.shape, dataset.y.bincount().tolist()
        (torch.Size([1, 3]), [4, 4])
    """
    names = _listed(names)
    kinds = [_require_surface(name) for name in names]
    if not kinds:
        raise ValueError("names must hold at least one surface, got none.")
    low, high = require_pair("num_vertices", num_vertices)
    needed = max(kind.min_vertices for kind in kinds)
    require_int(f"num_vertices[0] of {names}", low, needed)
    require_int("num_vertices[1]", high, low)
    require_int("num_surfaces", num_surfaces, least=1)
    _require_walk(num_flips, generator)
    _require_room(num_surfaces, kinds, high, num_flips)
    y = torch.arange(num_surfaces) % len(kinds)
    y = y[torch.randperm(num_surfaces, generator=generator)]
    counts = torch.randint(low, high + 1, (num_surfaces,), generator=generator)
    start = torch.nn.functional.pad(counts.cumsum(0), (1, 0))
    triangles = [
        _triangles(kinds[label], count, num_flips, generator) + first
        for label, count, first in zip(y.tolist(), counts.tolist(), start.tolist(), strict=False)
    ]
    union = SimplicialComplex.from_simplices(torch.cat(triangles), num_vertices=int(start[-1]))
    union = union.with_parts(start)
    fields = {
        "y": y,
        "genus": torch.tensor([kind.genus for kind in kinds])[y],
        "orientable": torch.tensor([int(kind.orientable) for kind in kinds])[y],
        "betti_numbers": torch.tensor([kind.betti_numbers for kind in kinds])[y],
    }
    cochains = _cochains(union, features, generator)
    return SimplicialDataset.from_union(union, cochains, fields=fields)


def _require_room(count: int, kinds: Sequence[Surface], num_vertices: int, num_flips: int) -> None:
    """Ask before the triangles, of the walk and its start, and before a walk that takes long."""
    what = f"the {count} triangulations of at most {num_vertices} vertices"
    most = max(2 * (num_vertices - kind.euler_characteristic) + 14 * kind.genus for kind in kinds)
    need = count * (1000 + 200 * most)
    require_memory(need, torch.device("cpu"), what, "Ask for fewer or smaller ones.")
    if count * num_flips > _MOST_FLIPS:
        raise ValueError(
            f"num_flips must be at most {_MOST_FLIPS:,}, some minutes, for all surfaces together, "
            f"got {num_flips:,} for each of {count:,}."
        )


def _cochains(
    union: SimplicialComplex, features: str, generator: torch.Generator | None
) -> list[Tensor]:
    require_word("features", features, ("degree", "ones", "random"))
    if features == "ones":
        return [torch.ones(n, 1) for n in union.f_vector]
    if features == "random":
        return [torch.randn(n, 1, generator=generator) for n in union.f_vector]
    degree = union.cofacets(0)[0].diff().to(torch.get_default_dtype())
    return spread_features(union, degree[:, None], 2)


def _triangles(
    kind: Surface, num_vertices: int, num_flips: int, generator: torch.Generator | None
) -> Tensor:
    """(n_2, 3) vertices of the triangles of a random triangulation, in any order."""
    from simplex.datasets._bistellar import walk

    start, beyond = _start(kind)
    vertices = int(start.max()) + 1
    room = 2 * max(num_vertices - vertices, 0) + 2  # the walk is one vertex above, at times
    corners, across = (np.pad(table, ((0, room), (0, 0))) for table in (start, beyond))
    home = np.zeros(max(num_vertices, vertices) + 1, np.int64)
    home[start] = np.arange(len(start))[:, None]
    size = np.array([vertices, len(start)])
    seed = torch.randint(2**62, (1,), generator=generator).numpy().astype(np.uint64)
    ended = np.zeros(1, np.bool_)
    tables = (corners, across, home, size, num_vertices, num_flips, _PATIENCE, seed, ended)
    if num_vertices + num_flips < _QUICK:
        found = walk(*tables)
    else:
        found = interruptible(walk, *tables, stop=ended)
    if not found:
        raise RuntimeError(
            f"num_vertices must be larger for {kind}: no triangulation with {num_vertices} "
            f"vertices was found in {_PATIENCE:,} tries."
        )
    new_number = torch.randperm(num_vertices, generator=generator)
    return new_number[torch.from_numpy(corners[: size[1]])]


@cache
def _start(kind: Surface) -> tuple[np.ndarray, np.ndarray]:
    """A triangulation to start at, (n_2, 3), and the triangles across the edges, (n_2, 3).

    A sum with a projective plane turns each handle into two crosscaps (Dyck's theorem).
    """
    torus, plane = np.array(_TORUS).reshape(-1, 3), np.array(_PROJECTIVE_PLANE)
    handles = kind.genus if kind.orientable else (kind.genus - 1) // 2
    crosscaps = 0 if kind.orientable else kind.genus - 2 * handles
    summands = [torus] * handles + [plane] * crosscaps or [np.array(_SPHERE)]
    triangles = _connected_sum(summands)
    # the two triangles at an edge stand next to each other when sorted by edge
    edges = np.sort(triangles[:, [[1, 2], [0, 2], [0, 1]]], axis=2).reshape(-1, 2)  # (3 n_2, 2)
    pairs = np.lexsort(edges.T).reshape(-1, 2)  # (n_1, 2) sides, numbered 3 t + i
    across = np.empty(len(edges), np.int64)
    across[pairs] = pairs[:, ::-1] // 3
    return triangles, across.reshape(-1, 3)


def _connected_sum(summands: Sequence[np.ndarray]) -> np.ndarray:
    """Take the last triangle of the sum so far and the first of the next out; glue their rims."""
    triangles = np.empty((sum(map(len, summands)) - 2 * (len(summands) - 1), 3), np.int64)
    end = len(summands[0])
    triangles[:end] = summands[0]
    vertices = int(summands[0].max()) + 1
    for summand in summands[1:]:
        number = np.empty(summand.max() + 1, np.int64)
        others = np.setdiff1d(np.arange(len(number)), summand[0])
        number[summand[0]] = triangles[end - 1]
        number[others] = vertices + np.arange(len(others))
        vertices += len(others)
        begin, end = end - 1, end + len(summand) - 2
        triangles[begin:end] = number[summand[1:]]
    return triangles


def _require_walk(num_flips: object, generator: object) -> None:
    require_int("num_flips", num_flips, least=0)
    require_generator(generator)


def _listed(names: Any) -> list[Any]:
    """The classes; a word is one name, not a list of letters."""
    listed = names.tolist() if isinstance(names, np.ndarray) else names
    if isinstance(listed, (str, bytes, Tensor)) or not isinstance(listed, Iterable):
        raise TypeError(f"names must be a list of surfaces, such as ['torus'], got {shown(names)}.")
    return list(listed)


def _require_surface(surface: str | tuple[int, bool]) -> Surface:
    if isinstance(surface, str):
        if surface not in SURFACES:
            raise ValueError(
                f"surface must be one of {list(SURFACES)} or (genus, orientable), got {surface!r}."
            )
        return SURFACES[surface]
    if not isinstance(surface, (tuple, list)) or len(surface) != 2:
        raise TypeError(
            f"surface must be one of {list(SURFACES)} or (genus, orientable), got {shown(surface)}."
        )
    genus, orientable = surface
    require_flag("orientable", orientable)
    require_int("genus", genus, 0 if orientable else 1)
    require_int("genus", genus, most=_MOST_GENUS)
    return Surface(genus, bool(orientable))
