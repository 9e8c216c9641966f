"""Lifts: from graphs, points and relations to simplicial complexes."""

from simplex.lifting._clique import clique_complex


__all__ = ["clique_complex"]
