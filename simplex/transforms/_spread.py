"""Features of vertices spread to the higher simplices."""

from typing import Literal

from torch import Tensor

from simplex.complexes import SimplicialComplex, require_word


def spread_features(
    K: SimplicialComplex, x: Tensor, max_dim: int, *, reduce: Literal["sum", "mean"] = "sum"
) -> list[Tensor]:
    r"""Give every simplex the sum or the mean of the features of its vertices.

    .. math:: x_σ = \sum_{v ∈ σ} x_v \quad\text{or}\quad \frac{1}{|σ|} \sum_{v ∈ σ} x_v

    The sum of a constant feature is the number of vertices: it tells the network the dimension of a
    simplex, which the mean does not.

    Args:
        K: the complex.
        x: (n_0, F) vertex features.
        max_dim: the top dimension of the result.
        reduce: ``"sum"`` or ``"mean"``.

    Returns:
        ``[x, x_1, …]``, one (n_k, F) cochain per dimension 0 … max_dim.

    Raises:
        ValueError: another ``reduce``, or ``x`` does not have one row per vertex.
        TypeError: the mean of integer features.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> spread_features(K, torch.tensor([[1.0], [2.0], [4.0]]), 2)[1].squeeze(1).tolist()
        [3.0, 5.0, 6.0]
    """
    require_word("reduce", reduce, ("sum", "mean"))
    if reduce == "mean" and not x.is_floating_point():
        raise TypeError(
            f"x must be floating point for reduce='mean', got {x.dtype}. Convert it with .float()."
        )
    if x.ndim != 2 or len(x) != K.num_simplices(0):
        raise ValueError(
            f"x must have shape (n_0, F) with n_0 = {K.num_simplices(0)}, got {tuple(x.shape)}."
        )
    corners = [x[K.simplices(k)] for k in range(1, max_dim + 1)]  # (n_k, k+1, F)
    return [x, *((each.sum(1) if reduce == "sum" else each.mean(1)) for each in corners)]
