"""A folder of text files in the layout of the TU collection as a data set."""

from pathlib import Path
from typing import Any

from simplex.datasets._own.files import FileData, Wanted
from simplex.datasets._tu import read_tu
from simplex.datasets._tu_files import read_table


def find_tu(folder: Path) -> tuple[Path, str] | None:
    """The folder with ``NAME_A.txt``, itself or its ``raw``, and the name."""
    for place in (folder, folder / "raw"):
        found = sorted(place.glob("*_A.txt")) if place.is_dir() else []
        if len(found) == 1:
            return place, found[0].name.removesuffix("_A.txt")
    return None


def read_tu_folder(folder: Path, name: str, wanted: Wanted, use_node_attr: bool) -> FileData:
    """A data set from the text files, as :func:`read_dataset` says."""
    if wanted.features is not None or wanted.categories:
        raise ValueError(
            "features and categories must be left out for data of the TU layout, whose node labels "
            "are categories and whose attributes are numbers."
        )
    wanted.require("tu")
    options: Any = {"reduce": wanted.reduce, "rings": wanted.rings, "apex": wanted.apex}
    dataset = read_tu(folder, name, max_dim=wanted.max_dim, use_node_attr=use_node_attr, **options)
    labels = folder / f"{name}_graph_labels.txt"
    classes = None
    if not dataset._data.y.is_floating_point():
        classes = [
            str(label) for label in sorted(set(read_table(labels, columns=1)[:, 0].tolist()))
        ]
    form = {"source": "tu", "target": ["y"], "level": None, "kind": None, "classes": classes}
    graphs = [str(number + 1) for number in range(len(dataset))]
    return FileData(
        dataset, wanted.target, wanted.level, wanted.kind, wanted.form or form, None, graphs
    )
