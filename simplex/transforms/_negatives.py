"""Vertex sets that are certainly no simplices, drawn without replacement."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    fillable_simplices,
    integer_tensor,
    on_free_threads,
    ragged,
    require_int,
    require_undirected,
    require_word,
    unique_rows,
)
from simplex.transforms._checks import require_complex, require_generator


Kind = Literal["open", "uniform", "one-swapped"]
_MOST_SETS = 2**62  # numbers of vertex sets are int64
_LISTED = 1 << 22  # so many exchanges are all looked at
_ROUNDS = 64  # of proposals otherwise


@on_free_threads()
def negative_simplices(
    K: SimplicialComplex,
    k: int,
    count: int | Sequence[int] | Tensor,
    *,
    kind: Kind = "open",
    also: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Sets of k+1 vertices of one part that are no simplices of the complex, each at most once.

    Uniformly among the sets of the kind, exactly: what is a simplex is never drawn.

    - ``"open"``: all facets are there, as around an open triangle; of pairs, that is all of them.
      These are the negatives that a network cannot tell by a missing edge.
    - ``"uniform"``: any set.
    - ``"one-swapped"``: a k-simplex with one vertex exchanged for another of its part.

    Args:
        K: the complex, or a union, where each part is drawn from on its own.
        k: their dimension, at least 1.
        count: how many from each part; or one number for each.
        kind: see above.
        also: (m, k+1) vertex ids of further sets that are never drawn, such as simplices of the
            other parts of a split.
        generator: of the draw, on the device of the complex; ``None`` for torch's own.

    Returns:
        (total, k+1) int64 vertex ids, rows increasing and in lexicographic order.

    Raises:
        TypeError: ``K`` is no complex, or the numbers are no integers.
        ValueError: ``k`` below 1, fewer sets than asked for, or more than 64 bits can number.

    Cost:
        O(count · log) for ``"uniform"``, whatever the number of vertices; that of
        :func:`simplex.complexes.fillable_simplices` for ``"open"``.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2), (2, 3)])
        >>> negative_simplices(K, 2, 1, kind="open").tolist()
        [[0, 1, 2]]
    """
    require_complex(K)
    require_undirected("K", K)
    require_int("k", k, 1, 63)
    require_word("kind", kind, ("open", "uniform", "one-swapped"))
    require_generator(generator)
    counts = _counts(K, count)
    true = _true_simplices(K, k, also)
    if kind == "one-swapped":
        rows = _swapped(K, k, counts, true, generator)
    elif kind == "uniform" or k == 1:
        rows = _uniform(K, k, counts, true, generator)
    else:
        rows = _open(K, k, counts, true, generator)
    return _distinct_rows(rows, K.num_simplices(0))


# --- the three kinds ------------------------------------------------------------------------------


def _open(
    K: SimplicialComplex, k: int, counts: Tensor, true: Tensor, generator: torch.Generator | None
) -> Tensor:
    facets, below = fillable_simplices(K, k), K.simplices(k - 1)
    rows = torch.cat([below[facets[:, -1]], below[facets[:, 0], -1:]], dim=1)
    rows = rows[~_among(rows, true, K.num_simplices(0))]
    return rows[_chosen(K, rows, counts, "open", k, generator)]


