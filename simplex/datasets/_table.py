"""All data sets for learning by one name each, with what is predicted and how it is scored."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from simplex.datasets._aqsol import aqsol
from simplex.datasets._census import CENSUS_TARGETS, surface_census
from simplex.datasets._graph_universe import UNIVERSE_SETTINGS, graph_universe
from simplex.datasets._heterophilous import HETEROPHILOUS, heterophilous
from simplex.datasets._planetoid import PLANETOID, planetoid
from simplex.datasets._tu import tu_dataset
from simplex.datasets._us_county import US_COUNTY, us_county


if TYPE_CHECKING:
    from simplex.data import SimplicialDataset


class DatasetEntry(NamedTuple):
    """One learning task on one data set, a value of ``DATASETS``.

    Args:
        load: the loader, which takes ``root``, ``max_dim`` and ``reduce``.
        kind: whether the targets are ``"classes"`` or ``"numbers"``.
        level: k, where each k-simplex has a target; ``None`` where each complex has one.
        num_outputs: classes, or numbers.
        metric: by which results are published: ``"accuracy"``, ``"auroc"``, ``"mae"`` or ``"mse"``.
        splits: ``"folds"``: ten, by :func:`tu_folds`; ``"masks"``: fixed ones, stored in the data
            as ``train_mask``, ``val_mask`` and ``test_mask``, where there are many items read by
            :func:`fixed_split`; ``"random"``: none are published, so that TopoBench's are taken.
        in_deviations: whether published errors are in standard deviations of the training targets,
            not in the units of the data.
        takes_rings: whether ``load`` takes ``rings`` and ``apex``, as of molecules.
    """

    load: Callable[..., "SimplicialDataset"]
    kind: Literal["classes", "numbers"]
    level: int | None
    num_outputs: int
    metric: str
    splits: Literal["folds", "masks", "random"]
    in_deviations: bool = False
    takes_rings: bool = False


def _entries() -> Iterator[tuple[str, DatasetEntry]]:
    for name, classes in _TU.items():
        entry = DatasetEntry(
            partial(tu_dataset, name),
            "classes",
            None,
            classes,
            "accuracy",
            "folds",
            takes_rings=True,
        )
        yield name.lower(), entry
    for name in PLANETOID:
        load = partial(planetoid, name)
        yield name, DatasetEntry(load, "classes", 0, _CLASSES[name], "accuracy", "masks")
    for name in HETEROPHILOUS:
        load, count = partial(heterophilous, name), _CLASSES.get(name, 5)
        metric = "auroc" if count == 2 else "accuracy"
        yield name.replace("_", "-"), DatasetEntry(load, "classes", 0, count, metric, "masks")
    for target in US_COUNTY:
        load = partial(us_county, target)
        yield f"us-county-{target}", DatasetEntry(load, "numbers", 0, 1, "mae", "random", True)
    yield "aqsol", DatasetEntry(aqsol, "numbers", None, 1, "mae", "masks", takes_rings=True)
    for target, count in CENSUS_TARGETS.items():
        load = partial(surface_census, target=target)
        metric = "auroc" if target == "orientable" else "accuracy"
        entry = DatasetEntry(load, "classes", None, count, metric, "masks")
        yield f"surfaces-{target.replace('_', '-')}", entry
    for setting in UNIVERSE_SETTINGS:
        load = partial(graph_universe, setting, task="communities")
        entry = DatasetEntry(load, "classes", 0, 20, "accuracy", "masks")
        yield f"communities-{setting}", entry
        load = partial(graph_universe, setting, task="triangles")
        yield f"triangles-{setting}", DatasetEntry(load, "numbers", None, 1, "mse", "masks")


_TU = {
    "MUTAG": 2, "PTC": 2, "PROTEINS": 2, "NCI1": 2, "NCI109": 2, "IMDB-BINARY": 2,
    "IMDB-MULTI": 3, "REDDIT-BINARY": 2, "COLLAB": 3, "ENZYMES": 6,
}  # fmt: skip
_CLASSES = {
    "cora": 7, "citeseer": 6, "pubmed": 3, "roman_empire": 18, "minesweeper": 2, "tolokers": 2,
    "questions": 2,
}  # fmt: skip

DATASETS: Mapping[str, DatasetEntry] = MappingProxyType(dict(_entries()))


def load_dataset(name: str, **options: Any) -> "SimplicialDataset":
    """Load a data set by its name in ``DATASETS``.

    Args:
        name: such as ``"mutag"``, ``"cora"``, ``"minesweeper"``, ``"us-county-election"``; case,
            spaces and underscores do not matter.
        options: those of the loader, such as ``root``, ``max_dim`` and ``reduce``.

    Raises:
        ValueError: no such name; the nearest ones are named.

    Example:
        >>> load_dataset("cora", max_dim=3)[0].complex  # doctest: +SKIP
        SimplicialComplex(f_vector=(2708, 5278, 1630, 220))
    """
    return dataset_entry(name).load(**options)


def dataset_entry(name: str) -> DatasetEntry:
    """The entry of ``DATASETS`` by its name in any spelling.

    Args:
        name: as for :func:`load_dataset`.

    Raises:
        ValueError: no such name; the nearest ones are named.

    Example:
        >>> entry = dataset_entry("Roman_Empire")
        >>> entry.kind, entry.level, entry.num_outputs, entry.metric
        ('classes', 0, 18, 'accuracy')
    """
    from difflib import get_close_matches

    spelt = {_plain(each): each for each in DATASETS}
    if isinstance(name, str) and _plain(name) in spelt:
        return DATASETS[spelt[_plain(name)]]
    near = get_close_matches(_plain(name), spelt, cutoff=0.4) if isinstance(name, str) else []
    hint = ", ".join(repr(spelt[each]) for each in near) or "'mutag', 'cora', 'minesweeper'"
    raise ValueError(
        f"name must be a key of simplex.datasets.DATASETS, such as {hint}, got {str(name)[:60]!r}. "
        "A set of the TU collection that is not listed is read by tu_dataset."
    )


def _plain(name: str) -> str:
    return "".join(name.lower().replace("_", "-").replace(" ", "-").split("-"))
