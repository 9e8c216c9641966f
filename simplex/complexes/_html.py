"""A complex as notebooks show it: its numbers, and of a small one a picture."""

from html import escape
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from simplex.complexes._stress import relax_stress


if TYPE_CHECKING:
    from simplex.complexes._complex import SimplicialComplex

_MOST_DRAWN = 40  # vertices; more are not seen apart
_MOST_SHAPES = 1500  # vertices, edges and triangles
_MOST_REDUCED = 400  # simplices of a dimension whose boundary is reduced to show a Betti number
_SIDE = 180  # pixels
_STEPS = 200


def html_of(K: "SimplicialComplex") -> str:
    """A table of f-vector and Betti numbers beside a picture, both where they are cheap."""
    rows = [("f-vector", str(K.f_vector))]
    if K.dim >= 0 and max(K.f_vector) <= _MOST_REDUCED:
        rows.append(("Betti numbers", str(_betti_numbers(K))))
    if K.num_parts != 1:
        rows.append(("parts", str(K.num_parts)))
    if K.directed:
        rows.append(("directed", "yes"))
    cells = "".join(
        f"<tr style='text-align: left'><th>{name}</th><td>{escape(said)}</td></tr>"
        for name, said in rows
    )
    few = 0 < K.num_simplices(0) <= _MOST_DRAWN and sum(K.f_vector[:3]) <= _MOST_SHAPES
    picture = _svg(K) if few else ""
    return (
        "<div style='display: flex; align-items: center; gap: 1em'>"
        f"<table><caption style='text-align: left'>SimplicialComplex</caption>{cells}</table>"
        f"{picture}</div>"
    )


def _betti_numbers(K: "SimplicialComplex") -> tuple[int, ...]:
    """The dimensions of the homology over the rationals, by the ranks of dense boundaries."""
    ranks = [0]
    for k in range(1, K.dim + 1):
        n = K.num_simplices(k)
        boundary = torch.zeros(K.num_simplices(k - 1), n, dtype=torch.float64)
        columns = torch.arange(n)[:, None].expand(n, k + 1)
        boundary[K.facets(k).cpu(), columns] = K.facet_signs(k).cpu().double()
        ranks.append(int(torch.linalg.matrix_rank(boundary)))
    ranks.append(0)
    return tuple(n - ranks[k] - ranks[k + 1] for k, n in enumerate(K.f_vector))


def _svg(K: "SimplicialComplex") -> str:
    """Triangles, edges and vertices; names are shown where the pointer rests."""
    place = _layout(K)
    low, high = place.amin(0), place.amax(0)
    size = float((high - low).max()) or 1.0
    place = (place - (low + high) / 2) * ((_SIDE - 24) / size) + _SIDE / 2
    points = [f"{x:.1f},{y:.1f}" for x, y in place.tolist()]
    triangles = "".join(
        f"<polygon points='{' '.join(points[v] for v in s)}'/>" for s in K.simplices(2).tolist()
    )
    lines = "".join(f"M{points[u]}L{points[v]}" for u, v in K.simplices(1).tolist())
    names = K.vertex_labels or range(len(points))
    dots = "".join(
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3'><title>{escape(str(name))}</title></circle>"
        for (x, y), name in zip(place.tolist(), names, strict=True)
    )
    opacity = min(0.35, 0.2 * K.num_simplices(1) / max(K.num_simplices(2), 1))
    return (
        f"<svg width='{_SIDE}' height='{_SIDE}' viewBox='0 0 {_SIDE} {_SIDE}'>"
        f"<g fill='#4c72b0' fill-opacity='{opacity:.2f}'>{triangles}</g>"
        f"<path d='{lines}' stroke='#888' fill='none'/><g fill='#4c72b0'>{dots}</g></svg>"
    )


def _layout(K: "SimplicialComplex") -> Tensor:
    """Places whose distances are near those along edges, from a start by classical scaling."""
    far = _distances(K)
    n = len(far)
    squares = far.square()
    centred = squares.mean(0) + squares.mean(1, keepdim=True) - squares - squares.mean()
    values, vectors = torch.linalg.eigh(centred / 2)
    place = vectors[:, -2:].flip(1) * values[-2:].flip(0).clamp(min=0).sqrt()
    place = torch.nn.functional.pad(place, (0, 2 - place.shape[1]))
    turn = torch.arange(n, dtype=torch.float64) * 2.4  # what falls together is moved apart
    place = place + 0.05 * torch.stack([turn.cos(), turn.sin()], dim=1)
    pairs = (~torch.eye(n, dtype=torch.bool)).nonzero().T
    lengths = far[pairs[0], pairs[1]]
    return relax_stress(place, pairs, lengths, 1 / lengths.square(), _STEPS)


def _distances(K: "SimplicialComplex") -> Tensor:
    """(n_0, n_0) edges between vertices; what is not joined is a little farther than all."""
    n = K.num_simplices(0)
    joined = torch.eye(n, dtype=torch.float64)
    u, v = K.simplices(1).cpu().T
    joined[u, v] = joined[v, u] = 1
    far, reached = torch.zeros(n, n, dtype=torch.float64), torch.eye(n, dtype=torch.float64)
    for length in range(1, n):
        more = (reached @ joined > 0).double()
        far[more > reached] = length
        reached = more
    far[reached == 0] = float(far.max()) + 1.5
    return far
