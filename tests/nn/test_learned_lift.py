"""The learned lift: what it finds against searches of others, its laws, its derivatives."""

import itertools

import networkx as nx
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from simplex import SimplicialComplex
from simplex.lifting import clique_complex, vietoris_rips_complex
from simplex.nn import SIN, LearnedLift, near_pairs
from tests.cases import over


def batch_of(*sizes):
    return SimplicialComplex.disjoint_union([SimplicialComplex(n) for n in sizes])


def latent(lift, x):
    with torch.no_grad():
        return lift.embed(x)


@torch.no_grad()
def test_nearest_as_scikit_learn_finds_them():
    """Part by part, also where a part is smaller than the number of neighbours."""
    sizes, points = (40, 0, 3, 1, 300), torch.randn(344, 3, dtype=torch.float64)
    pairs = near_pairs(points, batch_of(*sizes), neighbors=5)
    expected, first = [], 0
    for size in sizes:
        if size > 1:
            own = points[first : first + size].numpy()
            search = NearestNeighbors(n_neighbors=min(5, size - 1)).fit(own)
            for u, near in enumerate(search.kneighbors(return_distance=False)):
                expected += [(first + u, first + int(v)) for v in sorted(near)]
        first += size
    assert list(map(tuple, pairs.T.tolist())) == expected


@torch.no_grad()
def test_of_equally_near_points_those_of_the_lowest_numbers():
    same = torch.zeros(200, 2)
    pairs = near_pairs(same, batch_of(150, 50), neighbors=2).T.tolist()
    first = {u: [v for w, v in pairs if w == u] for u in (0, 1, 7, 150, 199)}
    assert first == {0: [1, 2], 1: [0, 2], 7: [0, 1], 150: [151, 152], 199: [150, 151]}


@torch.no_grad()
def test_a_radius_gives_the_rips_complex_of_the_latent_points():
    lift = LearnedLift(3, 4, radius=0.3, max_dim=3).double()
    x = torch.randn(60, 3, dtype=torch.float64)
    K, cochains, weights = lift(x, SimplicialComplex(60))
    assert vietoris_rips_complex(latent(lift, x), 0.3, max_dim=3) == K
    assert K.dim == 3
    for k, (h, w) in enumerate(zip(cochains, weights, strict=True)):
        torch.testing.assert_close(h, x[K.simplices(k)].mean(1))
        assert torch.equal(w, torch.ones(K.num_simplices(k), dtype=torch.float64))


@torch.no_grad()
def test_the_weight_of_a_simplex_is_the_product_of_its_edges():
    lift = LearnedLift(3, 4, neighbors=6, max_dim=4, hard=False, temperature=0.5).double()
    x = torch.randn(30, 3, dtype=torch.float64)
    K, cochains, weights = lift(x, batch_of(18, 12))
    z = latent(lift, x)
    for k in range(1, 5):
        assert K.num_simplices(k) > 0
        product = torch.ones_like(weights[k])
        for i, j in itertools.combinations(range(k + 1), 2):
            u, v = K.simplices(k)[:, i], K.simplices(k)[:, j]
            product = product * (-(z[u] - z[v]).square().sum(1) / 0.5).exp()
        torch.testing.assert_close(weights[k], product)
        torch.testing.assert_close(cochains[k], product[:, None] * x[K.simplices(k)].mean(1))


@torch.no_grad()
@over("options", [{"neighbors": 3}, {"radius": 0.5}, {"neighbors": 4, "min_weight": 0.99}])
def test_laws(options):
    """A batch is its items, and a relabelling goes through."""
    lift = LearnedLift(2, 4, max_dim=3, **options).double()
    parts = [clique_complex(nx.gnp_random_graph(n, 0.2, seed=n), max_dim=1) for n in (9, 0, 14, 1)]
    K = SimplicialComplex.disjoint_union(parts)
    features = [torch.randn(part.num_simplices(0), 2, dtype=torch.float64) for part in parts]
    x = torch.cat(features)
    whole = lift(x, K)
    items = [lift(h, part) for h, part in zip(features, parts, strict=True)]
    assert whole.complex == SimplicialComplex.disjoint_union([item.complex for item in items])
    for k in range(4):
        torch.testing.assert_close(whole.x[k], torch.cat([item.x[k] for item in items]))
    permutation = torch.randperm(14)  # new vertex i is old vertex permutation[i]
    old, new = items[2], lift(features[2][permutation], SimplicialComplex(14))
    assert new.complex.f_vector == old.complex.f_vector
    for k in range(new.complex.dim + 1):
        ids = old.complex.index(permutation[new.complex.simplices(k)])
        assert sorted(ids.tolist()) == list(range(old.complex.num_simplices(k)))
        torch.testing.assert_close(new.x[k], old.x[k][ids])


