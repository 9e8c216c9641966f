"""A refinement from a folder to a folder."""

import itertools
import os
import shutil
import tempfile
import uuid
import weakref
import zlib
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int
from simplex.storage import (
    Format,
    Site,
    absolute,
    read_folder,
    require_executor,
    save_table,
    table_to_read,
    under_construction,
)
from simplex.wl._coloring import Coloring
from simplex.wl._disk.rounds import Progress, Rounds
from simplex.wl._disk.sources import Source
from simplex.wl._disk.tasks import Layout, colors_file
from simplex.wl._refine import Stop, require_rounds


COLORING = Format("simplex-coloring", 1, "a refinement with folder=")
_ENTRIES = 1 << 21  # of a table that a task holds: 16 MiB, and as much again twice
_MOST_RANGES = 1 << 10  # as every range may send to every other


def refine_in_folder(
    source: Source,
    folder: str | os.PathLike[str] | None,
    executor: Executor | None,
    *,
    task_size: int | None = None,
    max_rounds: int | None = None,
    stop: Stop | None = None,
) -> Coloring:
    """As :func:`simplex.wl._refine.refine`, by tasks; the colours are memory maps."""
    require_rounds(max_rounds, stop)
    require_executor(executor)
    if task_size is not None:
        require_int("task_size", task_size, 1)
    shifts = tuple(_shift(size, k, task_size) for k, size in enumerate(source.sizes))
    job = {
        "tables": [source.token, *source.tables],
        "adjacencies": sorted(source.used),
        "start": [None if each is None else _checksum(each.colors) for each in source.start],
        "max_rounds": max_rounds,
        "task_size": task_size,
        **({} if stop is None else {"stop": uuid.uuid4().hex}),
    }
    with _place(folder) as (target, temporary):
        if (target / "manifest.json").exists():
            _require_same(target, job)
        else:
            # Nobody knows what a function did in an earlier run: such work is never gone on with.
            with under_construction(target, job=job if stop is None else None) as site:
                _require_room(source, site.path)
                layout = Layout(
                    source.place_for(site.path),
                    site.place,
                    source.tables,
                    source.sizes,
                    shifts,
                    len(source.kinds),
                    source.used,
                )
                _refine(Rounds(layout, site, executor), source, job, max_rounds, stop)
        coloring = _opened(target, source)
        if temporary is not None:
            weakref.finalize(coloring, shutil.rmtree, temporary, ignore_errors=True)
    return coloring


def _refine(
    rounds: Rounds,
    source: Source,
    job: dict[str, Any],
    max_rounds: int | None,
    stop: Stop | None,
) -> None:
    site, sizes = rounds.site, source.sizes[: len(source.kinds)]
    progress = rounds.found() if site.resumed else None
    if progress is None:
        progress = _begin(site, source)
        rounds.keep(progress)
    while True:
        stable = progress.num_classes == sizes
        if stop is not None:
            rounds.number(progress.rounds, _name)
            if stop(_coloring(site.path, source, progress, stable)):
                break
        if stable or progress.rounds == max_rounds:
            break
        new = rounds.advance(progress.rounds + 1)
        if sum(new) <= sum(progress.num_classes):
            stable = True
            break
        progress = Progress(progress.rounds + 1, new)
        rounds.keep(progress)
    if stop is None:
        rounds.number(progress.rounds, _name)
    facts = {**progress._asdict(), "stable": stable, "job": job}
    site.finish(COLORING, facts, map(_name, range(len(source.kinds))), rounds.executor)


def _begin(site: Site, source: Source) -> Progress:
    """Write the starting colours."""
    classes = []
    for k, (size, palette) in enumerate(zip(source.sizes, source.start, strict=False)):
        file = colors_file(site.path, 0, k)
        if palette is None:
            file.unlink(missing_ok=True)
            site.new_table(file.stem, (size,), "int64")
        else:
            save_table(file, palette.colors)
        classes.append(min(size, 1) if palette is None else palette.size)
    return Progress(0, tuple(classes))


def _opened(folder: Path, source: Source) -> Coloring:
    manifest = read_folder(folder, COLORING).manifest
    progress = Progress(manifest["rounds"], tuple(manifest["num_classes"]))
    return _coloring(folder, source, progress, manifest["stable"])


def _coloring(folder: Path, source: Source, progress: Progress, stable: bool) -> Coloring:
    files = [folder / f"{_name(k)}.npy" for k in range(len(source.kinds))]
    return Coloring(
        colors=tuple(torch.from_numpy(table_to_read(file)) for file in files),
        num_classes=progress.num_classes,
        rounds=progress.rounds,
        stable=stable,
        kinds=source.kinds,
        pointers=source.pointers,
    )


def _name(k: int) -> str:
    return f"colors_{k}"


@contextmanager
def _place(folder: str | os.PathLike[str] | None) -> Iterator[tuple[Path, str | None]]:
    """The folder of the colours; without one, a temporary one above it, removed on an error."""
    if folder is not None:
        yield absolute(folder), None
        return
    temporary = tempfile.mkdtemp(prefix="simplex-wl-")
    try:
        yield Path(temporary) / "coloring", temporary
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, (OSError, RuntimeError)):
            error.add_note("The temporary folder of the colours is removed: name folder=.")
        raise


def _require_same(target: Path, job: dict[str, Any]) -> None:
    """Raise unless the folder that is there holds the result of this very refinement."""
    found = read_folder(target, COLORING).manifest.get("job")
    if found != job:
        raise ValueError(
            f"folder must be a new one, or hold the same refinement of the same complex, got "
            f"{target}, which holds another. Choose another place; nothing was changed."
        )


def _require_room(source: Source, folder: Path) -> None:
    """Raise ``ValueError`` where the files of a round would not fit on the disk."""
    colored = source.sizes[: len(source.kinds)]
    # Two rounds, distinct colours, values sent to a dimension and from it, copied tables.
    sent = [0, *(_sent(k, *source.sizes[k - 1 : k + 1]) for k in range(1, len(source.sizes))), 0]
    most_sent = max(above + below for above, below in itertools.pairwise(sent))
    num_bytes = 8 * 2 * sum(colored) + 8 * max(colored) + most_sent
    if isinstance(source.place, SimplicialComplex):
        num_bytes += sum(8 * (k + 1) * size for k, size in enumerate(source.sizes))
    ours = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    free = shutil.disk_usage(folder).free + ours  # of an earlier run, and written over
    if num_bytes > free:
        raise ValueError(
            f"the refinement of {sum(colored)} simplices must find room for its files on the disk "
            f"of {folder.parent}, {free / 2**30:.1f} GiB, got {num_bytes / 2**30:.1f} GiB. Make "
            "room, or name another folder=."
        )


def _sent(k: int, facets: int, simplices: int) -> int:
    """Bytes of what the k-simplices send: values to one facet, sums for the others."""
    return 12 * simplices + min(12 * k * simplices, 2 * 8 * facets)


def _shift(size: int, k: int, task_size: int | None) -> int:
    """The logarithm of the rows of a task, as told or so that their tables stay small."""
    if task_size is not None:
        return task_size.bit_length() - 1
    shift = (_ENTRIES // (k + 1)).bit_length() - 1
    while size >> shift > _MOST_RANGES:
        shift += 1
    return shift


def _checksum(colors: Tensor) -> int:
    return zlib.crc32(colors.contiguous().numpy().data)
