"""Applied to classes of simplices, a network gives what it gives on all of them."""

import pytest
import torch
from torch import nn

from simplex import SimplicialComplex
from simplex.datasets import synthetic_flow
from simplex.nn import EdgeMPNN, OrientedMPSN
from simplex.train import train_flow
from tests.nn.contract import on_each
from tests.tables import COMPLEXES, random_complex, random_orientation


NETWORKS = {
    "tanh": lambda k: OrientedMPSN(1, 5, 2, 3, k),
    "identity": lambda k: OrientedMPSN(1, 5, 2, 3, k, activation=None),
    "identity, collapsed": lambda k: OrientedMPSN(1, 9, 2, 3, k, activation=None),
    "ReLU": lambda k: OrientedMPSN(1, 5, 2, 3, k, activation=torch.relu, oriented=False),
    "mean": lambda k: OrientedMPSN(1, 5, 2, 2, k, reduce="mean"),
}
GRAPH_ONLY = {
    "graph only": lambda _: EdgeMPNN(1, 5, 2, 3),
    "graph only, mean": lambda _: EdgeMPNN(1, 5, 2, 3, reduce="mean"),
}


def small_flows(K: SimplicialComplex, k: int, num_samples: int) -> tuple[torch.Tensor, ...]:
    """Sparse small integers, each sample in an orientation of its own."""
    shape = (num_samples, K.num_simplices(k))
    flows = torch.randint(-2, 3, shape) * (torch.rand(shape) < 0.2)
    return flows.to(torch.int8), (1 - 2 * torch.randint(0, 2, shape)).to(torch.int8)


def both_ways(model, K, flows, orientation, index):
    """Logits and gradients on all simplices and on the quotient, for the samples of the index."""
    x = flows[index][..., None].double()
    plain = model(x, K, orientation[index])[:, 0]
    short = model.forward_quotient(model.quotient(K, flows, orientation)[index])
    target = torch.arange(len(index)) % 2
    return [
        (
            logits,
            torch.autograd.grad(nn.functional.cross_entropy(logits, target), model.parameters()),
        )
        for logits in (plain, short)
    ]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("k", [1, 2])
@on_each(["house", "torus", "reoriented", "random"])
def test_the_quotient_gives_the_same_logits_and_gradients(name, k, network):
    torch.manual_seed(4)
    K = random_complex(2) if name == "random" else COMPLEXES[name]
    model = NETWORKS[network](k).double()
    flows, orientation = small_flows(K, k, 7)
    plain, short = both_ways(model, K, flows, orientation, torch.tensor([5, 0, 3, 6]))
    assert torch.allclose(plain[0], short[0], rtol=1e-10, atol=1e-10)
    for gradient, other in zip(plain[1], short[1], strict=True):
        assert torch.allclose(gradient, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("network", NETWORKS | GRAPH_ONLY)
def test_on_a_mesh_with_paths(network):
    task = synthetic_flow(150, 8, 8, generator=torch.Generator().manual_seed(0))
    model = (NETWORKS | GRAPH_ONLY)[network](1).double()
    for samples in (task.train, task.test):
        flows, orientation = samples.flows, samples.orientation
        plain, short = both_ways(model, task.complex, flows, orientation, torch.tensor([6, 1, 2]))
        assert torch.allclose(plain[0], short[0], rtol=1e-10, atol=1e-10)
        for gradient, other in zip(plain[1], short[1], strict=True):
            assert torch.allclose(gradient, other, rtol=1e-10, atol=1e-10)


def test_classes_are_few_and_signs_are_merged_where_the_activation_is_odd():
    K = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3), (2, 3, 4), (4, 5), (5, 6), (6, 7)])
    edges = torch.tensor([[0, 1], [1, 3]])
    flows = torch.zeros(2, K.num_simplices(1), dtype=torch.int8)
    flows[0, K.index(edges)] = 1
    flows[1] = -flows[0]
    orientation = torch.ones_like(flows)
    odd = OrientedMPSN(1, 2, 2, num_layers=1).quotient(K, flows, orientation)
    rectified = OrientedMPSN(1, 2, 2, num_layers=1, activation=torch.relu, oriented=False).quotient(
        K, flows, orientation
    )
    # Of the six edges at the path, the two messages to (1, 2) cancel; all others are zero anyway.
    assert int(odd.pool.weight.sum()) == 2 * 5
    assert len(odd.layers[0].pointer) - 1 == 3
    assert len(rectified.layers[0].pointer) - 1 == 2 * 3


def test_another_activation_is_applied_to_all_simplices():
    K = COMPLEXES["torus"]
    flows, orientation = small_flows(K, 1, 2)
    assert (
        OrientedMPSN(1, 2, 2, activation=torch.cos, oriented=False).quotient(K, flows, orientation)
        is None
    )


def test_orientation_makes_no_difference_to_an_odd_network():
    torch.manual_seed(0)
    K = COMPLEXES["torus"]
    flows, orientation = small_flows(K, 1, 3)
    T = random_orientation(K, seed=2)[1].to(torch.int8)
    model = OrientedMPSN(1, 3, 2).double()
    before = model.forward_quotient(model.quotient(K, flows, orientation))
    after = model.forward_quotient(model.quotient(K, flows * T, orientation * T))
    turned = model.forward_quotient(model.quotient(K.reorient({1: T}), flows * T, orientation))
    assert torch.allclose(before, after, atol=1e-12)
    assert torch.allclose(before, turned, atol=1e-12)


class Plain(nn.Module):
    """A network without a quotient."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *arguments: object) -> torch.Tensor:
        return self.network(*arguments)


@pytest.mark.parametrize("activation", [torch.tanh, torch.relu])
def test_training_takes_the_same_course(activation):
    task = synthetic_flow(150, 16, 2, generator=torch.Generator().manual_seed(1))
    courses = []
    for wrap in (Plain, nn.Module.double):
        torch.manual_seed(0)
        model = OrientedMPSN(
            1, 4, 2, 2, activation=activation, oriented=activation is torch.tanh
        ).double()
        shuffle = torch.Generator().manual_seed(0)
        history = train_flow(wrap(model), task, epochs=3, batch_size=4, generator=shuffle)
        courses.append([record.loss for record in history])
    assert courses[0] == pytest.approx(courses[1], rel=1e-9)


@pytest.mark.parametrize("k", [0, 1, 2, 3])
@pytest.mark.parametrize("network", NETWORKS)
def test_flows_that_are_zero_and_degrees_at_the_ends(network, k):
    K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3), (3, 4, 5, 6)])
    flows = torch.zeros(3, K.num_simplices(k), dtype=torch.int8)
    model = NETWORKS[network](k).double()
    for value in (0, 3):
        flows[1, 0] = value
        plain, short = both_ways(model, K, flows, torch.ones_like(flows), torch.arange(3))
        assert torch.allclose(plain[0], short[0], rtol=1e-10, atol=1e-10)
