"""A table of edges with what flows along them, as a cochain."""

import warnings
from dataclasses import replace
from os import PathLike, fspath
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import require_path
from simplex.io._options import Reading
from simplex.io._read import content_of, kind_of_file, named_errors, place_of
from simplex.lifting import Flow, flow_of


def read_flow(
    path: str | PathLike[str],
    format: str | None = None,
    *,
    value: str | None = None,
    max_dim: int = 2,
    source: str | None = None,
    target: str | None = None,
    delimiter: str | None = None,
    heading: bool | None = None,
    comments: str = "#%",
    undirected: bool = False,
    nodes: str | PathLike[str] | None = None,
) -> Flow:
    r"""The net flow on each edge of a file, of what goes from the first end of a row to the second.

    .. math:: x_{uv} = \sum_{\text{rows } u → v} f - \sum_{\text{rows } v → u} f, \qquad u < v

    :func:`read_data` gives the values of edges as they stand, whatever way their row is written;
    here they have the sign of its direction, as ``simplex hodge`` reads them.

    Args:
        path: the file, of any format that holds edges with values.
        format: as of :func:`read`.
        value: column or attribute of the values; ``None`` where there is one alone.
        max_dim: up to which dimension cliques are filled in; 1 for none.
        source: as of :func:`read`.
        target: as of :func:`read`.
        delimiter: as of :func:`read`.
        heading: as of :func:`read`.
        comments: as of :func:`read`.
        undirected: take what a file of a directed graph says; the signs keep its directions.
        nodes: as of :func:`read`.

    Returns:
        ``complex``, with the names of the vertices, and ``x``, (n_1,) float64, positive from the
        smaller vertex to the larger one. Self-loops are left out with a warning.

    Raises:
        ValueError: the file holds no edges, no such column, or a value that is no finite number.
        OSError: it is not there.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     _ = Path(folder, "flow.csv").write_text("source,target,tons\na,b,1\nc,b,2\na,c,4\n")
        ...     read_flow(Path(folder, "flow.csv")).x.tolist()
        [1.0, 4.0, -2.0]
    """
    require_path("path", path)
    reading = Reading(
        format, delimiter, source, target, None, heading, comments, undirected=undirected,
        nodes=place_of(nodes),
    )  # fmt: skip
    lost: list[str] = []
    with named_errors(path):
        flow = flow_in(fspath(path), reading, value, max_dim, [], lost)
    if lost:
        warnings.warn(f"{path}: {'; '.join(lost)}.", stacklevel=2)
    return flow


def flow_in(
    path: str,
    reading: Reading,
    value: str | None,
    max_dim: int,
    notes: list[str],
    lost: list[str],
) -> Flow:
    """What :func:`read_flow` gives, for options that are together."""
    reading = replace(reading, values=True)
    if kind_of_file(path, reading).name == "tntp":
        reading = replace(reading, undirected=True)  # a flow has its directions as signs
    content = content_of(path, reading, None, notes)
    lost += content.lost
    graph = content.graph
    if graph is None:
        raise ValueError("must hold edges with values, got a complex.")
    column = _column(content.values.get(1, {}), value)
    ends = graph.edge_index
    listed = [_number(number, ends, i) for i, number in enumerate(column)]
    values = torch.tensor(listed, dtype=torch.float64)
    kept = ends[0] != ends[1]
    if not bool(kept.all()):
        lost.append(f"{int((~kept).sum())} self-loops are left out")
    K, x = flow_of(ends[:, kept], values[kept], graph.num_vertices, max_dim=max_dim)
    return Flow(K.with_vertex_labels(graph.labels), x)


def _column(columns: Any, name: str | None) -> Any:
    if name is None and len(columns) == 1:
        return next(iter(columns.values()))
    if name is None or name not in columns:
        found = ", ".join(map(str, columns)) or "none"
        raise ValueError(f"--value must name a column of values, got {name}; there are: {found}.")
    return columns[name]


def _number(value: Any, ends: Tensor, row: int) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(
            f"the values must be finite numbers, got {value!r} for edge {row + 1} of "
            f"{ends.shape[1]}. Leave edges out that have none."
        )
    return number
