"""Tests of isomorphism against all permutations."""

import torch
from hypothesis import given, strategies as st

from simplex import SimplicialComplex
from simplex.wl import compare, find_isomorphism, folklore_wl, simplicial_wl, weisfeiler_lehman
from tests.fuzz import oracles
from tests.fuzz.judge import agree, call
from tests.fuzz.strategies import complexes, simplices_of


@given(complexes(most=6, width=3), st.data())
def test_verdicts_are_those_of_all_permutations(K, data):
    n = K.num_simplices(0)
    tops = [s for s in simplices_of(K) if len(s) > 1]
    p = data.draw(st.permutations(range(n)))
    moved = [tuple(p[v] for v in s) for s in tops]
    change = data.draw(st.sampled_from(["none", "drop", "other"]))
    if change == "drop" and moved:
        moved = moved[:-1]
    if change == "other" and n > 1:
        moved = [*moved, tuple(data.draw(st.permutations(range(n)))[:2])]
    L = SimplicialComplex.from_simplices(moved, num_vertices=n)
    same = oracles.isomorphic(simplices_of(K), simplices_of(L))
    found = call(find_isomorphism, K, L)
    agree(found is not None, same, K, L)
    if found is not None:
        names = torch.as_tensor(found).tolist()
        image = {tuple(sorted(names[v] for v in s)) for s in simplices_of(K)}
        agree(image, simplices_of(L), K, L)
    for test in (simplicial_wl, weisfeiler_lehman, folklore_wl):
        verdict = call(compare, K, L, test)
        if same:
            agree(verdict.distinguished, False, K, L, test)
