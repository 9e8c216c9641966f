"""Exact isomorphism of complexes: individualisation and refinement on top of SWL."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_undirected
from simplex.wl._coloring import Coloring
from simplex.wl._components import by_component
from simplex.wl._pieces import pieces_of, refine
from simplex.wl._search import Search
from simplex.wl._simplicial import simplicial_wl
from simplex.wl._starting import starting_palettes


@on_free_threads()
def is_isomorphic(
    A: SimplicialComplex,
    B: SimplicialComplex,
    *,
    colors: Mapping[int, Any] | Sequence[Any] | None = None,
) -> bool:
    """Whether a bijection of the vertices carries the simplices of A onto those of B: exactly.

    Errors as for :func:`find_isomorphism`.

    Args:
        A: a complex. Orientation, labels, filtration and parts play no part.
        B: a complex on the same device.
        colors: starting colours of the disjoint union to be kept, as for :func:`find_isomorphism`.

    Laws:
        An equivalence relation; true exactly where :func:`find_isomorphism` finds a map.

    Example:
        >>> from simplex import SimplicialComplex
        >>> A = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> B = SimplicialComplex.from_simplices([(1, 2, 3), (0, 1)])
        >>> is_isomorphic(A, B), is_isomorphic(A, A.skeleton(1))
        (True, False)
    """
    return find_isomorphism(A, B, colors=colors) is not None


@on_free_threads()
def find_isomorphism(
    A: SimplicialComplex,
    B: SimplicialComplex,
    *,
    colors: Mapping[int, Any] | Sequence[Any] | None = None,
) -> Tensor | None:
    """A bijection of the vertices that carries the simplices of A onto those of B, if there is one.

    Exact: a map is checked on all simplices before it is returned, and ``None`` is a proof. The
    union of both is refined by SWL. If some component has another histogram, there is no map. If
    pairing vertices of equal colour in any order gives a map, it is returned. Where it does not, a
    vertex of A gets a colour of its own and, in turn, so does each vertex of B that had the same
    colour; what refinement then tells apart is dropped. The rest is cut into the components that
    are left without complete relations between colours, each of which is mapped on its own; and
    where a symmetry of B carries a vertex to one that failed, it is not tried.

    Args:
        A: a complex. Orientation, labels, filtration and parts play no part.
        B: a complex on the same device.
        colors: starting colours that the map must keep, those of the disjoint union: for each k the
            values of the k-simplices of ``A`` followed by those of ``B``, as in
            :func:`simplicial_wl`.

    Returns:
        (n_0,) int64: vertex v of ``A`` goes to vertex ``m[v]`` of ``B``; ``None`` if the complexes
        are not isomorphic. For two empty complexes the map is empty, and not ``None``.

    Raises:
        TypeError: an argument is no complex.
        ValueError: a directed complex, different devices, or colours that do not fit.

    Cost:
        A few refinements where SWL singles out the vertices, and about n_0 of them for most
        symmetric complexes; components count one by one. Exponential in the worst case, as for
        every method of this kind.

    Reference:
        McKay and Piperno, "Practical graph isomorphism, II", Journal of Symbolic Computation 2014;
        Junttila and Kaski, "Conflict propagation and component recursion for canonical labeling",
        TAPAS 2011.

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
    union = SimplicialComplex.disjoint_union(pair)
    start = starting_palettes(union, colors)
    if A.f_vector != B.f_vector:
        return None
    num_vertices = A.num_simplices(0)
    U, orders = by_component(union)
    given = [palette.colors[order] for palette, order in zip(start, orders, strict=True)]
    coloring = simplicial_wl(U, colors=given)

    # The components of A come first. Both sides are listed class by class and paired in that order.
    label = coloring.part_classes()
    num_ours = int((U.part_pointer(0)[:-1] < num_vertices).sum())
    ours, theirs = label[:num_ours].sort(stable=True), label[num_ours:].sort(stable=True)
    if not torch.equal(ours.values, theirs.values):
        return None
    sources, targets = ours.indices, theirs.indices + num_ours
    image = _pair_by_color(U, coloring.colors[0], sources, targets)
    wrong = _misplaced(U, coloring, image, num_ours)[sources]
    if bool(wrong.any()):
        pairs = zip(sources[wrong].tolist(), targets[wrong].tolist(), strict=True)
        if not _repair(U, coloring, image, label.tolist(), list(pairs)):
            return None
    result = torch.empty_like(image)
    result[orders[0][:num_vertices]] = orders[0][image] - num_vertices
    return result


