"""Accuracy on the synthetic flow task and the ocean drifters, full protocol, several seeds.

``python -m tests.benchmarks.flows.classification run --data synthetic --model tanh --seeds 0 1 2
3 4 --out DIR`` trains and writes one JSON file per run; what is there is not computed again.
``python -m tests.benchmarks.flows.classification report --out DIR`` prints the tables.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from simplex import SimplicialComplex
from simplex.datasets import FlowSamples, FlowTask, ocean_drifters, synthetic_flow
from simplex.nn import EdgeMPNN, OrientedMPSN
from simplex.train import FlowEpoch, flow_accuracy, train_flow


MODELS: dict[str, Callable[[], nn.Module]] = {
    "tanh": lambda: OrientedMPSN(1, 64, 2, num_layers=4),
    "identity": lambda: OrientedMPSN(1, 64, 2, num_layers=4, activation=None),
    "gnn": lambda: EdgeMPNN(1, 64, 2, num_layers=4),
    # Not equivariant: it learns the orientation of the training data.
    "relu": lambda: OrientedMPSN(1, 64, 2, num_layers=4, activation=torch.relu, oriented=False),
}
TEST_FLOWS = {"synthetic": 200, "ocean": 40}
PROTOCOL = {"synthetic": (100, 20), "ocean": (250, 50)}  # epochs, epochs between two decays


def load(data: str, seed: int) -> FlowTask:
    """A fresh mesh, paths and orientations for each seed; of the drifters, orientations only."""
    if data == "ocean":
        return ocean_drifters(generator=torch.Generator().manual_seed(seed))
    return synthetic_flow(1000, 1000, 200, generator=torch.Generator().manual_seed(seed))


def scorer(
    model: nn.Module, complex_: SimplicialComplex, samples: FlowSamples
) -> Callable[[], float]:
    """The accuracy on fixed samples, whose quotient batches are prepared once."""
    quotient = model.quotient(complex_, samples.flows, samples.orientation)
    batches = [
        (quotient[index], samples.labels[index]) for index in torch.arange(len(samples)).split(64)
    ]

    @torch.no_grad()
    def score() -> float:
        right = [(model.forward_quotient(x).argmax(1) == y).sum() for x, y in batches]
        return float(torch.stack(right).sum()) / len(samples)

    return score


def run(data: str, model_name: str, seed: int, epochs: int | None) -> dict[str, object]:
    """Train one network; loss and accuracies epoch by epoch, the last one without quotient."""
    task = load(data, seed)
    torch.manual_seed(seed)
    model = MODELS[model_name]()
    test_score = scorer(model, task.complex, task.test)
    curve: list[dict[str, float]] = []
    began, spent = time.perf_counter(), time.process_time()

    def after(record: FlowEpoch) -> None:
        seen = {"loss": record.loss, "train": record.train_accuracy, "test": test_score()}
        curve.append(seen)
        if record.epoch % 5 == 0:
            figures = ", ".join(f"{key} {value:.3f}" for key, value in seen.items())
            print(f"{data} {model_name} {seed}, epoch {record.epoch}: {figures}", flush=True)

    total, step = PROTOCOL[data]
    train_flow(
        model,
        task,
        epochs=epochs or total,
        step_size=step,
        generator=torch.Generator().manual_seed(seed),
        on_epoch=after,
    )
    return {
        "data": data,
        "model": model_name,
        "seed": seed,
        "epochs": len(curve),
        "f_vector": task.complex.f_vector,
        "last": flow_accuracy(model, task.complex, task.test),  # without the quotient
        "seconds": time.perf_counter() - began,
        "core_seconds": time.process_time() - spent,
        "curve": curve,
    }


def wilson(share: float, count: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share of ``count`` independent items, by Wilson's formula."""
    center = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return (center - half) / (1 + z * z / count), (center + half) / (1 + z * z / count)


def report(out: Path) -> None:
    """Mean and standard deviation over the seeds of every model."""
    runs = [json.loads(path.read_text()) for path in sorted(out.glob("*.json"))]
    for data in PROTOCOL:
        for name in MODELS:
            found = [r for r in runs if r["data"] == data and r["model"] == name]
            if not found:
                continue
            figures = {
                "last": [r["last"] for r in found],
                "lowest training loss": [
                    min(r["curve"], key=lambda point: point["loss"])["test"] for r in found
                ],
                "best test epoch": [max(point["test"] for point in r["curve"]) for r in found],
                "train, last": [r["curve"][-1]["train"] for r in found],
            }
            print(f"{data} {name}: seeds {[r['seed'] for r in found]}, epochs", end=" ")
            print(sorted({r["epochs"] for r in found}), end=", ")
            print(f"{sum(r['seconds'] for r in found) / len(found):.0f} s a run")
            for key, accuracies in figures.items():
                values = 100 * torch.tensor(accuracies, dtype=torch.float64)
                spread = f" ± {values.std():.1f}" if len(values) > 1 else ""
                each = ", ".join(f"{value:.1f}" for value in values)
                line = f"    {key:22} {values.mean():.1f}{spread}  ({each})"
                if key != "train, last":
                    # The drifters' test flows are the same for every seed.
                    count = TEST_FLOWS[data] * (len(found) if data == "synthetic" else 1)
                    low, high = wilson(float(values.mean()) / 100, count)
                    line += f"  [{100 * low:.1f}, {100 * high:.1f}]"
                print(line)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["run", "report"])
    parser.add_argument("--data", choices=PROTOCOL, default="synthetic")
    parser.add_argument("--model", choices=MODELS, nargs="+", default=list(MODELS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    if args.task == "report":
        report(args.out)
        return
    for name in args.model:
        for seed in args.seeds:
            path = args.out / f"{args.data}-{name}-{seed}.json"
            if not path.exists():
                result = run(args.data, name, seed, args.epochs)
                path.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
