"""Refinement by tasks, from folders and in blocks, against the refinement in memory."""

import gc
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import pytest
import torch

from simplex import SimplicialComplex
from simplex.lifting import directed_flag_complex
from simplex.storage import edges_to_disk, open_complex, save_complex
from simplex.testing import random_complex
from simplex.wl import compare, distinguish, folklore_wl, simplicial_wl, weisfeiler_lehman
from tests.cases import over
from tests.tables import COMPLEXES
from tests.wl.executors import Serial
from tests.wl.graphs import PAIRS, lift, relabel
from tests.wl.oracle import ADJACENCIES, is_finer, same_partition


# One that holds all of the table, and one without parts.
TABLE = {
    "all": SimplicialComplex.disjoint_union([*COMPLEXES.values()][::2]),
    "random": random_complex(5, num_vertices=30, num_simplices=60, max_dim=3),
    "directed": directed_flag_complex(torch.randint(0, 12, (2, 60)), max_dim=2, num_vertices=12),
    "hub": SimplicialComplex.from_simplices([(0, i, j) for i in range(1, 9) for j in range(9, 17)]),
    "empty": COMPLEXES["empty"],
    "one vertex": COMPLEXES["one vertex"],
}
MANY = [*COMPLEXES.values(), *(relabel(K, 3)[0] for K in [*COMPLEXES.values()][::3])]
MANY += [lift(graph, 3) for A, B, _ in PAIRS.values() for graph in (A, B) if len(A) < 20]


def assert_equal(ours, expected):
    names = ("rounds", "stable", "num_classes", "kinds")
    for name in names:
        assert getattr(ours, name) == getattr(expected, name)
    assert all(map(torch.equal, ours.colors, expected.colors))
    assert all(map(torch.equal, ours.pointers, expected.pointers))
    assert all(map(torch.equal, ours.histogram, expected.histogram))


@pytest.fixture
def saved(tmp_path):
    """Saves a complex, or the edges of one, once for each name."""

    def folder(name, edges=False):
        path = tmp_path / f"{name} {edges}"
        if not path.exists():
            K = TABLE[name]
            if edges:
                edges_to_disk(K.facets(1), path, num_vertices=K.num_simplices(0))
            else:
                save_complex(K, path)
        return path

    return folder


# --- one complex ----------------------------------------------------------------------------------


@over("name", TABLE)
def test_a_folder_has_the_colours_of_the_complex_in_memory(saved, name):
    for task_size in (None, 32):
        ours = simplicial_wl(saved(name), executor=Serial(), task_size=task_size)
        assert_equal(ours, simplicial_wl(TABLE[name]))


@over("adjacencies", [ADJACENCIES, ["coboundary"], ["lower"]])
def test_all_adjacencies_work_on_a_folder(saved, adjacencies):
    ours = simplicial_wl(saved("all"), adjacencies=adjacencies, executor=Serial(), task_size=64)
    assert_equal(ours, simplicial_wl(TABLE["all"], adjacencies=adjacencies))


@over("name", TABLE)
def test_weisfeiler_lehman_on_folders_of_complexes_and_of_edges(saved, name):
    expected = weisfeiler_lehman(TABLE[name])
    assert_equal(weisfeiler_lehman(saved(name), executor=Serial(), task_size=8), expected)
    if TABLE[name].num_parts == 1 and not TABLE[name].directed:
        assert_equal(weisfeiler_lehman(saved(name, edges=True), task_size=8), expected)


def test_a_complex_in_memory_on_threads():
    with ThreadPoolExecutor(2) as executor:
        for test in (simplicial_wl, weisfeiler_lehman):
            ours = test(TABLE["random"], executor=executor, task_size=8)
            assert_equal(ours, test(TABLE["random"]))


def test_verdicts_of_refinements_by_tasks():
    test = partial(simplicial_wl, executor=Serial())
    for name in ("C6, 2 C3", "Rook 4x4, Shrikhande"):
        A, B = (lift(graph, 2) for graph in PAIRS[name][:2])
        assert compare(A, B, test) == compare(A, B)


