"""What all encodings share: columns for each simplex, appended to the cochains of any data."""

from abc import abstractmethod
from collections.abc import Sequence
from copy import copy
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.utils.data import get_worker_info
from torch_geometric.data import Batch
from torch_geometric.transforms import BaseTransform

from simplex.complexes import HIGHEST_DIM, SimplicialComplex, require_int, shown
from simplex.data import SimplicialData, SimplicialDataset
from simplex.transforms._checks import require_complex, require_generator


class Encoding(BaseTransform):  # type: ignore[misc]
    """A transform that appends columns to the cochains: the base of all encodings, and of yours.

    A subclass gives :meth:`compute`, the columns of the k-simplices of one complex or of a disjoint
    union. The transform takes a ``SimplicialData``, a PyG ``Batch`` of them, or a whole
    ``SimplicialDataset``, in one call and without a loop over its items, and leaves it as it is.

    Args:
        dims: the dimensions that are given columns; ``None`` for all that the data store.
        name: the cochain they are appended to; another name than ``"x"`` keeps them apart, as
            fields ``name``, ``name_1``, ….
        generator: source of randomness, on the CPU; ``None`` for torch's global one. In the workers
            of a ``DataLoader`` it is seeded by them, so that they differ, and epochs do.

    Example:
        >>> class VertexCount(Encoding):
        ...     def compute(self, K, k):
        ...         return torch.full((K.num_simplices(k), 1), k + 1.0)
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> VertexCount(dims=[2])(SimplicialData.from_complex(K)).x_2
        tensor([[3.]])
    """

    def __init__(
        self,
        *,
        dims: Sequence[int] | None = None,
        name: str = "x",
        generator: torch.Generator | None = None,
    ) -> None:
        if dims is not None:
            if isinstance(dims, (str, int)) or not hasattr(dims, "__iter__"):
                raise TypeError(f"dims must be a sequence of integers or None, got {shown(dims)}.")
            dims = tuple(require_int("dims", k, least=0, most=HIGHEST_DIM) for k in dims)
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"name must be the name of a field, such as 'x', got {shown(name)}.")
        require_generator(generator)
        self.dims = dims
        self.name = name
        self.generator = generator

    @abstractmethod
    def compute(self, K: SimplicialComplex, k: int) -> Tensor:
        """The columns (n_k, C) of the k-simplices, k in 0 … dim; C must not depend on K."""

    def columns(self, K: SimplicialComplex, k: int) -> Tensor:
        """The columns of the k-simplices of a complex, or of a disjoint union part by part.

        Args:
            K: the complex.
            k: the degree; above the dimension there are no rows.

        Returns:
            (n_k, C) in torch's default dtype, on the device of the complex.
        """
        require_complex(K)
        require_int("k", k, least=0, most=HIGHEST_DIM)
        seed_in_worker(self.generator)
        if k > max(K.dim, 0):
            K, k = SimplicialComplex(0, device=K.device), 0  # no rows, of the right width
        return self.compute(K, k).to(torch.get_default_dtype())

    def forward(self, data: Any) -> Any:
        """The data with more columns, of the kind that was given."""
        data = own_tables(data)
        K, top = complex_of(data)
        dims = range(top + 1) if self.dims is None else [k for k in self.dims if k <= top]
        return with_columns(data, K, self.name, {k: self.columns(K, k) for k in dims})

    def __repr__(self) -> str:
        hidden = ("generator",)
        shown_ = [f"{key}={value!r}" for key, value in vars(self).items() if key not in hidden]
        return f"{type(self).__name__}({', '.join(shown_)})"


