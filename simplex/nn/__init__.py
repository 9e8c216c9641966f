"""Layers (``…Conv``) and whole models on simplicial complexes."""

from simplex.nn._f_vector import FVectorMLP
from simplex.nn._heat import HeatNet
from simplex.nn._hodge import (
    apply_boundary,
    apply_coboundary,
    apply_down_laplacian,
    apply_hodge_laplacian,
    apply_up_laplacian,
)
from simplex.nn._message_passing import SimplicialMessagePassing
from simplex.nn._messages import (
    boundary_sum,
    coboundary_sum,
    gather_facets,
    lower_sum,
    scatter_to_facets,
    upper_sum,
)
from simplex.nn._network import EachDegree, SimplicialNetwork
from simplex.nn._norm import SimplexBatchNorm, SimplexGraphNorm
from simplex.nn._oriented import EdgeMPNN, OrientedConv, OrientedMPSN
from simplex.nn._pairs import Pairs, neighbor_counts, neighbor_pairs
from simplex.nn._readout import Readout, pool_parts
from simplex.nn._segments import Segments, segment_read, segment_softmax, segment_sum, segments
from simplex.nn._sin import SIN
from simplex.nn._sin_conv import SINConv


__all__ = [
    "SIN",
    "EachDegree",
    "EdgeMPNN",
    "FVectorMLP",
    "HeatNet",
    "OrientedConv",
    "OrientedMPSN",
    "Pairs",
    "Readout",
    "SINConv",
    "Segments",
    "SimplexBatchNorm",
    "SimplexGraphNorm",
    "SimplicialMessagePassing",
    "SimplicialNetwork",
    "apply_boundary",
    "apply_coboundary",
    "apply_down_laplacian",
    "apply_hodge_laplacian",
    "apply_up_laplacian",
    "boundary_sum",
    "coboundary_sum",
    "gather_facets",
    "lower_sum",
    "neighbor_counts",
    "neighbor_pairs",
    "pool_parts",
    "scatter_to_facets",
    "segment_read",
    "segment_softmax",
    "segment_sum",
    "segments",
    "upper_sum",
]
