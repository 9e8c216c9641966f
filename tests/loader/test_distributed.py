"""Two processes under torchrun share the seeds, and have the gradients of one."""

import os
import socket
import subprocess
import sys

import pytest
import torch

from tests.loader.distributed_run import SEEDS, gradients


@pytest.mark.slow
def test_two_processes_have_the_gradients_of_one(tmp_path, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    gradients(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2",
        "--master_addr", "127.0.0.1", "--master_port", str(port),
        "-m", "tests.loader.distributed_run", str(tmp_path),
    ]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=environment, timeout=250)
    alone = torch.load(tmp_path / "0-of-1.pt")
    first, second = (torch.load(tmp_path / f"{rank}-of-2.pt") for rank in (0, 1))
    assert sorted(first["ids"] + second["ids"]) == sorted(alone["ids"]) == [*range(SEEDS)]
    for one, other, expected in zip(
        first["gradients"], second["gradients"], alone["gradients"], strict=True
    ):
        assert torch.equal(one, other)
        torch.testing.assert_close(one, expected)
