r"""Parameters as rows of the weights W of a linear map: as they are, or as parametrised."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


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
    def parameters(self) -> tuple[nn.Parameter, ...]:
        """The parameter, or those that it is made of."""
        return (self.parameter,)

    @property
    def layout(self) -> tuple[int, int]:
        """Equal for two blocks that read the same parameter in the same way."""
        return (id(self.parameter), self.groups)

    @property
    def columns(self) -> int:
        """Number n_k of columns of Z that meet this block."""
        return self.parameter[0].numel()

    @property
    def trainable(self) -> bool:
        """Whether a parameter requires a gradient now."""
        return any(parameter.requires_grad for parameter in self.parameters)

    @property
    def moving(self) -> bool:
        """Whether a trainable parameter has a gradient; None means leave alone, as in torch."""
        return any(map(_moves, self.parameters))

    def value(self) -> Tensor:
        """The weights as they are now, detached, in the shape of the parameter."""
        return self.parameter.detach()

    def gradient(self) -> Tensor:
        """The gradient of a moving block's weights, dense, in the shape of the parameter."""
        return _dense_grad(self.parameter)

    def moved(self, change: Tensor, decay: float) -> list[tuple[nn.Parameter, Tensor]]:
        """The moving parameters with their new values, those of the weights decay · W + change."""
        kept = self.parameter if decay == 1 else self.parameter * decay
        return [(self.parameter, kept + change)]

    def pack(self, tensor: Tensor) -> Tensor:
        """(d, n_k, …) to (n_k, d), or (groups, n_k, d / groups); a view where strides allow."""
        outputs = (-1,) if self.groups == 1 else (self.groups, tensor.shape[0] // self.groups)
        return tensor.reshape(*outputs, self.columns).mT

    def unpack(self, matrix: Tensor) -> Tensor:
        """The inverse of :meth:`pack`: shape of the parameter."""
        return matrix.mT.reshape(self.parameter.shape)


def _moves(parameter: nn.Parameter) -> bool:
    return parameter.requires_grad and parameter.grad is not None


def _dense_grad(parameter: nn.Parameter) -> Tensor:
    """The gradient of a parameter, zero where it does not move."""
    if not _moves(parameter):
        return torch.zeros_like(parameter)
    assert parameter.grad is not None
    grad = parameter.grad.detach()
    return grad.to_dense() if grad.is_sparse else grad


@dataclass(frozen=True, eq=False)
class NormedBlock(Block):
    r"""A weight in polar coordinates, :math:`W = g v / ‖v‖`, as ``weight_norm`` parametrises it.

    The gradients of g and v are those of W along v and across it, so that they give it back,
    :math:`∂W = \tfrac{‖v‖}{g} ∂v + \tfrac{v}{‖v‖} ∂g`; a new W is written as its own length and
    direction, with v stretched as W is. Where only one of them trains, W moves along or across v.

    Args:
        parameter: v.
        magnitude: g, of the shape of ‖v‖.
        dim: The dimension that norms are taken for each entry of; -1 for one norm of all.
    """

    magnitude: nn.Parameter = field(kw_only=True)
    dim: int = 0

    @property
    def parameters(self) -> tuple[nn.Parameter, ...]:
        """G and v."""
        return (self.magnitude, self.parameter)

    def _length(self, tensor: Tensor) -> Tensor:
        return torch.norm_except_dim(tensor, 2, self.dim).reshape(self.magnitude.shape)

    def _along(self, tensor: Tensor, unit: Tensor) -> Tensor:
        """Inner products with the unit directions, in the shape of g."""
        kept = self.dim % tensor.dim() if self.dim != -1 else -1
        axes = [axis for axis in range(tensor.dim()) if axis != kept]
        return (tensor * unit).sum(axes, keepdim=True).reshape(self.magnitude.shape)

    @torch.no_grad()
    def value(self) -> Tensor:
        """W."""
        return self.parameter * (self.magnitude / self._length(self.parameter))

    def _stretch(self) -> Tensor:
        """‖v‖ / g, zero where W is zero and has no direction."""
        length = self._length(self.parameter)
        return torch.where(self.magnitude == 0, 0.0, length / self.magnitude)

    @torch.no_grad()
    def gradient(self) -> Tensor:
        """The gradient of W."""
        across = _dense_grad(self.parameter) * self._stretch()
        unit = self.parameter / self._length(self.parameter)
        return across.addcmul_(_dense_grad(self.magnitude).expand_as(unit), unit)

    @torch.no_grad()
    def moved(self, change: Tensor, decay: float) -> list[tuple[nn.Parameter, Tensor]]:
        """G and v of the new W, those of them that move."""
        target, unit = self.value() * decay + change, self.parameter / self._length(self.parameter)
        turned = target * self._stretch()
        turned = torch.where(self._length(turned) == 0, self.parameter, turned)
        moved = []
        if _moves(self.parameter):
            moved.append((self.parameter, turned))
            unit = turned / self._length(turned)
        if _moves(self.magnitude):
            moved.append((self.magnitude, self._along(target, unit)))
        return moved
