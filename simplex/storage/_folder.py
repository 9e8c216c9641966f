"""A folder that is whole or not there: written beside its place, under a lock, and then renamed."""

import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from simplex.complexes import only_run, require_flag, write_whole
from simplex.storage._manifest import Format, described, is_ours, write_manifest
from simplex.storage._place import MANIFEST, UNFINISHED, Place, absolute, place_of
from simplex.storage._tables import new_table


_MARK = "simplex-unfinished"
_REPLACED = "replaced"  # where the folder before is, within the new one, between two renames


class Site:
    """A folder under construction, by :func:`under_construction`.

    Attributes:
        path: where the files go until all are there.
        resumed: whether files of an earlier run at the same job lie there.
    """

    def __init__(self, path: Path, target: Path, resumed: bool, replaces: bool) -> None:
        self.path, self.resumed = path, resumed
        self.finished = False
        self._target, self._replaces = target, replaces

    @property
    def place(self) -> Place:
        """The folder as tasks are told of it."""
        return place_of(self.path)

    def file(self, table: str) -> Path:
        """Where a table goes."""
        return self.path / f"{table}.npy"

    def new_table(self, name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """A table to be filled in, of zeros, its room on the disk reserved."""
        return new_table(self.file(name), shape, dtype)

    def finish(
        self, form: Format, facts: Mapping[str, Any], tables: Iterable[str], executor: Any = None
    ) -> None:
        """Write the manifest and put the folder in its place; files that are no tables are removed.

        Args:
            form: name and version of the format.
            facts: what else the manifest says, values of JSON.
            tables: their names, in the order of the manifest.
            executor: of the checksums; ``None`` for threads of this process.
        """
        described_tables = described(self.path, tables, executor)
        kept = {UNFINISHED, *(entry["file"] for entry in described_tables.values())}
        for other in self.path.iterdir():
            if other.name not in kept:
                shutil.rmtree(other) if other.is_dir() else other.unlink()
        write_manifest(self.path, form, facts, described_tables)
        for entry in described_tables.values():
            _to_disk(self.path / entry["file"])
        _to_disk(self.path)
        if self._replaces:
            os.rename(self._target, self.path / _REPLACED)
        elif self._target.exists():  # an empty folder, in whose place one cannot be put everywhere
            self._target.rmdir()
        os.rename(self.path, self._target)
        self.finished = True
        (self._target / UNFINISHED).unlink()
        _to_disk(self._target.parent)
        shutil.rmtree(self._target / _REPLACED, ignore_errors=True)


@contextmanager
def under_construction(
    folder: str | os.PathLike[str],
    *,
    job: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Iterator[Site]:
    """Build a folder beside its place, alone; :meth:`Site.finish` puts it there.

    Args:
        folder: its place, where an empty folder may be; the folders above are made.
        job: values of JSON that determine every file. Files that an earlier run at the same job
            left are then kept, whatever ended it. ``None`` for a folder that is built anew each
            time, of which nothing is left by an error.
        overwrite: whether a folder of this library may stand there and be replaced, by the last
            step, and unfinished work at another job be removed; anything else never is.

    Yields:
        The site. The body must call its ``finish`` as the last thing.

    Raises:
        ValueError: the place is taken, by a folder or by another run at work.
        OSError: it cannot be written: a full disk, say. Nothing is left under the name.
    """
    target = _behind_links(absolute(folder))
    require_flag("overwrite", overwrite)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"folder must be one that can be made, got {target} ({error}).") from error
    with only_run("folder", target, _beside(target, ".lock")):
        partial = _beside(target, ".partial")
        job = json.loads(json.dumps(job))
        _restore(target, partial)
        _require_free(target, overwrite)
        _require_own(partial, job, overwrite)
        try:
            site = _begun(target, partial, job)
            yield site
            assert site.finished, "the body must finish the folder"
        except BaseException as error:
            kept = job is not None and _holds_work(partial)
            if not kept:
                shutil.rmtree(partial, ignore_errors=True)
            if (reason := _why_not_written(error, partial)) is not None:
                raise _could_not(target, partial, kept, reason) from error
            raise


def _behind_links(target: Path) -> Path:
    """The place to which links at this place lead: they stay."""
    for _ in range(40):  # more are a circle to the system too
        if not target.is_symlink():
            return target
        target = Path(os.path.normpath(target.parent / os.readlink(target)))
    raise ValueError(f"folder must be a place, got {target}, a circle of links.")


def _require_own(partial: Path, job: Any, overwrite: bool) -> None:
    """Nothing of somebody else's is where the folder is to be built, nor another job's work."""
    left = _left_by(partial)
    if left is None:
        if os.path.lexists(partial) and not _is_empty(partial):
            raise ValueError(
                f"folder must have its place for unfinished work free, got {partial}, which holds "
                "something else. Move it away, or choose another folder."
            )
    elif left["job"] not in (None, job) and not overwrite:
        raise ValueError(
            f"folder must have no unfinished work at another job beside it, got {partial}. Go on "
            "with that by the call that began it; or delete it, or choose another folder."
        )


def _begun(target: Path, partial: Path, job: Any) -> Site:
    """The folder under construction, with what an earlier run at this very job left there."""
    resumed = job is not None and (_left_by(partial) or {}).get("job") == job
    if resumed:
        (partial / MANIFEST).unlink(missing_ok=True)
    else:
        if partial.is_dir():
            shutil.rmtree(partial)
        partial.mkdir()
        content = {"format": _MARK, "job": job, "token": uuid.uuid4().hex}
        write_whole(partial / UNFINISHED, lambda file: file.write(json.dumps(content).encode()))
    return Site(partial, target, resumed, is_ours(target))


def _left_by(partial: Path) -> dict[str, Any] | None:
    """What an earlier run says of the folder that it left unfinished."""
    try:
        content = json.loads((partial / UNFINISHED).read_bytes())
    except (OSError, ValueError):
        return None
    ours = isinstance(content, dict) and content.get("format") == _MARK and "job" in content
    return content if ours else None


def _require_free(target: Path, overwrite: bool) -> None:
    if not os.path.lexists(target) or _holds_nothing(target):
        return
    if not is_ours(target):
        raise ValueError(
            f"folder must be a new one, got {target}, which is there and was not written by this "
            "library. Choose another place; nothing was changed."
        )
    if not overwrite:
        raise ValueError(
            f"folder must be a new one, got {target}, which is there. Pass overwrite=True to "
            "replace it, or choose another place; nothing was changed."
        )


def _restore(target: Path, partial: Path) -> None:
    """Undo or end a replacement between whose two renames the process was killed."""
    if _left_by(partial) is not None and is_ours(partial / _REPLACED):
        if os.path.lexists(target):
            shutil.rmtree(partial / _REPLACED)
        else:
            os.rename(partial / _REPLACED, target)
    if is_ours(target) and (target / _REPLACED).exists():
        shutil.rmtree(target / _REPLACED, ignore_errors=True)


def _why_not_written(error: BaseException, partial: Path) -> OSError | None:
    """The error of the system that kept a file from being written; ``None`` for other errors."""
    reason = error.__cause__ if isinstance(error, OSError) and not error.errno else error
    if not isinstance(reason, OSError) or not reason.errno:
        return None
    elsewhere = reason.filename is not None and not str(reason.filename).startswith(str(partial))
    return None if elsewhere else reason


def _could_not(target: Path, partial: Path, kept: bool, error: OSError) -> OSError:
    left = "nothing is left of it"
    if kept:
        left = f"what is done is kept in {partial}, and calling again goes on from there"
    reason = error.strerror or str(error)
    return OSError(
        f"{target} could not be written ({reason}); {left}. Make room, or choose another place."
    )


def _holds_nothing(target: Path) -> bool:
    return target.is_dir() and not any(target.iterdir())


def _holds_work(partial: Path) -> bool:
    """Whether there is more than the mark."""
    return partial.is_dir() and any(entry.name != UNFINISHED for entry in partial.iterdir())


def _is_empty(partial: Path) -> bool:
    """Whether a run was killed before it had written its mark."""
    return (
        partial.is_dir()
        and not partial.is_symlink()
        and all(entry.name.startswith(UNFINISHED + ".") for entry in partial.iterdir())
    )


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(target.name + ending)


def _to_disk(place: Path) -> None:
    """Have a file, or the entries of a folder, written, where the system can."""
    with suppress(OSError):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
