"""Data to run the protocols on."""

from simplex.datasets._flow import FlowSamples, FlowTask, synthetic_flow
from simplex.datasets._pairs import GraphPair, classical_pairs
from simplex.datasets._surfaces import SURFACES, Surface, random_surface, surfaces
from simplex.datasets._tu import Fold, stratified_folds, tu_dataset, tu_folds


__all__ = [
    "SURFACES",
    "FlowSamples",
    "FlowTask",
    "Fold",
    "GraphPair",
    "Surface",
    "classical_pairs",
    "random_surface",
    "stratified_folds",
    "surfaces",
    "synthetic_flow",
    "tu_dataset",
    "tu_folds",
]