def _pair_by_color(U: SimplicialComplex, color: Tensor, sources: Tensor, targets: Tensor) -> Tensor:
    """Send the vertices of each source component to those of its target, in order of colour."""
    slot = torch.empty(U.num_parts, dtype=torch.int64, device=U.device)
    slot[sources] = slot[targets] = torch.arange(len(sources), device=U.device)
    slot_of_vertex = slot[U.part(0)]
    order = color.argsort(stable=True)
    order = order[slot_of_vertex[order].argsort(stable=True)]  # by pair, then by colour
    num_vertices = len(color) // 2
    image = torch.empty(num_vertices, dtype=torch.int64, device=U.device)
    image[order[order < num_vertices]] = order[order >= num_vertices]
    return image


def _misplaced(U: SimplicialComplex, coloring: Coloring, image: Tensor, num_ours: int) -> Tensor:
    """Which of the first components have a simplex that does not go to one of its colour."""
    wrong = torch.zeros(num_ours, dtype=torch.bool, device=U.device)
    for k in range(1, U.dim + 1):
        color, half = coloring.colors[k], U.num_simplices(k) // 2
        lands = _lands(U.simplices(k)[:half], image, U, color[:half], color)
        wrong[U.part(k)[:half][~lands]] = True
    return wrong


def _lands(
    rows: Tensor, image: Tensor, K: SimplicialComplex, here: Tensor, there: Tensor
) -> Tensor:
    """Whether each vertex tuple goes to a simplex of K of the same colour."""
    ids = K.index(image[rows])
    return (ids >= 0) & (there[ids] == here)


def _repair(
    U: SimplicialComplex,
    coloring: Coloring,
    image: Tensor,
    label: list[int],
    pairs: list[tuple[int, int]],
) -> bool:
    """Find maps between the given components, within classes, and write them into the image."""
    pieces, begin = U.split(), U.part_pointer(0).tolist()
    free: dict[int, list[int]] = {}
    for p, q in pairs:
        free.setdefault(label[p], []).append(q)
    for p, _ in pairs:
        for q in free[label[p]]:
            match = _search(
                pieces[p], pieces[q], coloring.colors_of_part(p), coloring.colors_of_part(q)
            )
            if match is not None:  # isomorphism is an equivalence: the first that fits will do
                image[begin[p] : begin[p + 1]] = match + begin[q]
                free[label[p]].remove(q)
                break
        else:
            return False
    return True


def _search(
    A: SimplicialComplex, B: SimplicialComplex, here: list[Tensor], there: list[Tensor]
) -> Tensor | None:
    """A map that keeps the colours, which are stable and have equal histograms."""
    image = _descend(A, B, here, there)
    if image is not None:
        return image
    ours, theirs = pieces_of(
        A, B, *([color.cpu().numpy() for color in colors] for colors in (here, there))
    )
    first, trace = refine(ours)
    second, _ = refine(theirs, trace)
    count = A.num_simplices(0)
    found = None if second is None else Search(count).match(first, second)
    if found is None:
        return None
    image = torch.tensor([found[v] for v in range(count)], device=A.device)
    assert _keeps_all(A, B, here, there, image)
    return image


def _keeps_all(
    A: SimplicialComplex,
    B: SimplicialComplex,
    here: list[Tensor],
    there: list[Tensor],
    image: Tensor,
) -> bool:
    """Whether every simplex of A goes to one of B of its colour."""
    return all(
        bool(_lands(A.simplices(k), image, B, here[k], there[k]).all()) for k in range(1, A.dim + 1)
    )


def _descend(
    A: SimplicialComplex, B: SimplicialComplex, here: list[Tensor], there: list[Tensor]
) -> Tensor | None:
    """The map at the end of one quick way down, if it is right.

    The way singles out the first vertex of every smallest cell at once, as if these choices did not
    depend on each other: so it settles all twins, or all subtrees of one depth, in one refinement.
    """
    union = SimplicialComplex.disjoint_union([A, B])
    while True:
        order, image_order = here[0].argsort(stable=True), there[0].argsort(stable=True)
        image = torch.empty_like(order)
        image[order] = image_order
        if _keeps_all(A, B, here, there, image):
            return image
        sizes = torch.bincount(here[0])
        if bool((sizes == 1).all()):
            return None
        cells = (sizes == sizes[sizes > 1].min()).nonzero().flatten()
        first = (sizes.cumsum(0) - sizes)[cells]  # in the order by colour
        start = [torch.cat(pair) for pair in zip(here, there, strict=True)]
        fresh = len(sizes) + torch.arange(len(cells), device=A.device)
        start[0][order[first]] = start[0][len(order) + image_order[first]] = fresh
        coloring = simplicial_wl(union, colors=start, stop=_first_stands_alone)
        if _first_stands_alone(coloring):
            return None
        here, there = coloring.colors_of_part(0), coloring.colors_of_part(1)


def _first_stands_alone(coloring: Coloring) -> bool:
    return not bool((coloring.part_classes()[1:] == 0).any())
