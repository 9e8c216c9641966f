"""Layers written out with dense matrices and Python sets: slow, and sharing no code with them.

A formula is a function of a layer in float64, its cochains and the complex, and returns one cochain
per dimension.
"""

from tests.nn.oracles.attention import gsan, san, sat, transformer
from tests.nn.oracles.directed import dirsnn
from tests.nn.oracles.filters import (
    bscnet,
    dist2cycle,
    oriented,
    sc,
    sccnn,
    scn,
    scnn,
    scone,
    snn,
)
from tests.nn.oracles.geometric import empsn
from tests.nn.oracles.messages import gccn, gin, hsn, mpsn, sca, sin
from tests.nn.oracles.mixers import channel_mixer, kernel_mixer, mixer_block, operator_mixer
from tests.nn.oracles.scalable import gathered, higcn, hopse, sann


def each(formula):
    """The formula of a layer on one degree, for one layer per degree."""

    def of_all(layer, x, K):
        return [formula(conv, own, K) for conv, own in zip(layer.convs, x, strict=True)]

    return of_all


__all__ = [
    "bscnet",
    "channel_mixer",
    "dirsnn",
    "dist2cycle",
    "each",
    "empsn",
    "gathered",
    "gccn",
    "gin",
    "gsan",
    "higcn",
    "hopse",
    "hsn",
    "kernel_mixer",
    "mixer_block",
    "mpsn",
    "operator_mixer",
    "oriented",
    "san",
    "sann",
    "sat",
    "sc",
    "sca",
    "sccnn",
    "scn",
    "scnn",
    "scone",
    "sin",
    "snn",
    "transformer",
]
