"""Places whose distances are near given ones: what every layout by distances ends with."""

import torch
from torch import Tensor


def relax_stress(
    place: Tensor, pairs: Tensor, distances: Tensor, weights: Tensor, steps: int
) -> Tensor:
    r"""Move places so that the distance of each pair comes near to a given one.

    .. math:: x_i ← \frac12 x_i + \frac12 \frac{\sum_j w_{ij} \big( x_j + d_{ij}
              \frac{x_i - x_j}{|x_i - x_j|} \big)}{\sum_j w_{ij}}

    The full step is that of majorization for all at once, which may overshoot; half of it does not.

    Args:
        place: (n, d) floats, no two of a pair alike.
        pairs: (2, m) int64: (i, j) moves i alone, so that both orders are wanted for most.
        distances: (m,) d_ij > 0.
        weights: (m,) w_ij > 0.
        steps: how often.

    Returns:
        Like ``place``.
    """
    i, j = pairs
    total = place.new_zeros(len(place)).index_add_(0, i, weights)[:, None]
    moved = (total > 0)[:, 0]
    for _ in range(steps):
        apart = place[i] - place[j]
        length = apart.norm(dim=1).clamp(min=1e-9)
        aim = place[j] + apart * (distances / length)[:, None]
        mean = torch.zeros_like(place).index_add_(0, i, aim * weights[:, None]) / total
        place = torch.where(moved[:, None], (place + mean) / 2, place)
    return place
