"""Names of vertices in files, where they are words: what they become, and how they come back."""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from simplex.complexes import SimplicialComplex
from simplex.io._content import FILTRATION, Content, Values, compact_labels
from simplex.io._text import as_numbers


LABEL = "simplex_label"  # a vertex's name as JSON, where the format would make another of it
_VALUES = {"attributes", "attributes of vertices"}
_MARK = "simplex_"
_MARKED = re.compile(rf"({_MARK})*{FILTRATION}")  # values of the user, which are no filtration


def marked(name: str) -> str:
    """The name of an attribute in a file, where what is called ``filtration`` is that."""
    return f"{_MARK}{name}" if _MARKED.fullmatch(name) else name


def unmarked(name: str) -> str:
    """The name of an attribute, by that in a file."""
    return name.removeprefix(_MARK) if _MARKED.fullmatch(name) else name


def in_json(name: Any) -> bool:
    """Whether JSON says a name exactly; tuples are its lists."""
    if type(name) is tuple:
        return all(map(in_json, name))
    return name is None or type(name) in (str, int, bool) or (
        type(name) is float and name - name == 0)  # fmt: skip


def from_json(name: Any) -> Any:
    """The name that JSON said."""
    return tuple(map(from_json, name)) if isinstance(name, list) else name


def _as_words(names: Sequence[Any]) -> bool:
    """Whether names come back from a format of words: all of them words, or whole numbers."""
    again = as_numbers(list(map(str, names)))
    return all(type(a) is type(b) and a == b for a, b in zip(again, names, strict=True))


def _each(kept: Callable[[Any], bool]) -> Callable[[Sequence[Any]], bool]:
    return lambda names: all(map(kept, names))


def _word_or_integer(name: Any) -> bool:
    return type(name) in (str, int)


_BY_THEMSELVES: dict[str, Callable[[Sequence[Any]], bool]] = {  # others hold words
    "json": _each(_word_or_integer), "hif": _each(_word_or_integer),
    "node-link": _each(in_json), "npz": _each(in_json), "pt": _each(in_json),
}  # fmt: skip


def keep_names(
    K: SimplicialComplex,
    form: str,
    keeps: Collection[str],
    values: dict[int, Values],
    notes: list[str],
) -> None:
    """Names that the format would change go into an attribute, or are said to the user.

    Raises:
        ValueError: a name is no text of Unicode.
    """
    names = K.vertex_labels
    if names is None or not {"names", "numbers"} & set(keeps):
        return
    for v, name in enumerate(names):
        try:
            str(name).encode()
        except UnicodeEncodeError:
            raise ValueError(
                f"vertex_labels must be text of Unicode, got {name!r} as that of vertex {v}."
            ) from None
    if "numbers" in keeps or _BY_THEMSELVES.get(form, _as_words)(names):
        return
    if _VALUES & {*keeps} and form != "npz" and all(map(in_json, names)):
        values.setdefault(0, {}).setdefault(LABEL, [json.dumps(name) for name in names])
        return
    again = as_numbers(list(map(str, names))) if form not in ("npz", "pt") else [
        name if in_json(name) else str(name) for name in names]  # fmt: skip
    v = next(v for v, (a, b) in enumerate(zip(again, names, strict=True))
             if type(a) is not type(b) or a != b)  # fmt: skip
    notes.append(
        f"the names are of another type when they are read again, such as {again[v]!r} for "
        f"{names[v]!r}, that of vertex {v}"
    )


def distinct_words(K: SimplicialComplex, form: str, word: Callable[[Any], Any] = str) -> list[Any]:
    """The names of the vertices as the format has them, which must be distinct.

    Raises:
        ValueError: two vertices would be called alike.
    """
    labels = K.vertex_labels or range(K.num_simplices(0))
    words, first = list(map(word, labels)), dict[Any, int]()
    for v, each in enumerate(words):
        if (before := first.setdefault(each, v)) != v:
            raise ValueError(
                f"vertex_labels must be distinct to be written as {form}, got {labels[before]!r} "
                f"of vertex {before} and {labels[v]!r} of vertex {v}. Use "
                "K.with_vertex_labels(None) for numbers, or write the parts K.split() one by one."
            )
    return words


def plain_name(name: Any) -> Any:
    """A word or a whole number as it is, another name as a word."""
    return name if _word_or_integer(name) else str(name)


def require_words(names: Sequence[str], form: str, fits: Callable[[str], bool], rule: str) -> None:
    """Refuse names that the format cannot hold.

    Raises:
        ValueError: the first of them, and its vertex.
    """
    for v, name in enumerate(names):
        if not fits(name):
            raise ValueError(
                f"vertex_labels must {rule} for {form}, got {name!r} as that of vertex {v}. Write "
                "HIF (.json) or .npz, or rename it by K.with_vertex_labels(names)."
            )


def restore_names(content: Content) -> None:
    """Give the vertices the names that an attribute keeps, where it is of these vertices."""
    column = content.values.get(0, {}).get(LABEL)
    K, graph = content.facets, content.graph
    if column is None or (K is None and graph is None):
        return
    labels: Sequence[Any]
    if graph is not None:
        labels = graph.labels or range(graph.num_vertices)
    elif K is not None:
        labels = K.vertex_labels or range(K.num_simplices(0))
    try:
        names = [from_json(json.loads(text)) for text in column]
    except (TypeError, ValueError, RecursionError):
        return  # an attribute of another program
    if len(names) == len(labels) and all(
        str(name) == str(label) for name, label in zip(names, labels, strict=True)
    ):
        del content.values[0][LABEL]
        content.exact = True
        if graph is not None:
            content.graph = graph._replace(labels=compact_labels(names))
        elif K is not None:
            content.facets = K.with_vertex_labels(compact_labels(names))


def whole_of(values: Mapping[int, Values]) -> dict[str, Any]:
    """What is said of the whole: the values of the empty simplex, of dimension -1."""
    return {name: column[0] for name, column in values.get(-1, {}).items()}
