"""Files as other programs write them, and broken ones: the right answer, or one clear line."""

import json
import os
import re
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest

from simplex import SimplicialComplex
from simplex.cli import main
from simplex.io import formats, read, read_data, write
from simplex.operators import betti_numbers
from tests.cases import over


DATA = Path(os.environ.get("SIMPLEX_DATA", "no such folder"))
TETRAHEDRON = [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]
CORNERS = [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]
POINTS = "\n".join(" ".join(map(str, p)) for p in CORNERS)


def faces(prefix="", start=0):
    return "\n".join(prefix + " ".join(str(v + start) for v in face) for face in TETRAHEDRON)


def binary_stl():
    body = b"".join(
        struct.pack("<12fH", 0, 0, 0, *[x for v in face for x in CORNERS[v]], 0)
        for face in TETRAHEDRON
    )
    return b"made".ljust(80) + struct.pack("<I", 4) + body


def binary_ply(order):
    mark = "<" if order == "little" else ">"
    head = (f"ply\nformat binary_{order}_endian 1.0\ncomment made\nelement vertex 4\n"
            "property float x\nproperty float y\nproperty float z\nproperty uchar red\n"
            "element face 4\nproperty list uchar int vertex_indices\nend_header\n")  # fmt: skip
    points = b"".join(struct.pack(f"{mark}3fB", *p, 7) for p in CORNERS)
    return head.encode() + points + b"".join(struct.pack(f"{mark}B3i", 3, *f) for f in TETRAHEDRON)


