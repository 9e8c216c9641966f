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


@over("kind, start", [(torch.bfloat16, 0.5), (torch.float16, 0.99), (torch.float32, 0.5)])
def test_steps_below_a_unit_of_half_precision_are_not_lost(kind, start):
    network = nn.Linear(1, 1, bias=False, dtype=kind)
    nn.init.constant_(network.weight, start)
    average = ExponentialAverage(network, decay=0.999)
    start = network.weight.item()
    average.num_updates.fill_(10**6)
    nn.init.constant_(network.weight, 1.0)
    for _ in range(1000):
        average.update(network)
    expected = 1 - (1 - start) * 0.999**1000
    unit = max(torch.finfo(kind).eps, 1e-5)  # of thousand steps in single precision
    assert average.network.weight.item() == pytest.approx(expected, abs=unit)
    assert average(torch.ones(1, 1, dtype=kind)).dtype == kind


def test_states_of_half_precision_go_on_where_they_were():
    network = nn.Linear(4, 4, dtype=torch.bfloat16)
    average = ExponentialAverage(network)
    changed = nn.Linear(4, 4, dtype=torch.bfloat16)
    average.num_updates.fill_(10**6)
    for _ in range(20):
        average.update(changed)
    state = average.state_dict()
    rounded = {name: value for name, value in state.items() if not name.startswith("fine.")}
    assert set(rounded) == {"network.weight", "network.bias", "num_updates"}  # as they always were
    again, older = ExponentialAverage(network), ExponentialAverage(network)
    single = ExponentialAverage(nn.Linear(4, 4))
    for copy, loaded in ((again, state), (older, rounded), (single, state)):
        copy.load_state_dict(loaded)
        assert torch.equal(copy.network.weight.bfloat16(), average.network.weight)
    assert torch.equal(single.network.weight, state["fine.weight"])
    for each in (average, again):
        each.update(changed)
    assert torch.equal(average.state_dict()["fine.weight"], again.state_dict()["fine.weight"])
    with torch.no_grad():
        again.network.weight.zero_()  # from outside: that is the average now
    again.update(network)
    assert again.network.weight.abs().max() <= 2e-3 * network.weight.abs().max()
    with pytest.raises(ValueError, match="network must have the parameters"):
        again.update(nn.Linear(4, 5))


def test_a_network_in_half_precision_may_be_averaged_in_single():
    average, network = ExponentialAverage(nn.Linear(2, 2)), nn.Linear(2, 2, dtype=torch.float16)
    average.num_updates.fill_(10**6)
    before = average.network.weight.clone()
    average.update(network)
    expected = before + 0.001 * (network.weight.float() - before)
    torch.testing.assert_close(average.network.weight, expected)


@over("decay", [-0.1, 1.0])
def test_refusals(decay):
    with pytest.raises(ValueError, match="decay must be in"):
        ExponentialAverage(nn.Linear(1, 1), decay)