def _uniform(
    K: SimplicialComplex, k: int, counts: Tensor, true: Tensor, generator: torch.Generator | None
) -> Tensor:
    """Sets by their numbers: the j-th that is no simplex lies behind the simplices before it."""
    start = K.part_pointer(0)
    sizes = _sizes(K)
    largest = int(sizes.max()) if len(sizes) else 0
    if len(sizes) * math.comb(largest, min(k + 1, largest // 2)) >= _MOST_SETS:
        raise ValueError(
            f"K must have fewer than 2⁶² sets of {k + 1} vertices, got parts of {largest} vertices."
            " Take kind='open' or 'one-swapped'."
        )
    tables = _binomials(largest, k + 1, K.device)
    every = tables[k + 1][sizes]  # (num_parts,) how many sets there are
    first = _starts(every)
    part = K.part(0)[true[:, 0]]
    taken = torch.unique(first[part] + _number(true - start[part][:, None], tables))
    left = every - _per_part(torch.bucketize(taken, every.cumsum(0), right=True), K)
    _require_enough(left, counts, "uniform", k)
    nth = _distinct(left, counts, generator)
    before = taken - torch.arange(len(taken), device=K.device)  # sets left below each simplex
    number = nth + torch.searchsorted(before, nth, right=True)
    part = torch.bucketize(number, every.cumsum(0), right=True)
    return _numbered(number - first[part], tables) + start[part][:, None]


class _Exchange(NamedTuple):
    """The pairs of a facet of a k-simplex and a vertex of its part, numbered part by part."""

    K: SimplicialComplex
    k: int
    true: Tensor
    used: Tensor  # (n_{k-1},) whether a k-simplex has this facet
    facets: Tensor  # their ids
    pairs: Tensor  # (num_parts,) how many pairs there are

    @classmethod
    def of(cls, K: SimplicialComplex, k: int, true: Tensor) -> "_Exchange":
        used = K.cofacets(k - 1)[0].diff() > 0
        facets = used.nonzero().squeeze(1)
        return cls(K, k, true, used, facets, _per_part(K.part(k - 1)[facets], K) * _sizes(K))

    def sets(self, part: Tensor, pair: Tensor) -> Tensor:
        """Of these pairs, of which part each, the sets that are no simplices; some come again."""
        K, size = self.K, _sizes(self.K)[part]
        first = _starts(_per_part(K.part(self.k - 1)[self.facets], K))
        face = K.simplices(self.k - 1)[self.facets[first[part] + pair // size]]
        vertex = K.part_pointer(0)[part] + pair % size
        rows = torch.cat([face, vertex[:, None]], dim=1)[(face != vertex[:, None]).all(1)]
        return rows[~_among(rows, self.true, K.num_simplices(0))].sort(dim=1).values

    def ways(self, rows: Tensor) -> Tensor:
        """Of how many pairs each set comes, (m,)."""
        count = torch.zeros_like(rows[:, 0])
        for i in range(self.k + 1):
            facet = self.K.index(torch.cat([rows[:, :i], rows[:, i + 1 :]], dim=1))
            count += (facet >= 0) & self.used[facet.clamp(min=0)]
        return count


def _swapped(
    K: SimplicialComplex, k: int, counts: Tensor, true: Tensor, generator: torch.Generator | None
) -> Tensor:
    """All of them where they are few, else drawn; a set that comes of m pairs is taken 1 in m."""
    n, exchange = K.num_simplices(0), _Exchange.of(K, k, true)
    if int(exchange.pairs.sum()) <= _LISTED:
        rows = _distinct_rows(exchange.sets(*ragged(exchange.pairs)), n)
        return rows[_chosen(K, rows, counts, "one-swapped", k, generator)]
    found = true[:0]
    for _ in range(_ROUNDS):
        lacking = torch.where(exchange.pairs > 0, counts - _per_part(K.part(0)[found[:, 0]], K), 0)
        part, _ = ragged(2 * (k + 1) * lacking)
        if not len(part):
            break
        pair = _below(exchange.pairs[part], generator)
        rows = exchange.sets(part[pair >= 0], pair[pair >= 0])
        rows = rows[_below(exchange.ways(rows), generator) == 0]
        rows = _distinct_rows(rows[~_among(rows, found, n)], n)
        fresh = _per_part(K.part(0)[rows[:, 0]], K)
        rows = rows[_distinct(fresh, torch.minimum(fresh, lacking), generator)]
        found = torch.cat([found, rows])
    _require_enough(_per_part(K.part(0)[found[:, 0]], K), counts, "one-swapped", k)
    return found


# --- drawing --------------------------------------------------------------------------------------


def _chosen(
    K: SimplicialComplex,
    rows: Tensor,
    counts: Tensor,
    kind: str,
    k: int,
    generator: torch.Generator | None,
) -> Tensor:
    """Places of the chosen among these sets, which are listed part by part."""
    sizes = _per_part(K.part(0)[rows[:, 0]], K)
    _require_enough(sizes, counts, kind, k)
    return _distinct(sizes, counts, generator)


def _distinct(sizes: Tensor, counts: Tensor, generator: torch.Generator | None) -> Tensor:
    """Of each part ``count`` distinct ones of its ``size`` numbers; the parts' numbers follow.

    The fewer of those taken and those left are drawn until they are distinct. No number is
    preferred, so all sets of numbers are equally likely.
    """
    start, few = _starts(sizes), torch.minimum(counts, sizes - counts)
    found, lacking = sizes[:0], few
    while bool((lacking > 0).any()):
        part, _ = ragged(lacking)
        value = _below(sizes[part], generator)
        found = torch.unique(torch.cat([found, (start[part] + value)[value >= 0]]))
        part = torch.bucketize(found, sizes.cumsum(0), right=True)
        lacking = few - torch.bincount(part, minlength=len(sizes))
    part = torch.bucketize(found, sizes.cumsum(0), right=True)
    owner, nth = ragged(torch.where(counts > few, sizes, 0))  # parts where those left were drawn
    others = start[owner] + nth
    place = torch.searchsorted(found, others).clamp(max=max(len(found) - 1, 0))
    left = found[place] != others if len(found) else torch.ones_like(others, dtype=torch.bool)
    return torch.cat([found[counts[part] == few[part]], others[left]]).sort().values


def _below(sizes: Tensor, generator: torch.Generator | None) -> Tensor:
    """For each size a number below it, all equally likely; -1 where the draw has to be repeated."""
    raw = torch.randint(0, _MOST_SETS, sizes.shape, generator=generator, device=sizes.device)
    return torch.where(raw < _MOST_SETS - _MOST_SETS % sizes, raw % sizes, -1)


# --- numbers of sets ------------------------------------------------------------------------------


def _binomials(largest: int, width: int, device: torch.device) -> list[Tensor]:
    """C(v, i) for v = 0 … largest, a table for each i = 0 … width."""
    tables = [torch.ones(largest + 1, dtype=torch.int64, device=device)]
    for _ in range(width):
        tables.append(torch.nn.functional.pad(tables[-1][:-1].cumsum(0), (1, 0)))
    return tables


def _number(rows: Tensor, tables: list[Tensor]) -> Tensor:
    """Σ_i C(v_i, i+1) of increasing rows v: 0, 1, 2, … in the order of their last entries."""
    columns = [tables[i + 1][column] for i, column in enumerate(rows.unbind(1))]
    return torch.stack(columns).sum(0)


def _numbered(numbers: Tensor, tables: list[Tensor]) -> Tensor:
    """The increasing rows of these numbers, from their last entries down."""
    columns = []
    for table in tables[:0:-1]:
        columns.append(torch.searchsorted(table, numbers, right=True) - 1)
        numbers = numbers - table[columns[-1]]
    return torch.stack(columns[::-1], dim=1)


# --- simplices ------------------------------------------------------------------------------------


def _true_simplices(K: SimplicialComplex, k: int, also: Tensor | None) -> Tensor:
    """(m, k+1) increasing rows that are not to be drawn: simplices, and sets of one part."""
    if also is None:
        return K.simplices(k)
    rows = integer_tensor("also", also)
    if rows.ndim != 2 or rows.shape[1] != k + 1 or rows.device != K.device:
        raise ValueError(
            f"also must be of shape (m, {k + 1}) on the complex's device {K.device}, got "
            f"{tuple(rows.shape)} on {rows.device}."
        )
    if rows.numel() and not 0 <= int(rows.min()) <= int(rows.max()) < K.num_simplices(0):
        raise ValueError(
            f"also must hold vertices of the complex, 0 … {K.num_simplices(0) - 1}, got others."
        )
    rows = rows.sort(dim=1).values
    sets = (rows[:, 1:] != rows[:, :-1]).all(1) & (K.part(0)[rows] == K.part(0)[rows[:, :1]]).all(1)
    return torch.cat([K.simplices(k), rows[sets]])


def _among(rows: Tensor, others: Tensor, num_vertices: int) -> Tensor:
    """Whether each row, in whatever order, is one of the others, which are increasing."""
    if not len(rows) or not len(others):
        return torch.zeros(len(rows), dtype=torch.bool, device=rows.device)
    both = torch.cat([others, rows.sort(dim=1).values])
    distinct, inverse = unique_rows(both, num_vertices)
    known = torch.zeros(len(distinct), dtype=torch.bool, device=rows.device)
    known[inverse[: len(others)]] = True
    return known[inverse[len(others) :]]


def _distinct_rows(rows: Tensor, num_vertices: int) -> Tensor:
    return unique_rows(rows, num_vertices)[0] if len(rows) else rows


def _sizes(K: SimplicialComplex) -> Tensor:
    return K.part_pointer(0).diff()


def _starts(sizes: Tensor) -> Tensor:
    return sizes.cumsum(0) - sizes


def _per_part(parts: Tensor, K: SimplicialComplex) -> Tensor:
    return torch.bincount(parts, minlength=K.num_parts)


def _counts(K: SimplicialComplex, count: int | Sequence[int] | Tensor) -> Tensor:
    """How many of each part, (num_parts,)."""
    if isinstance(count, int) or not hasattr(count, "__len__"):
        single = require_int("count", count, 0, _MOST_SETS)
        return torch.full((K.num_parts,), single, device=K.device)
    counts = integer_tensor("count", count)
    if counts.shape != (K.num_parts,) or counts.is_meta:
        raise ValueError(
            f"count must be one number, or one for each of the {K.num_parts} parts, got shape "
            f"{tuple(counts.shape)}."
        )
    if len(counts) and int(counts.min()) < 0:
        raise ValueError(f"count must be non-negative, got {int(counts.min())}.")
    return counts.to(K.device)


def _require_enough(left: Tensor, counts: Tensor, kind: str, k: int) -> None:
    """Raise where a part has, or gives, fewer sets than asked for."""
    short = (left < counts).nonzero().squeeze(1)
    if not len(short):
        return
    part, where = int(short[0]), ""
    if len(left) > 1:
        where = f" in part {part}"
    remedy = "Ask for fewer, or for another kind."
    if kind == "open" and k > 1:
        remedy = (
            "Ask for fewer, or take kind='one-swapped': a clique complex has no open ones at all."
        )
    raise ValueError(
        f"count must be at most the number of {kind} negatives of {k + 1} vertices, "
        f"{int(left[part])}{where}, got {int(counts[part])}. {remedy}"
    )
