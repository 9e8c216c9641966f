"""Names, values and remarks come back as they were, or it is said that they do not."""

import math
import warnings

import pytest

from simplex import SimplicialComplex
from simplex.cli import main
from simplex.io import formats, read, read_data, write
from tests.cases import over


PATH = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
WRITTEN = [form for form in formats() if form.writes]
NAMES = [
    ("a", "b", "c"), (4, 7, 9), ("4", "7", "9"), (0, 1, 2), ("0", "1", "2"), ("1", 1, "a"),
    ("01", "02", "3"), ((0, 0), (0, 1), (1, 1)), (None, "a", "b"), (1.5, 2.5, 3.5), ("", "a", "b"),
    (True, False, 2), (10**18, 2**63, 2**70), ('q"uo', "a'b", "c&<d>"), ("&#65;", "&amp;", "c"),
    ("new\nline", "tab\tx", "c"), ("a\rb", "c", "d"), (" lead", "trail ", "mid dle"),
    ("Zoë", "日本", "😀"), ("\x85x", "\u2028y", "z"), ("\x01", "b", "c"), ("a,b", "c;d", "#e"),
    ("\ud800", "a", "b"), ("nan", "inf", "x"), ("source", "target", "b"), (b"x", "y", "z"),
]  # fmt: skip


def edges_by(names, K):
    return {frozenset((repr(names[u]), repr(names[v]))) for u, v in K.simplices(1).tolist()}


@over("form", [form for form in WRITTEN if "names" in form.keeps])
@over("names", NAMES)
def test_names_come_back_or_it_is_said(tmp_path, form, names):
    """Of all types; those that cannot be written are refused by the vertex, and nothing is."""
    K = PATH.with_vertex_labels(names)
    folder = tmp_path / f"{form.name}{NAMES.index(names)}"
    folder.mkdir()
    path = folder / f"f{'' if form.name == 'benson' else form.suffixes[0]}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            write(K, path, form.name)
        except ValueError as error:
            refused = str(error)
        else:
            refused = ""
    if refused:
        assert refused.startswith("vertex_labels must")
        assert not list(folder.iterdir())
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_data(f"{path}-nverts.txt" if form.name == "benson" else path)
    again = found.complex.vertex_labels or (0, 1, 2)
    exact = set(map(repr, again)) == set(map(repr, names))
    assert exact != any("names are of another type" in str(each.message) for each in caught)
    if exact:
        assert edges_by(again, found.complex) == edges_by(names, K)
    assert found.attributes[0] == {}


VALUES = {
    "age": [1, None], "id": [7, 8], "source": ["p", "q"], "target": [1, 2], "key": ["k", "l"],
    "edge": ["e", "f"], "to": ["r", "s"], "Source": [1, 2], "3": [1, 2], "attr:id": [5, 6],
    "weight": [1.5, math.inf], "w w": ["a", "b\nc"], "w_w": [1, 2], "big": [2**63, 10**18],
    "flag": [True, None], "digits": ["1", "2"], "code": ["007", "12"], "list": [[1], [2]],
    "": [1, 2], "text": ['{"a": 1}', "x#y"], "space": [" a", "b "], "from": ["", "b"],
}  # fmt: skip
METADATA = {"title": 'x < "y"', "year": 2026, "deep": {"a": [1, 2]}, "node": 3}


@over("form, ending", [(form, suffix) for form in WRITTEN for suffix in form.suffixes[:5]
                       if {"attributes", "edge attributes"} & {*form.keeps}])  # fmt: skip
def test_values_and_metadata_come_back_or_it_is_said(tmp_path, form, ending):
    path = tmp_path / f"f{ending}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write(PATH, path, form.name, attributes=[{}, VALUES], metadata=METADATA)
        found = read_data(path)
    said = " ".join(str(each.message) for each in caught)
    for name, column in VALUES.items():
        assert list(found.attributes[1].get(name, ())) == column or repr(name) in said, name
    if "metadata" not in form.keeps:
        assert "the metadata of the complex are left out" in said
        return
    for name, value in METADATA.items():
        assert found.metadata.get(name) == value or repr(name) in said, name
    if form.name not in ("graphml", "gml"):
        assert said == ""


