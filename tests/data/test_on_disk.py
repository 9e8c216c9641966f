"""A data set on disk has the items of the one in memory, is whole or not there, and goes on."""

import json
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from copy import copy, deepcopy
from multiprocessing import get_context

import pytest
import torch
from torch_geometric.data import Batch, Data
from torch_geometric.loader import DataLoader

from simplex import SimplicialComplex
from simplex.data import SimplicialData, SimplicialDataset
from simplex.transforms import Degrees, lift_dataset
from tests.cases import over


def graphs(count=23, seed=0, **without):
    """Graphs of several sizes, without edges too, with fields of every kind that is stored."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for i in range(count):
        n = int(torch.randint(1, 9, (), generator=generator))
        edges = torch.randint(0, n, (2, 2 * n * (i % 5 > 0)), generator=generator)
        fields = {
            "x": torch.randn(n, 3, generator=generator),
            "edge_index": edges,
            "edge_attr": torch.randn(edges.shape[1], 2, generator=generator),
            "y": i % 3,
            "weight": torch.tensor([[i + 0.5]], dtype=torch.float64),
            "low": torch.randn(n, 2, generator=generator).bfloat16(),
            "mask": torch.rand(n, generator=generator) < 0.5,
            "name": f"graph № {i}",
            "smiles": ["C"] * (i % 3) if i else ["C", "N"],
            "num_nodes": n,
        }
        made.append(Data(**{key: each for key, each in fields.items() if key not in without}))
    return made


def items():
    """Complexes with all that they may have; their dimensions and orientations differ."""
    made = []
    for i in range(11):
        top = [(0, 1, 2), (2, 3)] if i % 3 else [(0, 1), (1, 2)]
        K = SimplicialComplex.from_simplices(top, num_vertices=4)
        if i % 2:
            signs = [torch.ones(n, dtype=torch.int8) for n in K.f_vector]
            signs[1] *= -1
            K = K.reorient(signs)
        K = K.with_vertex_labels([(i, "a"), 0.5, "b", None])
        x = [torch.full((n, 2), float(i)) for n in K.f_vector]
        made.append(SimplicialData.from_complex(K, x, y=torch.tensor([i])))
    return made


def filtered():
    K = SimplicialComplex.from_simplices([(0, 1, 2)])
    values = [torch.rand(n) + k for k, n in enumerate(K.f_vector)]
    return [SimplicialData.from_complex(K.with_filtration(values), index_y=torch.tensor([[0, 2]]))]


LIFTED = {
    "plain": {},
    "three dimensions, means": {"max_dim": 3, "reduce": "mean"},
    "features of edges": {"edge_attr": "mean"},
    "directed": {"directed": True, "max_dim": 1},
}


def same(ours, theirs):
    assert type(ours) is type(theirs)
    if isinstance(ours, torch.Tensor):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)
    else:
        assert ours == theirs


def same_items(ours, theirs):
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert set(one.keys()) == set(other.keys())
        assert one.num_nodes == other.num_nodes
        for key in one.keys():  # noqa: SIM118  # of a PyG Data
            same(one[key], other[key])


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@over("name, block_size", [("plain", 1), ("plain", 100), *((name, 4) for name in LIFTED)])
def test_the_items_are_those_in_memory(tmp_path_factory, name, block_size):
    folder = tmp_path_factory.mktemp("many") / "data"
    given, options = graphs(), LIFTED[name]
    disk = SimplicialDataset.to_disk(folder, iter(given), **options, block_size=block_size)
    memory = lift_dataset(given, **options)
    same_items(disk, memory)
    same_items(SimplicialDataset.open(folder, verify=True), memory)
    assert disk.folder == folder
    assert [each.name for each in folder.parent.iterdir()] == ["data"]
    for ids in ([3], [5, 0, 5], list(range(2, 23, 3))):
        ours, theirs = disk[ids].to_batch(), Batch.from_data_list([memory[i] for i in ids])
        assert set(ours.keys()) == set(theirs.keys())
        for key in theirs.keys():  # noqa: SIM118
            same(ours[key], theirs[key])
        assert ours.complex.f_vector == theirs.complex.f_vector


def of_parts():
    """Items that are unions themselves."""
    K = SimplicialComplex.from_simplices([(0, 1, 2), (3, 4)]).with_parts(torch.tensor([0, 3, 5]))
    return [SimplicialData.from_complex(K, torch.rand(5, 1)), *(each for each in [_one()] * 3)]


def _one():
    K = SimplicialComplex.from_simplices([(0, 1)])
    return SimplicialData.from_complex(K, torch.rand(2, 1))


@over("make", [items, filtered, of_parts])
@over("block_size", [1, 4])
def test_lifted_items_keep_all_they_have(tmp_path_factory, make, block_size):
    folder = tmp_path_factory.mktemp("many") / "data"
    given = make()
    disk = SimplicialDataset.to_disk(folder, iter(given), block_size=block_size)
    memory = SimplicialDataset.from_items(given)
    same_items(disk, memory)
    assert [each.complex.vertex_labels for each in disk] == [
        each.complex.vertex_labels for each in memory
    ]
    whole, expected = disk.to_batch(), Batch.from_data_list(list(memory))
    assert whole.complex.f_vector == expected.complex.f_vector
    assert all(
        torch.equal(whole[key], expected[key]) for key in ("facets_1", "y") if key in expected
    )
    again = SimplicialDataset.to_disk(folder.with_name("again"), disk, block_size=4)
    same_items(again, memory)
    part = SimplicialDataset.to_disk(folder.with_name("part"), disk[::-2], block_size=2)
    same_items(part, memory[::-2])
    assert files(again.folder).keys() == files(folder).keys()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """On disk and in memory."""
    given = graphs(name=0, smiles=0)
    folder = tmp_path_factory.mktemp("many") / "data"
    return SimplicialDataset.to_disk(folder, given, block_size=5), lift_dataset(given)


def test_a_subset_is_one(pair):
    disk, memory = pair
    torch.manual_seed(3)
    shuffled, order = disk.shuffle(return_perm=True)
    torch.manual_seed(3)
    same_items(shuffled, memory.shuffle())
    same_items(disk[order > 10], memory[order > 10])
    same_items(disk[:0.3][1:], memory[:0.3][1:])
    assert torch.equal(disk.weight, memory.weight)
    assert disk.num_classes == memory.num_classes == 3
    kept = shuffled[:4].copy()
    assert kept.folder is None
    same_items(kept, memory[order[:4]])
    same_items(Degrees()(disk), Degrees()(memory))


def test_pickled_it_is_the_path_of_its_folder(pair):
    disk, memory = pair
    for each in (disk, disk[[4, 2]]):
        text = pickle.dumps(each)
        assert len(text) < 1000
        again = pickle.loads(text)
        assert again.folder == disk.folder
        same_items(again, each)
        same_items(deepcopy(each), each)
        assert copy(each)._data is disk._data
    changed = copy(disk)
    changed._data = copy(disk._data)
    changed._data.x = changed._data.x + 1
    assert changed.folder is None
    again = pickle.loads(pickle.dumps(changed))
    assert torch.equal(again[3].x, memory[3].x + 1)
    same_items(pickle.loads(pickle.dumps(memory)), memory)


def test_what_is_written_into_its_tensors_stays_in_the_process(pair):
    disk, memory = pair
    own = SimplicialDataset.open(disk.folder)
    own[3].x.zero_()
    assert bool((own[3].x == 0).all())
    assert own.folder is None  # pickled by its values now
    same_items(pickle.loads(pickle.dumps(own))[3:4], own[3:4])
    same_items(SimplicialDataset.open(disk.folder, verify=True), memory)


@over("workers", [0, pytest.param(2, marks=pytest.mark.slow).values[0]])
def test_loaders_read_it(pair, workers):
    disk, memory = pair
    options = {"batch_size": 4, "num_workers": workers}
    for ours, theirs in zip(
        DataLoader(disk, **options), DataLoader(memory, **options), strict=True
    ):
        for key in theirs.keys():  # noqa: SIM118
            same(ours[key], theirs[key])


class Stopped(Exception):  # noqa: N818
    pass


class AtOnce(Executor):
    """Runs what it is given before it says so."""

    def submit(self, function, /, *args):
        future = Future()
        future.set_result(function(*args))
        return future


def until(count, given):
    yield from given[:count]
    raise Stopped


def test_an_interrupted_run_is_never_opened_and_goes_on(tmp_path):
    folder, given = tmp_path / "data", graphs()
    with pytest.raises(Stopped):
        SimplicialDataset.to_disk(folder, until(17, given), block_size=4, executor=AtOnce())
    assert not folder.exists()
    with pytest.raises(ValueError, match=r"still being written, or whose writing was ended"):
        SimplicialDataset.open(folder)
    partial = tmp_path / "data.partial"
    left = {path: path.stat().st_mtime_ns for path in partial.glob("block-*.pt")}
    assert len(left) == 4
    other = [*given[:4], *graphs(4, seed=5), *given[8:]]  # other graphs in the second block
    with pytest.raises(Stopped):
        SimplicialDataset.to_disk(folder, until(17, other), block_size=4, executor=AtOnce())
    changed = {path for path in left if path.stat().st_mtime_ns != left[path]}
    assert {path.stem for path in changed} == {"block-000001"}
    disk = SimplicialDataset.to_disk(folder, other, block_size=4)
    same_items(disk, lift_dataset(other))
    assert not partial.exists()
    whole = SimplicialDataset.to_disk(tmp_path / "whole", other, block_size=4)
    assert files(folder) == files(whole.folder)


def test_a_killed_run_goes_on(tmp_path):
    folder, given = tmp_path / "data", graphs()

    def killed():
        yield from given[:18]
        os.kill(os.getpid(), signal.SIGKILL)

    child = get_context("fork").Process(
        target=SimplicialDataset.to_disk, args=(folder, killed()), kwargs={"block_size": 2}
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert not folder.exists()
    disk = SimplicialDataset.to_disk(folder, given, block_size=2)
    same_items(disk, lift_dataset(given))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["data"]


def test_the_files_are_the_same_by_any_executor(tmp_path):
    given = graphs()
    expected = files(SimplicialDataset.to_disk(tmp_path / "own", given, block_size=3).folder)
    with ThreadPoolExecutor(3) as threads:
        made = SimplicialDataset.to_disk(
            tmp_path / "threads", iter(given), block_size=3, executor=threads
        )
    assert files(made.folder) == expected


@pytest.mark.slow
def test_the_files_are_the_same_by_processes(tmp_path):
    given = graphs()
    expected = files(SimplicialDataset.to_disk(tmp_path / "own", given, block_size=3).folder)
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        made = SimplicialDataset.to_disk(
            tmp_path / "two", iter(given), block_size=3, executor=processes
        )
    assert files(made.folder) == expected


def _cut(folder):
    with (folder / "x.npy").open("r+b") as file:
        file.truncate(200)


def _another_count(folder):
    text = json.loads((folder / "manifest.json").read_text())
    text["num_items"] += 1
    (folder / "manifest.json").write_text(json.dumps(text))


def _another_start(folder):
    with (folder / "starts-1.npy").open("r+b") as file:
        file.seek(-8, os.SEEK_END)
        file.write(bytes(8))


def _another_kind(folder):
    text = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(text | {"format": "simplex-complex"}))


@over(
    "damage, message",
    [
        (_cut, "was cut short"),
        (
            _another_count,
            "must have a manifest that fits its tables, got another number of rows",
        ),
        (
            _another_start,
            "must have a manifest that fits its tables, got another number of rows",
        ),
        (_another_kind, r"must be one of SimplicialDataset.to_disk \(format simplex-dataset\)"),
        (lambda folder: (folder / "y.npy").unlink(), "must hold y.npy, got no such file"),
        (lambda folder: (folder / "manifest.json").unlink(), "which has no manifest.json"),
    ],
)
def test_a_folder_that_is_damaged_or_another_is_refused(tmp_path_factory, damage, message):
    folder = tmp_path_factory.mktemp("many") / "data"
    SimplicialDataset.to_disk(folder, graphs(3))
    damage(folder)
    with pytest.raises(ValueError, match=message):
        SimplicialDataset.open(folder)


def test_altered_bytes_are_found_by_their_checksum(tmp_path):
    SimplicialDataset.to_disk(tmp_path / "data", graphs(3))
    with (tmp_path / "data" / "x.npy").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x7f")
    with pytest.raises(ValueError, match=r"x\.npy must have the checksum of the manifest"):
        SimplicialDataset.open(tmp_path / "data", verify=True)


def _of_width(width):
    return [Data(x=torch.ones(2, width), edge_index=torch.tensor([[0], [1]]))]


LATE = [*graphs(4), Data(x=torch.ones(2, 3), edge_index=torch.tensor([[0], [1]]))]
SPARSE = Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [1]]), a=torch.eye(2).to_sparse())


@over(
    "given, options, message",
    [
        ([], {}, "must hold at least one graph, got none"),
        (iter([]), {}, "must hold at least one graph, got none"),
        (graphs(1)[0], {}, "must be a list or a data set of graphs, got one Data"),
        (5, {}, "must be a list or a data set of graphs, got int"),
        ([*graphs(3), "graph"], {}, r"graphs\[3\] must be a torch_geometric Data, got str"),
        ([*items(), graphs(1)[0]], {}, "must all be SimplicialData where the first one is"),
        ([graphs(1)[0], items()[0]], {}, r"graphs\[1\] must be a graph, got SimplicialData"),
        (items(), {"max_dim": 2}, "must be left out for items that have been lifted"),
        (LATE, {}, "all items must have the same fields, got no .* in item 4 and one in item 0"),
        (LATE, {"block_size": 3}, r"graphs\[3:5\], taken alone: .* in item 1 and one in item 0"),
        ([*_of_width(1) * 4, *_of_width(2)], {}, "x must have rows of one shape in all items"),
        ([SPARSE], {}, "a must be a dense tensor"),
        (graphs(3), {"reduce": "max"}, "reduce must be"),
        (graphs(3), {"max_dim": -1}, "max_dim must be"),
        (graphs(3), {"block_size": 0}, "block_size must be"),
        (graphs(3), {"executor": 2}, "executor must be"),
    ],
)
def test_what_cannot_be_a_data_set_is_refused(tmp_path_factory, given, options, message):
    folder = tmp_path_factory.mktemp("many") / "data"
    with pytest.raises((TypeError, ValueError), match=message):
        SimplicialDataset.to_disk(folder, given, **{"block_size": 2, **options})
    assert not folder.exists()


def test_a_place_that_is_taken_stays_as_it_is(tmp_path):
    folder, own = tmp_path / "data", tmp_path / "own"
    SimplicialDataset.to_disk(folder, graphs(3))
    with pytest.raises(ValueError, match="Pass overwrite=True"):
        SimplicialDataset.to_disk(folder, graphs(4))
    assert len(SimplicialDataset.open(folder)) == 3
    assert len(SimplicialDataset.to_disk(folder, graphs(4), overwrite=True)) == 4
    own.mkdir()
    (own / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="was not written by this library"):
        SimplicialDataset.to_disk(own, graphs(3), overwrite=True)
    assert (own / "notes.txt").read_text() == "mine"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_graphs(tmp_path):
    code = (
        "import resource, sys, torch\n"
        "from torch_geometric.data import Data\n"
        "from simplex.data import SimplicialDataset\n"
        "x, e = torch.ones(40, 50), torch.randint(0, 40, (2, 60))\n"
        "many = lambda n: (Data(x=x, edge_index=e) for _ in range(n))\n"
        "def peak(n):\n"
        "    SimplicialDataset.to_disk(f'{sys.argv[1]}/{n}', many(n), block_size=200)\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "few, more = peak(3000), peak(12000)\n"
        "print(more - few)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    table = 12000 * (40 + 60) * 50 * 4 / 2**20  # megabytes of features alone
    assert table > 200
    assert float(done.stdout) < 100


@pytest.mark.slow
def test_the_files_are_the_same_by_a_cluster(tmp_path):
    dask = pytest.importorskip("dask.distributed")
    given = graphs()
    expected = files(SimplicialDataset.to_disk(tmp_path / "own", given, block_size=3).folder)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with dask.LocalCluster(**options) as cluster, dask.Client(cluster) as client:
        made = SimplicialDataset.to_disk(
            tmp_path / "two", iter(given), block_size=3, executor=client.get_executor()
        )
        assert files(made.folder) == expected
