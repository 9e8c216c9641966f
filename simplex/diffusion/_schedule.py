"""How much of the data is left at a time: the table of a discrete chain, in float64."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor


Times = int | float | Sequence[int] | Sequence[float] | Tensor


class Schedule(ABC):
    r"""A variance-preserving chain: signal α_t and noise σ_t, with α_t² + σ_t² = 1.

    .. math::
        q(x_t \mid x_0) = N(α_t x_0, σ_t^2 I) \qquad
        \bar α_t = α_t^2 \qquad \text{SNR}_t = \bar α_t / (1 - \bar α_t)

    Time 0 is the data, later times have less signal. All coefficients are float64 and of the shape
    of the times asked for.
    """

    @property
    @abstractmethod
    def end(self) -> int | float:
        """The last time, where the noise is strongest."""

    @abstractmethod
    def times(self, t: Times) -> Tensor:
        """The times as a tensor, checked to lie in the schedule.

        Raises:
            TypeError: times that are not numbers of the schedule's kind.
            ValueError: times outside the schedule.
        """

    @abstractmethod
    def model_times(self, t: Tensor, like: Tensor) -> Tensor:
        """Checked times in the form that a network beside the tensor ``like`` takes."""

    @abstractmethod
    def coefficients(self, t: Times) -> tuple[Tensor, Tensor]:
        """(α_t, σ_t), float64, each of the shape of ``t``."""

    @abstractmethod
    def time_at(self, log_snr: Tensor | float) -> Tensor:
        """The time with the given log-SNR; in a discrete chain the nearest one."""

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
        table = torch.as_tensor(self.alpha_bars).detach().to("cpu", torch.float64)
        object.__setattr__(self, "alpha_bars", table)
        if table.dim() != 1 or len(table) < 2:
            raise ValueError(
                "alpha_bars must be a table of T + 1 ≥ 2 numbers, got shape "
                f"{tuple(table.shape)}. Put ᾱ_0 = 1 before those of the T steps."
            )
        if table[0] != 1:
            raise ValueError(
                f"alpha_bars must start with 1, the data, got {table[0].item()}. "
                "Put ᾱ_0 = 1 before those of the T steps."
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
                f"alpha_bars must be in [0, 1], got {table[-1].item()} at the end. "
                "Every β must be at most 1."
            )

    @classmethod
    def from_betas(cls, betas: Tensor | Sequence[float]) -> Self:
        """The chain with noise β_1…β_T per step, each in (0, 1].

        Example:
            >>> DiscreteSchedule.from_betas([0.5, 0.5]).alpha_bars.tolist()
            [1.0, 0.5, 0.25]
        """
        steps = torch.as_tensor(betas, dtype=torch.float64)
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
        return DiscreteSchedule(torch.cat([self.alpha_bars[:1], self.alpha_bars[kept[kept > 0]]]))

    def __repr__(self) -> str:
        return f"DiscreteSchedule({self.num_steps} steps to ᾱ = {self.alpha_bars[-1].item():.3g})"

    def times(self, t: Times) -> Tensor:
        """The times as int64, checked to lie in 0…T."""
        times = torch.as_tensor(t)
        if not times.numel():
            return times.long()  # an empty list has no integers to be recognised by
        if times.is_floating_point() or times.is_complex() or times.dtype == torch.bool:
            raise TypeError(
                f"times of a discrete schedule must be integers, got {times.dtype}. "
                "Round them, or use a ContinuousSchedule."
            )
        times = times.long()
        if times.min() < 0 or times.max() > self.num_steps:
            raise ValueError(
                f"times must be in 0…{self.num_steps}, got {times.min().item()} to "
                f"{times.max().item()}. Time 0 is the data, the last is the end of the chain."
            )
        return times

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
        wanted = torch.as_tensor(log_snr, dtype=torch.float64)
        noise = torch.logit(1 - self.alpha_bars[1:]).to(wanted.device)  # -log SNR, increasing
        right = torch.searchsorted(noise, -wanted).clamp(1, max(self.num_steps - 1, 1))
        right = right.clamp(max=self.num_steps - 1)
        left = (right - 1).clamp(min=0)
        nearer_left = (-wanted - noise[left]).abs() <= (noise[right] + wanted).abs()
        return torch.where(nearer_left, left, right) + 1
