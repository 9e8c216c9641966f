"""Lifts: from graphs, points and relations to simplicial complexes."""

from simplex.lifting._cells import from_cells
from simplex.lifting._chordless import Cycles, chordless_cycles
from simplex.lifting._clique import clique_complex
from simplex.lifting._count_cliques import clique_degrees, count_cliques
from simplex.lifting._delaunay import alpha_complex, delaunay_complex
from simplex.lifting._directed import directed_flag_complex
from simplex.lifting._dowker import dowker_complex, khop_complex, neighborhood_complex
from simplex.lifting._line import line_complex
from simplex.lifting._order import order_complex
from simplex.lifting._random import linial_meshulam_complex, random_clique_complex
from simplex.lifting._rings import ring_complex, ring_lengths
from simplex.lifting._rips import vietoris_rips_complex
from simplex.lifting._to_disk import clique_complex_to_disk


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.complexes import small_subsets as small_subsets
from simplex.lifting._clique import lift_edges as lift_edges
from simplex.lifting._rings import lift_rings as lift_rings


__all__ = [
    "Cycles",
    "alpha_complex",
    "chordless_cycles",
    "clique_complex",
    "clique_complex_to_disk",
    "clique_degrees",
    "count_cliques",
    "delaunay_complex",
    "directed_flag_complex",
    "dowker_complex",
    "from_cells",
    "khop_complex",
    "line_complex",
    "linial_meshulam_complex",
    "neighborhood_complex",
    "order_complex",
    "random_clique_complex",
    "ring_complex",
    "ring_lengths",
    "vietoris_rips_complex",
]
