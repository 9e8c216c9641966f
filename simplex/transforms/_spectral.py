"""Diagonals of functions of the Hodge Laplacian as features: heat kernels and electrostatics."""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators import (
    LinearMap,
    chebyshev_apply,
    chebyshev_coefficients,
    conjugate_gradients,
    laplacian_matrix,
    matrix_diagonals,
    part_bound,
)
from simplex.transforms._checks import require_probes, require_reals, require_words
from simplex.transforms._encoding import Encoding


HALVES = ("hodge", "gradient", "curl")
_SOLVED, _NEARLY = 1e-9, 1e-4  # residuals of the solver; the second is below what probes are off
_ZERO = 1e-11  # of the largest eigenvalue of a part of at most 512 simplices


class HeatKernelDiagonals(Encoding):
    r"""How much of a unit of heat is still on the simplex after some times.

    .. math:: \big[ e^{-t L} \big]_{σσ}

    with the Hodge Laplacian L_k or one of its halves. For large t the harmonic part remains, which
    is the holes'; near 0 it is 1 - t L_σσ.

    Args:
        times: the times t > 0.
        parts: ``"hodge"`` for L_k, ``"gradient"`` for ∂_kᵀ∂_k, ``"curl"`` for ∂_{k+1}∂_{k+1}ᵀ.
        num_probes: random vectors for parts with more than 512 k-simplices; ``None`` for exact
            values there too.
        dims, name, generator: as for :class:`Encoding`.

    Laws:
        Permutation equivariant, invariant under reorientation; a union is treated as its parts.
        The sum over a part is the trace, which falls with t from n_k to β_k for ``"hodge"``.

    Cost:
        Exact up to 512 k-simplices a part, by eigen-decompositions. Larger: Chebyshev polynomials
        of degree about √(t λ_max) times ``num_probes`` vectors, linear in the incidences, with a
        standard error of at most √(2/num_probes) of the value. ``None``: n_k vectors.

    Paper:
        Sun, Ovsjanikov, Guibas, "A Concise and Provably Informative Multi-Scale Signature Based on
        Heat Diffusion", 2009, Eq. 1 at x = y.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2)])
        >>> HeatKernelDiagonals([100.0]).columns(K, 1).T  # one hole, on three edges
        tensor([[0.3333, 0.3333, 0.3333]])
    """

    def __init__(
        self,
        times: Iterable[float] = (0.1, 0.5, 1.0, 4.0, 16.0),
        *,
        parts: Sequence[str] = ("hodge",),
        num_probes: int | None = 256,
        dims: Sequence[int] | None = None,
        name: str = "x",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(dims=dims, name=name, generator=generator)
        self.times = require_reals("times", times, 1e6)
        self.parts = require_words("parts", parts, HALVES)
        self.num_probes = require_probes(num_probes)

    def compute(self, K: SimplicialComplex, k: int) -> Tensor:
        """(n_k, parts · times), the times of one part side by side."""
        columns = [torch.zeros(K.num_simplices(k), 0, dtype=torch.float64, device=K.device)]
        return torch.cat([*columns, *(self._kept(K, k, part) for part in self.parts)], dim=1)

    def _kept(self, K: SimplicialComplex, k: int, part: str) -> Tensor:
        times = torch.tensor(self.times, dtype=torch.float64, device=K.device)
        order = sorted(range(len(times)), key=self.times.__getitem__)
        bound = _bound(K, k, part)

        def roots(apply: LinearMap, z: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
            before = 0.0
            for t in order:  # e^{-tL/2} of what is left of the time before
                wait = (self.times[t] - before) / 2
                if wait > 0:
                    precision = torch.float64 if self.num_probes is None else torch.float32
                    z = chebyshev_apply(apply, _decay(wait, bound, precision), bound, z)
                before = self.times[t]
                yield z, z

        diagonals = matrix_diagonals(
            K,
            k,
            laplacian_matrix(K, k, part),
            lambda values: torch.exp(-values[..., None] * times[order]),
            roots,
            len(times),
            num_probes=self.num_probes,
            generator=self.generator,
        )
        result = torch.empty_like(diagonals)
        result[:, order] = diagonals
        return result


class Electrostatics(Encoding):
    r"""The energy of a unit charge on the simplex, and how far its potential reaches.

    .. math:: G_{σσ}, \quad \sqrt{(G^2)_{σσ}} = |G_σ|, \qquad G = L^+

    with the pseudo-inverse of the Hodge Laplacian or one of its halves. On a vertex of a connected
    graph G_vv is the mean effective resistance to the others, up to a constant of the graph, and
    |G_v|/√n the standard deviation of the potential. Minima and maxima of rows of G, which others
    add on graphs, depend on the orientation of simplices, and are left out.

    Args:
        parts: ``"hodge"`` for L_k, ``"gradient"`` for ∂_kᵀ∂_k, ``"curl"`` for ∂_{k+1}∂_{k+1}ᵀ.
        num_probes: random vectors for parts with more than 512 k-simplices; ``None`` for exact
            values there too.
        dims, name, generator: as for :class:`Encoding`.

    Laws:
        Permutation equivariant, invariant under reorientation; a union is treated as its parts.
        Zero where L is.

    Cost:
        Exact up to 512 k-simplices a part, by eigen-decompositions. Larger: two solutions by
        conjugate gradients for ``num_probes`` vectors, linear in the incidences a step, with a
        standard error of at most √(2/num_probes) times the second column for the first, and
        √(1/(2 num_probes)) of the value for the second. ``None``: n_k vectors.

    Paper:
        Kreuzer et al., "Rethinking Graph Transformers with Spectral Attention", NeurIPS 2021,
        section 2.3, for graphs.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> Electrostatics().columns(K, 0).round(decimals=4)
        tensor([[0.2500, 0.3536],
                [0.2500, 0.3536]])
    """

    def __init__(
        self,
        *,
        parts: Sequence[str] = ("hodge",),
        num_probes: int | None = 256,
        dims: Sequence[int] | None = None,
        name: str = "x",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(dims=dims, name=name, generator=generator)
        self.parts = require_words("parts", parts, HALVES)
        self.num_probes = require_probes(num_probes)

    def compute(self, K: SimplicialComplex, k: int) -> Tensor:
        """(n_k, 2 · parts)."""
        columns = [torch.zeros(K.num_simplices(k), 0, dtype=torch.float64, device=K.device)]
        return torch.cat([*columns, *(self._energies(K, k, part) for part in self.parts)], dim=1)

    def _energies(self, K: SimplicialComplex, k: int, part: str) -> Tensor:
        def function(values: Tensor) -> Tensor:
            zero = values <= _ZERO * values.amax(-1, keepdim=True)
            inverse = torch.where(zero, 0.0, 1 / torch.where(zero, 1.0, values))
            return torch.stack([inverse, inverse.square()], dim=-1)

        def roots(apply: LinearMap, z: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
            residual = _SOLVED if self.num_probes is None else _NEARLY
            moved = apply(z)  # in the image, where L can be inverted
            once = conjugate_gradients(apply, moved, residual)  # the projection of z
            potential = conjugate_gradients(apply, once, residual)
            yield once, potential
            yield potential, potential

        squares = matrix_diagonals(
            K,
            k,
            laplacian_matrix(K, k, part),
            function,
            roots,
            2,
            num_probes=self.num_probes,
            generator=self.generator,
        )
        return torch.stack([squares[:, 0], squares[:, 1].clamp(min=0).sqrt()], dim=1)


def _bound(K: SimplicialComplex, k: int, part: str) -> float:
    """Of the largest eigenvalue in the union, at least 1."""
    down, up = (part_bound(K, j).amax() if K.num_parts else 0 for j in (k, k + 1))
    of = {"hodge": max(down, up), "gradient": down, "curl": up}
    return max(1.0, float(of[part]))


def _decay(time: float, bound: float, precision: torch.dtype) -> list[float]:
    """Chebyshev coefficients of e^{-tλ} on [0, bound], as many as the precision can tell."""
    coefficients = chebyshev_coefficients(lambda x: torch.exp(-time * x), bound, precision)
    return coefficients.tolist()
