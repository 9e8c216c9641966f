"""Lifts against brute force, GUDHI and networkx."""

import itertools

import gudhi
import networkx as nx
import numpy as np
import scipy.sparse
import torch
from hypothesis import assume, given, strategies as st

from simplex.lifting import (
    alpha_complex,
    clique_complex,
    delaunay_complex,
    dowker_complex,
    khop_complex,
    line_complex,
    vietoris_rips_complex,
)
from tests.fuzz import oracles
from tests.fuzz.judge import Refused, agree, call
from tests.fuzz.strategies import clouds, graphs, simplices_of


@given(graphs(), st.integers(0, 4), st.data())
def test_cliques_of_a_graph_as_people_give_it(graph, max_dim, data):
    edges = [e if data.draw(st.booleans()) else e[::-1] for e in graph.edges]
    both = [*edges, *[e[::-1] for e in edges if data.draw(st.booleans())]]
    loops = [(0, 0)] if len(graph) and data.draw(st.booleans()) else []
    index = torch.tensor([*both, *loops], dtype=torch.int64).view(-1, 2).T
    dense = nx.to_numpy_array(graph)
    forms = [
        lambda: call(clique_complex, graph, max_dim),
        lambda: call(clique_complex, index, max_dim, num_vertices=len(graph)),
        lambda: call(clique_complex, index.numpy()[:, ::-1], max_dim, num_vertices=len(graph)),
        lambda: call(clique_complex, scipy.sparse.csr_array(dense), max_dim),
    ]
    expected = oracles.cliques(graph, max_dim)
    agree(simplices_of(data.draw(st.sampled_from(forms))()), expected, graph.edges, max_dim)


@given(clouds(), st.integers(0, 3), st.data())
def test_rips_includes_its_bound_and_nothing_beyond(points, max_dim, data):
    assume(points.shape[0] != points.shape[1])  # a square matrix may be taken for distances
    whole = call(vietoris_rips_complex, points, max_dim=1)
    lengths = whole.filtration[1] if whole.dim > 0 else points.new_zeros(1)
    r = float(data.draw(st.sampled_from(lengths.tolist())))
    K = call(vietoris_rips_complex, points, r, max_dim)
    near = {
        pair
        for pair, length in zip(
            itertools.combinations(range(len(points)), 2), lengths.tolist(), strict=False
        )
        if length <= r
    }
    graph = nx.empty_graph(len(points))
    graph.add_edges_from(near)
    agree(simplices_of(K), oracles.cliques(graph, max_dim), points.tolist(), r)
    matrix = (points[:, None] - points[None]).norm(dim=2)
    L = call(vietoris_rips_complex, distances=matrix, max_edge_length=r, max_dim=max_dim)
    agree(simplices_of(L), simplices_of(K), points.tolist(), r)
    for k in range(1, K.dim + 1):
        agree(bool((K.filtration[k] <= r).all()), True, points.tolist(), r)


@given(clouds(dimension=2), st.data())
def test_alpha_is_gudhis_and_includes_its_bound(points, data):
    distinct = torch.unique(points, dim=0)
    try:
        K = call(alpha_complex, distinct)
    except Refused:  # collinear or too close for the precision
        return
    tree = gudhi.AlphaComplex(points=distinct.double().tolist()).create_simplex_tree()
    agree(simplices_of(K), {tuple(s) for s, _ in tree.get_simplices()}, distinct.tolist())
    values = [float(v) for k in range(K.dim + 1) for v in K.filtration[k]]
    bound = data.draw(st.sampled_from(values))
    expected = {
        tuple(s)
        for k in range(K.dim + 1)
        for s, v in zip(K.simplices(k).tolist(), K.filtration[k].tolist(), strict=True)
        if v <= bound
    }
    agree(simplices_of(call(alpha_complex, distinct, max_alpha=bound)), expected, bound)


@given(clouds(dimension=2))
def test_delaunay_triangulates(points):
    distinct = torch.unique(points.double(), dim=0)
    try:
        K = call(delaunay_complex, distinct)
    except Refused:
        return
    if K.dim < 2:
        return
    corners = distinct[K.simplices(2)]  # (t, 3, 2)
    areas = torch.linalg.det(corners[:, 1:] - corners[:, :1]).abs() / 2
    from scipy.spatial import ConvexHull

    hull = ConvexHull(distinct.numpy()).volume
    agree(bool(abs(float(areas.sum()) - hull) <= 1e-6 * hull), True, distinct.tolist())


@given(st.lists(st.lists(st.sampled_from([0, 1]), min_size=3, max_size=3), max_size=6), st.data())
def test_dowker_complexes_are_brute_force(rows, data):
    relation = np.array(rows).reshape(-1, 3)
    max_dim = data.draw(st.integers(0, 3))
    forms = [relation, rows, scipy.sparse.coo_array(relation), torch.tensor(relation)]
    given_as = data.draw(st.sampled_from(forms)) if rows else relation
    witnesses = [tuple(np.flatnonzero(column).tolist()) for column in relation.T]
    expected = oracles.closure([w for w in witnesses if w], num_vertices=len(rows))
    expected = {s for s in expected if len(s) <= max_dim + 1}
    agree(simplices_of(call(dowker_complex, given_as, max_dim)), expected, rows, max_dim)


@given(graphs(), st.integers(0, 3), st.integers(0, 2))
def test_balls_and_line_graphs(graph, hops, max_dim):
    balls = [tuple(nx.single_source_shortest_path_length(graph, v, cutoff=hops)) for v in graph]
    expected = {s for s in oracles.closure(balls) if len(s) <= max_dim + 1}
    agree(simplices_of(call(khop_complex, graph, hops, max_dim)), expected, graph.edges, hops)
    line = nx.line_graph(graph)
    order = {
        tuple(sorted(e)): i for i, e in enumerate(sorted(tuple(sorted(e)) for e in graph.edges))
    }
    line = nx.relabel_nodes(line, {e: order[tuple(sorted(e))] for e in line})
    agree(
        simplices_of(call(line_complex, graph, max_dim)),
        oracles.cliques(line, max_dim),
        graph.edges,
    )
