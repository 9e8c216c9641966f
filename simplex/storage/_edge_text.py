"""Edges as lines of text, read in blocks by a compiled kernel."""

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from simplex.complexes import shown


_BLOCK = 1 << 22  # bytes read at a time; no line is longer
# What packed files end in, how they begin, and what reads them.
_PACKED: list[tuple[str, bytes, Any]] = [
    (".gz", b"\x1f\x8b", gzip.open),
    (".bz2", b"BZh", bz2.open),
    (".xz", b"\xfd7zXZ\x00", lzma.open),
]
_COMMENTS = (b"#", b"%")
_NUMBER = re.compile(r"[+-]?\.?\d")
# Headings of the two ends of an edge, as they occur in files.
_ENDS = [
    ("source", "target"), ("src", "dst"), ("from", "to"), ("u", "v"), ("i", "j"),
    ("fromnodeid", "tonodeid"), ("node1", "node2"), ("node_1", "node_2"), ("id1", "id2"),
    ("id_1", "id_2"), ("source", "destination"), ("start", "end"), ("head", "tail"),
]  # fmt: skip

# How reading ends.
READ, FULL, NO_EDGE, NEGATIVE, LARGE, WIDTH = range(6)
LINE = 10  # the byte that ends a line


class Layout(NamedTuple):
    """Where the two ends of an edge stand in a line of how many columns."""

    columns: tuple[int, int]
    width: int
    separator: int  # a byte; a blank stands for all of white space
    skipped: int  # lines before the first edge that are no comments: a heading


class TextEdges:
    """The edges of a text file as keys, smaller end · 2³² + larger end.

    Args:
        path: the file; what gzip, bzip2 and xz have packed is unpacked.
        columns: numbers or headings of the two columns; ``None`` for a file of two, or one whose
            headings tell.
        largest: the largest id that is taken.
        remedy: what to do about a larger one.
    """

    def __init__(self, path: Path, columns: Any, largest: int, remedy: str) -> None:
        self._path, self._columns, self._largest, self._remedy = path, columns, largest, remedy
        self.counts = np.array([0, 0, 0, -1])  # edges, loops, lines read, largest id

    def into(self, room: Callable[[], np.ndarray], put: Callable[[int], object]) -> None:
        """Read all, into the arrays that ``room`` gives; ``put`` is told how many keys."""
        # Compiled code is loaded with the first text, not with the package.
        parse_edges = import_module("simplex.storage._edge_text_numba").parse_edges
        layout: Layout | None = None
        for text, stop in self._blocks():
            if layout is None:
                layout, text, stop = self._begun(text, stop)
                if layout is None:
                    continue
            while stop:
                before = int(self.counts[0])
                where = *layout.columns, layout.width, layout.separator
                read, why = parse_edges(text, stop, *where, self._largest, room(), self.counts)
                put(int(self.counts[0]) - before)
                if why > FULL:
                    raise self._wrong(bytes(text[read:stop]).split(b"\n", 1)[0], why, layout)
                text, stop = text[read:], stop - read

    def _blocks(self) -> Iterator[tuple[np.ndarray, int]]:
        """Whole lines as bytes."""
        left = b""
        with _opener(self._path)(self._path, "rb") as file:
            while True:
                try:
                    block = file.read(_BLOCK)
                except (EOFError, lzma.LZMAError, zlib.error, OSError) as error:
                    if isinstance(error, OSError) and error.errno is not None:
                        raise
                    raise ValueError(
                        f"{self._path} must be a whole packed file, got {error}. Copy it again."
                    ) from error
                if not block:
                    break
                cut = block.rfind(b"\n") + 1
                if cut:
                    yield _bytes(left + block[:cut]), len(left) + cut
                    left = block[cut:]
                else:
                    left += block
                if len(left) > _BLOCK:
                    raise ValueError(
                        f"{self._path} must be lines of text, got one longer than {_BLOCK} bytes "
                        f"after line {self.counts[2]}."
                    )
        if left:
            yield _bytes(left + b"\n"), len(left) + 1

    def _begun(self, text: np.ndarray, stop: int) -> tuple[Layout | None, np.ndarray, int]:
        """The layout by the first line that is no comment, and what is left of the block."""
        content = bytes(text[:stop])
        place = 3 if content.startswith(b"\xef\xbb\xbf") and not self.counts[2] else 0
        if content[place:].lower().startswith(b"%%matrixmarket"):
            raise ValueError(
                f"{self._path} must be lines of two ids, got a file of Matrix Market. Read it with "
                "scipy.io.mmread and give np.stack([A.row, A.col]) of the matrix A."
            )
        while place < stop:
            end = content.index(b"\n", place)
            line = content[place:end].strip()
            if line and not line.startswith(_COMMENTS):
                layout = self._layout(line)
                if layout.skipped:
                    self.counts[2] += 1
                    place = end + 1
                return layout, text[place:], stop - place
            self.counts[2] += 1
            place = end + 1
        return None, text[:0], 0

    def _layout(self, line: bytes) -> Layout:
        text = line.decode("utf-8", "replace")
        before = re.split(r"\s[#%]", text, maxsplit=1)[0]  # a comment
        separator = next((mark for mark in ",;" if mark in before), None)
        words = _words(text, separator)
        heading = not any(map(_NUMBER.match, words))
        if not heading and separator is None:
            words = _words(before, None)
        columns = edge_columns(str(self._path), words if heading else len(words), self._columns)
        return Layout(columns, len(words), ord(separator or " "), int(heading))

    def _wrong(self, line: bytes, why: int, layout: Layout) -> ValueError:
        place = f"{self._path}, line {self.counts[2] + 1}"
        text = shown(line.decode("utf-8", "replace").strip())
        if why == NEGATIVE:
            return ValueError(f"{place}: vertex ids must be non-negative, got {text}.")
        if why == LARGE:
            return ValueError(
                f"{place}: vertex ids must be at most {self._largest}, got {text}. {self._remedy}"
            )
        if why == WIDTH:
            return ValueError(
                f"{place}: every line must have {layout.width} columns as the first has, got "
                f"{text}. A list of simplices or of neighbours is no list of edges."
            )
        return ValueError(
            f"{place}: every line must have two vertex ids 0, 1, 2, …, got {text}. Number vertices "
            "that have names first, as with pandas.factorize."
        )


