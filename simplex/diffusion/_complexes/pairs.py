"""What lies between the ends of a pair, and at the facets of a candidate."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_memory
from simplex.diffusion._complexes.candidates import Candidates


def random_walks(K: SimplicialComplex, length: int, dtype: torch.dtype) -> Tensor:
    r"""(length, num_parts, n, n) powers 1 … length of D^{-1/2} A D^{-1/2}, parts padded to equal n.

    A vertex has its place in the part. Kept with the complex.
    """

    def compute() -> Tensor:
        pointer, edges = K.part_pointer(0), K.simplices(1)
        size = int(pointer.diff().max()) if K.num_parts else 0
        require_memory(
            8 * (length + 3) * K.num_parts * size**2,
            K.device,
            f"walks between all pairs of {K.num_parts} parts of up to {size} vertices",
            "Score smaller complexes, or fewer at once.",
        )
        part = K.part(1)
        u, v = (edges - pointer[part][:, None]).unbind(1)
        A = torch.zeros(K.num_parts, size, size, dtype=dtype, device=K.device)
        A[part, u, v] = 1
        A = A + A.mT
        root = A.sum(2).clamp(min=1).rsqrt()
        step = root[:, :, None] * A * root[:, None, :]
        powers = [step]
        for _ in range(length - 1):
            powers.append(powers[-1] @ step)
        return torch.stack(powers)

    result: Tensor = K.cached(f"walks of {length} steps in {dtype}", 0, compute)
    return result


def walks_between(
    K: SimplicialComplex, candidates: Candidates, length: int, dtype: torch.dtype
) -> Tensor:
    r"""(m, 2(length - 1)) walks of 2 … length steps between the ends of each candidate of k = 1.

    .. math:: \log\Big( \frac{2E}{\sqrt{d_u d_v}} (D^{-1/2} A D^{-1/2})^l_{uv} + 0.02 \Big), \qquad
              [\text{some walk of at most } l \text{ steps}]

    The factor makes the first tend to log 1.02 as l grows, on a connected graph of E edges that is
    not bipartite.
    """
    powers, part = random_walks(K, length, dtype), candidates.part
    u, v = (candidates.simplices - K.part_pointer(0)[part][:, None]).unbind(1)
    there = powers[1:, part, u, v].T  # (m, length - 1)
    degree = torch.bincount(K.simplices(1).flatten(), minlength=K.num_simplices(0))
    ends = degree[candidates.simplices].to(dtype).prod(1, keepdim=True)
    edges = K.part_pointer(1).diff()[part, None].to(dtype)
    limit = ends.clamp(min=1).sqrt() / (2 * edges.clamp(min=1))
    reached = (there > 0).to(dtype).cummax(1).values
    return torch.cat([(there / limit + 0.02).log(), reached], dim=1)


def facet_sides(K: SimplicialComplex, candidates: Candidates) -> Tensor:
    """(m, 3) how many facets of a candidate have no cofacet, one, or more.

    A candidate makes the first part of the boundary, closes the second, and breaks the law of
    pseudo-manifolds at the last.
    """
    sides = K.cofacets(candidates.k - 1)[0].diff()[candidates.facets]  # (m, k+1)
    return torch.stack([(sides == 0).sum(1), (sides == 1).sum(1), (sides > 1).sum(1)], dim=1)
