"""Tables of a folder under construction, filled by tasks that leave marks, so that work goes on."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from simplex.storage import Place, Site, new_table, read_header, run_tasks


class Shape(NamedTuple):
    """What a table holds."""

    shape: tuple[int, ...]
    dtype: Any

    @property
    def nbytes(self) -> int:
        """Its size on the disk, but for the head."""
        return int(prod(self.shape) * np.dtype(self.dtype).itemsize)


def run_stage(
    site: Site,
    stage: str,
    tables: Mapping[str, Shape],
    task: Callable[..., object],
    ranges: Iterable[tuple[int, int]],
    executor: Executor | None,
    *args: Any,
) -> None:
    """Fill tables by ``task(place, stage, *args, first, stop)``, less what left a mark before.

    Raises:
        OSError: the tables do not fit on the disk; nothing of them is left.
    """
    marks = _marks(site.path, stage)
    if any(not _is_there(site, name, each) for name, each in tables.items()):
        shutil.rmtree(marks, ignore_errors=True)  # of tables that are lost
        require_room(site, tables)
        for name, each in tables.items():
            write_table(site, name, each, ())
    marks.mkdir(exist_ok=True)
    done = set(os.listdir(marks))
    place = site.place
    tasks = (
        (place, stage, *args, first, stop)
        for first, stop in ranges
        if _mark(place, first, stop) not in done
    )
    for _ in run_tasks(task, tasks, executor):
        pass


def write_table(
    site: Site, name: str, table: Shape, blocks: Iterable[tuple[int, np.ndarray]]
) -> None:
    """Write a table, whole or not at all, from blocks and their first rows."""
    fresh = site.path / f"{name}.new"
    values = new_table(fresh, table.shape, table.dtype)
    for first, block in blocks:
        values[first : first + len(block)] = block
    del values  # the map: what was written into it is in the file
    with fresh.open("r+b") as file:
        os.fsync(file.fileno())
    os.replace(fresh, site.file(name))


def require_room(site: Site, tables: Mapping[str, Shape]) -> None:
    """Raise ``OSError`` where tables will not fit on the disk, before they are begun."""
    wanted = sum(table.nbytes for table in tables.values())
    free = shutil.disk_usage(site.path).free
    if wanted > free:
        what = " and ".join(f"{name} {table.shape}" for name, table in tables.items())
        raise OSError(
            f"{site.path} must have {wanted / 2**30:.1f} GiB of free disk for {what}, got "
            f"{free / 2**30:.1f} GiB. What is done is kept there, and calling again goes on from "
            "it: make room first, or remove it and lower max_dim."
        )


@contextmanager
def files_of_task(
    place: Place, stage: str, first: int, stop: int, *names: str
) -> Iterator[list[BinaryIO]]:
    """The tables that a task writes to; left without an error, its mark.

    They are opened before the work: what belongs to a job that is no more, because another has
    begun in its place meanwhile, is written to files that nobody reads.
    """
    folder = place.found()
    with ExitStack() as stack:
        files: list[BinaryIO] = [
            stack.enter_context((folder / f"{name}.npy").open("r+b")) for name in names
        ]
        place.found()
        yield files
        for file in files:
            file.flush()
            os.fsync(file.fileno())
    (_marks(folder, stage) / _mark(place, first, stop)).touch()


def _marks(folder: Path, stage: str) -> Path:
    return folder / f"{stage}.done"


def _mark(place: Place, first: int, stop: int) -> str:
    """The mark of a task; that of another job has another name."""
    return f"{place.token}-{first}-{stop}"


def _is_there(site: Site, name: str, table: Shape) -> bool:
    try:
        header = read_header(site.file(name))
    except (OSError, ValueError):
        return False
    return (header.shape, header.dtype) == (table.shape, np.dtype(table.dtype))
