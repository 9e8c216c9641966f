"""A table of vertices beside a table of edges: isolated vertices, attributes, and both ways."""

import random
import warnings

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.cli import main
from simplex.io import read, read_data, read_flow, write
from tests.cases import over
from tests.io.test_nothing_is_lost import NAMES, VALUES


EDGES = "source,target,hours\nann,bob,3\nbob,cid,1.5\nann,cid,2\n"
PEOPLE = "id,age,team\nann,31,red\ncid,,blue\nbob,40,red\neve,22,\n"
AGES = {"ann": 31, "bob": 40, "cid": None, "eve": 22}
PATH = SimplicialComplex.from_simplices([(0, 1), (1, 2)], 3)


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """The folder of two tables, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "edges.csv").write_text(EDGES)
    (tmp_path / "people.csv").write_text(PEOPLE)
    return tmp_path


def by_name(found, k=0):
    """For each vertex, or edge by its ends, its values that are there."""
    K = found.complex
    names = K.vertex_labels or range(K.num_simplices(0))
    keys = [frozenset(names[v] for v in row) if k else names[row[0]]
            for row in K.simplices(k).tolist()]  # fmt: skip
    return {
        key: {name: column[i] for name, column in found.attributes[k].items()
              if column[i] is not None}
        for i, key in enumerate(keys)
    }  # fmt: skip


@over("seed", range(3))
@over("mark", [",", ";", "\t"])
def test_random_graphs_are_those_of_networkx(tmp_path, seed, mark):
    """Shuffled tables of a graph with isolated vertices, by numbers or words."""
    rng = random.Random(seed)
    graph = nx.gnm_random_graph(12, 9, seed=seed)
    if seed % 2:
        graph = nx.relabel_nodes(graph, {v: f"p {v}" for v in graph})
    for v in graph:
        graph.nodes[v].update(size=rng.randint(0, 9), kind=rng.choice("xyz"))
    vertices, edges = list(graph), list(graph.edges)
    rng.shuffle(vertices)
    lines = [mark.join(map(str, (graph.nodes[v]["kind"], v, graph.nodes[v]["size"])))
             for v in vertices]  # fmt: skip
    (tmp_path / "nodes.tsv").write_text("\n".join([mark.join(["kind", "node", "size"]), *lines]))
    (tmp_path / "edges.csv").write_text(
        "\n".join(["source,target", *(f"{u},{v}" for u, v in edges), ""])
    )
    found = read_data(tmp_path / "edges.csv", nodes=tmp_path / "nodes.tsv")
    assert by_name(found) == dict(graph.nodes(data=True))
    assert {*by_name(found, 1)} == {*map(frozenset, edges)}
    in_order = vertices if seed % 2 else sorted(vertices)
    assert list(found.complex.vertex_labels or range(12)) == in_order


@over("name", ["a.graphml", "a.gml", "a.json", "a.hif", "a.xgi", "a.nodelink", "a.npz"])
def test_every_format_with_a_place_for_them_gets_them(tables, capsys, name):
    assert main(["convert", "edges.csv", name, "--nodes", "people.csv"]) == 0
    assert "note" not in capsys.readouterr().err.replace("note: the direction", "")
    found = read_data(name)
    assert {v: own.get("age") for v, own in by_name(found).items()} == AGES
    assert by_name(found)["bob"] == {"age": 40, "team": "red"}
    assert by_name(found, 1)[frozenset(("ann", "bob"))] == {"hours": 3}
    assert main(["convert", name, "e.csv", "--to-nodes", "n.tsv"]) == 0
    again = read_data("e.csv", nodes="n.tsv")
    assert (by_name(again), by_name(again, 1)) == (by_name(found), by_name(found, 1))


@over("command, shown", [
    ("info", "f-vector              (4, 3, 1)"), ("wl", "vertices: 4 in 2 colours"),
    ("hodge", "f-vector (4, 3, 1)"), ("lift", "dimension 0: 4"), ("view", "(4, 3, 1)"),
    ("info --count", "(4, 3, 1)"), ("lift --how neighborhood", "dimension 0: 4"),
])  # fmt: skip
def test_every_command_counts_isolated_vertices(tables, capsys, command, shown):
    name, *options = command.split()
    out = {"view": "v.html", "lift": "k.pt"}.get(name)
    options += [] if out is None else ["--out", out]
    assert main([name, "edges.csv", "--nodes", "people.csv", *options]) == 0
    assert shown in capsys.readouterr().out
    if name == "view":
        assert "eve" in (tables / out).read_text()


def test_a_lift_keeps_attributes_and_filtration(tables):
    (tables / "people.csv").write_text("id,age,filtration\nann,3,0\nbob,4,1\ncid,5,0\neve,6,2\n")
    (tables / "edges.csv").write_text(EDGES.replace("hours", "filtration"))
    assert main(["convert", "edges.csv", "a.json", "--lift", "--nodes", "people.csv"]) == 0
    found = read_data("a.json")
    assert found.complex.f_vector == (4, 3, 1)
    assert by_name(found)["eve"] == {"age": 6}
    assert [column.tolist() for column in found.complex.filtration] == [
        [0, 1, 0, 2], [3, 2, 1.5], [3]]  # fmt: skip
    assert (
        main(["convert", "edges.csv", "e.csv", "--nodes", "people.csv", "--to-nodes", "n.csv"]) == 0
    )
    again = read("e.csv", nodes="n.csv")
    assert again == found.complex.skeleton(1)
    assert again.filtration[0].tolist() == [0, 1, 0, 2]


def test_flows_and_facets_take_tables_of_vertices_too(tables):
    flow = read_flow("edges.csv", nodes="people.csv")
    assert flow.complex.vertex_labels == ("ann", "cid", "bob", "eve")
    assert flow.x.tolist() == [2, 3, -1.5]  # ann to cid, ann to bob, and bob to cid
    (tables / "a.facets").write_text("ann bob cid\n")
    found = read_data("a.facets", nodes="people.csv")
    assert found.complex.f_vector == (4, 3, 1)
    assert {v: own.get("age") for v, own in by_name(found).items()} == AGES
    write(found.complex, "b.facets", attributes=found.attributes, nodes="n.csv")
    assert by_name(read_data("b.facets", nodes="n.csv")) == by_name(found)
    assert (tables / "b.facets").read_text() == "ann bob cid\n"


def test_the_order_of_ends_is_kept_from_table_to_table(tables, capsys):
    rows = ["a,b,1", "c,b,2", "a,c,-1", "d,a,3", "c,d,1"]
    (tables / "flow.csv").write_text("\n".join(["source,target,value", *rows, ""]))
    K, x = read_flow("flow.csv", max_dim=1)
    for out, options in (("out.tsv", ()), ("e.csv", ("--to-nodes", "n.csv"))):
        assert main(["convert", "flow.csv", out, *options]) == 0
        assert "direction" not in capsys.readouterr().err
        lines = (tables / out).read_text().replace("\t", ",").splitlines()
        assert sorted(lines[1:]) == sorted(rows)
        assert by_direction(*read_flow(out, max_dim=1)) == by_direction(K, x)
    turned = K.reorient({1: torch.tensor([1, -1, -1, 1, -1])})
    write(turned, "turned.csv", attributes=[{}, {"value": x * turned.orientation(1)}])
    assert by_direction(*read_flow("turned.csv", max_dim=1)) == by_direction(K, x)


def by_direction(K, x):
    """What flows from the first of two names to the second, in the order of the alphabet."""
    ends = [tuple(K.vertex_labels[v] for v in row) for row in K.simplices(1).tolist()]
    pairs = zip(ends, x.tolist(), strict=True)
    return {tuple(sorted(names)): f if names[0] < names[1] else -f for names, f in pairs}


@over("names", NAMES)
@over("ending", [".csv", ".adjlist"])
def test_two_tables_keep_names_or_say_so(tmp_path, names, ending):
    """The last vertex is isolated: its name stands in the table of vertices alone."""
    K = SimplicialComplex.from_simplices([(0, 1)], 3).with_vertex_labels(names)
    folder = tmp_path / f"{NAMES.index(names)}{ending}"
    folder.mkdir()
    edges, nodes = folder / f"e{ending}", folder / "n.csv"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            write(K, edges, nodes=nodes, attributes=[{"age": [1, 2, 3]}])
            refused = ""
        except ValueError as error:
            refused = str(error)
    if refused:
        assert refused.startswith("vertex_labels must")
        assert not list(folder.iterdir())
        return
    found = read_data(edges, nodes=nodes)
    exact = {repr(name): {"age": v + 1} for v, name in enumerate(names)}
    said = any("names are of another type" in str(each.message) for each in caught)
    assert ({repr(v): own for v, own in by_name(found).items()} == exact) != said
    ends = {repr(names[0]), repr(names[1])}
    assert said or {frozenset(map(repr, e)) for e in by_name(found, 1)} == {frozenset(ends)}


@over("ending", [".csv", ".tsv"])
def test_two_tables_keep_values_or_say_so(tmp_path, ending):
    K = SimplicialComplex.from_simplices([(0, 1)])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write(K, tmp_path / "e.csv", attributes=[VALUES], nodes=tmp_path / f"n{ending}")
    found = read_data(tmp_path / "e.csv", nodes=tmp_path / f"n{ending}").attributes[0]
    said = " ".join(str(each.message) for each in caught)
    for name, column in VALUES.items():
        assert list(found.get(name, ())) == column or repr(name) in said, name
    assert set(VALUES) - set(found) == {"", "space"}  # whose blanks a table takes for its own


@over("text, remedy", [
    ("id,age\nann,1\nann,2\n", "line 3: every vertex must be listed once"),
    ("id,age\nann,1\n,2\n", "line 3: every row must name a vertex"),
    ("id,age\nx,1\ny,2\n", "must have a column of names of vertices"),
    ("ann,1\nbob,2\ncid,3\n", "line of headings, got 'ann'"), ("ann\nbob\ncid\n", "got 'ann'"),
    ("1,2\n3,4\n", "line of headings, got numbers"), ("id,age\nann\n", "2 fields"), ("", "empty"),
    ("a,b\nann,ann\nbob,bob\ncid,cid\n", "which column names the vertices, got 'a' and 'b'"),
])  # fmt: skip
def test_tables_that_are_none_of_vertices_are_refused(tables, capsys, text, remedy):
    (tables / "people.csv").write_text(text)
    with pytest.raises(ValueError, match=remedy):
        read("edges.csv", nodes="people.csv")
    assert main(["info", "edges.csv", "--nodes", "people.csv"]) == 2
    assert remedy in capsys.readouterr().err


def test_where_tables_of_vertices_do_not_belong(tables, capsys):
    K = SimplicialComplex.from_simplices([("ann", "bob")])
    with pytest.raises(ValueError, match="left out for the format graphml, which keeps"):
        write(K, "a.graphml", nodes="n.csv")
    with pytest.raises(ValueError, match="dimacs, which has no names"):
        write(K, "a.col", nodes="n.csv")
    with pytest.raises(ValueError, match=r"\.csv or \.tsv"):
        write(K, "a.csv", nodes="n.json")
    with pytest.raises(ValueError, match="another file"):
        write(K, "a.csv", nodes="a.csv")
    assert not list(tables.glob("a.*"))
    assert main(["lift", "edges.csv", "--out", "k.pt"]) == 0
    write(SimplicialComplex.disjoint_union([PATH, PATH]), "a.g6")
    for path, why in [("k.pt", "folders and .pt"), ("a.g6", "several graphs")]:
        assert main(["info", path, "--nodes", "people.csv"]) == 2
        assert why in capsys.readouterr().err
    assert main(["convert", "edges.csv", "people.csv", "--nodes", "people.csv"]) == 2
    assert (tables / "people.csv").read_text() == PEOPLE
    with pytest.raises(FileNotFoundError):
        read("edges.csv", nodes="nobody.csv")
    assert main(["info", "edges.csv", "--nodes", "nobody.csv"]) == 2
    assert "nobody.csv: no such file" in capsys.readouterr().err


def test_vertices_without_a_row_and_columns_that_are_there_already(tables):
    (tables / "people.csv").write_text("person,age\nann,1\nbob,2\ncid,3\neve,4\n")
    assert by_name(read_data("edges.csv", nodes="people.csv"))["eve"] == {"age": 4}
    for text in (
        ",age\nann,1\nbob,2\ncid,3\neve,4\n",
        ",id,age\n0,ann,1\n1,bob,2\n2,cid,3\n3,eve,4\n",
    ):
        (tables / "people.csv").write_text(
            text
        )  # as pandas writes names of rows, and their numbers
        found = by_name(read_data("edges.csv", nodes="people.csv"))
        assert found == {name: {"age": i + 1} for i, name in enumerate(AGES)}
    (tables / "people.csv").write_text("Name,age\nann,1\n")
    with pytest.warns(UserWarning, match="2 vertices are not in people.csv, such as 'bob'"):
        found = read_data("edges.csv", nodes="people.csv")
    assert by_name(found) == {"ann": {"age": 1}, "bob": {}, "cid": {}}
    write(found.complex, "a.graphml", attributes=found.attributes)
    with pytest.raises(ValueError, match="got 'age'"):
        read_data("a.graphml", nodes="people.csv")
