"""Malformed calls of every public function: taken, or refused in the library's own words."""

import inspect
import traceback
from pathlib import Path
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pandas as pd
import torch

import simplex
from simplex import SimplicialComplex, complexes, interop, lifting, operators, persistence, wl
from tests.cases import over


K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
TRIANGLE = SimplicialComplex.from_simplices([(0, 1, 2)])
INCIDENCES = pd.DataFrame({"e": [1, 1, 2], "v": ["a", "b", "b"]})
FLOW = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
FILTERED = persistence.lower_star(K, [0.0, 1.0, 2.0, 3.0])
DIAGRAM = persistence.persistence(FILTERED)
FULL = [torch.ones(4, dtype=torch.bool), torch.ones(4, dtype=torch.bool), torch.ones(1).bool()]

# For each function one call that is right; every argument in turn is replaced by something else.
RIGHT = {
    complexes.restrict: {"K": K, "present": FULL},
    complexes.fillable_simplices: {"K": K, "k": 2},
    complexes.with_simplices: {"K": K, "k": 2, "facets": torch.empty(0, 3, dtype=torch.int64)},
    operators.adjacency_matrix: {"K": K, "k": 1, "adjacency": "lower", "dtype": torch.float64},
    operators.boundary_rows: {
        "K": K, "k": 1, "start": 1, "stop": 3, "signed": True, "dtype": torch.float64,
    },
    operators.coboundary_rows: {
        "K": K, "k": 0, "start": 1, "stop": 3, "signed": True, "dtype": torch.float64,
    },
    operators.betti_numbers: {"K": K, "prime": 2},
    operators.heat_energy: {"K": K, "x": FLOW, "k": 1, "num_steps": (1, 2)},
    operators.heat_flow: {"K": K, "x": FLOW, "k": 1, "num_steps": 3},
    operators.hodge_decomposition: {"K": K, "x": FLOW, "k": 1},
    operators.harmonic_basis: {"K": K, "k": 1, "dtype": torch.float64},
    operators.eigenpairs: {
        "K": K, "k": 1, "count": 2, "part": "gradient", "tolerance": 1e-6, "dtype": torch.float64,
        "generator": None,
    },
    operators.dirac_operator: {"K": K, "dtype": torch.float64},
    operators.candidate_scores: {
        "K": K, "candidates": [(0, 3)], "score": "katz", "weights": torch.ones(4),
    },
    operators.connected_components: {"K": K},
    operators.euler_characteristic: {"K": K},
    operators.subdivide: {"K": K, "max_dim": 1, "max_simplices": 100},
    lifting.ring_complex: {
        "graph": nx.cycle_graph(4), "max_length": 4, "max_dim": 2, "max_simplices": 100,
    },
    lifting.chordless_cycles: {"graph": nx.cycle_graph(4), "max_length": 4},
    lifting.ring_lengths: {"K": lifting.ring_complex(nx.cycle_graph(4)), "k": 1},
    lifting.from_cells: {"cells": [(0, 1, 2, 3)], "edges": [(3, 4)], "num_vertices": 6},
    lifting.order_complex: {
        "relation": [(0, 1), (1, 2)], "max_dim": 2, "num_vertices": 4, "max_simplices": 100,
    },
    lifting.simplicial_configuration_model: {"K": K, "generator": None},
    lifting.facet_sequence_complex: {
        "degrees": [1, 1, 2, 1], "sizes": [3, 2], "generator": None,
    },
    operators.normalized_laplacian: {
        "K": K, "k": 1, "normalization": "spectral", "dtype": torch.float64,
    },
    operators.normalizing_weights: {"K": K, "k": 1, "dtype": torch.float64},
    **{
        of: {"K": K, "k": 1, "weights": {0: torch.ones(4)}, "dtype": torch.float64}
        for of in (operators.hodge_laplacian, operators.down_laplacian, operators.up_laplacian)
    },
    **{
        of: {"K": K, "k": 1, "dtype": torch.float64}
        for of in (
            operators.boundary_matrix, operators.coboundary_matrix, operators.incidence_matrix,
        )
    },
    **{
        of: {"K": K, "k": 1}
        for of in (
            operators.boundary_adjacency, operators.coboundary_adjacency,
            operators.lower_adjacency, operators.upper_adjacency,
        )
    },
    **{
        of: {"K": K, "x": FLOW, "k": 1}
        for of in (
            operators.apply_boundary, operators.apply_coboundary, operators.apply_down_laplacian,
            operators.apply_up_laplacian, operators.apply_hodge_laplacian,
            operators.apply_random_walk_laplacian,
        )
    },
    **{
        of: {"K": K, "simplices": [(0, 1)]}
        for of in (
            operators.closed_star, operators.closure, operators.deleted_subcomplex, operators.link,
            operators.star, operators.stellar_subdivision,
        )
    },
    **{
        of: {"K": K}
        for of in (
            operators.boundary_complex, operators.cone, operators.dual_graph,
            operators.hasse_graph, operators.is_manifold, operators.is_orientable,
            operators.is_pseudomanifold, operators.is_pure, operators.is_surface,
            operators.largest_component, operators.maximal_simplices, operators.orient,
            operators.suspension, operators.vertex_links,
        )
    },
    operators.genus: {"K": TRIANGLE},
    operators.induced_subcomplex: {"K": K, "vertices": [0, 2]},
    operators.join: {"A": K, "B": K, "max_dim": 2},
    operators.product: {"A": K, "B": K, "max_dim": 2},
    operators.wedge: {"A": K, "B": K, "a": 1, "b": 3},
    operators.image_complex: {"K": K, "vertex_map": [0, 0, 1, 2], "num_vertices": 3},
    operators.quotient: {"K": K, "vertex_map": [0, 1, 2, 0]},
    operators.is_simplicial: {"K": K, "L": K, "vertex_map": [0, 1, 2, 3]},
    operators.simplex_map: {"K": K, "L": K, "vertex_map": [0, 1, 2, 3], "k": 1},
    operators.chain_map: {
        "K": K, "L": K, "vertex_map": [0, 1, 2, 3], "k": 1, "dtype": torch.float64,
    },
    operators.subdivide: {"K": K, "max_dim": 2, "max_simplices": 1000},
    operators.boundary_sum: {"K": K, "x_below": FLOW, "k": 1},
    operators.coboundary_sum: {"K": K, "x_above": FLOW, "k": 0},
    wl.compare: {
        "A": K, "B": K, "test": wl.weisfeiler_lehman, "marks": 1, "mark_dim": 0, "task_size": 9,
    },
    wl.distinguish: {"complexes": [K, K], "test": wl.simplicial_wl, "marks": 1, "mark_dim": 1},
    wl.find_isomorphism: {"A": K, "B": K, "colors": [[0] * 8], "max_steps": 9},
    wl.is_isomorphic: {"A": K, "B": K, "colors": {0: [0] * 8}, "max_steps": 9},
    wl.automorphism_group: {"K": K, "colors": [[0] * 4], "max_steps": 9},
    wl.canonical_form: {"K": K, "colors": {0: [0] * 4}, "max_steps": 9},
    wl.folklore_wl: {"K": K, "colors": [0] * 4, "max_rounds": 2, "stop": lambda coloring: False},
    wl.weisfeiler_lehman: {"K": K, "colors": [0] * 4, "max_rounds": 2, "stop": lambda _: False},
    wl.simplicial_wl: {
        "K": K, "adjacencies": ["lower"], "colors": [[0] * 4], "max_rounds": 2,
        "stop": lambda coloring: False, "marks": 1, "mark_dim": 1,
    },
    interop.from_edge_index: {"edge_index": torch.tensor([[0], [1]]), "num_vertices": 3},
    interop.from_gudhi: {"tree": None},
    interop.from_hetero: {"data": interop.to_hetero(K)},
    interop.to_hetero: {"K": K, "x": [torch.ones(4, 1)]},
    interop.from_networkx: {"graph": nx.path_graph(3)},
    interop.from_hetero: {"data": interop.to_hetero(K)},
    interop.from_hypernetx: {
        "hypergraph": SimpleNamespace(nodes="ab", incidence_dict={"e": "ab"}), "max_dim": 2,
    },
    interop.from_pandas: {"frame": INCIDENCES, "edge": "e", "node": "v", "max_dim": 2},
    interop.from_rdkit: {"molecule": SimpleNamespace(GetNumAtoms=lambda: 2, GetBonds=list)},
    interop.from_toponetx: {
        "complex": SimpleNamespace(
            simplices=["ab"], nodes=["a", "b"], get_simplex_attributes=lambda _: {},
        ),
    },
    interop.from_trimesh: {
        "mesh": SimpleNamespace(vertices=[[0, 0, 0]] * 3, faces=[[0, 1, 2]]),
    },
    interop.from_xgi: {
        "hypergraph": SimpleNamespace(nodes="ab", edges=SimpleNamespace(members=lambda: ["ab"])),
        "max_dim": 2,
    },
    interop.to_hetero: {"K": K, "x": [torch.ones(n, 1) for n in K.f_vector]},
    interop.from_scipy: {"matrix": interop.to_scipy(K)},
    interop.to_edge_index: {"K": K},
    interop.to_gudhi: {"K": K},
    interop.to_networkx: {"K": K},
    interop.to_scipy: {"matrix": K},
    persistence.persistence: {
        "K": FILTERED, "max_dim": 1, "min_persistence": 0.5, "prime": 3,
    },
    persistence.extended_persistence: {
        "K": K, "values": [0.0, 1.0, 2.0, 3.0], "max_dim": 1, "min_persistence": 0.5, "prime": 3,
    },
    **{
        of: {"K": K, "values": [0.0, 1.0, 2.0, 3.0], "k": 0}
        for of in (persistence.lower_star, persistence.upper_star)
    },
    persistence.persistence_image: {
        "D": DIAGRAM, "k": 0, "births": [0.0, 1.0], "lifetimes": [1.0], "bandwidth": 1.0,
        "weight": None,
    },
    persistence.landscape: {"D": DIAGRAM, "k": 0, "levels": [0.0, 1.0], "count": 2},
    persistence.silhouette: {"D": DIAGRAM, "k": 0, "levels": [0.0, 1.0], "power": 2.0},
    persistence.betti_curve: {"D": DIAGRAM, "k": 0, "levels": [0.0, 1.0], "smoothing": 1.0},
    persistence.persistence_entropy: {"D": DIAGRAM, "k": 0},
    persistence.persistence_statistics: {"D": DIAGRAM, "k": 0},
    persistence.bottleneck_distance: {"D": DIAGRAM, "E": DIAGRAM, "k": 0, "tolerance": 0.1},
    persistence.wasserstein_distance: {"D": DIAGRAM, "E": DIAGRAM, "k": 0, "order": 2.0},
    persistence.euler_curve: {"K": FILTERED, "levels": [0.0, 1.0], "smoothing": 1.0},
    persistence.euler_transform: {
        "K": K, "points": torch.ones(4, 2), "directions": [[0.0, 1.0]], "levels": [0.0, 1.0],
        "smoothing": 1.0,
    },
    DIAGRAM.of: {"k": 0},
    DIAGRAM.of_part: {"p": 0},
    DIAGRAM.capped: {"end": 2.0},
    DIAGRAM.arrays: {"k": 0},
    SimplicialComplex: {"num_vertices": 4, "facets": [K.facets(1)], "device": "cpu"},
    SimplicialComplex.from_simplices: {
        "simplices": [(0, 1)], "num_vertices": 4, "max_dim": 1, "compact": False,
    },
    SimplicialComplex.from_state: {"state": K.state()},
    SimplicialComplex.disjoint_union: {"complexes": [K, K]},
    **{
        getattr(K, name): {"k": 1}
        for name in (
            "num_simplices", "facets", "simplices", "cofacets", "children", "orientation",
            "facet_signs", "skeleton", "part_pointer", "part",
        )
    },
    K.index: {"simplices": [(0, 1)]},
    K.reorient: {"signs": {1: torch.ones(4)}},
    K.with_filtration: {"values": [[0.0] * 4, [1.0] * 4, [1.0]], "monotone": True},
    K.with_vertex_labels: {"labels": "abcd"},
    K.with_parts: {"part_pointer": torch.tensor([0, 4])},
    K.to: {"device": "cpu"},
}  # fmt: skip

