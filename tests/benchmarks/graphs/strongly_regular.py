"""Does an untrained SIN tell strongly regular graphs apart as exact SWL does?

``python -m tests.benchmarks.graphs.strongly_regular`` prints one table per family; with
``--ablation`` also what changes to the published network do, one at a time.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex import SimplicialComplex
from simplex.datasets import strongly_regular_family
from simplex.lifting import clique_complex
from simplex.nn import SIN
from simplex.wl import distinguish
from tests.conftest import data_folder
from tests.wl.graphs import relabel


MAX_DIM = {
    "SR(16,6,2,2)": 3,
    "SR(25,12,5,6)": 4,
    "SR(26,10,3,4)": 3,
    "SR(28,12,6,4)": 6,
}
NUM_LAYERS, WIDTH = 5, 16  # the published settings
COPIES = 2  # relabelled copies of each graph, to measure the noise
NOISE_FACTOR = 1e3  # two graphs are told apart if they are so many times further apart than copies
PUBLISHED_THRESHOLD = 0.01
ABLATION: Mapping[str, Mapping[str, Any]] = {
    "tanh": {"activation": torch.tanh},
    "ReLU": {"activation": torch.relu},
    "SiLU": {"activation": torch.nn.functional.silu},
    "softplus": {"activation": torch.nn.functional.softplus},
    "3 layers": {"num_layers": 3},
    "8 layers": {"num_layers": 8},
    "width 8": {"hidden_channels": 8},
    "width 64": {"hidden_channels": 64},
    "mean readout": {"reduce": "mean"},
    "jumping knowledge": {"jumping_knowledge": "cat"},
    "layer norm": {"norm": "layer"},
    "RMS norm": {"norm": "rms"},
    "graph norm": {"norm": "graph"},
}


class Family(NamedTuple):
    """Graphs, lifted, then relabelled copies of each, all in one union."""

    union: SimplicialComplex
    size: int
    max_dim: int
    first: Tensor  # the pairs of graphs
    second: Tensor
    separated: Tensor  # (pairs,) by exact SWL
    separated_by_counts: Tensor  # (pairs,) by the f-vector


class Verdict(NamedTuple):
    """What a model makes of a family."""

    distance: Tensor  # (pairs,)
    noise: float  # the largest distance of a relabelled copy
    told_apart: Tensor  # (pairs,), free of scale: further apart than NOISE_FACTOR times the noise
    published: Tensor  # (pairs,), at least PUBLISHED_THRESHOLD apart
    margin: float  # the smallest distance that exact SWL separates, in units of the noise


def family(graphs: Sequence[Any], max_dim: int, copies: int = COPIES) -> Family:
    """Lift graphs and relabelled copies of them."""
    parts = [clique_complex(graph, max_dim=max_dim) for graph in graphs]
    size = len(parts)
    moved = [relabel(K, seed)[0] for seed in range(copies) for K in parts]
    union = SimplicialComplex.disjoint_union([*parts, *moved])
    first, second = torch.combinations(torch.arange(size)).unbind(1)
    labels = torch.as_tensor(distinguish(parts))
    counts = torch.tensor([[K.num_simplices(k) for k in range(max_dim + 1)] for K in parts])
    return Family(
        union,
        size,
        max_dim,
        first,
        second,
        labels[first] != labels[second],
        (counts[first] != counts[second]).any(1),
    )


def embed(model: torch.nn.Module, each: Family, dtype: torch.dtype = torch.float64) -> Tensor:
    """One row per part; the feature of a simplex is its number of vertices, as published."""
    sizes = [each.union.num_simplices(k) for k in range(each.max_dim + 1)]
    x = [torch.full((n, 1), k + 1.0, dtype=dtype) for k, n in enumerate(sizes)]
    with torch.no_grad():
        result: Tensor = model.eval().to(dtype)(x, each.union)
    return result


def judge(rows: Tensor, each: Family) -> Verdict:
    """Distances of graphs against distances of relabelled copies."""
    own = rows[: each.size]
    distance = (own[each.first] - own[each.second]).norm(dim=1)
    copies = rows[each.size :].view(-1, *own.shape)
    # Copies may agree to the last digit by chance; rounding is never below one unit of it.
    rounding = float(torch.finfo(rows.dtype).eps * own.norm(dim=1).max())
    noise = max(float((copies - own).norm(dim=-1).max()), rounding)
    closest = float(distance[each.separated].min())
    return Verdict(
        distance,
        noise,
        distance > NOISE_FACTOR * noise,
        distance >= PUBLISHED_THRESHOLD,
        closest / noise,
    )


def default_sin(max_dim: int, **changes: Any) -> SIN:
    """Nothing set but the sizes, and what is to be changed."""
    sizes = {"hidden_channels": WIDTH, "out_channels": WIDTH, "num_layers": NUM_LAYERS}
    return SIN(1, max_dim=max_dim, **{**sizes, **changes})


def published_sin(max_dim: int, **changes: Any) -> SIN:
    """No norm; otherwise the default."""
    return default_sin(max_dim, **{"norm": None, **changes})


def run(
    make: Callable[[int], SIN], each: Family, seeds: Sequence[int], dtype: torch.dtype
) -> list[Verdict]:
    """The verdict of one untrained model per seed."""
    verdicts = []
    for seed in seeds:
        torch.manual_seed(seed)
        verdicts.append(judge(embed(make(each.max_dim), each, dtype), each))
    return verdicts


def _line(name: str, verdicts: Sequence[Verdict], each: Family, seconds: float) -> str:
    def mean(masks: Sequence[Tensor]) -> float:
        return sum(int((~mask).sum()) for mask in masks) / len(masks)

    exact = sum(torch.equal(v.told_apart, each.separated) for v in verdicts)
    return (
        f"  {name:26s} {mean([v.published for v in verdicts]):6.2f} "
        f"{mean([v.told_apart for v in verdicts]):6.2f}   {exact:2d}/{len(verdicts)}  "
        f"{min(v.margin for v in verdicts):8.1e} {max(v.noise for v in verdicts):8.1e} "
        f"{min(float(v.distance[each.separated].min()) for v in verdicts):8.1e} {seconds:4.1f}"
    )


def main() -> None:
    """Print a table per family."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ablation", action="store_true", help="change the published network")
    ablation = ABLATION if parser.parse_args().ablation else {}
    root = data_folder()
    if root is None:
        raise SystemExit("real data absent: set SIMPLEX_DATA to a folder with sr/")
    torch.set_num_threads(1)
    rows = [
        ("SIN as published, float32", published_sin, torch.float32),
        ("SIN as published, float64", published_sin, torch.float64),
        ("default SIN, float32", default_sin, torch.float32),
        ("default SIN, float64", default_sin, torch.float64),
    ]
    changed = [
        (f"  with {title}", partial(published_sin, **changes), torch.float64)
        for title, changes in ablation.items()
    ]
    for name, max_dim in MAX_DIM.items():
        begin = time.perf_counter()
        each = family(strongly_regular_family(name, root / "sr"), max_dim)
        lifted = time.perf_counter() - begin
        pairs = len(each.first)
        print(f"{name}, cliques to dimension {max_dim}: {pairs} pairs; not told apart:")
        print(f"  f-vector  {int((~each.separated_by_counts).sum())}/{pairs}")
        print(f"  exact SWL {int((~each.separated).sum())}/{pairs}   ({lifted:.1f} s with lifting)")
        print(
            f"  {'untrained, seeds 0–9':26s} < 0.01  noise  exact    margin    noise  closest    s"
        )
        for title, make, dtype in rows + changed:
            begin = time.perf_counter()
            verdicts = run(make, each, range(10), dtype)
            print(_line(title, verdicts, each, time.perf_counter() - begin), flush=True)


if __name__ == "__main__":
    main()
