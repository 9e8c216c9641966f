"""From cochains to one row per complex of a disjoint union."""

import torch
from torch import Tensor


def pool_parts(x: Tensor, pointer: Tensor, reduce: str) -> Tensor:
    """Sum or mean over the simplices of each part; a part without simplices gives zeros.

    Args:
        x: (n_k, F) cochain of a disjoint union.
        pointer: (num_parts+1,) ``complex.part_pointer(k)``.
        reduce: ``"sum"`` or ``"mean"``.

    Returns:
        (num_parts, F).

    Example:
        >>> pool_parts(torch.tensor([[1.0], [3.0], [5.0]]), torch.tensor([0, 2, 2, 3]), "mean")
        tensor([[2.], [0.], [5.]])
    """
    row = torch.arange(x.shape[0], device=x.device)
    part = torch.searchsorted(pointer[1:].contiguous(), row, right=True)
    total = x.new_zeros(pointer.shape[0] - 1, x.shape[1]).index_add(0, part, x)
    if reduce == "sum":
        return total
    return total / pointer.diff().clamp(min=1)[:, None].to(x.dtype)
