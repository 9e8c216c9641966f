"""The commands, run in process: output and exit codes, and one clear line for bad input."""

import json
import subprocess
import sys

import networkx as nx
import torch

from simplex import SimplicialComplex, __version__, lifting
from simplex.cli import main
from simplex.storage import open_complex
from tests.cases import over


PNG = b"\x89PNG"


def run(capsys, *argv):
    code = main([str(argument) for argument in argv])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_lift_saves_what_it_says(files, capsys):
    code, out, err = run(capsys, "lift", "header.g6", "--max-dim", 3, "--out", "K.pt")
    assert (code, err) == (0, "")
    assert "dimension 3: 1 simplices" in out
    K = torch.load("K.pt", weights_only=True)
    assert isinstance(K, SimplicialComplex)
    assert K.f_vector == (4, 6, 4, 1)


def test_other_lifts(files, capsys):
    ring = nx.cycle_graph(6)
    for how, options, expected in (
        ("neighborhood", [], lifting.neighborhood_complex(ring)),
        ("khop", ["--reach", 2], lifting.khop_complex(ring, 2)),
        ("connected-sets", ["--max-dim", 3], lifting.connected_sets_complex(ring, 3)),
        ("graph-rips", ["--reach", 2], lifting.graph_rips_complex(ring, 2)),
    ):
        argv = ["lift", "hexagon.txt", "--how", how, *options, "--out", "H.pt"]
        assert run(capsys, *argv)[0] == 0
        assert torch.load("H.pt", weights_only=True) == expected
    code, out, _ = run(capsys, "lift", "many.g6", "--how", "khop", "--reach", 1)
    assert (code, "4 graphs, as one disjoint union" in out) == (0, True)
    for argv, words in (
        (["hexagon.txt", "--how", "khop"], "--reach must be given with --how khop"),
        (["hexagon.txt", "--reach", 2], "--reach must be left out with --how clique"),
        (["complex.pt", "--how", "neighborhood"], "must hold graphs for --how neighborhood"),
        (["hexagon.txt", "--how", "neighborhood", "--to-disk", "F"], "--to-disk must be left out"),
        (["hexagon.txt", "--how", "neighborhood", "--max-simplices", 3], "at most --max-simplices"),
    ):
        code, _, err = run(capsys, "lift", *argv)
        assert code == 2
        assert words in err


def test_lift_of_many_graphs_is_a_union_that_is_read_back_as_its_parts(files, capsys):
    assert run(capsys, "lift", "many.g6", "--out", "U.pt")[0] == 0
    assert torch.load("U.pt", weights_only=True).num_parts == 4
    code, out, _ = run(capsys, "wl", "U.pt")
    assert code == 0
    assert "4 graphs in 3 classes;" in out
    assert "graphs 3, 4" in out


def test_rings_are_filled_by_every_command_that_reads_graphs(files, capsys):
    code, out, _ = run(capsys, "lift", "hexagon.txt", "--rings", 6, "--out", "R.pt")
    assert (code, "dimension 2: 6 simplices" in out) == (0, True)
    K = torch.load("R.pt", weights_only=True)
    assert K.filtration[0].tolist() == [0] * 6 + [6]
    assert run(capsys, "lift", "hexagon.txt", "--rings", 5)[1].startswith("dimension 0: 6 ")
    flat = ["wl", "hexagon.txt", "triangles.txt", "--max-dim", 1]
    assert "Not told apart" in run(capsys, *flat)[1]
    assert "Told apart before the first round" in run(capsys, *flat, "--rings", 6)[1]
    assert "Betti numbers         (1, 0, 0)" in run(capsys, "info", "hexagon.txt", "--rings", 8)[1]
    for argv in (["R.pt", "--rings", 6], ["hexagon.txt", "--rings", 6, "--to-disk", "folder"]):
        code, _, err = run(capsys, "lift", *argv)
        assert (code, "--rings must be left out" in err) == (2, True)


def test_wl_of_two_files(files, capsys):
    code, out, _ = run(capsys, "wl", "hexagon.txt", "triangles.txt")
    assert code == 0
    assert "Told apart before the first round, by the triangles: A has 0, B has 2." in out
    code, out, _ = run(capsys, "wl", "hexagon.txt", "triangles.txt", "--test", "wl", "--exact")
    assert code == 0
    assert "Not told apart" in out
    assert "exact: not isomorphic." in out
    code, out, _ = run(capsys, "wl", "triangle.edges", "names.csv", "--exact")
    assert "exact: isomorphic." in out


