"""How far layers and networks see: what mini-batches of a giant complex must hold."""

from collections.abc import Callable, Collection, Iterable
from functools import reduce
from typing import Any, NamedTuple

from simplex.complexes import require_int
from simplex.operators import ADJACENCIES


class Reach(NamedTuple):
    r"""How far from a simplex that may lie which its row of the result depends on.

    Let B_r be the vertices within r hops of some seeds, and

    .. math:: C_r = \{σ : σ ⊆ B_r\} \;⊂\; E_r = \{σ : |σ ∩ B_r| ≥ 2\} ∪ C_r \;⊂\;
              D_r = \{σ : σ ∩ B_r ≠ ∅\} \;⊂\; C_{r+1},

    numbered C_0, E_0, D_0, C_1, … = 0, 1, 2, 3, …. Rows on the simplices number p depend on the
    features of those number p + ``features[p % 3]`` and on which simplices there are up to number
    p + ``complex[p % 3]``. One message along an adjacency is a step, in thirds of a hop:

    ========== ======== ======== ======== ===============================================
    adjacency  from C_r from E_r from D_r because the senders
    ========== ======== ======== ======== ===============================================
    boundary   0        1        1        are faces
    coboundary 2 (1)    1 (0)    0        contain σ (k ≥ 1: and with it two of its vertices)
    upper      3 (2)    2 (1)    1        are faces of what contains σ
    lower      2        1        3        share a face with σ
    ========== ======== ======== ======== ===============================================

    The two differ where senders are divided by their degrees, which count simplices farther out.
    Layers here have an attribute ``reach``, and so have networks, of rows in evaluation mode; it is
    ``None`` where the whole complex is seen. A layer of your own says it too: a ``Reach``, or the
    number of its steps along any adjacencies. One that says nothing is taken to see all.

    Attributes:
        features: the steps from C_r, from E_r and from D_r.
        complex: likewise, at least as far.

    Example:
        >>> from simplex.nn import SCCN, MPSN
        >>> MPSN(1, 8, 2, num_layers=2, max_dim=2, level=0).hops
        2
        >>> SCCN(1, 8, 2, num_layers=2, max_dim=2, level=0).hops  # lower neighbours, degrees
        4
    """

    features: tuple[int, int, int]
    complex: tuple[int, int, int]

    def hops(self, start: int = 0) -> int:
        """The least H such that rows on the simplices number ``start`` need no more than C_H."""
        return -(-_stepped(start, self.complex) // 3)


class Sighted:
    """Of networks: how many hops around a simplex a ball must hold for its row to be exact."""

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`; ``None`` for the whole complex."""
        return None

    @property
    def hops(self) -> int | None:
        """The hops of :class:`simplex.loader.BallLoader` with which the rows of seeds are exact.

        ``None`` where a row depends on the whole complex: without a level, with the norm
        ``"graph"``, attention over all simplices, or filters scaled by a bound of the whole part.
        """
        return None if self.reach is None else self.reach.hops()


class Stage(NamedTuple):
    """A step of a network that can be taken block by block over a whole complex.

    Attributes:
        run: from the cochains of the stages that it reads, and the complex, to its own; the last
            to the rows of the level.
        reach: how far it sees.
        reads: the numbers of these stages: 0 is the input, 1 the result of the first.
    """

    run: Callable[..., Any]
    reach: Reach | None
    reads: tuple[int, ...]


NOTHING = Reach((0, 0, 0), (0, 0, 0))
"""Of what looks at one simplex at a time."""

Steps = tuple[int, int, int]
_STEPS: dict[str, Steps] = {
    "boundary": (0, 1, 1),
    "coboundary": (2, 1, 0),
    "upper": (3, 2, 1),
    "lower": (2, 1, 3),
}
_ABOVE_VERTICES: dict[str, Steps] = {**_STEPS, "coboundary": (1, 0, 0), "upper": (2, 1, 1)}


def along(adjacencies: Collection[str], times: int = 1, *, k: int = 0) -> Reach:
    """Of messages along all these adjacencies, so many times; to k-simplices and above."""
    table = _ABOVE_VERTICES if k else _STEPS
    widest = _farthest([(0, 0, 0), *(table[a] for a in adjacencies)])
    return then(*[Reach(widest, widest)] * times)


def then(*reaches: Reach) -> Reach:
    """Of operators in the order in which the row of a simplex reads them, from the result on."""
    return reduce(_before, reaches, NOTHING)


def with_counts(reach: Reach, *counts: str) -> Reach:
    """Of operators whose senders are divided by numbers of neighbours."""
    return reach._replace(complex=then(reach, along(counts)).complex)


def one_after_another(reaches: Iterable[Reach | None]) -> Reach | None:
    """Of layers in their order, from the input on."""
    listed = list(reaches)
    known = [reach for reach in listed if reach is not None]
    return then(*reversed(known)) if len(known) == len(listed) else None


def side_by_side(*reaches: Reach | None) -> Reach | None:
    """Of layers on the same input."""
    known = [reach for reach in reaches if reach is not None]
    return union(*known) if len(known) == len(reaches) else None


def union(*reaches: Reach) -> Reach:
    """The farthest of all."""
    features, complex_ = zip(NOTHING, *reaches, strict=True)
    return Reach(_farthest(features), _farthest(complex_))


def reach_of(module: object) -> Reach | None:
    """What a module says of itself, whatever it is; ``None`` where it says nothing."""
    said = getattr(module, "reach", None)
    if said is None or isinstance(said, Reach):
        return said
    return along(ADJACENCIES, require_int("reach", said, 0))


def _before(outer: Reach, inner: Reach) -> Reach:
    further = _through(outer.features, inner.complex)
    return Reach(_through(outer.features, inner.features), _farthest([outer.complex, further]))


def _through(outer: Steps, inner: Steps) -> Steps:
    first, second, third = (_stepped(_stepped(p, outer), inner) - p for p in range(3))
    return first, second, third


def _stepped(place: int, steps: Steps) -> int:
    return place + steps[place % 3]


def _farthest(steps: Iterable[Steps]) -> Steps:
    first, second, third = zip(*steps, strict=True)
    return max(first), max(second), max(third)
