"""Spectral densities: how much noise a cochain of a given frequency gets."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from simplex.complexes import require_real


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
        _require_square("scale", self.scale)
        _require_square("length", self.length)
        require_real("smoothness", self.smoothness, 0, open=True)

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
        _require_square("scale", self.scale)
        _require_square("length", self.length, 0)

    def __call__(self, eigenvalues: Tensor) -> Tensor:
        """ψ of each eigenvalue."""
        return self.scale**2 * torch.exp(-(self.length**2) / 2 * eigenvalues)


def _require_square(name: str, value: object, least: float = 1e-150) -> None:
    """Refuse numbers whose square, which counts, is beyond double precision."""
    number = require_real(name, value, 0, open=least > 0)
    if not least <= number <= 1e150:
        raise ValueError(
            f"{name} must be in [{least:g}, 1e150], got {value}: its square counts, and is beyond "
            "double precision."
        )
