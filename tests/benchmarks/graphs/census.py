"""What networks see of the census of surfaces: ``python -m tests.benchmarks.graphs.census``.

The protocol of mantra-benchmarks (Ballester et al., ICLR 2025) on the same 43,138 surfaces: 60 % to
train, 20 % to test, one split; Adam, batches of 128, 6 epochs, the last one. Scores are plain ones,
and theirs, as their code computes them: of orientability the AUROC of decisions, not of scores; of
the five names a mean over test batches of 128 of the macro AUROC, in which a class that is absent
from the batch counts 0; of β_1 the macro AUROC of decisions.

Other than there: a network learns the three tasks at once, with a head each, so that it is trained
once and not three times; β_1 is a class, not a number; the rate falls to zero along a cosine; the
split is of another seed, and stratified by the surface for all tasks. Nothing is chosen, so the
other 20 % are not used.

Every network is also tested on the barycentric subdivisions of the test surfaces. A run that was
ended goes on: a line of the file (``--out``) is a model and a seed.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from simplex import SimplicialComplex
from simplex.data import SimplicialDataset
from simplex.datasets import CENSUS_SURFACES, fixed_split, surface_census
from simplex.nn import GIN, SCCN, SIN, FVectorMLP, HeatNet
from simplex.operators import heat_energy, pool_parts
from simplex.transforms import random_cochains
from tests.benchmarks.graphs.surfaces import auroc


HEADS = {"orientable": 2, "name": 5, "β_1": 7}
NAMES = ["sphere", "torus", "projective plane", "Klein bottle"]  # and all others
PAIR = ("torus", "Klein bottle")  # which no counting tells apart
OUT, HIDDEN, LAYERS = sum(HEADS.values()), 16, 3
CHANNELS, PROBES, TIMES = 8, 16, (1, 2, 4, 8, 16, 32, 64, 128, 256)
BATCH, EPOCHS, RATE = 128, 6, 0.005
KINDS = list(CENSUS_SURFACES)
Labels = dict[str, Tensor]
Features = Callable[["Piece", torch.Generator], list[Tensor]]


class Piece(NamedTuple):
    """Surfaces that are taken in one step, and what is known of them before."""

    complex: SimplicialComplex
    degrees: list[Tensor]
    energies: list[Tensor]  # of each simplex, a column for each of ``TIMES``
    labels: Labels


class Row(NamedTuple):
    """A model of the table."""

    make: Callable[[], nn.Module]
    features: Features
    redraw: bool = False  # whether the features are random and drawn anew for every epoch


class Cooled(HeatNet):
    """HeatNet on energies that were computed beforehand: it has no parameter before them."""

    def forward(self, x: list[Tensor], complex: SimplicialComplex) -> Tensor:
        times, read = len(self.num_steps), []
        for k, energy in enumerate(x):
            read.append(complex.part_pointer(k).diff().to(energy)[:, None])
            read.append(pool_parts(energy[:, :times], complex.part_pointer(k), "sum"))
        return self.classify(torch.cat(read, 1))


def degrees(piece: Piece, generator: torch.Generator) -> list[Tensor]:
    return piece.degrees


def noise(piece: Piece, generator: torch.Generator) -> list[Tensor]:
    return random_cochains(piece.complex, max_dim=2, channels=CHANNELS, generator=generator)


def energies(piece: Piece, generator: torch.Generator) -> list[Tensor]:
    return piece.energies


def holes(piece: Piece, generator: torch.Generator) -> list[Tensor]:
    """Degrees, and the energies after 16, 64 and 256 steps."""
    late = [TIMES.index(time) for time in (16, 64, 256)]
    return [
        torch.cat([x, energy[:, late]], 1)
        for x, energy in zip(piece.degrees, piece.energies, strict=True)
    ]


def standard(model: Callable[..., nn.Module], channels: int) -> Callable[[], nn.Module]:
    return partial(model, channels, HIDDEN, OUT, LAYERS, 2, jumping_knowledge="cat", norm="batch")


ROWS = {
    "f-vector MLP": Row(lambda: FVectorMLP(1, HIDDEN, OUT, 2, 2), degrees),
    **{
        f"HeatNet, {TIMES[count - 1]} steps": Row(
            partial(Cooled, -1, HIDDEN, OUT, count, 2), energies
        )
        for count in (3, 5, 7, 9)
    },
    "GIN, degrees": Row(standard(GIN, 1), degrees),
    "SCCN, degrees": Row(standard(SCCN, 1), degrees),
    "SIN, degrees": Row(standard(SIN, 1), degrees),
    "SIN, random": Row(standard(SIN, CHANNELS), noise, redraw=True),
    "SIN, degrees + energies": Row(standard(SIN, 4), holes),
}


def labels_of(fields: Any) -> Labels:
    """The answers of the three tasks, and the surface."""
    names = [NAMES.index(kind) if kind in NAMES else len(NAMES) for kind in KINDS]
    return {
        "orientable": fields.orientable,
        "name": torch.tensor(names)[fields.kind],
        "β_1": fields.betti_numbers[:, 1],
        "kind": fields.kind,
    }


def pieces(dataset: SimplicialDataset, ids: Tensor, generator: torch.Generator) -> Iterator[Piece]:
    """The surfaces in batches, with their energies."""
    for some in ids.split(BATCH):
        batch = dataset[some.tolist()].to_batch()
        K = batch.complex
        probes = random_cochains(K, max_dim=2, channels=PROBES, generator=generator)
        cooled = [heat_energy(K, x, k, TIMES) for k, x in enumerate(probes)]
        yield Piece(K, batch.cochains(), cooled, labels_of(batch))


def loss_of(out: Tensor, labels: Labels) -> Tensor:
    heads = zip(HEADS, out.split(list(HEADS.values()), 1), strict=True)
    losses = [nn.functional.cross_entropy(logits, labels[name]) for name, logits in heads]
    return torch.stack(losses).sum()


def macro(scores: Tensor, classes: Tensor, absent: float | None = None) -> float:
    """The mean over the classes of the AUROC of one against the rest."""
    values = []
    for c in range(scores.shape[1]):
        positive = classes == c
        if bool(positive.any()) and not bool(positive.all()):
            values.append(auroc(scores[:, c], positive))
        elif absent is not None:
            values.append(absent)
    return sum(values) / len(values)


def scores_of(out: Tensor, labels: Labels) -> dict[str, float]:
    """All that is measured, of rows in random order."""
    heads = dict(zip(HEADS, out.split(list(HEADS.values()), 1), strict=True))
    decided = {
        name: nn.functional.one_hot(logits.argmax(1), logits.shape[1]).double()
        for name, logits in heads.items()
    }
    score, positive = heads["orientable"].diff(dim=1)[:, 0], labels["orientable"] == 1
    alike = torch.isin(labels["kind"], torch.tensor([KINDS.index(kind) for kind in PAIR]))
    batches = list(zip(heads["name"].split(BATCH), labels["name"].split(BATCH), strict=True))
    right = {name: heads[name].argmax(1) == labels[name] for name in ("name", "β_1")}
    return {
        "orientable": auroc(score, positive),
        "torus or Klein": auroc(score[alike], positive[alike]),
        "name": float(right["name"].double().mean()),
        "β_1": float(right["β_1"].double().mean()),
        "orientable*": auroc(decided["orientable"][:, 1], positive),
        "name*": sum(len(y) * macro(x, y, 0.0) for x, y in batches) / len(out),
        "β_1*": macro(decided["β_1"], labels["β_1"], 0.0),
    }


def trained(row: Row, train: list[Piece], seed: int) -> nn.Module:
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = row.make()
    given = [] if row.redraw else [row.features(piece, generator) for piece in train]
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * len(train))
    for _ in range(EPOCHS):
        for i in torch.randperm(len(train), generator=generator).tolist():
            x = row.features(train[i], generator) if row.redraw else given[i]
            optimizer.zero_grad()
            loss_of(model(x, train[i].complex), train[i].labels).backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def tested(row: Row, model: nn.Module, test: list[Piece], seed: int) -> dict[str, float]:
    generator = torch.Generator().manual_seed(1000 + seed)
    with torch.no_grad():
        out = torch.cat([model(row.features(piece, generator), piece.complex) for piece in test])
    labels = {name: torch.cat([piece.labels[name] for piece in test]) for name in test[0].labels}
    return scores_of(out, labels)


def bounds(dataset: SimplicialDataset, train: Tensor, test: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Logits of who answers always alike, who counts as well as can be, and who knows everything.

    Who counts knows how often each answer has each f-vector among the training surfaces.
    """
    labels = labels_of(dataset)
    _, counts = torch.unique(dataset.num_simplices, dim=0, return_inverse=True)
    for name, of in (("constant", torch.zeros_like(counts)), ("counting at best", counts)):
        odds = []
        for head, classes in HEADS.items():
            table = torch.full((int(of.max()) + 1, classes), 1e-9, dtype=torch.float64)
            one = torch.ones((), dtype=torch.float64)
            table.index_put_((of[train], labels[head][train]), one, accumulate=True)
            odds.append((table / table.sum(1, keepdim=True)).log()[of[test]])
        yield name, torch.cat(odds, 1)
    right = [nn.functional.one_hot(labels[head][test], n).double() for head, n in HEADS.items()]
    yield "all right", torch.cat(right, 1)


