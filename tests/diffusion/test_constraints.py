"""Chains of complexes under a law: it holds, nothing else is left out, and what is sampled then."""

import itertools
import math

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.diffusion import FaceSurvival, Trajectory, constraint_guide, sample_complexes
from tests.cases import over
from tests.diffusion.on_three import KEYS, LAW, PAIRS, exact, frequencies, near
from tests.tables import COMPLEXES


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def always(state, candidates, t):
    return torch.full((len(candidates.simplices),), 50.0)


def coin(state, candidates, t):
    return torch.zeros(len(candidates.simplices))


def skeleton(K):
    graph = nx.empty_graph(K.num_simplices(0))
    graph.add_edges_from(K.simplices(1).tolist())
    return graph


def planar(K):
    return nx.check_planarity(skeleton(K))[0]


def two_sided(K):
    return all(int(K.cofacets(k)[0].diff().max()) <= 2 for k in range(1, K.dim))


def flag(K, max_dim=3):
    cliques = [c for c in nx.enumerate_all_cliques(skeleton(K)) if 2 < len(c) <= max_dim + 1]
    return all(int(K.index([sorted(clique)])[0]) >= 0 for clique in cliques)


OBEYS = {"planar": planar, "pseudomanifold": two_sided, "flag": flag}


@over("constraint", OBEYS)
@over("model", [always, coin])
@over("clocks", [FaceSurvival.linear, FaceSurvival.of_edges])
def test_the_law_holds_for_every_sample_and_is_needed(constraint, model, clocks):
    process, sizes, path = clocks(6, 3), [5, 8], Trajectory()
    made = sample_complexes(
        model, process, sizes, constraint=constraint, callback=path, generator=seeded()
    )
    states = path.states[-1:] if constraint == "flag" else path.states[1:]
    assert all(OBEYS[constraint](part) for state in states for part in state.x.split())
    assert made.part_pointer(0).diff().tolist() == sizes
    free = sample_complexes(model, process, sizes, generator=seeded()).split()
    certain = constraint == "flag" and model is always
    assert certain or not all(OBEYS[constraint](part) for part in free)


@over("times", [1, 6])
def test_of_what_must_come_only_what_is_not_planar_stays_away(times):
    made = sample_complexes(
        always, FaceSurvival.linear(6, 1), [5, 8, 11, 14], times, constraint="planar",
        generator=seeded(),
    )  # fmt: skip
    for K in made.split():
        graph = skeleton(K)
        assert nx.check_planarity(graph)[0]
        for pair in nx.non_edges(graph):
            larger = graph.copy()
            larger.add_edge(*pair)
            assert not nx.check_planarity(larger)[0]


@over("graph", [nx.complete_bipartite_graph(3, 3), nx.complete_graph(5)])
def test_the_last_edge_of_the_smallest_graphs_that_are_not_planar_stays_away(graph):
    first, *edges = [tuple(sorted(edge)) for edge in graph.edges]
    for more in ([], [first]):  # as it is, and with the edge where another one is missing
        there = edges[len(more) :] + more
        made = sample_complexes(
            always, FaceSurvival.linear(2, 1), [len(graph)], constraint="planar",
            given=SimplicialComplex.from_simplices(there, num_vertices=len(graph)),
            forbidden=list(nx.non_edges(graph)),
        )  # fmt: skip
        assert made.num_simplices(1) == len(edges)


@over("name", ["torus", "4-simplex", "house", "hollow tetrahedron"])
def test_what_is_given_stays_under_a_law(name):
    K = COMPLEXES[name]
    for constraint, obeys in OBEYS.items():
        named = {"given": K, "constraint": constraint, "generator": seeded()}
        process, n = FaceSurvival.linear(4, max(K.dim, 3)), [K.num_simplices(0)]
        if constraint != "flag" and not obeys(K):
            with pytest.raises(ValueError, match=f"given must keep the constraint '{constraint}'"):
                sample_complexes(coin, process, n, **named)
            continue
        made = sample_complexes(coin, process, n, **named)
        assert all(bool((made.index(K.simplices(k)) >= 0).all()) for k in range(1, K.dim + 1))
        assert obeys(made)


