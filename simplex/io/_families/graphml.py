"""GraphML by a reader of its own: nodes, edges and their data, with bounds on what it may ask."""

import re
from collections.abc import Callable
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import torch

from simplex.complexes import SimplicialComplex
from simplex.interop import GraphEdges, unite
from simplex.io._content import Content, Values, columns_of
from simplex.io._names import distinct_words, require_words, unmarked
from simplex.io._options import Reading
from simplex.io._source import read_bytes
from simplex.io._text import is_missing


_DEEPEST = 64  # elements within elements
_LONGEST = 1 << 16  # characters of a name
_ODD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML has no way to say
_IDS = ("id", "source", "target")
_TYPES: dict[str, Callable[[str], Any]] = {
    "int": int, "long": int, "integer": int, "float": float, "double": float,
    "boolean": lambda text: text.strip().lower() in ("true", "1"),
}  # fmt: skip


class _Reader:
    """What the parser has met so far; the graphs are numbered as they close."""

    def __init__(self, undirected: bool) -> None:
        self.graphs: list[GraphEdges] = []
        self.undirected = undirected
        self.path: list[str] = []
        self.number_of: dict[str, int] = {}
        self.edges: list[int] = []
        self.default = ""
        self.keys: dict[str, tuple[str, str]] = {}  # id: (name, type)
        self.defaults: dict[str, dict[str, Any]] = {"node": {}, "edge": {}}  # by name
        self.domain, self.metadata = "", dict[str, Any]()
        self.nodes: list[dict[str, Any]] = []
        self.links: list[dict[str, Any]] = []
        self.of_graphs: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = []
        self.owner: dict[str, Any] | None = None
        self.key, self.text, self.default_of = "", "", ""

    def start(self, tag: str, given: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if len(self.path) >= _DEEPEST:
            raise ValueError(f"must be nested at most {_DEEPEST} deep, got more.")
        if not self.path and tag != "graphml":
            raise ValueError(f"must be GraphML, got something else (<{tag[:40]}>).")
        within = self.path[-1] if self.path else ""
        self.path.append(tag)
        if "data" in self.path[:-1]:
            self.key = ""
            return  # what programs keep beside the graph
        if tag == "key" and "id" in given:
            named = given.get("attr.name", given["id"]), given.get("attr.type", "string")
            self.keys[given["id"]] = named
            self.domain, self.default_of = given.get("for", "all"), given["id"]
        elif tag == "default" and within == "key":
            self.key, self.text = self.default_of, ""
        elif tag == "data" and within in ("node", "edge", "graph"):
            self.key, self.text = given.get("key", ""), ""
            self.owner = self.metadata if within == "graph" else self.owner
        if any(len(given.get(name, "")) > _LONGEST for name in _IDS):
            raise ValueError(f"names must have at most {_LONGEST} characters, got more.")
        if tag == "graph":
            if "graph" in self.path[:-1]:
                raise ValueError("graphs must not be nested, got one within a node or an edge.")
            self.number_of, self.edges, self.nodes, self.links = {}, [], [], []
            self.default = given.get("edgedefault", "undirected")
            if self.default == "directed" and not self.undirected:
                self._refuse_directed("edgedefault='directed'")
        elif tag == "node" and within == "graph":
            if "id" not in given:
                raise ValueError("every node must have an id, got none.")
            self.owner = self.nodes[self._end(given["id"])]
        elif tag == "edge" and within == "graph":
            if "source" not in given or "target" not in given:
                raise ValueError("every edge must have a source and a target, got one without.")
            if given.get("directed", "").lower() in ("true", "1") and not self.undirected:
                self._refuse_directed("an edge with directed='true'")
            self.edges += [self._end(given["source"]), self._end(given["target"])]
            self.owner = {}
            self.links.append(self.owner)
        elif tag == "hyperedge":
            raise ValueError("every edge must have two ends, got a hyperedge.")

    def data(self, text: str) -> None:
        if self.key:
            self.text += text

    def end(self, _: str) -> None:
        tag = self.path.pop()
        if tag in ("data", "default") and self.key in self.keys:
            name, kind = self.keys[self.key]
            try:
                value = _TYPES.get(kind, str)(self.text)
            except ValueError:
                value = self.text
            if tag == "data" and self.owner is not None:
                self.owner[name] = value
            for of in ("node", "edge") if tag == "default" else ():
                if self.domain in (of, "all"):
                    self.defaults[of][name] = value
            self.key = ""
        if tag == "graph" and "data" not in self.path:
            index = torch.tensor(self.edges, dtype=torch.int64).view(-1, 2).T
            labels = tuple(self.number_of)
            for of, records in (("node", self.nodes), ("edge", self.links)):
                for record in records if self.defaults[of] else ():
                    record.update(self.defaults[of] | record)
            self.graphs.append(GraphEdges(len(self.number_of), index, labels))
            self.of_graphs.append((self.nodes, self.links))

    def _end(self, name: str) -> int:
        if name not in self.number_of:
            self.number_of[name] = len(self.nodes)
            self.nodes.append({})
        return self.number_of[name]

    def _refuse_directed(self, what: str) -> None:
        raise ValueError(
            f"the graph must be undirected, got {what}. Forget the directions with --undirected."
        )


def read_graphml(path: str, reading: Reading, _: int | None, notes: list[str]) -> Content:
    """All graphs of a file as their disjoint union, with the data of nodes and edges.

    Raises:
        ValueError: no XML or no GraphML, entities, nested or directed graphs, hyperedges.
    """
    found = _parsed(read_bytes(path), reading.undirected)
    if not found.graphs:
        raise ValueError("must hold at least one vertex, got none.")
    whole = found.graphs[0] if len(found.graphs) == 1 else unite(found.graphs)
    values = {
        k: columns_of([record for each in found.of_graphs for record in each[k]]) for k in (0, 1)
    }
    return Content(whole, values=values, metadata=found.metadata)


def _parsed(data: bytes, undirected: bool) -> _Reader:
    if not data.strip():
        raise ValueError("must be GraphML, got an empty file.")
    reader = _Reader(undirected)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.buffer_text = True
    parser.EntityDeclHandler = _refuse("entities")
    parser.ExternalEntityRefHandler = _refuse("external entities")
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ValueError("must be a text file, got binary data.") from None
        raise ValueError(f"must be GraphML, got no XML ({error}).") from None
    except LookupError as error:
        raise ValueError(f"must be GraphML in a known encoding, got another ({error}).") from None
    return reader


def _refuse(what: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> None:
        raise ValueError(f"must be GraphML without {what} of its own, got a declaration of some.")

    return refuse


# --- writing --------------------------------------------------------------------------------------


def write_graphml(
    K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]
) -> bytes:
    """The vertices, edges and their values; ids of nodes are the names."""
    names = distinct_words(K, "GraphML")
    require_words(names, "XML", lambda name: not _ODD.search(name), "have no control characters")
    lines = ["<?xml version='1.0' encoding='utf-8'?>",
             '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">']  # fmt: skip
    keys: dict[int, dict[str, str]] = {-1: {}, 0: {}, 1: {}}
    for k, of in ((-1, "graph"), (0, "node"), (1, "edge")):
        for name, column in values.get(k, {}).items():
            keys[k][name] = f"{of[0]}{len(keys[k])}"
            lines.append(
                f"  <key id={quoteattr(keys[k][name])} for={quoteattr(of)} "
                f"attr.name={quoteattr(name)} attr.type={quoteattr(_type_of(column))}/>"
            )
    lines.append('  <graph edgedefault="undirected">')
    if any(_ODD.search(str(value)) for own in values.values() for column in own.values()
           for value in column if isinstance(value, str)):  # fmt: skip
        notes.append("control characters in values are replaced, as XML has none")

    if mixed := [unmarked(name) for k in keys for name in keys[k] if _is_mixed(values[k][name])]:
        shown = ", ".join(map(repr, dict.fromkeys(mixed)))
        notes.append(f"the values {shown} are of another type when they are read again")

    def data_of(k: int, i: int) -> list[str]:
        return [
            f"<data key={quoteattr(key)}>{_text(values[k][name][i])}</data>"
            for name, key in keys[k].items()
            if not is_missing(values[k][name][i])
        ]

    lines += [f"    {data}" for data in data_of(-1, 0)]

    def add(open_tag: str, of: str, k: int, i: int) -> None:
        data = data_of(k, i)
        lines.append(f"    <{open_tag}>{''.join(data)}</{of}>" if data else f"    <{open_tag}/>")

    for v, name in enumerate(names):
        add(f"node id={_quoted(name)}", "node", 0, v)
    for e, (u, v) in enumerate(K.simplices(1).tolist()):
        add(f"edge source={_quoted(names[u])} target={_quoted(names[v])}", "edge", 1, e)
    return "\n".join([*lines, "  </graph>", "</graphml>", ""]).encode()


def _quoted(name: str) -> str:
    """An attribute of XML, whose blanks of any kind come back as they are."""
    return quoteattr(name, {"\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})


def _type_of(column: Any) -> str:
    kinds = {type(value) for value in column if value is not None}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "long"
    return "double" if kinds and kinds <= {int, float} else "string"


def _is_mixed(column: Any) -> bool:
    """Whether numbers of a column become words, as others are, or others by their rounding."""
    read = _TYPES.get(_type_of(column), str)
    numbers = [x for x in column if isinstance(x, (int, float)) and not is_missing(x)]
    try:
        return any(read(_text(x)) != x for x in numbers)
    except OverflowError:
        return True


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _ODD.sub("\ufffd", escape(str(value), {"\r": "&#13;"}))
