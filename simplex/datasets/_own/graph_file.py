"""A file of PyG ``Data`` objects as a data set."""

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from simplex.datasets._own.files import FileData, Wanted


if TYPE_CHECKING:
    from torch_geometric.data import Data

    from simplex.data import SimplicialDataset


def read_graph_file(path: Path, wanted: Wanted) -> FileData:
    """A data set from a ``.pt`` file, as :func:`read_dataset` says."""
    from simplex.data import SimplicialData, SimplicialDataset
    from simplex.transforms import lift_dataset

    notes: list[str] = []
    if wanted.features is not None:
        raise ValueError(
            "features must be left out for PyG data, whose features are x, got "
            f"{', '.join(wanted.features)}. Choose columns of x before saving."
        )
    graphs = _graphs(path)
    if isinstance(graphs, SimplicialDataset) or isinstance(graphs[0], SimplicialData):
        dataset = graphs if isinstance(graphs, SimplicialDataset) else _collated(graphs)
        wanted.require_no_rings("complexes, which have been lifted")
        notes.append("complexes: taken as they are, not lifted")
        form: dict[str, Any] = {"source": "complexes"}
        wanted.require("complexes")
    else:
        wanted.require("graphs")
        form = dict(wanted.form or _form(graphs, wanted, notes))
        prepared = [_prepared(graph, form, place, path) for place, graph in enumerate(graphs)]
        if wanted.level is not None or not _one_each(prepared, wanted.target or "y"):
            wanted.require_no_rings("targets of vertices or other simplices")
        edge_attr: Any = "mean" if form["edge_width"] and wanted.max_dim else None
        options: Any = {"reduce": wanted.reduce, "rings": wanted.rings, "apex": wanted.apex}
        dataset = lift_dataset(prepared, wanted.max_dim, edge_attr=edge_attr, **options)
    level = wanted.level if wanted.form is None else wanted.form.get("level")
    if level is None and wanted.form is None:
        level = _level(dataset, wanted.target or "y")
    if wanted.form is None:
        form |= {"level": level, "classes": None, "target": [wanted.target or "y"]}
        if "train_mask" in dataset._data:
            notes.append("train_mask, test_mask: parts, of the protocol 'fixed'")
    names = dataset._data.complex.vertex_labels if form["source"] == "complexes" else None
    plain = None if names is None else [str(name) for name in names]
    return FileData(dataset, wanted.target, level, wanted.kind, form, plain, None, tuple(notes))


def _one_each(graphs: "list[Data]", target: str) -> bool:
    """Whether each graph has one target, or none."""
    targets = [graph[target] for graph in graphs if target in graph]
    return all(not isinstance(y, Tensor) or y.ndim == 0 or len(y) == 1 for y in targets)


def _graphs(path: Path) -> "list[Data] | SimplicialDataset":
    """The graphs of a file: a list, one of them, or what an ``InMemoryDataset`` stores."""
    import torch_geometric.data as pyg

    from simplex.data import SimplicialDataset

    stored = _plain(path)
    if isinstance(stored, (tuple, list)) and len(stored) in (2, 3) and _is_stored(stored):
        unpacked: list[Data] | SimplicialDataset = _unpacked(path, *stored)
        return unpacked
    if isinstance(stored, pyg.Batch):
        stored = stored.to_data_list()
    items = list(stored) if isinstance(stored, (list, tuple)) else [stored]
    wrong = next((each for each in items if not isinstance(each, pyg.Data)), None)
    if wrong is not None or not items:
        got = "an empty list" if not items else f"{type(wrong).__name__}"
        raise ValueError(
            f"{path.name} must hold PyG Data objects, a list of them or what an InMemoryDataset "
            f"stores, got {got}. Save them by torch.save([Data(x=…, edge_index=…, y=…), …], path)."
        )
    if type(items[0]).__name__ == "SimplicialData":
        return items
    lost = next((place for place, each in enumerate(items) if each.edge_index is None), None)
    if lost is not None:
        raise ValueError(
            f"{path.name} must hold graphs with edge_index, got none in item {lost}. A graph "
            "without edges has one of shape (2, 0)."
        )
    assert not isinstance(items, SimplicialDataset)
    return items


def _plain(path: Path) -> Any:
    """The content, in which PyG's classes are known as safe: they hold fields, and run nothing."""
    from torch_geometric.data import storage

    from simplex.data import read_plain

    known = [storage.BaseStorage, storage.NodeStorage, storage.EdgeStorage, storage.GlobalStorage]
    try:
        with torch.serialization.safe_globals(known):
            return read_plain(path)
    except ValueError as error:
        foreign = re.search(r"GLOBAL ([\w.]+)", str(error.__cause__))
        got = f"a pickled {foreign[1]}" if foreign else "a damaged or another file"
        raise ValueError(
            f"{path.name} must hold tensors, plain values and PyG Data objects saved by "
            f"torch.save, got {got}. No code of a file is run: save the graphs as Data of tensors."
        ) from error


