r"""Tables of rows that are looked up, as embeddings are, tied to a head or not.

An embedding multiplies one-hot rows by its table, so its Gram matrix is diagonal: how often each
row was looked up. A head whose weight is the same table W (V, n) multiplies other rows Z by its
transpose. Both together have the problem, in the displacement D (n, V) of the transpose,

.. math:: J(D) = \tfrac1{2R} \sum_v c_v ‖P D_v‖^2 + \tfrac1{2R} ‖Z D‖^2 + γ ⟨G, D⟩
    + \tfrac λ2 ‖D‖^2,

where c counts, R is the number of the rows of both uses, and P selects the columns of the table (a
bias of the head is not looked up). With :math:`M = Z^⊤Z/R + λ = L L^⊤` and the eigenvalues p of
:math:`L^{-1} P L^{-⊤} = Q \, \mathrm{diag}(p) \, Q^⊤` its solution is

.. math:: D_v = -γ L^{-⊤} Q \, \mathrm{diag}(1 + c_v p / R)^{-1} Q^⊤ L^{-1} G_v .

Without a head it is :math:`-γ G_v / (c_v/R + λ)`.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from optim.curvature import factorize
from optim.linear_map import MapAdapter, own_parameters


def table_maps(module: Any) -> dict[str, MapAdapter]:
    """The map of an ``nn.Embedding``; none where gradients are scaled by frequency.

    >>> list(table_maps(torch.nn.Embedding(7, 3))), list(
    ...     table_maps(torch.nn.Embedding(7, 3, scale_grad_by_freq=True))
    ... )
    ([''], [])
    """
    return {} if module.scale_grad_by_freq else {"": _LOOKUP}


def places(module: Any, input: Tensor) -> Tensor:
    """The rows of the table that an ``nn.Embedding`` looks up, (R,); padding is behind the last.

    >>> table = torch.nn.Embedding(7, 3, padding_idx=0)
    >>> places(table, torch.tensor([[4, 0], [4, 6]])).tolist()
    [4, 7, 4, 6]
    """
    pieces = input.unbind() if input.is_nested else (input,)
    flat = torch.cat([piece.reshape(-1) for piece in pieces])
    if module.padding_idx is None:
        return flat
    return torch.where(flat == module.padding_idx, module.num_embeddings, flat)


def counts(places: Tensor, rows: int) -> Tensor:
    """How often each row of a table was looked up, (rows,).

    >>> counts(torch.tensor([4, 7, 4, 6]), 7).tolist()
    [0, 0, 0, 0, 2, 0, 1]
    """
    return torch.bincount(places, minlength=rows)[:rows]


_LOOKUP = MapAdapter(
    rows=places, weights=lambda module: own_parameters(module, "weight"), lookup=True
)


@dataclass(frozen=True, eq=False)
class TableProblem:
    """The problem above, in the units of ``reduction``; what solvers read of a local problem.

    Args:
        counts: c / R, (V,).
        gram: Zᵀ Z / R of the head, (n, n); None without one.
        looked_up: Which columns are those of the table, (n,): the diagonal of P.
        gradient: G, (n, V).
        rows: R.
        gamma: γ in the units of ``reduction``.
        prox: λ in the same.
        reduction: "mean" over rows, or the paper's "sum".

    Laws:
        Without a head it is the dense problem of one-hot rows, which has the Gram matrix diag(c);
        with one, that of a stack of both uses' rows.

    >>> one = torch.ones(1, 1)
    >>> TableProblem(one[0], None, one[0] > 0, one, rows=1).solution().item()
    -1.0
    """

    counts: Tensor
    gram: Tensor | None
    looked_up: Tensor
    gradient: Tensor
    rows: int
    gamma: float = 1.0
    prox: float | Tensor = 0.0
    reduction: Literal["mean", "sum"] = "mean"

    @property
    def units(self) -> int:
        """The weight of a mean over rows."""
        return self.rows if self.reduction == "sum" else 1

    def mean_square(self) -> Tensor:
        """The mean diagonal entry of the curvature of D, a mean over rows."""
        both = self.looked_up.to(self.counts).mean() * self.counts.mean()
        return both if self.gram is None else both + self.gram.diagonal().mean()

    def curved(self, displacement: Tensor) -> Tensor:
        """The curvature without the proximal term, applied to D: (n, V)."""
        product = self.counts * torch.where(self.looked_up[:, None], displacement, 0.0)
        if self.gram is not None:
            product = torch.addmm(product, self.gram, displacement)
        return product * self.units

    def objective(self, displacement: Tensor) -> Tensor:
        """J(D), ()."""
        half = (self.curved(displacement) + self.prox * displacement) / 2
        return ((half + self.gamma * self.gradient) * displacement).sum()

    def slope(self, *, calls: int = 1) -> "TableSlope":
        """The gradient ∇J, to be called so many times."""
        return TableSlope(self)

    def backtrack(self, displacement: Tensor) -> Tensor:
        """D, or the part of it on its line where J is least if J is above its start there."""
        if bool(self.objective(displacement) <= 0):
            return displacement
        curved = self.curved(displacement) + self.prox * displacement
        down = -self.gamma * (self.gradient * displacement).sum()
        return displacement * (down / (curved * displacement).sum()).clamp(min=0.0, max=1.0)

    def posed(self, reduction: Literal["mean", "sum"], prox: float) -> "TableProblem":
        r"""The problem in units, damped by :math:`λ = \text{prox}` times the mean curvature."""
        problem = replace(self, reduction=reduction)
        return replace(problem, prox=prox * problem.units * self.mean_square())

    def solution(self) -> Tensor:
        """Where J is least, (n, V): of the batch's own curvature, as rare rows are rarely seen.

        Raises:
            ValueError: See ``optim.curvature.factorize``.
        """
        right = self.gradient * (-self.gamma)
        if self.gram is None:
            curvature = self.counts * self.units + self.prox
            return torch.where(curvature > 0, right / curvature, 0.0)
        lower = factorize(self.gram * self.units, prox=self.prox)
        inverse: Tensor = torch.linalg.solve_triangular(
            lower, torch.eye(len(lower), dtype=lower.dtype, device=lower.device), upper=False
        )
        chosen = inverse[:, self.looked_up]
        pair: tuple[Tensor, Tensor] = torch.linalg.eigh(chosen @ chosen.mT)
        values, vectors = pair
        basis = inverse.mT @ vectors
        damped = 1 + values.clamp_min(0)[:, None] * (self.counts * self.units)
        return basis @ ((basis.mT @ right) / damped)


class TableSlope:
    """The gradient of a :class:`TableProblem`, ∇J(D) = curvature · D + γ G + λ D."""

    def __init__(self, problem: TableProblem) -> None:
        self.problem = problem
        self.constant = problem.gradient * problem.gamma

    def __call__(self, displacement: Tensor) -> Tensor:
        """(n, V)."""
        damping = self.problem.prox * displacement
        return self.problem.curved(displacement).add_(self.constant).add_(damping)
