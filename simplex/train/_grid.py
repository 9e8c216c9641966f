"""Hyper-parameter grids: every combination of the values is one configuration."""

from ast import literal_eval
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from itertools import product
from math import prod
from typing import Any, get_args

import torch

from simplex.train._experiment import Experiment
from simplex.train._settings import TrainSettings


# The data are lifted once, task and protocol are one: these cannot differ within a run.
_FIXED = {
    "dataset", "root", "max_dim", "reduce", "use_node_attr", "folds", "protocol", "grid", "train",
    "seed", "options", "search", "seeds", "level", "target", "kind", "metrics", "loss",
    "class_weights", "compile", "encodings", "features", "categories",
    "task", "rings", "apex",
}  # fmt: skip


def parse_grid(texts: Sequence[str]) -> dict[str, list[Any]]:
    """Read ``["hidden_channels=16,32", "lr=0.001,0.01"]``; ``none`` is None.

    Raises:
        ValueError: no such setting, a setting that is named twice, or a value of another type.

    Example:
        >>> parse_grid(["hidden_channels=16,32", "norm=batch,none"])
        {'hidden_channels': [16, 32], 'norm': ['batch', None]}
    """
    types = _types()
    grid: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not values or name not in types or name in grid:
            raise ValueError(
                "grid must be given as NAME=VALUE,VALUE,… with each name once, among "
                f"{', '.join(sorted(types))}, got {text!r}."
            )
        try:
            grid[name] = [_read(value.strip(), types[name]) for value in values.split(",")]
        except ValueError as error:
            raise ValueError(f"grid must have values that {name} can take, got {error}.") from None
    return grid


def parse_options(texts: Sequence[str]) -> dict[str, Any]:
    """Read ``["skip=True", "readout_dims=(0, 2)"]``: Python literals, and words as strings.

    Raises:
        ValueError: not of that form, or a name that comes twice.

    Example:
        >>> parse_options(["skip=True", "readout_dims=(0, 2)", "reduce_dims=mean"])
        {'skip': True, 'readout_dims': (0, 2), 'reduce_dims': 'mean'}
    """
    options: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name.isidentifier() or name in options:
            raise ValueError(f"option must be NAME=VALUE with each name once, got {text!r}.")
        try:
            options[name] = literal_eval(value.strip())
        except (ValueError, SyntaxError):
            options[name] = value.strip()
    return options


def configurations(experiment: Experiment) -> list[tuple[str, Experiment]]:
    """One experiment per combination of the grid, with its name; the last names vary fastest.

    With ``search`` so many of them are drawn, none twice, by the seed of the training.

    Example:
        >>> experiment = Experiment("MUTAG", grid={"num_layers": [2, 3], "lr": [0.01]})
        >>> [(name, each.num_layers, each.train.lr) for name, each in configurations(experiment)]
        [('num_layers=2 lr=0.01', 2, 0.01), ('num_layers=3 lr=0.01', 3, 0.01)]
    """
    grid = experiment.grid
    types = _types()
    for name, values in grid.items():
        if name not in types or not len(values):
            raise ValueError(
                f"grid must have at least one value for each of some of {', '.join(sorted(types))},"
                f" got {name}={values!r}."
            )
    of_training = {each.name for each in fields(TrainSettings)}
    result = []
    for values in _points(grid, experiment.search, experiment.train.seed):
        chosen: Mapping[str, Any] = dict(zip(grid, values, strict=True))
        train = replace(experiment.train, **{k: v for k, v in chosen.items() if k in of_training})
        own: dict[str, Any] = {k: v for k, v in chosen.items() if k not in of_training}
        name = " ".join(f"{k}={v}" for k, v in chosen.items())
        result.append((name, replace(experiment, grid={}, search=None, train=train, **own)))
    return result


def _points(
    grid: Mapping[str, Sequence[Any]], search: int | None, seed: int
) -> list[tuple[Any, ...]]:
    """Every combination of the values, or as many drawn ones, in their order."""
    count = prod(len(values) for values in grid.values())
    if search is None or search >= count:
        return list(product(*grid.values()))
    if count > _MOST_POINTS:
        raise ValueError(
            f"grid must have at most {_MOST_POINTS} combinations to draw from, got {count}. "
            "Give fewer values."
        )
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(count, generator=generator)[:search].sort().values.tolist()
    points = []
    for number in drawn:
        values: list[Any] = []
        for each in reversed(list(grid.values())):
            number, place = divmod(number, len(each))
            values.insert(0, each[place])
        points.append(tuple(values))
    return points


_MOST_POINTS = 10**7


def _types() -> dict[str, Any]:
    every = (*fields(Experiment), *fields(TrainSettings))
    return {each.name: each.type for each in every if each.name not in _FIXED}


def _read(text: str, kind: Any) -> Any:
    """A value of the type, or of one of a union's."""
    reader, *others = get_args(kind) or (kind,)
    if others == [type(None)] and text.lower() == "none":
        return None
    return reader(text)