def untrained(dataset: SimplicialDataset, ids: Tensor, times: tuple[int, ...]) -> dict[str, float]:
    """What the energy of random cochains on the triangles says, by the number of steps.

    Its AUROC for orientability; and how often β_1 is right by 1 + β_2 - χ, if β_2 is one where more
    energy is left than a quarter. With β_2 and χ the surface is known.
    """
    generator = torch.Generator().manual_seed(1)
    energy = []
    for some in ids.split(BATCH):
        K = dataset[some.tolist()].to_batch().complex
        x = torch.randn(K.num_simplices(2), 2 * PROBES, generator=generator)
        energy.append(pool_parts(heat_energy(K, x, 2, times), K.part_pointer(2), "sum"))
    positive = dataset.orientable[ids] == 1
    first = 1 - dataset.euler_characteristic[ids]
    found = {}
    for steps, column in zip(times, torch.cat(energy).T, strict=True):
        right = first + (column > 0.25) == dataset.betti_numbers[ids, 1]
        found[f"AUROC, {steps} steps"] = auroc(column, positive)
        found[f"β_1, {steps} steps"] = float(right.double().mean())
    return found


def table(lines: list[dict[str, Any]]) -> None:
    """Mean ± standard deviation over the seeds."""
    for where in ("test", "subdivided"):
        print(f"\n{where}")
        for name in dict.fromkeys(line["model"] for line in lines):
            runs = [line[where] for line in lines if line["model"] == name and where in line]
            cells = []
            for key in runs[0] if runs else ():
                values = torch.tensor([run[key] for run in runs], dtype=torch.float64)
                cells.append(f"{key} {values.mean():.3f} ± {values.std(correction=0):.3f}")
            if cells:
                print(" | ".join([f"{name:24}", *cells]))


