"""Functions of the two halves of a Hodge Laplacian, by Chebyshev polynomials: no eigenvectors."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, outside_transforms
from simplex.operators._apply import apply_down_laplacian, apply_up_laplacian
from simplex.operators._boundary import boundary_matrix, coboundary_matrix
from simplex.operators._checks import require_room_for_maps
from simplex.operators._on_disk import in_blocks
from simplex.operators._row_functions import apply_function
from simplex.operators._sparse import matrix_product


LinearMap = Callable[[Tensor], Tensor]
_FEWEST_NODES, _MOST_NODES = 16, 8192
_TOLERANCE = {torch.float32: 1e-7, torch.float64: 1e-14}


def laplacian_halves(
    K: SimplicialComplex, k: int, dtype: torch.dtype
) -> tuple[LinearMap, LinearMap]:
    """The maps x ↦ ∂_kᵀ∂_k x and x ↦ ∂_{k+1}∂_{k+1}ᵀ x of (n_k, channels), prepared for many calls.

    Two sparse products each, linear in the incidences; the matrices L_d and L_u, which a hub of
    degree d gives d² entries, are not formed.
    """
    if in_blocks(K):
        return partial(apply_down_laplacian, K, k=k), partial(apply_up_laplacian, K, k=k)

    remedy = "Save it by simplex.storage.save_complex and open it: then no matrix is built."
    require_room_for_maps(K, [k, k + 1], 100, f"the Laplacian of dimension {k}", remedy)

    def compute() -> tuple[LinearMap, LinearMap]:
        down, into = boundary_matrix(K, k, dtype=dtype), coboundary_matrix(K, k - 1, dtype=dtype)
        up, back = coboundary_matrix(K, k, dtype=dtype), boundary_matrix(K, k + 1, dtype=dtype)
        return _composed(down, into), _composed(up, back)

    return outside_transforms(compute)


def _composed(there: Tensor, back: Tensor) -> LinearMap:
    if not there.values().numel():
        return torch.zeros_like
    first, second = matrix_product(there), matrix_product(back)
    return lambda x: second(first(x))


def chebyshev_coefficients(
    function: Callable[[Tensor], Tensor], bound: float, dtype: torch.dtype
) -> Tensor:
    r"""Coefficients c of a smooth function on [0, bound], as many as the dtype can tell.

    .. math:: f(λ) ≈ \sum_j c_j \, T_j(2λ / \text{bound} - 1)

    The nodes are doubled until the last quarter of the coefficients is negligible: a few digits
    above rounding. For an analytic function they fall geometrically.

    Args:
        function: from (N,) float64 points to (N, …) float64 values: one function or many.
        bound: positive; the right end.
        dtype: in which the polynomial will be evaluated.

    Returns:
        (degree + 1, …) float64.

    Raises:
        ValueError: a function that needs a degree above 8191, or is not finite.

    Reference:
        Hammond, Vandergheynst, Gribonval, "Wavelets on graphs via spectral graph theory", 2011,
        section 6.

    Example:
        >>> c = chebyshev_coefficients(lambda x: torch.exp(-x), 2.0, torch.float32)
        >>> len(c), round(float(c.sum()), 6)  # T_j(1) = 1: the value at the right end
        (8, 0.135335)
    """
    tolerance = _TOLERANCE[dtype]
    count = _FEWEST_NODES
    while count <= _MOST_NODES:
        angle = torch.pi * (torch.arange(count, dtype=torch.float64) + 0.5) / count
        values = function(bound * (1 + angle.cos()) / 2)
        if not bool(values.isfinite().all()):
            raise ValueError(
                f"the function must be finite on [0, {bound:.6g}], got NaN or infinity. Use a "
                "shorter length scale."
            )
        coefficients = _cosine_transform(values)
        negligible = coefficients.abs() <= tolerance * values.abs().amax(0)
        needed = (~negligible.reshape(count, -1).all(1)).nonzero()
        degree = int(needed.max()) if len(needed) else 0
        if degree < 3 * count // 4:
            return coefficients[: degree + 1]
        count *= 2
    raise ValueError(
        f"the function must be smooth enough for a polynomial of degree {_MOST_NODES - 1} on "
        f"[0, {bound:.6g}], got one that is not. Use a shorter length scale."
    )


def _cosine_transform(values: Tensor) -> Tensor:
    """c_j = (2 - [j = 0]) / N Σ_i values_i cos(jπ(i + ½)/N), by an FFT of the even extension."""
    count = len(values)
    spectrum = torch.fft.fft(torch.cat([values, values.flip(0)]), dim=0)[:count]
    shift = -torch.pi * torch.arange(count, dtype=torch.float64) / (2 * count)
    turn = torch.polar(torch.ones_like(shift), shift)
    turn = turn.view(-1, *[1] * (values.ndim - 1))
    coefficients: Tensor = (spectrum * turn).real / count
    coefficients[0] /= 2
    return coefficients


def chebyshev_apply(
    matrix: LinearMap, coefficients: Iterable[float | Tensor], bound: float, x: Tensor
) -> Tensor:
    r"""Σ_j c_j T_j(2A / bound - I) x by the three-term recurrence: one product with A a degree.

    Args:
        matrix: x ↦ A x, symmetric with eigenvalues in [0, bound].
        coefficients: from degree 0 on; each a number, or a tensor broadcastable to x, constant on
            rows that A mixes.
        bound: positive.
        x: (n, channels).
    """
    before, now, total = x, x, torch.zeros_like(x)
    for j, c in enumerate(coefficients):
        if j == 1:
            now = matrix(x).mul_(2 / bound).sub_(x)
        elif j > 1:
            before, now = now, matrix(now).mul_(4 / bound).sub_(now, alpha=2).sub_(before)
        total = total.add_(now, alpha=c) if isinstance(c, float) else total.addcmul_(now, c)
    return total


def self_adjoint(operator: LinearMap, x: Tensor) -> Tensor:
    """operator(x) for a symmetric linear map outside autograd; its own map of gradients."""
    return apply_function(_SelfAdjoint, x, operator)


class _SelfAdjoint(torch.autograd.Function):
    """A symmetric operator is its own adjoint."""

    @staticmethod
    def forward(x: Tensor, operator: LinearMap) -> Tensor:
        return operator(x.detach())

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, LinearMap], output: Tensor) -> None:
        ctx.operator = inputs[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return self_adjoint(ctx.operator, gradients[0].contiguous()), None

    @staticmethod
    def jvp(ctx: Any, x: Tensor, _: None) -> Tensor:
        return self_adjoint(ctx.operator, x.contiguous())

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int, None], x: Tensor, operator: LinearMap
    ) -> tuple[Tensor, int]:
        """A batch is more channels."""
        wide = x.movedim(in_dims[0], 1)  # (n, batch, channels)
        return self_adjoint(operator, wide.flatten(1)).view(wide.shape), 1
