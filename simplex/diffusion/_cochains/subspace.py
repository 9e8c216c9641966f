"""Diffusion inside a Hodge subspace: flows without divergence stay so along the whole chain."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_word
from simplex.diffusion._calls import answer_of
from simplex.diffusion._checks import require_callable, require_floats, require_noise
from simplex.diffusion._cochains.checks import require_degree
from simplex.diffusion._cochains.symmetric import apply_to_cochains
from simplex.diffusion._gaussian import WHITE, Noise
from simplex.diffusion._kinds import carry_kind
from simplex.operators import betti_numbers, prepared_projections


# Which of (gradient, curl, harmonic) each subspace keeps.
SUBSPACES = {
    "gradient": (True, False, False),
    "curl": (False, True, False),
    "harmonic": (False, False, True),
    "divergence-free": (False, True, True),
    "curl-free": (True, False, True),
    "gradient and curl": (True, True, False),
}


class HodgeSubspace:
    r"""A sum of Hodge parts of the k-cochains, with data, noise and denoisers projected on it.

    .. math::
        P_{\text{divergence-free}} = 1 - P_G \ (\ker \partial_k), \qquad
        P_{\text{curl-free}} = 1 - P_C \ (\ker \partial_{k+1}^\top)

    where P_G, P_C and P_H project onto gradients im ∂_kᵀ, curls im ∂_{k+1} and harmonic cochains.
    A chain whose data, noise and predictions lie in the subspace lies in it: all steps of samplers
    are linear combinations of these.

    It is the noise of such a chain too (:class:`Noise`): P K^{1/2} ε.

    Args:
        K: the complex, or a union.
        subspace: ``"gradient"``, ``"curl"``, ``"harmonic"``, ``"divergence-free"`` (curl and
            harmonic), ``"curl-free"`` (gradient and harmonic) or ``"gradient and curl"``.
        k: degree of the cochains, from 0; above the dimension the space is empty.
        noise: what is projected for :meth:`sample`; it must commute with the projection, as white
            and Hodge-coloured noise do. ``None`` for white noise.

    Raises:
        ValueError: an unknown subspace, or a negative ``k``.

    Laws:
        The projection is orthogonal, commutes with relabelling and reorientation, and treats a
        union as its parts. |∂_k P x| ≤ 1e-11 |x| for divergence-free float64, up to rounding in
        float32.

    Cost:
        Conjugate gradients in float64, O(incidences · channels) a step; on large meshes a sparse
        factorisation, made once for the complex.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2), (2, 3)])
        >>> flows = HodgeSubspace(K, "divergence-free")
        >>> flows.dim, flows.project(torch.tensor([3.0, 0.0, 0.0, 1.0])).round(decimals=4).tolist()
        (1, [1.0, -1.0, 1.0, 0.0])
    """

    def __init__(
        self, K: SimplicialComplex, subspace: str, *, k: int = 1, noise: Noise | None = None
    ) -> None:
        require_degree(K, k)
        require_word("subspace", subspace, SUBSPACES)
        self.complex, self.subspace, self.k = K, subspace, k
        self.noise = WHITE if noise is None else noise
        require_noise(self.noise)

    @property
    def dim(self) -> int:
        """The dimension of the subspace, to divide likelihoods by in place of n_k."""
        ranks = hodge_ranks(self.complex, self.k)
        return sum(rank for rank, kept in zip(ranks, SUBSPACES[self.subspace], strict=True) if kept)

    def project(self, x: Tensor) -> Tensor:
        """P x, the nearest point of the subspace; differentiable.

        Args:
            x: (…, n_k, C) floats, finite.

        Returns:
            Like x; computed in float64.

        Raises:
            TypeError: x holds no real floats.
            ValueError: a wrong shape, NaN or infinity.
            RuntimeError: the least-squares solver did not converge.
        """
        require_floats("x", x)
        if not bool(x.isfinite().all()):
            raise ValueError("x must be finite, got NaN or infinity.")
        return apply_to_cochains(self._project, x, self.complex.num_simplices(self.k))

    def sample(self, like: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """P K^{1/2} ε with fresh ε, of the shape, dtype and device of ``like``."""
        return self.project(self.noise.sample(like, generator=generator))

    def whiten(self, x: Tensor) -> Tensor:
        """P K^{-1/2} x: standard normal on the subspace for draws of :meth:`sample`."""
        return self.project(self.noise.whiten(x))

    def denoiser(self, model: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """The denoiser x, t, … ↦ P model(x, t, …); its predictions stay in the subspace."""
        require_callable("model", model)

        def denoise(x: Tensor, *others: Any, **named: Any) -> Tensor:
            return self.project(answer_of(model(x, *others, **named)))

        carry_kind(model, denoise)
        return denoise

    def __repr__(self) -> str:
        return f"HodgeSubspace({self.complex}, {self.subspace!r}, k={self.k})"

    def _project(self, x: Tensor) -> Tensor:
        """Without the parts that are left out, if the harmonic one is kept; else those kept."""
        *kept, harmonic = SUBSPACES[self.subspace]
        projections = prepared_projections(self.complex, self.k)
        y = x.double()
        total = torch.zeros_like(y)
        for projection, keep in zip(projections, kept, strict=True):
            if keep != harmonic:
                total += projection(y)
        return (y - total if harmonic else total).to(x.dtype)


def hodge_ranks(K: SimplicialComplex, k: int) -> tuple[int, int, int]:
    """Dimensions of the gradients, curls and harmonic ones among the k-cochains: exact."""
    betti = betti_numbers(K.skeleton(k + 1))
    gradients = 0
    for j in range(k + 1):
        curls = K.num_simplices(j) - gradients - (betti[j] if j < len(betti) else 0)
        if j < k:
            gradients = curls  # of degree j + 1: rank ∂_{j+1} both
    return gradients, curls, K.num_simplices(k) - gradients - curls