FORBIDDEN = [(0, 1, 2), (1, 3, 4, 5), (2, 4)]


def test_a_clique_that_may_not_be_filled_is_not_closed():
    made = sample_complexes(
        always, FaceSurvival.linear(4, 3), [6, 6], constraint="flag", forbidden=FORBIDDEN,
        guide=lambda K, t: 0.0 * t, num_particles=3, generator=seeded(),
    )  # fmt: skip
    first, second = made.split()
    assert flag(first)
    assert second.f_vector == (6, 15, 20, 15)  # nothing is forbidden there
    for simplex in FORBIDDEN:
        there = [int(first.index([pair])[0]) >= 0 for pair in itertools.combinations(simplex, 2)]
        assert not all(there)
    assert first.num_simplices(1) == 12  # all but an edge of each


def filled(other):
    return not set(PAIRS) <= set(other) or (0, 1, 2) in other


FLAG_LAW = LAW * torch.tensor([filled(other) for other in KEYS])
FLAG_LAW = FLAG_LAW / FLAG_LAW.sum()


@over("constraint, law", [("planar", LAW), ("pseudomanifold", LAW), ("flag", FLAG_LAW)])
def test_where_a_law_never_bites_nothing_changes(constraint, law):
    process, count = FaceSurvival.linear(24, 2), 800
    got = sample_complexes(
        exact(process, law), process, [3] * count, constraint=constraint, generator=seeded()
    )
    near(frequencies(got), law, count, slack=0.02)


def test_a_guide_of_a_law_samples_what_keeps_it():
    process, count = FaceSurvival.linear(24, 2), 800
    got = sample_complexes(
        exact(process, LAW), process, [3] * count, guide=constraint_guide("flag", process),
        num_particles=8, generator=seeded(),
    )  # fmt: skip
    near(frequencies(got), FLAG_LAW, count, slack=0.02)
    # To fill what is hollow is another law: then as often filled as the edges come.
    pushed = sample_complexes(
        exact(process, LAW), process, [3] * count, constraint="flag", generator=seeded()
    )
    whole = float(frequencies(pushed)[-1])
    assert whole > float(FLAG_LAW[-1]) + 0.02
    assert whole == pytest.approx(float(LAW[-2:].sum()), abs=0.05)


@over("constraint", ["planar", "pseudomanifold", "flag"])
def test_a_guide_of_a_law_knows_who_breaks_it(constraint):
    parts = [K for K in COMPLEXES.values() if K.num_parts == 1 and K.dim <= 3]
    union = SimplicialComplex.disjoint_union(parts)
    guide = constraint_guide(constraint, FaceSurvival.linear(4, 3))
    zero = torch.zeros(union.num_parts, dtype=torch.int64)
    expected = [0.0 if OBEYS[constraint](K) else -math.inf for K in parts]
    assert len(set(expected)) == 2
    assert guide(union, zero).tolist() == expected
    early = guide(union, zero + 1).tolist()
    assert early == ([0.0] * len(parts) if constraint == "flag" else expected)


@over(
    "named, error, message",
    [
        ({"constraint": "ball"}, ValueError, "'pseudomanifold', 'flag', 'planar', or a function"),
        ({"constraint": 3}, TypeError, "constraint must be one of"),
        (
            {
                "constraint": "flag",
                "forbidden": [(0, 1, 2)],
                "given": SimplicialComplex.from_simplices(PAIRS, num_vertices=4),
            },
            ValueError,
            "forbidden must not be a clique of given",
        ),
    ],
)
def test_laws_that_cannot_be_kept_are_refused(named, error, message):
    with pytest.raises(error, match=message):
        sample_complexes(coin, FaceSurvival.linear(3, 2), [4], **named)


def test_a_guide_of_no_law_is_refused():
    with pytest.raises(ValueError, match="constraint must be one of"):
        constraint_guide("ball", FaceSurvival.linear(3, 2))
    with pytest.raises(TypeError, match="process must be"):
        constraint_guide("flag", 3)
