"""Cliques against rings on molecules: ``python -m tests.benchmarks.boards.rings --data NCI1``.

SIN on the first folds of the literature, with the same weights, order and settings for every lift.
One line per fold and lift: the accuracy on the test part after the last epoch, which nothing has
chosen, and the largest one of all epochs, which the test part itself has.
"""

import argparse
import time
from functools import partial

from simplex.datasets import tu_dataset, tu_folds
from simplex.train import Experiment, TrainSettings, cross_validate, make_model


LIFTS: dict[str, dict[str, object]] = {
    "cliques": {},
    "rings": {"rings": 8},
    "rings, token": {"rings": 8, "apex": "token"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="NCI1")
    parser.add_argument("--lifts", nargs="+", choices=list(LIFTS), default=list(LIFTS))
    parser.add_argument("--folds", type=int, default=1, help="how many of the ten")
    parser.add_argument("--epochs", type=int, default=15)
    args = parser.parse_args()
    for name in args.lifts:
        settings = TrainSettings(args.epochs, recalibrate=True)
        experiment = Experiment(args.data, num_layers=4, train=settings, **LIFTS[name])
        dataset = tu_dataset(args.data, **experiment.lift)
        folds = tu_folds(args.data, dataset._data.y)[: args.folds]
        for number, fold in enumerate(folds, start=1):
            before = time.process_time()
            fresh = partial(make_model, experiment, dataset)
            records = cross_validate(dataset, [fold], fresh, experiment.train)
            seconds = time.process_time() - before
            scores = [100 * (record.test_score or 0) for record in records]
            print(
                f"{args.data}, fold {number}, {name}: {scores[-1]:.1f} after {len(scores)} epochs, "
                f"{max(scores):.1f} at best; {seconds:.0f} s of processor time",
                flush=True,
            )


if __name__ == "__main__":
    main()
