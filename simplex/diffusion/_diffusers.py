"""Schedulers with the method names of the library diffusers, for code that is written for them."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import require_word
from simplex.diffusion._checks import (
    require_finite,
    require_fixed,
    require_integers,
    require_same_shape,
)
from simplex.diffusion._ddpm import ddim_steps, ddpm_steps
from simplex.diffusion._gaussian import WHITE, Variance, q_sample
from simplex.diffusion._grids import Spacing, spaced_times
from simplex.diffusion._parameterization import Target, convert_prediction
from simplex.diffusion._rows import combine, per_row
from simplex.diffusion._schedule import (
    DiscreteSchedule,
    cosine_schedule,
    linear_schedule,
    scaled_linear_schedule,
    zero_terminal_snr,
)
from simplex.diffusion._walk import Steps


PREDICTIONS: dict[str, Target] = {"epsilon": "eps", "sample": "x0", "v_prediction": "v"}
VARIANCES: dict[str, Variance] = {"fixed_small": "small", "fixed_large": "large"}
SCHEDULES: dict[str, Callable[[int, float, float], DiscreteSchedule]] = {
    "linear": linear_schedule,
    "scaled_linear": scaled_linear_schedule,
    "squaredcos_cap_v2": lambda steps, start, end: cosine_schedule(steps),
}
# Arguments there that have one value here.
FIXED: dict[str, object] = {"set_alpha_to_one": True, "steps_offset": 0, "thresholding": False}


class SchedulerConfig(SimpleNamespace):
    """The arguments that a scheduler was made with, to read; none can be set."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"config must stay as the scheduler was made, got {name} = {value!r}. Make a new "
            "scheduler."
        )


class SchedulerOutput(NamedTuple):
    """x at the next timestep of the walk, and the prediction of x_0, whatever ``return_dict``."""

    prev_sample: Tensor
    pred_original_sample: Tensor


