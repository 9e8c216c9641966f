"""Two processes give the curves of one; shards and weights."""

import json
import os
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

from simplex.datasets import tu_dataset
from simplex.train import (
    Configuration,
    Processes,
    TrainSettings,
    run_protocols,
    torchrun_processes,
)
from tests.cases import over
from tests.train.distributed_run import doubled, make_model, train
from tests.train.tiny import write_tiny


def flat(path):
    return [value for row in json.loads(path.read_text()) for value in row]


@over("size", [1, 2, 3])
@over("count", [0, 1, 2, 7])
def test_shards_are_a_partition(size, count):
    shards = [Processes(rank, size).shard(torch.arange(count)) for rank in range(size)]
    assert sorted(torch.cat(shards).tolist()) == list(range(count))
    lengths = [len(each) for each in shards]
    assert max(lengths) - min(lengths) <= 1


@over("size", [1, 2, 3])
@over("count", [0, 1, 2, 7, 40])
def test_shards_by_size_are_a_partition_of_about_equal_sums(size, count):
    ids, sizes = torch.randperm(count), torch.randint(1, 100, (count,))
    shards = [Processes(rank, size).shard(ids, sizes[ids]) for rank in range(size)]
    assert sorted(torch.cat(shards).tolist()) == list(range(count))
    lengths = [len(each) for each in shards]
    assert max(lengths) - min(lengths) <= 1
    sums = [int(sizes[each].sum()) for each in shards]
    assert max(sums) - min(sums) <= (int(sizes.max()) if count else 0)
    places = {int(each): place for place, each in enumerate(ids)}
    for shard in shards:  # in the order of the batch
        order = [places[int(each)] for each in shard]
        assert order == sorted(order)


