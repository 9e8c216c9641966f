"""Laws of noise, and the one that belongs to a chain."""

from typing import Protocol

import torch
from torch import Tensor

from simplex.diffusion._checks import require_floats, require_generator, require_noise
from simplex.diffusion._cochains.checks import require_cochain


class Noise(Protocol):
    r"""A centred Gaussian law N(0, K) on tensors of a given shape.

    .. math::
        x_t = α_t \, x_0 + σ_t \, K^{1/2} ε

    Every schedule, sampler and loss of this package works with any K: the chain on x with noise
    K is the chain on K^{-1/2} x with white noise. K must be positive definite on the space that
    the data live in.

    Example:
        >>> noise: Noise = WhiteNoise()
        >>> noise.sample(torch.zeros(4, 2)).shape
        torch.Size([4, 2])
    """

    def sample(self, like: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Draw K^{1/2} ε with the shape, dtype and device of ``like``."""
        ...

    def whiten(self, x: Tensor) -> Tensor:
        """K^{-1/2} x, of the shape of ``x``: what the ELBO measures distances with."""
        ...


class WhiteNoise:
    """Independent standard normal numbers: K is the identity.

    Example:
        >>> WhiteNoise().whiten(torch.ones(2)).tolist()
        [1.0, 1.0]
    """

    def sample(self, like: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Draw ε with the shape, dtype and device of ``like``."""
        require_floats("like", like)
        require_generator(generator)
        return torch.randn(like.shape, generator=generator, dtype=like.dtype, device=like.device)

    def whiten(self, x: Tensor) -> Tensor:
        """The argument itself."""
        return x

    def __repr__(self) -> str:
        return "WhiteNoise()"


WHITE: Noise = WhiteNoise()


def noise_of(schedule: object, noise: Noise | None, *, whitens: bool = False) -> Noise:
    """The noise of a chain: the one that it carries, else the one given, else white."""
    carried: Noise | None = getattr(schedule, "noise", None)
    if noise is None:
        law = WHITE if carried is None else carried
        require_noise(law, whitens=whitens)
        return law
    require_noise(noise, whitens=whitens)
    if carried is not None and not same_noise(carried, noise):
        raise ValueError(
            f"noise must be that of the chain, {carried!r}, got {noise!r}. Leave it out, or train "
            "and sample with another chain, schedule.with_noise(noise)."
        )
    return noise


def require_noise_for(x: Tensor, noise: Noise) -> None:
    """Refuse the noise of a complex for cochains of another, where no draw of it would."""
    K, k = getattr(noise, "complex", None), getattr(noise, "k", None)
    if K is not None and k is not None:
        require_cochain(x, K.num_simplices(k))


def same_noise(one: Noise, other: Noise) -> bool:
    """Whether two laws are one: the same object, both white, or equal by their own word."""
    white = isinstance(one, WhiteNoise) and isinstance(other, WhiteNoise)
    return one is other or white or bool(one == other)


def name_of_noise(noise: Noise) -> str:
    """What a network remembers of the noise that it learned: the kind and the degree."""
    degree = getattr(noise, "k", None)
    kind = type(noise).__name__
    return kind if degree is None else f"{kind} of {degree}-cochains"
