"""The options of schedulers under another library's names: which values they have here."""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import torch
from torch import Tensor

from simplex.complexes import require_real
from simplex.diffusion._checks import require_count, require_mapping
from simplex.diffusion._curves import cosine_schedule, linear_schedule, scaled_linear_schedule
from simplex.diffusion._gaussian import Variance
from simplex.diffusion._kinds import Target
from simplex.diffusion._rows import aligned
from simplex.diffusion._schedule import DiscreteSchedule


PREDICTIONS: dict[str, Target] = {"epsilon": "eps", "sample": "x0", "v_prediction": "v"}
# In logarithms or not, the small variance is the same.
VARIANCES: dict[str, Variance] = {
    "fixed_small": "small",
    "fixed_small_log": "small",
    "fixed_large": "large",
    "learned_range": "learned",
}
SCHEDULES: dict[str, Callable[[int, float, float], DiscreteSchedule]] = {
    "linear": linear_schedule,
    "scaled_linear": scaled_linear_schedule,
    "squaredcos_cap_v2": lambda steps, start, end: cosine_schedule(steps),
    "sigmoid": lambda steps, start, end: _sigmoid(steps, start, end),
}
# What locals() of a constructor holds besides its options.
_NOT_OPTIONS = ("self", "options", "__class__")
# Options that one of the classes has: they may be given to the others, at these values or theirs.
ELSEWHERE: dict[str, object] = {"set_alpha_to_one": True, "variance_type": "fixed_small"}
# Options of theirs that only DDIM steps have, and what serves in others.
FIXED: dict[str, tuple[object, str]] = {
    "set_alpha_to_one": (True, "To end at the first timestep give step(..., previous=0)."),
}
ALL_FREE: dict[str, tuple[object, str]] = {}
# Options of the solvers of their other schedulers: a config of one makes a chain of ours without.
OF_SOLVERS = frozenset({
    "set_alpha_to_one", "skip_prk_steps", "solver_order", "solver_type", "solver_p",
    "algorithm_type", "lower_order_final", "euler_at_final", "use_karras_sigmas",
    "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas", "use_flow_sigmas", "flow_shift",
    "final_sigmas_type", "lambda_min_clipped", "variance_type", "interpolation_type",
    "timestep_type", "sigma_min", "sigma_max", "predict_x0", "disable_corrector",
    "use_dynamic_shifting", "time_shift_type", "shift_terminal",
})  # fmt: skip
# The same of the flow scheduler.
_SHAPED = "Give the levels themselves, set_timesteps(sigmas=...)."
FLOW_FIXED: dict[str, tuple[object, str]] = {
    "invert_sigmas": (False, _SHAPED),
    "shift_terminal": (None, _SHAPED),
    "use_karras_sigmas": (False, _SHAPED),
    "use_exponential_sigmas": (False, _SHAPED),
    "use_beta_sigmas": (False, _SHAPED),
    "stochastic_sampling": (False, "Steps of a flow add no noise."),
}
# And of its steps.
FLOW_STEP_FIXED: dict[str, tuple[object, str]] = {
    "s_churn": (0.0, "Steps of a flow add no noise."),
    "s_tmin": (0.0, "Steps of a flow add no noise."),
    "s_tmax": (math.inf, "Steps of a flow add no noise."),
    "s_noise": (1.0, "Steps of a flow add no noise."),
    "per_token_timesteps": (None, "Timesteps may be one per row, timestep=…."),
}


