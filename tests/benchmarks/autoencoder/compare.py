"""The deep autoencoder benchmark: optimisers tuned alike, loss against epochs and seconds.

``python -m tests.benchmarks.autoencoder.compare tune --data mnist --optimizer adam --out DIR``
tries the grid of a method, ``final`` trains with the best setting, ``cost`` times the steps of all
methods side by side, ``table`` and ``plot`` report. Every finished run is one line of
``DIR/DATA.jsonl`` and is not run again.

One protocol for all. The network is 784-1000-500-250-30 (CURVES-like: 784-400-200-100-50-25-6),
mirrored, tanh, linear code; the loss is the cross entropy of the logits, summed over the pixels,
averaged over a batch of 1,000; the last short batch of an epoch is left out. Initial weights and
batches are the same. The learning rate rises during the first epoch and then falls linearly to
a hundredth. An epoch is one gradient evaluation per batch, so that L-BFGS pays for its own.
A method has four trials, half decades of the learning rate (shared with a second knob where
there is one); while the best lies at the edge, up to two further half decades are tried. Trials
are 20 epochs, since first-order methods rest at the mean image for the first ten. One is stopped
when a loss is not finite, is above the initial one after three epochs, or is a fifth above the
best one of the method's earlier trials at half time. The best setting is the one with the lowest
training loss at the end of its trial.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim import Optimizer

from tests.benchmarks.autoencoder.data import DATA, Images, autoencoder
from tests.benchmarks.autoencoder.methods import METHODS, Config, Method, neighbours
from tests.benchmarks.autoencoder.report import plot, table
from tests.benchmarks.rates import rates, set_rates


BATCH = 1000
PRUNE_AFTER = 3
LAG = 1.2
INITIAL = 784 * math.log(2)  # of logits near zero
Record = dict[str, Any]


def batch_loss(model: nn.Module, images: Tensor) -> Tensor:
    """Cross entropy of the reconstruction, summed over pixels, averaged over images."""
    total = binary_cross_entropy_with_logits(model(images), images, reduction="sum")
    return total / len(images)


@torch.no_grad()
def mean_loss(model: nn.Module, images: Tensor) -> float:
    """The loss over a whole set."""
    parts = [batch_loss(model, part).item() * len(part) for part in images.split(BATCH)]
    return sum(parts) / len(images)


def batches(images: Tensor, seed: int) -> Iterator[Tensor]:
    """Epoch after epoch of shuffled full batches."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(images), generator=generator)
        for index in order.split(BATCH):
            if len(index) == BATCH:
                yield images[index]


def rate_factor(epoch: float, epochs: int) -> float:
    """Warm-up over the first epoch, then a straight line down to a hundredth."""
    if epoch < 1:
        return epoch
    return 1 - 0.99 * (epoch - 1) / max(epochs - 1, 1)


class Trainer:
    """One network under one method; ``evaluations`` counts gradients of batches."""

    def __init__(self, method: Method, config: Config, images: Images, seed: int) -> None:
        self.model = autoencoder(images.widths, seed)
        self.method = method
        self.optimizers: list[Optimizer] = method.build(self.model, config)
        self.rates = [rates(optimizer) for optimizer in self.optimizers]
        self.per_epoch = len(images.train) // BATCH
        self.full = bool(config.get("full", False))
        self.stream = batches(images.train, seed)
        self.evaluations = 0
        self.wall = self.cpu = 0.0

    def scale_rates(self, factor: float) -> None:
        for optimizer, start in zip(self.optimizers, self.rates, strict=True):
            set_rates(optimizer, start, factor)

    def gradient(self, parts: Sequence[Tensor]) -> Tensor:
        """Loss and gradient of the mean over some batches."""
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        total = torch.zeros(())
        for part in parts:
            loss = batch_loss(self.model, part) / len(parts)
            loss.backward()
            total += loss.detach()
        self.evaluations += len(parts)
        return total

    def step(self) -> float:
        """One step of the method and the loss before it; its time is added to the clocks."""
        wall, cpu = time.perf_counter(), time.process_time()
        parts = [next(self.stream) for _ in range(self.per_epoch if self.full else 1)]
        if self.method.closure:
            loss = self.optimizers[0].step(lambda: self.gradient(parts))  # type: ignore[arg-type]
        else:
            loss = self.gradient(parts)
            for optimizer in self.optimizers:
                optimizer.step()
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        return float(loss)


