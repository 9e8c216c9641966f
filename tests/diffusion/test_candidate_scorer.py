"""The simplicial denoiser of complexes: its symmetries, its counts, and a whole generation."""

import copy
import itertools

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.diffusion import (
    CandidateScorer,
    ComplexState,
    FaceSurvival,
    candidates_of,
    common_links,
    complex_elbo,
    complex_loss,
    facet_sides,
    sample_complexes,
    walks_between,
)
from simplex.nn import SIN, SINConv
from simplex.testing import random_complex, relabel
from tests.cases import over
from tests.tables import COMPLEXES


def scorer(max_dim=3, num_steps=6, seed=0):
    torch.manual_seed(seed)
    conv = SINConv(CandidateScorer.in_channels, 8, max_dim).double()
    told = {"sides": True, "walk_length": 4}
    made = CandidateScorer(
        conv, 8, max_dim=max_dim, num_steps=num_steps, hidden_channels=16, **told
    )
    return made.double()


def state_of(K, seed=0):
    """The complex with a random subcomplex marked as what stayed."""
    generator, stayed = torch.Generator().manual_seed(seed), []
    for k, n in enumerate(K.f_vector):
        kept = torch.rand(n, generator=generator) < 0.7
        stayed.append(kept & stayed[-1][K.facets(k)].all(1) if k else kept | True)
    return ComplexState(K, stayed)


@over("k", [1, 2, 3])
@over("name", COMPLEXES)
def test_common_links_by_definition(name, k):
    K = COMPLEXES[name]
    have = {tuple(row) for j in range(K.dim + 1) for row in K.simplices(j).tolist()}
    candidates = candidates_of(state_of(K), k)
    expected = [
        sum(
            all(tuple(sorted((*facet, w))) in have for facet in itertools.combinations(simplex, k))
            for w in range(K.num_simplices(0))
            if w not in simplex
        )
        for simplex in candidates.simplices.tolist()
    ]
    assert common_links(K, candidates).tolist() == expected


@over("k", [1, 2, 3])
@over("name", COMPLEXES)
def test_facet_sides_by_definition(name, k):
    K = COMPLEXES[name]
    candidates = candidates_of(state_of(K), k)
    above = [set(row) for row in K.simplices(k).tolist()]
    expected = []
    for simplex in candidates.simplices.tolist():
        facets = itertools.combinations(simplex, k)
        counts = [sum(set(facet) <= row for row in above) for facet in facets]
        expected.append([counts.count(0), counts.count(1), sum(n > 1 for n in counts)])
    assert facet_sides(K, candidates).tolist() == expected


def test_walks_are_those_of_the_graph():
    K = SimplicialComplex.disjoint_union([random_complex(0, 7), random_complex(1, 5, 6)])
    candidates = candidates_of(state_of(K), 1)
    assert len(candidates.simplices) > 9
    graph = nx.empty_graph(K.num_simplices(0))
    graph.add_edges_from(K.simplices(1).tolist())
    A = torch.from_numpy(nx.to_numpy_array(graph))
    walk = A / A.sum(1).clamp(min=1)[:, None]  # to each neighbour alike
    edges = K.part_pointer(1).diff()
    got = walks_between(K, candidates, 4, torch.float64)
    for row, (u, v), part in zip(
        got, candidates.simplices.tolist(), candidates.part.tolist(), strict=True
    ):
        settled = A[v].sum() / (2 * edges[part])
        reached = False
        for i, length in enumerate((2, 3, 4)):
            chance = torch.linalg.matrix_power(walk, length)[u, v]
            ratio = chance / settled if settled > 0 else chance
            torch.testing.assert_close(row[i].exp() - 0.02, ratio)
            reached |= bool(torch.linalg.matrix_power(A, length)[u, v] > 0)
            assert bool(row[3 + i]) == reached


