"""The blockwise sum against the table of messages, and its first and second derivatives."""

import pytest
import torch
from torch.nn import functional as F

from simplex.nn import upper_pair_sum
from simplex.testing import random_complex


def inputs(complex_, k, dtype):
    return [
        torch.randn(complex_.num_simplices(j), 3, dtype=dtype, requires_grad=True)
        for j in (k, k + 1)
    ]


@pytest.fixture
def blocks(monkeypatch):
    """Every table counts as large, and a block holds five or fewer cofacets."""
    monkeypatch.setattr("simplex.nn._networks.pair_sum._SMALL", 0)
    monkeypatch.setattr("simplex.nn._networks.pair_sum._BLOCK", 30)


def outcome(activation, complex_, k, dtype):
    torch.manual_seed(0)
    own, shared = inputs(complex_, k, dtype)
    y = upper_pair_sum(complex_, own, shared, k, activation)
    weight = torch.linspace(-1, 1, y.numel(), dtype=dtype).view(y.shape)
    return y, *torch.autograd.grad((y * weight).sum(), (own, shared))


ELEMENTWISE = (
    torch.tanh,
    torch.relu,
    torch.sigmoid,
    F.elu,
    F.relu,
    F.gelu,
    F.silu,
    F.softplus,
    F.leaky_relu,
    F.selu,
    F.celu,
    F.softsign,
    F.mish,
)


@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_blocks_give_what_the_table_gives(blocks, k, dtype):
    complex_ = random_complex(1)
    for activation in ELEMENTWISE:
        fast = outcome(activation, complex_, k, dtype)
        table = outcome(lambda x, activation=activation: activation(x), complex_, k, dtype)
        for y, z in zip(fast, table, strict=True):
            torch.testing.assert_close(y, z, msg=lambda text, a=activation: f"{a}: {text}")


def test_first_and_second_derivatives(blocks):
    complex_ = random_complex(1)
    own, shared = inputs(complex_, 1, torch.float64)

    def function(own, shared):
        return upper_pair_sum(complex_, own, shared, 1, torch.tanh)

    assert torch.autograd.gradcheck(function, (own, shared))
    assert torch.autograd.gradgradcheck(function, (own, shared))


def test_activations_of_chance_or_with_parameters_are_computed_once(blocks):
    complex_ = random_complex(1)
    prelu = torch.nn.PReLU()
    own, shared = inputs(complex_, 1, torch.float32)
    upper_pair_sum(complex_, own, shared, 1, prelu).sum().backward()
    assert prelu.weight.grad is not None
    with torch.no_grad():
        calls = []
        upper_pair_sum(complex_, own, shared, 1, lambda x: calls.append(len(x)) or x)
    assert calls == [complex_.num_simplices(2)]
