"""Diffusion and flow matching: processes, losses, samplers and likelihoods on any tensor."""

from simplex.diffusion._noise import Noise, White
from simplex.diffusion._schedule import DiscreteSchedule, Schedule


__all__ = ["DiscreteSchedule", "Noise", "Schedule", "White"]
