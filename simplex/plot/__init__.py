"""Pictures of complexes, flows, diagrams and spectra: drawn with matplotlib, or a page to turn."""

from simplex.plot._coloring import draw_coloring
from simplex.plot._complex import draw_complex
from simplex.plot._diagrams import draw_barcode, draw_diagram
from simplex.plot._flow import draw_flow
from simplex.plot._page import ComplexPage, view_complex
from simplex.plot._pivots import pivot_layout
from simplex.plot._spectra import draw_response, draw_spectrum
from simplex.plot._spring import spring_layout


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.plot._positions import read_positions as read_positions


__all__ = [
    "ComplexPage",
    "draw_barcode",
    "draw_coloring",
    "draw_complex",
    "draw_diagram",
    "draw_flow",
    "draw_response",
    "draw_spectrum",
    "pivot_layout",
    "spring_layout",
    "view_complex",
]