class SchedulerConfig(dict[str, Any]):
    """The options that a scheduler was made with, as a mapping and as attributes; none can be set.

    ``DDIMScheduler(**config)`` and ``DDIMScheduler.from_config(config)`` make the scheduler anew.
    """

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"config must be asked for {', '.join(self)}, got {name}.")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"config must stay as the scheduler was made, got {name} = {value!r}. Make a new "
            "scheduler."
        )

    def _refused(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError(
            "config must stay as the scheduler was made. Make a new scheduler, from_config(config, "
            "option=value)."
        )

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refused

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return type(self), (dict(self),)


def options_of(
    given: Mapping[str, Any],
    others: Mapping[str, object],
    fixed: Mapping[str, tuple[object, str]],
    elsewhere: Mapping[str, object],
) -> dict[str, Any]:
    """The named options of a call and the others, refused at values that they have not here."""
    known = {name: value for name, value in given.items() if name not in _NOT_OPTIONS}
    for name, value in others.items():
        if name not in known and name not in elsewhere:
            raise TypeError(
                f"{name} must not be given, got {value!r}: no such option is known. There are "
                f"{', '.join(known)}."
            )
    options: dict[str, Any] = {**elsewhere, **known, **others}
    require_fixed(options, fixed)
    return options


def require_fixed(given: Mapping[str, object], fixed: Mapping[str, tuple[object, str]]) -> None:
    """Refuse options at other values than the one they have here."""
    for name, (value, remedy) in fixed.items():
        if name in given and not _same(given[name], value):
            raise ValueError(
                f"{name} must be {value}, got {given[name]!r}: it is fixed here. {remedy}"
            )


def options_in(config: Mapping[str, Any], of: type) -> dict[str, Any]:
    """The options in a configuration that a scheduler has.

    Without the names that say where it is from, those of solvers that steps of ours are not made
    by, and those that say nothing.
    """
    require_mapping("config", config)
    if config.get("use_flow_sigmas"):
        raise ValueError(
            "use_flow_sigmas must be False for a chain, got True. Such a network belongs in "
            "FlowMatchEulerDiscreteScheduler(shift=flow_shift)."
        )
    own = inspect.signature(of).parameters
    told = {name: value for name, value in config.items() if not str(name).startswith("_")}
    return {
        name: value
        for name, value in told.items()
        if (name in own or name not in OF_SOLVERS)
        and not (value is None and name in own and own[name].default is not None)
    }


def dynamically_clipped(x: Tensor, ratio: float, most: float) -> Tensor:
    """Predictions of x_0 within the bound that a share of each row keeps, and scaled to [-1, 1].

    Saharia et al., "Photorealistic text-to-image diffusion models", 2022, section 2.3.
    """
    if x.dim() < 2:
        raise ValueError(
            f"thresholding must be of rows of several numbers, got shape {tuple(x.shape)}."
        )
    sizes = x.detach().abs().flatten(1)
    bound = torch.quantile(sizes.to(torch.promote_types(x.dtype, torch.float32)), ratio, dim=1)
    bound = aligned(bound.clamp(min=1).clamp(max=most), x)
    return x.clamp(-bound, bound) / bound


def clip_bound(clip_sample: object, clip_range: object) -> float | None:
    """The bound on |x_0| to clip to, or None."""
    bound = require_real("clip_sample_range", clip_range, 0, open=True)
    if clip_sample is None and bound != 1:
        raise ValueError(
            f"clip_sample must be True for clip_sample_range = {bound} to count, or False, got "
            "none. Nothing is clipped by default."
        )
    if clip_sample is None or clip_sample is False:
        return None
    return bound if clip_sample is True else require_real("clip_sample", clip_sample, 0, open=True)


def _sigmoid(num_steps: int, start: float, end: float) -> DiscreteSchedule:
    """β = β_1 + S(u) (β_T - β_1) with u from -6 to 6, as in GeoDiff."""
    require_count("num_train_timesteps", num_steps, 1)
    curve = torch.linspace(-6, 6, num_steps, dtype=torch.float64).sigmoid()
    return DiscreteSchedule.from_betas(start + (end - start) * curve)


def _same(given: object, value: object) -> bool:
    plain = isinstance(given, (int, float, str, type(None)))
    return plain and isinstance(given, bool) == isinstance(value, bool) and given == value
