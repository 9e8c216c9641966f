"""How much of the data is left at a time: the table of a discrete chain, in float64."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from simplex.diffusion._checks import (
    require_integers,
    require_noise,
    require_numbers,
    require_schedule,
    require_times_within,
)
from simplex.diffusion._noise import Noise


Times = int | float | Sequence[int] | Sequence[float] | Tensor


class Schedule(ABC):
    r"""A variance-preserving chain: signal α_t and noise σ_t, with α_t² + σ_t² = 1.

    .. math::
        q(x_t \mid x_0) = N(α_t x_0, σ_t^2 I) \qquad
        \bar α_t = α_t^2 \qquad \text{SNR}_t = \bar α_t / (1 - \bar α_t)

    Time 0 is the data, later times have less signal. All coefficients are float64 and of the shape
    of the times asked for.

    Attributes:
        noise: the law of ε, if the chain carries one, see :meth:`with_noise`; else ``None``.
    """

    noise: Noise | None = None

    @property
    @abstractmethod
    def end(self) -> int | float:
        """The last time, where the noise is strongest."""

    @abstractmethod
    def times(self, t: Times) -> Tensor:
        """The times as a tensor, checked to be of the schedule's kind and to lie in it."""

    @abstractmethod
    def model_times(self, t: Tensor, like: Tensor) -> Tensor:
        """Checked times in the form that a network beside the tensor ``like`` takes."""

    @abstractmethod
    def coefficients(self, t: Times) -> tuple[Tensor, Tensor]:
        """(α_t, σ_t), float64, each of the shape of ``t``."""

    @abstractmethod
    def time_at(self, log_snr: Tensor | float) -> Tensor:
        """The time with the given log-SNR; in a discrete chain the nearest one."""

    def with_noise(self, noise: Noise) -> Self:
        """This chain with a noise of its own, N(0, K) in place of white.

        Losses draw from it where they are given no ``eps``, samplers and bounds use it, and both
        refuse another one. A network that was trained in such a chain remembers the kind of noise
        and the degree of the cochains, and is refused by samplers of a chain with another kind.

        Args:
            noise: the law, such as a :class:`HodgeNoise`.

        Returns:
            A new schedule; of one complex, as its noise is.
        """
        require_noise(noise)
        chain = copy.copy(self)
        object.__setattr__(chain, "noise", noise)
        return chain

    def alpha_bar(self, t: Times) -> Tensor:
        """The share of the variance that is signal, ᾱ_t = α_t²."""
        return self.coefficients(t)[0].square()

    def snr(self, t: Times) -> Tensor:
        """The signal-to-noise ratio α_t² / σ_t², infinite at time 0."""
        alpha, sigma = self.coefficients(t)
        return (alpha / sigma).square()

    def log_snr(self, t: Times) -> Tensor:
        """The natural logarithm of the signal-to-noise ratio."""
        alpha, sigma = self.coefficients(t)
        return 2 * (alpha.log() - sigma.log())


