"""What a complex could take next, what it is then, and its subcomplexes, by brute force."""

import itertools

import pytest
import torch

from simplex import SimplicialComplex
from simplex.complexes import fillable_simplices, restrict, with_simplices
from tests.cases import over
from tests.tables import COMPLEXES


def rows(K):
    return {tuple(row) for k in range(K.dim + 1) for row in K.simplices(k).tolist()}


@over("k", [2, 3, 4, 5])
@over("name", COMPLEXES)
def test_fillable_simplices_by_definition(name, k):
    K = COMPLEXES[name]
    have = rows(K)
    expected = [
        s
        for s in itertools.combinations(range(K.num_simplices(0)), k + 1)
        if s not in have and all(facet in have for facet in itertools.combinations(s, k))
    ]
    facets = fillable_simplices(K, k)
    assert facets.shape == (len(expected), k + 1)
    below = K.simplices(k - 1).tolist()
    for simplex, ids in zip(expected, facets.tolist(), strict=True):
        for i, facet in enumerate(ids):
            assert below[facet] == [v for j, v in enumerate(simplex) if j != i]
    new, old, further = with_simplices(K, k, facets)
    new.validate()
    assert rows(new) == have | set(expected)
    assert new.num_parts == K.num_parts
    assert torch.equal(new.simplices(k)[old], K.simplices(k))
    assert new.simplices(k)[further].tolist() == [list(s) for s in expected]


def test_too_many_fillable_simplices_are_refused_as_they_are_found(monkeypatch):
    monkeypatch.setattr("simplex.complexes._machine.available_bytes", lambda device: 2**26)
    K = SimplicialComplex.from_simplices(torch.combinations(torch.arange(180)))
    with pytest.raises(ValueError, match="2-simplices with all their facets must fit in half of"):
        fillable_simplices(K, 2)


@over("name", COMPLEXES)
def test_further_edges_keep_what_is_above(name):
    K = COMPLEXES[name]
    pairs = itertools.combinations(range(K.num_simplices(0)), 2)
    missing = [p for p in pairs if p not in rows(K) and K.part(0)[p[0]] == K.part(0)[p[1]]]
    facets = torch.tensor([[b, a] for a, b in missing], dtype=torch.int64).view(-1, 2)
    new, _, further = with_simplices(K, 1, facets)
    new.validate()
    assert rows(new) == rows(K) | set(missing)
    assert new.simplices(1)[further].tolist() == [list(p) for p in missing]


@over("seed", [0, 1, 2])
@over("name", COMPLEXES)
def test_restrictions_are_subcomplexes_with_what_rides_along(name, seed):
    K = COMPLEXES[name]
    values = [torch.arange(n) + 100.0 * k for k, n in enumerate(K.f_vector)]
    K = K.with_filtration(values).with_vertex_labels([f"v{i}" for i in range(K.num_simplices(0))])
    generator, present = torch.Generator().manual_seed(seed), []
    for k, n in enumerate(K.f_vector):
        kept = torch.rand(n, generator=generator) < 0.8
        present.append(kept & present[-1][K.facets(k)].all(1) if k else kept)
    small, ids = restrict(K, present)
    names = [int(label[1:]) for label in small.vertex_labels]
    assert {tuple(names[v] for v in row) for row in rows(small)} == {
        tuple(row) for k in range(K.dim + 1) for row in K.simplices(k)[present[k]].tolist()
    }
    for k in range(small.dim + 1):
        assert torch.equal(small.filtration[k], values[k][ids[k]])
        assert torch.equal(small.facet_signs(k), K.facet_signs(k)[ids[k]])
        assert torch.equal(small.part(k), K.part(k)[ids[k]])
    assert small.num_parts == K.num_parts


def test_masks_that_mark_no_complex_are_refused():
    K = SimplicialComplex.from_simplices([(0, 1)])
    with pytest.raises(ValueError, match="every facet of a marked simplex"):
        restrict(K, [torch.tensor([True, False]), torch.tensor([True])])
    with pytest.raises(ValueError, match="one bool per simplex"):
        restrict(K, [torch.tensor([True, True])])
