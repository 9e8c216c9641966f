"""``simplex persistence``: the diagram of the library, from every kind of file that filters."""

import csv
import math

import numpy
import pytest
import torch

from simplex.cli import main
from simplex.complexes import SimplicialComplex
from simplex.io import write
from simplex.lifting import alpha_complex, clique_complex, vietoris_rips_complex
from simplex.persistence import lower_star, persistence
from tests.cases import over


ROADS = "source,target,km\na,b,1\nb,c,2\nc,d,1.5\na,d,3\nb,d,5\n"
EDGES = [(0, 1), (1, 2), (2, 3), (0, 3), (1, 3)]  # of which K has the order 01 03 12 13 23
KM = torch.tensor([1.0, 3.0, 2.0, 5.0, 1.5], dtype=torch.float64)


def circle(count: int = 30) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    angle = 2 * math.pi * torch.rand(count, generator=generator, dtype=torch.float64)
    return torch.stack([angle.cos(), angle.sin()], 1)


def rows_of(path):
    with path.open(newline="") as file:
        return [
            (int(row["graph"]) - 1, int(row["degree"]), float(row["birth"]), float(row["death"]))
            for row in csv.DictReader(file)
        ]


def rows(D, sign=1):
    return [
        (p, k, sign * birth, sign * death)
        for p, k, (birth, death) in zip(
            D.part.tolist(), D.dims.tolist(), D.pairs.tolist(), strict=True
        )
    ]


def the_lift():
    return clique_complex(EDGES, 2)


def lengths():
    """Vertices at 0, edges at their lengths, triangles at the longest."""
    K = lower_star(the_lift(), KM, 1)
    return K.with_filtration([torch.zeros(4, dtype=torch.float64), *K.filtration[1:]])


DEGREES = torch.tensor([2.0, 3, 2, 3], dtype=torch.float64)
CASES = {  # options, the filtered complex, its top degree, the sign of the levels
    "lengths": (["--weight", "km"], lengths, 1, 1),
    "values of edges": (["--by", "km"], lambda: lower_star(the_lift(), KM, 1), 1, 1),
    "the largest first": (
        ["--by", "km", "--descending"], lambda: lower_star(the_lift(), -KM, 1), 1, -1,
    ),
    "degrees": (["--by", "degree"], lambda: lower_star(the_lift(), DEGREES), 1, 1),
    "edges alone": (
        ["--by", "km", "--max-dim", "1"],
        lambda: lower_star(the_lift().skeleton(1), KM, 1), 0, 1,
    ),
    "all of it": (
        ["--by", "km", "--min-persistence", "-1", "--max-dim", "3"],
        lambda: lower_star(the_lift(), KM, 1), 2, 1,
    ),
}  # fmt: skip


@over("case", CASES)
def test_the_diagram_of_a_weighted_graph_is_that_of_the_library(tmp_path, case):
    options, made, top, sign = CASES[case]
    (tmp_path / "roads.csv").write_text(ROADS)
    out = tmp_path / "pairs.csv"
    assert main(["persistence", str(tmp_path / "roads.csv"), "--out", str(out), *options]) == 0
    least = -1.0 if "-1" in options else 0.0
    expected = persistence(made(), top, min_persistence=least)
    assert rows_of(out) == rows(expected, sign)


