"""What the comparisons of optimisers share: rates half decades apart, packages, Muon on CPUs."""

from typing import Any
from unittest import mock

import torch
from torch import Tensor


def half_decade(k: int) -> float:
    """10^(k/2), written 1 or 3 times a power of ten."""
    return float(f"{10 ** (k / 2):.1g}")


def imported(package: str) -> Any:
    """A package that only one baseline needs."""
    try:
        return __import__(package)
    except ModuleNotFoundError as error:
        name = package.replace("_", "-")
        raise SystemExit(f"This baseline needs the package: pip install {name}") from error


def _orthogonal_float32(
    grad: Tensor, ns_coefficients: tuple[float, float, float], ns_steps: int, eps: float
) -> Tensor:
    """The Newton-Schulz iteration X ← aX + (bA + cA²)X with A = XXᵀ, in the dtype of the input."""
    a, b, c = ns_coefficients
    X = grad.mT if grad.size(0) > grad.size(1) else grad
    X = X / X.norm().clamp(min=eps)
    for _ in range(ns_steps):
        A = X @ X.mT
        X = torch.addmm(X, torch.addmm(A, A, A, beta=b, alpha=c), X, beta=a)
    return X.mT if grad.size(0) > grad.size(1) else X


class Muon(torch.optim.Muon):
    """torch's Muon in float32: its bfloat16 products take 13 s a step on CPUs without them."""

    def step(self, closure: Any = None) -> Any:
        target = "torch.optim._muon._zeropower_via_newtonschulz"
        with mock.patch(target, _orthogonal_float32):
            return super().step(closure)