def test_alone_without_torchrun(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with torchrun_processes("cpu") as (processes, device):
        assert (processes, device) == (Processes(0, 1), "cpu")
        assert not torch.distributed.is_initialized()
        model = torch.nn.Linear(2, 2)
        assert processes.wrap(model) is model
        assert processes.total(torch.ones(2)).tolist() == [1, 1]


def _meet(rank, folder):
    torch.set_num_threads(1)
    place = f"file://{folder}/meeting"
    torch.distributed.init_process_group("gloo", init_method=place, rank=rank, world_size=2)
    processes, said = Processes(rank, 2), []

    def fails():
        raise ValueError(f"process {rank} has no checkpoint")

    for refused in (
        lambda: processes.of_first(fails),
        lambda: processes.require_same({"seed": 1, "data": f"of {rank}"}),
    ):
        try:
            refused()
        except ValueError as error:
            said.append(str(error))
    processes.require_same({"seed": 1})
    model = torch.nn.BatchNorm1d(2)
    torch.nn.init.constant_(model.weight, rank + 1.0)
    processes.align(model)
    told = {
        "said": said,
        "made": processes.of_first(lambda: {"of": rank, "values": torch.arange(3)})["of"],
        "agreed": processes.agreed([rank, 0.1], torch.device("cpu")),
        "weight": model.weight.tolist(),
    }
    (Path(folder) / f"{rank}.json").write_text(json.dumps(told))
    torch.distributed.destroy_process_group()


def test_processes_agree_with_the_first_or_are_refused_together(tmp_path):
    torch.multiprocessing.start_processes(
        _meet, args=(str(tmp_path),), nprocs=2, start_method="fork"
    )
    for rank in (0, 1):
        told = json.loads((tmp_path / f"{rank}.json").read_text())
        first, second = told.pop("said")
        assert first == "process 0 has no checkpoint"
        assert second.startswith(
            "all processes must train on the same data with the same settings, got data='of 0' in "
            "process 0 and 'of 1' in process 1."
        )
        assert told == {"made": 0, "agreed": [0.0, 0.1], "weight": [1.0, 1.0]}


class Silent(Processes):
    """One of several processes that never hears of the others."""

    def wrap(self, model):
        return model

    def total(self, values):
        return values

    def gather(self, values):
        return values

    def align(self, model):
        pass

    def agreed(self, numbers, device):
        return list(numbers)

    def require_same(self, given):
        pass


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return doubled(tu_dataset("TINY", write_tiny(tmp_path_factory.mktemp("tu"))))


@over("size, batch_size", [(2, 100), (3, 100), (2, 3), (3, 2), (2, 1), (4, 3)])
def test_the_mean_of_the_processes_gradients_is_that_of_the_whole_batch(
    tiny, monkeypatch, size, batch_size
):
    """Every step of an epoch, with shards of several sizes and with none; and the epoch's sums."""
    folds = [(torch.arange(9), torch.arange(9, 16))]
    settings = TrainSettings(epochs=1, batch_size=batch_size, lr=1e-13)  # the weights stay equal
    point, step = Configuration(make_model, settings), torch.optim.Adam.step

    def first_epoch(processes):
        gradients = []

        def record(optimizer, *args):
            of_all = [each.grad.flatten() for each in optimizer.param_groups[0]["params"]]
            gradients.append(torch.cat(of_all))
            return step(optimizer, *args)

        with monkeypatch.context() as patch:
            patch.setattr(torch.optim.Adam, "step", record)
            outcome = run_protocols(tiny, folds, [point], ["xu"], processes=processes)
        (epoch,) = outcome.records
        means = [epoch.train_loss, epoch.train_score, epoch.test_score]
        trained, tested = (
            sum(len(processes.shard(each, each)) for each in torch.split(ids, most)) / len(ids)
            for ids, most in zip(folds[0], (batch_size, 7), strict=True)
        )  # what is its own share
        shares = torch.tensor([trained, trained, tested], dtype=torch.float64)
        sums = torch.tensor(means, dtype=torch.float64).nan_to_num(0) * shares
        return torch.stack(gradients), sums

    whole, expected = first_epoch(Processes())
    shards = [first_epoch(Silent(rank, size)) for rank in range(size)]
    assert len(whole) == -(-9 // batch_size)
    mean = torch.stack([gradients for gradients, _ in shards]).mean(0)
    torch.testing.assert_close(mean, whole, rtol=1e-6, atol=1e-8)
    assert float(whole.abs().max()) > 1e-2
    torch.testing.assert_close(sum(sums for _, sums in shards), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.slow
def test_two_processes_equal_one_with_the_same_batches(tmp_path):
    alone, together = tmp_path / "alone", tmp_path / "together"
    train(alone)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    common = {"OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    started = [  # as torchrun does, without its own start
        subprocess.Popen(
            [sys.executable, "-m", "tests.train.distributed_run", str(together)],
            env=os.environ | common | {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2"},
        )
        for rank in ("0", "1")
    ]
    assert [each.wait() for each in started] == [0, 0]
    first, second = (flat(together / f"records-{rank}.json") for rank in (0, 1))
    assert first == second
    expected = flat(alone / "records-0.json")
    assert len(expected) == 16 * 10 + 2 * 7 + 6 * 10 + 2 * 7
    for ours, one in zip(first, expected, strict=True):
        assert ours == (pytest.approx(one, rel=1e-9) if isinstance(one, float) else one)


@pytest.mark.slow
def test_torchrun_of_the_command(tmp_path):
    root, out = write_tiny(tmp_path), tmp_path / "run"
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    train = ["-m", "simplex", "train", "--dataset", "TINY", "--root", str(root), "--folds", "2"]
    command = [sys.executable, *launch, *train, "--epochs", "2", "--out", str(out)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    run = partial(
        subprocess.run, env=environment, capture_output=True, text=True, check=False, timeout=200
    )
    done = run(command)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert sum(line.startswith("TINY: 16 graphs") for line in lines) == 1
    assert len((out / "curves.csv").read_text().splitlines()) == 9
    again = run([*command, "--resume"])
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[1:] == lines[1:]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_machines_without_a_common_disk(tmp_path):
    """Each has a copy of the data; the first one writes, and reads what is resumed from."""
    machines = [tmp_path / name for name in ("first", "second")]
    for each in machines:
        write_tiny(each / "data")

    def run(*further):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        options = ["--dataset", "TINY", "--root", "data", "--folds", "2", "--epochs", "2"]
        model = ["--norm", "none", "--optimizer", "locoprop", "--out", "run"]
        launch = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2"]
        launch += ["--nproc_per_node", "1", "--master_addr", "127.0.0.1", "--master_port", port]
        train = ["-m", "simplex", "train", *options, *model, *further]
        started = [
            subprocess.Popen(
                [*launch, "--node_rank", str(rank), *train],
                cwd=machine,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for rank, machine in enumerate(machines)
        ]
        said = [each.communicate(timeout=400) for each in started]
        return [each.returncode for each in started], *zip(*said, strict=True)

    codes, told, errors = run()
    assert codes == [0, 0], errors
    assert told[0].startswith("TINY: 16 graphs")
    assert told[1] == ""
    assert (machines[0] / "run" / "metrics.csv").exists()
    assert [each.name for each in machines[1].iterdir()] == ["data"]
    codes, again, errors = run("--resume")
    assert codes == [0, 0], errors
    assert again[0].splitlines()[1:] == told[0].splitlines()[1:]
