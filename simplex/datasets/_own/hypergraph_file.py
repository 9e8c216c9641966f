"""A hypergraph with attributes as a data set."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from simplex.datasets._hypergraph_dataset import targets_of
from simplex.datasets._one_complex import cochains_of
from simplex.datasets._own.columns import feature_columns, forms_of
from simplex.datasets._own.files import FileData, Wanted
from simplex.datasets._own.targets import kind_of, require_shared
from simplex.io import Attributes, Hypergraph, read_hif


def read_hypergraph_file(path: Path, wanted: Wanted) -> FileData:
    """A data set from a file in the Hypergraph Interchange Format, see :func:`read_dataset`."""
    from simplex.data import SimplicialDataset

    wanted.require("hypergraph")
    wanted.require_no_rings("a hypergraph")
    hypergraph = read_hif(path, wanted.max_dim)
    K = hypergraph.complex
    columns = _as_text(hypergraph.vertex_attributes)
    notes: list[str] = []
    level = _level(hypergraph, wanted)
    form: Any = wanted.form
    if form is None:
        candidates = [name for name in columns if level or name != wanted.target]
        unknown = [
            name
            for name in (*(wanted.features or ()), *wanted.categories)
            if name not in candidates
        ]
        if unknown:
            raise ValueError(
                f"features must name attributes of the nodes ({', '.join(candidates) or 'none'}), "
                f"got {unknown[0]!r}."
            )
        forms, said = forms_of(columns, candidates, wanted.features, wanted.categories)
        notes += [f"feature {note}" for note in said]
        if not forms:
            notes.append("no feature of nodes: each has the constant 1")
        form = {
            "source": "hypergraph", "features": forms, "target": [wanted.target], "level": level,
            "kind": wanted.kind, "classes": None,
        }  # fmt: skip
    n = K.num_simplices(0)
    x = feature_columns(columns, form["features"], f"the nodes of {path.name}", n)
    x = x if form["features"] else torch.ones(n, 1)
    fields: dict[str, Any] = {}
    if wanted.form is None and wanted.target is not None:
        fields, form = _targets(hypergraph, level or 0, form, wanted, notes)
    union = K if K.num_parts == 1 else K.with_parts(torch.tensor([0, n]))
    names = [str(label) for label in K.vertex_labels or range(n)]
    reduce: Any = wanted.reduce
    dataset = SimplicialDataset.from_union(
        union.with_vertex_labels(None),
        cochains_of(K, x, wanted.max_dim, reduce),
        max_dim=wanted.max_dim,
        fields=fields,
        slices={name: torch.tensor([0, len(each)]) for name, each in fields.items()},
    )
    level = form["level"]
    field = f"y_{level}" if level else "y"
    return FileData(dataset, field, level, form["kind"], form, names, None, tuple(notes))


def _targets(
    hypergraph: Hypergraph, level: int, form: Any, wanted: Wanted, notes: list[str]
) -> tuple[dict[str, Any], Any]:
    """The fields of the target, and the form with its kind and the names of its classes."""
    assert wanted.target is not None
    attributes = hypergraph.edge_attributes if level else hypergraph.vertex_attributes
    text = _as_text(attributes).get(wanted.target)
    kind = wanted.kind
    if kind is None and text is not None:
        kind = kind_of([wanted.target], [text])
    fields: dict[str, Any] = targets_of(hypergraph, wanted.target, level, kind)
    classes = fields.pop("class_names", None)
    kind = "numbers" if classes is None else "classes"
    known = fields[f"known_mask_{level}" if level else "known_mask"]
    of = ("nodes", "edges", "triangles")[level] if level < 3 else f"{level}-simplices"
    if classes is not None:
        require_shared(len(classes), int(known.sum()))
    missing = f", missing for {int((~known).sum())} of {len(known)}" if not known.all() else ""
    said = kind if classes is None else f"{len(classes)} classes"
    notes.append(f"target {wanted.target}: {said} of {of}{missing}")
    return fields, form | {"kind": kind, "classes": classes}


def _level(hypergraph: Hypergraph, wanted: Wanted) -> int | None:
    """That of the nodes, or that of the hyperedges that have the target, if they have one size."""
    target = wanted.target
    if wanted.form is not None:
        level: int | None = wanted.form["level"]
        return level
    if wanted.level is not None or target is None:
        return wanted.level
    if target in hypergraph.vertex_attributes or target not in hypergraph.edge_attributes:
        return 0
    values = hypergraph.edge_attributes[target]
    sizes = hypergraph.pointer.diff().tolist()
    found = {size for size, value in zip(sizes, values, strict=True) if value is not None}
    usable = {size for size in found if 1 < size <= wanted.max_dim + 1}
    if len(usable) != 1:
        raise ValueError(
            f"level must be said for the target {target!r}, which hyperedges of "
            f"{', '.join(map(str, sorted(found)))} nodes have, got none. level=1 is those of two "
            "nodes, level=2 of three; read higher ones with a larger max_dim."
        )
    return int(usable.pop()) - 1


def _as_text(attributes: Attributes) -> dict[str, Sequence[str]]:
    """The attributes that are words and numbers, as the fields of a table."""
    result: dict[str, Sequence[str]] = {}
    for name, values in attributes.items():
        if all(value is None or isinstance(value, (str, bool, int, float)) for value in values):
            result[name] = ["" if value is None else _word(value) for value in values]
    return result


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.strip() if isinstance(value, str) else repr(value)
