"""A learned vectorisation of diagrams, which sees them as sets of points."""

import torch
from torch import Tensor, nn

from simplex.complexes import require_int, require_word
from simplex.persistence._checks import require_diagram
from simplex.persistence._diagram import Diagram


_REDUCTIONS = ("sum", "mean", "max")


class PersLay(nn.Module):
    r"""Learned bumps over the diagrams, weighted by a learned power of the lifetime.

    .. math:: z_{p, q} = \underset{(b, d) ∈ D_p}{\text{reduce}}\ (d - b)^{α}
              e^{-\left((b - x_q)^2 + (d - b - y_q)^2\right) / 2 σ_q^2}

    with centres (x, y), widths σ and powers α > 0 of each degree. Classes that stay have bumps over
    their births alone, in channels of their own, without a weight.

    Args:
        channels: how many bumps of each kind per degree.
        max_dim: the top degree that is seen; classes above are left out.
        reduce: ``"sum"``, ``"mean"`` or ``"max"`` over the classes of a part.
        scale: about how large births and lifetimes are: centres start in [0, scale], and the unit
            of the lifetimes under the power is this.

    Shapes:
        Diagram of P parts → (P, 2 · channels · (max_dim + 1)); differentiable in the diagram too.

    Paper:
        Carrière et al., "PersLay: A Neural Network Layer for Persistence Diagrams and New Graph
        Topological Signatures", AISTATS 2020.

    Example:
        >>> from simplex import SimplicialComplex
        >>> from simplex.persistence import lower_star, persistence
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2)])
        >>> PersLay(8, max_dim=1)(persistence(lower_star(K, [0.0, 1.0, 2.0]))).shape
        torch.Size([1, 32])
    """

    def __init__(
        self, channels: int, max_dim: int = 1, *, reduce: str = "sum", scale: float = 1.0
    ) -> None:
        super().__init__()
        require_int("channels", channels, least=1)
        require_int("max_dim", max_dim, least=0)
        require_word("reduce", reduce, _REDUCTIONS)
        self.channels, self.max_dim, self.reduce, self.scale = channels, max_dim, reduce, scale
        degrees = max_dim + 1
        self.center = nn.Parameter(scale * torch.rand(2 * degrees, channels, 2))
        self.log_width = nn.Parameter(torch.full((2 * degrees, channels), scale / 4).log())
        self.log_power = nn.Parameter(torch.zeros(degrees))

    def forward(self, D: Diagram) -> Tensor:
        """One row for each part of the diagram."""
        require_diagram("D", D)
        D = D[self.max_dim >= D.dims]
        stays = ~D.death.detach().isfinite()
        kind = D.dims + stays * (self.max_dim + 1)  # (m,)
        dtype = self.center.dtype
        lifetime = torch.where(stays, 0, D.lifetime.masked_fill(stays, 0)).to(dtype)
        center, width = self.center[kind], self.log_width[kind].exp()  # (m, C, 2), (m, C)
        center = center * torch.stack([torch.ones_like(stays), ~stays], 1).to(dtype)[:, None]
        point = torch.stack([D.birth.to(dtype), lifetime], dim=1)
        bump = torch.exp(-(point[:, None] - center).square().sum(2) / (2 * width.square()))
        ends = ~stays & (lifetime.detach() > 0)
        share = torch.where(ends, lifetime / self.scale, 1.0)
        weight = share ** self.log_power[D.dims].exp()
        return self._reduced(D, kind, torch.where(stays | ends, weight, 0.0)[:, None] * bump)

    def _reduced(self, D: Diagram, kind: Tensor, rows: Tensor) -> Tensor:
        """(m, C) rows to (P, 2 · degrees · C)."""
        kinds = 2 * (self.max_dim + 1)
        cell = (D.part * kinds + kind)[:, None].expand_as(rows)
        none = rows.new_zeros(D.num_parts * kinds, self.channels)
        how = {"sum": "sum", "mean": "mean", "max": "amax"}[self.reduce]
        pooled = none.scatter_reduce(0, cell, rows, how, include_self=False)
        return pooled.view(D.num_parts, kinds * self.channels)

    def extra_repr(self) -> str:
        """As in the constructor."""
        return f"{self.channels}, max_dim={self.max_dim}, reduce={self.reduce!r}"
