"""JSON: hypergraphs of HIF and XGI, and graphs as nodes and links, told apart by their fields."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from simplex.complexes import HIGHEST_DIM, SimplicialComplex
from simplex.io._content import Content, Values, columns_of, graph_of
from simplex.io._families.hif import hypergraph_of
from simplex.io._families.listed import require_few_faces, spanned_content
from simplex.io._names import distinct_words, in_json, plain_name, whole_of
from simplex.io._options import Reading
from simplex.io._source import read_text
from simplex.io._text import as_numbers, json_bytes, records_of


def load_json(path: str) -> Any:
    """What a file in JSON holds.

    Raises:
        ValueError: no JSON.
    """
    try:
        return json.loads(read_text(path, []))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(
            f"must be JSON, got another text ({str(error)[:120] or type(error).__name__})."
        ) from None


def read_json(path: str, reading: Reading, max_dim: int | None, notes: list[str]) -> Content:
    """JSON of a kind that its fields tell."""
    stored = load_json(path)
    kind = kind_of_json(stored)
    notes.append({"hif": "HIF", "xgi": "XGI", "node-link": "nodes and links"}[kind] + " in JSON")
    if kind == "hif":
        return _hif(stored, path, reading, max_dim, notes)
    if kind == "xgi":
        return _xgi(stored, reading, max_dim, notes)
    return _node_link(stored, reading)


def kind_of_json(stored: Any) -> str:
    """``"hif"``, ``"xgi"`` or ``"node-link"``.

    Raises:
        ValueError: none of these.
    """
    fields: Mapping[str, Any] = stored if isinstance(stored, dict) else {}
    if "incidences" in fields:
        return "hif"
    if "edge-dict" in fields:
        return "xgi"
    if "nodes" in fields and ("links" in fields or "edges" in fields):
        return "node-link"
    got = f"the fields {', '.join(map(repr, [*fields][:6]))}" if fields else "no object"
    raise ValueError(
        "must be JSON with 'incidences' (HIF), 'edge-dict' (XGI), or 'nodes' and 'links' or "
        f"'edges', got {got}."
    )


# --- HIF ------------------------------------------------------------------------------------------


def read_hif_content(path: str, reading: Reading, max_dim: int | None, notes: list[str]) -> Content:
    """A hypergraph in HIF: its hyperedges are simplices, with their faces."""
    return _hif(load_json(path), path, reading, max_dim, notes)


def _hif(
    stored: Any, path: str, reading: Reading, max_dim: int | None, notes: list[str]
) -> Content:
    known = stored if isinstance(stored, dict) else {}
    if known.get("network-type") == "directed" and not reading.undirected:
        raise ValueError(
            "the hypergraph must be undirected, got the network-type 'directed'. Forget the "
            "directions with --undirected."
        )
    records = known.get("incidences")
    listed = [str(r.get("edge")) for r in records or () if isinstance(r, dict)] if isinstance(
        records, list) else []  # fmt: skip
    require_few_faces(Counter(listed).values(), max_dim, reading)
    found = hypergraph_of(stored, HIGHEST_DIM if max_dim is None else max_dim, Path(path))
    values: dict[int, Values] = {0: dict(found.vertex_attributes)}
    content = spanned_content(
        found.complex, found.vertices, found.pointer, dict(found.edge_attributes), values,
        found.metadata, notes, found.edge_labels,
    )  # fmt: skip
    content.lost += _lost_of_incidences(records or [], found.network_type == "directed")
    return content


def _lost_of_incidences(records: list[dict[str, Any]], directed: bool) -> list[str]:
    """What is said of the place of a vertex in a simplex, for which a complex has none."""
    lost = []
    for key, what in (("weight", "weights"), ("attrs", "attributes"), ("direction", "directions")):
        count = sum(record.get(key) not in (None, {}, 1) for record in records)
        if count and not (directed and key == "direction"):  # which the user has forgotten
            lost.append(f"the {what} of {count} incidence{'s' * (count > 1)} are left out")
    return lost


def write_hif(K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]) -> bytes:
    """An abstract simplicial complex in HIF: all simplices if some have values, else the maximal.

    Ids of hyperedges are 0, 1, …, and those of nodes the labels.
    """
    names = distinct_words(K, "HIF", plain_name)
    nodes = [
        {"node": name} | ({"attrs": attrs} if attrs else {})
        for name, attrs in zip(names, records_of(values.get(0, {}), len(names)), strict=True)
    ]
    edges: list[dict[str, Any]] = []
    incidences: list[dict[str, Any]] = []
    for k, ids in kept_simplices(K, values).items():
        records = records_of(values.get(k, {}), K.num_simplices(k))
        for s, simplex in zip(ids.tolist(), K.simplices(k)[ids].tolist(), strict=True):
            edge, attrs = len(edges), records[s]
            edges.append({"edge": edge} | ({"attrs": attrs} if attrs else {}))
            incidences += [{"edge": edge, "node": names[v]} for v in simplex]
    return json_bytes(
        {"network-type": "asc", "metadata": whole_of(values), "nodes": nodes, "edges": edges,
         "incidences": incidences}
    )  # fmt: skip


def kept_simplices(K: SimplicialComplex, values: Mapping[int, Values]) -> dict[int, torch.Tensor]:
    """Per dimension, 1 and above, the ids of the simplices without which a list is not whole.

    All where some have values; else those that are no facet of another.
    """
    all_of_them = any(values.get(k) for k in range(1, K.dim + 1))
    kept = {}
    for k in range(1, K.dim + 1):
        maximal = torch.ones(K.num_simplices(k), dtype=torch.bool, device=K.device)
        if not all_of_them:
            maximal[K.facets(k + 1).flatten()] = False
        kept[k] = maximal.nonzero()[:, 0].cpu()
    return kept


# --- XGI ------------------------------------------------------------------------------------------


def read_xgi(path: str, reading: Reading, max_dim: int | None, notes: list[str]) -> Content:
    """A hypergraph or simplicial complex in the JSON of XGI and its data."""
    return _xgi(load_json(path), reading, max_dim, notes)


def _xgi(stored: Any, reading: Reading, max_dim: int | None, notes: list[str]) -> Content:
    if not isinstance(stored, dict) or not isinstance(stored.get("edge-dict"), dict):
        raise ValueError("must be JSON of XGI, got none of the field 'edge-dict', an object.")
    if str(stored.get("type", "")).startswith("di"):
        raise ValueError(
            "the hypergraph must be undirected, got a directed one. Write it in HIF, and read that "
            "with --undirected."
        )
    data = {key: stored.get(key, {}) for key in ("node-data", "edge-data", "hypergraph-data")}
    if not all(isinstance(each, dict) for each in data.values()):
        raise ValueError("must be JSON of XGI, got node-data or edge-data that are no objects.")
    listed = stored["edge-dict"]
    for edge, members in listed.items():
        if not isinstance(members, list) or not all(isinstance(v, (str, int)) for v in members):
            raise ValueError(f"the edge {edge[:40]!r} must be a list of nodes, got another value.")
        if len({str(v) for v in members}) < len(members):
            raise ValueError(f"the edge {edge[:40]!r} must have its nodes once, got one twice.")
    require_few_faces(map(len, listed.values()), max_dim, reading)
    met = [*data["node-data"], *(str(v) for members in listed.values() for v in members)]
    names = list(dict.fromkeys(met))
    number = {name: i for i, name in enumerate(names)}
    flat = [number[str(v)] for members in listed.values() for v in members]
    sizes = torch.tensor([len(members) for members in listed.values()], dtype=torch.int64)
    pointer = torch.nn.functional.pad(sizes.cumsum(0), (1, 0))
    records = [_object(data["node-data"].get(name)) for name in names]
    return spanned_content(
        (as_numbers(names), max_dim), torch.tensor(flat, dtype=torch.int64), pointer,
        columns_of([_object(data["edge-data"].get(edge)) for edge in listed]),
        {0: columns_of(records)}, data["hypergraph-data"], notes, tuple(listed),
    )  # fmt: skip


def write_xgi(K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]) -> bytes:
    """The JSON of XGI, as a simplicial complex; ids are words there."""
    names = distinct_words(K, "the JSON of XGI")
    nodes = dict(zip(names, records_of(values.get(0, {}), len(names)), strict=True))
    edges: dict[str, list[str]] = {}
    data: dict[str, dict[str, Any]] = {}
    for k, ids in kept_simplices(K, values).items():
        records = records_of(values.get(k, {}), K.num_simplices(k))
        for s, simplex in zip(ids.tolist(), K.simplices(k)[ids].tolist(), strict=True):
            edge = str(len(edges))
            edges[edge] = [names[v] for v in simplex]
            data[edge] = records[s]
    return json_bytes(
        {"type": "simplicialcomplex", "hypergraph-data": whole_of(values), "node-data": nodes,
         "edge-data": data, "edge-dict": edges}
    )  # fmt: skip


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


# --- nodes and links ------------------------------------------------------------------------------


def read_node_link(path: str, reading: Reading, _: int | None, notes: list[str]) -> Content:
    """A graph as networkx (``node_link_data``) and d3 write it."""
    stored = load_json(path)
    if not isinstance(stored, dict) or "nodes" not in stored:
        raise ValueError("must be JSON with 'nodes' and 'links' or 'edges', got no nodes.")
    return _node_link(stored, reading)


def _node_link(stored: dict[str, Any], reading: Reading) -> Content:
    nodes, links = stored["nodes"], stored.get("links", stored.get("edges", ()))
    records: Any
    for kind, records in (("nodes", nodes), ("links", links)):
        if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
            raise ValueError(f"{kind} must be a list of objects, got another value.")
    if stored.get("directed") is True and not reading.undirected:
        raise ValueError(
            "the graph must be undirected, got directed: true. Forget the directions with "
            "--undirected."
        )
    key = "id" if all("id" in node for node in nodes) else None
    names = [_hashable(node["id"]) if key else i for i, node in enumerate(nodes)]
    number = {name: i for i, name in enumerate(names)}
    if len(number) < len(names):
        raise ValueError("every node must have an id of its own, got one twice.")
    edges = []
    for i, link in enumerate(links):
        ends = [_hashable(link.get(end)) for end in ("source", "target")]
        if not all(end in number for end in ends):
            raise ValueError(
                f"link {i} must have a source and a target among the nodes, got "
                f"{link.get('source')!r} and {link.get('target')!r}."
            )
        edges.append((number[ends[0]], number[ends[1]]))
    own = [{_unmarked(k): v for k, v in node.items() if k != key} for node in nodes]
    beside = [{_unmarked(k): v for k, v in link.items() if k not in ("source", "target")}
              for link in links]  # fmt: skip
    if key is None and all(isinstance(node.get("name"), str) for node in nodes):
        names = [node["name"] for node in nodes]  # as d3 has them
        if len(set(names)) < len(names):
            names = list(range(len(names)))
    metadata = stored.get("graph") if isinstance(stored.get("graph"), dict) else {}
    return graph_of(names, edges, columns_of(own), columns_of(beside), metadata)


def _hashable(name: Any) -> Any:
    return tuple(map(_hashable, name)) if isinstance(name, list) else str(name) if isinstance(
        name, dict) else name  # fmt: skip


_RESERVED = re.compile(r"(attr:)*(id|source|target|key)")  # what nodes and links have themselves


def _marked(name: str) -> str:
    """A name of a value, kept apart from the fields of nodes and links."""
    return f"attr:{name}" if _RESERVED.fullmatch(name) else name


def _unmarked(name: str) -> str:
    return name.removeprefix("attr:") if _RESERVED.fullmatch(name) else name


def write_node_link(
    K: SimplicialComplex, values: dict[int, Values], _: str, notes: list[str]
) -> bytes:
    """A graph as networkx writes it: nodes with ids, edges between them."""
    names = distinct_words(K, "nodes and links", lambda x: x if in_json(x) else str(x))
    of_nodes, of_edges = (
        records_of({_marked(name): column for name, column in values.get(k, {}).items()}, count)
        for k, count in ((0, len(names)), (1, K.num_simplices(1)))
    )
    nodes = [own | {"id": name} for own, name in zip(of_nodes, names, strict=True)]
    edges = [
        own | {"source": names[u], "target": names[v]}
        for own, (u, v) in zip(of_edges, K.simplices(1).tolist(), strict=True)
    ]
    return json_bytes(
        {"directed": False, "multigraph": False, "graph": whole_of(values), "nodes": nodes,
         "edges": edges}
    )  # fmt: skip
