"""Edges sorted into a folder, against a sort in memory."""

import bz2
import errno
import gzip
import json
import lzma
import os

import numpy as np
import pytest
import torch

from simplex.complexes import unique_edges
from simplex.storage import edges_to_disk, open_edges
from tests.cases import over


LEAST = 1 << 16  # bytes: the edges below take several runs
RNG = np.random.default_rng(0)
GIVEN = RNG.integers(0, 700, (9000, 2))
EXPECTED = unique_edges(torch.from_numpy(GIVEN.T), 700).numpy()
LOOPS = int((GIVEN[:, 0] == GIVEN[:, 1]).sum())


def lines(separator=" ", end="\n", head="", extra=""):
    rows = (f"{u}{separator}{v}{extra}" for u, v in GIVEN.tolist())
    return (head + end.join(rows)).encode()  # without an end of the last line


TEXTS = {
    "a.txt": lines(),
    "b.tsv": lines("\t", "\r\n", "# a comment\r\n\r\n% another, 1 2 3\r\nsource\ttarget\r\n"),
    "c.csv": lines(" , ", "\n\n", '"Src","Dst"\n'),
    "d.edges": b"\xef\xbb\xbf" + lines("  ", " \n", "", " "),
    "e.csv": lines(";", "\n", "source;target;weight\n", ";0.5e-3"),
    "f": lines(" ", "\n# not an edge 7\n  # nor this\n"),
    "h.csv": b"\n".join(b'"%d", "%d"' % (u, v) for u, v in GIVEN.tolist()),
    "i.txt": lines(" ", "  # ends, of an edge; and more\n"),
    "g.csv": lines(",", "\n", "from,to,note,empty\n", ", a; note, "),
}  # fmt: skip


def check(result, folder, dropped=None):
    for edges in (result, open_edges(folder, verify=True)):
        assert np.array_equal(edges.edges, EXPECTED)
        assert (edges.edges.dtype, edges.num_vertices) == (np.int32, 700)
    manifest = json.loads((folder / "manifest.json").read_text())
    repetitions = len(GIVEN) - LOOPS - len(EXPECTED)
    assert manifest["dropped"] == dropped or {"loops": LOOPS, "repetitions": repetitions}
    assert manifest["num_edges"] == len(EXPECTED)
    assert {path.name for path in folder.iterdir()} == {"edges.npy", "manifest.json"}


@over("name", TEXTS)
def test_text(tmp_path, name):
    (tmp_path / name).write_bytes(TEXTS[name])
    for memory in (LEAST, 1 << 22):
        edges = edges_to_disk(tmp_path / name, tmp_path / "G", memory=memory, overwrite=True)
        check(edges, tmp_path / "G")


def test_blocks_of_text(tmp_path, monkeypatch):
    """The same edges wherever a block of the file ends."""
    monkeypatch.setattr("simplex.storage._edge_text._BLOCK", 1 << 12)
    for name, text in TEXTS.items():
        (tmp_path / name).write_bytes(text)
        check(edges_to_disk(str(tmp_path / name), tmp_path / f"{name} G"), tmp_path / f"{name} G")


def test_packed_text(tmp_path):
    for opener, ending in [(gzip.open, "gz"), (bz2.open, "bz2"), (lzma.open, "xz")]:
        path, folder = tmp_path / f"a.txt.{ending}", tmp_path / ending
        with opener(path, "wb") as file:
            file.write(TEXTS["a.txt"])
        check(edges_to_disk(path, folder), folder)
        content = path.read_bytes()
        for damaged in (content[:-20], content[:90] + b"x" * 9 + content[99:], b"1 2\n"):
            path.write_bytes(damaged)
            with pytest.raises(ValueError, match=r"must be a whole packed file.* Copy it again"):
                edges_to_disk(path, tmp_path / "no")
        (tmp_path / "a.txt").write_bytes(content)  # packed, whatever it is called
        check(edges_to_disk(tmp_path / "a.txt", folder, overwrite=True), folder)


SOURCES = {
    "rows": GIVEN,
    "an edge_index": torch.from_numpy(GIVEN.T),
    "both directions": np.concatenate([GIVEN, GIVEN[:, ::-1]]),
    "parts": [GIVEN[:4000].astype(np.int16), torch.from_numpy(GIVEN[4000:])],
    "a generator": lambda: (GIVEN[i : i + 100] for i in range(0, 9000, 100)),
    "unsigned": GIVEN.astype(np.uint64),
    "a short last part": [GIVEN[:-2], GIVEN[-2:]],
    "of big endian": GIVEN.astype(">i4"),
}


