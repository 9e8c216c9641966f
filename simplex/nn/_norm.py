"""Normalisation of cochains, one module per dimension."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int, require_real, require_word
from simplex.nn._checks import require_cochain, require_complex, require_positive, require_tensor_of
from simplex.operators import pool_parts


class SimplexBatchNorm(nn.BatchNorm1d):
    """Batch norm over the simplices of one dimension, whatever their number.

    Departs from ``torch.nn.BatchNorm1d`` where a training batch has fewer than two rows: a variance
    cannot be estimated from them, so the running statistics normalise and stay as they are. (A
    batch of graphs with one triangle, or none, is an ordinary batch.)

    Args:
        num_features: number of channels.

    Example:
        >>> SimplexBatchNorm(2)(torch.ones(1, 2)).shape
        torch.Size([1, 2])
    """

    def __init__(self, num_features: int, *args: Any, **options: Any) -> None:
        require_int("num_features", num_features, 0)
        super().__init__(num_features, *args, **options)

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (n, channels)."""
        require_tensor_of("input", input, f"a tensor of shape (n, {self.num_features})")
        wide = self.num_features and input.shape[-1] != self.num_features  # 0 while it is lazy
        if wide or not input.is_floating_point():
            raise ValueError(
                f"input must be floating point of shape (n, {self.num_features}), got "
                f"{tuple(input.shape)} of {input.dtype}."
            )
        if (
            self.training
            and self.track_running_stats
            and torch._C._functorch.is_batchedtensor(input)
        ):
            raise ValueError(
                "SimplexBatchNorm must be in evaluation mode under torch.vmap, got training mode, "
                "whose running statistics are of no single sample. Call .eval(), or take the norm "
                "'layer', 'rms' or 'graph'."
            )
        if not self.training or input.shape[0] > 1:
            return super().forward(input)
        return torch.nn.functional.batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
        )


class SimplexGraphNorm(nn.Module):
    r"""Graph norm over the k-simplices of each part, with a learned share of the mean.

    .. math:: y_σ = γ \, \frac{x_σ - α \, μ_P}{\sqrt{s_P^2 + ε}} + β, \qquad
              s_P^2 = \text{mean}_{σ ∈ P} (x_σ - α \, μ_P)^2

    with the mean μ_P over the simplices of the part P that σ belongs to.

    Args:
        num_features: number of channels.
        eps: ε.
        mean_scale: α at the start; it is learned, one for each channel.

    Laws:
        A disjoint union gives what its parts give.

    Paper:
        Cai et al., "GraphNorm", ICML 2021, Eq. 6; here for the simplices of any dimension.
        Departure: α starts at 0.7, not at 1. Where all simplices of a dimension look alike, as in
        vertex-transitive graphs, the whole mean leaves nothing but rounding errors, which the
        division by sqrt(ε) makes large; a part of the mean leaves the values themselves.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> norm = SimplexGraphNorm(1, mean_scale=1.0)
        >>> [round(x, 3) for x in norm(torch.tensor([[1.0], [3.0]]), K, 1).squeeze(1).tolist()]
        [-1.0, 1.0]
    """

    def __init__(self, num_features: int, eps: float = 1e-5, mean_scale: float = 0.7) -> None:
        super().__init__()
        require_positive(num_features=num_features)
        require_real("eps", eps, 0)
        mean_scale = require_real("mean_scale", mean_scale)
        self.eps, self.initial_mean_scale = eps, mean_scale
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.mean_scale = nn.Parameter(torch.full((num_features,), mean_scale))

    def reset_parameters(self) -> None:
        """The values at the start."""
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)
        nn.init.constant_(self.mean_scale, self.initial_mean_scale)

    def forward(self, x: Tensor, complex: SimplicialComplex, k: int) -> Tensor:
        """Normalise the k-cochain x, (n_k, channels)."""
        require_complex(complex)
        require_int("k", k, 0)
        require_cochain(complex, x, k, self.weight.shape[0], self.weight)
        pointer, part = complex.part_pointer(k), complex.part(k)
        mean = pool_parts(x, pointer, "mean")
        centred = x - self.mean_scale * mean.index_select(0, part)
        variance = pool_parts(centred.square(), pointer, "mean")
        scale = (variance + self.eps).rsqrt().index_select(0, part)
        return self.weight * centred * scale + self.bias


class _PerSimplex(nn.Module):
    """A norm that looks at no complex, called like one that does."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor, complex: SimplicialComplex, k: int) -> Tensor:
        result: Tensor = self.norm(x)
        return result


_NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": lambda width: _PerSimplex(SimplexBatchNorm(width)),
    "layer": lambda width: _PerSimplex(nn.LayerNorm(width)),
    "rms": lambda width: _PerSimplex(nn.RMSNorm(width)),
    "graph": SimplexGraphNorm,
}


def make_norm(name: str, num_features: int) -> nn.Module:
    """A norm by name, called as ``norm(x, complex, k)``.

    ``"batch"`` over all simplices of one dimension, ``"layer"`` and ``"rms"`` over the channels of
    each simplex, ``"graph"`` over the simplices of each part. ``"rms"`` alone is odd, as networks
    need that are equivariant under reorientation.

    Raises:
        ValueError: another name.
    """
    require_word("norm", name, (*_NORMS, None))
    return _NORMS[name](num_features)
