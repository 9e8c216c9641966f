"""Pictures of complexes, flows, diagrams and spectra: drawn with matplotlib, or a page to turn."""

from simplex.plot._complex import draw_complex
from simplex.plot._diagrams import draw_barcode, draw_diagram
from simplex.plot._flow import draw_flow
from simplex.plot._spring import spring_layout


__all__ = ["draw_barcode", "draw_complex", "draw_diagram", "draw_flow", "spring_layout"]