SPHERES = {  # the boundary of a tetrahedron
    "a.off": f"OFF\n# made\n4 4 6\n{POINTS}\n{faces('3 ')}\n",
    "b.off": f"COFF 4 4 0\n{POINTS}\n" + faces("3 ").replace("\n", " 255 0 0\n") + "\n",
    "c.off": f"OFF4 4 6\n{POINTS}\n{faces('3 ')}\n",  # as in ModelNet
    "d.off": f"nOFF 3\n4 4 0\n{POINTS}\n{faces('3 ')}\n",
    "c.obj": "v " + POINTS.replace("\n", "\nv ") + "\n" + "\n".join(
        f"f {a + 1} {b + 1} \\\n {c + 1}" for a, b, c in TETRAHEDRON),
    "b.facets": "manifold_lex_d2_n4_#1=[[1,2,3],[1,2,4],\n  [1,3,4],[2,3,4]]\n",
    "a.txt": '[["a", "b", "c"], ["a", "b", "d"], ["a", "c", "d"], ["b", "c", "d"]]',
    "a.obj": "mtllib a.mtl\nv " + POINTS.replace("\n", "\nv ") + "\nvn 0 0 1\n" + "\n".join(
        "f " + " ".join(f"{v + 1}/1/1" for v in face) for face in TETRAHEDRON),
    "b.obj": "v " + POINTS.replace("\n", "\nv ") + "\n" + "\n".join(
        "f " + " ".join(str(v - 4) for v in face) for face in TETRAHEDRON),
    "a.ply": "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\n"
        "property float z\nelement face 4\nproperty list uchar int vertex_index\nend_header\n"
        f"{POINTS}\n{faces('3 ')}\n",
    "b.ply": binary_ply("little"),
    "c.ply": binary_ply("big"),
    "a.stl": binary_stl(),
    "b.stl": "solid made\n" + "".join(
        "facet normal 0 0 0\nouter loop\n" + "".join(
            f"vertex {' '.join(map(str, CORNERS[v]))}\n" for v in face) + "endloop\nendfacet\n"
        for face in TETRAHEDRON) + "endsolid\n",
    "a.facets": "a b c\na b d\na c d\nb c d\n",
    "a.simplextree": "".join(f"{len(s) - 1} {' '.join(map(str, s))} 0.5\n" for s in [
        (0,), (1,), (2,), (3,), (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), *TETRAHEDRON]),
    "a.json": json.dumps({"network-type": "undirected", "incidences": [
        {"edge": f"e{e}", "node": v} for e, face in enumerate(TETRAHEDRON) for v in face]}),
    "b.json": json.dumps({"type": "hypergraph", "hypergraph-data": {"name": "made"},
                          "node-data": {str(v): {} for v in range(4)}, "edge-data": {},
                          "edge-dict": {str(e): list(map(str, face))
                                        for e, face in enumerate(TETRAHEDRON)}}),
}  # fmt: skip
GRAPHS = {  # a triangle with a tail, a to d
    "a.gml": 'Creator "made"\ngraph [ comment "x" node [ id 5 label "a" ] node [ id 6 label "b" ]\n'
        ' node [ id 7 label "c" graphics [ x 1.0 y 2 ] ] node [ id 8 label "&#100;" ]\n'
        "edge [ source 5 target 6 weight 2 ] edge [ source 6 target 7 ]\n"
        "edge [ source 5 target 7 ] edge [ source 7 target 8 ] ]",
    "a.net": '*Vertices 4\n1 "a" 0.1 0.2 0.5\n2 "b"\n3 c\n4 "d"\n'
        "*Edges\n1 2 1\n2 3\n1 3\n3 4 2.5\n",
    "b.net": "*Network made\n*vertices 4\r\n1 a\r\n2 b\r\n3 c\r\n4 d\r\n"
        "*edgeslist\r\n1 2 3\r\n3 2 4\r\n",
    "c.net": "A remark of the author\n*Vertices 4\n1 a\n2 b\n3 c\n4 d\n*Matrix\n0 1 1 0\n1 0 1 0\n"
        "1 1 0 1\n0 0 1 0\n",
    "a.json": json.dumps({"nodes": [{"id": x, "group": 1} for x in "abcd"], "links": [
        {"source": x, "target": y, "value": 1} for x, y in ("ab", "bc", "ac", "cd")]}),
    "b.json": json.dumps({"nodes": [{"name": x} for x in "abcd"], "links": [
        {"source": x, "target": y} for x, y in ((0, 1), (1, 2), (0, 2), (2, 3))]}),
    "a.adjlist": "a b c\nb c\nc d\nd\n",
    "a.graphml": "<graphml><graph edgedefault='undirected'>" + "".join(
        f"<edge source='{x}' target='{y}'/>" for x, y in ("ab", "bc", "ac", "cd"))
        + "</graph></graphml>",
    "a.csv": "from,to,since\na,b,2001\nb,c,2002\na,c,2003\nc,d,2004\n",
}  # fmt: skip
NUMBERED = {  # the same on 0 … 3, numbered from 1
    "a.dimacs": "c made\np edge 4 4\ne 1 2\ne 2 3\ne 1 3\ne 3 4\n",
    "b.col": "p col 4 4\ne 1 2\ne 2 3\ne 1 3\ne 3 4\n",
    "a.metis": "% made\n4 4\n2 3\n1 3\n1 2 4\n3\n",
    "b.graph": "4 4 11\n1 2 7 3 1\n1 1 7 3 1\n1 1 1 2 1 4 5\n1 3 5\n",
    "a.mtx": "%%MatrixMarket matrix coordinate pattern symmetric\n4 4 4\n2 1\n3 2\n3 1\n4 3\n",
    "a.s6": ":Cc`FN\n",
}


def save(folder, name, text):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / name


@over("name", SPHERES)
def test_spheres(tmp_path, name):
    K = read(save(tmp_path, name, SPHERES[name]))
    assert (K.f_vector, betti_numbers(K)) == ((4, 6, 4), (1, 0, 1))


@over("name", [name for name in SPHERES if name[2:] in ("off", "obj", "ply", "stl")])
def test_coordinates_are_attributes(tmp_path, name):
    found = read_data(save(tmp_path, name, SPHERES[name]))
    columns = [found.attributes[0][axis] for axis in "xyz"]
    assert sorted(zip(*columns, strict=True)) == sorted(CORNERS)
    assert (found.attributes[0].get("red") == (7,) * 4) == (name in ("b.ply", "c.ply"))


