"""Colour refinement by tasks on ranges of rows of tables on disk."""

from simplex.wl._disk.refinement import refine_in_folder
from simplex.wl._disk.sources import simplices_of, vertices_of


__all__ = ["refine_in_folder", "simplices_of", "vertices_of"]
