r"""Linear maps: a module whose output is ``A = Z W``, its design matrix Z, and its parameters as W.

A map is known by two functions: the *rows* ``Z`` of its inputs, and the *weights* W as parameters
in the order of Z's columns. Gradients and displacements are read and written in the same layout.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn


@runtime_checkable
class LinearModule(Protocol):
    """A module that says itself what linear map it is: two methods, no import, no base class.

    For a layer ``y = Σ_k A_k X W_k + 1 bᵀ`` the rows are ``[A_1 X | … | A_K X | 1]`` and the
    weights ``[W_1, …, W_K, b]``; where the bias comes before an aggregation,
    ``y = A (X W + 1 bᵀ)``, the last column is ``A 1``. Rows must not depend on random numbers nor
    change buffers: they are made after the forward pass. The module's output must be a tensor with
    features last.
    """

    def locoprop_rows(self, *inputs: Any, **options: Any) -> Tensor:
        """The design matrix (…, R, n) of one call, all columns, one row for each output row."""
        ...

    def locoprop_weights(self) -> Sequence[nn.Parameter]:
        """Parameters in column order: (d, n_k) in torch's layout, or (d,) for one bias column."""
        ...


@dataclass(frozen=True)
class MapAdapter:
    """How modules of one type are read as linear maps.

    Args:
        rows: ``(module, *inputs, **options) -> Z``, (R, n), or (groups, R, n) with groups.
        weights: ``module -> parameters`` in column order; empty where the module is no map.
        groups: ``module -> number`` of independent problems of equal shape that split the outputs.
        features: ``module -> axis`` of the features in the module's output, negative: from the end.
        pre: ``(module, output) -> A``, the output as pre-activations (…, R, d) in the order of the
            rows; None where it is easier to multiply Z W again.
    """

    rows: Callable[..., Tensor]
    weights: Callable[[Any], Sequence[nn.Parameter]]
    groups: Callable[[Any], int] = lambda module: 1
    features: Callable[[Any], int] = lambda module: -1
    pre: Callable[[Any, Tensor], Tensor] | None = None


@dataclass(frozen=True, eq=False)
class Block:
    """One parameter as rows of W: ``pack`` reads a tensor of its shape so, ``unpack`` undoes it.

    Args:
        parameter: (d, n_k, …) in torch's layout, later dimensions count as inputs; or (d,), a bias.
        groups: Number of groups that split the outputs d; 1 gives matrices without a group axis.

    >>> Block(nn.Parameter(torch.zeros(4, 3, 2, 2))).pack(torch.zeros(4, 3, 2, 2)).shape
    torch.Size([12, 4])
    """

    parameter: nn.Parameter
    groups: int = 1

    @property
    def layout(self) -> tuple[int, int]:
        """Equal for two blocks that read the same parameter in the same way."""
        return (id(self.parameter), self.groups)

    @property
    def columns(self) -> int:
        """Number n_k of columns of Z that meet this block."""
        return self.parameter[0].numel()

    def pack(self, tensor: Tensor) -> Tensor:
        """(d, n_k, …) to (n_k, d), or (groups, n_k, d / groups); a view where strides allow."""
        outputs = (-1,) if self.groups == 1 else (self.groups, tensor.shape[0] // self.groups)
        return tensor.reshape(*outputs, self.columns).mT

    def unpack(self, matrix: Tensor) -> Tensor:
        """The inverse of :meth:`pack`: shape of the parameter."""
        return matrix.mT.reshape(self.parameter.shape)


@dataclass(frozen=True, eq=False)
class Member:
    """One module of a map, with the adapter that reads it."""

    name: str
    module: nn.Module
    adapter: MapAdapter

    @property
    def features(self) -> int | None:
        """Axis of the map's features in the output, negative; None where groups split them."""
        return None if self.adapter.groups(self.module) > 1 else self.adapter.features(self.module)


@dataclass(frozen=True, eq=False)
class LinearMap:
    """One local problem: the modules that share its parameters, and the parameters as W.

    Matrices have shapes (n, d), or (groups, n, d): n columns of Z, d outputs. Numbers are at least
    float32, whatever the parameters are. Parameters that do not move, frozen or without a gradient,
    keep their columns in :meth:`weights` (they are part of the pre-activations) and have none in
    :meth:`gradient` and :meth:`add_`.
    """

    members: tuple[Member, ...]
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        """Name of the module in the model; several, joined by " + ", share their parameters."""
        return " + ".join(member.name for member in self.members)

    @property
    def parameters(self) -> tuple[nn.Parameter, ...]:
        """All parameters in column order, frozen ones included."""
        return tuple(block.parameter for block in self.blocks)

    @property
    def trainable(self) -> tuple[Block, ...]:
        """Blocks whose parameter requires a gradient now."""
        return tuple(block for block in self.blocks if block.parameter.requires_grad)

    @property
    def moving(self) -> tuple[Block, ...]:
        """Trainable blocks that have a gradient; ``grad`` None means leave alone, as in torch."""
        return tuple(block for block in self.trainable if block.parameter.grad is not None)

    @property
    def dtype(self) -> torch.dtype:
        """The numbers of the local problem are those of the parameters, float32 at least."""
        return torch.promote_types(self.blocks[0].parameter.dtype, torch.float32)

    @torch.no_grad()
    def rows(self, member: Member, *inputs: Any, **options: Any) -> Tensor:
        """Design matrix Z (…, R, n) of one call of one member, all columns."""
        weight = self.blocks[0].parameter
        design = member.adapter.rows(member.module, *inputs, **options)
        expected = sum(block.columns for block in self.blocks)
        if design.shape[-1] != expected:
            raise ValueError(
                f"rows of {member.name!r} ({type(member.module).__name__}) must have {expected} "
                f"columns, one for each input of its weights, got {tuple(design.shape)}. "
                "Mind the bias column."
            )
        return design.to(device=weight.device, dtype=self.dtype)

    def weights(self) -> Tensor:
        """W0 (…, n, d): all parameters stacked as they are now, detached."""
        return self._stack(self.blocks, [block.parameter.detach() for block in self.blocks])

    def gradient(self) -> Tensor:
        """G = Zᵀ g (…, n, d): ``grad`` of the moving parameters stacked."""
        grads = [block.parameter.grad for block in self.moving]
        return self._stack(self.moving, [grad.detach() for grad in grads if grad is not None])

    def moving_columns(self, design: Tensor) -> Tensor:
        """The columns of Z (…, R, n) that meet moving parameters; Z itself if all are."""
        moving = self.moving
        if len(moving) == len(self.blocks):
            return design
        pieces = torch.split(design, [block.columns for block in self.blocks], dim=-1)
        kept = [piece for piece, b in zip(pieces, self.blocks, strict=True) if b in moving]
        return torch.cat(kept, dim=-1)

    @torch.no_grad()
    def add_(self, displacement: Tensor) -> None:
        """Adds D (…, n, d), in the columns of :meth:`gradient`, to the moving parameters."""
        blocks = self.moving
        pieces = torch.split(displacement, [block.columns for block in blocks], dim=-2)
        for block, piece in zip(blocks, pieces, strict=True):
            block.parameter.add_(block.unpack(piece))

    def _stack(self, blocks: Sequence[Block], tensors: Sequence[Tensor]) -> Tensor:
        packed = [b.pack(t).to(self.dtype) for b, t in zip(blocks, tensors, strict=True)]
        return packed[0] if len(packed) == 1 else torch.cat(packed, dim=-2)
