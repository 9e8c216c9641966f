"""What the diffusion of cochains refuses besides, and in which words."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import require_complex, require_int
from simplex.diffusion._checks import kind_of


def require_degree(K: object, k: object) -> None:
    """Refuse no degree of cochains; above the dimension of a complex there are empty ones."""
    require_complex("K", K)
    require_int("k", k, 0)


def require_cochain(x: Any, count: int) -> None:
    """Refuse what is not (…, count, C) or (count,) floats."""
    if not isinstance(x, Tensor) or not x.is_floating_point():
        got = x.dtype if isinstance(x, Tensor) else kind_of(x)
        raise TypeError(f"x must hold real floats, got {got}. Convert with .float().")
    if not x.dim() or x.shape[-min(x.dim(), 2)] != count:
        raise ValueError(
            f"x must have one value per simplex, shape (…, {count}, C) or ({count},), got "
            f"{tuple(x.shape)}. Rows of samples (batch, {count}) are x[..., None]."
        )


def require_single_or_double(x: Any) -> None:
    """Refuse what polynomials of operators are not made for."""
    if not isinstance(x, Tensor) or x.dtype not in (torch.float32, torch.float64):
        got = x.dtype if isinstance(x, Tensor) else kind_of(x)
        raise TypeError(f"x must be float32 or float64, got {got}. Convert with .float().")


def require_kernel(name: str, kernel: object) -> None:
    """Refuse what does not answer each of some eigenvalues with a number."""
    rule = f"{name} must be a kernel, which maps (m,) float64 eigenvalues to (m,) variances, got"
    remedy = "Noise of one variance c at all frequencies is lambda at: torch.full_like(at, c)."
    if isinstance(kernel, type) or not callable(kernel):
        raise TypeError(f"{rule} {kernel!r}. {remedy}")
    eigenvalues = torch.zeros(2, dtype=torch.float64)
    values = kernel(eigenvalues)
    if not isinstance(values, Tensor):
        raise TypeError(f"{rule} one that returns {type(values).__name__}. {remedy}")
    if values.shape != eigenvalues.shape:
        raise ValueError(f"{rule} {tuple(values.shape)} for (2,). {remedy}")


def require_representable(exponent: float, value: float, dtype: torch.dtype) -> None:
    """Refuse a power of the covariance with entries beyond the range of the type."""
    if not value <= torch.finfo(dtype).max:
        raise ValueError(
            f"exponent must leave the powers of the kernels within {dtype}, got {exponent:g}. Take "
            "a smaller one, or float64."
        )


def require_positive_definite(variances: Mapping[str, Tensor]) -> None:
    """Refuse kernels that are not positive on the spectrum, or small beyond double precision."""
    for name, values in variances.items():
        if not bool((values.isfinite() & (values > 0)).all()):
            raise ValueError(
                f"the {name} must be positive and finite on the spectrum, got "
                f"{float(values.min()):.3g}: the covariance must be positive definite. Noise in "
                "some Hodge parts only is that of a HodgeSubspace."
            )
    least, most = (float(end) for end in torch.cat(list(variances.values())).aminmax())
    if least < torch.finfo(torch.float64).eps * most:
        raise ValueError(
            f"the covariance must be positive definite in double precision, got variances from "
            f"{least:.3g} to {most:.3g} over the spectrum. Use a shorter length scale."
        )
