"""Meshes: surfaces that grow triangle by triangle, under laws that hold at every state."""
