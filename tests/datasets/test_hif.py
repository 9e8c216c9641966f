"""HIF: the standard's own examples, the closure by its definition, attributes as targets."""

import itertools
import json
import random

import networkx as nx
import numpy as np
import pytest
import torch

from simplex.data import SimplicialDataset
from simplex.datasets import hypergraph_dataset, read_hif
from tests.cases import over


def write(folder, stored):
    place = folder / "toy.json"
    place.write_text(stored if isinstance(stored, str) else json.dumps(stored), encoding="utf-8")
    return place


def read(folder, stored, **options):
    return read_hif(write(folder, stored), **options)


def listed(*hyperedges, **more):
    """A hypergraph by the nodes of its hyperedges, which are called 0, 1, …."""
    pairs = [{"edge": i, "node": v} for i, nodes in enumerate(hyperedges) for v in nodes]
    return {"incidences": pairs} | more


# As in the tests of the standard: github.com/HIF-org/HIF-standard, tests/test_files.
ONE = [{"edge": 1, "node": 2}]
COMPLIANT = [
    {"incidences": []},
    {"incidences": [], "nodes": [], "edges": [], "metadata": {}, "network-type": "asc"},
    {"incidences": [], "nodes": [{"node": 42}]},
    {"incidences": [], "nodes": [{"node": 42, "attrs": {"a": {"b": [1]}}}]},
    {"incidences": [], "edges": [{"edge": "e", "attrs": {"a": 1}, "weight": 2}]},
    {"incidences": ONE, "metadata": {"a": {"b": [{"c": 1}]}}},
    {"incidences": [{"edge": "a", "node": 2, "weight": -1.5, "attrs": {"c": None}}]},
    {"incidences": ONE, "network-type": "directed"},
    {"incidences": [{"edge": 1, "node": 2, "direction": "head"}], "network-type": "directed"},
    {"incidences": [{"edge": 1, "node": 2, "direction": "tail"}]},
    {"incidences": [{"edge": 1, "node": 10**400}]},
    {"incidences": [ONE[0], ONE[0]], "nodes": [{"node": 2}] * 2, "edges": [{"edge": 1}] * 2},
]
NOT_COMPLIANT = [
    ({}, "none of the field 'incidences'"),
    ([], "none of the field 'incidences'"),
    ({"incidences": {}}, "no list as incidences"),
    ({"incidences": [1]}, "record 0 of incidences that is no object"),
    ({"incidences": [], "test": {}}, "the unknown field 'test' in the file"),
    ({"incidences": [], "network-type": "tree"}, "the network-type 'tree', none of"),
    ({"incidences": [], "network-type": []}, "the network-type"),
    ({"incidences": [], "metadata": [0]}, "metadata that are no object"),
    ({"incidences": [{"edge": 1}]}, "no 'node' in record 0 of incidences"),
    ({"incidences": [{"direction": "head"}]}, "no 'edge' in record 0"),
    ({"incidences": [ONE[0] | {"extra": 1}]}, "the unknown field 'extra' in record 0"),
    ({"incidences": [ONE[0] | {"direction": "up"}]}, "the direction 'up' in record 0"),
    ({"incidences": [ONE[0] | {"direction": []}]}, "the direction"),
    ({"incidences": [ONE[0] | {"weight": "1"}]}, "the weight '1' in record 0"),
    ({"incidences": [ONE[0] | {"weight": True}]}, "the weight 'True' in record 0"),
    ('{"incidences": [{"edge": 1, "node": 2, "weight": NaN}]}', "the weight 'nan'"),
    ({"incidences": [ONE[0] | {"weight": 10**400}]}, "the weight '1000000"),
    ({"incidences": [ONE[0] | {"attrs": []}]}, "attrs that are no object in record 0"),
    ({"incidences": ONE, "nodes": [{"node": 1.23}]}, "the node '1.23' in record 0 of nodes"),
    ({"incidences": ONE, "nodes": [{"node": True}]}, "the node 'True'"),
    ({"incidences": ONE, "nodes": [{"node": [1]}]}, "the node"),
    ({"incidences": ONE, "nodes": [{"attrs": {}}]}, "no 'node' in record 0 of nodes"),
    ({"incidences": ONE, "edges": [{"edge": 1, "node": 2}]}, "the unknown field 'node'"),
    ({"incidences": ONE, "edges": 3}, "no list as edges"),
    ("", "no JSON"),
    ("{", "no JSON"),
    ("[" * 10**5, "no JSON"),
    ("\ufeff\ufffe", "no JSON"),
]