def test_wl_of_one_file(files, capsys):
    code, out, _ = run(capsys, "wl", "many.g6", "--test", "wl")
    assert code == 0
    assert "4 graphs in 2 classes;" in out
    assert "class 1: graphs 1, 2" in out
    assert "not told apart: 2 of 6" in out
    code, out, _ = run(capsys, "wl", "triangle.edges")
    assert code == 0
    assert "vertices: 4 in 3 colours" in out


def test_wl_with_marks(files, capsys):
    code, out, _ = run(capsys, "wl", "hexagon.txt", "triangles.txt", "--test", "wl", "--marks", 1)
    assert code == 0
    assert "1 mark: at most 12 copies, " in out
    assert "WL: Told apart after 2 rounds with one vertex marked, by the vertices: " in out
    code, out, _ = run(capsys, "wl", "many.g6", "--marks", 2, "--mark-dim", 1)
    assert code == 0
    assert "2 marks: at most " in out
    assert "graphs in " in out
    code, out, _ = run(capsys, "wl", "triangle.edges", "--marks", 1)
    assert code == 0
    assert "vertices: 4 in 3 colours" in out
    code, _, err = run(capsys, "wl", "triangle.edges", "--marks", 1, "--test", "wl")
    assert code == 2
    assert "must be for --test swl" in err


def test_wl_canonical(files, capsys):
    code, out, _ = run(capsys, "wl", "triangle.edges", "names.csv", "--canonical")
    assert code == 0
    forms = [line.split()[-1] for line in out.splitlines()[:2]]
    assert forms[0] == forms[1]
    assert "exact: isomorphic." in out
    out = run(capsys, "wl", "hexagon.txt", "triangles.txt", "--canonical")[1]
    assert "exact: not isomorphic." in out
    code, out, _ = run(capsys, "wl", "many.g6", "--canonical")
    assert code == 0
    assert "canonical forms: 4 graphs in 3 classes; those of one class are isomorphic" in out
    assert "pairs isomorphic: 1 of 6" in out
    code, out, _ = run(capsys, "wl", "hexagon.txt", "--canonical")
    assert code == 0
    assert "symmetries: 12\nvertices: 6 in 1 orbit\n" in out
    assert forms[0] in run(capsys, "wl", "triangle.edges", "--canonical")[1]


def test_wl_does_not_tell_a_graph_from_its_saved_lift(files, capsys):
    assert run(capsys, "lift", "header.g6", "--max-dim", 3, "--out", "K.pt")[0] == 0
    for pair in (["header.g6", "K.pt"], ["K.pt", "header.g6"]):
        code, out, _ = run(capsys, "wl", *pair, "--exact")
        assert code == 0
        assert "Not told apart" in out
        assert "exact: isomorphic." in out
    out = run(capsys, "wl", "complex.pt", "complex.pt")[1]
    assert "f-vector (5, 7, 4, 1)" in out  # two saved complexes keep all their dimensions


def test_wl_at_the_dimension_where_the_srg_families_part(shared_data, capsys):
    family = shared_data / "sr" / "sr261034.g6"
    assert "pairs not told apart: 45 of 45" in run(capsys, "wl", family, "--max-dim", 2)[1]
    assert "pairs not told apart: 1 of 45" in run(capsys, "wl", family, "--max-dim", 3)[1]


def test_info(files, capsys):
    code, out, _ = run(capsys, "info", "hexagon.txt")
    assert code == 0
    for line in (
        "dimension             1",
        "f-vector              (6, 6)",
        "Euler characteristic  0",
        "connected components  1",
        "Betti numbers         (1, 1)",
    ):
        assert line in out
    code, out, _ = run(capsys, "info", "many.g6")
    assert "graph 4 of 4" in out
    (files / "with_empty.g6").write_text("?\n@\n")  # no vertex, one vertex
    code, out, _ = run(capsys, "info", "with_empty.g6")
    assert code == 0
    assert "f-vector              ()" in out


@over("options", [[], ["--max-dim", "2"]])
def test_info_says_that_the_cut_made_the_last_betti_number(files, capsys, options):
    note = "may shrink with a larger --max-dim"
    assert note in run(capsys, "info", "header.g6", *options)[1]
    assert note not in run(capsys, "info", "header.g6", "--max-dim", 3)[1]
    assert note not in run(capsys, "info", "hexagon.txt")[1]


def test_plot(files, capsys):
    code, out, _ = run(capsys, "plot", "names.csv", "--out", "K.png", "--labels")
    assert code == 0
    assert "K.png" in out
    assert (files / "K.png").read_bytes().startswith(PNG)
    assert run(capsys, "plot", "many.g6", "--graph", 2, "--out", "K.svg")[0] == 0
    assert b"<svg" in (files / "K.svg").read_bytes()


def test_self_loops_are_left_out_aloud(files, capsys):
    code, _, err = run(capsys, "info", "loop.txt")
    assert code == 0
    assert err == "loop.txt: note: 1 self-loop is left out.\n"


