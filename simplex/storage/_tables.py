"""Tables on disk: ``.npy`` files, written in blocks, read as memory maps."""

import mmap
import os
import platform
import sys
import zlib
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.storage._place import Place


BLOCK = 1 << 26
"""Bytes that are read or written at a time."""

# Of torch alone: kept as integers of the same size.
_AS_INTEGERS = {1: torch.uint8, 2: torch.int16}
# Without it a private map counts as memory that may all be asked for, and one that is larger than
# the memory is refused. Python has a name for it since 3.13.
_ON_DEMAND = getattr(mmap, "MAP_NORESERVE", 0)
if not _ON_DEMAND and sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64"):
    _ON_DEMAND = 0x4000


class Header(NamedTuple):
    """What the head of a file says of its table."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int  # of the first entry


def save_table(path: Path, values: Tensor) -> str | None:
    """Write a tensor in blocks; the name of its dtype where it is one of torch alone."""
    values = values.detach()
    known = None
    try:
        values[:0].cpu().numpy()
    except TypeError:  # bfloat16 and the like
        known = str(values.dtype).removeprefix("torch.")
        values = values.contiguous().view(_AS_INTEGERS[values.dtype.itemsize])
    dtype = values[:0].cpu().numpy().dtype
    rows = max(1, BLOCK // max(1, dtype.itemsize * prod(values.shape[1:])))
    with path.open("wb") as file:
        write_header(file, tuple(values.shape), dtype)
        for first in range(0, len(values), rows):
            file.write(values[first : first + rows].cpu().contiguous().numpy().data)
        file.flush()
        os.fsync(file.fileno())
    return known


def new_table(path: Path, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """A table of zeros, mapped to be written; its room on the disk is reserved.

    Raises:
        OSError: there is no room. A map that grew as it is written would end the process instead.
    """
    dtype = np.dtype(dtype)
    with path.open("wb") as file:
        write_header(file, shape, dtype)
        file.flush()
        begin, size = file.tell(), prod(shape) * dtype.itemsize
        if hasattr(os, "posix_fallocate") and size:
            os.posix_fallocate(file.fileno(), begin, size)
        else:
            for first in range(0, size, BLOCK):
                file.write(bytes(min(BLOCK, size - first)))
    return table_to_write(path)


def table_to_write(path: Path) -> np.ndarray:
    """A table that is there, mapped so that what is written into it reaches the file."""
    header = read_header(path)
    if prod(header.shape) == 0:
        return np.empty(header.shape, header.dtype)
    return np.memmap(path, header.dtype, "r+", header.offset, header.shape)


def write_rows(file: BinaryIO, first: int, rows: np.ndarray) -> None:
    """Write rows of a table that is there to their place, and no byte beside them.

    By ordinary writes, as other machines may write into neighboring rows.
    """
    row_bytes = rows.itemsize * prod(rows.shape[1:])
    file.seek(read_header(Path(file.name)).offset + first * row_bytes)
    file.write(np.ascontiguousarray(rows).data)


def table_to_read(path: Path) -> np.ndarray:
    """A table as a memory map, copied on writing: the array can be written to, the file stays."""
    header = read_header(path)
    if prod(header.shape) == 0:
        return np.empty(header.shape, header.dtype)
    with path.open("rb") as file:
        if sys.platform == "win32":
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        else:
            kind = mmap.MAP_PRIVATE | _ON_DEMAND
            content = mmap.mmap(file.fileno(), 0, kind, mmap.PROT_READ | mmap.PROT_WRITE)
    count = prod(header.shape)
    return np.frombuffer(content, header.dtype, count, header.offset).reshape(header.shape)


def read_header(path: Path) -> Header:
    """Dtype and shape of a table, if the file is as long as it says.

    Raises:
        ValueError: it is cut short, too long, or no table.
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        try:
            major, _ = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0
            if major == 2:
                read = np.lib.format.read_array_header_2_0
            shape, in_columns, dtype = read(file)
            offset = file.tell()
        except (ValueError, EOFError, KeyError) as error:
            raise ValueError(f"{path} must be a table in the format npy, got {error}.") from error
        size = os.fstat(file.fileno()).st_size
    wanted = offset + prod(shape) * dtype.itemsize
    if dtype.hasobject or in_columns:
        raise ValueError(f"{path} must hold numbers in rows, got {dtype} or columns first.")
    if size != wanted:
        raise ValueError(
            f"{path} must be {wanted} bytes long for its shape {shape} of {dtype}, got {size}: it "
            f"was {'cut short' if size < wanted else 'written to'}."
        )
    return Header(dtype, shape, offset)


def block_checksum(place: Place, name: str, number: int) -> int:
    """The checksum (CRC-32) of a block of a file: a task."""
    with (place.found() / name).open("rb") as file:
        file.seek(number * BLOCK)
        return zlib.crc32(file.read(BLOCK))


def write_header(file: BinaryIO, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """The head of a table; as long for any number of rows."""
    descr = np.lib.format.dtype_to_descr(dtype)
    content = {"descr": descr, "fortran_order": False, "shape": tuple(map(int, shape))}
    np.lib.format.write_array_header_1_0(file, content)
