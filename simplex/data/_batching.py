"""Items made alike before PyG concatenates them: PyG's ``Batch`` itself asks its items nothing."""

from collections.abc import Callable, Collection, Sequence
from copy import copy
from functools import partial, wraps
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Batch, InMemoryDataset
from torch_geometric.data.data import BaseData

from simplex.data._checks import require_same_fields, require_same_widths
from simplex.data._edges import FINGERPRINT, stored_edges
from simplex.data._simplicial_data import SimplicialData, fingerprint_of
from simplex.data._storage import table_rank


def aligned(items: Sequence[Any], exclude: Collection[str] = ()) -> Sequence[Any]:
    """The items with empty tables up to the highest dimension, and all of them oriented or none.

    Items that are alike already, the usual case, are returned as they are.

    Raises:
        TypeError: an item is no :class:`SimplicialData`.
        ValueError: one item has a field that another lacks.
    """
    for place, item in enumerate(items):
        if not isinstance(item, SimplicialData):
            raise TypeError(
                "the items of a batch must all be SimplicialData where one is, got "
                f"{type(item).__name__} at place {place}. Lift graphs with "
                "simplex.transforms.CliqueLift."
            )
    keys = items[0]._store._mapping.keys()
    width = _width(items[0])
    if all(item._store._mapping.keys() == keys and _width(item) == width for item in items[1:]):
        return items
    samples: dict[str, Any] = {}  # of each field one value, for its kind
    for item in items:
        samples = dict(item._store.items()) | samples
    top = max(map(_width, items)) - 1
    same = [_completed(item, samples, top) if _width(item) else item for item in items]
    require_same_fields([set(item._store.keys()) - set(exclude) for item in same])
    return same


def _width(item: SimplicialData) -> int:
    counts = item._store.get("num_simplices")
    return counts.shape[1] if isinstance(counts, Tensor) and counts.ndim == 2 else 0


def _completed(item: SimplicialData, samples: dict[str, Any], top: int) -> SimplicialData:
    """A copy with what the meaning of the fields allows to add."""
    result = copy(item)
    store, old = result._store, item.max_dim
    store["num_simplices"] = torch.nn.functional.pad(store["num_simplices"], (0, top - old))
    for key, sample in samples.items():
        k = table_rank(key)
        if k is not None and k > old and key not in store:
            store[key] = sample[:0]
    if any(key.startswith("orientation_") and table_rank(key) for key in samples):
        for k in range(1, top + 1):
            facets = store[f"facets_{k}"]
            plain = torch.ones(len(facets), dtype=torch.int8, device=facets.device)
            store[f"orientation_{k}"] = store.get(f"orientation_{k}", plain)
    edges = stored_edges(store)
    if FINGERPRINT in samples and FINGERPRINT not in store and edges is not None:
        _ = item.complex  # refuses edges that are not its own
        store[FINGERPRINT] = fingerprint_of(item, edges)
    return result


def align_batches() -> None:
    """Let PyG align complexes before it concatenates them, in batches and in data sets.

    ``Batch.from_data_list``, and with it ``DataLoader``, and ``InMemoryDataset.collate``, with
    which data sets are saved. PyG offers no place for this: it takes the fields of the first item.
    Items without a complex are put together as ever.
    """
    collate, store = Batch.from_data_list.__func__, InMemoryDataset.collate

    @wraps(collate)
    def from_data_list(
        cls: type[Batch],
        data_list: Any,
        follow_batch: list[str] | None = None,
        exclude_keys: list[str] | None = None,
    ) -> Any:
        if isinstance(data_list, SimplicialData):
            raise TypeError(
                "data_list must be a list of items, got one SimplicialData. Put it in a list: "
                "Batch.from_data_list([data])."
            )
        listed = data_list if isinstance(data_list, (list, tuple, BaseData)) else list(data_list)
        make = partial(collate, cls, follow_batch=follow_batch, exclude_keys=exclude_keys)
        return _of_aligned(make, listed, exclude_keys or ())

    @wraps(store)
    def collated(data_list: Any) -> Any:
        return _of_aligned(store, data_list) if len(data_list) > 1 else store(data_list)

    Batch.from_data_list = classmethod(from_data_list)
    InMemoryDataset.collate = staticmethod(collated)


def _of_aligned(
    collate: Callable[[Any], Any], items: Sequence[Any], exclude: Collection[str] = ()
) -> Any:
    """What PyG makes of the items, which are aligned if one of them is a complex."""
    if not any(isinstance(item, SimplicialData) for item in items):
        return collate(items)
    same = aligned(items, exclude)
    try:
        return collate(same)
    except (RuntimeError, IndexError):
        require_same_widths([dict(item._store.items()) for item in same])
        raise
