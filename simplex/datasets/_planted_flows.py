"""Planted edge flows: a smooth gradient, a smooth curl, and a circulation with two modes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    interruptible,
    require_generator,
    require_int,
    require_memory,
    require_word,
    shown,
)
from simplex.datasets._checks import (
    require_density,
    require_edge_flows,
    require_floating,
    require_noise,
    require_pair,
    require_shares,
)
from simplex.lifting import delaunay_complex
from simplex.operators import MaternKernel, boundary_matrix, coboundary_matrix, hodge_decomposition


Domain = Literal["annulus", "torus"]
_SMOOTH = MaternKernel(length=3.0, smoothness=3.0)
_INNER, _OUTER = 0.4, 1.0  # radii of the annulus
_LARGE = 1024  # rows of a matrix whose eigenvectors take long
_ZERO = 1e-9  # eigenvalues below are zero: those of a mesh this small are above 1e-4


@dataclass(frozen=True, eq=False)
class PlantedFlows:
    r"""Edge flows whose law is known on each Hodge part.

    .. math::
        x = \sum_j \sqrt{ψ_G(λ_j)} \, ε_j u_j + \sum_j \sqrt{ψ_C(μ_j)} \, ε'_j v_j
            + \sum_i w_i f_i, \qquad w_i = c \, (±1 + s \, ε''_i)

    with eigenvectors u_j of L_d and v_j of L_u, λ_j, μ_j > 0.

    Args:
        complex: the triangulation, of dimension 2.
        positions: (n_0, 2) float64 coordinates of its vertices; ``None`` for the torus.
        train: (num_train, n_1, 1) flows in the orientation of the complex.
        test: (num_test, n_1, 1) flows.
        gradient: (n_1, rank ∂_1) float64, the columns √ψ_G(λ_j) u_j.
        curl: (n_1, rank ∂_2) float64, the columns √ψ_C(μ_j) v_j.
        fields: (n_1, b_1) float64 harmonic fields f_i of circulation 1 around hole i and 0 around
            the others.
        level: c, the circulation of either mode.
        spread: s, the standard deviation of a mode in units of c.
        shares: of the expected energy E|x|² = n_1, by gradient, curl and harmonic part.

    Example:
        >>> flows = planted_flows("annulus", 2, 1, generator=torch.Generator().manual_seed(0))
        >>> flows.circulation(3 * flows.fields).round(decimals=3).tolist()
        [3.0]
    """

    complex: SimplicialComplex
    positions: Tensor | None
    train: Tensor
    test: Tensor
    gradient: Tensor
    curl: Tensor
    fields: Tensor
    level: float
    spread: float
    shares: tuple[float, float, float]

    def circulation(self, flows: Tensor) -> Tensor:
        """How much of each field f_i the harmonic part of a flow is made of.

        Args:
            flows: (…, n_1, 1).

        Returns:
            (…, b_1), planted at ±``level``.
        """
        require_edge_flows(flows, len(self.fields))
        fields = self.fields.to(flows)
        found: Tensor = flows[..., 0] @ fields @ torch.linalg.inv(fields.T @ fields)
        return found

    def parts(self, flows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The gradient, curl and harmonic part of flows, (…, n_1, C) each, by dense projections."""
        require_edge_flows(flows, len(self.fields))
        rows = flows.mT  # (…, C, n_1): rows times a matrix are one product for all flows

        def onto(modes: Tensor) -> Tensor:
            axes = torch.nn.functional.normalize(modes, dim=0).to(flows)
            return rows @ axes @ axes.T

        gradient, curl = onto(self.gradient), onto(self.curl)
        return gradient.mT, curl.mT, (rows - gradient - curl).mT

    def draw(self, num_flows: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Fresh flows of the same law, (num_flows, n_1, 1), of the dtype of ``train``."""
        require_int("num_flows", num_flows, least=0)
        require_generator(generator)

        def normal(modes: Tensor) -> Tensor:
            require_memory(
                3 * 8 * num_flows * len(modes),
                modes.device,
                f"the {num_flows} flows on {len(modes)} edges",
                "Draw fewer at once.",
            )
            shape = num_flows, modes.shape[1]
            return torch.randn(shape, dtype=modes.dtype, generator=generator)

        smooth = normal(self.gradient) @ self.gradient.T + normal(self.curl) @ self.curl.T
        side = torch.randint(0, 2, (num_flows, self.fields.shape[1]), generator=generator)
        winding = self.level * (1 - 2 * side + self.spread * normal(self.fields))
        return (smooth + winding @ self.fields.T).to(self.train.dtype)[..., None]


def planted_flows(
    domain: Domain,
    num_train: int = 400,
    num_test: int = 1000,
    *,
    size: tuple[int, int] | None = None,
    shares: Sequence[float] = (0.3, 0.3, 0.4),
    gradient: Callable[[Tensor], Tensor] = _SMOOTH,
    curl: Callable[[Tensor], Tensor] = _SMOOTH,
    spread: float = 0.15,
    dtype: torch.dtype | None = None,
    generator: torch.Generator | None = None,
) -> PlantedFlows:
    r"""Flows on an annulus or a torus: a test bed for generative models, one law per Hodge part.

    The gradient and the curl part are normal with the given spectral densities, smooth by default;
    they are drawn in the eigenvectors of the Laplacians, exactly. The circulation around each hole
    is bimodal: to the left or to the right with probability ½ each, independently, with a small
    spread. Its law cannot be told from the covariance.

    The annulus is the Delaunay triangulation of staggered rings, with jitter inside: b_1 = 1,
    n_1 = around (3 · rings - 2). The torus is a grid whose squares are split along random
    diagonals: b_1 = 2, n_1 = 3 · rows · columns. The fields f_i are the harmonic parts of the
    closed cochains angle / 2π, and of the two coordinates, from 0 to 1 around the torus.

    Args:
        domain: ``"annulus"`` or ``"torus"``.
        num_train: training flows.
        num_test: test flows.
        size: (rings, around), at least 2 and 8, for the annulus, (4, 20) by default; (rows,
            columns), at least 4 each, for the torus, (8, 9) by default.
        shares: of the energy E|x|² = n_1, by gradient, curl and harmonic part; they sum to 1.
        gradient: ψ_G up to a factor, from eigenvalues to variances.
        curl: ψ_C up to a factor.
        spread: s ≥ 0, the standard deviation of each mode in units of its distance c from 0.
        dtype: of the flows; ``None`` for torch's default. Computed in float64.
        generator: source of all randomness, of the mesh too, on the CPU; ``None`` for torch's
            global one.

    Returns:
        The complex, the flows and what was planted, on the CPU.

    Raises:
        ValueError: an unknown domain, a size too small, shares that are not positive or do not sum
            to 1, a negative spread or number of flows, or matrices that would not fit in memory.

    Cost:
        O(n_0³ + n_2³ + (n_0² + n_2²) n_1) once, dense eigenvectors.

    Example:
        >>> flows = planted_flows("torus", 10, 5, generator=torch.Generator().manual_seed(0))
        >>> flows.complex.f_vector, flows.train.shape, flows.fields.shape
        ((72, 216, 144), torch.Size([10, 216, 1]), torch.Size([216, 2]))
    """
    require_int("num_train", num_train, least=0)
    require_int("num_test", num_test, least=0)
    require_word("domain", domain, _DOMAINS)
    require_generator(generator)
    shares, spread = require_shares(shares), require_noise("spread", spread)
    dtype = torch.get_default_dtype() if dtype is None else dtype
    require_floating(dtype)
    for name, density in (("gradient", gradient), ("curl", curl)):
        if not callable(density):
            raise TypeError(f"{name} must be called with eigenvalues, got {shown(density)}.")
    build, usual, least = _DOMAINS[domain]
    first, second = usual if size is None else require_pair("size", size)
    if first < least[0] or second < least[1]:
        raise ValueError(f"size must be at least {least} for the {domain}, got {size}.")
    _require_room(first * second, max(num_train, num_test))
    K, positions, closed = build(first, second, generator)

    count = K.num_simplices(1)
    fields = hodge_decomposition(K, closed.T)[2]
    energies = [share * count for share in shares]
    square = energies[2] / ((1 + spread**2) * float(fields.square().sum()))
    empty = fields.new_empty(0, count, 1, dtype=dtype)
    law = PlantedFlows(
        complex=K,
        positions=positions,
        train=empty,
        test=empty,
        gradient=_modes(boundary_matrix(K, 1), gradient, energies[0], "gradient"),
        curl=_modes(coboundary_matrix(K, 1), curl, energies[1], "curl"),
        fields=fields,
        level=math.sqrt(square),
        spread=spread,
        shares=shares,
    )
    train = law.draw(num_train, generator=generator)
    return replace(law, train=train, test=law.draw(num_test, generator=generator))


def _require_room(num_vertices: int, num_flows: int) -> None:
    """Ask before the dense matrices, n_1 ≈ 3 n_0 and n_2 ≈ 2 n_0, and the flows are computed."""
    entries = 20 * num_vertices**2 + 3 * num_flows * 3 * num_vertices
    what = f"the dense eigenvectors on {num_vertices} vertices and the {num_flows} flows"
    require_memory(8 * entries, torch.device("cpu"), what, "Lower size or the number of flows.")


def _modes(matrix: Tensor, kernel: Callable[[Tensor], Tensor], energy: float, name: str) -> Tensor:
    """Eigenvectors of AᵀA, λ > 0, of squared lengths ψ(λ), scaled to sum to ``energy``."""
    matrix = matrix.double()
    eigenvalues, vectors = _eigh((matrix @ matrix.T).to_dense())  # Aᵀ y / √λ is what is wanted
    positive = eigenvalues > _ZERO
    eigenvalues, columns = eigenvalues[positive], matrix.T @ vectors[:, positive]
    variances = require_density(name, kernel(eigenvalues), eigenvalues)
    lengths = (energy * variances / variances.sum() / eigenvalues).sqrt()
    modes: Tensor = lengths * columns
    return modes


def _eigh(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors; numpy lets Ctrl-C end the large ones."""
    if len(matrix) < _LARGE:
        values, vectors = torch.linalg.eigh(matrix)
        return values, vectors
    found = interruptible(np.linalg.eigh, matrix.numpy())
    return torch.from_numpy(found.eigenvalues), torch.from_numpy(found.eigenvectors)


def _annulus(
    rings: int, around: int, generator: torch.Generator | None
) -> tuple[SimplicialComplex, Tensor, Tensor]:
    """Staggered rings of points; a triangle with its corners on the innermost lies in the hole."""
    ring = torch.arange(rings, dtype=torch.float64).repeat_interleave(around)
    turn = (torch.arange(around).repeat(rings) + ring / 2) / around
    gap = (_OUTER - _INNER) / (rings - 1)
    jitter = 0.25 * (torch.rand(2, len(ring), dtype=torch.float64, generator=generator) - 0.5)
    jitter[:, (ring == 0) | (ring == rings - 1)] = 0  # the rims stay circles
    radius = _INNER + gap * (ring + jitter[0])
    angle = 2 * math.pi * (turn + jitter[1] / around)
    points = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)  # (n_0, 2)
    triangles = delaunay_complex(points).simplices(2)
    outside = triangles[(triangles >= around).any(1)]
    K = SimplicialComplex.from_simplices(outside, num_vertices=len(points))
    step = (angle / (2 * math.pi))[K.simplices(1)].diff(dim=1).T  # (1, n_1)
    return K, points, step - step.round()


