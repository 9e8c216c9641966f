"""A data set written to disk, in blocks that are tasks of an executor."""

import itertools
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from typing import Any

from simplex.complexes import on_free_threads, require_int
from simplex.data._dataset import SimplicialDataset
from simplex.data._disk.block import ITEMS, Source, items_source, write_block
from simplex.data._disk.join import (
    COUNTS,
    Column,
    Starts,
    columns_of,
    join_blocks,
    new_tables,
    rows_of,
)
from simplex.data._lift.checks import require_graph, require_many
from simplex.data._lift.many import tables_of
from simplex.data._lift.options import Lift
from simplex.data._simplicial_data import SimplicialData
from simplex.storage import (
    Format,
    Place,
    Site,
    require_executor,
    row_ranges,
    run_tasks,
    under_construction,
)


DATASET = Format("simplex-dataset", 1, "SimplicialDataset.to_disk")
_JOINED = 32  # blocks that are joined by one task
_MOST_ENTRIES = 1 << 22  # vertices and columns of edges that are held for one block


@on_free_threads()
def dataset_to_disk(
    folder: str | os.PathLike[str],
    graphs: Iterable[Any],
    lift: Lift | None,
    block_size: int,
    executor: Executor | None,
    *,
    overwrite: bool,
) -> None:
    """Write a folder; :meth:`SimplicialDataset.to_disk` describes the arguments."""
    require_executor(executor)
    require_int("block_size", block_size, least=1)
    require_many(graphs)
    blocks, lift = _blocks(graphs, lift, block_size)
    job = {"data set": None if lift is None else lift.job(), "block_size": block_size}
    with under_construction(folder, job=job, overwrite=overwrite) as site:
        place = site.place
        tasks = ((place, number, source) for number, source in enumerate(blocks))
        facts: list[dict[str, Any]] = []
        count = 0
        for block in run_tasks(write_block, tasks, executor):
            facts.append(block)
            columns_of([facts[0], block], [0, count])  # what does not fit is said at once
            count += block["num_items"]
        if not facts:
            raise ValueError("graphs must hold at least one graph, got none.")
        _join(site, place, facts, executor)


def _blocks(
    graphs: Iterable[Any], lift: Lift | None, block_size: int
) -> tuple[Iterator[Source], Lift | None]:
    """The sources of the blocks, made one by one, and how they are lifted."""
    if isinstance(graphs, SimplicialDataset) and graphs.transform is None:
        if lift is not None:
            raise _lifted_already()
        first = range(0, len(graphs), block_size)
        return (items_source(graphs[i : i + block_size]) for i in first), None
    items = iter(graphs)
    first_item = next(items, None)
    if first_item is None:
        raise ValueError("graphs must hold at least one graph, got none.")
    if not isinstance(first_item, SimplicialData):
        lift = lift or Lift()
        lift.require()
    elif lift is not None:
        raise _lifted_already()
    return _sources(itertools.chain([first_item], items), lift, block_size), lift


def _sources(items: Iterator[Any], lift: Lift | None, block_size: int) -> Iterator[Source]:
    """Blocks of graphs, or of items; large ones in blocks of few."""
    block: list[Any] = []
    held = 0
    for place, item in enumerate(items):
        if lift is not None:
            require_graph(item, f"graphs[{place}]")
        elif not isinstance(item, SimplicialData):
            raise TypeError(
                f"graphs must all be SimplicialData where the first one is, got "
                f"{type(item).__name__} at place {place}."
            )
        block.append(item)
        held += _entries(item)
        if len(block) == block_size or held >= _MOST_ENTRIES:
            yield _source(block, lift, place + 1 - len(block))
            block, held = [], 0
    if block:
        yield _source(block, lift, place + 1 - len(block))


def _entries(item: Any) -> int:
    if isinstance(item, SimplicialData):
        return int(item.num_simplices.sum())
    return int(item.edge_index.shape[-1])


def _source(block: list[Any], lift: Lift | None, first: int) -> Source:
    try:
        return items_source(block) if lift is None else Source(*tables_of(block), lift)
    except ValueError as error:
        if not first:
            raise
        raise ValueError(f"graphs[{first}:{first + len(block)}], taken alone: {error}") from error


def _lifted_already() -> ValueError:
    return ValueError(
        "max_dim, reduce, edge_attr, directed, rings, apex and marker must be left out for items "
        "that have been lifted, got some of them. Pass the graphs that they were made of."
    )


def _join(site: Site, place: Place, blocks: list[dict[str, Any]], executor: Any) -> None:
    """One table for each field, of all blocks, and the manifest."""
    columns, count = columns_of(blocks), sum(block["num_items"] for block in blocks)
    counts = columns[COUNTS].shape[0]
    kinds = [ITEMS, *map(str, range(counts))]
    kinds += sorted({column.starts for column in columns.values()} - set(kinds))
    starts = {kind: f"starts-{_file(kind, n)}" for n, kind in enumerate(kinds)}
    tables: dict[str, Column | Starts] = {starts[kind]: Starts(kind) for kind in kinds}
    fields: dict[str, dict[str, Any]] = {}
    for n, (key, column) in enumerate(columns.items()):
        table = _file(key, n)
        tables[table], fields[key] = column, {"table": table, "starts": starts[column.starts]}
        if column.dtype:
            fields[key] |= {"dtype": column.dtype, "dim": column.dim}
        else:
            fields[key]["values"] = f"{table}-values"
            tables[f"{table}-values"] = Starts(key, values=True)
    new_tables(site, tables, blocks)
    for _ in run_tasks(join_blocks, _joins(place, tables, blocks), executor):
        pass
    facts = {"num_items": count, "max_dim": counts - 1, "starts": starts, "fields": fields}
    site.finish(DATASET, facts, tables, executor)


def _joins(
    place: Place, tables: dict[str, Column | Starts], blocks: list[dict[str, Any]]
) -> Iterator[tuple[Any, ...]]:
    before, items = dict.fromkeys(tables, 0), 0
    for first, stop in row_ranges(len(blocks), most_work=_JOINED):
        yield place, first, stop, tables, dict(before), items
        for block in blocks[first:stop]:
            items += block["num_items"]
            for name, content in tables.items():
                before[name] += rows_of(block, content)


def _file(name: str, number: int) -> str:
    """The name as one of a file, where it is one that every system takes."""
    return name if re.fullmatch(r"[A-Za-z0-9_]{1,80}", name) else f"field-{number}"
