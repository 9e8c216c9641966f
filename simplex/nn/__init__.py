"""Layers (``…Conv``) and whole models on simplicial complexes."""

from simplex.nn._f_vector import FVectorMLP
from simplex.nn._messages import boundary_sum, gather_facets, upper_sum
from simplex.nn._norm import SimplexBatchNorm
from simplex.nn._oriented import EdgeMPNN, OrientedConv, OrientedMPSN
from simplex.nn._readout import pool_parts
from simplex.nn._sin import SIN
from simplex.nn._sin_conv import SINConv


__all__ = [
    "SIN",
    "EdgeMPNN",
    "FVectorMLP",
    "OrientedConv",
    "OrientedMPSN",
    "SINConv",
    "SimplexBatchNorm",
    "boundary_sum",
    "gather_facets",
    "pool_parts",
    "upper_sum",
]
