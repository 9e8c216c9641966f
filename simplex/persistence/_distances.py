"""How far apart two diagrams are: bottleneck and Wasserstein distances."""

import math

import torch
from torch import Tensor

from simplex.complexes import interruptible, on_free_threads, require_memory, require_real
from simplex.persistence._checks import require_diagram
from simplex.persistence._diagram import Diagram


@on_free_threads()
def bottleneck_distance(D: Diagram, E: Diagram, k: int, *, tolerance: float = 0.0) -> Tensor:
    r"""The bottleneck distance: the farthest that a class moves in the best matching.

    .. math:: d(D, E) = \min_{γ} \max_{p} \|p - γ(p)\|_∞

    over the matchings γ of classes with classes, or with the diagonal.

    Args:
        D: the one diagram.
        E: the other one, of as many parts; part is compared with part.
        k: the degree.
        tolerance: additive error allowed, 0 for the exact distance.

    Returns:
        (num_parts,) float64, without gradient; infinity where other numbers of classes stay.

    Raises:
        TypeError: no diagrams.
        ValueError: other numbers of parts, or a negative tolerance.

    Cost:
        GUDHI, about O(m^1.5 log m) a part.

    Laws:
        Two filtrations of one complex whose values differ by at most ε: d ≤ ε.

    Example:
        >>> from simplex import SimplicialComplex
        >>> from simplex.persistence import lower_star, persistence
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> D, E = (persistence(lower_star(K, [0.0, 2.0, x])) for x in (0.5, 0.75))
        >>> bottleneck_distance(D, E, 0).tolist()
        [0.25]
    """
    from gudhi import bottleneck_distance as distance

    error = require_real("tolerance", tolerance, 0.0)
    _require_pair(D, E)
    pairs = zip(D.arrays(k), E.arrays(k), strict=True)
    found = [interruptible(distance, x, y, error) for x, y in pairs]
    return torch.tensor(found, dtype=torch.float64, device=D.birth.device)


@on_free_threads()
def wasserstein_distance(D: Diagram, E: Diagram, k: int, *, order: float = 1.0) -> Tensor:
    r"""The Wasserstein distance: how far the classes move altogether in the best matching.

    .. math:: d(D, E) = \Big( \min_{γ} \sum_{p} \|p - γ(p)\|_∞^q \Big)^{1/q}

    Exact, and differentiable in both diagrams through the births and deaths that are matched.

    Args:
        D: the one diagram.
        E: the other one, of as many parts; part is compared with part. Classes that stay are
            matched with such, by their births.
        k: the degree.
        order: q ≥ 1.

    Returns:
        (num_parts,); infinity where other numbers of classes stay.

    Raises:
        TypeError: no diagrams.
        ValueError: other numbers of parts, an order below 1, or a matching that does not fit in
            memory.

    Cost:
        An assignment problem by scipy, m³ at worst for m classes and m² numbers; for an estimate
        of diagrams with tens of thousands of classes, ``gudhi.hera`` takes ``D.arrays(k)[p]``.

    Example:
        >>> from simplex import SimplicialComplex
        >>> from simplex.persistence import lower_star, persistence
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> D, E = (persistence(lower_star(K, [0.0, 2.0, x])) for x in (0.5, 0.75))
        >>> wasserstein_distance(D, E, 0).tolist()
        [0.25]
    """
    q = require_real("order", order, 1.0)
    _require_pair(D, E)
    A, B = D.of(k), E.of(k)
    a, b = A.pairs, B.pairs.to(A.birth.device)
    sizes = [torch.bincount(X.part, minlength=X.num_parts).tolist() for X in (A, B)]
    pairs = zip(torch.split(a, sizes[0]), torch.split(b, sizes[1]), strict=True)
    return torch.stack([_distance(x, y, q) for x, y in pairs])


def _distance(x: Tensor, y: Tensor, q: float) -> Tensor:
    """The distance of the pairs (m, 2) and (n, 2) of one part."""
    stays = [~pairs[:, 1].detach().isfinite() for pairs in (x, y)]
    if stays[0].sum() != stays[1].sum():
        return x.new_full((), math.inf)
    birth = [pairs[rows, 0].sort().values for pairs, rows in zip((x, y), stays, strict=True)]
    x, y = x[~stays[0]], y[~stays[1]]
    i, j = _matched(x.detach(), y.detach(), q)
    alone = [
        torch.ones(len(pairs), dtype=torch.bool, device=pairs.device).index_fill(0, rows, False)
        for pairs, rows in ((x, i), (y, j))
    ]
    moves = [birth[0] - birth[1]]
    moves.append((x[i] - y[j]).abs().amax(1))
    moves += [(p[rows, 1] - p[rows, 0]) / 2 for p, rows in zip((x, y), alone, strict=True)]
    distance: Tensor = torch.linalg.vector_norm(torch.cat(moves), q)
    return distance


def _matched(x: Tensor, y: Tensor, q: float) -> tuple[Tensor, Tensor]:
    """Rows of x and y that are matched; all others go to the diagonal.

    A pair is matched where that is cheaper than the diagonal for both: of the costs less those of
    the diagonal, where positive 0, the best assignment is the best matching.
    """
    from scipy.optimize import linear_sum_assignment

    what = f"the distances between {len(x)} and {len(y)} classes"
    require_memory(40 * len(x) * len(y), x.device, what, "Raise min_persistence.")
    cost = (x.double()[:, None] - y.double()).abs().amax(2) ** q  # (m, n)
    diagonal = [((p[:, 1] - p[:, 0]).double().abs() / 2) ** q for p in (x, y)]
    gain = (cost - diagonal[0][:, None] - diagonal[1]).clamp(max=0).cpu()
    i, j = (torch.from_numpy(a) for a in interruptible(linear_sum_assignment, gain.numpy()))
    used = gain[i, j] < 0
    return i[used].to(x.device), j[used].to(x.device)


def _require_pair(D: Diagram, E: Diagram) -> None:
    require_diagram("D", D)
    require_diagram("E", E)
    if D.num_parts != E.num_parts:
        raise ValueError(
            f"D and E must have as many parts, got {D.num_parts} and {E.num_parts}. Compare one "
            "with D.of_part(p)."
        )
