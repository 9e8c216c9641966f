"""Mixtures of Gaussians, whose exact denoiser is known: a baseline, and an oracle for samplers."""

import math

import torch
from torch import Tensor

from simplex.complexes import require_int, require_memory
from simplex.diffusion._checks import (
    require_finite_numbers,
    require_floats,
    require_generator,
    require_numbers,
    require_rows,
)
from simplex.diffusion._rows import aligned


class GaussianMixture:
    r"""The law Σ wᵢ N(μᵢ, Cᵢ) on rows of d numbers, and what noise does to it.

    .. math::
        D(y; σ) &= E[x_0 \mid x_0 + σ ε = y]
        = \sum_i r_i \left( μ_i + C_i (C_i + σ^2 I)^{-1} (y - μ_i) \right) \\
        r_i &∝ w_i \, N(y; μ_i, C_i + σ^2 I)

    Args:
        means: (m, d) tensor μ.
        covariances: (m, d, d) tensor C, positive semi-definite; zero for points.
        weights: (m,) tensor w, positive; by default equal.

    Raises:
        ValueError: shapes that do not fit, weights that are not positive, or a covariance that is
            not symmetric positive semi-definite.

    Example:
        >>> data = GaussianMixture(torch.tensor([[-1.0], [1.0]]), torch.zeros(2, 1, 1))
        >>> data.denoise(torch.tensor([[0.0], [10.0]]), torch.tensor([1.0, 1.0])).tolist()
        [[0.0], [1.0]]
    """

    def __init__(self, means: Tensor, covariances: Tensor, weights: Tensor | None = None) -> None:
        require_floats("means", means)
        require_floats("covariances", covariances)
        square = (*means.shape, means.shape[-1]) if means.numel() and means.dim() == 2 else None
        if covariances.shape != square:
            raise ValueError(
                "means must be (m, d) and covariances (m, d, d), got "
                f"{tuple(means.shape)} and {tuple(covariances.shape)}."
            )
        count = len(means)
        weights = torch.ones(count) if weights is None else weights
        require_floats("weights", weights)
        for name, given in (("means", means), ("covariances", covariances), ("weights", weights)):
            require_finite_numbers(name, given)
        if weights.shape != (count,) or not (weights > 0).all():
            raise ValueError(f"weights must be {count} positive numbers, got {weights.tolist()}.")
        self.means = means.double()
        self.weights = weights.double() / weights.double().sum()
        C = covariances.double()
        scale = C.abs().amax().clamp(min=1e-300)
        eigenvalues, self.axes = torch.linalg.eigh((C + C.mT) / 2)
        if (C - C.mT).abs().amax() > 1e-6 * scale or eigenvalues.amin() < -1e-6 * scale:
            raise ValueError(
                "covariances must be symmetric and positive semi-definite, got the least "
                f"eigenvalue {eigenvalues.amin().item():g}."
            )
        self.eigenvalues = eigenvalues.clamp(min=0)

    @classmethod
    def fit(cls, rows: Tensor) -> "GaussianMixture":
        """The single Gaussian with the mean and covariance of the rows, (n, d).

        Example:
            >>> GaussianMixture.fit(torch.randn(100, 3)).means.shape
            torch.Size([1, 3])
        """
        require_rows("rows", rows, least=2)
        return cls(rows.mean(0, keepdim=True), torch.cov(rows.T).reshape(1, *[rows.shape[1]] * 2))

    def sample(self, rows: int, *, generator: torch.Generator | None = None) -> Tensor:
        """(rows, d) independent draws, float64."""
        d = self.means.shape[1]
        size = 8 * require_int("rows", rows, 1) * (d * d + 4 * d)
        require_memory(size, self.means.device, f"{rows} draws of {d} numbers", "Draw fewer rows.")
        require_generator(generator)
        part = torch.multinomial(self.weights, rows, replacement=True, generator=generator)
        normal = torch.randn((rows, d), generator=generator, dtype=torch.float64)
        scaled = normal * self.eigenvalues[part].sqrt()  # (rows, d)
        return self.means[part] + torch.einsum("nij,nj->ni", self.axes[part], scaled)

    def log_prob(self, y: Tensor, sigma: Tensor | float = 0.0) -> Tensor:
        """(rows,) log-density of x_0 + σ ε at y; σ is one number or one per row."""
        parts, _, _ = self._parts(y, require_numbers("sigma", sigma, torch.float64))
        return parts.logsumexp(1).to(y.dtype)

    def denoise(self, y: Tensor, sigma: Tensor) -> Tensor:
        """D(y; σ), (rows, d): the denoiser that :func:`heun_edm` takes; σ > 0 one per row."""
        parts, along, share = self._parts(y, require_numbers("sigma", sigma, torch.float64))
        shifted = torch.einsum("mij,nmj->nmi", self.axes.to(y.device), along * share)  # (n, m, d)
        clean = self.means.to(y.device) + shifted
        return torch.einsum("nm,nmi->ni", parts.softmax(1), clean).to(y.dtype)

    def _parts(self, y: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Per row and part: ln(w N), the coordinates along the axes, and λ / (λ + σ²)."""
        require_rows("y", y, columns=self.means.shape[1])
        means, axes, eigenvalues, weights = (
            constant.to(y.device)
            for constant in (self.means, self.axes, self.eigenvalues, self.weights)
        )
        centered = y.double()[:, None] - means  # (n, m, d)
        along = torch.einsum("mij,nmi->nmj", axes, centered)
        total = eigenvalues + aligned(sigma, centered).square()
        squares = (along.square() / total + (2 * math.pi * total).log()).sum(2)
        return weights.log() - squares / 2, along, eigenvalues / total
