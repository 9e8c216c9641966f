"""The low end of the spectrum of a Hodge Laplacian, part by part, with certified residuals."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    on_free_threads,
    require_generator,
    require_int,
    require_memory,
    require_real,
    require_word,
)
from simplex.operators._apply import apply_hodge_laplacian
from simplex.operators._boundary import boundary_matrix, coboundary_matrix
from simplex.operators._bounds import part_bound
from simplex.operators._checks import require_operator_dtype, require_rank
from simplex.operators._gram import SMALL, laplacian_matrix
from simplex.operators._hodge import harmonic_vectors
from simplex.operators._homology import LARGEST_PRIME, coboundary_ranks
from simplex.operators._krylov import lowest_pairs
from simplex.operators._sparse import matrix_product


PARTS = ("hodge", "gradient", "curl", "harmonic")


class Eigenpairs(NamedTuple):
    """Eigenvalues and eigenvectors of L_k, ascending.

    Attributes:
        values: (count,), or (num_parts, count) of a disjoint union; infinite where there are fewer.
        vectors: (n_k, count), orthonormal in each part; columns of zeros where there are fewer.
        residuals: |L_k v - λ v|, like values; an eigenvalue of L_k is never farther from λ.
    """

    values: Tensor
    vectors: Tensor
    residuals: Tensor


@on_free_threads()
def eigenpairs(
    K: SimplicialComplex,
    k: int,
    count: int,
    *,
    part: str = "hodge",
    tolerance: float = 1e-8,
    dtype: torch.dtype | None = None,
    generator: torch.Generator | None = None,
) -> Eigenpairs:
    r"""The smallest eigenvalues of the Hodge Laplacian, all or on one part of the decomposition.

    .. math:: L_k v = λ v, \qquad v ∈ \operatorname{im} ∂_k^⊤, \; \operatorname{im} ∂_{k+1}
              \; \text{or} \; \ker L_k

    Args:
        K: the complex. Of a disjoint union every part has its own eigenpairs.
        k: 0 … dim; the empty complex counts as of dimension 0.
        count: how many, ≥ 1, multiple ones counted as often as they occur.
        part: ``"hodge"`` for all of L_k; ``"gradient"``, ``"curl"`` for its nonzero eigenvalues
            with eigenvectors in the images of ∂_kᵀ and ∂_{k+1}; ``"harmonic"`` for 0.
        tolerance: for large parts, of the residuals, relative to a bound of the largest eigenvalue.
        dtype: float32 or float64 of the result; ``None`` for torch's default. Computed in float64.
        generator: of the start for large parts, on the CPU; ``None`` for the same at every call.

    Returns:
        :class:`Eigenpairs`. The entry of largest absolute value of each vector is positive, the
        first of them if several are. Within the space of a multiple eigenvalue the basis is
        arbitrary. Of more than ``count`` harmonic vectors of a large part a random ``count`` are
        taken.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: ``k`` beyond the dimension, another part or dtype, or vectors that would not fit
            in memory.
        RuntimeError: a large part did not converge.

    Laws:
        The eigenvalues of ``"gradient"`` at k are those of ``"curl"`` at k-1. Reorienting by T
        turns v into T v, up to its sign; a union has the eigenpairs of its parts.

    Cost:
        Where ∂_k, or ∂_{k+1}, of a part has at most 512 rows or columns: a dense decomposition of
        the smaller side, those of one size together. Larger: block Krylov spaces of the inverse by
        a sparse factorisation, or by conjugate gradients where that would fill in, and
        :func:`betti_numbers`, one part after the other. No dense matrix of more than 512 rows.

    Example:
        >>> from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2)])
        >>> eigenpairs(K, 1, 3).values.round(decimals=4).abs()
        tensor([0., 3., 3.])
    """
    k = require_rank(K, k, 0)
    count = require_int("count", count, least=1)
    require_word("part", part, PARTS)
    tolerance = require_real("tolerance", tolerance, 0.0, 1.0, open=True)
    dtype = require_operator_dtype(dtype)
    require_generator(generator)
    n = K.num_simplices(k)
    remedy = "Lower count."
    require_memory(n * count * 40, K.device, f"{count} eigenvectors on {n} simplices", remedy)
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    search = _Search(K, k, count, tolerance, generator)
    values, vectors = search.spectrum(part) if part in _WHOLE else search.image(part)
    vectors = _with_signs(K, k, vectors)
    residuals = _residuals(K, k, values, vectors)
    if K.num_parts == 1:
        values, residuals = values[0], residuals[0]
    return Eigenpairs(values.to(dtype), vectors.to(dtype), residuals.to(dtype))


_WHOLE = ("hodge", "harmonic")
_Pairs = tuple[Tensor, Tensor]  # values (num_parts, count), vectors (n_k, count)


@dataclass(frozen=True)
class _Search:
    """Of one complex, and how many pairs of each part."""

    K: SimplicialComplex
    k: int
    count: int
    tolerance: float
    generator: torch.Generator

    def spectrum(self, part: str) -> _Pairs:
        """All of L_k, or its kernel."""
        K, k = self.K, self.k
        small = K.part_pointer(k).diff() <= SMALL
        found = self._dense(k, "hodge", small, (0,) if part == "harmonic" else (0, 1))
        if bool(small.all()):
            return found
        found = self._merged(found, self._of_large(~small, self._harmonic))
        if part == "hodge":
            for half in ("gradient", "curl"):
                found = self._merged(found, self.image(half, ~small))
        return found

    def image(self, half: str, chosen: Tensor | None = None) -> _Pairs:
        """Nonzero eigenvalues of ∂ᵀ∂ or ∂∂ᵀ, from the side of ∂ that is smaller in each part."""
        K, k = self.K, self.k
        other, twin = (k - 1, "curl") if half == "gradient" else (k + 1, "gradient")
        mine = K.part_pointer(k).diff()
        theirs = K.part_pointer(other).diff() if 0 <= other <= K.dim else torch.zeros_like(mine)
        some = torch.minimum(mine, theirs) > 0
        some = some if chosen is None else some & chosen
        near, far = some & (mine <= theirs), some & (mine > theirs)
        found = self._dense(k, half, near & (mine <= SMALL), (1,))
        if bool((small := far & (theirs <= SMALL)).any()):
            values, vectors = self._dense(other, twin, small, (1,))
            across = boundary_matrix if half == "curl" else coboundary_matrix
            carried = matrix_product(across(K, other, dtype=torch.float64))(vectors)
            scale = torch.where(values.isfinite(), values.rsqrt(), 0.0)
            found = self._merged(found, (values, carried * scale[K.part(k)]))
        large = (near & (mine > SMALL)) | (far & (theirs > SMALL))
        if bool(large.any()):
            found = self._merged(found, self._of_large(large, partial(self._sparse, half)))
        return found

    def _dense(self, k: int, half: str, chosen: Tensor, nonzero: tuple[int, ...]) -> _Pairs:
        """The lowest pairs of the chosen parts whose eigenvalue is zero, or nonzero, or both."""
        K, count = self.K, self.count
        values, vectors = self._none(k)
        if not bool(chosen.any()):
            return values, vectors
        for parts, rows, block in laplacian_matrix(K, k, half).blocks(K, k, chosen):
            spectrum, basis = torch.linalg.eigh(block)
            least = 16 * torch.finfo(torch.float64).eps * rows.shape[1] * spectrum[:, -1:]
            zero = spectrum <= least
            spectrum = torch.where(zero, 0.0 if 0 in nonzero else torch.inf, spectrum)
            if 1 not in nonzero:
                spectrum = torch.where(zero, spectrum, torch.inf)
            spectrum, order = spectrum.sort(dim=1, stable=True)
            spectrum, order = spectrum[:, :count], order[:, None, :count]
            kept = basis.gather(2, order.expand(-1, rows.shape[1], -1))
            width = spectrum.shape[1]
            values[parts, :width] = spectrum
            vectors[rows, :width] = torch.where(spectrum[:, None].isfinite(), kept, 0.0)
        return values, vectors

    def _of_large(self, chosen: Tensor, find: Callable[[SimplicialComplex], _Pairs]) -> _Pairs:
        """One part after the other."""
        K = self.K.to("cpu")
        values, vectors = self._none(self.k)
        pieces, pointer = K.split() if K.num_parts > 1 else [K], K.part_pointer(self.k)
        for p in chosen.nonzero().squeeze(1).tolist():
            some, basis = find(pieces[p])
            values[p, : len(some)] = some.to(values.device)
            vectors[pointer[p] : pointer[p + 1], : len(some)] = basis.to(vectors.device)
        return values, vectors

    def _harmonic(self, K: SimplicialComplex) -> _Pairs:
        vectors = harmonic_vectors(K, self.k, self.count, self.generator)
        return vectors.new_zeros(vectors.shape[1]), vectors

    def _sparse(self, half: str, K: SimplicialComplex) -> _Pairs:
        k = self.k
        degree = k if half == "gradient" else k + 1
        of = boundary_matrix if half == "gradient" else coboundary_matrix
        rank = coboundary_ranks(K.skeleton(degree), prime=LARGEST_PRIME)[degree - 1]
        bound = float(part_bound(K, degree).max())
        count = min(self.count, rank)
        matrix = of(K, k, dtype=torch.float64)
        return lowest_pairs(matrix, rank, count, bound, self.tolerance, self.generator)

    def _none(self, k: int) -> _Pairs:
        device = self.K.device
        shape = (self.K.num_parts, self.count)
        values = torch.full(shape, torch.inf, dtype=torch.float64, device=device)
        n = self.K.num_simplices(k)
        return values, torch.zeros(n, self.count, dtype=torch.float64, device=device)

    def _merged(self, one: _Pairs, two: _Pairs) -> _Pairs:
        """The lowest of both, in each part."""
        values, order = torch.cat([one[0], two[0]], dim=1).sort(dim=1, stable=True)
        order = order[:, : self.count][self.K.part(self.k)]
        return values[:, : self.count], torch.cat([one[1], two[1]], dim=1).gather(1, order)


def _with_signs(K: SimplicialComplex, k: int, vectors: Tensor) -> Tensor:
    """In each part the first of the largest entries made positive; rounding decides no tie."""
    part = K.part(k)[:, None].expand(vectors.shape)
    shape = (K.num_parts, vectors.shape[1])
    largest = vectors.new_zeros(shape).scatter_reduce(0, part, vectors.abs(), "amax")
    reaching = vectors.abs() >= (1 - 1e-6) * largest.gather(0, part)
    row = torch.arange(len(vectors), device=vectors.device)[:, None].expand(vectors.shape)
    row = torch.where(reaching, row, len(vectors))
    first = row.new_full(shape, len(vectors)).scatter_reduce(0, part, row, "amin")
    first = first.clamp(max=max(len(vectors) - 1, 0))
    signs = torch.sign(vectors.gather(0, first)) if len(vectors) else vectors.new_zeros(shape)
    return vectors * signs.gather(0, part)


def _residuals(K: SimplicialComplex, k: int, values: Tensor, vectors: Tensor) -> Tensor:
    part = K.part(k)
    finite = torch.where(values.isfinite(), values, 0.0)
    error = apply_hodge_laplacian(K, vectors, k) - finite[part] * vectors
    return torch.zeros_like(values).index_add(0, part, error.square()).sqrt()
