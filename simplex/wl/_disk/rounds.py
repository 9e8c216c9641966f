"""Round after round of tasks, and what is kept between them."""

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from simplex.complexes import write_whole
from simplex.storage import Site, row_ranges, run_tasks
from simplex.wl._disk import tasks
from simplex.wl._disk.tasks import Arriving, Ints, Layout, Sent, Slices


class Progress(NamedTuple):
    """Where a refinement stands: rounds done, and the number of colours of each kind."""

    rounds: int
    num_classes: tuple[int, ...]


class Rounds:
    """The rounds of a refinement in a folder under construction.

    Args:
        layout: what is refined.
        site: its folder.
        executor: of the tasks.
    """

    def __init__(self, layout: Layout, site: Site, executor: Executor | None) -> None:
        self.layout, self.site, self.executor = layout, site, executor
        self._state = site.path / "state.json"

    def found(self) -> Progress | None:
        """What an earlier run at the same job has done."""
        try:
            state = json.loads(self._state.read_bytes())
        except FileNotFoundError:
            return None
        return Progress(state["rounds"], tuple(state["num_classes"]))

    def keep(self, progress: Progress) -> None:
        """Go on from here after whatever may happen; older colours are removed."""
        files = [self._colors(progress.rounds, k) for k in range(self.layout.colored)]
        for each in files:  # a machine that fails must not leave a state without its colours
            with each.open("rb") as opened:
                os.fsync(opened.fileno())
        content = json.dumps(progress._asdict()).encode()
        write_whole(self._state, lambda file: file.write(content))
        self._remove("round_*", {each.name for each in files})

    def advance(self, number: int) -> tuple[int, ...]:
        """Do a round; the number of colours of each kind after it."""
        layout, sizes = self.layout, []
        arriving = self._nothing(len(layout.sizes) - 1)
        for k in reversed(range(len(layout.sizes))):
            if k < layout.colored:
                self._new(self._colors(number, k), layout.sizes[k])
            if "lower" in layout.used and k > 0:
                # What is on its way to the k-simplices stays in its files meanwhile.
                self._add_siblings(number, k)
            todo = [(layout, number, k, i, arriving[i]) for i in range(layout.ranges(k))]
            results = list(self._run(tasks.hash_rows, todo))
            self._remove(f"messages_{k + 1}_*")
            self._remove(f"siblings_{k}.npy")
            arriving = self._nothing(k - 1)
            if k > 0 and layout.sends:
                arriving = _by_target([sent for sent, _ in results], layout, k - 1)
            if k < layout.colored:
                sizes.append(self._count(k, [bounds for _, bounds in results]))
        return tuple(reversed(sizes))

    def number(self, rounds: int, names: Callable[[int], str]) -> None:
        """Number the colours after a round, ascending, in a table for each kind."""
        layout = self.layout
        for k in range(layout.colored):
            self._new(self.site.file(names(k)), layout.sizes[k])
            ranges = range(layout.ranges(k))
            bounds = list(self._run(tasks.list_distinct, [(layout, rounds, k, i) for i in ranges]))
            groups = _groups(bounds, 1 << layout.shifts[k])
            listed = [_slices(bounds, *group) for group in groups]
            todo = [(layout, k, g, each) for g, each in enumerate(listed)]
            counts = np.array([0, *self._run(tasks.rank_distinct, todo)])
            offsets = counts.cumsum()[:-1]
            ends = np.zeros((len(groups), len(ranges) + 1), np.int64)
            for g, each in enumerate(listed):
                ends[g, each[:, 0] + 1] = each[:, 2] - each[:, 1]
            ends = ends.cumsum(1)
            which = np.arange(len(groups))
            rows = [np.stack([which, ends[:, i], ends[:, i + 1]], 1) for i in ranges]
            numbering = [(layout, rounds, k, i, rows[i], offsets, names(k)) for i in ranges]
            for _ in self._run(tasks.number_rows, numbering):
                pass
            self._remove(f"distinct_{k}_*")
            self._remove(f"ranks_{k}_*")

    def _add_siblings(self, number: int, k: int) -> None:
        layout = self.layout
        todo = [(layout, number, k, i) for i in range(layout.ranges(k))]
        sent = list(self._run(tasks.send_siblings, todo))
        arriving = _by_target(sent, layout, k - 1)
        self._new(tasks.siblings_file(self.site.path, k), layout.sizes[k - 1])
        adding = [(layout, k - 1, i, arriving[i]) for i in range(layout.ranges(k - 1))]
        for _ in self._run(tasks.add_siblings, adding):
            pass
        self._remove(f"messages_{k}_*")

    def _count(self, k: int, bounds: list[Ints]) -> int:
        if len(bounds) < 2:
            count = sum(int(each[-1]) for each in bounds)
        else:
            groups = _groups(bounds, 1 << self.layout.shifts[k])
            todo = [(self.layout, k, _slices(bounds, *group)) for group in groups]
            count = sum(self._run(tasks.count_distinct, todo))
        self._remove(f"distinct_{k}_*")
        return count

    def _run(self, function: Callable[..., Any], todo: list[tuple[Any, ...]]) -> Iterable[Any]:
        return run_tasks(function, todo, self.executor)

    def _nothing(self, k: int) -> list[Arriving]:
        return [np.empty((0, 7), np.int64)] * (self.layout.ranges(k) if k >= 0 else 0)

    def _colors(self, number: int, k: int) -> Path:
        return tasks.colors_file(self.site.path, number, k)

    def _new(self, file: Path, size: int) -> None:
        file.unlink(missing_ok=True)  # a map of one that was there stays as it is
        self.site.new_table(file.stem, (size,), np.int64)

    def _remove(self, pattern: str, kept: Iterable[str] = ()) -> None:
        for file in self.site.path.glob(pattern):
            if file.name not in kept:
                file.unlink(missing_ok=True)


def _by_target(sent: list[Sent], layout: Layout, k: int) -> list[Arriving]:
    """For each range of k-simplices where it finds what was sent to it."""
    pointer = np.stack([each.pointer for each in sent])
    low, high = np.array([each.window for each in sent]).T
    arriving = []
    for r in range(layout.ranges(k)):
        rows = layout.rows(k, r)
        first, last = np.clip(low, rows.start, rows.stop), np.clip(high, rows.start, rows.stop)
        table = np.stack(
            [
                np.arange(len(sent)),
                pointer[:, r],
                pointer[:, r + 1],
                pointer[:, -1],
                first - low,
                last - low,
                first - rows.start,
            ],
            axis=1,
        )
        arriving.append(table[(table[:, 1] < table[:, 2]) | (table[:, 4] < table[:, 5])])
    return arriving


def _slices(bounds: list[Ints] | Ints, first: int, stop: int) -> Slices:
    """The slices from boundary ``first`` to boundary ``stop``, but for the empty ones."""
    table = np.asarray(bounds)
    listed = np.stack([np.arange(len(table)), table[:, first], table[:, stop]], 1)
    filled: Slices = listed[listed[:, 1] < listed[:, 2]]
    return filled


def _groups(bounds: list[Ints], most: int) -> list[tuple[int, int]]:
    """Neighbouring buckets joined to groups of at most so many listed colours, or single."""
    if not bounds:
        return []
    return row_ranges(np.diff(np.stack(bounds), axis=1).sum(0), most_work=most)
