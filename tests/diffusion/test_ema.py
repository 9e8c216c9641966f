"""The moving average of parameters."""

import pytest
import torch
from torch import nn

from simplex.diffusion import ExponentialAverage
from tests.cases import over


def test_average_follows_its_definition(dtype):
    network = nn.Linear(2, 3, dtype=dtype)
    average, expected = ExponentialAverage(network, decay=0.3), network.weight.detach().clone()
    for n in range(6):
        with torch.no_grad():
            network.weight += torch.randn(3, 2, dtype=dtype)
        average.update(network)
        decay = min(0.3, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * network.weight.detach()
        torch.testing.assert_close(average.network.weight, expected)
    x = torch.randn(4, 2, dtype=dtype)
    torch.testing.assert_close(average(x), x @ expected.T + average.network.bias)


def test_average_is_a_copy_without_gradients_and_keeps_buffers():
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average = ExponentialAverage(network)
    assert not any(p.requires_grad for p in average.parameters())
    assert all(p.requires_grad for p in network.parameters())
    network(torch.randn(16, 2))
    average.update(network)
    assert torch.equal(average.network[1].running_mean, network[1].running_mean)
    assert average.network[1].running_mean is not network[1].running_mean


def test_state_survives_a_checkpoint():
    network = nn.Linear(2, 2)
    average = ExponentialAverage(network)
    for _ in range(3):
        average.update(network)
    again = ExponentialAverage(nn.Linear(2, 2))
    again.load_state_dict(average.state_dict())
    assert again.num_updates == 3
    torch.testing.assert_close(again.network.weight, average.network.weight)


@over("decay", [-0.1, 1.0])
def test_refusals(decay):
    with pytest.raises(ValueError, match="decay must be in"):
        ExponentialAverage(nn.Linear(1, 1), decay)