@over("stored", COMPLIANT)
def test_what_complies_is_read(tmp_path, stored):
    hypergraph = read(tmp_path, stored)
    nodes = {each["node"] for kind in ("nodes", "incidences") for each in stored.get(kind, [])}
    assert set(hypergraph.complex.vertex_labels) == nodes
    assert len(hypergraph.pointer) == len(hypergraph.edge_labels) + 1


@over("stored, message", NOT_COMPLIANT)
def test_what_does_not_is_refused_by_record(tmp_path, stored, message):
    with pytest.raises(ValueError, match=r"toy\.json must be a hypergraph in the format HIF, got"):
        read(tmp_path, stored)
    with pytest.raises(ValueError, match=message):
        read(tmp_path, stored)


@over("seed", range(6))
def test_the_complex_is_the_closure_and_the_list_is_kept(tmp_path, seed):
    rng = random.Random(seed)
    edges = [rng.sample("abcdefgh", rng.randint(1, 5)) for _ in range(rng.randint(0, 7))]
    hypergraph = read(tmp_path, listed(*edges), max_dim=3)
    names = hypergraph.complex.vertex_labels
    faces = {f for e in edges for k in (1, 2, 3, 4) for f in itertools.combinations(sorted(e), k)}
    for k in range(hypergraph.complex.dim + 1):
        found = hypergraph.complex.simplices(k).tolist()
        assert {tuple(sorted(names[v] for v in s)) for s in found} == {
            f for f in faces if len(f) == k + 1
        }
    parts = hypergraph.vertices.tensor_split(hypergraph.pointer[1:-1]) if edges else []
    assert [[names[v] for v in part] for part in parts] == edges
    shadow = nx.Graph([pair for e in edges for pair in itertools.combinations(e, 2)])
    count = hypergraph.complex.num_simplices(1) if hypergraph.complex.dim > 0 else 0
    assert count == shadow.number_of_edges()


def test_records_of_one_thing_are_put_together(tmp_path):
    stored = {
        "nodes": [
            {"node": "b", "attrs": {"age": 3}},
            {"node": 1, "weight": 2},
            {"node": "b", "attrs": {"sex": "f", "age": None}},
            {"node": "1", "attrs": {"age": 5.5}},
        ],
        "edges": [{"edge": "empty"}],
        "incidences": [
            {"edge": "e", "node": "b", "direction": "head", "weight": 0.5},
            {"edge": "e", "node": 1.0, "direction": "tail"},
            {"edge": "f", "node": "c"},
            {"edge": "e", "node": "b", "direction": "tail"},
            {"edge": "e", "node": "c", "direction": "tail"},
        ],
    }
    hypergraph = read(tmp_path, stored)
    assert hypergraph.complex.vertex_labels == ("b", 1, "1", "c")
    assert hypergraph.edge_labels == ("empty", "e", "f")
    assert hypergraph.pointer.tolist() == [0, 0, 3, 4]
    assert hypergraph.vertices.tolist() == [0, 1, 3, 3]
    assert hypergraph.directions.tolist() == [0, -1, -1, 0]
    assert hypergraph.weights.tolist() == [0.5, 1, 1, 1]
    assert hypergraph.vertex_attributes == {
        "age": (3, None, 5.5, None),
        "weight": (None, 2, None, None),
        "sex": ("f", None, None, None),
    }
    for record in ({"node": "b", "attrs": {"age": 4}}, {"node": 1, "weight": 3}):
        with pytest.raises(ValueError, match="than before in record 4 of nodes"):
            read(tmp_path, stored | {"nodes": [*stored["nodes"], record]})
    twice = [*stored["incidences"], {"edge": "e", "node": "b", "weight": 1}]
    with pytest.raises(ValueError, match="another weight than before in record 5 of incidences"):
        read(tmp_path, stored | {"incidences": twice})


def test_a_wide_hyperedge_is_refused_before_its_faces_are_made(tmp_path):
    place = write(tmp_path, listed(range(300)))
    with pytest.raises(ValueError, match="half of the free memory"):
        read_hif(place, max_dim=9)
    assert read_hif(place, max_dim=1).complex.f_vector == (300, 44850)
    with pytest.raises(ValueError, match="must be a regular file"):
        read_hif(tmp_path)


