"""What an epoch of simplicial networks and PyG's GIN costs.

``python -m tests.benchmarks.speed.epochs``, for SIN, SCCNN, SimplicialMixer and SaNN.

Forward pass, backward pass and a step of Adam on shuffled batches of real data, all networks of one
width, in turns in one run. Batches are put together anew in every epoch, as in training; their part
of the time is told apart. SaNN's features are gathered once, before; its time is printed too.
``--parts`` prints which operations of torch the time of a step goes to.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch_geometric.data import Data
from torch_geometric.loader import DataLoader
from torch_geometric.nn import GIN, global_add_pool

from simplex.data import SimplicialDataset
from simplex.datasets import tu_dataset
from simplex.nn import SCCNN, SIN, PooledMLP, SaNN, SimplicialMixer
from simplex.transforms import GatheredFeatures


SETS = ("MUTAG", "PROTEINS", "IMDB-BINARY", "NCI1")
LAYERS = 3  # of all but SaNN
DENSE = {"aten::addmm", "aten::mm", "aten::bmm", "aten::baddbmm"}  # forward and backward


class GraphGIN(nn.Module):
    """PyG's GIN with batch norm, sum pooling and a dense layer before the classifier."""

    def __init__(self, in_channels: int, width: int, num_classes: int) -> None:
        super().__init__()
        self.layers = GIN(in_channels, width, LAYERS, norm="batch_norm")
        self.read = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, num_classes))

    def forward(self, batch: Data) -> Tensor:
        """One row per graph."""
        x = self.layers(batch.x, batch.edge_index)
        result: Tensor = self.read(global_add_pool(x, batch.batch, batch.num_graphs))
        return result


class OnBatch(nn.Module):
    """A network on complexes, called with a batch."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Any) -> Tensor:
        """One row per complex."""
        result: Tensor = self.model(batch.cochains(), batch.complex)
        return result


def batches(dataset: SimplicialDataset, size: int) -> Callable[[], Iterator[Any]]:
    """Shuffled batches of complexes."""

    def of_epoch() -> Iterator[Any]:
        for ids in torch.randperm(len(dataset)).split(size):
            yield dataset[ids].to_batch()

    return of_epoch


class Epoch:
    """An epoch of one network; ``times`` holds (putting batches together, all of it)."""

    clock = staticmethod(time.perf_counter)

    def __init__(self, model: nn.Module, of_epoch: Callable[[], Any]) -> None:
        self.model, self.of_epoch = model, of_epoch
        self.optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
        self.times: list[tuple[float, float]] = []

    def run(self) -> None:
        """One epoch."""
        clock = self.clock
        begin, loading = clock(), 0.0
        source = iter(self.of_epoch())
        while True:
            start = clock()
            batch = next(source, None)
            loading += clock() - start
            if batch is None:
                break
            self.optimizer.zero_grad()
            nn.functional.cross_entropy(self.model(batch), batch.y.view(-1)).backward()
            self.optimizer.step()
        self.times.append((loading, clock() - begin))

    def parts(self) -> dict[str, float]:
        """Shares of the time of a step, over an epoch: dense maps, and what else takes 2 %."""
        with profile(activities=[ProfilerActivity.CPU]) as record:
            self.run()
        self.times.pop()
        taken: dict[str, float] = {}
        for event in record.key_averages():
            name = "dense maps" if event.key in DENSE else event.key.removeprefix("aten::")
            taken[name] = taken.get(name, 0.0) + event.self_cpu_time_total
        total = sum(taken.values())
        shares = {name: part / total for name, part in taken.items()}
        large = sorted(shares, key=shares.__getitem__, reverse=True)
        return {name: shares[name] for name in large if shares[name] >= 0.02}

    def medians(self) -> tuple[float, float]:
        """Seconds of an epoch: without and with putting batches together; the first is left out."""
        return (
            median(total - loading for loading, total in self.times[1:]),
            median(total for _, total in self.times[1:]),
        )


def epochs(
    dataset: SimplicialDataset, width: int, size: int, gather: GatheredFeatures
) -> dict[str, Epoch]:
    """The networks on this data set."""
    classes = int(dataset.y.max()) + 1
    channels = dataset.num_features
    graphs = [Data(x=item.x, edge_index=item.edge_index, y=item.y) for item in dataset]
    begin = time.perf_counter()
    gathered = gather(dataset)
    print(f"  {gather!r}, once: {time.perf_counter() - begin:.2f} s")
    wide = [x.shape[1] for x in gathered[0].cochains()]
    torch.manual_seed(0)
    sin = SIN(channels, width, classes, LAYERS, 2, norm="batch")
    sccnn = SCCNN(channels, width, classes, LAYERS, 2, norm="rms")
    mixer = SimplicialMixer(channels, width, classes, LAYERS, 2)
    one, two = (SaNN(wide, width, classes, layers, 2, hops=0) for layers in (1, 2))
    pooled = PooledMLP(wide, width, classes, 2, 2)
    loader = DataLoader(graphs, batch_size=size, shuffle=True)
    return {
        "GIN of PyG": Epoch(GraphGIN(channels, width, classes), lambda: loader),
        "SIN": Epoch(OnBatch(sin), batches(dataset, size)),
        "SCCNN": Epoch(OnBatch(sccnn), batches(dataset, size)),
        "SimplicialMixer": Epoch(OnBatch(mixer), batches(dataset, size)),
        "SaNN, two dense layers": Epoch(OnBatch(two), batches(gathered, size)),
        "SaNN, one": Epoch(OnBatch(one), batches(gathered, size)),
        "SaNN, pooled first": Epoch(OnBatch(pooled), batches(gathered, size)),
    }


def main() -> None:
    """Print a table per data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS, help="names of TU data sets")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--hops", type=int, default=2, help="of SaNN")
    parser.add_argument("--channels", type=int, default=16, help="of each hop; 0 for plain sums")
    parser.add_argument("--epochs", type=int, default=5, help="that are timed, after one more")
    parser.add_argument("--only", nargs="+", help="networks whose names begin so, besides GIN")
    parser.add_argument("--parts", action="store_true", help="where the time of a step goes")
    parser.add_argument("--cpu", action="store_true", help="seconds of the processor, not the wall")
    options = parser.parse_args()
    if options.cpu:
        Epoch.clock = staticmethod(time.process_time)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; medians, seconds")
    for name in options.sets:
        dataset = tu_dataset(name)
        print(f"{name}: {len(dataset)} graphs, f-vector {dataset.num_simplices.sum(0).tolist()}")
        gather = GatheredFeatures(options.hops, channels=options.channels or None)
        runs = epochs(dataset, options.width, options.batch_size, gather)
        if options.only:
            runs = {k: v for k, v in runs.items() if k.startswith(("GIN", *options.only))}
        for _ in range(options.epochs + 1):
            for run in runs.values():
                run.run()
        base = runs["GIN of PyG"].medians()
        for kind, run in runs.items():
            step, whole = run.medians()
            print(
                f"  {kind:22s} {step:8.3f} ({step / base[0]:5.2f} × GIN)"
                f"   with batching {whole:8.3f} ({whole / base[1]:5.2f} × GIN)"
            )
            if options.parts:
                shares = (f"{part} {share:.0%}" for part, share in run.parts().items())
                print(f"    {', '.join(shares)}")


if __name__ == "__main__":
    main()
