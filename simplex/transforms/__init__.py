"""Transforms of PyG: from a graph with features to a complex with features, and more of them."""

from simplex.data import lift_dataset, spread_features
from simplex.transforms._clique_lift import CliqueLift, clique_lift
from simplex.transforms._complex_lift import ComplexLift, complex_lift
from simplex.transforms._degrees import Degrees
from simplex.transforms._directed_lift import DirectedFlagLift, directed_flag_lift
from simplex.transforms._eigenvectors import HodgeEigenvectors
from simplex.transforms._encoding import Encoding, Encodings
from simplex.transforms._gather import GatheredFeatures, gathered_features
from simplex.transforms._heat import (
    HarmonicEnergies,
    RandomCochains,
    harmonic_energies,
    random_cochains,
)
from simplex.transforms._negatives import negative_simplices
from simplex.transforms._persistence import PersistenceFeatures
from simplex.transforms._random_walks import RandomWalkReturns
from simplex.transforms._reach import HopCounts, PageRanks
from simplex.transforms._ring_lift import RingLift, ring_lift
from simplex.transforms._spectral import Electrostatics, HeatKernelDiagonals
from simplex.transforms._splits import SimplexSplit, split_simplices


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.data import (
    features_of_lift as features_of_lift,
    require_graph as require_graph,
)


__all__ = [
    "CliqueLift",
    "ComplexLift",
    "Degrees",
    "DirectedFlagLift",
    "Electrostatics",
    "Encoding",
    "Encodings",
    "GatheredFeatures",
    "HarmonicEnergies",
    "HeatKernelDiagonals",
    "HodgeEigenvectors",
    "HopCounts",
    "PageRanks",
    "PersistenceFeatures",
    "RandomCochains",
    "RandomWalkReturns",
    "RingLift",
    "SimplexSplit",
    "clique_lift",
    "complex_lift",
    "directed_flag_lift",
    "gathered_features",
    "harmonic_energies",
    "lift_dataset",
    "negative_simplices",
    "random_cochains",
    "ring_lift",
    "split_simplices",
    "spread_features",
]
