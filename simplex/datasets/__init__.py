"""Data to run the protocols on."""

from simplex.datasets._aqsol import aqsol
from simplex.datasets._brec import BREC, brec
from simplex.datasets._census import CENSUS_SURFACES, surface_census
from simplex.datasets._closure import closure_data
from simplex.datasets._fixed_split import Parts, fixed_split
from simplex.datasets._flow import FlowSamples, FlowTask, synthetic_flow
from simplex.datasets._graph_universe import UNIVERSE_SETTINGS, UniverseSetting, graph_universe
from simplex.datasets._heterophilous import heterophilous
from simplex.datasets._hypergraph_dataset import hypergraph_dataset
from simplex.datasets._ocean import ocean_drifters
from simplex.datasets._own import FileData, read_dataset
from simplex.datasets._pairs import classical_pairs, csl_graph, csl_graphs, strongly_regular_family
from simplex.datasets._planar_toys import checkerboard, eight_gaussians, swiss_roll, two_moons
from simplex.datasets._planetoid import planetoid
from simplex.datasets._planted_flows import PlantedFlows, planted_flows
from simplex.datasets._random_complexes import community_complexes, delaunay_complexes
from simplex.datasets._strongly_regular import (
    chang_graphs,
    latin_square_graph,
    paley_graph,
    rook_graph,
    shrikhande_graph,
    triangular_graph,
)
from simplex.datasets._surface_pairs import LabelledPairs, homeomorphic_pairs
from simplex.datasets._surfaces import SURFACES, random_surface, surfaces
from simplex.datasets._table import DATASETS, DatasetEntry, dataset_entry, load_dataset
from simplex.datasets._tu import stratified_folds, tu_dataset, tu_folds
from simplex.datasets._us_county import us_county
from simplex.io import Hypergraph, TimedSimplices, read_benson, read_hif, timed_simplices


__all__ = [
    "BREC",
    "CENSUS_SURFACES",
    "DATASETS",
    "SURFACES",
    "UNIVERSE_SETTINGS",
    "DatasetEntry",
    "FileData",
    "FlowSamples",
    "FlowTask",
    "Hypergraph",
    "LabelledPairs",
    "Parts",
    "PlantedFlows",
    "TimedSimplices",
    "UniverseSetting",
    "aqsol",
    "brec",
    "chang_graphs",
    "checkerboard",
    "classical_pairs",
    "closure_data",
    "community_complexes",
    "csl_graph",
    "csl_graphs",
    "dataset_entry",
    "delaunay_complexes",
    "eight_gaussians",
    "fixed_split",
    "graph_universe",
    "heterophilous",
    "homeomorphic_pairs",
    "hypergraph_dataset",
    "latin_square_graph",
    "load_dataset",
    "ocean_drifters",
    "paley_graph",
    "planetoid",
    "planted_flows",
    "random_surface",
    "read_benson",
    "read_dataset",
    "read_hif",
    "rook_graph",
    "shrikhande_graph",
    "stratified_folds",
    "strongly_regular_family",
    "surface_census",
    "surfaces",
    "swiss_roll",
    "synthetic_flow",
    "timed_simplices",
    "triangular_graph",
    "tu_dataset",
    "tu_folds",
    "two_moons",
    "us_county",
]
