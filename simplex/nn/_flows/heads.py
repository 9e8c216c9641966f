"""What stands behind networks on cochains of one degree: a row per part, or per simplex."""

from typing import Any

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int, require_word
from simplex.nn._checks import require_orientation
from simplex.nn._flows.quotient import FlowQuotient
from simplex.nn._frame.level_readout import LevelReadout, make_readout
from simplex.nn._modules import Module, linear
from simplex.nn._reach import Reach
from simplex.operators import from_rows, pool_parts, to_rows


class PooledHead(nn.Module):
    """Pool over the simplices of each part, then ReLU(lin1), then lin2."""

    def __init__(
        self, channels: int, out_channels: int, k: int, reduce: str, absolute: bool
    ) -> None:
        super().__init__()
        require_word("reduce", reduce, ("sum", "mean"))
        self.k, self.reduce, self.absolute = k, reduce, absolute
        self.lin1 = linear(channels, channels)
        self.lin2 = linear(channels, out_channels)

    def forward(
        self, x: Tensor, complex: SimplicialComplex, orientation: Tensor | None = None
    ) -> Tensor:
        x = x.abs() if self.absolute else x
        pooled = pool_parts(to_rows(x), complex.part_pointer(self.k), self.reduce)
        return self.of_pooled(from_rows(pooled, x))  # (…, num_parts, C)

    def of_classes(self, x: Tensor, quotient: FlowQuotient) -> Tensor:
        pooled = quotient.pool @ x
        return self.of_pooled(pooled if self.reduce == "sum" else pooled / quotient.num_simplices)

    def of_pooled(self, pooled: Tensor) -> Tensor:
        out: Tensor = self.lin2(torch.relu(self.lin1(pooled)))
        return out


class LevelHead(Module):
    """Carry a k-cochain to the simplices of a level, by a :class:`LevelReadout`."""

    def __init__(self, readout: LevelReadout) -> None:
        super().__init__()
        self.readout, (self.k,) = readout, readout.dims

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return self.readout.reach

    def forward(
        self, x: Tensor, complex: SimplicialComplex, orientation: Tensor | None = None
    ) -> Tensor:
        if orientation is None or not self.readout.signed:
            return self.readout.carry({self.k: x}, complex)
        require_orientation(x, orientation)
        sign = orientation.to(x.dtype)[..., None]
        rows = self.readout.carry({self.k: sign * x}, complex)  # in the orientation of the complex
        return sign * rows if self.readout.level == self.k else rows


def make_flow_head(
    channels: int,
    out_channels: int,
    k: int,
    reduce: str,
    *,
    level: int | None,
    signed_output: bool = False,
    absolute: bool = False,
) -> PooledHead | LevelHead:
    """The head of a network on k-cochains."""
    require_word("reduce", reduce, ("sum", "mean"))
    if level is None and not signed_output:
        return PooledHead(channels, out_channels, k, reduce, absolute)
    options: dict[str, Any] = {"absolute": absolute, "signed_output": signed_output}
    level = None if level is None else require_int("level", level, 0)
    readout = make_readout(
        channels, channels, out_channels, [k], level=level, reduce=reduce, **options
    )
    assert isinstance(readout, LevelReadout)
    return LevelHead(readout)


def pooled_head(head: PooledHead | LevelHead) -> PooledHead:
    """The head, which must be one that pools."""
    if isinstance(head, LevelHead):
        raise ValueError("level must be None to apply a network to the classes of a quotient.")
    return head
