"""The text files of a TU data set, read strictly: a broken rule is refused by file and line."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from simplex.complexes import require_memory


_INTEGER = rb"[+-]?[0-9]{1,18}"
_REAL = rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?"


@dataclass(frozen=True)
class TUFiles:
    """N graphs with n vertices in all, one after the other; m directed edges, sorted.

    Args:
        sizes: (N,) vertices of each graph, at least one.
        edge_index: (2, m) numbers of vertices among all n; both directions of every edge, no loops.
        attributes: (n, ·) float32, the real-valued ones of the vertices; can have no column.
        labels: (n, ·) float32, their one-hot labels; can have no column.
        edge_attr: (m, ·) float32, attributes and one-hot labels of the edges, or ``None``.
        y: (N,) int64 classes 0 … C-1, or float32 targets (N,) or (N, ·).
    """

    sizes: Tensor
    edge_index: Tensor
    attributes: Tensor
    labels: Tensor
    edge_attr: Tensor | None
    y: Tensor


def read_tu_files(folder: Path, name: str) -> TUFiles:
    """Read ``folder/name_A.txt`` and the files beside it.

    Raises:
        ValueError: a file is missing, or breaks the rules of the format.
    """
    from torch_geometric.utils import coalesce, remove_self_loops

    def path(what: str) -> Path:
        return folder / f"{name}_{what}.txt"

    indicator = _read_indicator(path("graph_indicator"))
    num_vertices, num_graphs = len(indicator), int(indicator[-1])
    edges = _read_edges(path("A"), indicator)
    of_vertices = num_vertices, f"one per vertex, as {path('graph_indicator').name} has"
    of_edges = len(edges), f"one per line of {path('A').name}"
    of_graphs = num_graphs, f"one per graph of {path('graph_indicator').name}"

    edge_index = torch.from_numpy(edges.T - 1)
    attributes = [
        _reals(path("edge_attributes"), of_edges),
        _one_hot(path("edge_labels"), of_edges),
    ]
    edge_attr = torch.cat(attributes, 1) if any(each.shape[1] for each in attributes) else None
    edge_index, edge_attr = remove_self_loops(edge_index, edge_attr)
    # An edge that is listed twice is one edge; its attributes are added up, as PyG does.
    edge_index, edge_attr = coalesce(edge_index, edge_attr, num_vertices)
    return TUFiles(
        torch.from_numpy(np.bincount(indicator)[1:]),
        edge_index,
        _reals(path("node_attributes"), of_vertices),
        _one_hot(path("node_labels"), of_vertices),
        edge_attr,
        _read_targets(path("graph_attributes"), path("graph_labels"), of_graphs),
    )


def read_table(
    path: Path,
    *,
    real: bool = False,
    columns: int | None = None,
    rows: tuple[int, str] | None = None,
) -> NDArray[Any]:
    """Numbers with commas between them, one row per line, (lines, columns).

    Args:
        path: the file.
        real: whether decimal points and exponents are allowed.
        columns: how many numbers a line has; ``None`` for as many as the first one.
        rows: how many lines there must be, and why.

    Raises:
        ValueError: there is no such file, or a line is not of that form, or the last one is cut.
    """
    if not path.is_file():
        raise ValueError(f"{path} must be a file of the data set, got no such file.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} must be a readable file, got {error.strerror}.") from error
    if content and not content.endswith(b"\n"):
        last = content.rpartition(b"\n")[2]
        raise _broken(
            path,
            content.count(b"\n"),
            f"the last line must end with a newline, got {_shown(last)}: the file may be cut off. "
            "Restore it, or end the line.",
        )
    if columns is None:
        columns = content.partition(b"\n")[0].count(b",") + 1
    if content:
        _require_form(path, content[:-1], real=real, columns=columns)
    dtype = np.float64 if real else np.int64
    text = content.replace(b",", b" ").decode("ascii")
    table: NDArray[Any] = np.fromstring(text, dtype, sep=" ").reshape(-1, columns)
    if rows is not None and len(table) != rows[0]:
        raise ValueError(
            f"{path} must have {rows[0]} lines, {rows[1]}, got {len(table)}. Restore the file."
        )
    return table


def _require_form(path: Path, content: bytes, *, real: bool, columns: int) -> None:
    """Every line is a row of numbers; the search stops at the first that is not."""
    number = rb"[ \t]*" + (_REAL if real else _INTEGER) + rb"[ \t]*"
    row = number + (rb"(?:,%b){%d}" % (number, columns - 1) if columns > 1 else b"")
    bad = re.search(rb"^(?!%b\r?$).*" % row, content, re.MULTILINE)
    if bad is not None:
        kind = "finite number" if real else "integer"
        many = f"{columns} {kind}s with commas between them" if columns > 1 else f"one {kind}"
        advice = ""
        if not real and path.stem.endswith("graph_labels"):
            advice = " Targets that are real numbers belong into …_graph_attributes.txt."
        elif not real and path.stem.endswith("_labels"):
            advice = " Real numbers belong into a file of attributes."
        raise _broken(
            path,
            content.count(b"\n", 0, bad.start()),
            f"a line must be {many}, got {_shown(bad[0])}.{advice}",
        )


def _read_indicator(path: Path) -> NDArray[np.int64]:
    """The graph of each vertex, from 1; every graph has vertices, and they are consecutive."""
    indicator: NDArray[np.int64] = read_table(path, columns=1)[:, 0]
    if len(indicator) == 0:
        raise ValueError(f"{path} must have one line per vertex, got an empty file.")
    steps = np.diff(indicator, prepend=0)
    bad = (steps < 0) | (steps > 1)
    bad[0] = indicator[0] != 1
    if bad.any():
        line = int(bad.argmax())
        raise _broken(
            path,
            line,
            "the graphs of the vertices must be 1, 2, … in this order, each with a vertex, got "
            f"{indicator[line]}{f' after {indicator[line - 1]}' if line else ''}.",
        )
    return indicator


def _read_edges(path: Path, indicator: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs of vertices, from 1, as they are listed."""
    edges: NDArray[np.int64] = read_table(path, columns=2)
    size = len(indicator)
    bad = ((edges < 1) | (edges > size)).any(1)
    if bad.any():
        line = int(bad.argmax())
        raise _broken(
            path, line, f"the vertices must be numbers from 1 to {size}, got {_pair(edges[line])}."
        )
    first, second = (edges - 1).T
    bad = indicator[first] != indicator[second]
    if bad.any():
        line = int(bad.argmax())
        graphs = indicator[first[line]], indicator[second[line]]
        raise _broken(
            path,
            line,
            f"an edge must join vertices of one graph, got {_pair(edges[line])} between the graphs "
            f"{graphs[0]} and {graphs[1]}.",
        )
    bad = ~np.isin(second * size + first, first * size + second)
    if bad.any():
        line = int(bad.argmax())
        raise _broken(
            path,
            line,
            f"an edge must be listed in both directions, got {_pair(edges[line])} alone. Add "
            f"{_pair(edges[line][::-1])}.",
        )
    return edges


