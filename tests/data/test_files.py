"""Files of data sets bring tensors, never code; what is damaged is refused."""

import os
import pickle
import random

import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from simplex.cli import main
from simplex.data import SimplicialData, SimplicialDataset
from simplex.datasets import tu_dataset
from simplex.train import read_checkpoint
from simplex.transforms import lift_dataset
from tests.cases import over
from tests.train.tiny import write_tiny


class Malicious:
    """What makes a folder when it is unpickled."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return os.mkdir, (str(self.place),)


@pytest.fixture
def dataset():
    edges = torch.tensor([[0, 1, 1, 2, 2, 0], [1, 0, 2, 1, 0, 2]])
    graphs = [Data(x=torch.rand(n, 2), edge_index=edges, y=torch.tensor([n])) for n in (3, 4, 5)]
    return lift_dataset(graphs)


def payloads(dataset, evil):
    """The object in every place of a stored data set."""
    data, slices, kind = dataset._data.to_dict(), dataset.slices, SimplicialData
    return [
        evil,
        (data | {"x": evil}, slices, kind),
        (data | {"note": [{"deep": (evil,)}]}, slices, kind),
        (data | {(evil, "x"): 1}, slices, kind),
        (data, slices | {"x": evil}, kind),
        (data, evil, kind),
        (data, slices, evil),
        (evil, slices),
    ]


def test_no_reader_runs_the_code_of_a_file(dataset, tmp_path):
    evil = Malicious(tmp_path / "OWNED")
    readers = [
        SimplicialDataset.from_file,
        dataset.copy().load,
        read_checkpoint,
        lambda path: _raise(main(["info", str(path)])),
    ]
    for i, content in enumerate(payloads(dataset, evil)):
        zipped, legacy, plain = (tmp_path / f"{i}{kind}.pt" for kind in "zlp")
        torch.save(content, zipped)
        torch.save(content, legacy, _use_new_zipfile_serialization=False)
        plain.write_bytes(pickle.dumps(content))
        for path in (zipped, legacy, plain):
            for reader in readers:
                with pytest.raises(ValueError, match=r"must be|cannot|could not"):
                    reader(path)
                assert not evil.place.exists()
    torch.load(zipped, weights_only=False)
    assert evil.place.exists()  # the payload is a payload


def _raise(code):
    assert code == 2
    raise ValueError("must be")


def test_files_beside_raw_data_are_not_read(tmp_path):
    evil = Malicious(tmp_path / "OWNED")
    processed = write_tiny(tmp_path) / "TINY" / "processed"
    processed.mkdir()
    for name in ("data.pt", "pre_transform.pt", "pre_filter.pt"):
        torch.save(evil, processed / name)
    assert len(tu_dataset("TINY", tmp_path)) == 16
    assert not evil.place.exists()


def test_absent_files_and_devices(dataset, tmp_path):
    with pytest.raises(FileNotFoundError):
        SimplicialDataset.from_file(tmp_path / "none.pt")
    for place in (tmp_path, "/dev/zero"):
        with pytest.raises(ValueError, match="path must be a regular file"):
            SimplicialDataset.from_file(place)
    with pytest.raises(ValueError, match=r"must be stored by SimplicialDataset\.save"):
        dataset.to_on_disk_dataset(str(tmp_path))


def test_a_flipped_bit_is_noticed(dataset, tmp_path):
    path, rng, refused = tmp_path / "data.pt", random.Random(0), 0
    SimplicialDataset.save(dataset, path)
    whole = path.read_bytes()
    for _ in range(150):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            again = SimplicialDataset.from_file(path)
        except ValueError:
            refused += 1
            continue
        for item, other in zip(dataset, again, strict=True):  # padding between the tensors
            assert item.to_dict().keys() == other.to_dict().keys()
            for key in ("x", "x_1", "y", "edge_index", "facets_1", "facets_2"):
                assert torch.equal(item[key], other[key])
    assert refused > 50


@over("value", [np.ones(3), range(3), torch.nn.ReLU()])
def test_what_cannot_be_read_back_is_not_stored(dataset, tmp_path, value):
    path = tmp_path / "data.pt"
    path.write_text("mine")
    items = [item.clone() for item in dataset]
    for item in items:
        item.note = value
    with pytest.raises(ValueError, match="fields must be tensors, numbers, strings"):
        SimplicialDataset.save(items, path)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(dataset, tmp_path, monkeypatch):
    path = tmp_path / "data.pt"
    SimplicialDataset.save(dataset[:1], path)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"data\.pt could not be written \(No space left on device\)"):
        SimplicialDataset.save(dataset, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_files_at_an_address(dataset):
    SimplicialDataset.save(dataset, "memory://folder/data.pt")
    again = SimplicialDataset.from_file("memory://folder/data.pt")
    assert torch.equal(again.x, dataset.x)
