"""Where data sets lie."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from simplex.complexes import write_whole
from simplex.datasets._checks import require_path


def data_root(kind: str, root: str | Path | None = None) -> Path:
    """The folder of data of one kind: ``root``, else ``$SIMPLEX_DATA/kind``, else a cache.

    The cache is ``$XDG_CACHE_HOME/simplex/kind``, by default ``~/.cache/simplex/kind``.
    """
    if root is not None:
        require_path("root", root)
        return Path(root)
    if "SIMPLEX_DATA" in os.environ:
        return Path(os.environ["SIMPLEX_DATA"]) / kind
    return cache_root(kind)


def cache_root(kind: str) -> Path:
    """The folder of one kind of what was downloaded or drawn, below the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return cache / "simplex" / kind


def kept_place(kind: str, name: str, root: str | Path | None = None) -> Path:
    """The file of data that are made here: where :func:`data_root` says, else in the cache.

    In ``$SIMPLEX_DATA`` it is read, but not written, as it is no data that somebody put there.
    """
    place = data_root(kind, root) / name
    if root is None and not place.is_file():
        return cache_root(kind) / name
    return place


def keep(place: Path, write: Callable[[BinaryIO], object], what: str) -> None:
    """Write a file that saves making the data again; where that fails it is said, and no more."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, write)
    except OSError as error:
        warnings.warn(f"{what} next time: {error}", stacklevel=4)
