"""The tasks of a round. Each reads memory maps and whole small files, and writes files of its own.

A simplex sends a value to each of its facets. No task holds the sums of all facets: values are
sorted by the range of rows that they go to, and the task of that range adds them up. So all that is
read out of order are the colours of one dimension, and a task's memory is that of its rows. The
transposed tables (CSR) would be read out of order, with values of 16 bytes, in every round.

Rows are in lexicographic order, so the simplices of a range have few first vertices, and all their
facets with the first vertex are in a window of ids not much longer than the range. Values to these
are added up before they are sent.
"""

import os
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simplex.storage import Place, table_to_read, write_rows
from simplex.wl._disk import kernels
from simplex.wl._disk.sorting import count_runs, number_words, sort_words
from simplex.wl._words import Role, key_of


Ints = NDArray[np.int64]
Slices = NDArray[np.int64]
"""(m, 3): number of a file, and which of its entries from where to where."""

Arriving = NDArray[np.int64]
"""(m, 7) of those who send to a range: number of the file, its values from where to where and how
many it has, its sums from where to where, and the place of the first of these in the range."""


class Sent(NamedTuple):
    """What a range sends: values, and the sums of a window of facets.

    Args:
        pointer: where the values for each range of facets start.
        window: the facets from where to where.
    """

    pointer: Ints
    window: tuple[int, int]


class Layout(NamedTuple):
    """What every task of a refinement is told.

    Args:
        source: the folder of the tables.
        work: the folder of the colours.
        tables: for each degree the table of facets; none for vertices.
        sizes: how many simplices there are in each degree.
        shifts: of each degree the logarithm to base 2 of the rows in a range.
        colored: the degrees below are coloured; others only join what they bound.
        used: the adjacencies; ``"neighbors"`` are the other ends of edges.
    """

    source: Place
    work: Place
    tables: tuple[str, ...]
    sizes: tuple[int, ...]
    shifts: tuple[int, ...]
    colored: int
    used: tuple[str, ...]

    def ranges(self, k: int) -> int:
        """How many ranges the rows of a degree are cut into."""
        return -(-self.sizes[k] >> self.shifts[k])

    def rows(self, k: int, i: int) -> slice:
        """The rows of a range."""
        first = i << self.shifts[k]
        return slice(first, min(first + (1 << self.shifts[k]), self.sizes[k]))

    @property
    def sends(self) -> bool:
        """Whether simplices send values to their facets."""
        return bool({"coboundary", "upper", "neighbors"} & {*self.used})


def colors_file(work: Path, number: int, k: int) -> Path:
    """The colours after a round: hashes, equal ones alike."""
    return work / f"round_{number}_{k}.npy"


def siblings_file(work: Path, k: int) -> Path:
    """For each facet of the k-simplices the sum over all its cofacets."""
    return work / f"siblings_{k}.npy"


def hash_rows(layout: Layout, number: int, k: int, i: int, arriving: Slices) -> tuple[Sent, Ints]:
    """Colour the k-simplices of a range anew, and send values to their facets.

    Returns:
        What is sent, and where the distinct colours of each bucket start.
    """
    work, rows = layout.work.found(), layout.rows(k, i)
    own, hashes = np.empty(0, np.int64), np.empty(0, np.int64)
    if k < layout.colored:
        own = table_to_read(colors_file(work, number - 1, k))[rows]
        hashes = _drawn(own, key_of(number, Role.OWN, k))
        _receive(work, k, arriving, hashes)
    sent = Sent(np.zeros(1, np.int64), (0, 0))
    if k > 0:
        facets, below = _facets(layout, k, rows), _colors_below(work, number, k)
        values = np.empty(facets.shape, np.int64)
        kernels.draw_at(below, facets, key_of(number, Role.FACET, k), values)
        if "boundary" in layout.used:
            kernels.add_rows(values, hashes)
        if "lower" in layout.used:
            siblings = table_to_read(siblings_file(work, k))
            sibling = _drawn(own, key_of(number, Role.SIBLING, k))
            key = key_of(number, Role.MEETING, k)
            kernels.add_meetings(below, facets, key, siblings, sibling, hashes)
        if layout.sends:
            weights = np.full(len(facets), "neighbors" in layout.used, np.int64)
            further = np.zeros(len(facets), np.int64)
            if "upper" in layout.used:
                kernels.draw(own, key_of(number, Role.SHARED, k), weights)
            if "coboundary" in layout.used:
                kernels.draw(own, key_of(number, Role.COFACET, k), further)
            kernels.weigh_others(values, weights, further)
            sent = _send(layout, work, k, i, facets, values)
    if k >= layout.colored:
        return sent, np.empty(0, np.int64)
    _write_rows(colors_file(work, number, k), rows, hashes)
    return sent, _write_distinct(layout, work, k, i, hashes)