@over("name", GRAPHS)
def test_graphs_of_names(tmp_path, name):
    K = read(save(tmp_path, name, GRAPHS[name]))
    names = K.vertex_labels
    edges = {"".join(sorted(names[v] for v in row)) for row in K.simplices(1).tolist()}
    assert (sorted(names), edges) == (list("abcd"), {"ab", "bc", "ac", "cd"})


def test_points_of_any_dimension_and_matrices_of_two_sides(tmp_path):
    """GUDHI's point clouds count a face that is not there; Pajek's second side has the columns."""
    found = read_data(save(tmp_path, "a.off", "nOFF\n4\n2 1 0\n1 2 3 4\n5 6 7 8\n"))
    assert found.complex.f_vector == (2,)
    assert [found.attributes[0][f"x{i}"] for i in (1, 4)] == [(1, 5), (4, 8)]
    text = "*Vertices 5 2\n*Matrix\n0 1 0.5\n2 0 1\n"
    found = read_data(save(tmp_path, "a.net", text))
    assert found.complex.simplices(1).tolist() == [[0, 3], [0, 4], [1, 2], [1, 4]]
    assert found.attributes[1]["weight"] == (1, 0.5, 2, 1)
    two = read(save(tmp_path, "two.facets", "a = [[1,2,3]];\nb := [[1,2],[2,3]]\n"))
    assert (two.num_parts, two.f_vector) == (2, (6, 5, 1))


@over("name", [name for name in NUMBERED if name != "a.s6"])
def test_graphs_of_numbers(tmp_path, name):
    K = read(save(tmp_path, name, NUMBERED[name]))
    assert K.simplices(1).tolist() == [[0, 1], [0, 2], [1, 2], [2, 3]]
    assert K.vertex_labels is None


def test_weights_are_attributes_or_the_filtration(tmp_path):
    for name, weight, expected in [
        ("b.graph", "weight", [7, 1, 1, 5]),
        ("a.csv", "since", [2001, 2003, 2002, 2004]),
        ("a.json", "value", [1, 1, 1, 1]),
    ]:
        text = NUMBERED.get(name) or GRAPHS[name]
        path = save(tmp_path, name, text)
        assert list(read_data(path).attributes[1][weight]) == expected
        assert read(path, weight=weight).filtration[1].tolist() == expected
    with pytest.raises(ValueError, match="must be an attribute of edges"):
        read(save(tmp_path, "a.gml", GRAPHS["a.gml"]), weight="colour")


