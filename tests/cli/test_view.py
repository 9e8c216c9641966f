"""``simplex view``: pages of files, with their places and values, and values of other files."""

import json
import re

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.cli import main
from simplex.io import write
from simplex.operators import hodge_decomposition
from simplex.signals import flow_of
from tests.cases import over


ROADS = "source,target,cars\nann,bob,3\ncid,bob,-1\ncid,ann,2\ncid,<b>,0.5\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "roads.csv").write_text(ROADS)
    return tmp_path


def page(path):
    text = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def edges_of(data, name):
    """The values of a cochain by the names of the ends of edges."""
    cochain = next(c for c in data["cochains"] if c["name"] == name)
    ends = np.array(data["simplices"][1]).reshape(-1, 2).tolist()
    pairs = [(data["labels"][u], data["labels"][v]) for u, v in ends]
    return dict(zip(pairs, cochain["values"][1], strict=True))


def test_names_and_values_of_a_table_are_on_the_page(folder, capsys):
    assert main(["view", "roads.csv"]) == 0
    said = capsys.readouterr()
    assert "f-vector (4, 4, 1), page written to roads.html" in said.out
    data = page(folder / "roads.html")
    assert (data["title"], data["labels"]) == ("roads.csv", ["ann", "bob", "cid", "<b>"])
    assert edges_of(data, "cars") == {
        ("ann", "bob"): 3, ("bob", "cid"): -1, ("ann", "cid"): 2, ("cid", "<b>"): 0.5
    }  # fmt: skip
    assert main(["view", "roads.csv"]) == 0
    assert "roads.html: replaced" in capsys.readouterr().err


def test_what_the_user_has_is_not_overwritten_unasked(folder, capsys):
    (folder / "roads.html").write_text("my notes")
    assert main(["view", "roads.csv"]) == 2
    assert "roads.html is there, and was not written by" in capsys.readouterr().err
    assert (folder / "roads.html").read_text() == "my notes"
    assert main(["view", "roads.csv", "--out", "roads.html"]) == 0
    assert main(["view", "roads.csv", "--out", "roads.png"]) == 2


def test_a_flow_is_turned_with_its_edge_and_a_colour_is_not(folder):
    assert main(["view", "roads.csv", "--flow", "roads.csv", "--out", "a.html"]) == 0
    data = page(folder / "a.html")
    assert (data["cochains"][0]["flow"], data["first_cochain"]) == (True, 0)
    assert edges_of(data, "cars") == {
        ("ann", "bob"): 3, ("bob", "cid"): 1, ("ann", "cid"): -2, ("cid", "<b>"): 0.5
    }  # fmt: skip
    assert main(["hodge", "roads.csv", "--out", "parts.csv"]) == 0
    assert main(["view", "roads.csv", "--flow", "parts.csv", "--out", "b.html"]) == 0
    flow = flow_of(torch.tensor([[0, 2, 2, 2], [1, 1, 0, 3]]), torch.tensor([3.0, -1, 2, 0.5]), 4)
    gradient = hodge_decomposition(flow.complex, flow.x)[0]
    shown = edges_of(page(folder / "b.html"), "gradient")
    assert list(shown.values()) == pytest.approx(gradient.tolist(), abs=1e-6)


def test_values_come_by_names_in_order_and_as_tensors(folder):
    (folder / "ages.csv").write_text("name,age,job\ncid,40,x\nann,30,y\n<b>,,z\n")
    (folder / "order.txt").write_text("1\n2\n3\n4.5\n")  # as many vertices as edges: refused
    (folder / "area.txt").write_text("area\n7\n")
    np.save(folder / "heat.npy", np.arange(1.0))
    torch.save({"a": {1: torch.arange(4.0)}, "b": [torch.arange(4), None]}, folder / "two.pt")
    files = ["ages.csv", "area.txt", "heat.npy", "two.pt"]
    assert main(["view", "roads.csv", "--color", *files]) == 0
    found = {c["name"]: (c["words"], c["values"]) for c in page(folder / "roads.html")["cochains"]}
    assert found["age"] == (None, [[30, None, 40, None], None, None])
    assert found["job"] == (["y", "x", "z"], [[0, None, 1, 2], None, None])
    assert found["area"] == (*found["heat"][:1], [None, None, [7]])
    assert found["heat"][1] == [None, None, [0]]
    assert found["a"][1] == [None, [0, 1, 2, 3], None]
    assert found["b"][1] == [[0, 1, 2, 3], None, None]
    assert main(["view", "roads.csv", "--color", "order.txt"]) == 2


@over(
    "text, said",
    [
        ("1\n2\n", "rows must begin with the names of the vertices of a simplex"),
        ("ann,1\nann,2\n", "each one once, got ann in line 2 and in line 1"),
        ("name,x\nann,1\n\nzed,2\n", "line 4 must begin with the name of a vertex, got 'zed'"),
        (
            "ann,bob,1\ncid,bob,2\nann,zed,3\nann,cid,4\n",
            "line 3 must begin with 2 names of vertices, got 'zed', which is none",
        ),
        ("ann,bob,1\nann,<b>,2\n", "line 2 must begin with a simplex of the complex, got ann, <b>"),
        ("ann,bob,1\nbob,bob,2\nbob,ann,2\n", "line 2 must have its vertices once, got bob, bob"),
        (
            "cars\n1\n2\n3\n4\n",
            "got 4 rows, which fit the dimensions 0 and 1. Begin the rows with "
            "the names of vertices",
        ),
        (
            "cars\n1\n2\n3\n",
            "simplices of one dimension (4, 4, 1), got 3 rows below a",
        ),
        (None, "values.csv: no such file"),
    ],
)
def test_values_that_do_not_fit_are_refused(folder, capsys, text, said):
    (folder / "values.csv").unlink(missing_ok=True)
    if text is not None:
        (folder / "values.csv").write_text(text)
    assert main(["view", "roads.csv", "--color", "values.csv", "--out", "no.html"]) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "no.html").exists()


