"""Ready guides: they move samples to their target, and at time 0 are what they say they are."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.diffusion import (
    ComplexClassifier,
    FaceSurvival,
    betti_guide,
    classifier_guide,
    classifier_loss,
    f_vector_guide,
    sample_complexes,
)
from simplex.nn import SIN
from simplex.operators import betti_numbers
from tests.cases import over
from tests.diffusion.on_three import KEYS, LAW, exact, frequencies, near
from tests.tables import COMPLEXES


LINEAR = FaceSurvival.linear(8, 2)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def unsure(state, candidates, t):
    return torch.full((len(candidates.simplices),), -1.0)


def sampled(guide=None, count=12, **named):
    made = sample_complexes(unsure, LINEAR, [7] * count, guide=guide, generator=seeded(), **named)
    return made.split()


def f_vectors(parts):
    return torch.tensor([[K.num_simplices(k) for k in range(3)] for K in parts])


def bettis(parts):
    return torch.tensor([(*betti_numbers(K), 0, 0, 0)[:3] for K in parts])


def test_f_vectors_are_moved_to_the_target_and_met_where_asked():
    free = f_vectors(sampled()).double()
    for target in ([7, 6, 0], [7, 14, 8]):
        near_it = f_vectors(sampled(f_vector_guide(target, LINEAR))).double()
        y = torch.tensor(target)
        far, near_ = ((each - y).abs().mean(0) for each in (free, near_it))
        assert near_[1] < far[1] / 2
        assert near_[2] < far[2] / 2
    rows = torch.tensor([[-1, 8 + i % 4, -1] for i in range(12)])
    guide = f_vector_guide(rows, LINEAR, exact=True)
    assert torch.equal(f_vectors(sampled(guide, num_particles=80))[:, 1], rows[:, 1])


def test_betti_numbers_are_moved_to_the_target_and_met_where_asked():
    target = torch.tensor([1, 2, 0])
    free = bettis(sampled())
    got = bettis(sampled(betti_guide([1, 2, 0], LINEAR, spread=0.5)))
    assert (got - target).abs().sum() < (free - target).abs().sum() / 2
    guide = betti_guide([None, 2], LINEAR, exact=True)
    assert (bettis(sampled(guide, num_particles=48))[:, 1] == 2).all()


def test_at_time_zero_guides_say_how_far_parts_are():
    parts = [K for K in COMPLEXES.values() if K.num_parts == 1 and K.dim <= 2]
    union = SimplicialComplex.disjoint_union([K for K in parts for _ in range(2)])
    zero = torch.zeros(union.num_parts, dtype=torch.int64)
    f, betti = f_vectors(parts), bettis(parts)
    for guide, numbers in ((f_vector_guide, f), (betti_guide, betti)):
        own = guide(numbers, LINEAR, exact=True)(union, zero)  # one row, two chains
        assert (own == 0).all()
        other = guide(numbers.flip(0), LINEAR, exact=True)(union, zero)[::2]
        assert torch.equal(other == 0, (numbers == numbers.flip(0)).all(1))
        assert (other[other != 0] == -torch.inf).all()
    y = torch.tensor([4, 4, 1])
    expected = -(f - y).double().square().sum(1) / 2 / 1.5**2
    got = f_vector_guide(y, LINEAR, spread=1.5)(union, zero)[::2]
    torch.testing.assert_close(got, expected)
    got = betti_guide([1, None, 0], LINEAR, spread=2)(union, zero)[::2]
    expected = -(betti - torch.tensor([1, 0, 0])).abs()[:, [0, 2]].sum(1) / 2
    torch.testing.assert_close(got, expected.double())


def test_an_exact_guide_samples_the_law_given_what_is_wanted():
    process, count = FaceSurvival.linear(16, 2), 300
    got = sample_complexes(
        exact(process, LAW), process, [3] * count,
        guide=f_vector_guide([3, 2], process, exact=True), num_particles=32, generator=seeded(),
    )  # fmt: skip
    expected = LAW * torch.tensor([len(other) == 2 for other in KEYS])
    near(frequencies(got), expected / expected.sum(), count, slack=0.02)


def test_a_network_of_this_library_guides_to_its_classes():
    """Class 1 is the filled triangle with a tail, class 0 the path: learned from noisy states."""
    process = FaceSurvival.linear(6, 2)
    path = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3)])
    kite = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
    data = SimplicialComplex.disjoint_union([path, kite] * 24)
    labels = torch.arange(48) % 2
    torch.manual_seed(0)
    classifier = ComplexClassifier(SIN(2, 8, 2, 1, 2), max_dim=2, num_steps=6)
    optimizer = torch.optim.Adam(classifier.parameters(), lr=2e-2)
    for _ in range(60):
        t = torch.randint(0, 7, (48,))
        optimizer.zero_grad()
        classifier_loss(classifier, process, data, labels, t).mean().backward()
        optimizer.step()
    classifier.eval()
    end = classifier(data, torch.zeros(48, dtype=torch.int64))
    assert torch.equal(end.argmax(1), labels)
    wanted = torch.tensor([0, 1] * 10)
    made = sample_complexes(
        unsure, process, [4] * 20, guide=classifier_guide(classifier, wanted), guide_scale=2.0,
        num_particles=16, generator=seeded(),
    )  # fmt: skip
    said = classifier(made, torch.zeros(20, dtype=torch.int64)).argmax(1)
    assert int((said == wanted).sum()) >= 18
    triangles = made.part_pointer(2).diff()
    assert triangles[wanted == 1].sum() > 4 * triangles[wanted == 0].sum()


def test_the_loss_of_a_classifier_is_the_cross_entropy_at_states_of_the_process():
    process, K = FaceSurvival.linear(4, 2), COMPLEXES["torus"]
    union = SimplicialComplex.disjoint_union([K] * 400)

    def counting(K, t):
        edges = K.part_pointer(1).diff().float()
        return torch.stack([edges, torch.zeros_like(edges)], 1) / 7

    labels = torch.ones(400, dtype=torch.int64)
    for t in (0, 2, 4):
        left = process.marginal(1, t) * K.num_simplices(1)  # the mean of the edges
        loss = classifier_loss(counting, process, union, labels, t, generator=seeded())
        assert loss.shape == (400,)
        assert float((loss.exp() - 1).log().mean()) == pytest.approx(left / 7, abs=0.08)


def wrong(K, t):
    return torch.zeros(K.num_parts, 2)


@over(
    "call, error, message",
    [
        (lambda: f_vector_guide([4], 3), TypeError, "process must be"),
        (lambda: f_vector_guide([4, 1, 1, 1], LINEAR), ValueError, "target must be whole numbers"),
        (lambda: f_vector_guide([4, 1.5], LINEAR), ValueError, "target must be whole numbers"),
        (lambda: betti_guide([1], LINEAR, spread=0), ValueError, "spread must be"),
        (lambda: betti_guide([1], LINEAR, exact="yes"), TypeError, "exact must be"),
        (lambda: betti_guide("1", LINEAR), TypeError, "target must be"),
        (lambda: sampled(betti_guide(torch.ones(5, 1), LINEAR)), ValueError, "for each complex"),
        (lambda: classifier_guide(3, 1), TypeError, "classifier must be"),
        (lambda: classifier_guide(wrong, 1.0), TypeError, "labels must be integers"),
        (lambda: sampled(classifier_guide(wrong, 2)), ValueError, "labels must be classes"),
        (
            lambda: sampled(classifier_guide(lambda K, t: torch.zeros(2, 2), 1)),
            ValueError,
            "a row of logits for each part",
        ),
        (
            lambda: classifier_loss(wrong, LINEAR, COMPLEXES["house"], torch.tensor([0, 1]), 1),
            ValueError,
            "labels must be one for each part",
        ),
        (
            lambda: ComplexClassifier(wrong, max_dim=1, num_steps=2)(
                COMPLEXES["house"], torch.tensor([1])
            ),
            ValueError,
            "max_dim of the scorer|max_dim of the",
        ),
    ],
)  # fmt: skip
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
