"""Classifier-free guidance: extrapolate from the network without a condition to the one with."""

import torch
from torch import Tensor

from simplex.complexes import require_real
from simplex.diffusion._rows import Model


def guided(conditional: Model, unconditional: Model, scale: float) -> Model:
    r"""Follow a condition more strongly than the data do.

    .. math::
        f(x, t) = f_u(x, t) + s \, (f_c(x, t) - f_u(x, t))

    Args:
        conditional: f_c, the network with the condition filled in:
            ``lambda x, t: network(x, t, labels)``.
        unconditional: f_u, the network with the condition dropped.
        scale: s. 1 is the condition alone and calls only f_c; 0 calls only f_u. The paper's w is
            s - 1.

    Returns:
        A model of x and t for any sampler and any kind of prediction. Nothing is rescaled.

    Paper:
        J. Ho, T. Salimans, "Classifier-free diffusion guidance", 2022, equation 6.

    Example:
        >>> model = guided(lambda x, t: x + 1, lambda x, t: x, 3.0)
        >>> model(torch.zeros(2), torch.zeros(2)).tolist()
        [3.0, 3.0]
    """
    if scale == 1:
        return conditional
    if scale == 0:
        return unconditional
    return lambda x, t: torch.lerp(unconditional(x, t), conditional(x, t), scale)


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
