"""Diagonals of functions of symmetric matrices: exact on small parts, by random probes on large."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.operators._gram import SMALL, GramSum
from simplex.operators._spectral import LinearMap


Function = Callable[[Tensor], Tensor]  # (…, s) eigenvalues to (…, s, T) values
Roots = Callable[[LinearMap, Tensor], Iterator[tuple[Tensor, Tensor]]]
_NUMBERS, _FEWEST = 1 << 18, 16  # in a block of probes: what a cache holds, but no single columns


def matrix_diagonals(
    K: SimplicialComplex,
    k: int,
    matrix: GramSum,
    function: Function,
    roots: Roots,
    num_functions: int,
    *,
    num_probes: int | None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""The diagonals of T functions of one symmetric matrix.

    .. math:: d_{σt} = f_t(M)_{σσ} = \sum_i f_t(λ_i) \, v_{iσ}^2 = \mathbb{E}_z \, (g_t(M) z)_σ
              (h_t(M) z)_σ, \qquad f_t = g_t h_t

    Parts with at most :data:`SMALL` k-simplices are diagonalised, many of one size at a time. On
    larger ones the expectation is taken over ``num_probes`` random signs z: a standard error of at
    most √(2 g_t²(M)_σσ h_t²(M)_σσ / num_probes). With ``None`` the unit vectors take their place:
    exact, at n_k times the cost of one probe.

    Args:
        K: the complex.
        k: the degree.
        matrix: M.
        function: (…, s) eigenvalues to (…, s, T).
        roots: from M as a map and z (n_k, m) to the T pairs g_t(M) z, h_t(M) z.
        num_functions: T.
        num_probes: on large parts; ``None`` for exact diagonals.
        generator: of the probes, on the CPU.

    Returns:
        (n_k, T) float64.
    """
    sizes = K.part_pointer(k).diff()
    small = sizes <= SMALL
    count = K.num_simplices(k)
    result = torch.zeros(count, num_functions, dtype=torch.float64, device=K.device)
    if not bool(small.all()):
        large = (~small)[K.part(k)].nonzero().squeeze(1)
        result[large] = _probed(
            matrix.map(), roots, count, large, num_functions, num_probes, generator
        )
    for _, rows, block in matrix.blocks(K, k, small):
        values, vectors = torch.linalg.eigh(block)
        result[rows] = vectors.square() @ function(values)
    return result


def _probed(
    apply: LinearMap,
    roots: Roots,
    count: int,
    rows: Tensor,
    num_functions: int,
    num_probes: int | None,
    generator: torch.Generator | None,
) -> Tensor:
    """(rows, T) estimated from random signs, or exact from all unit vectors of these rows."""
    width = max(_FEWEST, _NUMBERS // count)
    total = torch.zeros(len(rows), num_functions, dtype=torch.float64, device=rows.device)
    if num_probes is None:
        for block in torch.split(torch.arange(len(rows), device=rows.device), width):
            z = torch.zeros(count, len(block), dtype=torch.float64, device=rows.device)
            z[rows[block], torch.arange(len(block), device=rows.device)] = 1
            for t, (g, h) in enumerate(roots(apply, z)):
                total[block, t] = (g * h).sum(0)
        return total
    for start in range(0, num_probes, width):
        shape = (count, min(width, num_probes - start))
        z = torch.randint(0, 2, shape, generator=generator).double().mul_(2).sub_(1)
        for t, (g, h) in enumerate(roots(apply, z.to(rows.device))):
            total[:, t] += (g * h).sum(1)[rows]
    return total / num_probes


def power_roots(steps: tuple[int, ...], lazy: bool) -> Roots:
    """Of the powers of M, or of I - M where ``lazy``: their halves, with one product a power."""

    def roots(apply: LinearMap, z: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        powers = [z]
        for step in steps:
            while len(powers) <= (step + 1) // 2:
                moved = apply(powers[-1])
                powers.append(powers[-1] - moved if lazy else moved)
            yield powers[step // 2], powers[(step + 1) // 2]

    return roots
