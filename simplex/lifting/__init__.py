"""Lifts: from graphs, points and relations to simplicial complexes."""

from simplex.lifting._cech import cech_complex, delaunay_cech_complex
from simplex.lifting._cells import from_cells
from simplex.lifting._chordless import Cycles, chordless_cycles
from simplex.lifting._clique import clique_complex
from simplex.lifting._configuration import (
    facet_sequence_complex,
    simplicial_configuration_model,
)
from simplex.lifting._connected_sets import connected_sets_complex
from simplex.lifting._count_cliques import clique_degrees, count_cliques
from simplex.lifting._delaunay import alpha_complex, delaunay_complex
from simplex.lifting._directed import directed_flag_complex
from simplex.lifting._dowker import dowker_complex, khop_complex, neighborhood_complex
from simplex.lifting._graph_metric import graph_rips_complex
from simplex.lifting._line import line_complex
from simplex.lifting._multi_parameter import multi_parameter_complex
from simplex.lifting._neighbors import feature_rips_complex, knn_complex
from simplex.lifting._nerve import Mapper, mapper_complex, nerve_complex
from simplex.lifting._order import order_complex
from simplex.lifting._random import linial_meshulam_complex, random_clique_complex
from simplex.lifting._rings import ring_complex, ring_lengths
from simplex.lifting._rips import vietoris_rips_complex
from simplex.lifting._sampled_cliques import sampled_clique_complex
from simplex.lifting._to_disk import clique_complex_to_disk
from simplex.lifting._weighted_alpha import weighted_alpha_complex
from simplex.lifting._witness import farthest_points, strong_witness_complex, witness_complex


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.complexes import small_subsets as small_subsets
from simplex.lifting._clique import lift_edges as lift_edges
from simplex.lifting._flows import Flow as Flow, flow_of as flow_of
from simplex.lifting._rings import lift_rings as lift_rings


__all__ = [
    "Cycles",
    "Mapper",
    "alpha_complex",
    "cech_complex",
    "chordless_cycles",
    "clique_complex",
    "clique_complex_to_disk",
    "clique_degrees",
    "connected_sets_complex",
    "count_cliques",
    "delaunay_cech_complex",
    "delaunay_complex",
    "directed_flag_complex",
    "dowker_complex",
    "facet_sequence_complex",
    "farthest_points",
    "feature_rips_complex",
    "from_cells",
    "graph_rips_complex",
    "khop_complex",
    "knn_complex",
    "line_complex",
    "linial_meshulam_complex",
    "mapper_complex",
    "multi_parameter_complex",
    "neighborhood_complex",
    "nerve_complex",
    "order_complex",
    "random_clique_complex",
    "ring_complex",
    "ring_lengths",
    "sampled_clique_complex",
    "simplicial_configuration_model",
    "strong_witness_complex",
    "vietoris_rips_complex",
    "weighted_alpha_complex",
    "witness_complex",
]
