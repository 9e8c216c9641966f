"""The authors' schedule of the inner step size over the epochs."""


def paper_schedule(epoch: int, *, num_epochs: int = 100, warmup: int = 5) -> float:
    r"""Factor of the inner learning rate in an epoch: a linear rise, then a linear fall to zero.

    .. math:: s(e) = e / w \text{ for } e < w, \qquad s(e) = 1 - (e - w + 1) / (N - w)
        \text{ afterwards}

    The first epoch has factor zero: the authors' first epoch changes nothing.

    Args:
        epoch: 0-based epoch :math:`e`, as ``LambdaLR`` counts its calls of ``step``.
        num_epochs: :math:`N`, the epoch whose predecessor is the last to move (authors: 100).
        warmup: :math:`w`, epochs of the rise (authors: 5).

    Returns:
        The factor, in [0, 1]; 0 from epoch N - 1 on.

    Raises:
        ValueError: ``epoch`` is negative, or not 0 <= warmup < num_epochs.

    Paper:
        The schedule of the authors' published code for the deep autoencoder.

    Example:
        >>> [paper_schedule(e) for e in (0, 1, 4)], round(paper_schedule(5), 4)
        ([0.0, 0.2, 0.8], 0.9895)
    """
    if epoch < 0:
        raise ValueError(f"`epoch` must be at least 0, got {epoch}.")
    if not 0 <= warmup < num_epochs:
        raise ValueError(
            f"`warmup` must be in [0, num_epochs), got {warmup} of {num_epochs}. "
            "Shorten the warm-up or train longer."
        )
    if epoch < warmup:
        return epoch / warmup
    return max(0.0, 1.0 - (epoch - warmup + 1) / (num_epochs - warmup))
