"""How long a search may take."""

MAX_STEPS = 10_000_000
"""Refinements: some minutes on hard graphs of a few hundred nodes, far more than usual ones take."""
