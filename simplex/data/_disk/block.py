"""A block of items in a file of its own: a task, which can be run again."""

import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data.collate import collate
from torch_geometric.utils import is_sparse

from simplex.complexes import write_whole
from simplex.data._batching import aligned
from simplex.data._dataset import SimplicialDataset
from simplex.data._disk.values import not_plain, packed
from simplex.data._gather import item_counts, starts_of
from simplex.data._lift.many import GraphTables, lifted_tables
from simplex.data._lift.options import Lift
from simplex.data._simplicial_data import SimplicialData
from simplex.storage import Place


ITEMS = "items"  # one row for each item


@dataclass(frozen=True)
class Source:
    """What a block is made of: tables of graphs, to be lifted, or of items as they are.

    Pickled it is one piece of bytes, without shared memory.
    """

    fields: Mapping[str, Any]
    slices: Mapping[str, Tensor]
    sizes: Tensor  # vertices of each
    lift: Lift | None  # None for items

    def __reduce__(self) -> Any:
        content = io.BytesIO()
        torch.save((dict(self.fields), dict(self.slices), self.sizes), content)
        return _unpickled, (content.getvalue(), self.lift)

    def checksum(self) -> str:
        """Of everything, to notice whether a block that is there is of this source."""
        total = 0
        for key, value in sorted({**self.fields, " sizes": self.sizes}.items()):
            bounds = self.slices.get(key)
            for each in (key, value, bounds):
                if isinstance(each, Tensor) and not is_sparse(each):
                    head = f"{each.dtype} {tuple(each.shape)}".encode()
                    plain = _packed(each.detach().cpu()).view(-1).view(torch.uint8)
                    total = zlib.crc32(plain.numpy().data, zlib.crc32(head, total))
                else:
                    total = zlib.crc32(repr(each).encode(), total)
        return f"{total:08x}"

    def dataset(self) -> SimplicialDataset:
        """The items."""
        if self.lift is not None:
            graphs = GraphTables(dict(self.fields), dict(self.slices), self.sizes)
            return lifted_tables(graphs, self.lift)
        data = SimplicialData(**self.fields)
        data._num_nodes = self.sizes.tolist()
        return SimplicialDataset(data, dict(self.slices))


def _unpickled(content: bytes, lift: Lift | None) -> Source:
    fields, slices, sizes = torch.load(io.BytesIO(content), weights_only=True)
    return Source(fields, slices, sizes, lift)


def items_source(items: SimplicialDataset | Sequence[SimplicialData]) -> Source:
    """The source of items as they are."""
    if isinstance(items, SimplicialDataset) and items.gathers:
        fields, slices = items.tables()
        return Source(fields, slices, item_counts(fields, slices)[:, 0], None)
    stored, slices, _ = collate(
        SimplicialData, aligned(list(items)), increment=False, add_batch=False
    )
    fields = {key: value for key, value in stored._store.items() if key != "num_nodes"}
    return Source(fields, slices, item_counts(fields, slices)[:, 0], None)


def block_file(site: Path, number: int) -> Path:
    """Where a block lies in the folder under construction."""
    return site / f"block-{number:06d}.pt"


def write_block(place: Place, number: int, source: Source) -> dict[str, Any]:
    """Lift the source and write its tables, unless they are there: a task.

    Returns:
        The facts of the block.
    """
    path = block_file(place.found(), number)
    checksum = source.checksum()
    if path.exists():
        facts: dict[str, Any] = read_block(path)["facts"]
        if facts["source"] == checksum:
            return facts
    items = source.dataset()
    data = {key: value for key, value in items._data._store.items() if key != "num_nodes"}
    slices, counts = items.slices or {}, item_counts(data, items.slices)
    known = {ITEMS: torch.arange(len(counts) + 1)}
    known |= {f"{k}": starts_of(counts[:, k]) for k in range(counts.shape[1])}
    fields: dict[str, Any] = {}
    tables: dict[str, dict[str, Tensor]] = {}
    for key, value in data.items():
        bounds = slices.get(key)
        if not isinstance(bounds, Tensor) or not _is_stored(value):
            raise not_plain(key, value)
        bounds = bounds.cpu()
        same = [name for name in known if torch.equal(known[name], bounds)]
        tables[key] = {} if same else {"starts": bounds}
        if isinstance(value, Tensor):
            dim = SimplicialData().__cat_dim__(key, value) % value.ndim
            rows = value.detach().cpu().movedim(dim, 0).contiguous()
            dtype = str(rows.dtype).removeprefix("torch.")
            fields[key] = {"starts": same, "dim": dim, "dtype": dtype}
        else:
            rows, tables[key]["values"] = packed(key, value)
            fields[key] = {"starts": same}
        tables[key]["rows"] = _packed(rows)
        fields[key]["shape"] = list(rows.shape)
    facts = {
        "source": checksum,
        "num_items": len(counts),
        "num_simplices": counts.sum(0).tolist(),
        "fields": fields,
    }
    block = {"facts": facts, "tables": tables, "counts": _packed(counts)}
    write_whole(path, lambda file: torch.save(block, file))
    return facts


def _packed(values: Tensor) -> Tensor:
    """The values in memory of their own, one after the other."""
    if values.is_contiguous() and values.untyped_storage().nbytes() == values.nbytes:
        return values
    return values.clone(memory_format=torch.contiguous_format)


def _is_stored(value: Any) -> bool:
    """Whether it is a table of rows, or a list with one value for each item."""
    if isinstance(value, Tensor):
        return not is_sparse(value) and not value.is_nested
    return isinstance(value, Sequence) and not isinstance(value, str)


def read_block(path: Path) -> dict[str, Any]:
    """A whole block, its tables as memory maps."""
    block: dict[str, Any] = torch.load(path, mmap=True, weights_only=True)
    return block
