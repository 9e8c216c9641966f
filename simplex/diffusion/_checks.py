"""What this package refuses, and in which words."""

import math
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from simplex.complexes import (
    require_generator as require_generator,
    require_int,
    require_memory,
)


# --- networks and what a call is given ------------------------------------------------------------


def require_module(what: str, network: object) -> None:
    """Refuse what has no parameters to average."""
    if not isinstance(network, nn.Module):
        raise TypeError(f"{what} must be a torch.nn.Module, got {kind_of(network)}.")


def require_same_parameters(ours: nn.Module, theirs: nn.Module) -> None:
    """Refuse an average over networks of several kinds."""
    shapes = [[tuple(p.shape) for p in each.parameters()] for each in (ours, theirs)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"network must have the parameters of the averaged one, of shapes {shapes[0]}, got "
            f"{shapes[1]}."
        )


def require_decay(decay: object) -> None:
    """Refuse an average that would never move, or not be one."""
    if isinstance(decay, bool) or not isinstance(decay, Real):
        raise TypeError(f"decay must be a number, got {kind_of(decay)}.")
    if not 0 <= float(decay) < 1:
        raise ValueError(f"decay must be in [0, 1), got {decay}.")


def require_callable(what: str, model: object) -> None:
    """Refuse a model that cannot be called."""
    if isinstance(model, type) or not callable(model):
        raise TypeError(
            f"{what} must be a function of noisy data and times, got {kind_of(model)}. Any "
            "torch.nn.Module or lambda x, t: … is one."
        )


def require_schedule(schedule: object, *, discrete: bool = False) -> None:
    """Refuse what gives no α and σ; for some purposes what has no steps."""
    wanted = ("alpha_bars", "num_steps") if discrete else ("coefficients", "times", "model_times")
    if not all(hasattr(schedule, name) for name in wanted):
        kind = "DiscreteSchedule" if discrete else "Schedule"
        raise TypeError(
            f"schedule must be a {kind}, such as cosine_schedule(1000), got {kind_of(schedule)}."
        )


def require_noise(noise: object, *, whitens: bool = False) -> None:
    """Refuse what is no law of noise; for bounds what does not whiten."""
    wanted = ("sample", "whiten") if whitens else ("sample",)
    law = all(callable(getattr(noise, name, None)) for name in wanted)
    if not law or isinstance(noise, type):
        raise TypeError(
            f"noise must be a law, WhiteNoise() or a HodgeNoise, got {kind_of(noise)}. Draws "
            "are made by its method sample."
        )


def require_numbers(what: str, values: object, dtype: torch.dtype | None = None) -> Tensor:
    """Numbers, a sequence of them, an array or a tensor, as a tensor; refuse anything else."""
    array = values.copy() if isinstance(values, np.ndarray) else values  # strides may be negative
    try:
        if isinstance(values, (str, bytes, type(None), Mapping)):
            raise TypeError
        given = isinstance(values, (Tensor, np.ndarray))  # lists keep all digits
        tensor = torch.as_tensor(array, dtype=None if given else dtype)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise TypeError(
            f"{what} must be numbers, or a tensor or a sequence of them, got {kind_of(values)}."
        ) from error
    if tensor.is_complex() or tensor.dtype == torch.bool:
        raise TypeError(f"{what} must be real numbers, got {tensor.dtype}.")
    if tensor.layout != torch.strided:
        raise TypeError(f"{what} must be dense, got a sparse tensor. Give its .to_dense().")
    return tensor if dtype is None else tensor.to(dtype)


def require_instance(what: str, value: object, kind: type) -> None:
    """Refuse what is no such object."""
    if not isinstance(value, kind):
        raise TypeError(f"{what} must be a {kind.__name__}, got {kind_of(value)}.")


def require_number(what: str, value: object) -> None:
    """Refuse what is no number; infinities are for the caller to judge."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{what} must be a number, got {kind_of(value)}.")


def pair_of(output: object) -> tuple[Any, Any]:
    """The prediction and v of a network with a learned variance."""
    if not isinstance(output, (tuple, list)) or len(output) != 2:
        raise TypeError(
            "the network must return a pair, the prediction and v, for a learned variance, got "
            f"{kind_of(output)}. Of twice the channels it is output.chunk(2, dim=1)."
        )
    return output[0], output[1]


def require_finite_numbers(what: str, values: Tensor) -> None:
    """Refuse NaN and infinities among the numbers of a call."""
    if not bool(values.isfinite().all()):
        raise ValueError(f"{what} must be finite, got {values.flatten()[:8].tolist()}.")


def require_preconditioner(preconditioner: object) -> None:
    """Refuse what scales nothing."""
    if not all(callable(getattr(preconditioner, name, None)) for name in ("denoiser", "weight")):
        raise TypeError(
            f"preconditioner must be an EDMPreconditioner, got {kind_of(preconditioner)}. Make "
            "one, EDMPreconditioner(sigma_data), and sample with its denoiser(network)."
        )


def require_path(path: object) -> None:
    """Refuse what is no path from noise to data."""
    if isinstance(path, type) or not callable(getattr(path, "at", None)):
        raise TypeError(f"path must be one such as LinearPath(), got {kind_of(path)}.")


def require_walk(model: object, x: object, schedule: object, generator: object) -> None:
    """Refuse what no sampler of a chain can begin with."""
    require_callable("model", model)
    require_floats("x", x)
    require_schedule(schedule)
    require_generator(generator)


def require_tensor(what: str, x: object) -> None:
    """Refuse what is no tensor."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{what} must be a tensor, got {kind_of(x)}.")


