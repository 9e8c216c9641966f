"""A data set that was lifted into a folder, by ``SimplicialDataset.to_disk``."""

from pathlib import Path

from simplex.datasets._own.files import FileData, Wanted


SOURCE = "folder"


def is_lifted_folder(folder: Path) -> bool:
    """Whether it says of itself what it holds, as folders of this library do."""
    return (folder / "manifest.json").is_file()


def read_lifted_folder(folder: Path, wanted: Wanted) -> FileData:
    """The data set, as memory maps.

    Raises:
        ValueError: a folder of another kind, or damaged; options that come before the lift.
    """
    from simplex.data import SimplicialDataset

    wanted.require(SOURCE)
    wanted.require_no_rings(f"{folder}, which holds complexes")
    dataset = SimplicialDataset.open(folder)
    top = dataset._data.max_dim
    if wanted.max_dim != top:
        raise ValueError(
            f"max_dim must be {top} for {folder}, which was lifted so, got {wanted.max_dim}."
        )
    if wanted.features is not None or wanted.categories or wanted.reduce != "sum":
        raise ValueError(
            f"features, categories and reduce must be left out for {folder}, which holds features "
            "of its own, got some of them. Choose them before the lift."
        )
    note = f"lifted to dimension {top} beforehand; features and targets are as they were stored"
    return FileData(
        dataset, wanted.target, wanted.level, wanted.kind, {"source": SOURCE}, notes=(note,)
    )