BROKEN = {
    "a.off": ["", "OFF\n", "OFF\n3 1 0\n0 0 0\n", "OFF\n1 1 0\n0 0 0\n3 0 0 9\n", "word\n1 1 1\n",
              "OFF\n4 1 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n", "OFF\n1 0 0\n0 nan 0\n",
              "nOFF\n1 0 0\n0 0\n", "nOFF 2\n2 0 0\n0 0 0\n"],
    "a.obj": ["", "f 1 2 3\n", "v 0 0 0\nf 1 2 x\n", "v 0 0 0\nf 1 2 9\n", "v 0 0\n",
              "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n"],
    "a.stl": ["", "solid x\nfacet normal 0 0 0\nvertex 0 0 0\n", "word", b"\0" * 84 + b"x"],
    "a.ply": ["", "ply\n",
              "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nend_header\n1",
              "ply\nformat ascii 1.0\nelement vertex 999999999999\nproperty float x\n"
              "property float y\nend_header\n1 2\n", binary_ply("little")[:-3],
              "ply\nformat odd 1.0\nelement vertex 0\nend_header\n"],
    "a.gml": ["", "graph [", "graph [ node [ id 1 ] node [ id 1 ] ]", "graph [ directed 1 ]",
              "graph [ edge [ source 1 target 2 ] ]", "graph ] [", "graph [ node 3 4 ]",
              'graph [ a "b ]', "graph [ " + "a [ " * 500 + "] " * 500 + "]"],
    "a.net": ["", "1 2\n", "*Vertices x\n", "*Vertices 2\n*Arcs\n1 2\n",
              "*Vertices 2\n*Edges\n1 9\n", "*Vertices 2\n*Matrix\n0 1\n0 0\n",
              "*Vertices 2\n*Matrix\n0 1\n1 0 0\n", "*Vertices 3 2\n*Matrix\n0 1 1\n1 0 0\n",
              "*Vertices 99999999999\n",
              "*Vertices 2\n*Edges\n1 2 x\n"],
    "a.dimacs": ["", "e 1 2\n", "p edge 2 1\ne 1 3\n", "p edge 2 5\ne 1 2\n", "p sp 2 1\na 1 2 3\n",
                 "p edge 99999999999 0\n", "p edge 2 1\nword\n"],
    "a.metis": ["", "2\n", "2 1\n2\n", "2 1\n2\n\n", "2 1\n2\n9\n", "2 1 7\n2\n1\n", "1 0\n\n3\n",
                "99999999999 0\n"],
    "a.json": ["", "{", "[]", "{}", '{"nodes": 3, "links": []}', '{"nodes": [], "links": [{}]}',
               '{"nodes": [{"id": 1}, {"id": 1}], "links": []}', '{"edge-dict": 3}',
               '{"edge-dict": {"a": 3}}', '{"edge-dict": {"a": [1, 1]}}', '{"incidences": 3}',
               '{"directed": true, "nodes": [{"id": 1}], "links": []}', "[" * 100_000,
               '{"network-type": "directed", "incidences": [{"edge": 1, "node": 1}]}'],
    "a.simplextree": ["", "0 0\n", "1 0 1 2.0\n", "1 0 0 1\n", "0 -1 1\n", "0 0 nan\n", "word\n"],
    "a.facets": ["", "a a\n", "[[1, 2], [1, 1]]", "[[1, 2]] and", "[[1, 2.5], [a]]", "[[1, 2], 3",
                 "a b\n" + " ".join(map(str, range(60))) + "\n"],
    "a.npz": ["", "word", b"PK\x03\x04" + b"\0" * 40],
    "a.pt": ["", "word", b"PK\x03\x04" + b"\0" * 40],
    "a.npy": ["", "word"],
    "a.xyz": ["", "2\nmade\nC 0 0 0\nC 0 0\n", "1\nmade\nC 0 0 0\nmore\n"],
    "a.tntp": ["", "node X Y ;\n1 0 0 ;\n", "1 2 x ;\n", "1 2 3 ;\n2 1 ;\n", "a b 1 ;\nb a 1 ;\n",
               "<NUMBER OF NODES> 99999999999\n1 2 3 ;\n2 1 3 ;\n",
               "Origin 1\n1 : 2.0; 2 : 3.0;\n"],
    "a.g6": ["", "word\x01"], "a.mtx": ["", "%%MatrixMarket word\n"], "a.graphml": ["", "<a/>"],
}  # fmt: skip


@over("name", BROKEN)
def test_broken_files_are_refused_in_one_line(tmp_path, capsys, name):
    for text in BROKEN[name]:
        path = save(tmp_path, name, text)
        options = ["--max-edge-length", "1"] if name in ("a.npy", "a.xyz") else []
        code = main(["convert", str(path), str(tmp_path / "out.pt"), *options])
        out, err = capsys.readouterr()
        assert (code, out) == (2, ""), text[:60]
        assert len(err.splitlines()) == 1, text[:60]
        assert err.startswith(f"simplex convert: error: {path}"), err
        assert not (tmp_path / "out.pt").exists()


@over("name", [name for name in BROKEN if name not in ("a.npy", "a.xyz")])
def test_in_python_they_are_value_errors(tmp_path, name):
    for text in BROKEN[name]:
        path = save(tmp_path, name, text)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if name in ("a.g6", "a.graphml", "a.facets") and not text:
                assert read(path).dim == -1 if name != "a.graphml" else True
                continue
            with pytest.raises(ValueError, match=r"a\.") as caught:
                read(path)
        assert "--" not in str(caught.value)