def _torus(
    rows: int, columns: int, generator: torch.Generator | None
) -> tuple[SimplicialComplex, None, Tensor]:
    """A grid with its sides glued; each square is split along one of its diagonals."""
    row, column = (
        axis.flatten()
        for axis in torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    )

    def vertex(down: int, right: int) -> Tensor:
        return (row + down) % rows * columns + (column + right) % columns

    a, b, c, d = vertex(0, 0), vertex(0, 1), vertex(1, 0), vertex(1, 1)
    # The corners of a square are a b over c d; both of its triangles, (rows · columns, 3) each.
    falling = torch.randint(0, 2, (len(a), 1), generator=generator, dtype=torch.bool)
    first = torch.where(falling, torch.stack([a, b, d], 1), torch.stack([a, b, c], 1))
    second = torch.where(falling, torch.stack([a, c, d], 1), torch.stack([b, c, d], 1))
    K = SimplicialComplex.from_simplices(torch.cat([first, second]))
    place = torch.stack([row / rows, column / columns]).double()
    step = place[:, K.simplices(1)].diff(dim=2)[..., 0]  # (2, n_1)
    return K, None, step - step.round()


_Build = Callable[
    [int, int, torch.Generator | None], tuple[SimplicialComplex, Tensor | None, Tensor]
]
_DOMAINS: dict[str, tuple[_Build, tuple[int, int], tuple[int, int]]] = {
    "annulus": (_annulus, (4, 20), (2, 8)),
    "torus": (_torus, (8, 9), (4, 4)),
}
