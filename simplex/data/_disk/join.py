"""The blocks one below the other: one table for each field."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import reduce
from itertools import accumulate
from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.data._checks import require_same_fields
from simplex.data._disk.block import ITEMS, block_file, read_block
from simplex.data._storage import table_rank
from simplex.storage import Place, Site, write_rows


COUNTS = "num_simplices"


class Column(NamedTuple):
    """A field of the whole data set.

    Args:
        key: its name.
        shape: of a row.
        dtype: a name in torch; empty for values that are stored as text.
        dim: where the rows are in the field.
        starts: which table says where the items start in it.
    """

    key: str
    shape: tuple[int, ...]
    dtype: str
    dim: int
    starts: str


def columns_of(
    blocks: Sequence[Mapping[str, Any]], first_items: Sequence[int] | None = None
) -> dict[str, Column]:
    """The fields of a data set from the facts of its blocks.

    Args:
        blocks: the facts.
        first_items: number of the first item of each; ``None`` for blocks that follow each other.

    Raises:
        ValueError: a field that some of them lack, or that has rows of several shapes.
    """
    every = {key: block["fields"][key] for block in blocks for key in block["fields"]}
    if first_items is None:
        first_items = [0, *accumulate(block["num_items"] for block in blocks)][:-1]
    keys = [_completed(set(block["fields"]), set(every)) for block in blocks]
    require_same_fields(keys, first_items)
    return {key: _column(key, blocks, first_items) for key in every}


def _completed(own: set[str], every: set[str]) -> set[str]:
    """The fields with those that the meaning allows to add: empty tables, plain orientations."""
    return own | {key for key in every if table_rank(key) is not None}


def _column(key: str, blocks: Sequence[Mapping[str, Any]], first_items: Sequence[int]) -> Column:
    kinds: list[set[str]] = []
    found: list[tuple[tuple[int, ...], int, str]] = []
    for block, first in zip(blocks, first_items, strict=True):
        field = block["fields"].get(key)
        if field is not None:
            kinds.append(set(field["starts"]))
            row = (len(field["shape"]),) if key == COUNTS else tuple(field["shape"][1:])
            found.append((row, field.get("dim", 0), field.get("dtype", "")))
            if found[-1][:2] != found[0][:2] or (not found[-1][2]) != (not found[0][2]):
                raise ValueError(
                    f"{key} must have rows of one shape in all items, got {found[0][0]} in the "
                    f"first ones and {row} from item {first} on."
                )
    (row, dim, dtype) = found[0]
    if key == COUNTS:
        row = (max(block["fields"][key]["shape"][1] for block in blocks),)
    if dtype:
        every = [getattr(torch, each) for _, _, each in found]
        dtype = str(reduce(torch.promote_types, every)).removeprefix("torch.")
    rank = table_rank(key)
    best = [str(rank)] if rank is not None else ["0"] if key == "x" else [ITEMS]
    common = set.intersection(*kinds)
    starts = next((name for name in [*best, ITEMS, *sorted(common)] if name in common), key)
    return Column(key, row, dtype, dim, starts)


class Starts(NamedTuple):
    """Where each item starts in some fields.

    Args:
        kind: ``"items"``, a dimension, or the name of a field with starts of its own.
        values: whether it is where the text of each value of that field starts.
    """

    kind: str
    values: bool = False


Tables = Mapping[str, Column | Starts]


def rows_of(block: Mapping[str, Any], content: Column | Starts) -> int:
    """How many rows of a field a block has, or of what starts are counted, from its facts."""
    fields = block["fields"]
    if isinstance(content, Starts):
        if content.kind in fields:
            return int(fields[content.kind]["shape"][0])
        of_rank = {str(k): n for k, n in enumerate(block["num_simplices"])}
        return int(({ITEMS: block["num_items"]} | of_rank).get(content.kind, 0))
    if content.key in fields:
        return int(fields[content.key]["shape"][0])
    facets = fields.get(f"facets_{content.starts}")
    oriented = content.key.startswith("orientation")
    return int(facets["shape"][0]) if oriented and facets is not None else 0


def new_tables(site: Site, tables: Tables, blocks: Sequence[Mapping[str, Any]]) -> None:
    """The tables of all blocks, with room for them."""
    for name, content in tables.items():
        total = sum(rows_of(block, content) for block in blocks)
        if isinstance(content, Starts):
            items = sum(block["num_items"] for block in blocks)
            site.new_table(name, (items + 1,), "<i8")
        else:
            kind = torch.empty(0, dtype=_of_numpy(_dtype(content))).numpy().dtype
            site.new_table(name, (total, *content.shape), kind)


def join_blocks(
    place: Place, first: int, stop: int, tables: Tables, before: Mapping[str, int], items: int
) -> None:
    """Write the rows of some blocks into the tables of all: a task.

    Args:
        place: the folder under construction.
        first: the first of the blocks.
        stop: the one after the last.
        tables: what each table holds.
        before: how many rows, or of starts what they count, the blocks before have.
        items: how many items those have.
    """
    site, done = place.found(), dict(before)
    with ExitStack() as stack:
        paths = {name: site / f"{name}.npy" for name in tables}
        files = {name: stack.enter_context(path.open("r+b")) for name, path in paths.items()}
        for number in range(first, stop):
            block = read_block(block_file(site, number))
            for name, content in tables.items():
                if isinstance(content, Starts):
                    values = done[name] + _sizes(block, content).cumsum(0)
                    row, done[name] = items + 1, int(values[-1])
                else:
                    values = _rows(block, content)
                    row, done[name] = done[name], done[name] + len(values)
                if values.numel():
                    write_rows(files[name], row, values.numpy())
            items += block["facts"]["num_items"]
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())


def _rows(block: Mapping[str, Any], column: Column) -> Tensor:
    """The rows of a field of a block, with what it lacks, as they are stored."""
    own = block["tables"].get(column.key)
    dtype = _dtype(column)
    if own is None:  # of items below the highest dimension, or that are not oriented
        rows = torch.ones(rows_of(block["facts"], column), *column.shape)
    else:
        rows = own["rows"]
        if column.key == COUNTS and rows.shape[1] < column.shape[0]:
            rows = torch.nn.functional.pad(rows, (0, column.shape[0] - rows.shape[1]))
    return rows.to(dtype).contiguous().view(_of_numpy(dtype))


def _sizes(block: Mapping[str, Any], starts: Starts) -> Tensor:
    """How many rows of a kind each item of a block has."""
    kind = starts.kind
    own = block["tables"].get(kind, {}).get("values" if starts.values else "starts")
    if own is not None:
        sizes: Tensor = own.diff()
        return sizes
    if kind in block["tables"]:
        kind = block["facts"]["fields"][kind]["starts"][0]
    counts: Tensor = block["counts"]  # (m, d+1)
    if kind == ITEMS:
        return counts.new_ones(len(counts))
    k = int(kind)
    return counts[:, k] if k < counts.shape[1] else counts.new_zeros(len(counts))


def _dtype(column: Column) -> torch.dtype:
    dtype: torch.dtype = getattr(torch, column.dtype) if column.dtype else torch.uint8
    return dtype


def _of_numpy(dtype: torch.dtype) -> torch.dtype:
    """The dtype in which it is stored: integers of the same size for one of torch alone."""
    try:
        torch.empty(0, dtype=dtype).numpy()
    except TypeError:
        return {1: torch.uint8, 2: torch.int16}[dtype.itemsize]
    return dtype
