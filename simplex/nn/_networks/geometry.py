"""What Euclidean motions leave alone: volumes, distances and angles of embedded simplices."""

import itertools
import math

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators import gather_facets


def simplex_volumes(K: SimplicialComplex, pos: Tensor, k: int) -> Tensor:
    r"""The k-dimensional volumes of the k-simplices: 1 of a vertex, length, area, volume, ….

    .. math:: \text{vol}(σ) = \frac{1}{k!} \sqrt{\det E^⊤ E}, \qquad
              E = (v_1 - v_0, …, v_k - v_0)

    Args:
        pos: (n_0, D) positions of the vertices.
        K: the complex.
        k: the degree.

    Returns:
        (n_k,).

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> pos = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
        >>> simplex_volumes(K, pos, 1).tolist(), simplex_volumes(K, pos, 2).tolist()
        ([3.0, 4.0, 5.0], [6.0])
    """
    corners = pos[K.simplices(k)]  # (n_k, k+1, D)
    edges = corners[:, 1:] - corners[:, :1]
    # Below the smallest number the root has no slope: a flat simplex gives a gradient of zero.
    squared = _det(_inner(edges, edges)).clamp(min=torch.finfo(pos.dtype).tiny)
    return squared.sqrt() / math.factorial(k)


def boundary_invariants(K: SimplicialComplex, pos: Tensor, k: int) -> Tensor:
    r"""Of each k-simplex and each of its facets: distances to the other vertex, both volumes.

    .. math:: \sum_{p ∈ τ} ‖p - b‖, \quad \text{vol}(τ), \quad \text{vol}(σ),
              \qquad τ = σ ∖ \{b\}

    Args:
        pos: (n_0, D) positions of the vertices.
        K: the complex.
        k: degree of the receiving simplices, k ≥ 1.

    Returns:
        (n_k, k+1, 3); entry ``[σ, i]`` is for the i-th facet.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> boundary_invariants(K, torch.tensor([[0.0], [2.0]]), 1).tolist()
        [[[2.0, 1.0, 2.0], [2.0, 1.0, 2.0]]]
    """
    corners = pos[K.simplices(k)]  # (n_k, k+1, D)
    away = [[j for j in range(k + 1) if j != i] for i in range(k + 1)]
    distances = torch.linalg.vector_norm(corners[:, :, None] - corners[:, away], dim=-1).sum(-1)
    facets = gather_facets(K, simplex_volumes(K, pos, k - 1)[:, None], k).squeeze(-1)
    own = simplex_volumes(K, pos, k)[:, None].expand_as(facets)
    return torch.stack([distances, facets, own], dim=-1)


def upper_invariants(K: SimplicialComplex, pos: Tensor, k: int) -> Tensor:
    r"""Of each pair of upper neighbours: distances, both volumes, and the angle between them.

    .. math:: ‖a - b‖, \quad \sum_{p ∈ σ ∩ τ} ‖p - a‖, \quad \sum_{p ∈ σ ∩ τ} ‖p - b‖, \quad
              \text{vol}(σ), \quad \text{vol}(τ), \quad \cos ∠(σ, τ)

    with a the vertex that σ has and τ has not, and b the other one. The angle is that of edges at
    their vertex for k = 1, the dihedral one at the shared face in general; at k = 0 its cosine
    is 1, at a flat simplex 0.

    Args:
        pos: (n_0, D) positions of the vertices.
        K: the complex.
        k: degree of the simplices.

    Returns:
        (n_{k+1}, k+2, k+1, 6); entry ``[δ, i, j]`` is for the i-th facet σ of the cofacet δ and the
        j-th of its other facets τ.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> pos = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
        >>> upper_invariants(K, pos, 1)[0, 1, 1].tolist()  # the legs, at the right angle
        [5.0, 4.0, 3.0, 4.0, 3.0, 0.0]
    """
    receiver, sender, shared = facet_pairs(k + 2)
    corners = pos[K.simplices(k + 1)]  # (n_{k+1}, k+2, D); below, E = (k+2)(k+1) pairs of facets
    a, b = corners[:, sender], corners[:, receiver]  # (n_{k+1}, E, D)
    common = corners[:, shared]  # (n_{k+1}, E, k, D)
    distances = [
        torch.linalg.vector_norm(a - b, dim=-1),
        torch.linalg.vector_norm(common - a[:, :, None], dim=-1).sum(-1),
        torch.linalg.vector_norm(common - b[:, :, None], dim=-1).sum(-1),
    ]
    volumes = gather_facets(K, simplex_volumes(K, pos, k)[:, None], k + 1).squeeze(-1)
    own, other = volumes[:, receiver], volumes[:, sender]
    frames = [torch.cat([common, tip[:, :, None]], dim=2) for tip in (a, b)]  # (…, k+1, D)
    left, right = (frame[:, :, 1:] - frame[:, :, :1] for frame in frames)
    norms = math.factorial(k) ** 2 * own * other
    flat = norms <= 2 * torch.finfo(pos.dtype).tiny  # no angle; a division would spoil gradients
    cosine = (_det(_inner(left, right)) / norms.masked_fill(flat, 1)).clamp(-1, 1)
    cosine = cosine.masked_fill(flat, 0)
    stacked = torch.stack([*distances, own, other, cosine], dim=-1)
    return stacked.view(len(corners), k + 2, k + 1, 6)


def facet_pairs(count: int) -> tuple[list[int], list[int], list[list[int]]]:
    """The ordered pairs of facets of a simplex with ``count`` vertices, by their first.

    The i-th facet lacks the i-th vertex: what the two have in common is the rest.

    Example:
        >>> facet_pairs(2)
        ([0, 1], [1, 0], [[], []])
    """
    pairs = list(itertools.permutations(range(count), 2))
    shared = [[v for v in range(count) if v not in pair] for pair in pairs]
    return [i for i, _ in pairs], [j for _, j in pairs], shared


def _inner(left: Tensor, right: Tensor) -> Tensor:
    """The inner products of two lists of vectors, (…, k, D) each, as (…, k, k)."""
    return (left[..., :, None, :] * right[..., None, :, :]).sum(-1)


def _det(matrix: Tensor) -> Tensor:
    """The determinant of small matrices (…, k, k), by expansion along the first row.

    A polynomial, whose gradient is right at singular matrices, too.
    """
    size = matrix.shape[-1]
    if size == 0:
        return matrix.new_ones(matrix.shape[:-2])
    terms = []
    for column in range(size):
        rest = [j for j in range(size) if j != column]
        terms.append((-1) ** column * matrix[..., 0, column] * _det(matrix[..., 1:, :][..., rest]))
    return torch.stack(terms).sum(0)