@dataclass(frozen=True, eq=False, repr=False)
class DiscreteSchedule(Schedule):
    r"""A chain of T steps, given by the table ᾱ_0 = 1 > ᾱ_1 > … > ᾱ_T ≥ 0.

    .. math::
        \bar α_t = \prod_{i=1}^{t} (1 - β_i)

    Times are the integers 0…T: 0 is the data, and 1…T are those of Ho et al.; code that counts
    from 0 calls our time t its timestep t - 1.

    Args:
        alpha_bars: (T + 1,) tensor, kept as float64 on the CPU.

    Raises:
        ValueError: a table that does not start at 1, leaves [0, 1], or does not fall strictly.

    Paper:
        J. Ho, A. Jain, P. Abbeel, "Denoising diffusion probabilistic models", 2020, equation 4.

    Example:
        >>> schedule = DiscreteSchedule(torch.tensor([1.0, 0.75, 0.375]))
        >>> schedule.betas.tolist()
        [0.25, 0.5]
        >>> schedule.alpha_bar(2).item()
        0.375
    """

    alpha_bars: Tensor

    def __post_init__(self) -> None:
        table = require_numbers("alpha_bars", self.alpha_bars, torch.float64).detach().cpu()
        object.__setattr__(self, "alpha_bars", table)
        if table.dim() != 1 or len(table) < 2 or table[0] != 1:
            raise ValueError(
                "alpha_bars must be T + 1 ≥ 2 numbers that start with 1, the data, got shape "
                f"{tuple(table.shape)}, {table.flatten()[:1].tolist()}. Put ᾱ_0 = 1 before those "
                "of the T steps."
            )
        rising = ~(table[1:] < table[:-1])  # also where a value is NaN
        if rising.any():
            i = int(rising.nonzero()[0]) + 1
            raise ValueError(
                f"alpha_bars must fall at every step, got {table[i].item()} at time {i} after "
                f"{table[i - 1].item()}. Every β must be positive."
            )
        if table[-1] < 0:
            raise ValueError(
                f"alpha_bars must be in [0, 1], got {table[-1].item()} at the end: every β is ≤ 1."
            )

    @classmethod
    def from_betas(cls, betas: Tensor | Sequence[float]) -> Self:
        """The chain with noise β_1…β_T per step, each in (0, 1].

        Example:
            >>> DiscreteSchedule.from_betas([0.5, 0.5]).alpha_bars.tolist()
            [1.0, 0.5, 0.25]
        """
        steps = require_numbers("betas", betas, torch.float64).cpu()
        outside = ~((steps > 0) & (steps <= 1))
        if steps.dim() != 1 or len(steps) == 0 or outside.any():
            wrong = steps[outside].tolist()[:1] or f"shape {tuple(steps.shape)}"
            raise ValueError(f"betas must be T ≥ 1 numbers in (0, 1], got {wrong}.")
        return cls(torch.cat([torch.ones(1, dtype=torch.float64), (1 - steps).cumprod(0)]))

    @property
    def num_steps(self) -> int:
        """T."""
        return len(self.alpha_bars) - 1

    @property
    def end(self) -> int:
        """T, the last time."""
        return self.num_steps

    @property
    def betas(self) -> Tensor:
        """(T,) the noise of each step, β_t = 1 - ᾱ_t / ᾱ_{t-1}."""
        return 1 - self.alpha_bars[1:] / self.alpha_bars[:-1]

    def respaced(self, times: Sequence[int] | Tensor) -> "DiscreteSchedule":
        """The chain that visits only some times; time i of it is the i-th of them, in order.

        The marginals stay: β is recomputed from the ᾱ of the times kept.

        Args:
            times: increasing times in 1…T; 0 may stand first and is kept in any case.

        Example:
            >>> DiscreteSchedule.from_betas([0.5, 0.5, 0.5]).respaced([1, 3]).betas.tolist()
            [0.5, 0.75]
        """
        kept = self.times(times)
        if kept.dim() != 1 or not len(kept) or not (kept[1:] > kept[:-1]).all():
            raise ValueError(f"times must increase strictly, got {kept.tolist()}.")
        table = torch.cat([self.alpha_bars[:1], self.alpha_bars[kept[kept > 0]]])
        return _carrying(DiscreteSchedule(table), self.noise)

    def __repr__(self) -> str:
        end = f"{self.num_steps} steps to ᾱ = {self.alpha_bars[-1].item():.3g}"
        noise = "" if self.noise is None else f", noise={self.noise!r}"
        return f"DiscreteSchedule({end}{noise})"

    def times(self, t: Times) -> Tensor:
        """The times as int64, checked to lie in 0…T."""
        times = require_numbers("times", t)
        if not times.numel():
            return times.long()  # an empty list has no integers to be recognised by
        remedy = " Round them, or use a ContinuousSchedule."
        require_integers("times of a discrete schedule", times, remedy)
        remedy = " Time 0 is the data, the last is the end of the chain."
        require_times_within(times, 0, self.num_steps, remedy)
        return times.long()

    def model_times(self, t: Tensor, like: Tensor) -> Tensor:
        """The times as int64, on the device of ``like``."""
        return t.to(like.device)

    def coefficients(self, t: Times) -> tuple[Tensor, Tensor]:
        """(α_t, σ_t), float64, each of the shape of ``t``."""
        alpha_bar = self.alpha_bar(t)
        return alpha_bar.sqrt(), (1 - alpha_bar).sqrt()

    def alpha_bar(self, t: Times) -> Tensor:
        """ᾱ_t, read off the table, of the shape of ``t``."""
        times = self.times(t)
        return self.alpha_bars.to(times.device)[times]

    def time_at(self, log_snr: Tensor | float) -> Tensor:
        """The time in 1…T whose log-SNR is nearest, int64."""
        wanted = require_numbers("log_snr", log_snr, torch.float64)
        noise = torch.logit(1 - self.alpha_bars[1:]).to(wanted.device)  # -log SNR, increasing
        right = torch.searchsorted(noise, -wanted).clamp(1, self.num_steps - 1)  # 0 where T = 1
        left = (right - 1).clamp(min=0)
        nearer_left = (-wanted - noise[left]).abs() <= (noise[right] + wanted).abs()
        return torch.where(nearer_left, left, right) + 1


def zero_terminal_snr(schedule: DiscreteSchedule) -> DiscreteSchedule:
    r"""Rescale a chain so that nothing of the data is left at its end: ᾱ_T = 0.

    .. math::
        \sqrt{\bar α_t'} = \sqrt{\bar α_1} \,
        \frac{\sqrt{\bar α_t} - \sqrt{\bar α_T}}{\sqrt{\bar α_1} - \sqrt{\bar α_T}}

    A prediction of ε says nothing about the data at time T: predict v or x₀ with this schedule.

    Args:
        schedule: a chain of at least 2 steps.

    Raises:
        ValueError: a chain of one step.

    Paper:
        S. Lin et al., "Common diffusion noise schedules and sample steps are flawed", 2024,
        algorithm 1.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> zero_terminal_snr(linear_schedule(1000)).alpha_bar([1, 1000]).tolist()
        [0.9999, 0.0]
    """
    require_schedule(schedule, discrete=True)
    if schedule.num_steps < 2:
        raise ValueError("schedule must have at least 2 steps, got 1: its first is kept.")
    root = schedule.alpha_bars.sqrt()
    first, last = root[1].clone(), root[-1].clone()
    moved = ((root - last) * first / (first - last)).square()
    moved[0], moved[1] = 1.0, schedule.alpha_bars[1]
    return _carrying(DiscreteSchedule(moved), schedule.noise)


def _carrying(schedule: DiscreteSchedule, noise: Noise | None) -> DiscreteSchedule:
    return schedule if noise is None else schedule.with_noise(noise)
