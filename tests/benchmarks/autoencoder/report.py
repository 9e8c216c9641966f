"""Tables and pictures of the deep autoencoder benchmark."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.autoencoder.methods import FIRST, LOCAL, METHODS, SECOND


Record = dict[str, Any]


@dataclass(frozen=True)
class Curve:
    """The final runs of one method: seed 0 is drawn, all seeds enter the means."""

    name: str
    config: Record
    runs: list[Record]
    step_seconds: float  # of a core; from ``cost`` where it was measured, else from the run

    @property
    def steps_per_epoch(self) -> float:
        last = self.runs[0]["curve"][-1]
        return float(self.runs[0]["evaluations"] / last["epoch"])

    @property
    def epoch_seconds(self) -> float:
        return self.step_seconds * self.steps_per_epoch

    def points(self, key: str) -> tuple[list[float], list[float]]:
        curve = self.runs[0]["curve"]
        return [p["epoch"] for p in curve], [p[key] for p in curve]

    def last(self, key: str) -> list[float]:
        return [run["curve"][-1][key] for run in self.runs]

    def reach(self, loss: float) -> float | None:
        """The first epoch whose training loss is at most this one, of seed 0."""
        epochs, losses = self.points("train")
        return next((e for e, value in zip(epochs, losses, strict=True) if value <= loss), None)

    def at(self, seconds: float) -> float:
        """The training loss at the last point within so many seconds of training, of seed 0."""
        epochs, losses = self.points("train")
        return losses[sum(epoch * self.epoch_seconds <= seconds for epoch in epochs) - 1]


def _lines(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def collect(out: Path, data: str, names: Sequence[str]) -> list[Curve]:
    """The newest final setting of each method, with the longest runs of it."""
    costs = {r["optimizer"]: r for r in _lines(out / "cost.jsonl") if r["data"] == data}
    found = []
    finals = [r for r in _lines(out / f"{data}.jsonl") if r["task"] == "final"]
    for name in names:
        runs = [r for r in finals if r["optimizer"] == name]
        if not runs:
            continue
        runs = [r for r in runs if r["config"] == runs[-1]["config"]]
        longest = max(r["epochs"] for r in runs)
        runs = sorted((r for r in runs if r["epochs"] == longest), key=lambda r: r["seed"])
        seconds = statistics.fmean(r["cpu"] / r["evaluations"] for r in runs)
        if name in costs:
            seconds = costs[name]["cpu"]
        found.append(Curve(name, runs[0]["config"], runs, seconds))
    return found


def _mean(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{statistics.fmean(values):.1f} ± {statistics.stdev(values):.1f}"


def _setting(config: Record) -> str:
    return ", ".join(f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}"
                     for key, value in config.items())  # fmt: skip


def table(out: Path, data: str, names: Sequence[str]) -> None:
    """Print and write one Markdown table.

    The mark is the lowest final training loss of a first-order method, the budget its seconds.
    """
    curves = collect(out, data, names)
    first = [c for c in curves if METHODS[c.name].family == FIRST]
    if not first:
        raise SystemExit(f"{data} has no final run of a first-order method; run final first.")
    best = min(first, key=lambda curve: curve.last("train")[0])
    mark = best.last("train")[0]
    budget = best.epoch_seconds * best.points("train")[0][-1]
    rows = [
        "| method | setting | epochs | training loss | held out | s a step "
        f"| training loss after {budget:.0f} s | epochs to {mark:.1f} | s to {mark:.1f} |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for curve in curves:
        reached = curve.reach(mark)
        epochs, _ = curve.points("train")
        cells = [
            METHODS[curve.name].label,
            _setting(curve.config),
            f"{epochs[-1]:.0f}",
            _mean(curve.last("train")),
            _mean(curve.last("held")),
            f"{curve.step_seconds:.2f}",
            f"{curve.at(budget):.1f}",
            "–" if reached is None else f"{reached:.0f}",
            "–" if reached is None else f"{curve.epoch_seconds * reached:.0f}",
        ]
        rows.append("| " + " | ".join(cells) + " |")
    text = "\n".join(rows)
    print(f"{data}\n{text}")
    (out / f"{data}.md").write_text(text + "\n")


def plot(out: Path, data: str, names: Sequence[str]) -> None:
    """Write ``DATA.png``: training and held-out loss, against epochs and against seconds."""
    from matplotlib.figure import Figure

    styles = {FIRST: "--", SECOND: ":", LOCAL: "-"}
    figure = Figure(figsize=(11, 8), layout="constrained")
    axes = figure.subplots(2, 2, sharey="row")
    for index, curve in enumerate(collect(out, data, names)):
        method = METHODS[curve.name]
        for row, key in enumerate(["train", "held"]):
            epochs, losses = curve.points(key)
            seconds = [epoch * curve.epoch_seconds for epoch in epochs]
            for column, x in enumerate([epochs, seconds]):
                axes[row, column].plot(
                    x,
                    losses,
                    styles[method.family],
                    color=f"C{index % 10}",
                    linewidth=2.2 if method.family == LOCAL else 1.4,
                    label=method.label,
                )
    titles = [["training loss", "held-out loss"], ["epochs", "seconds of one core"]]
    for row in range(2):
        axes[row, 0].set_ylabel(titles[0][row])
        for column in range(2):
            axes[row, column].set(yscale="log", xlabel=titles[1][column])
            axes[row, column].yaxis.set_major_formatter("{x:.0f}")
            axes[row, column].yaxis.set_minor_formatter("{x:.0f}")
            axes[row, column].grid(alpha=0.3, which="both")
    axes[0, 0].legend(fontsize=8)
    figure.savefig(out / f"{data}.png", dpi=120)
