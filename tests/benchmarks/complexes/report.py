"""The rows of the comparison of generated complexes, and the tables that show them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from simplex import SimplicialComplex
from tests.benchmarks.complexes.metrics import (
    DESCRIPTORS,
    Mmd,
    classes,
    closure_violations,
    is_disc,
    planar,
)
from tests.benchmarks.sample_metrics import mean_and_spread, read_down


GRAPH = ("degree", "clustering", "orbit")


def compared(
    test: Sequence[SimplicialComplex],
    train: Sequence[SimplicialComplex],
    sets: Mapping[str, Sequence[SimplicialComplex]],
) -> dict[str, Any]:
    """For each set its MMD² from the test set with 95 % intervals, and shares."""
    rows: dict[str, Any] = {name: shares(made, train) for name, made in sets.items()}
    rows["test"] = shares(test, train)
    for what, (descriptor, norm, bandwidth) in DESCRIPTORS.items():
        there = descriptor(test)
        for name, made in sets.items():
            mmd = Mmd(there, descriptor(made), norm, bandwidth)
            low, high = mmd.interval()
            rows[name][what] = [round(v, 5) for v in (mmd.unbiased(), low, high, mmd.biased())]
            if what in GRAPH:
                rows[name].setdefault("of 20", {})[what] = _of_twenty(mmd)
    return rows


def shares(
    made: Sequence[SimplicialComplex], train: Sequence[SimplicialComplex]
) -> dict[str, float]:
    """Shares in per cent, means of counts, and the closure violations, which are counted."""
    which = classes([*train, *made])
    own = which[len(train) :]
    novel = [each >= len(train) for each in own]
    discs = [is_disc(K) for K in made]
    unique = [first == i for i, first in enumerate(own, len(train))]
    counted = torch.tensor([[K.num_simplices(k) for k in (1, 2)] for K in made]).double()

    def percent(values: Sequence[bool]) -> float:
        return round(100 * sum(values) / len(values), 1)

    return {
        "closure violations": closure_violations(made),
        "planar": percent([planar(K) for K in made]),
        "disc": percent(discs),
        "unique": round(100 * len(set(own)) / len(own), 1),
        "novel": percent(novel),
        "disc, unique, novel": percent(
            [all(each) for each in zip(discs, unique, novel, strict=True)]
        ),
        "edges": round(float(counted[:, 0].mean()), 2),
        "triangles": round(float(counted[:, 1].mean()), 2),
    }


def _of_twenty(mmd: Mmd, rounds: int = 200) -> list[float]:
    """Mean and spread of the biased MMD² of 20 against 20: the size of published test sets."""
    generator = np.random.default_rng(0)
    m, n = mmd.sizes
    values = []
    for _ in range(rounds):
        x, y = generator.choice(m, 20, replace=False), m + generator.choice(n, 20, replace=False)
        k = mmd.kernel
        values.append(float(k[x][:, x].mean() + k[y][:, y].mean() - 2 * k[x][:, y].mean()))
    return [round(float(np.mean(values)), 4), round(float(np.std(values)), 4)]


def report(out: Path, name: str) -> None:
    """Print the tables: every group of settings, means over its seeds."""
    keys = ("data", "told", "clocks", "steps", "copies", "train", "samples", "updates")
    groups: dict[str, list[dict[str, Any]]] = {}
    for run in read_down(out, name):
        groups.setdefault(str([run[key] for key in keys[:-1]]), []).append(run)
    for runs in groups.values():
        print(
            "\n" + ", ".join(f"{key} {[run[key] for run in runs]}" for key in ("seed", "updates"))
        )
        print(", ".join(f"{key} {runs[0][key]}" for key in keys[:-1]))
        print(f"seconds {[run['seconds'] for run in runs]}, parameters {runs[0]['parameters']}")
        print("nats", {k: [run["nats"][k] for run in runs] for k in runs[0]["nats"]})
        sets = [each for each in runs[0]["rows"] if each != "test"]
        print("\n| MMD² · 1000, unbiased | " + " | ".join(sets) + " |\n|---|" + "---|" * len(sets))
        for what in DESCRIPTORS:
            print(f"| {what} | " + " | ".join(_cell(runs, each, what) for each in sets) + " |")
        three = [
            [sum(run["rows"][each]["of 20"][what][0] for what in GRAPH) / 3 for run in runs]
            for each in sets
        ]
        print("| biased, 20 vs 20, mean of the three | " + _joined(three, 3) + " |")
        columns = ["test", *sets]
        print("\n| | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
        for what in runs[0]["rows"]["test"]:
            values = [[run["rows"][each][what] for run in runs] for each in columns]
            print(f"| {what} | {_joined(values, 1)} |")


def _cell(runs: Sequence[dict[str, Any]], each: str, what: str) -> str:
    """The mean over the seeds, and the interval of the first."""
    values = [1000 * run["rows"][each][what][0] for run in runs]
    low, high = (1000 * value for value in runs[0]["rows"][each][what][1:3])
    return f"{mean_and_spread(values, 1)} [{low:.1f}, {high:.1f}]"


def _joined(columns: Sequence[Sequence[float]], digits: int) -> str:
    return " | ".join(mean_and_spread(values, digits) for values in columns)
