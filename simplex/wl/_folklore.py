"""The folklore Weisfeiler-Lehman test on vertex pairs: the baseline that SWL is not below."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_complex, require_memory
from simplex.wl._coloring import Coloring
from simplex.wl._refine import (
    Draw,
    Problem,
    Stop,
    refine,
    relabel,
    starting_colors,
)
from simplex.wl._words import Role


_DIRECT_ON = ("cpu",)  # torch has no products of integer matrices on accelerators
_CHUNK = 2**22  # products formed at once: 32 MiB
_PIECE = 2**28  # products summed at once: about 0.3 s
_MOST_PRODUCTS = 2**36  # in a round: about a minute


@on_free_threads()
def folklore_wl(
    K: SimplicialComplex,
    *,
    colors: Any = None,
    max_rounds: int | None = None,
    stop: Stop | None = None,
) -> Coloring:
    r"""Refine the colours of ordered vertex pairs by the walks of two steps between them (2-FWL).

    .. math:: c'(u, v) = \mathrm{HASH}\big( c(u, v),\;
              \{\!\{ (c(u, w), c(w, v)) : w \in V \}\!\} \big),

    where V is the vertex set of the part that u and v lie in. At the start a pair is coloured by
    whether it is a vertex (u = v), an edge or neither, and by the starting colours of u and v. In
    power this is the 3-WL of the papers on graph networks. Strongly regular graphs of equal
    parameters defeat it.

    The hash of the multiset is a matrix product modulo 2⁶⁴, with R and S random images of the
    colours: Σ_w R(u, w) S(w, v). Errors as for :func:`simplicial_wl`, and a
    ``ValueError`` where the pairs of all parts would not fit in memory, or where a round would take
    the processor longer than about a minute.

    Args:
        K: the complex; only vertices and edges count, and pairs across two parts are left out.
        colors: starting colours of the vertices, (n_0,) numbers or (n_0, F) feature rows.
        max_rounds: most rounds; ``None`` to go on until the colours are stable.
        stop: called with the :class:`Coloring` at the start and after each round; true ends it.

    Returns:
        The :class:`Coloring`, with one kind: the ordered pairs, Σ_p n_p² colours. In a part of n
        vertices, the pair (u, v) of its own vertex numbers is the ``u·n + v``-th.

    Cost:
        O(n³) time a round and O(n²) memory for a part of n vertices: for small graphs.

    Reference:
        Cai, Fürer and Immerman, "An optimal lower bound on the number of variables for graph
        identification", Combinatorica 1992.

    Example:
        >>> from simplex import SimplicialComplex
        >>> path = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> folklore_wl(path).colors[0].view(3, 3).unique().numel()
        5
    """
    return refine(pair_problem(K, colors=colors), max_rounds=max_rounds, stop=stop)


def pair_problem(K: SimplicialComplex, *, colors: Any = None) -> Problem:
    """What :func:`folklore_wl` refines."""
    require_complex("K", K)
    sizes = K.part_pointer(0).diff()
    pairs = sum(n * n for n in sizes.tolist())
    what = f"the {pairs} ordered pairs of vertices within parts"
    # Places, colours, three hashes, the products and what a sort needs.
    require_memory(pairs * 80, K.device, what, "Take fewer or smaller complexes.")
    _require_time(sum(n**3 for n in sizes.tolist()), K.device)
    pointer = torch.cat([sizes.new_zeros(1), (sizes * sizes).cumsum(0)])

    def signature(colors: Sequence[Tensor], draw: Draw) -> list[Tensor]:
        hashes = draw(colors[0], Role.OWN, 0)
        first, second = (draw(colors[0], role, 0) for role in (Role.FACET, Role.SHARED))
        for pairs in _squares(sizes, pointer):  # (m, n, n): the pairs of m parts of one size
            hashes[pairs] += _matrix_product(first[pairs], second[pairs])
        return [hashes]

    start = _starting_pairs(K, colors, sizes, pointer)
    return Problem([relabel(start)], signature, ["ordered vertex pairs"], [pointer], [start])


def _require_time(products: int, device: torch.device) -> None:
    """Raise ``ValueError`` where a round would take minutes."""
    if device.type == "cpu" and products > _MOST_PRODUCTS:
        raise ValueError(
            f"folklore_wl must form at most {_MOST_PRODUCTS:.1e} products a round on the CPU, "
            f"about a minute, got {products:.1e} (the sum of n³ over parts of n vertices). Take "
            "fewer or smaller complexes, simplicial_wl, or an accelerator."
        )


def _starting_pairs(K: SimplicialComplex, colors: Any, sizes: Tensor, pointer: Tensor) -> Tensor:
    vertices = starting_colors(colors, K.num_simplices(0), K.device, "colors")
    part = K.part(0)
    place = torch.arange(len(part), device=K.device) - K.part_pointer(0)[part]
    relation = torch.full((int(pointer[-1]),), 2, device=K.device)
    start, width = pointer[part], sizes[part]
    relation[start + place * width + place] = 0
    for u, v in (K.facets(1).unbind(1), K.facets(1).flip(1).unbind(1)):
        relation[start[u] + place[u] * width[u] + place[v]] = 1
    for pairs in _squares(sizes, pointer):
        n = pairs.shape[1]
        own = vertices.colors[(sizes == n)[part]].view(-1, n)  # (m, n) in the order of the pairs
        ends = own[:, :, None] * vertices.size + own[:, None, :]
        relation[pairs] += 3 * ends
    return relation


def _squares(sizes: Tensor, pointer: Tensor) -> Iterator[Tensor]:
    """For each size n of a part, where the pairs of its m parts stand: (m, n, n) int64."""
    for n in torch.unique(sizes[sizes > 0]).tolist():
        start = pointer[:-1][sizes == n]
        square = torch.arange(n * n, device=sizes.device).view(n, n)
        yield start[:, None, None] + square


def _matrix_product(A: Tensor, B: Tensor) -> Tensor:
    """(m, n, n) int64 products modulo 2⁶⁴, in pieces between which Ctrl-C is answered."""
    m, n, _ = A.shape
    products = torch.empty_like(A)
    parts = max(1, _PIECE // n**3)
    for p in range(0, m, parts):
        left, right = A[p : p + parts], B[p : p + parts]
        rows = max(1, _PIECE // (len(left) * n**2))
        for r in range(0, n, rows):
            products[p : p + parts, r : r + rows] = _piece(left[:, r : r + rows], right)
    return products


def _piece(A: Tensor, B: Tensor) -> Tensor:
    if A.device.type in _DIRECT_ON:
        return A @ B  # integers wrap
    columns = B.transpose(1, 2)[:, None]  # [part, 1, v, w]
    rows = max(1, _CHUNK // B.numel())
    return torch.cat([(block[:, :, None] * columns).sum(3) for block in torch.split(A, rows, 1)], 1)
