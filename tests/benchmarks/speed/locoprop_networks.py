"""LocoProp beside Adam on simplicial networks and a Mixer: loss and accuracy, epochs and seconds.

``python -m tests.benchmarks.speed.locoprop_networks run --out DIR`` trains, ``report --out DIR``
prints the table and draws the curves. Every finished run is one line of ``DIR/networks.jsonl``
and is not run again.

Tasks: SIN and SCNN on MUTAG (graphs as 1-dimensional complexes; the first three of the ten stored
folds), and MLP-Mixer on the 1,797 digits of scikit-learn (8 × 8 pixels, patch 2; a fifth held out,
three splits). One protocol for all methods: the same initial weights and batches; the rate rises
during the first epoch and falls linearly to a hundredth. A method has five trials, half decades of
its learning rate, on the first fold; while the best lies at the edge, up to two further ones. The
rate with the lowest training loss at the end is run on the other folds too. Parameters outside of
linear maps (norms; the pair messages of SIN) are trained by LocoProp's default fallback, AdamW at
1e-3, scaled by the same schedule and not tuned. The clocks count training steps alone, in seconds
of one core; as a step of LocoProp takes longer, Adam is also given three times the epochs.
"""

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Adam, Optimizer

from optim import LocoProp
from simplex.data import SimplicialDataset
from simplex.datasets import tu_dataset, tu_folds
from simplex.nn import SCNN, SIN, MLPMixer
from tests.benchmarks.rates import rates, set_rates


Record = dict[str, Any]
Batch = tuple[tuple[Any, ...], Tensor]  # what the model is called with, and labels
FOLDS = 3


@dataclass(frozen=True)
class Task:
    """A data set, cut into folds, with the network for it.

    Args:
        label: for tables and pictures.
        model: the network, drawn from torch's global random numbers.
        fold: ids of the training and the held-out items of a fold.
        load: a batch of items.
        batch_size: of the training.
        epochs: of the training.
    """

    label: str
    model: Callable[[], nn.Module]
    fold: Callable[[int], tuple[Tensor, Tensor]]
    load: Callable[[Tensor], Batch]
    batch_size: int
    epochs: int


@cache
def mutag() -> SimplicialDataset:
    return tu_dataset("MUTAG", max_dim=1)  # molecules have no triangles


def mutag_fold(index: int) -> tuple[Tensor, Tensor]:
    fold = tu_folds("MUTAG", mutag().y)[index]
    return fold.train, fold.test


def mutag_batch(ids: Tensor) -> Batch:
    batch = mutag()[ids].to_batch()
    return (batch.cochains(), batch.complex), batch.y


@cache
def digits() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    data = load_digits()
    images = torch.from_numpy(data.images).float()[:, None] / 16
    return images, torch.from_numpy(data.target).long()


