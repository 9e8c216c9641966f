"""What the stored fields of a complex mean: which dimension the rows of a field belong to."""

import re
from typing import Any

from torch import Tensor
from torch_geometric.data.storage import GlobalStorage
from torch_geometric.utils import is_sparse

from simplex.data._edges import FINGERPRINT


TABLES = ("facets", "orientation", "filtration", "x")  # fields of k-simplices whatever their length
_RANKED = re.compile(r"(.*)_([1-9][0-9]*)")
_OF_PYG = ("index", "batch")  # what is named so holds ids, by PyG's rules
DIRECTED = "directed_simplices"  # (m,) True for each part, only where simplices are ordered tuples
CANDIDATES = "candidates"  # (m, k+1) vertex ids of simplices that may be there or not


def field_rank(key: Any) -> int | None:
    """The dimension k of a field named ``…_k`` with k ≥ 1 (``x_1``, ``facets_2``), else ``None``.

    Names that PyG reads as ids (``edge_index_2``) are no fields of simplices.

    Example:
        >>> field_rank("facets_2"), field_rank("x"), field_rank("x_1_batch"), field_rank("index_1")
        (2, None, None, None)
    """
    match = _RANKED.fullmatch(key) if isinstance(key, str) else None
    if match is None or any(word in match[1] for word in _OF_PYG):
        return None
    return int(match[2])


def table_rank(key: Any) -> int | None:
    """The dimension k ≥ 1 of a table or cochain of the complex (``x_1``), else ``None``.

    Example:
        >>> table_rank("facets_2"), table_rank("y_2")
        (2, None)
    """
    rank = field_rank(key)
    return rank if rank is not None and key.removesuffix(f"_{rank}") in TABLES else None


def is_candidate_field(key: Any) -> bool:
    """Whether the rows of the field are candidates: ``candidates`` and ``…_candidates``.

    Example:
        >>> is_candidate_field("candidates"), is_candidate_field("y_candidates")
        (True, True)
    """
    return isinstance(key, str) and (key == CANDIDATES or key.endswith(f"_{CANDIDATES}"))


class SimplicialStorage(GlobalStorage):  # type: ignore[misc]
    """PyG's storage, which guesses the kind of a field from its length, told the truth.

    A field of k-simplices is no vertex attribute even when n_k equals n_0, and neither is
    ``num_simplices`` of a complex with one vertex, nor a field of candidates.
    """

    def is_node_attr(self, key: str) -> bool:
        """Whether the rows of the field are vertices."""
        return not self._has_own_rows(key) and bool(super().is_node_attr(key))

    def is_edge_attr(self, key: str) -> bool:
        """Whether the rows of the field are columns of a stored ``edge_index``."""
        return not self._has_own_rows(key) and bool(super().is_edge_attr(key))

    def _has_own_rows(self, key: str) -> bool:
        return is_candidate_field(key) or self.is_simplex_attr(key)

    def is_simplex_attr(self, key: str) -> bool:
        """Whether the field counts simplices, or has one row per simplex of its dimension k ≥ 1."""
        if key in ("num_simplices", DIRECTED, FINGERPRINT) or table_rank(key) is not None:
            return True
        rank, value = field_rank(key), self.get(key)
        if rank is None or not isinstance(value, Tensor) or value.ndim == 0 or is_sparse(value):
            return False
        facets = self.get(f"facets_{rank}")
        return isinstance(facets, Tensor) and len(facets) == len(value)