def send_siblings(layout: Layout, number: int, k: int, i: int) -> Sent:
    """Send the word of each simplex of a range to its facets."""
    work, rows = layout.work.found(), layout.rows(k, i)
    facets = _facets(layout, k, rows)
    own = table_to_read(colors_file(work, number - 1, k))[rows]
    word = _drawn(own, key_of(number, Role.SIBLING, k))
    return _send(layout, work, k, i, facets, np.repeat(word, k + 1).reshape(facets.shape))


def add_siblings(layout: Layout, k: int, i: int, arriving: Arriving) -> None:
    """Add up what the k-simplices of a range were sent by :func:`send_siblings`."""
    work, rows = layout.work.found(), layout.rows(k, i)
    sums = np.zeros(rows.stop - rows.start, np.int64)
    _receive(work, k, arriving, sums)
    _write_rows(siblings_file(work, k + 1), rows, sums)


def list_distinct(layout: Layout, number: int, k: int, i: int) -> Ints:
    """List the distinct colours of a range after a round; how many are in each bucket's range."""
    work = layout.work.found()
    colors = table_to_read(colors_file(work, number, k))[layout.rows(k, i)]
    return _write_distinct(layout, work, k, i, colors)


def count_distinct(layout: Layout, k: int, listed: Slices) -> int:
    """How many distinct colours the listed slices have together."""
    values = _joined(layout, k, listed)
    sort_words(values)
    count: int = count_runs(values)
    return count


def rank_distinct(layout: Layout, k: int, bucket: int, listed: Slices) -> int:
    """Number the distinct colours of the listed slices in ascending order; how many they are."""
    values = _joined(layout, k, listed)
    ranks = np.empty_like(values)
    count: int = number_words(values, ranks)
    _write_whole(_ranks_file(layout.work.found(), k, bucket), ranks)
    return count


def number_rows(
    layout: Layout, number: int, k: int, i: int, ranks: Slices, offsets: Ints, name: str
) -> None:
    """Write the numbers of the colours of a range into the table of that name.

    Args:
        layout: see there.
        number: of the round.
        k: the degree.
        i: the range.
        ranks: where the numbers of its distinct colours are: the files of the buckets.
        offsets: what is to be added in each bucket.
        name: of the table.
    """
    work, rows = layout.work.found(), layout.rows(k, i)
    colors = table_to_read(colors_file(work, number, k))[rows]
    pieces = [
        _read(_ranks_file(work, k, bucket), np.int64, start, stop) + offset
        for (bucket, start, stop), offset in zip(ranks.tolist(), offsets.tolist(), strict=True)
    ]
    within = np.empty_like(colors)
    number_words(colors, within)
    _write_rows(work / f"{name}.npy", rows, np.concatenate(pieces)[within])


# --- values that are sent -------------------------------------------------------------------------


