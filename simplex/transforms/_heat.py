"""Features that carry topology to networks which cannot compute it themselves."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch_geometric.transforms import BaseTransform

from simplex.complexes import HIGHEST_DIM, SimplicialComplex, require_int, require_memory
from simplex.operators import heat_energy
from simplex.transforms._checks import (
    require_complex,
    require_generator,
    require_steps,
)
from simplex.transforms._encoding import (
    Encoding,
    complex_of,
    own_tables,
    seed_in_worker,
    with_columns,
)


def random_cochains(
    K: SimplicialComplex,
    *,
    max_dim: int,
    channels: int = 16,
    generator: torch.Generator | None = None,
) -> list[Tensor]:
    """Independent standard normal numbers on all simplices, one (n_k, channels) per dimension.

    Being symmetric they are distributed alike in every orientation: they are the features, equal
    for all simplices, that an oriented network can be given where there are no others. (An oriented
    cochain that is a function of the complex alone is zero: it would have to be its own negative.)

    Args:
        K: the complex.
        max_dim: the top dimension of the result.
        channels: how many.
        generator: source of randomness, on the CPU; ``None`` for torch's global one.

    Raises:
        TypeError: ``K`` is no complex, or ``generator`` no generator.
        ValueError: a negative number, or more than fits in memory.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> [x.shape[0] for x in random_cochains(K, max_dim=2, channels=4)]
        [3, 3, 1]
    """
    require_complex(K)
    require_int("max_dim", max_dim, least=0, most=HIGHEST_DIM)
    require_int("channels", channels, least=0)
    require_generator(generator)
    count = sum(K.num_simplices(k) for k in range(max_dim + 1))
    require_memory(
        4 * count * channels * (1 if K.device.type == "cpu" else 2),
        K.device,
        f"random numbers for {count} simplices and {channels} channels",
        "Lower max_dim or draw fewer channels.",
    )
    draw = [
        torch.randn(K.num_simplices(k), channels, generator=generator) for k in range(max_dim + 1)
    ]
    return [x.to(K.device) for x in draw]


def harmonic_energies(
    K: SimplicialComplex,
    max_dim: int,
    num_steps: Sequence[int] = (16, 64, 256),
    *,
    num_probes: int = 32,
    generator: torch.Generator | None = None,
) -> list[Tensor]:
    r"""How much each simplex takes part in holes: a feature for networks of any kind.

    .. math:: e_{σ,t} \approx \big[ (I - L_k/λ)^{2t} \big]_{σσ}

    by :func:`simplex.operators.heat_energy` of :func:`random_cochains`. For large t the sum over
    the k-simplices comes near the Betti number β_k, up to a factor of 1 ± √(2/(num_probes·β_k)); on
    a closed surface that of the triangles is about 1 if the surface is orientable and 0 if not.
    No sign is left, so the features do not depend on the orientation.

    Args:
        K: the complex, or a disjoint union: all its parts at once.
        max_dim: the top dimension of the result.
        num_steps: the times t, increasing.
        num_probes: random cochains to average over.
        generator: source of randomness, on the CPU; ``None`` for torch's global one.

    Returns:
        One (n_k, number of times) per dimension 0 … max_dim.

    Example:
        >>> from simplex.datasets import random_surface
        >>> K = random_surface("torus", 12)
        >>> [tuple(x.shape) for x in harmonic_energies(K, 2)]
        [(12, 3), (36, 3), (24, 3)]
    """
    require_int("num_probes", num_probes, least=1)
    require_steps(num_steps)
    probes = random_cochains(K, max_dim=max_dim, channels=num_probes, generator=generator)
    return [
        heat_energy(K, x, k, num_steps) if k <= K.dim else x.new_zeros(0, len(num_steps))
        for k, x in enumerate(probes)
    ]


class RandomCochains(BaseTransform):  # type: ignore[misc]
    """:func:`random_cochains` in place of the features, drawn anew at every call.

    As a ``transform`` of a data set, every epoch sees other numbers, so that a network cannot learn
    them by heart.

    Args:
        channels, generator: as for :func:`random_cochains`.

    Example:
        >>> from simplex.data import SimplicialData
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> RandomCochains(4)(SimplicialData.from_complex(K)).x_1.shape
        torch.Size([3, 4])
    """

    def __init__(self, channels: int = 16, *, generator: torch.Generator | None = None) -> None:
        self.channels = channels
        self.generator = generator

    def forward(self, data: Any) -> Any:
        """The complex, batch or data set with random features; the input stays as it is."""
        data = own_tables(data)
        K, top = complex_of(data)
        seed_in_worker(self.generator)
        drawn = random_cochains(K, max_dim=top, channels=self.channels, generator=self.generator)
        return with_columns(data, K, "x", dict(enumerate(drawn)), append=False)


class HarmonicEnergies(Encoding):
    """:func:`harmonic_energies` as further channels of all cochains.

    Args:
        num_steps, num_probes, generator: as for :func:`harmonic_energies`.
        dims, name: as for :class:`Encoding`.

    Example:
        >>> from simplex.data import SimplicialData
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
        >>> data = SimplicialData.from_complex(K, [torch.ones(n, 1) for n in K.f_vector])
        >>> HarmonicEnergies((8, 64))(data).x_2.shape
        torch.Size([1, 3])
    """

    def __init__(
        self,
        num_steps: Sequence[int] = (16, 64, 256),
        *,
        num_probes: int = 32,
        dims: Sequence[int] | None = None,
        name: str = "x",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(dims=dims, name=name, generator=generator)
        require_steps(num_steps)
        self.num_steps = num_steps
        self.num_probes = require_int("num_probes", num_probes, least=1)

    def compute(self, K: SimplicialComplex, k: int) -> Tensor:
        """(n_k, number of times)."""
        shape = (K.num_simplices(k), self.num_probes)
        probes = torch.randn(shape, generator=self.generator).to(K.device)
        return heat_energy(K, probes, k, self.num_steps)