def _words(text: str, separator: str | None) -> list[str]:
    return [word.strip().strip("\"'").lower() for word in text.split(separator)]


def _opener(path: Path) -> Any:
    """What reads a file, packed or not: by how it begins, whatever it is called."""
    with path.open("rb") as file:
        head = file.read(8)
    begun = (opener for _, magic, opener in _PACKED if head.startswith(magic))
    named = (opener for ending, _, opener in _PACKED if path.suffix.lower() == ending)
    return next(begun, next(named, open))


def _bytes(text: bytes) -> np.ndarray:
    """As an array that can be written to, as kernels take them."""
    return np.frombuffer(bytearray(text), np.uint8)


def edge_columns(place: str, headings: list[str] | int, columns: Any) -> tuple[int, int]:
    """Which two columns of a table are the ends of an edge.

    Args:
        place: as errors name the table.
        headings: of the columns, in small letters; or how many columns there are.
        columns: two numbers or headings, or ``None``.
    """
    width = headings if isinstance(headings, int) else len(headings)
    names = [] if isinstance(headings, int) else headings
    if columns is None:
        for pair in _ENDS:
            if names.count(pair[0]) == names.count(pair[1]) == 1:
                return names.index(pair[0]), names.index(pair[1])
        if width == 2 and not names:
            return 0, 1
        got = f"headings {', '.join(names)}" if names else f"{width} columns"
        raise ValueError(
            f"{place} must have two columns, or headings such as source and target, got {got}. "
            "Pass columns=(0, 1) for the first two; number vertices that have names first, as with "
            "pandas.factorize."
        )
    found = []
    for column in columns:
        if isinstance(column, str) and names.count(column.strip().lower()) == 1:
            found.append(names.index(column.strip().lower()))
        elif isinstance(column, int) and 0 <= column < width:
            found.append(column)
        else:
            raise ValueError(
                f"columns must be of {place}, which has "
                f"{', '.join(names) if names else f'{width} columns'}, got {column!r}."
            )
    return found[0], found[1]