def test_relabelling_moves_the_colours_on_disk(tmp_path):
    K, order = relabel(TABLE["random"], 1)
    save_complex(K, tmp_path / "K")
    ours, theirs = simplicial_wl(TABLE["random"]), simplicial_wl(tmp_path / "K", task_size=16)
    for k in range(K.dim + 1):
        where = K.index(order[TABLE["random"].simplices(k)])
        assert torch.equal(ours.colors[k], theirs.colors[k][where])


def test_starting_colours_rounds_and_stop(saved):
    K, folder = TABLE["random"], saved("random")
    colors = {0: torch.arange(30) % 3, 2: [0.5 * (i % 2) for i in range(K.num_simplices(2))]}
    ours = partial(simplicial_wl, folder, executor=Serial(), task_size=16)
    assert_equal(ours(colors=colors), simplicial_wl(K, colors=colors))
    for limit in (0, 1):
        assert_equal(ours(max_rounds=limit), simplicial_wl(K, max_rounds=limit))
    history, expected = [], []
    last = ours(stop=lambda c: history.append(c) or c.rounds == 1)
    assert_equal(last, simplicial_wl(K, stop=lambda c: expected.append(c) or c.rounds == 1))
    assert len(history) == 2
    for one, other in zip(history, expected, strict=True):
        assert_equal(one, other)  # also the first, whose files have been written anew since
    start = weisfeiler_lehman(folder, colors=colors[0], max_rounds=0)
    assert same_partition(start.colors[0].tolist(), colors[0].tolist())


def test_colours_stay_in_the_folder_and_are_opened_again(saved, tmp_path):
    first = simplicial_wl(saved("random"), folder=tmp_path / "colours")
    executor = Serial()
    again = simplicial_wl(saved("random"), folder=tmp_path / "colours", executor=executor)
    assert_equal(again, first)
    assert executor.names == []
    assert_equal(first, simplicial_wl(TABLE["random"], folder=tmp_path / "of memory"))
    files = {"colors_0.npy", "colors_1.npy", "colors_2.npy", "colors_3.npy", "manifest.json"}
    for place in ("colours", "of memory"):
        assert {file.name for file in (tmp_path / place).iterdir()} == files
    before = (tmp_path / "colours" / "colors_2.npy").read_bytes()
    again.colors[2].zero_()
    assert (tmp_path / "colours" / "colors_2.npy").read_bytes() == before
    for other in ({"max_rounds": 1}, {"adjacencies": ["upper"]}, {"colors": [range(30)]}):
        with pytest.raises(ValueError, match=r"which holds another.*nothing was changed"):
            simplicial_wl(saved("random"), folder=tmp_path / "colours", **other)
    with pytest.raises(ValueError, match="which holds another"):
        simplicial_wl(saved("all"), folder=tmp_path / "colours")