def test_slopes_of_soft_weights_are_finite_differences_and_those_of_hard_ones_are_the_same():
    K = batch_of(7, 5)
    x = torch.randn(12, 2, dtype=torch.float64)
    soft = LearnedLift(2, 3, neighbors=3, activation=torch.tanh, hard=False).double()
    hard = LearnedLift(2, 3, neighbors=3, activation=torch.tanh).double()
    hard.load_state_dict(soft.state_dict())
    parameters = tuple(soft.parameters())

    def weights(x, *_):
        return soft(x, K).weights[1:]

    assert len(weights(x)[1]) > 0
    assert torch.autograd.gradcheck(weights, (x.requires_grad_(), *parameters))
    factors = [torch.linspace(1, 2, len(w), dtype=w.dtype) for w in weights(x)]
    slopes = []
    for lift in (soft, hard):
        dots = [(f * w).sum() for f, w in zip(factors, lift(x, K).weights[1:], strict=True)]
        slopes.append(torch.autograd.grad(sum(dots), lift.parameters(), materialize_grads=True))
    for one, other in zip(*slopes, strict=True):
        torch.testing.assert_close(one, other)
    assert any(bool(slope.any()) for slope in slopes[0])


def test_a_loss_of_the_network_reaches_the_metric():
    x, K = torch.randn(12, 2), batch_of(7, 5)
    for options in ({"neighbors": 3}, {"radius": 0.6, "keep_edges": True}):
        lift, model = LearnedLift(2, 4, **options), SIN(2, 8, 2, num_layers=2, max_dim=2)
        found = lift(x, K)
        model(found.x, found.complex).square().sum().backward()
        for name, parameter in lift.named_parameters():
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any() or name.endswith("2.bias"), name  # a shift of all z


@torch.no_grad()
def test_given_edges_stay_and_are_certain():
    given = clique_complex(nx.cycle_graph(8), max_dim=1)
    x = torch.randn(8, 2)
    options = {"neighbors": 1, "hard": False, "min_weight": 0.99}
    for keep in (False, True):
        K, _, (_, edges, _) = LearnedLift(2, 4, keep_edges=keep, **options)(x, given)
        there = K.index(given.simplices(1))
        assert bool((there >= 0).all()) == keep
        if keep:
            assert torch.equal(edges[there], torch.ones(8))


@torch.no_grad()
def test_a_least_weight_leaves_a_complex_of_the_likely():
    x, K = torch.randn(40, 2, dtype=torch.float64), SimplicialComplex(40)
    whole, part = (
        LearnedLift(
            2, 4, neighbors=6, max_dim=3, hard=False, min_weight=least, temperature=0.1
        ).double()
        for least in (0.0, 0.7)
    )
    part.load_state_dict(whole.state_dict())
    every, some = whole(x, K), part(x, K)
    some.complex.validate()
    for k in range(4):
        kept = every.weights[k] >= 0.7
        assert k == 0 or 0 < int(kept.sum()) < len(kept)
        assert torch.equal(some.weights[k], every.weights[k][kept])
        assert torch.equal(some.complex.simplices(k), every.complex.simplices(k)[kept])


@torch.no_grad()
def test_widths_states_and_parameters_drawn_anew():
    x, K = torch.randn(9, 3), SimplicialComplex(9)
    lift, lazy = LearnedLift(3, 4, neighbors=2), LearnedLift(-1, 4, neighbors=2)
    lazy(x, K)
    lazy.load_state_dict(lift.state_dict())
    assert lazy(x, K).complex == lift(x, K).complex
    with pytest.raises(ValueError, match="x must have 3 channels"):
        lazy(torch.randn(9, 2), K)
    before = latent(lift, x)
    before_temperature = lift.log_temperature.clone()
    lift.log_temperature.fill_(3.0)
    lift.reset_parameters()
    assert lift.log_temperature == before_temperature
    assert not torch.allclose(latent(lift, x), before)
    assert repr(lift).startswith("LearnedLift(\n  neighbors=2, max_dim=2")


def test_refusals():
    for options, message in (
        ({}, "exactly one of neighbors and radius must be given, got neither"),
        ({"neighbors": 2, "radius": 1.0}, "must be given, got both"),
        ({"neighbors": 0}, "neighbors must be at least 1, got 0"),
        ({"radius": -1.0}, "radius must be a finite number in"),
        ({"neighbors": 2, "temperature": 0.0}, "temperature must be a finite number in"),
        ({"neighbors": 2, "min_weight": 1.5}, "min_weight must be a finite number in"),
        ({"neighbors": 2, "max_dim": 0}, "max_dim must be at least 1, got 0"),
        ({"neighbors": 2, "reduce": "max"}, "reduce must be one of 'mean', 'sum', got 'max'"),
    ):
        with pytest.raises(ValueError, match=message):
            LearnedLift(2, 4, **options)
    lift, K = LearnedLift(2, 4, neighbors=2), SimplicialComplex(4)
    with pytest.raises(ValueError, match="the learned features must be finite"):
        lift(torch.full((4, 2), torch.nan), K)
    with pytest.raises(ValueError, match="x must have shape"):
        lift(torch.ones(3, 4, 2), K)
    with pytest.raises(TypeError, match="x must be a tensor"):
        lift([torch.ones(4, 2)], K)
    with pytest.raises(ValueError, match="max_simplices must be at least the size of the lift"):
        LearnedLift(2, 4, radius=9.0, max_simplices=50)(torch.randn(40, 2), SimplicialComplex(40))
