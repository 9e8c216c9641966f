"""One run per place: a lock that the system gives back when its holder is gone, killed or not."""

import errno
import glob
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path


if sys.platform == "win32":
    import msvcrt

    def _take(file: FileIO) -> None:
        file.seek(1 << 30)  # beyond the number of the process, which others must be able to read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: FileIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


_held: set[FileIO] = set()  # by this process


def _let_go() -> None:
    """A forked child shares the open files, and would hold the locks when its parent is gone."""
    for file in _held:
        file.close()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)

_TAKEN = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
_UNKNOWN = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}  # to a file system without locks


@contextmanager
def only_run(what: str, place: Path, lock: Path) -> Iterator[None]:
    """Hold ``lock`` while a run writes to ``place``.

    Raises:
        ValueError: another run holds it, it cannot be written, or it is some other file.
    """
    if not _is_free(lock):
        raise ValueError(
            f"{what} must have the place of its lock free, got {lock}, which is no lock. Move it "
            "away, or choose another place."
        )
    try:
        file = _locked(lock)
    except OSError as error:
        if error.errno in _TAKEN and lock.exists():
            raise ValueError(
                f"{what} must be of one run at a time: another run (process {_holder(lock)}) is "
                f"writing into {place}. Wait for it, or choose another place."
            ) from None
        raise ValueError(
            f"{what} must be a place that can be written to, got {place} ({error.strerror})."
        ) from error
    _held.add(file)
    try:
        yield
    finally:
        _held.discard(file)
        with suppress(OSError):  # where open files cannot be removed, it stays and means nothing
            lock.unlink()
        file.close()


def remove_unfinished(path: Path) -> None:
    """Remove what a killed run was writing, to replace ``path`` by it; under its lock."""
    for left in path.parent.glob(glob.escape(path.name) + ".*.new"):
        left.unlink(missing_ok=True)


def _locked(lock: Path) -> FileIO:
    """The lock file, locked, with the number of this process in it."""
    while True:
        file = lock.open("a+b", buffering=0)
        held = False
        try:
            _take(file)
            held = True
            if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                file.truncate(0)
                file.write(str(os.getpid()).encode())
                os.fsync(file.fileno())  # a full disk is noticed before the work
                return file
        except FileNotFoundError:  # its last holder has just removed it
            pass
        except OSError as error:
            if not held and error.errno in _UNKNOWN:
                return file
            if held:
                lock.unlink()
            file.close()
            raise
        file.close()


def _is_free(lock: Path) -> bool:
    """Whether nothing is there but perhaps a lock: the number of a process, or not even that."""
    try:
        with lock.open("rb") as file:
            content = file.read(32)
    except FileNotFoundError:
        return True
    except OSError:
        return not lock.is_dir()
    return content.isdigit() or not content


def _holder(lock: Path) -> str:
    try:
        return lock.read_text() or "unknown"
    except OSError:
        return "unknown"