# --- attributes as targets and features -----------------------------------------------------------

NODES = [
    {"node": 0, "attrs": {"age": 1, "sex": "m", "tall": True, "team": "red"}},
    {"node": 1, "attrs": {"age": 2.5, "sex": "f", "tall": False, "team": None}},
    {"node": 2, "attrs": {"age": 4, "sex": "f", "tall": True, "team": "blue"}},
    {"node": 3, "attrs": {"age": 8, "sex": "m", "tall": True, "team": "red", "tags": ["a"]}},
]
EDGES = [
    {"edge": 0, "attrs": {"kind": "x", "cost": 2}},
    {"edge": 1, "attrs": {"kind": "y", "cost": 5}},
    {"edge": 2, "attrs": {"kind": "x", "cost": 4}},
    {"edge": 3, "attrs": {"cost": 1}},
]
STORED = listed([0, 1, 2], [2, 3], [1, 0], [3, 2], nodes=NODES, edges=EDGES)


def test_targets_of_nodes(tmp_path):
    hypergraph = read(tmp_path, STORED)
    sex = hypergraph_dataset(hypergraph, "sex")[0]
    assert sex.y.tolist() == [1, 0, 0, 1]
    assert sex.class_names == ["f", "m"]
    assert sex.x.tolist() == [[1], [2.5], [4], [8]]  # the numbers
    assert sex.x_2.tolist() == [[2.5]]
    team = hypergraph_dataset(hypergraph, "team")[0]
    assert (team.y.tolist(), team.known_mask.tolist()) == ([1, -1, 0, 1], [True, False, True, True])
    age = hypergraph_dataset(hypergraph, "age")[0]
    assert (age.y.tolist(), age.x.tolist()) == ([1, 2.5, 4, 8], [[1]] * 4)
    classes = hypergraph_dataset(hypergraph, "age", kind="classes")[0]
    assert (classes.y.tolist(), classes.class_names[1]) == ([0, 1, 2, 3], "2.5")
    assert "y" not in hypergraph_dataset(hypergraph)[0]


@over(
    "values, classes",
    [
        ([0, 1, None, 1], True),
        ([1, 2, 3, 4], False),
        ([0, 0, 0, 0], False),
        ([0, 2, 2, 0], False),
        ([1, 0, 2, 0], None),
    ],
)
def test_whole_numbers_from_zero_on_may_be_ids_of_classes(values, classes, tmp_path):
    nodes = [{"node": i, "attrs": {"group": value}} for i, value in enumerate(values)]
    hypergraph = read(tmp_path, STORED | {"nodes": nodes})
    for kind, dtype in (("classes", torch.int64), ("numbers", torch.float32)):
        assert hypergraph_dataset(hypergraph, "group", kind=kind, features=[])[0].y.dtype == dtype
    if classes is None:
        with pytest.raises(ValueError, match=r"kind must be said for the target 'group', .* 0 … 2"):
            hypergraph_dataset(hypergraph, "group")
        return
    y = hypergraph_dataset(hypergraph, "group", features=[])[0].y
    missing = -1 if classes else torch.nan
    expected = torch.tensor([missing if value is None else value for value in values])
    assert torch.equal(y, expected.to(torch.int64 if classes else torch.float32))


def test_targets_of_hyperedges_are_of_the_simplices_they_are(tmp_path):
    hypergraph = read(tmp_path, STORED)
    pairs = hypergraph_dataset(hypergraph, "kind", level=1)[0]
    assert pairs.complex.simplices(1).tolist() == [[0, 1], [0, 2], [1, 2], [2, 3]]
    assert pairs.y_1.tolist() == [0, -1, -1, 1]  # of {2, 3} the second says nothing
    assert pairs.known_mask_1.tolist() == [True, False, False, True]
    cost = hypergraph_dataset(hypergraph, "cost", level=1)[0].y_1
    assert (cost[0], cost[3], int(cost.isnan().sum())) == (4, (5 + 1) / 2, 2)
    assert hypergraph_dataset(hypergraph, "kind", level=2)[0].y_2.tolist() == [0]