def train(
    method: Method,
    config: Config,
    images: Images,
    *,
    seed: int,
    epochs: int,
    seen: Callable[[int], bool],
    limits: Mapping[int, float],
) -> Record:
    """Train; the curve holds the epochs for which ``seen`` is true, the first and the last.

    After an epoch of ``limits`` the training loss must be at most its limit.
    """
    trainer = Trainer(method, config, images, seed)
    curve: list[Record] = []

    def observe(epoch: float) -> Record:
        point = {
            "epoch": epoch,
            "train": mean_loss(trainer.model, images.train),
            "held": mean_loss(trainer.model, images.held),
            "wall": round(trainer.wall, 3),
            "cpu": round(trainer.cpu, 3),
        }
        curve.append(point)
        return point

    observe(0)
    status, epoch = "done", 0
    try:
        while epoch < epochs:
            # The rate of a step is that of its end, so that the first one moves.
            after = (trainer.evaluations + 1) / trainer.per_epoch
            if not trainer.full:
                trainer.scale_rates(rate_factor(min(after, epochs), epochs))
            loss = trainer.step()
            if not math.isfinite(loss):
                status = "not finite"
                break
            reached = trainer.evaluations // trainer.per_epoch
            if reached == epoch:
                continue
            passed = range(epoch + 1, reached + 1)
            limit = min((limits[e] for e in passed if e in limits), default=math.inf)
            epoch = reached
            if any(map(seen, passed)) or limit < math.inf or epoch >= epochs:
                point = observe(trainer.evaluations / trainer.per_epoch)
                if not math.isfinite(point["train"]):
                    status = "not finite"
                    break
                if point["train"] > limit:
                    status = "pruned"
                    break
    except (RuntimeError, ValueError) as error:
        status = f"failed: {error}"
    return {
        "status": status,
        "curve": curve,
        "wall": trainer.wall,
        "cpu": trainer.cpu,
        "evaluations": trainer.evaluations,
    }


