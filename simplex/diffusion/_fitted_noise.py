"""Hodge noise with as much energy in each part as some data have."""

from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.diffusion._hodge_noise import HodgeNoise
from simplex.diffusion._kernels import Kernel, MaternKernel, ScaledKernel
from simplex.diffusion._subspace import SUBSPACES
from simplex.operators import hodge_decomposition


_SMOOTH = MaternKernel(length=2.0, smoothness=2.0)


def fitted_hodge_noise(
    K: SimplicialComplex,
    x: Tensor,
    kernel: Kernel = _SMOOTH,
    *,
    k: int = 1,
) -> HodgeNoise:
    r"""The noise N(0, K) whose gradient, curl and harmonic parts are as strong as those of data.

    .. math::
        K = \sum_p \frac{\overline{|P_p x|^2}}{\operatorname{tr} P_p ψ} \; P_p ψ(L), \qquad
        p ∈ \{G, C, H\}

    with the mean over the data. Only the three scales are fitted, not the shape of ψ: the
    signal-to-noise ratio of a chain with this noise is the same for all parts at all times.

    Args:
        K: the complex, of one part.
        x: (rows, n_k) k-cochains.
        kernel: ψ, from eigenvalues to variances, for all parts.
        k: degree of the cochains, 1 … dim.

    Returns:
        The noise, for tensors (…, n_k).

    Raises:
        ValueError: data without energy in a part that the complex has, or a wrong shape.

    Cost:
        A Hodge decomposition of the data, and 4 n_k draws for exact traces.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3), (1, 3, 4), (0, 4)])
        >>> noise = fitted_hodge_noise(K, torch.full((1, 8), 2.0))
        >>> noise.trace().tolist()  # 8 · 2²
        [32.0...]
    """
    count = K.num_simplices(k)
    if x.ndim != 2 or x.shape[1] != count or not len(x) or K.num_parts != 1:
        raise ValueError(
            f"x must be of shape (rows, {count}) on a complex of one part, got {tuple(x.shape)} "
            f"and {K.num_parts} parts. Fit the parts of a union one at a time: K.split()."
        )
    parts = hodge_decomposition(K, x.detach().double().T, k)
    energies = [float(part.square().sum(0).mean()) for part in parts]
    total = sum(energies)

    def trace(*factors: float) -> float:
        kernels = [ScaledKernel(kernel, factor) for factor in factors]
        return float(HodgeNoise(K, *kernels, k=k).trace().sum())

    once = trace(1, 1, 1)  # the trace is linear in each kernel
    traces = [trace(*(2 if p == i else 1 for p in range(3))) - once for i in range(3)]
    scaled = []
    for name, energy, size in zip(("gradient", "curl", "harmonic"), energies, traces, strict=True):
        present = size > 1e-9 * once
        if present and energy <= 1e-9 * total:
            raise ValueError(
                f"x must have energy in the {name} part of the complex, got none: the covariance "
                f"must be positive definite. {_remedy(energies, k)}"
            )
        scaled.append(ScaledKernel(kernel, energy / size if present else 1.0))
    return HodgeNoise(K, *scaled, k=k, axis=-1)


def _remedy(energies: list[float], k: int) -> str:
    """Which subspace data with these energies live in."""
    kept = tuple(energy > 1e-9 * sum(energies) for energy in energies)
    for name, parts in SUBSPACES.items():
        if parts == kept:
            return f'Such data live in HodgeSubspace(K, "{name}", k={k}, axis=-1).'
    return "All of x is 0."
