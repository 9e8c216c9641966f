"""Classifier-free guidance: extrapolate from the network without a condition to the one with."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import require_int, require_real
from simplex.diffusion._calls import answer_of
from simplex.diffusion._checks import (
    require_callable,
    require_finite_numbers,
    require_floats,
    require_generator,
    require_numbers,
    require_same_shape,
)
from simplex.diffusion._kinds import carry_kind, require_same_kind
from simplex.diffusion._rows import Model, aligned, per_row


def guided(
    conditional: Model, unconditional: Model, scale: float | Tensor, *, rescale: float = 0.0
) -> Model:
    r"""Follow a condition more strongly than the data do.

    .. math::
        f(x, t) = f_u(x, t) + s \, (f_c(x, t) - f_u(x, t))

    and, rescaled, the same with the spread over a row that the condition alone has:

    .. math::
        f' = φ \, \frac{\text{std} \, f_c}{\text{std} \, f} f + (1 - φ) f

    Args:
        conditional: f_c, the network with the condition filled in:
            ``lambda x, t: network(x, t, labels)``.
        unconditional: f_u, the network with the condition dropped.
        scale: s, one number, or a tensor with one per row, (rows,) or of any shape that aligns with
            the leading dimensions of x. The number 1 is the condition alone and calls only f_c; 0
            calls only f_u. The paper's w is s - 1.
        rescale: φ in [0, 1]; 0 rescales nothing. Large s makes predictions too strong, and pictures
            glaring; 0.7 is usual for these. Of a row of one number there is no spread.

    Returns:
        A model of x and t for any sampler and any kind of prediction; whatever it is called with
        goes to both. Of two scorers of candidates it is a scorer, for :func:`sample_complexes`.

    Raises:
        TypeError: a model that cannot be called, a scale that is no number.
        ValueError: a scale that is not finite, or models that are known to predict different
            things; in a call, scales that do not fit the rows.

    Paper:
        J. Ho, T. Salimans, "Classifier-free diffusion guidance", 2022, equation 6; S. Lin et al.,
        "Common diffusion noise schedules and sample steps are flawed", 2024, equations 14-16.

    Example:
        >>> model = guided(lambda x, t: x + 1, lambda x, t: x, 3.0)
        >>> model(torch.zeros(2), torch.zeros(2)).tolist()
        [3.0, 3.0]
    """
    for name, given in (("conditional", conditional), ("unconditional", unconditional)):
        require_callable(name, given)
    require_same_kind(conditional, unconditional)
    scales = require_numbers("scale", scale, torch.float64)
    require_finite_numbers("scale", scales)
    share = require_real("rescale", rescale, 0, 1)
    if scales.numel() == 1 and scales.dim() == 0:
        if scales == 1:
            return conditional
        if scales == 0:
            return unconditional

    def model(*inputs: Any, **named: Any) -> Tensor:
        without, following = (
            answer_of(each(*inputs, **named)) for each in (unconditional, conditional)
        )
        require_floats("the answer of unconditional", without)
        require_same_shape("the answer of conditional", following, without)
        stronger = torch.lerp(without, following, per_row(scales, without, "scale"))
        return _rescaled(stronger, following, share) if share else stronger

    carry_kind(conditional, model)
    carry_kind(unconditional, model)
    return model


def _rescaled(guided: Tensor, conditional: Tensor, share: float) -> Tensor:
    """The guided prediction with a part of the way to the spread of the conditional one."""
    if guided.dim() < 2 or guided[:1].numel() == 1:
        raise ValueError(
            "rescale must be 0 for rows of one number, which have no spread, got predictions of "
            f"shape {tuple(guided.shape)}."
        )
    spread, wanted = (f.flatten(1).std(1, correction=0) for f in (guided, conditional))
    factor = torch.where(spread > 0, wanted / spread, 1.0)  # (rows,)
    return guided * aligned(1 + share * (factor - 1), guided)


def drop_labels(
    labels: Tensor, null: int, probability: float, *, generator: torch.Generator | None = None
) -> Tensor:
    """Replace each label by the null label with the given probability, for training with guidance.

    Args:
        labels: (rows,) int64.
        null: the label that stands for no condition.
        probability: usually 0.1 to 0.2.
        generator: source of randomness; ``None`` for torch's global one.

    Returns:
        (rows,) int64, a new tensor.

    Raises:
        TypeError: labels that are no vector of integers, such as one-hot rows: drop first, and
            encode then, ``one_hot(dropped, classes + 1)``.
        ValueError: a probability outside [0, 1].

    Example:
        >>> drop_labels(torch.tensor([3, 1]), 10, 1.0).tolist()
        [10, 10]
    """
    require_real("probability", probability, 0, 1)
    require_int("null", null)
    require_generator(generator)
    given: object = labels
    whole = isinstance(given, Tensor) and not given.is_floating_point() and given.dim() == 1
    if not whole:
        got = f"{given.dtype} {tuple(given.shape)}" if isinstance(given, Tensor) else repr(given)
        raise TypeError(
            f"labels must be (rows,) integers, got {got}. Drop labels first, then encode them, "
            "torch.nn.functional.one_hot(dropped, classes + 1)."
        )
    uniform = torch.rand(labels.shape, generator=generator, device=labels.device)
    return labels.where(uniform >= probability, null)
