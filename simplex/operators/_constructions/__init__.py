"""Complexes made of complexes, and what kind of space a complex is."""
