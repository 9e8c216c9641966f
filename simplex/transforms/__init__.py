"""Transforms of PyG: from a graph with features to a complex with features, and more of them."""

from simplex.transforms._clique_lift import CliqueLift, clique_lift, lift_dataset
from simplex.transforms._heat import (
    HarmonicEnergies,
    RandomCochains,
    harmonic_energies,
    random_cochains,
)
from simplex.transforms._negatives import negative_simplices
from simplex.transforms._splits import SimplexSplit, split_simplices
from simplex.transforms._spread import spread_features


__all__ = [
    "CliqueLift",
    "HarmonicEnergies",
    "RandomCochains",
    "SimplexSplit",
    "clique_lift",
    "harmonic_energies",
    "lift_dataset",
    "negative_simplices",
    "random_cochains",
    "split_simplices",
    "spread_features",
]
