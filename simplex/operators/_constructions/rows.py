"""Complexes of tables of vertex tuples, and the names that new vertices get."""

from collections.abc import Hashable, Sequence

from torch import Tensor

from simplex.complexes import SimplicialComplex, require_memory, require_undirected
from simplex.operators._constructions.arguments import require_one_part


def complex_of_rows(
    rows: Sequence[Tensor], like: SimplicialComplex, count: int
) -> SimplicialComplex:
    """The closure of (m, k+1) vertex tables on ``count`` vertices, on the device of ``like``."""
    wanted = [table for table in rows if table.shape[1] > 1 and len(table)]
    return SimplicialComplex.from_simplices(wanted, num_vertices=count).to(like.device)


def require_room(f_vector: Sequence[int], like: SimplicialComplex, what: str) -> None:
    """Ask before tables of so many simplices are listed, sorted and closed under faces."""
    entries = sum((k + 1) * n for k, n in enumerate(f_vector))
    largest = max(((k + 1) ** 2 * n for k, n in enumerate(f_vector)), default=0)
    sizes = f"{what} of {sum(f_vector):.4g} simplices"
    remedy = "Lower max_dim or give smaller complexes."
    require_memory(8 * (2 * entries + 3 * largest), like.device, sizes, remedy)


def require_pair(A: SimplicialComplex, B: SimplicialComplex) -> None:
    """Raise unless both are single undirected complexes on one device."""
    for name, K in (("A", A), ("B", B)):
        require_undirected(name, K)
        require_one_part(name, K)
    if A.device != B.device:
        raise ValueError(f"A and B must be on one device, got {A.device} and {B.device}.")


def names_of(K: SimplicialComplex) -> Sequence[Hashable]:
    """The labels of the vertices, or where there are none their numbers."""
    return range(K.num_simplices(0)) if K.vertex_labels is None else K.vertex_labels


def fresh_names(word: str, count: int, taken: Sequence[Hashable]) -> list[Hashable]:
    """``word``, ``word 2``, …: as many as asked for that are not taken."""
    known, names = set(taken), list[Hashable]()
    number = 1
    while len(names) < count:
        name = word if number == 1 else f"{word} {number}"
        names += [] if name in known else [name]
        number += 1
    return names
