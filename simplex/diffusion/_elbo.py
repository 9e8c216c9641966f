"""The variational bound on the likelihood of a chain, term by term."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.complexes import require_int, require_real
from simplex.diffusion._calls import Arguments, calling
from simplex.diffusion._checks import (
    pair_of,
    require_schedule,
    require_to_data,
    require_walk,
)
from simplex.diffusion._gaussian import (
    WHITE,
    Noise,
    Variance,
    is_learned,
    learned_variance,
    noise_of,
    q_sample,
    reverse_variance,
    step_coefficients,
)
from simplex.diffusion._kinds import Target, require_learned_noise, target_of
from simplex.diffusion._parameterization import convert_prediction
from simplex.diffusion._rows import aligned, row_size, row_sum
from simplex.diffusion._schedule import DiscreteSchedule
from simplex.diffusion._walk import Grid, checked, model_inputs, walk_times


Decoder = Callable[[Tensor, Tensor, Tensor], Tensor]


def gaussian_log_density(x0: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """The log-density of a Gaussian, per component: the decoder for continuous data."""
    return -((x0 - mean).square() / variance + (2 * math.pi * variance).log()) / 2


def discretized_gaussian(levels: int = 256, low: float = -1.0, high: float = 1.0) -> Decoder:
    r"""The log-probability of a bin under a Gaussian: the decoder for data on a regular grid.

    .. math::
        \ln \int_{δ_-(x_0)}^{δ_+(x_0)} N(u; μ, σ^2) \, du

    The bins are as wide as the spacing of the grid; the first and the last are open.

    Args:
        levels: number of grid points, at least 2.
        low: the first of them.
        high: the last of them.

    Returns:
        A decoder of (x_0, mean, variance), per component; computed in float64, without a floor.

    Raises:
        ValueError: fewer than 2 levels, or low ≥ high; in use, data outside [low, high].

    Laws:
        The probabilities of all levels add up to 1.

    Paper:
        J. Ho, A. Jain, P. Abbeel, "Denoising diffusion probabilistic models", 2020, equation 13.

    Example:
        >>> decoder = discretized_gaussian(2)
        >>> decoder(torch.ones(1), torch.zeros(1), torch.tensor(1.0)).exp().item()
        0.5
    """
    require_int("levels", levels, 2)
    require_real("low", low)
    require_real("high", high)
    if not low < high:
        raise ValueError(f"low must be below high, got {low} and {high}.")
    half = (high - low) / (levels - 1) / 2

    def decoder(x0: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        if not ((x0 >= low - half) & (x0 <= high + half)).all():
            raise ValueError(
                f"x0 must be in [{low}, {high}], got {x0.min().item()} to {x0.max().item()}."
            )
        spread = variance.double().sqrt()
        above = (x0.double() + half - mean.double()) / spread
        below = (x0.double() - half - mean.double()) / spread
        above = torch.where(x0 > high - half, 1e4, above)
        below = torch.where(x0 < low + half, -1e4, below)
        # Φ(a) - Φ(b) in the lower tail, where ln Φ keeps its digits: mirror the others.
        mirror = above + below > 0
        upper = torch.where(mirror, -below, above)
        lower = torch.where(mirror, -above, below)
        log_upper = torch.special.log_ndtr(upper)
        gap = torch.special.log_ndtr(lower) - log_upper
        log_probability: Tensor = log_upper + (-torch.expm1(gap)).log()
        return log_probability.to(x0.dtype)

    return decoder


class Elbo(NamedTuple):
    r"""The terms of a bound, in nats, summed over the components of each row.

    .. math::
        -\ln p(x_0) ≤ L_T + \sum_{t} L_t + L_0

    Attributes:
        prior: (rows,) L_T, the divergence of q(x_T | x_0) from the noise. A row of a bound on
            complexes is a part of their union.
        transitions: (S - 1, rows) the divergences of the steps, from the noise towards the data.
        reconstruction: (rows,) L_0, minus the log-likelihood of the data in the last step.
        num_components: of a row: one number, or one per row.

    Example:
        >>> bound = Elbo(torch.zeros(2), torch.zeros(1, 2), torch.ones(2), 1)
        >>> bound.nats.tolist()
        [1.0, 1.0]
    """

    prior: Tensor
    transitions: Tensor
    reconstruction: Tensor
    num_components: int | Tensor

    @property
    def nats(self) -> Tensor:
        """(rows,) the bound on -ln p(x_0)."""
        return self.prior + self.transitions.sum(0) + self.reconstruction

    @property
    def shape(self) -> torch.Size:
        """(rows,), that of the bound."""
        return self.prior.shape

    @property
    def bits_per_dim(self) -> Tensor:
        """(rows,) the bound in bits per component."""
        return self.nats / (self.num_components * math.log(2))


def elbo(
    model: Callable[[Tensor, Tensor], Any],
    x0: Tensor,
    schedule: DiscreteSchedule,
    times: Grid | None = None,
    *,
    prediction: Target | None = None,
    variance: Variance = "small",
    decoder: Decoder = gaussian_log_density,
    noise: Noise | None = None,
    model_kwargs: Arguments | None = None,
    generator: torch.Generator | None = None,
) -> Elbo:
    r"""Estimate the variational bound with one draw of x_t per step.

    .. math::
        L_T &= D_{KL}(q(x_T \mid x_0) \,\|\, N(0, I)) \qquad
        L_0 = -\ln p_θ(x_0 \mid x_{t_1}) \\
        L_t &= D_{KL}\big( q(x_s \mid x_t, x_0) \,\|\, p_θ(x_s \mid x_t) \big)

    Args:
        model: as in :func:`ddpm`.
        x0: (rows, …) data.
        schedule: the chain.
        times: a number of steps, or times falling strictly, to 0; by default T, …, 1, 0.
        prediction: as in :func:`ddpm`.
        variance: as in :func:`ddpm`.
        decoder: the log-likelihood per component of x_0 given the mean and the variance of the
            last step: a density by default, :func:`discretized_gaussian` for grey levels.
        noise: the noise of the chain; by default as in :func:`ddpm`. The bound is in the
            coordinates that it whitens, so for noise N(0, K) add ½ ln det K to have that of x_0;
            learned variances and bins are for white noise.
        model_kwargs: as in :func:`ddpm`.
        generator: as in :func:`ddpm`.

    Returns:
        The terms of the bound. No gradients are kept.

    Raises:
        ValueError: times that do not end at 0, fewer than two steps where the variance of the last
            one needs the one before, or a prediction that is NaN (with the step).

    Laws:
        Tight for Gaussian data, the exact network and the optimal variance, at any T.

    Departures from the paper: (1) The posterior variance of the last step is 0; as in the code of
    the paper it is replaced by that of the step before, for ``"small"``, ``"large"`` and
    ``"learned"``.

    Paper:
        J. Ho, A. Jain, P. Abbeel, "Denoising diffusion probabilistic models", 2020, equation 5.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> schedule = linear_schedule(100)
        >>> bound = elbo(lambda x, t: torch.zeros_like(x), torch.zeros(4, 2), schedule)
        >>> bound.transitions.shape
        torch.Size([99, 4])
    """
    model = calling("model", model, model_kwargs)
    require_walk(model, x0, schedule, generator)
    require_schedule(schedule, discrete=True)
    noise = noise_of(schedule, noise, whitens=True)
    require_learned_noise(model, noise)
    target = target_of(model, prediction)
    grid = bound_times(schedule, times)
    table, terms = StepTable.of(schedule, grid, variance), []
    with torch.no_grad():
        for i, t in enumerate(model_inputs(schedule, grid[:-1], x0)):
            x = q_sample(x0, grid[i], schedule, noise.sample(x0, generator=generator))
            output = model(x, t)
            output, v = pair_of(output) if is_learned(variance) else (output, None)
            output = checked(output, x, t, i)
            guess = convert_prediction(output, x, grid[i], schedule, target, "x0")
            nats = step_nats(table, torch.tensor(i), x0, guess, v, decoder, noise)
            terms.append(row_sum(nats))
        alpha, sigma = schedule.coefficients(grid[0])
        spread = sigma.square()
        signal = alpha.square().to(x0.dtype) * noise.whiten(x0).square()
        prior = row_sum((signal + (spread - 1 - spread.log()).to(x0.dtype)) / 2)
    *transitions, reconstruction = terms
    return Elbo(prior, stacked(transitions, prior), reconstruction, row_size(x0))


def stacked(transitions: list[Tensor], prior: Tensor) -> Tensor:
    """(S - 1, rows), also where there is one step only."""
    return torch.stack(transitions) if transitions else prior.new_empty(0, len(prior))


def bound_times(schedule: DiscreteSchedule, times: Grid | None) -> Tensor:
    """The times of a bound, to 0 and the same for all rows; by default all of the chain."""
    whole = torch.arange(schedule.num_steps, -1, -1)
    grid = walk_times(schedule, whole if times is None else times)
    require_to_data(grid)
    return grid


class StepTable(NamedTuple):
    """Coefficients of every step of a walk, float64, (S,): what the terms of the bound need."""

    c0: Tensor
    true: Tensor  # the posterior variance; at the last step, where it is 0, of no use and 1
    reverse: Tensor  # the variance of the model, the lower end of its range if learned
    large: Tensor

    @classmethod
    def of(cls, schedule: DiscreteSchedule, grid: Tensor, variance: Variance) -> "StepTable":
        """The table of a walk, with the variance of the last step replaced where that is 0."""
        t, s = grid[:-1].cpu(), grid[1:].cpu()
        c0, _, small, large = step_coefficients(schedule, t, s)
        reverse = small if is_learned(variance) else reverse_variance(schedule, t, s, variance)
        if not callable(variance):
            if len(small) < 2:
                raise ValueError(
                    "times must have at least 2 steps, got 1: the last one takes its variance "
                    "from the one before."
                )
            reverse = torch.cat([reverse[:-1], small[-2:-1]])
        return cls(c0, small.where(small > 0, 1.0), reverse, large)


def step_nats(
    table: StepTable,
    index: Tensor,
    x0: Tensor,
    guess: Tensor,
    v: Tensor | None,
    decoder: Decoder,
    noise: Noise = WHITE,
) -> Tensor:
    """The term of steps of a walk, per component: a divergence, or minus the decoder's at the end.

    ``index`` counts the steps, one for all rows or one per row.
    """
    index = index.cpu()
    c0, true, reverse, large = (column[index] for column in table)  # (rows,) or () each
    to_data = aligned(index == len(table.c0) - 1, x0, torch.bool)
    spread = aligned(reverse, x0) if v is None else learned_variance(v, reverse, large)
    white_x0, white_guess = noise.whiten(x0), noise.whiten(guess)
    reached = -decoder(white_x0, white_guess, spread) if to_data.any() else x0.new_zeros(())
    ratio = aligned(true, x0) / spread
    error = (white_x0 - white_guess).square()
    divergence = (ratio - 1 - ratio.log() + aligned(c0.square(), x0) * error / spread) / 2
    return torch.where(to_data, reached, divergence)
