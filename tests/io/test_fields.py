"""Rows of tables that have too many fields, quotes and comments, faces that are none."""

from itertools import pairwise

import pytest

from simplex.complexes import SimplicialComplex
from simplex.io import read, read_data, write
from tests.cases import over


TOO_MANY = {  # a comma in a name, or in a number, is no separator
    "a name, in one row": "source,target,weight\nAnn,Bob,2\nMüller, Jörg,Bob,2\nBob,Ann,3\n",
    "a name, in every row": "source,target,weight\nMüller, Jörg,Bob,2\nLee, Ann,Bob,3\n",
    "a decimal comma": "source,target,weight\nMüller,Jörg,1,5\n",
    "a decimal comma, between semicolons too": "source;target;weight\na;b;1;5\na;c;2;5\n",
    "a name with a blank": "source target weight\nAnn Lee Bob 2\nBob Cy 3\n",
    "no names of rows": "source target\na b 1\na c 2\n",
}


@over("case", TOO_MANY)
@pytest.mark.parametrize("weight", [None, "weight"])
def test_a_row_longer_than_the_heading_is_refused(tmp_path, case, weight):
    (tmp_path / "edges.csv").write_text(TOO_MANY[case])
    if weight is not None and weight not in TOO_MANY[case]:
        weight = "target"
    with pytest.raises(ValueError, match="as many fields as the heading"):
        read(tmp_path / "edges.csv", weight=weight)


NAMED_ROWS = {  # what pandas and R write
    "numbers": "source,target,weight\n0,a,b,2\n1,b,c,3\n",
    "numbers of some": "source,target,weight\n3,a,b,2\n7,b,c,3\n",
    "words between tabs": "source\ttarget\tweight\nr1\ta\tb\t2\nr2\tb\tc\t3\n",
    "numbers in quotes": '"source" "target" "weight"\n"1" "a" "b" 2\n"2" "b" "c" 3\n',
    "more behind it, empty": "source,target,weight\na,b,2,\nb,c,3,\n",
}


@over("case", NAMED_ROWS)
def test_names_of_rows_without_a_heading_are_none_of_vertices(tmp_path, case):
    (tmp_path / "edges.txt").write_text(NAMED_ROWS[case])
    K = read(tmp_path / "edges.txt", weight="weight")
    assert K.vertex_labels == ("a", "b", "c")
    assert K.filtration[1].tolist() == [2.0, 3.0]


QUOTED = {
    "a hash in a name": ('source,target\n"A # 1",Bob\n', {"A # 1", "Bob"}),
    "and a comment behind": ('source,target\n"A # 1",2 # said\n3,4\n', None),
    "a hash without a blank": ('source,target\n"A #1",Bob\n', {"A #1", "Bob"}),
    "between blanks": ('"A # 1" Bob # a comment\nBob Cy\n', {"A # 1", "Bob", "Cy"}),
    "quotes that stay open": ('source,target\n"A # 1,Bob\n', None),
    "a comment with a quote": ('#"x,y\na,b\nb,c\n', None),
}


@over("case", QUOTED)
def test_a_hash_between_quotes_begins_no_comment(tmp_path, case):
    text, names = QUOTED[case]
    (tmp_path / "edges.csv").write_text(text)
    if names is None:  # taken, or refused in a sentence: never an error of another library
        try:
            read(tmp_path / "edges.csv")
        except ValueError as error:
            assert "must" in str(error) or "may" in str(error)  # noqa: PT017
    else:
        assert set(read(tmp_path / "edges.csv").vertex_labels) == names


@over("face", ["f 1 2", "f 3"])
def test_a_face_of_fewer_vertices_than_three_is_no_hole_but_an_error(tmp_path, face):
    (tmp_path / "mesh.obj").write_text(f"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n{face}\n")
    with pytest.raises(ValueError, match="line 5: a face must have three vertices"):
        read(tmp_path / "mesh.obj")


def test_lines_behind_the_faces_of_off_are_said(tmp_path):
    (tmp_path / "mesh.off").write_text("OFF\n4 1 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 1 2\n3 1 2 3\n")
    found = read_data(tmp_path / "mesh.off")
    assert found.complex.f_vector == (4, 3, 1)
    assert any("1 line behind the faces left out" in note for note in found.notes)


def test_points_say_which_columns_are_their_coordinates(tmp_path):
    (tmp_path / "points.csv").write_text("x,y,label\n0,0,1\n1,0,2\n0,1,1\n")
    found = read_data(tmp_path / "points.csv", "points", max_edge_length=2.0)
    assert any("3 points of 3 coordinates: x, y, label" in note for note in found.notes)


POINTS = {  # a table, its names and its columns of coordinates
    "of one coordinate": ("x\n0\n1\n3\n", None, {"x": (0.0, 1.0, 3.0)}),
    "with words": (
        "id,x,y,colour\np,0,1,red\nq,1,0.5,red\nr,2,2,blue\n", ("p", "q", "r"),
        {"x": (0.0, 1.0, 2.0), "y": (1.0, 0.5, 2.0)},
    ),
}  # fmt: skip


@over("case", POINTS)
def test_points_are_the_columns_of_numbers(tmp_path, case):
    text, names, columns = POINTS[case]
    (tmp_path / "points.csv").write_text(text)
    found = read_data(tmp_path / "points.csv", "points", max_edge_length=9.0)
    assert found.complex.vertex_labels == names
    assert {name: tuple(own) for name, own in found.attributes[0].items()} == columns
    assert any("colour of words ignored" in note for note in found.notes) == ("colour" in text)


def test_a_word_among_coordinates_is_still_refused(tmp_path):
    (tmp_path / "points.csv").write_text("x,y\n0,1\n1,red\n")
    with pytest.raises(ValueError, match="must hold numbers, got 'red'"):
        read(tmp_path / "points.csv", "points", max_edge_length=9.0)


NAMES = ["Lee, Ann", 'the "old" one', "Bob", "a;b"]


@over("ending", [".csv", ".tsv"])
def test_names_with_marks_go_into_two_tables_and_back(tmp_path, ending):
    K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3)]).with_vertex_labels(NAMES)
    edges, nodes = tmp_path / f"edges{ending}", tmp_path / f"nodes{ending}"
    write(K, edges, nodes=nodes)
    again = read(edges, nodes=nodes)
    ends = {frozenset(again.vertex_labels[v] for v in e) for e in again.simplices(1).tolist()}
    assert ends == {frozenset(pair) for pair in pairwise(NAMES)}