@over("kind", ["alpha", "rips", "saved", "degree 0 of rips"])
def test_the_diagram_of_points_is_that_of_the_library(tmp_path, capsys, kind):
    points, file, out = circle(), tmp_path / "points.csv", tmp_path / "pairs.csv"
    file.write_text("x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in points.tolist()))
    radius = ["--format", "points", "--max-edge-length", "1.5"]
    if kind == "alpha":
        K, top, options = alpha_complex(points), 2, ["--format", "points", "--alpha"]
    elif kind == "rips":
        K, top, options = vietoris_rips_complex(points, 1.5, 2), 1, radius
    elif kind == "saved":
        K, top, options, file = alpha_complex(points), 2, [], tmp_path / "alpha.simplextree"
        write(K, file)
    else:
        K, top = vietoris_rips_complex(points, 1.5, 1), 0
        options = [*radius, "--max-dim", "1"]
    assert main(["persistence", str(file), "--out", str(out), *options]) == 0
    found, expected = rows_of(out), rows(persistence(K, top))
    assert len(found) == len(expected) > 20
    torch.testing.assert_close(torch.tensor(found), torch.tensor(expected))
    assert "degree 0: 30 classes, of which 1 never ends" in capsys.readouterr().out


def test_a_row_names_the_simplices_that_made_and_ended_its_class(tmp_path):
    (tmp_path / "roads.csv").write_text(ROADS)
    out = tmp_path / "pairs.csv"
    assert (
        main(["persistence", str(tmp_path / "roads.csv"), "--weight", "km", "--out", str(out)]) == 0
    )
    with out.open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    assert (last["birth simplex"], last["death simplex"]) == ("a d", "b c d")


def test_many_graphs_are_paired_each_by_itself(tmp_path, capsys):
    (tmp_path / "two.g6").write_text("EhEG\nEwCW\n")  # a hexagon, two triangles
    assert main(["persistence", str(tmp_path / "two.g6"), "--by", "degree"]) == 0
    first, second = capsys.readouterr().out.split("\n\n")
    assert "degree 1: 1 class, of which 1 never ends\n  2 to inf" in first
    assert "degree 0: 2 classes, of which 2 never end" in second


@over("ending", [".png", ".svg"])
def test_a_picture_is_drawn(tmp_path, ending):
    (tmp_path / "roads.csv").write_text(ROADS)
    picture = tmp_path / f"bars{ending}"
    options = ["--by", "km", "--descending", "--plot", str(picture)]
    assert main(["persistence", str(tmp_path / "roads.csv"), *options]) == 0
    start = picture.read_bytes()[:200]
    assert (
        start.startswith(b"\x89PNG") if ending == ".png" else b"<svg" in start or b"<?xml" in start
    )


REFUSED = {
    "nothing filters": ([], "must say when simplices enter, got no filtration"),
    "no such column": (["--by", "age"], "'km' there"),
    "not all are numbers": (["--by", "kind"], "got 'x' for 'a', 'b', and no number for 4 more"),
    "down without a column": (["--descending"], "--descending must come with --by"),
    "alpha of a graph": (["--alpha"], "--alpha must be given points"),
    "two filtrations": (["--by", "km", "--weight", "km"], "--by must come without --weight"),
    "no field": (["--by", "km", "--prime", "4"], "prime"),
    "another ending": (["--by", "km", "--plot", "bars.txt"], "--plot must end in one of"),
}


@over("case", REFUSED)
def test_what_cannot_be_is_said_in_one_line(tmp_path, capsys, case):
    (tmp_path / "roads.csv").write_text(
        "source,target,km,kind\na,b,1,x\nb,c,2,\nc,d,1.5,x\na,d,3,y\nb,d,5,y\n"
    )
    options, said = REFUSED[case]
    assert main(["persistence", str(tmp_path / "roads.csv"), *options]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("simplex persistence: error:")
    assert said in error


@pytest.mark.parametrize("count", [1, 2])
def test_a_picture_is_of_one_graph(tmp_path, capsys, count):
    (tmp_path / "some.g6").write_text("EhEG\n" * count)
    options = ["--by", "degree", "--plot", str(tmp_path / "bars.png")]
    assert main(["persistence", str(tmp_path / "some.g6"), *options]) == (0 if count == 1 else 2)
    assert (tmp_path / "bars.png").exists() == (count == 1)


def test_a_filtration_in_the_file_is_taken_as_it_is(tmp_path, capsys):
    K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2)])
    write(K.with_filtration([[0.0, 0, 0], [1.0, 2, 3]]), tmp_path / "K.npz")
    assert main(["persistence", str(tmp_path / "K.npz")]) == 0
    assert "degree 1: 1 class, of which 1 never ends\n  3 to inf" in capsys.readouterr().out


