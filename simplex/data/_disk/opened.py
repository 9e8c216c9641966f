"""A data set whose tables may be memory maps of a folder."""

from pathlib import Path
from typing import Any, Self

from torch import Tensor
from torch_geometric.data import InMemoryDataset
from torch_geometric.data.separate import separate

from simplex.data._disk.read import Opened
from simplex.data._simplicial_data import SimplicialData
from simplex.storage import Place


class OpenedDataset(InMemoryDataset):  # type: ignore[misc]
    """What :class:`SimplicialDataset` does otherwise where it was read from a folder."""

    slices: dict[str, Tensor] | None
    _opened: Opened | None = None  # what was read

    @property
    def folder(self) -> Path | None:
        """Where the tables lie that this (sub)set reads, ``None`` for one in memory."""
        opened = self._opened
        if opened is None or not opened.is_as_read(self._data, self.slices):
            return None
        return Path(opened.place.path)

    def get(self, idx: int) -> SimplicialData:
        """One item by its place in the tables; those of a folder are not kept after they are read.

        Args:
            idx: counted in the whole data set, not in a subset.
        """
        if self._opened is None or self.len() == 1:
            item: SimplicialData = super().get(idx)
            return item
        return separate(  # type: ignore[no-any-return]
            SimplicialData, batch=self._data, idx=idx, slice_dict=self.slices, decrement=False
        )

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self.folder is None:
            return super().__reduce_ex__(protocol)
        assert self._opened is not None
        own = {k: v for k, v in self.__dict__.items() if k not in ("_data", "slices", "_opened")}
        return _opened_again, (type(self), *self._opened.place), own | {"_data_list": None}

    def __copy__(self) -> Self:
        same = type(self).__new__(type(self))
        same.__dict__.update(self.__dict__)
        return same


def _opened_again(kind: Any, path: str, token: str) -> Any:
    """What a pickled data set of a folder calls, perhaps on another machine."""
    return kind.open(Place(path, token).found())