def read(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class Book:
    """The runs of one data set: looked up, or done and written down."""

    def __init__(self, out: Path, data: str) -> None:
        self.path = out / f"{data}.jsonl"
        self.data = data
        self._images: Images | None = None

    @property
    def images(self) -> Images:
        if self._images is None:
            self._images = DATA[self.data]()
        return self._images

    def find(self, **wanted: Any) -> list[Record]:
        records = read(self.path)
        return [r for r in records if all(r[key] == value for key, value in wanted.items())]

    def run(self, task: str, name: str, config: Config, *, seed: int, epochs: int) -> Record:
        key = {
            "task": task,
            "optimizer": name,
            "config": config,
            "seed": seed,
            "epochs": epochs,
        }
        known = self.find(**key)
        if known:
            return known[0]
        half = epochs // 2
        if task == "tune":
            earlier = self.find(task=task, optimizer=name, epochs=epochs, status="done")
            halves = [
                p["train"] for r in earlier for p in r["curve"] if half <= p["epoch"] < epochs
            ]
            limits = {PRUNE_AFTER: INITIAL, half: LAG * min(halves, default=math.inf)}
            points = {PRUNE_AFTER, half}
        else:
            limits = {}
            points = {*range(10), *range(10, epochs, 2)}
        result = train(
            METHODS[name],
            config,
            self.images,
            seed=seed,
            epochs=epochs,
            seen=points.__contains__,
            limits=limits,
        )
        record = {"data": self.data, **key, **result}
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")
        last = result["curve"][-1]
        print(
            f"{time.strftime('%H:%M:%S')} {self.data} {task} {name} {config} seed {seed}: "
            f"{result['status']}, {last['train']:.2f} / {last['held']:.2f}, "
            f"{result['cpu']:.0f} s of core",
            flush=True,
        )
        return record

    def best(self, name: str) -> Config | None:
        """The setting whose trial ended with the lowest training loss, or the only one."""
        grid = METHODS[name].grid
        if len(grid) == 1:
            return grid[0]
        done = self.find(task="tune", optimizer=name, status="done")
        if not done:
            return None
        config: Config = min(done, key=lambda r: r["curve"][-1]["train"])["config"]
        return config


def tune(book: Book, name: str, epochs: int, extra: int = 2) -> None:
    """The grid, then further half decades while the best is at its edge; one setting is taken."""
    if len(METHODS[name].grid) == 1:
        return
    for config in METHODS[name].grid:
        book.run("tune", name, config, seed=0, epochs=epochs)
    for _ in range(extra):
        best = book.best(name)
        if best is None or best.get("full"):
            return
        fresh = [
            c for c in neighbours(best) if not book.find(task="tune", optimizer=name, config=c)
        ]
        if not fresh:
            return
        book.run("tune", name, fresh[0], seed=0, epochs=epochs)


def final(book: Book, settings: Book, name: str, epochs: int, seeds: Sequence[int]) -> None:
    """The long runs, with the setting that was best in the trials."""
    config = settings.best(name)
    if config is None:
        print(f"{name} has no finished trial on {settings.data}; run tune first.", flush=True)
        return
    for seed in seeds:
        book.run("final", name, config, seed=seed, epochs=epochs)


def cost(book: Book, names: Sequence[str], out: Path, rounds: int) -> None:
    """Seconds a step, methods interleaved: one period of each, the median over the rounds."""
    trainers = {
        name: Trainer(METHODS[name], book.best(name) or METHODS[name].grid[2], book.images, 0)
        for name in names
    }
    for trainer in trainers.values():
        trainer.scale_rates(1e-3)  # the same work, and no setting diverges
        trainer.step()  # buffers are made
    wall: dict[str, list[float]] = {name: [] for name in names}
    cpu: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, trainer in trainers.items():
            before = trainer.wall, trainer.cpu, trainer.evaluations
            while trainer.evaluations < before[2] + METHODS[name].period:
                trainer.step()
            done = trainer.evaluations - before[2]
            wall[name].append((trainer.wall - before[0]) / done)
            cpu[name].append((trainer.cpu - before[1]) / done)
    reference = float(torch.tensor(wall["adam"]).median()) if "adam" in wall else math.nan
    with (out / "cost.jsonl").open("a") as file:
        for name in names:
            record = {
                "data": book.data,
                "optimizer": name,
                "wall": float(torch.tensor(wall[name]).median()),
                "cpu": float(torch.tensor(cpu[name]).median()),
                "rounds": rounds,
                "all": wall[name],
            }
            file.write(json.dumps(record) + "\n")
            print(
                f"{book.data} {name}: {record['wall']:.3f} s a step, "
                f"{record['cpu']:.3f} of core, {record['wall'] / reference:.2f} × Adam"
            )


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=["tune", "final", "table", "plot", "cost"])
    parser.add_argument("--data", choices=DATA, nargs="+", default=["mnist"])
    parser.add_argument("--optimizer", choices=METHODS, nargs="+", default=list(METHODS))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, help="20 for tune and 50 for final, if not given")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--settings-from", choices=DATA, help="take tuned settings from there")
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    for data in args.data:
        book = Book(args.out, data)
        if args.task == "cost":
            cost(book, args.optimizer, args.out, args.rounds)
        elif args.task == "table":
            table(args.out, data, args.optimizer)
        elif args.task == "plot":
            plot(args.out, data, args.optimizer)
        else:
            for name in args.optimizer:
                if args.task == "tune":
                    tune(book, name, args.epochs or 20)
                else:
                    settings = Book(args.out, args.settings_from or data)
                    final(book, settings, name, args.epochs or 50, args.seeds)


if __name__ == "__main__":
    main()