def _read_targets(attributes: Path, labels: Path, rows: tuple[int, str]) -> Tensor:
    """Targets of a regression where there are any, else the classes, numbered 0 … C-1."""
    if attributes.exists():
        if labels.exists():
            _ = read_table(labels, columns=1, rows=rows)  # not used, but of this data set
        targets = _reals(attributes, rows)
        return targets[:, 0] if targets.shape[1] == 1 else targets
    if not labels.exists():
        raise ValueError(
            f"{labels} must hold the classes of the graphs, or {attributes.name} their targets, "
            "got neither file."
        )
    classes = read_table(labels, columns=1, rows=rows)[:, 0]
    return torch.from_numpy(np.unique(classes, return_inverse=True)[1].astype(np.int64))


def _reals(path: Path, rows: tuple[int, str]) -> Tensor:
    """A file of real numbers as float32; without columns where it is absent."""
    if not path.exists():
        return torch.empty(rows[0], 0)
    table = torch.from_numpy(read_table(path, real=True, rows=rows)).float()
    if not bool(table.isfinite().all()):
        line = int((~table.isfinite()).any(1).int().argmax())
        raise _broken(path, line, "numbers must be finite in float32, got one that is too large.")
    return table


def _one_hot(path: Path, rows: tuple[int, str]) -> Tensor:
    """A file of labels, each of its columns one-hot from its least label to its largest."""
    if not path.exists():
        return torch.empty(rows[0], 0)
    table = read_table(path, rows=rows)
    if len(table) == 0:
        return torch.empty(0, 0)
    low = table.min(0)
    widths = [int(each) for each in table.max(0) - low + 1]
    require_memory(
        4 * len(table) * sum(widths),
        torch.device("cpu"),
        f"the one-hot labels of {path}, {sum(widths)} columns",
        remedy="Number the labels from 0 without gaps.",
    )
    result = torch.zeros(len(table), sum(widths))
    start = torch.tensor([0, *widths[:-1]]).cumsum(0)
    result.scatter_(1, torch.from_numpy(table - low) + start, 1.0)
    return result


def _broken(path: Path, line: int, what: str) -> ValueError:
    """The error for a line, counted from 0."""
    return ValueError(f"{path}, line {line + 1}: {what}")


def _pair(edge: NDArray[np.int64]) -> str:
    return f"{edge[0]}, {edge[1]}"


def _shown(line: bytes) -> str:
    text = line.rstrip(b"\r")[:60].decode("ascii", "backslashreplace")
    return repr(text) if text else "an empty line"