@over("text, ends", [
    ("source,target_id\n1,2\n2,3\n", [1, 2, 3]), ("source,target_id\na,b\nb,c\n", ["a", "b", "c"]),
    ("Source Node;w;Target\na;1;b\nb;2;c\n", ["a", "b", "c"]),
    ("target,source,x,x\n1,2,a,b\n2,3,a,b\n", [1, 2, 3]),
    ("from_id to_node\n1 2\n2 3\n", [1, 2, 3]),
    ("start middle\nmiddle end\n", ["start", "middle", "end"]),
    ("source,x\nx,source\n", ["source", "x"]),
])  # fmt: skip
def test_headings_that_tell_the_ends(tmp_path, text, ends):
    (tmp_path / "a.csv").write_text(text)
    assert list(read(tmp_path / "a.csv").vertex_labels) == ends


@over("text", ["source,weight\n1,2\n2,3\n3,5\n", "source,weight\na,2\nb,3\n",
               "id,weight\n1,5\n2,7\n", "weight,source\n1,2\n2,3\n", "source,weight\n",
               "to value\nann bob\n"])  # fmt: skip
def test_headings_that_do_not_are_refused(tmp_path, capsys, text):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match="source=… target=…"):
        read(path)
    assert main(["info", str(path)]) == 2
    assert "--source COLUMN --target COLUMN" in capsys.readouterr().err.replace("\n", " ")
    if len(text.splitlines()) > 1:
        assert read(path, source="1", target="2").f_vector[1] == len(text.splitlines()) - 1


def test_numbers_of_a_table_stay_what_they_are(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"{10**18},{2**63},inf,{2**63 - 1},{10**20 - 1},01",
            "9223372036854775808,x,2,-1,1,12"]  # fmt: skip
    path.write_text("\n".join(["source,target,filtration,big,huge,code", *rows, ""]))
    found = read_data(path)
    assert found.complex.filtration[1].tolist() == [math.inf, 2.0]
    assert found.attributes[1] == {"big": (2**63 - 1, -1), "huge": (10**20 - 1, 1),
                                   "code": ("01", "12")}  # fmt: skip
    path.write_text("1000000000000000000,9223372036854775808\n")
    assert read(path).vertex_labels == (10**18, 2**63)


HIF = """{"incidences": [{"edge": 1, "node": "a", "weight": 2.5}, {"edge": 1, "node": "b"},
 {"edge": 2, "node": "a", "attrs": {"role": "x"}}, {"edge": 2, "node": "b"}],
 "edges": [{"edge": 1, "attrs": {"year": 1}}, {"edge": 2, "attrs": {"year": 2}}, {"edge": 3}]}"""
XGI = """{"hypergraph-data": {}, "node-data": {"a": {}, "b": {}},
 "edge-data": {"0": {"year": 1}, "1": {"year": 2}},
 "edge-dict": {"0": ["a", "b"], "1": ["b", "a"]}}"""
OFF = "OFF\n3 3 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n3 0 0 1\n3 1 1 1\n"
OBJ = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\nf 1 1 2\nf 2 2 2\n"


@over("name, text, lost", [
    ("a.json", HIF, ["'year', 'edge' of 1 hyperedges that are listed again", "the weights of 1 inc",
                     "the attributes of 1 incidence are", "1 empty hyperedge is"]),
    ("a.xgi", XGI, ["'year' of 1 hyperedges"]),
    ("a.off", OFF, ["2 degenerate faces"]), ("a.obj", OBJ, ["2 degenerate faces"]),
])  # fmt: skip
def test_what_a_complex_cannot_hold_is_said(tmp_path, capsys, name, text, lost):
    (tmp_path / name).write_text(text)
    with pytest.warns(UserWarning, match=lost[0]) as caught:
        read(tmp_path / name)
    assert main(["info", str(tmp_path / name)]) == 0
    for said in (str(caught[0].message), capsys.readouterr().err):
        assert [part for part in lost if part not in said] == []


def test_coordinates_of_points_and_metadata_are_converted(tmp_path, capsys):
    (tmp_path / "p.csv").write_text("name,X,Y\na,0,0\nb,1,0\nc,0,1\n")
    arguments = [str(tmp_path / "p.csv"), str(tmp_path / "p.off"), "--format", "points"]
    assert main(["convert", *arguments, "--max-edge-length", "2"]) == 0
    assert "the names of the complex are left out by off" in capsys.readouterr().err
    assert read_data(tmp_path / "p.off").attributes[0]["x"] == (0.0, 1.0, 0.0)
    write(PATH, tmp_path / "a.gml", metadata={"title": "made"})
    for first, second in [("a.gml", "b.json"), ("b.json", "c.xgi"), ("c.xgi", "d.npz"),
                          ("d.npz", "e.graphml"), ("e.graphml", "f.nodelink")]:  # fmt: skip
        assert main(["convert", str(tmp_path / first), str(tmp_path / second)]) == 0
    assert read_data(tmp_path / "f.nodelink").metadata == {"title": "made"}
    assert "left out" not in capsys.readouterr().err


