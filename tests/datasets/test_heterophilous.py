"""Heterophilous graphs: PyG's own reading of the same file, and files that do not fit together."""

import numpy as np
import pytest
import torch
from torch_geometric.datasets import HeterophilousGraphDataset

from simplex.datasets import heterophilous
from tests.cases import over


def tables(seed=0, n=30):
    rng = np.random.default_rng(seed)
    marks = rng.integers(0, 3, (4, n))
    return {
        "node_features": rng.random((n, 3), np.float32),
        "node_labels": rng.integers(0, 2, n),
        "edges": rng.integers(0, n, (80, 2)),
        **{f"{part}_masks": marks == i for i, part in enumerate(("train", "val", "test"))},
    }


def write(folder, name="minesweeper", **changes):
    folder.mkdir(parents=True, exist_ok=True)
    stored = {k: v for k, v in (tables() | changes).items() if v is not None}
    np.savez(folder / f"{name}.npz", **stored)
    return folder


def test_as_pyg_reads_the_same_file(tmp_path):
    write(tmp_path / "roman_empire" / "raw", "roman_empire")
    item = heterophilous("Roman-empire", tmp_path)[0]
    assert [each.name for each in (tmp_path / "roman_empire").iterdir()] == ["raw"]  # only read
    expected = HeterophilousGraphDataset(str(tmp_path), "Roman-empire")[0]
    for key in expected.keys():  # noqa: SIM118
        assert torch.equal(item[key], expected[key]), key
    proper = {tuple(sorted(e)) for e in tables()["edges"].tolist() if e[0] != e[1]}
    assert item.complex.simplices(1).tolist() == sorted(map(list, proper))
    assert item.test_mask.shape == (30, 4)


@over(
    "changes, message",
    [
        ({"edges": None}, "cannot be read"),
        ({"edges": np.zeros((3, 3), int)}, "no pairs of ids below 30"),
        ({"edges": np.array([[0, 30]])}, "no pairs of ids below 30"),
        ({"edges": np.zeros((3, 2))}, r"got edges of shape \(3, 2\) and float64"),
        ({"node_labels": np.zeros(29, int)}, "got 29 classes for 30 vertices"),
        ({"node_labels": np.full(30, -1)}, "or negative ones"),
        ({"node_labels": np.array(["a"] * 30, object)}, "cannot be read"),
        ({"node_features": np.full((30, 1), np.nan)}, "no finite numbers"),
        ({"val_masks": np.zeros((4, 29), bool)}, "masks that are not of 30 vertices"),
        ({"val_masks": np.zeros((3, 30), bool)}, "masks that are not of 30 vertices"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, changes, message):
    write(tmp_path, **changes)
    with pytest.raises(ValueError, match=rf"minesweeper\.npz must be the complete file.*{message}"):
        heterophilous("minesweeper", tmp_path)


@over("content", [b"", b"PK no archive", b"\x80\x04."])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "texas.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"texas\.npz must be the complete file"):
        heterophilous("texas", tmp_path)


def test_an_absent_file_is_downloaded_or_asked_for(tmp_path, monkeypatch):
    def offline(self):
        raise OSError("no network")

    monkeypatch.setattr(HeterophilousGraphDataset, "download", offline)
    with pytest.raises(ValueError, match=r"actor\.npz, got no such file.*heterophilous-graphs"):
        heterophilous("actor", tmp_path / "none")
    assert not (tmp_path / "none").exists()
    fetch = lambda self: write(type(tmp_path)(self.raw_dir), self.name)  # noqa: E731
    monkeypatch.setattr(HeterophilousGraphDataset, "download", fetch)
    assert len(heterophilous("actor", tmp_path)[0].y) == 30
    assert (tmp_path / "actor" / "raw" / "actor.npz").is_file()


def real(shared_data, name):
    place = shared_data / "heterophilous" / f"{name}.npz"
    if not place.is_file():
        pytest.skip(f"real data absent: {place}")
    return heterophilous(name, place.parent, reduce=None)[0]


@over("name, f_vector", [("minesweeper", (10000, 39402, 39204)), ("texas", (183, 279, 67))])
def test_the_published_counts(shared_data, name, f_vector):
    item = real(shared_data, name)
    assert item.complex.f_vector == f_vector
    masks = torch.stack([item.train_mask, item.val_mask, item.test_mask])
    assert masks.shape == (3, f_vector[0], 10)
    assert bool((masks.sum(0) == 1).all())


@pytest.mark.slow
def test_tolokers_has_fifteen_million_triangles(shared_data):
    assert real(shared_data, "tolokers").complex.f_vector == (11758, 519000, 15016198)


def test_wide_features_on_many_simplices_are_refused_with_the_remedy(tmp_path):
    stored = tables(n=200) | {"edges": np.argwhere(np.triu(np.ones((200, 200)), 1))}
    write(tmp_path, **stored | {"node_features": np.zeros((200, 20_000), np.float32)})
    with pytest.raises(ValueError, match="Take reduce=None"):
        heterophilous("minesweeper", tmp_path)
    assert heterophilous("minesweeper", tmp_path, reduce=None)[0].x_2.shape == (1313400, 1)