NOTED = {  # a file of edges, options, what is said, rows of degree 0
    "an isolated vertex": ("a,b,1\nb,c,2\nlone\n", ["--by", "3"], "never enters", 1),
    "lengths have it": ("a,b,1\nb,c,2\nlone\n", ["--weight", "3"], "", 4),
}


@over("case", NOTED)
def test_what_never_enters_is_said(tmp_path, capsys, case):
    text, options, said, count = NOTED[case]
    (tmp_path / "few.csv").write_text(text)
    out = tmp_path / "pairs.csv"
    assert main(["persistence", str(tmp_path / "few.csv"), "--out", str(out), *options]) == 0
    assert ("note: 1 vertex without an edge " + said in capsys.readouterr().err) == bool(said)
    assert len(rows_of(out)) == count


def test_points_that_coincide_are_one_point_of_the_alpha_complex(tmp_path, capsys):
    points = circle(12)
    twice = torch.cat([points, points[:3]])
    out, found = tmp_path / "pairs.csv", []
    for name, own in (("once.csv", points), ("twice.csv", twice)):
        file = tmp_path / name
        file.write_text("x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in own.tolist()))
        options = ["--format", "points", "--alpha", "--out", str(out)]
        assert main(["persistence", str(file), *options]) == 0
        found.append(rows_of(out))
    assert found[0] == found[1]
    assert "3 points are where another one is" in capsys.readouterr().err


def test_names_with_blanks_are_in_quotes(tmp_path):
    (tmp_path / "names.csv").write_text('source,target,km\nAnn,"Lee Bob",1\n"Ann Lee",Bob,1\n')
    out = tmp_path / "pairs.csv"
    assert (
        main(["persistence", str(tmp_path / "names.csv"), "--weight", "km", "--out", str(out)]) == 0
    )
    with out.open(newline="") as file:
        ended = {row["death simplex"] for row in csv.DictReader(file)}
    assert ended == {"", 'Ann "Lee Bob"', '"Ann Lee" Bob'}


def test_rows_of_one_edge_with_other_values_are_not_chosen_between(tmp_path, capsys):
    (tmp_path / "again.csv").write_text("source,target,km\na,b,1\nb,a,2\nb,c,5\n")
    assert main(["persistence", str(tmp_path / "again.csv"), "--by", "km"]) == 2
    assert "--by km must be one value for each edge" in capsys.readouterr().err


def test_a_column_of_two_dimensions_is_not_chosen_between(tmp_path, capsys):
    (tmp_path / "roads.csv").write_text(ROADS)
    (tmp_path / "places.csv").write_text("id,km\na,1\nb,2\nc,3\nd,4\n")
    options = ["--by", "km", "--nodes", str(tmp_path / "places.csv")]
    assert main(["persistence", str(tmp_path / "roads.csv"), *options]) == 2
    assert "must name one column" in capsys.readouterr().err


def test_a_saved_complex_that_is_cut_has_no_classes_of_its_top_degree(tmp_path):
    write(alpha_complex(circle()), tmp_path / "K.npz")
    out = tmp_path / "pairs.csv"
    options = ["--max-dim", "1", "--out", str(out)]
    assert main(["persistence", str(tmp_path / "K.npz"), *options]) == 0
    assert {k for _, k, *_ in rows_of(out)} == {0}


@over("alpha", [True, False])
def test_points_without_a_format_are_told_the_options_that_fit(tmp_path, capsys, alpha):
    numpy.save(tmp_path / "points.npy", circle().numpy())
    options = ["--alpha"] if alpha else []
    assert main(["persistence", str(tmp_path / "points.npy"), *options]) == (0 if alpha else 2)
    assert ("--max-edge-length R or --alpha" in capsys.readouterr().err) == (not alpha)
