"""Discrete diffusion (D3PM): categories that are forgotten and replaced by draws from one law."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from simplex.complexes import require_int
from simplex.diffusion._calls import Arguments, answer_of, calling
from simplex.diffusion._checks import (
    require_after_data,
    require_callable,
    require_count,
    require_generator,
    require_integers,
    require_like_times,
    require_logits,
    require_numbers,
    require_possible,
    require_reached,
    require_schedule,
    require_tensor,
)
from simplex.diffusion._elbo import Elbo, bound_times, stacked
from simplex.diffusion._rows import Model, aligned, row_size, row_sum, rows_of_times
from simplex.diffusion._schedule import DiscreteSchedule, Times
from simplex.diffusion._trajectory import Callback, require_callback, watched
from simplex.diffusion._walk import Grid, walk_times


@dataclass(frozen=True, eq=False)
class CategoricalProcess:
    r"""A chain on K categories that keeps a value, or replaces it by a draw from a fixed law m.

    .. math::
        Q_{s → t} = \frac{\bar α_t}{\bar α_s} I +
        \left(1 - \frac{\bar α_t}{\bar α_s}\right) \mathbf 1 m^T \qquad
        q(x_t \mid x_0) = \text{Cat}(\bar α_t \, e_{x_0} + (1 - \bar α_t) \, m)

    The uniform, absorbing and marginal chains differ in m alone, and all products are known in
    closed form: no K × K matrix is ever built. Values are int64 tensors of any shape; a network
    gets (x_t, t) with one time per row and returns logits of x_0, (…, K).

    Args:
        schedule: ᾱ_t, the share of values never replaced until t.
        stationary: (K,) the law m, float64, non-negative.

    Raises:
        ValueError: m with a negative entry or without a positive one.

    Paper:
        J. Austin et al., "Structured denoising diffusion models in discrete state-spaces", 2021;
        C. Vignac et al., "DiGress", 2023, section 4.1, for the marginal chain.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> process = CategoricalProcess.absorbing(linear_schedule(100), 4, mask=3)
        >>> process.q_sample(torch.tensor([0, 1, 2]), 100).tolist()
        [3, 3, 3]
    """

    schedule: DiscreteSchedule
    stationary: Tensor

    def __post_init__(self) -> None:
        require_schedule(self.schedule, discrete=True)
        law = require_numbers("stationary", self.stationary, torch.float64).detach().cpu()
        if law.dim() != 1 or not ((law >= 0).all() and law.sum() > 0 and law.isfinite().all()):
            raise ValueError(f"stationary must be (K,) numbers ≥ 0, not all 0, got {law.tolist()}.")
        object.__setattr__(self, "stationary", law / law.sum())

    @classmethod
    def uniform(cls, schedule: DiscreteSchedule, num_categories: int) -> Self:
        """Replaced values are equally likely: for K = 2 the binomial chain of 2015."""
        require_count("num_categories", num_categories, 1)
        return cls(schedule, torch.ones(num_categories, dtype=torch.float64))

    @classmethod
    def absorbing(cls, schedule: DiscreteSchedule, num_categories: int, mask: int) -> Self:
        """Replaced values become the mask, one of the K categories, and stay so."""
        require_count("num_categories", num_categories, 1)
        require_int("mask", mask, 0, num_categories - 1)
        law = torch.zeros(num_categories, dtype=torch.float64)
        law[mask] = 1
        return cls(schedule, law)

    @classmethod
    def marginal(cls, schedule: DiscreteSchedule, frequencies: Tensor | Sequence[float]) -> Self:
        """Replaced values follow the frequencies of the data."""
        return cls(schedule, require_numbers("frequencies", frequencies, torch.float64))

    @property
    def num_categories(self) -> int:
        """K."""
        return len(self.stationary)

    def probabilities(self, x0: Tensor, t: Times, s: Times = 0) -> Tensor:
        """q(x_t | x_s = x0), (…, K): by default from the data; s ≤ t."""
        x0 = self._values(x0)
        keep = self._keep(x0, t, s)
        hot = torch.nn.functional.one_hot(x0, self.num_categories).double()
        return keep * hot + (1 - keep) * self.stationary.to(x0.device)

    def q_sample(self, x0: Tensor, t: Times, *, generator: torch.Generator | None = None) -> Tensor:
        """A draw of q(x_t | x_0), int64, of the shape of the data."""
        x0 = self._values(x0)
        require_generator(generator)
        fresh, keep = self.prior_sample(x0, generator=generator), self._keep(x0, t, 0)
        keep = keep[..., 0] if keep.dim() else keep
        uniform = torch.rand(x0.shape, generator=generator, device=x0.device, dtype=torch.float64)
        return torch.where(uniform < keep, x0, fresh)

    def prior_sample(self, like: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Independent draws from the law m, int64, of the shape of ``like``: where walks begin."""
        require_tensor("like", like)
        require_generator(generator)
        weights = self.stationary.to(like.device)
        draws = torch.multinomial(weights, max(like.numel(), 1), True, generator=generator)
        return draws[: like.numel()].reshape(like.shape)

    def posterior(self, logits: Tensor, x: Tensor, t: Times, s: Times) -> Tensor:
        r"""The law of x_s given x_t, for a belief about x_0.

        .. math::
            p(x_s \mid x_t) = \sum_{x_0} q(x_s \mid x_t, x_0) \, \hat p(x_0) \qquad
            q(x_s \mid x_t, x_0) =
            \frac{Q_{s → t}[x_s, x_t] \; \bar Q_s[x_0, x_s]}{\bar Q_t[x_0, x_t]}

        Values of x_0 that cannot lead to x_t get no weight. Logits may be infinite: for certain x_0
        give 0 there and -∞ elsewhere. Where the belief leaves no value that can lead to x_t, x_0 is
        the value that does, as only one can.

        Args:
            logits: (…, K) of x_0.
            x: x_t, of shape (…).
            t: the later time or times.
            s: the earlier time or times.

        Returns:
            (…, K) probabilities, float64.

        Raises:
            ValueError: logits that are NaN or all -∞ somewhere, or an x_t that no x_0 leads to.
        """
        x = self._values(x)
        require_logits(logits, (*x.shape, self.num_categories))
        law = self.stationary.to(x.device)
        hot = torch.nn.functional.one_hot(x, self.num_categories).double()
        keep_t, keep_s, keep_ts = self._keep(x, t, 0), self._keep(x, s, 0), self._keep(x, t, s)
        # Q̄_t[x_0, x_t] as a function of x_0, then p̂(x_0) / Q̄_t[x_0, x_t] up to a constant.
        reach = keep_t * hot + (1 - keep_t) * law[x][..., None]  # (…, K)
        require_reached(reach, x)
        belief = _log_probabilities(logits.double())
        weight = (belief - reach.log()).masked_fill(reach == 0, -torch.inf)
        refuted = (weight == -torch.inf).all(-1, keepdim=True)
        weight = torch.where(refuted, reach.log(), weight).softmax(-1)
        towards_x0 = keep_s * weight + (1 - keep_s) * law  # Σ over x_0 of weight · Q̄_s[x_0, x_s]
        towards_xt = keep_ts * hot + (1 - keep_ts) * law[x][..., None]
        joint = towards_x0 * towards_xt
        return joint / joint.sum(-1, keepdim=True)  # (…, K)

    def _keep(self, x: Tensor, t: Times, s: Times) -> Tensor:
        """ᾱ_t / ᾱ_s, to multiply (…, K)."""
        later, earlier = self.schedule.alpha_bar(t), self.schedule.alpha_bar(s)
        require_like_times(later, earlier)
        if (later > earlier).any():
            raise ValueError("s must not be after t: the chain only forgets.")
        ratio = torch.where(earlier > 0, later / earlier, 1.0)
        return aligned(ratio, x, torch.float64)[..., None] if ratio.dim() else ratio

    def _values(self, x: Tensor) -> Tensor:
        require_tensor("values", x)
        require_integers("values", x, "")
        if x.numel() and (x.min() < 0 or x.max() >= self.num_categories):
            raise ValueError(
                f"values must be in 0…{self.num_categories - 1}, "
                f"got {x.min().item()} to {x.max().item()}."
            )
        return x.long()


