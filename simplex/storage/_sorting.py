"""External sort: 64-bit keys in bounded memory, each kept once."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np


_LEAST = 64  # keys of a block of a run, however little memory there is


class SortedRuns:
    """Keys are added in any order and come out ascending, each once.

    Keys fill a buffer, which is sorted and written as a run when it is full. Of each run a block is
    read at a time; what is not above the smallest of the blocks' last keys is complete, and is
    sorted together.

    Args:
        folder: where runs are written.
        memory: bytes for the buffer and, later, for the blocks.
    """

    def __init__(self, folder: Path, memory: int) -> None:
        self._folder = folder
        self._buffer = np.empty(max(memory // 16, 2 * _LEAST), np.uint64)
        self._filled = 0
        self._runs: list[Path] = []

    def room(self) -> np.ndarray:
        """Where further keys may be put, at least one; :meth:`put` says how many were."""
        if self._filled == len(self._buffer):
            self._spill()
        return self._buffer[self._filled :]

    def put(self, count: int) -> None:
        """So many keys stand in :meth:`room` now."""
        self._filled += count

    def add(self, keys: np.ndarray) -> None:
        """Add keys of any number."""
        while len(keys):
            room = self.room()
            taken = keys[: len(room)]
            room[: len(taken)] = taken
            self.put(len(taken))
            keys = keys[len(taken) :]

    def merged(self) -> Iterator[np.ndarray]:
        """All keys, ascending, each once, in blocks."""
        if not self._runs:
            yield self._sorted()
            return
        self._spill()
        size = max(len(self._buffer) // (2 * len(self._runs)), _LEAST)  # and as much to sort in
        del self._buffer
        sources = [np.memmap(path, np.uint64, "r") for path in self._runs]
        places = [0] * len(sources)
        blocks = [np.array(source[:size]) for source in sources]
        while sources:
            bound = min(block[-1] for block in blocks)
            ends = [int(np.searchsorted(block, bound, "right")) for block in blocks]
            yield _unique(
                np.concatenate([block[:end] for block, end in zip(blocks, ends, strict=True)])
            )
            for i, end in enumerate(ends):
                blocks[i] = blocks[i][end:]
                if not len(blocks[i]):
                    places[i] += size
                    blocks[i] = np.array(sources[i][places[i] : places[i] + size])
            left = [i for i, block in enumerate(blocks) if len(block)]
            sources, places, blocks = (
                [sources[i] for i in left],
                [places[i] for i in left],
                [blocks[i] for i in left],
            )

    def _spill(self) -> None:
        path = self._folder / f"run_{len(self._runs)}"
        with path.open("wb") as file:
            file.write(self._sorted().data)
        self._runs.append(path)
        self._filled = 0

    def _sorted(self) -> np.ndarray:
        return _unique(self._buffer[: self._filled])


def _unique(keys: np.ndarray) -> np.ndarray:
    """The distinct keys, ascending; the given ones are sorted in their memory."""
    keys.sort()
    fresh = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    return keys if fresh.all() else keys[fresh]