class DDPMScheduler:
    """The chain and sampler :func:`ddpm` under the names of ``diffusers.DDPMScheduler``.

    Its timesteps count from 0, so that timestep i is our time i + 1. What differs, on purpose:

    1. Nothing is clipped unless ``clip_sample`` says to which range.
    2. A step goes to the next timestep of ``timesteps``, whatever the spacing; it may also be told,
       and both timesteps may be one per row.
    3. No step is counted: calls may come in any order.

    Args:
        num_train_timesteps: T.
        beta_start: β_1.
        beta_end: β_T.
        beta_schedule: ``"linear"``, ``"scaled_linear"`` or ``"squaredcos_cap_v2"``.
        trained_betas: (T,) β instead of a named schedule.
        variance_type: ``"fixed_small"`` or ``"fixed_large"``.
        clip_sample: None or False, or the bound on |x_0| to clip predictions to.
        prediction_type: ``"epsilon"``, ``"sample"`` or ``"v_prediction"``.
        timestep_spacing: ``"leading"``, ``"trailing"`` or ``"linspace"``.
        rescale_betas_zero_snr: rescale to a terminal signal-to-noise ratio of 0.
        **fixed: ``set_alpha_to_one=True``, ``steps_offset=0`` and ``thresholding=False``, which
            are taken at these values only.

    Raises:
        TypeError: an unknown argument, or ``clip_sample=True``, which names no bound.
        ValueError: an unknown name, or an argument that is fixed here at another value.

    Example:
        >>> scheduler = DDPMScheduler()
        >>> scheduler.set_timesteps(4)
        >>> scheduler.timesteps.tolist()
        [750, 500, 250, 0]
    """

    order = 1
    init_noise_sigma = 1.0
    timesteps: Tensor

    def __init__(
        self,
        num_train_timesteps: int = 1000,
        beta_start: float = 1e-4,
        beta_end: float = 0.02,
        beta_schedule: str = "linear",
        trained_betas: Sequence[float] | Tensor | None = None,
        variance_type: str = "fixed_small",
        clip_sample: float | bool | None = None,
        prediction_type: str = "epsilon",
        timestep_spacing: Spacing = "leading",
        rescale_betas_zero_snr: bool = False,
        **fixed: object,
    ) -> None:
        # First of all: locals() are the arguments only before anything else has a name.
        given = {name: value for name, value in locals().items() if name not in ("self", "fixed")}
        require_fixed(fixed, FIXED)
        require_word("beta_schedule", beta_schedule, SCHEDULES)
        require_word("prediction_type", prediction_type, PREDICTIONS)
        require_word("variance_type", variance_type, VARIANCES)
        if clip_sample is True:
            raise TypeError(
                "clip_sample must be None, False or the bound to clip to, such as 1.0, got True. "
                "Nothing is clipped by default."
            )
        if trained_betas is None:
            schedule = SCHEDULES[beta_schedule](num_train_timesteps, beta_start, beta_end)
        else:
            schedule = DiscreteSchedule.from_betas(trained_betas)
        self.schedule = zero_terminal_snr(schedule) if rescale_betas_zero_snr else schedule
        self.prediction = PREDICTIONS[prediction_type]
        self.variance = VARIANCES[variance_type]
        self.clip_sample = None if clip_sample is False else clip_sample
        self.timestep_spacing: Spacing = timestep_spacing
        self.timesteps = torch.arange(self.schedule.num_steps - 1, -1, -1)
        self.config = SchedulerConfig(
            **given | FIXED | {"num_train_timesteps": self.schedule.num_steps}
        )

    def __len__(self) -> int:
        return self.schedule.num_steps

    @property
    def num_inference_steps(self) -> int:
        """How many timesteps the walk has; all T before :meth:`set_timesteps`."""
        return len(self.timesteps)

    @property
    def alphas_cumprod(self) -> Tensor:
        """(T,) ᾱ of the timesteps, float64."""
        return self.schedule.alpha_bars[1:]

    @property
    def betas(self) -> Tensor:
        """(T,) β of the timesteps, float64."""
        return self.schedule.betas

    def set_timesteps(
        self,
        num_inference_steps: int | None = None,
        device: torch.device | str | None = None,
        timesteps: Sequence[int] | Tensor | None = None,
    ) -> None:
        """Choose the timesteps of a walk: a number of them, or the timesteps, falling strictly."""
        if (num_inference_steps is None) == (timesteps is None):
            raise ValueError("set_timesteps must get num_inference_steps or timesteps, not both.")
        if num_inference_steps is not None:
            chosen = spaced_times(self.schedule, num_inference_steps, self.timestep_spacing)[:-1]
        else:
            chosen = self._times("timesteps", torch.as_tensor(timesteps))
            if chosen.numel() == 0 or not (chosen.diff() < 0).all():
                raise ValueError(
                    f"timesteps must be in 0…{len(self) - 1} and fall strictly, got "
                    f"{(chosen - 1).tolist()}."
                )
        self.timesteps = (chosen - 1).to(device)

    def scale_model_input(self, sample: Tensor, timestep: int | Tensor | None = None) -> Tensor:
        """The sample itself: a chain that preserves variance scales nothing."""
        return sample

    def previous_timestep(self, timestep: int | Tensor) -> Tensor:
        """The timestep after each in the walk, -1 for the data."""
        grid = self.timesteps.cpu()
        t = torch.as_tensor(timestep).cpu()
        position = (grid >= t[..., None]).sum(-1)  # how many are not below
        return torch.cat([grid, grid.new_tensor([-1])])[position]

    def add_noise(self, original_samples: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """Noise the data, :func:`q_sample`."""
        return q_sample(original_samples, self._times("timesteps", timesteps), self.schedule, noise)

    def get_velocity(self, sample: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """The v of data and noise, α_t ε - σ_t x_0."""
        require_same_shape("noise", noise, sample)
        alpha, sigma = self.schedule.coefficients(self._times("timesteps", timesteps))
        return combine((per_row(alpha, noise), noise), (per_row(-sigma, sample), sample))

    def step(
        self,
        model_output: Tensor,
        timestep: int | Tensor,
        sample: Tensor,
        generator: torch.Generator | None = None,
        *,
        previous: int | Tensor | None = None,
        return_dict: bool = True,
    ) -> SchedulerOutput:
        """One step of :func:`ddpm`, to the next timestep of the walk or to ``previous``."""
        clean, t, s = self._clean(model_output, timestep, sample, previous)
        steps = ddpm_steps(self.schedule, t, s, "x0", self.variance)
        return _moved(steps, sample, clean, generator)

    def _clean(
        self, output: Tensor, timestep: int | Tensor, sample: Tensor, previous: int | Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The prediction of x_0, and our times of the step."""
        require_finite("model_output", output, at_timestep(timestep))
        t = self._times("timestep", timestep).cpu()
        after = self.previous_timestep(t - 1) if previous is None else previous
        s = self._times("previous", after, low=-1).cpu()
        clean = convert_prediction(output, sample, t, self.schedule, self.prediction, "x0")
        if self.clip_sample is not None:
            clean = clean.clamp(-self.clip_sample, self.clip_sample)
        return clean, t, s

    def _times(self, what: str, timesteps: int | Tensor, low: int = 0) -> Tensor:
        """Our times of timesteps, which must be in low … T - 1."""
        counted = torch.as_tensor(timesteps)
        if not counted.numel():
            return counted.long()  # an empty list has no integers to be recognised by
        require_integers(what, counted, " Use .long().")
        least, most = int(counted.min()), int(counted.max())
        if least < low or most >= len(self):
            wrong = least if least < low else most
            raise ValueError(f"{what} must be in {low}…{len(self) - 1}, got {wrong}.")
        return counted.long() + 1


class DDIMScheduler(DDPMScheduler):
    """The sampler :func:`ddim` under the names of ``diffusers.DDIMScheduler``.

    Arguments and differences are those of :class:`DDPMScheduler`; the last step goes to the data,
    ᾱ = 1, which is called ``set_alpha_to_one`` there, and ``eta`` is a keyword.

    Example:
        >>> scheduler = DDIMScheduler()
        >>> scheduler.set_timesteps(2)
        >>> x = torch.ones(1, 3)
        >>> for t in scheduler.timesteps:
        ...     x = scheduler.step(torch.zeros(1, 3), t, x).prev_sample
    """

    def step(
        self,
        model_output: Tensor,
        timestep: int | Tensor,
        sample: Tensor,
        generator: torch.Generator | None = None,
        *,
        eta: float = 0.0,
        previous: int | Tensor | None = None,
        return_dict: bool = True,
    ) -> SchedulerOutput:
        """One step of :func:`ddim`, to the next timestep of the walk or to ``previous``."""
        clean, t, s = self._clean(model_output, timestep, sample, previous)
        return _moved(ddim_steps(self.schedule, t, s, "x0", eta), sample, clean, generator)


def _moved(
    steps: Steps, sample: Tensor, clean: Tensor, generator: torch.Generator | None
) -> SchedulerOutput:
    """One step, a row of the table for every row of the sample."""
    terms = [(per_row(steps.on_x, sample), sample), (per_row(steps.on_m, sample), clean)]
    if steps.spread is not None and steps.spread.any():
        terms.append((per_row(steps.spread, sample), WHITE.sample(sample, generator=generator)))
    return SchedulerOutput(combine(*terms), clean)


def at_timestep(timestep: float | Tensor) -> Callable[[], str]:
    """Where a network broke, for messages."""
    return lambda: f"at timestep {torch.as_tensor(timestep).tolist()}"