def main() -> None:
    """Add what is absent to the file, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("census.jsonl"))
    parser.add_argument("--only", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    lines = [json.loads(line) for line in arguments.out.open()] if arguments.out.exists() else []
    done = {(line["model"], line["seed"]) for line in lines}
    wanted = [
        (name, seed)
        for seed in range(arguments.seeds)
        for name in arguments.only
        if (name, seed) not in done
    ]

    def note(**line: Any) -> None:
        lines.append(line)
        with arguments.out.open("a") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    generator = torch.Generator().manual_seed(0)
    dataset = surface_census()
    parts = [part[torch.randperm(len(part), generator=generator)] for part in fixed_split(dataset)]
    answers = {name: y[parts[2]] for name, y in labels_of(dataset).items()}
    for name, out in bounds(dataset, parts[0], parts[2]):
        if (name, 0) not in done:
            note(model=name, seed=0, test=scores_of(out, answers))
    if ("energy of triangles, all surfaces", 0) not in done:
        everything = untrained(dataset, torch.arange(len(dataset)), TIMES)
        fine_set = surface_census(subdivided=True)
        finer = untrained(fine_set, parts[2], (*TIMES, 512))
        note(model="energy of triangles, all surfaces", seed=0, test=everything, subdivided=finer)
    if wanted:
        begin = time.process_time()
        fine = list(pieces(surface_census(subdivided=True), parts[2], generator))
        print(f"energies of subdivisions: {time.process_time() - begin:.0f} s of CPU", flush=True)
        learnt, plain = (list(pieces(dataset, ids, generator)) for ids in parts[::2])
        print(f"and of surfaces: {time.process_time() - begin:.0f} s of CPU", flush=True)
    for name, seed in wanted:
        begin = time.process_time()
        model = trained(ROWS[name], learnt, seed)
        note(
            model=name,
            seed=seed,
            test=tested(ROWS[name], model, plain, seed),
            subdivided=tested(ROWS[name], model, fine, seed),
            seconds=time.process_time() - begin,
        )
        print(json.dumps(lines[-1], ensure_ascii=False), flush=True)
    table(lines)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
