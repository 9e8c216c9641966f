"""A complex with fewer simplices, and the fields of those that stay."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from simplex.complexes import SimplicialComplex, restrict
from simplex.data._edges import FINGERPRINT, stored_edges
from simplex.data._simplicial_data import LABELS, SimplicialData
from simplex.data._storage import DIRECTED, TABLES, field_rank


def restricted(data: SimplicialData, present: Sequence[Tensor]) -> SimplicialData:
    """The data on the simplices that are marked, the vertices all among them.

    Fields named ``…_k`` are cut with the k-simplices; the columns of ``edge_index``, and the fields
    that go with them, with the edges. The others stay.

    Args:
        data: no batch.
        present: for each k in 0 … dim the (n_k,) bools.

    Raises:
        ValueError: edges go, and are stored as a sparse matrix alone.
    """
    store, K = data._store, data.complex
    small, ids = restrict(K, present)
    fields: dict[str, Any] = {}
    for key, value in store.items():
        rank = field_rank(key)
        if is_own_field(key):
            continue
        rows = None if rank is None or not store.is_simplex_attr(key) else rank
        fields[key] = value if rows is None or rows > K.dim else value[ids[rows]]
    if stored_edges(store) is not None and small.num_simplices(1) < K.num_simplices(1):
        _cut_edges(fields, data, small)
    return SimplicialData.from_complex(small, fields.pop("x", None), max_dim=data.max_dim, **fields)


def is_own_field(key: str) -> bool:
    """Whether a field is made anew with the complex: tables, counts and labels, not cochains."""
    own = key.rpartition("_")[0]
    table = own in TABLES and own != "x" and key.removeprefix(f"{own}_").isdigit()
    return table or key in ("num_nodes", "num_simplices", DIRECTED, FINGERPRINT, LABELS)


def _cut_edges(fields: dict[str, Any], data: SimplicialData, small: SimplicialComplex) -> None:
    if "edge_index" not in fields:
        raise ValueError(
            "data must store its edges as edge_index where edges are taken away, got a sparse "
            "matrix. Leave it out, or put torch_geometric.transforms.ToSparseTensor after this."
        )
    edges = fields["edge_index"].as_subclass(Tensor)
    stays = (edges[0] == edges[1]) | (small.index(edges.T) >= 0)  # loops are no edges of it
    fields["edge_index"] = edges[:, stays]
    for key in list(fields):
        if key != "edge_index" and data._store.is_edge_attr(key):
            dim = data.__cat_dim__(key, fields[key])
            fields[key] = fields[key].index_select(dim, stays.nonzero().squeeze(1))