class Encodings(Encoding):
    """Several encodings as one: their columns side by side, the complex read once.

    Args:
        encodings: each with its own ``dims`` and ``generator``.
        name: as for :class:`Encoding`, for all of them.

    Example:
        >>> from simplex.transforms import Degrees, RandomWalkReturns
        >>> encodings = Encodings([Degrees(), RandomWalkReturns(range(1, 5))])
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> encodings.columns(K, 1).shape
        torch.Size([4, 15])
    """

    def __init__(self, encodings: Sequence[Encoding], *, name: str = "x") -> None:
        super().__init__(name=name)
        if isinstance(encodings, Encoding) or not hasattr(encodings, "__iter__"):
            raise TypeError(f"encodings must be a list of encodings, got {shown(encodings)}.")
        self.encodings = list(encodings)
        for each in self.encodings:
            if not isinstance(each, Encoding):
                raise TypeError(
                    f"encodings must each be an Encoding, got {type(each).__name__}. Other "
                    "transforms go beside them in torch_geometric.transforms.Compose."
                )

    def compute(self, K: SimplicialComplex, k: int) -> Tensor:
        """The columns of all that encode this dimension."""
        parts = [
            each.compute(K, k) for each in self.encodings if each.dims is None or k in each.dims
        ]
        none = torch.zeros(K.num_simplices(k), 0, device=K.device)
        return torch.cat([none, *parts], dim=1)

    def columns(self, K: SimplicialComplex, k: int) -> Tensor:
        """As for :class:`Encoding`; no columns in a dimension that none of them encodes."""
        require_complex(K)
        parts = [
            each.columns(K, k) for each in self.encodings if each.dims is None or k in each.dims
        ]
        count = K.num_simplices(k) if k <= K.dim else 0
        return torch.cat([torch.zeros(count, 0, device=K.device), *parts], dim=1)


_SEEDED: WeakKeyDictionary[torch.Generator, int] = WeakKeyDictionary()


def seed_in_worker(generator: torch.Generator | None) -> None:
    """Seed the copy that a worker of a ``DataLoader`` has, once: all copies would draw alike."""
    worker = get_worker_info()
    if generator is None or worker is None or _SEEDED.get(generator) == worker.seed:
        return
    _SEEDED[generator] = worker.seed
    generator.manual_seed((generator.initial_seed() + worker.seed) % 2**63)


def own_tables(data: Any) -> Any:
    """The data; of a subset the items that it has and no others, so that only they are encoded."""
    subset = isinstance(data, SimplicialDataset) and data._indices is not None
    return data.copy() if subset else data


def complex_of(data: Any) -> tuple[SimplicialComplex, int]:
    """The complex of an item, of a batch or of all that a data set stores, and the top stored."""
    if isinstance(data, SimplicialDataset):
        whole = copy(data)
        whole._indices, whole.transform = None, None
        data = whole.to_batch()
    if not isinstance(data, SimplicialData):
        raise TypeError(
            f"data must be SimplicialData, got {type(data).__name__}. A batch of it or a "
            "SimplicialDataset will do too. Lift a graph with simplex.transforms.CliqueLift, many "
            "with lift_dataset."
        )
    return data.complex, data.max_dim


def with_columns(
    data: Any,
    K: SimplicialComplex,
    name: str,
    columns: dict[int, Tensor],
    *,
    append: bool = True,
) -> Any:
    """A copy of the data with the columns behind those of its cochains, or in their place."""
    result = copy(data)
    stored, slices, increments = result, None, None
    if isinstance(data, SimplicialDataset):
        stored, slices = copy(data._data), data.slices
        slices = None if slices is None else dict(slices)
        result._data, result.slices, result._data_list = stored, slices, None
    elif isinstance(data, Batch) and hasattr(data, "_slice_dict"):
        slices, increments = dict(data._slice_dict), dict(data._inc_dict)
        result._slice_dict, result._inc_dict = slices, increments
    for k, values in columns.items():
        key = f"{name}_{k}" if k else name
        old = stored._store.get(key) if append else None
        stored[key] = values if old is None else _appended(key, old, values)
        if slices is not None and (key not in slices or not append):
            slices[key] = K.part_pointer(k)
            if increments is not None:
                increments[key] = None
    return result


def _appended(key: str, old: Any, new: Tensor) -> Tensor:
    """The new columns behind the old ones, in their dtype if that is a float."""
    if not isinstance(old, Tensor) or old.ndim not in (1, 2) or len(old) != len(new):
        got = tuple(old.shape) if isinstance(old, Tensor) else type(old).__name__
        raise ValueError(
            f"{key} must have shape ({len(new)}, channels) to be given more columns, got {got}. "
            "Store them under a name of their own: name='pe'."
        )
    old = old[:, None] if old.ndim == 1 else old
    new = new.to(old.device)
    dtype = old.dtype if old.is_floating_point() else new.dtype
    if old.layout == torch.strided:
        return torch.cat([old.to(dtype), new.to(dtype)], dim=1)
    both = [each.to(dtype).to_sparse(layout=torch.sparse_coo) for each in (old, new)]
    return torch.cat(both, dim=1).coalesce().to_sparse(layout=old.layout)
