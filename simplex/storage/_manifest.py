"""The manifest of a folder: what it is, which tables it has, and their checksums."""

import json
import os
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from simplex import __version__
from simplex.complexes import write_whole
from simplex.storage._place import MANIFEST, place_of
from simplex.storage._tables import BLOCK, block_checksum, read_header, table_to_read
from simplex.storage._tasks import run_tasks


_ALL = "simplex-"  # how every format begins


class Format(NamedTuple):
    """A kind of folder, and the version in which this library writes it.

    Args:
        name: begins with ``simplex-``.
        version: raised when an older library could no longer read a folder.
        maker: the function that writes such folders, as an error names it.
    """

    name: str
    version: int
    maker: str


class Folder(NamedTuple):
    """A folder that was read: its path and its manifest."""

    path: Path
    manifest: dict[str, Any]

    def table(self, name: str) -> np.ndarray:
        """A table as a memory map, copied on writing.

        Raises:
            ValueError: the file is missing, cut short, or another one than the manifest says.
        """
        return table_to_read(_checked_file(self.path, name, self.manifest["tables"]))

    def altered(self, what: str) -> ValueError:
        """The error of a manifest that says what cannot be."""
        return ValueError(
            f"{self.path} must have a manifest that fits its tables, got {what}: it was altered. "
            "Restore it from a copy, or write the folder anew."
        )


def described(folder: Path, tables: Iterable[str], executor: Any = None) -> dict[str, Any]:
    """What the manifest says of the tables: file, dtype, shape and checksum."""
    entries: dict[str, Any] = {}
    for name in tables:
        header = read_header(folder / f"{name}.npy")
        entries[name] = {
            "file": f"{name}.npy",
            "dtype": header.dtype.str,
            "shape": list(header.shape),
        }
    found = checksums(folder, [entry["file"] for entry in entries.values()], executor)
    for entry, checksum in zip(entries.values(), found, strict=True):
        entry["checksum"] = checksum
    return entries


def checksums(folder: Path, files: Iterable[str], executor: Any = None) -> list[str]:
    """Of each file the CRC-32 of the CRC-32s of its blocks of 64 MiB, as eight hexadecimals."""
    sizes = {file: -(-(folder / file).stat().st_size // BLOCK) for file in files}
    blocks = [(file, number) for file, count in sizes.items() for number in range(count)]
    sums = dict.fromkeys(sizes, 0)
    place = place_of(folder)
    results = run_tasks(block_checksum, ((place, *block) for block in blocks), executor)
    for (file, _), one in zip(blocks, results, strict=True):
        sums[file] = zlib.crc32(one.to_bytes(4, "big"), sums[file])
    return [f"{value:08x}" for value in sums.values()]


def write_manifest(
    folder: Path, form: Format, facts: Mapping[str, Any], tables: Mapping[str, Any]
) -> None:
    """Write the manifest, the last file of a folder."""
    head = {"format": form.name, "version": form.version, "library": __version__}
    text = json.dumps({**head, **facts, "tables": dict(tables)}, indent=1) + "\n"
    write_whole(folder / MANIFEST, lambda file: file.write(text.encode()))


def is_ours(folder: Path) -> bool:
    """Whether a folder was written by this library, whatever it holds."""
    return form_of(folder) is not None


def form_of(folder: str | os.PathLike[str]) -> str | None:
    """The name of the format of a folder of this library, ``None`` of any other."""
    try:
        content = json.loads((Path(folder) / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    name = str(content.get("format")) if isinstance(content, dict) else ""
    return name if name.startswith(_ALL) else None


def read_folder(path: Path, form: Format, *, verify: bool = False, executor: Any = None) -> Folder:
    """Read the manifest of a folder and check what is cheap to check.

    Args:
        path: the folder, absolute.
        form: what it must be.
        verify: read all files and compare their checksums.
        executor: of the checksums.

    Raises:
        ValueError: no such folder, one of another kind or of a newer version, or damaged files.
    """
    manifest = _manifest(path, form)
    tables = manifest["tables"]
    files = {name: _checked_file(path, name, tables) for name in tables}
    found = checksums(path, [file.name for file in files.values()], executor) if verify else []
    for (name, file), checksum in zip(files.items(), found, strict=False):
        expected = tables[name].get("checksum")
        if checksum != expected:
            raise ValueError(
                f"{file} must have the checksum of the manifest, {expected}, got {checksum}: it "
                f"was altered. Restore it from a copy, or write the folder anew with {form.maker}."
            )
    return Folder(path, manifest)


def _manifest(path: Path, form: Format) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((path / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(f"folder must be one of {form.maker}, got {_absent(path)}") from None
    except (OSError, ValueError) as error:
        raise ValueError(
            f"folder must be one of {form.maker}, got {path}, whose {MANIFEST} cannot be read "
            f"({error}). Restore it from a copy, or write the folder anew."
        ) from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != form.name:
        raise ValueError(
            f"folder must be one of {form.maker} (format {form.name}), got {path} of format "
            f"{found}."
        )
    version = content.get("version")
    if type(version) is not int or not 1 <= version <= form.version:
        raise ValueError(
            f"folder must be of format version 1 … {form.version}, got {path} of version "
            f"{version}, written by simplex {content.get('library')}. Read it with that release or "
            "a later one."
        )
    if not isinstance(content.get("tables"), dict):
        raise ValueError(f"{path / MANIFEST} must list the tables, got none. It was altered.")
    return content


def _absent(path: Path) -> str:
    if path.is_dir():
        return f"{path}, which has no {MANIFEST}: another folder, or one that was not copied whole."
    if path.exists():
        return f"{path}, which is a file."
    if (path.with_name(path.name + ".partial") / "replaced").is_dir():
        return (
            f"no such folder {path}: its replacement was ended in the middle. Call again what was "
            f"writing it, or rename {path.name}.partial/replaced, the one before, to {path.name}."
        )
    if path.with_name(path.name + ".partial").is_dir():
        return (
            f"{path}, which is still being written, or whose writing was ended: beside it is "
            f"{path.name}.partial. Wait for it, or call again what was writing it."
        )
    return f"{path}: there is no such folder."


def _checked_file(path: Path, name: str, tables: Mapping[str, Any]) -> Path:
    """The file of a table, if its head and length are as the manifest says."""
    entry = tables.get(name)
    if not isinstance(entry, dict) or Path(str(entry.get("file"))).name != entry.get("file"):
        raise ValueError(f"{path / MANIFEST} must name the file of {name}, got {entry}.")
    file: Path = path / entry["file"]
    if not file.is_file():
        raise ValueError(f"{path} must hold {file.name}, got no such file. Copy the folder whole.")
    header = read_header(file)
    if [header.dtype.str, list(header.shape)] != [entry.get("dtype"), entry.get("shape")]:
        raise ValueError(
            f"{file} must be of dtype {entry.get('dtype')} and shape {entry.get('shape')} as the "
            f"manifest says, got {header.dtype.str} and {list(header.shape)}: it is another file."
        )
    return file