def _send(layout: Layout, work: Path, k: int, i: int, facets: Ints, values: Ints) -> Sent:
    low, high = kernels.inner_window(facets)
    columns = 1
    if 8 * (high - low) > 12 * k * len(facets):  # a hub: its sums would take more than the values
        columns, high = k + 1, low
    sums = np.zeros(high - low, np.int64)
    if columns == 1:
        kernels.add_inner(facets, values, low, sums)
    pointer, count = np.zeros(layout.ranges(k - 1) + 1, np.int64), columns * len(facets)
    ordered, places = np.empty(count, np.int64), np.empty(count, np.int32)
    shift = layout.shifts[k - 1]
    kernels.sort_by_range(facets, values, columns, shift, pointer, ordered, places)
    _write_whole(messages_file(work, k, i), ordered, places, sums)
    return Sent(pointer, (low, high))


def _receive(work: Path, k: int, arriving: Arriving, sums: Ints) -> None:
    for j, start, stop, count, first, last, place in arriving.tolist():
        file = messages_file(work, k + 1, j)
        if start < stop:
            values = _read(file, np.int64, start, stop)
            kernels.receive(_read(file, np.int32, start, stop, 8 * count), values, sums)
        if first < last:
            sums[place : place + last - first] += _read(file, np.int64, first, last, 12 * count)


def _facets(layout: Layout, k: int, rows: slice) -> Ints:
    table = table_to_read(layout.source.found() / f"{layout.tables[k]}.npy")
    return np.ascontiguousarray(table[rows], np.int64)


def _colors_below(work: Path, number: int, k: int) -> Ints:
    return table_to_read(colors_file(work, number - 1, k - 1))


def _drawn(colors: Ints, key: int) -> Ints:
    out = np.empty(len(colors), np.int64)
    kernels.draw(colors, key, out)
    return out


# --- distinct colours -----------------------------------------------------------------------------


def _write_distinct(layout: Layout, work: Path, k: int, i: int, colors: Ints) -> Ints:
    """Write the distinct colours of a range, ascending; where those of each bucket start."""
    ordered, buckets = colors.copy(), layout.ranges(k)
    sort_words(ordered)
    fresh = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    distinct = ordered[fresh]
    _write_whole(distinct_file(work, k, i), distinct)
    bounds = [-(2**63) + (b << 64) // buckets for b in range(buckets)]
    starts = np.searchsorted(distinct, np.array(bounds, np.int64))
    return np.append(starts, len(distinct))


def _joined(layout: Layout, k: int, listed: Slices) -> Ints:
    work = layout.work.found()
    pieces = [
        _read(distinct_file(work, k, i), np.int64, start, stop)
        for i, start, stop in listed.tolist()
    ]
    return np.concatenate([np.empty(0, np.int64), *pieces])


# --- files ----------------------------------------------------------------------------------------


def messages_file(work: Path, k: int, i: int) -> Path:
    """What the k-simplices of a range send: values, behind them their places, then sums."""
    return work / f"messages_{k}_{i}.bin"


def distinct_file(work: Path, k: int, i: int) -> Path:
    """The distinct colours of a range of k-simplices, ascending."""
    return work / f"distinct_{k}_{i}.bin"


def _ranks_file(work: Path, k: int, bucket: int) -> Path:
    return work / f"ranks_{k}_{bucket}.bin"


def _read(file: Path, dtype: Any, start: int, stop: int, behind: int = 0) -> NDArray[Any]:
    """Entries start … stop-1 of what follows the first ``behind`` bytes."""
    place = behind + start * np.dtype(dtype).itemsize
    return np.fromfile(file, dtype, stop - start, offset=place)


def _write_rows(file: Path, rows: slice, values: Ints) -> None:
    with file.open("r+b") as opened:
        write_rows(opened, rows.start, values)


def _write_whole(file: Path, *arrays: NDArray[Any]) -> None:
    """Write a file at once, as the same task may be running twice."""
    fresh = file.with_name(f"{file.name}.{uuid.uuid4().hex}.new")
    try:
        with fresh.open("wb") as opened:
            for array in arrays:
                opened.write(array.data)
        os.replace(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)
