"""Gaussian processes on simplices, with a kernel for each part of the Hodge decomposition."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, real_tensor, require_int, require_real, shown
from simplex.diffusion import HeatKernel, HodgeNoise, MaternKernel
from simplex.operators import conjugate_gradients, down_laplacian, require_rank, up_laplacian


_NAMES = ("gradient", "curl", "harmonic")
_EXACT = 3000  # simplices up to which matrices are dense


class _Spectrum(NamedTuple):
    """Orthonormal gradients (n, r) and curls (n, s) with their frequencies."""

    gradients: Tensor
    gradient_values: Tensor
    curls: Tensor
    curl_values: Tensor


class HodgeGP(nn.Module):
    r"""A Gaussian process of k-cochains: prior, likelihood, and what observations say of the rest.

    .. math:: x \sim N(0, Σ), \quad
              Σ = P_G \, ψ_G(L_d) + P_C \, ψ_C(L_u) + ψ_H(0) \, P_H, \qquad
              y_i = x_{σ_i} + N(0, ν^2)

    Its prior is that of :class:`~simplex.diffusion.HodgeNoise`. A flow without sources has a small
    gradient kernel, one without circulation a small curl kernel; :meth:`fit` finds out which.

    Up to 3000 simplices matrices are dense and everything is exact, with gradients for the
    parameters. Above, means and variances come from conjugate gradients and Chebyshev polynomials,
    without a matrix, and :meth:`fit` and :meth:`log_likelihood` refuse.

    Args:
        K: the complex, of one part or more, which are independent.
        gradient: :class:`~simplex.diffusion.MaternKernel` or
            :class:`~simplex.diffusion.HeatKernel`; ``None`` for Matérn's.
        curl: likewise; ``None`` for one like ``gradient``, with parameters of its own.
        harmonic: likewise, of which only the value at 0 counts.
        noise: the standard deviation ν > 0 of an observation.
        k: 0 … dim.

    Attributes:
        log_scale: (3,) log s of the gradient, curl and harmonic kernel: parameters.
        log_length: (3,) log κ: parameters. The smoothness stays as it is given.
        log_noise: () log ν: a parameter.

    Raises:
        TypeError: a kernel of another class.
        ValueError: ``k`` beyond the dimension, noise or a length that is not positive.

    Laws:
        Invariant under relabelling; reorienting K and y together carries the means along.

    Paper:
        Yang et al., "Hodge-Compositional Edge Gaussian Processes", AISTATS 2024, equations 11, 14.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3)])
        >>> gp = HodgeGP(K, k=0, curl=HeatKernel(length=3.0), noise=0.01)
        >>> mean = gp.posterior_mean(torch.tensor([1.0, 1.0]), torch.tensor([0, 3]))
        >>> bool(((mean > 0.8) & (mean < 1.2)).all())
        True
    """

    def __init__(
        self,
        K: SimplicialComplex,
        gradient: MaternKernel | HeatKernel | None = None,
        curl: MaternKernel | HeatKernel | None = None,
        harmonic: MaternKernel | HeatKernel | None = None,
        *,
        noise: float = 0.1,
        k: int = 1,
    ) -> None:
        super().__init__()
        self.k = require_rank(K, k, 0)
        self.complex = K
        first = MaternKernel() if gradient is None else gradient
        given = (first, first if curl is None else curl, first if harmonic is None else harmonic)
        for name, kernel in zip(_NAMES, given, strict=True):
            if not isinstance(kernel, (MaternKernel, HeatKernel)):
                raise TypeError(
                    f"{name} must be a MaternKernel or a HeatKernel, whose parameters can be "
                    f"fitted, got {shown(kernel)}. HodgeNoise takes any function."
                )
            require_real("length", kernel.length, 0, open=True)
        self._given = given

        def logs(values: list[float]) -> nn.Parameter:
            return nn.Parameter(torch.tensor(values, dtype=torch.float64).log())

        self.log_scale = logs([kernel.scale for kernel in given])
        self.log_length = logs([kernel.length for kernel in given])
        noise = require_real("noise", noise, 0, open=True)
        self.log_noise = nn.Parameter(torch.tensor(noise, dtype=torch.float64).log())

    @property
    def kernels(self) -> tuple[MaternKernel | HeatKernel, ...]:
        """The gradient, curl and harmonic kernel with the parameters as they are now."""
        scales, lengths = self.log_scale.exp().tolist(), self.log_length.exp().tolist()
        return tuple(
            MaternKernel(scale, length, kernel.smoothness)
            if isinstance(kernel, MaternKernel)
            else HeatKernel(scale, length)
            for kernel, scale, length in zip(self._given, scales, lengths, strict=True)
        )

    def covariance(self) -> Tensor:
        """Σ, (n_k, n_k) float64, differentiable in the parameters."""
        spectrum = self._spectrum("a dense covariance")
        at_zero = self._density(2, spectrum.gradient_values.new_zeros(1))
        rest = torch.eye(self._count, dtype=torch.float64, device=self.complex.device)
        total = at_zero * rest
        parts = (spectrum[:2], spectrum[2:])
        for place, (vectors, values) in enumerate(parts):
            total = total + (vectors * (self._density(place, values) - at_zero)) @ vectors.T
        return total

    def log_likelihood(self, values: Tensor, simplices: Tensor | None = None) -> Tensor:
        r"""The log density of observations, channels being independent draws.

        .. math:: \log p(y) = -\tfrac12 y^⊤ (Σ_{oo} + ν^2)^{-1} y
                  - \tfrac12 \log \det(Σ_{oo} + ν^2) - \tfrac m2 \log 2π

        Args:
            values: (m,) or (m, channels) y.
            simplices: (m,) ids of what was observed; ``None`` for all n_k.

        Returns:
            (), differentiable in the parameters.
        """
        y, ids = self._observations(values, simplices)
        root = torch.linalg.cholesky(self._observed(ids))
        white = torch.linalg.solve_triangular(root, y, upper=False)
        log_det = root.diagonal().log().sum()
        normal = y.numel() * torch.log(torch.tensor(2 * torch.pi, dtype=y.dtype))
        likelihood: Tensor = -white.square().sum() / 2 - y.shape[1] * log_det - normal / 2
        if not bool(likelihood.detach().isfinite()):
            noise = float(self.log_noise.detach().exp())
            raise ValueError(
                "values must be so small that their likelihood is a number of float64, got up to "
                f"{float(y.abs().max()):.3g} with the noise {noise:.3g}. "
                "Measure them in another unit."
            )
        return likelihood

    def fit(
        self,
        values: Tensor,
        simplices: Tensor | None = None,
        *,
        num_steps: int = 200,
        lr: float = 0.05,
    ) -> Tensor:
        """Raise the likelihood of observations by steps of Adam on all parameters.

        Args:
            values: (m,) or (m, channels).
            simplices: (m,) ids; ``None`` for all n_k.
            num_steps: of Adam, ≥ 1.
            lr: its step.

        Returns:
            (num_steps,) the log likelihood before each step.
        """
        num_steps = require_int("num_steps", num_steps, 1)
        self._observations(values, simplices)
        optimizer = torch.optim.Adam(self.parameters(), lr=require_real("lr", lr, 0, open=True))
        found = []
        for _ in range(num_steps):
            optimizer.zero_grad()
            loss = -self.log_likelihood(values, simplices)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            found.append(-loss.detach())
        return torch.stack(found)

    @torch.no_grad()
    def posterior_mean(self, values: Tensor, simplices: Tensor | None = None) -> Tensor:
        r"""What is to be expected on all simplices: Σ_{·o} (Σ_{oo} + ν²)⁻¹ y.

        Args:
            values: (m,) or (m, channels) y.
            simplices: (m,) ids; ``None`` for all n_k.

        Returns:
            (n_k,) or (n_k, channels), of the dtype of y, float64 for integers; without a gradient.
        """
        y, ids = self._observations(values, simplices)
        mean = self._covary(self._spread(self._solve(y, ids), ids))
        given = real_tensor("values", values)
        dtype = given.dtype if given.is_floating_point() else mean.dtype
        return mean.reshape(self._count, *given.shape[1:]).to(dtype)

    @torch.no_grad()
    def posterior_variance(
        self, simplices: Tensor | None = None, *, at: Tensor | None = None
    ) -> Tensor:
        """How unsure these expectations are, the noise of an observation left out.

        Args:
            simplices: (m,) ids of what is observed; ``None`` for all n_k.
            at: (s,) ids to say it for; ``None`` for all. Above 3000 simplices each costs a solution
                by conjugate gradients.

        Returns:
            (s,) float64.
        """
        ids, where = self._ids("simplices", simplices), self._ids("at", at)
        found = []
        for block in torch.split(where, 64):
            unit = torch.zeros(self._count, len(block), dtype=torch.float64, device=block.device)
            unit[block, range(len(block))] = 1
            prior = self._covary(unit)
            known = prior[ids]
            left = (unit * prior).sum(0) - (known * self._solve(known, ids)).sum(0)
            found.append(left.clamp(min=0))
        return torch.cat(found) if found else self.log_noise.new_empty(0)

    def extra_repr(self) -> str:
        """The complex and the kernels."""
        kernels = ", ".join(map(str, self.kernels))
        return f"{self.complex}, {kernels}, noise={float(self.log_noise.exp()):.3g}, k={self.k}"

    # --- evaluation -------------------------------------------------------------------------------

    @property
    def _count(self) -> int:
        return self.complex.num_simplices(self.k)

    def _density(self, place: int, values: Tensor) -> Tensor:
        """ψ of a part at (N,) frequencies, by the parameters."""
        kernel, scale = self._given[place], (2 * self.log_scale[place]).exp()
        square = (2 * self.log_length[place]).exp()
        if isinstance(kernel, MaternKernel):
            return scale * (2 * kernel.smoothness / square + values) ** -kernel.smoothness
        return scale * (-square / 2 * values).exp()

    def _spectrum(self, what: str) -> _Spectrum:
        if self._count > _EXACT:
            raise ValueError(
                f"the complex must have at most {_EXACT} simplices of dimension {self.k} for "
                f"{what}, got {self._count}. posterior_mean and posterior_variance need no matrix; "
                "fit on a part of the complex."
            )

        def compute() -> _Spectrum:
            pairs: list[Tensor] = []
            for laplacian in (down_laplacian, up_laplacian):
                matrix = laplacian(self.complex, self.k, dtype=torch.float64).to_dense()
                values, vectors = torch.linalg.eigh(matrix)
                kept = values > 1e-9 * max(float(values.max()) if len(values) else 0.0, 1.0)
                pairs += [vectors[:, kept], values[kept]]
            return _Spectrum(*pairs)

        result: _Spectrum = self.complex.cached("spectrum of both halves", self.k, compute)
        return result

    def _observed(self, ids: Tensor) -> Tensor:
        noise = (2 * self.log_noise).exp() * torch.eye(len(ids), dtype=torch.float64)
        return self.covariance()[ids][:, ids] + noise.to(ids.device)

    def _solve(self, y: Tensor, ids: Tensor) -> Tensor:
        """(Σ_oo + ν²)⁻¹ y."""
        if self._count <= _EXACT:
            return torch.cholesky_solve(y, torch.linalg.cholesky(self._observed(ids)))
        variance = float((2 * self.log_noise).exp())

        def system(z: Tensor) -> Tensor:
            return self._covary(self._spread(z, ids))[ids] + variance * z

        return conjugate_gradients(system, y, 1e-9)

    def _spread(self, z: Tensor, ids: Tensor) -> Tensor:
        """(m, channels) on the observed simplices, 0 elsewhere; several observations add up."""
        return z.new_zeros(self._count, z.shape[1]).index_add_(0, ids, z)

    def _covary(self, x: Tensor) -> Tensor:
        """Σ x."""
        if self._count <= _EXACT:
            return self.covariance() @ x
        return self._prior().power(x, 1.0)

    def _prior(self) -> HodgeNoise:
        return HodgeNoise(self.complex, *self.kernels, k=self.k)

    def _observations(self, values: Tensor, simplices: Tensor | None) -> tuple[Tensor, Tensor]:
        ids = self._ids("simplices", simplices)
        y = real_tensor("values", values).to(self.complex.device)
        if y.ndim not in (1, 2) or len(y) != len(ids) or not len(ids):
            raise ValueError(
                f"values must be ({len(ids)},) or ({len(ids)}, channels) numbers, one for each "
                f"observed simplex and at least one, got {tuple(y.shape)}."
            )
        if not bool(y.isfinite().all()):
            raise ValueError("values must be finite, got NaN or infinity. Leave those out.")
        return y.detach().double().reshape(len(ids), -1), ids

    def _ids(self, name: str, ids: Tensor | None) -> Tensor:
        device = self.complex.device
        if ids is None:
            return torch.arange(self._count, device=device)
        found = torch.as_tensor(ids, device=device)
        if found.ndim != 1 or found.dtype != torch.int64:
            raise ValueError(
                f"{name} must be (m,) int64 ids, got {tuple(found.shape)} {found.dtype}. Turn a "
                "mask into ids by mask.nonzero().flatten()."
            )
        if len(found) and not (int(found.min()) >= 0 and int(found.max()) < self._count):
            raise ValueError(f"{name} must be ids from 0 to {self._count - 1}, got others.")
        return found
