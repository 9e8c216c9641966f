"""What lies behind the edges of given meshes: the questions that a network is trained on."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_generator, require_int
from simplex.diffusion._checks import require_callable, require_finite, require_floats
from simplex.diffusion._elbo import Elbo, stacked
from simplex.diffusion._meshes.laws import (
    Law,
    MeshConstraint,
    fulfilled,
    law_of,
    permitted,
)
from simplex.diffusion._meshes.lesson import Lesson, meshes
from simplex.diffusion._meshes.state import MeshState


# From P states and a (P, 2) edge of each to (P, N+1) logits: the N vertices, and nothing.
MeshDenoiser = Callable[[MeshState, Tensor], Tensor]


class MeshQuestions(NamedTuple):
    """Meshes half known, an open edge of each, and what lies behind it.

    Attributes:
        state: P of them.
        edge: (P, 2) vertices, as the triangle on the side that is known runs.
        answer: (P,) int64: a vertex, ``state.used`` for one that was not found yet, or N.
        part: (P,) the part of the union that each is of.
    """

    state: MeshState
    edge: Tensor
    answer: Tensor
    part: Tensor

    def rows(self, index: Tensor) -> "MeshQuestions":
        """Some of them, as a batch."""
        return MeshQuestions(
            self.state.rows(index), self.edge[index], self.answer[index], self.part[index]
        )


def mesh_questions(
    K: SimplicialComplex,
    num_questions: int,
    *,
    generator: torch.Generator | None = None,
) -> MeshQuestions:
    """Draw questions about meshes: what lies behind an open edge, after so much was found.

    Each part is explored once, from a random triangle of it in a random cyclic order, as
    :func:`sample_meshes` grows them. Of the F - 1 + h questions on the way, for F triangles and h
    edges of the boundary, ``num_questions`` are drawn, with repetition.

    Args:
        K: a union of meshes: strongly connected, every simplex in a triangle, at most two triangles
            at an edge. Surfaces are such, and may be closed.
        num_questions: for each part.
        generator: source of randomness, on the complex's device.

    Returns:
        num_parts · num_questions questions, in random order.

    Raises:
        TypeError: K is no complex.
        ValueError: a part that is no mesh.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3)])
        >>> mesh_questions(K, 5).answer.shape
        torch.Size([5])
    """
    require_generator(generator)
    require_int("num_questions", num_questions, 1)
    lesson = Lesson(meshes(K), Law(), generator)
    drawn = torch.rand(
        K.num_parts, num_questions, generator=generator, dtype=torch.float64, device=K.device
    )
    when = (drawn * lesson.length[:, None]).long()
    asked: list[tuple[MeshState, Tensor, Tensor, Tensor]] = []
    for step in range(int(lesson.length.max()) if K.num_parts else 0):
        row, edge, answer = lesson.question()
        repeated = (when[row] == step).sum(1)
        now = torch.repeat_interleave(torch.arange(len(row), device=K.device), repeated)
        asked.append((lesson.growth.state.rows(row[now]), edge[now], answer[now], row[now]))
        lesson.go_on(row, edge, answer)
    if not asked:
        none = torch.empty(0, dtype=torch.int64, device=K.device)
        return MeshQuestions(lesson.growth.state.rows(none), none.view(0, 2), none, none)
    states, edges, answers, parts = zip(*asked, strict=True)
    every = MeshQuestions(
        MeshState.cat(list(states)), torch.cat(edges), torch.cat(answers), torch.cat(parts)
    )
    order = torch.rand(len(every.answer), generator=generator, device=K.device).argsort()
    return every.rows(order)


def mesh_loss(model: MeshDenoiser, questions: MeshQuestions) -> Tensor:
    r"""The cross-entropy of the network on each question.

    .. math:: -\log p_θ(\text{what lies behind } uv \mid \text{what is known})

    over all vertices found but u, v and the apex on the known side, one that is new, and nothing.
    No constraint is known to it: what the laws of the data are, the network learns.

    Args:
        model: from the states and the (P, 2) edges to (P, N+1) logits.
        questions: as :func:`mesh_questions` draws them.

    Returns:
        (P,) losses. Their mean is the bound of :func:`mesh_elbo` per question, but a constant.

    Raises:
        ValueError: logits of another shape, NaN or infinite.

    Paper:
        The order in which a surface is uncovered is a peeling: O. Angel, "Growth and percolation on
        the uniform infinite planar triangulation", GAFA 2003. That random orders of absorbing
        diffusion in continuous time train like this: E. Hoogeboom et al., "Autoregressive diffusion
        models", ICLR 2022. Departure: the order depends on what was found.
    """
    require_callable("model", model)
    if not isinstance(questions, MeshQuestions):
        raise TypeError(
            f"questions must be MeshQuestions, got {type(questions).__name__}. Draw them, "
            "mesh_questions(K, 8)."
        )
    allowed = permitted(Law(), questions.state, questions.edge, None)
    logits = answers_of(model, questions.state, questions.edge)
    return _cross_entropy(logits, allowed, questions.answer)


@torch.no_grad()
def mesh_elbo(
    model: MeshDenoiser,
    K: SimplicialComplex,
    *,
    constraint: MeshConstraint = None,
    generator: torch.Generator | None = None,
) -> Elbo:
    r"""An unbiased estimate of a bound of -log p_θ(x_0), given the number n of vertices.

    .. math::
        -\log p_θ(x_0) ≤ \log n! - \log 6F
            - \mathbb{E} \sum_q \log p_θ(\text{answer}_q \mid \text{state}_q)

    with the mean over the 6F ways to begin with a triangle of x_0 in a cyclic order; the numbers of
    the vertices are a random permutation, as those of all x_0 that :func:`sample_meshes` gives.

    Args:
        model: as for :func:`mesh_loss`.
        K: a union of meshes.
        constraint: what the sampler is told. The bound is then that of chains that do not begin
            anew: for ``"disc"`` and the sphere, all.
        generator: of the beginnings.

    Returns:
        The terms, one row for each part: log n! - log 6F as the prior, and a step for each
        question; infinite where x_0 does not obey the constraint.

    Cost:
        One evaluation of the network for each question of the largest part.
    """
    require_callable("model", model)
    require_generator(generator)
    law = law_of(constraint)
    lesson = Lesson(meshes(K), law, generator)
    size = K.part_pointer(0).diff().double()
    flags = 6 * K.part_pointer(2).diff().double()
    prior = (size + 1).lgamma() - flags.log()
    terms = []
    for _ in range(int(lesson.length.max()) if K.num_parts else 0):
        row, edge, answer = lesson.question()
        state = lesson.growth.state.rows(row)
        allowed = lesson.growth.permitted(lesson.edge)[row]
        logits = answers_of(model, state, edge).double()
        nats = _cross_entropy(logits, allowed, answer)
        terms.append(torch.zeros_like(prior).index_add(0, row, nats))
        lesson.go_on(row, edge, answer)
    last = torch.where(fulfilled(law, lesson.growth.state), 0.0, torch.inf).to(prior)
    return Elbo(prior, stacked(terms, prior), last, lesson.length)


def answers_of(model: MeshDenoiser, state: MeshState, edge: Tensor) -> Tensor:
    """(P, N+1) logits, checked."""
    logits = model(state, edge)
    require_floats("the logits of the network", logits)
    P, N = state.paths.shape
    if logits.shape != (P, N + 1):
        raise ValueError(
            f"the network must give one logit per vertex and one for nothing, shape {(P, N + 1)}, "
            f"got {tuple(logits.shape)}."
        )
    require_finite("the logits of the network", logits, lambda: f"for {P} states of {N} vertices")
    return logits


def _cross_entropy(logits: Tensor, allowed: Tensor, answer: Tensor) -> Tensor:
    of_all = logits.masked_fill(~allowed, -torch.inf).logsumexp(1)
    right = answer[:, None]
    nats = of_all - logits.gather(1, right).squeeze(1)
    return torch.where(allowed.gather(1, right).squeeze(1), nats, torch.inf)
