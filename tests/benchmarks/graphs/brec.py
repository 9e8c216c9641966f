"""Networks on the 400 pairs of BREC, by the protocol of its authors (reliable paired comparisons).

``python -m tests.benchmarks.graphs.brec --models gin sin marked-sin --out brec.jsonl`` appends one
line per pair to the file, and goes on where it was ended; ``--table`` prints what the file has.

For a pair of graphs G, H a network with fresh weights is trained to keep their embeddings in R¹⁶
apart, and then tested:

1. q = 32 copies of each, the graph itself and 31 with permuted vertices. The i-th copies make up
   the i-th of 32 pairs of a training set, which is the test set as well.
2. Siamese training: the cosine embedding loss of margin 0 with the target -1 on each pair,
   max(0, cos(f(G_i), f(H_i))); Adam with learning rate and weight decay 10⁻⁴, a plateau scheduler,
   four steps of 8 pairs an epoch, 20 epochs, fewer where the mean loss of one is below 0.2.
3. D_i = f(G_i) - f(H_i); the statistic is T² = D̄ᵀ S⁺ D̄, S⁺ the pseudo-inverse of the covariance of
   the D_i. The pair is told apart if T² > 72.34, which is 31 · 16/16 times the 95 % quantile of
   F(16, 16), and if T² differs by more than 10⁻⁶ from that of
4. the reliability part: 64 copies of one of the two graphs, drawn at random, in 32 pairs. There T²
   must stay below 72.34; a pair where it does not is a failure, which invalidates a network.

T² as in the authors' code has no factor q, so that it is stricter by 32 than the test of Hotelling
that the threshold belongs to. Learning rate, epochs and loss threshold are their defaults; they
tune them for each network, and repeat all with ten seeds.

``--untrained`` asks what random weights tell apart in float64, with two copies of each graph: two
graphs are apart if they are more than 100 times further from each other than from their copies. It
costs a fortieth, and its lines have that quotient as the statistic.

Departures: (1) An invariant network has the same loss and the same gradients on all copies, up to
rounding, so a step of training takes 1 pair for the 8. What is tested are all 32, and all 64.
(2) Networks that cost n times more train for fewer epochs, see ``SETTINGS``. (3) One seed.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch_geometric.data import Data

from simplex import SimplicialComplex
from simplex.complexes import take_parts
from simplex.datasets import BREC, brec
from simplex.lifting import clique_complex, ring_complex, ring_lengths
from simplex.nn import GIN, SIN, MarkedSIN


COPIES, WIDTH, STEPS = 32, 16, 4
THRESHOLD, CLOSE, LOSS_THRESHOLD = 72.34, 1e-6, 0.2
FULL = 62  # the cliques of all sizes


class Setting(NamedTuple):
    """How a network is made and trained.

    Attributes:
        make: from the number of layers and the top dimension.
        layers: how many; for a category that is named, others.
        max_dim: of the lift.
        rings: of so many vertices at most are filled; likewise. ``None`` for cliques alone.
        epochs: of training, at most; likewise.
        pairs: copies of the pair in a step of training, at most 8.
        rate: of learning; and the weight decay.
        batch: graphs that are embedded at a time.
    """

    make: Callable[[int, int], nn.Module]
    layers: Mapping[str, int] = {"": 5}
    max_dim: int = FULL
    rings: Mapping[str, int] | None = None
    epochs: Mapping[str, int] = {"": 20}
    pairs: int = 1
    rate: float = 1e-4
    batch: int = 16


SETTINGS = {
    "gin": Setting(lambda n, k: GIN(1, WIDTH, WIDTH, n, k, activation=torch.relu), max_dim=1),
    "sin": Setting(lambda n, k: SIN(1, WIDTH, WIDTH, n, k, activation=torch.relu)),
    "ring-sin": Setting(
        lambda n, k: SIN(2, WIDTH, WIDTH, n, k, activation=torch.relu),
        max_dim=2,
        # Graphs that are dense have too many of the longer ones.
        rings={
            "": 8,
            "strongly regular": 4,
            "4-vertex condition": 3,
            "cfi": 5,
            "distance regular": 5,
        },
        epochs={"": 20, "strongly regular": 5, "cfi": 5, "distance regular": 5},
    ),
    "marked-sin": Setting(
        lambda n, k: MarkedSIN(1, WIDTH, WIDTH, n, k, activation=torch.relu),
        # As many as marked SWL needs rounds at most; up to 11 on the CFI graphs.
        layers={"": 5, "strongly regular": 4, "4-vertex condition": 3, "cfi": 12},
        max_dim=2,
        epochs={"": 5, "4-vertex condition": 1, "cfi": 1},
    ),
}
EXACT = {"cfi"}  # where differences fade from round to round: in float64


class Line(NamedTuple):
    """What came of one pair.

    Attributes:
        model, category, pair: which.
        told_apart, reliable: the two verdicts.
        statistic, statistic_same: T² of the pair, and of one of its graphs with itself.
        epochs, loss: of training, how many and the mean loss of the last.
        seconds: of the processor.
        seed: of the weights, the copies and the choice of the graph.
    """

    model: str
    category: str
    pair: int
    told_apart: bool
    reliable: bool
    statistic: float
    statistic_same: float
    epochs: int
    loss: float
    seconds: float
    seed: int


# --- the protocol ---------------------------------------------------------------------------------


def statistic(x: Tensor, y: Tensor) -> float:
    """D̄ᵀ S⁺ D̄ of D = x - y, (q, channels) each."""
    d = (x - y).T
    mean = d.mean(1)
    return float(mean @ torch.linalg.pinv(torch.cov(d)) @ mean)


def copies(graph: Any, count: int, draws: np.random.Generator, *, itself: bool) -> list[Data]:
    """Relabelled copies; the first is the graph itself, where asked for."""
    edges = np.array(list(graph.edges), np.int64).reshape(-1, 2).T  # (2, E)
    size = graph.number_of_nodes()
    orders = [draws.permutation(size) for _ in range(count)]
    if itself:
        orders[0] = np.arange(size)
    return [
        Data(edge_index=torch.from_numpy(np.concatenate([e, e[::-1]], 1)), num_nodes=size)
        for e in (order[edges] for order in orders)
    ]


def features(K: SimplicialComplex, max_dim: int, dtype: torch.dtype) -> list[Tensor]:
    """Ones on all simplices; where rings are filled, also how long that of a simplex is."""
    ones = [torch.ones(K.num_simplices(k), 1, dtype=dtype) for k in range(max_dim + 1)]
    if K.filtration is None:
        return ones
    lengths = [ring_lengths(K, k)[:, None].to(dtype) for k in range(max_dim + 1)]
    return [torch.cat(both, 1) for both in zip(ones, lengths, strict=True)]


def lift(graphs: Sequence[Data], setting: Setting, category: str) -> SimplicialComplex:
    """The cliques, and the rings where the setting asks for them."""
    if setting.rings is None:
        return clique_complex(graphs, max_dim=setting.max_dim)
    return ring_complex(graphs, of_category(setting.rings, category), setting.max_dim)


def of_category(numbers: Mapping[str, int], category: str) -> int:
    """The number of a category, or that of all others."""
    return numbers.get(category, numbers[""])


def batches(U: SimplicialComplex, size: int) -> Iterator[SimplicialComplex]:
    """The parts of a union, some at a time."""
    for numbers in torch.arange(U.num_parts).split(size):
        yield take_parts(U, numbers).complex


@torch.no_grad()
def embed(
    model: nn.Module, U: SimplicialComplex, size: int, max_dim: int, dtype: torch.dtype
) -> Tensor:
    """One row for each part."""
    model.eval()
    return torch.cat([model(features(K, max_dim, dtype), K) for K in batches(U, size)])


def train(
    model: nn.Module,
    U: SimplicialComplex,
    setting: Setting,
    most: int,
    max_dim: int,
    dtype: torch.dtype,
) -> tuple[int, float]:
    """Push the embeddings of the two graphs of each pair apart; the parts of U alternate."""
    model.train()
    numbers = torch.arange(2 * COPIES).view(STEPS, -1)[:, : 2 * setting.pairs]
    steps = [take_parts(U, step).complex for step in numbers]
    given = [(features(K, max_dim, dtype), K) for K in steps]
    optimizer = torch.optim.Adam(model.parameters(), lr=setting.rate, weight_decay=setting.rate)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    loss = nn.CosineEmbeddingLoss(margin=0.0)
    mean, epochs = 0.0, 0
    while epochs < most:
        epochs, total = epochs + 1, 0.0
        for x, K in given:
            optimizer.zero_grad()
            y = model(x, K)
            value = loss(y[0::2], y[1::2], -torch.ones(len(y) // 2, dtype=dtype))
            value.backward()
            optimizer.step()
            total += value.item()
        mean = total / len(given)
        if mean < LOSS_THRESHOLD:
            break
        plateau.step(mean)
    return epochs, mean


def made(setting: Setting, category: str, max_dim: int, dtype: torch.dtype) -> nn.Module:
    """A network with fresh weights."""
    model = setting.make(of_category(setting.layers, category), max_dim).to(dtype)
    for weight in model.parameters():
        if weight.ndim == 2:
            nn.init.kaiming_normal_(weight)  # torch's smaller ones let differences fade
    return model


def run_pair(
    name: str, category: str, number: int, graphs: Sequence[Any], seed: int, **changes: Any
) -> Line:
    """Train on one pair, and test."""
    start = time.process_time()
    setting = SETTINGS[name]._replace(**changes)
    dtype = torch.float64 if category in EXACT else torch.float32
    key = [seed, list(BREC).index(category), number]
    draws = np.random.default_rng(key)
    torch.manual_seed(int(draws.integers(2**31)))
    ours, theirs = (copies(graph, COPIES, draws, itself=True) for graph in graphs)
    same = copies(graphs[int(draws.integers(2))], 2 * COPIES, draws, itself=False)
    pairs = [graph for both in zip(ours, theirs, strict=True) for graph in both]
    U, V = (lift(listed, setting, category) for listed in (pairs, same))
    max_dim = max(U.dim, 1)
    model = made(setting, category, max_dim, dtype)
    most = of_category(setting.epochs, category)
    epochs, loss = train(model, U, setting, most, max_dim, dtype)
    rows = [embed(model, W, setting.batch, max_dim, dtype) for W in (U, V)]
    t2, t2_same = (statistic(y[0::2], y[1::2]) for y in rows)
    return Line(
        name,
        category,
        number,
        t2 > THRESHOLD and not abs(t2 - t2_same) <= CLOSE + 1e-5 * abs(t2_same),
        t2_same < THRESHOLD,
        t2,
        t2_same,
        epochs,
        loss,
        time.process_time() - start,
        seed,
    )


def run_untrained(name: str, category: str, number: int, graphs: Sequence[Any], seed: int) -> Line:
    """With random weights, in float64."""
    start = time.process_time()
    setting, dtype = SETTINGS[name], torch.float64
    draws = np.random.default_rng([seed, list(BREC).index(category), number])
    torch.manual_seed(int(draws.integers(2**31)))
    several = [copy for graph in graphs for copy in copies(graph, 2, draws, itself=True)]
    U = lift(several, setting, category)
    max_dim = max(U.dim, 1)
    model = made(setting, category, max_dim, dtype)
    y = embed(model, U, setting.batch, max_dim, dtype)
    noise = float(max((y[0] - y[1]).norm(), (y[2] - y[3]).norm()))
    quotient = float((y[0] - y[2]).norm()) / max(noise, 1e-16 * float(y.norm()), 1e-300)
    return Line(
        f"{name}, untrained", category, number, quotient > 100, True, quotient, 0.0, 0, 0.0,
        time.process_time() - start, seed,
    )  # fmt: skip


# --- files and tables -----------------------------------------------------------------------------


def read_lines(place: Path) -> list[Line]:
    """The lines of a file that are whole."""
    if not place.is_file():
        return []
    lines = place.read_text().splitlines()
    return [Line(**json.loads(line)) for line in lines if line.endswith("}")]


def table(lines: Sequence[Line]) -> str:
    """How many pairs of each category are told apart, how many failed in the reliability part."""
    shown = list(BREC)
    head = ["model", *shown, "of 400", "unreliable", "minutes"]
    rows = [head, ["---"] * len(head)]
    for name in dict.fromkeys(line.model for line in lines):
        own = [line for line in lines if line.model == name]
        told = Counter(line.category for line in own if line.told_apart)
        done = Counter(line.category for line in own)
        cells = [
            f"{told[c]}" if done[c] == BREC[c][1] else f"{told[c]} of {done[c]}" for c in shown
        ]
        unreliable = sum(not line.reliable for line in own)
        minutes = sum(line.seconds for line in own) / 60
        rows.append([name, *cells, f"{sum(told.values())}", f"{unreliable}", f"{minutes:.1f}"])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main() -> None:
    """Run what the file does not have yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--categories", nargs="+", choices=BREC, default=list(BREC))
    parser.add_argument("--pairs", type=int, nargs=2, default=(0, 100), metavar=("FIRST", "STOP"))
    parser.add_argument("--seed", type=int, default=2023)
    parser.add_argument("--out", type=Path, default=Path("brec.jsonl"))
    parser.add_argument("--untrained", action="store_true", help="random weights, float64")
    parser.add_argument("--table", action="store_true", help="print what the file has")
    args = parser.parse_args()
    if args.table:
        print(table(read_lines(args.out)))
        return
    done = {line[:3] for line in read_lines(args.out)}
    run, kind = (run_untrained, ", untrained") if args.untrained else (run_pair, "")
    graphs = brec(categories=args.categories)
    for category in args.categories:
        for name in args.models:
            for number, pair in list(enumerate(graphs[category]))[slice(*args.pairs)]:
                if (name + kind, category, number) in done:
                    continue
                line = run(name, category, number, pair[1:], args.seed)
                with args.out.open("a") as file:
                    file.write(json.dumps(line._asdict()) + "\n")


if __name__ == "__main__":
    main()