def test_what_cannot_be_written_is_refused(tmp_path):
    K = SimplicialComplex.from_simplices([(0, 1, 2)])
    again = SimplicialComplex.from_simplices([(0, 1)]).with_vertex_labels(["a", "a"])
    odd = SimplicialComplex.from_simplices([("a,b;c\td", "e\nf")])
    arrows = SimplicialComplex.from_simplices([(0, 1)], directed=True)
    for complex, name, reason in [
        (K, "a.graphml", "dimension at most 1"), (K, "a.dist", "one that is written"),
        (K, "a.unknown", "must end in one of"), (K, "no/a.json", "existing folder"),
        (K, "a.off", "coordinates"), (again, "a.json", "distinct"), (again, "a.csv", "distinct"),
        (arrows, "a.csv", "undirected"), (SimplicialComplex(0), "a.csv", "at least one vertex"),
        (odd, "a.edges", "keeps apart"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=reason):
            write(complex, tmp_path / name)
    with pytest.raises(ValueError, match="a value for each"):
        write(K, tmp_path / "a.json", attributes=[{"x": [1]}])
    with pytest.raises(TypeError, match="SimplicialComplex"):
        write([(0, 1)], tmp_path / "a.json")
    assert not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "absent.json")


def test_self_loops_and_other_values_of_an_edge_are_said(tmp_path):
    path = save(tmp_path, "a.csv", "source,target,hours\na,a,1\na,b,2\nb,a,3\n")
    with pytest.warns(UserWarning, match="1 self-loop is left out; values 'hours'"):
        found = read_data(path)
    assert found.attributes[1]["hours"] == (2,)
    with pytest.raises(ValueError, match="one length"):
        read(path, weight="hours")


# Real files