def _is_stored(stored: Any) -> bool:
    """Whether it is ``(data, slices)`` or ``(data, slices, class)``."""
    data, slices = stored[0], stored[1]
    is_data = isinstance(data, Mapping) or hasattr(data, "to_dict")
    return is_data and (slices is None or isinstance(slices, Mapping))


def _unpacked(path: Path, data: Any, slices: Any, kind: Any = None) -> Any:
    import torch_geometric.data as pyg

    from simplex.data import SimplicialData, SimplicialDataset

    kind = kind if isinstance(kind, type) and issubclass(kind, pyg.Data) else pyg.Data
    try:
        whole = kind.from_dict(dict(data)) if isinstance(data, Mapping) else data
        if isinstance(whole, SimplicialData):
            return SimplicialDataset(whole, None if slices is None else dict(slices))
        if slices is None:
            return [whole]
        stored = pyg.InMemoryDataset()
        stored.data, stored.slices = whole, dict(slices)
        return [stored.get(i) for i in range(len(stored))]
    except (KeyError, TypeError, AttributeError, RuntimeError, IndexError) as error:
        raise ValueError(
            f"{path.name} must hold PyG Data objects, got a pair that is no stored data set "
            f"({type(error).__name__}: {error})."
        ) from error


def _collated(items: Any) -> "SimplicialDataset":
    from simplex.data import SimplicialDataset

    data, slices = SimplicialDataset.collate(items)
    return SimplicialDataset(data, slices)


# --- features -------------------------------------------------------------------------------------


def _form(graphs: Any, wanted: Wanted, notes: list[str]) -> dict[str, Any]:
    """How ``x`` and ``edge_attr`` become cochains, decided by these graphs."""
    first = graphs[0]
    width = None if first.x is None else _columns(first.x).shape[1]
    words = None
    if width is None:
        notes.append("no x: each node has the constant 1, and all nodes up to num_nodes are there")
    elif not first.x.is_floating_point():
        if "x" in wanted.categories:
            words = [
                int(max(_columns(graph.x)[:, c].max() for graph in graphs if len(graph.x))) + 1
                for c in range(width)
            ]
            notes.append(f"x: {sum(words)} categories in {width} columns")
        else:
            notes.append("x: whole numbers, taken as numbers; categories='x' makes them one-hot")
    edge_width = 0 if first.edge_attr is None else _columns(first.edge_attr).shape[1]
    if edge_width:
        notes.append("edge_attr: features of edges, the mean of both directions")
    return {"source": "graphs", "width": width, "words": words, "edge_width": edge_width}


def _prepared(graph: Any, form: Mapping[str, Any], place: int, path: Path) -> "Data":
    """A copy with ``x`` and ``edge_attr`` as real columns."""
    graph = graph.clone() if hasattr(graph, "clone") else graph
    where = f"item {place} of {path.name}"
    width = None if graph.x is None else _columns(graph.x).shape[1]
    edge_width = 0 if graph.edge_attr is None else _columns(graph.edge_attr).shape[1]
    if width != form["width"] or edge_width != form["edge_width"]:
        expected = "no x" if form["width"] is None else f"x of {form['width']} columns"
        got = "no x" if width is None else f"x of {width} columns"
        raise ValueError(
            f"{where} must have {expected} and edge_attr of {form['edge_width']} columns as the "
            f"others, or as in training, got {got} and {edge_width}."
        )
    if graph.x is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that isolated vertices at the end are not seen
            graph.x = torch.ones(graph.num_nodes, 1)
    elif form["words"] is not None:
        graph.x = _one_hot(_columns(graph.x), form["words"], where)
    else:
        graph.x = _real(_columns(graph.x))
    if graph.edge_attr is not None:
        graph.edge_attr = _real(_columns(graph.edge_attr))
    if isinstance(graph.y, Tensor) and graph.y.ndim == 0:
        graph.y = graph.y.view(1)
    return graph


def _columns(values: Any) -> Tensor:
    if not isinstance(values, Tensor):
        raise ValueError(f"x and edge_attr must be tensors, got {type(values).__name__}.")
    return values.to_dense().view(len(values), -1)


def _real(values: Tensor) -> Tensor:
    return values if values.is_floating_point() else values.float()


def _one_hot(values: Tensor, words: Any, where: str) -> Tensor:
    columns = []
    for column, count in zip(values.T.long(), words, strict=True):
        if len(column) and (int(column.min()) < 0 or int(column.max()) >= count):
            raise ValueError(
                f"x of {where} must hold categories 0 … {count - 1} as in training, got "
                f"{int(column.max())}."
            )
        columns.append(functional.one_hot(column, count))
    return torch.cat(columns, 1).float()


def _level(dataset: "SimplicialDataset", target: str) -> int | None:
    """Vertices where there are as many targets, and they are not those of the graphs."""
    values = dataset._data.to_dict().get(target)
    if not isinstance(values, Tensor) or values.ndim == 0:
        return None
    vertices = int(dataset.num_simplices[:, 0].sum())
    return 0 if len(values) == vertices and vertices != len(dataset) else None
