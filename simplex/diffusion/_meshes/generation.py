"""Meshes generated triangle by triangle, under a law that holds at every state."""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_generator, require_int
from simplex.diffusion._checks import (
    require_callable,
    require_device,
    require_integers,
    require_numbers,
)
from simplex.diffusion._complexes.checks import require_vertex_numbers
from simplex.diffusion._meshes.given import begin_with, in_random_order
from simplex.diffusion._meshes.growth import Growth
from simplex.diffusion._meshes.laws import MeshConstraint, fulfilled, law_of, require_room
from simplex.diffusion._meshes.questions import MeshDenoiser, answers_of


@torch.no_grad()
def sample_meshes(
    model: MeshDenoiser,
    num_vertices: Sequence[int],
    *,
    given: SimplicialComplex | None = None,
    constraint: MeshConstraint = None,
    boundary_length: int | Sequence[int] | None = None,
    max_restarts: int = 1000,
    device: torch.device | str = "cpu",
    generator: torch.Generator | None = None,
) -> SimplicialComplex:
    r"""Generate meshes triangle by triangle: the network says what lies behind an open edge.

    Each begins with a triangle. As long as an edge of one triangle is open, the network is asked
    what lies behind it: a vertex found before, a new one, or nothing. Edges are asked around the
    oldest vertex that has open ones, so that triangles around a vertex are found one after the
    other. Of the answers only those are drawn from that keep the constraint:

    - ``None``: none; closure holds always, as a triangle brings its edges.
    - ``"pseudomanifold"``: no edge has three triangles.
    - ``"surface"``: also, links of vertices are paths or cycles, and all vertices are found.
    - ``"disc"``: the surface is a disc.
    - ``(genus, orientable)``: a closed surface of so many handles or crosscaps, such as
      ``(0, True)`` for the sphere and ``(1, True)`` for the torus.

    A disc or a sphere half known can always be completed. For other surfaces the law of links is
    kept at every state, but some cannot be completed: where no answer is left, the mesh begins
    anew.

    Args:
        model: as for :func:`mesh_loss`.
        num_vertices: n_0 of each mesh to be generated, at least 3.
        given: triangles that the meshes hold from the start, as a complex with the same vertices
            and parts: of each part some that hang together across edges, or none. They keep the
            numbers of their vertices. What lies behind their edges is asked as if they had been
            found in the growth, so that completions are what the network goes on with: not the law
            of its meshes given these triangles, which may also have been found in another order.
        constraint: what the answers must keep.
        boundary_length: how many edges the boundary has, one number or one for each mesh; for the
            constraints ``"disc"`` and ``"surface"``. A mesh that cannot have so many any more, or
            ends with others, begins anew: samples are those of the network given the length.
        max_restarts: how often each may begin anew.
        device: where.
        generator: source of randomness, on the device.

    Returns:
        The union of the meshes, their vertices in random order but those of what is given.

    Raises:
        TypeError: ``num_vertices`` is one number; a constraint of another kind.
        ValueError: an unknown constraint, or too few vertices for it; a boundary of fewer than 3
            edges or more than there are vertices, or without its constraint; what is given on other
            vertices, in several pieces, or against the constraint; logits of another shape, NaN or
            infinite.
        RuntimeError: a mesh that was begun anew too often.

    Laws:
        What is returned obeys the constraint, whatever the network says.

    Example:
        >>> anything = lambda state, edge: torch.zeros(len(edge), state.paths.shape[1] + 1)
        >>> K = sample_meshes(anything, [7, 7], constraint=(1, True))
        >>> K.f_vector
        (14, 42, 28)
    """
    require_callable("model", model)
    require_generator(generator)
    require_vertex_numbers(num_vertices)
    require_int("max_restarts", max_restarts, 0)
    require_device(device)
    law = law_of(constraint)
    size = torch.tensor([int(n) for n in num_vertices], dtype=torch.int64, device=device)
    require_room(law, size)
    growth, restarts = Growth(size, law), torch.zeros_like(size)
    length = None if boundary_length is None else _lengths(boundary_length, size, constraint)
    names = torch.full_like(growth.state.paths, -1)
    if given is not None:
        names = begin_with(growth, given, generator)
    while True:
        state = growth.state
        edge, left = state.asked()
        allowed = growth.permitted(edge)
        stuck = torch.where(left, ~allowed.any(1), ~fulfilled(law, state))
        if length is not None:
            ends = state.final.flatten(1).sum(1) // 2
            stuck |= torch.where(left, ends > length, ends != length)
        row = (left & ~stuck).nonzero().squeeze(1)
        if not bool(stuck.any()) and not len(row):
            return in_random_order(state.complex(), names, generator)
        restarts += stuck
        if bool((restarts > max_restarts).any()):
            raise RuntimeError(
                f"{int((restarts > max_restarts).sum())} of {len(size)} meshes began anew more "
                f"than {max_restarts} times. Train the network longer, raise max_restarts, or "
                'take a constraint that never ends in a state without answers, such as "disc".'
            )
        growth.restart(stuck.nonzero().squeeze(1))
        if len(row):
            logits = answers_of(model, state.rows(row), edge[row]).double()
            chance = logits.masked_fill(~allowed[row], -torch.inf).softmax(1)
            answer = torch.multinomial(chance, 1, generator=generator).squeeze(1)
            growth.answer(row, edge[row], answer)


def _lengths(length: object, size: Tensor, constraint: MeshConstraint) -> Tensor:
    """(P,) lengths of the boundaries."""
    if constraint not in ("disc", "surface"):
        raise ValueError(
            'boundary_length must go with constraint="disc" or "surface", got constraint='
            f"{constraint!r}."
        )
    asked = require_numbers("boundary_length", length)
    require_integers("boundary_length", asked, "")
    if asked.shape not in ((), size.shape):
        raise ValueError(
            f"boundary_length must be one number, or one for each of {len(size)} meshes, got "
            f"shape {tuple(asked.shape)}."
        )
    lengths = asked.to(size.device).long().expand(size.shape)
    if bool(((lengths < 3) | (lengths > size)).any()):
        raise ValueError(
            "boundary_length must be at least 3 and at most the number of vertices, got "
            f"{lengths.tolist()[:8]} for {size.tolist()[:8]}."
        )
    return lengths
