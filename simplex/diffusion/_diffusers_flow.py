"""The Euler scheduler of flow matching under the names of the library diffusers."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
from torch import Tensor

from simplex.complexes import require_int, require_real, require_word
from simplex.diffusion._checks import (
    require_device,
    require_finite,
    require_flag,
    require_floats,
    require_generator,
    require_numbers,
    require_same_shape,
)
from simplex.diffusion._diffusers import SchedulerOutput, at_timestep
from simplex.diffusion._options import (
    FLOW_FIXED,
    FLOW_STEP_FIXED,
    SchedulerConfig,
    options_in,
    options_of,
    require_fixed,
)
from simplex.diffusion._rows import combine, per_row


class FlowMatchEulerDiscreteScheduler:
    r"""Euler steps of a flow under the names of ``diffusers.FlowMatchEulerDiscreteScheduler``.

    .. math::
        x_s = s \, z + (1 - s) \, x_{data} \qquad u = z - x_{data} \qquad
        x_{s'} = x_s + (s' - s) \, u

    There the level s runs from 1, noise, down to 0, and the velocity points to the noise: s is
    our 1 - t, and u has the other sign than in :func:`flow_matching_loss`. Timesteps are T s.

    What differs, on purpose: a step goes to the next of ``timesteps`` or to ``previous``, and no
    step is counted; both may be one per row. The shift is applied once. The options after it are
    taken at the defaults that they have there, where they have no effect.

    Args:
        num_train_timesteps: T, which only scales the timesteps.
        shift: a > 0; levels are mapped by a s / (1 + (a - 1) s).
        use_dynamic_shifting: whether ``set_timesteps(mu=)`` says how to shift, a = e^μ or μ, in
            place of ``shift``, as for pictures of several sizes.
        base_shift, max_shift, base_image_seq_len, max_image_seq_len: for pipelines, which work out
            μ from them.
        time_shift_type: ``"exponential"``, a = e^μ, or ``"linear"``, a = μ.

    Raises:
        TypeError: an unknown option.
        ValueError: T below 1, a shift that is not positive, or an option at another value than its
            default.

    Example:
        >>> scheduler = FlowMatchEulerDiscreteScheduler()
        >>> scheduler.set_timesteps(sigmas=[1.0, 0.5])
        >>> scheduler.timesteps.tolist(), scheduler.sigmas.tolist()
        ([1000.0, 500.0], [1.0, 0.5, 0.0])
    """

    order = 1
    init_noise_sigma = 1.0
    sigmas: Tensor

    def __init__(
        self,
        num_train_timesteps: int = 1000,
        shift: float = 1.0,
        use_dynamic_shifting: bool = False,
        base_shift: float | None = 0.5,
        max_shift: float | None = 1.15,
        base_image_seq_len: int | None = 256,
        max_image_seq_len: int | None = 4096,
        invert_sigmas: bool = False,
        shift_terminal: float | None = None,
        use_karras_sigmas: bool | None = False,
        use_exponential_sigmas: bool | None = False,
        use_beta_sigmas: bool | None = False,
        time_shift_type: str = "exponential",
        stochastic_sampling: bool = False,
        **options: object,
    ) -> None:
        # locals() are the options, as nothing else has a name.
        self.config = SchedulerConfig(options_of(locals(), options, FLOW_FIXED, {}))
        require_int("num_train_timesteps", num_train_timesteps, 1)
        require_real("shift", shift, 0, open=True)
        require_flag("use_dynamic_shifting", use_dynamic_shifting)
        require_word("time_shift_type", time_shift_type, ("exponential", "linear"))
        self.num_train_timesteps = num_train_timesteps
        self.shift = shift
        unshifted = 0.0 if time_shift_type == "exponential" else 1.0
        self.set_timesteps(num_train_timesteps, mu=unshifted if use_dynamic_shifting else None)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], **changed: object) -> Self:
        """As :meth:`DDPMScheduler.from_config`."""
        return cls(**options_in(config, cls) | changed)

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
        mu: float | None = None,
        timesteps: Sequence[float] | Tensor | None = None,
    ) -> None:
        """Choose the levels of a walk: a number of them from 1 to 1 / T, or those that fall.

        Args:
            num_inference_steps: how many levels, at equal distances.
            device: where the levels are to be.
            sigmas: the levels, in (0, 1].
            mu: how to shift the levels, where shifts are dynamic.
            timesteps: T times the levels, in (0, T].
        """
        if sum(given is not None for given in (num_inference_steps, sigmas, timesteps)) != 1:
            raise ValueError(
                "set_timesteps must get num_inference_steps, sigmas or timesteps, one of them."
            )
        shift = self._shift(mu)
        require_device(device)
        if num_inference_steps is not None:
            require_int("num_inference_steps", num_inference_steps, 1, self.num_train_timesteps)
            last = 1 / self.num_train_timesteps
            levels = torch.linspace(1, last, num_inference_steps, dtype=torch.float64)
        elif timesteps is not None:
            levels = self._falling("timesteps", timesteps, self.num_train_timesteps)
        else:
            levels = self._falling("sigmas", sigmas, 1)
        shifted = shift * levels / (1 + (shift - 1) * levels)
        self.sigmas = torch.cat([shifted, shifted.new_zeros(1)]).to(device)

    def _shift(self, mu: float | None) -> float:
        """The factor a of the levels."""
        if not self.config.use_dynamic_shifting:
            require_fixed({"mu": mu}, {"mu": (None, "Give the scheduler shift = exp(mu).")})
            return self.shift
        if mu is None:
            raise ValueError("mu must be given where shifts are dynamic, got None.")
        if self.config.time_shift_type == "linear":
            return require_real("mu", mu, 0, open=True)
        return math.exp(require_real("mu", mu, -100, 100))

    def _falling(self, what: str, values: object, most: int) -> Tensor:
        """Levels, given as such or as timesteps."""
        given = require_numbers(what, values, torch.float64).cpu()
        inside = bool(((given > 0) & (given <= most)).all())
        if given.dim() != 1 or not len(given) or not inside or not (given.diff() < 0).all():
            raise ValueError(f"{what} must be in (0, {most}] and fall strictly, got {values}.")
        return given / most

    def scale_noise(self, sample: Tensor, timestep: float | Tensor, noise: Tensor) -> Tensor:
        """Noise the data: s z + (1 - s) x at timestep T s, for one timestep or one per row."""
        require_floats("sample", sample)
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
        s_churn: float = 0.0,
        s_tmin: float = 0.0,
        s_tmax: float = math.inf,
        s_noise: float = 1.0,
        generator: torch.Generator | None = None,
        per_token_timesteps: Tensor | None = None,
        return_dict: bool = True,
        *,
        previous: float | Tensor | None = None,
    ) -> SchedulerOutput:
        """One Euler step, to the next timestep of the walk or to ``previous``.

        Args:
            model_output: the velocity, towards the noise.
            timestep: of the sample, one or one per row.
            sample: x at that timestep.
            s_churn: 0: no noise is added.
            s_tmin: 0.
            s_tmax: ∞.
            s_noise: 1.
            generator: of no effect.
            per_token_timesteps: None.
            return_dict: without effect: the result is a tuple with names.
            previous: where the step goes; by default the next of ``timesteps``.

        Returns:
            x at the timestep after, and the prediction of the data.
        """
        require_fixed(locals(), FLOW_STEP_FIXED)
        require_generator(generator)
        require_flag("return_dict", return_dict)
        require_floats("sample", sample)
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
        given = require_numbers("timestep", timestep, torch.float64)
        level = given.cpu() / self.num_train_timesteps
        if not ((level >= 0) & (level <= 1)).all():
            raise ValueError(
                f"timesteps must be in [0, {self.num_train_timesteps}], got "
                f"{(level * self.num_train_timesteps).tolist()}."
            )
        return level
