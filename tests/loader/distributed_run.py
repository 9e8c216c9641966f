"""Gradients of one epoch of balls in float64, alone or under torchrun: ``… FOLDER``."""

import sys
from pathlib import Path

import torch

from simplex.loader import BallLoader
from simplex.nn import SIN
from simplex.train import torchrun_processes
from tests.loader.test_exactness import band


SEEDS = 48


def gradients(folder):
    with torchrun_processes() as (processes, _):
        torch.manual_seed(0)
        model = SIN(5, 4, 3, num_layers=2, max_dim=3, level=0, norm="layer").double()
        parallel = processes.wrap(model)
        loader = BallLoader(
            band(),
            torch.arange(SEEDS),
            model.hops,
            batch_size=SEEDS // processes.size,
            shuffle=True,
            num_workers=1,
        )
        ids = []
        for batch in loader:  # one batch: the mean over the seeds of all processes
            rows = parallel(batch.cochains(), batch.complex)[batch.seed]
            rows.square().sum(1).mean().backward()
            ids += batch.input_id.tolist()
        result = {"ids": ids, "gradients": [p.grad for p in model.parameters()]}
        torch.save(result, folder / f"{processes.rank}-of-{processes.size}.pt")


if __name__ == "__main__":
    gradients(Path(sys.argv[1]))
