"""The table of the comparison on transformers."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks.transformers.data import Task
from tests.benchmarks.transformers.methods import Method


Record = dict[str, Any]


def table(
    records: Sequence[Record], task: Task, methods: Mapping[str, Method], longer: int = 1
) -> str:
    """Markdown: training and held-out loss of the best rate, mean ± deviation over the seeds.

    The best rate is the one that was run with most seeds.
    """
    costs = [record["ms"] for record in records if record["method"] == "cost"]
    if not costs:
        return f"{task.label}: nothing is there yet."
    [cost] = costs
    limit = {name: round(task.steps * cost["adamw"] / cost[name]) for name in cost}
    rows = [
        f"{task.label}, {task.steps * cost['adamw'] / 1e3:.1f} s of a core, "
        f"{task.steps / task.epoch:.1f} epochs of AdamW",
        "",
        f"| method | rate | trials | ms a step | steps | training loss | held out "
        f"| after {limit['locoprop']} steps: training loss | held out "
        f"| in {longer} times the time: training loss | held out |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, method in methods.items():
        runs = [r for r in records if r["method"] == name and r["status"] == "done"]
        if not runs:
            continue
        tried = [r["lr"] for r in runs]
        lr = max(tried, key=tried.count)
        within = [r for r in runs if r["lr"] == lr and r["steps"] == limit[name]]
        alike = [r for r in runs if r["lr"] == lr and r["steps"] == limit["locoprop"]]
        long = [r for r in runs if r["lr"] == lr and r["steps"] == longer * limit[name]]
        cells = [
            method.label,
            f"{lr:g}",
            "–" if method.first is None else str(len({*tried})),
            f"{cost[name]:.1f}",
            str(limit[name]),
            _mean(within, "train"),
            _mean(within, "test"),
            _mean(alike, "train"),
            _mean(alike, "test"),
            _mean(long, "train"),
            _mean(long, "test"),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def _mean(runs: Sequence[Record], part: str) -> str:
    ends = [run["curve"][-1][part] for run in runs]
    if not ends:
        return "–"
    spread = f" ± {statistics.stdev(ends):.3f}" if len(ends) > 1 else ""
    return f"{statistics.fmean(ends):.3f}{spread}"
