"""What the layers are called, and how they refuse settings and cochains that do not fit."""

import pytest
import torch

from simplex.nn import (
    HSN,
    BScNet,
    BScNetConv,
    Dist2CycleConv,
    HSNConv,
    MPSNConv,
    SCAConv,
    SCCNConv,
    SCCNNConv,
    SCNConv,
    SCNNConv,
)
from tests.tables import COMPLEXES


HOUSE = COMPLEXES["house"]
REFUSED = [
    (lambda: MPSNConv(3, 4, 2, adjacencies=()), "adjacencies must be among"),
    (lambda: MPSNConv(3, 4, 2, adjacencies=("up",)), r"got \('up',\)"),
    (lambda: MPSNConv(3, 4, 2, num_layers=0), "num_layers must be at least 1"),
    (lambda: MPSNConv(3, 4, 2, aggr="nothing"), "aggr must be the name"),
    (lambda: SCAConv(3, 4, 2, scheme="cmps"), "scheme must be one of 'adjacency'"),
    (lambda: Dist2CycleConv(3, 4, num_steps=0), "num_steps must be at least 1"),
    (lambda: Dist2CycleConv(3, 4, laplacian="up"), "laplacian must be one of 'hodge', 'down'"),
    (lambda: BScNetConv(3, 4, 2, power=0), "power must be at least 1"),
    (lambda: BScNetConv((3, 4), 4, 2), "one positive width for each dimension"),
    (lambda: BScNet(3, 4, 2, 1, 2, norm="batch"), "norm must be 'rms' or None"),
    (lambda: HSN(3, 4, 2, 0, 2), "num_layers must be at least 1"),
    (lambda: SCAConv(3, 4, 2)([], HOUSE), "0 … 2, got 0"),
    (lambda: MPSNConv(3, 4, 2)([], HOUSE), "0 … 2, got 0"),
    (lambda: BScNetConv(3, 4, 2)([], HOUSE), "0 … 2, got 0"),
    (lambda: SCNNConv(2, 3)(torch.ones(5, 2), HOUSE), "x must be of shape"),
    (lambda: SCCNNConv(2, 3, 2)([torch.ones(5, 2)], HOUSE), "one cochain for each dimension"),
    (lambda: SCCNNConv(2, 3, 2, up_order=-1), "up_order must be"),
    (lambda: SCNConv(0, 3, 2), "in_channels must be"),
]


def test_wrong_settings():
    for make, message in REFUSED:
        with pytest.raises(ValueError, match=message):
            make()


def test_representations():
    for conv, expected in (
        (SCNNConv(16, 32, k=1), "SCNNConv(16, 32, k=1)"),
        (SCCNNConv(-1, 32, 2), "SCCNNConv(-1, 32, max_dim=2)"),
        (SCNConv(16, 32, 2), "SCNConv(16, 32, max_dim=2)"),
        (SCCNConv(16, 32, 2), "SCCNConv(16, 32, max_dim=2)"),
        (HSNConv(16, 32, k=1), "HSNConv(16, 32, k=1)"),
        (Dist2CycleConv(16, 32, k=1), "Dist2CycleConv(16, 32, k=1)"),
        (SCAConv(16, 32, 2), "SCAConv(16, 32, max_dim=2)"),
        (MPSNConv(16, 32, 2, aggr="max"), "MPSNConv(16, 32, max_dim=2, aggr=MaxAggregation())"),
        (BScNetConv(16, 32, 2), "BScNetConv(16, 32, max_dim=2, relation_channels=32)"),
    ):
        assert repr(conv) == expected
    assert repr(SCAConv(16, 32, 2, scheme="homology")).endswith("max_dim=2, scheme='homology')")
