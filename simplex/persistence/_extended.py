"""Extended persistence of a function on the vertices: up its sublevel sets, and down again."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    on_free_threads,
    require_complex,
    require_int,
    require_real,
)
from simplex.operators import LARGEST_PRIME, require_prime
from simplex.persistence._diagram import Diagram
from simplex.persistence._pairs import filtered_pairs
from simplex.persistence._persistence import joined
from simplex.persistence._star import read_signal


class ExtendedDiagram(NamedTuple):
    """Three diagrams; every simplex of the complex is in them twice, going up and coming down.

    Attributes:
        ordinary: classes that are born and die on the way up, as those of
            :func:`~simplex.persistence.lower_star`.
        extended: born going up, ended coming down: one for each class of homology. Both simplices
            have dimension ``dims``; death may be below birth, as for loops.
        relative: of relative homology, born and ended coming down, from the higher value to the
            lower one. The simplices have dimensions ``dims - 1`` and ``dims``.
    """

    ordinary: Diagram
    extended: Diagram
    relative: Diagram


@on_free_threads()
def extended_persistence(
    K: SimplicialComplex,
    values: Any,
    max_dim: int | None = None,
    *,
    min_persistence: float = 0.0,
    prime: int = LARGEST_PRIME,
) -> ExtendedDiagram:
    r"""The extended persistence of a function on the vertices, which leaves no class at infinity.

    .. math:: H(K_{f ≤ t}) \text{ for growing } t, \qquad \text{then } H(K, K_{f ≥ t})
              \text{ for falling } t

    A branch of a graph is an ordinary or a relative class, a component is extended from its least
    to its largest value, and a loop from its top to its bottom. Coming down, a simplex enters
    with its least vertex. Differentiable in the values, as
    :func:`~simplex.persistence.persistence` is.

    Args:
        K: the complex, or a disjoint union, by one call.
        values: f, (n_0,) finite numbers.
        max_dim: the top degree of the classes; ``None`` for the dimension of K.
        min_persistence: ordinary and relative classes of which ``|death - birth|`` is larger are
            kept, -1 for all; extended classes always are.
        prime: size of the field.

    Returns:
        The ordinary, the extended and the relative diagram.

    Raises:
        TypeError: ``K`` is no complex, or values are no real numbers.
        ValueError: another number of values, or infinite ones; a prime that is none.

    Laws:
        The extended classes of degree k are as many as β_k.

    Reference:
        Cohen-Steiner, Edelsbrunner, Harer, "Extending persistence using Poincaré and Lefschetz
        duality", FoCM 2009.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3), (0, 3)])
        >>> D = extended_persistence(K, [0.0, 1.0, 2.0, 1.0])
        >>> D.extended.dims.tolist(), D.extended.pairs.tolist()
        ([0, 1], [[0.0, 2.0], [2.0, 0.0]])
    """
    require_complex("K", K)
    x = read_signal(K, values, 0)
    if not bool(x.isfinite().all()):
        raise ValueError("values must be finite, got infinite ones. Leave such vertices out.")
    top = K.dim if max_dim is None else min(require_int("max_dim", max_dim, least=0), K.dim)
    least = require_real("min_persistence", min_persistence)
    require_prime(prime)
    corners = [x[K.simplices(k)] for k in range(max(K.dim, 0) + 1)]
    up, down = [c.amax(1) for c in corners], [c.amin(1) for c in corners]
    cells = _cone(K, [v.detach().cpu() for v in up], [v.detach().cpu() for v in down])
    found: list[list[Diagram]] = [[], [], []]
    for k, (birth, death) in enumerate(filtered_pairs(*cells, top, prime)):
        birth, death = birth.to(K.device), death.to(K.device)
        n, above = K.num_simplices(k), K.num_simplices(k + 1)
        falls, ends_falling = birth >= n, death >= above
        for kind, rows in enumerate(
            [~falls & ~ends_falling, ~falls & ends_falling, falls & ends_falling]
        ):
            b, d = birth[rows], death[rows]
            b, d = (b - n if kind == 2 else b), (d - above if kind > 0 else d)
            start = (down[k - 1] if k else x[:0]) if kind == 2 else up[k]
            end = down[k] if kind > 0 else (up[k + 1] if k < K.dim else x[:0])
            degree = max(k - 1, 0) if kind == 2 else k
            length = (end.detach()[d] - start.detach()[b]).abs()
            kept = length > (least if kind != 1 else -1)
            b, d = b[kept], d[kept]
            part = K.part(degree)[b]
            dims = torch.full_like(b, k)
            found[kind].append(Diagram(dims, start[b], end[d], b, d, part))
    return ExtendedDiagram(*(joined(K, each) for each in found))


def _cone(
    K: SimplicialComplex, up: list[Tensor], down: list[Tensor]
) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Facets, signs and order of K and of the cone over it, without its apex.

    The k-cells are the k-simplices, then the cones of the (k-1)-simplices:
    ∂(ωσ) = σ - ω∂σ, and the end of ωv at the apex is -1.
    """
    facets, signs, order = [], [], []
    for k in range(K.dim + 2):
        rising, coned = K.num_simplices(k), K.num_simplices(k - 1) if k else 0
        entering = [up[k].sort(stable=True).indices] if k <= K.dim else []
        if k:
            falling = down[k - 1].sort(descending=True, stable=True).indices
            entering.append(falling + rising)
            base = torch.arange(coned)[:, None]
            sides = K.facets(k - 1).cpu() + coned if k > 1 else torch.full((coned, 1), -1)
            table = torch.cat([base, sides], dim=1)
            turned = (
                -K.facet_signs(k - 1).cpu() if k > 1 else torch.zeros_like(sides).to(torch.int8)
            )
            sign = torch.cat([torch.ones(coned, 1, dtype=torch.int8), turned], dim=1)
            facets.append(torch.cat([K.facets(k).cpu(), table]))
            signs.append(torch.cat([K.facet_signs(k).cpu(), sign]))
        order.append(torch.cat(entering) if entering else torch.empty(0, dtype=torch.int64))
    return facets, signs, order