def require_floats(what: str, x: object, remedy: str = " Convert with .float().") -> None:
    """Refuse what is no tensor of real floats."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{what} must be a tensor of real floats, got {kind_of(x)}.")
    if not x.is_floating_point():
        raise TypeError(f"{what} must be of floating point, got {x.dtype}.{remedy}")
    if x.layout != torch.strided:
        raise TypeError(f"{what} must be dense, got a sparse tensor. Give its .to_dense().")
    if x.is_meta:
        raise ValueError(f"{what} must hold numbers, got a tensor on the meta device.")


def kind_of(value: object) -> str:
    """How a message calls a value of a wrong kind."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, (int, float, str, type(None))):
        return repr(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


# --- tensors and times ----------------------------------------------------------------------------


def require_count(what: str, number: object, least: int, most: int | None = None) -> None:
    """Refuse a number of entries out of its range, or beyond what memory holds."""
    count = require_int(what, number, least, most)
    require_memory(32 * count, torch.device("cpu"), f"{count} numbers", f"Lower {what}.")


def require_rows(what: str, x: Any, *, least: int = 0, columns: int | None = None) -> None:
    """Refuse what is no (rows, d) floats."""
    require_floats(what, x)
    if x.dim() != 2 or len(x) < least or columns not in (None, x.shape[1]):
        wanted = f"(rows, {'d' if columns is None else columns})"
        at_least = f" with at least {least} rows" if least else ""
        raise ValueError(f"{what} must be of shape {wanted}{at_least}, got {tuple(x.shape)}.")


def require_same_shape(what: str, got: object, x: Tensor) -> None:
    """Refuse a tensor that would only fit the data by broadcasting, and what holds no floats."""
    if not isinstance(got, Tensor):
        raise TypeError(f"{what} must be a tensor, got {type(got).__name__}.")
    if not got.is_floating_point() or got.layout != torch.strided:
        raise TypeError(f"{what} must be dense real floats, got {got.dtype}, {got.layout}.")
    if got.shape != x.shape:
        raise ValueError(
            f"{what} must have the shape of the data, {tuple(x.shape)}, got {tuple(got.shape)}."
        )


def require_finite(
    what: str, values: Tensor, where: Callable[[], str], x: Tensor | None = None
) -> None:
    """Refuse NaN and infinities, and say where; the sum is finite in all sound cases.

    Where x, which the network was asked about, is not finite itself, the network is not blamed.
    """
    if values.is_meta:
        raise ValueError(f"{what} must hold numbers, got a tensor on the device meta.")
    total = float(values.detach().sum())
    if math.isfinite(total) or bool(values.isfinite().all()):
        return
    if x is not None and not x.isfinite().all():
        raise ValueError(
            f"x must be finite, got NaN or infinite values {where()}, before the network was "
            f"asked. In {x.dtype} a step can overflow: sample in float32, or predict 'v'."
        )
    bad = int((~values.isfinite()).sum())
    raise ValueError(
        f"{what} must be finite, got {bad} of {values.numel()} values NaN or infinite {where()}. "
        "Under mixed precision, run the last layers in float32."
    )


def require_defined(what: str, *coefficients: Tensor) -> None:
    """Refuse a linear form that divides by a vanishing α or σ."""
    if not all(bool(c.isfinite().all()) for c in coefficients):
        raise ValueError(
            f"{what} must be defined at every time, got one where α = 0 or σ = 0. "
            "Predict 'v', which is defined at both ends, or leave that time out."
        )


def number_of_steps(times: Any) -> int | None:
    """The number of steps in place of the times, or None where it is the times."""
    scalar = isinstance(times, (Tensor, np.ndarray)) and not times.ndim
    number: object = times.item() if scalar else times
    whole = isinstance(number, Integral) and not isinstance(number, bool)
    if not isinstance(number, Real):
        return None
    if not whole:
        raise ValueError(
            "times must be a whole number of steps, or all times that the walk visits, the end "
            f"included, got the number {number}."
        )
    count: int = require_int("the number of steps", number, 1)
    require_memory(32 * count, torch.device("cpu"), f"{count} steps", "Take fewer.")
    return count


def require_several(times: object) -> None:
    """Refuse a number of steps where the times say in which direction the walk goes."""
    if number_of_steps(times) is not None:
        raise ValueError(
            f"times must be all that the walk visits, both ends included, got the number {times}. "
            f"From data to noise it may be torch.linspace(1, 0, {times} + 1)."
        )


def require_steps(grid: Tensor) -> None:
    """Refuse a grid without a step."""
    require_several(grid)
    if len(grid) < 2 or grid.dim() > 2:
        raise ValueError(
            "times must be at least 2, where a walk starts and ends, of shape (S + 1,) or "
            f"(S + 1, rows), got shape {tuple(grid.shape)}."
        )


def require_to_data(grid: Tensor) -> None:
    """Refuse a grid for a bound that is not one of all rows, or does not end at the data."""
    if grid.dim() != 1 or grid[-1] != 0:
        raise ValueError(f"times must be shared by the rows and end at 0, got {grid.tolist()}.")


def require_integers(what: str, values: Tensor, remedy: str) -> None:
    """Refuse tensors of floats, complex numbers and bools."""
    if values.is_floating_point() or values.is_complex() or values.dtype == torch.bool:
        raise TypeError(f"{what} must be integers, got {values.dtype}.{remedy}")


def require_times_within(t: Tensor, low: float, high: float, remedy: str = "") -> None:
    """Refuse times, NaN among them, outside [low, high]."""
    if t.numel() and not bool(((t >= low) & (t <= high)).all()):
        allowed = f"{low}…{high}" if isinstance(high, int) else f"[{low:g}, {high:g}]"
        raise ValueError(
            f"times must be in {allowed}, got {t.min().item()} to {t.max().item()}.{remedy}"
        )


def require_like_times(t: Tensor, s: Tensor) -> None:
    """Refuse two times of a step that do not belong to the same rows."""
    pairs = zip(reversed(t.shape), reversed(s.shape), strict=False)
    if not all(a == b or 1 in (a, b) for a, b in pairs):
        raise ValueError(
            f"s must be one time, or as many as t, got shapes {tuple(s.shape)} and "
            f"{tuple(t.shape)}."
        )


def require_after_data(times: Tensor, num_steps: int) -> None:
    """Refuse time 0 of a discrete chain in training: there is no noise, and nothing to learn."""
    if not (times > 0).all():
        raise ValueError(
            f"t must be in 1…{num_steps} in training, got 0, the data without noise. Code "
            "that counts from 0 adds 1: torch.randint(1, T + 1, (rows,))."
        )


def require_logits(logits: Any, shape: tuple[int, ...]) -> None:
    """Refuse logits that are not one per value and category."""
    require_floats("logits", logits)
    if logits.shape != shape:
        raise ValueError(f"logits must have shape {shape}, got {tuple(logits.shape)}.")


def require_flag(name: str, flag: object) -> None:
    """Refuse what is neither True nor False: any other value would count as one of them."""
    if not isinstance(flag, bool):
        raise TypeError(f"{name} must be True or False, got {kind_of(flag)}.")


def require_mapping(name: str, mapping: object) -> None:
    """Refuse what has no names."""
    if not isinstance(mapping, Mapping):
        raise TypeError(f"{name} must be a mapping from names to values, got {kind_of(mapping)}.")


def require_device(device: Any) -> None:
    """Refuse what names no device, or one that is not there."""
    try:
        if isinstance(device, bool):
            raise TypeError
        torch.empty(0, device=device)
    except (TypeError, ValueError, RuntimeError, AssertionError, OverflowError) as error:
        wrong = TypeError if not isinstance(device, (str, int, torch.device)) else ValueError
        raise wrong(
            f"device must be one of this machine, such as 'cpu', got {kind_of(device)}."
        ) from error


def require_possible(logits: Tensor) -> None:
    """Refuse a belief in nothing, and NaN."""
    if not bool((logits.amax(-1) > -torch.inf).all()):
        raise ValueError(
            "logits must leave some category possible, got NaN or -∞ for all of them. Mask less."
        )


def require_reached(reach: Tensor, x: Tensor) -> None:
    """Refuse values that the chain cannot have at a time."""
    lost = ~(reach > 0).any(-1)
    if lost.any():
        raise ValueError(
            f"x must be possible at time t, got the value {x[lost][0].item()}, which nothing leads "
            "to there. Start at process.prior_sample(like)."
        )
