"""Raw files of data sets: where they lie, how they come there, and tables that are read exactly."""

import contextlib
import csv
import io
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from simplex.complexes import require_memory


UNREADABLE = (
    OSError, ValueError, EOFError, LookupError, TypeError, AttributeError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip


def folder_with(names: Sequence[str], places: Sequence[Path], what: str) -> Path | None:
    """The first of the places that holds one of the files; it must hold all of them."""
    for place in places:
        absent = [name for name in names if not (place / name).is_file()]
        if len(absent) == len(names):
            continue
        if absent:
            raise ValueError(
                f"{what} must be complete in {place}, got no {', '.join(absent)}. Add what is "
                "missing, or remove the rest to have it downloaded anew."
            )
        return place
    return None


def download(remote: Any, raw: Path) -> None:
    """Let an unfinished data set of PyG fetch its files, which come to ``raw`` all at once.

    Of PyG's data sets only the download is used: what they have processed they keep beside the raw
    files and read by unpickling, which runs the code that a file brings.

    Raises:
        ConnectionError: the network, the archive or the disk; its text is one line.
    """
    absent = [place for place in (raw.parent, *raw.parent.parents) if not place.exists()]
    try:
        raw.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=raw.parent, prefix="download-") as folder:
            remote.root = folder
            fresh = Path(remote.raw_dir)
            fresh.mkdir(parents=True)
            with contextlib.redirect_stderr(io.StringIO()):
                remote.download()
            try:
                fresh.replace(raw)  # in one step: an interrupted download leaves nothing
            except OSError:
                if not raw.is_dir():  # or another process has just brought the same files
                    raise
    except Exception as error:  # whatever the network or the archive raised
        for made in absent:
            with contextlib.suppress(OSError):
                made.rmdir()
        raise ConnectionError(f"{type(error).__name__}: {error}".splitlines()[0]) from error


def read_arrays(
    place: Path, fields: Mapping[str, tuple[str, int]], what: str
) -> dict[str, NDArray[Any]]:
    """Arrays of an ``.npz`` file by name, without objects.

    Args:
        place: the file.
        fields: for each name the kinds of dtype that it may have and its number of dimensions.
        what: of which data the file is, for errors.
    """
    try:
        with open(place, "rb") as file:
            size = sum(each.file_size for each in zipfile.ZipFile(file).infolist())
            require_memory(size, torch.device("cpu"), f"the arrays of {place}")
            file.seek(0)
            with np.load(file) as stored:
                arrays = {name: stored[name] for name in fields}
    except UNREADABLE as error:
        raise refused(place, what, f"got one that cannot be read ({_line(error)})") from error
    for name, (kinds, ndim) in fields.items():
        array = arrays[name]
        if array.dtype.kind not in kinds or array.ndim != ndim:
            raise refused(place, what, f"got {name} of shape {array.shape} and {array.dtype}")
    return arrays


def read_columns(
    place: Path, names: Sequence[str], what: str, *, encoding: str = "utf-8"
) -> dict[str, list[str]]:
    """Columns of a comma-separated file with a head, by their names without spaces around."""
    try:
        rows = list(csv.reader(io.StringIO(place.read_text(encoding=encoding), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise refused(place, what, f"got one that cannot be read ({_line(error)})") from error
    head = [name.strip().removeprefix("\ufeff") for name in rows[0]] if rows else []
    absent = [name for name in names if name not in head]
    if absent:
        raise refused(place, what, f"got no column {absent[0]!r}")
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(head):
            raise refused(place, what, f"got {len(row)} columns for {len(head)} in row {line}")
    of_name = {name: head.index(name) for name in names}
    return {name: [row[i].strip() for row in rows[1:]] for name, i in of_name.items()}


def refused(place: Path, what: str, got: str) -> ValueError:
    """The error of a file that is not what it should be."""
    return ValueError(f"{place} must be the complete file of {what}, {got}. Get the file anew.")


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
