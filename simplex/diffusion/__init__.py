"""Diffusion and flow matching: processes, losses, samplers and likelihoods on any tensor.

x_0 is the data; the first dimension of a tensor counts its rows. A model is any callable of noisy
data and one time per row of them, (rows,); a denoiser D(y, σ) gets one σ per row likewise. Samplers
keep no gradients, clip nothing, and refuse a prediction that is NaN or of another shape, naming the
step. Losses answer one number per row, the mean over its components. Shapes that differ from those
of the data, and times outside a schedule or in wrong order, are ValueErrors everywhere.
``generator`` is the source of randomness, None for torch's global one.
"""

from simplex.diffusion._calls import from_zero
from simplex.diffusion._categorical import (
    CategoricalProcess,
    categorical_elbo,
    categorical_loss,
    categorical_sample,
)
from simplex.diffusion._cochains.heat_flow import HeatFlow
from simplex.diffusion._cochains.noise import HodgeNoise, fitted_hodge_noise
from simplex.diffusion._cochains.subspace import HodgeSubspace
from simplex.diffusion._complexes.candidates import Candidates, ComplexState
from simplex.diffusion._complexes.classifier import (
    ComplexClassifier,
    classifier_guide,
    classifier_loss,
)
from simplex.diffusion._complexes.constraints import keeps_pseudomanifold
from simplex.diffusion._complexes.generation import sample_complexes
from simplex.diffusion._complexes.guides import betti_guide, constraint_guide, f_vector_guide
from simplex.diffusion._complexes.likelihood import complex_elbo, complex_loss
from simplex.diffusion._complexes.scorer import CandidateScorer
from simplex.diffusion._complexes.survival import FaceSurvival
from simplex.diffusion._continuous import (
    ContinuousSchedule,
    cosine_log_snr_schedule,
    linear_log_snr_schedule,
    vp_sde_schedule,
)
from simplex.diffusion._curves import (
    cosine_schedule,
    linear_schedule,
    scaled_linear_schedule,
    sigmoid_schedule,
)
from simplex.diffusion._ddpm import ddim, ddpm
from simplex.diffusion._diffusers import DDPMScheduler
from simplex.diffusion._diffusers_ddim import DDIMScheduler
from simplex.diffusion._diffusers_flow import FlowMatchEulerDiscreteScheduler
from simplex.diffusion._dpmpp import dpmpp_2m, dpmpp_2m_sde
from simplex.diffusion._edm import EDMPreconditioner, edm_loss, heun_edm
from simplex.diffusion._elbo import Elbo, discretized_gaussian, elbo
from simplex.diffusion._ema import ExponentialAverage
from simplex.diffusion._flow_matching import (
    BridgePath,
    LinearPath,
    TrigonometricPath,
    flow_matching_loss,
    ot_coupling,
)
from simplex.diffusion._gaussian import Noise, WhiteNoise, posterior, q_sample
from simplex.diffusion._grids import edm_sigmas, log_snr_times, spaced_times, times_at_levels
from simplex.diffusion._guidance import drop_labels, guided
from simplex.diffusion._losses import hybrid_loss, min_snr_weight, simple_loss, vlb_loss
from simplex.diffusion._meshes.generation import sample_meshes
from simplex.diffusion._meshes.questions import (
    MeshQuestions,
    mesh_elbo,
    mesh_loss,
    mesh_questions,
)
from simplex.diffusion._meshes.scorer import MeshScorer
from simplex.diffusion._meshes.state import MeshState
from simplex.diffusion._mixture import GaussianMixture
from simplex.diffusion._observed import observed
from simplex.diffusion._ode import euler_flow, heun_flow, log_likelihood, probability_flow
from simplex.diffusion._parameterization import (
    chain_from_denoiser,
    convert_prediction,
    denoiser_from_chain,
    denoiser_from_flow,
    flow_from_denoiser,
    flow_of_levels,
    noise_levels,
)
from simplex.diffusion._schedule import DiscreteSchedule, Schedule, zero_terminal_snr
from simplex.diffusion._trajectory import Trajectory, WalkState
from simplex.operators import HeatKernel, MaternKernel


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.diffusion._cochains.heat_flow import (
    bridge_weights as bridge_weights,
    control_weights as control_weights,
    phi_1 as phi_1,
    phi_2 as phi_2,
)
from simplex.diffusion._complexes.candidates import candidates_of as candidates_of
from simplex.diffusion._complexes.pairs import (
    facet_sides as facet_sides,
    random_walks as random_walks,
    walks_between as walks_between,
)
from simplex.diffusion._complexes.scorer import common_links as common_links
from simplex.diffusion._gaussian import (
    learned_variance as learned_variance,
    reverse_variance as reverse_variance,
)


__all__ = [
    "BridgePath",
    "CandidateScorer",
    "Candidates",
    "CategoricalProcess",
    "ComplexClassifier",
    "ComplexState",
    "ContinuousSchedule",
    "DDIMScheduler",
    "DDPMScheduler",
    "DiscreteSchedule",
    "EDMPreconditioner",
    "Elbo",
    "ExponentialAverage",
    "FaceSurvival",
    "FlowMatchEulerDiscreteScheduler",
    "GaussianMixture",
    "HeatFlow",
    "HeatKernel",
    "HodgeNoise",
    "HodgeSubspace",
    "LinearPath",
    "MaternKernel",
    "MeshQuestions",
    "MeshScorer",
    "MeshState",
    "Noise",
    "Schedule",
    "Trajectory",
    "TrigonometricPath",
    "WalkState",
    "WhiteNoise",
    "betti_guide",
    "categorical_elbo",
    "categorical_loss",
    "categorical_sample",
    "chain_from_denoiser",
    "classifier_guide",
    "classifier_loss",
    "complex_elbo",
    "complex_loss",
    "constraint_guide",
    "convert_prediction",
    "cosine_log_snr_schedule",
    "cosine_schedule",
    "ddim",
    "ddpm",
    "denoiser_from_chain",
    "denoiser_from_flow",
    "discretized_gaussian",
    "dpmpp_2m",
    "dpmpp_2m_sde",
    "drop_labels",
    "edm_loss",
    "edm_sigmas",
    "elbo",
    "euler_flow",
    "f_vector_guide",
    "fitted_hodge_noise",
    "flow_from_denoiser",
    "flow_matching_loss",
    "flow_of_levels",
    "from_zero",
    "guided",
    "heun_edm",
    "heun_flow",
    "hybrid_loss",
    "keeps_pseudomanifold",
    "linear_log_snr_schedule",
    "linear_schedule",
    "log_likelihood",
    "log_snr_times",
    "mesh_elbo",
    "mesh_loss",
    "mesh_questions",
    "min_snr_weight",
    "noise_levels",
    "observed",
    "ot_coupling",
    "posterior",
    "probability_flow",
    "q_sample",
    "sample_complexes",
    "sample_meshes",
    "scaled_linear_schedule",
    "sigmoid_schedule",
    "simple_loss",
    "spaced_times",
    "times_at_levels",
    "vlb_loss",
    "vp_sde_schedule",
    "zero_terminal_snr",
]