WRONG = [
    None, "word", b"bytes", "", True, 0, -1, 3, 2**31, 2**62, 2**80, 1.5, float("nan"),
    float("inf"),
    1j, [], {}, (), [None], ["a", 1], [[0, 1], [2]], [1.0, float("nan"), 2.0, 3.0], [[1, 2], "ab"],
    {0: None}, {"a": 1}, {1: "word"}, {9: [1]}, object(), object, len, nx.path_graph(3),
    nx.grid_graph((2, 2)), K, K.skeleton(1), SimplicialComplex(0), [K, "word"], [nx.path_graph(2)],
    torch.tensor(1.0), torch.ones(3), torch.ones(4), torch.ones(4, 1).long(), torch.ones(4,
    1).bool(),
    torch.ones(4, 1) * 1j, torch.ones(4, 1) * float("nan"), torch.empty(0), torch.empty(4, 0),
    torch.ones(2, 3, 4, 5), torch.ones(4, 1, device="meta"), torch.eye(4).to_sparse(),
    torch.ones(4, 1).half(), torch.zeros(4, 1, dtype=torch.uint8),
    torch.full((2, 2), 2**63 - 1), torch.tensor([[-1], [0]]), torch.tensor([0, 4], device="meta"),
    np.ones(4), np.ones((2, 2), dtype=">i4")[::-1], np.array(["a", "b"]), np.array([[1, "a"]],
    object),
    np.ma.array([[0, 5]], mask=[[0, 1]]), np.array([None]), np.float32(1), np.int64(1), np.uint8(1),
    np.array([[2**64 - 1, 0]], dtype=np.uint64), np.zeros((4, 1), "M8[s]"), np.ones(4,
    np.longdouble),
    torch.int8, torch.bool, torch.complex64, torch.float16, torch.uint8, torch.float64, np.float64,
    torch.device("meta"), "cuda:99", range(4), iter([(0, 1)]), {(0, 1)}, [(0, 0)], [(0, -1)], [()],
    [torch.ones(4)], [torch.ones(4), torch.ones(4), torch.ones(1)], [torch.ones(2), "a"],
    {0: torch.ones(4, device="meta")}, {0: torch.zeros(4)}, {0: torch.full((4,), 1e-310)},
    {0: torch.full((4,), 1e-310, dtype=torch.float64)}, {0: torch.ones(4, requires_grad=True)},
    {0: torch.ones(4).bool()}, {0: torch.ones(4) * 1j}, {0: [1, 2]}, K.state() | {"facets": 3},
    K.state() | {"extra": 3}, K.state() | {"num_vertices": 2 * 10**10},
    K.state() | {"orientation": [1]}, K.state() | {"filtration": [torch.ones(1)]},
    K.state() | {"part_pointer": [0, 4]}, K.state() | {"vertex_labels": 3},
]  # fmt: skip