def test_a_heading_over_numbers_is_left_out_aloud(files, capsys):
    (files / "heading.csv").write_text("Who,Whom\n1,2\n2,3\n")
    code, out, err = run(capsys, "info", "heading.csv")
    assert code == 0
    assert "f-vector              (3, 2)" in out
    assert err == "heading.csv: read as: CSV, ',', heading 'Who Whom', columns Who, Whom.\n"
    assert run(capsys, "info", "names.csv")[2] == ""  # 'source,target' says what it is
    (files / "names_first.csv").write_text("ann,bob\n1,2\nbob,1\n")
    assert "f-vector              (4, 3)" in run(capsys, "info", "names_first.csv")[1]


@over(
    "argv, writer",
    [
        (["lift", "triangle.edges", "--out", "old.pt"], "torch.save"),
        (["plot", "triangle.edges", "--out", "old.png"], "matplotlib.figure.Figure.savefig"),
    ],
)
def test_an_old_file_outlives_a_write_that_fails(files, capsys, monkeypatch, argv, writer):
    def full_disk(*args, **_):
        next(arg for arg in args if hasattr(arg, "write")).write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, full_disk)
    old = files / argv[-1]
    old.write_bytes(b"old")
    before = set(files.iterdir())
    code, _, err = run(capsys, *argv)
    assert code == 2
    assert "No space left" in err
    assert old.read_bytes() == b"old"
    assert set(files.iterdir()) == before


BAD_FILES = {
    "nowhere.txt": "no such file",
    "empty.txt": "at least one vertex",
    "comments.txt": "at least one vertex",
    "empty.g6": "at least one vertex",
    "no.graphml": "at least one vertex",
    "garbage.txt": "binary",
    "garbage.g6": "binary",
    "garbage.graphml": "binary",
    "garbage.pt": "saved by torch.save",
    "cut.pt": "saved by torch.save",
    "tensor.pt": "got a Tensor",
    "broken.pt": "lexicographic",
    "prose.txt": "line 1",
    "nan.txt": "line 1",
    "nan_weight.txt": "line 1",
    "adjacency.txt": "line 1: every line must be one edge",
    "missing_end.csv": "line 2",
    "bad.g6": "line 2",
    "other.graphml": "no XML",
    "directed.graphml": "undirected",
    "unknown.foo": "must end in one of",
}


@over("command", ["lift", "info", "wl"])
@over("name", BAD_FILES)
def test_bad_files_give_one_line_and_code_2(files, capsys, command, name):
    code, out, err = run(capsys, command, name)
    assert code == 2
    assert out == ""
    assert err.startswith(f"simplex {command}: error: {name}: ")
    assert BAD_FILES[name] in err
    assert err.count("\n") == 1


@over(
    "argv, message",
    [
        ([], "COMMAND"),
        (["fly"], "invalid choice"),
        (["lift"], "FILE"),
        (["lift", "triangle.edges", "--max-dim", "-1"], "whole number"),
        (["lift", "triangle.edges", "--max-dim", "two"], "whole number"),
        (["lift", "triangle.edges", "--rings", "2"], "whole number ≥ 3"),
        (["lift", "triangle.edges", "--out", "K.txt"], "end in one of .pt, got K.txt"),
        (["lift", "triangle.edges", "--out", "no/folder/K.pt"], "existing folder"),
        (["lift", "triangle.edges", "--out", "folder.pt"], "must be a file, got the folder"),
        (["plot", "triangle.edges"], "--out"),
        (["plot", "triangle.edges", "--out", "K.doc"], "must end in"),
        (["plot", "triangle.edges", "--out", "no/folder/K.png"], "existing folder"),
        (["plot", "many.g6", "--out", "K.png", "--graph", "5"], "--graph must be in 1 … 4"),
        (["wl", "hexagon.txt", "many.g6"], "must hold one graph"),
        (["wl", "triangle.edges", "--exact"], "two files"),
        (["wl", "hexagon.txt", "triangles.txt", "--exact", "--max-dim", "0"], "at least 1"),
        (["wl", "path.txt", "--test", "2-fwl"], "at most 2000 vertices"),
        (["wl", *["triangle.edges"] * 3], "once or twice"),
        (["wl", "triangle.edges", "--marks", "-1"], "0 or more"),
        (["wl", "triangle.edges", "--marks", "25"], "--marks must be 0 … 20"),
        (["wl", "triangle.edges", "--test", "3-wl"], "invalid choice"),
        (["wl", "triangle.edges", "--canonical", "--marks", "1"], "must stand alone"),
        (["wl", "triangle.edges", "--canonical", "--max-dim", "0"], "drops all edges"),
        (["train", "--dataset", "MUTAG", "--device", "cuda:99"], "device of this machine"),
        (["train", "--dataset", "MUTAG", "--device", "nonsense"], "device of this machine"),
        (["demo", "--out", "triangle.edges"], "File exists"),
    ],
)
def test_bad_arguments_give_one_line_and_code_2(files, capsys, argv, message):
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith("simplex")
    assert err.count("\n") == 1


