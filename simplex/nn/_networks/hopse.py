"""HOPSE, encodings of the place of each simplex and no messages: layer and network."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int
from simplex.nn._checks import require_functions
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import ComplexConv
from simplex.nn._modules import Widths, linear
from simplex.nn._reach import NOTHING, Reach


Blocks = Sequence[int] | Sequence[Sequence[int]] | None


class HOPSEConv(ComplexConv):
    r"""A map and an activation for each block of columns, and one map of them all.

    .. math::
        X'_k = \big( a(X_{k,1} V_{k,1} + v_{k,1}) ‖ … ‖ a(X_{k,J} V_{k,J} + v_{k,J}) \big) W_k + w_k

    A block holds the features, or one encoding. No simplex sees another: what they are to each
    other is in the encodings.

    Args:
        in_channels, out_channels, max_dim: see :class:`ComplexConv`; out_channels also within.
        blocks: how many columns each block has, in their order: ``(7, 8, 3)`` in all dimensions, or
            one such list per dimension; ``None`` for one block.
        activation: a.

    Laws:
        Those of :class:`ComplexConv`; of the complex it looks at nothing.

    Cost:
        O(simplices · (in_channels + J · out_channels) · out_channels), whatever the incidences.

    Paper:
        Carrasco, Bernardez, Montagna, Miolane, Telyatnikov, "HOPSE: Scalable Higher-Order
        Positional and Structural Encoder for Combinatorial Representations", arXiv:2505.15405, the
        variant M. Departures: see :class:`HOPSE`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = HOPSEConv(8, 16, max_dim=2, blocks=(5, 3))
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 16), (4, 16), (1, 16)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        blocks: Blocks = None,
        activation: Callable[[Tensor], Tensor] = torch.relu,
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim)
        require_functions(activation=activation)
        self.blocks, self.activation = blocks, activation
        self.columns = _columns(blocks, self.widths)
        self.encode = nn.ModuleList(
            nn.ModuleList(linear(width, out_channels) for width in columns)
            for columns in self.columns
        )
        self.combine = nn.ModuleList(
            linear(len(columns) * out_channels, out_channels) for columns in self.columns
        )

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return NOTHING

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """The blocks of each dimension."""
        return [self._combined(values, k) for k, values in enumerate(x)]

    def _combined(self, x: Tensor, k: int) -> Tensor:
        columns = [x.shape[1]] if self.columns[k] == [-1] else self.columns[k]
        if sum(columns) != x.shape[1]:
            raise ValueError(
                f"x[{k}] must have as many columns as the blocks {tuple(columns)} together, got "
                f"{x.shape[1]}."
            )
        parts = zip(self.encode[k], torch.split(x, columns, dim=1), strict=True)  # type: ignore[call-overload]
        read = [self.activation(lin(values)) for lin, values in parts]
        result: Tensor = self.combine[k](torch.cat(read, dim=1))
        return result


class HOPSE(StackedNetwork):
    r"""Positional and structural encodings, each through a map of its own, and no messages.

    .. math::
        h_k^{(1)} = a\Big( \text{norm}\Big( \big\Vert_j a(X_{k,j} V_{k,j} + v_{k,j}) W_k + w_k
                    \Big)\Big), \qquad y = \text{Readout}(h^{(L)}, K)

    The encodings are columns of the cochains: those of the transforms that append some
    (:class:`simplex.transforms.HarmonicEnergies` and the others there), and ``blocks`` says how
    many columns each has, the features first. Layers after the first have one block.

    Departures from the paper: (1) It computes encodings on one Hasse graph per neighbourhood; here
    they are what the transforms append, one block for each. (2) A block has one dense layer and
    all of them the next, where the authors' code keeps them apart, with skips and layer norm,
    until the readout. (3) The readout is the common one.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        blocks: of :class:`HOPSEConv`, in the first layer.
        activation: of all layers, ReLU.
        norm: after each layer, ``"batch"``.
        embed: False, as an encoder would make one block of all.

    Laws:
        Invariant under relabelling if the encodings are equivariant; under reorientation if they
        do not change with it. As strong as they are: two complexes whose encodings agree as
        multisets are alike.

    Cost:
        O(simplices · width); nothing of the complex is looked at but its parts.

    Paper:
        Carrasco et al., arXiv:2505.15405.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = HOPSE(8, 16, 2, num_layers=1, max_dim=2, blocks=(5, 3))
        >>> model([torch.ones(n, 8) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = HOPSEConv, {"activation": torch.relu, "norm": "batch", "embed": False}
    activates = ("layer", "network")

    def _of_layer(self, number: int, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Only the first layer has blocks."""
        return options if number == 0 else {**options, "blocks": None}


def _columns(blocks: Blocks, widths: Sequence[int]) -> list[list[int]]:
    """The sizes of the blocks of each dimension, which must make up its width."""
    if blocks is None:
        return [[width] for width in widths]
    if not isinstance(blocks, Sequence) or isinstance(blocks, str | bytes) or not len(blocks):
        raise TypeError(f"blocks must be a list of numbers of columns, got {blocks!r}.")
    if all(isinstance(each, Sequence) for each in blocks):
        columns = [[require_int("blocks", size, 1) for size in each] for each in blocks]  # type: ignore[union-attr]
    else:
        columns = [[require_int("blocks", size, 1) for size in blocks]] * len(widths)
    sums = [sum(each) for each in columns]
    if len(sums) != len(widths) or any(
        given not in (-1, total) for given, total in zip(widths, sums, strict=True)
    ):
        raise ValueError(
            f"blocks must make up the widths of all dimensions, {list(widths)}, got {blocks!r}, "
            f"which make up {sums}. Where the widths differ, give one list per dimension."
        )
    return columns
