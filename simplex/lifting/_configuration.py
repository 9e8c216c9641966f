"""The configuration model of complexes: random facets of given sizes on given degrees."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    integer_tensor,
    interruptible,
    on_free_threads,
    require_generator,
    require_int,
    require_memory,
    require_undirected,
)
from simplex.operators import maximal_simplices


_MOVES_PER_INCIDENCE = 20  # of the walk by default: each moves ln E of the E incidences, on average
_FEWEST_MOVES = 1000
_MOST_MOVES = 2**62
_ROUNDS = 200  # of as many moves as incidences, and some, until no table is believed to exist


@on_free_threads()
def simplicial_configuration_model(
    K: SimplicialComplex,
    *,
    num_moves: int | None = None,
    generator: torch.Generator | None = None,
) -> SimplicialComplex:
    """A random complex with as many facets of each size, and at each vertex, as K has.

    The facets are the simplices that are faces of no other, and the degree of a vertex is the
    number of facets that it is in. A Markov chain starts from the facets of K. A move chooses L of
    the E incidences of vertices and facets, P(L ≥ l) = 1/(l-1), and permutes their vertices at
    random; it is not made where a facet would have a vertex twice, or be included in another one.

    Laws:
        Moves and their inverses are equally likely, and L = E leads anywhere, so that the chain
        tends to the uniform distribution on the complexes with numbered vertices and these degrees
        and sizes. It is the same whether facets are numbered or not: as no two are equal, every
        complex has equally many numberings.

    Args:
        K: the complex to begin with; its isolated vertices are facets of one vertex.
        num_moves: length of the chain, moves that are not made included; ``None`` for 1000 and 20
            for each incidence.
        generator: source of randomness; ``None`` for torch's global one.

    Returns:
        The complex, on the device of K, with its vertex labels and without its filtration.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: a directed complex, a union of several, or more simplices than fit in memory.

    Cost:
        A move looks at the facets of the vertices of the facets that it changes.

    Paper:
        Young, Petri, Vaccarino, Patania, "Construction of and efficient sampling from the
        simplicial configuration model", 2017. There L has an exponential distribution.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3), (3, 4)])
        >>> simplicial_configuration_model(K).f_vector
        (5, 5, 1)
    """
    require_undirected("K", K)
    if K.num_parts > 1:
        raise ValueError(
            f"K must be one complex, got a union of {K.num_parts}. Give the parts of K.split() one "
            "by one, or K.with_parts(None) to rewire across them."
        )
    if num_moves is not None:
        require_int("num_moves", num_moves, least=0, most=_MOST_MOVES)
    require_generator(generator)
    facets = [rows.cpu() for rows in maximal_simplices(K)]
    member = torch.cat([rows.flatten() for rows in facets]) if facets else torch.empty(0).long()
    sizes = torch.cat([torch.full((len(rows),), rows.shape[1]) for rows in facets] or [member])
    _require_room(len(member))
    table = _Table(member.numpy(), sizes.numpy(), K.num_simplices(0), generator)
    table.rewire(_default(num_moves, len(member)))
    return table.complex().to(K.device).with_vertex_labels(K.vertex_labels)


@on_free_threads()
def facet_sequence_complex(
    degrees: Any,
    sizes: Any,
    *,
    num_moves: int | None = None,
    generator: torch.Generator | None = None,
) -> SimplicialComplex:
    """A random complex with facets of given sizes, on vertices that are in given numbers of them.

    A table of facets is built greedily, the largest first, each on the vertices of which most is
    left. Random moves then take out inclusions between facets, and those of
    :func:`simplicial_configuration_model` follow, with the same distribution.

    Args:
        degrees: (n_0,) integers, the number of facets that each vertex is in, at least 1.
        sizes: (m,) integers, the number of vertices of each facet, at least 1.
        num_moves: length of the chain after a first complex is found; ``None`` as there.
        generator: source of randomness; ``None`` for torch's global one.

    Returns:
        The complex, on the CPU.

    Raises:
        TypeError: numbers that are no integers.
        ValueError: numbers below 1, different sums, sequences that no sets have, or sequences for
            which no sets without inclusions were found. There may be some nevertheless.

    Cost:
        As for :func:`simplicial_configuration_model`, and the moves until no facet is in another.

    Paper:
        As for :func:`simplicial_configuration_model`.

    Example:
        >>> facet_sequence_complex([2, 2, 1, 1, 1], [3, 2, 2]).f_vector
        (5, 5, 1)
    """
    degree, size = _sequence("degrees", degrees), _sequence("sizes", sizes)
    if num_moves is not None:
        require_int("num_moves", num_moves, least=0, most=_MOST_MOVES)
    require_generator(generator)
    totals = [sum(values.tolist()) for values in (degree, size)]
    if totals[0] != totals[1]:
        raise ValueError(
            f"degrees must have the sum of sizes, got {totals[0]} and {totals[1]}. Both count the "
            "pairs of a vertex and a facet that it is in."
        )
    _require_room(totals[0])
    size = -np.sort(-size)
    table = _Table(_realized(degree, size), size, len(degree), generator)
    if not table.take_out_inclusions():
        raise ValueError(
            f"degrees and sizes must allow facets of which none includes another, but none were "
            f"found in {_ROUNDS * table.round} moves. Larger facets, or more vertices of degree 1, "
            "leave more room."
        )
    table.rewire(_default(num_moves, totals[0]))
    return table.complex()


class _Table:
    """Facets as a matching of their slots, in the order of the facets, to the stubs of vertices."""

    def __init__(
        self,
        member: np.ndarray,
        sizes: np.ndarray,
        num_vertices: int,
        generator: torch.Generator | None,
    ) -> None:
        self.sizes, self.num_vertices = sizes, num_vertices
        self.slot_of = member.argsort(kind="stable")
        self.vertex_of = member[self.slot_of]
        self.stub_at = np.empty_like(self.slot_of)
        self.stub_at[self.slot_of] = np.arange(len(member))
        self.facet_of = np.arange(len(sizes)).repeat(sizes)
        self.facet_start = _starts(sizes)
        self.vertex_start = _starts(np.bincount(member, minlength=num_vertices))
        self.round = len(member) + _FEWEST_MOVES
        device = "cpu" if generator is None else generator.device
        seed = torch.randint(2**62, (1,), generator=generator, device=device)
        self.state = seed.cpu().numpy().astype(np.uint64)

    def rewire(self, num_moves: int) -> int:
        """Make so many moves; the number of inclusions afterwards."""
        from simplex.lifting._configuration_numba import rewire

        if not len(self.sizes):
            return 0
        ended = np.zeros(1, np.bool_)
        sides = (self.vertex_of, self.vertex_start, self.facet_of, self.facet_start)
        matching = (self.stub_at, self.slot_of)
        return int(
            interruptible(rewire, *sides, *matching, num_moves, self.state, ended, stop=ended)
        )

    def take_out_inclusions(self) -> bool:
        """Whether there are none, at once or after some moves."""
        return not self.rewire(0) or any(not self.rewire(self.round) for _ in range(_ROUNDS))

    def complex(self) -> SimplicialComplex:
        member, listed = self.vertex_of[self.stub_at], []
        for size in np.unique(self.sizes).tolist():
            rows = member[self.sizes[self.facet_of] == size].reshape(-1, size)
            listed.append(torch.from_numpy(rows))
        return SimplicialComplex.from_simplices(listed, num_vertices=self.num_vertices)


def _starts(counts: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], counts.cumsum()]).astype(np.int64)


def _realized(degree: np.ndarray, size: np.ndarray) -> np.ndarray:
    """The vertices of all facets, whose sizes decrease, with inclusions; an error if none exist."""
    from simplex.lifting._configuration_numba import realize

    vertex = (-degree).argsort(kind="stable")
    left, member = degree[vertex], np.empty(int(size.sum()), np.int64)
    many = int(left[0]) + 2 if len(left) else 0
    at_least = np.ascontiguousarray(np.bincount(left, minlength=many)[::-1].cumsum()[::-1])
    too_large = bool(len(size)) and size[0] > len(degree)
    if too_large or not realize(vertex, left, size, at_least, member):
        raise ValueError(
            f"degrees and sizes must be those of {len(size)} sets of {len(degree)} vertices, but "
            "no sets have them (Gale and Ryser). A degree can be at most the number of facets, a "
            "size at most the number of vertices."
        )
    return member


def _sequence(name: str, values: Any) -> np.ndarray:
    numbers: Tensor = integer_tensor(name, values)
    if numbers.ndim != 1 or numbers.is_meta:
        raise ValueError(f"{name} must be a list of integers, got shape {tuple(numbers.shape)}.")
    if len(numbers) and int(numbers.min()) < 1:
        raise ValueError(
            f"{name} must be at least 1, got {int(numbers.min())}. A vertex in no larger facet is "
            "one itself: degree 1, and a facet of size 1."
        )
    array: np.ndarray = numbers.cpu().numpy()
    return np.ascontiguousarray(array)


def _default(num_moves: int | None, num_incidences: int) -> int:
    return _FEWEST_MOVES + _MOVES_PER_INCIDENCE * num_incidences if num_moves is None else num_moves


def _require_room(num_incidences: int) -> None:
    what, remedy = f"the tables of {num_incidences:.4g} incidences", "Give fewer or smaller facets."
    require_memory(num_incidences * 96, torch.device("cpu"), what, remedy)
