"""What is written is read again: for every format, compressed or not, with names and values."""

import warnings

import networkx as nx
import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.cli import main
from simplex.interop import to_gudhi
from simplex.io import formats, read, read_data, write
from simplex.testing import random_complex
from tests.cases import over


FORMATS = {form.name: form for form in formats()}
WRITTEN = [form for form in formats() if form.writes]
FILLED = SimplicialComplex.from_simplices([("ann", "bob", "cid"), ("cid", "dan d"), ("Zoë",)])
TIMED = FILLED.with_filtration([[1.0, 2, 3, 3, 5], [2.0, 3, 3, 4], [7.0]])
GRAPH = SimplicialComplex.from_simplices([("ann", "bob"), ("bob", "cid"), ("d & 'e'",)])
LENGTHS = GRAPH.with_filtration([[0.0] * 4, [1.5, 2.0]])
PLAIN = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3), (5,)])
GAPS = SimplicialComplex.from_simplices([(4, 7), (7, 12)], compact=True)
PLACES = [{axis: [float(i * j % 7) for i in range(6)] for j, axis in enumerate("xyz", start=1)}]


def content(K):
    """Every simplex by the names of its vertices, with its filtration value."""
    names = K.vertex_labels or range(K.num_simplices(0))
    values = K.filtration
    return {
        frozenset(names[v] for v in row): None if values is None else float(values[k][s])
        for k in range(K.dim + 1)
        for s, row in enumerate(K.simplices(k).tolist())
    }


def through(K, folder, form, packing="", **options):
    """A complex as a file gives it back, and what was said on the way."""
    suffix = form.suffixes[0] if form.name != "benson" else ""
    path = folder / f"file{suffix}{packing}"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        write(K, path, form.name, **options)
        found = read(f"{path}-nverts.txt" if form.name == "benson" else path)
    return found, [str(each.message) for each in said]


@over("form", WRITTEN)
@over("packing", ["", ".gz", ".bz2", ".xz"])
def test_simplices_come_back(tmp_path, form, packing):
    if packing and form.name in ("pt", "benson"):
        return  # not text: read from the disk by torch, and three files
    K = PLAIN if form.most_dim != 1 else PLAIN.skeleton(1)
    if form.name == "stl":
        K = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3)])
    places = [{axis: column[: K.num_simplices(0)] for axis, column in PLACES[0].items()}]
    more = {"attributes": places} if "coordinates" in form.keeps else {}
    found, _ = through(K, tmp_path, form, packing, **more)
    if form.name == "stl":  # vertices are numbered by their places
        assert found.f_vector == K.f_vector
    else:
        assert {*content(found)} == {*content(K)}
    if packing:
        assert next(tmp_path.glob(f"*{packing}")).read_bytes()[:2] in (b"\x1f\x8b", b"BZ", b"\xfd7")


@over("form", [form for form in WRITTEN if "names" in form.keeps])
def test_names_and_filtrations_come_back(tmp_path, form):
    K = LENGTHS if form.most_dim == 1 else TIMED
    found, said = through(K, tmp_path, form)
    assert {*content(found)} == {*content(K)}
    kept = form.name in ("edges", "json", "hif", "xgi", "benson", "graphml", "gml", "node-link",
                         "npz", "pt")  # fmt: skip
    assert (content(found) == content(K)) == kept
    assert bool(said) != kept  # what is left out is said


@over("form", [form for form in WRITTEN if "names" in form.keeps])
def test_numbers_stay_numbers(tmp_path, form):
    found, _ = through(GAPS, tmp_path, form)
    assert found.vertex_labels == (4, 7, 12)
    assert {*content(found)} == {*content(GAPS)}


