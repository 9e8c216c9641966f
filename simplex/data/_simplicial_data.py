"""A simplicial complex with features as a PyG ``Data`` object."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.data.data import DataEdgeAttr, DataTensorAttr

from simplex.complexes import SimplicialComplex, require_int
from simplex.data._storage import SimplicialStorage, field_rank


class SimplicialData(Data):  # type: ignore[misc]
    r"""A complex and its cochains as plain tensors in a PyG ``Data``.

    Fields, with d = ``max_dim``:

    - ``x`` (n_0, F_0) and ``x_1 … x_d`` (n_k, F_k): the cochains, optional.
    - ``facets_1 … facets_d`` (n_k, k+1) int64: the facet tables.
    - ``num_simplices`` (m, d+1) int64: how many k-simplices each of the m parts has. It is stored
      and never inferred from a maximum, so empty dimensions survive, as tables (0, k+1).
    - ``orientation_1 … orientation_d`` (n_k,) int8: only for a complex with its own orientation.
    - anything else (``y``, ``pos``, …) follows the rules of PyG.

    When PyG batches such objects, ``facets_k`` is shifted by the number of (k-1)-simplices of each
    item. That is all: the batch is the disjoint union, in lexicographic order, and
    :attr:`complex` of the batch is a :class:`simplex.SimplicialComplex` with one part per item. As
    everywhere in PyG, the items of a batch must have the same fields: give all of them the same
    ``max_dim``, and orient all or none.

    Vertex labels and filtration values of a complex are not carried; pass them as fields.

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
                are cut, missing ones are stored as empty tables. Items that are batched together
                need one common value.
            fields: further fields, such as ``y``.

        Raises:
            ValueError: ``max_dim`` is negative, or a cochain does not have one row per simplex.

        Example:
            >>> K = SimplicialComplex.from_simplices([(0, 1)])
            >>> SimplicialData.from_complex(K, max_dim=2).facets_2.shape
            torch.Size([0, 3])
        """
        top = max(K.dim, 0) if max_dim is None else require_int("max_dim", max_dim, least=0)
        cochains = [x] if isinstance(x, Tensor) else list(x or ())
        for k, values in enumerate(cochains[: top + 1]):
            if values.ndim == 0 or len(values) != K.num_simplices(k):
                raise ValueError(
                    f"x[{k}] must have one row per {k}-simplex ({K.num_simplices(k)}), got "
                    f"shape {tuple(values.shape)}."
                )
        ranks = range(1, top + 1)
        tables: dict[str, Any] = {f"facets_{k}": K.facets(k) for k in ranks}
        if K.state()["orientation"] is not None:
            tables |= {f"orientation_{k}": K.orientation(k) for k in ranks}
        sizes = [K.part_pointer(k).diff() for k in range(top + 1)]
        return cls(
            **dict(zip(cochain_keys(top), cochains, strict=False)),
            **tables,
            num_simplices=torch.stack(sizes, dim=1),
            num_nodes=K.num_simplices(0),
            **fields,
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
            ValueError: a transform of PyG has left ``num_simplices`` and the tables at odds.
        """
        ranks = range(1, self.max_dim + 1)
        count, device = int(self.num_nodes), self.num_simplices.device
        stored = [count, *(len(self[f"facets_{k}"]) for k in ranks)]
        counted = self.num_simplices.sum(0).tolist()
        if stored != counted:
            raise ValueError(
                f"num_simplices must count the stored simplices, got {counted} for {stored}. "
                "A transform changed the vertices or the edges: apply it before the lift."
            )
        signs = None
        if any(f"orientation_{k}" in self for k in ranks):
            vertices = torch.ones(count, dtype=torch.int8, device=device)
            signs = [vertices, *(self[f"orientation_{k}"] for k in ranks)]
        pointer = None
        if isinstance(self, Batch) or len(self.num_simplices) != 1:
            pointer = torch.nn.functional.pad(self.num_simplices[:, 0].cumsum(0), (1, 0))
        return SimplicialComplex(
            count,
            [self[f"facets_{k}"] for k in ranks],
            orientation=signs,
            part_pointer=pointer,
            device=device,
        )

    def cochains(self) -> list[Tensor]:
        """``[x, x_1, …, x_K]``.

        Raises:
            ValueError: one of them is not stored.
        """
        keys = cochain_keys(self.max_dim)
        missing = [key for key in keys if key not in self]
        if missing:
            raise ValueError(
                f"cochains must be stored as {keys}, got no {missing}. "
                "Set them, or lift vertex features with simplex.transforms.CliqueLift."
            )
        return [self[key] for key in keys]

    # --- PyG's rules ------------------------------------------------------------------------------

    def __cat_dim__(self, key: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        if key == "num_simplices" or field_rank(key) is not None:
            return 0
        return super().__cat_dim__(key, value, *args, **kwargs)

    def __inc__(self, key: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        rank = field_rank(key)
        if rank is not None and key == f"facets_{rank}":
            return int(self.num_simplices[:, rank - 1].sum())
        return super().__inc__(key, value, *args, **kwargs)

    def subgraph(self, subset: Tensor) -> "SimplicialData":
        """The induced subcomplex: the simplices all of whose vertices are kept.

        Fields named ``…_k`` are cut with the k-simplices, the others by the rules of PyG. The
        vertices keep their order.

        Args:
            subset: (n_0,) boolean mask, or the ids of the vertices to keep.

        Raises:
            ValueError: the object is a batch; cut its items instead.
        """
        if isinstance(self, Batch) or len(self.num_simplices) != 1:
            raise ValueError(
                "subgraph must be given one complex, got a batch. Cut the items of to_data_list()."
            )
        keep = subset
        if subset.dtype != torch.bool:
            keep = torch.zeros(int(self.num_nodes), dtype=torch.bool, device=subset.device)
            keep[subset] = True
        data: SimplicialData = super().subgraph(keep)
        counts = [keep.sum()]
        for k in range(1, self.max_dim + 1):
            facets, new_id = self[f"facets_{k}"], keep.cumsum(0) - 1
            keep = keep[facets].all(1)  # (n_k,): a simplex stays with all its facets
            data[f"facets_{k}"] = new_id[facets[keep]]
            counts.append(keep.sum())
            for key in self.keys():
                if field_rank(key) == k and key != f"facets_{k}":
                    data[key] = self[key][keep]
        data.num_simplices = torch.stack(counts)[None]
        return data


def cochain_keys(max_dim: int) -> list[str]:
    """``["x", "x_1", …]``, the names of the cochains of dimensions 0 … max_dim."""
    return ["x", *(f"x_{k}" for k in range(1, max_dim + 1))]


torch.serialization.add_safe_globals(
    [SimplicialData, SimplicialStorage, DataEdgeAttr, DataTensorAttr]
)
