"""What a network of a chain is trained with, one loss per row."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from simplex.complexes import require_real, require_word
from simplex.diffusion._calls import Arguments, calling, like_data
from simplex.diffusion._checks import (
    pair_of,
    require_after_data,
    require_callable,
    require_floats,
    require_generator,
    require_number,
    require_same_shape,
    require_schedule,
)
from simplex.diffusion._elbo import Decoder, StepTable, gaussian_log_density, step_nats
from simplex.diffusion._gaussian import Noise, noise_of, q_sample
from simplex.diffusion._kinds import TARGETS, Target, record_kind, target_to_learn
from simplex.diffusion._noise import require_noise_for
from simplex.diffusion._parameterization import convert_prediction
from simplex.diffusion._rows import Model, row_mean, rows_of_times
from simplex.diffusion._schedule import DiscreteSchedule, Schedule


def simple_loss(
    model: Model,
    x0: Tensor,
    t: Tensor,
    schedule: Schedule,
    eps: Tensor | None = None,
    *,
    prediction: Target | None = None,
    model_kwargs: Arguments | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""The squared error of a prediction, per row.

    .. math::
        \| f_θ(α_t x_0 + σ_t ε, t) - y \|^2 \qquad y ∈ \{ ε, x_0, v, \text{score} \}

    as a mean over the components of each row. Weights, such as :func:`min_snr_weight`, multiply
    the result.

    Args:
        model: any callable; it gets x_t and one time per row of x, (rows,).
        x0: data of any shape.
        t: (rows,) times, uniform in training, 1…T in a discrete chain; or one time.
        schedule: gives α and σ.
        eps: noise of the shape of the data, drawn from the law of the chain; ``None`` for a fresh
            draw of the noise that the schedule carries, or of white noise.
        prediction: what the model is to predict: ``"eps"``, ``"x0"``, ``"v"`` or ``"score"``;
            ``None`` for what the network says by an attribute ``prediction`` or learned before,
            and ε if neither.
        model_kwargs: further keyword arguments of the model: labels, an encoded text, ….
        generator: of the noise, where none is given.

    Returns:
        (rows,) losses. A network that is trained by them, a module or a function, remembers what
        for: samplers take its output as that unless told, and refuse to be told another kind. Its
        copies remember it too, a ``state_dict`` does not: a class of networks that predict v is to
        have the attribute ``prediction = "v"``.

    Raises:
        TypeError: data of integers.
        ValueError: time 0 of a discrete chain.

    Laws:
        With noise N(0, I) the minimum for data of covariance C is, per component,
        tr(I - σ_t² (ᾱ_t C + σ_t² I)^{-1}) / D.

    Paper:
        J. Ho, A. Jain, P. Abbeel, "Denoising diffusion probabilistic models", 2020, equation 14.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> x0, t = torch.zeros(3, 2), torch.tensor([1, 500, 1000])
        >>> simple_loss(lambda x, t: 0 * x, x0, t, linear_schedule(), torch.ones(3, 2)).tolist()
        [1.0, 1.0, 1.0]
    """
    target = _prepared(model, x0, schedule, prediction)
    eps = _drawn(eps, x0, noise_of(schedule, None), generator)
    t = schedule.times(t)
    x, times = _noised(x0, t, schedule, eps)
    answer = calling("model", model, model_kwargs)(x, times)
    output = like_data("the output of the network", answer, x0)
    squares = _squares(output, x0, eps, x, t, schedule, target)
    record_kind(model, output, target, schedule)
    return row_mean(squares)


