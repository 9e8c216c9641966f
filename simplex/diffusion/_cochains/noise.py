"""Gaussian noise on cochains, coloured by the Hodge Laplacian: smooth where flows are smooth."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int, require_real
from simplex.diffusion._checks import require_generator
from simplex.diffusion._cochains.checks import (
    require_cochain,
    require_degree,
    require_kernel,
    require_positive_definite,
    require_representable,
    require_single_or_double,
)
from simplex.diffusion._cochains.subspace import SUBSPACES, hodge_ranks
from simplex.diffusion._cochains.symmetric import apply_to_cochains
from simplex.diffusion._gaussian import WHITE
from simplex.operators import (
    Kernel,
    MaternKernel,
    chebyshev_apply,
    chebyshev_coefficients,
    hodge_decomposition,
    prepared_halves,
    prepared_projections,
    spectral_bounds,
    to_rows,
)


_NAMES = ("gradient", "curl", "harmonic")
_PROBES_AT_ONCE = 64
_MOST_PROBES = 2**20  # with more, exact traces are cheaper or nothing ends
_PROJECTION_TOLERANCE = {torch.float32: 1e-8, torch.float64: 1e-12}


def _raised(kernel: Kernel, exponent: float, dtype: torch.dtype) -> float:
    """ψ(0)^p."""
    value = float(torch.tensor(_at_zero(kernel), dtype=torch.float64) ** exponent)
    require_representable(exponent, value, dtype)
    return value


class HodgeNoise:
    r"""Normal k-cochains N(0, K) whose variance at each frequency is prescribed per Hodge part.

    .. math::
        K = P_G \, ψ_G(L_d) + P_C \, ψ_C(L_u) + ψ_H(0) \, P_H, \qquad
        L_d = \partial_k^\top \partial_k, \ L_u = \partial_{k+1} \partial_{k+1}^\top

    with the projections P onto gradients im ∂_kᵀ, curls im ∂_{k+1} and harmonic cochains ker L_k.
    As L_d L_u = 0, any power splits, and no eigenvectors are needed:

    .. math::
        K^p = ψ_H^p + [ψ_G^p(L_d) - ψ_G^p(0)] + [ψ_C^p(L_u) - ψ_C^p(0)]
              + (ψ_G^p(0) - ψ_H^p) P_G + (ψ_C^p(0) - ψ_H^p) P_C .

    The brackets are Chebyshev polynomials. The projections, by sparse least squares, enter only
    where a kernel differs at 0 from the harmonic one; with one kernel for all parts there are none.

    A process with this noise is the usual one on :meth:`whiten` ``(x)``: every schedule, sampler
    and loss stays as it is. A noise that is smooth where the data are smooth leaves to the denoiser
    what is left to learn.

    Args:
        K: the complex, or a union, whose parts get independent noise.
        gradient: ψ_G, from eigenvalues to variances: :class:`MaternKernel`, :class:`HeatKernel`, or
            any smooth positive function of a float64 tensor.
        curl: ψ_C; ``None`` for ψ_G.
        harmonic: ψ_H, of which only ψ_H(0) counts; ``None`` for ψ_G.
        k: degree of the cochains, from 0; above the dimension there are none, and the noise is
            empty. For k = 0 there is no gradient part: L_0 = L_u, and the
            constants are harmonic.

    Raises:
        TypeError: a kernel that is no function, or does not return a tensor.
        ValueError: a negative ``k``, a kernel that does not return one variance per
            eigenvalue, or a covariance that is not positive definite in double precision, the
            harmonic part included.

    Laws:
        Commutes with relabelling and reorientation: carried along, the same ε gives the same noise.
        A union is treated as its parts. ``whiten`` inverts ``color``.

    Cost:
        O(incidences · channels) a Chebyshev step. The degree grows like κ √(λ_max / 2ν) for Matérn
        and κ √λ_max for heat kernels, times the digits of the dtype.

    Paper:
        Yang et al., "Hodge-Compositional Edge Gaussian Processes", AISTATS 2024, for the kernels.

    Example:
        >>> from simplex.diffusion import MaternKernel
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> noise = HodgeNoise(K, MaternKernel(), harmonic=MaternKernel(scale=3.0))
        >>> noise.sample(torch.zeros(4, 5)).shape
        torch.Size([4, 5])
    """

    def __init__(
        self,
        K: SimplicialComplex,
        gradient: Kernel,
        curl: Kernel | None = None,
        harmonic: Kernel | None = None,
        *,
        k: int = 1,
    ) -> None:
        require_degree(K, k)
        self.complex, self.k = K, k
        self.gradient, self.curl = gradient, gradient if curl is None else curl
        self.harmonic = gradient if harmonic is None else harmonic
        self._kernels = (self.gradient, self.curl, self.harmonic)
        for name, kernel in zip(_NAMES, self._kernels, strict=True):
            require_kernel(name, kernel)
        bounds = spectral_bounds(K, k)
        self._parts = [
            _Part(place, self._kernels[place], bound) for place, bound in enumerate(bounds) if bound
        ]
        self._coefficients: dict[tuple[int, float, torch.dtype], list[float]] = {}
        require_positive_definite(self._variances())

    def sample(self, like: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """K^{1/2} ε with fresh ε, of the shape, dtype and device of ``like``."""
        return self.color(WHITE.sample(like, generator=generator))

    def color(self, epsilon: Tensor) -> Tensor:
        """K^{1/2} ε, the symmetric root; differentiable."""
        return self.power(epsilon, 0.5)

    def whiten(self, x: Tensor) -> Tensor:
        """K^{-1/2} x; differentiable."""
        return self.power(x, -0.5)

    def power(self, x: Tensor, exponent: float) -> Tensor:
        """K^p x, for covariances (p = 1), precisions (p = -1) and their roots.

        Args:
            x: (…, n_k, C) cochains, or (n_k,) for one channel; float32 or float64.
            exponent: p.

        Returns:
            Like x. The error is a few units of rounding times the largest ψ^p times |x|.
        """
        require_single_or_double(x)
        exponent = require_real("exponent", exponent)
        count = self.complex.num_simplices(self.k)
        return apply_to_cochains(lambda y: self._power(y, exponent), x, count)

    def trace(
        self, num_probes: int | None = None, *, generator: torch.Generator | None = None
    ) -> Tensor:
        """The trace of K on each part: the expected squared norm of a draw.

        Args:
            num_probes: random signs to estimate it with; ``None`` for the exact value, at the cost
                of n_k draws.
            generator: of the probes.

        Returns:
            (num_parts,) float64.
        """
        return self._trace_of(lambda values: values, num_probes, generator)

    def log_det(
        self, num_probes: int | None = None, *, generator: torch.Generator | None = None
    ) -> Tensor:
        """The log determinant of K on each part, for densities.

        log p(x) = log p(K^{-1/2} x) - log det(K) / 2, with the standard normal on the right.

        Arguments and result as for :meth:`trace`.
        """
        return self._trace_of(torch.log, num_probes, generator)

    def standardized(
        self, num_probes: int | None = None, *, generator: torch.Generator | None = None
    ) -> "HodgeNoise":
        """This noise scaled to variance 1 on average over all simplices: comparable with white.

        Arguments as for :meth:`trace`.
        """
        count = self.complex.num_simplices(self.k)
        factor = count / float(self.trace(num_probes, generator=generator).sum()) if count else 1.0
        scaled = [ScaledKernel(kernel, factor) for kernel in self._kernels]
        return HodgeNoise(self.complex, *scaled, k=self.k)

    def __repr__(self) -> str:
        kernels = ", ".join(map(str, self._kernels))
        return f"HodgeNoise({self.complex}, {kernels}, k={self.k})"

    # --- evaluation -------------------------------------------------------------------------------

    def _power(self, x: Tensor, exponent: float) -> Tensor:
        halves = prepared_halves(self.complex, self.k, x.dtype)
        harmonic = _raised(self.harmonic, exponent, x.dtype)
        values = [_raised(part.kernel, exponent, x.dtype) for part in self._parts]
        y: Tensor = (harmonic - sum(values)) * x
        for part, value in zip(self._parts, values, strict=True):
            coefficients = self._polynomial(part, exponent, x.dtype)
            y += chebyshev_apply(halves[part.place], coefficients, part.bound, x)
            if value != harmonic:
                projection = prepared_projections(self.complex, self.k)[part.place]
                image = projection(x.double(), _PROJECTION_TOLERANCE[x.dtype])
                y += ((value - harmonic) * image).to(x.dtype)
        return y

    def _polynomial(self, part: "_Part", exponent: float, dtype: torch.dtype) -> list[float]:
        """Coefficients of ψ^p on [0, bound]."""
        key = (part.place, exponent, dtype)
        if key not in self._coefficients:
            coefficients = chebyshev_coefficients(
                lambda at: part.kernel(at) ** exponent, part.bound, dtype
            )
            require_representable(exponent, float(coefficients.abs().max()), dtype)
            self._coefficients[key] = coefficients.tolist()
        return self._coefficients[key]

    def _trace_of(
        self,
        function: Callable[[Tensor], Tensor],
        num_probes: int | None,
        generator: torch.Generator | None,
    ) -> Tensor:
        """Traces of function(K): Σ_parts rank · f(ψ(0)) + tr[f(ψ(L)) - f(ψ(0))]."""
        if num_probes is not None:
            require_int("num_probes", num_probes, 1, _MOST_PROBES)
        require_generator(generator)
        K, k = self.complex, self.k
        zero = torch.zeros(1, dtype=torch.float64)
        at_zero = torch.cat([function(kernel(zero)) for kernel in self._kernels])
        ranks = torch.tensor([hodge_ranks(part, k) for part in K.split()], dtype=torch.float64)
        total = (ranks.view(-1, 3) @ at_zero).to(K.device)  # (num_parts,)
        for part in self._parts:
            half = prepared_halves(K, k, torch.float64)[part.place]
            change = _change(function, part, at_zero[part.place])
            coefficients = chebyshev_coefficients(change, part.bound, torch.float64).tolist()
            for probes, weight in _probes(K, k, num_probes, generator):
                image = chebyshev_apply(half, coefficients, part.bound, probes)
                total.index_add_(0, K.part(k), weight * (probes * image).sum(1))
        return total

    def _variances(self) -> dict[str, Tensor]:
        """Every ψ that counts, on its part of the spectrum."""
        shared = ", which is the gradient kernel unless given, at 0"
        name = "harmonic kernel" + (shared if self.harmonic is self.gradient else "")
        found = {name: torch.tensor([_at_zero(self.harmonic)], dtype=torch.float64)}
        for part in self._parts:
            spectrum = torch.linspace(0, part.bound, 257, dtype=torch.float64)
            found[f"{_NAMES[part.place]} kernel"] = part.kernel(spectrum)
        return found


@dataclass(frozen=True)
class ScaledKernel:
    """A kernel times a positive number."""

    kernel: Kernel
    factor: float

    def __call__(self, eigenvalues: Tensor) -> Tensor:
        """ψ of each eigenvalue."""
        return self.factor * self.kernel(eigenvalues)


class _Part(NamedTuple):
    """A half of the Laplacian that is not zero: L_d in place 0 or L_u in place 1."""

    place: int
    kernel: Kernel
    bound: float


def _at_zero(kernel: Kernel) -> float:
    return float(kernel(torch.zeros(1, dtype=torch.float64)))


def _change(
    function: Callable[[Tensor], Tensor], part: _Part, at_zero: Tensor
) -> Callable[[Tensor], Tensor]:
    """λ ↦ f(ψ(λ)) - f(ψ(0))."""
    return lambda eigenvalues: function(part.kernel(eigenvalues)) - at_zero


def _probes(
    K: SimplicialComplex, k: int, num_probes: int | None, generator: torch.Generator | None
) -> Iterator[tuple[Tensor, float]]:
    """Blocks of vectors v with Σ weight · v vᵀ = 1, exactly or in expectation."""
    count = K.num_simplices(k)
    for start in range(0, count if num_probes is None else num_probes, _PROBES_AT_ONCE):
        if num_probes is None:
            block = torch.zeros(count, min(_PROBES_AT_ONCE, count - start), dtype=torch.float64)
            block[range(start, start + block.shape[1]), range(block.shape[1])] = 1
            yield block.to(K.device), 1.0
        else:
            width = min(_PROBES_AT_ONCE, num_probes - start)
            signs = torch.randint(0, 2, (count, width), generator=generator, device=K.device)
            yield 2.0 * signs.double() - 1, 1 / num_probes


_SMOOTH = MaternKernel(length=2.0, smoothness=2.0)


def fitted_hodge_noise(
    K: SimplicialComplex, x: Tensor, kernel: Kernel = _SMOOTH, *, k: int = 1
) -> HodgeNoise:
    r"""The noise N(0, K) whose gradient, curl and harmonic parts are as strong as those of data.

    .. math::
        K = \sum_p \frac{\overline{|P_p x|^2}}{\operatorname{tr} P_p ψ} \; P_p ψ(L), \qquad
        p ∈ \{G, C, H\}

    with the mean over the data. Only the three scales are fitted, not the shape of ψ: the
    signal-to-noise ratio of a chain with this noise is the same for all parts at all times.

    Args:
        K: the complex, of one part.
        x: (…, n_k, C) k-cochains, each channel of each a draw: rows of samples are
            (rows, n_k, 1).
        kernel: ψ, from eigenvalues to variances, for all parts.
        k: degree of the cochains; above the dimension the noise is empty.

    Returns:
        The noise.

    Raises:
        ValueError: data without energy in a part that the complex has, a wrong shape, or a union.

    Cost:
        A Hodge decomposition of the data, and 4 n_k draws for exact traces.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3), (1, 3, 4), (0, 4)])
        >>> noise = fitted_hodge_noise(K, torch.full((8,), 2.0))
        >>> noise.trace().tolist()  # 8 · 2²
        [32.0...]
    """
    require_degree(K, k)
    count = K.num_simplices(k)
    require_cochain(x, count)
    require_kernel("kernel", kernel)
    if not count:
        return HodgeNoise(K, kernel, k=k)
    draws = to_rows(x.detach().double())  # (n_k, draws)
    if K.num_parts != 1 or not draws.shape[1]:
        raise ValueError(
            f"x must hold cochains on a complex of one part, got {draws.shape[1]} of them and "
            f"{K.num_parts} parts. Fit the parts of a union one at a time: K.split()."
        )
    parts = hodge_decomposition(K, draws, k)
    energies = [float(part.square().sum(0).mean()) for part in parts]
    total = sum(energies)

    def trace(*factors: float) -> float:
        kernels = [ScaledKernel(kernel, factor) for factor in factors]
        return float(HodgeNoise(K, *kernels, k=k).trace().sum())

    once = trace(1, 1, 1)  # the trace is linear in each kernel
    traces = [trace(*(2 if p == i else 1 for p in range(3))) - once for i in range(3)]
    scaled = []
    for name, energy, size in zip(_NAMES, energies, traces, strict=True):
        present = size > 1e-9 * once
        if present and energy <= 1e-9 * total:
            raise ValueError(
                f"x must have energy in the {name} part of the complex, got none: the covariance "
                f"must be positive definite. {_remedy(energies, k)}"
            )
        scaled.append(ScaledKernel(kernel, energy / size if present else 1.0))
    return HodgeNoise(K, *scaled, k=k)


def _remedy(energies: list[float], k: int) -> str:
    """Which subspace data with these energies live in."""
    kept = tuple(energy > 1e-9 * sum(energies) for energy in energies)
    for name, parts in SUBSPACES.items():
        if parts == kept:
            return f'Such data live in HodgeSubspace(K, "{name}", k={k}).'
    return "All of x is 0."