def test_defaults_of_graphml_are_values(tmp_path):
    (tmp_path / "a.graphml").write_text(
        '<graphml><key id="c" for="node" attr.name="color" attr.type="string">'
        "<default>red</default></key><graph edgedefault='undirected'><node id='a'/>"
        "<node id='b'><data key='c'>blue</data></node><edge source='a' target='b'/>"
        "</graph></graphml>"
    )
    assert read_data(tmp_path / "a.graphml").attributes[0]["color"] == ("red", "blue")


HOSTILE = {
    "a.csv": "\ufeffsource,target,w\r\nZoë,bé,1\r\nbé,é,inf\r\n",
    "b.csv": f"source,target,filtration\na,b,{'9' * 400}\nb,c,1\n",  # beyond float64
    "c.csv": "source,target,filtration\na,b,word\nb,c,1\n", "d.csv": "source,target\nann\n",
    "a.json": '{"nodes": [{"id": null}, {"id": [1, 2], "x": 1e300, "y": 0}], "links": []}',
    "a.gml": '\ufeffgraph [\r\n node [ id 1 filtration 2.5 ]\r\n]\r\n', "b.gml": "graph [ ]",
    "a.net": '*Vertices 2\r\n1 "" 0.5 0.5\r\n2 "x"\r\n', "a.g6": "@\n",
    "a.off": "OFF\n3 1 0\n0 0 0\n1e300 0 0\n0 1 0\n3 0 1 2\n",
    "a.simplextree": "0 3 inf\n", "a.col": "p edge 1 0\n", "a.metis": "1 0\n\n",
    "a_net.tntp": "<NUMBER OF NODES> 3\n1 2 5 ;\n2 1 5 ;\n",
}  # fmt: skip


@pytest.mark.slow
@over("name", HOSTILE)
def test_every_file_becomes_every_other_or_one_line_says_why_not(tmp_path, capsys, name):
    (tmp_path / name).write_bytes(HOSTILE[name].encode())
    for form in WRITTEN:
        out = tmp_path / "out" / f"o{'' if form.name == 'benson' else form.suffixes[0]}"
        out.parent.mkdir(exist_ok=True)
        code = main(["convert", str(tmp_path / name), str(out), "--to", form.name])
        said = capsys.readouterr().err
        assert code in (0, 2)
        made = list(out.parent.iterdir())
        assert bool(made) == (code == 0), form.name
        if code == 2:
            assert len([line for line in said.splitlines() if "error: " in line]) == 1
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            first = read_data(tmp_path / name)
            again = read_data(f"{out}-nverts.txt" if form.name == "benson" else out)
        assert again.complex.f_vector == first.complex.f_vector
        if first.complex.filtration is not None and again.complex.filtration is None:
            assert "filtration" in said, form.name
        for path in made:
            path.unlink()


@over("ending", ["csv", "tsv", "edges", "facets", "adjlist"])
@over("alone", [["source", "target"], ["target"], ["source", "target", "from", "to"],
                ["source", "to", "receiver", "dst"]])  # fmt: skip
def test_vertices_alone_may_be_called_like_a_heading(tmp_path, ending, alone):
    K = SimplicialComplex.from_simplices([("a", "b"), *[(name,) for name in alone]])
    path = tmp_path / f"{alone[-1]}.{ending}"
    if alone[-1] == "dst" and ending in ("csv", "tsv", "edges"):
        with pytest.raises(ValueError, match="such as 'source', that of vertex 2"):
            write(K, path)
        assert not path.exists()
        return
    write(K, path)
    found = read(path)
    assert found.f_vector == K.f_vector
    assert edges_by(found.vertex_labels, found) == edges_by(K.vertex_labels, K)


@over("form", [form for form in WRITTEN if {"attributes", "edge attributes", "edge weights"}
               & {*form.keeps}])  # fmt: skip
