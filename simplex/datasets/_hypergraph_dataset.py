"""Attributes of a hypergraph as features and targets of its complex."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from simplex.complexes import require_int, require_memory, require_word, shown
from simplex.datasets._one_complex import Reduce, cochains_of, require_lift
from simplex.io import Attributes, Hypergraph


if TYPE_CHECKING:
    from simplex.data import SimplicialDataset


def hypergraph_dataset(
    hypergraph: Hypergraph,
    target: str | None = None,
    *,
    level: int = 0,
    kind: Literal["classes", "numbers"] | None = None,
    features: Sequence[str] | None = None,
    reduce: Reduce = "mean",
) -> "SimplicialDataset":
    """A hypergraph as a data set of one complex, one attribute of which is to be predicted.

    A target of nodes is one of vertices. A target of hyperedges is one of k-simplices: those that
    are a hyperedge of k + 1 nodes have it, the others and those whose attribute is missing have
    none. Numbers of hyperedges on the same nodes are averaged.

    Args:
        hypergraph: from :func:`read_hif`, whose ``max_dim`` is the top dimension.
        target: the name of an attribute: of nodes at level 0, else of hyperedges; ``None`` for no
            targets.
        level: k, the dimension of the simplices that have the target.
        kind: ``"classes"`` numbers the distinct values in their order; ``"numbers"`` takes them as
            they are; ``None`` for numbers where all values are, else classes. 0 and 1 are
            classes; whole numbers 0 … C-1, which may be either, are refused.
        features: names of attributes of nodes, each of which all nodes must have: numbers make one
            channel, words and truth values one for each of their values. ``None`` for all
            attributes but the target that are numbers for every node, without any the constant 1.
        reduce: what higher simplices carry: the ``"mean"`` or the ``"sum"`` of the features of
            their vertices; ``None`` for the constant 1, one channel.

    Returns:
        One item: ``x`` (n_0, F) float32 and ``x_k``; the target as ``y`` or ``y_k``, classes int64
        with -1 or numbers float32 with NaN where there is none; ``known_mask`` or ``known_mask_k``,
        which simplices have one; ``class_names``, a list, for classes. Splits are drawn among the
        ids of ``known_mask``.

    Raises:
        TypeError: no hypergraph.
        ValueError: no such attribute or of another kind, a feature that a node lacks, a level above
            the complex or without a hyperedge, or hyperedges of two classes on the same nodes.

    Example:
        >>> from simplex.datasets import read_hif  # doctest: +SKIP
        >>> data = hypergraph_dataset(read_hif("diseases.json"), "kind")[0]  # doctest: +SKIP
        >>> data.y, data.class_names  # doctest: +SKIP
        (tensor([1, 0, -1]), ['cancer', 'skin'])
    """
    if not isinstance(hypergraph, Hypergraph):
        raise TypeError(f"hypergraph must come from read_hif, got {shown(hypergraph)}.")
    K = hypergraph.complex
    max_dim = max(K.dim, 0)
    require_lift(max_dim, reduce)
    require_word("kind", kind, ("classes", "numbers", None))
    require_int("level", level, least=0)
    if level > max_dim:
        raise ValueError(
            f"level must be at most the dimension of the complex, {max_dim}, got {level}. Read the "
            "hypergraph with a larger max_dim."
        )
    x = _features(hypergraph.vertex_attributes, features, target if level == 0 else None, K)
    fields, slices = {}, {}
    if target is not None:
        fields = targets_of(hypergraph, target, level, kind)
        slices = {name: torch.tensor([0, len(each)]) for name, each in fields.items()}
    from simplex.data import SimplicialDataset

    union = K if K.num_parts == 1 else K.with_parts(torch.tensor([0, K.num_simplices(0)]))
    cochains = cochains_of(K, x, max_dim, reduce)
    return SimplicialDataset.from_union(
        union, cochains, max_dim=max_dim, fields=fields, slices=slices
    )


# --- targets --------------------------------------------------------------------------------------


def targets_of(hypergraph: Hypergraph, target: str, level: int, kind: str | None) -> dict[str, Any]:
    """The fields of the target by their names."""
    where = "edges" if level else "nodes"
    attributes = hypergraph.edge_attributes if level else hypergraph.vertex_attributes
    given = _attribute("target", attributes, target, where)
    count, ending = hypergraph.complex.num_simplices(level), f"_{level}" if level else ""
    owner, said = torch.arange(count), list(given)
    if level:
        owner, said = _of_hyperedges(hypergraph, level, said)
    present = [i for i, value in enumerate(said) if value is not None]
    values, ids = [said[i] for i in present], owner[present]
    if not values:
        raise ValueError(
            f"target must be an attribute with values, got {target!r} of {where}, which has none"
            f"{f' on hyperedges of {level + 1} nodes' if level else ''}."
        )
    known = torch.zeros(count, dtype=torch.bool).index_fill_(0, ids, True)
    if kind is None:
        kind = _kind_of(target, values)
    if kind == "numbers":
        numbers = _numbers("target", target, values)
        total = torch.zeros(count).index_add(0, ids, numbers)
        mean = total / torch.bincount(ids, minlength=count)
        return {f"y{ending}": mean.masked_fill(~known, torch.nan), f"known_mask{ending}": known}
    classes, names = _classes("target", target, values)
    y = torch.full((count,), -1).index_copy(0, ids, classes)
    other = (y[ids] != classes).nonzero()[:, 0]
    if len(other):
        raise ValueError(
            f"target must be one class for hyperedges on the same nodes, got "
            f"{names[int(classes[other[0]])]!r} and {names[int(y[ids[other[0]]])]!r} as {target!r} "
            "of some. Remove one of them, take an attribute of the nodes, or kind='numbers', which "
            "takes the mean."
        )
    return {f"y{ending}": y, f"known_mask{ending}": known, "class_names": names}


def _of_hyperedges(hypergraph: Hypergraph, level: int, said: list[Any]) -> tuple[Tensor, list[Any]]:
    """Which simplex each hyperedge of ``level + 1`` nodes is, and what is said of these."""
    listed = (hypergraph.pointer.diff() == level + 1).nonzero()[:, 0]
    places = hypergraph.pointer[listed][:, None] + torch.arange(level + 1)
    rows = hypergraph.vertices[places].sort(1).values
    return hypergraph.complex.index(rows), [said[i] for i in listed.tolist()]


def _classes(what: str, name: str, values: list[Any]) -> tuple[Tensor, list[str]]:
    """Ids of the distinct values in their order, and the values as words."""
    kinds = {bool if isinstance(value, bool) else type(value) for value in values}
    if not (kinds <= {str} or kinds <= {bool} or kinds <= {int, float}):
        wrong = next((v for v in values if not isinstance(v, (str, bool, int, float))), values[0])
        raise ValueError(
            f"{what} must be words, truth values or numbers of one kind, got {shown(wrong)} as "
            f"{name!r}{'' if wrong is not values[0] else ' beside values of another kind'}."
        )
    distinct = sorted(set(values))
    ids = {value: i for i, value in enumerate(distinct)}
    return torch.tensor([ids[value] for value in values]), [str(value) for value in distinct]


# --- features -------------------------------------------------------------------------------------


def _features(
    attributes: Attributes, names: Sequence[str] | None, target: str | None, K: Any
) -> Tensor:
    """(n_0, F) float32."""
    count = K.num_simplices(0)
    if names is None:
        whole = [name for name, values in attributes.items() if all(map(_is_number, values))]
        names = [name for name in whole if name != target]
    elif isinstance(names, str) or not isinstance(names, (list, tuple)):
        raise TypeError(f"features must be a list of names, got {shown(names)}.")
    columns = [
        _feature(name, _attribute("features", attributes, name, "nodes"), K) for name in names
    ]
    return torch.cat(columns, 1) if columns else torch.ones(count, 1)


def _feature(name: str, values: tuple[Any, ...], K: Any) -> Tensor:
    """(n_0, 1) numbers, or (n_0, C) classes one-hot."""
    if None in values:
        vertex = K.vertex_labels[values.index(None)]
        raise ValueError(
            f"features must be there for every node, got no {name!r} for the node {vertex!r}. Fill "
            "it in, or leave this feature out."
        )
    if all(map(_is_number, values)):
        return _numbers("features", name, values)[:, None]
    classes, names = _classes("features", name, list(values))
    need = 4 * len(classes) * len(names)
    what = f"the one-hot {name!r}, {len(names)} columns"
    require_memory(need, torch.device("cpu"), what, "Leave this feature out.")
    return torch.nn.functional.one_hot(classes, len(names)).float()


def _attribute(what: str, attributes: Attributes, name: object, where: str) -> tuple[Any, ...]:
    if not isinstance(name, str) or name not in attributes:
        there = ", ".join(map(repr, attributes)) or "none"
        raise ValueError(
            f"{what} must name attributes of the {where} ({there}), got {shown(name)}."
        )
    return attributes[name]


def _numbers(what: str, name: str, values: Sequence[Any]) -> Tensor:
    """(n,) float32, of nothing but finite numbers."""
    wrong = [value for value in values if not _is_number(value) or not abs(value) < 3e38]
    if wrong:
        raise ValueError(
            f"{what} must be finite numbers of float32 to be taken as numbers, got "
            f"{shown(wrong[0])} as {name!r}. Remove it, or take the values as classes."
        )
    return torch.tensor(values, dtype=torch.float32)


def _kind_of(target: str, values: list[Any]) -> str:
    """What values are of which nothing is said."""
    if not all(map(_is_number, values)) or set(values) == {0, 1}:
        return "classes"
    count = len(set(values))
    if count > 2 and set(values) == set(range(count)):
        raise ValueError(
            f"kind must be said for the target {target!r}, got the whole numbers 0 … {count - 1}, "
            "which may be classes or numbers. Choose kind='classes' or kind='numbers'."
        )
    return "numbers"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
