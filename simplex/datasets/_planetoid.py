"""Citation networks: one complex each, with the splits of the literature."""

import math
import pickle
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from simplex.complexes import require_generator, require_memory, require_word
from simplex.datasets._files import download, folder_with, read_arrays, refused
from simplex.datasets._one_complex import Reduce, one_complex, require_lift
from simplex.datasets._root import data_root


if TYPE_CHECKING:
    from simplex.data import SimplicialDataset

PLANETOID = {"cora": "Cora", "citeseer": "CiteSeer", "pubmed": "PubMed"}  # ours: PyG's
_PARTS = ("x", "tx", "allx", "y", "ty", "ally", "graph", "test.index")
_KNOWN = {  # all that the published pickles name, or the same arrays pickled today
    "numpy.dtype", "numpy.ndarray", "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct", "numpy._core.numeric._frombuffer",
    "scipy.sparse.csr.csr_matrix", "scipy.sparse._csr.csr_matrix", "collections.defaultdict",
    "builtins.list", "_codecs.encode",
}  # fmt: skip
_TRAIN_PER_CLASS, _VALIDATION, _TEST = 20, 500, 1000


def planetoid(
    name: str,
    root: str | Path | None = None,
    *,
    max_dim: int = 2,
    reduce: Reduce = "mean",
    split: Literal["public", "full", "geom-gcn", "random"] = "public",
    generator: torch.Generator | None = None,
) -> "SimplicialDataset":
    """Load a citation network and lift it to its clique complex: papers, citations, words.

    The published files are pickles. They are opened only after it is known that they name nothing
    but the arrays, matrices and dictionaries of the published ones.

    Args:
        name: ``"cora"``, ``"citeseer"`` or ``"pubmed"``, in upper case too.
        root: folder with the files ``ind.NAME.x``, ``.tx``, ``.allx``, ``.y``, ``.ty``, ``.ally``,
            ``.graph`` and ``.test.index``, or with PyG's ``NAME/raw/`` that holds them; they are
            downloaded there where they are absent. ``None`` for ``planetoid/`` in the folder that
            the environment variable ``SIMPLEX_DATA`` names, else ``~/.cache/simplex/planetoid``.
        max_dim: the top dimension of the lift.
        reduce: what higher simplices carry: the ``"mean"`` or the ``"sum"`` of the features of
            their vertices; ``None`` for the constant 1, one channel.
        split: ``"public"``: 20 vertices of each class to train on, 500 for validation, 1,000 for
            the test; ``"full"``: all others to train on; ``"geom-gcn"``: the ten splits of
            Geom-GCN, whose files ``NAME_split_0.6_0.2_0.npz`` … lie beside the others;
            ``"random"``: as many as the public one has, drawn. The splits of TopoBench are those
            of ``simplex.train.random_splits``.
        generator: source of the random split, on the CPU; ``None`` for torch's global one.

    Returns:
        One item: ``x`` (n_0, F) float32, words of a paper, and ``x_k``; ``y`` (n_0,) int64, its
        class; ``edge_index`` with both directions; boolean ``train_mask``, ``val_mask`` and
        ``test_mask``, (n_0,) or for Geom-GCN (n_0, 10).

    Raises:
        ValueError: another name, or a file that is absent and cannot be downloaded, is damaged, or
            names other things than the published ones.

    Cost:
        The 1,433 features of Cora on all its simplices are 55 MB, the 3,703 of Citeseer 134 MB;
        with ``reduce=None`` 16 and 49 MB. A network whose first map is narrow costs as much with
        either.

    Paper:
        Yang, Cohen & Salakhutdinov, "Revisiting semi-supervised learning with graph embeddings",
        ICML 2016. Full split: Chen, Ma & Xiao, FastGCN, ICLR 2018; Pei et al., Geom-GCN, ICLR 2020.

    Example:
        >>> data = planetoid("cora", max_dim=4)[0]  # doctest: +SKIP
        >>> data.complex  # doctest: +SKIP
        SimplicialComplex(f_vector=(2708, 5278, 1630, 220, 9))
    """
    require_lift(max_dim, reduce)
    require_generator(generator)
    name = name.lower() if isinstance(name, str) else name
    require_word("name", name, tuple(PLANETOID))
    require_word("split", split, ("public", "full", "geom-gcn", "random"))
    root = data_root("planetoid", root)
    graph = _read(_folder(name, root, geom=False), name)
    if split == "full":
        graph.train_mask = ~(graph.val_mask | graph.test_mask)
    elif split == "random":
        _draw_masks(graph, generator)
    elif split == "geom-gcn":
        _set_masks_of_files(graph, _folder(name, root, geom=True), name)
    return one_complex(graph, max_dim, reduce)