@over("name", SOURCES)
def test_arrays(tmp_path, name):
    source = SOURCES[name]() if name == "a generator" else SOURCES[name]
    folder = tmp_path / name
    twice = {"loops": 2 * LOOPS, "repetitions": 2 * (9000 - LOOPS) - len(EXPECTED)}
    dropped = twice if name == "both directions" else None
    check(edges_to_disk(source, folder, memory=LEAST), folder, dropped)


def test_files(tmp_path):
    parts, folder = tmp_path / "parts", tmp_path / "G"
    parts.mkdir()
    np.save(parts / "0.npy", GIVEN[:5000].T)
    np.save(parts / "1.npy", GIVEN[5000:].T.astype(np.uint16))
    check(edges_to_disk(parts, folder), folder)
    np.save(parts / "1.npy", GIVEN[5000:])
    with pytest.raises(ValueError, match=r"1\.npy must have shape \(2, m\) as those before"):
        edges_to_disk(parts, folder, overwrite=True)
    check(open_edges(folder), folder)
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = {"weight": GIVEN[:, 0] / 2, "src": GIVEN[:, 0], "dst": GIVEN[:, 1].astype(np.uint16)}
    parquet.write_table(arrow.table(table), tmp_path / "a.parquet")
    check(edges_to_disk(tmp_path / "a.parquet", folder, memory=LEAST, overwrite=True), folder)
    columns = {"columns": ("dst", "src"), "overwrite": True}
    check(edges_to_disk(tmp_path / "a.parquet", folder, **columns), folder)
    for ends, message in [
        (("weight", "dst"), "must hold vertex ids .* got float64"),
        ((0, "dst"), "must hold vertex ids .* got float64"),
        (("target", "dst"), "which has weight, src, dst, got 'target'"),
    ]:
        with pytest.raises((ValueError, TypeError), match=message):
            edges_to_disk(tmp_path / "a.parquet", folder, columns=ends, overwrite=True)
    missing = {"u": arrow.array([1, None]), "v": arrow.array([2, 3])}
    parquet.write_table(arrow.table(missing), tmp_path / "b.pq")
    with pytest.raises(ValueError, match="u must have no missing entries"):
        edges_to_disk(tmp_path / "b.pq", folder, overwrite=True)
    (tmp_path / "b.pq").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match="must be a Parquet file"):
        edges_to_disk(tmp_path / "b.pq", folder, overwrite=True)


def test_many_runs_of_few_keys(tmp_path):
    """Keys that are all in one run, in all runs, or in the last one alone."""
    ends = np.arange(60_000)
    rows = np.stack([np.zeros_like(ends), ends], 1)
    repeated = np.concatenate([rows, rows[:100].repeat(300, 0), rows[::-1]])
    edges = edges_to_disk(repeated, tmp_path / "G", memory=LEAST)
    assert np.array_equal(edges.edges, rows[1:])


def test_sizes(tmp_path):
    """Vertices without edges, and ids that need 64 bits."""
    assert edges_to_disk(GIVEN, tmp_path / "a", num_vertices=10**6).num_vertices == 10**6
    large = 3_037_000_498
    edges = edges_to_disk(np.array([[large, 0, 5], [1, large, 5]]), tmp_path / "b")
    assert edges.edges.dtype == np.int64
    assert (edges.edges.tolist(), edges.num_vertices) == ([[0, large], [1, large]], large + 1)
    for source in ([], np.zeros((0, 2), np.int64), torch.zeros(2, 0, dtype=torch.long)):
        edges = edges_to_disk(source, tmp_path / "c", overwrite=True)
        assert (edges.edges.shape, edges.num_vertices) == ((0, 2), 0)
    assert edges_to_disk(np.array([[3], [3]]), tmp_path / "d").num_vertices == 4


WRONG = {
    "1 2\n3 x\n": "line 2: every line must have two vertex ids 0, 1, 2, …, got '3 x'",
    "# c\n\n1 2\n3\n": "line 4: .* got '3'",
    "1 2\n-3 4\n": "line 2: vertex ids must be non-negative, got '-3 4'",
    "1 2\n3 4 5\n": "line 2: every line must have 2 columns as the first has",
    "1 2 3\n4 5 6\n": r"must have two columns.* got 3 columns\. Pass columns=\(0, 1\)",
    "alice bob\nbob carol\n": "got headings alice, bob. Pass .*number vertices that have names",
    "source target\nalice bob\n": "line 2: every line must have two vertex ids",
    "1 99999999999999999999\n": "line 1: vertex ids must be at most 3037000498",
    "1 3037000499\n": "line 1: vertex ids must be at most 3037000498",
    '0,1\n"1,2\n': "line 2: every line must have two vertex ids",
    "0,1\n'1\",2\n": "line 2: every line must have two vertex ids",
    "0 1\n1 # 2\n": "line 2: every line must have 2 columns",
    "1.0 2.0\n": "line 1: every line must have two vertex ids",
    "1,,2\n": "got 3 columns",
    "1,2\n1,,2\n": "line 2: every line must have two vertex ids",
    "1,2\n1,2,\n": "line 2: every line must have 2 columns",
    "1 2\n1\x002\n": "line 2: ",
    "7": "got 1 columns",
    "%%MatrixMarket matrix coordinate\n3 3 1\n1 2 1\n": "Read it with scipy.io.mmread",
    "source target source\n1 2 3\n": "got headings source, target, source",
}


