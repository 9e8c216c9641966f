"""The Euler scheduler of flow matching under the names of the library diffusers."""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes import require_int, require_real
from simplex.diffusion._checks import require_finite, require_same_shape
from simplex.diffusion._diffusers import SchedulerConfig, SchedulerOutput, at_timestep
from simplex.diffusion._rows import combine, per_row


class FlowMatchEulerDiscreteScheduler:
    r"""Euler steps of a flow under the names of ``diffusers.FlowMatchEulerDiscreteScheduler``.

    .. math::
        x_s = s \, z + (1 - s) \, x_{data} \qquad u = z - x_{data} \qquad
        x_{s'} = x_s + (s' - s) \, u

    There the level s runs from 1, noise, down to 0, and the velocity points to the noise: s is
    our 1 - t, and u has the other sign than in :func:`flow_matching_loss`. Timesteps are T s.

    What differs, on purpose: a step goes to the next of ``timesteps`` or to ``previous``, and no
    step is counted; both may be one per row. The shift is applied once.

    Args:
        num_train_timesteps: T, which only scales the timesteps.
        shift: a > 0; levels are mapped by a s / (1 + (a - 1) s).

    Raises:
        ValueError: T below 1, or a shift that is not positive.

    Example:
        >>> scheduler = FlowMatchEulerDiscreteScheduler()
        >>> scheduler.set_timesteps(sigmas=[1.0, 0.5])
        >>> scheduler.timesteps.tolist(), scheduler.sigmas.tolist()
        ([1000.0, 500.0], [1.0, 0.5, 0.0])
    """

    order = 1
    init_noise_sigma = 1.0
    sigmas: Tensor

    def __init__(self, num_train_timesteps: int = 1000, shift: float = 1.0) -> None:
        require_int("num_train_timesteps", num_train_timesteps, 1)
        require_real("shift", shift, 0, open=True)
        self.num_train_timesteps = num_train_timesteps
        self.shift = shift
        self.config = SchedulerConfig(num_train_timesteps=num_train_timesteps, shift=shift)
        self.set_timesteps(num_train_timesteps)

    def __len__(self) -> int:
        return self.num_train_timesteps

    @property
    def timesteps(self) -> Tensor:
        """(S,) T times the levels before each step."""
        return self.sigmas[:-1] * self.num_train_timesteps

    @property
    def num_inference_steps(self) -> int:
        """How many steps the walk has; T before :meth:`set_timesteps`."""
        return len(self.sigmas) - 1

    def set_timesteps(
        self,
        num_inference_steps: int | None = None,
        device: torch.device | str | None = None,
        sigmas: Sequence[float] | Tensor | None = None,
    ) -> None:
        """Choose the levels of a walk: a number of them from 1 to 1 / T, or levels that fall."""
        if (num_inference_steps is None) == (sigmas is None):
            raise ValueError("set_timesteps must get num_inference_steps or sigmas, not both.")
        if num_inference_steps is not None:
            require_int("num_inference_steps", num_inference_steps, 1, self.num_train_timesteps)
            last = 1 / self.num_train_timesteps
            levels = torch.linspace(1, last, num_inference_steps, dtype=torch.float64)
        else:
            levels = torch.as_tensor(sigmas, dtype=torch.float64)
            inside = ((levels > 0) & (levels <= 1)).all()
            if levels.numel() == 0 or not inside or not (levels.diff() < 0).all():
                raise ValueError(
                    f"sigmas must be in (0, 1] and fall strictly, got {levels.tolist()}."
                )
        shifted = self.shift * levels / (1 + (self.shift - 1) * levels)
        self.sigmas = torch.cat([shifted, shifted.new_zeros(1)]).to(device)

    def scale_noise(self, sample: Tensor, timestep: float | Tensor, noise: Tensor) -> Tensor:
        """Noise the data: s z + (1 - s) x at timestep T s, for one timestep or one per row."""
        require_same_shape("noise", noise, sample)
        level = self._level(timestep)
        return combine((per_row(1 - level, sample), sample), (per_row(level, noise), noise))

    def previous_timestep(self, timestep: float | Tensor) -> Tensor:
        """The timestep after each in the walk, 0 for the data."""
        grid = (self.sigmas * self.num_train_timesteps).cpu()
        level = self._level(timestep) * self.num_train_timesteps
        position = (grid[:-1] >= level[..., None] - 1e-4).sum(-1)
        return grid[position]

    def step(
        self,
        model_output: Tensor,
        timestep: float | Tensor,
        sample: Tensor,
        *,
        previous: float | Tensor | None = None,
        return_dict: bool = True,
    ) -> SchedulerOutput:
        """One Euler step, to the next timestep of the walk or to ``previous``."""
        require_same_shape("model_output", model_output, sample)
        require_finite("model_output", model_output, at_timestep(timestep))
        level = self._level(timestep)
        after = self._level(self.previous_timestep(timestep) if previous is None else previous)
        if not (after < level).all():
            raise ValueError("previous must be below timestep: a step goes from noise to data.")
        clean = combine((1.0, sample), (per_row(-level, sample), model_output))
        moved = combine((1.0, sample), (per_row(after - level, sample), model_output))
        return SchedulerOutput(moved, clean)

    def _level(self, timestep: float | Tensor) -> Tensor:
        level = torch.as_tensor(timestep).double().cpu() / self.num_train_timesteps
        if not ((level >= 0) & (level <= 1)).all():
            raise ValueError(
                f"timesteps must be in [0, {self.num_train_timesteps}], got "
                f"{(level * self.num_train_timesteps).tolist()}."
            )
        return level
