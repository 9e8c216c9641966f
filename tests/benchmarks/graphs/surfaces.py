"""What networks see of closed surfaces: ``python -m tests.benchmarks.graphs.surfaces``.

For every seed: new random triangulations of seven surfaces, 1,050 to train and 700 to test, 12 to
20 vertices. Each model is trained once, for a fixed number of epochs (nothing is selected), with a
head per label. Orientability is scored by AUROC on all surfaces, on torus against Klein bottle and
on genus 2 against four crosscaps, where counting simplices tells nothing; the other labels by
accuracy. Of a closed connected surface, β_2 = 1 if it is orientable and 0 if not: it is the same
label. A line per model: mean ± standard deviation over the seeds.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from simplex import SimplicialComplex
from simplex.data import SimplicialData
from simplex.datasets import SURFACES, surfaces
from simplex.nn import GIN, SCCNN, SIN, FVectorMLP, HeatNet, OrientedMPSN
from simplex.transforms import harmonic_energies, random_cochains


NAMES = list(SURFACES)
PAIRS = (("torus", "Klein bottle"), ("genus 2", "non-orientable genus 4"))
HEADS = {"name": len(NAMES), "genus": 5, "β_1": 5, "orientable": 1}
OUT = sum(HEADS.values())
HIDDEN, LAYERS, CHANNELS, BATCHES = 16, 3, 8, 10
Features = Callable[[SimplicialData, torch.Generator], list[Tensor]]


class TrianglesOnly(nn.Module):
    """An oriented network on triangles alone, called like the others."""

    def __init__(self, num_layers: int) -> None:
        super().__init__()
        self.model = OrientedMPSN(CHANNELS, HIDDEN, OUT, num_layers, k=2)

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        return self.model(x[2], complex)


class EnergiesGiven(HeatNet):
    """HeatNet on energies that were computed beforehand: it has no parameter before them."""

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        return self.classify(x[0])


def degrees(batch: SimplicialData, generator: torch.Generator) -> list[Tensor]:
    return batch.cochains()


def noise(batch: SimplicialData, generator: torch.Generator) -> list[Tensor]:
    return random_cochains(batch.complex, max_dim=2, channels=CHANNELS, generator=generator)


def holes(batch: SimplicialData, generator: torch.Generator) -> list[Tensor]:
    """Degrees, and how much each simplex takes part in holes."""
    new = harmonic_energies(batch.complex, 2, generator=generator)
    return [torch.cat(pair, dim=1) for pair in zip(batch.cochains(), new, strict=True)]


def cooling(num_layers: int, num_probes: int = 16) -> Features:
    def features(batch: SimplicialData, generator: torch.Generator) -> list[Tensor]:
        K = batch.complex
        probes = random_cochains(K, max_dim=2, channels=num_probes, generator=generator)
        return [HeatNet(-1, 1, 1, num_layers, 2).energies(probes, K)]

    return features


@dataclass
class Entry:
    """A row of the table."""

    make: Callable[[], nn.Module]
    features: Features
    redraw: bool = False  # whether the features are random and drawn anew for every epoch
    passes: int = 1  # times the number of epochs: more for what is quick or slow to learn


def standard(model: Callable[..., nn.Module], channels: int, **options: Any) -> Any:
    """How to make a model with the constructor that all of them have."""
    return partial(model, channels, HIDDEN, OUT, LAYERS, 2, jumping_knowledge="cat", **options)


ENTRIES = {
    "f-vector MLP": Entry(lambda: FVectorMLP(1, HIDDEN, OUT, 2, 2), degrees, passes=5),
    "GIN, degrees": Entry(standard(GIN, 1, norm="batch"), degrees),
    "SIN, degrees": Entry(standard(SIN, 1, norm="batch"), degrees),
    "SIN, random": Entry(standard(SIN, CHANNELS, norm="batch"), noise, redraw=True),
    "SCCNN unsigned, degrees": Entry(
        standard(SCCNN, 1, norm="batch", normalize=True, signed=False), degrees
    ),
    "SCCNN, random": Entry(standard(SCCNN, CHANNELS, normalize=True), noise, redraw=True),
    **{
        f"oriented MPSN, {depth} layers": Entry(
            lambda depth=depth: TrianglesOnly(depth), noise, redraw=True, passes=3
        )
        for depth in (4, 16)
    },
    "SIN, degrees + holes": Entry(standard(SIN, 4, norm="batch"), holes),
    **{
        f"HeatNet, {2 ** (depth - 1)} steps": Entry(
            lambda depth=depth: EnergiesGiven(-1, HIDDEN, OUT, depth, 2), cooling(depth), passes=5
        )
        for depth in (3, 5, 7, 9)
    },
}


def auroc(score: Tensor, positive: Tensor) -> float:
    """The probability that a positive scores above a negative, ties counted half."""
    difference = score[positive][:, None] - score[~positive]
    return float(((difference > 0).double() + 0.5 * (difference == 0).double()).mean())


def loss_of(out: Tensor, target: dict[str, Tensor]) -> Tensor:
    total = out.new_zeros(())
    for (name, _), logits in zip(HEADS.items(), out.split(list(HEADS.values()), 1), strict=True):
        if name == "orientable":
            total = total + nn.functional.binary_cross_entropy_with_logits(
                logits[:, 0], target[name].to(out.dtype)
            )
        else:
            total = total + nn.functional.cross_entropy(logits, target[name])
    return total


def targets(batch: SimplicialData) -> dict[str, Tensor]:
    return {
        "name": batch.y,
        "genus": batch.genus,
        "β_1": batch.betti_numbers[:, 1],
        "orientable": batch.orientable,
    }


def scores(out: Tensor, target: dict[str, Tensor]) -> dict[str, float]:
    heads = dict(zip(HEADS, out.split(list(HEADS.values()), 1), strict=True))
    logit, positive = heads["orientable"][:, 0], target["orientable"] == 1
    result = {"orientable": auroc(logit, positive)}
    for pair in PAIRS:
        labels = torch.tensor([NAMES.index(name) for name in pair])
        mine = torch.isin(target["name"], labels)
        result[f"{pair[0]} | {pair[1]}"] = auroc(logit[mine], positive[mine])
    for name in ("genus", "β_1", "name"):
        result[name] = float((heads[name].argmax(1) == target[name]).double().mean())
    return result


def run(entry: Entry, seed: int, epochs: int) -> dict[str, float]:
    """Train on the surfaces of a seed, and score on the others."""
    generator = torch.Generator().manual_seed(seed)
    dataset = surfaces(1750, features="degree", generator=generator)
    train = [dataset[ids.tolist()].to_batch() for ids in torch.arange(1050).chunk(BATCHES)]
    test = dataset[list(range(1050, 1750))].to_batch()
    complexes = [batch.complex for batch in train]  # once: they keep what they derive
    answers = [targets(batch) for batch in train]
    torch.manual_seed(seed)
    model = entry.make()
    given = [entry.features(batch, generator) for batch in train]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * BATCHES)
    for _ in range(epochs):
        for i in torch.randperm(BATCHES, generator=generator).tolist():
            x = entry.features(train[i], generator) if entry.redraw else given[i]
            optimizer.zero_grad()
            loss_of(model(x, complexes[i]), answers[i]).backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        out = model(entry.features(test, generator), test.complex)
    return scores(out, targets(test))


def main() -> None:
    """Print the table, a line per model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=list(ENTRIES), choices=list(ENTRIES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20)
    arguments = parser.parse_args()
    print(f"orientable: AUROC, all and by pair; genus, β_1, name: accuracy; {arguments}")
    for name in arguments.only:
        begin = time.process_time()
        rows = [
            run(ENTRIES[name], seed, arguments.epochs * ENTRIES[name].passes)
            for seed in range(arguments.seeds)
        ]
        line = [f"{name:24}"]
        for key in rows[0]:
            values = torch.tensor([row[key] for row in rows], dtype=torch.float64)
            line.append(f"{key} {values.mean():.3f} ± {values.std(correction=0):.3f}")
        print(" | ".join(line), f"| {time.process_time() - begin:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
