"""The TDL Challenge 2026 on GraphUniverse: ``python -m tests.benchmarks.boards.universe``.

1,000 graphs of 50 to 300 vertices a setting, 70/15/15 by the permutation of the challenge; Adam
with 0.001, halved every 50 epochs, batches of 16, patience 25. Two tasks: the community of each
vertex (accuracy), and how many triangles a graph has (mean squared error over the graphs, divided
by all triangles of the test graphs, as the board has it), beside the number in the f-vector, which
is nothing to be learned. Everything lies below ``--out``; what was stopped goes on.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

from simplex.datasets import UNIVERSE_SETTINGS, fixed_split, load_dataset
from simplex.train import Experiment, TrainSettings, run_experiment
from tests.benchmarks.boards.topobench import done


METRICS = {"communities": "accuracy", "triangles": "rmse"}


class Triangles(NamedTuple):
    """The test graphs: all their triangles, and the squared error of the f-vector."""

    total: float
    read_off: float


def triangles(setting: str, root: Path | None) -> Triangles:
    """What there is to count."""
    dataset = load_dataset(f"triangles-{setting}", root=root)
    test = dataset[fixed_split(dataset)[2]].to_batch()
    error = (test.complex.part_pointer(2).diff() - test.y).square().mean()
    return Triangles(float(test.y.sum()), float(error))


def experiment(args: argparse.Namespace, task: str, setting: str, model: str) -> Experiment:
    """The protocol of the challenge, but for the number of epochs and seeds."""
    train = TrainSettings(
        epochs=args.epochs,
        batch_size=16,
        lr=args.lr,
        schedule="step",
        decay=0.5,
        decay_every=50,
        patience=25,
        seed=args.seed,
    )
    return Experiment(
        f"{task}-{setting}",
        root=args.root,
        model=model,
        hidden_channels=args.hidden_channels,
        num_layers=args.num_layers,
        dropout=0.0,
        protocol="fixed",
        metrics=(METRICS[task],),
        reduce="mean",
        train=train,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--out", type=Path, default=Path("runs/universe"))
    add("--root", type=Path, default=None, help="where the graphs are kept")
    add("--settings", nargs="+", default=list(UNIVERSE_SETTINGS), choices=list(UNIVERSE_SETTINGS))
    add("--tasks", nargs="+", default=list(METRICS), choices=list(METRICS))
    add("--models", nargs="+", default=["sin", "transformer", "f-vector"])
    add("--epochs", type=int, default=500)
    add("--lr", type=float, default=0.001)
    add("--hidden-channels", type=int, default=64)
    add("--num-layers", type=int, default=3)
    add("--seed", type=int, default=42)
    args = parser.parse_args()
    print("| setting | task | model | score | epochs' seconds |\n|---|---|---|---|---|")
    for setting in args.settings:
        for task in args.tasks:
            if task == "triangles":
                counted = triangles(setting, args.root)
                share = counted.read_off / counted.total
                print(f"| {setting} | triangles | read off the f-vector | {share:.4f} | |")
            for model in args.models:
                folder = args.out / setting / task / model
                if (result := done(folder)) is None:
                    given = experiment(args, task, setting, model)
                    resume = (folder / "checkpoint.pt").exists()
                    run_experiment(
                        given, folder, resume=resume, progress=False, report=lambda _: None
                    )
                    result = done(folder)
                assert result is not None
                score = result.mean
                if task == "triangles":
                    score = score**2 / counted.total
                print(f"| {setting} | {task} | {model} | {score:.4f} | {result.seconds:.0f} |")


if __name__ == "__main__":
    main()
