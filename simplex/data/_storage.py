"""What the stored fields of a complex mean: which dimension the rows of a field belong to."""

import re
from typing import Any

from torch_geometric.data.storage import GlobalStorage


_RANKED = re.compile(r".*_([1-9][0-9]*)")


def field_rank(key: str) -> int | None:
    """The dimension k of a field named ``…_k`` with k ≥ 1 (``x_1``, ``facets_2``), else ``None``.

    Example:
        >>> field_rank("facets_2"), field_rank("x"), field_rank("x_1_batch")
        (2, None, None)
    """
    match = _RANKED.fullmatch(key)
    return int(match[1]) if match else None


class SimplicialStorage(GlobalStorage):  # type: ignore[misc]
    """PyG's storage, which guesses the kind of a field from its length, told the truth.

    A field of k-simplices is no vertex attribute even when n_k equals n_0, and neither is
    ``num_simplices`` of a complex with one vertex.
    """

    def is_node_attr(self, key: str) -> bool:
        """Whether the rows of the field are vertices."""
        return not _of_simplices(key) and bool(super().is_node_attr(key))

    def is_edge_attr(self, key: str) -> bool:
        """Whether the rows of the field are columns of a stored ``edge_index``."""
        return not _of_simplices(key) and bool(super().is_edge_attr(key))


def _of_simplices(key: Any) -> bool:
    return key == "num_simplices" or field_rank(key) is not None
