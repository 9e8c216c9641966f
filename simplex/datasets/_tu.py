"""Graph classification data of the TU collection, lifted, with the folds of the literature."""

import contextlib
import io
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch
from torch import Tensor

from simplex.datasets._root import data_root


if TYPE_CHECKING:
    from simplex.data import SimplicialDataset


class Fold(NamedTuple):
    """The graphs that one fold trains on and those that it is scored on; ids, ascending."""

    train: Tensor
    test: Tensor


def tu_dataset(
    name: str,
    root: str | Path | None = None,
    *,
    max_dim: int = 2,
    reduce: Literal["sum", "mean"] = "sum",
) -> "SimplicialDataset":
    """Load a TU data set through PyG and lift all its graphs to clique complexes by one call.

    Vertex features are the one-hot tags where there are informative ones; the one-hot degree for
    the IMDB and COLLAB data, as in the literature; else the constant 1. Labels are 0 … C-1.

    Args:
        name: such as ``"MUTAG"``; the folder ``root/name/raw`` with the text files is used where
            it exists, otherwise PyG downloads them.
        root: folder of data sets; raw files in it are only read. ``None`` for ``tu/`` in the folder
            that the environment variable ``SIMPLEX_DATA`` names, else ``~/.cache/simplex/tu``.
        max_dim: the top dimension of the lift.
        reduce: how vertex features are spread to higher simplices.

    Raises:
        ValueError: the files are not there and cannot be downloaded, or cannot be read.
    """
    from torch_geometric.data import Data

    from simplex.transforms import lift_dataset

    dataset = _load(name, data_root("tu", root))
    graphs = [  # without edge features
        Data(x=x, edge_index=graph.edge_index, y=graph.y, num_nodes=graph.num_nodes)
        for graph, x in zip(dataset, _vertex_features(name, dataset), strict=True)
    ]
    return lift_dataset(graphs, max_dim, reduce=reduce)


def tu_folds(
    name: str,
    labels: Tensor,
    root: str | Path | None = None,
    *,
    num_folds: int = 10,
    generator: torch.Generator | None = None,
) -> list[Fold]:
    """The folds of the literature where they are stored, else stratified ones.

    Args:
        name: the data set; ``root/name/10fold/{train,test}_idx-1.txt …`` hold the stored folds.
        labels: (num_graphs,) class of each graph.
        root: as in :func:`tu_dataset`.
        num_folds: the stored folds are ten; another number draws new ones.
        generator: source of the drawn folds, on the CPU; ``None`` for torch's global one. Stored
            folds do not depend on it.

    Returns:
        Pairs ``(train, test)`` of ascending ids, the graphs that one fold trains on and those that
        it is scored on; also as attributes of these names.

    Raises:
        ValueError: a stored fold names graphs that do not exist, or tests on what it trains on.
    """
    folder = data_root("tu", root) / name / "10fold"
    if num_folds != 10 or not folder.is_dir():
        return stratified_folds(labels, num_folds, generator=generator)
    folds = []
    for i in range(1, 11):
        train, test = (_read_ids(folder / f"{part}_idx-{i}.txt") for part in ("train", "test"))
        ids = torch.unique(torch.cat([train, test]))  # ascending
        if len(ids) < len(train) + len(test) or ids[0] < 0 or ids[-1] >= len(labels):
            raise ValueError(
                f"the folds in {folder} must hold distinct ids 0 … {len(labels) - 1}, got others "
                f"in fold {i}. Delete the folder to draw new folds."
            )
        folds.append(Fold(train.sort().values, test.sort().values))
    return folds


def stratified_folds(
    labels: Tensor, num_folds: int, *, generator: torch.Generator | None = None
) -> list[Fold]:
    """Split 0 … n-1 into folds in which every class has its share; sizes differ by at most one.

    Args:
        labels: (n,) class of each item.
        num_folds: at least 2 and at most n.
        generator: source of randomness, on the CPU; ``None`` for torch's global one.

    Returns:
        Pairs ``(train, test)`` of ascending ids, as from :func:`tu_folds`.

    Raises:
        ValueError: fewer than two folds, or fewer items than folds.

    Example:
        >>> folds = stratified_folds(torch.tensor([0, 0, 0, 0, 1, 1]), 2)
        >>> [torch.tensor([0, 0, 0, 0, 1, 1])[fold.test].tolist() for fold in folds]
        [[0, 0, 1], [0, 0, 1]]
    """
    if not 2 <= num_folds <= len(labels):
        raise ValueError(
            f"num_folds must be at least 2 and at most the number of graphs ({len(labels)}), got "
            f"{num_folds}."
        )
    shuffled = torch.randperm(len(labels), generator=generator)
    by_class = shuffled[labels[shuffled].sort(stable=True).indices]
    fold = torch.empty(len(labels), dtype=torch.int64)
    fold[by_class] = torch.arange(len(labels)) % num_folds
    return [
        Fold((fold != i).nonzero()[:, 0], (fold == i).nonzero()[:, 0]) for i in range(num_folds)
    ]


def _load(name: str, root: Path) -> Any:
    """PyG's data set. Raw files that are there are linked, so that nothing is written beside them.

    PyG keeps what it has processed next to the raw files, which may be read-only, and trusts it
    later, even if its writing was interrupted; processing takes about a second and is done anew.
    """
    from torch_geometric.datasets import TUDataset

    if not re.fullmatch(r"[\w+-]+", name):
        raise ValueError(f"name must be that of a TU data set, such as 'MUTAG', got {name!r}.")
    raw = root / name / "raw"
    if not (raw.is_dir() and any(raw.iterdir())):
        absent = [place for place in (raw, raw.parent, root) if not place.exists()]
        try:
            return TUDataset(str(root), name)
        except Exception as error:  # whatever the network or the archive raised
            for made in absent:  # PyG makes folders before it downloads
                with contextlib.suppress(OSError):
                    made.rmdir()
            raise ValueError(
                f"{name!r} must be the name of a TU data set: there are no files in {raw}, and "
                f"downloading it failed ({_first_line(error)}). Check the name, or pass the root "
                f"that holds {name}/raw."
            ) from error
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        (Path(folder) / name).mkdir()
        (Path(folder) / name / "raw").symlink_to(raw.resolve(), target_is_directory=True)
        try:
            return TUDataset(folder, name)
        except Exception as error:  # whatever PyG's parser raised
            raise ValueError(
                f"the files in {raw} must be those of the TU data set {name}, got unreadable or "
                f"missing ones ({_first_line(error)})."
            ) from error


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _vertex_features(name: str, dataset: Any) -> list[Tensor]:
    from torch_geometric.utils import degree, one_hot

    if dataset[0].x is not None and dataset[0].x.shape[1] > 1:
        return [graph.x for graph in dataset]
    if not name.startswith(("IMDB", "COLLAB")):
        return [torch.ones(graph.num_nodes, 1) for graph in dataset]
    degrees = [degree(graph.edge_index[0], graph.num_nodes).long() for graph in dataset]
    width = max(len(each.bincount()) for each in degrees)
    return [one_hot(each, width) for each in degrees]


def _read_ids(path: Path) -> Tensor:
    try:
        return torch.tensor([int(line) for line in path.read_text().split()], dtype=torch.int64)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} must be a file of integer ids, got {error}.") from error