HOUSE = str(Path(simplex.__file__).parent)


def complaint(call):
    """What is wrong with how a call ends: nothing, or an error of a wrong kind or not of ours."""
    try:
        call()
    except (ValueError, TypeError, IndexError) as error:
        (innermost,) = traceback.extract_tb(error.__traceback__, limit=-1)
        ours = innermost.filename.startswith(HOUSE) and "raise" in (innermost.line or "")
        return None if ours else f"{innermost.filename}:{innermost.lineno} {error!r}"
    except Exception as error:
        return repr(error)
    return None


def named(function):
    return getattr(function, "__qualname__", str(function))


def called(function, arguments):
    """The call with keyword arguments, but the names of cochains, which decorators hide."""
    names = {"x_below": "x", "x_above": "x"}
    return function(**{names.get(name, name): value for name, value in arguments.items()})


@over("function", RIGHT)
def test_a_malformed_call_is_taken_or_refused_in_our_words(function):
    right, found = RIGHT[function], []
    if function is not interop.from_gudhi:
        called(function, right)
    for name in right:
        for value in WRONG:
            if name in ("stop", "test", "weight") and callable(value):
                continue  # what a function of the user's own raises is the user's own
            problem = complaint(lambda: called(function, right | {name: value}))  # noqa: B023
            if problem is not None:
                found.append(f"{named(function)}({name}={value!r:.60}): {problem}")
    assert not found, "\n".join(found)


def test_every_public_function_is_tried():
    tried = set(RIGHT)
    installed_by_an_extra = {"to_hypernetx", "to_pandas", "to_toponetx", "to_trimesh", "to_xgi"}
    for package in (operators, persistence, wl, interop):
        for name in package.__all__:
            thing = getattr(package, name)
            assert (
                thing in tried or not inspect.isfunction(thing) or name in installed_by_an_extra
            ), name
