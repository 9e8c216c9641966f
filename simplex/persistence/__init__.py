"""Persistent homology with gradients: diagrams, what is read off them, distances, losses."""

from simplex.persistence._diagram import Diagram
from simplex.persistence._persistence import persistence


__all__ = [
    "Diagram",
    "persistence",
]