def _draw_masks(graph: Any, generator: torch.Generator | None) -> None:
    """As many vertices as in the public split: the first of each class in a random order."""
    count = len(graph.y)
    order = torch.randperm(count, generator=generator)
    classes, by_class = graph.y[order].sort(stable=True)
    start = torch.nn.functional.pad(classes.bincount().cumsum(0), (1, 0))
    within = torch.arange(count) - start[classes]
    train = torch.zeros(count, dtype=torch.bool)
    train[order[by_class[within < _TRAIN_PER_CLASS]]] = True
    rest = order[~train[order]]
    ids = {"val": rest[:_VALIDATION], "test": rest[_VALIDATION : _VALIDATION + _TEST]}
    graph.train_mask = train
    for part, chosen in ids.items():
        graph[f"{part}_mask"] = torch.zeros(count, dtype=torch.bool).index_fill_(0, chosen, True)


def _set_masks_of_files(graph: Any, folder: Path, name: str) -> None:
    """The masks of ten files as columns."""
    masks: dict[str, list[Tensor]] = {"train_mask": [], "val_mask": [], "test_mask": []}
    for file in _split_files(name):
        arrays = read_arrays(folder / file, dict.fromkeys(masks, ("biuf", 1)), f"a split of {name}")
        for part, columns in masks.items():
            if len(arrays[part]) != len(graph.y):
                got = f"got {part} of {len(arrays[part])} vertices for {len(graph.y)}"
                raise refused(folder / file, f"a split of {name}", got)
            columns.append(torch.from_numpy(arrays[part]).bool())
    for part, columns in masks.items():
        graph[part] = torch.stack(columns, 1)


# --- files ----------------------------------------------------------------------------------------


class _Published(pickle.Unpickler):
    """Opens the pickles of the published files, and calls nothing that they do not name."""

    def find_class(self, module: str, name: str) -> Any:
        module = {"__builtin__": "builtins"}.get(module, module)
        if f"{module}.{name}" not in _KNOWN:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no published file does")
        return super().find_class(module, name)


def _read(folder: Path, name: str) -> Any:
    """The graph, by PyG's reader; no file is opened by it that has not been seen through."""
    from torch_geometric.io import read_planetoid_data

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the pickles name places that scipy and numpy have left
        numbers = sum(_seen_through(folder / f"ind.{name}.{part}", name) for part in _PARTS[:-1])
        require_memory(3 * 4 * numbers, torch.device("cpu"), f"the features of {name}")
        try:
            return read_planetoid_data(str(folder), name)
        except Exception as error:  # parts that do not fit together raise anything
            raise _damaged(folder, name, error) from error


def _seen_through(place: Path, name: str) -> int:
    """How many numbers a file has when it is dense; it names what the published ones name."""
    try:
        with open(place, "rb") as file:
            shape = getattr(_Published(file, encoding="latin1").load(), "shape", ())
        return math.prod(map(int, shape)) if shape else 0
    except Exception as error:  # a damaged file raises anything from EOFError to RuntimeError
        raise _damaged(place, name, error) from error


def _damaged(place: Path, name: str, error: Exception) -> ValueError:
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    return refused(place, f"the citations of {name}", f"got another one ({reason})")


def _split_files(name: str) -> list[str]:
    return [f"{name}_split_0.6_0.2_{i}.npz" for i in range(10)]


def _folder(name: str, root: Path, *, geom: bool) -> Path:
    """The folder of the files of the graph, or of its splits; downloaded where it is absent."""
    pyg = PLANETOID[name]
    inner = Path("geom-gcn/raw" if geom else "raw")
    files = _split_files(name) if geom else [f"ind.{name}.{part}" for part in _PARTS]
    places = [root, root / pyg / inner, root / name / inner]
    folder = folder_with(files, places, f"the files of {name}")
    if folder is not None:
        return folder
    from torch_geometric.datasets import Planetoid

    remote = Planetoid.__new__(Planetoid)
    remote.name, remote.split = pyg, "geom-gcn" if geom else "public"
    try:
        download(remote, root / pyg / inner)
    except ConnectionError as error:
        source = "graphdml-uiuc-jlu/geom-gcn" if geom else "kimiyoung/planetoid"
        raise ValueError(
            f"{name} must be stored in {root}, got no {files[0]} there, and downloading it failed "
            f"({error}). Put the files {files[0]} … {files[-1]} of github.com/{source} there, or "
            "pass the root that holds them."
        ) from error
    return root / pyg / inner
