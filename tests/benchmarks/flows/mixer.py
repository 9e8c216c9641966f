"""The simplicial mixer on the small flow task of ``simplex demo``, beside SCCNN and SCoNe.

``python -m tests.benchmarks.flows.mixer --model operator kernel SCCNN SCoNe MPSN --seeds 0 1 2``
trains each on each seed (a new mesh, new paths, new orientations) and prints the accuracy on
training flows, in the orientation of the mesh, and test flows, each in an orientation of its own.
Each prints a line of JSON when it is done.
"""

import argparse
import json
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from simplex import SimplicialComplex
from simplex.datasets import synthetic_flow
from simplex.nn import SCCNN, OrientedMPSN, SCoNe, SimplicialMixer
from simplex.train import flow_accuracy, train_flow


SIZES = (1, 16, 2, 4, 2)  # in, hidden, out, layers, max_dim
POINTS, TRAIN, TEST = 250, 300, 200
TRAINING = {"epochs": 14, "batch_size": 16, "lr": 2e-3, "step_size": 5}


class OnFlows(nn.Module):
    """A network on cochains, called with many flows on one complex, each a part of a union.

    Args:
        network: called as ``network(x, complex)``; it gets zeros on vertices and triangles.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.unions: dict[int, SimplicialComplex] = {}

    def forward(self, x: Tensor, complex: SimplicialComplex, orientation: Tensor) -> Tensor:
        """From flows (m, n_1, 1) in their orientations (m, n_1) to logits (m, 1, classes)."""
        copies = len(x)
        if copies not in self.unions:
            self.unions[copies] = SimplicialComplex.disjoint_union([complex] * copies)
        union = self.unions[copies]
        if (orientation != 1).any():
            union = union.reorient({1: orientation.flatten()})
        zeros = [x.new_zeros(union.num_simplices(k), 1) for k in (0, 2)]
        flows = x.flatten(0, 1)  # (m · n_1, 1)
        logits: Tensor = self.network([zeros[0], flows, zeros[1]], union)
        return logits[:, None]


def mixer(mixing: str, reduce: str) -> nn.Module:
    """The simplicial mixer, its channel MLP of twice the width."""
    return OnFlows(
        SimplicialMixer(*SIZES, mixing=mixing, channels_mlp_dim=32, reduce=reduce, readout_dims=[1])
    )


MODELS: dict[str, Callable[[str], nn.Module]] = {
    "operator": lambda reduce: mixer("operator", reduce),
    "kernel": lambda reduce: mixer("kernel", reduce),
    "SCCNN": lambda reduce: OnFlows(SCCNN(*SIZES, reduce=reduce, readout_dims=[1])),
    "SCoNe": lambda reduce: OnFlows(SCoNe(*SIZES, reduce=reduce, readout_dims=[1])),
    "MPSN": lambda reduce: OrientedMPSN(*SIZES[:4], reduce=reduce),
}


def run(name: str, seed: int, epochs: int, readout: str) -> dict[str, object]:
    """Train one network on one task."""
    task = synthetic_flow(POINTS, TRAIN, TEST, generator=torch.Generator().manual_seed(seed))
    torch.manual_seed(seed)
    model = MODELS[name](readout)
    spent = time.process_time()
    history = train_flow(
        model,
        task,
        **(TRAINING | {"epochs": epochs}),
        generator=torch.Generator().manual_seed(seed),
    )
    seconds = time.process_time() - spent
    return {
        "model": name,
        "seed": seed,
        "epochs": epochs,
        "readout": readout,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "loss": [round(each.loss, 3) for each in history],
        "train": flow_accuracy(model, task.complex, task.train),
        "test": flow_accuracy(model, task.complex, task.test),
        "core_seconds": round(seconds, 1),
    }


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", choices=MODELS, nargs="+", default=list(MODELS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=TRAINING["epochs"])
    parser.add_argument("--readout", choices=["sum", "mean"], default="sum")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name in args.model:
        for seed in args.seeds:
            print(json.dumps(run(name, seed, args.epochs, args.readout)), flush=True)


if __name__ == "__main__":
    main()
