"""Diagrams as vectors, with gradients: image, landscape, silhouette, Betti curve, entropy."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import require_int, require_real, shown
from simplex.persistence._checks import (
    finite_of,
    largest_by_part,
    read_levels,
    require_diagram,
    require_room,
    rows_of_parts,
    sum_by_part,
)
from simplex.persistence._diagram import Diagram


def persistence_image(
    D: Diagram,
    k: int,
    *,
    births: Any,
    lifetimes: Any,
    bandwidth: float,
    weight: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> Tensor:
    r"""The persistence image: bumps at births and lifetimes, weighted, on a grid.

    .. math:: I(x, y) = \sum_{(b, d)} w(b, d - b) \frac{1}{2π σ^2}
              e^{-\left((x - b)^2 + (y - (d - b))^2\right) / 2σ^2}

    Args:
        D: the diagram; classes that stay are left out, ``D.capped(end)`` keeps them.
        k: the degree.
        births: (W,) places x of the pixels.
        lifetimes: (H,) places y of the pixels.
        bandwidth: σ.
        weight: from births (m,) and lifetimes (m,) to weights (m,), 0 at lifetime 0 for an image
            that is continuous in the diagram; ``None`` for the lifetime.

    Returns:
        (num_parts, H, W), the least lifetime first.

    Raises:
        TypeError: ``D`` is no diagram.
        ValueError: an empty grid, or a bandwidth that is not positive.

    Paper:
        Adams et al., "Persistence Images", JMLR 2017. There, bumps are integrated over pixels;
        here, they are taken at the middles, as GUDHI does.

    Example:
        >>> from simplex import SimplicialComplex
        >>> from simplex.persistence import lower_star, persistence
        >>> K = lower_star(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), [0.0, 2.0, 1.0])
        >>> grid = torch.linspace(0, 2, 3)
        >>> image = persistence_image(persistence(K), 0, births=grid, lifetimes=grid, bandwidth=1)
        >>> image.shape, image[0].argmax().item()  # the class of birth 1 and lifetime 1
        (torch.Size([1, 3, 3]), 4)
    """
    rows = finite_of(D, k)
    sigma = require_real("bandwidth", bandwidth, 0.0, open=True)
    if weight is not None and not callable(weight):
        raise TypeError(
            f"weight must be a function of births and lifetimes or None, got {shown(weight)}."
        )
    x, y = read_levels(births, rows.birth), read_levels(lifetimes, rows.birth)
    require_room(len(rows) * (len(x) + len(y)), rows.birth, "the bumps of an image")
    w = rows.lifetime if weight is None else weight(rows.birth, rows.lifetime)
    if not isinstance(w, Tensor) or w.shape != rows.birth.shape:
        got = tuple(w.shape) if isinstance(w, Tensor) else shown(w)
        raise ValueError(f"weight must give one number for each class, got {got}.")
    across = torch.exp(-((x - rows.birth[:, None]) ** 2) / (2 * sigma**2))  # (m, W)
    up = torch.exp(-((y - rows.lifetime[:, None]) ** 2) / (2 * sigma**2))  # (m, H)
    scaled = w[:, None] * up / (2 * torch.pi * sigma**2)
    return rows_of_parts(rows, scaled).mT @ rows_of_parts(rows, across)


def landscape(D: Diagram, k: int, *, levels: Any, count: int = 5) -> Tensor:
    r"""The persistence landscape: at each level the highest of the tents over the classes.

    .. math:: λ_j(t) = j\text{-th largest of } \max(0, \min(t - b, d - t)) \text{ over } (b, d)

    Args:
        D: the diagram; classes that stay are left out, ``D.capped(end)`` keeps them.
        k: the degree.
        levels: (T,) values t.
        count: how many functions λ_1, λ_2, ….

    Returns:
        (num_parts, count, T).

    Paper:
        Bubenik, "Statistical Topological Data Analysis using Persistence Landscapes", JMLR 2015.

    Example:
        >>> from simplex import SimplicialComplex
        >>> from simplex.persistence import lower_star, persistence
        >>> K = lower_star(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), [0.0, 3.0, 1.0])
        >>> landscape(persistence(K), 0, levels=[0.0, 1.0, 2.0, 3.0], count=1).tolist()
        [[[0.0, 0.0, 1.0, 0.0]]]
    """
    rows = finite_of(D, k)
    return largest_by_part(rows, _tents(rows, levels), require_int("count", count, least=1))


def silhouette(D: Diagram, k: int, *, levels: Any, power: float = 1.0) -> Tensor:
    r"""The silhouette: the mean of the tents over the classes, weighted by their lifetimes.

    .. math:: φ(t) = \frac{\sum_i (d_i - b_i)^p \max(0, \min(t - b_i, d_i - t))}
                          {\sum_i (d_i - b_i)^p}

    Args:
        D: the diagram; classes that stay are left out, ``D.capped(end)`` keeps them.
        k: the degree.
        levels: (T,) values t.
        power: p.

    Returns:
        (num_parts, T); 0 for a part without classes.

    Paper:
        Chazal et al., "Stochastic Convergence of Persistence Landscapes and Silhouettes", 2014.

    Example:
        >>> from simplex import SimplicialComplex
        >>> from simplex.persistence import lower_star, persistence
        >>> K = lower_star(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), [0.0, 3.0, 1.0])
        >>> silhouette(persistence(K), 0, levels=[1.0, 2.0, 3.0]).tolist()
        [[0.0, 1.0, 0.0]]
    """
    rows = finite_of(D, k)
    weight = rows.lifetime ** require_real("power", power, 0.0)
    total = sum_by_part(rows, weight)[:, None]
    weighted = sum_by_part(rows, weight[:, None] * _tents(rows, levels))
    return weighted / torch.where(total > 0, total, 1.0)


def betti_curve(D: Diagram, k: int, *, levels: Any, smoothing: float | None = None) -> Tensor:
    r"""The Betti number of degree k at each level: how many classes are alive.

    .. math:: β(t) = \#\{(b, d) : b ≤ t < d\}

    Args:
        D: the diagram; classes that stay count.
        k: the degree.
        levels: (T,) values t.
        smoothing: ``None`` for the numbers, which are constant between levels and have no
            gradient; s > 0 for sigmoid((t - b)/s) - sigmoid((t - d)/s) summed over the classes.

    Returns:
        (num_parts, T), in the dtype of the diagram.

    Example:
        >>> from simplex import SimplicialComplex
        >>> from simplex.persistence import lower_star, persistence
        >>> K = lower_star(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), [0.0, 3.0, 1.0])
        >>> betti_curve(persistence(K), 0, levels=[0, 1, 2, 3]).tolist()
        [[1.0, 2.0, 2.0, 1.0]]
    """
    rows = require_diagram("D", D).of(k)
    t = read_levels(levels, rows.birth)
    require_room(len(rows) * len(t), rows.birth, "the classes alive at each level")
    birth, death = rows.birth[:, None], rows.death[:, None]
    if smoothing is None:
        alive = ((birth <= t) & (t < death)).to(birth.dtype)
    else:
        s = require_real("smoothing", smoothing, 0.0, open=True)
        alive = torch.sigmoid((t - birth) / s) - torch.sigmoid((t - death) / s)
    return sum_by_part(rows, alive)


def persistence_entropy(D: Diagram, k: int) -> Tensor:
    r"""The entropy of the lifetimes: large where all classes live equally long.

    .. math:: E = -\sum_i p_i \log p_i, \qquad p_i = \frac{d_i - b_i}{\sum_j (d_j - b_j)}

    Args:
        D: the diagram; classes that stay are left out, ``D.capped(end)`` keeps them.
        k: the degree.

    Returns:
        (num_parts,); 0 for a part without classes.

    Paper:
        Chintakunta et al., "An entropy-based persistence barcode", Pattern Recognition 2015.

    Example:
        >>> from simplex import SimplicialComplex
        >>> from simplex.persistence import lower_star, persistence
        >>> path = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3), (3, 4)])
        >>> D = persistence(lower_star(path, torch.tensor([0.0, 1, 0, 1, 0])))
        >>> persistence_entropy(D, 0).exp().round(decimals=4)  # two classes of one length
        tensor([2.])
    """
    rows = finite_of(D, k)
    rows = rows[rows.lifetime.detach() > 0]
    share = rows.lifetime / sum_by_part(rows, rows.lifetime)[rows.part]
    return sum_by_part(rows, -share * share.log())


def persistence_statistics(D: Diagram, k: int) -> Tensor:
    """Seven numbers of a degree: a vector that needs no choice of levels.

    Args:
        D: the diagram.
        k: the degree.

    Returns:
        (num_parts, 7): how many classes stay, how many end, the sum of the lifetimes of these,
        the longest, their mean birth and mean death, and the entropy of their lifetimes.

    Example:
        >>> from simplex import SimplicialComplex
        >>> from simplex.persistence import lower_star, persistence
        >>> K = lower_star(SimplicialComplex.from_simplices([(0, 1), (1, 2)]), [0.0, 3.0, 1.0])
        >>> persistence_statistics(persistence(K), 0).tolist()
        [[1.0, 1.0, 2.0, 2.0, 1.0, 3.0, 0.0]]
    """
    rows = finite_of(D, k)
    stay = D.of(k)[~D.of(k).death.detach().isfinite()]
    one = torch.ones_like(rows.birth)
    count = sum_by_part(rows, one)
    each = count.clamp(min=1)
    columns: Sequence[Tensor] = [
        sum_by_part(stay, torch.ones_like(stay.birth)),
        count,
        sum_by_part(rows, rows.lifetime),
        largest_by_part(rows, rows.lifetime, 1)[:, 0],
        sum_by_part(rows, rows.birth) / each,
        sum_by_part(rows, rows.death) / each,
        persistence_entropy(D, k),
    ]
    return torch.stack(list(columns), dim=1)


def _tents(D: Diagram, levels: Any) -> Tensor:
    """(m, T) heights at each level of the tent over each class."""
    t = read_levels(levels, D.birth)
    require_room(len(D) * len(t), D.birth, "the tents over the classes")
    return torch.minimum(t - D.birth[:, None], D.death[:, None] - t).clamp(min=0)
