"""The sums of message passing: pure functions of facet tables, linear in their size."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators._rows import Bags, read_rows, sum_bags, sum_places
from simplex.operators._sparse import row_major_order


class Incidences(NamedTuple):
    """The incidences of the k-simplices with their facets, listed both ways.

    Attributes:
        facets: (n_k, k+1) facet ids.
        signs: (n_k, k+1) int8 entries of ∂_k.
        pointer: (n_{k-1}+1,) where the incidences of each facet start in the two lists below.
        order: (n_k·(k+1),) places in ``facets.flatten()``, by facet.
        cofacets: (n_k·(k+1),) ids of k-simplices, by facet.
    """

    facets: Tensor
    signs: Tensor
    pointer: Tensor
    order: Tensor
    cofacets: Tensor


def incidences(K: SimplicialComplex, k: int) -> Incidences:
    """The incidences of the k-simplices, k ≥ 1, with the (k-1)-simplices; kept with the complex."""

    def compute() -> Incidences:
        facets, count = K.facets(k), K.num_simplices(k - 1)
        if torch.compiler.is_compiling():
            order = torch.sort(facets.flatten(), stable=True).indices
        else:
            order = row_major_order(facets, count)
        bounds = torch.arange(count + 1, device=K.device)
        pointer = torch.searchsorted(facets.flatten()[order], bounds)
        return Incidences(facets, K.facet_signs(k), pointer, order, order // (k + 1))

    result: Incidences = K.cached("incidences", k, compute)
    return result


# --- linear maps between the dimensions -----------------------------------------------------------


def boundary_sum(K: SimplicialComplex, x_below: Tensor, k: int, *, signed: bool = False) -> Tensor:
    r"""Sum over the boundary of each k-simplex.

    .. math:: y_σ = \sum_{δ ∈ B(σ)} [σ : δ] \, x_δ, \qquad
              y = ∂_k^⊤ x \ \text{ or } \ |∂_k|^⊤ x

    Args:
        x_below: (n_{k-1}, …) values on the (k-1)-simplices.
        K: the complex.
        k: degree of the receiving simplices.
        signed: with the incidence numbers [σ : δ] = ±1, or with 1 in their place.

    Returns:
        (n_k, …); zeros for k = 0.

    Cost:
        O(incidences) in time and memory, in both directions: the backward pass is
        :func:`coboundary_sum`, not a scatter.

    Paper:
        Bodnar et al. 2021, Eq. 2.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> boundary_sum(K, torch.tensor([[1.0], [2.0], [3.0]]), 1).squeeze(1).tolist()
        [3.0, 5.0]
    """
    if k == 0:
        return x_below.new_zeros(K.num_simplices(0), *x_below.shape[1:])
    to_simplex, to_facet = _bags(K, k, signed, x_below.dtype)
    return sum_bags(x_below, to_simplex, to_facet)


def coboundary_sum(
    K: SimplicialComplex, x_above: Tensor, k: int, *, signed: bool = False
) -> Tensor:
    r"""Sum over the coboundary of each k-simplex.

    .. math:: y_σ = \sum_{δ ∈ C(σ)} [δ : σ] \, x_δ, \qquad
              y = ∂_{k+1} x \ \text{ or } \ |∂_{k+1}| x

    Args:
        x_above: (n_{k+1}, …) values on the (k+1)-simplices.
        K: the complex.
        k: degree of the receiving simplices.
        signed: with the incidence numbers [δ : σ] = ±1, or with 1 in their place.

    Returns:
        (n_k, …).

    Cost:
        O(incidences) in time and memory, in both directions.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> coboundary_sum(K, torch.tensor([[1.0], [2.0]]), 0, signed=True).squeeze(1).tolist()
        [-1.0, -1.0, 2.0]
    """
    to_simplex, to_facet = _bags(K, k + 1, signed, x_above.dtype)
    return sum_bags(x_above, to_facet, to_simplex)


# --- messages along incidences --------------------------------------------------------------------


def gather_facets(K: SimplicialComplex, x_below: Tensor, k: int) -> Tensor:
    r"""The values of the facets of each k-simplex: ``x_below[complex.facets(k)]``.

    Args:
        x_below: (n_{k-1}, F) values on the (k-1)-simplices.
        K: the complex.
        k: degree of the simplices whose facets are read, k ≥ 1.

    Returns:
        (n_k, k+1, F).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> gather_facets(K, torch.tensor([[1.0], [2.0]]), 1).squeeze(2).tolist()  # head, tail
        [[2.0, 1.0]]
    """
    table = incidences(K, k)
    rows = read_rows(x_below, table.facets.flatten(), table.order, table.pointer)
    return rows.view(*table.facets.shape, x_below.shape[1])


def scatter_to_facets(K: SimplicialComplex, rows: Tensor, k: int) -> Tensor:
    r"""Give each (k-1)-simplex the sum of what its cofacets hold for it; adjoint of the gather.

    Args:
        rows: (n_k, k+1, F); entry ``[δ, i]`` is for the i-th facet of δ.
        K: the complex.
        k: degree of the simplices that hand out, k ≥ 1.

    Returns:
        (n_{k-1}, F).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> scatter_to_facets(K, torch.ones(2, 2, 1), 1).squeeze(1).tolist()
        [1.0, 2.0, 1.0]
    """
    table = incidences(K, k)
    return sum_places(rows.flatten(0, 1), table.facets.flatten(), table.order, table.pointer)


def upper_sum(K: SimplicialComplex, message: Tensor, k: int, *, signed: bool = False) -> Tensor:
    r"""Sum over the upper neighbours of each k-simplex of messages φ(sender, shared cofacet).

    .. math:: y_σ = \sum_{τ ∈ N_↑(σ),\, δ = σ ∪ τ} φ(τ, δ)
              = \sum_{δ ∈ C(σ)} \Big( \sum_{τ ∈ B(δ)} φ(τ, δ) - φ(σ, δ) \Big)

    A message depends on the sender τ and the shared cofacet δ, so there is one per incidence; each
    cofacet hands every facet the total minus its own term.

    Args:
        message: (n_{k+1}, k+2, F); entry ``[δ, i]`` is φ(τ, δ) of the i-th facet τ of δ.
        K: the complex.
        k: degree of the receiving simplices.
        signed: with the relative orientation [δ : σ][δ : τ] = ±1 before each message.

    Returns:
        (n_k, F).

    Cost:
        O(incidences): a hub of degree d costs d, not d².

    Paper:
        Bodnar et al. 2021, Eq. 5 (shared coface paired).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> x = torch.tensor([[1.0], [2.0], [3.0]])
        >>> upper_sum(K, gather_facets(K, x, 1), 0).squeeze(1).tolist()
        [2.0, 4.0, 2.0]
    """
    signs = _sign_table(K, k + 1, message) if signed else None
    message = message if signs is None else message * signs
    others = message.sum(1, keepdim=True) - message
    others = others if signs is None else others * signs
    return scatter_to_facets(K, others, k + 1)


def lower_sum(K: SimplicialComplex, message: Tensor, k: int, *, signed: bool = False) -> Tensor:
    r"""Sum over the lower neighbours of each k-simplex of messages φ(sender, shared facet).

    .. math:: y_σ = \sum_{τ ∈ N_↓(σ),\, δ = σ ∩ τ} φ(τ, δ)
              = \sum_{δ ∈ B(σ)} \Big( \sum_{τ ∈ C(δ)} φ(τ, δ) - φ(σ, δ) \Big)

    Args:
        message: (n_k, k+1, F); entry ``[τ, i]`` is φ(τ, δ) for the i-th facet δ of τ.
        K: the complex.
        k: degree of the receiving simplices.
        signed: with the relative orientation [σ : δ][τ : δ] = ±1 before each message.

    Returns:
        (n_k, F); zeros for k = 0, as vertices have no lower neighbours.

    Cost:
        O(incidences): the edges at a hub of degree d cost d, not d².

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (1, 3)])
        >>> x = torch.tensor([[1.0], [2.0], [4.0]])
        >>> lower_sum(K, x[:, None].expand(-1, 2, -1), 1).squeeze(1).tolist()
        [6.0, 5.0, 3.0]
    """
    if k == 0:
        return message.new_zeros(len(message), message.shape[-1])
    signs = _sign_table(K, k, message) if signed else None
    message = message if signs is None else message * signs
    total = scatter_to_facets(K, message, k)
    others = gather_facets(K, total, k) - message
    return (others if signs is None else others * signs).sum(1)


def _bags(K: SimplicialComplex, k: int, signed: bool, dtype: torch.dtype) -> tuple[Bags, Bags]:
    """The sums of the k-simplices over their facets, and of the facets over their cofacets."""
    table = incidences(K, k)
    if not signed:
        return Bags(table.facets, None, None), Bags(table.cofacets, table.pointer, None)

    def compute() -> tuple[Tensor, Tensor]:
        signs = table.signs.to(dtype).contiguous()
        return signs, signs.flatten()[table.order]

    by_simplex, by_facet = K.cached(f"signs as {dtype}", k, compute)
    return (
        Bags(table.facets, None, by_simplex),
        Bags(table.cofacets, table.pointer, by_facet),
    )


def _sign_table(K: SimplicialComplex, k: int, like: Tensor) -> Tensor:
    """The entries of ∂_k for each k-simplex, (n_k, k+1, 1)."""
    return K.facet_signs(k).to(like.dtype)[:, :, None]