def min_snr_weight(schedule: Schedule, t: Tensor, prediction: Target, gamma: float = 5.0) -> Tensor:
    r"""Weights that make all kinds of prediction minimise the same, bounded loss of x₀.

    .. math::
        w_{x_0} = \min(\text{SNR}, γ) \qquad
        w_ε = \frac{\min(\text{SNR}, γ)}{\text{SNR}} \qquad
        w_v = \frac{\min(\text{SNR}, γ)}{\text{SNR} + 1}

    and w_score = σ² w_ε.

    Args:
        schedule: gives the signal-to-noise ratio.
        t: times after 0.
        prediction: what the loss that they multiply compares.
        gamma: γ > 0.

    Returns:
        Float64 weights of the shape of the times.

    Raises:
        ValueError: γ that is not positive, or an unknown kind.

    Laws:
        The weighted loss of a prediction is the same whatever it is converted to.

    Paper:
        T. Hang et al., "Efficient diffusion training via min-SNR weighting strategy", 2023,
        section 3.4.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> min_snr_weight(linear_schedule(), torch.tensor([1, 1000]), "x0").tolist()
        [5.0, 4.03...e-05]
    """
    require_schedule(schedule)
    require_number("gamma", gamma)
    gamma = float(gamma)
    if not gamma > 0:  # infinite for the plain signal-to-noise ratio
        raise ValueError(f"gamma must be positive, got {gamma}.")
    require_word("prediction", prediction, TARGETS)
    alpha, sigma = schedule.coefficients(t)
    # min(SNR, γ) = (α/σ)² where the first, so each weight has a form without a division by 0.
    signal, noise = alpha.square(), sigma.square()
    bounded = torch.minimum(signal, gamma * noise)  # min(SNR, γ) σ²
    if prediction == "x0":
        return bounded / noise
    if prediction == "v":
        return bounded / (signal + noise)
    weight = torch.where(signal > 0, bounded / signal, 1.0)
    return weight if prediction == "eps" else noise * weight


