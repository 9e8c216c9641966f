"""The sums of message passing: pure functions of facet tables, linear in their size."""

from collections.abc import Sequence

from torch import Tensor

from simplex.complexes import SimplicialComplex


def gather_facets(x_below: Tensor, facets: Tensor) -> Tensor:
    r"""The features of the facets of each simplex.

    Args:
        x_below: (n_{k-1}, F) features of the (k-1)-simplices.
        facets: (n_k, k+1) facet ids.

    Returns:
        (n_k, k+1, F). An ``index_select``, whose backward pass adds rows; plain indexing would
        sort or write one by one.
    """
    rows = x_below.index_select(0, facets.flatten())
    return rows.view(*facets.shape, x_below.shape[1])


def boundary_sum(x_below: Tensor, facets: Tensor) -> Tensor:
    r"""Sum over the boundary of each k-simplex.

    .. math:: y_σ = \sum_{δ ∈ B(σ)} x_δ

    Args:
        x_below: (n_{k-1}, F) features of the (k-1)-simplices.
        facets: (n_k, k+1) facet ids, ``complex.facets(k)``.

    Returns:
        (n_k, F); equals ``|∂_k|ᵀ @ x_below``.

    Paper:
        Bodnar et al. 2021, Eq. 2.

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> boundary_sum(torch.tensor([[1.0], [2.0], [3.0]]), K.facets(1)).squeeze(1).tolist()
        [3.0, 5.0]
    """
    return gather_facets(x_below, facets).sum(1)


def upper_sum(message: Tensor, facets: Tensor, num_facets: int) -> Tensor:
    r"""Sum over the upper neighbours of each k-simplex of messages φ(sender, shared cofacet).

    .. math:: y_σ = \sum_{τ ∈ N_↑(σ),\, δ = σ ∪ τ} φ(τ, δ)
              = \sum_{δ ∈ C(σ)} \Big( \sum_{τ ∈ B(δ)} φ(τ, δ) - φ(σ, δ) \Big)

    A message depends on the sender τ and the shared cofacet δ, so there is one per incidence; each
    cofacet hands every facet the total minus its own term.

    Args:
        message: (n_{k+1}, k+2, F); entry ``[δ, i]`` is φ(τ, δ) of the i-th facet τ of δ.
        facets: (n_{k+1}, k+2) facet ids, ``complex.facets(k + 1)``.
        num_facets: n_k.

    Returns:
        (n_k, F).

    Cost:
        O(incidences): a hub of degree d costs d, not d².

    Paper:
        Bodnar et al. 2021, Eq. 5 (shared coface paired).

    Example:
        >>> import torch
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> x = torch.tensor([[1.0], [2.0], [3.0]])
        >>> upper_sum(gather_facets(x, K.facets(1)), K.facets(1), 3).squeeze(1).tolist()
        [2.0, 4.0, 2.0]
    """
    others = message.sum(1, keepdim=True) - message
    result = message.new_zeros(num_facets, message.shape[-1])
    return result.index_add(0, facets.flatten(), others.flatten(0, 1))


def require_cochains(x: Sequence[Tensor], complex: SimplicialComplex, max_dim: int) -> None:
    """Raise ``ValueError`` unless there is one row per simplex in every dimension 0 … max_dim."""
    if len(x) != max_dim + 1:
        raise ValueError(
            f"x must hold one cochain for each dimension 0 … {max_dim}, got {len(x)}. Dimensions "
            "without simplices need an empty one, of shape (0, channels)."
        )
    for k, values in enumerate(x):
        if values.ndim != 2 or values.shape[0] != complex.num_simplices(k):
            raise ValueError(
                f"x[{k}] must have shape (n_{k}, channels) with n_{k} = "
                f"{complex.num_simplices(k)}, got {tuple(values.shape)}."
            )
