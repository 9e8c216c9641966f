"""How long a search may take."""

MAX_STEPS = 10_000_000
"""Refinements: some minutes on graphs of a few hundred nodes, and far more than most ones need."""