@over("filtered", [False, True])
def test_an_attribute_called_filtration_is_none(tmp_path, form, filtered):
    K = PATH.with_filtration([[0.0] * 3, [1.0, 2.0]]) if filtered else PATH
    given = [{"filtration": [7, 8, 9]}, {"filtration": [5, 6], "simplex_filtration": ["a", "b"]}]
    path = tmp_path / f"{filtered}{form.suffixes[0]}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write(K, path, form.name, attributes=given)
        found = read_data(path)
    said = " ".join(str(each.message) for each in caught)
    if "edge weights" in form.keeps:
        assert "the values 'filtration', 'simplex_filtration' are left out by" in said
        assert ("the filtration of the edges is written as 'weight'" in said) == filtered
        assert found.attributes[1].get("weight") == ((1, 2) if filtered else None)
        return
    assert (found.complex.filtration is not None) == filtered
    if filtered:
        assert found.complex.filtration[1].tolist() == [1.0, 2.0]
    kept = [0, 1] if "attributes" in form.keeps else [1]
    for k in kept:
        assert {name: list(own) for name, own in found.attributes[k].items()} == given[k]
    assert ("is called 'simplex_filtration' in the file" in said) == (form.name != "npz")
    assert ("the attributes of dimension 0 are left out" in said) == (kept == [1])


@over("vertices, edges, ending, said, read_as", [
    ([0, 0, 0], [1, 2], "csv", "", [1.0, 2.0]),
    ([-1, 0, 0], [1, 2], "csv", "the filtration of the vertices is left out", [1.0, 2.0]),
    ([-1, -1, 0], [-1, 2], "csv", "it is read as an attribute", None),
    ([0, 0, 0], [1, 2], "net", "of the edges is written as 'weight' by pajek", None),
    ([-1, 0, 0], [1, 2], "net", "by pajek, that of the vertices is left out", None),
    ([-1, 0, 0], [1, 2], "mtx", "by matrix-market, that of the vertices is left out", None),
    ([-1, -1, 0], [0, 2], "mtx", "filtration of the complex is left out", None),
    ([1, 1, 1], [1, 1], "mtx", "filtration of the complex is left out", None),
    ([1, 1, 1], [1, 1], "g6", "filtration of the complex is left out", None),
])  # fmt: skip
def test_what_becomes_of_a_filtration_is_said(tmp_path, vertices, edges, ending, said, read_as):
    K = PATH.with_filtration([list(map(float, vertices)), list(map(float, edges))])
    path = tmp_path / f"a.{ending}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write(K, path)
    text = " ".join(str(each.message) for each in caught)
    assert said in text
    assert bool(said) == bool(text)
    assert text.count("left out") <= 1
    found = read_data(path)
    filtration = found.complex.filtration
    assert (None if filtration is None else filtration[1].tolist()) == read_as
    if "written as 'weight'" in said:
        assert list(found.attributes[1]["weight"]) == edges


@over("ending", ["net", "mtx"])
def test_a_weight_that_is_written_is_not_said_to_be_left_out(tmp_path, recwarn, ending):
    write(PATH, tmp_path / f"a.{ending}", attributes=[{}, {"weight": [2, 3]}])
    assert not recwarn.list
    assert read_data(tmp_path / f"a.{ending}").attributes[1] == {"weight": (2, 3)}


@over("column, said", [
    ([1, "1"], True), ([True, 1], True), ([0.5, "a"], True), ([2**60 + 1, 0.5], True),
    ([10**400, 0.5], True), ([1, 2.5], False), ([True, None], False), ([10**400, 1], False),
    (["1", None], False), ([math.inf, 1], False),
])  # fmt: skip
def test_graphml_says_which_values_have_another_type(tmp_path, column, said):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write(PATH, tmp_path / "a.graphml", attributes=[{}, {"q": column}])
        found = read_data(tmp_path / "a.graphml").attributes[1]["q"]
    assert (list(found) != column) == said
    assert [str(each.message).split(": ")[-1] for each in caught] == said * [
        "the values 'q' are of another type when they are read again."]  # fmt: skip


@over("form", [form for form in WRITTEN if {"attributes", "edge attributes"} & {*form.keeps}
               or form.name == "pajek"])  # fmt: skip
def test_nan_comes_back_or_it_is_said(tmp_path, form):
    path = tmp_path / f"a{form.suffixes[0]}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write(PATH, path, form.name, attributes=[{}, {"weight": [math.nan, 2.0]}])
    found = read_data(path).attributes[1]["weight"]
    assert found[1] == 2.0
    assert (found[0] is None) == any("NaN among the values 'weight'" in str(each.message)
                                     for each in caught)  # fmt: skip
    assert found[0] is None or math.isnan(found[0])
