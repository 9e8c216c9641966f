"""Splits: nothing that is to be predicted is in the complex, and every field goes with its rows."""

import pytest
import torch
from torch_geometric.data import Batch, Data

from simplex import SimplicialComplex
from simplex.data import SimplicialData
from simplex.lifting import random_clique_complex
from simplex.testing import random_complex
from simplex.transforms import clique_lift, split_simplices
from tests.cases import over


def graph(seed=0, n=16):
    generator = torch.Generator().manual_seed(seed)
    K = random_clique_complex(n, 0.5, generator=generator)
    edges = torch.cat([K.simplices(1).T, K.simplices(1).T.flip(0), torch.tensor([[3], [3]])], dim=1)
    data = Data(x=torch.randn(n, 2), edge_index=edges, edge_attr=torch.arange(edges.shape[1]))
    return clique_lift(data, 3, edge_attr=None)


def simplices(K):
    return [{tuple(row) for row in K.simplices(k).tolist()} for k in range(K.dim + 1)]


def candidates(data):
    return {tuple(sorted(row)) for row in data.candidates.tolist()}


@over("k, kind", [(1, "open"), (1, "uniform"), (2, "one-swapped"), (2, "uniform"), (3, "uniform")])
def test_what_is_held_out_is_gone_with_its_cofaces_and_nothing_else(k, kind):
    data, generator = graph(), torch.Generator().manual_seed(0)
    split = split_simplices(data, k, kind=kind, negatives=2.0, generator=generator)
    before = simplices(data.complex)
    true = [{tuple(r) for r in p.candidates[p.y_candidates == 1].tolist()} for p in split]
    false = [{tuple(r) for r in p.candidates[p.y_candidates == 0].tolist()} for p in split]
    gone = set().union(*true)
    assert [len(each) for each in true] == [
        round(0.2 * len(before[k])),
        round(0.3 * len(before[k])) - round(0.2 * len(before[k])),
        round(0.4 * len(before[k])) - round(0.3 * len(before[k])),
    ]
    assert [len(each) for each in false] == [2 * len(each) for each in true]
    assert len(gone) == sum(map(len, true))
    assert gone <= before[k]
    assert len(set().union(*false)) == sum(map(len, false))
    assert not set().union(*false) & before[k]
    for part in split:
        K = part.complex.validate()
        for j, (old, new) in enumerate(zip(before, simplices(K), strict=False)):
            stays = {s for s in old if j < k or not any(set(g) <= set(s) for g in gone)}
            assert new == stays
    assert all(a.complex == split.train.complex for a in split)


@over("k", [1, 2])
def test_fields_go_with_their_simplices(k):
    data = graph()
    for j in range(1, 4):
        data[f"y_{j}"] = torch.arange(data.complex.num_simplices(j))
    split = split_simplices(data, k, kind="uniform", generator=torch.Generator().manual_seed(0))
    train, K = split.train, data.complex
    for j in range(4):
        ids = K.index(train.complex.simplices(j))
        assert torch.equal(train.cochains()[j], data.cochains()[j][ids])
        if j:
            assert torch.equal(train[f"y_{j}"], ids)
    kept = data.edge_attr[torch.isin(data.edge_attr, train.edge_attr)]
    assert torch.equal(train.edge_attr, kept)
    assert torch.equal(train.edge_index, data.edge_index[:, kept])
    loops = train.edge_index[0] == train.edge_index[1]
    assert int(loops.sum()) == 1
    assert int((~loops).sum()) == 2 * train.complex.num_simplices(1)
    assert (k == 1) == (len(kept) < len(data.edge_attr))


def test_parts_of_a_union_have_negatives_of_their_own():
    items = [random_complex(seed, num_vertices=14) for seed in range(3)]
    K = SimplicialComplex.disjoint_union(items)
    split = split_simplices(K, 1, fractions=(0.3, 0, 0.2), generator=torch.Generator())
    assert len(split.validation.candidates) == 0
    for data in split:
        part = K.part(0)[data.candidates]
        assert torch.equal(part[:, 0], part[:, 1])
        true = data.y_candidates == 1
        assert torch.equal(torch.bincount(part[true, 0]), torch.bincount(part[~true, 0]))
    assert split.train.complex.num_parts == 3


def test_the_same_generator_draws_the_same():
    parts = [
        split_simplices(graph(), generator=torch.Generator().manual_seed(seed))
        for seed in (4, 4, 5)
    ]
    assert torch.equal(parts[0].test.candidates, parts[1].test.candidates)
    assert parts[0].train.complex == parts[1].train.complex
    assert not torch.equal(parts[0].test.candidates, parts[2].test.candidates)
    labels = parts[0].train.y_candidates.tolist()
    assert labels != sorted(labels, reverse=True)  # the order tells nothing


def test_open_triangles_and_what_fills_them_look_alike():
    edges = torch.combinations(torch.arange(12))
    filled = torch.combinations(torch.arange(12), 3)[::2]
    K = SimplicialComplex.from_simplices([edges, filled])
    split = split_simplices(K, 2, generator=torch.Generator().manual_seed(0))
    for part in split:
        assert bool((part.complex.index(part.candidates) == -1).all())
        for i in range(3):  # all facets are there, of the false ones too
            facet = part.candidates[:, [j for j in range(3) if j != i]]
            assert bool((part.complex.index(facet) >= 0).all())


@over("change, message", [
    ({"data": Batch.from_data_list([graph(), graph()])}, "data must be one complex, got a batch"),
    ({"data": Data(edge_index=torch.zeros(2, 0).long())}, "Lift a graph"),
    ({"data": split_simplices(graph()).train}, "no candidates yet"),
    ({"data": SimplicialComplex.from_simplices([(0, 1)])}, "hold out at least one of the 1"),
    ({"k": 2}, "a clique complex has no open ones at all"),
    ({"k": 9}, "hold out at least one of the 0"),
    ({"fractions": (0.5, 0.4, 0.2)}, "at most 1 together"),
    ({"fractions": (0.5, 0.4)}, "fractions must be three numbers"),
    ({"fractions": (0, 0.4, 0.2)}, "hold out at least one"),
    ({"fractions": 0.5}, "fractions must be"),
    ({"negatives": -1}, "negatives must be"),
    ({"negatives": 50}, "count must be at most"),
])  # fmt: skip
def test_what_is_refused(change, message):
    with pytest.raises((ValueError, TypeError), match=message):
        split_simplices(**{"data": graph()} | change)


def test_edges_that_are_stored_as_a_matrix_alone_are_not_cut():
    plain = graph()
    low, high = plain.complex.simplices(1).T
    matrix = torch.zeros(16, 16)
    matrix[low, high] = matrix[high, low] = 1
    data = SimplicialData.from_complex(plain.complex, adj_t=matrix.to_sparse())
    with pytest.raises(ValueError, match="must store its edges as edge_index"):
        split_simplices(data)
    assert len(split_simplices(data, 2, kind="uniform").test.candidates)
