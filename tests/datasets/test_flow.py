"""The synthetic flow task: geometry, flows that are paths, and reproducible chance."""

import pytest
import torch

from simplex.datasets import synthetic_flow
from simplex.nn import OrientedMPSN
from simplex.train import flow_accuracy, train_flow
from tests.cases import over


def task(seed=0, num_points=200, num_train=12, num_test=6):
    generator = torch.Generator().manual_seed(seed)
    return synthetic_flow(num_points, num_train, num_test, generator=generator)


def box(points, x, y):
    low, high = torch.tensor([x, y], dtype=points.dtype).T
    return ((points >= low) & (points <= high)).all(1)


@over("seed", range(3))
def test_the_mesh_is_a_square_with_two_holes(seed):
    made = task(seed)
    K = made.complex.validate()
    assert K.dim == 2
    assert len(made.positions) == K.num_simplices(0)
    for low, high in ((0.2, 0.4), (0.6, 0.8)):
        assert not box(made.positions, (low, high), (low, high)).any()
    n_0, n_1, n_2 = K.f_vector
    assert n_0 - n_1 + n_2 == -1  # one component, two holes
    assert bool((K.cofacets(1)[0].diff() >= 1).all())  # every edge lies in a triangle


@over("seed", range(3))
def test_flows_are_paths_between_the_corners_past_the_checkpoint(seed):
    made = task(seed)
    K, place = made.complex, made.positions
    start, end = box(place, (0, 0.2), (0.8, 1)), box(place, (0.8, 1), (0, 0.2))
    corners = [box(place, (0, 0.2), (0, 0.2)), box(place, (0.8, 1), (0.8, 1))]
    for samples in (made.train, made.test):
        flows = samples.flows * samples.orientation  # in increasing vertex order
        assert sorted(flows.unique().tolist()) == [-1, 0, 1]
        passed = 0
        for flow, label in zip(flows.long(), samples.labels, strict=True):
            divergence = torch.zeros(K.num_simplices(0), dtype=torch.int64)
            divergence.index_add_(0, K.simplices(1)[:, 1], flow)
            divergence.index_add_(0, K.simplices(1)[:, 0], -flow)
            source, sink = (divergence == -1).nonzero(), (divergence == 1).nonzero()
            assert len(source) == len(sink) == 1
            assert start[source]
            assert end[sink]
            assert int(divergence.abs().sum()) == 2
            degree = torch.bincount(K.simplices(1)[flow != 0].flatten())
            assert int(degree.max()) == 2  # no vertex twice
            on_path = K.simplices(1)[flow != 0].unique()
            passed += int(corners[int(label)][on_path].any())
        # A stray step may hit the end before the checkpoint; rarely.
        assert passed >= len(samples) - 1


def test_orientations():
    made = task()
    assert bool((made.train.orientation == 1).all())
    signs = made.test.orientation.float()
    assert set(signs.unique().tolist()) == {-1.0, 1.0}
    assert abs(float(signs.mean())) < 0.1
    assert not torch.equal(made.test.orientation[0], made.test.orientation[1])
    back = made.test.reorient(made.test.orientation)
    assert bool((back.orientation == 1).all())
    with pytest.raises(ValueError, match="must be"):
        made.test.reorient(torch.zeros(1))


def test_classes_are_balanced_and_sizes_as_asked():
    made = task(num_train=10, num_test=4)
    assert len(made.train) == 10
    assert len(made.test) == 4
    assert int(made.train.labels.sum()) == 5
    assert int(made.test.labels.sum()) == 2
    assert made.train.flows.dtype == torch.int8
    empty = task(num_train=0, num_test=0)
    assert empty.train.flows.shape == (0, empty.complex.num_simplices(1))


def test_the_generator_decides_everything():
    first, again, other = task(1), task(1), task(2)
    assert first.complex == again.complex
    assert torch.equal(first.positions, again.positions)
    assert torch.equal(first.train.flows, again.train.flows)
    assert torch.equal(first.test.flows, again.test.flows)
    assert first.complex != other.complex


@over(
    "arguments, error, message",
    [
        ((3,), ValueError, "num_points must be at least 4"),
        ((12,), ValueError, "Raise num_points"),
        ((100.5,), TypeError, "num_points must be an integer"),
        ((200, -1), ValueError, "num_train must be non-negative"),
        ((200, 1, -1), ValueError, "num_test must be non-negative"),
    ],
)
def test_bad_sizes_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        synthetic_flow(*arguments, generator=torch.Generator().manual_seed(0))


def test_training_lowers_the_loss_and_repeats():
    made = task(num_train=16)

    def run():
        torch.manual_seed(0)
        model = OrientedMPSN(1, 4, 2, num_layers=2)
        generator = torch.Generator().manual_seed(0)
        seen = []
        history = train_flow(
            model, made, epochs=8, batch_size=8, lr=1e-2, generator=generator, on_epoch=seen.append
        )
        assert seen == history
        return history, flow_accuracy(model, made.complex, made.test, batch_size=4)

    history, accuracy = run()
    assert history[-1].loss < history[0].loss
    assert run() == (history, accuracy)


def test_training_needs_samples():
    made = task(num_train=0, num_test=0)
    with pytest.raises(ValueError, match="training flows"):
        train_flow(OrientedMPSN(1, 2, 2), made)
    with pytest.raises(ValueError, match="empty"):
        flow_accuracy(OrientedMPSN(1, 2, 2), made.complex, made.test)
