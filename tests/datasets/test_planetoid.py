"""Citation networks: PyG's own reading of the same files, the splits, and files that bring code."""

import os
import pickle

import networkx as nx
import numpy as np
import pytest
import scipy.sparse
import torch
from torch_geometric.datasets import Planetoid
from torch_geometric.io import read_planetoid_data

from simplex.datasets import planetoid
from tests.cases import over


NUM_VERTICES, TRAINED, TESTED = 1600, 90, 40


def write(folder, seed=0):
    """Random files in the published form: arrays, sparse features, lists of neighbours."""
    rng = np.random.default_rng(seed)
    features = scipy.sparse.random(NUM_VERTICES, 5, 0.4, "csr", np.float32, rng)
    labels = np.eye(3, dtype=np.int32)[rng.integers(0, 3, NUM_VERTICES)]
    graph = nx.gnm_random_graph(NUM_VERTICES, 4000, seed=seed)
    rest = NUM_VERTICES - TESTED
    parts = {
        "x": features[:TRAINED], "allx": features[:rest], "tx": features[rest:],
        "y": labels[:TRAINED], "ally": labels[:rest], "ty": labels[rest:],
        "graph": {v: list(graph[v]) for v in graph},
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in parts.items():
        (folder / f"ind.cora.{name}").write_bytes(pickle.dumps(part, protocol=seed % 3 + 2))
    order = rng.permutation(np.arange(rest, NUM_VERTICES))
    (folder / "ind.cora.test.index").write_text("".join(f"{i}\n" for i in order))
    return graph


@over("seed, inner", [(0, ""), (1, "Cora/raw"), (2, "cora/raw")])
def test_as_pyg_reads_the_same_files(tmp_path, seed, inner):
    graph = write(tmp_path / str(seed) / inner, seed)
    item = planetoid("Cora", tmp_path / str(seed))[0]
    expected = read_planetoid_data(str(tmp_path / str(seed) / inner), "cora")
    for key in expected.keys():  # noqa: SIM118
        assert torch.equal(item[key], expected[key]), key
    triangles = sum(nx.triangles(graph).values()) // 3
    assert item.complex.f_vector == (NUM_VERTICES, graph.number_of_edges(), triangles)
    corners = item.x[item.complex.simplices(2)]
    torch.testing.assert_close(item.x_2, corners.mean(1))


def test_what_higher_simplices_carry(tmp_path):
    write(tmp_path)
    mean, total, bare = (planetoid("cora", tmp_path, reduce=r)[0] for r in ("mean", "sum", None))
    torch.testing.assert_close(mean.x_1 * 2, total.x_1)
    assert bare.x_1.tolist() == [[1.0]] * len(bare.x_1)
    assert torch.equal(bare.x, mean.x)
    assert planetoid("cora", tmp_path, max_dim=1)[0].complex.dim == 1


def test_splits(tmp_path):
    write(tmp_path)
    public = planetoid("cora", tmp_path)[0]
    full = planetoid("cora", tmp_path, split="full")[0]
    assert torch.equal(full.train_mask, ~(public.val_mask | public.test_mask))
    draws = [
        planetoid("cora", tmp_path, split="random", generator=torch.Generator().manual_seed(s))[0]
        for s in (0, 0, 1)
    ]
    assert torch.equal(draws[0].train_mask, draws[1].train_mask)
    assert not torch.equal(draws[0].train_mask, draws[2].train_mask)
    for item in draws:
        assert item.y[item.train_mask].bincount().tolist() == [20, 20, 20]
        masks = torch.stack([item.train_mask, item.val_mask, item.test_mask])
        assert masks.sum(1).tolist() == [60, 500, 1000]
        assert int(masks.sum(0).max()) == 1


def test_the_splits_of_geom_gcn_are_columns(tmp_path):
    write(tmp_path)
    marks = np.random.default_rng(0).integers(0, 3, (10, NUM_VERTICES))
    for i in range(10):
        parts = {f"{p}_mask": marks[i] == j for j, p in enumerate(("train", "val", "test"))}
        np.savez(tmp_path / f"cora_split_0.6_0.2_{i}.npz", **parts)
    item = planetoid("cora", tmp_path, split="geom-gcn")[0]
    assert np.array_equal(item.test_mask.T.numpy(), marks == 2)
    np.savez(tmp_path / "cora_split_0.6_0.2_3.npz", **{k: v[:9] for k, v in parts.items()})
    with pytest.raises(ValueError, match=r"_3\.npz must be .* train_mask of 9 vertices for 1600"):
        planetoid("cora", tmp_path, split="geom-gcn")
    (tmp_path / "cora_split_0.6_0.2_3.npz").unlink()
    with pytest.raises(ValueError, match=r"must be complete .* got no cora_split_0.6_0.2_3.npz"):
        planetoid("cora", tmp_path, split="geom-gcn")


class _Code:
    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return os.mkdir, (self.place,)


def test_a_file_that_brings_code_is_refused_and_the_code_not_run(tmp_path):
    write(tmp_path)
    (tmp_path / "ind.cora.graph").write_bytes(pickle.dumps(_Code(str(tmp_path / "ran"))))
    with pytest.raises(ValueError, match=r"names \w+\.mkdir, which no published file does"):
        planetoid("cora", tmp_path)
    assert not (tmp_path / "ran").exists()


@over("content", [b"", b"no pickle", pickle.dumps([1, 2]), pickle.dumps(np.ones((2, 9)))])
def test_damaged_files_are_named(tmp_path, content):
    write(tmp_path)
    (tmp_path / "ind.cora.allx").write_bytes(content)
    with pytest.raises(ValueError, match="must be the complete file of the citations of cora"):
        planetoid("cora", tmp_path)


def test_features_that_would_not_fit_are_refused(tmp_path):
    write(tmp_path)
    wide = scipy.sparse.csr_matrix((10**6, 10**8), dtype=np.float32)
    (tmp_path / "ind.cora.allx").write_bytes(pickle.dumps(wide))
    with pytest.raises(ValueError, match=r"the features of cora .* half of the free memory"):
        planetoid("cora", tmp_path)


def test_absent_files_say_where_they_go(tmp_path, monkeypatch):
    def offline(self):
        raise OSError("no network\nmore")

    monkeypatch.setattr(Planetoid, "download", offline)
    with pytest.raises(
        ValueError, match=r"ind\.cora\.x .* \(OSError: no network\)\. Put the files"
    ):
        planetoid("cora", tmp_path / "deep" / "root")
    assert not (tmp_path / "deep").exists()
    write(tmp_path)
    (tmp_path / "ind.cora.ty").unlink()
    with pytest.raises(ValueError, match=r"must be complete in .*, got no ind\.cora\.ty"):
        planetoid("cora", tmp_path)


def test_a_download_comes_to_the_folder_of_pyg(tmp_path, monkeypatch):
    monkeypatch.setattr(Planetoid, "download", lambda self: write(type(tmp_path)(self.raw_dir)))
    first = planetoid("cora", tmp_path)[0]
    assert (tmp_path / "Cora" / "raw" / "ind.cora.x").is_file()
    monkeypatch.undo()
    assert torch.equal(planetoid("cora", tmp_path)[0].x, first.x)


@over(
    "options, message",
    [
        ({"name": "core"}, "name must be one of 'cora'"),
        ({"name": 3}, "name must be one of"),
        ({"split": "half"}, "split must be one of"),
        ({"reduce": "max"}, "reduce must be one of 'mean', 'sum', None"),
        ({"max_dim": -1}, "max_dim must be non-negative"),
    ],
)
def test_wrong_options(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        planetoid(**({"name": "cora", "root": tmp_path} | options))


@over(
    "name, f_vector, sizes",
    [
        ("cora", (2708, 5278, 1630, 220, 9), [140, 500, 1000]),
        ("citeseer", (3327, 4552, 1167, 255, 46), [120, 500, 1000]),
    ],
)
def test_the_published_counts(shared_data, name, f_vector, sizes):
    folder = shared_data / "planetoid"
    if not folder.is_dir():
        pytest.skip(f"real data absent: {folder}")
    item = planetoid(name, folder, max_dim=4, reduce=None)[0]
    assert item.complex.f_vector == f_vector
    assert [int(item[f"{part}_mask"].sum()) for part in ("train", "val", "test")] == sizes
