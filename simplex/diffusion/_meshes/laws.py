"""What a mesh must obey at every state of its growth, and which answers keep it so."""

from dataclasses import dataclass

import torch
from torch import Tensor

from simplex.complexes import require_flag, require_int
from simplex.diffusion._checks import kind_of
from simplex.diffusion._meshes.holes import Holes
from simplex.diffusion._meshes.state import MeshState


MeshConstraint = str | tuple[int, bool] | None


@dataclass(frozen=True)
class Law:
    """A law of meshes.

    Attributes:
        two_sides: no edge has three triangles.
        links: at last every link is one path or one cycle, and all vertices are found.
        planar: it lies in the plane, or on the sphere; with cyclic orders that agree.
        boundary: the number of boundary curves, ``None`` for any.
        orientable: whether all cyclic orders of neighbours agree, ``None`` for either.
        euler: χ of a closed surface; ``None`` where it is not asked for.
    """

    two_sides: bool = False
    links: bool = False
    planar: bool = False
    boundary: int | None = None
    orientable: bool | None = None
    euler: int | None = None


LAWS = {
    "pseudomanifold": Law(two_sides=True),
    "surface": Law(two_sides=True, links=True),
    "disc": Law(two_sides=True, links=True, planar=True, boundary=1, orientable=True),
}

# By χ: n(n - 1) ≥ 6(n - χ) is enough but for these, where it takes one vertex more. M. Jungerman,
# G. Ringel, "Minimal triangulations on orientable surfaces", 1980; G. Ringel, 1955.
NEED_ONE_MORE = {(-2, True), (0, False), (-1, False)}


def law_of(constraint: object) -> Law:
    """The law of that name, or that of a closed surface (genus, orientable)."""
    if constraint is None:
        return Law()
    if isinstance(constraint, str) and constraint in LAWS:
        return LAWS[constraint]
    if not isinstance(constraint, (tuple, list)) or len(constraint) != 2:
        wanted = ", ".join(f'"{name}"' for name in LAWS)
        raise (ValueError if isinstance(constraint, (str, tuple, list)) else TypeError)(
            f"constraint must be None, one of {wanted}, or a closed surface (genus, orientable), "
            f"got {kind_of(constraint)}. A torus is (1, True)."
        )
    orientable = constraint[1]
    require_flag("orientable", orientable)
    genus = require_int("genus", constraint[0], 0 if orientable else 1)
    euler = 2 - genus * (2 if orientable else 1)
    return Law(True, True, genus == 0, 0, orientable, euler)


def require_room(law: Law, size: Tensor, what: str = "num_vertices") -> None:
    """Refuse surfaces of so few vertices that they have no triangulation."""
    least = 4 if law.boundary == 0 else 3
    if bool((size < least).any()):
        raise ValueError(
            f"{what} must be at least {least} each, got {int(size.min())}: a mesh begins "
            "with a triangle."
        )
    if law.euler is None:
        return
    spare = size - int((law.euler, law.orientable) in NEED_ONE_MORE)
    crowded = 6 * (spare - law.euler) > spare * (spare - 1)
    if bool(crowded.any()):
        raise ValueError(
            "num_vertices must leave room for a triangulation of the closed surface, "
            f"{'orientable' if law.orientable else 'not orientable'} and of Euler characteristic "
            f"{law.euler}, got {int(size[crowded].min())}. Ask for more vertices."
        )


def permitted(law: Law, state: MeshState, edge: Tensor, holes: Holes | None) -> Tensor:
    """(P, N+1) bool: which vertex may lie behind an edge of each mesh; nothing, in column N.

    The vertex ``used`` is the next to be found, where not all are.
    """
    P, N = state.paths.shape
    device = edge.device
    row, w = torch.arange(P, device=device), torch.arange(N, device=device)
    u, v = edge.unbind(1)
    used, size = state.used[:, None], state.size[:, None]
    new = (w == used) & (used < size)
    ok = (w < used) & (w != u[:, None]) & (w != v[:, None])
    ok &= w != state.apex[row, u, v][:, None]
    nothing = torch.ones_like(state.size, dtype=torch.bool)
    at_u, at_v = state.sides[row, u], state.sides[row, v]  # (P, N)
    if law.two_sides:
        ok &= (at_u < 2) & (at_v < 2) & ~state.final[row, u] & ~state.final[row, v]
    if law.orientable:
        ok &= (state.toward[row, u] == 0) & (state.toward[row, :, v] == 0)
    if holes is not None and law.boundary is not None:
        inside, nothing = holes.permits(edge, state, law.boundary)
        ok &= inside
    elif law.links:
        us, vs, ws = u[:, None].expand(P, N), v[:, None].expand(P, N), w.expand(P, N)
        for x, y, z in ((ws, us, vs), (us, vs, ws), (vs, us, ws)):
            ok &= _keeps_link(state, x, y, z)
        nothing = _may_end(state, u, v) & _may_end(state, v, u)
    if law.boundary == 0:
        nothing = torch.zeros_like(nothing)
    if law.links:  # open edges are left, or all vertices found
        left = state.open.flatten(1).sum(1)[:, None] // 2 - 1
        after = left + torch.where(at_u > 0, -1, 1) + torch.where(at_v > 0, -1, 1)
        ok &= (after > 0) | (used == size)
        nothing = nothing & ((left > 0) | (used == size))[:, 0]
        if law.euler is not None and holes is None:
            ok &= _can_close(law.euler, state, after, used)
            new &= _can_close(law.euler, state, left + 2, used + 1)
    return torch.cat([ok | new, nothing[:, None]], dim=1)


def fulfilled(law: Law, state: MeshState) -> Tensor:
    """(P,) whether meshes without open edges obey what the answers alone do not tell."""
    if law.orientable is not False:
        return torch.ones_like(state.size, dtype=torch.bool)
    return (state.toward > 1).flatten(1).any(1)  # one triangle runs against its neighbour


def _keeps_link(state: MeshState, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Whether the link of x may get the edge {y, z}: a union of paths, or at last a cycle."""
    row = torch.arange(len(x), device=x.device)[:, None]
    one, two = state.ends[row, x, y], state.ends[row, x, z]
    known = (state.sides[row, x, y] > 0).long() + (state.sides[row, x, z] > 0).long()
    there = state.paths[row, x]
    closes = (one == z) & (known == 2)
    whole = (state.sides[row, x].sum(2) > 0) & (there == 0)  # the link is a cycle already
    finished = state.final[row, x, one] & state.final[row, x, two] & ~closes
    return ~whole & torch.where(closes, there == 1, ~finished | (there + 1 - known == 1))


def _may_end(state: MeshState, x: Tensor, y: Tensor) -> Tensor:
    """Whether the edge {x, y} may be one of the two of the boundary at x."""
    row = torch.arange(len(x), device=x.device)
    other = state.final[row, x, state.ends[row, x, y]]
    return (state.final[row, x].sum(1) < 2) & (~other | (state.paths[row, x] == 1))


def _can_close(euler: int, state: MeshState, left: Tensor, found: Tensor) -> Tensor:
    """Whether open edges and missing vertices may yet become a closed surface of 2(n - χ).

    A new vertex opens an edge; any other triangle closes three at most.
    """
    rest = 2 * (state.size[:, None] - euler) - state.count[:, None] - 1
    unseen = state.size[:, None] - found
    return (left + unseen <= 3 * (rest - unseen)) & ((left > 0) | (rest == 0))