@over("text", WRONG)
def test_lines_that_are_no_edges_are_named(tmp_path, text):
    path = tmp_path / "graph.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=WRONG[text]) as refused:
        edges_to_disk(path, tmp_path / "G")
    assert "graph.txt" in str(refused.value)
    assert not (tmp_path / "G").exists()


def test_a_wrong_line_far_down_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("simplex.storage._edge_text._BLOCK", 1 << 12)
    (tmp_path / "graph.txt").write_bytes(TEXTS["a.txt"] + b"\n699 700")
    with pytest.raises(ValueError, match=r"line 9001: .* at most 699, got '699 700'. Raise num_v"):
        edges_to_disk(tmp_path / "graph.txt", tmp_path / "G", num_vertices=700, memory=LEAST)
    (tmp_path / "graph.txt").write_bytes(b"1 2\n" + b"3" * 9000)
    with pytest.raises(ValueError, match="one longer than 4096 bytes after line 1"):
        edges_to_disk(tmp_path / "graph.txt", tmp_path / "G")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph.txt"]


BAD = {
    "floats": (GIVEN / 2, TypeError, "must hold vertex ids .* got float64"),
    "truths": (GIVEN > 3, TypeError, "got bool"),
    "three columns": (np.zeros((5, 3), int), ValueError, r"must have shape \(2, m\)"),
    "negative": (-GIVEN, ValueError, "vertex ids must be non-negative, got -6"),
    "huge": (GIVEN + 2**62, ValueError, r"at most 3037000498, got .* as with pandas\.factorize"),
    "tuples": ([(0, 1), (1, 2)], TypeError, "must be a path, an array or tensor of edges"),
    "a number": (3, TypeError, "must be a path"),
    "a set of words": ({"no": 1}, ValueError, "there is no such file"),
    "no file": ("nowhere.txt", ValueError, "nowhere.txt: there is no such file"),
    "an empty folder": (".", ValueError, "or a folder of .parquet or .npy files"),
    "packed tensors": ("a.pt", ValueError, "must be text, Parquet or .npy"),
    "half a file": ("a.npy", ValueError, "must be a whole .npy file"),
}


@over("name", BAD)
def test_other_sources_are_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    if name.startswith(("packed", "half")):
        (tmp_path / BAD[name][0]).write_bytes(b"\x93NUMPY")
    source, error, message = BAD[name]
    with pytest.raises(error, match=message):
        edges_to_disk(source, tmp_path / "G")
    assert not (tmp_path / "G").exists()
    for path in tmp_path.iterdir():
        path.unlink()


@over("changes", [{"num_vertices": 699}, {"num_vertices": "700"}, {"num_vertices": None}])
def test_a_manifest_that_does_not_fit_the_edges_is_refused(tmp_path, changes):
    edges_to_disk(GIVEN, tmp_path / "G", overwrite=True)
    manifest = tmp_path / "G" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | changes))
    with pytest.raises(ValueError, match=r"G must have a manifest that fits its tables, got .*"):
        open_edges(tmp_path / "G", verify=True)


def test_options_are_refused(tmp_path):
    for options, message in [
        ({"memory": 100}, "memory must be at least 65536"),
        ({"columns": (0, 0)}, "columns must be two numbers or headings"),
        ({"columns": "ab"}, "columns must be two numbers or headings"),
        ({"num_vertices": -1}, "num_vertices"),
        ({"num_vertices": 10}, "vertex ids must be at most 9, got 699. Raise num_vertices"),
        ({"overwrite": "yes"}, "overwrite must be True or False"),
    ]:
        with pytest.raises((ValueError, TypeError), match=message):
            edges_to_disk(GIVEN, tmp_path / "G", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    """While runs are written, and while they are merged."""
    plain, calls = os.fsync, []

    def full(file):
        calls.append(file)
        if len(calls) > 2:  # the lock and the mark are written
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        plain(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"G could not be written \(Disk quota exceeded\); nothing"):
        edges_to_disk(GIVEN, tmp_path / "G", memory=LEAST)
    assert list(tmp_path.iterdir()) == []
