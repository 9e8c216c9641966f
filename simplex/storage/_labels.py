"""Names of vertices as tables, and back."""

import json
from collections.abc import Hashable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import LateLabels, plain_labels, shown
from simplex.storage._manifest import Folder


_INTS, _WORDS, _OTHERS = "integers", "strings", "values"
_PLAIN = (bool, int, float, str, type(None))


class LabelTables(NamedTuple):
    """Labels as tables: of which kind, or ``None`` where there are no labels."""

    kind: str | None
    tables: dict[str, Tensor]


def label_tables(labels: Sequence[Hashable] | None) -> LabelTables:
    """Integers as they are; others as text, one after the other, with a pointer to their ends.

    Raises:
        ValueError: a label that is neither a number, a string, nor a tuple of such.
    """
    if labels is None:
        return LabelTables(None, {})
    labels = plain_labels(labels)
    kinds = set(map(type, labels))
    if kinds <= {int} and all(-(2**63) <= label < 2**63 for label in labels):  # type: ignore[operator]
        return LabelTables(_INTS, {"vertex_labels": torch.tensor(labels, dtype=torch.int64)})
    kind = _WORDS if kinds == {str} else _OTHERS
    texts = labels if kind == _WORDS else map(_text, labels)
    coded = [str(text).encode("utf-8", "surrogatepass") for text in texts]
    ends = torch.tensor([0, *map(len, coded)]).cumsum(0)
    content = np.frombuffer(bytearray(b"".join(coded)), np.uint8)
    tables = {"vertex_labels": torch.from_numpy(content), "vertex_labels_pointer": ends}
    return LabelTables(kind, tables)


def labels_from(folder: Folder) -> LateLabels | None:
    """The labels that :func:`label_tables` wrote, to be read when they are asked for.

    Raises:
        ValueError: the folder was altered.
    """
    kind = folder.manifest.get("vertex_labels")
    if kind is None:
        return None
    if kind not in (_INTS, _WORDS, _OTHERS):
        raise ValueError(f"{folder.path} must have vertex_labels of a known kind, got {kind}.")
    content = folder.table("vertex_labels")
    if kind == _INTS:
        return LateLabels(len(content), content.tolist)
    ends = folder.table("vertex_labels_pointer")
    return LateLabels(len(ends) - 1, partial(_texts, content, ends, kind))


def _texts(content: np.ndarray, pointer: np.ndarray, kind: str) -> Sequence[Hashable]:
    coded = content.tobytes()
    texts = [
        coded[start:stop].decode("utf-8", "surrogatepass")
        for start, stop in pairwise(pointer.tolist())
    ]
    return list(texts) if kind == _WORDS else [_value(json.loads(text)) for text in texts]


def _text(label: Hashable) -> str:
    return json.dumps(_plain(label, label))


def _plain(part: Any, label: Hashable) -> Any:
    if type(part) is tuple:
        return [_plain(each, label) for each in part]
    if isinstance(part, np.generic):
        part = part.item()
    if type(part) not in _PLAIN:
        raise ValueError(
            "vertex_labels must be numbers, strings or tuples of them to be saved, got "
            f"{shown(label)}. Save K.with_vertex_labels([str(v) for v in K.vertex_labels])."
        )
    return part


def _value(plain: Any) -> Any:
    return tuple(map(_value, plain)) if isinstance(plain, list) else plain
