"""Triangles that are there from the start: a growth that has found them, and names of vertices."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_undirected, take_parts
from simplex.diffusion._meshes.growth import Growth
from simplex.diffusion._meshes.lesson import Lesson, require_patches


def begin_with(
    growth: Growth, given: SimplicialComplex, generator: torch.Generator | None
) -> Tensor:
    """Let the meshes begin with the triangles given, found one after another under the law.

    Args:
        growth: P meshes.
        given: a union of P parts of their sizes, patches of triangles or nothing but vertices.
        generator: of the triangles with which the finding begins.

    Returns:
        (P, N) the vertices of the parts by the order in which they were found, -1 beyond.
    """
    size, (P, N) = growth.state.size, growth.state.paths.shape
    require_undirected("given", given)
    given = given.to(size.device)
    found = given.part_pointer(0).diff()
    if not torch.equal(found, size):
        raise ValueError(
            "given must have the parts and vertices of what is generated, num_vertices "
            f"{size.tolist()[:8]}, got {found.tolist()[:8]}. For a part with further vertices: "
            "from_simplices(…, num_vertices=n); for several: disjoint_union."
        )
    row = given.part_pointer(2).diff().nonzero().squeeze(1)
    patches = take_parts(given, row).complex
    require_patches(
        "given", given if patches.num_simplices(1) < given.num_simplices(1) else patches
    )
    lesson = Lesson(patches, growth.law, generator, N)
    while True:
        some, edge, answer = lesson.question(lesson.within())
        if not len(some):
            break
        allowed = lesson.growth.permitted(lesson.edge)[some, answer]
        if not bool(allowed.all()):
            part = int(row[some[~allowed][0]])
            raise ValueError(
                f"given must keep the constraint, got part {part}, of which no mesh that keeps it "
                "can be made. Leave some of its triangles out, or take a weaker constraint."
            )
        lesson.go_on(some, edge, answer)
    growth.begin_with(row, lesson.growth)
    names = torch.full((P, N), -1, device=size.device)
    names[row] = lesson.name
    return names


def in_random_order(
    K: SimplicialComplex, names: Tensor, generator: torch.Generator | None
) -> SimplicialComplex:
    """The same with the vertices of each part permuted, so that their numbers tell nothing.

    Args:
        K: a union.
        names: (P, N) the numbers that vertices of the parts must get, -1 for any.
        generator: source of randomness.
    """
    part, pointer = K.part(0), K.part_pointer(0)
    drawn = torch.rand(
        K.num_simplices(0), generator=generator, dtype=torch.float64, device=K.device
    )
    local = torch.arange(len(part), device=K.device) - pointer[part]
    name = names[part, local] + pointer[part]
    free = names[part, local] < 0
    left = torch.ones_like(free)
    left[name[~free]] = False
    order = (drawn[free] + part[free]).argsort().argsort()  # parts stay where they are
    name[free] = left.nonzero().squeeze(1)[order]
    moved: Tensor = name[K.simplices(2)]
    made = SimplicialComplex.from_simplices(moved, num_vertices=K.num_simplices(0))
    return made.with_parts(pointer)
