"""Schedulers with the method names of the library diffusers, for code that is written for them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self, get_args

import torch
from torch import Tensor

from simplex.complexes import require_int, require_real, require_word
from simplex.diffusion._calls import answer_of
from simplex.diffusion._checks import (
    require_device,
    require_finite,
    require_flag,
    require_floats,
    require_generator,
    require_integers,
    require_numbers,
    require_same_shape,
)
from simplex.diffusion._ddpm import ddpm_steps
from simplex.diffusion._gaussian import WHITE, learned_variance, q_sample
from simplex.diffusion._grids import Spacing, spaced_times
from simplex.diffusion._options import (
    ELSEWHERE,
    FIXED,
    PREDICTIONS,
    SCHEDULES,
    VARIANCES,
    SchedulerConfig,
    clip_bound,
    dynamically_clipped,
    options_in,
    options_of,
)
from simplex.diffusion._parameterization import convert_prediction
from simplex.diffusion._rows import aligned, combine, per_row
from simplex.diffusion._schedule import DiscreteSchedule, zero_terminal_snr


class SchedulerOutput(NamedTuple):
    """x at the next timestep of the walk, and the prediction of x_0, whatever ``return_dict``."""

    prev_sample: Tensor
    pred_original_sample: Tensor


class DDPMScheduler:
    """The chain and sampler :func:`ddpm` under the names of ``diffusers.DDPMScheduler``.

    Its timesteps count from 0, so that timestep i is our time i + 1. What differs, on purpose:

    1. Nothing is clipped unless ``clip_sample`` is given, as a bound or as True.
    2. A step goes to the next timestep of ``timesteps``, whatever the spacing; it may also be told,
       and both timesteps may be one per row.
    3. No step is counted: calls may come in any order.
    4. Of one step, ``"linspace"`` takes the last timestep, where there is noise, and not the first;
       halves of ``"trailing"`` are rounded to even numbers, and it never takes one step too many.

    Args:
        num_train_timesteps: T.
        beta_start: β_1.
        beta_end: β_T.
        beta_schedule: ``"linear"``, ``"scaled_linear"``, ``"squaredcos_cap_v2"`` or ``"sigmoid"``.
        trained_betas: (T,) β instead of a named schedule.
        variance_type: ``"fixed_small"``, by that or the name ``"fixed_small_log"``,
            ``"fixed_large"``, or ``"learned_range"``, of outputs with twice the channels, the
            second half from -1, small, to 1, large.
        clip_sample: None or False; the bound on |x_0| to clip predictions to; or True for
            ``clip_sample_range``.
        prediction_type: ``"epsilon"``, ``"sample"`` or ``"v_prediction"``.
        thresholding: whether to clip x_0 to the bound that a share of each row keeps, at least 1,
            and to divide by it; ``clip_sample`` then does not count.
        dynamic_thresholding_ratio: that share.
        clip_sample_range: the bound where ``clip_sample`` is True.
        sample_max_value: the most that the bound of ``thresholding`` may be.
        timestep_spacing: ``"leading"``, ``"trailing"`` or ``"linspace"``.
        steps_offset: added to timesteps that are ``"leading"``.
        rescale_betas_zero_snr: rescale to a terminal signal-to-noise ratio of 0.
        **options: ``set_alpha_to_one=True``.

    Raises:
        TypeError: an unknown option, or one of a wrong kind.
        ValueError: an unknown name, or an option that is fixed here at another value.

    Example:
        >>> scheduler = DDPMScheduler()
        >>> scheduler.set_timesteps(4)
        >>> scheduler.timesteps.tolist()
        [750, 500, 250, 0]
    """

    order = 1
    init_noise_sigma = 1.0
    timesteps: Tensor
    _fixed: Mapping[str, tuple[object, str]] = FIXED

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
        thresholding: bool = False,
        dynamic_thresholding_ratio: float = 0.995,
        clip_sample_range: float = 1.0,
        sample_max_value: float = 1.0,
        timestep_spacing: Spacing = "leading",
        steps_offset: int = 0,
        rescale_betas_zero_snr: bool = False,
        **options: object,
    ) -> None:
        self._set_up(locals(), options)  # locals() are the options, as nothing else has a name

    def _set_up(self, named: dict[str, Any], others: dict[str, object]) -> None:
        """Check all options, which both classes have, and keep them."""
        given = options_of(named, others, self._fixed, ELSEWHERE)
        require_word("beta_schedule", given["beta_schedule"], SCHEDULES)
        require_word("prediction_type", given["prediction_type"], PREDICTIONS)
        require_word("variance_type", given["variance_type"], VARIANCES)
        require_word("timestep_spacing", given["timestep_spacing"], get_args(Spacing))
        for name in ("rescale_betas_zero_snr", "thresholding", "set_alpha_to_one"):
            require_flag(name, given[name])
        require_real("dynamic_thresholding_ratio", given["dynamic_thresholding_ratio"], 0, 1)
        require_real("sample_max_value", given["sample_max_value"], 0, open=True)
        require_int("steps_offset", given["steps_offset"], 0)
        self.clip_sample = clip_bound(given["clip_sample"], given["clip_sample_range"])
        if given["trained_betas"] is None:
            ends = given["num_train_timesteps"], given["beta_start"], given["beta_end"]
            schedule = SCHEDULES[given["beta_schedule"]](*ends)
        else:
            schedule = DiscreteSchedule.from_betas(given["trained_betas"])
        rescaled = given["rescale_betas_zero_snr"]
        self.schedule = zero_terminal_snr(schedule) if rescaled else schedule
        self.prediction = PREDICTIONS[given["prediction_type"]]
        self.variance = VARIANCES[given["variance_type"]]
        self.timestep_spacing: Spacing = given["timestep_spacing"]
        self.timesteps = torch.arange(self.schedule.num_steps - 1, -1, -1)
        self.config = SchedulerConfig(given | {"num_train_timesteps": self.schedule.num_steps})

    @classmethod
    def from_config(cls, config: Mapping[str, Any], **changed: object) -> Self:
        """A scheduler of the options of another one, ours or diffusers', some of them changed.

        It may be another class of scheduler: what is said of the solver, such as ``solver_order``,
        is passed over, as are names that begin with an underscore.
        """
        return cls(**options_in(config, cls) | changed)

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
    def final_alpha_cumprod(self) -> Tensor:
        """ᾱ of what the last step goes to, the data (1) or the first timestep."""
        return self.schedule.alpha_bars[0 if self.config.set_alpha_to_one else 1]

    @property
    def alphas(self) -> Tensor:
        """(T,) 1 - β of the timesteps, float64."""
        return 1 - self.schedule.betas

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
            offset = self.config.steps_offset if self.timestep_spacing == "leading" else 0
            if int(chosen[0]) + offset > len(self):
                raise ValueError(
                    f"steps_offset must leave the timesteps below {len(self)}, got {offset}. Take "
                    "fewer steps, or a smaller offset."
                )
            chosen = chosen + offset
        else:
            chosen = self._times("timesteps", timesteps)
            if chosen.dim() != 1 or chosen.numel() == 0 or not (chosen.diff() < 0).all():
                raise ValueError(
                    f"timesteps must be in 0…{len(self) - 1} and fall strictly, got "
                    f"{(chosen - 1).tolist()}."
                )
        require_device(device)
        self.timesteps = (chosen - 1).to(device)

    def scale_model_input(self, sample: Tensor, timestep: int | Tensor | None = None) -> Tensor:
        """The sample itself: a chain that preserves variance scales nothing."""
        return sample

    def previous_timestep(self, timestep: int | Tensor) -> Tensor:
        """The timestep after each in the walk, -1 for the data."""
        grid = self.timesteps.cpu()
        t = self._times("timestep", timestep, low=-1).cpu() - 1
        position = (grid >= t[..., None]).sum(-1)  # how many are not below
        return torch.cat([grid, grid.new_tensor([-1])])[position]

    def add_noise(self, original_samples: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """Noise the data, :func:`q_sample`."""
        return q_sample(original_samples, self._times("timesteps", timesteps), self.schedule, noise)

    def get_velocity(self, sample: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """The v of data and noise, α_t ε - σ_t x_0."""
        require_floats("sample", sample)
        require_same_shape("noise", noise, sample)
        alpha, sigma = self.schedule.coefficients(self._times("timesteps", timesteps))
        return combine((per_row(alpha, noise), noise), (per_row(-sigma, sample), sample))

    def step(
        self,
        model_output: Tensor,
        timestep: int | Tensor,
        sample: Tensor,
        generator: torch.Generator | None = None,
        return_dict: bool = True,
        *,
        previous: int | Tensor | None = None,
    ) -> SchedulerOutput:
        """One step of :func:`ddpm`, to the next timestep of the walk or to ``previous``."""
        require_generator(generator)
        require_flag("return_dict", return_dict)
        said = answer_of(model_output)
        v = None
        if self.variance == "learned":
            said, v = _halves(said, sample)
        clean, t, s = self._clean(said, timestep, sample, previous)
        steps = ddpm_steps(self.schedule, t, s, "x0", self.variance)
        terms = [(steps.on_x, sample), (steps.on_m, clean)]
        if steps.spread is not None and steps.spread.any():
            noise = WHITE.sample(sample, generator=generator)
            if v is not None and steps.learned is not None:
                low, high = (aligned(each, v) for each in steps.learned)
                noise = noise * learned_variance((v + 1) / 2, low, high).sqrt()
            terms.append((steps.spread, noise))
        return output_of(terms, clean)

    def _clean(
        self, output: Tensor, timestep: int | Tensor, sample: Tensor, previous: int | Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The prediction of x_0, and our times of the step."""
        require_floats("sample", sample)
        require_same_shape("model_output", output, sample)
        t = self._times("timestep", timestep).cpu()
        require_finite("model_output", output, at_timestep(timestep))
        after = self.previous_timestep(t - 1) if previous is None else previous
        s = self._times("previous", after, low=-1).cpu()
        clean = convert_prediction(output, sample, t, self.schedule, self.prediction, "x0")
        if self.config.thresholding:
            ratio, most = self.config.dynamic_thresholding_ratio, self.config.sample_max_value
            clean = dynamically_clipped(clean, ratio, most)
        elif self.clip_sample is not None:
            clean = clean.clamp(-self.clip_sample, self.clip_sample)
        return clean, t, s

    def _times(self, what: str, timesteps: object, low: int = 0) -> Tensor:
        """Our times of timesteps, which must be in low … T - 1."""
        counted = require_numbers(what, timesteps)
        if not counted.numel():
            return counted.long()  # an empty list has no integers to be recognised by
        require_integers(what, counted, " Use .long().")
        least, most = int(counted.min()), int(counted.max())
        if least < low or most >= len(self):
            wrong = least if least < low else most
            raise ValueError(f"{what} must be in {low}…{len(self) - 1}, got {wrong}.")
        return counted.long() + 1