@over("seed", [0, 1])
@over("k", [1, 2, 3])
def test_logits_move_with_the_names(k, seed):
    K, model = random_complex(seed, num_simplices=14), scorer()
    renamed = relabel(K, torch.randperm(K.num_simplices(0)))
    here = state_of(K, seed)
    there = ComplexState(
        renamed.complex,
        [renamed.move(mask, j) for j, mask in enumerate(here.stayed)],
    )
    t = torch.tensor([3])
    before, after = candidates_of(here, k), candidates_of(there, k)
    moved = renamed.place[0][before.simplices].sort(1).values.tolist()
    where = [after.simplices.tolist().index(row) for row in moved]
    assert len(where) == len(after.simplices)
    torch.testing.assert_close(model(there, after, t)[where], model(here, before, t))


@over("k", [1, 2])
def test_a_union_is_scored_as_its_parts(k):
    parts, model = (
        [COMPLEXES["house"], COMPLEXES["torus"], COMPLEXES["isolated vertices"]],
        scorer(),
    )
    union = SimplicialComplex.disjoint_union(parts)
    states = [state_of(part) for part in parts]
    stayed = [
        torch.cat([state.stayed[j] for state in states if j < len(state.stayed)]) for j in range(3)
    ]
    whole = ComplexState(union, stayed)
    together = model(whole, candidates_of(whole, k), torch.tensor([1, 4, 6]))
    alone = [
        model(state, candidates_of(state, k), torch.tensor([t]))
        for state, t in zip(states, (1, 4, 6), strict=True)
    ]
    torch.testing.assert_close(together, torch.cat(alone))


def test_it_learns_and_generates_complexes():
    process, model = FaceSurvival.linear(6, 3), scorer()
    K = SimplicialComplex.disjoint_union([COMPLEXES["house"], COMPLEXES["filled tetrahedron"]])
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    losses = []
    for _ in range(15):
        loss = complex_loss(model, process, K, torch.tensor([2, 4])).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert all(bool(p.grad.isfinite().all()) for p in model.heads[0].parameters())
    assert sum(losses[-5:]) < sum(losses[:5])
    made = sample_complexes(
        model, process, [5, 6, 1, 0], generator=torch.Generator().manual_seed(0)
    )
    made.validate()
    assert made.part_pointer(0).tolist() == [0, 5, 11, 12, 12]
    bound = complex_elbo(model, process, K).nats
    assert bool((bound > 0).all())
    bound.sum().backward()


def test_sizes_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="max_dim must be at least 1, got 0"):
        CandidateScorer(lambda x, K: x, 3, max_dim=0, num_steps=5)


def test_a_scorer_that_does_not_fit_the_process_is_refused():
    K = COMPLEXES["filled tetrahedron"]
    with pytest.raises(ValueError, match="of the process, got 6 and times up to 7"):
        complex_loss(scorer(), FaceSurvival.linear(8, 3), K, 7)
    with pytest.raises(ValueError, match="got 2 and simplices of dimension 3"):
        complex_loss(scorer(max_dim=2), FaceSurvival.linear(6, 3), K, 1, s=0)


@over(
    "encoder",
    [
        SIN(3, 8, 1, num_layers=2, max_dim=2),  # without .encode: one row per complex
        SIN(3, 4, 1, num_layers=2, max_dim=2).encode,  # of another width
        lambda x, K: [x[0].new_zeros(len(x[0]), 8)],  # vertices alone
    ],
)
def test_an_encoder_that_does_not_return_the_cochains_is_refused(encoder):
    model = CandidateScorer(encoder, 8, max_dim=2, num_steps=4)
    with pytest.raises(ValueError, match=r"shape \(\d+, 8\) in dimension .* network\.encode"):
        complex_loss(model, FaceSurvival.linear(4, 2), COMPLEXES["torus"], 1)


def test_the_network_of_a_bound_method_is_trained_and_saved():
    network = SIN(3, 8, 1, num_layers=2, max_dim=2)
    scorer = CandidateScorer(network.encode, 8, max_dim=2, num_steps=4)
    assert {id(p) for p in network.parameters()} <= {id(p) for p in scorer.parameters()}
    assert not scorer.eval().network.training
    assert any(name.startswith("network.") for name in scorer.state_dict())
    twin = copy.deepcopy(scorer)
    assert twin.encoder.__self__ is twin.network is not network
