"""Many complexes stored as one union: a PyG data set that batches by a few gathers."""

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from copy import copy
from pathlib import Path
from typing import Any, BinaryIO, Literal, NoReturn

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from simplex.complexes import SimplicialComplex, require_flag, write_whole
from simplex.data._disk.read import read_dataset_folder
from simplex.data._files import read_plain
from simplex.data._gather import owner_of, starts_of
from simplex.data._of_union import items_of_union
from simplex.data._portions import PortionedDataset
from simplex.data._simplicial_data import SimplicialData
from simplex.storage import absolute


class SimplicialDataset(PortionedDataset):
    """A list of :class:`SimplicialData`, stored as one table per field.

    It is an ``InMemoryDataset``: ``dataset[i]``, ``dataset[ids]``, ``shuffle()``, PyG's own
    ``DataLoader``. :meth:`to_batch` collates a whole (sub)set at once, without a Python loop over
    its items, to the same ``Batch`` that PyG makes.

    Build it with :meth:`from_union` or :meth:`from_items`, or from graphs with
    ``simplex.transforms.lift_dataset``. Store it with ``SimplicialDataset.save(dataset, path)`` and
    read it with :meth:`from_file`.

    Example:
        >>> from simplex.transforms import lift_dataset
        >>> from torch_geometric.data import Data
        >>> edges = torch.tensor([[0, 1, 2], [1, 2, 0]])
        >>> graphs = [Data(x=torch.ones(3, 1), edge_index=edges[:, :m]) for m in (2, 3)]
        >>> dataset = lift_dataset(graphs)
        >>> dataset[[1, 0, 1]].to_batch().complex
        SimplicialComplex(f_vector=(9, 8, 2), num_parts=3)
    """

    def __init__(self, data: SimplicialData, slices: dict[str, Tensor] | None) -> None:
        super().__init__()
        self._data = data
        self.slices = slices

    def __setattr__(self, name: str, value: Any) -> None:
        """Set what is no field: PyG would keep one beside the items, and nobody would read it."""
        if isinstance(value, Tensor) and not name.startswith("_"):
            raise AttributeError(
                f"{name} must be set on the items, got an assignment to the data set, which its "
                f"items would not see. Set item.{name} of each, then build it from them: "
                "SimplicialDataset.from_items(items)."
            )
        super().__setattr__(name, value)

    @classmethod
    def from_items(cls, items: Sequence[SimplicialData]) -> "SimplicialDataset":
        """The data set of these items, all with the same fields.

        Args:
            items: at least one, such as from ``simplex.transforms.CliqueLift``.

        Raises:
            TypeError: they are not all :class:`SimplicialData`.
            ValueError: there are none, or one lacks a field that others have.

        Example:
            >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
            >>> item = SimplicialData.from_complex(K, y_1=torch.tensor([0, 1, 1]))
            >>> SimplicialDataset.from_items([item, item]).y_1.tolist()
            [0, 1, 1, 0, 1, 1]
        """
        listed = list(items) if isinstance(items, Iterable) else [items]
        for item in listed:
            if not isinstance(item, SimplicialData):
                raise TypeError(
                    f"items must all be SimplicialData, got {type(item).__name__}. Lift graphs "
                    "with simplex.transforms.lift_dataset."
                )
        if not listed:
            raise ValueError("items must be at least one, got none.")
        return cls(*cls.collate(listed))

    @classmethod
    def from_file(cls, path: str | Path) -> "SimplicialDataset":
        """The data set that ``SimplicialDataset.save(dataset, path)`` stored, in PyG's format.

        Tensors and plain values are read, nothing else: a file cannot bring code that is run.

        Args:
            path: a file written by ``save`` of any ``InMemoryDataset``, from ``SimplicialData``.

        Raises:
            ValueError: the file holds graphs that are not lifted, or other objects, or is damaged.
            OSError: it is not there.
        """
        dataset = cls(SimplicialData(), None)
        dataset.load(path)
        return dataset

    @classmethod
    def save(cls, data_list: Sequence[SimplicialData], path: str | Path) -> None:
        """Store a data set or a list of items, in PyG's format, for :meth:`from_file`.

        A file that is there is replaced only when the new one is whole.

        Args:
            data_list: the items.
            path: the file.

        Raises:
            ValueError: a field is no tensor, number or string, nor a list or dictionary of them.
            OSError: the file cannot be written.
        """
        if "://" in str(path):
            super().save(data_list, str(path))
            return
        data, slices = cls.collate(data_list)

        def write(file: BinaryIO) -> None:
            torch.save((data.to_dict(), slices, type(data)), file)
            file.flush()
            try:
                read_plain(file.name)
            except ValueError as error:
                raise ValueError(
                    "fields must be tensors, numbers, strings and lists or dictionaries of them to "
                    "be stored, got others. Convert them to tensors, or leave them out."
                ) from error

        write_whole(Path(path), write)

    def load(self, path: str | Path, data_cls: type[Data] = SimplicialData) -> None:
        """Replace the items by those of a file, as :meth:`from_file` reads it.

        Args:
            path: the file.
            data_cls: the class of items where the file names none.

        Raises:
            ValueError: as for :meth:`from_file`.
            OSError: it is not there.
        """
        stored = read_plain(path)
        try:
            data, slices, *kind = stored
            (data_cls,) = kind or [data_cls]
            if isinstance(data, Mapping):
                data = data_cls.from_dict(dict(data))
            plain = slices is None or all(isinstance(each, Tensor) for each in slices.values())
            if not plain or not isinstance(data, Data):
                raise TypeError("its parts are of other kinds")
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            raise ValueError(
                f"path must be a file that SimplicialDataset.save wrote, got another one in {path} "
                f"({type(error).__name__})."
            ) from error
        if not isinstance(data, SimplicialData):
            raise ValueError(
                f"path must be a file of SimplicialData, got {type(data).__name__} in {path}. Lift "
                "the graphs with simplex.transforms.lift_dataset."
            )
        self._data, self.slices, self._data_list = data, slices, None

    def to_on_disk_dataset(self, *args: Any, **options: Any) -> NoReturn:
        """Refused: PyG's data base unpickles what it reads, and its items are not lifted.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "a SimplicialDataset must be stored by SimplicialDataset.save(dataset, path), got a "
            "call for PyG's on-disk data base, which runs code of a file that it reads."
        )

    @classmethod
    def from_union(
        cls,
        union: SimplicialComplex,
        cochains: Sequence[Tensor] = (),
        *,
        max_dim: int | None = None,
        fields: Mapping[str, Any] | None = None,
        slices: Mapping[str, Tensor] | None = None,
    ) -> "SimplicialDataset":
        """One item per part of a disjoint union.

        Args:
            union: the complexes.
            cochains: one cochain (n_k, F_k) of the union per dimension 0 … max_dim, or none.
            max_dim: the top dimension to store; ``None`` for ``union.dim``.
            fields: further fields of all items, concatenated; ids in them count from each item.
            slices: where the items start in each of ``fields``, (num_parts+1,); one row per item
                where left out.

        Raises:
            ValueError: a cochain does not have one row per simplex, or a field ends elsewhere than
                its slices.
        """
        return cls(*items_of_union(union, cochains, max_dim, fields, slices))

    @classmethod
    def to_disk(
        cls,
        folder: str | os.PathLike[str],
        graphs: Iterable[Data],
        max_dim: int | None = None,
        *,
        reduce: Literal["sum", "mean"] | None = None,
        edge_attr: Literal["sum", "mean"] | None = None,
        directed: bool = False,
        rings: int | None = None,
        apex: Literal["sum", "mean", "token"] = "sum",
        marker: bool = True,
        block_size: int = 4096,
        executor: Executor | None = None,
        overwrite: bool = False,
    ) -> "SimplicialDataset":
        """Lift graphs into a folder, block by block, and open it; all of them are never in memory.

        The items are those of ``lift_dataset(graphs, …)``, or the given ones where they have been
        lifted, as an opened or another data set. A block is lifted by one kernel call and written
        by itself: a task of the executor. At the end the blocks become one table per field, for
        which the folder needs twice its room for a moment.

        The folder appears whole or not at all. A run that was ended in the middle, killed or not,
        leaves its blocks in ``folder.partial``; the same call goes on from there: it asks
        ``graphs`` for all graphs again, and takes the blocks that are there of these very graphs.

        Args:
            folder: a path; the folders above are made.
            graphs: PyG graphs or :class:`SimplicialData`, of a list, a data set or an iterator, all
                with the same fields. Values that are no tensors are stored where they are numbers,
                strings, or lists, tuples and dictionaries of them.
            max_dim: of the lift; ``None`` for 2.
            reduce: of the lift; ``None`` for ``"sum"``.
            edge_attr: of the lift.
            directed: of the lift.
            rings: of the lift.
            apex: of the lift.
            marker: of the lift.
            block_size: graphs of one task; fewer where they are large.
            executor: any ``concurrent.futures.Executor``, of Dask ``client.get_executor()``, whose
                workers see the folder; ``None`` for threads of this process.
            overwrite: replace a folder of this library (no other), and unfinished work beside it.

        Raises:
            TypeError: what :func:`simplex.transforms.lift_dataset` refuses, or no executor.
            ValueError: likewise; the place is taken or being written to; options of the lift for
                items that have been lifted; or a field that is not stored.
            OSError: it cannot be written, as on a full disk.
            RuntimeError: the executor lost a worker; calling again goes on.

        Example:
            >>> import tempfile
            >>> triangle = Data(x=torch.ones(3, 1), edge_index=torch.tensor([[0, 1, 2], [1, 2, 0]]))
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     SimplicialDataset.to_disk(f"{folder}/many", (triangle for _ in range(10)))
            SimplicialDataset(10)
        """
        from simplex.data._disk.write import dataset_to_disk
        from simplex.data._lift.options import Lift

        options = (max_dim, reduce, edge_attr, directed, rings, apex, marker)
        lift = None
        if options != (None, None, None, False, None, "sum", True):
            top = 2 if max_dim is None else max_dim
            lift = Lift(top, "sum" if reduce is None else reduce, *options[2:])
        dataset_to_disk(folder, graphs, lift, block_size, executor, overwrite=overwrite)
        return cls.open(folder)

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        verify: bool = False,
        executor: Executor | None = None,
    ) -> "SimplicialDataset":
        """The data set in a folder, on memory maps: an item is read when it is asked for.

        Everything that works on a data set in memory works on it: ``dataset[i]``, subsets,
        ``shuffle()``, :meth:`to_batch`, training. Forked workers share the maps; pickled, as for
        workers of other kinds, it is the path of its folder. What is written into its tensors
        stays in this process, the files never change.

        Args:
            folder: as :meth:`to_disk` wrote it.
            verify: read all files and compare their checksums; else sizes, dtypes and shapes are.
            executor: of the checksums; ``None`` for threads of this process.

        Raises:
            ValueError: no such folder, one of another kind, still being written, or damaged.
        """
        from simplex.data._disk.write import DATASET

        require_flag("verify", verify)
        opened = read_dataset_folder(absolute(folder), DATASET, verify=verify, executor=executor)
        dataset = cls(opened.data, opened.slices)
        dataset._opened = opened
        return dataset

    def to_batch(self) -> SimplicialData:
        """All items of this (sub)set as one PyG ``Batch``: the disjoint union of their complexes.

        Equal to ``Batch.from_data_list(list(self))``, at the cost of one gather per field.
        """
        if self.transform is not None or self.slices is None or not self._is_plain():
            return Batch.from_data_list(list(self))  # type: ignore[no-any-return]
        chosen = torch.as_tensor(list(self.indices()), dtype=torch.int64)
        batch = Batch(_base_cls=SimplicialData)
        slices: dict[str, Tensor] = {}
        increments: dict[str, Tensor | None] = {}
        for key, value, start, owner in self._gathered(chosen):
            batch[key], slices[key], increments[key] = value, start, None
            grows = self._increment(key)
            if owner is None:
                continue
            step = torch.zeros_like(chosen) if grows is None else grows[chosen.to(grows.device)]
            increments[key] = shift = (step.cumsum(0) - step).to(value.device)
            if grows is not None and bool(step.any()):
                shape = [1] * value.ndim
                shape[self._data.__cat_dim__(key, value)] = -1
                batch[key] += shift[owner].view(shape)
        counts = self._num_vertices(chosen)
        batch.num_nodes, batch._num_nodes = sum(counts), counts
        batch.ptr = starts_of(batch.num_simplices.new_tensor(counts))
        batch.batch = owner_of(batch.ptr)
        batch._num_graphs, batch._slice_dict, batch._inc_dict = len(counts), slices, increments
        return batch  # type: ignore[no-any-return]

    def copy(self, idx: Any = None) -> "SimplicialDataset":
        """The items of this (sub)set, or those of it that are chosen, in tables of their own.

        A subset shares the tables of the data set that it is of; its copy holds no others.

        Args:
            idx: what ``dataset[idx]`` takes for several items; ``None`` for all.
        """
        part = self if idx is None else self.index_select(idx)
        chosen = torch.as_tensor(list(part.indices()), dtype=torch.int64)
        if self.slices is None or len(chosen) == 1 or not self._is_plain():
            return super().copy(idx) if len(chosen) else part
        data, slices = SimplicialData(), {}
        for key, value, start, _ in self._gathered(chosen):
            data[key], slices[key] = value, start
        data._num_nodes = self._num_vertices(chosen)
        result = copy(self)
        result._data, result.slices = data, slices
        result._indices, result._data_list = None, None
        return result

    @property
    def gathers(self) -> bool:
        """Whether the fields of any items are a few gathers."""
        return self.transform is None and self.slices is not None and self._is_plain()

    def tables(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """The fields of this (sub)set, ids counting from each item, and where the items start."""
        chosen = torch.as_tensor(list(self.indices()), dtype=torch.int64)
        rows = list(self._gathered(chosen))
        return {key: value for key, value, *_ in rows}, {key: start for key, _, start, _ in rows}
