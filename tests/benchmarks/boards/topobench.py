"""The protocol of TopoBench on its data: ``python -m tests.benchmarks.boards.topobench``.

Every model has the same small budget on every data set: the same ``--draws`` points of one space,
each trained on the split of the first seed (50/25/25), and the best of them by the validation part
on the splits of all seeds, 0, 3, 5, 7 and 9. The mean test score of those is reported; the test
parts were looked at once, at the epoch with the best validation score, and choose nothing.
Everything lies below ``--out``, one folder a run: a command that was stopped goes on where it was.
One line per data set and model, as Markdown.
"""

import argparse
import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from simplex.datasets import dataset_entry
from simplex.train import Experiment, TrainSettings, run_experiment


SEEDS = (0, 3, 5, 7, 9)
COUNTS = ("f-vector", "pooled")  # they have a dropout at most
TRAIN = ("batch_size", "lr", "weight_decay", "recalibrate")
OPTIONS = ("layer_dropout", "input_dropout", "skip")
# Sets of complexes: narrow networks, many steps. One complex with labelled vertices: wide input,
# few labels, much dropout. Vertices with numbers: neither.
COMPLEXES: Mapping[str, Sequence[Any]] = {
    "hidden_channels": (32,),
    "num_layers": (2, 3, 4),
    "dropout": (0.0, 0.25, 0.5),
    "layer_dropout": (0.0, 0.25),
    "skip": (False, True),
    "readout": ("sum", "mean"),
    "encodings": ((), ("random-walk(steps=range(1, 9))",)),
    "batch_size": (64,),
    "lr": (0.001, 0.003, 0.01),
    "weight_decay": (0.0, 0.0005),
}
LABELS: Mapping[str, Sequence[Any]] = {
    "hidden_channels": (64, 128),
    "num_layers": (1, 2, 3),
    "dropout": (0.25, 0.5, 0.8),
    "layer_dropout": (0.0, 0.5),
    "input_dropout": (0.0, 0.5, 0.8),
    "skip": (False, True),
    "jumping_knowledge": (None, "cat"),
    "lr": (0.003, 0.01),
    "weight_decay": (0.0005, 0.005),
}
VERTICES: Mapping[str, Sequence[Any]] = {
    "hidden_channels": (32, 64),
    "num_layers": (2, 3, 4),
    "dropout": (0.0, 0.25),
    "layer_dropout": (0.0, 0.25),
    "skip": (False, True),
    "jumping_knowledge": (None, "cat"),
    "encodings": ((), ("random-walk(steps=range(1, 9))",)),
    "lr": (0.003, 0.01),
    "weight_decay": (0.0, 0.0005),
}
SPACES = {  # by the beginning of the name; all others are sets of complexes
    "cora": LABELS,
    "citeseer": LABELS,
    "minesweeper": VERTICES,
    "tolokers": VERTICES,
    "us-county": VERTICES,
}
# Where the data leave no choice, or the machine none; for all models alike.
FIXED: Mapping[str, Mapping[str, Any]] = {
    "tolokers": {"max_dim": 1, "hidden_channels": 32},
    "minesweeper": {"hidden_channels": 32},
    "NCI1": {"recalibrate": True},
    "IMDB-BINARY": {"recalibrate": True},
}
# What counts and passes no message takes the 15 million triangles of Tolokers; the walks do not.
COUNTED: Mapping[str, Mapping[str, Any]] = {"tolokers": {"max_dim": 2, "encodings": ()}}
ERRORS = ("mae", "mse", "rmse", "mae_deviations")


class Result(NamedTuple):
    """The folder of a run that is done: scores of its splits, and its seconds."""

    validation: float
    mean: float
    std: float
    seconds: float


def points(data: str, count: int) -> list[dict[str, Any]]:
    """The points that every model tries on a data set: drawn, the same for all models."""
    space = next((SPACES[name] for name in SPACES if data.startswith(name)), COMPLEXES)
    draw = random.Random(0)
    drawn = [{name: draw.choice(values) for name, values in space.items()} for _ in range(count)]
    return [{**point, **FIXED.get(data, {})} for point in drawn]


def experiment(data: str, model: str, point: Mapping[str, Any], seeds: Sequence[int]) -> Experiment:
    """One point of the space as an experiment."""
    counts = model in COUNTS
    chosen = {**point, **(COUNTED.get(data, {}) if counts else {})}
    train = {name: chosen.pop(name) for name in TRAIN if name in chosen}
    options = {name: chosen.pop(name) for name in OPTIONS if name in chosen}
    return Experiment(
        data,
        model=model,
        protocol="topobench",
        seeds=seeds,
        reduce="mean",
        options={} if counts else options,
        metrics=("mae_deviations",) if data.startswith("us-county") else (),
        train=TrainSettings.preset("topobench", **train),
        **chosen,
    )


def done(folder: Path) -> Result | None:
    """What a finished run came to."""
    if not (folder / "row.md").exists():
        return None
    with (folder / "metrics.csv").open() as file:
        rows = list(csv.reader(file))
    heading, *splits, mean, std = rows
    validation = [float(row[4]) for row in splits]
    seconds = float((folder / "row.md").read_text().splitlines()[-1].split("|")[-2])
    test = heading.index(heading[4].replace("validation", "test"))
    return Result(sum(validation) / len(validation), float(mean[test]), float(std[test]), seconds)


def run(folder: Path, given: Experiment) -> Result:
    """Train, or go on, or read what is there."""
    if (result := done(folder)) is None:
        resume = (folder / "checkpoint.pt").exists()
        run_experiment(given, folder, resume=resume, progress=False, report=lambda _: None)
        result = done(folder)
    assert result is not None
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/boards"))
    parser.add_argument("--data", nargs="+", default=["MUTAG", "cora"])
    parser.add_argument("--models", nargs="+", default=["sin", "gcn", "pooled", "f-vector"])
    parser.add_argument("--draws", type=int, default=8)
    args = parser.parse_args()
    print("| data | model | test | validation | chosen | seconds: search, five seeds |")
    print("|---|---|---|---|---|---|")
    for data in args.data:
        sign = -1 if dataset_entry(data).metric in ERRORS else 1
        for model in args.models:
            place = args.out / data / model
            tried = points(data, args.draws)
            trials = [
                run(place / f"point-{i}", experiment(data, model, point, SEEDS[:1]))
                for i, point in enumerate(tried)
            ]
            best = max(range(len(tried)), key=lambda i: sign * trials[i].validation)
            last = run(place / f"best-{best}", experiment(data, model, tried[best], SEEDS))
            searched = sum(each.seconds for each in trials)
            scale = 1 if sign < 0 else 100
            print(
                f"| {data} | {model} | {scale * last.mean:.2f} ± {scale * last.std:.2f} | "
                f"{scale * last.validation:.2f} | {best}: "
                f"{' '.join(f'{k}={v}' for k, v in tried[best].items())} | "
                f"{searched:.0f}, {last.seconds:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
