"""Diffusion and flow matching: processes, losses, samplers and likelihoods on any tensor."""

from simplex.diffusion._continuous import (
    ContinuousSchedule,
    cosine_log_snr_schedule,
    linear_log_snr_schedule,
    vp_sde_schedule,
)
from simplex.diffusion._ddim import ddim
from simplex.diffusion._ddpm import ddpm
from simplex.diffusion._dpmpp import dpmpp_2m, dpmpp_sde_2m
from simplex.diffusion._gaussian import (
    learned_variance,
    posterior,
    q_sample,
    reverse_variance,
)
from simplex.diffusion._grids import edm_sigmas, log_snr_times, spaced_times
from simplex.diffusion._named_schedules import (
    cosine_schedule,
    linear_schedule,
    scaled_linear_schedule,
    sigmoid_schedule,
    zero_terminal_snr,
)
from simplex.diffusion._noise import Noise, White
from simplex.diffusion._parameterisation import convert
from simplex.diffusion._schedule import DiscreteSchedule, Schedule


__all__ = [
    "ContinuousSchedule",
    "DiscreteSchedule",
    "Noise",
    "Schedule",
    "White",
    "convert",
    "cosine_log_snr_schedule",
    "cosine_schedule",
    "ddim",
    "ddpm",
    "dpmpp_2m",
    "dpmpp_sde_2m",
    "edm_sigmas",
    "learned_variance",
    "linear_log_snr_schedule",
    "linear_schedule",
    "log_snr_times",
    "posterior",
    "q_sample",
    "reverse_variance",
    "scaled_linear_schedule",
    "sigmoid_schedule",
    "spaced_times",
    "vp_sde_schedule",
    "zero_terminal_snr",
]
