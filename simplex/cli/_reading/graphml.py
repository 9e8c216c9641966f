"""GraphML by a reader of its own: nodes and edges alone, with bounds on what a file may ask for."""

from collections.abc import Callable
from typing import Any
from xml.parsers import expat

import torch

from simplex.interop import GraphEdges


_DEEPEST = 64  # elements within elements
_LONGEST = 1 << 16  # characters of a name
_IDS = ("id", "source", "target")


class _Reader:
    """What the parser has met so far; the graphs are numbered as they close."""

    def __init__(self, undirected: bool) -> None:
        self.graphs: list[GraphEdges] = []
        self.undirected = undirected
        self.path: list[str] = []
        self.number_of: dict[str, int] = {}
        self.edges: list[int] = []
        self.default = ""

    def start(self, tag: str, given: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if len(self.path) >= _DEEPEST:
            raise ValueError(f"must be nested at most {_DEEPEST} deep, got more.")
        if not self.path and tag != "graphml":
            raise ValueError(f"must be GraphML, got something else (<{tag[:40]}>).")
        within = self.path[-1] if self.path else ""
        self.path.append(tag)
        if "data" in self.path[:-1]:
            return  # what programs keep beside the graph
        if any(len(given.get(name, "")) > _LONGEST for name in _IDS):
            raise ValueError(f"names must have at most {_LONGEST} characters, got more.")
        if tag == "graph":
            if "graph" in self.path[:-1]:
                raise ValueError("graphs must not be nested, got one within a node or an edge.")
            self.number_of, self.edges = {}, []
            self.default = given.get("edgedefault", "undirected")
            if self.default == "directed" and not self.undirected:
                self._refuse_directed("edgedefault='directed'")
        elif tag == "node" and within == "graph":
            if "id" not in given:
                raise ValueError("every node must have an id, got none.")
            self.number_of.setdefault(given["id"], len(self.number_of))
        elif tag == "edge" and within == "graph":
            if "source" not in given or "target" not in given:
                raise ValueError("every edge must have a source and a target, got one without.")
            if given.get("directed", "").lower() in ("true", "1") and not self.undirected:
                self._refuse_directed("an edge with directed='true'")
            self.edges += [self._end(given["source"]), self._end(given["target"])]
        elif tag == "hyperedge":
            raise ValueError("every edge must have two ends, got a hyperedge.")

    def end(self, _: str) -> None:
        tag = self.path.pop()
        if tag == "graph" and "data" not in self.path:
            index = torch.tensor(self.edges, dtype=torch.int64).view(-1, 2).T
            self.graphs.append(GraphEdges(len(self.number_of), index, tuple(self.number_of)))

    def _end(self, name: str) -> int:
        return self.number_of.setdefault(name, len(self.number_of))

    def _refuse_directed(self, what: str) -> None:
        raise ValueError(
            f"the graph must be undirected, got {what}. Forget the directions with --undirected."
        )


def read_graphml(data: bytes, undirected: bool = False) -> list[GraphEdges]:
    """All graphs of a file; attributes are passed over, whatever they hold.

    Raises:
        ValueError: no XML or no GraphML, entities, nested or directed graphs, hyperedges.
    """
    if not data.strip():
        raise ValueError("must be GraphML, got an empty file.")
    reader = _Reader(undirected)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
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
    return reader.graphs


def _refuse(what: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> None:
        raise ValueError(f"must be GraphML without {what} of its own, got a declaration of some.")

    return refuse
