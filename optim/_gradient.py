"""The gradient of a local objective, the one computation that every inner iteration repeats."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from optim._transfer import IDENTITY, Transfer


_IN_PLACE: Mapping[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]] = {
    torch.tanh: torch.tanh_,  # no fresh memory in each inner iteration
    torch.sigmoid: torch.sigmoid_,
    torch.relu: torch.relu_,
}


class LocalGradient:
    r"""The gradient :math:`∇J(D) = s Z^⊤(f(A_0 + Z D) - f(A_0)) + γ G + λ D`, in kept buffers.

    For f = identity the data term is s C D, from the Gram matrix where that costs less.

    Args:
        design: Z, (…, R, n).
        pre: A₀, (…, R, d).
        gradient: G = Zᵀg, (…, n, d).
        transfer: The layer's f.
        step: γ in the units of ``scale``.
        prox: λ in the units of ``scale``; a number, or one per problem (…,).
        scale: s; 1/R by default, 1 for the paper's sums.
        calls: How many evaluations are expected.

    >>> from optim._transfer import TRANSFERS
    >>> one = torch.ones(1, 1)
    >>> LocalGradient(one, one, one, TRANSFERS["tanh"], step=0.5)(torch.zeros(1, 1)).item()
    0.5
    """

    def __init__(
        self,
        design: Tensor,
        pre: Tensor,
        gradient: Tensor,
        transfer: Transfer,
        *,
        step: float,
        prox: float | Tensor = 0.0,
        scale: float | None = None,
        calls: int = 1,
    ) -> None:
        (R, n), d = design.shape[-2:], gradient.shape[-1]
        self.shape = gradient.shape
        self.scale = 1 / max(R, 1) if scale is None else scale
        self.design = _stacked(design)
        self.constant = _stacked(gradient).mul(step).contiguous()
        self.prox = prox if bool((torch.as_tensor(prox) != 0).any()) else 0.0
        self.gram = None
        if transfer is IDENTITY and R * n * n + calls * n * n * d < 2 * calls * R * n * d:
            self.gram = torch.bmm(self.design.mT, self.design)
        else:
            self.pre = _stacked(pre)
            self.post = transfer.f(self.pre)
            self.moved = torch.empty_like(self.post, memory_format=torch.contiguous_format)
            self.move = _IN_PLACE.get(transfer.f, transfer.f)
        self.slope = torch.empty_like(self.constant)

    def __call__(self, displacement: Tensor) -> Tensor:
        """The gradient at D, (…, n, d), in a buffer that the next call overwrites."""
        at = _stacked(displacement)
        if self.gram is not None:
            torch.baddbmm(self.constant, self.gram, at, alpha=self.scale, out=self.slope)
        else:
            torch.baddbmm(self.pre, self.design, at, out=self.moved)
            rise = self.move(self.moved).sub_(self.post)
            torch.baddbmm(self.constant, self.design.mT, rise, alpha=self.scale, out=self.slope)
        if isinstance(self.prox, Tensor):
            self.slope.addcmul_(at, self.prox.reshape(-1, 1, 1).to(at))
        elif self.prox:
            self.slope.add_(at, alpha=self.prox)
        return self.slope.view(self.shape)


def _stacked(matrices: Tensor) -> Tensor:
    """Any leading dimensions as one."""
    return matrices.reshape(-1, *matrices.shape[-2:])
