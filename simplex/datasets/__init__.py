"""Data to run the protocols on."""

from simplex.datasets._flow import FlowSamples, FlowTask, synthetic_flow
from simplex.datasets._pairs import GraphPair, classical_pairs
from simplex.datasets._tu import Fold, stratified_folds, tu_dataset, tu_folds


__all__ = [
    "FlowSamples",
    "FlowTask",
    "Fold",
    "GraphPair",
    "classical_pairs",
    "stratified_folds",
    "synthetic_flow",
    "tu_dataset",
    "tu_folds",
]