@over("form", [form for form in WRITTEN if "attributes" in form.keeps])
def test_attributes_come_back(tmp_path, form):
    K = GRAPH if form.most_dim == 1 else FILLED
    given = [{"age": [31, None, 5, 7, 9][: K.num_simplices(0)], "x": [0.5] * K.num_simplices(0)},
             {"kind": ["a", 'b "<&é', None, "d"][: K.num_simplices(1)]}]  # fmt: skip
    path = tmp_path / f"file{form.suffixes[0]}"
    write(K, path, form.name, attributes=given)
    found = read_data(path)
    number = {name: v for v, name in enumerate(found.complex.vertex_labels)}
    order = [number[name] for name in K.vertex_labels]
    for name, column in given[0].items():
        assert [found.attributes[0][name][v] for v in order] == column
    rows = [sorted(order[v] for v in row) for row in K.simplices(1).tolist()]
    ids = found.complex.index(rows).tolist()
    assert [found.attributes[1]["kind"][e] for e in ids] == given[1]["kind"]


@over("seed", range(6))
@over("name", ["npz", "pt", "hif", "facets", "simplex-tree", "xgi"])
def test_random_complexes_come_back(tmp_path, seed, name):
    K = random_complex(seed)
    found, _ = through(K, tmp_path, FORMATS[name])
    assert found == K


@over("name", ["npz", "pt"])
def test_all_of_a_complex_comes_back(tmp_path, name):
    signs = {1: [1, -1, 1, 1], 2: [-1]}
    union = SimplicialComplex.disjoint_union([TIMED.reorient(signs), FILLED.skeleton(0)])
    tuples = SimplicialComplex.from_simplices([(0, 1, 2), (2, 0)], directed=True)
    for K in (union, tuples, SimplicialComplex(0), TIMED):
        found, said = through(K, tmp_path, FORMATS[name])
        assert found == K
        assert found.vertex_labels == K.vertex_labels
        assert said == []
        assert (found.filtration is None) == (K.filtration is None)
    assert torch.equal(found.filtration[1], K.filtration[1])


# What others read