def digits_fold(index: int) -> tuple[Tensor, Tensor]:
    count = len(digits()[1])
    order = torch.randperm(count, generator=torch.Generator().manual_seed(index))
    return order[count // 5 :], order[: count // 5]


def digits_batch(ids: Tensor) -> Batch:
    images, labels = digits()
    return (images[ids],), labels[ids]


TASKS: Mapping[str, Task] = {
    "sin": Task("SIN, MUTAG", lambda: SIN(7, 16, 2, 2, 1), mutag_fold, mutag_batch, 32, 20),
    "scnn": Task(
        "SCNN, MUTAG",
        lambda: SCNN(7, 16, 2, 2, 1, normalize=True, signed=False, bias=True),
        mutag_fold,
        mutag_batch,
        32,
        20,
    ),
    "mixer": Task(
        "Mixer, digits",
        lambda: MLPMixer(1, 16, 10, 2, 8, 2, tokens_mlp_dim=16, channels_mlp_dim=32),
        digits_fold,
        digits_batch,
        100,
        15,
    ),
}


@dataclass(frozen=True)
class Method:
    """An optimiser and the rates that are tried: five, or one for a ``reach`` of zero."""

    label: str
    build: Callable[[nn.Module, float], Optimizer]
    center: float
    lengthen: int = 1  # times the epochs of the task
    reach: int = 2  # half decades to either side

    def rate(self, place: int) -> float:
        """The rate so many half decades from the middle of the five, which are -2 … 2."""
        return float(f"{self.center * 10 ** (place / 2):.3g}")


METHODS: Mapping[str, Method] = {
    "adam": Method("Adam", lambda model, lr: Adam(model.parameters(), lr=lr), 1e-2),
    "adam3": Method(
        "Adam, three times as long", lambda m, lr: Adam(m.parameters(), lr=lr), 1e-2, 3
    ),
    "default": Method("LocoProp, default", lambda m, lr: LocoProp(m, lr=lr), 0.2, reach=0),
    "mm": Method("LocoProp-M, Majorise", lambda m, lr: LocoProp(m, "M", lr=lr), 10**-0.5),
    "exact": Method("LocoProp-S, Exact", lambda model, lr: LocoProp(model, "S", lr=lr), 10**-0.5),
    "paper": Method("LocoProp-M, paper", lambda m, lr: LocoProp.paper(m, inner_lr=lr), 1e-5),
}


def rate_factor(epoch: float, epochs: int) -> float:
    """Warm-up over the first epoch, then a straight line down to a hundredth."""
    return epoch if epoch < 1 else 1 - 0.99 * (epoch - 1) / (epochs - 1)


def batches(ids: Tensor, size: int, seed: int) -> Iterator[Tensor]:
    """The batches of one epoch; the last may be smaller."""
    order = torch.randperm(len(ids), generator=torch.Generator().manual_seed(seed))
    yield from ids[order].split(size)


@torch.no_grad()
def score(model: nn.Module, batch: Batch) -> tuple[float, float]:
    """Mean loss and accuracy."""
    model.eval()
    logits = model(*batch[0])
    model.train()
    right = (logits.argmax(1) == batch[1]).float().mean()
    return float(cross_entropy(logits, batch[1])), float(right)


def train(task: Task, method: Method, lr: float, fold: int) -> Record:
    """One run; its curve holds every epoch."""
    epochs = task.epochs * method.lengthen
    ids, held = task.fold(fold)
    everything, held_out = task.load(ids), task.load(held)
    torch.manual_seed(fold)
    model = task.model()
    optimizer = method.build(model, lr)
    start_rates = rates(optimizer)
    steps = math.ceil(len(ids) / task.batch_size)
    seconds, curve, status = 0.0, [], "done"
    for epoch in range(epochs + 1):
        loss, accuracy = score(model, everything)
        _, right = score(model, held_out)
        curve.append([epoch, loss, accuracy, right, round(seconds, 3)])
        if epoch == epochs:
            break
        if not math.isfinite(loss):
            status = "not finite"
            break
        loaded = [task.load(part) for part in batches(ids, task.batch_size, epoch)]
        clock = time.process_time()
        try:
            for step, (inputs, labels) in enumerate(loaded):
                factor = rate_factor(epoch + (step + 1) / steps, epochs)
                set_rates(optimizer, start_rates, factor)
                optimizer.zero_grad()
                cross_entropy(model(*inputs), labels).backward()
                optimizer.step()
        except ValueError as error:
            status = f"failed: {error}"
            break
        seconds += time.process_time() - clock
    return {"status": status, "curve": curve, "ms_per_step": 1e3 * seconds / (steps * epochs)}


def read(out: Path) -> list[Record]:
    path = out / "networks.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def run(out: Path, task: str, method: str, lr: float, fold: int) -> Record:
    """The record of a run: looked up, or done and written down."""
    key = {
        "task": task,
        "method": method,
        "lr": lr,
        "fold": fold,
        "epochs": TASKS[task].epochs * METHODS[method].lengthen,
    }
    for record in read(out):
        if key.items() <= record.items():
            return record
    record = {**key, **train(TASKS[task], METHODS[method], lr, fold)}
    out.mkdir(parents=True, exist_ok=True)
    with (out / "networks.jsonl").open("a") as file:
        file.write(json.dumps(record) + "\n")
    loss, _, right = record["curve"][-1][1:4]
    print(f"{task} {method} lr {lr:g} fold {fold}: loss {loss:.4f}, held out {right:.3f}, "
          f"{record['ms_per_step']:.1f} ms a step, {record['status']}", flush=True)  # fmt: skip
    return record


def best_rate(records: Sequence[Record]) -> float:
    """The rate with the lowest training loss at the end of the first fold."""
    trials = [r for r in records if r["fold"] == 0 and r["status"] == "done"]
    best: float = min(trials, key=lambda r: r["curve"][-1][1])["lr"]
    return best


def tune(out: Path, task: str, method: str) -> float:
    """The best rate of five, or of up to seven where the best lies at the edge."""
    rate = METHODS[method].rate
    high = METHODS[method].reach
    low = -high
    trials = [run(out, task, method, rate(place), 0) for place in range(low, high + 1)]
    for _ in range(high):
        best = best_rate(trials)
        if best == rate(low):
            low -= 1
            trials.append(run(out, task, method, rate(low), 0))
        elif best == rate(high):
            high += 1
            trials.append(run(out, task, method, rate(high), 0))
    return best_rate(trials)


def run_all(out: Path, tasks: Sequence[str], methods: Sequence[str]) -> None:
    for task in tasks:
        for method in methods:
            lr = tune(out, task, method)
            for fold in range(1, FOLDS):
                run(out, task, method, lr, fold)


def chosen(records: Sequence[Record], task: str, method: str) -> list[Record]:
    """The runs of the best rate, one for each fold."""
    own = [r for r in records if r["task"] == task and r["method"] == method]
    if not own:
        return []
    lr = best_rate(own)
    return sorted((r for r in own if r["lr"] == lr), key=lambda r: r["fold"])


def _mean(values: Sequence[float], form: str) -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.fmean(values):{form}} ± {spread:{form}}"


