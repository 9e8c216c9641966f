"""EDM: preconditioned networks over noise levels, and Heun's method with churn."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from simplex.complexes import require_real
from simplex.diffusion._calls import Arguments, calling, like_data
from simplex.diffusion._checks import (
    number_of_steps,
    require_callable,
    require_count,
    require_floats,
    require_generator,
    require_noise,
    require_number,
    require_numbers,
    require_preconditioner,
    require_same_shape,
    require_steps,
)
from simplex.diffusion._gaussian import WHITE, Noise
from simplex.diffusion._grids import edm_sigmas
from simplex.diffusion._kinds import DENOISED, SCALED, record_kind, require_kind, saying
from simplex.diffusion._rows import (
    Model,
    combine,
    inputs_at,
    per_row,
    row_mean,
    rows_of_times,
    unrolled,
    vanishes,
)
from simplex.diffusion._trajectory import Callback, require_callback, told
from simplex.diffusion._walk import Grid, checked


@dataclass(frozen=True)
class EDMPreconditioner:
    r"""Scale inputs and outputs of a network so that both have unit variance at every level.

    .. math::
        D(x; σ) &= c_{skip} x + c_{out} F(c_{in} x; \tfrac 1 4 \ln σ) \\
        c_{skip} &= \frac{s^2}{σ^2 + s^2} \quad c_{out} = \frac{σ s}{\sqrt{σ^2 + s^2}} \quad
        c_{in} = \frac{1}{\sqrt{σ^2 + s^2}} \quad
        w = \frac{σ^2 + s^2}{(σ s)^2}

    where s is the standard deviation of the data. The loss takes the same object, so the two
    cannot disagree about s.

    Args:
        sigma_data: s > 0.
        log_mean: the mean of ln σ in training.
        log_std: its standard deviation.

    Raises:
        ValueError: ``sigma_data`` or ``log_std`` that is not positive.

    Paper:
        T. Karras et al., "Elucidating the design space of diffusion-based generative models",
        2022, table 1, with their defaults.

    Example:
        >>> EDMPreconditioner(0.5).weight(torch.tensor(0.5)).item()
        8.0
    """

    sigma_data: float = 0.5
    log_mean: float = -1.2
    log_std: float = 1.2

    def __post_init__(self) -> None:
        require_real("sigma_data", self.sigma_data, 0, open=True)
        require_real("log_mean", self.log_mean)
        require_real("log_std", self.log_std, 0, open=True)

    def sigmas(
        self, rows: int, *, like: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Noise levels to train with: (rows,), ln σ ~ N(log_mean, log_std²)."""
        require_count("rows", rows, 0)
        require_generator(generator)
        if like is not None:
            require_floats("like", like)
        dtype = None if like is None else like.dtype
        device = None if like is None else like.device
        normal = torch.randn(rows, generator=generator, dtype=dtype, device=device)
        return (self.log_mean + self.log_std * normal).exp()

    def weight(self, sigma: Tensor) -> Tensor:
        """The weight w of the loss, which makes that of F plain least squares."""
        require_floats("sigma", sigma)
        s = self.sigma_data
        return (sigma.square() + s**2) / (sigma * s).square()

    def denoiser(self, network: Model) -> Model:
        """D(x, σ) from a network F(x, ¼ ln σ); σ is one number or one per row of x."""
        require_callable("network", network)
        require_kind(network, SCALED)
        s = self.sigma_data

        def denoise(x: Tensor, sigma: Tensor) -> Tensor:
            require_floats("x", x)
            require_floats("sigma", sigma)
            level = sigma.reshape(tuple(sigma.shape) + (1,) * (x.dim() - sigma.dim()))
            total = level.square() + s**2
            root = total.sqrt()
            answer = network(x / root, rows_of_times(sigma.log() / 4, x))
            output = like_data("the output of the network", answer, x)
            return (s**2 / total) * x + (level * s / root) * output

        return saying(denoise, DENOISED)


