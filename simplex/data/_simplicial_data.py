"""A simplicial complex with features as a PyG ``Data`` object."""

from collections.abc import Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.data.data import DataEdgeAttr, DataTensorAttr

from simplex.complexes import HIGHEST_DIM, SimplicialComplex, require_int
from simplex.data._checks import (
    kept_vertices,
    require_cochains,
    require_complex,
    require_counts,
    require_edges_of_lift,
    require_ids_after_lift,
    require_rows,
    require_stored,
)
from simplex.data._edges import FINGERPRINT, edge_fingerprint, stored_edges, with_fingerprint
from simplex.data._storage import (
    CANDIDATES,
    DIRECTED,
    SimplicialStorage,
    field_rank,
    is_candidate_field,
    table_rank,
)


LABELS = "vertex_labels"  # a list; in a batch one list per item


class SimplicialData(Data):  # type: ignore[misc]
    r"""A complex and its cochains as plain tensors in a PyG ``Data``.

    Fields, with d = ``max_dim``:

    - ``x`` (n_0, F_0) and ``x_1 … x_d`` (n_k, F_k): the cochains, optional.
    - ``facets_1 … facets_d`` (n_k, k+1) int64: the facet tables.
    - ``num_simplices`` (m, d+1) int64: how many k-simplices each of the m parts has. It is stored
      and never inferred from a maximum, so empty dimensions survive, as tables (0, k+1).
    - ``orientation_1 … orientation_d`` (n_k,) int8: only for a complex with its own orientation.
    - ``directed_simplices`` (m,) bool, all true: only for a directed complex.
    - ``filtration_0 … filtration_d`` (n_k,) and ``vertex_labels``, a list: only if it has them.
    - ``lift_fingerprint`` (1, 2) int64: the number and a hash of the edges that the complex was
      made of, undirected ones unless it is directed; only with an ``edge_index``.
    - ``candidates`` (m, k+1) int64: vertex ids of simplices to be predicted; the fields
      ``…_candidates``, such as ``y_candidates``, have one row for each.
    - anything else (``y``, ``pos``, ``edge_index_2``, …) follows the rules of PyG. One addition:
      ``subgraph`` cuts a field ``…_k`` that has one row per k-simplex (``y_1``) with them.

    When PyG batches such objects, ``facets_k`` is shifted by the number of (k-1)-simplices of each
    item, and ``candidates`` by that of vertices. That is all: the batch is the disjoint union, in
    lexicographic order, and :attr:`complex` of the batch is a :class:`simplex.SimplicialComplex`
    with one part per item. Items of different ``max_dim`` are batched with empty tables where they
    have none, and items without an orientation with +1 beside oriented ones. Otherwise all must
    have the same fields.

    **The complex belongs to the edges it was made of.** Where ``edge_index`` holds other undirected
    edges than at the lift (a split of links, dropped or added edges), reading the complex or a
    field of its simplices is an error: what changes edges comes before the lift. Another order,
    repetitions, self-loops and, unless the complex is directed, directions change nothing. An
    object without a fingerprint, such as one that was stored by an earlier version, is read if its
    edges are those of the complex.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> data = SimplicialData.from_complex(K, x=torch.ones(4, 1), y=torch.tensor([0]))
        >>> batch = Batch.from_data_list([data, data])
        >>> batch.complex, batch.complex.part(2).tolist()
        (SimplicialComplex(f_vector=(8, 8, 2), num_parts=2), [0, 1])
    """

    def __init__(self, x: Tensor | None = None, **fields: Any) -> None:
        super().__init__()
        self.__dict__["_store"] = SimplicialStorage(_parent=self)
        for key, value in ({"x": x} | fields).items():
            if value is not None:
                setattr(self, key, value)

    @classmethod
    def from_complex(
        cls,
        K: SimplicialComplex,
        x: Tensor | Sequence[Tensor] | None = None,
        *,
        max_dim: int | None = None,
        **fields: Any,
    ) -> "SimplicialData":
        """Store the tables of a complex; nothing is copied.

        Args:
            K: the complex. The parts of a disjoint union stay parts of the one item.
            x: the vertex features (n_0, F), or one cochain (n_k, F_k) per dimension 0 … max_dim.
            max_dim: the top dimension to store; ``None`` for ``K.dim``. Dimensions above
                are cut, missing ones are stored as empty tables.
            fields: further fields, such as ``y``; ``edge_index`` holds the edges that the complex
                was made of.

        Raises:
            TypeError: ``K`` is no complex, or ``edge_index`` no tensor of integers.
            ValueError: ``max_dim`` is negative, a cochain does not have one row per simplex, or
                ``edge_index`` is not (2, E) or names a vertex that there is not.

        Example:
            >>> K = SimplicialComplex.from_simplices([(0, 1)])
            >>> SimplicialData.from_complex(K, max_dim=2).facets_2.shape
            torch.Size([0, 3])
        """
        require_complex("K", K)
        top = max(K.dim, 0) if max_dim is None else require_int("max_dim", max_dim, 0, HIGHEST_DIM)
        cochains = require_cochains(K, x, top)
        ranks = range(1, top + 1)
        tables: dict[str, Any] = {f"facets_{k}": K.facets(k) for k in ranks}
        if K.state()["orientation"] is not None:
            tables |= {f"orientation_{k}": K.orientation(k) for k in ranks}
        if K.filtration is not None:
            values = [*K.filtration, *[torch.empty(0, device=K.device)] * (top + 1)][: top + 1]
            tables |= {f"filtration_{k}": each for k, each in enumerate(values)}
        if K.vertex_labels is not None:
            tables[LABELS] = list(K.vertex_labels)
        if K.directed:
            tables[DIRECTED] = torch.ones(K.num_parts, dtype=torch.bool, device=K.device)
        sizes = [K.part_pointer(k).diff() for k in range(top + 1)]
        return cls(
            **dict(zip(cochain_keys(top), cochains, strict=False)),
            **tables,
            num_simplices=torch.stack(sizes, dim=1),
            num_nodes=K.num_simplices(0),
            **with_fingerprint(K, fields),
        )

    # --- reading ----------------------------------------------------------------------------------

    @property
    def max_dim(self) -> int:
        """The top dimension that is stored; the dimensions up to it may be empty."""
        if "num_simplices" not in self:
            raise ValueError(
                "num_simplices must be stored for the fields to be read as a complex, got none. "
                "Build the object with SimplicialData.from_complex."
            )
        return int(self.num_simplices.shape[1]) - 1

    @property
    def complex(self) -> SimplicialComplex:
        """The complex of the stored tables, without copying; a batch gives a disjoint union.

        Raises:
            ValueError: after the lift the vertices or the edges of the graph have changed.
        """
        ranks = range(1, self.max_dim + 1)
        require_stored([f"facets_{k}" for k in ranks], self._store)
        self._require_unchanged()
        count, device = int(self.num_nodes), self.num_simplices.device
        store = self._store
        signs = values = None
        if any(f"orientation_{k}" in store for k in ranks):
            vertices = torch.ones(count, dtype=torch.int8, device=device)
            signs = [vertices, *(store[f"orientation_{k}"] for k in ranks)]
        if "filtration_0" in store:
            values = [store[f"filtration_{k}"] for k in range(self.max_dim + 1)]
        pointer = None
        if isinstance(self, Batch) or len(self.num_simplices) != 1:
            pointer = torch.nn.functional.pad(self.num_simplices[:, 0].cumsum(0), (1, 0))
        return SimplicialComplex(
            count,
            [store[f"facets_{k}"] for k in ranks],
            orientation=signs,
            filtration=values,
            vertex_labels=_flat_labels(store.get(LABELS)),
            part_pointer=pointer,
            directed=DIRECTED in store,
            device=device,
        )

    def cochains(self) -> list[Tensor]:
        """``[x, x_1, …, x_K]``.

        Raises:
            ValueError: one of them is not stored or has not one row per simplex, or the graph has
                changed after the lift.
        """
        keys = cochain_keys(self.max_dim)
        missing = [key for key in keys if key not in self._store]
        if missing:
            raise ValueError(
                f"cochains must be stored as {keys}, got no {missing}. "
                "Set them: simplex.transforms.spread_features(K, x, max_dim) makes them all of x, "
                "CliqueLift does so for a graph that has an x; "
                "torch_geometric.transforms.Constant and OneHotDegree make one."
            )
        self._require_unchanged()
        cochains = [self._store[key] for key in keys]
        require_rows(keys, cochains, self.num_simplices.sum(0).tolist())
        return cochains

    def __getattr__(self, key: str) -> Any:
        if _is_cochain(key):
            self._require_unchanged()
        return super().__getattr__(key)

    def __getitem__(self, key: str) -> Any:
        if _is_cochain(key):
            self._require_unchanged()
        return super().__getitem__(key)

    def _require_unchanged(self) -> None:
        """The vertices and edges are those that the complex was made of."""
        store = self._store
        if "num_simplices" not in store:
            return
        tables = [store.get(f"facets_{k}") for k in range(1, self.max_dim + 1)]
        if any(table is None for table in tables):
            return  # half built, or not of this kind
        count, counted = int(self.num_nodes), store["num_simplices"].sum(0).tolist()
        require_counts([count, *map(len, tables)], counted)
        edges, made_of = stored_edges(store), store.get(FINGERPRINT)
        if edges is None or not tables:
            return
        if made_of is not None and len(made_of) != 1 and not isinstance(self, Batch):
            return  # all items of a data set in one object, where ids count from each item
        known = made_of is not None
        if made_of is None:  # stored by an earlier version, or edges that were added later
            made_of = fingerprint_of(self, tables[0].flip(1).T)
        require_ids_after_lift(edges, count)
        require_edges_of_lift(fingerprint_of(self, edges), made_of, known=known)

    # --- PyG's rules ------------------------------------------------------------------------------

    def __inc__(self, key: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        rank = table_rank(key)
        if rank is not None and key == f"facets_{rank}":
            return int(self.num_simplices[:, rank - 1].sum())
        if key == CANDIDATES:
            return int(self.num_simplices[:, 0].sum())
        return super().__inc__(key, value, *args, **kwargs)

    def concat(self, data: Data) -> NoReturn:
        """Refused: PyG puts the tables one below the other, with the ids of each item.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "complexes must be put together as a batch, got a call of concat, which leaves the ids "
            "of the second as they are. Take Batch.from_data_list([first, second])."
        )

    def subgraph(self, subset: Tensor) -> "SimplicialData":
        """The induced subcomplex: the simplices all of whose vertices are kept.

        Fields named ``…_k`` are cut with the k-simplices, the others by the rules of PyG. Of the
        candidates those stay all of whose vertices do. The vertices keep their order.

        Args:
            subset: (n_0,) boolean mask, or the ids of the vertices to keep.

        Raises:
            ValueError: the object is a batch; cut its items instead.
        """
        if isinstance(self, Batch) or len(self.num_simplices) != 1:
            raise ValueError(
                "subgraph must be given one complex, got a batch. Cut the items of to_data_list()."
            )
        self._require_unchanged()
        keep = kept_vertices(subset, int(self.num_nodes))
        data: SimplicialData = super().subgraph(keep)
        store, counts = data._store, [keep.sum()]
        if CANDIDATES in store:
            whole = keep[store[CANDIDATES]].all(1)
            for key in filter(is_candidate_field, list(store.keys())):
                store[key] = store[key][whole]
            store[CANDIDATES] = (keep.cumsum(0) - 1)[store[CANDIDATES]]
        for k in range(1, self.max_dim + 1):
            of_rank = [
                key
                for key in self._store
                if field_rank(key) == k and self._store.is_simplex_attr(key)
            ]
            facets, new_id = self._store[f"facets_{k}"], keep.cumsum(0) - 1
            keep = keep[facets].all(1)  # (n_k,): a simplex stays with all its facets
            for key in of_rank:
                store[key] = self._store[key][keep]
            store[f"facets_{k}"] = new_id[store[f"facets_{k}"]]
            counts.append(keep.sum())
        store["num_simplices"] = torch.stack(counts)[None]
        edges = stored_edges(store)
        if edges is not None and FINGERPRINT in store:
            store[FINGERPRINT] = fingerprint_of(data, edges)
        return data


def fingerprint_of(data: SimplicialData, edges: Tensor) -> Tensor:
    """One row per item of the batch, or one."""
    directed = DIRECTED in data._store
    if not isinstance(data, Batch):
        return edge_fingerprint(edges, directed=directed)
    part, stored = data._store["batch"], data._store.get(FINGERPRINT)
    count = data.num_graphs if stored is None else len(stored)
    return edge_fingerprint(edges, part, count, directed=directed)


def _is_cochain(key: Any) -> bool:
    return isinstance(key, str) and key.startswith("x_") and table_rank(key) is not None


def _flat_labels(labels: Any) -> list[Any] | None:
    """The labels of all vertices; a batch has one list per item, and a label is never a list."""
    while labels is not None and any(isinstance(each, list) for each in labels):
        labels = [label for item in labels for label in item]
    return labels  # type: ignore[no-any-return]


def cochain_keys(max_dim: int) -> list[str]:
    """``["x", "x_1", …]``, the names of the cochains of dimensions 0 … max_dim."""
    return ["x", *(f"x_{k}" for k in range(1, max_dim + 1))]


torch.serialization.add_safe_globals(
    [SimplicialData, SimplicialStorage, DataEdgeAttr, DataTensorAttr]
)
