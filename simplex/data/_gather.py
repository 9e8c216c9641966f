"""Rows of some items out of a table of all of them."""

from typing import Any

import torch
from torch import Tensor
from torch_geometric.utils import is_sparse

from simplex.data._disk.values import StoredValues
from simplex.data._simplicial_data import LABELS, SimplicialData


_PLAIN = (str, int, float, list, tuple, dict, type(None))


def concatenates(key: str, value: Any) -> bool:
    """Whether PyG batches the field by concatenation, with increments known beforehand."""
    if key in ("num_nodes", LABELS):
        return True
    plain = isinstance(value, Tensor) and not is_sparse(value)
    return plain and "batch" not in key and key != "ptr"


def item_counts(fields: Any, slices: Any) -> Tensor:
    """(m, d+1) simplices of each item, of all its parts, on the CPU."""
    counts: Tensor = fields["num_simplices"].cpu()
    if slices is None:
        return counts.sum(0, keepdim=True)
    bounds = slices["num_simplices"].cpu()
    if len(bounds) == len(counts) + 1:
        return counts
    return torch.nn.functional.pad(counts.cumsum(0), (0, 0, 1, 0))[bounds].diff(dim=0)


def is_listed(value: Any, bounds: Any) -> bool:
    """Whether it is a list with one value for each item, which PyG batches as a list."""
    if isinstance(value, StoredValues):
        return True
    plain = isinstance(value, list) and value and isinstance(value[0], (str, list, tuple))
    return bool(plain) and isinstance(bounds, Tensor) and not _holds_tensors(value[0])


def _holds_tensors(value: Any) -> bool:
    return not isinstance(value, str) and len(value) > 0 and not isinstance(value[0], _PLAIN)


def select_rows(value: Tensor, dim: int, row: Tensor) -> Tensor:
    """Rows of a table; one that is stored with its rows first is read so."""
    rows_first = value.movedim(dim, 0)
    if dim % value.ndim and rows_first.is_contiguous():
        return rows_first.index_select(0, row).movedim(0, dim).contiguous()
    return value.index_select(dim, row)


def gather_rows(pointer: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The rows of the chosen slices one after the other, whose they are, and where each starts."""
    first = pointer[chosen]
    start = starts_of(pointer[chosen + 1] - first)
    owner = owner_of(start)
    row = torch.arange(len(owner), device=pointer.device)
    return row + (first - start[:-1])[owner], owner, start


def starts_of(sizes: Tensor) -> Tensor:
    return torch.nn.functional.pad(sizes.cumsum(0), (1, 0))


def owner_of(start: Tensor) -> Tensor:
    """Which slice each row is in; a sum over marks, as repeat_interleave costs a thread barrier."""
    total = int(start[-1])
    marks = start.new_zeros(total + 1)
    marks.index_add_(0, start[1:-1], torch.ones_like(start[1:-1]))
    return marks[:total].cumsum(0)


def require_length(data: SimplicialData, key: str, value: Any, expected: int) -> None:
    """The rows of a field are as many as its slices say."""
    length: Any = None
    if isinstance(value, Tensor):
        dim = data.__cat_dim__(key, value)
        if isinstance(dim, int) and not is_sparse(value):
            length = value.shape[dim] if value.ndim else 0
    elif isinstance(value, (list, tuple)):
        length = len(value)
    if length is not None and length != expected:
        raise ValueError(
            f"fields[{key!r}] must have {expected} rows, one per item or as its slices say, "
            f"got {length}."
        )
