"""What the operators refuse: degrees beyond the complex, cochains that do not fit it."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int


def require_rank(K: SimplicialComplex, k: int, low: int, above: int = 0) -> None:
    """Raise unless ``k`` is an integer in ``low … dim + above``; the empty complex counts as 0."""
    if not isinstance(K, SimplicialComplex):
        raise TypeError(
            f"K must be a SimplicialComplex, got {type(K).__name__}. Lift a graph with "
            "simplex.lifting.clique_complex."
        )
    high = max(K.dim, 0) + above
    if not low <= require_int("k", k) <= high:
        raise ValueError(
            f"k must be in {low} … {high} for this operator on a complex of dimension "
            f"{K.dim}, got {k}."
        )


def require_cochain(K: SimplicialComplex, x: Tensor, k: int) -> None:
    """Raise unless x holds real floats (…, n_k, channels) or (n_k,) on the complex's device."""
    if not isinstance(x, Tensor) or not x.is_floating_point():
        got = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise TypeError(f"x must be a tensor of real floats, got {got}. Convert with .float().")
    count = K.num_simplices(k)
    if x.ndim == 0 or x.shape[-2 if x.ndim > 1 else 0] != count:
        raise ValueError(
            f"x must be of shape (…, {count}, channels) or ({count},), one row per {k}-simplex, "
            f"got {tuple(x.shape)}."
        )
    if x.device != K.device:
        raise ValueError(
            f"x must be on the complex's device {K.device}, got {x.device}. "
            "Move one of them with .to(device)."
        )


def require_finite(x: Tensor) -> None:
    """Raise where x holds NaN or infinity."""
    if not bool(x.isfinite().all()):
        raise ValueError("x must be finite, got NaN or infinity.")


def require_operator_dtype(dtype: torch.dtype | None) -> torch.dtype:
    """Float32 or float64; ``None`` for torch's default."""
    dtype = dtype or torch.get_default_dtype()
    if dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"dtype must be torch.float32 or torch.float64, got {dtype}. Convert the result."
        )
    return dtype
