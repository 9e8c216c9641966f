"""Positional codes of simplices: what tells them apart, at a cost linear in the incidences."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators import boundary_sum, coboundary_sum, neighbor_counts, pool_parts


class PositionalCodes(Protocol):
    """A row of numbers for every simplex, derived from the complex alone."""

    def widths(self, max_dim: int) -> list[int]:
        """The width of the codes of each dimension 0 … max_dim."""
        ...

    def __call__(self, K: SimplicialComplex, max_dim: int, dtype: torch.dtype) -> list[Tensor]:
        """The codes, one (n_k, width) tensor per dimension 0 … max_dim."""
        ...


@dataclass(frozen=True)
class StructuralCodes:
    r"""Codes from counts of cofacets, spread by the random walk on facets and cofacets.

    Even codes, which forget the orientation: with M the mean over all facets and cofacets,

    .. math::
        h_k^{(0)} = \log(1 + |C(σ)|), \quad h^{(t)} = M h^{(t-1)}, \qquad
        E_k = \big[\, 1 ‖ h^{(0)} ‖ s(h^{(0)} - h^{(1)}) ‖ … ‖ s(h^{(T-1)} - h^{(T)}) \,\big]

    where s takes off the mean over the part and divides by the deviation. Odd codes, which change
    sign with their simplex, for k ≥ 1: with g_k the non-constant columns of E_k, one place on,

    .. math::
        O_1 = r(∂_1^⊤ E_0), \qquad O_k = r\big( ∂_k^⊤ (O_{k-1} ⊙ g_{k-1}) \big), \qquad
        P_k = \big[\, O_k ‖ r(O_k ⊙ g_k) \,\big]

    where r divides by the root mean square over the part. The product with an even code is what
    keeps O_2 from being ∂_2ᵀ∂_1ᵀ E_0 = 0.

    Args:
        steps: T, number of steps of the walk.
        signed: odd codes for k ≥ 1; ``False`` for even ones in every dimension.

    Laws:
        Permutation equivariant: simplices that an automorphism exchanges have the same code, and an
        edge that one turns around has the odd code 0. Orientation equivariant. A disjoint union has
        the codes of its parts.

    Cost:
        O(T · incidences), once for each complex.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> [tuple(code.shape) for code in StructuralCodes(steps=3)(K, 2, torch.float32)]
        [(4, 5), (4, 8), (1, 8)]
    """

    steps: int = 4
    signed: bool = True

    def widths(self, max_dim: int) -> list[int]:
        """T + 2 for even codes, 2 (T + 1) for odd ones."""
        odd = 2 * (self.steps + 1) if self.signed else self.steps + 2
        return [self.steps + 2, *[odd] * max_dim]

    def __call__(self, K: SimplicialComplex, max_dim: int, dtype: torch.dtype) -> list[Tensor]:
        """The codes, one (n_k, width) tensor per dimension 0 … max_dim; kept with the complex."""

        def compute() -> list[Tensor]:
            with torch.no_grad():
                even = _even_codes(K, max_dim, self.steps, dtype)
                return _odd_codes(K, even) if self.signed else even

        name = f"structural codes {self.steps}, {self.signed}, {dtype}"
        result: list[Tensor] = K.cached(name, max_dim, compute)
        return result


@dataclass(frozen=True)
class OneHotCodes:
    r"""The code of the i-th k-simplex is ± the i-th unit vector, the sign its orientation.

    For signals on one fixed complex, such as the pixels of a grid: a token matrix that is a linear
    map of these codes is any matrix at all. Relabelling equivariance is given up.

    Args:
        f_vector: n_0, n_1, … of the complex.

    Laws:
        Orientation equivariant. A disjoint union has the codes of its parts.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1)])
        >>> OneHotCodes((2, 1))(K, 1, torch.float32)[0].tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """

    f_vector: tuple[int, ...]

    def widths(self, max_dim: int) -> list[int]:
        """The numbers of simplices.

        Raises:
            ValueError: ``f_vector`` has no entry for one of the dimensions.
        """
        if len(self.f_vector) <= max_dim:
            raise ValueError(
                f"f_vector must have an entry for each dimension 0 … {max_dim}, got "
                f"{self.f_vector}."
            )
        return list(self.f_vector[: max_dim + 1])

    def __call__(self, K: SimplicialComplex, max_dim: int, dtype: torch.dtype) -> list[Tensor]:
        """The codes, one (n_k, n_k of a part) tensor per dimension.

        Raises:
            ValueError: the parts of the complex do not have these numbers of simplices.
        """
        codes = []
        for k, count in enumerate(self.widths(max_dim)):
            if K.num_simplices(k) != count * K.num_parts:
                raise ValueError(
                    f"K must have {count} simplices of dimension {k} in each part, got "
                    f"{K.num_simplices(k)} in {K.num_parts}."
                )
            unit = torch.eye(count, dtype=dtype, device=K.device)
            sign = K.orientation(k).to(dtype)[:, None]
            codes.append(unit.repeat(K.num_parts, 1) * sign)  # (n_k, count)
        return codes


def _even_codes(K: SimplicialComplex, max_dim: int, steps: int, dtype: torch.dtype) -> list[Tensor]:
    """E_k of the skeleton of dimension max_dim, whose top simplices have no cofacet."""
    num_cofacets = [
        neighbor_counts(K, k, "coboundary").to(dtype)[:, None]
        if k < max_dim
        else torch.zeros(K.num_simplices(k), 1, dtype=dtype, device=K.device)
        for k in range(max_dim + 1)
    ]
    walk = [[count.log1p() for count in num_cofacets]]
    for _ in range(steps):
        h, following = walk[-1], []
        for k, count in enumerate(num_cofacets):
            total = torch.zeros_like(h[k])
            if k > 0:
                total = total + boundary_sum(K, h[k - 1], k)
            if k < max_dim:
                total = total + coboundary_sum(K, h[k + 1], k)
            num_facets = k + 1 if k > 0 else 0
            following.append(total / (num_facets + count).clamp(min=1))
        walk.append(following)
    codes = []
    for k in range(max_dim + 1):
        h = [values[k] for values in walk]
        columns = [torch.ones_like(h[0]), h[0]]
        if steps:
            change = torch.cat([a - b for a, b in pairwise(h)], dim=1)
            columns.append(_standard(K, change, k, centre=True))
        codes.append(torch.cat(columns, dim=1))
    return codes


def _odd_codes(K: SimplicialComplex, even: Sequence[Tensor]) -> list[Tensor]:
    """P_k: E_0 on the vertices, products of gradients with even codes above."""
    factor = [code[:, 1:].roll(1, dims=1) for code in even]
    codes, odd = [even[0]], even[0][:, 1:]
    for k in range(1, len(even)):
        below = odd if k == 1 else odd * factor[k - 1]
        odd = _standard(K, boundary_sum(K, below, k, signed=True), k, centre=False)
        more = _standard(K, odd * factor[k], k, centre=False)
        codes.append(torch.cat([odd, more], dim=1))
    return codes


def _standard(K: SimplicialComplex, x: Tensor, k: int, centre: bool) -> Tensor:
    """Each column of size 1 in each part; one of rounding errors alone stays small."""
    pointer, part = K.part_pointer(k), K.part(k)
    if centre:
        x = x - pool_parts(x, pointer, "mean").index_select(0, part)
    scale = (pool_parts(x.square(), pointer, "mean") + 1e-4).rsqrt()
    return x * scale.index_select(0, part)
