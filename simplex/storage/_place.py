"""Where a folder lies, and how a task on any machine knows it again."""

import hashlib
import os
import platform
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from simplex.complexes import shown


MANIFEST = "manifest.json"
UNFINISHED = "unfinished.json"
"""The mark of a folder under construction, until its manifest is written."""


class Place(NamedTuple):
    """A folder as a task is told of it: its path, and a token by which it is known to be the same.

    Args:
        path: absolute.
        token: of what the folder says of itself.
    """

    path: str
    token: str

    def found(self) -> Path:
        """The folder, on the machine on which this is called.

        Raises:
            OSError: it is not there, or another folder has its path.
        """
        token = _token(Path(self.path))
        if token != self.token:
            what = "is not there" if token is None else "is another one"
            raise OSError(
                f"every worker must see the folder {self.path}, but on {platform.node()} (process "
                f"{os.getpid()}) it {what}. Put it where all machines of the executor have it "
                "under one path, as on a network file system."
            )
        return Path(self.path)


def place_of(folder: str | os.PathLike[str]) -> Place:
    """A folder of this library, whole or under construction, as tasks are to be told of it.

    Raises:
        ValueError: no such folder.
    """
    path = absolute(folder)
    token = _token(path)
    if token is None:
        raise ValueError(f"folder must be one that this library has written, got {path}.")
    return Place(str(path), token)


def absolute(folder: str | os.PathLike[str]) -> Path:
    """The path of a folder from the root, as other processes need it."""
    if not isinstance(folder, (str, os.PathLike)) or not str(folder):
        raise TypeError(f"folder must be a path, got {shown(folder)}.")
    path = Path(os.path.abspath(os.path.expanduser(os.fspath(folder))))
    if "\0" in str(path) or not path.name:
        raise ValueError(f"folder must be the path of a folder to be made, got {shown(folder)}.")
    return path


def _token(folder: Path) -> str | None:
    for name in (MANIFEST, UNFINISHED):
        with suppress(OSError):
            return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:16]
    return None
