"""Networks on marked copies: what a copy says, steps, sampled marks, and what they tell apart."""

import pytest
import torch
from torch import nn

from simplex import SimplicialComplex
from simplex.complexes import take_parts
from simplex.datasets import classical_pairs
from simplex.lifting import clique_complex
from simplex.nn import GIN, MPSN, SIN, HiGCN, MarkedNetwork, MarkedSIN
from simplex.testing import random_cochains, random_complex
from simplex.wl import compare
from tests.cases import over


UNION = SimplicialComplex.disjoint_union(
    [random_complex(0), SimplicialComplex(0), random_complex(1), SimplicialComplex(2)]
)


def cochains(K, dtype=torch.float64, max_dim=3):
    return random_cochains(K, channels=2, max_dim=max_dim, dtype=dtype, seed=0)


def network(**options):
    torch.manual_seed(0)
    return MarkedSIN(2, 4, 3, 2, 3, **options).double().eval()


def test_a_vertex_has_what_a_network_says_of_its_copy():
    """SIN with the same weights, on one copy after the other, whose encoding has the mark."""
    model, K = network(), random_complex(2).skeleton(3)
    plain = SIN(2, 4, 8, 2, 3, embed=True).double().eval()
    wide = nn.ModuleDict({"sin": plain})
    shared = {k: v for k, v in model.state_dict().items() if not k.startswith(("mark", "readout."))}
    shared = {k.replace("copy_readout.", "readout."): v for k, v in shared.items()}
    plain.readout = model.copy_readout
    wide["sin"].load_state_dict(shared)
    x = cochains(K)
    said, means = [], [0.0] * 4
    for v in range(K.num_simplices(0)):
        h = plain.embed(x, K)
        h[0] = torch.cat([h[0][:v], h[0][v : v + 1] + model.mark, h[0][v + 1 :]])
        for conv, norms in zip(plain.convs, plain.norms, strict=True):
            h = [norm(y, K, k) for k, (norm, y) in enumerate(zip(norms, conv(h, K), strict=True))]
        said.append(nn.functional.elu(plain.readout(h, K)))
        means = [total + y / K.num_simplices(0) for total, y in zip(means, h, strict=True)]
    encoded = model.encode(x, K)
    torch.testing.assert_close(encoded[0], torch.cat(said) + means[0])
    for ours, theirs in zip(encoded[1:], means[1:], strict=True):
        torch.testing.assert_close(ours, theirs)


@over("norm, steps", [("graph", (1000, 7, None)), ("batch", (13, 13))])
def test_steps_change_neither_result_nor_gradients_nor_statistics(norm, steps):
    """Of batch norms those of each step count once, though steps are computed again."""
    results = []
    for number, copies in enumerate(steps):
        model = network(norm=norm, copies_per_step=copies).train()
        with torch.set_grad_enabled(norm == "graph" or number == 0):
            y = model(cochains(UNION), UNION)
        if y.requires_grad:
            y.square().sum().backward()
        statistics = {k: v for k, v in model.named_buffers() if "running" in k}
        results.append((y.detach(), statistics, [p.grad for p in model.parameters()]))
    for y, statistics, gradients in results[1:]:
        torch.testing.assert_close(y, results[0][0])
        torch.testing.assert_close(statistics, results[0][1])
        if norm == "graph":
            torch.testing.assert_close(gradients, results[0][2])
    assert norm == "graph" or any((v != v[0]).any() for v in results[0][1].values())


def test_sampled_marks_are_unbiased():
    """With one mark there are as many results as vertices, and their mean is that of all marks."""
    K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3), (3, 4)])
    model, x = network(num_marks=1).train(), cochains(K)
    draws = torch.Generator().manual_seed(0)
    several = [model.encode(x, K, generator=draws) for _ in range(50)]
    rows = torch.stack([torch.cat([y.flatten() for y in h]) for h in several]).detach()
    _, place = torch.unique(rows[:, :4].round(decimals=9), dim=0, return_inverse=True)
    assert place.max() + 1 == K.num_simplices(0)
    first = [int((place == i).nonzero()[0]) for i in range(K.num_simplices(0))]
    whole = torch.cat([y.flatten() for y in network().encode(x, K)])
    torch.testing.assert_close(rows[first].mean(0), whole.detach())
    assert place.bincount().min() >= 3  # 50 draws of 5