@over("ending, reader", [
    (".graphml", nx.read_graphml), (".gml", nx.read_gml), (".net", nx.read_pajek),
    (".adjlist", nx.read_adjlist), (".edges", nx.read_edgelist), (".g6", nx.read_graph6),
    (".s6", nx.read_sparse6),
])  # fmt: skip
def test_networkx_reads_what_was_written(tmp_path, ending, reader):
    K = GAPS if ending in (".g6", ".s6") else SimplicialComplex.from_simplices([(0, 1), (1, 2)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(K, tmp_path / f"g{ending}")
    graph = nx.Graph(reader(tmp_path / f"g{ending}"))
    assert nx.is_isomorphic(graph, nx.path_graph(3))


@over("writer, ending", [
    (nx.write_graphml, ".graphml"), (nx.write_gml, ".gml"), (nx.write_pajek, ".net"),
    (nx.write_adjlist, ".adjlist"), (nx.write_edgelist, ".edges"), (nx.write_graph6, ".g6"),
])  # fmt: skip
@over("graph", [nx.les_miserables_graph(), nx.karate_club_graph(), nx.path_graph(4)])
def test_what_networkx_writes_is_read(tmp_path, writer, ending, graph):
    if ending == ".net":
        graph = nx.Graph([(str(u), str(v)) for u, v in graph.edges])
        writer(graph, tmp_path / "g.net")
    elif ending == ".edges":
        nx.write_edgelist(graph, tmp_path / "g.edges", delimiter=";", data=False)
    else:
        if ending == ".adjlist":
            graph = nx.convert_node_labels_to_integers(graph)
        writer(graph, tmp_path / f"g{ending}")
    K = read(tmp_path / f"g{ending}")
    names = K.vertex_labels or range(K.num_simplices(0))
    edges = {frozenset(map(str, (names[u], names[v]))) for u, v in K.simplices(1).tolist()}
    if ending == ".g6":
        assert K.f_vector == (len(graph), graph.number_of_edges())
    else:
        assert edges == {frozenset(map(str, edge)) for edge in graph.edges}
        assert {*map(str, names)} >= {str(v) for v in graph.nodes}


def test_attributes_of_networkx_are_read(tmp_path):
    graph = nx.les_miserables_graph()
    nx.write_graphml(graph, tmp_path / "g.graphml")
    nx.write_gml(graph, tmp_path / "g.gml")
    text = nx.node_link_data(graph, edges="links")
    (tmp_path / "g.json").write_text(__import__("json").dumps(text))
    for ending in ("graphml", "gml", "json"):
        found = read_data(tmp_path / f"g.{ending}")
        names = found.complex.vertex_labels
        for e, (u, v) in enumerate(found.complex.simplices(1).tolist()):
            assert found.attributes[1]["weight"][e] == graph[names[u]][names[v]]["weight"]
        K = read(tmp_path / f"g.{ending}", weight="weight")
        assert K.filtration[1].tolist() == list(found.attributes[1]["weight"])


def test_gudhi_agrees_on_its_text(tmp_path):
    gudhi = pytest.importorskip("gudhi")
    K = TIMED.with_vertex_labels(None)
    write(K, tmp_path / "tree.simplextree")
    rows = [line.split() for line in (tmp_path / "tree.simplextree").read_text().splitlines()]
    tree = gudhi.SimplexTree()
    for row in rows:
        tree.insert([int(v) for v in row[1:-1]], float(row[-1]))
    assert list(tree.get_simplices()) == list(to_gudhi(K).get_simplices())


def test_points_and_distances_of_every_kind(tmp_path):
    points = np.array([[0.0, 0], [1, 0], [0, 1], [5, 5]])
    np.save(tmp_path / "p.npy", points)
    np.savetxt(tmp_path / "p.csv", points, delimiter=",")
    rows = "\n".join(f"C {x} {y} 0.0" for x, y in points)
    (tmp_path / "p.xyz").write_text(f"4\nmade up\n{rows}\n")
    square = np.linalg.norm(points[:, None] - points[None], axis=-1)
    lower = "\n".join(",".join(map(repr, map(float, square[i, :i]))) for i in range(1, 4))
    (tmp_path / "p.dist").write_text(lower + "\n")
    for name, kind in [("p.npy", None), ("p.csv", "points"), ("p.xyz", None), ("p.dist", None)]:
        K = read(tmp_path / name, kind, max_edge_length=1.2)
        assert K.f_vector == (4, 2)
    assert read_data(tmp_path / "p.xyz", max_edge_length=1.2).attributes[0]["element"] == ("C",) * 4


# The command


@over("first, second", [("a.json", "b.npz"), ("a.facets", "b.xgi"), ("a.npz", "b.hif.gz")])
def test_convert(tmp_path, capsys, first, second):
    keeps = first != "a.facets"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write(TIMED, tmp_path / first)
    assert main(["convert", str(tmp_path / first), str(tmp_path / second)]) == 0
    assert "f-vector (5, 4, 1), written to" in capsys.readouterr().out
    found = read(tmp_path / second)
    assert content(found) == content(TIMED if keeps else FILLED)


def test_convert_says_what_it_leaves_out_and_replaces(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(TIMED, "a.json")
    for options, code, said in [
        (["b.graphml"], 2, "dimension at most 1"),
        (["b.graphml", "--max-dim", "1"], 0, ""),
        (["b.g6", "--max-dim", "1"], 0, "names of the complex are left out"),
        (["b.graphml", "--max-dim", "1"], 0, "b.graphml: replaced"),
        (["a.json"], 2, "another file than A"),
        (["b.unknown"], 2, "must end in one of"),
        (["no/b.json"], 2, "existing folder"),
        (["b.unknown", "--to", "hif"], 0, ""),
    ]:
        assert main(["convert", "a.json", *options]) == code
        assert said in capsys.readouterr().err
    write(GRAPH, "g.gml")
    assert main(["convert", "g.gml", "g.npz", "--lift", "--max-dim", "3"]) == 0
    assert read("g.npz").vertex_labels == ("ann", "bob", "cid", "d & 'e'")


def test_the_command_line_knows_all_formats(capsys):
    assert main(["info", "--help"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in FORMATS if name not in shown] == []
    for form in FORMATS.values():
        assert form.name == "benson" or all(suffix in shown for suffix in form.suffixes[:1])
