"""The ocean drifters: the published counts, flows that are the given paths, and broken files."""

import itertools
import math

import numpy as np
import pytest
import torch

from simplex.datasets import ocean_drifters
from tests.cases import over


@pytest.fixture(scope="module")
def folder(request):
    return request.getfixturevalue("shared_data") / "ocean"


def drifters(folder, seed=0):
    return ocean_drifters(folder, generator=torch.Generator().manual_seed(seed))


TINY = {  # two triangles on an edge
    "coordinates": np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]]),
    "edges": np.array([[2, 3], [1, 0], [0, 2], [1, 2], [1, 3]]),
    "triangles": np.array([[2, 1, 0], [1, 2, 3]]),
    "path_nodes": np.array([0, 2, 1, 0, 2, 3, 1, 2, 2, 1]),
    "path_offsets": np.array([0, 5, 8, 10]),
    "label": np.array([0, 1, 1]),
    "train_mask": np.array([True, False, True]),
}


def write(folder, **changes):
    tables = {key: value for key, value in (TINY | changes).items() if value is not None}
    np.savez(folder / "ocean_drifters.npz", **tables)
    return folder


def test_the_published_counts(folder):
    task = drifters(folder)
    assert task.complex.validate().f_vector == (133, 320, 186)
    assert task.positions.shape == (133, 2)
    assert task.train.labels.bincount().tolist() == [91, 69]
    assert task.test.labels.bincount().tolist() == [19, 21]


def test_ids_are_those_of_the_file(folder):
    stored = np.load(folder / "ocean_drifters.npz")
    K = drifters(folder).complex
    assert K.simplices(1).tolist() == sorted(stored["edges"].tolist())
    assert K.simplices(2).tolist() == sorted(stored["triangles"].tolist())


def test_flows_are_the_paths_and_labels_their_turn(folder):
    """Step by step in plain Python, from the file."""
    stored, task = np.load(folder / "ocean_drifters.npz"), drifters(folder)
    edge = {tuple(e): i for i, e in enumerate(task.complex.simplices(1).tolist())}
    place = stored["coordinates"]
    centre = place.mean(0) - [0.03, 0]
    samples = {True: iter(zip(*unturned(task.train), strict=True)),
               False: iter(zip(*unturned(task.test), strict=True))}  # fmt: skip
    bounds = stored["path_offsets"].tolist()
    for i, (start, stop) in enumerate(itertools.pairwise(bounds)):
        path = stored["path_nodes"][start:stop].tolist()
        expected = [0] * len(edge)
        for u, v in itertools.pairwise(path):
            expected[edge[min(u, v), max(u, v)]] += 1 if u < v else -1
        flow, label = next(samples[bool(stored["train_mask"][i])])
        assert flow == expected
        (x, y), (z, w) = place[path[0]] - centre, place[path[-1]] - centre
        assert label == int(math.sin(math.atan2(w, z) - math.atan2(y, x)) > 0)


def unturned(samples):
    return (samples.flows * samples.orientation).tolist(), samples.labels.tolist()


def test_orientations_are_drawn_for_the_test_flows_alone(folder):
    task, again, other = drifters(folder), drifters(folder), drifters(folder, 1)
    assert bool((task.train.orientation == 1).all())
    assert set(task.test.orientation.unique().tolist()) == {-1, 1}
    assert not torch.equal(task.test.orientation[0], task.test.orientation[1])
    assert torch.equal(task.test.flows, again.test.flows)
    assert torch.equal(task.train.flows, other.train.flows)
    assert not torch.equal(task.test.orientation, other.test.orientation)
    assert unturned(task.test) == unturned(other.test)


def test_steps_are_counted_with_their_signs(tmp_path):
    task = ocean_drifters(write(tmp_path))
    assert task.complex.simplices(1).tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]
    assert task.train.flows.tolist() == [[-1, 2, -1, 0, 0], [0, 0, -1, 0, 0]]
    assert unturned(task.test) == ([[0, 0, 1, -1, 0]], [1])
    assert task.positions.dtype == torch.float64


def test_the_folder_comes_from_the_environment(tmp_path, monkeypatch):
    (tmp_path / "ocean").mkdir()
    write(tmp_path / "ocean")
    monkeypatch.setenv("SIMPLEX_DATA", str(tmp_path))
    assert len(ocean_drifters().train) == 2
    monkeypatch.setenv("SIMPLEX_DATA", str(tmp_path / "elsewhere"))
    with pytest.raises(ValueError, match=r"got no such file\. Pass the root"):
        ocean_drifters()


@over(
    "changes, message",
    [
        ({"label": None}, "cannot be read .*label"),
        ({"label": np.array([0, 1])}, "3 paths for 2 labels"),
        ({"label": np.array([0, 1, 2])}, "a label other than 0 and 1"),
        ({"train_mask": np.array([True, False])}, "3 paths for 3 labels and 2 marks"),
        ({"train_mask": np.array([1, 0, 1])}, r"got train_mask of shape \(3,\) and int64"),
        ({"coordinates": TINY["coordinates"][:3]}, "mesh that is none.*below num_vertices=3"),
        ({"coordinates": np.zeros(4)}, r"got coordinates of shape \(4,\)"),
        ({"edges": TINY["edges"] * 1.0}, "got edges of shape .* and float64"),
        ({"edges": TINY["edges"][:, :1]}, r"got edges of shape \(5, 1\)"),
        ({"edges": TINY["edges"][1:]}, "a triangle without its edges"),
        ({"edges": np.array([[0, 0]])}, "must be distinct"),
        ({"triangles": np.array([[0, 1, 2], [1, 2, 3], [2, 1, 0]])}, "a triangle twice"),
        ({"path_offsets": np.array([0, 5, 8, 9])}, "path_offsets that do not cut"),
        ({"path_offsets": np.array([0, 5, 5, 10])}, "path_offsets that do not cut"),
        ({"path_offsets": np.array([1, 5, 8, 10])}, "path_offsets that do not cut"),
        ({"path_offsets": np.array([], dtype=int)}, "paths for 3 labels"),
        ({"path_nodes": np.array([0, 3, 1, 0, 2, 3, 1, 2, 2, 1])}, "path 0 that steps 0 → 3"),
        ({"path_nodes": np.array([0, 2, 1, 0, 2, 3, 4, 2, 2, 1])}, "path 1 that steps 3 → 4"),
        ({"path_nodes": np.array([0, 2, 1, 0, 2, 3, 1, 2, -1, 1])}, "path 2 that steps -1 → 1"),
        ({"edges": np.array([["a", "b"]], dtype=object)}, "cannot be read"),
    ],
)
def test_wrong_tables_are_refused(tmp_path, changes, message):
    with pytest.raises(ValueError, match=rf"ocean_drifters\.npz must be .*{message}"):
        ocean_drifters(write(tmp_path, **changes))


@over("kept", [0, 1, 40, 400, -1, -100])
def test_truncated_files_are_refused(tmp_path, kept):
    path = write(tmp_path) / "ocean_drifters.npz"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match="got one that cannot be read"):
        ocean_drifters(tmp_path)


@over("content", [b"\x93NUMPY garbage", b"PK\x03\x04 garbage", b"text\n"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "ocean_drifters.npz").write_bytes(content)
    with pytest.raises(ValueError, match="got one that cannot be read"):
        ocean_drifters(tmp_path)


def test_a_single_array_is_refused(tmp_path):
    with open(tmp_path / "ocean_drifters.npz", "wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match="got one that cannot be read"):
        ocean_drifters(tmp_path)
