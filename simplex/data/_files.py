"""Files that are whole or not there, and that bring tensors and plain values, never code."""

import io
import os
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import torch


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write`` fill a file beside ``path``, which replaces it only when all is on the disk.

    Raises:
        OSError: it cannot be written; names the place and the reason, and nothing is left of it.
    """
    path = Path(os.path.realpath(path))  # a link stays a link
    fresh = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.new")
    try:
        with fresh.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except (OSError, RuntimeError) as error:  # torch says RuntimeError of a full disk
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise OSError(
            f"{path} could not be written ({reason}); nothing of it was changed. Make room, or "
            "choose another place."
        ) from error
    finally:
        fresh.unlink(missing_ok=True)


def read_plain(path: str | Path) -> Any:
    """What ``torch.save`` wrote: tensors, plain values, and no class that is not known as safe.

    Tensors come to the device they were on, on a machine without one to the CPU.

    The checksums of the archive, which torch leaves unread, are verified.

    Raises:
        ValueError: the file is damaged, or holds more than tensors and plain values.
        OSError: it is not there.
    """
    content = _opened(path)
    with content:
        try:
            if zipfile.is_zipfile(content):
                content.seek(0)
                damaged = zipfile.ZipFile(content).testzip()
                if damaged is not None:
                    raise ValueError(f"the checksum of {damaged} is another one")
            content.seek(0)
            device = None if torch.cuda.is_available() else "cpu"
            return torch.load(content, device, weights_only=True)
        except MemoryError:
            raise
        except Exception as error:  # a damaged file raises anything from EOFError to KeyError
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ValueError(
                f"path must be an undamaged file of tensors, numbers, strings and lists or "
                f"dictionaries of them, got {path}: {reason} No code of a file is run: save other "
                "objects as tensors."
            ) from error


def _opened(path: str | Path) -> Any:
    """The file to read from; also at an address that PyG can open."""
    if "://" in str(path):
        import fsspec  # type: ignore[import-untyped]

        with fsspec.open(str(path), "rb") as remote:
            return io.BytesIO(remote.read())
    place = Path(path)
    if place.exists() and not place.is_file():  # a pipe or a device may never end
        raise ValueError(f"path must be a regular file, got {place}.")
    return place.open("rb")
