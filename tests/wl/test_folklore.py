"""2-FWL against brute force over triples of vertices."""

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.wl import distinguish, folklore_wl, weisfeiler_lehman
from tests.cases import over
from tests.tables import COMPLEXES
from tests.wl.graphs import lift, rook, shrikhande
from tests.wl.oracle import folklore_history, is_finer, same_partition, skeleton_graph


def check_against_oracle(K: SimplicialComplex) -> None:
    graph = skeleton_graph(K)
    nx.set_node_attributes(graph, dict(enumerate(K.part(0).tolist())), "part")
    expected = folklore_history(graph)
    history = []
    final = folklore_wl(K, stop=lambda coloring: history.append(coloring))
    if K.num_simplices(0) == 0:
        return
    assert len(history) == len(expected) == final.rounds + 1
    for coloring, exact in zip(history, expected, strict=True):
        # The oracle lists pairs by u, then v: part by part, row by row, as we do.
        assert same_partition(coloring.colors[0].tolist(), list(exact.values()))


@over("name", COMPLEXES)
def test_partition_after_every_round_is_that_of_brute_force(name):
    check_against_oracle(COMPLEXES[name])


@over("seed", range(5))
def test_parts_of_different_sizes_are_refined_jointly(seed):
    graphs = [nx.gnp_random_graph(n, 0.5, seed=seed * 10 + n) for n in (3, 5, 3, 1, 0, 6)]
    check_against_oracle(SimplicialComplex.disjoint_union([lift(graph) for graph in graphs]))


def test_pieces_and_chunks_make_up_the_product(monkeypatch):
    K = SimplicialComplex.disjoint_union([lift(rook()), lift(nx.path_graph(16)), lift(rook())])
    whole = folklore_wl(K)
    assert whole.part_classes().tolist() == [0, 1, 0]
    # Whole products of integers, or sums of products as on accelerators, at once or in pieces.
    for direct, piece, chunk in (("cpu", 1, 1), ("cpu", 5000, 1), ("", 1, 1), ("", 5000, 1000)):
        monkeypatch.setattr("simplex.wl._folklore._DIRECT_ON", (direct,))
        monkeypatch.setattr("simplex.wl._folklore._PIECE", piece)
        monkeypatch.setattr("simplex.wl._folklore._CHUNK", chunk)
        assert torch.equal(folklore_wl(K).colors[0], whole.colors[0])


def test_a_round_that_takes_minutes_is_refused_before_it_begins(monkeypatch):
    monkeypatch.setattr("simplex.wl._folklore._MOST_PRODUCTS", 2 * 4**3)
    square = lift(nx.cycle_graph(4))
    folklore_wl(SimplicialComplex.disjoint_union([square] * 2))
    with pytest.raises(ValueError, match=r"at most 1\.3e\+02 products a round .* got 1\.9e\+02"):
        folklore_wl(SimplicialComplex.disjoint_union([square] * 3))


@over("name", COMPLEXES)
def test_never_coarser_than_weisfeiler_lehman(name):
    K = COMPLEXES[name].skeleton(1)
    if K.num_parts == 1:
        n = K.num_simplices(0)
        diagonal = folklore_wl(K).colors[0].view(n, n).diagonal()
        assert is_finer(diagonal.tolist(), weisfeiler_lehman(K).colors[0].tolist())


def test_strongly_regular_graphs_have_three_pair_colours():
    assert folklore_wl(lift(rook())).num_classes == (3,)
    assert distinguish([lift(rook()), lift(shrikhande())], folklore_wl).tolist() == [0, 0]


def test_starting_colours_of_vertices():
    square = lift(nx.cycle_graph(4))
    coloring = folklore_wl(square, colors=torch.tensor([1.5, 0.0, 0.0, 0.0]))
    diagonal = coloring.colors[0].view(4, 4).diagonal().tolist()
    assert same_partition(diagonal, [0, 1, 2, 1])
    with pytest.raises(ValueError, match=r"colors must have shape \(4,\)"):
        folklore_wl(square, colors=torch.zeros(3))
