"""Graphs of which neighbours are often of different classes: one complex each, ten splits."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from simplex.complexes import require_word
from simplex.datasets._files import download, folder_with, read_arrays, refused
from simplex.datasets._one_complex import Reduce, one_complex, require_lift
from simplex.datasets._root import data_root


if TYPE_CHECKING:
    from simplex.data import SimplicialDataset

HETEROPHILOUS = (
    "minesweeper", "tolokers", "roman_empire", "amazon_ratings", "questions", "actor", "texas",
    "cornell", "wisconsin", "chameleon_filtered", "squirrel_filtered",
)  # fmt: skip
_FIELDS = {  # name: (dtype kinds, number of dimensions)
    "node_features": ("fiub", 2),
    "node_labels": ("iu", 1),
    "edges": ("iu", 2),
    "train_masks": ("b", 2),
    "val_masks": ("b", 2),
    "test_masks": ("b", 2),
}


def heterophilous(
    name: str, root: str | Path | None = None, *, max_dim: int = 2, reduce: Reduce = "mean"
) -> "SimplicialDataset":
    """Load a heterophilous graph with its ten published splits and lift it to its clique complex.

    Args:
        name: ``"minesweeper"``, ``"tolokers"``, ``"roman_empire"``, ``"amazon_ratings"``,
            ``"questions"``, ``"actor"``, ``"texas"``, ``"cornell"``, ``"wisconsin"``,
            ``"chameleon_filtered"`` or ``"squirrel_filtered"``; upper case and hyphens as PyG has
            them are taken too.
        root: folder with ``NAME.npz``, or with ``NAME/raw/NAME.npz`` as PyG lays it out; it is
            downloaded there where it is absent. ``None`` for ``heterophilous/`` in the folder that
            the environment variable ``SIMPLEX_DATA`` names, else
            ``~/.cache/simplex/heterophilous``.
        max_dim: the top dimension of the lift.
        reduce: what higher simplices carry: the ``"mean"`` or the ``"sum"`` of the features of
            their vertices; ``None`` for the constant 1, one channel.

    Returns:
        One item: ``x`` (n_0, F) float32 and ``x_k``; ``y`` (n_0,) int64, classes of vertices;
        ``edge_index`` with both directions, as PyG has it; boolean ``train_mask``, ``val_mask`` and
        ``test_mask`` (n_0, 10), one column per split.

    Raises:
        ValueError: another name, or a file that is absent and cannot be downloaded, or is damaged.

    Cost:
        Tolokers has 15,016,198 triangles: 0.7 GB of tables, and 40 bytes each (0.6 GB, for a moment
        2.4 GB) for the features that are spread to them. With ``reduce=None`` these are 60 MB, with
        ``max_dim=1`` there are 519,000 edges and no triangles.

    Paper:
        Platonov et al., "A critical look at the evaluation of GNNs under heterophily: are we really
        making progress?", ICLR 2023. Minesweeper, Tolokers and Questions have two classes and are
        scored by AUROC, the others by accuracy. The filtered graphs are without duplicates.

    Example:
        >>> data = heterophilous("minesweeper")[0]  # doctest: +SKIP
        >>> data.complex, data.train_mask.shape  # doctest: +SKIP
        (SimplicialComplex(f_vector=(10000, 39402, 39204)), torch.Size([10000, 10]))
    """
    require_lift(max_dim, reduce)
    name = name.lower().replace("-", "_") if isinstance(name, str) else name
    require_word("name", name, HETEROPHILOUS)
    place = _file(name, data_root("heterophilous", root))
    fields = read_arrays(place, _FIELDS, f"the graph {name}")
    return one_complex(_graph(fields, place, name), max_dim, reduce)


def _graph(fields: dict[str, Any], place: Path, name: str) -> Any:
    """The graph as PyG's reader makes it."""
    from torch_geometric.data import Data
    from torch_geometric.utils import to_undirected

    x, y, edges = (
        torch.from_numpy(fields["node_features"].astype(np.float32)),
        torch.from_numpy(fields["node_labels"].astype(np.int64)),
        torch.from_numpy(fields["edges"].astype(np.int64)),
    )
    masks = {part: torch.from_numpy(fields[f"{part}_masks"]).T for part in ("train", "val", "test")}
    what = f"the graph {name}"
    if len(y) != len(x) or (len(y) and int(y.min()) < 0):
        raise refused(place, what, f"got {len(y)} classes for {len(x)} vertices, or negative ones")
    if edges.shape[1] != 2 or not bool(((edges >= 0) & (edges < len(x))).all()):
        raise refused(place, what, f"got edges that are no pairs of ids below {len(x)}")
    if not bool(x.isfinite().all()):
        raise refused(place, what, "got features that are no finite numbers")
    if len({mask.shape for mask in masks.values()} | {(len(x), masks["train"].shape[1])}) > 1:
        raise refused(place, what, f"got masks that are not of {len(x)} vertices")
    return Data(
        x=x,
        y=y,
        edge_index=to_undirected(edges.T.contiguous(), num_nodes=len(x)),
        **{f"{part}_mask": mask.contiguous() for part, mask in masks.items()},
    )


def _file(name: str, root: Path) -> Path:
    """The stored arrays, downloaded where they are absent."""
    file, raw = f"{name}.npz", root / name / "raw"
    folder = folder_with([file], [root, raw], name)
    if folder is not None:
        return folder / file
    from torch_geometric.datasets import HeterophilousGraphDataset

    remote = HeterophilousGraphDataset.__new__(HeterophilousGraphDataset)
    remote.name = name
    try:
        download(remote, raw)
    except ConnectionError as error:
        raise ValueError(
            f"{name} must be stored in {root / file}, got no such file, and downloading it failed "
            f"({error}). Put the file of github.com/yandex-research/heterophilous-graphs there, or "
            "pass the root that holds it."
        ) from error
    return raw / file