def test_both_directions_of_an_edge_are_added_up(folder, capsys):
    rows = "ann,bob,3\nbob,ann,1\nann,bob,0.5\ncid,bob,-1\n"
    (folder / "flow.csv").write_text("source,target,cars\n" + rows)
    assert main(["view", "roads.csv", "--flow", "flow.csv"]) == 0
    shown = edges_of(page(folder / "roads.html"), "cars")  # that of the flow is the first
    assert shown == {("ann", "bob"): 2.5, ("bob", "cid"): 1, ("ann", "cid"): None,
                     ("cid", "<b>"): None}  # fmt: skip
    assert main(["view", "roads.csv", "--color", "flow.csv", "--out", "no.html"]) == 2
    assert "each one once, got bob, ann in line 3 and in line 2" in capsys.readouterr().err


def test_what_may_be_meant_otherwise_is_said(folder, capsys):
    (folder / "values.csv").write_text("ann,bob,1\ncid,bob,2\n<b>,zed,3\n")
    assert main(["view", "roads.csv", "--color", "values.csv"]) == 0
    said = capsys.readouterr().err.replace("\n", " ")
    assert "values of dimension 0; if they are of another one, line 3 must begin with 2" in said
    (folder / "values.csv").write_text("zed,2020\nann,2\n")
    assert main(["view", "roads.csv", "--color", "values.csv"]) == 0
    assert "line 1, 'zed 2020', as a heading" in capsys.readouterr().err


def test_vertices_are_where_the_file_says(folder, capsys):
    (folder / "mesh.off").write_text("OFF\n4 4 0\n0 0 0\n6 0 0\n0 8 0\n0 0 24\n"
                                     "3 0 1 2\n3 0 1 3\n3 0 2 3\n3 1 2 3\n")  # fmt: skip
    assert main(["view", "mesh.off"]) == 0
    data = page(folder / "mesh.html")
    place = torch.tensor(data["positions"]).view(4, 3)
    given = torch.tensor([[0.0, 0, 0], [6, 0, 0], [0, 8, 0], [0, 0, 24]])
    assert torch.allclose(torch.pdist(place), torch.pdist(given) / 13, atol=1e-4)
    assert (data["solid"], data["cochains"]) == (True, [])
    assert main(["view", "mesh.off", "--dims", "2"]) == 0
    assert page(folder / "mesh.html")["axes"] == 2
    assert main(["plot", "mesh.off", "--out", "mesh.png"]) == 0
    points = np.random.default_rng(0).standard_normal((20, 5)) * [1, 9, 2, 8, 7]
    np.savetxt(folder / "points.csv", points, delimiter=",", header="a,b,c,d,e", comments="")
    call = ["view", "points.csv", "--format", "points", "--max-edge-length", "9"]
    assert main(call) == 0
    assert "5 coordinates are shown along their first three" in capsys.readouterr().err
    seen = torch.tensor(page(folder / "points.html")["positions"]).view(20, 3)
    axes = np.linalg.svd(points - points.mean(0))[2][:3]
    true = torch.from_numpy((points - points.mean(0)) @ axes.T).float()
    assert torch.allclose(torch.pdist(seen) / torch.pdist(seen).max(),
                          torch.pdist(true) / torch.pdist(true).max(), atol=1e-3)  # fmt: skip


def test_attributes_of_a_graph_are_values_and_places(folder):
    nodes = [{"id": f"v{i}", "x": float(i), "y": float(i * i), "size": 10 * i} for i in range(5)]
    graph = {"nodes": nodes, "links": [{"source": "v0", "target": "v1", "w": 2},
                                       {"source": "v3", "target": "v4", "w": 5}]}  # fmt: skip
    (folder / "graph.json").write_text(json.dumps(graph | {"directed": False, "multigraph": False}))
    assert main(["view", "graph.json"]) == 0
    data = page(folder / "graph.html")
    place = torch.tensor(data["positions"]).view(5, 2)
    step = place[1] - place[0]
    assert torch.allclose(place[4] - place[0], step * torch.tensor([4.0, 16.0]), atol=1e-3)
    found = {c["name"]: c["values"] for c in data["cochains"]}
    assert found == {"size": [[0, 10, 20, 30, 40], None], "w": [None, [2, 5]]}


def test_each_part_has_its_own_values(folder, capsys):
    first, second = ([(0, 1, 2)], [(0, 1), (1, 2)])
    U = SimplicialComplex.disjoint_union(map(SimplicialComplex.from_simplices, (first, second)))
    sizes, weights = [1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11]
    write(U, folder / "two.npz", attributes=[{"size": sizes}, {"weight": weights}])
    assert main(["view", "two.npz", "--graph", "2"]) == 0
    data = page(folder / "two.html")
    assert data["counts"] == [3, 2]
    found = {c["name"]: c["values"] for c in data["cochains"]}
    assert found == {"size": [sizes[3:], None], "weight": [None, weights[3:]]}
    assert main(["view", "two.npz", "--graph", "3"]) == 2
    assert "--graph must be in 1 … 2, got 3" in capsys.readouterr().err