def test_help_and_version(capsys):
    code, out, _ = run(capsys, "--version")
    assert (code, out) == (0, f"simplex {__version__}\n")
    for command in ("demo", "lift", "wl", "info", "plot", "train"):
        code, out, _ = run(capsys, command, "--help")
        assert code == 0
        assert out.startswith(f"usage: simplex {command}")
    assert "examples:" in run(capsys, "--help")[1]


def test_interruption(files, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("simplex.cli._files.read_complexes", interrupted)
    code, _, err = run(capsys, "info", "triangle.edges")
    assert (code, err) == (130, "simplex info: interrupted\n")


def test_as_a_module():
    command = [sys.executable, "-m", "simplex", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"simplex {__version__}\n")


def test_lift_to_disk_is_read_back_by_every_command(files, capsys):
    code, out, err = run(capsys, "lift", "header.g6", "--max-dim", 3, "--to-disk", "K")
    assert (code, err) == (0, "")
    assert "dimension 3: 1 simplices" in out
    assert open_complex("K").f_vector == (4, 6, 4, 1)
    of_folder, of_graph = run(capsys, "info", "K"), run(capsys, "info", "header.g6", "--max-dim", 3)
    assert of_folder[1].split("\n")[1:] == of_graph[1].split("\n")[1:]  # but the size of the file
    assert "exact: isomorphic" in run(capsys, "wl", "K", "header.g6", "--exact")[1]
    assert run(capsys, "lift", "K", "--max-dim", 1, "--to-disk", "graph")[0] == 0
    assert open_complex("graph").f_vector == (4, 6)


def test_edges_on_disk_are_counted_and_lifted(files, capsys):
    code, out, _ = run(capsys, "edges", "hexagon.txt", "loop.txt", "--to-disk", "graph")
    assert code == 0
    assert "edges     6" in out
    assert "left out  " in out
    assert " loops" in out
    assert "(6, 6)" in run(capsys, "info", "graph", "--count")[1]
    assert "(6, 6)" in run(capsys, "info", "graph")[1]
    assert run(capsys, "lift", "graph", "--to-disk", "K")[0] == 0
    assert open_complex("K").f_vector == (6, 6)


def test_counting_is_the_f_vector_of_info(files, capsys):
    code, out, _ = run(capsys, "info", "novel.graphml", "--max-dim", 5, "--count")
    assert code == 0
    assert out in run(capsys, "info", "novel.graphml", "--max-dim", 5)[1]


@over(
    "argv, words",
    [
        (("lift", "triangle.edges", "--to-disk", "."), "must be a new folder"),
        (("lift", "triangle.edges", "--to-disk", "K", "--out", "K.pt"), "without --out"),
        (("lift", "triangle.edges", "--to-disk", "K", "--weight", 3), "--weight must be left out"),
        (("info", "complex.pt", "--count"), "complex.pt: must hold graphs for --count"),
        (("info", "folder.pt"), "folder"),
        (("info", "nowhere"), "nowhere: no such file"),
        (("info", "."), "or a folder by 'simplex edges' or 'lift --to-disk', got another"),
        (("edges", "triangle.edges", "--to-disk", "."), "--to-disk must be a new folder"),
        (("edges", "names.csv", "--to-disk", "K"), "names.csv"),
        (("edges", "loop.txt", "--columns", "a", "--to-disk", "K"), "must be two columns"),
    ],
)
def test_what_cannot_go_to_disk_is_named(files, capsys, argv, words):
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1


def test_info_as_json(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sphere.facets").write_text("0 1 2\n0 1 3\n0 2 3\n1 2 3\n")
    (tmp_path / "path.edges").write_text("a b\nb c\n")
    assert main(["info", "sphere.facets", "--json"]) == 0
    sphere = json.loads(capsys.readouterr().out)
    assert (sphere["betti_numbers"], sphere["is_manifold"], sphere["is_flag"]) == (
        [1, 0, 1], True, False,
    )  # fmt: skip
    assert (sphere["degrees"], sphere["bytes"], sphere["is_pure"]) == ([3, 3.0, 3], 24, True)
    assert main(["info", "path.edges", "--json"]) == 0
    path = json.loads(capsys.readouterr().out)
    assert (path["is_flag"], path["vertex_labels"], path["cut_at"]) == (True, True, 2)