def test_features_by_name_and_a_stored_data_set(tmp_path):
    hypergraph = read(tmp_path, STORED)
    dataset = hypergraph_dataset(hypergraph, "team", features=["tall", "age", "sex"], reduce="sum")
    expected = np.array([[0, 1, 1, 0, 1], [1, 0, 2.5, 1, 0], [0, 1, 4, 1, 0], [0, 1, 8, 0, 1]])
    assert dataset[0].x.tolist() == expected.tolist()
    assert dataset[0].x_2.tolist() == [expected[:3].sum(0).tolist()]
    SimplicialDataset.save(dataset, tmp_path / "stored.pt")
    again = SimplicialDataset.from_file(tmp_path / "stored.pt").to_batch()
    assert again.complex.vertex_labels == (0, 1, 2, 3)
    assert torch.equal(again.y, dataset.to_batch().y)


@over(
    "options, message",
    [
        ({"target": "size"}, r"target must name attributes of the nodes \('age', 'sex', .*'size'"),
        ({"target": "age", "level": 1}, r"attributes of the edges \('kind', 'cost'\), got 'age'"),
        ({"target": "kind", "level": 3}, "level must be at most the dimension of the complex, 2"),
        (
            {"target": "sex", "kind": "numbers"},
            "target must be finite numbers .*, got 'm' as 'sex'",
        ),
        ({"target": "tags"}, r"target must be words, truth values or numbers .* as 'tags'"),
        ({"features": ["team"]}, "no 'team' for the node 1. Fill it in"),
        ({"features": ["tags"]}, "no 'tags' for the node 0"),
        ({"kind": "labels"}, "kind must be one of 'classes', 'numbers', None"),
        ({"reduce": "max"}, "reduce must be one of"),
        ({"level": -1}, "level must be non-negative"),
    ],
)
def test_what_attributes_cannot_give(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        hypergraph_dataset(read(tmp_path, STORED), **options)


def test_what_hyperedges_cannot_give(tmp_path):
    other = [*EDGES[:3], {"edge": 3, "attrs": {"kind": "x", "late": 1}}]
    hypergraph = read(tmp_path, STORED | {"edges": other})
    with pytest.raises(ValueError, match="on the same nodes, got 'y' and 'x'"):
        hypergraph_dataset(hypergraph, "kind", level=1)
    with pytest.raises(ValueError, match="which has none on hyperedges of 3 nodes"):
        hypergraph_dataset(hypergraph, "late", level=2)
    with pytest.raises(TypeError, match="hypergraph must come from read_hif"):
        hypergraph_dataset(hypergraph.complex, "kind")
    mixed = [{"node": 0, "attrs": {"sex": 1}}, *NODES[1:]]
    with pytest.raises(ValueError, match="one kind, got 1 as 'sex' beside values of another kind"):
        hypergraph_dataset(read(tmp_path, STORED | {"nodes": mixed}), "sex")
    endless = json.dumps(STORED).replace('"age": 2.5', '"age": Infinity')
    with pytest.raises(ValueError, match=r"finite numbers of float32 .*, got inf as 'age'"):
        hypergraph_dataset(read(tmp_path, endless), "age")
    absent = json.dumps(STORED).replace('"age": 2.5', '"age": NaN')
    assert hypergraph_dataset(read(tmp_path, absent), "age")[0].known_mask.sum() == 3


SAMPLES = {
    "lesmis.hif.json": ((80, 254, 361), 402), "diseasome.json": ((516, 550, 195), 938),
    "e-coli.json": ((72, 496, 2132), 141),
    "publications_main_component.hif.json": ((108, 389, 695), 33),
}  # fmt: skip


@over("name", SAMPLES)
def test_published_files(shared_data, name):
    place = shared_data / "hif" / name
    if not place.is_file():
        pytest.skip(f"real data absent: {place}")
    hypergraph = read_hif(place)
    stored = json.loads(place.read_text(encoding="utf-8"))
    cliques = {v: set() for v in hypergraph.edge_labels}
    for each in stored["incidences"]:
        cliques[each["edge"]].add(each["node"])
    sizes, sorts = (1, 2, 3), [sorted(each) for each in cliques.values()]
    faces = {f for each in sorts for k in sizes for f in itertools.combinations(each, k)}
    counts = [sum(len(f) == k for f in faces) for k in sizes]
    counts[0] = len({each["node"] for each in stored["nodes"]})
    assert hypergraph.complex.f_vector == tuple(counts) == SAMPLES[name][0]
    assert len(hypergraph.edge_labels) == SAMPLES[name][1]
