"""The sums of message passing: pure functions of facet tables, linear in their size."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators._layout import of_the_cofacets, of_the_facets
from simplex.operators._on_disk import blocks, in_blocks, sum_in_blocks
from simplex.operators._row_pattern import RowPattern
from simplex.operators._rows import sum_columns, sum_rows
from simplex.operators._sparse import row_major_order


def incidences(K: SimplicialComplex, k: int) -> RowPattern:
    """The pattern of ∂_kᵀ, k ≥ 1: a row for each k-simplex, whose entries are its facets.

    ``column`` is the facet table (n_k, k+1), ``row`` lists the cofacets of each (k-1)-simplex, and
    ``column_pointer`` says where those of each start. Kept with the complex.
    """
    result: RowPattern = K.cached("incidences", k, lambda: _table_pattern(K, K.facets(k), k - 1))
    return result


def vertex_incidences(K: SimplicialComplex, k: int) -> RowPattern:
    """The pattern with a row for each k-simplex, whose entries are its vertices. Kept.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> vertex_incidences(K, 2).column_pointer.diff().tolist()
        [1, 1, 1, 0]
    """
    result: RowPattern = K.cached("vertices", k, lambda: _table_pattern(K, K.simplices(k), 0))
    return result


def _table_pattern(K: SimplicialComplex, table: Tensor, j: int) -> RowPattern:
    """The pattern whose rows are those of a table (n, w) of j-simplices."""
    count = K.num_simplices(j)
    if torch.compiler.is_compiling():
        order = torch.sort(table.flatten(), stable=True).indices
    else:
        order = row_major_order(table, count)
    bounds = torch.arange(count + 1, device=K.device)
    pointer = torch.searchsorted(table.flatten()[order], bounds)
    return RowPattern(None, table, pointer, order // table.shape[1], order)


def incidence_signs(K: SimplicialComplex, k: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """The entries ±1 of ∂_kᵀ, (n_k, k+1) by row and (n_k·(k+1),) by column; kept."""

    def compute() -> tuple[Tensor, Tensor]:
        signs = K.facet_signs(k).to(dtype).contiguous()
        return signs, signs.flatten()[incidences(K, k).places.row]

    result: tuple[Tensor, Tensor] = K.cached(f"signs as {dtype}", k, compute)
    return result


def cofacet_counts(K: SimplicialComplex, k: int) -> Tensor:
    """How many cofacets each k-simplex has, (n_k,) int64.

    Example:
        >>> cofacet_counts(SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)]), 0).tolist()
        [2, 2, 3, 1]
    """
    if not in_blocks(K):
        return incidences(K, k + 1).column_pointer.diff()
    counts = torch.zeros(K.num_simplices(k), dtype=torch.int64, device=K.device)
    for _, table in blocks(K, k + 1):
        counts.index_add_(0, table.flatten(), torch.ones_like(table).flatten())
    return counts


# --- linear maps between the dimensions -----------------------------------------------------------


@of_the_facets
def boundary_sum(K: SimplicialComplex, x_below: Tensor, k: int, *, signed: bool = False) -> Tensor:
    r"""Sum over the boundary of each k-simplex.

    .. math:: y_σ = \sum_{δ ∈ B(σ)} [σ : δ] \, x_δ, \qquad
              y = ∂_k^⊤ x \ \text{ or } \ |∂_k|^⊤ x

    Args:
        K: the complex.
        x_below: (…, n_{k-1}, C) values on the (k-1)-simplices, or (n_{k-1},).
        k: degree of the receiving simplices.
        signed: with the incidence numbers [σ : δ] = ±1, or with 1 in their place.

    Returns:
        (…, n_k, C), or (n_k,); zeros for k = 0.

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
        return x_below.new_zeros(K.num_simplices(0), x_below.shape[1])
    if in_blocks(K):
        return sum_in_blocks(K, x_below, k, signed=signed, turned=False)
    weight = incidence_signs(K, k, x_below.dtype) if signed else None
    return sum_rows(x_below, incidences(K, k), weight)


@of_the_cofacets
def coboundary_sum(
    K: SimplicialComplex, x_above: Tensor, k: int, *, signed: bool = False
) -> Tensor:
    r"""Sum over the coboundary of each k-simplex.

    .. math:: y_σ = \sum_{δ ∈ C(σ)} [δ : σ] \, x_δ, \qquad
              y = ∂_{k+1} x \ \text{ or } \ |∂_{k+1}| x

    Args:
        K: the complex.
        x_above: (…, n_{k+1}, C) values on the (k+1)-simplices, or (n_{k+1},).
        k: degree of the receiving simplices.
        signed: with the incidence numbers [δ : σ] = ±1, or with 1 in their place.

    Returns:
        (…, n_k, C), or (n_k,).

    Cost:
        O(incidences) in time and memory, in both directions.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> coboundary_sum(K, torch.tensor([[1.0], [2.0]]), 0, signed=True).squeeze(1).tolist()
        [-1.0, -1.0, 2.0]
    """
    if in_blocks(K):
        return sum_in_blocks(K, x_above, k + 1, signed=signed, turned=True)
    weight = incidence_signs(K, k + 1, x_above.dtype) if signed else None
    return sum_columns(x_above, incidences(K, k + 1), weight)


