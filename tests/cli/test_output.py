"""What the command line writes: never half a file, never a command to the terminal."""

import subprocess
import sys

import networkx as nx

from simplex.cli import main
from tests.cases import over


def run(capsys, *argv):
    code = main([str(argument) for argument in argv])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


WRITERS = [
    ["lift", "triangle.edges", "--out", "K.pt"],
    ["plot", "triangle.edges", "--out", "K.png"],
    ["demo", "--out", "."],
]


@over("argv", WRITERS)
def test_a_full_disk_is_named_before_the_work(files, capsys, monkeypatch, argv):
    def full(_):
        raise OSError(28, "No space left on device")

    def work(*_):
        raise AssertionError("the work has begun")

    monkeypatch.setattr("os.fsync", full)
    monkeypatch.setattr("simplex.cli._files.read_complexes", work)
    monkeypatch.setattr("simplex.cli._demo.lift_les_miserables", work)
    before = set(files.iterdir())
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert "--out must be in a folder" in err or "--out must be a folder" in err
    assert "No space left on device" in err
    assert err.count("\n") == 1
    assert set(files.iterdir()) == before


def test_a_limit_on_file_sizes_leaves_nothing_half_written(files, capsys):
    """As on a disk that fills up while the result is written: the real system call fails."""
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, 70_000));"
        "from simplex.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    (files / "long.txt").write_text("".join(f"{i} {i + 1}\n" for i in range(20_000)))
    run(capsys, "lift", "long.txt")  # the kernels are in the cache, which the limit holds for too
    before = set(files.iterdir())
    command = [sys.executable, "-c", code, "lift", "long.txt", "--out", "K.pt"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=files)
    assert done.returncode == 2, done.stderr
    assert "K.pt could not be written" in done.stderr
    assert done.stderr.count("\n") == 1
    assert set(files.iterdir()) == before


def test_a_link_stays_a_link_and_a_protected_file_is_kept(files, capsys, monkeypatch):
    (files / "target.pt").write_bytes(b"old")
    (files / "link.pt").symlink_to("target.pt")
    assert run(capsys, "lift", "triangle.edges", "--out", "link.pt")[0] == 0
    assert (files / "link.pt").is_symlink()
    assert (files / "target.pt").read_bytes() != b"old"
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "that can be written to" in run(capsys, "lift", "triangle.edges", "--out", "link.pt")[2]


def test_names_of_a_file_do_not_command_the_terminal(files, capsys):
    (files / "title.txt").write_text("\x1b]0:owned\x07 b\n\u202eabc b\nü\u200dx b\n")
    code, out, _ = run(capsys, "info", "title.txt")
    assert code == 0
    assert "\x1b" not in out
    assert r"\x1b]0:owned\x07, b, \u202eabc, ü" in out
    (files / "bad\x1b[31m.g6").write_text("\x1b[2J\n")
    code, out, err = run(capsys, "info", "bad\x1b[31m.g6")
    assert code == 2
    assert "\x1b" not in out + err


def test_confused_graphs_come_first_and_all_shows_the_rest(files, capsys):
    graphs = [nx.path_graph(n) for n in range(1, 60)] + [nx.path_graph(30)]
    lines = b"".join(nx.to_graph6_bytes(graph, header=False) for graph in graphs)
    (files / "paths.g6").write_bytes(lines)
    out = run(capsys, "wl", "paths.g6")[1].splitlines()
    assert out[2] == "class 30: graphs 30, 60"
    assert len(out) == 2 + 50 + 1
    assert out[-1] == "… and 9 more classes of one graph each (--all lists them)"
    out = run(capsys, "wl", "paths.g6", "--all")[1].splitlines()
    assert len(out) == 2 + 59
    assert {line.split(":")[0] for line in out[2:]} == {f"class {i}" for i in range(1, 60)}


def test_advice_names_options_of_the_command_line(files, capsys, monkeypatch):
    def too_large(*_):
        raise ValueError("the lift must fit. Lower max_dim, or pass max_simplices= to allow it.")

    monkeypatch.setattr("simplex.cli._files.read_complexes", too_large)
    err = run(capsys, "info", "triangle.edges")[2]
    assert err.endswith("Lower --max-dim, or pass --max-simplices to allow it.\n")


def test_help_and_version_do_without_torch():
    for options in (["--version"], ["--help"], ["train", "--help"]):
        command = [sys.executable, "-X", "importtime", "-m", "simplex", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0
        loaded = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
        assert "argparse" in loaded
        assert not loaded & {"torch", "numpy", "numba"}


def test_a_bound_stops_the_lift_and_is_named(files, capsys):
    (files / "dense.edges").write_text("".join(f"{i} {j}\n" for i in range(400) for j in range(i)))
    for options in (
        ["info", "dense.edges", "--max-simplices", "1000"],
        ["lift", "dense.edges", "--max-simplices", "1000", "--out", "K.pt"],
        ["wl", "dense.edges", "dense.edges", "--max-simplices", "1000"],
        [
            "plot",
            "dense.edges",
            "--out",
            "K.png",
        ],  # a bound of its own
    ):
        code, out, err = run(capsys, *options)
        assert (code, out) == (2, "")
        assert "Raise --max-simplices or lower --max-dim." in err
    assert not list(files.glob("K.*"))
    assert run(capsys, "info", "dense.edges", "--max-dim", "1", "--max-simplices", "80200")[0] == 0
