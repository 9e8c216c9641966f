"""The pairs of BREC: read from the published files, and nothing but text is read."""

import networkx as nx
import numpy as np
import pytest
import torch

from simplex.datasets import BREC, brec, classical_pairs
from tests.benchmarks.graphs.brec import run_pair, statistic


CODE = nx.to_graph6_bytes(nx.petersen_graph(), header=False).strip()


@pytest.fixture
def folder(tmp_path):
    """Files of one graph, in the three layouts that the published ones have."""
    (tmp_path / "brec").mkdir()
    text, flat = np.array([CODE.decode()]), np.array([CODE])
    for stem, count in BREC.values():
        pairs = {"regular": (count, 2), "dr": (2 * count,)}.get(stem)
        codes = np.repeat(text if pairs is None else flat, 2 * count)
        np.save(tmp_path / "brec" / f"{stem}.npy", codes if pairs is None else codes.reshape(pairs))
    return tmp_path / "brec"


def test_pairs_by_category_in_the_published_order(folder, monkeypatch):
    monkeypatch.setenv("SIMPLEX_DATA", str(folder.parent))
    read = brec()
    assert {category: len(pairs) for category, pairs in read.items()} == {
        category: count for category, (_, count) in BREC.items()
    }
    assert sum(map(len, read.values())) == 400
    last = read["distance regular"][-1]
    assert last.name == "distance regular 19"
    assert nx.utils.edges_equal(last.second.edges, nx.petersen_graph().edges)
    assert list(brec(folder, categories=["cfi", "basic"])) == ["basic", "cfi"]


def test_what_is_not_published_is_refused(folder):
    np.save(folder / "dr.npy", np.array([CODE] * 40, dtype=object))
    np.save(folder / "cfi.npy", np.array([CODE] * 199))
    np.save(folder / "str.npy", np.array([b"\x7f no graph"] * 100))
    np.save(folder / "regular.npy", np.zeros(100))
    (folder / "basic.npy").write_bytes(b"\x93NUMPY")
    (folder / "4vtx.npy").unlink()
    for category, message in {
        "distance regular": "dr.npy must be the complete file .*allow_pickle",
        "cfi": "got 199 graphs for 200",
        "strongly regular": "line 1 must be a graph",
        "regular": "float64, not of text",
        "basic": "cannot be read",
        "4-vertex condition": "got no such file",
    }.items():
        with pytest.raises(ValueError, match=message):
            brec(folder, categories=[category])
    with pytest.raises(ValueError, match=r"'basic', 'regular', .* got 'easy'"):
        brec(folder, categories=["easy"])
    with pytest.raises(TypeError, match="must be a list"):
        brec(folder, categories="cfi")


def test_the_published_pairs_are_equal_in_degrees_and_differ(shared_data):
    pairs = brec(shared_data / "brec", categories=["basic", "regular"])
    for pair in [*pairs["basic"], *pairs["regular"]]:
        degrees = [sorted(d for _, d in graph.degree()) for graph in pair[1:]]
        assert degrees[0] == degrees[1]
        assert not nx.faster_could_be_isomorphic(*pair[1:]) or not nx.is_isomorphic(*pair[1:])


@pytest.mark.slow
def test_the_protocol_finds_what_there_is():
    """The octagon and two squares, and a graph against itself, with its copies as the control."""
    _, octagon, squares = classical_pairs()[2]
    for name, graphs, apart in (
        ("gin", (octagon, squares), False),
        ("ring-sin", (octagon, squares), True),
        ("marked-sin", (octagon, squares), True),
        ("marked-sin", (squares, squares), False),
    ):
        line = run_pair(name, "basic", 0, graphs, seed=0)
        assert (line.told_apart, line.reliable) == (apart, True), line
    draws = torch.Generator().manual_seed(0)
    x, y = (torch.randn(32, 3, generator=draws).double() for _ in range(2))
    mean, spread = (x - y).mean(0).numpy(), np.cov((x - y).numpy().T)
    assert statistic(x, y) == pytest.approx(mean @ np.linalg.solve(spread, mean))
