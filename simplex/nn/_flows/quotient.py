"""Signals quotient: what looks alike to a message-passing network is computed once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import ragged
from simplex.operators import RowPattern, sum_rows


_SAMPLES_AT_ONCE = 128  # bounds the memory of a refinement round


class SparseRows(NamedTuple):
    """A sparse matrix by rows.

    Attributes:
        pointer: (num_rows+1,) int64.
        column: (entries,) int64.
        weight: (entries,) float32.
        num_columns: its width.
    """

    pointer: Tensor
    column: Tensor
    weight: Tensor
    num_columns: int

    def row(self) -> Tensor:
        """(entries,) the row of each entry."""
        return ragged(self.pointer.diff())[0]

    def select(self, rows: Tensor) -> "SparseRows":
        """The matrix with these rows alone."""
        size = self.pointer.diff().index_select(0, rows)
        owner, nth = ragged(size)
        place = self.pointer.index_select(0, rows)[owner] + nth
        column, weight = self.column.index_select(0, place), self.weight.index_select(0, place)
        return SparseRows(_pointer(size), column, weight, self.num_columns)

    def slice(self, first: int, step: int) -> "SparseRows":
        """Every ``step``-th column from ``first`` on."""
        kept = self.column % step == first
        size = torch.bincount(self.row()[kept], minlength=len(self.pointer) - 1)
        column = torch.div(self.column[kept], step, rounding_mode="floor")
        return SparseRows(_pointer(size), column, self.weight[kept], self.num_columns // step)

    def without_empty_columns(self, group: int) -> tuple["SparseRows", Tensor]:
        """Drop groups of ``group`` consecutive columns without an entry; which groups are kept."""
        used = torch.zeros(self.num_columns, dtype=torch.bool, device=self.column.device)
        kept = used.index_fill_(0, self.column, True).view(-1, group).any(1).nonzero()[:, 0]
        place = torch.arange(len(kept) * group, device=kept.device).view(-1, group)
        number = kept.new_empty(self.num_columns // group, group).index_copy_(0, kept, place)
        column = number.flatten().index_select(0, self.column)
        return SparseRows(self.pointer, column, self.weight, len(kept) * group), kept

    def transpose(self) -> "SparseRows":
        """The transposed matrix."""
        num_rows = len(self.pointer) - 1
        if self.column.device.type != "cpu":
            order = torch.sort(self.column, stable=True).indices
            pointer = _pointer(torch.bincount(self.column, minlength=self.num_columns))
            return SparseRows(pointer, self.row()[order], self.weight[order], num_rows)
        from scipy.sparse import csr_matrix

        # A counting sort, linear in the entries.
        parts = (self.weight.numpy(), self.column.numpy(), self.pointer.numpy())
        turned = csr_matrix(parts, shape=(num_rows, self.num_columns)).tocsc()
        pointer, row, weight = map(torch.from_numpy, (turned.indptr, turned.indices, turned.data))
        return SparseRows(pointer.long(), row.long(), weight, num_rows)

    def __matmul__(self, x: Tensor) -> Tensor:
        back = self.transpose() if x.requires_grad else self  # without a gradient it is not read
        # Constant weights are given in both orders, so the one need not be put into the other.
        pattern = RowPattern(self.pointer, self.column, back.pointer, back.column, None)
        return sum_rows(x, pattern, (self.weight.to(x.dtype), back.weight.to(x.dtype)))


def _pointer(size: Tensor) -> Tensor:
    return torch.cat([size.new_zeros(1), size.cumsum(0)])


@dataclass(frozen=True, eq=False)
class FlowQuotient:
    r"""Flows on one complex as classes of simplices that a network cannot tell apart.

    A network of layers x' = a(Σ_j A_j x W_j), with fixed operators A_j and an activation that acts
    on each entry, gives equal rows to simplices that combine the same rows of the layer before with
    the same coefficients. By induction, these may be counted by classes: two simplices are in one
    class after l layers if their A_j combine the classes after l-1 layers alike. Two more cases
    cost nothing: if a(0) = 0, a simplex that combines nothing has the row 0 and no class, which
    leaves out all that is more than l steps away from the flow; and if a is odd, combinations with
    opposite coefficients give opposite rows, and share a class. Layer l is computed on one
    representative of each class. Nothing is approximated.

    Args:
        start: (q_0, 1) the values of the classes at the start.
        layers: for each layer the matrix (q_l, J·q_{l-1}) that holds in row c, column J·d + j, the
            coefficient of class d in A_j at a member of class c.
        pool: (m, q_L) how many simplices of each class a sample has.
        num_operators: J, with the identity A_0.
        num_simplices: n_k, for means.

    Paper:
        The classes are those of the Weisfeiler-Lehman test on (samples of) the complex, with signs:
        the bound on networks in Bodnar et al., "Weisfeiler and Lehman Go Topological", ICML 2021,
        put to use.
    """

    start: Tensor
    layers: tuple[SparseRows, ...]
    pool: SparseRows
    num_operators: int
    num_simplices: int

    def __len__(self) -> int:
        return len(self.pool.pointer) - 1

    def collapse(self) -> "FlowQuotient":
        """For layers without activation: the values of all products A_{j_L} … A_{j_1} x instead.

        Returns:
            A quotient without layers, with ``start`` (q_L, J^L); the last operator is the slowest
            digit of a column.
        """
        start = self.start.double()
        for layer in self.layers:
            parts = (layer.slice(j, self.num_operators) for j in range(self.num_operators))
            start = torch.cat([part @ start for part in parts], dim=1)
        fits = float(start.abs().max()) <= 2**24 if start.numel() else True
        return replace(self, start=start.float() if fits else start, layers=())

    def __getitem__(self, index: Tensor) -> "FlowQuotient":
        """Some of the samples, with the classes that they need."""
        pool, kept = self.pool.select(index).without_empty_columns(1)
        layers = []
        for layer in reversed(self.layers):
            needed, kept = layer.select(kept).without_empty_columns(self.num_operators)
            layers.append(needed)
        return replace(self, start=self.start[kept], layers=tuple(reversed(layers)), pool=pool)


def flow_quotient(
    flows: Tensor, orientation: Tensor, operators: Sequence[Tensor], num_layers: int, odd: bool
) -> FlowQuotient:
    r"""The quotient of flows for layers x' = a(x W_0 + Σ_j A_j x W_j) with a(0) = 0.

    Classes are found by hashes: each class gets a random 64-bit key for each operator, and a
    simplex the sum of coefficient times key, modulo 2⁶⁴. Different combinations have different sums
    but for a chance of about 2⁻⁶³ for each pair of classes.

    Args:
        flows: (m, n_k) integers, the values of each sample in its own orientation.
        orientation: (m, n_k) ±1, that of each sample, relative to increasing vertex order.
        operators: A_1, …: sparse (n_k, n_k) with integer entries, in increasing vertex order.
        num_layers: L.
        odd: whether a is odd: opposite rows are then merged as well, and the orientation of a
            sample makes no difference.

    Returns:
        The quotient.

    Cost:
        O(L · m · entries of the operators) once, O(m · n_k) memory.
    """
    value, turn = (flows * orientation if odd else flows).T.long(), orientation.T.long()
    size, num_samples = value.shape
    generator = torch.Generator().manual_seed(0)
    matrices = [_identity(size, value.device), *(_rows_of(operator) for operator in operators)]
    classes = _classes(value, turn, odd)
    start = value.T.reshape(-1)[classes.member]  # one value for each class
    start = (start.abs() if odd else start)[:, None].float()
    layers = []
    for _ in range(num_layers):
        keys = torch.randint(
            -(2**63), 2**63 - 1, (len(matrices), len(classes.member)), generator=generator
        )
        keys = torch.cat([keys.new_zeros(len(keys), 1), keys], dim=1).to(value.device)
        total = torch.zeros_like(value)
        for first in range(0, num_samples, _SAMPLES_AT_ONCE):
            columns = slice(first, first + _SAMPLES_AT_ONCE)
            color, seen = classes.color[:, columns], classes.seen[:, columns]
            part = total[:, columns]  # a view
            for matrix, key in zip(matrices, keys, strict=True):
                sent = (key[color] * seen).index_select(0, matrix.column)
                sent *= matrix.weight.long()[:, None]
                part.index_add_(0, matrix.row(), sent)
        below, classes = classes, _classes(total if odd else total * turn, turn, odd)
        layers.append(_representatives(below, classes, matrices))
    sample, simplex = classes.color.T.nonzero().unbind(1)
    index = torch.stack([sample, classes.color[simplex, sample] - 1])
    shape = (num_samples, len(classes.member))
    pool = torch.sparse_coo_tensor(index, torch.ones_like(sample), shape, check_invariants=False)
    return FlowQuotient(start, tuple(layers), _rows_of(pool), len(matrices), size)


def require_quotient(quotient: object) -> None:
    """Raise ``TypeError`` unless this is a quotient."""
    if not isinstance(quotient, FlowQuotient):
        raise TypeError(
            f"quotient must be what .quotient(…) of the network returns, got "
            f"{type(quotient).__name__}."
        )


class _Classes(NamedTuple):
    """The classes of one round.

    Attributes:
        color: (n, m), 0 for the value 0 and else from 1.
        seen: (n, m) ±1, from the row of the class to the one here, in increasing vertex order.
        member: for each class a place in the flattened (m, n) table.
    """

    color: Tensor
    seen: Tensor
    member: Tensor


def _classes(total: Tensor, turn: Tensor, odd: bool) -> _Classes:
    flat = total.T.reshape(-1)
    place = flat.nonzero()[:, 0]
    values = flat[place].abs() if odd else flat[place]
    found, number = torch.unique(values, return_inverse=True)
    color = torch.zeros_like(flat)
    color[place] = number + 1
    member = place.new_empty(len(found)).scatter_(0, number, place)
    color = color.view(total.T.shape).T.contiguous()  # (n, m), as total is
    return _Classes(color, total.sign() if odd else turn * (color > 0), member)


def _representatives(
    below: _Classes, classes: _Classes, matrices: Sequence[SparseRows]
) -> SparseRows:
    """The rows of a layer, for one member of each class."""
    size = len(below.color)
    sample, simplex = classes.member // size, classes.member % size
    own = classes.seen[simplex, sample]
    rows, columns, weights = [], [], []
    for j, matrix in enumerate(matrices):
        picked = matrix.select(simplex)
        row, sender = picked.row(), picked.column
        sent = below.color[sender, sample[row]]
        there = sent > 0
        row, sender, sent = row[there], sender[there], sent[there]
        rows.append(row)
        columns.append((sent - 1) * len(matrices) + j)
        weights.append(picked.weight[there].long() * below.seen[sender, sample[row]] * own[row])
    index, weight = torch.stack([torch.cat(rows), torch.cat(columns)]), torch.cat(weights)
    shape = (len(classes.member), len(below.member) * len(matrices))
    return _rows_of(torch.sparse_coo_tensor(index, weight, shape, check_invariants=False))


def _identity(size: int, device: torch.device) -> SparseRows:
    place = torch.arange(size + 1, device=device)
    return SparseRows(place, place[:-1], torch.ones(size, device=device), size)


def _rows_of(matrix: Tensor) -> SparseRows:
    """A sparse COO matrix by rows, without zeros."""
    matrix = matrix.coalesce()
    kept = matrix.values() != 0
    row, column = matrix.indices()[:, kept]
    size = torch.bincount(row, minlength=matrix.shape[0])
    return SparseRows(_pointer(size), column, matrix.values()[kept].float(), matrix.shape[1])