def test_marks_are_drawn_in_training_only_unless_asked_for():
    x = cochains(UNION)
    model = network(num_marks=2)
    assert torch.equal(model(x, UNION), network()(x, UNION))
    assert torch.equal(network(num_marks=50).train()(x, UNION), network().train()(x, UNION))
    drawn = [
        network(num_eval_marks=2)(x, UNION, generator=torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert torch.equal(drawn[0][3], network()(x, UNION)[3])  # a part of two vertices has both


@over("max_dim", [1, 2])
def test_as_strong_as_the_marked_test(max_dim):
    """Untrained and in float64, on pairs that SWL, one mark, or neither tells apart."""
    for name, first, second in classical_pairs():
        A, B = (clique_complex(graph, max_dim) for graph in (first, second))
        U = SimplicialComplex.disjoint_union([A, B])
        torch.manual_seed(0)
        model = MarkedSIN(1, 8, 8, num_layers=6, max_dim=max_dim).double().eval()
        with torch.no_grad():
            y = model([torch.ones(U.num_simplices(k), 1).double() for k in range(max_dim + 1)], U)
        apart = (y[0] - y[1]).abs().max() > 1e-9 * y.abs().max()
        assert bool(apart) == bool(compare(A, B, marks=1)), name


def test_layers_of_another_kind():
    """Those of a graph network look at edges, whatever cochains they take."""

    class MarkedMPSN(MarkedNetwork, MPSN): ...

    class MarkedGIN(MarkedNetwork, GIN): ...

    class MarkedHiGCN(MarkedNetwork, HiGCN): ...  # which has no encoder of itself

    octagon, squares = (clique_complex(graph, 2) for graph in classical_pairs()[2][1:])
    for kind, max_dim in ((MarkedMPSN, 2), (MarkedGIN, 0), (MarkedGIN, 1), (MarkedHiGCN, 2)):
        for marked in (True, False):
            torch.manual_seed(1)
            made = kind if marked else kind.__mro__[2]
            model = made(1, 8, 2, 4, max_dim, activation=torch.tanh).double().eval()
            x = [torch.ones(n, 1).double() for n in (8, 8, 0)[: max_dim + 1]]
            apart = (model(x, octagon) - model(x, squares)).abs().max()
            assert apart > 1e-11 if marked else apart < 1e-14, made


@over(
    "options, message",
    [
        ({"embed": False}, "embed must be True or a CochainEncoder"),
        ({"num_marks": 0}, "num_marks must be at least 1"),
        ({"num_marks": 3, "reduce": "max"}, "num_marks must be None where reduce is 'max'"),
        ({"copies_per_step": 0}, "copies_per_step must be at least 1"),
    ],
)
def test_settings_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        network(**options)


def test_what_would_take_too_long_or_not_fit_says_what_it_costs():
    x = cochains(UNION)
    with pytest.raises(ValueError, match=r"max_simplices must be at least [\d,]+ for 1\d marked"):
        network(max_simplices=100)(x, UNION)
    many = SimplicialComplex(10**6)
    ones = [torch.ones(n, 2) for n in (10**6, 0, 0, 0)]
    with pytest.raises(ValueError, match="1,000,000,000,000 for 1,000,000 marked copies"):
        MarkedSIN(2, 4, 3, 2, 3)(ones, many)
    large = MarkedSIN(2, 4, 3, 2, 3, copies_per_step=10**5, max_simplices=None)
    with pytest.raises(ValueError, match="100,000 marked copies at a time, 100,000,000,000 simp"):
        large(ones, many)


def test_parts_are_taken_in_any_order():
    parts = UNION.split()
    numbers = [2, 0, 3, 2, 1]
    taken = take_parts(UNION, torch.tensor(numbers))
    expected = SimplicialComplex.disjoint_union([parts[i] for i in numbers])
    assert taken.complex.f_vector == expected.f_vector
    for k in range(UNION.dim + 1):
        assert torch.equal(taken.complex.facets(k), expected.facets(k))
        assert torch.equal(taken.complex.part_pointer(k), expected.part_pointer(k))
        assert torch.equal(UNION.part(k)[taken.ids[k]], torch.tensor(numbers)[expected.part(k)])


def test_steps_are_recomputed_as_often_as_a_gradient_is_asked_for():
    K = clique_complex([(i, (i + 1) % 5) for i in range(5)])
    x = cochains(K, max_dim=1)
    jacobians = []
    for steps in (2, 1000):
        torch.manual_seed(0)
        model = MarkedSIN(2, 4, 2, 2, 1, copies_per_step=steps, norm="batch").double().eval()
        y = model(x, K)
        rows = [torch.autograd.grad(y[0, c], model.mark, retain_graph=True)[0] for c in (0, 1)]
        jacobians.append(torch.stack(rows))
    torch.testing.assert_close(*jacobians)


def test_batches_are_counted_once():
    K = clique_complex([(i, (i + 1) % 5) for i in range(5)])
    model = MarkedSIN(2, 4, 2, 1, 1, copies_per_step=2, norm="batch").double().train()
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm1d)]
    with torch.no_grad():
        model(cochains(K, max_dim=1), K)
    once = [int(norm.num_batches_tracked) for norm in norms]
    model(cochains(K, max_dim=1), K).sum().backward()
    assert [int(norm.num_batches_tracked) for norm in norms] == [2 * n for n in once]
    assert max(once) > 1
