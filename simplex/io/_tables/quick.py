"""The commonest files, lines 'u v' or 'u v w' of numbers, read by array operations: much faster."""

import re
import warnings

import numpy as np
import torch

from simplex.interop import GraphEdges
from simplex.io._tables.numbers import kind_of_rows
from simplex.io._tables.table import Table


_LONGEST = 18  # digits of an int64
_MARKS = {ord(mark): mark for mark in " \t,;"}
_NUMBERS = np.isin(np.arange(256), list(b"0123456789.+-eE"))


def plain_edges(text: str) -> tuple[GraphEdges, Table] | None:
    """The edges of a file of equally many numbers a line, and its first row; else ``None``.

    The numbers are made compact and kept as labels, as for every other table. So is what is unclear
    left to the table: rows that may be facets, a first line that may hold sizes, two separators,
    missing values, numbers that begin with 0.
    """
    body, of_edges = _without_comments(text)
    if not body.isascii():
        return None
    data = np.frombuffer((body if body.endswith("\n") else body + "\n").encode(), dtype=np.uint8)
    mark = _separator(data)
    if mark is None:
        return None
    blank = (data == mark) | (data == 10)
    edge = np.diff(blank, prepend=True)  # where a number begins, or has ended
    starts, stops = np.flatnonzero(edge & ~blank), np.flatnonzero(edge & blank)
    counts = np.diff(np.searchsorted(starts, np.flatnonzero(data == 10)), prepend=0)
    width = int(counts.max(initial=0))
    if width < 2 or not np.isin(counts, [0, width]).all() or not _NUMBERS[data[~blank]].all():
        return None
    first, last = starts.reshape(-1, width), stops.reshape(-1, width)
    columns = [_integers(data, first[:, k], last[:, k], signed=k > 1) for k in range(width)]
    whole = [column for column in columns if column is not None]
    if columns[0] is None or columns[1] is None:
        return None
    ends = np.stack(whole[:2], axis=1)
    if len(whole) < width:
        real = np.isin(data, list(b".eE")).any()  # '01' and '+1' are whole
        known = real and len(first) > width and _are_floats(body, chr(mark), starts.size)
    else:
        known = _are_edges(np.stack(whole, axis=1), of_edges)
    if not known:
        return None
    names, index = np.unique(ends, return_inverse=True)
    labels = None if names[-1] == len(names) - 1 else tuple(names.tolist())
    edges = torch.from_numpy(index.reshape(-1, 2).T.copy())
    row = [body[i:j] for i, j in zip(first[0], last[0], strict=True)]
    return GraphEdges(len(names), edges, labels), Table([row], [1], chr(mark))


def _without_comments(text: str) -> tuple[str, bool]:
    """What follows the comments at the beginning, all of it where one may say something.

    And whether KONECT's first comment says that the lines are edges.
    """
    start, of_edges = 0, re.match(r"%\s*a?sym\s+\w+", text) is not None
    while text.startswith(("#", "%", "\n"), start):
        end = text.find("\n", start)
        if end < 0 or re.match(r"[#%][^\s#%]|%\s*bip\b", text[start : start + 80]):
            return text, False
        start = end + 1
    return text[start:], of_edges


def _separator(data: np.ndarray) -> int | None:
    """The one separator that there is; marks that are no blanks stand between numbers."""
    found = [mark for mark in _MARKS if (data == mark).any()]
    if len(found) != 1:
        return None
    if found[0] != 32:
        at = np.flatnonzero((data == found[0]) | (data == 10))
        empty = np.diff(at, prepend=-1) == 1
        if (empty & ((data[at] != 10) | np.concatenate([[False], data[at[:-1]] != 10]))).any():
            return None
    return found[0]


def _integers(
    data: np.ndarray, starts: np.ndarray, stops: np.ndarray, signed: bool
) -> np.ndarray | None:
    """The numbers at these places, (n,) int64; ``None`` unless all are as Python prints them."""
    negative = (data[starts] == 45) & signed
    starts = starts + negative
    lengths = stops - starts
    longest = int(lengths.max())
    if longest > _LONGEST or int(lengths.min()) < 1:
        return None
    if ((data[starts] == 48) & ((lengths > 1) | negative)).any():
        return None
    values = np.zeros(len(starts), dtype=np.int64)
    for i in range(longest):
        longer = slice(None) if int(lengths.min()) > i else np.flatnonzero(lengths > i)
        digits = data[starts[longer] + i].astype(np.int64) - 48
        if digits.min() < 0 or digits.max() > 9:
            return None
        values[longer] = values[longer] * 10 + digits
    return np.where(negative, -values, values)


def _are_floats(body: str, mark: str, count: int) -> bool:
    """Whether there are as many numbers as there are fields."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # what is no number ends the reading
        try:
            return len(np.fromstring(body.replace(mark, " "), sep=" ")) == count
        except (DeprecationWarning, ValueError):
            return False


def _are_edges(rows: np.ndarray, of_edges: bool) -> bool:
    """Whether rows of whole numbers, (n, w), can be nothing but edges, or are said to be."""
    rest, width = len(rows) - 1, rows.shape[1]
    if width == 2:
        sizes = rest > 1 and rest in rows[0] and rows[0].max() >= rows[1:].max()
    else:
        sizes = rest in rows[0] or len(rows) <= width or rows.max() < 2
    return not sizes and (of_edges or kind_of_rows(rows, counted=True) == "edges")
