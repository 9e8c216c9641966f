"""Graph classification data of the TU collection, lifted, with the folds of the literature."""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch
from torch import Tensor

from simplex.complexes import (
    any_tensor,
    require_flag,
    require_generator,
    require_int,
    require_memory,
)
from simplex.datasets._files import download
from simplex.datasets._root import data_root
from simplex.datasets._tu_files import TUFiles, read_table, read_tu_files


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
    use_node_attr: bool = True,
    rings: int | None = None,
    apex: Literal["sum", "mean", "token"] = "sum",
) -> "SimplicialDataset":
    """Load a TU data set and lift all its graphs to clique complexes by one call.

    Vertex features are the node attributes, followed by the one-hot labels, where the set has
    attributes; else the one-hot labels where there is more than one; else the one-hot degree for
    the IMDB and COLLAB data, as in the literature; else the constant 1. Edge attributes and one-hot
    edge labels become ``edge_attr``, one row per column of ``edge_index``.

    The files are those of the collection: ``NAME_A.txt`` (both directions of every edge),
    ``NAME_graph_indicator.txt`` and ``NAME_graph_labels.txt`` (integers; classes 0 … C-1 in their
    order) or ``NAME_graph_attributes.txt`` (real targets, float ``y``), and as there are any
    ``node_labels``, ``node_attributes``, ``edge_labels`` and ``edge_attributes``. They are read
    strictly: what breaks the format is refused by file and line, never repaired. Loops are left
    out, and an edge that is listed twice is one edge.

    Args:
        name: such as ``"MUTAG"``; the folder ``root/name/raw`` with the text files is used where
            it exists, otherwise they are downloaded.
        root: folder of data sets; raw files in it are only read. ``None`` for ``tu/`` in the folder
            that the environment variable ``SIMPLEX_DATA`` names, else ``~/.cache/simplex/tu``.
        max_dim: the top dimension of the lift.
        reduce: how vertex features are spread to higher simplices.
        use_node_attr: whether node attributes are features; without them as in the tables that use
            labels alone.
        rings: N to fill the rings of at most N vertices, as molecules have them; ``None`` not to.
        apex: what the apex of a ring carries, see :func:`simplex.transforms.ring_lift`.

    Raises:
        ValueError: the files are not there and cannot be downloaded, or break the format.
    """
    require_flag("use_node_attr", use_node_attr)
    return read_tu(
        _raw_folder(name, data_root("tu", root)),
        name,
        max_dim=max_dim,
        reduce=reduce,
        use_node_attr=use_node_attr,
        rings=rings,
        apex=apex,
    )