def real(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no {name} in SIMPLEX_DATA")
    return path


def test_real_hypergraphs():
    for name, sizes, lost in [
        ("lesmis.hif.json", (80, 254, 361), "'edge' of 207 .* weights of 757 incidences are left"),
        ("diseasome.json", (516, 550, 195), None),
        ("publications_main_component.hif.json", (108, 389, 695), None),
    ]:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = read_data(real(f"hif/{name}"), max_dim=2)
        assert found.complex.f_vector == sizes
        shown = " ".join(str(each.message) for each in said)
        assert re.search(lost, shown) if lost else True, shown
    assert "title" in read_data(real("hif/diseasome.json"), max_dim=1).attributes[0] or (
        "label" in read_data(real("hif/diseasome.json"), max_dim=1).attributes[0]
    )
    with pytest.raises(ValueError, match="faces: cut them with max_dim=…"):
        read(real("hif/e-coli.json"), undirected=True)
    with pytest.raises(ValueError, match="undirected=…"):
        read(real("hif/e-coli.json"))
    with pytest.warns(UserWarning, match="'edge' of 17 hyperedges that are listed again"):
        assert read(real("hif/e-coli.json"), undirected=True, max_dim=1).f_vector[0] > 0


def test_real_roads_and_rates():
    with pytest.warns(UserWarning, match="come again"):
        london = read_data(real("flows/london/LondonEdges.csv"))
    assert london.complex.f_vector == (82, 130)
    assert set(london.attributes[1]) == {"Type", "distance", "lanes", "speed_limit"}
    with pytest.warns(UserWarning, match="self-loops"):
        rates = read_data(real("flows/exchange/FX_1538755200.csv"))
    assert rates.complex.f_vector == (25, 300)
    assert "AUD" in rates.complex.vertex_labels


def test_real_roads_with_their_flows(capsys):
    """Links both ways are one edge; the flow on it keeps its direction as a sign."""
    with pytest.warns(UserWarning, match="values 'Volume', 'Cost' of edges that come again"):
        found = read_data(real("flows/siouxfalls/siouxfalls_net.tntp"))
    assert found.complex.f_vector == (24, 38)
    assert found.complex.vertex_labels == tuple(range(1, 25))
    assert found.metadata["NUMBER OF LINKS"] == 76
    assert found.attributes[1]["free_flow_time"][:3] == (6, 4, 5)
    assert found.attributes[0]["x"][0] == -96.77041974
    net = str(real("flows/anaheim/anaheim_net.tntp"))
    with pytest.raises(ValueError, match="the link 1 117 and none back"):
        read(net)
    assert main(["info", net, "--undirected", "--max-dim", "1"]) == 0
    assert main(["hodge", net, "--value", "Volume", "--max-dim", "1"]) == 0
    assert "(416, 634)" in capsys.readouterr().out


def test_a_heading_of_tntp_may_hold_blanks(tmp_path):
    head = "<NUMBER OF NODES> 4\n<END OF METADATA>\n~\tInit node\tTerm node\tFree Flow\t;\n"
    found = read_data(save(tmp_path, "a_net.tntp", head + "\t1\t2\t.5\t;\n\t2\t1\t.5\t;\n"))
    assert found.complex.f_vector == (4, 1)
    assert found.attributes[1] == {"Free Flow": (0.5,)}


def test_real_strongly_regular_graphs():
    K = read(real("sr/sr251256.g6"))
    assert (K.num_parts, K.f_vector) == (15, (15 * 25, 15 * 150))


def test_real_points_of_drifters(tmp_path):
    with np.load(real("ocean/ocean_drifters.npz")) as stored:
        np.save(tmp_path / "p.npy", stored["coordinates"])
        K = SimplicialComplex.from_simplices(stored["triangles"], num_vertices=133)
        places = dict(zip("xy", stored["coordinates"].T, strict=True))
    assert read(tmp_path / "p.npy", max_edge_length=0.0).f_vector == (133,)
    for form in formats():
        if "coordinates" in form.keeps and form.name != "stl":
            write(K, tmp_path / f"m{form.suffixes[0]}", attributes=[places])
            assert read(tmp_path / f"m{form.suffixes[0]}") == K


MARKET = "%%MatrixMarket matrix coordinate real general\n3 3 4\n1 2 0.5\n2 1 {}\n2 3 2\n3 2 2\n"


def test_a_matrix_with_two_values_for_an_edge_is_refused(tmp_path):
    (tmp_path / "same.mtx").write_text(MARKET.format("0.5"))
    assert read_data(tmp_path / "same.mtx").attributes[1]["weight"] == (0.5, 2.0)
    (tmp_path / "other.mtx").write_text(MARKET.format("0.7"))
    with pytest.raises(ValueError, match="another value at \\(i, j\\) than at \\(j, i\\)"):
        read(tmp_path / "other.mtx")
    skew = "%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n2 1 -0.5\n"
    (tmp_path / "skew.mtx").write_text(skew)
    with pytest.raises(ValueError, match="another value"):
        read(tmp_path / "skew.mtx")


def test_a_negative_filtration_of_edges_alone_stays_an_attribute(tmp_path):
    """A table has no place for values of vertices, which would be 0, above their edges."""
    K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
    K = K.with_filtration([[-3.0, -2.0, -2.0], [-1.0, -2.0]])
    with pytest.warns(UserWarning, match="filtration"):
        write(K, tmp_path / "a.csv")
    found = read_data(tmp_path / "a.csv")
    assert found.complex.filtration is None
    assert found.attributes[1]["filtration"] == (-1.0, -2.0)


@over("format", [None, "points"])
def test_options_in_errors_are_those_of_python(tmp_path, format):
    (tmp_path / "circle.csv").write_text("0.5,1.5\n1.5,0.25\n-1.5,2.5\n")
    with pytest.raises(ValueError, match=r'format="points".*max_edge_length=R') as caught:
        read(tmp_path / "circle.csv", format)
    assert "=…" not in str(caught.value)
    assert "--" not in str(caught.value)
