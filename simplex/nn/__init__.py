"""Layers (``…Conv``) and whole models on simplicial complexes."""

from simplex.nn._cochain_mixer.block import SimplicialMixerConv
from simplex.nn._cochain_mixer.channel import ChannelMixerConv
from simplex.nn._cochain_mixer.codes import OneHotCodes, StructuralCodes
from simplex.nn._cochain_mixer.kernel import KernelMixerConv
from simplex.nn._cochain_mixer.network import SimplicialMixer
from simplex.nn._cochain_mixer.operator import OperatorMixerConv
from simplex.nn._flows.hodge_denoiser import HodgeDenoiser
from simplex.nn._flows.oriented import EdgeMPNN, OrientedConv, OrientedMPSN
from simplex.nn._frame.encoder import CochainEncoder
from simplex.nn._frame.level_readout import LevelReadout
from simplex.nn._frame.readout import Readout
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import ComplexConv, DegreeConv, EachDegree
from simplex.nn._message_passing import SimplicialMessagePassing
from simplex.nn._mixer.block import MixerBlock
from simplex.nn._mixer.denoiser import MixerDenoiser
from simplex.nn._mixer.expand import expand_resolution
from simplex.nn._mixer.mixer import MLPMixer
from simplex.nn._mixer.patches import PatchGrid
from simplex.nn._mixer.weights import load_google_npz, load_timm_state, save_google_npz, timm_state
from simplex.nn._modules import TimeEmbedding
from simplex.nn._network import SimplicialNetwork
from simplex.nn._networks.baselines import FVectorMLP, HeatNet, PooledMLP
from simplex.nn._networks.bscnet import BScNet, BScNetConv
from simplex.nn._networks.candidates import CandidateNetwork
from simplex.nn._networks.dirsnn import DirSNN, DirSNNConv
from simplex.nn._networks.dist2cycle import Dist2Cycle, Dist2CycleConv
from simplex.nn._networks.empsn import EMPSN, EMPSNConv
from simplex.nn._networks.gccn import GCCN, GCCNConv
from simplex.nn._networks.gin import GIN, GINConv
from simplex.nn._networks.graph_network import GraphNetwork
from simplex.nn._networks.gsan import GSAN, GSANConv
from simplex.nn._networks.higcn import HiGCN, HiGCNConv
from simplex.nn._networks.hopse import HOPSE, HOPSEConv
from simplex.nn._networks.hsn import HSN, HSNConv
from simplex.nn._networks.learned_lift import LearnedLift, Lifted
from simplex.nn._networks.marked import MarkedNetwork, MarkedSIN
from simplex.nn._networks.mpsn import MPSN, MPSNConv
from simplex.nn._networks.san import SAN, SANConv
from simplex.nn._networks.sann import SaNN, SaNNConv
from simplex.nn._networks.sat import SAT, SATConv
from simplex.nn._networks.sc import SCConv, SCNet
from simplex.nn._networks.sca import SCA, SCAAttentionConv, SCAConv
from simplex.nn._networks.sccnn import SCCNN, SCCNNConv
from simplex.nn._networks.scn import SCCN, SCN, SCCNConv, SCNConv
from simplex.nn._networks.scnn import SCNN, SCNNConv, SCoNe, SCoNeConv
from simplex.nn._networks.sin import SIN, SINConv
from simplex.nn._networks.snn import SNN, SNNConv
from simplex.nn._networks.transformer import SimplicialTransformer, SimplicialTransformerConv
from simplex.nn._norm import SimplexBatchNorm, SimplexGraphNorm
from simplex.nn._reach import Reach
from simplex.nn._saving.pretrained import from_pretrained
from simplex.operators import neighbor_counts, neighbor_pairs, segment_softmax


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.nn._cochain_mixer.kernel import (
    expand_tokens as expand_tokens,
    part_blocks as part_blocks,
    reduce_tokens as reduce_tokens,
)
from simplex.nn._flows.quotient import FlowQuotient as FlowQuotient
from simplex.nn._mixer.block import TokenLinear as TokenLinear
from simplex.nn._mixer.mixer import MIXER_CONFIGS as MIXER_CONFIGS
from simplex.nn._mixer.patches import from_patches as from_patches, to_patches as to_patches
from simplex.nn._modules import LinearSum as LinearSum
from simplex.nn._networks.attention import attend as attend, support_pairs as support_pairs
from simplex.nn._networks.dist2cycle import shifted_inverse as shifted_inverse
from simplex.nn._networks.gccn import edge_index as edge_index
from simplex.nn._networks.geometry import (
    boundary_invariants as boundary_invariants,
    simplex_volumes as simplex_volumes,
    upper_invariants as upper_invariants,
)
from simplex.nn._networks.nearest import near_pairs as near_pairs
from simplex.nn._networks.pair_sum import upper_pair_sum as upper_pair_sum
from simplex.nn._norm import make_norm as make_norm


__all__ = [
    "EMPSN",
    "GCCN",
    "GIN",
    "GSAN",
    "HOPSE",
    "HSN",
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
    "CandidateNetwork",
    "ChannelMixerConv",
    "CochainEncoder",
    "ComplexConv",
    "DegreeConv",
    "DirSNN",
    "DirSNNConv",
    "Dist2Cycle",
    "Dist2CycleConv",
    "EMPSNConv",
    "EachDegree",
    "EdgeMPNN",
    "FVectorMLP",
    "GCCNConv",
    "GINConv",
    "GSANConv",
    "GraphNetwork",
    "HOPSEConv",
    "HSNConv",
    "HeatNet",
    "HiGCN",
    "HiGCNConv",
    "HodgeDenoiser",
    "KernelMixerConv",
    "LearnedLift",
    "LevelReadout",
    "Lifted",
    "MLPMixer",
    "MPSNConv",
    "MarkedNetwork",
    "MarkedSIN",
    "MixerBlock",
    "MixerDenoiser",
    "OneHotCodes",
    "OperatorMixerConv",
    "OrientedConv",
    "OrientedMPSN",
    "PatchGrid",
    "PooledMLP",
    "Reach",
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
    "SaNN",
    "SaNNConv",
    "SimplexBatchNorm",
    "SimplexGraphNorm",
    "SimplicialMessagePassing",
    "SimplicialMixer",
    "SimplicialMixerConv",
    "SimplicialNetwork",
    "SimplicialTransformer",
    "SimplicialTransformerConv",
    "StackedNetwork",
    "StructuralCodes",
    "TimeEmbedding",
    "expand_resolution",
    "from_pretrained",
    "load_google_npz",
    "load_timm_state",
    "neighbor_counts",
    "neighbor_pairs",
    "save_google_npz",
    "segment_softmax",
    "timm_state",
]