def drawn(noise: Tensor | None, like: Tensor, generator: torch.Generator | None) -> Tensor:
    """The noise of a step: given, or fresh."""
    if noise is None:
        return WHITE.sample(like, generator=generator)
    require_same_shape("variance_noise", noise, like)
    if generator is not None:
        raise ValueError("step must get generator or variance_noise, not both.")
    return noise


def _halves(output: Any, sample: Tensor) -> tuple[Tensor, Tensor]:
    """The prediction and what is said of the variance, halves of the channels."""
    require_floats("model_output", output)
    shape = tuple(sample.shape)
    wanted = (*shape[:1], 2 * shape[1], *shape[2:]) if len(shape) > 1 else ()
    if tuple(output.shape) != wanted:
        raise ValueError(
            f"model_output must have twice the channels of the sample, {wanted}, for the variance "
            f"learned_range, got {tuple(output.shape)}."
        )
    prediction, variance = output.chunk(2, dim=1)
    return prediction, variance


def output_of(terms: Sequence[tuple[Tensor, Tensor]], clean: Tensor) -> SchedulerOutput:
    """One step, with a coefficient for every row of the sample."""
    return SchedulerOutput(combine(*((per_row(c, x), x) for c, x in terms)), clean)


def at_timestep(timestep: float | Tensor) -> Callable[[], str]:
    """Where a network broke, for messages."""
    return lambda: f"at timestep {torch.as_tensor(timestep).tolist()}"