# --- messages along incidences --------------------------------------------------------------------


def gather_facets(K: SimplicialComplex, x_below: Tensor, k: int) -> Tensor:
    r"""The values of the facets of each k-simplex: ``x_below[K.facets(k)]``.

    Args:
        K: the complex.
        x_below: (n_{k-1}, F) values on the (k-1)-simplices.
        k: degree of the simplices whose facets are read, k ≥ 1.

    Returns:
        (n_k, k+1, F).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> gather_facets(K, torch.tensor([[1.0], [2.0]]), 1).squeeze(2).tolist()  # head, tail
        [[2.0, 1.0]]
    """
    table = incidences(K, k)
    rows = sum_rows(x_below, table.places)  # (n_k·(k+1), F)
    return rows.view(*table.column.shape, x_below.shape[1])


def scatter_to_facets(K: SimplicialComplex, rows: Tensor, k: int) -> Tensor:
    r"""Give each (k-1)-simplex the sum of what its cofacets hold for it; adjoint of the gather.

    Args:
        K: the complex.
        rows: (n_k, k+1, F); entry ``[δ, i]`` is for the i-th facet of δ.
        k: degree of the simplices that hand out, k ≥ 1.

    Returns:
        (n_{k-1}, F).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> scatter_to_facets(K, torch.ones(2, 2, 1), 1).squeeze(1).tolist()
        [1.0, 2.0, 1.0]
    """
    return sum_columns(rows.flatten(0, 1), incidences(K, k).places)


def upper_sum(K: SimplicialComplex, message: Tensor, k: int, *, signed: bool = False) -> Tensor:
    r"""Sum over the upper neighbours of each k-simplex of messages φ(sender, shared cofacet).

    .. math:: y_σ = \sum_{τ ∈ N_↑(σ),\, δ = σ ∪ τ} φ(τ, δ)
              = \sum_{δ ∈ C(σ)} \Big( \sum_{τ ∈ B(δ)} φ(τ, δ) - φ(σ, δ) \Big)

    A message depends on the sender τ and the shared cofacet δ, so there is one per incidence; each
    cofacet hands every facet the total minus its own term.

    Args:
        K: the complex.
        message: (n_{k+1}, k+2, F); entry ``[δ, i]`` is φ(τ, δ) of the i-th facet τ of δ.
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
    if k == 0:  # each end of an edge gets what the other sends; the ends have opposite signs
        result = sum_columns(message.flatten(0, 1), _other_ends(K))
        return -result if signed else result
    signs = incidence_signs(K, k + 1, message.dtype)[0][:, :, None] if signed else None
    message = message if signs is None else message * signs
    others = message.sum(1, keepdim=True) - message
    others = others if signs is None else others * signs
    return scatter_to_facets(K, others, k + 1)


def _other_ends(K: SimplicialComplex) -> RowPattern:
    """The pattern with a row for each end of an edge, whose entry is the other end; kept."""

    def compute() -> RowPattern:
        ends = incidences(K, 1)
        assert ends.order is not None
        column = ends.column.flip(1).flatten()
        return RowPattern(None, column, ends.column_pointer, ends.order ^ 1, None)

    result: RowPattern = K.cached("other ends", 1, compute)
    return result


def lower_sum(K: SimplicialComplex, message: Tensor, k: int, *, signed: bool = False) -> Tensor:
    r"""Sum over the lower neighbours of each k-simplex of messages φ(sender, shared facet).

    .. math:: y_σ = \sum_{τ ∈ N_↓(σ),\, δ = σ ∩ τ} φ(τ, δ)
              = \sum_{δ ∈ B(σ)} \Big( \sum_{τ ∈ C(δ)} φ(τ, δ) - φ(σ, δ) \Big)

    Args:
        K: the complex.
        message: (n_k, k+1, F); entry ``[τ, i]`` is φ(τ, δ) for the i-th facet δ of τ.
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
    signs = incidence_signs(K, k, message.dtype)[0][:, :, None] if signed else None
    message = message if signs is None else message * signs
    total = scatter_to_facets(K, message, k)
    others = gather_facets(K, total, k) - message
    return (others if signs is None else others * signs).sum(1)