def test_temporary_colours_live_as_long_as_their_coloring(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    coloring = simplicial_wl(COMPLEXES["house"], executor=Serial())
    colors, expected = coloring.colors[1], coloring.colors[1].tolist()
    assert len([*tmp_path.iterdir()]) == 1
    del coloring
    gc.collect()
    assert [*tmp_path.iterdir()] == []
    assert colors.tolist() == expected  # files without a name, as long as they are mapped
    with pytest.raises(ConnectionError):
        simplicial_wl(COMPLEXES["house"], executor=Serial(tasks_until_lost=3))
    assert [*tmp_path.iterdir()] == []


def test_a_refinement_that_was_ended_goes_on_from_the_last_whole_round(saved, tmp_path):
    run = partial(simplicial_wl, saved("all"), task_size=64)
    whole = Serial()
    expected = run(executor=whole)
    assert expected.rounds >= 3
    for lost in range(1, len(whole.names), 40):
        folder = tmp_path / f"{lost}"
        with pytest.raises(OSError, match=r"is gone|calling again goes on"):
            run(executor=Serial(lost), folder=folder)
        assert not folder.exists()
        rest = Serial()
        assert_equal(run(executor=rest, folder=folder), expected)
        hashes = whole.names.count("hash_rows")
        left = hashes - whole.names[:lost].count("hash_rows")
        assert rest.names.count("hash_rows") <= left + hashes // (expected.rounds + 1)
        assert not folder.with_name(folder.name + ".partial").exists()


def test_what_is_refused(saved, tmp_path, monkeypatch):
    folder = saved("random")
    for path, message in [
        (tmp_path / "nothing", "there is no such folder"),
        (saved("random", edges=True), "of format simplex-edges"),
        (simplicial_wl, "K must be a SimplicialComplex"),
    ]:
        with pytest.raises((TypeError, ValueError), match=message):
            simplicial_wl(path, executor=Serial())
    for options, message in [
        ({"executor": 4}, "executor must be a concurrent.futures.Executor"),
        ({"task_size": 0}, "task_size must be at least 1"),
        ({"max_rounds": -1}, "max_rounds must be non-negative"),
        ({"stop": 1}, "stop must be a function"),
        ({"adjacencies": ["down"]}, "adjacencies must be a collection of names"),
        ({"colors": {0: torch.zeros(4)}}, r"colors\[0\] must have shape \(30,\)"),
        ({"folder": ""}, "folder must be a path"),
        ({"folder": folder}, "of format simplex-complex"),
    ]:
        with pytest.raises((TypeError, ValueError), match=message):
            simplicial_wl(folder, **options)
    usage = shutil.disk_usage(tmp_path)._replace(free=1 << 10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(ValueError, match=r"must find room for its files .*another folder="):
        simplicial_wl(folder)


def test_a_folder_that_has_become_another_is_noticed(saved, tmp_path):
    class Replacing(Serial):
        def submit(self, function, /, *arguments):
            if not self.names:
                save_complex(COMPLEXES["house"], saved("random"), overwrite=True)
            return super().submit(function, *arguments)

    with pytest.raises(OSError, match="every worker must see the folder"):
        simplicial_wl(saved("random"), executor=Replacing(), folder=tmp_path / "colours")


# --- many complexes -------------------------------------------------------------------------------


@over(
    "test",
    [
        simplicial_wl,
        partial(simplicial_wl, adjacencies=ADJACENCIES, max_rounds=2),
        partial(simplicial_wl, max_rounds=0),
        weisfeiler_lehman,
        folklore_wl,
    ],
)
def test_blocks_have_the_labels_of_the_union(tmp_path, test):
    expected = distinguish(MANY, test)
    union = SimplicialComplex.disjoint_union(MANY)
    if not (tmp_path / "union").exists():
        save_complex(union, tmp_path / "union")
    cases = [(MANY, 1), (iter(MANY), 60), (union, 60), (tmp_path / "union", 300), (MANY, 10**9)]
    for source, size in cases:
        labels = distinguish(source, test, executor=Serial(), task_size=size)
        assert torch.equal(labels, expected)
    assert torch.equal(distinguish(iter(MANY), test), expected)
    assert torch.equal(distinguish(tmp_path / "union", test), expected)


def test_blocks_of_relabelled_complexes_agree_and_compare_with_the_oracle_of_pairs():
    complexes = [random_complex(seed) for seed in range(12)]
    twice = complexes + [relabel(K, 7)[0] for K in complexes]
    labels = distinguish(twice, task_size=20).tolist()
    assert labels[:12] == labels[12:]
    assert is_finer(labels, distinguish(twice, weisfeiler_lehman, task_size=20).tolist())


def test_an_iterator_is_read_as_blocks_are_needed():
    alive = weakref.WeakSet()
    most = []

    def complexes():
        for i in range(200):
            K = COMPLEXES["house" if i % 3 else "torus"].skeleton(2 if i % 2 else 1)
            K = SimplicialComplex(K.num_simplices(0), [K.facets(k) for k in range(1, K.dim + 1)])
            alive.add(K)
            most.append(len(alive))
            yield K

    class Narrow(Serial):
        _max_workers = 1

    labels = distinguish(complexes(), executor=Narrow(), task_size=100)
    assert labels.tolist() == distinguish(list(complexes())).tolist()
    assert max(most[:200]) < 120


def test_none_in_blocks_and_what_blocks_refuse(tmp_path):
    assert distinguish(iter([]), executor=Serial()).tolist() == []
    assert distinguish([], task_size=1).tolist() == []
    directed = directed_flag_complex(torch.tensor([[0, 1], [1, 0]]), num_vertices=2)
    K = COMPLEXES["house"]
    for given, options, message in [
        ([K, 3], {}, r"complexes\[1\] must be a SimplicialComplex"),
        ([K, directed], {}, r"all directed or all undirected.*complexes\[1\]"),
        ([K], {"test": lambda K, stop=None: None}, "test must be simplicial_wl"),
        ([K], {"test": partial(simplicial_wl, colors=[])}, "got the option colors"),
        ([K], {"test": partial(weisfeiler_lehman, adjacencies=[])}, "the option adjacencies"),
        ([K], {"test": partial(simplicial_wl, max_rounds=-1)}, "max_rounds must be"),
        ([K], {"test": partial(simplicial_wl, adjacencies=["x"])}, "adjacencies must be"),
        ([K], {"executor": "threads"}, "executor must be"),
        ([K], {"task_size": 0}, "task_size must be at least 1"),
        (tmp_path, {}, "folder must be one of save_complex"),
        (torch.zeros(3), {}, "complexes must be a list of complexes"),
    ]:
        with pytest.raises((TypeError, ValueError), match=message):
            distinguish(given, **{"task_size": 1, **options})


# --- executors with processes ---------------------------------------------------------------------


def check_everything_on(executor, tmp_path):
    for name, K in TABLE.items():
        save_complex(K, tmp_path / name)
        ours = simplicial_wl(
            tmp_path / name, adjacencies=ADJACENCIES, executor=executor, task_size=100
        )
        assert_equal(ours, simplicial_wl(K, adjacencies=ADJACENCIES))
    expected = distinguish(MANY)
    assert torch.equal(distinguish(MANY, executor=executor, task_size=50), expected)
    save_complex(SimplicialComplex.disjoint_union(MANY), tmp_path / "union")
    union = tmp_path / "union"
    assert torch.equal(distinguish(union, executor=executor, task_size=50), expected)
    assert torch.equal(distinguish(open_complex(union), executor=executor), expected)


@pytest.mark.slow
def test_a_process_pool(tmp_path):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context) as executor:
        check_everything_on(executor, tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Dask's own, of ports and of closing
def test_a_dask_cluster(tmp_path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path / "dask")
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        check_everything_on(client.get_executor(), tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Dask's own, of a worker that is gone
def test_a_dask_worker_that_is_killed_is_replaced(tmp_path):
    distributed = pytest.importorskip("distributed")
    K = random_complex(1, num_vertices=2000, num_simplices=4000, max_dim=3)
    save_complex(K, tmp_path / "K")
    with (
        distributed.LocalCluster(
            2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path / "dask")
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        workers = sorted(client.run(os.getpid).values())

        def kill_when_it_has_begun():
            while not (tmp_path / "out.partial" / "state.json").exists():
                time.sleep(0.01)
            os.kill(workers[0], signal.SIGKILL)

        killer = threading.Thread(target=kill_when_it_has_begun)
        killer.start()
        coloring = simplicial_wl(
            tmp_path / "K", folder=tmp_path / "out", executor=client.get_executor(), task_size=1024
        )
        killer.join()
        assert workers != sorted(client.run(os.getpid).values())
    assert_equal(coloring, simplicial_wl(K))


@pytest.mark.slow
def test_killed_in_the_middle_it_ends_with_the_same_bytes(tmp_path):
    K = random_complex(1, num_vertices=3000, num_simplices=6000, max_dim=3)
    save_complex(K, tmp_path / "K")
    code = (
        "from simplex.wl import simplicial_wl; "
        f"simplicial_wl({str(tmp_path / 'K')!r}, folder={str(tmp_path / 'out')!r}, task_size=512)"
    )
    for patience in (0.2, 0.5, 1.0):
        process = subprocess.Popen([sys.executable, "-c", code])
        state = tmp_path / "out.partial" / "state.json"
        while process.poll() is None and not state.exists():
            time.sleep(0.01)
        time.sleep(patience)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    coloring = simplicial_wl(tmp_path / "K", folder=tmp_path / "out", task_size=512)
    assert_equal(coloring, simplicial_wl(K))