def _reach(record: Record, loss: float) -> float | None:
    return next((point[0] for point in record["curve"] if point[1] <= loss), None)


def table(out: Path) -> str:
    """The results as a Markdown table: means and deviations over the folds."""
    records = read(out)
    rows = [
        "| task | method | rate | training loss | training accuracy | held-out accuracy "
        "| epochs to Adam's loss | ms a step | s in all |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for task, details in TASKS.items():
        adam = chosen(records, task, "adam")
        for method in METHODS:
            runs = chosen(records, task, method)
            if not runs:
                continue
            tried = [r["lr"] for r in records if (r["task"], r["method"]) == (task, method)]
            edge = " (edge)" if runs[0]["lr"] in (min(tried), max(tried)) else ""
            last = [each["curve"][-1] for each in runs]
            ends = [
                _reach(own, other["curve"][-1][1]) for own, other in zip(runs, adam, strict=False)
            ]
            reached = [end for end in ends if end is not None]
            cells = [
                details.label,
                METHODS[method].label,
                f"{runs[0]['lr']:g}{edge}",
                _mean([point[1] for point in last], ".4f"),
                _mean([point[2] for point in last], ".3f"),
                _mean([point[3] for point in last], ".3f"),
                f"{statistics.fmean(reached):.0f}" if ends and len(reached) == len(ends) else "–",
                _mean([each["ms_per_step"] for each in runs], ".1f"),
                f"{statistics.fmean(point[4] for point in last):.1f}",
            ]
            rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def plot(out: Path) -> None:
    """``networks.png``: loss against epochs and seconds, held-out accuracy against epochs."""
    import matplotlib.pyplot as plt

    records = read(out)
    tasks = [name for name in TASKS if any(r["task"] == name for r in records)]
    figure, axes = plt.subplots(
        len(tasks), 3, figsize=(12, 3.2 * len(tasks)), layout="constrained", squeeze=False
    )
    for row, task in zip(axes, tasks, strict=True):
        for method, details in METHODS.items():
            runs = chosen(records, task, method)
            if not runs:
                continue
            curves = torch.tensor([each["curve"] for each in runs]).mean(0).T
            epoch, loss, _, held, seconds = curves.tolist()
            for axis, across, up in zip(
                row, (epoch, seconds, epoch), (loss, loss, held), strict=True
            ):
                axis.plot(across, up, label=details.label)
        for axis, (across, up) in zip(
            row,
            [("epochs", "loss"), ("seconds of a core", "loss"), ("epochs", "accuracy")],
            strict=True,
        ):
            axis.set(xlabel=across, ylabel="training loss" if up == "loss" else "held-out accuracy")
            if up == "loss":
                axis.set_yscale("log")
        row[0].set_title(TASKS[task].label, loc="left")
    axes[0, 0].legend(fontsize="small")
    figure.savefig(out / "networks.png", dpi=120)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["run", "report"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--task", choices=TASKS, nargs="+", default=list(TASKS))
    parser.add_argument("--method", choices=METHODS, nargs="+", default=list(METHODS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.what == "run":
        run_all(args.out, args.task, args.method)
    else:
        text = table(args.out)
        print(text)
        (args.out / "networks.md").write_text(text + "\n")
        plot(args.out)


if __name__ == "__main__":
    main()
