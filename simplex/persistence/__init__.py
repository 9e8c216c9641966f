"""Persistent homology with gradients: filtrations, diagrams, vectors, distances."""

from simplex.persistence._diagram import Diagram
from simplex.persistence._distances import bottleneck_distance, wasserstein_distance
from simplex.persistence._euler import euler_curve, euler_transform
from simplex.persistence._extended import ExtendedDiagram, extended_persistence
from simplex.persistence._persistence import persistence
from simplex.persistence._perslay import PersLay
from simplex.persistence._star import lower_star, upper_star
from simplex.persistence._vectors import (
    betti_curve,
    landscape,
    persistence_entropy,
    persistence_image,
    persistence_statistics,
    silhouette,
)


__all__ = [
    "Diagram",
    "ExtendedDiagram",
    "PersLay",
    "betti_curve",
    "bottleneck_distance",
    "euler_curve",
    "euler_transform",
    "extended_persistence",
    "landscape",
    "lower_star",
    "persistence",
    "persistence_entropy",
    "persistence_image",
    "persistence_statistics",
    "silhouette",
    "upper_star",
    "wasserstein_distance",
]
