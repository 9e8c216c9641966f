"""What the operators refuse: degrees beyond a complex, cochains and weights that do not fit it."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    real_tensor,
    require_complex,
    require_int,
    require_memory,
    shown,
)


def require_rank(K: SimplicialComplex, k: int, low: int, above: int = 0) -> int:
    """The integer ``k`` in ``low … dim + above``; the empty complex counts as of dimension 0."""
    high = max(require_complex("K", K).dim, 0) + above
    if not low <= (degree := require_int("k", k)) <= high:
        raise ValueError(
            f"k must be in {low} … {high} for this operator on a complex of dimension "
            f"{K.dim}, got {k}."
        )
    return degree


def read_cochain(K: Any, x: Any, k: int) -> Tensor:
    """Real floats (…, n_k, channels) or (n_k,) on the complex's device; lists become float64.

    At k = -1 any number of rows will do: there are no simplices.
    """
    if not isinstance(K, SimplicialComplex):
        require_complex("K", K)
    y: Tensor = x if isinstance(x, Tensor) else real_tensor("x", x).to(K.device)
    if y.layout != torch.strided:
        raise TypeError(f"x must be a dense tensor, got {y.layout}. Convert with .to_dense().")
    if not y.is_floating_point():
        raise TypeError(f"x must be a tensor of real floats, got {y.dtype}. Convert with .float().")
    if y.ndim == 0 or (k >= 0 and y.shape[-2 if y.ndim > 1 else 0] != K.num_simplices(k)):
        count = K.num_simplices(max(k, 0))
        raise ValueError(
            f"x must be of shape (…, {count}, channels) or ({count},), one row per {k}-simplex, "
            f"got {tuple(y.shape)}."
        )
    if y.device != K.device:
        raise ValueError(
            f"x must be on the complex's device {K.device}, got {y.device}. "
            "Move one of them with .to(device)."
        )
    return y


def require_finite(x: Tensor) -> None:
    """Raise where x holds NaN or infinity."""
    if not bool(x.isfinite().all()):
        raise ValueError("x must be finite, got NaN or infinity.")


def require_representable(x: Tensor) -> Tensor:
    """A result that is numbers of its dtype; raise where it holds NaN or infinity."""
    if not bool(x.detach().isfinite().all()):
        raise ValueError(
            f"x must be so small that the result is numbers of {x.dtype}, got one beyond them. "
            "Scale x down, or give it in float64."
        )
    return x


def require_operator_dtype(dtype: torch.dtype | None) -> torch.dtype:
    """Float32 or float64; ``None`` for torch's default."""
    dtype = torch.get_default_dtype() if dtype is None else dtype
    if not isinstance(dtype, torch.dtype) or dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"dtype must be torch.float32 or torch.float64, got {shown(dtype)}. Convert the result."
        )
    return dtype


_SIGNED = (torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16)


def require_signed_dtype(dtype: torch.dtype | None, *more: torch.dtype) -> torch.dtype:
    """A dtype that holds 0 and ±1 exactly; ``None`` for torch's default."""
    dtype = torch.get_default_dtype() if dtype is None else dtype
    if not isinstance(dtype, torch.dtype):
        raise TypeError(f"dtype must be a torch.dtype such as torch.float64, got {shown(dtype)}.")
    if dtype not in (*_SIGNED, torch.float32, torch.float64, *more):
        raise ValueError(f"dtype must hold the sign -1, got {dtype}. Use a signed or float dtype.")
    return dtype


def read_weight(K: SimplicialComplex, k: int, weights: Mapping[int, Any]) -> Tensor | None:
    """The (n_k,) weights of degree k in float64, or ``None`` where none are given."""
    if not isinstance(weights, Mapping) or not all(type(j) is int for j in weights):
        raise TypeError(
            "weights must be a mapping from the degree, such as {0: weight_of_vertices}, got "
            f"{shown(weights)}."
        )
    if k not in weights:
        return None
    weight, count = real_tensor(f"weights[{k}]", weights[k]), K.num_simplices(k) if k >= 0 else 0
    if weight.shape != (count,):
        got = tuple(weight.shape)
        raise ValueError(f"weights[{k}] must be a tensor of shape ({count},), got {got}.")
    if isinstance(weights[k], Tensor) and weight.device != K.device:
        raise ValueError(
            f"weights[{k}] must be on the complex's device {K.device}, got {weight.device}."
        )
    if weight.requires_grad:
        raise ValueError(
            f"weights[{k}] must not require a gradient, as the matrix has none. Detach them."
        )
    allowed = (weight > 0) & weight.isfinite()
    if not bool(allowed.all()):
        bad = weight[~allowed][0].item()
        raise ValueError(f"weights[{k}] must be positive and finite, got {bad}.")
    return weight.to(K.device, torch.float64)


def require_range(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Entries of S_k in the dtype, if no product of two of them overflows or vanishes in it."""
    info = torch.finfo(dtype)
    squares = values.square()
    allowed = (squares >= info.tiny) & (squares <= info.max / 2**20)  # with room for sums
    if not bool(allowed.all()):
        bad = float(squares[~allowed][0])
        remedy = "Scale them." if dtype == torch.float64 else "Pass dtype=torch.float64."
        raise ValueError(
            f"weights must keep the entries of the Laplacian within {dtype}, got one of {bad:.3g}. "
            + remedy
        )
    return values.to(dtype)


def require_room_for_pairs(K: SimplicialComplex, k: int, *, lower: bool, upper: bool) -> None:
    """Raise ``ValueError`` where matrices of lower or upper neighbours would not fit in memory."""
    entries = (k + 2) ** 2 * K.num_simplices(k + 1) if upper else 0
    if lower and k > 0:
        degree = torch.bincount(K.facets(k).flatten(), minlength=K.num_simplices(k - 1))
        entries += int(degree.double().square().sum())
    what = f"a matrix of {entries} pairs of neighbours of dimension {k}"
    remedy = "The functions apply_down_laplacian and apply_hodge_laplacian need no matrix."
    # Index, values and the two forms that the product of sparse matrices goes through.
    require_memory(entries * 48, K.device, what, remedy)


def require_room_for_maps(
    K: SimplicialComplex, degrees: Iterable[int], entry_bytes: int, what: str, remedy: str
) -> None:
    """Raise ``ValueError`` beforehand where a computation on some boundary maps would not fit.

    Args:
        K: the complex.
        degrees: of the maps ∂_k that are in memory at the same time.
        entry_bytes: the measured peak, for each of their entries.
        what: the computation, a plural or with its article.
        remedy: what to do instead.
    """
    entries = sum((k + 1) * K.num_simplices(k) for k in degrees if k > 0)
    named = f"{what} of {entries} incidences"
    require_memory(entries * entry_bytes, K.device, named, remedy, whole=True)
