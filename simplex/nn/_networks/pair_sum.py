"""Upper sums of elementwise messages, block by block in the processor's cache."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, transformed
from simplex.operators import gather_facets, upper_sum


# Functions of single entries, without parameters and chance: they can be computed again.
_ELEMENTWISE = {
    torch.tanh, torch.relu, torch.sigmoid, torch.nn.functional.elu, torch.nn.functional.relu,
    torch.nn.functional.gelu, torch.nn.functional.silu, torch.nn.functional.softplus,
    torch.nn.functional.leaky_relu, torch.nn.functional.selu, torch.nn.functional.celu,
    torch.nn.functional.softsign, torch.nn.functional.mish,
}  # fmt: skip

_BLOCK = 1 << 17  # entries of a block: three such float32 blocks fit in a second-level cache
_SMALL = 1 << 20  # entries of a table that is not worth the loop


def upper_pair_sum(
    K: SimplicialComplex,
    own: Tensor,
    shared: Tensor,
    k: int,
    activation: Callable[[Tensor], Tensor],
) -> Tensor:
    r"""Sum over the upper neighbours of messages that are a function of a sum.

    .. math:: y_σ = \sum_{τ ∈ N_↑(σ),\, δ = σ ∪ τ} a( u_τ + v_δ )

    A dense map of a pair followed by an activation is of this form, with ``own`` and ``shared`` the
    two halves of the map (:class:`simplex.nn.SINConv`).

    On the CPU a large table of messages is never formed: blocks of cofacets are computed, summed
    and forgotten, and computed again in the backward pass. Memory is O(n_k + n_{k+1}), not
    O(incidences), and about a third of the time is saved.

    Args:
        own: (n_k, F) values u of the senders.
        shared: (n_{k+1}, F) values v of the cofacets.
        activation: a, row by row.
        K: the complex.
        k: degree of the receiving simplices.

    Returns:
        (n_k, F).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> x = torch.tensor([[1.0], [2.0], [3.0]])
        >>> upper_pair_sum(K, x, torch.zeros(2, 1), 0, torch.relu).squeeze(1).tolist()
        [2.0, 4.0, 2.0]
    """
    facets = K.facets(k + 1)
    blockwise = (
        activation in _ELEMENTWISE
        and own.device.type == "cpu"
        and own.dtype == shared.dtype
        and facets.numel() * own.shape[1] >= _SMALL
        and not torch.compiler.is_compiling()
        and not transformed()
    )
    if not blockwise:
        message = activation(gather_facets(K, own, k + 1) + shared[:, None])
        return upper_sum(K, message, k)
    result: Tensor = _Blockwise.apply(own, shared, activation, facets)  # type: ignore[no-untyped-call]
    return result


class _Blockwise(torch.autograd.Function):
    """The sum, and its gradient, over blocks of cofacets."""

    @staticmethod
    def forward(
        ctx: Any,
        own: Tensor,
        shared: Tensor,
        activation: Callable[[Tensor], Tensor],
        facets: Tensor,
    ) -> Tensor:
        ctx.save_for_backward(own, shared, facets)
        ctx.activation = activation
        result = torch.zeros_like(own)
        for table, above in _blocks(facets, shared):
            message = activation(_read(own, table) + above[:, None])  # (rows, k+2, F)
            others = message.sum(1, keepdim=True) - message
            result.index_add_(0, table.flatten(), others.flatten(0, 1))
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        own, shared, facets = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative is asked for: differentiable steps
            return *_gradients(own, shared, facets, ctx.activation, grad), None, None
        of_own, of_shared = torch.zeros_like(own), torch.empty_like(shared)
        start = 0
        for table, above in _blocks(facets, shared):
            arrived = _read(grad, table)
            arrived = arrived.sum(1, keepdim=True) - arrived
            with torch.enable_grad():
                total = (_read(own, table) + above[:, None]).requires_grad_()
                (step,) = torch.autograd.grad(ctx.activation(total), total, arrived)
            torch.sum(step, 1, out=of_shared[start : start + len(table)])
            of_own.index_add_(0, table.flatten(), step.flatten(0, 1))
            start += len(table)
        return of_own, of_shared, None, None


def _blocks(facets: Tensor, shared: Tensor) -> Any:
    rows = max(1, _BLOCK // (facets.shape[1] * shared.shape[1]))
    return zip(torch.split(facets, rows), torch.split(shared, rows), strict=True)


def _read(x: Tensor, table: Tensor) -> Tensor:
    return x.index_select(0, table.flatten()).view(*table.shape, x.shape[1])


def _gradients(
    own: Tensor,
    shared: Tensor,
    facets: Tensor,
    activation: Callable[[Tensor], Tensor],
    grad: Tensor,
) -> tuple[Tensor, Tensor]:
    message = activation(_read(own, facets) + shared[:, None])
    others = message.sum(1, keepdim=True) - message
    total = torch.zeros_like(own).index_add(0, facets.flatten(), others.flatten(0, 1))
    of_own, of_shared = torch.autograd.grad(total, (own, shared), grad, create_graph=True)
    return of_own, of_shared
