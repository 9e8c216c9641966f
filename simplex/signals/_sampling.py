"""Signals of few frequencies: where they can be concentrated, and where to measure them."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import real_tensor, require_int
from simplex.signals._smoothing import read_mask


class Slepians(NamedTuple):
    """A basis of a band, the most concentrated first.

    Attributes:
        vectors: (n_k, m), orthonormal.
        concentration: (m,) in [0, 1], descending: the share of the energy within the region.
    """

    vectors: Tensor
    concentration: Tensor


def slepians(band: Tensor, region: Tensor) -> Slepians:
    r"""The signals of a band that are most concentrated in a region.

    .. math:: \max_{x ∈ \operatorname{span} V} \frac{\sum_{σ ∈ R} x_σ^2}{|x|^2}

    and, orthogonal to those before, the next ones.

    Args:
        band: V, (n_k, m) orthonormal columns: :func:`~simplex.operators.eigenpairs`, of one part or
            several.
        region: R, (n_k,) bool.

    Returns:
        :class:`Slepians`.

    Raises:
        TypeError: ``region`` is no mask.
        ValueError: columns that are not orthonormal.

    Laws:
        Orthogonal within the region too: the concentrations are the eigenvalues of
        Vᵀ diag(R) V.

    Reference:
        Battiloro, Di Lorenzo, Barbarossa, "Topological Slepians", ICASSP 2023, equation 11.

    Example:
        >>> found = slepians(torch.eye(3)[:, :2], torch.tensor([False, True, True]))
        >>> found.concentration.tolist(), found.vectors[:, 0].abs().tolist()
        ([1.0, 0.0], [0.0, 1.0, 0.0])
    """
    V = _orthonormal(band)
    inside = V[read_mask("region", region, len(V))]
    values, turn = torch.linalg.eigh(inside.T @ inside)
    vectors = (V @ turn).flip(1).to(band.dtype)
    return Slepians(vectors, values.flip(0).clamp(0, 1).to(band.dtype))


def sampling_set(band: Tensor, count: int) -> Tensor:
    r"""Simplices at which signals of a band are to be measured, chosen one by one.

    The next one is where the volume of what can be told apart grows most,

    .. math:: σ_{i+1} = \arg\max_σ \; \det\Big( ε + \sum_{j ≤ i} v_{σ_j} v_{σ_j}^⊤
              + v_σ v_σ^⊤ \Big),

    with the rows v of V: D-optimal design. From m simplices on every signal of the band can be
    recovered, if the choice found m independent rows; further ones dampen noise.

    Args:
        band: V, (n_k, m) orthonormal columns.
        count: how many, 1 … n_k.

    Returns:
        (count,) int64 ids, in the order in which they were chosen.

    Raises:
        ValueError: columns that are not orthonormal, or more simplices than there are.

    Cost:
        O(n_k m) for each.

    Example:
        >>> sampling_set(torch.eye(4)[:, 1:3], 2).tolist()
        [1, 2]
    """
    V = _orthonormal(band)
    count = require_int("count", count, 1, len(V))
    # w_σ = (ε + Σ v vᵀ)⁻¹ v_σ for all rows; the determinant grows by 1 + v_σᵀ w_σ
    solved = V / 1e-6
    gain = (V * solved).sum(1)
    chosen = torch.empty(count, dtype=torch.int64, device=V.device)
    for i in range(count):
        chosen[i] = best = gain.argmax()
        along = (V @ solved[best]) / (1 + gain[best]).sqrt()
        solved = solved - along[:, None] * (solved[best] / (1 + gain[best]).sqrt())
        gain = (V * solved).sum(1)
        gain[chosen[: i + 1]] = -1
    return chosen


def reconstruct(band: Tensor, values: Tensor, simplices: Tensor) -> Tensor:
    r"""The signal of a band that fits values on some simplices best.

    .. math:: V \; \arg\min_c \sum_{i} |v_{σ_i}^⊤ c - y_i|^2

    Args:
        band: V, (n_k, m) orthonormal columns.
        values: (s,) or (s, channels) y.
        simplices: (s,) their ids.

    Returns:
        (n_k,) or (n_k, channels), of the dtype of the values, float64 for integers.

    Raises:
        ValueError: fewer values than the band has columns, or simplices at which two signals of
            the band look alike.

    Laws:
        A signal of the band comes back as it was.

    Example:
        >>> reconstruct(torch.ones(4, 1) / 2, torch.tensor([2.0, 4.0]), torch.tensor([0, 3]))
        tensor([3., 3., 3., 3.])
    """
    V, y = _orthonormal(band), real_tensor("values", values)
    ids = torch.as_tensor(simplices)
    if ids.ndim != 1 or ids.dtype != torch.int64 or y.ndim not in (1, 2) or len(y) != len(ids):
        raise ValueError(
            "simplices must be (s,) int64 ids and values (s,) or (s, channels), got "
            f"{tuple(ids.shape)} {ids.dtype} and {tuple(y.shape)}."
        )
    if len(ids) and not (int(ids.min()) >= 0 and int(ids.max()) < len(V)):
        raise ValueError(f"simplices must be ids from 0 to {len(V) - 1}, got {ids.tolist()[:8]}.")
    if not bool(y.isfinite().all()):
        raise ValueError("values must be finite, got NaN or infinity.")
    rows = V[ids]
    smallest = torch.linalg.svdvals(rows)[-1:] if len(ids) >= V.shape[1] else rows.new_zeros(1)
    if V.shape[1] and not bool((smallest > 1e-9).all()):
        raise ValueError(
            f"simplices must tell all signals of a band of {V.shape[1]} columns apart, got "
            f"{len(ids)} that do not. Choose them by sampling_set(band, count)."
        )
    c = torch.linalg.lstsq(rows, y.double().reshape(len(ids), -1)).solution
    dtype = y.dtype if y.is_floating_point() else V.dtype
    fitted: Tensor = (V @ c).reshape(len(V), *y.shape[1:]).to(dtype)
    return fitted


def _orthonormal(band: Tensor) -> Tensor:
    """The columns in float64, or what is wrong with them."""
    if not isinstance(band, Tensor) or band.ndim != 2 or not band.is_floating_point():
        got = tuple(band.shape) if isinstance(band, Tensor) else type(band).__name__
        raise ValueError(f"band must be a tensor (n_k, m) of real floats, got {got}.")
    V = band.detach().double()
    error = V.T @ V - torch.eye(V.shape[1], dtype=V.dtype, device=V.device)
    if V.shape[1] and not float(error.abs().max()) <= 1e-4:
        raise ValueError(
            "band must have orthonormal columns, got some that are not; columns of zeros, where a "
            "part has fewer eigenvectors, are to be left out. Orthonormalise by torch.linalg.qr."
        )
    return V
