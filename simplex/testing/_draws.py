"""Random complexes, cochains and orientations, each drawn by a seed."""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes import (
    HIGHEST_DIM,
    SimplicialComplex,
    require_complex,
    require_int,
    require_memory,
    shown,
)


_MOST_DRAWN = 10**6  # simplices or dimensions; each is a step of its own


def random_complex(
    seed: int, num_vertices: int = 8, num_simplices: int = 9, max_dim: int = 3
) -> SimplicialComplex:
    """The downward closure of random vertex sets; not a clique complex in general.

    Args:
        seed: of the draw; the same numbers give the same complex.
        num_vertices: n_0; vertices in no drawn set are isolated.
        num_simplices: vertex sets drawn, of 1 … max_dim+1 vertices.
        max_dim: the largest dimension drawn; a complex may turn out lower.

    Example:
        >>> random_complex(0).f_vector
        (8, 19, 14, 3)
    """
    generator = generator_of(seed)
    require_int("num_vertices", num_vertices, least=0)
    require_int("num_simplices", num_simplices, least=0, most=_MOST_DRAWN)
    require_int("max_dim", max_dim, least=0, most=_MOST_DRAWN)
    what = f"a complex of {num_vertices} vertices"
    require_memory(100 * num_vertices, torch.device("cpu"), what, "Draw a smaller one.")
    simplices = []
    for _ in range(num_simplices):
        size = int(torch.randint(1, max_dim + 2, (1,), generator=generator))
        simplices.append(tuple(torch.randperm(num_vertices, generator=generator)[:size].tolist()))
    return SimplicialComplex.from_simplices(simplices, num_vertices=num_vertices)


def random_cochains(
    K: SimplicialComplex,
    *,
    channels: int | Sequence[int],
    max_dim: int | None = None,
    dtype: torch.dtype | None = None,
    seed: int = 0,
) -> list[Tensor]:
    """Normal random cochains, one per dimension.

    Args:
        K: the complex.
        channels: width of all, or of each dimension.
        max_dim: the top dimension; ``None`` for that of the complex. Dimensions beyond the complex
            get empty cochains (0, channels).
        dtype: of the values.
        seed: of the draw.

    Returns:
        ``[x_0, x_1, …]``, each (n_k, channels).

    Example:
        >>> [tuple(x.shape) for x in random_cochains(random_complex(0), channels=2, max_dim=4)]
        [(8, 2), (19, 2), (14, 2), (3, 2), (0, 2)]
    """
    require_complex("K", K)
    generator = generator_of(seed)
    top = max(K.dim, 0)
    if max_dim is not None:
        top = require_int("max_dim", max_dim, 0, HIGHEST_DIM)
    many = list(channels) if isinstance(channels, (list, tuple, range)) else [channels] * (top + 1)
    widths = [require_int("channels", width, least=0) for width in many]
    if len(widths) <= top:
        raise ValueError(
            f"channels must be a number, or one for each dimension 0 … {top}, got {channels}."
        )
    dtype = torch.get_default_dtype() if dtype is None else dtype
    if not isinstance(dtype, torch.dtype) or not (dtype.is_floating_point or dtype.is_complex):
        raise TypeError(
            f"dtype must be a floating or complex dtype such as torch.float64, got {shown(dtype)}."
        )
    entries = sum(K.num_simplices(k) * width for k, width in enumerate(widths))
    remedy = "Draw fewer channels."
    require_memory(16 * entries, torch.device("cpu"), f"{entries} random numbers", remedy)
    return [
        torch.randn(K.num_simplices(k), widths[k], dtype=dtype, generator=generator)
        for k in range(top + 1)
    ]


def random_orientation(K: SimplicialComplex, seed: int = 0) -> dict[int, Tensor]:
    """Random signs ±1 of all simplices of dimension at least 1, as ``K.reorient`` takes them.

    Example:
        >>> sorted(random_orientation(random_complex(0)))
        [1, 2, 3]
    """
    require_complex("K", K)
    generator = generator_of(seed)
    return {
        k: 1 - 2 * torch.randint(0, 2, (K.num_simplices(k),), generator=generator)
        for k in range(1, K.dim + 1)
    }


def generator_of(seed: object) -> torch.Generator:
    """The generator that starts at the seed."""
    return torch.Generator().manual_seed(require_int("seed", seed, least=-(2**63), most=2**63 - 1))
