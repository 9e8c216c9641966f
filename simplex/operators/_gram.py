"""Symmetric matrices M = DᵀD + UUᵀ + diag(d) of the k-simplices: applied, or dense part by part."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators._adjacency import neighbor_counts
from simplex.operators._boundary import boundary_matrix
from simplex.operators._laplacian import scaled_boundary
from simplex.operators._normalized import normalizing_weights
from simplex.operators._sparse import gram_sum, matrix_product, select_entries, sorted_sparse
from simplex.operators._spectral import LinearMap


SMALL = 512  # simplices of a part up to which its matrices are taken dense
_ENTRIES = 1 << 22  # of dense blocks at a time


class GramSum(NamedTuple):
    """M = DᵀD + UUᵀ + diag(d), float64; it mixes no two parts, so that it is one block per part.

    Attributes:
        down: D, sparse (n_{k-1}, n_k), row-major.
        up: U, sparse (n_k, n_{k+1}), row-major.
        diagonal: d (n_k,), or ``None`` for 0.
    """

    down: Tensor
    up: Tensor
    diagonal: Tensor | None = None

    def map(self) -> LinearMap:
        """X ↦ M x, linear in the incidences."""
        pairs = [(self.down, self.down.t().coalesce()), (self.up.t().coalesce(), self.up)]
        products = [
            (matrix_product(there), matrix_product(back))
            for there, back in pairs
            if there.values().numel()
        ]
        diagonal = None if self.diagonal is None else self.diagonal[:, None]

        def apply(x: Tensor) -> Tensor:
            terms = [back(there(x)) for there, back in products]
            if diagonal is not None:
                terms.append(diagonal * x)
            return sum(terms[1:], terms[0]) if terms else torch.zeros_like(x)

        return apply

    def blocks(
        self, K: SimplicialComplex, k: int, chosen: Tensor
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """The blocks of the chosen parts, many of one size at a time.

        Args:
            K: the complex.
            k: the degree.
            chosen: (num_parts,) bool.

        Yields:
            The ids of the parts (B,), of their simplices (B, s), and the blocks (B, s, s).
        """
        part = K.part(k)
        down = select_entries(self.down, lambda index, _: chosen[part[index[1]]])
        up = select_entries(self.up, lambda index, _: chosen[part[index[0]]])
        matrix = gram_sum(down, up)
        pointer = K.part_pointer(k)
        row, column = matrix.indices()
        bounds = torch.searchsorted(row.contiguous(), pointer)  # entries are part by part
        for parts, rows in size_classes(pointer, chosen):
            start, count = bounds[parts], bounds[parts + 1] - bounds[parts]
            owner = torch.arange(len(parts), device=row.device).repeat_interleave(count)
            first = start - (count.cumsum(0) - count)
            entry = torch.arange(len(owner), device=row.device) + first[owner]
            shift = pointer[parts][owner]
            size = rows.shape[1]
            block = torch.zeros(len(parts), size, size, dtype=torch.float64, device=row.device)
            block[owner, row[entry] - shift, column[entry] - shift] = matrix.values()[entry]
            if self.diagonal is not None:
                block.diagonal(dim1=1, dim2=2).add_(self.diagonal[rows])
            yield parts, rows, block


def size_classes(pointer: Tensor, chosen: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Parts (B,) of one size s ≥ 1 and their rows (B, s); a loop over sizes, not over parts."""
    sizes = torch.where(chosen, pointer.diff(), 0)
    order = torch.argsort(sizes, stable=True)
    values, counts = torch.unique_consecutive(sizes[order], return_counts=True)
    groups = torch.split(order, counts.tolist())
    for size, group in zip(values.tolist(), groups, strict=True):
        if size == 0:
            continue
        within = torch.arange(size, device=pointer.device)
        for parts in torch.split(group, max(1, _ENTRIES // size**2)):
            yield parts, pointer[parts][:, None] + within


def walk_matrix(K: SimplicialComplex, k: int, walk: str) -> GramSum:
    r"""The symmetric matrix whose powers have the diagonals of those of a walk's transition matrix.

    ``"upper"`` and ``"lower"``: D^{-1/2} A D^{-1/2} of the neighbours, each with probability
    1/degree. ``"hodge"``: L^s, the normalised Hodge Laplacian; the walk is I - L^s.
    """
    if walk == "hodge":
        weights = normalizing_weights(K, k, torch.float64)
        down = scaled_boundary(K, k, True, weights, torch.float64)
        up = scaled_boundary(K, k + 1, True, weights, torch.float64)
        return GramSum(down, up)
    root = neighbor_counts(K, k, walk).double().clamp(min=1).rsqrt()
    return neighbor_matrix(K, k, walk, root)


def neighbor_matrix(
    K: SimplicialComplex, k: int, adjacency: str, scale: Tensor | None = None
) -> GramSum:
    """S A S with the ``"upper"`` or ``"lower"`` neighbours A and the diagonal matrix S, or A."""
    below = boundary_matrix(K, k, signed=False, dtype=torch.float64)
    above = boundary_matrix(K, k + 1, signed=False, dtype=torch.float64)
    own = neighbor_counts(K, k, "coboundary" if adjacency == "upper" else "boundary").double()
    scale = torch.ones_like(own) if scale is None else scale
    if adjacency == "upper":
        return GramSum(_emptied(below), _scaled(above, 0, scale), -own * scale.square())
    return GramSum(_scaled(below, 1, scale), _emptied(above), -own * scale.square())


def small_neighbors(
    K: SimplicialComplex, k: int, adjacency: str
) -> tuple[Tensor, Iterator[tuple[Tensor, Tensor]]]:
    """Which parts are small, (num_parts,), and the rows (B, s) and blocks (B, s, s) of A there."""
    small = K.part_pointer(k).diff() <= SMALL
    blocks = neighbor_matrix(K, k, adjacency).blocks(K, k, small)
    return small, ((rows, block) for _, rows, block in blocks)


def laplacian_matrix(K: SimplicialComplex, k: int, part: str) -> GramSum:
    """L_k, or of its two halves the ``"gradient"`` or the ``"curl"`` one."""
    down = boundary_matrix(K, k, dtype=torch.float64)
    up = boundary_matrix(K, k + 1, dtype=torch.float64)
    down = down if part in ("hodge", "gradient") else _emptied(down)
    return GramSum(down, up if part in ("hodge", "curl") else _emptied(up))


def _scaled(matrix: Tensor, axis: int, factor: Tensor) -> Tensor:
    values = matrix.values() * factor[matrix.indices()[axis]]
    return sorted_sparse(matrix.indices(), values, (matrix.shape[0], matrix.shape[1]))


def _emptied(matrix: Tensor) -> Tensor:
    return select_entries(matrix, lambda _, values: torch.zeros_like(values, dtype=torch.bool))
