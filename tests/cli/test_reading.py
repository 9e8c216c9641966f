"""Where bytes come from, and graphs that are no tables: standard input, GraphML, graph6."""

import io
import os
import re
import tempfile
from pathlib import Path

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.cli import main
from tests.cases import over


def read(capsys, path, *options):
    """Exit code, f-vector and stderr of ``simplex info``."""
    code = main(["info", str(path), *options])
    out, err = capsys.readouterr()
    found = re.search(r"f-vector +\((.*?)\)", out)
    return code, found and tuple(int(n) for n in found[1].strip(",").split(",")), err


# Where bytes come from


class Endless(io.RawIOBase):
    """A stream that says the same for ever."""

    def __init__(self, part):
        self.part = part

    def read(self, size=-1):
        return self.part * (max(size, 1) // len(self.part) + 1)


@over(
    "content, options",
    [
        (b"0 1\n1 2\n", []),
        ("a,b\nb,c\n".encode("utf-16"), []),
        (b"Bg\n", ["--format", "graph6"]),
        (b">>graph6<<Bg\n", ["--format", "graph6"]),
        (b"0 1 2\n", ["--format", "facets", "--max-dim", "0"]),
    ],
)
def test_standard_input(capsys, monkeypatch, content, options):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    code, f_vector, err = read(capsys, "-", *options)
    assert (code, err) == (0, "")
    assert f_vector == ((3,) if "facets" in options else (3, 2))


@over(
    "part, reason",
    [(b"\0", "binary data"), (b"a b\n", "free memory"), (b"", "standard input is empty")],
)
def test_standard_input_that_does_not_end(capsys, monkeypatch, part, reason):
    monkeypatch.setattr("simplex.complexes._machine.available_bytes", lambda _: 1 << 28)
    stream = Endless(part) if part else io.BytesIO()
    monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": stream})())
    code, _, err = read(capsys, "-")
    assert code == 2
    assert reason in err


def test_only_regular_files_are_opened(tmp_path, capsys):
    zero, pipe = tmp_path / "zero.txt", tmp_path / "pipe.csv"
    zero.symlink_to("/dev/zero")
    (tmp_path / "zero.pt").symlink_to("/dev/zero")
    os.mkfifo(pipe)
    (tmp_path / "folder.g6").mkdir()
    for path, kind in [
        (zero, "device"),
        (tmp_path / "zero.pt", "device"),
        (pipe, "pipe"),
        (tmp_path / "folder.g6", "folder"),
    ]:
        code, _, err = read(capsys, path)
        assert code == 2
        assert f"got a {kind}" in err


def test_a_text_too_large_for_the_machine_is_not_read(tmp_path, capsys, monkeypatch):
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(1 << 30)  # a hole
    monkeypatch.setattr("simplex.complexes._machine.available_bytes", lambda _: 1 << 30)
    code, _, err = read(capsys, path)
    assert code == 2
    assert "the text, 1,024 MiB or more, must fit in half of the free memory" in err


# Options


def test_options_are_the_same_for_every_command(tmp_path, capsys):
    path = tmp_path / "disk.txt"
    path.write_text("1 2 3\n2 3 4\n")
    given = ["--format", "facets"]
    for command in (
        ["info", str(path)],
        ["lift", str(path), "--out", str(tmp_path / "K.pt")],
        ["wl", str(path), str(path)],
        ["plot", str(path), "--out", str(tmp_path / "K.svg")],
    ):
        assert main(command) == 2
        assert "--format edges or --format facets" in capsys.readouterr().err
        assert main([*command, *given]) == 0
        assert capsys.readouterr().err == ""
    K = torch.load(tmp_path / "K.pt", weights_only=True)
    assert (K.f_vector, K.vertex_labels) == ((4, 5, 2), (1, 2, 3, 4))


def test_weights_are_kept_as_lengths(tmp_path, capsys):
    path, out = tmp_path / "w.csv", str(tmp_path / "K.pt")
    path.write_text("from;to;km\na;b;0,5\nb;c;2\nc;a;1,5\nb;a;0,5\n")
    assert main(["lift", str(path), "--weight", "km", "--out", out]) == 0
    assert capsys.readouterr().err == ""  # nothing is left out
    K = torch.load(out, weights_only=True)
    assert [values.tolist() for values in K.filtration] == [[0, 0, 0], [0.5, 1.5, 2], [2]]
    for text in ("a;b;-1\n", "a;b;x\n", "a;b;1\nb;a;2\n"):
        path.write_text("from;to;km\n" + text)
        assert main(["lift", str(path), "--weight", "km"]) == 2
        assert "--weight must" in capsys.readouterr().err


@over(
    "options, reason",
    [
        (["--format", "pdf"], "invalid choice"),
        (["--delimiter", ""], "--delimiter"),
        (["--max-edge-length", "-1"], "must be a number"),
        (["--max-edge-length", "nan"], "must be a number"),
        (["--source", "9"], "--source must be a column"),
        (["--source", "2", "--target", "2"], "must differ"),
        (["--no-heading", "--source", "a"], "--no-heading"),
    ],
)
def test_options_that_do_not_fit(tmp_path, capsys, options, reason):
    path = tmp_path / "g.csv"
    path.write_text("a,b\nb,c\n")
    code, _, err = read(capsys, path, *options)
    assert code == 2
    assert reason in err
    assert err.count("\n") == 1


# GraphML


def graphml(inside, before="", graph='<graph edgedefault="undirected">'):
    return f"<?xml version='1.0'?>{before}<graphml>{graph}{inside}</graph></graphml>"


NODES = '<node id="a"/><node id="b"/><edge source="a" target="b"/>'


@over(
    "text",
    [
        graphml(NODES),
        graphml(NODES, graph="<graph>"),
        graphml(NODES).replace(
            "<graphml>", '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        ),
        graphml(NODES)
        .replace("graph", "g:graph")
        .replace("g:graphml>", "g:graphml xmlns:g='x'>", 1)
        .replace("node", "g:node")
        .replace("edge ", "g:edge ")
        .replace("g:graphml>", "g:graphml>"),
        graphml('<node id="a"><data key="none">1,5</data></node>' + NODES[14:]),
        graphml("<desc>text</desc>" + NODES + '<edge source="b" target="a"/>'),
        graphml(
            '<node id="a"><data><y:graph xmlns:y="y"><y:node id="q"/></y:graph></data></node>'
            + NODES
        ),
        graphml(NODES, before="<!DOCTYPE graphml>"),
        graphml(NODES).encode("utf-16"),
        graphml(NODES)
        .replace("'1.0'", "'1.0' encoding='latin-1'")
        .replace('"a"', '"é"')
        .encode("latin-1"),
    ],
)
def test_graphml_is_read_without_its_attributes(tmp_path, capsys, text):
    path = tmp_path / "g.graphml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert read(capsys, path) == (0, (2, 1), "")


@over("graph", [nx.les_miserables_graph(), nx.krackhardt_kite_graph(), nx.grid_2d_graph(3, 4)])
def test_graphml_is_what_networkx_reads(tmp_path, capsys, graph):
    path, out = tmp_path / "g.graphml", tmp_path / "K.pt"
    nx.write_graphml(graph, path)
    assert main(["lift", str(path), "--out", str(out), "--max-dim", "1"]) == 0
    capsys.readouterr()
    K, read_again = torch.load(out, weights_only=True), nx.read_graphml(path)
    assert K.vertex_labels == tuple(read_again)
    edges = {frozenset(K.vertex_labels[i] for i in edge) for edge in K.simplices(1).tolist()}
    assert edges == {frozenset(edge) for edge in read_again.edges}


ENTITY = '<!DOCTYPE graphml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@over(
    "text, reason",
    [
        ("", "empty file"),
        (graphml(NODES)[:-9], "no XML"),
        ("<html></html>", "something else (<html>)"),
        (graphml(NODES, before=ENTITY), "without entities"),
        (graphml('<node id="a"><graph><node id="c"/></graph></node>'), "nested"),
        (graphml("<node/>"), "must have an id"),
        (graphml('<edge source="a"/>'), "a source and a target"),
        (graphml('<node id="a"/><hyperedge/>'), "hyperedge"),
        (graphml(NODES, graph='<graph edgedefault="directed">'), "--undirected"),
        (graphml(NODES.replace("<edge", '<edge directed="true"')), "--undirected"),
        (graphml("<a>" * 100 + "</a>" * 100), "nested at most 64 deep"),
        (graphml(f'<node id="{"x" * 70000}"/>'), "at most 65536 characters"),
        (graphml("").replace("'1.0'", "'1.0' encoding='nonsense'"), "encoding"),
    ],
)
def test_graphml_that_is_refused(tmp_path, capsys, text, reason):
    path = tmp_path / "g.graphml"
    path.write_text(text)
    code, _, err = read(capsys, path)
    assert code == 2
    assert reason in err
    assert err.count("\n") == 1
    if "directed" in text and "undirected" not in text:
        assert read(capsys, path, "--undirected")[:2] == (0, (2, 1))


# graph6


def sparse6_header(count):
    digits = [(count >> 6 * i & 63) + 63 for i in range(5, -1, -1)]
    return b":" + bytes([126, 126, *digits])


@over(
    "code, reason",
    [
        (b"E!!!", "characters from '?' to '~'"),
        (b"E\xc3\xa9??", "characters from '?' to '~'"),
        (b"E????", "must be a graph in graph6"),
        (b"E", "must be a graph in graph6"),
        (b"~", "must be a graph in graph6"),
        (b":", "must be a graph in graph6"),
        (b"&B???", "digraph6"),
        (b";Cf", "incremental"),
        (b">>planar_code<<", "another header"),
        (sparse6_header(200_000_000), "200,000,000 vertices in 9 characters"),
        (sparse6_header(60_000_000_000), "60,000,000,000 vertices"),
        (sparse6_header(60_000_000_000)[1:], "60,000,000,000 vertices"),
    ],
)
def test_graph6_that_is_refused(tmp_path, capsys, code, reason):
    path = tmp_path / "g.g6"
    path.write_bytes(b"Bg\n" + code + b"\n")
    exit_code, _, err = read(capsys, path)
    assert exit_code == 2
    assert "line 2" in err
    assert reason in err


@pytest.mark.parametrize("write", [nx.to_graph6_bytes, nx.to_sparse6_bytes])
def test_graph6_of_every_length_of_header(capsys, write):
    with tempfile.TemporaryDirectory() as folder:
        for n in (1, 2, 62, 63, 64, 500):
            path = Path(folder, "g.g6")
            path.write_bytes(write(nx.star_graph(n - 1), header=n == 64))
            assert read(capsys, path)[1] == ((n, n - 1) if n > 1 else (1,))


def test_saved_tables_are_as_large_as_they_say(tmp_path, capsys):
    path = tmp_path / "K.pt"
    row = torch.tensor([[1, 0]])
    torch.save(SimplicialComplex(2, [row]), path)
    assert main(["info", str(path)]) == 0
    torch.save(SimplicialComplex(2, [row.expand(10**9, 2)]), path)
    assert main(["info", str(path)]) == 2
    assert "must hold its tables whole, got 1000000000 1-simplices" in capsys.readouterr().err