def read_tu(
    folder: Path,
    name: str,
    *,
    max_dim: int,
    reduce: Literal["sum", "mean"],
    use_node_attr: bool,
    rings: int | None,
    apex: Literal["sum", "mean", "token"],
) -> "SimplicialDataset":
    """The data set of the text files of a folder, as :func:`tu_dataset` says."""
    from torch_geometric.data import Data

    from simplex.transforms import lift_dataset

    files = read_tu_files(folder, name)
    if not use_node_attr:
        files = replace(files, attributes=files.attributes[:, :0])
    sizes = files.sizes.tolist()
    x = torch.split(_vertex_features(name, files), sizes)
    starts = torch.nn.functional.pad(files.sizes.cumsum(0), (1, 0))
    graph_of_edge = torch.bucketize(files.edge_index[0], starts, right=True) - 1
    edges_of = graph_of_edge.bincount(minlength=len(sizes)).tolist()
    edge_index = torch.split(files.edge_index - starts[graph_of_edge], edges_of, 1)
    graphs = [
        Data(x=x[i], edge_index=edge_index[i], y=files.y[i : i + 1], num_nodes=sizes[i])
        for i in range(len(sizes))
    ]
    if files.edge_attr is not None:
        for graph, edge_attr in zip(graphs, torch.split(files.edge_attr, edges_of), strict=True):
            graph.edge_attr = edge_attr
    return lift_dataset(graphs, max_dim, reduce=reduce, rings=rings, apex=apex)


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
        ValueError: a stored fold names graphs that do not exist, tests on what it trains on, or
            its file is not of one id (from 0) per line.
    """
    _require_name(name)
    require_int("num_folds", num_folds)
    require_generator(generator)
    labels = _classes(labels)
    folder = data_root("tu", root) / name / "10fold"
    if num_folds != 10 or not folder.is_dir():
        return stratified_folds(labels, num_folds, generator=generator)
    folds = []
    for i in range(1, 11):
        train, test = (_fold_ids(folder / f"{part}_idx-{i}.txt") for part in ("train", "test"))
        if not len(train) or not len(test):
            raise ValueError(
                f"the folds in {folder} must have graphs to train on and to test on, got none in "
                f"fold {i}. Delete the folder to draw new folds."
            )
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
    require_int("num_folds", num_folds)
    require_generator(generator)
    labels = _classes(labels)
    if not 2 <= num_folds <= len(labels):
        raise ValueError(
            f"num_folds must be at least 2 and at most the number of graphs ({len(labels)}), got "
            f"{num_folds}."
        )
    what, remedy = f"the ids of {num_folds} folds of {len(labels)} graphs", "Take fewer folds."
    require_memory(8 * num_folds * len(labels), torch.device("cpu"), what, remedy)
    shuffled = torch.randperm(len(labels), generator=generator)
    by_class = shuffled[labels[shuffled].sort(stable=True).indices]
    fold = torch.empty(len(labels), dtype=torch.int64)
    fold[by_class] = torch.arange(len(labels)) % num_folds
    return [
        Fold((fold != i).nonzero()[:, 0], (fold == i).nonzero()[:, 0]) for i in range(num_folds)
    ]


def _classes(labels: Any) -> Tensor:
    """(n,) classes on the CPU, of any kind that can be sorted."""
    given = any_tensor("labels", labels)
    if given.ndim != 1 or given.is_complex() or given.is_meta or bool(given.isnan().any()):
        raise ValueError(
            f"labels must hold the class of each item, (n,), got {given.dtype} of shape "
            f"{tuple(given.shape)}."
        )
    return given.cpu()


def _raw_folder(name: str, root: Path) -> Path:
    """The folder of the text files, downloaded where it is empty or absent."""
    _require_name(name)
    raw = root / name / "raw"
    if raw.is_dir() and any(raw.iterdir()):
        return raw
    from torch_geometric.datasets import TUDataset

    remote = TUDataset.__new__(TUDataset)
    remote.name, remote.cleaned = name, False
    try:
        download(remote, raw)
    except ConnectionError as error:
        raise ValueError(
            f"{name!r} must be the name of a TU data set: there are no files in {raw}, and "
            f"downloading it failed ({error}). Check the name, or pass the root that holds "
            f"{name}/raw."
        ) from error
    return raw


def _require_name(name: str) -> None:
    if not isinstance(name, str) or not re.fullmatch(r"[\w+-]+", name):
        raise ValueError(f"name must be that of a TU data set, such as 'MUTAG', got {name!r}.")


def _vertex_features(name: str, files: TUFiles) -> Tensor:
    if files.attributes.shape[1] > 0:
        return torch.cat([files.attributes, files.labels], 1)
    if files.labels.shape[1] > 1:
        return files.labels
    num_vertices = int(files.sizes.sum())
    if not name.startswith(("IMDB", "COLLAB")):
        return torch.ones(num_vertices, 1)
    degrees = files.edge_index[0].bincount(minlength=num_vertices)
    width = int(degrees.max()) + 1
    require_memory(
        4 * num_vertices * width,
        torch.device("cpu"),
        f"the one-hot degrees of {name}, {width} columns",
        remedy="Leave out the graph of the highest degree.",
    )
    return torch.nn.functional.one_hot(degrees, width).float()


def _fold_ids(path: Path) -> Tensor:
    return torch.from_numpy(read_table(path, columns=1)[:, 0])
