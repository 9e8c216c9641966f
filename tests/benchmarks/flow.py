"""Accuracy on the synthetic flow task and the ocean drifters, full protocol, several seeds.

``python -m tests.benchmarks.flow run --data synthetic --model tanh --seeds 0 1 2 3 4 --out DIR``
trains and writes one JSON file per run; files that are there are not computed again.
``python -m tests.benchmarks.flow report --out DIR`` prints the tables.
"""

import argparse
import copy
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from simplex import SimplicialComplex
from simplex.datasets import FlowSamples, FlowTask, synthetic_flow
from simplex.nn import EdgeMPNN, OrientedMPSN
from simplex.train import FlowEpoch, flow_accuracy, train_flow


MODELS: dict[str, Callable[[], nn.Module]] = {
    "tanh": lambda: OrientedMPSN(1, 64, 2, num_layers=4),
    "identity": lambda: OrientedMPSN(1, 64, 2, num_layers=4, activation=None),
    "gnn": lambda: EdgeMPNN(1, 64, 2, num_layers=4),
    "relu": lambda: OrientedMPSN(1, 64, 2, num_layers=4, activation=torch.relu),
}
PROTOCOL = {"synthetic": (100, 20), "ocean": (250, 50)}  # epochs, epochs between two decays


def load(data: str, seed: int) -> FlowTask:
    """A fresh synthetic task for each seed."""
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
    """Train one network; accuracies after every epoch, and checked without the quotient at the end."""
    task = load(data, seed)
    torch.manual_seed(seed)
    model = MODELS[model_name]()
    train_score = scorer(model, task.complex, task.train)
    test_score = scorer(model, task.complex, task.test)
    curve: list[dict[str, float]] = []
    best: dict[str, Tensor] = {}
    began = time.perf_counter()

    def after(record: FlowEpoch) -> None:
        nonlocal best
        train = train_score()
        if not curve or train > max(point["train"] for point in curve):
            best = copy.deepcopy(model.state_dict())
        curve.append({"loss": record.loss, "train": train, "test": test_score()})
        print(
            f"{data} {model_name} seed {seed} epoch {record.epoch}: loss {record.loss:.4f} "
            f"train {train:.3f} test {curve[-1]['test']:.3f} {time.perf_counter() - began:.0f} s",
            flush=True,
        )

    total, step = PROTOCOL[data]
    train_flow(
        model,
        task,
        epochs=epochs or total,
        step_size=step,
        generator=torch.Generator().manual_seed(seed),
        on_epoch=after,
    )
    seconds = time.perf_counter() - began
    last = flow_accuracy(model, task.complex, task.test)
    model.load_state_dict(best)
    return {
        "data": data,
        "model": model_name,
        "seed": seed,
        "epochs": len(curve),
        "f_vector": task.complex.f_vector,
        "last": last,
        "best_train": flow_accuracy(model, task.complex, task.test),
        "best_epoch": 1 + max(range(len(curve)), key=lambda i: curve[i]["train"]),
        "seconds": seconds,
        "curve": curve,
    }


def report(out: Path) -> None:
    """Mean and standard deviation over the seeds of every model."""
    runs = [json.loads(path.read_text()) for path in sorted(out.glob("*.json"))]
    for data in PROTOCOL:
        for name in MODELS:
            found = [r for r in runs if r["data"] == data and r["model"] == name]
            if not found:
                continue
            cells = []
            for key in ("last", "best_train"):
                values = torch.tensor([100 * r[key] for r in found], dtype=torch.float64)
                spread = f" ± {values.std():.1f}" if len(values) > 1 else ""
                cells.append(
                    f"{key} {values.mean():.1f}{spread} {values.round(decimals=1).tolist()}"
                )
            train = torch.tensor([100 * r["curve"][-1]["train"] for r in found])
            spent = sum(r["seconds"] for r in found) / len(found)
            epochs = sorted({r["epochs"] for r in found})
            print(
                f"{data} {name}: seeds {[r['seed'] for r in found]}, epochs {epochs}, train last "
                f"{train.mean():.1f}, test {'; '.join(cells)}, {spent:.0f} s a run"
            )


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
