"""Diffusion of complexes: faces that survive, and complexes that grow by dimension."""
