"""Complexes and their calculus against sets of tuples and exact ranks."""

import io

import networkx as nx
import pytest
import torch
from hypothesis import given, strategies as st

from simplex import SimplicialComplex
from simplex.operators import (
    apply_boundary,
    apply_hodge_laplacian,
    betti_numbers,
    boundary_matrix,
    connected_components,
    hodge_decomposition,
    hodge_laplacian,
    lower_adjacency,
    upper_adjacency,
)
from tests.fuzz import oracles
from tests.fuzz.judge import Refused, agree, call
from tests.fuzz.strategies import DTYPES, as_people_write, complexes, simplex_lists, simplices_of


@given(st.data())
def test_a_complex_is_the_closure_of_what_is_given(data):
    simplices = data.draw(simplex_lists())
    given_as = data.draw(as_people_write(simplices))
    K = call(SimplicialComplex.from_simplices, given_as, compact=False)
    expected = oracles.closure(simplices)
    agree(simplices_of(K), expected, given_as)
    agree(K.f_vector, oracles.f_vector(expected), given_as)
    cut = data.draw(st.integers(0, 3))
    low = call(SimplicialComplex.from_simplices, given_as, max_dim=cut, compact=False)
    agree(simplices_of(low), {s for s in expected if len(s) <= cut + 1}, given_as, cut)
    agree(low == call(K.skeleton, cut), True, given_as, cut)
    for k in range(K.dim + 1):
        rows = K.simplices(k)
        agree(call(K.index, rows).tolist(), list(range(len(rows))), given_as, k)
        agree(call(K.index, rows.flip(1).numpy()).tolist(), list(range(len(rows))), given_as, k)


@given(complexes(), complexes(), st.data())
def test_a_complex_survives_what_is_done_to_it(K, L, data):
    file = io.BytesIO()
    torch.save(K, file)
    file.seek(0)
    agree(torch.load(file, weights_only=True) == K, True, K)
    union = call(SimplicialComplex.disjoint_union, [K, L, K])
    agree([part == of for part, of in zip(union.split(), (K, L, K), strict=True)], [True] * 3, K, L)
    signs = {
        k: torch.tensor(data.draw(st.lists(st.sampled_from([1, -1]), min_size=n, max_size=n)))
        for k, n in enumerate(K.f_vector)
        if k
    }
    agree(call(betti_numbers, call(K.reorient, signs)), call(betti_numbers, K), K, signs)


@given(complexes(), st.sampled_from([2, 3, 5, 2**31 - 1]))
def test_betti_numbers_are_exact_ranks(K, prime):
    agree(call(betti_numbers, K, prime=prime), oracles.betti(simplices_of(K), prime), K, prime)


@given(complexes(), DTYPES)
def test_boundaries_and_neighbours(K, dtype):
    faces = simplices_of(K)
    for k in range(1, K.dim + 1):
        matrix = call(boundary_matrix, K, k, dtype=dtype).to_dense()
        agree(matrix.int().tolist(), oracles.boundary(faces, k), K, k)
        x = torch.arange(K.num_simplices(k), dtype=dtype)[:, None]
        agree(torch.equal(call(apply_boundary, K, x, k), matrix @ x), True, K, k)
    for k in range(K.dim + 1):
        rows = [frozenset(s) for s in K.simplices(k).tolist()]
        pairs = {(i, j) for i in range(len(rows)) for j in range(len(rows)) if i != j}
        upper = {(i, j) for i, j in pairs if tuple(sorted(rows[i] | rows[j])) in faces}
        upper = {(i, j) for i, j in upper if len(rows[i] | rows[j]) == k + 2}
        agree(_pairs(call(upper_adjacency, K, k)), upper, K, k)
        lower = {(i, j) for i, j in pairs if len(rows[i] & rows[j]) == k and k}
        agree(_pairs(call(lower_adjacency, K, k)), lower, K, k)


def _pairs(adjacency):
    return {tuple(pair) for pair in adjacency.index.T.tolist()}


@given(complexes(), DTYPES, st.integers(0, 3), st.integers(0, 2**20))
def test_hodge_theory(K, dtype, k, seed):
    if k > K.dim:
        return
    x = torch.randn(
        K.num_simplices(k), 2, dtype=dtype, generator=torch.Generator().manual_seed(seed)
    )
    L = call(hodge_laplacian, K, k, dtype=dtype).to_dense()
    eps = 1e3 * torch.finfo(dtype).eps
    agree(torch.equal(L, L.T), True, K, k)
    agree(bool(torch.allclose(call(apply_hodge_laplacian, K, x, k), L @ x, atol=eps)), True, K, k)
    parts = call(hodge_decomposition, K, x, k)
    agree(bool(torch.allclose(sum(parts), x, atol=eps * 10)), True, K, k)
    kernel = int((torch.linalg.eigvalsh(L.double()) < 1e-8).sum())
    agree(kernel, call(betti_numbers, K)[k], K, k)


@given(complexes(most=9, width=3))
def test_components_are_networkx_components(K):
    graph = nx.empty_graph(K.num_simplices(0))
    graph.add_edges_from(K.simplices(1).tolist() if K.dim > 0 else [])
    label = call(connected_components, K).tolist()
    mine = {frozenset(v for v, of in enumerate(label) if of == c) for c in set(label)}
    agree(mine, {frozenset(c) for c in nx.connected_components(graph)}, K)


@given(st.lists(st.lists(st.integers(-2, 3), max_size=3), max_size=4))
def test_lists_that_are_no_simplices_are_refused(rows):
    fine = all(row and min(row) >= 0 and len(set(row)) == len(row) for row in rows)
    if fine:
        K = call(SimplicialComplex.from_simplices, rows, compact=False)
        agree(simplices_of(K), oracles.closure(rows), rows)
    else:
        with pytest.raises(Refused):
            call(SimplicialComplex.from_simplices, rows)
