"""``simplex hodge``: parts of a flow, against the decomposition; tables that hold none."""

import csv

import pytest
import torch

from simplex.cli import main
from simplex.io import read_data, read_flow
from simplex.lifting import clique_complex
from simplex.operators import hodge_decomposition
from tests.cases import over


TABLES = {  # what each says, net: a-b 1.25, a-c -1, b-c -2, c-d 0.5
    "flow.csv": "source,target,value\na,b,1.5\nc,b,2\na,c,-1\nc,d,0.5\nb,a,0.25\n",
    "several.tsv": "from\tto\ttons\tyear\na\tb\t1.25\t1\nc\ta\t1\t2\nb\tc\t-2\t3\nc\td\t0.5\t4\n",
    "plain.txt": "a b 1.25\na c -1\nb c -2\nd c -0.5\n",
}


@over("name", TABLES)
def test_the_parts_are_those_of_the_decomposition(tmp_path, capsys, name):
    (tmp_path / name).write_text(TABLES[name])
    out = tmp_path / "parts.csv"
    options = ["--value", "tons"] if name == "several.tsv" else []
    assert main(["hodge", str(tmp_path / name), "--out", str(out), *options]) == 0
    K = clique_complex([(0, 1), (0, 2), (1, 2), (2, 3)], 2)
    x = torch.tensor([1.25, -1.0, -2.0, 0.5], dtype=torch.float64)
    parts = hodge_decomposition(K, x)
    said = capsys.readouterr().out
    for kind, part in zip(("gradient", "curl", "harmonic"), parts, strict=True):
        assert f"{kind:8} {float(part.square().sum() / x.square().sum()):7.2%}" in said
    expected = dict(zip(K.simplices(1).T[0].mul(4).add(K.simplices(1).T[1]).tolist(),
                        torch.stack([x, *parts], 1), strict=True))  # fmt: skip
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 4
    for row in rows:
        u, v = ("abcd".index(row[end]) for end in ("source", "target"))
        sign, key = (1, 4 * u + v) if u < v else (-1, 4 * v + u)
        found = [float(row[column]) for column in ("value", "gradient", "curl", "harmonic")]
        torch.testing.assert_close(sign * torch.tensor(found, dtype=torch.float64), expected[key])


@over("name", TABLES)
def test_the_flow_in_python_is_that_of_the_command(tmp_path, name):
    (tmp_path / name).write_text(TABLES[name])
    K, x = read_flow(tmp_path / name, value="tons" if name == "several.tsv" else None)
    number = {name: i for i, name in enumerate(K.vertex_labels)}
    expected = torch.zeros(4, 4, dtype=torch.float64)
    for u, v, f in [("a", "b", 1.25), ("a", "c", -1.0), ("b", "c", -2.0), ("c", "d", 0.5)]:
        expected[number[u], number[v]], expected[number[v], number[u]] = f, -f
    assert x.tolist() == expected[tuple(K.simplices(1).T)].tolist()


def test_rows_that_are_turned_are_said(tmp_path, capsys):
    (tmp_path / "flow.csv").write_text("source,target,value\na,b,1\nc,b,2\na,c,-1\nc,a,-1\n")
    said = "the direction of 2 rows is forgotten, the numbers 'value'"
    assert any(said in one for one in read_data(tmp_path / "flow.csv").notes)
    assert main(["convert", str(tmp_path / "flow.csv"), str(tmp_path / "b.csv")]) == 0
    assert said in capsys.readouterr().err
    assert main(["convert", str(tmp_path / "b.csv"), str(tmp_path / "c.csv")]) == 0
    assert "direction" not in capsys.readouterr().err


def test_loops_of_a_flow_are_said_in_python(tmp_path):
    (tmp_path / "flow.csv").write_text("source,target,value\na,a,1\na,b,2\n")
    with pytest.warns(UserWarning, match="1 self-loops are left out"):
        assert read_flow(tmp_path / "flow.csv").x.tolist() == [2.0]
    with pytest.raises(ValueError, match="value=… must name a column of values, got q"):
        read_flow(tmp_path / "flow.csv", value="q")


@over("big, small", [("16777217", "0.1"), ("1e300", "2e299"), ("1e-300", "3e-301")])
def test_values_are_those_of_the_file(tmp_path, capsys, big, small):
    (tmp_path / "flow.csv").write_text(f"a,b,{big}\nb,c,{small}\n")
    out = tmp_path / "parts.csv"
    assert main(["hodge", str(tmp_path / "flow.csv"), "--out", str(out)]) == 0
    assert "gradient 100.00% of the energy" in capsys.readouterr().out
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [float(row["value"]) for row in rows] == [float(big), float(small)]
    for row in rows:  # on a tree all is a gradient
        assert abs(float(row["gradient"]) / float(row["value"]) - 1) < 1e-7


def test_without_triangles_there_is_no_curl(tmp_path, capsys):
    (tmp_path / "flow.csv").write_text(TABLES["flow.csv"])
    assert main(["hodge", str(tmp_path / "flow.csv"), "--max-dim", "1"]) == 0
    assert "curl       0.00%" in capsys.readouterr().out


@over(
    "text, options, message",
    [
        ("a,b,c\nx,y,\ny,z,1\n", [], "finite numbers"),
        ("source,target,p,q\na,b,1,2\n", [], "there are: p, q"),
        ("source,target,p,q\na,b,1,2\n", ["--value", "r"], "got r; there are: p, q"),
        ("source,target\na,b\n", [], "there are: none"),
        ("source,target,value\na,b,x\n", [], "got 'x' for edge 1 of 1"),
        ("a,b,1e308\na,b,1e308\n", [], "a finite sum, got one beyond float64"),
        ("source,target,value\na,b,1\n", ["--rings", "6"], "must be left out"),
        ("source,target,value\na,b,1\n", ["--out", "parts.txt"], ".csv"),
    ],
)
def test_tables_without_values_are_refused(tmp_path, capsys, text, options, message):
    (tmp_path / "flow.csv").write_text(text)
    assert main(["hodge", str(tmp_path / "flow.csv"), *options]) == 2
    assert message in capsys.readouterr().err


def test_self_loops_are_said(tmp_path, capsys):
    (tmp_path / "flow.csv").write_text("source,target,value\na,a,1\na,b,2\n")
    assert main(["hodge", str(tmp_path / "flow.csv")]) == 0
    assert "1 self-loops are left out" in capsys.readouterr().err
