"""Exact isomorphism of complexes, by their canonical orders."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_undirected
from simplex.wl._exact.limits import MAX_STEPS
from simplex.wl._starting import starting_palettes


@on_free_threads()
def is_isomorphic(
    A: SimplicialComplex,
    B: SimplicialComplex,
    *,
    colors: Mapping[int, Any] | Sequence[Any] | None = None,
    max_steps: int | None = MAX_STEPS,
) -> bool:
    """Whether a bijection of the vertices carries the simplices of A onto those of B: exactly.

    Errors as for :func:`find_isomorphism`.

    Args:
        A: a complex. Orientation, labels, filtration and parts play no part.
        B: a complex on the same device.
        colors: starting colours of the disjoint union to be kept, as for :func:`find_isomorphism`.
        max_steps: most refinements for each complex, as for :func:`find_isomorphism`.

    Laws:
        An equivalence relation; true exactly where :func:`find_isomorphism` finds a map.

    Example:
        >>> from simplex import SimplicialComplex
        >>> A = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> B = SimplicialComplex.from_simplices([(1, 2, 3), (0, 1)])
        >>> is_isomorphic(A, B), is_isomorphic(A, A.skeleton(1))
        (True, False)
    """
    return find_isomorphism(A, B, colors=colors, max_steps=max_steps) is not None


@on_free_threads()
def find_isomorphism(
    A: SimplicialComplex,
    B: SimplicialComplex,
    *,
    colors: Mapping[int, Any] | Sequence[Any] | None = None,
    max_steps: int | None = MAX_STEPS,
) -> Tensor | None:
    """A bijection of the vertices that carries the simplices of A onto those of B, if there is one.

    Exact: a map is checked on all simplices before it is returned, and ``None`` is a proof. Both
    complexes are turned into coloured graphs, whose colours are refined. If these differ, there is
    no map. If not, each graph is brought into its canonical order, which isomorphic ones share, so
    that the orders are a map or there is none.

    Args:
        A: a complex. Orientation, labels, filtration and parts play no part.
        B: a complex on the same device.
        colors: starting colours that the map must keep, those of the disjoint union: for each k the
            values of the k-simplices of ``A`` followed by those of ``B``, as in
            :func:`simplicial_wl`.
        max_steps: most refinements for each complex, some millions of which take minutes; ``None``
            for no bound.

    Returns:
        (n_0,) int64: vertex v of ``A`` goes to vertex ``m[v]`` of ``B``; ``None`` if the complexes
        are not isomorphic. For two empty complexes the map is empty, and not ``None``.

    Raises:
        TypeError: an argument is no complex.
        ValueError: a directed complex, different devices, colours that do not fit, complexes that
            do not fit in memory, or a search that takes more than ``max_steps``.

    Cost:
        As :func:`canonical_form` for each complex; one refinement where the colours differ.

    Reference:
        McKay and Piperno, "Practical graph isomorphism, II", Journal of Symbolic Computation 2014.

    Example:
        >>> from simplex import SimplicialComplex
        >>> A = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> B = SimplicialComplex.from_simplices([(1, 2, 3), (0, 1)])
        >>> find_isomorphism(A, B).tolist()
        [2, 3, 1, 0]
        >>> find_isomorphism(A, A.skeleton(1)) is None
        True
    """
    pair = [require_undirected("A", A), require_undirected("B", B)]
    palettes = starting_palettes(SimplicialComplex.disjoint_union(pair), colors)
    sizes = [palette.size for palette in palettes]
    here = [palette.colors[:n] for palette, n in zip(palettes, A.f_vector, strict=False)]
    there = [palette.colors[n:] for palette, n in zip(palettes, A.f_vector, strict=False)]
    if A.f_vector != B.f_vector:
        return None
    if A.num_simplices(0) == 0:
        return torch.empty(0, dtype=torch.int64, device=A.device)

    from simplex.wl._exact.graph import are_cliques, colored_graph  # compiles the kernels
    from simplex.wl._exact.solution import solution, stable

    cliques = are_cliques(A)
    if cliques != are_cliques(B):
        return None
    ours = stable(colored_graph(A, here, sizes, cliques))
    theirs = stable(colored_graph(B, there, sizes, cliques))
    if ours.word != theirs.word:
        return None
    orders = [solution(start, True, max_steps).order for start in (ours, theirs)]
    image = np.empty_like(orders[0])
    image[orders[0]] = orders[1]
    result = torch.from_numpy(image[: A.num_simplices(0)].copy()).to(A.device)
    return result if _keeps_all(A, B, here, there, result) else None


def _keeps_all(
    A: SimplicialComplex,
    B: SimplicialComplex,
    here: Sequence[Tensor],
    there: Sequence[Tensor],
    image: Tensor,
) -> bool:
    """Whether vertices go to vertices, and every simplex of A to one of B of its colour."""
    if int(image.max()) >= len(image):
        return False
    for k in range(A.dim + 1):
        ids = B.index(image[A.simplices(k)])
        if bool((ids < 0).any()) or not torch.equal(there[k][ids], here[k]):
            return False
    return True
