"""Canonical forms: one complex for all that are isomorphic to it."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_undirected
from simplex.wl._exact.limits import MAX_STEPS
from simplex.wl._refine import as_tensor
from simplex.wl._starting import given_colors, starting_palettes


class CanonicalForm(NamedTuple):
    """A complex whose vertices are numbered in a way that isomorphic complexes share.

    Attributes:
        complex: the relabelled complex: equal for isomorphic complexes, and for no others.
        map: (n_0,) int64, vertex v of the complex given is vertex ``map[v]`` of it.
        key: equal where ``complex`` is and its colours are; hashable, for dictionaries and sets.
    """

    complex: SimplicialComplex
    map: Tensor
    key: Hashable


@on_free_threads()
def canonical_form(
    K: SimplicialComplex,
    *,
    colors: Mapping[int, Any] | Sequence[Any] | None = None,
    max_steps: int | None = MAX_STEPS,
) -> CanonicalForm:
    """The complex with its vertices in canonical order, equal for isomorphic complexes.

    The complex becomes a coloured graph: its 1-skeleton, with a node for each simplex that the
    edges do not say. Colours are refined, each time by the cells that changed alone. The graph is
    cut into the pieces that automorphisms move as wholes, and what hangs at single nodes is solved
    before what it hangs at. In a piece that holds together nodes are singled out, and what
    automorphisms found on the way carry to what was seen is left out. Hashes order and prune;
    graphs are compared edge by edge.

    Args:
        K: a complex. Orientation, labels, filtration and parts play no part.
        colors: starting colours, as in :func:`simplicial_wl`. Their values count: they are part of
            the key, and a map between equal keys keeps them.
        max_steps: most refinements, some millions of which take minutes; ``None`` for no bound.

    Returns:
        The :class:`CanonicalForm`: ``.complex``, ``.map`` (n_0,) int64, ``.key``.

    Raises:
        TypeError: the argument is no complex.
        ValueError: a directed complex, colours that do not fit, a complex that does not fit in
            memory, or a search that takes more than ``max_steps``.

    Laws:
        ``canonical_form(A).key == canonical_form(B).key`` exactly where :func:`is_isomorphic`
        holds, with colours of the same values. The form of a form is itself. Keys are those of
        one version of this library: keep complexes on disk, not keys.

    Cost:
        O((n + m) log n) where refinement and cutting settle it, as for trees; some n refinements
        for most symmetric complexes; exponential in the worst case, as for every known method.

    Reference:
        McKay, "Practical graph isomorphism", Congressus Numerantium 1981; Junttila and Kaski,
        "Engineering an efficient canonical labeling tool for large and sparse graphs", ALENEX 2007.

    Example:
        >>> from simplex import SimplicialComplex
        >>> A = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> B = SimplicialComplex.from_simplices([(1, 2, 3), (0, 1)])
        >>> canonical_form(A).complex == canonical_form(B).complex
        True
        >>> len({canonical_form(K).key for K in (A, B, A.skeleton(1))})
        2
    """
    K = require_undirected("K", K)
    given, palettes = given_colors(K, colors), starting_palettes(K, colors)
    order = torch.empty(0, dtype=torch.int64, device=K.device)
    if K.num_simplices(0) > 0:
        from simplex.wl._exact.graph import are_cliques, colored_graph  # compiles the kernels
        from simplex.wl._exact.solution import solution, stable

        sizes = [palette.size for palette in palettes]
        graph = colored_graph(K, [palette.colors for palette in palettes], sizes, are_cliques(K))
        nodes = torch.from_numpy(solution(stable(graph), True, max_steps).order)
        order = nodes[nodes < K.num_simplices(0)].to(K.device)
    image = torch.empty_like(order)
    image[order] = torch.arange(len(order), device=K.device)
    rows = [image[K.simplices(k)] for k in range(1, K.dim + 1)]
    form = SimplicialComplex.from_simplices(rows, num_vertices=len(order)).to(K.device)
    words = [form.simplices(k).to(torch.int32).cpu().numpy().tobytes() for k in range(1, K.dim + 1)]
    shades = []
    for k in sorted(given):
        if k > K.dim or given[k] is None:
            continue
        color = palettes[k].colors
        moved = torch.empty_like(color)
        moved[form.index(image[K.simplices(k)])] = color
        first = torch.zeros(palettes[k].size, dtype=torch.int64, device=K.device)
        first[color] = torch.arange(len(color), device=K.device)
        read = as_tensor(given[k])
        values = read[first.to(read.device)].tolist()
        distinct = tuple(tuple(v) if isinstance(v, list) else (v,) for v in values)
        shades.append((k, distinct, moved.to(torch.int32).cpu().numpy().tobytes()))
    return CanonicalForm(form, image, (form.f_vector, *words, *shades))
