"""Hypergraphs in the Hypergraph Interchange Format, with their attributes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int, require_path
from simplex.io._families.appearances import faces_at_most, first_appearances
from simplex.io._source import read_bytes


Attributes = Mapping[str, tuple[Any, ...]]
_BITS = {None: 0, "head": 1, "tail": 2}
_DIRECTIONS = torch.tensor([0, 1, -1, 0], dtype=torch.int8)  # by the bits of all its records
_KEYS = {  # record: (the ids it must have, what else it may have)
    "incidences": (("edge", "node"), ("weight", "direction", "attrs")),
    "nodes": (("node",), ("weight", "attrs")),
    "edges": (("edge",), ("weight", "attrs")),
}
_TOP = ("network-type", "metadata", *_KEYS)


class Hypergraph(NamedTuple):
    """A list of hyperedges with attributes, and the complex they span: see :func:`read_hif`."""

    complex: SimplicialComplex
    vertices: Tensor
    pointer: Tensor
    directions: Tensor
    weights: Tensor
    edge_labels: tuple[str | int, ...]
    vertex_attributes: Attributes
    edge_attributes: Attributes
    network_type: str
    metadata: Mapping[str, Any]


def read_hif(path: str | Path, max_dim: int = 2) -> Hypergraph:
    """Read a hypergraph in the Hypergraph Interchange Format (HIF), a JSON file.

    The complex is the ``max_dim``-skeleton of the downward closure of the hyperedges: one of more
    than ``max_dim + 1`` vertices stands for its faces. Nodes are numbered in the order of ``nodes``
    and then of the incidences, hyperedges in that of ``edges`` and then of the incidences. ``1``
    and ``"1"`` are two nodes. A record that comes twice adds what the first one leaves out.

    Args:
        path: the file, in UTF-8.
        max_dim: the top dimension of the complex, at least 0.

    Returns:
        A tuple, also with attributes: ``complex``, the ids of the nodes as vertex labels;
        ``vertices`` (total,) int64, the distinct ones of all hyperedges, one after the other;
        ``pointer`` (m+1,) int64, where each of the m hyperedges starts in them, so that one without
        nodes is empty; ``directions`` (total,) int8, 1 in the head of its hyperedge, -1 in the
        tail, 0 in none or in both; ``weights`` (total,) float64 of the incidences, 1 where none is
        given; ``edge_labels``, the ids of the hyperedges; ``vertex_attributes`` and
        ``edge_attributes``, for each name a tuple of n_0 or m values with ``None`` where there is
        none (a ``weight`` of a node or a hyperedge is one of them); ``network_type``
        (``"undirected"``, ``"directed"`` or ``"asc"``) and ``metadata``. The attributes of
        incidences are left out.

    Raises:
        ValueError: the file is no JSON or breaks the standard (which record, and how), two records
            contradict each other, or the faces would not fit in memory.
        OSError: it is not there.

    Cost:
        O(Σ C(|e|, max_dim + 1)) over the distinct hyperedges e.

    Paper:
        Coll et al., "HIF: The hypergraph interchange format for higher-order networks", Network
        Science 13 (2025); held to the published schema.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> text = '{"incidences": [{"edge": "a", "node": 1}, {"edge": "a", "node": 2}]}'
        >>> with TemporaryDirectory() as folder:
        ...     _ = Path(folder, "toy.json").write_text(text)
        ...     print(read_hif(Path(folder, "toy.json")).complex.f_vector)
        (2, 1)
    """
    require_int("max_dim", max_dim, least=0)
    require_path("path", path)
    return hypergraph_of(_json(Path(path)), max_dim, Path(path))


def hypergraph_of(given: Any, max_dim: int, place: Path) -> Hypergraph:
    """The hypergraph of what a file in JSON holds."""
    stored = _require_top(given, place)
    nodes, edges = _Records("node", place), _Records("edge", place)
    for kind, records in (("nodes", nodes), ("edges", edges)):
        for i, record in enumerate(_checked(stored, kind, place)):
            records.add(record, f"record {i} of {kind}")
    incidences: dict[tuple[int, int], tuple[int, float | None]] = {}
    for i, record in enumerate(_checked(stored, "incidences", place)):
        key = edges.id_of(record["edge"]), nodes.id_of(record["node"])
        bits, weight = _BITS[record.get("direction")], record.get("weight")
        before, known = incidences.get(key, (bits, weight))
        if known is not None and weight is not None and known != weight:
            raise _refuse(place, f"another weight than before in record {i} of incidences")
        incidences[key] = before | bits, known if weight is None else weight
    return _hypergraph(stored, nodes, edges, incidences, max_dim, place)


class _Records:
    """The ids of the nodes or of the hyperedges, in their order, and what is said of each."""

    def __init__(self, kind: str, place: Path) -> None:
        self.kind, self.place = kind, place
        self.ids: dict[str | int, int] = {}
        self.attributes: dict[str, dict[int, Any]] = {}

    def id_of(self, label: str | float) -> int:
        label = label if isinstance(label, str) else int(label)
        return self.ids.setdefault(label, len(self.ids))

    def add(self, record: dict[str, Any], where: str) -> None:
        i = self.id_of(record[self.kind])
        said = record.get("attrs", {}) | {k: v for k, v in record.items() if k == "weight"}
        for name, value in said.items():
            known = self.attributes.setdefault(name, {})
            there = value is not None and value == value  # NaN says that there is none
            if there and known.setdefault(i, value) != value:
                raise _refuse(self.place, f"another {name[:40]!r} than before in {where}")

    def columns(self) -> Attributes:
        """By name the values of all, ``None`` where there is none."""
        ids = range(len(self.ids))
        return {name: tuple(map(of.get, ids)) for name, of in self.attributes.items()}


def _hypergraph(
    stored: dict[str, Any],
    nodes: _Records,
    edges: _Records,
    incidences: dict[tuple[int, int], tuple[int, float | None]],
    max_dim: int,
    place: Path,
) -> Hypergraph:
    table = torch.tensor(list(incidences), dtype=torch.int64).view(-1, 2)  # (total, 2): edge, node
    order = table[:, 0].sort(stable=True).indices
    said = list(incidences.values())
    directions = _DIRECTIONS[torch.tensor([bits for bits, _ in said], dtype=torch.int64)][order]
    weights = torch.tensor([1 if w is None else w for _, w in said], dtype=torch.float64)[order]
    vertices, sizes = table[order, 1], table[:, 0].bincount(minlength=len(edges.ids))
    pointer = torch.nn.functional.pad(sizes.cumsum(0), (1, 0))
    blocks = first_appearances(
        vertices, pointer, torch.zeros_like(sizes), len(nodes.ids), str(place)
    )
    simplices = [faces_at_most(rows, first, max_dim)[0] for rows, first in blocks]
    K = SimplicialComplex.from_simplices(simplices, len(nodes.ids))
    return Hypergraph(
        K.with_vertex_labels(list(nodes.ids)),
        vertices,
        pointer,
        directions,
        weights,
        tuple(edges.ids),
        nodes.columns(),
        edges.columns(),
        stored.get("network-type", "undirected"),
        stored.get("metadata", {}),
    )


# --- what the standard asks for ------------------------------------------------------------------


def _json(place: Path) -> Any:
    """What the file holds."""
    if place.exists() and not place.is_file():  # a pipe or a device may never end
        raise ValueError(f"path must be a regular file, got {place}.")
    try:
        return json.loads(read_bytes(str(place)).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _refuse(place, f"no JSON ({str(error)[:120] or type(error).__name__})") from error


def _require_top(stored: Any, place: Path) -> dict[str, Any]:
    """The top of the file, as the standard has it."""
    if not isinstance(stored, dict) or "incidences" not in stored:
        raise _refuse(place, "none of the field 'incidences', a list")
    _require_keys(stored, (), _TOP, "the file", place)
    if stored.get("network-type", "asc") not in ("undirected", "directed", "asc"):
        got = f"the network-type {str(stored['network-type'])[:40]!r}"
        raise _refuse(place, f"{got}, none of 'undirected', 'directed', 'asc'")
    if not isinstance(stored.get("metadata", {}), dict):
        raise _refuse(place, "metadata that are no object")
    return stored


def _checked(stored: dict[str, Any], kind: str, place: Path) -> list[dict[str, Any]]:
    """The records of one kind, each as the standard has it."""
    records = stored.get(kind, [])
    if not isinstance(records, list):
        raise _refuse(place, f"no list as {kind}")
    needed, allowed = _KEYS[kind]
    for i, record in enumerate(records):
        where = f"record {i} of {kind}"
        if not isinstance(record, dict):
            raise _refuse(place, f"{where} that is no object")
        _require_keys(record, needed, allowed, where, place)
        for key in needed:
            label = record[key]
            whole = isinstance(label, float) and label.is_integer()  # 1.0 is an integer of JSON
            if isinstance(label, bool) or not (whole or isinstance(label, (str, int))):
                got = f"the {key} {str(label)[:40]!r} in {where}"
                raise _refuse(place, f"{got}, which is no string and no integer")
        weight = record.get("weight", 1)
        number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
        if not number or not abs(weight) < 1e308:
            raise _refuse(place, f"the weight {str(weight)[:40]!r} in {where}, no finite number")
        if record.get("direction", "head") not in ("head", "tail"):
            got = f"the direction {str(record['direction'])[:40]!r} in {where}"
            raise _refuse(place, f"{got}, none of 'head', 'tail'")
        if not isinstance(record.get("attrs", {}), dict):
            raise _refuse(place, f"attrs that are no object in {where}")
    return records


def _require_keys(
    record: dict[str, Any],
    needed: tuple[str, ...],
    allowed: tuple[str, ...],
    where: str,
    place: Path,
) -> None:
    for key in needed:
        if key not in record:
            raise _refuse(place, f"no {key!r} in {where}")
    for key in record:
        if key not in (*needed, *allowed):
            raise _refuse(place, f"the unknown field {key[:40]!r} in {where}; more goes into attrs")


def _refuse(place: Path, got: str) -> ValueError:
    return ValueError(f"{place} must be a hypergraph in the format HIF, got {got}.")
