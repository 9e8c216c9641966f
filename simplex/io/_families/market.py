"""Matrix Market: a sparse matrix whose entries are the edges, or the values of these."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from simplex.complexes import SimplicialComplex
from simplex.interop import GraphEdges
from simplex.io._content import FILTRATION, Content, Values
from simplex.io._families.listed import numbers_of
from simplex.io._families.weights import weights_of
from simplex.io._options import Reading
from simplex.io._source import read_text


BANNER = "%%MatrixMarket"
_MOST_ISOLATED = 1_000_000  # vertices that a short file may name


def read_market(path: str, reading: Reading, _: int | None, notes: list[str]) -> Content:
    """A square matrix; its entries are values of the edges, where they are numbers other than 1."""
    return market_content(read_text(path, notes), reading.undirected)


def market_content(text: str, undirected: bool) -> Content:
    """The graph of the entries that are not zero; the diagonal holds self-loops.

    Raises:
        ValueError: a broken file, or a matrix that is not square and symmetric.
    """
    from scipy.io import mminfo, mmread
    from scipy.sparse import coo_array

    try:
        rows, columns, *_ = mminfo(io.BytesIO(text.encode()))
        if rows != columns:
            raise ValueError(f"the matrix must be square, got {rows} rows and {columns} columns.")
        if rows > max(_MOST_ISOLATED, 64 * len(text)):
            raise ValueError(
                f"the matrix must describe its vertices, got {rows:,} in {len(text)} characters."
            )
        matrix = coo_array(mmread(io.BytesIO(text.encode())))
    except (ValueError, TypeError, OverflowError, IndexError) as error:
        if str(error).startswith("the matrix"):
            raise
        raise ValueError(
            f"must be a matrix in Matrix Market form, got another ({error})."
        ) from None
    present = matrix.data != 0
    ends = np.stack([each[present].astype(np.int64) for each in matrix.coords])
    keys, back = ends[0] * rows + ends[1], ends[1] * rows + ends[0]
    if not undirected and not np.array_equal(np.unique(keys), np.unique(back)):
        raise ValueError(
            "the matrix must be symmetric, got one with an entry (i, j) and none at (j, i). Forget "
            "the directions with --undirected."
        )
    data = matrix.data[present]
    here, there = (data[np.lexsort((data, order))] for order in (keys, back))
    if not undirected and not np.array_equal(here, there):
        raise ValueError(
            "the matrix must be symmetric, got another value at (i, j) than at (j, i). Forget the "
            "directions with --undirected."
        )
    once = ends if undirected else ends[:, ends[0] <= ends[1]]
    entries = data if undirected else data[ends[0] <= ends[1]]
    values: Values = {}
    if not (entries == 1).all() and entries.dtype.kind in "if":
        values["weight"] = entries.tolist()
    return Content(GraphEdges(rows, torch.from_numpy(once)), values={0: {}, 1: values})


def write_market(
    K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]
) -> bytes:
    """The symmetric adjacency matrix; its entries are the filtration, ``weight``, or 1."""
    own = weights_of(values, "matrix-market", _are_entries, (FILTRATION, "weight"), notes)
    edges, n = (K.simplices(1) + 1).tolist(), K.num_simplices(0)
    whole = own is not None and all(type(x) is int and abs(x) < 2**63 for x in own)
    kind = "pattern" if own is None else "integer" if whole else "real"
    lines = [f"{BANNER} matrix coordinate {kind} symmetric", f"{n} {n} {len(edges)}"]
    if own is None:
        lines += [f"{v} {u}" for u, v in edges]
    else:
        lines += [f"{v} {u} {x!r}" for (u, v), x in zip(edges, own, strict=True)]
    return "\n".join([*lines, ""]).encode()


def _are_entries(column: Sequence[Any]) -> bool:
    """Whether they are read again: numbers, none of them 0, which is no edge, and not all 1."""
    numbers = numbers_of(column)
    return numbers is not None and bool(
        numbers.all() and (numbers != 1).any() and not numbers.isnan().any()
    )
