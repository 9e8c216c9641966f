"""How far generated samples are from data, with the floors to read the distances by."""

import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import linalg
from scipy.optimize import linear_sum_assignment
from scipy.stats import wasserstein_distance
from torch import Tensor


def wasserstein(x: Tensor, y: Tensor, p: int = 2) -> float:
    """W_p of two equal-sized samples of R^d, by the optimal assignment: (n, d) each."""
    cost = torch.cdist(x.double(), y.double()).pow(p).numpy()
    return float(cost[linear_sum_assignment(cost)].mean() ** (1 / p))


def wasserstein_1d(x: Tensor, y: Tensor) -> float:
    """W_1 of two samples of numbers, of any sizes."""
    return float(wasserstein_distance(x.double().flatten().numpy(), y.double().flatten().numpy()))


def median_distance(x: Tensor) -> float:
    """The median heuristic for the bandwidth of a Gaussian kernel."""
    return float(torch.pdist(x.double()).median())


def mmd2(x: Tensor, y: Tensor, bandwidth: float) -> float:
    """The unbiased estimate of MMD² with the kernel exp(-|x - y|² / 2σ²); below zero by chance."""
    x, y = x.double(), y.double()
    m, n = len(x), len(y)

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return torch.exp(-torch.cdist(a, b).square() / (2 * bandwidth**2))

    inside_x = (kernel(x, x).sum() - m) / (m * (m - 1))
    inside_y = (kernel(y, y).sum() - n) / (n * (n - 1))
    return float(inside_x + inside_y - 2 * kernel(x, y).mean())


def frechet_distance(x: Tensor, y: Tensor) -> float:
    """|μ_x - μ_y|² + tr(Σ_x + Σ_y - 2 (Σ_x Σ_y)^{1/2}) of the samples' moments."""
    x, y = x.double(), y.double()
    root = linalg.sqrtm((torch.cov(x.T) @ torch.cov(y.T)).numpy())
    trace = torch.cov(x.T).trace() + torch.cov(y.T).trace() - 2 * float(np.real(np.trace(root)))
    return float((x.mean(0) - y.mean(0)).square().sum() + trace)


def neighbor_ratio(samples: Tensor, train: Tensor, fresh: Tensor) -> float:
    """Median distance to the nearest training sample, over that of fresh data: 0 is a copy."""

    def nearest(points: Tensor) -> Tensor:
        return torch.cdist(points.flatten(1).double(), train.flatten(1).double()).min(1).values

    return float(nearest(samples).median() / nearest(fresh).median())


def bootstrap_interval(
    distance: Callable[[Tensor, Tensor], float],
    x: Tensor,
    y: Tensor,
    *,
    rounds: int = 200,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """The interval of a distance under resampling of both samples."""
    generator = torch.Generator().manual_seed(seed)

    def resampled(a: Tensor) -> Tensor:
        return a[torch.randint(len(a), (len(a),), generator=generator)]

    values = torch.tensor([distance(resampled(x), resampled(y)) for _ in range(rounds)])
    tail = (1 - level) / 2
    low, high = torch.quantile(values, torch.tensor([tail, 1 - tail]))
    return float(low), float(high)


def mean_and_spread(values: Sequence[float], digits: int = 3) -> str:
    """``mean ± standard deviation`` of some seeds, or the value of one."""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return f"{mean:.{digits}f}"
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
    return f"{mean:.{digits}f} ± {spread:.{digits}f}"


def write_down(out: Path, name: str, record: dict[str, Any]) -> None:
    """Append one run to ``out/name.jsonl`` and print it."""
    out.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"when": time.strftime("%Y-%m-%d %H:%M"), **record})
    with (out / f"{name}.jsonl").open("a") as file:
        file.write(line + "\n")
    print(line, flush=True)


def read_down(out: Path, name: str) -> list[dict[str, Any]]:
    """The runs of ``out/name.jsonl``."""
    path = out / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
