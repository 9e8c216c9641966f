"""Encodings by their names, as columns of all cochains of a data set."""

import ast
import inspect
import re
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import torch
from torch_geometric.transforms import BaseTransform

from simplex import transforms
from simplex.complexes import SimplicialComplex, shown
from simplex.data import SimplicialDataset
from simplex.transforms import Encoding, Encodings


_SHORT = {
    "gather": "gathered-features",
    "harmonic": "harmonic-energies",
    "heat": "heat-kernel-diagonals",
    "hops": "hop-counts",
    "laplacian": "hodge-eigenvectors",
    "pagerank": "page-ranks",
    "random-walk": "random-walk-returns",
}
_NO_ENCODINGS = {Encoding, Encodings}  # nor are lifts


class Positions(BaseTransform):  # type: ignore[misc]
    """The field ``pos`` (n_0, d) as the last columns of the vertices, for ``--model empsn``."""

    def forward(self, data: SimplicialDataset) -> SimplicialDataset:
        """A copy with more columns."""
        x, pos = data._data.x, data._data.to_dict().get("pos")
        if not isinstance(pos, torch.Tensor) or pos.ndim != 2 or len(pos) != len(x):
            raise ValueError(
                "data must have positions pos (n_0, d) for the encoding 'positions', got none. "
                "Set them where the graphs are built: Data(…, pos=…)."
            )
        result = copy(data)
        result._data, result._data_list = copy(data._data), None
        result._data.x = torch.cat([x, pos.to(x.dtype)], 1)
        return result


def encoding_names() -> dict[str, Callable[..., BaseTransform]]:
    """Every transform that gives features, by its name in words and by its short one."""
    kinds = (getattr(transforms, name) for name in transforms.__all__)
    found: dict[str, Callable[..., BaseTransform]] = {
        re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower(): kind
        for kind in kinds
        if inspect.isclass(kind)
        and issubclass(kind, BaseTransform)
        and kind not in _NO_ENCODINGS
        and not kind.__name__.endswith("Lift")
    }
    short = {name: found[full] for name, full in _SHORT.items() if full in found}
    return dict(sorted((found | short | {"positions": Positions}).items()))


def read_encoding(text: str, seed: int = 0) -> BaseTransform:
    """The transform of ``"NAME"`` or ``"NAME(option=value, …)"``.

    Args:
        text: values are Python literals, or ``range(…)``.
        seed: of the source of randomness, where the transform has one.

    Raises:
        ValueError: no such name, or options that the transform refuses.
    """
    known = encoding_names()
    form = re.fullmatch(r"\s*([A-Za-z][\w -]*?)\s*(?:\((.*)\))?\s*", str(text), re.DOTALL)
    name = form[1].lower().replace("_", "-").replace(" ", "-") if form else ""
    if form is None or name not in known:
        raise ValueError(
            f"encodings must be among {', '.join(known)}, with options as in NAME(k=v), got "
            f"{shown(text)}."
        )
    kind, options = known[name], _options(text, form[2] or "")
    if "generator" in inspect.signature(kind).parameters:
        options["generator"] = torch.Generator().manual_seed(seed)
    taken = [each for each in inspect.signature(kind).parameters if each != "generator"]
    foreign = [each for each in options if each not in (*taken, "generator")]
    if foreign:
        raise ValueError(
            f"encodings must have options that {name} can take, {', '.join(taken)}, got "
            f"{foreign[0]!r}."
        )
    try:
        return kind(**options)
    except (TypeError, ValueError) as error:
        raise ValueError(f"encodings must have options that {name} can take, got {error}") from None


def _options(text: str, inner: str) -> dict[str, Any]:
    try:
        call = ast.parse(f"f({inner})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError(text)
        given = {each.arg: _value(each.value) for each in call.keywords}
        if None in given:  # **options
            raise ValueError(text)
        return {str(name): value for name, value in given.items()}
    except (SyntaxError, ValueError):
        raise ValueError(
            f"encodings must have options as in NAME(k=v, …) with numbers, words in quotes and "
            f"lists of them, got {shown(text)}."
        ) from None


def _value(node: ast.expr) -> Any:
    """A literal; a bare word as a string; a range as a list."""
    if isinstance(node, ast.Name) and node.id not in ("None", "True", "False"):
        return node.id
    is_range = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    if is_range and node.func.id == "range" and not node.keywords:  # type: ignore[attr-defined]
        return list(range(*(ast.literal_eval(each) for each in node.args)))  # type: ignore[attr-defined]
    return ast.literal_eval(node)


def encoded(dataset: SimplicialDataset, encodings: Sequence[str], seed: int) -> SimplicialDataset:
    """The data set with the columns of the encodings behind its features, in their order.

    Args:
        dataset: all its items are encoded by one call each.
        encodings: as :func:`read_encoding` reads them.
        seed: of all that is drawn.
    """
    for text in encodings:
        dataset = read_encoding(text, seed)(dataset)
    return dataset


def blocks_of(
    dataset: SimplicialDataset, encodings: Sequence[str], max_dim: int
) -> list[list[int]] | None:
    """How many columns the features and each encoding have, by dimension; ``None``: not known."""
    made = [read_encoding(text) for text in encodings]
    if not made or not all(isinstance(each, Encoding) and each.name == "x" for each in made):
        return None
    point = SimplicialComplex(1)
    blocks = []
    for k, x in enumerate(dataset[0].cochains()[: max_dim + 1]):
        columns = [
            each.columns(point, k).shape[1] if each.dims is None or k in each.dims else 0
            for each in made
        ]
        own = (int(x.shape[1]) if x.ndim > 1 else 1) - sum(columns)
        blocks.append([size for size in (own, *columns) if size])
    return blocks
