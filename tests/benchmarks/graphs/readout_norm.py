"""Why pooled features beat SIN on PROTEINS, and what the norm of the readout mends.

One change at a time, on the same splits: a three-fold cross-validation inside the training part of
one fold of the literature, whose test part is never looked at. ``run`` continues where it stopped:

``python -m tests.benchmarks.graphs.readout_norm run --data PROTEINS --out DIR``
``python -m tests.benchmarks.graphs.readout_norm report --out DIR``
"""

import argparse
import json
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
from torch import nn

from simplex.data import SimplicialDataset
from simplex.datasets import stratified_folds, tu_dataset, tu_folds
from simplex.nn import GIN, SIN, PooledMLP
from simplex.train import Configuration, TrainSettings, run_protocols


SIZES = {"hidden_channels": 16, "num_layers": 2}
OPTIONS = {"norm": "batch", "jumping_knowledge": "cat", "dropout": 0.5}
LOG = {"readout_norm": "log"}
VARIANTS: Mapping[str, Mapping[str, Any]] = {  # of SIN
    "SIN": {},
    "batch norm of the sums": {"readout_norm": "batch"},
    "batch norm of their logarithms": LOG,
    "means": {"reduce": "mean"},
    "graph norm": {"norm": "graph"},
    "graph norm, logarithms": {"norm": "graph", **LOG},
    "width 32, 3 layers": {"hidden_channels": 32, "num_layers": 3},
    "width 32, 3 layers, logarithms": {"hidden_channels": 32, "num_layers": 3, **LOG},
    "1 layer": {"num_layers": 1},
    "1 layer, logarithms": {"num_layers": 1, **LOG},
    "last layer alone": {"jumping_knowledge": None},
    "last layer alone, logarithms": {"jumping_knowledge": None, **LOG},
    "ReLU": {"activation": torch.relu},
    "no dropout": {"dropout": 0.0},
    "no dropout, logarithms": {"dropout": 0.0, **LOG},
}
TRAINING: Mapping[str, Mapping[str, Any]] = {
    "MUTAG": {"epochs": 40, "batch_size": 32, "lr": 3e-3, "decay_every": 15},
    "PROTEINS": {"epochs": 30, "batch_size": 64, "lr": 2e-3, "decay_every": 10},
    "IMDB-BINARY": {"epochs": 15, "batch_size": 64, "lr": 5e-3, "decay_every": 5},
    "NCI1": {"epochs": 20, "batch_size": 128, "lr": 3e-3, "decay_every": 7},
}
FEATURES = {"PROTEINS": "mean", "IMDB-BINARY": "mean"}  # of higher simplices; elsewhere sums
FURTHER = {"IMDB-BINARY": {"reduce": "mean", "readout_dims": (0, 2), "embed": True}}
BASELINES = ("pooled", "GIN")


def model(name: str, data: str, dataset: SimplicialDataset) -> nn.Module:
    """A variant of SIN, or a baseline, with fresh weights."""
    changes = {**SIZES, **OPTIONS, **FURTHER.get(data, {}), **VARIANTS.get(name, {})}
    sizes = [dataset.num_features, changes.pop("hidden_channels"), dataset.num_classes]
    sizes += [changes.pop("num_layers"), 2]
    if name == "pooled":
        return PooledMLP(*sizes, dropout=changes["dropout"])
    if name == "GIN":
        return GIN(*sizes, **OPTIONS)  # type: ignore[arg-type]
    return SIN(*sizes, **changes)


def run(data: str, names: list[str], seeds: list[int], out: Path, fold: int = 0) -> None:
    """Train what is not done yet; a line of JSON for each training."""
    out.mkdir(parents=True, exist_ok=True)
    lines, done = out / "runs.jsonl", set()
    if lines.exists():
        done = {tuple(json.loads(line)["key"]) for line in lines.read_text().splitlines()}
    dataset = tu_dataset(data, max_dim=2, reduce=FEATURES.get(data, "sum"))  # type: ignore[arg-type]
    train = tu_folds(data, dataset.y)[fold].train
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        inner = stratified_folds(dataset.y[train], 3, generator=generator)
        for name in names:
            for number, (own, held) in enumerate(inner):
                key = (data, name, seed, number)
                if key in done:
                    continue
                settings = TrainSettings(seed=seed, **TRAINING[data])
                begin = time.perf_counter()
                outcome = run_protocols(
                    dataset,
                    [(train[own], train[held])],
                    [Configuration(partial(model, name, data, dataset), settings)],
                    ["xu"],
                )
                curve = [(each.train_score, each.test_score) for each in outcome.records]
                result = {"key": key, "curve": curve, "seconds": time.perf_counter() - begin}
                with lines.open("a") as file:
                    file.write(json.dumps(result) + "\n")


def report(out: Path, base: str = "pooled") -> None:
    """A row for each variant: accuracies in %, and the paired difference to the baseline."""
    curves: dict[tuple[str, str], dict[tuple[int, int], list[list[float]]]] = {}
    for line in (out / "runs.jsonl").read_text().splitlines():
        data, name, seed, number = json.loads(line)["key"]
        curves.setdefault((data, name), {})[seed, number] = json.loads(line)["curve"]
    print("| data | model | runs | second half | best epoch | training | to the baseline |")
    print("|---|---|---|---|---|---|---|")
    for (data, name), runs in curves.items():
        late = {key: mean(test for _, test in c[len(c) // 2 :]) for key, c in runs.items()}
        other = curves.get((data, base), {})
        pairs = [
            late[key] - mean(test for _, test in c[len(c) // 2 :])
            for key, c in other.items()
            if key in late
        ]
        by_epoch = [mean(scores) for scores in zip(*tests(runs), strict=True)]
        best = max(range(len(by_epoch)), key=by_epoch.__getitem__)
        training = mean(c[-1][0] for c in runs.values())
        error = f" ± {100 * stdev(pairs) / len(pairs) ** 0.5:.1f}" if len(pairs) > 1 else ""
        gap = f"{100 * mean(pairs):+.1f}{error}" if pairs else "–"
        print(
            f"| {data} | {name} | {len(runs)} | {100 * mean(late.values()):.1f} "
            f"| {100 * by_epoch[best]:.1f} ({best + 1}) | {100 * training:.1f} | {gap} |"
        )


def tests(runs: Mapping[Any, list[list[float]]]) -> list[list[float]]:
    """The scores of what was held out, one list per run."""
    return [[test for _, test in curve] for curve in runs.values()]


def main() -> None:
    """``run`` or ``report``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["run", "report"])
    parser.add_argument("--data", choices=TRAINING, default="PROTEINS")
    parser.add_argument("--only", nargs="*", help="some of the variants and baselines")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1])
    parser.add_argument("--fold", type=int, default=0, help="whose training part is divided")
    parser.add_argument("--base", default="pooled", help="what the others are compared with")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.task == "run":
        names = options.only or [*BASELINES, *VARIANTS]
        run(options.data, names, options.seeds, options.out, options.fold)
    else:
        report(options.out, options.base)


if __name__ == "__main__":
    main()
