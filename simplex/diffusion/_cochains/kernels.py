"""Spectral densities: how much noise a cochain of a given frequency gets."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


# From (N,) float64 eigenvalues of a Laplacian to the variances of their eigenvectors.
Kernel = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class MaternKernel:
    r"""The Matérn spectral density of a Laplacian.

    .. math:: ψ(λ) = s^2 \Big( \frac{2ν}{κ^2} + λ \Big)^{-ν}

    Args:
        scale: s > 0.
        length: κ > 0; larger is smoother.
        smoothness: ν > 0.

    Raises:
        ValueError: an argument that is not positive and finite.

    Paper:
        Borovitskiy et al., "Matérn Gaussian Processes on Graphs", AISTATS 2021; per Hodge part in
        Yang et al., "Hodge-Compositional Edge Gaussian Processes", AISTATS 2024.

    Example:
        >>> MaternKernel(length=2.0, smoothness=2.0)(torch.tensor([0.0, 1.0])).tolist()
        [1.0, 0.25]
    """

    scale: float = 1.0
    length: float = 1.0
    smoothness: float = 1.5

    def __post_init__(self) -> None:
        require_positive("scale", self.scale)
        require_positive("length", self.length)
        require_positive("smoothness", self.smoothness)

    def __call__(self, eigenvalues: Tensor) -> Tensor:
        """ψ of each eigenvalue."""
        shifted = 2 * self.smoothness / self.length**2 + eigenvalues
        return self.scale**2 * shifted**-self.smoothness


@dataclass(frozen=True)
class HeatKernel:
    r"""The heat, or diffusion, spectral density of a Laplacian.

    .. math:: ψ(λ) = s^2 \, e^{-κ^2 λ / 2}

    Args:
        scale: s > 0.
        length: κ ≥ 0; larger is smoother, and 0 is white noise.

    Raises:
        ValueError: a scale that is not positive, a negative length.

    Paper:
        Kondor, Lafferty, "Diffusion kernels on graphs", ICML 2002; per Hodge part in Yang et al.,
        "Hodge-Compositional Edge Gaussian Processes", AISTATS 2024.

    Example:
        >>> HeatKernel(scale=2.0, length=0.0)(torch.tensor([0.0, 1.0])).tolist()
        [4.0, 4.0]
    """

    scale: float = 1.0
    length: float = 1.0

    def __post_init__(self) -> None:
        require_positive("scale", self.scale)
        if self.length != 0:
            require_positive("length", self.length)

    def __call__(self, eigenvalues: Tensor) -> Tensor:
        """ψ of each eigenvalue."""
        return self.scale**2 * torch.exp(-(self.length**2) / 2 * eigenvalues)


@dataclass(frozen=True)
class ScaledKernel:
    """A kernel times a positive number.

    Example:
        >>> ScaledKernel(HeatKernel(), 9.0)(torch.zeros(1)).tolist()
        [9.0]
    """

    kernel: Kernel
    factor: float

    def __call__(self, eigenvalues: Tensor) -> Tensor:
        """ψ of each eigenvalue."""
        return self.factor * self.kernel(eigenvalues)


def require_kernel(name: str, kernel: Kernel) -> None:
    """Raise unless the kernel answers each of some eigenvalues with a number."""
    rule = f"{name} must be a kernel, which maps (m,) float64 eigenvalues to (m,) variances, got"
    remedy = "Noise of one variance c at all frequencies is lambda at: torch.full_like(at, c)."
    if not callable(kernel):
        raise TypeError(f"{rule} {kernel!r}. {remedy}")
    eigenvalues = torch.zeros(2, dtype=torch.float64)
    values = kernel(eigenvalues)
    if not isinstance(values, Tensor):
        raise TypeError(f"{rule} one that returns {type(values).__name__}. {remedy}")
    if values.shape != eigenvalues.shape:
        raise ValueError(f"{rule} {tuple(values.shape)} for (2,). {remedy}")


def require_positive(name: str, value: float) -> None:
    """Raise unless the number is positive and finite."""
    if not 0 < value < float("inf"):
        raise ValueError(
            f"{name} must be positive and finite, got {value}: the covariance must be positive "
            "definite. Noise in some Hodge parts only is that of a HodgeSubspace."
        )
