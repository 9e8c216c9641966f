"""Transforms of PyG: from a graph with features to a complex with features."""

from simplex.transforms._clique_lift import CliqueLift, clique_lift, lift_dataset
from simplex.transforms._spread import spread_features


__all__ = ["CliqueLift", "clique_lift", "lift_dataset", "spread_features"]
