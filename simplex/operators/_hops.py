"""Features gathered over several hops of adjacent simplices, without a parameter to learn."""

from collections.abc import Callable, Collection, Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_memory
from simplex.operators._adjacency import ADJACENCIES, neighbor_counts
from simplex.operators._incidence import boundary_sum, coboundary_sum


Cochains = Sequence[Tensor]


def gather_hops(
    K: SimplicialComplex,
    x: Cochains,
    hops: int,
    *,
    adjacencies: Collection[str] = ADJACENCIES,
    signed: bool = False,
    channels: int | None = None,
) -> list[Tensor]:
    """The blocks of ``simplex.transforms.gathered_features``, which has the formula.

    Returns:
        One (n_k, widths[k]) per dimension, with the widths of :func:`hop_widths`.
    """
    top, h = len(x) - 1, list(x)
    _require_room(
        x, hop_widths([v.shape[1] for v in x], hops, adjacencies=adjacencies, channels=channels)
    )
    if channels is not None and hops > 0:
        h = [_sines(values, channels, 0, k, signed) for k, values in enumerate(h)]
    blocks = [[values] for values in x]
    for hop in range(1, hops + 1):
        sums = [_sums(K, h, k, top, adjacencies, signed) for k in range(top + 1)]
        if channels is None:
            h = [torch.cat([v[:, :0], *each], dim=1) for v, each in zip(h, sums, strict=True)]
            seen = [values.sign() * values.abs().log1p() for values in h]
        else:
            joint = [torch.cat([v, *each], dim=1) for v, each in zip(h, sums, strict=True)]
            seen = h = [_sines(values, channels, hop, k, signed) for k, values in enumerate(joint)]
        for block, values in zip(blocks, seen, strict=True):
            block.append(values)
    return [torch.cat(block, dim=1) for block in blocks]


def hop_widths(
    widths: Sequence[int],
    hops: int,
    *,
    adjacencies: Collection[str] = ADJACENCIES,
    channels: int | None = None,
) -> list[int]:
    """How wide the cochains of :func:`gather_hops` are; -1 where a width is not known.

    Example:
        >>> hop_widths([1, 1, 1], 1), hop_widths([1, 1, 1], 2), hop_widths([5, 5], 3, channels=8)
        ([3, 5, 3], [9, 17, 9], [29, 29])
    """
    if -1 in widths:
        return [-1] * len(widths)
    if channels is not None:
        return [width + hops * channels for width in widths]
    top, last, total = len(widths) - 1, list(widths), list(widths)
    for _ in range(hops):
        last = [sum(last[j] for j in _senders(k, top, adjacencies)) for k in range(top + 1)]
        total = [a + b for a, b in zip(total, last, strict=True)]
    return total


_SENDER = {"boundary": -1, "coboundary": 1, "lower": 0, "upper": 0}
_BETWEEN = {"boundary": -1, "coboundary": 1, "lower": -1, "upper": 1}


def _senders(k: int, top: int, adjacencies: Collection[str]) -> list[int]:
    """The degrees that the k-simplices hear, one for each adjacency that there is."""
    kinds = [a for a in ADJACENCIES if a in adjacencies and 0 <= k + _BETWEEN[a] <= top]
    return [k + _SENDER[a] for a in kinds]


def _sums(
    K: SimplicialComplex,
    h: Cochains,
    k: int,
    top: int,
    adjacencies: Collection[str],
    signed: bool,
) -> list[Tensor]:
    """The sum over the neighbours of each k-simplex, one for each adjacency that there is."""
    sums: dict[str, Callable[[], Tensor]] = {
        "boundary": lambda: boundary_sum(K, h[k - 1], k, signed=signed),
        "coboundary": lambda: coboundary_sum(K, h[k + 1], k, signed=signed),
        "lower": lambda: _lower(K, h[k], k, signed),
        "upper": lambda: _upper(K, h[k], k, signed),
    }
    return [sums[a]() for a in ADJACENCIES if a in adjacencies and 0 <= k + _BETWEEN[a] <= top]


def _lower(K: SimplicialComplex, x: Tensor, k: int, signed: bool) -> Tensor:
    """The off-diagonal part of ∂ᵀ∂ or |∂|ᵀ|∂|."""
    there = coboundary_sum(K, x, k - 1, signed=signed)
    return boundary_sum(K, there, k, signed=signed) - (k + 1) * x


def _upper(K: SimplicialComplex, x: Tensor, k: int, signed: bool) -> Tensor:
    """The off-diagonal part of ∂∂ᵀ or |∂||∂|ᵀ."""
    there = boundary_sum(K, x, k + 1, signed=signed)
    own = neighbor_counts(K, k, "coboundary").to(x.dtype)[:, None] * x
    return coboundary_sum(K, there, k, signed=signed) - own


def _require_room(x: Cochains, widths: Sequence[int]) -> None:
    num_bytes = 2 * sum(v.shape[0] * w * v.element_size() for v, w in zip(x, widths, strict=True))
    if num_bytes > 1 << 30:
        require_memory(
            num_bytes,
            x[0].device,
            f"gathered features of {widths} channels",
            "Take fewer hops or adjacencies, or set channels, with which the width grows linearly.",
        )


# --- the maps between the hops --------------------------------------------------------------------


def _sines(x: Tensor, channels: int, hop: int, k: int, signed: bool) -> Tensor:
    """(n, channels): sin(x Ω + φ) with the Ω and φ of this hop and degree; signed, φ is 0."""
    rows = x.shape[1]
    numbers = fixed_numbers((rows + 1) * channels, hop * 64 + k).to(x)
    omega, phase = numbers[: rows * channels].view(rows, channels), numbers[rows * channels :]
    scale = (3 / max(rows, 1)) ** 0.5  # Ω has variance 1 / rows
    return torch.sin(torch.addmm(0 * phase if signed else phase * torch.pi, x, omega * scale))


def fixed_numbers(count: int, stream: int) -> Tensor:
    """``count`` numbers in [-1, 1), float64: the same on every machine, without apparent pattern.

    The bits are those of the counter-based generator SplitMix64 (Steele, Lea, Flood 2014).

    Example:
        >>> bool(fixed_numbers(1000, 0).mean().abs() < 0.05)
        True
    """
    z = (torch.arange(1, count + 1) + (stream << 32)) * -0x61C8864680B583EB
    for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15)):
        z = (z ^ _shifted(z, shift)) * factor
    return _shifted(z ^ _shifted(z, 31), 11).double() / 2**52 - 1


def _shifted(z: Tensor, by: int) -> Tensor:
    """The bits moved down, with zeros from above."""
    return (z >> by) & ((1 << (64 - by)) - 1)