def vlb_loss(
    model: Model,
    x0: Tensor,
    t: Tensor,
    schedule: DiscreteSchedule,
    eps: Tensor | None = None,
    *,
    prediction: Target | None = None,
    decoder: Decoder = gaussian_log_density,
    noise: Noise | None = None,
    model_kwargs: Arguments | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""One term of the variational bound, at random times, with the fixed small variance.

    .. math::
        L_t = D_{KL}\big( q(x_{t-1} \mid x_t, x_0) \,\|\, p_θ(x_{t-1} \mid x_t) \big)
        \quad (t > 1) \qquad L_1 = -\ln p_θ(x_0 \mid x_1)

    Args:
        model: gets x_t (rows, …) and one time per row, (rows,).
        x0: (rows, …) data.
        t: (rows,) times in 1…T.
        schedule: a chain of at least 2 steps.
        eps: (rows, …) noise of the shape of the data, as for :func:`simple_loss`.
        prediction: what the model is to predict, as for :func:`simple_loss`.
        decoder: p(x_0 | x_1), the log-likelihood per component, as for :func:`elbo`.
        noise: the law of eps; the bound is in the coordinates that it whitens, as for :func:`elbo`.
        model_kwargs: as for :func:`simple_loss`.
        generator: as there.

    Returns:
        (rows,) nats per component; T times their mean over uniform t estimates the bound without
        its constant term at the end of the chain.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> x0, eps = torch.zeros(2, 3), torch.ones(2, 3)
        >>> vlb_loss(lambda x, t: eps, x0, torch.tensor([2, 3]), linear_schedule(), eps).round()
        tensor([0., 0.])
    """
    target = _prepared(model, x0, schedule, prediction, discrete=True)
    law = noise_of(schedule, noise, whitens=True)
    eps = _drawn(eps, x0, law, generator)
    t = schedule.times(t)
    x, times = _noised(x0, t, schedule, eps)
    answer = calling("model", model, model_kwargs)(x, times)
    output = like_data("the output of the network", answer, x0)
    record_kind(model, output, target, schedule)
    return row_mean(_nats(output, None, x0, x, t, schedule, target, decoder, law))


def hybrid_loss(
    model: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    x0: Tensor,
    t: Tensor,
    schedule: DiscreteSchedule,
    eps: Tensor | None = None,
    *,
    prediction: Target | None = None,
    vlb_weight: float = 1e-3,
    decoder: Decoder = gaussian_log_density,
    noise: Noise | None = None,
    model_kwargs: Arguments | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""The simple loss for the prediction, and the variational bound for a learned variance.

    .. math::
        L_{simple} + λ \, T L_t / \ln 2

    where no gradient of L_t reaches the prediction; the variance is exp(v ln β + (1 - v) ln β̃).

    Args:
        model: returns a pair, the prediction and v, both (rows, …), from x_t and (rows,) times.
        x0: (rows, …) data.
        t: (rows,) times in 1…T.
        schedule: a chain of at least 2 steps.
        eps: (rows, …) noise of the shape of the data, as for :func:`simple_loss`.
        prediction: what the model is to predict, as for :func:`simple_loss`.
        vlb_weight: λ.
        decoder: p(x_0 | x_1), the log-likelihood per component, as for :func:`elbo`.
        noise: the law of eps; the bound is in the coordinates that it whitens, as for :func:`elbo`.
        model_kwargs: as for :func:`simple_loss`.
        generator: as there.

    Returns:
        (rows,) losses.

    Departures from the paper: (1) The bound is counted in bits per component, as in its code.

    Paper:
        A. Nichol, P. Dhariwal, 2021, as for :func:`cosine_schedule`, equation 16.

    Example:
        >>> from simplex.diffusion import linear_schedule
        >>> x0, eps, t = torch.zeros(2, 3), torch.ones(2, 3), torch.tensor([2, 3])
        >>> hybrid_loss(lambda x, t: (eps, 0 * eps), x0, t, linear_schedule(), eps).round()
        tensor([0., 0.])
    """
    target = _prepared(model, x0, schedule, prediction, discrete=True)
    law = noise_of(schedule, noise, whitens=True)
    require_real("vlb_weight", vlb_weight, 0)
    eps = _drawn(eps, x0, law, generator)
    t = schedule.times(t)
    x, times = _noised(x0, t, schedule, eps)
    output, v = pair_of(calling("model", model, model_kwargs)(x, times))
    simple = _squares(output, x0, eps, x, t, schedule, target)
    require_same_shape("v", v, x0)
    record_kind(model, output, target, schedule)
    nats = _nats(output.detach(), v, x0, x, t, schedule, target, decoder, law)
    scale = vlb_weight * schedule.num_steps / math.log(2)
    return row_mean(simple) + scale * row_mean(nats)


def _prepared(
    model: object,
    x0: Tensor,
    schedule: Schedule,
    prediction: Target | None,
    *,
    discrete: bool = False,
) -> Target:
    """What the network is to learn, all that a loss is given being checked."""
    require_callable("model", model)
    require_floats("x0", x0, " Scale images of bytes to [-1, 1], x0 / 127.5 - 1.")
    require_schedule(schedule, discrete=discrete)
    return target_to_learn(model, prediction)


def _drawn(eps: Tensor | None, x0: Tensor, law: Noise, generator: torch.Generator | None) -> Tensor:
    """The noise of a loss: given, or a fresh draw."""
    require_generator(generator)
    if eps is None:
        return law.sample(x0, generator=generator)
    if generator is not None:
        raise ValueError("a loss must get eps or a generator to draw it, not both.")
    require_noise_for(x0, law)
    return eps


def _noised(x0: Tensor, t: Tensor, schedule: Schedule, eps: Tensor) -> tuple[Tensor, Tensor]:
    """x_t and the times that the network gets."""
    if isinstance(schedule, DiscreteSchedule):
        require_after_data(t, schedule.num_steps)
    x = q_sample(x0, t, schedule, eps)
    return x, rows_of_times(schedule.model_times(t, x), x)


def _squares(
    output: Tensor,
    x0: Tensor,
    eps: Tensor,
    x: Tensor,
    t: Tensor,
    schedule: Schedule,
    prediction: Target,
) -> Tensor:
    """The squared errors against what the network should have said."""
    require_same_shape("the output of the network", output, x0)
    if prediction == "x0":  # not worth a conversion
        return (output - x0).square()
    return (output - convert_prediction(eps, x, t, schedule, "eps", prediction)).square()


def _nats(
    output: Tensor,
    v: Tensor | None,
    x0: Tensor,
    x: Tensor,
    t: Tensor,
    schedule: DiscreteSchedule,
    prediction: Target,
    decoder: Decoder,
    noise: Noise,
) -> Tensor:
    guess = convert_prediction(output, x, t, schedule, prediction, "x0")
    table = StepTable.of(schedule, torch.arange(schedule.num_steps, -1, -1), "small")
    return step_nats(table, schedule.num_steps - t, x0, guess, v, decoder, noise)
