"""Layers (``…Conv``) and whole models on simplicial complexes."""

from simplex.nn._bscnet import BScNet
from simplex.nn._bscnet_conv import BScNetConv
from simplex.nn._channel_mixing import ChannelMixerConv
from simplex.nn._codes import OneHotCodes, PositionalCodes, StructuralCodes
from simplex.nn._dist2cycle import Dist2Cycle, Dist2CycleConv
from simplex.nn._empsn import EMPSN
from simplex.nn._empsn_conv import EMPSNConv
from simplex.nn._f_vector import FVectorMLP
from simplex.nn._gccn import GCCN, GCCNConv
from simplex.nn._geometry import boundary_invariants, simplex_volumes, upper_invariants
from simplex.nn._gin import GIN, GINConv
from simplex.nn._gsan import GSAN, GSANConv
from simplex.nn._heat import HeatNet
from simplex.nn._hodge import (
    apply_boundary,
    apply_coboundary,
    apply_down_laplacian,
    apply_hodge_laplacian,
    apply_up_laplacian,
)
from simplex.nn._hodge_denoiser import HodgeDenoiser
from simplex.nn._hsn import HSN, HSNConv
from simplex.nn._kernel_mixing import KernelMixerConv
from simplex.nn._message_passing import SimplicialMessagePassing
from simplex.nn._messages import (
    boundary_sum,
    coboundary_sum,
    gather_facets,
    lower_sum,
    scatter_to_facets,
    upper_sum,
)
from simplex.nn._mixer import MixerTrunk, MLPMixer, MLPMixerOptions
from simplex.nn._mixer_block import MixerBlock
from simplex.nn._mixer_config import MIXER_CONFIGS, MixerConfig
from simplex.nn._mixer_denoiser import MixerDenoiser, TimeEmbedding
from simplex.nn._mixer_expand import expand_resolution
from simplex.nn._mixer_mlp import MixerMLP, TokenLinear
from simplex.nn._mixer_patches import PatchEmbedding, PatchGrid, from_patches, to_patches
from simplex.nn._mixer_weights import load_google_npz, load_timm_state, save_google_npz, timm_state
from simplex.nn._mpsn import MPSN, MPSNConv
from simplex.nn._network import EachDegree, NetworkOptions, ReadOptions, SimplicialNetwork
from simplex.nn._norm import SimplexBatchNorm, SimplexGraphNorm
from simplex.nn._operator_mixing import OperatorMixerConv
from simplex.nn._oriented import EdgeMPNN, OrientedConv, OrientedMPSN
from simplex.nn._pair_sum import upper_pair_sum
from simplex.nn._pairs import Pairs, neighbor_counts, neighbor_pairs
from simplex.nn._pooled import PooledMLP
from simplex.nn._quotient import FlowQuotient, SparseRows, flow_quotient
from simplex.nn._random_walk import apply_random_walk_laplacian
from simplex.nn._readout import Readout, pool_parts
from simplex.nn._san import SAN
from simplex.nn._san_conv import SANConv
from simplex.nn._sat import SAT, SATConv
from simplex.nn._sc_conv import SCConv
from simplex.nn._sc_net import SCNet
from simplex.nn._sca import SCA
from simplex.nn._sca_conv import SCAAttentionConv, SCAConv
from simplex.nn._sccnn import SCCNN
from simplex.nn._sccnn_conv import SCCNNConv
from simplex.nn._scn import SCCN, SCN
from simplex.nn._scn_conv import SCCNConv, SCNConv
from simplex.nn._scnn import SCNN, SCNNConv
from simplex.nn._scone import SCoNe, SCoNeConv
from simplex.nn._segments import Segments, segment_read, segment_softmax, segment_sum, segments
from simplex.nn._simplicial_mixer import MixerOptions, SimplicialMixer
from simplex.nn._simplicial_mixer_conv import SimplicialMixerConv
from simplex.nn._sin import SIN
from simplex.nn._sin_conv import SINConv
from simplex.nn._snn import SNN, SNNConv


__all__ = [
    "EMPSN",
    "GCCN",
    "GIN",
    "GSAN",
    "HSN",
    "MIXER_CONFIGS",
    "MPSN",
    "SAN",
    "SAT",
    "SCA",
    "SCCN",
    "SCCNN",
    "SCN",
    "SCNN",
    "SIN",
    "SNN",
    "BScNet",
    "BScNetConv",
    "ChannelMixerConv",
    "Dist2Cycle",
    "Dist2CycleConv",
    "EMPSNConv",
    "EachDegree",
    "EdgeMPNN",
    "FVectorMLP",
    "FlowQuotient",
    "GCCNConv",
    "GINConv",
    "GSANConv",
    "HSNConv",
    "HeatNet",
    "HodgeDenoiser",
    "KernelMixerConv",
    "MLPMixer",
    "MLPMixerOptions",
    "MPSNConv",
    "MixerBlock",
    "MixerConfig",
    "MixerDenoiser",
    "MixerMLP",
    "MixerOptions",
    "MixerTrunk",
    "NetworkOptions",
    "OneHotCodes",
    "OperatorMixerConv",
    "OrientedConv",
    "OrientedMPSN",
    "Pairs",
    "PatchEmbedding",
    "PatchGrid",
    "PooledMLP",
    "PositionalCodes",
    "ReadOptions",
    "Readout",
    "SANConv",
    "SATConv",
    "SCAAttentionConv",
    "SCAConv",
    "SCCNConv",
    "SCCNNConv",
    "SCConv",
    "SCNConv",
    "SCNNConv",
    "SCNet",
    "SCoNe",
    "SCoNeConv",
    "SINConv",
    "SNNConv",
    "Segments",
    "SimplexBatchNorm",
    "SimplexGraphNorm",
    "SimplicialMessagePassing",
    "SimplicialMixer",
    "SimplicialMixerConv",
    "SimplicialNetwork",
    "SparseRows",
    "StructuralCodes",
    "TimeEmbedding",
    "TokenLinear",
    "apply_boundary",
    "apply_coboundary",
    "apply_down_laplacian",
    "apply_hodge_laplacian",
    "apply_random_walk_laplacian",
    "apply_up_laplacian",
    "boundary_invariants",
    "boundary_sum",
    "coboundary_sum",
    "expand_resolution",
    "flow_quotient",
    "from_patches",
    "gather_facets",
    "load_google_npz",
    "load_timm_state",
    "lower_sum",
    "neighbor_counts",
    "neighbor_pairs",
    "pool_parts",
    "save_google_npz",
    "scatter_to_facets",
    "segment_read",
    "segment_softmax",
    "segment_sum",
    "segments",
    "simplex_volumes",
    "timm_state",
    "to_patches",
    "upper_invariants",
    "upper_pair_sum",
    "upper_sum",
]