def categorical_sample(
    model: Model,
    x: Tensor,
    process: CategoricalProcess,
    times: Grid,
    *,
    model_kwargs: Arguments | None = None,
    callback: Callback | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Walk from the stationary law to data, each step a draw from the posterior.

    Args:
        model: logits of x_0, (…, K), from x_t and one time per row.
        x: values to start from: ``process.prior_sample(like)``.
        process: the chain.
        times: a number of steps, or times falling strictly, the end included.
        model_kwargs: further keyword arguments of the model.
        callback: as in :func:`ddpm`; it only watches.
        generator: source of randomness; ``None`` for torch's global one.

    Returns:
        Values at the last time, int64.

    Example:
        >>> from simplex.diffusion import cosine_schedule
        >>> process = CategoricalProcess.uniform(cosine_schedule(10), 3)
        >>> sure = torch.tensor([0.0, 0.0, 50.0]).expand(4, 3)
        >>> categorical_sample(lambda x, t: sure, torch.zeros(4).long(), process, [10, 4, 0])
        tensor([2, 2, 2, 2])
    """
    model = calling("model", model, model_kwargs)
    _require_categorical(model, process, generator)
    require_callback(callback)
    x = process._values(x)
    grid = walk_times(process.schedule, times)
    with torch.no_grad():
        watched(callback, 0, rows_of_times(grid[0].to(x.device), x), x)
        for i in range(len(grid) - 1):
            t, s = grid[i], grid[i + 1]
            law = process.posterior(_logits(model, x, t, i, process), x, t, s)
            flat = law.reshape(-1, process.num_categories)  # (values, K)
            x = torch.multinomial(flat, 1, generator=generator).reshape(x.shape)
            watched(callback, i + 1, rows_of_times(s.to(x.device), x), x)
    return x


def categorical_elbo(
    model: Model,
    x0: Tensor,
    process: CategoricalProcess,
    times: Grid | None = None,
    *,
    generator: torch.Generator | None = None,
) -> Elbo:
    r"""Estimate the bound on -ln p(x_0), with one draw of x_t per step.

    .. math::
        D_{KL}(q(x_T \mid x_0) \,\|\, m) + \sum_{t > s}
        D_{KL}\big( q(x_s \mid x_t, x_0) \,\|\, p_θ(x_s \mid x_t) \big)

    where the term of the step to the data, s = 0, is -ln p_θ(x_0 | x_t).

    Args:
        model: logits of x_0, (rows, …, K), from x_t and one time per row, (rows,).
        x0: (rows, …) integers in 0…K-1.
        process: the chain, on K values.
        times: falling strictly to 0; by default T, …, 1, 0.
        generator: source of randomness; ``None`` for torch's global one.

    Returns:
        The terms, float64. The prior is infinite if q(x_T | x_0) is not absolutely continuous with
        respect to m: use an absorbing chain whose ᾱ_T is 0.

    Example:
        >>> from simplex.diffusion import cosine_schedule
        >>> process = CategoricalProcess.uniform(cosine_schedule(10), 4)
        >>> x0, unsure = torch.zeros(3, 5).long(), torch.zeros(3, 5, 4)
        >>> categorical_elbo(lambda x, t: unsure, x0, process).nats.shape
        torch.Size([3])
    """
    _require_categorical(model, process, generator)
    x0 = process._values(x0)
    grid = bound_times(process.schedule, times)
    sure = torch.nn.functional.one_hot(x0, process.num_categories).double().log()
    law = process.stationary.to(x0.device)
    with torch.no_grad():
        prior = row_sum(_divergence(process.probabilities(x0, grid[0]), law.expand_as(sure)))
        terms = []
        for i in range(len(grid) - 1):
            t, s = grid[i], grid[i + 1]
            x = process.q_sample(x0, t, generator=generator)
            model_law = process.posterior(_logits(model, x, t, i, process), x, t, s)
            terms.append(row_sum(_divergence(process.posterior(sure, x, t, s), model_law)))
    *transitions, reconstruction = terms
    return Elbo(prior, stacked(transitions, prior), reconstruction, row_size(x0))


def categorical_loss(
    model: Model,
    x0: Tensor,
    t: Tensor,
    process: CategoricalProcess,
    *,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""The cross-entropy of the predicted x_0 at noisy values, per row: what DiGress trains with.

    .. math::
        -\ln \hat p_θ(x_0 \mid x_t) \qquad x_t \sim q(x_t \mid x_0)

    Args:
        model: logits of x_0, (rows, …, K), from x_t and one time per row, (rows,).
        x0: (rows, …) integers in 0…K-1.
        t: (rows,) times in 1…T.
        process: the chain, on K values.
        generator: source of randomness; ``None`` for torch's global one.

    Returns:
        (rows,) means over the values of a row.

    Example:
        >>> from simplex.diffusion import cosine_schedule
        >>> process = CategoricalProcess.uniform(cosine_schedule(10), 3)
        >>> x0, t = torch.zeros(2, 5).long(), torch.tensor([1, 10])
        >>> categorical_loss(lambda x, t: torch.zeros(2, 5, 3), x0, t, process)
        tensor([1.0986, 1.0986])
    """
    _require_categorical(model, process, generator)
    times = process.schedule.times(t)
    require_after_data(times, process.schedule.num_steps)
    x = process.q_sample(x0, times, generator=generator)
    logits = answer_of(model(x, rows_of_times(times.to(x.device), x)))
    require_logits(logits, (*x0.shape, process.num_categories))
    picked = _log_probabilities(logits).gather(-1, x0.long()[..., None])[..., 0]  # (rows, …)
    return -row_sum(picked) / max(row_size(x0), 1)


def _logits(model: Model, x: Tensor, t: Tensor, step: int, process: CategoricalProcess) -> Tensor:
    time = rows_of_times(t.to(x.device), x)
    logits: Tensor = answer_of(model(x, time))
    require_logits(logits, (*x.shape, process.num_categories))
    if logits.isnan().any():
        raise ValueError(
            f"the logits of the network must be numbers, got NaN at step {step}, time {t.tolist()}."
        )
    return logits


def _require_categorical(model: object, process: object, generator: object) -> None:
    require_callable("model", model)
    if not isinstance(process, CategoricalProcess):
        raise TypeError(
            "process must be a CategoricalProcess, CategoricalProcess.uniform(schedule, K) is one, "
            f"got {process!r}."
        )
    require_generator(generator)


def _log_probabilities(logits: Tensor) -> Tensor:
    """The logarithm of the softmax; a logit of +∞ is certainty, several are equal chances."""
    certain = logits == torch.inf
    logits = torch.where(certain.any(-1, keepdim=True), certain.to(logits).log(), logits)
    require_possible(logits)
    return logits.log_softmax(-1)


def _divergence(p: Tensor, q: Tensor) -> Tensor:
    """Σ p ln(p / q) over the last dimension, with 0 ln 0 = 0."""
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)
