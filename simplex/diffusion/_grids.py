"""The times that a sampler visits, from the end of a chain down to the data."""

from typing import Literal, get_args

import torch
from torch import Tensor

from simplex.complexes import require_int, require_real, require_word
from simplex.diffusion._checks import (
    number_of_steps,
    require_count,
    require_numbers,
    require_schedule,
)
from simplex.diffusion._schedule import DiscreteSchedule, Schedule


Spacing = Literal["trailing", "leading", "linspace"]


def spaced_times(
    schedule: DiscreteSchedule, num_steps: int, spacing: Spacing = "trailing"
) -> Tensor:
    r"""S + 1 times of a discrete chain, falling strictly, the last of them 0.

    .. math::
        \text{trailing: } \; \text{round}(T - i \, T / S) \qquad
        \text{leading: } \; 1 + (S - 1 - i) \lfloor T / S \rfloor \qquad
        \text{linspace: } \; 1 + \text{round}((S - 1 - i) \tfrac{T - 1}{S - 1})

    Only trailing and linspace begin at T, where almost no signal is left; leading begins about one
    stride before, and pure noise is then not what the network saw there. Halves are rounded to even
    numbers; one step begins at T.

    Args:
        schedule: a chain of T steps.
        num_steps: S in 1…T.
        spacing: the rule.

    Returns:
        (S + 1,) int64.

    Raises:
        TypeError: a schedule that is not discrete, or S that is no integer.
        ValueError: S outside 1…T, or an unknown rule.

    Example:
        >>> spaced_times(DiscreteSchedule.from_betas([0.1] * 10), 4).tolist()
        [10, 8, 5, 2, 0]
    """
    if not isinstance(schedule, DiscreteSchedule):
        raise TypeError(
            f"schedule must be a DiscreteSchedule, got {schedule!r}. Use log_snr_times, "
            "which takes any schedule."
        )
    total = schedule.num_steps
    require_int("num_steps", num_steps, 1, total)
    require_word("spacing", spacing, get_args(Spacing))
    index = torch.arange(num_steps, dtype=torch.float64)
    match spacing:
        case "trailing":
            times = (total - index * (total / num_steps)).round()
        case "leading":
            times = 1 + (num_steps - 1 - index) * (total // num_steps)
        case "linspace":
            # From 0, so that halves are rounded where other libraries round them.
            rising = (index * ((total - 1) / max(num_steps - 1, 1))).round()
            times = 1 + rising.flip(0) if num_steps > 1 else rising + total
    return torch.cat([times, torch.zeros(1, dtype=torch.float64)]).long()


def counted_times(schedule: Schedule, times: object) -> Tensor | None:
    """The times of a number of steps, ``None`` where no number is given.

    Of a discrete chain :func:`spaced_times`, of a continuous one :func:`log_snr_times`.
    """
    number = number_of_steps(times)
    if number is None:
        return None
    if isinstance(schedule, DiscreteSchedule):
        return spaced_times(schedule, number)
    if number > 1:
        return log_snr_times(schedule, number)
    return torch.tensor([float(schedule.end), 0.0], dtype=torch.float64)


def unit_times(times: object) -> object:
    """The times of a flow from noise, 0, to data, 1, at equal distances, for a number of steps."""
    number = number_of_steps(times)
    return times if number is None else torch.linspace(0, 1, number + 1, dtype=torch.float64)


def times_at_levels(schedule: Schedule, sigmas: Tensor) -> Tensor:
    r"""The times of a chain at given noise levels, falling strictly, the last of them 0.

    .. math::
        σ_{t_i} / α_{t_i} = σ_i

    In a discrete chain each is the nearest time, and times met twice are kept once: the answer may
    then be shorter.

    Args:
        schedule: any schedule.
        sigmas: (S,) levels that fall, such as :func:`edm_sigmas`; levels beyond the end of the
            schedule become its end.

    Returns:
        At most (S + 1,) times.

    Raises:
        ValueError: levels that rise or are negative.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> times_at_levels(linear_schedule(1000), edm_sigmas(5, 0.02, 150.0)).tolist()
        [995, 846, 611, 184, 3, 0]
    """
    require_schedule(schedule)
    levels = require_numbers("sigmas", sigmas, torch.float64)
    if levels.dim() != 1 or not ((levels >= 0).all() and (levels.diff() <= 0).all()):
        raise ValueError(f"sigmas must fall and be at least 0, got {levels.tolist()}.")
    times = schedule.time_at(-2 * levels[levels > 0].log())
    times = torch.cat([times, times.new_zeros(1)])
    distinct: Tensor = torch.unique(times)
    return distinct.flip(0)


def log_snr_times(schedule: Schedule, num_steps: int, *, last: int | float | None = None) -> Tensor:
    r"""Times at equal distances in log-SNR, from the end of the chain to ``last``, then 0.

    .. math::
        λ(t_i) = λ(t_0) + \tfrac{i}{S - 1} (λ(t_{S-1}) - λ(t_0)) \qquad t_0 = T, \; t_S = 0

    In a discrete chain rounded as in :func:`times_at_levels`.

    Args:
        schedule: any schedule whose log-SNR is finite at its end.
        num_steps: S ≥ 2.
        last: the time before 0, where the signal is strongest; by default 1 in a discrete chain
            and 1e-3 in a continuous one.

    Returns:
        (S + 1,) times, falling strictly.

    Raises:
        ValueError: S below 2, or an infinite log-SNR at either end.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> log_snr_times(linear_schedule(1000), 5).tolist()
        [1000, 723, 303, 31, 1, 0]
    """
    require_schedule(schedule)
    require_count("num_steps", num_steps, 2)
    discrete = isinstance(schedule.end, int)
    near = (1 if discrete else 1e-3) if last is None else last
    if isinstance(near, bool) or require_numbers("last", near).numel() != 1:
        raise ValueError(f"last must be one time, got {near!r}.")
    start, stop = schedule.log_snr(schedule.end), schedule.log_snr(near)
    if not (start.isfinite() and stop.isfinite()):
        raise ValueError(
            f"log-SNR must be finite at both ends, got {start.item()} and {stop.item()}. "
            "Use spaced_times with a zero-terminal-SNR schedule."
        )
    log_snr = torch.linspace(0, 1, num_steps, dtype=torch.float64) * (stop - start) + start
    times = times_at_levels(schedule, (-log_snr / 2).exp())
    times[0] = schedule.end
    return times


def edm_sigmas(
    num_steps: int = 18, sigma_min: float = 0.002, sigma_max: float = 80.0, rho: float = 7.0
) -> Tensor:
    r"""The noise levels of EDM, falling strictly, the last of them 0.

    .. math::
        σ_i = \left( σ_{\max}^{1/ρ} + \tfrac{i}{N - 1}
        (σ_{\min}^{1/ρ} - σ_{\max}^{1/ρ}) \right)^ρ \qquad i < N, \quad σ_N = 0

    Args:
        num_steps: N ≥ 1.
        sigma_min: the last level above 0.
        sigma_max: the first level.
        rho: how much denser the levels are near the data; 1 is uniform.

    Returns:
        (N + 1,) float64.

    Raises:
        ValueError: N below 1, or levels that are not 0 < σ_min < σ_max.

    Paper:
        T. Karras et al., 2022, as for :class:`EDMPreconditioner`, equation 5.

    Example:
        >>> edm_sigmas(3)[[0, 2, 3]].tolist()
        [80.0..., 0.002..., 0.0]
    """
    require_count("num_steps", num_steps, 1)
    for name, level in (("sigma_min", sigma_min), ("sigma_max", sigma_max)):
        require_real(name, level)
    require_real("rho", rho, 0, open=True)
    if not 0 < sigma_min < sigma_max:
        raise ValueError(
            f"levels must have 0 < sigma_min < sigma_max, got {sigma_min} and {sigma_max}."
        )
    share = torch.arange(num_steps, dtype=torch.float64) / max(num_steps - 1, 1)
    top, bottom = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    levels = (top + share * (bottom - top)) ** rho
    return torch.cat([levels, torch.zeros(1, dtype=torch.float64)])