def heun_edm(
    denoise: Model,
    x: Tensor,
    sigmas: Grid,
    *,
    churn: float = 0.0,
    churn_range: tuple[float, float] = (0.0, math.inf),
    churn_noise: float = 1.0,
    noise: Noise = WHITE,
    model_kwargs: Arguments | None = None,
    callback: Callback | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Walk down noise levels with Heun's method, adding some noise before each step if asked.

    .. math::
        \hat σ_i &= σ_i (1 + γ_i), \quad \hat x = x + \sqrt{\hat σ_i^2 - σ_i^2} \, S_{noise} z
        \qquad γ_i = \min(S_{churn} / N, \sqrt 2 - 1) \\
        d(x, σ) &= (x - D(x; σ)) / σ \\
        x_{i+1} &= \hat x + \tfrac 1 2 (σ_{i+1} - \hat σ_i)
        \left( d(\hat x, \hat σ_i) + d(x', σ_{i+1}) \right)

    with x' the Euler step; a step to level 0 is an Euler step. N levels cost 2N - 1 evaluations.

    Args:
        denoise: D(x, σ), the denoised data; it gets one σ per row of x, (rows,). See
            :meth:`EDMPreconditioner.denoiser` and :func:`denoiser_from_chain`.
        x: noise of standard deviation ``sigmas[0]``, in the scale x_0 + σ ε.
        sigmas: a number of levels N, for ``edm_sigmas(N)``, from 80; or levels, falling strictly,
            the last usually 0: (N + 1,) or (N + 1, rows).
        churn: S_churn ≥ 0; 0 is deterministic.
        churn_range: levels (S_tmin, S_tmax) between which noise is added.
        churn_noise: S_noise, the scale of the noise added.
        noise: the law of the noise added.
        model_kwargs: as in :func:`ddpm`.
        callback: as there; its time is the level.
        generator: as there.

    Returns:
        x at the last level.

    Raises:
        ValueError: levels that are negative or do not fall strictly.

    Laws:
        Of order 2 in the step.

    Paper:
        T. Karras et al., 2022, as for :class:`EDMPreconditioner`, algorithm 2.

    Example:
        >>> from simplex.diffusion import edm_sigmas
        >>> sigmas = edm_sigmas(18)
        >>> def exact(x, sigma):  # for standard normal data
        ...     return x / (1 + sigma[:, None] ** 2)
        >>> heun_edm(exact, 80 * torch.ones(4, 2), sigmas)[0, 0].item()
        1.0...
    """
    denoise = calling("denoise", denoise, model_kwargs)
    require_kind(denoise, DENOISED)
    require_floats("x", x)
    require_callback(callback)
    require_noise(noise)
    require_generator(generator)
    require_number("churn", churn)
    require_number("churn_noise", churn_noise)
    if not (churn >= 0 and churn_noise >= 0):  # infinite churn is as much as there may be
        raise ValueError(f"churn and churn_noise must be at least 0, got {churn}, {churn_noise}.")
    levels = _falling_levels(sigmas)
    low, high = _churn_range(churn_range)
    growth = min(churn / (len(levels) - 1), math.sqrt(2) - 1)
    gamma = torch.where((levels[:-1] >= low) & (levels[:-1] <= high), growth, 0.0)
    here, there = levels[:-1] * (1 + gamma), levels[1:]
    added = churn_noise * levels[:-1] * ((1 + gamma).square() - 1).sqrt()
    # Euler is a mean of x and D; Heun, written out, keeps the coefficient of x.
    ratio, jump = there / here, there - here
    on_second = -jump / (2 * there)
    on_first = -jump / (2 * here) - on_second * (1 - ratio)
    last = bool((there[-1] == 0).all())
    steps = zip(
        inputs_at(here, x),
        inputs_at(there, x),
        *(unrolled(c, x) for c in (added, ratio, 1 - ratio, on_first, on_second)),
        strict=True,
    )
    with torch.no_grad():
        x = told(callback, 0, inputs_at(levels[:1], x)[0], x)
        for i, (sigma, sigma_next, a, r, e, b, c) in enumerate(steps):
            if not vanishes(a):
                x = combine((1.0, x), (a, noise.sample(x, generator=generator)))
            clean = checked(denoise(x, sigma), x, sigma, i)
            euler = combine((r, x), (e, clean))
            if last and i == len(levels) - 2:
                return told(callback, i + 1, sigma_next, euler)
            cleaner = checked(denoise(euler, sigma_next), x, sigma_next, i)
            x = told(callback, i + 1, sigma_next, combine((r, x), (b, clean), (c, cleaner)))
    return x


def _churn_range(given: object) -> tuple[float, float]:
    """The two levels between which there is churn."""
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise TypeError(f"churn_range must be a pair of levels, got {given!r}.")
    for level in given:
        require_number("the levels of churn_range", level)
    return given[0], given[1]


def _falling_levels(sigmas: Grid) -> Tensor:
    """The levels as float64, checked; 0 may only stand at the end, for all rows at once."""
    number = number_of_steps(sigmas)
    given = sigmas if number is None else edm_sigmas(number)
    levels = require_numbers("sigmas", given, torch.float64)
    require_steps(levels)
    if not ((levels[1:] < levels[:-1]).all() and (levels[-1] >= 0).all()):
        raise ValueError(
            "sigmas must fall strictly and be at least 0, got "
            f"{levels.min().item()} to {levels.max().item()}. edm_sigmas gives such levels."
        )
    arrived = levels[-1] == 0
    if arrived.any() and not arrived.all():
        raise ValueError("sigmas must reach 0 in all rows or in none.")
    return levels


def edm_loss(
    network: Model,
    x0: Tensor,
    sigma: Tensor,
    eps: Tensor,
    preconditioner: EDMPreconditioner,
    *,
    model_kwargs: Arguments | None = None,
) -> Tensor:
    r"""The weighted squared error of the denoised data, per row.

    .. math::
        w(σ) \, \| D(x_0 + σ ε; σ) - x_0 \|^2

    as a mean over the components of each row.

    Args:
        network: F, which gets c_in x and ¼ ln σ.
        x0: data of any shape.
        sigma: (rows,) noise levels, for example ``preconditioner.sigmas(len(x0))``.
        eps: noise of the shape of the data.
        preconditioner: the same object that makes the denoiser for sampling.
        model_kwargs: further keyword arguments of the network.

    Returns:
        (rows,) losses.

    Paper:
        T. Karras et al., 2022, as for :class:`EDMPreconditioner`, equation 8.

    Example:
        >>> x0, sigma = torch.zeros(3, 2), torch.tensor([0.1, 1.0, 10.0])
        >>> edm_loss(lambda x, t: 0 * x, x0, sigma, 0 * x0, EDMPreconditioner()).tolist()
        [0.0, 0.0, 0.0]
    """
    require_callable("network", network)
    require_floats("x0", x0)
    require_same_shape("eps", eps, x0)
    require_floats("sigma", sigma)
    require_preconditioner(preconditioner)
    if sigma.shape not in ((), x0.shape[:1]):
        raise ValueError(f"sigma must be one per row, ({len(x0)},), got {tuple(sigma.shape)}.")
    noisy = combine((1.0, x0), (per_row(sigma, x0), eps))
    called = calling("network", network, model_kwargs)
    denoised = preconditioner.denoiser(lambda x, t: called(x, t))(noisy, sigma)
    record_kind(network, denoised, SCALED)
    return preconditioner.weight(sigma) * row_mean((denoised - x0).square())
