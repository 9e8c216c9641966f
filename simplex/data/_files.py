"""Files that bring tensors and plain values, never code."""

import io
import zipfile
from pathlib import Path
from typing import Any

import torch


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
