"""DDIM with the method names of the library diffusers."""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes import require_real
from simplex.diffusion._calls import answer_of
from simplex.diffusion._checks import require_flag, require_generator
from simplex.diffusion._ddpm import ddim_steps
from simplex.diffusion._diffusers import DDPMScheduler, SchedulerOutput, drawn, output_of
from simplex.diffusion._grids import Spacing
from simplex.diffusion._options import ALL_FREE
from simplex.diffusion._parameterization import convert_prediction


class DDIMScheduler(DDPMScheduler):
    """The sampler :func:`ddim` under the names of ``diffusers.DDIMScheduler``.

    Options and differences are those of :class:`DDPMScheduler`, in the order that they have there,
    with ``set_alpha_to_one``.

    Args:
        num_train_timesteps, beta_start, beta_end, beta_schedule, trained_betas, clip_sample: see
            :class:`DDPMScheduler`.
        set_alpha_to_one: whether the last step goes to the data, ᾱ = 1, or to ᾱ of the first
            timestep, as in Stable Diffusion.
        steps_offset, prediction_type, thresholding, dynamic_thresholding_ratio: see there.
        clip_sample_range, sample_max_value, timestep_spacing, rescale_betas_zero_snr: see there.
        **options: ``variance_type``, which steps with η do not ask for.

    Example:
        >>> scheduler = DDIMScheduler()
        >>> scheduler.set_timesteps(2)
        >>> x = torch.ones(1, 3)
        >>> for t in scheduler.timesteps:
        ...     x = scheduler.step(torch.zeros(1, 3), t, x).prev_sample
    """

    def __init__(
        self,
        num_train_timesteps: int = 1000,
        beta_start: float = 1e-4,
        beta_end: float = 0.02,
        beta_schedule: str = "linear",
        trained_betas: Sequence[float] | Tensor | None = None,
        clip_sample: float | bool | None = None,
        set_alpha_to_one: bool = True,
        steps_offset: int = 0,
        prediction_type: str = "epsilon",
        thresholding: bool = False,
        dynamic_thresholding_ratio: float = 0.995,
        clip_sample_range: float = 1.0,
        sample_max_value: float = 1.0,
        timestep_spacing: Spacing = "leading",
        rescale_betas_zero_snr: bool = False,
        **options: object,
    ) -> None:
        self._set_up(locals(), options)

    _fixed = ALL_FREE

    def step(  # type: ignore[override]
        self,
        model_output: Tensor,
        timestep: int | Tensor,
        sample: Tensor,
        eta: float | torch.Generator | None = 0.0,
        use_clipped_model_output: bool = False,
        generator: torch.Generator | None = None,
        variance_noise: Tensor | None = None,
        return_dict: bool = True,
        *,
        previous: int | Tensor | None = None,
    ) -> SchedulerOutput:
        """One step of :func:`ddim`, to the next timestep of the walk or to ``previous``.

        Args:
            model_output: what the network says of the sample.
            timestep: of the sample, one or one per row.
            sample: x at that timestep.
            eta: η ≥ 0. A generator in this place is taken as the generator.
            use_clipped_model_output: whether the direction to noise comes from the clipped x_0 too,
                or from the network as it is; the same where nothing is clipped.
            generator: source of randomness; ``None`` for torch's global one.
            variance_noise: the noise to add where η > 0, in place of fresh noise.
            return_dict: without effect: the result is a tuple with names.
            previous: where the step goes, -1 for the data; by default the next of ``timesteps``.

        Returns:
            x at the timestep after, and the prediction of x_0.
        """
        if isinstance(eta, torch.Generator):
            generator, eta = eta, None
        share = 0.0 if eta is None else require_real("eta", eta, 0)
        require_generator(generator)
        require_flag("use_clipped_model_output", use_clipped_model_output)
        require_flag("return_dict", return_dict)
        said = answer_of(model_output)
        clean, t, s = self._clean(said, timestep, sample, previous)
        if not self.config.set_alpha_to_one:
            s = s.clamp(min=1)
            share = 0.0 if bool((t == s).all()) else share  # there the step stays where it is
        untouched = self.clip_sample is None and not self.config.thresholding
        if untouched or use_clipped_model_output:
            steps = ddim_steps(self.schedule, t, s, "x0", share)
            terms = [(steps.on_x, sample), (steps.on_m, clean)]
        else:
            eps = convert_prediction(said, sample, t, self.schedule, self.prediction, "eps")
            steps = ddim_steps(self.schedule, t, s, "eps", share)
            alpha, sigma = self.schedule.coefficients(s)
            variance = 0 if steps.spread is None else steps.spread.square()
            terms = [(alpha, clean), ((sigma.square() - variance).clamp(min=0).sqrt(), eps)]
        if steps.spread is not None and steps.spread.any():
            terms.append((steps.spread, drawn(variance_noise, sample, generator)))
        return output_of(terms, clean)
