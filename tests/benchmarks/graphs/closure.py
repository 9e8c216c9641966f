"""Which open triangles fill: ``python -m tests.benchmarks.graphs.closure NAME …``.

The protocol of Benson et al. 2018 on each set of simplices with times in ``SIMPLEX_DATA/benson``
(folders of the published text files): open triangles at 80 % of the times, closed by the end.
Networks learn from those open at 40 % that close by 60 %, and the epoch is chosen by those open at
60 % that close by 80 %. Of a hypergraph in HIF without times (a file of ``SIMPLEX_DATA/hif``) the
order is random, drawn anew for each seed; so are the weights of the networks. Average precision
relative to the share that closes, and AUROC; mean ± standard deviation over the seeds.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from simplex.data import SimplicialData, SimplicialDataset
from simplex.datasets import TimedSimplices, closure_data, read_benson, read_hif, timed_simplices
from simplex.nn import SCCN, SIN, CandidateNetwork
from simplex.operators import candidate_scores
from simplex.train import Configuration, Split, Task, TrainSettings, run_protocols


SCORES = (
    "harmonic", "geometric", "arithmetic", "common_neighbors", "jaccard", "adamic_adar",
    "preferential_attachment", "katz", "pagerank",
)  # fmt: skip
HIDDEN = 16
EPOCHS, EVERY = 30, 3
METRICS = ("average_precision", "auroc")


def network(kind: type[SIN] | type[SCCN]) -> CandidateNetwork:
    """The network of a row, with its head."""
    encoder = kind(1, HIDDEN, HIDDEN, 2, 2, layer_dropout=0.5)
    return CandidateNetwork(encoder, HIDDEN, 1, 2, num_layers=1, dropout=0.5)


def listed(root: Path, name: str, seed: int) -> TimedSimplices:
    """The simplices of a set with their times, or of a hypergraph in a random order."""
    if name.endswith(".json"):
        graph = read_hif(root / "hif" / name)
        members = graph.vertices.split(graph.pointer.diff().tolist())  # type: ignore[no-untyped-call]
        generator = torch.Generator().manual_seed(seed)
        n = graph.complex.num_simplices(0)
        groups = [group.tolist() for group in members if 1 <= len(group) <= 25]
        return timed_simplices(groups, num_vertices=n, generator=generator)
    return read_benson(root / "benson" / name)


def measured(test: SimplicialData, score: Tensor) -> tuple[float, float]:
    """Average precision relative to random, and AUROC, of a score."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    y = test.y_candidates.numpy()
    return average_precision_score(y, score) / y.mean(), roc_auc_score(y, score)


def learnt(
    items: list[SimplicialData], kind: type[SIN] | type[SCCN], seed: int
) -> tuple[float, float]:
    """The same of a network, trained, chosen and tested."""
    dataset = SimplicialDataset(*SimplicialDataset.collate(items)[:2])
    task = Task.of(dataset, candidates=True, metrics=METRICS)
    split = Split(*(torch.tensor([i]) for i in range(3)))
    settings = TrainSettings(
        epochs=EPOCHS, lr=3e-3, batch_size=1, seed=seed, check_every=EVERY, optimizer="adamw",
        weight_decay=0.01, schedule="none",
    )  # fmt: skip
    configuration = Configuration(partial(network, kind), settings)
    outcome = run_protocols(dataset, [split], [configuration], ("held-out",), task=task)
    (choice,) = outcome.choices
    return choice.test_score / float(items[2].y_candidates.mean()), choice.further[0]


def main() -> None:
    """Print a table for every set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", help="folders of benson/, or HIF files of hif/")
    parser.add_argument("--root", type=Path, default=Path("."), help="the folder of the data")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    for name in args.names:
        rows: dict[str, list[tuple[float, float]]] = {}
        seconds: dict[str, float] = {}
        for seed in range(args.seeds):
            items = closure_data(listed(args.root, name, seed))
            test = items[2]
            if seed == 0:
                y = test.y_candidates
                print(f"\n{name}: {len(y)} open, {int(y.sum())} closed ({float(y.mean()):.3f})")
            for score in SCORES:
                start = time.perf_counter()
                values = candidate_scores(
                    test.complex, test.candidates, score, weights=test.weight_1
                )
                seconds[score] = time.perf_counter() - start
                rows.setdefault(score, []).append(measured(test, values))
            for kind in (SIN, SCCN):
                start = time.perf_counter()
                rows.setdefault(kind.__name__, []).append(learnt(items, kind, seed))
                seconds[kind.__name__] = time.perf_counter() - start
        for method, values in rows.items():
            mean, std = torch.tensor(values).mean(0), torch.tensor(values).std(0)
            print(
                f"| {method} | {mean[0]:.2f} ± {std[0]:.2f} | {mean[1]:.3f} ± {std[1]:.3f} | "
                f"{seconds[method]:.1f} s |",
                flush=True,
            )


if __name__ == "__main__":
    main()
