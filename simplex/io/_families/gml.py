"""GML: a graph as nested lists of keys and values."""

import html.entities
import re
from typing import Any

from simplex.complexes import SimplicialComplex
from simplex.io._content import Content, Values, columns_of, graph_of
from simplex.io._names import distinct_words
from simplex.io._options import Reading
from simplex.io._source import read_text
from simplex.io._text import as_numbers, is_missing


_TOKEN = re.compile(r'"([^"]*)"|([\[\]])|([^\s\[\]"]+)')
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEEPEST = 64
_LIST = list[tuple[str, Any]]


def read_gml(path: str, reading: Reading, _: int | None, notes: list[str]) -> Content:
    """The one graph of a file; its vertices are called by their labels, where these are distinct.

    Raises:
        ValueError: no GML, a directed graph, a node or an edge without its ids.
    """
    text = "\n".join(
        line for line in read_text(path, notes).split("\n") if not line.lstrip().startswith("#")
    )
    graphs = [value for key, value in _parse(text) if key.lower() == "graph"]
    if len(graphs) != 1 or not isinstance(graphs[0], list):
        raise ValueError(f"must be GML with one graph [ … ], got {len(graphs)}.")
    metadata: dict[str, Any] = {}
    nodes: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for key, value in graphs[0]:
        if key in ("node", "edge") and isinstance(value, list):
            (nodes if key == "node" else links).append(_record(value))
        else:
            metadata[key] = _record(value) if isinstance(value, list) else value
    if metadata.pop("directed", 0) == 1 and not reading.undirected:
        raise ValueError(
            "the graph must be undirected, got 'directed 1'. Forget the directions with "
            "--undirected."
        )
    number: dict[Any, int] = {}
    for i, node in enumerate(nodes):
        name = node.pop("id", None)
        if name is None or isinstance(name, dict) or name in number:
            raise ValueError(
                f"every node must have an id of its own, got {name!r} in node {i + 1}."
            )
        number[name] = i
    edges = []
    for i, link in enumerate(links, start=1):
        ends = [link.pop(end, None) for end in ("source", "target")]
        if any(isinstance(end, dict) or end not in number for end in ends):
            raise ValueError(
                f"edge {i} must have a source and a target that are ids of nodes, got {ends[0]!r} "
                f"and {ends[1]!r}."
            )
        edges.append((number[ends[0]], number[ends[1]]))
    return graph_of(_names(list(number), nodes), edges, columns_of(nodes), columns_of(links),
                    metadata)  # fmt: skip


def _names(ids: list[Any], nodes: list[dict[str, Any]]) -> list[Any]:
    """Labels where all nodes have one of their own, else ids; labels that are none stay values."""
    labels = [node.get("label") for node in nodes]
    if len(set(map(str, labels))) < len(nodes) or any(x is None or isinstance(x, dict)
                                                      for x in labels):  # fmt: skip
        return ids
    for node in nodes:
        del node["label"]
    return as_numbers(list(map(str, labels)))


def _record(pairs: _LIST) -> dict[str, Any]:
    """Keys with their values; one that comes again has a list of them."""
    record: dict[str, Any] = {}
    for key, value in pairs:
        value = _record(value) if isinstance(value, list) else value
        if key not in record:
            record[key] = value
        elif isinstance(record[key], list):
            record[key].append(value)
        else:
            record[key] = [record[key], value]
    return record


def _parse(text: str) -> _LIST:
    top: _LIST = []
    stack, key = [top], None
    for match in _TOKEN.finditer(_require_closed_quotes(text)):
        word, bracket, plain = match.groups()
        if key is None:
            if bracket == "]" and len(stack) > 1:
                stack.pop()
            elif plain is not None and _KEY.fullmatch(plain):
                key = plain
            else:
                raise _wrong(text, match.start(), "a key")
        elif bracket == "[":
            if len(stack) > _DEEPEST:
                raise ValueError(f"must be nested at most {_DEEPEST} deep, got more.")
            inner: _LIST = []
            stack[-1].append((key, inner))
            stack.append(inner)
            key = None
        elif bracket == "]":
            raise _wrong(text, match.start(), f"a value of {key!r}")
        else:
            stack[-1].append((key, _unescaped(word) if word is not None else _number(plain)))
            key = None
    if len(stack) > 1 or key is not None:
        raise ValueError("must be whole GML, got a file that ends within a list.")
    return top


def _require_closed_quotes(text: str) -> str:
    if text.count('"') % 2:
        raise ValueError("must be GML whose quotes are closed, got an odd number of them.")
    return text


_ENTITY = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w+));")


def _unescaped(text: str) -> str:
    """Every character by its number; html.unescape takes some of them for others."""

    def character(match: re.Match[str]) -> str:
        decimal, hexadecimal, name = match.groups()
        if name is not None:
            return html.entities.html5.get(f"{name};", match[0])
        code = int(decimal) if decimal is not None else int(hexadecimal, 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]

    return _ENTITY.sub(character, text) if "&" in text else text


def _number(word: str) -> Any:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            pass
    return word


def _wrong(text: str, place: int, expected: str) -> ValueError:
    line = text.count("\n", 0, place) + 1
    return ValueError(f"line {line} must have {expected} of GML, got {text[place : place + 20]!r}.")


def write_gml(K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]) -> bytes:
    """A graph in GML; ids are 0, 1, … and names are labels."""
    whole, of_nodes, of_edges = (
        _keyed(values.get(k, {}), taken, notes)
        for k, taken in enumerate([("node", "edge", "directed"), ("id", "label"),
                                   ("source", "target")], start=-1)
    )  # fmt: skip
    lines = ["graph [", *_lines(whole, 0, "  ")]
    for v, label in enumerate(distinct_words(K, "GML")):
        lines += ["  node [", f"    id {v}", f"    label {_quoted(label)}"]
        lines += [*_lines(of_nodes, v, "    "), "  ]"]
    for e, (u, v) in enumerate(K.simplices(1).tolist()):
        lines += ["  edge [", f"    source {u}", f"    target {v}"]
        lines += [*_lines(of_edges, e, "    "), "  ]"]
    return "\n".join([*lines, "]", ""]).encode()


def _keyed(own: Values, taken: tuple[str, ...], notes: list[str]) -> Values:
    """The values by keys as GML has them: letters, digits and underscores, each once."""
    keyed: Values = {}
    for name, column in own.items():
        key = re.sub(r"\W", "_", name, flags=re.ASCII)
        key = key if _KEY.fullmatch(key) and key not in taken else f"a_{key}"
        while key in keyed or (key != name and key in own):
            key += "_"
        said = [f"{name!r} is called {key!r}"] if key != name else []
        if any(isinstance(value, bool) for value in column):
            said.append(f"true and false are 1 and 0 in {name!r}")
        notes += [each for each in said if each not in notes]
        keyed[key] = column
    return keyed


def _lines(own: Values, i: int, indent: str) -> list[str]:
    lines = []
    for key, column in own.items():
        value = int(column[i]) if isinstance(column[i], bool) else column[i]
        if not is_missing(value):
            shown = repr(value) if isinstance(value, (int, float)) else _quoted(str(value))
            lines.append(f"{indent}{key} {shown}")
    return lines


def _quoted(text: str) -> str:
    """GML is ASCII without quotes and ampersands of its own."""
    body = "".join(c if " " <= c <= "~" and c not in '"&' else f"&#{ord(c)};" for c in text)
    return f'"{body}"'
