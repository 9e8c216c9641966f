"""The table of data sets: every entry is what its loader gives, as far as the files are there."""

import pytest
import torch

from simplex.datasets import DATASETS, dataset_entry, load_dataset
from tests.cases import over


def test_names_in_any_spelling():
    for name, entry in DATASETS.items():
        assert dataset_entry(name.upper().replace("-", "_")) is entry
    assert dataset_entry("Roman Empire").num_outputs == 18


@over("name, near", [("kora", "'cora'"), ("mine-sweeper2", "'minesweeper'"), (3, "'mutag'")])
def test_a_wrong_name_is_answered_by_the_nearest(name, near):
    with pytest.raises(ValueError, match=f"name must be a key of .*{near}.* tu_dataset"):
        load_dataset(name)


def test_options_reach_the_loader(tmp_path):
    raw = tmp_path / "MUTAG" / "raw"
    raw.mkdir(parents=True)
    files = {"A": "1, 2\n2, 1\n", "graph_indicator": "1\n1\n2\n", "graph_labels": "0\n1\n"}
    for name, text in files.items():
        (raw / f"MUTAG_{name}.txt").write_text(text)
    assert load_dataset("mutag", root=tmp_path, max_dim=1).to_batch().complex.f_vector == (3, 1)


FOLDERS = {
    "mutag": "tu", "cora": "planetoid", "minesweeper": "heterophilous", "texas": "heterophilous",
    "us-county-birth": "us_county",
}  # fmt: skip
LARGE = {
    "nci1": "tu", "imdb-binary": "tu", "proteins": "tu", "ptc": "tu", "citeseer": "planetoid",
    "tolokers": "heterophilous", "actor": "heterophilous", "cornell": "heterophilous",
    "wisconsin": "heterophilous", "chameleon-filtered": "heterophilous",
    "squirrel-filtered": "heterophilous", "aqsol": "aqsol",
}  # fmt: skip


@over("name", FOLDERS)
def test_entries_say_what_the_files_hold(shared_data, name):
    entry_holds(name, shared_data / FOLDERS[name])


@pytest.mark.slow
@over("name", LARGE)
def test_entries_of_large_sets_too(shared_data, name):
    entry_holds(name, shared_data / LARGE[name])


def entry_holds(name, root):
    entry = DATASETS[name]
    if not root.is_dir():
        pytest.skip(f"real data absent: {root}")
    dataset = entry.load(root=root, max_dim=1)
    data = dataset.to_batch()
    assert len(data.y) == (len(dataset) if entry.level is None else data.num_nodes)
    assert data.y.is_floating_point() == (entry.kind == "numbers")
    if entry.kind == "classes":
        assert torch.equal(data.y.unique(), torch.arange(entry.num_outputs))
    assert ("train_mask" in data) == (entry.splits == "masks")
    if entry.splits == "folds":
        assert (root / entry.load.args[0] / "10fold").is_dir()


@pytest.mark.slow
def test_nci1_is_the_published_set(shared_data):
    """The collection says: 4,110 graphs, on average 29.87 vertices and 32.30 edges, 37 labels."""
    root = shared_data / "tu"
    if not (root / "NCI1").is_dir():
        pytest.skip(f"real data absent: {root / 'NCI1'}")
    dataset = load_dataset("nci1", root=root)
    counts = dataset.to_batch().complex.f_vector
    assert len(dataset) == 4110
    assert dataset[0].x.shape[1] == 37
    assert round(counts[0] / 4110, 2) == 29.87
    assert round(counts[1] / 4110, 2) == 32.30
