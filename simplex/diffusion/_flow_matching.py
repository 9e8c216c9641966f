"""Flow matching: paths from noise to data, their losses, and optimal-transport coupling."""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from simplex.complexes import require_memory, require_real
from simplex.diffusion._calls import Arguments, calling, like_data
from simplex.diffusion._checks import (
    require_callable,
    require_finite_numbers,
    require_floats,
    require_generator,
    require_path,
    require_same_shape,
    require_times_within,
)
from simplex.diffusion._kinds import VELOCITY, record_kind
from simplex.diffusion._rows import Model, combine, per_row, row_mean, rows_of_times


class FlowPath(Protocol):
    """A path from noise z at time 0 to data x_0 at time 1, and its velocity."""

    def at(
        self, x0: Tensor, z: Tensor, t: Tensor, *, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """(x_t, u_t), each of the shape of the data; t aligns with the leading dimensions."""
        ...


@dataclass(frozen=True)
class LinearPath:
    r"""The straight path.

    .. math::
        x_t = (1 - t) z + t x_0 \qquad u_t = x_0 - z

    Paper:
        A. Tong et al., "Improving and generalizing flow-based generative models with minibatch
        optimal transport", 2024, proposition 3.3, with σ = 0.

    Example:
        >>> x, u = LinearPath().at(torch.ones(1), torch.zeros(1), torch.tensor(0.25))
        >>> x.item(), u.item()
        (0.25, 1.0)
    """

    def at(
        self, x0: Tensor, z: Tensor, t: Tensor, *, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """(x_t, u_t), each of the shape of the data."""
        t = _unit_times(x0, z, t)
        return combine((per_row(1 - t, z), z), (per_row(t, z), x0)), x0 - z


@dataclass(frozen=True)
class TrigonometricPath:
    r"""The variance-preserving path: cosine and sine.

    .. math::
        x_t = \cos(\tfrac π 2 t) z + \sin(\tfrac π 2 t) x_0 \qquad
        u_t = \tfrac π 2 (\cos(\tfrac π 2 t) x_0 - \sin(\tfrac π 2 t) z)

    Paper:
        M. Albergo, E. Vanden-Eijnden, "Building normalizing flows with stochastic interpolants",
        2023, equation 5.

    Example:
        >>> x, u = TrigonometricPath().at(torch.ones(1), torch.zeros(1), torch.tensor(0.0))
        >>> x.item(), u.item()
        (0.0, 1.57...)
    """

    def at(
        self, x0: Tensor, z: Tensor, t: Tensor, *, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """(x_t, u_t), each of the shape of the data."""
        angle = _unit_times(x0, z, t) * (math.pi / 2)
        cos, sin = per_row(angle.cos(), z), per_row(angle.sin(), z)
        x, turned = combine((cos, z), (sin, x0)), combine((cos, x0), (-sin, z))
        return x, turned * (math.pi / 2)


@dataclass(frozen=True)
class BridgePath:
    r"""The straight path with the noise of a Brownian bridge.

    .. math::
        x_t &= (1 - t) z + t x_0 + σ \sqrt{t (1 - t)} \, ε \\
        u_t &= x_0 - z + σ \frac{1 - 2 t}{2 \sqrt{t (1 - t)}} \, ε

    Args:
        sigma: σ > 0; the velocity is infinite at both ends, so draw t inside (0, 1).

    Paper:
        A. Tong et al., 2024, as for :class:`LinearPath`, equation 17 (SB-CFM).

    Example:
        >>> x, u = BridgePath(1.0).at(torch.ones(5), torch.zeros(5), torch.tensor(0.5))
        >>> u.tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """

    sigma: float

    def __post_init__(self) -> None:
        require_real("sigma", self.sigma, 0, open=True)

    def at(
        self, x0: Tensor, z: Tensor, t: Tensor, *, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """(x_t, u_t), each of the shape of the data."""
        require_generator(generator)
        t = _unit_times(x0, z, t)
        width = (t * (1 - t)).sqrt()
        if not (width > 0).all():
            raise ValueError("t must be inside (0, 1) for a bridge: its ends have no velocity.")
        eps = torch.randn(z.shape, generator=generator, dtype=z.dtype, device=z.device)
        x, u = LinearPath().at(x0, z, t)
        x = combine((1.0, x), (per_row(self.sigma * width, z), eps))
        return x, combine((1.0, u), (per_row(self.sigma * (1 - 2 * t) / (2 * width), z), eps))


LINEAR: FlowPath = LinearPath()


def flow_matching_loss(
    model: Model,
    x0: Tensor,
    z: Tensor,
    t: Tensor,
    *,
    path: FlowPath = LINEAR,
    model_kwargs: Arguments | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""The squared error of the velocity along a path from noise to data, per row.

    .. math::
        \| u_θ(x_t, t) - u_t \|^2

    as a mean over the components of each row.

    Args:
        model: u_θ; it gets x and one time per row of x, (rows,).
        x0: data of any shape.
        z: noise of the same shape, or data to start from; paired with the data row by row, at
            random or by :func:`ot_coupling`.
        t: (rows,) times in [0, 1], 0 for noise and 1 for data, uniform in training.
        path: the path and its velocity.
        model_kwargs: further keyword arguments of the model.
        generator: source of randomness of the path.

    Returns:
        (rows,) losses.

    Paper:
        Y. Lipman et al., "Flow matching for generative modeling", 2023, equation 9.

    Example:
        >>> x0, z = torch.ones(3, 2), torch.zeros(3, 2)
        >>> flow_matching_loss(lambda x, t: 0 * x, x0, z, torch.rand(3)).tolist()
        [1.0, 1.0, 1.0]
    """
    require_callable("model", model)
    require_floats("x0", x0)
    require_same_shape("z", z, x0)
    require_floats("t", t)
    require_path(path)
    require_generator(generator)
    x, u = path.at(x0, z, t, generator=generator)
    answer = calling("model", model, model_kwargs)(x, rows_of_times(t.to(x.dtype), x))
    velocity = like_data("the output of the network", answer, x0)
    record_kind(model, velocity, VELOCITY)
    return row_mean((velocity - u).square())


def ot_coupling(x0: Tensor, z: Tensor) -> Tensor:
    r"""Pair the rows of a batch of noise and a batch of data at the least total squared distance.

    .. math::
        \min_π \sum_i \| z_{π(i)} - x_{0,i} \|^2

    Args:
        x0: (rows, …) data.
        z: (rows, …) noise.

    Returns:
        (rows,) int64: ``z[ot_coupling(x0, z)]`` is paired with ``x0``.

    Cost:
        O(rows³) on the CPU in the worst case; exact.

    Paper:
        A. Tong et al., 2024, as for :class:`LinearPath`, section 3.2.5.

    Example:
        >>> ot_coupling(torch.tensor([[4.0], [1.0]]), torch.tensor([[0.0], [5.0]])).tolist()
        [1, 0]
    """
    from scipy.optimize import linear_sum_assignment

    require_floats("x0", x0)
    require_same_shape("z", z, x0)
    for name, rows in (("x0", x0), ("z", z)):
        require_finite_numbers(name, rows)
    size = 24 * len(x0) ** 2
    require_memory(size, x0.device, f"{len(x0)}² distances", "Pair fewer rows at a time.")
    cost = torch.cdist(x0.detach().flatten(1).double(), z.detach().flatten(1).double()).square()
    _, columns = linear_sum_assignment(cost.cpu().numpy())  # (rows of x0,) of rows of z
    return torch.as_tensor(columns, dtype=torch.int64, device=z.device)


def _unit_times(x0: Tensor, z: Tensor, t: Tensor) -> Tensor:
    """The times of a pair, all being checked."""
    require_floats("x0", x0)
    require_same_shape("z", z, x0)
    require_floats("t", t)
    require_times_within(t, 0.0, 1.0, " Time 0 is noise, 1 is data.")
    return t
