"""Graphs written as people write them: the command line reads the same graph, or refuses."""

import contextlib
import csv
import gzip
import io
import re

import networkx as nx
import pytest
from hypothesis import given, strategies as st

from simplex.cli import main
from tests.fuzz import oracles
from tests.fuzz.judge import COUNTS, agree, fault, limited
from tests.fuzz.strategies import NAMES, graphs


SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "blank": " "}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


def info(path, *options):
    """Exit code, f-vector and messages of ``simplex info``."""
    COUNTS["calls"] += 1
    out, err = io.StringIO(), io.StringIO()
    try:
        with limited(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["info", str(path), *options])
    except BaseException as error:
        fault("crash", main, (path.read_bytes(), *options), {}, repr(error))
    text = err.getvalue()
    if code not in (0, 2) or (code == 2 and len(text.splitlines()) != 1):
        fault("unclear", main, (path.read_bytes(), *options), {}, text)
    COUNTS["refused"] += code == 2
    found = re.search(r"f-vector +\(([^)]*)\)", out.getvalue())
    sizes = tuple(int(n) for n in found[1].replace(",", " ").split()) if found else None
    return code, sizes, text


@given(graphs(most=6), st.data())
def test_a_table_is_read_as_its_graph_or_refused(folder, graph, data):
    names = data.draw(st.lists(NAMES, min_size=len(graph), max_size=len(graph), unique=True))
    separator = SEPARATORS[data.draw(st.sampled_from(sorted(SEPARATORS)))]
    columns = data.draw(st.sampled_from([[], ["weight"], ["kind"], ["id", "weight"]]))
    heading = data.draw(st.booleans())
    values = {"weight": lambda i: f"{i}.5", "kind": lambda i: "likes", "id": str}
    rows = [
        [names[u], names[v], *[values[c](i) for c in columns]]
        for i, (u, v) in enumerate(graph.edges)
    ]
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=separator, lineterminator=data.draw(st.sampled_from(["\n", "\r\n"]))
    )
    writer.writerows([["source", "target", *columns]] * heading + rows)
    content = text.getvalue().encode(data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])))
    path = folder / data.draw(st.sampled_from(["t.csv", "t.txt", "t.tsv", "t.edges"]))
    path.write_bytes(content)
    code, sizes, said = info(path)
    if code == 0:
        touched = graph.subgraph([v for v in graph if graph.degree(v)])
        expected = oracles.f_vector(oracles.cliques(touched, 2))
        if sizes != expected and not said:
            agree(sizes, expected, content)
        elif sizes != expected:  # what was guessed stands on stderr
            assert "read as" in said or "note" in said, (said, content)


@given(graphs(most=8), st.data())
def test_plain_edges_are_always_read(folder, graph, data):
    """Two whole numbers a line, comments between; only a first line like 'n m' is a question."""
    lines = [f"{u} {v}" for u, v in graph.edges]
    if not lines:
        return
    lines.insert(data.draw(st.integers(0, len(lines))), "# a comment, with words: 1 2 3")
    content = "\n".join(lines).encode() + b"\n" * data.draw(st.integers(0, 2))
    packed = data.draw(st.booleans())
    path = folder / ("p.txt.gz" if packed else "p.txt")
    path.write_bytes(gzip.compress(content) if packed else content)
    touched = graph.subgraph([v for v in graph if graph.degree(v)])
    expected = oracles.f_vector(oracles.cliques(touched, 2))
    code, sizes, said = info(path)
    if code == 0 or "may be the numbers of vertices and edges" not in said:
        agree((code, sizes, said), (0, expected, ""), content)


@given(graphs(most=7), st.sampled_from(["graphml", "g6", "s6"]))
def test_graph_formats_are_those_of_networkx(folder, graph, form):
    path = folder / f"g.{form}"
    if form == "graphml":
        nx.write_graphml(graph, path)
    else:
        writer = nx.to_graph6_bytes if form == "g6" else nx.to_sparse6_bytes
        path.write_bytes(writer(graph, header=False))
    if len(graph):
        agree(info(path)[:2], (0, oracles.f_vector(oracles.cliques(graph, 2))), graph.edges)


@given(
    st.binary(max_size=60), st.sampled_from(["txt", "csv", "g6", "s6", "graphml", "pt", "txt.gz"])
)
def test_any_bytes_are_read_or_refused_in_one_line(folder, content, ending):
    path = folder / f"bytes.{ending}"
    path.write_bytes(content)
    info(path)


@given(st.data())
def test_a_damaged_file_is_read_or_refused(folder, data):
    """One byte of a good file is changed, removed or doubled."""
    good = {
        "txt": b"0 1\n1 2 0.5\n0 2\n2 3\n",
        "csv": b'source,target,w\n"a",b,1\nb,c,2\n',
        "g6": nx.to_graph6_bytes(nx.petersen_graph()),
        "graphml": "\n".join(nx.generate_graphml(nx.path_graph(3))).encode(),
    }
    ending = data.draw(st.sampled_from(sorted(good)))
    content = bytearray(good[ending])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    path = folder / f"damaged.{ending}"
    path.write_bytes(bytes(content))
    info(path)
