"""What a process adds: white noise, and the interface that coloured noises share with it."""

from typing import Protocol

import torch
from torch import Tensor


class Noise(Protocol):
    r"""A centred Gaussian law N(0, K) on tensors of a given shape.

    .. math::
        x_t = α_t \, x_0 + σ_t \, K^{1/2} ε

    Every schedule, sampler and loss of this package works with any K: the chain on x with noise
    K is the chain on K^{-1/2} x with white noise. K must be positive definite on the space that
    the data live in.

    Example:
        >>> noise: Noise = White()
        >>> noise.sample(torch.zeros(4, 2)).shape
        torch.Size([4, 2])
    """

    def sample(self, like: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Draw K^{1/2} ε with the shape, dtype and device of ``like``."""
        ...

    def whiten(self, x: Tensor) -> Tensor:
        """K^{-1/2} x, of the shape of ``x``: what the ELBO measures distances with."""
        ...


class White:
    """Independent standard normal numbers: K is the identity.

    Example:
        >>> White().whiten(torch.ones(2)).tolist()
        [1.0, 1.0]
    """

    def sample(self, like: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Draw ε with the shape, dtype and device of ``like``."""
        return torch.randn(like.shape, generator=generator, dtype=like.dtype, device=like.device)

    def whiten(self, x: Tensor) -> Tensor:
        """The argument itself."""
        return x

    def __repr__(self) -> str:
        return "White()"


WHITE: Noise = White()
