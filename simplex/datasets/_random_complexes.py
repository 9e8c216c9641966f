"""Random complexes to learn to generate: cliques of two communities, Delaunay triangulations."""

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    on_free_threads,
    require_generator,
    require_memory,
    require_real,
)
from simplex.datasets._checks import require_integer, require_range
from simplex.lifting import clique_complex, delaunay_complex


@on_free_threads()
def community_complexes(
    num_complexes: int,
    num_vertices: tuple[int, int] = (12, 20),
    *,
    max_dim: int = 2,
    within: float = 0.7,
    bridges: float = 0.05,
    generator: torch.Generator | None = None,
) -> list[SimplicialComplex]:
    r"""Clique complexes of random graphs of two communities.

    n is drawn uniformly from the range. Two vertices of one community of ⌊n/2⌋ are joined with the
    probability ``within``, of different ones with a probability of

    .. math:: \text{bridges} · n / \lfloor n/2 \rfloor^2,

    so that about ``bridges`` · n edges lie between them; where none was drawn, one is. The numbers
    of the vertices are permuted at random and tell nothing.

    Args:
        num_complexes: how many.
        num_vertices: the least and the largest n, at least 2; a complex has 2⌊n/2⌋ vertices.
        max_dim: top dimension of the cliques.
        within: a probability.
        bridges: expected number of edges between the communities, per vertex.
        generator: source of all randomness, on the CPU; ``None`` for torch's global one.

    Returns:
        A list of complexes.

    Raises:
        ValueError: an empty range, or one below 2; a probability outside [0, 1].

    Paper:
        Niu et al., "Permutation Invariant Graph Generation via Score-Based Generative Modeling",
        AISTATS 2020: its set *community-small*, with 12 ≤ n ≤ 20. Departure: their code draws the
        inside of each community from a fixed seed, so that two graphs of one size differ in the
        bridges alone; here nothing is fixed.

    Example:
        >>> complexes = community_complexes(3, generator=torch.Generator().manual_seed(0))
        >>> [K.f_vector for K in complexes]
        [(20, 70, 101), (12, 26, 19), (14, 30, 23)]
    """
    require_generator(generator)
    low, high = require_range("num_vertices", num_vertices, 2)
    within, bridges = require_real("within", within, 0, 1), require_real("bridges", bridges, 0)
    densest = bridges * high / max(low // 2, 1) ** 2
    require_real("bridges · n / ⌊n/2⌋²", densest, 0, 1)
    require_integer("num_complexes", num_complexes, 0)
    edges_each = within * high**2 // 4 + bridges * high
    _require_room(
        int(int(num_complexes) * (edges_each * 32 + 2000) + 40 * high**2), num_complexes, high
    )
    sizes = torch.randint(low, high + 1, (num_complexes,), generator=generator).tolist()
    graphs = [_two_communities(n // 2, within, bridges * n, generator) for n in sizes]
    start = torch.tensor([0, *[2 * (n // 2) for n in sizes]]).cumsum(0)
    edges = [edge + first for edge, first in zip(graphs, start.tolist(), strict=False)]
    joined = torch.cat([torch.empty(2, 0, dtype=torch.int64), *edges], dim=1)
    lift = clique_complex(joined, max_dim, num_vertices=int(start[-1]))
    return lift.with_parts(start).split()


@on_free_threads()
def delaunay_complexes(
    num_complexes: int,
    num_points: tuple[int, int] = (16, 32),
    *,
    generator: torch.Generator | None = None,
) -> list[SimplicialComplex]:
    """Delaunay triangulations of uniform points in the unit square.

    Each is a triangulated disc: planar, with Betti numbers (1, 0, 0) and 2n - 2 - h triangles and
    3n - 3 - h edges for n points of which h are on the outer cycle. They are no clique complexes:
    three edges around a vertex of degree three bound no triangle. The coordinates are not kept.

    Args:
        num_complexes: how many.
        num_points: the least and the largest number of points, at least 3, drawn uniformly.
        generator: source of all randomness, on the CPU; ``None`` for torch's global one.

    Raises:
        ValueError: an empty range, or one below 3.

    Example:
        >>> complexes = delaunay_complexes(2, generator=torch.Generator().manual_seed(0))
        >>> [K.f_vector for K in complexes]
        [(23, 58, 36), (19, 48, 30)]
    """
    require_generator(generator)
    low, high = require_range("num_points", num_points, 3)
    require_integer("num_complexes", num_complexes, 0)
    _require_room(int(num_complexes) * (2000 + high * 200), num_complexes, high)
    counts = torch.randint(low, high + 1, (num_complexes,), generator=generator).tolist()
    points = (torch.rand(n, 2, generator=generator, dtype=torch.float64) for n in counts)
    return [delaunay_complex(cloud) for cloud in points]


def _require_room(num_bytes: int, num_complexes: int, num_vertices: int) -> None:
    what = f"the {num_complexes} complexes of at most {num_vertices} vertices"
    require_memory(num_bytes, torch.device("cpu"), what, "Ask for fewer or smaller ones.")


def _two_communities(
    half: int, within: float, bridges: float, generator: torch.Generator | None
) -> Tensor:
    """(2, E) edges between 2·half vertices in random order."""
    n = 2 * half
    pairs = torch.triu_indices(n, n, 1)
    across = (pairs[0] < half) & (pairs[1] >= half)
    probability = torch.where(across, bridges / half**2, within)
    edge = torch.rand(pairs.shape[1], generator=generator) < probability
    if not bool((edge & across).any()):
        between = across.nonzero().squeeze(1)
        edge[between[torch.randint(len(between), (1,), generator=generator)]] = True
    return torch.randperm(n, generator=generator)[pairs[:, edge]]
