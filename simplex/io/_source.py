"""From a path to text: regular files and standard input, compressed or not, of any encoding."""

import bz2
import codecs
import gzip
import lzma
import re
import stat
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import torch

from simplex.complexes import require_memory


STDIN = "-"
COMPRESSED = (".gz", ".bz2", ".xz")
_PER_BYTE = 24  # bytes of memory that a byte of text takes while its lines are split and numbered
_CHUNK = 1 << 20
_PACKED: list[tuple[bytes, Callable[[BinaryIO], Any]]] = [
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\x00", lzma.open),
]
_BOMS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
_MAY_HOLD_ZEROS = tuple(mark for mark, _ in [*_BOMS, *_PACKED])
_BINARY = "must be a text file, got binary data."


def require_regular(path: str) -> None:
    """Raise ``ValueError`` for what is no file, or never ends: folders, devices, pipes."""
    mode = Path(path).stat().st_mode
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise ValueError("must be a file, got a folder.")
    kinds = [(stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket")]
    kind = next((name for test, name in kinds if test(mode)), "device")
    raise ValueError(
        f"must be a regular file, got a {kind}. Give its text on standard input, with - as FILE."
    )


def read_bytes(path: str, *, text: bool = True) -> bytes:
    """All of a regular file, or of standard input; unpacked, and no more than memory can take.

    Where it should be ``text``, binary data are refused before all of them are there.
    """
    if path == STDIN:
        data = _all_of(getattr(sys.stdin, "buffer", sys.stdin), text)
        if not data:
            raise ValueError("standard input is empty; it can be read once.")
    else:
        require_regular(path)
        _require_room(Path(path).stat().st_size)
        data = Path(path).read_bytes()
    for magic, opened in _PACKED:
        if data.startswith(magic):
            return _unpack(data, opened, text)
    return data


def read_text(path: str, notes: list[str]) -> str:
    """The text of a file, its lines ended alike; a guessed encoding goes to the notes."""
    text = _decode(read_bytes(path), notes)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _decode(data: bytes, notes: list[str]) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                raise ValueError(f"must be a text file, got a damaged {encoding} file.") from None
            if "\0" in text:
                raise ValueError(_BINARY)
            return text
    if b"\0" in data:
        raise ValueError(f"{_BINARY[:-1]} (or UTF-16 without a mark at its beginning: save UTF-8).")
    data = data.removesuffix(b"\x1a")  # the end-of-file mark of DOS
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if re.search(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]", data):
        raise ValueError(_BINARY)
    name, encoding = "Latin-1", "latin-1"
    if re.search(rb"[\x80-\x9f]", data):  # no letters in Latin-1
        name, encoding = "Windows-1252", "cp1252"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError(_BINARY) from None
    notes.append(f"{name}, as it is no UTF-8")
    return text


def _unpack(data: bytes, opened: Callable[[BinaryIO], Any], text: bool) -> bytes:
    import io

    try:
        with opened(io.BytesIO(data)) as stream:
            return _all_of(stream, text)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise ValueError(f"must be a whole compressed file, got a damaged one ({error}).") from None


def _all_of(stream: Any, text: bool) -> bytes:
    """Read a stream to its end, which may never come: as far as there is room for it."""
    parts, size, asked = [], 0, 0
    while part := stream.read(_CHUNK):
        if isinstance(part, str):
            part = part.encode()
        parts.append(part)
        size += len(part)
        if text and len(parts) == 1 and b"\0" in part and not part.startswith(_MAY_HOLD_ZEROS):
            raise ValueError(_BINARY)
        if size > 2 * asked:
            asked = size
            _require_room(size)
    _require_room(size)
    return b"".join(parts)


def _require_room(size: int) -> None:
    require_memory(
        _PER_BYTE * size,
        torch.device("cpu"),
        f"the text, {size / 2**20:,.0f} MiB or more,",
        "Cut the file, or take a machine with more memory.",
    )
