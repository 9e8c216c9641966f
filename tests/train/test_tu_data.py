"""TU data: features, labels, folds, and what is said when the files are not there."""

import pytest
import torch

from simplex.datasets import stratified_folds, tu_dataset, tu_folds
from tests.cases import over
from tests.train.tiny import write_tiny


def test_tags_become_features_and_labels_are_consecutive(tmp_path):
    dataset = tu_dataset("TINY", write_tiny(tmp_path), max_dim=3, reduce="mean")
    assert len(dataset) == 16
    assert dataset.num_features == 3
    assert dataset.num_classes == 2
    assert dataset.y.tolist() == [0, 1] * 8
    assert dataset[1].complex.f_vector == (4, 4, 1)
    assert dataset[1].x.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]
    torch.testing.assert_close(dataset[1].x_2, torch.full((1, 3), 1 / 3))
    assert dataset[0].x_3.shape == (0, 3)


def test_raw_files_are_only_read(tmp_path):
    write_tiny(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    tu_dataset("TINY", tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_features_without_tags(tmp_path):
    assert tu_dataset("TINY", write_tiny(tmp_path, tags=False))[0].x.tolist() == [[1.0]] * 4
    degrees = tu_dataset("IMDB-TINY", write_tiny(tmp_path, "IMDB-TINY", tags=False))
    assert degrees.num_features == 4
    assert degrees[1].x.argmax(1).tolist() == [2, 2, 3, 1]


def test_root_from_the_environment(tmp_path, monkeypatch):
    write_tiny(tmp_path / "tu")
    monkeypatch.setenv("SIMPLEX_DATA", str(tmp_path))
    assert len(tu_dataset("TINY")) == 16


def test_absent_or_broken_files(tmp_path, monkeypatch):
    from torch_geometric.datasets import TUDataset

    def no_network(self):
        raise OSError("no network")

    monkeypatch.setattr(TUDataset, "download", no_network)
    with pytest.raises(ValueError, match=r"'NONE' must be the name .* no network.* holds NONE/raw"):
        tu_dataset("NONE", tmp_path / "new")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "NONE" / "raw").mkdir(parents=True)  # as an interrupted download leaves it
    with pytest.raises(ValueError, match="no network"):
        tu_dataset("NONE", tmp_path)
    for name in ("", "..", "../NONE", "a/b"):
        with pytest.raises(ValueError, match="name must be that of a TU data set"):
            tu_dataset(name, tmp_path)
    write_tiny(tmp_path)
    (tmp_path / "TINY" / "raw" / "TINY_A.txt").write_text("1, two\n")
    with pytest.raises(ValueError, match=r"TINY_A\.txt, line 1: a line must be 2 integers"):
        tu_dataset("TINY", tmp_path)


@over("num_folds", [2, 3, 10])
def test_stratified_folds(num_folds):
    labels = torch.tensor([0] * 23 + [1] * 11 + [2] * 5)

    def drawn(seed):
        return stratified_folds(labels, num_folds, generator=torch.Generator().manual_seed(seed))

    folds = drawn(1)
    assert torch.cat([fold.test for fold in folds]).sort().values.tolist() == list(range(39))
    for fold in folds:
        assert sorted(fold.train.tolist() + fold.test.tolist()) == list(range(39))
        for label, count in enumerate([23, 11, 5]):
            assert abs((labels[fold.test] == label).sum() - count / num_folds) < 1
    again, other = drawn(1), drawn(2)
    assert all(torch.equal(a.test, b.test) for a, b in zip(folds, again, strict=True))
    assert not all(torch.equal(a.test, b.test) for a, b in zip(folds, other, strict=True))


@over("num_folds", [1, 5])
def test_impossible_number_of_folds(num_folds):
    with pytest.raises(ValueError, match="num_folds must be at least 2"):
        stratified_folds(torch.zeros(4, dtype=torch.int64), num_folds)


def test_stored_folds_are_read(tmp_path):
    folder = tmp_path / "TINY" / "10fold"
    folder.mkdir(parents=True)
    for i in range(1, 11):
        (folder / f"train_idx-{i}.txt").write_text("3\n2\n")
        (folder / f"test_idx-{i}.txt").write_text("0\n1\n")
    labels = torch.zeros(4, dtype=torch.int64)
    folds = tu_folds("TINY", labels, tmp_path)
    assert [(fold.train.tolist(), fold.test.tolist()) for fold in folds] == [([2, 3], [0, 1])] * 10
    assert len(tu_folds("TINY", labels, tmp_path, num_folds=2)) == 2


def test_mutag(shared_data):
    root = shared_data / "tu"
    dataset = tu_dataset("MUTAG", root)
    assert len(dataset) == 188
    assert dataset.y.bincount().tolist() == [63, 125]
    assert dataset.to_batch().complex.f_vector == (3371, 3721)
    assert sum(len(fold.test) for fold in tu_folds("MUTAG", dataset.y, root)) == 180
