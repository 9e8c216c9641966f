"""A symmetric operator on batches of cochains (…, n_k, C)."""

from torch import Tensor

from simplex.diffusion._cochains.checks import require_cochain
from simplex.operators import LinearMap, from_rows, self_adjoint, to_rows


def apply_to_cochains(operator: LinearMap, x: Tensor, count: int) -> Tensor:
    """A symmetric linear map of (count, columns) on cochains (…, count, C); differentiable."""
    require_cochain(x, count)
    if not count:
        return x.clone()
    return from_rows(self_adjoint(operator, to_rows(x).contiguous()), x)
