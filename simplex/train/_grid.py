"""Hyper-parameter grids: every combination of the values is one configuration."""

from ast import literal_eval
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from itertools import product
from typing import Any, get_args

from simplex.train._settings import TrainSettings, TUSettings


# The data are lifted once and the protocol is one, so these cannot differ within a run.
_FIXED = {
    "dataset", "root", "max_dim", "reduce", "use_node_attr", "folds", "protocol", "grid", "train",
    "seed", "options",
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


def configurations(settings: TUSettings) -> list[tuple[str, TUSettings]]:
    """One experiment per combination of the grid, with its name; the last names vary fastest.

    Example:
        >>> settings = TUSettings("MUTAG", grid={"num_layers": [2, 3], "lr": [0.01]})
        >>> [(name, each.num_layers, each.train.lr) for name, each in configurations(settings)]
        [('num_layers=2 lr=0.01', 2, 0.01), ('num_layers=3 lr=0.01', 3, 0.01)]
    """
    grid = settings.grid
    types = _types()
    for name, values in grid.items():
        if name not in types or not len(values):
            raise ValueError(
                f"grid must have at least one value for each of some of {', '.join(sorted(types))},"
                f" got {name}={values!r}."
            )
    of_training = {each.name for each in fields(TrainSettings)}
    result = []
    for values in product(*grid.values()):
        chosen: Mapping[str, Any] = dict(zip(grid, values, strict=True))
        train = replace(settings.train, **{k: v for k, v in chosen.items() if k in of_training})
        own: dict[str, Any] = {k: v for k, v in chosen.items() if k not in of_training}
        name = " ".join(f"{k}={v}" for k, v in chosen.items())
        result.append((name, replace(settings, grid={}, train=train, **own)))
    return result


def _types() -> dict[str, Any]:
    every = (*fields(TUSettings), *fields(TrainSettings))
    return {each.name: each.type for each in every if each.name not in _FIXED}


def _read(text: str, kind: Any) -> Any:
    """A value of the type, or of one of a union's."""
    reader, *others = get_args(kind) or (kind,)
    if others == [type(None)] and text.lower() == "none":
        return None
    return reader(text)
