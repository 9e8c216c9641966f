"""Networks by declaration: which option goes where, and what networks with signs refuse."""

import inspect

import pytest
import torch
from torch import nn

from simplex.nn import (
    SAT,
    SCCN,
    SCCNN,
    SCN,
    SCNN,
    SIN,
    SNN,
    BScNet,
    Dist2Cycle,
    OrientedMPSN,
    SCNet,
    SCNNConv,
    SCoNe,
    StackedNetwork,
)


SIZES = (2, 4, 3, 2, 2)
ALWAYS = [SNN, SCNN, SCCNN, SCoNe, SCNet, SAT, BScNet, Dist2Cycle]
ORIENTED = {kind.__name__: kind for kind in ALWAYS} | {
    "SCN, signed": lambda **options: SCN(*SIZES, **{"signed": True} | options),
    "SCCN, signed": lambda **options: SCCN(*SIZES, **{"signed": True} | options),
    "OrientedMPSN": lambda **options: OrientedMPSN(2, 4, 3, **options),
}


def make(name, **options):
    kind = ORIENTED[name]
    return kind(*SIZES, **options) if isinstance(kind, type) else kind(**options)


class Two(nn.Module):
    """A function with a parameter, odd or not."""

    def __init__(self, shift):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.tensor(2.0)), shift

    def forward(self, x):
        return self.scale * x + self.shift


def test_options_go_to_the_layer_and_to_the_frame():
    class Filters(StackedNetwork):
        conv, defaults = SCNNConv, {"activation": torch.sin, "down_order": 2}

    model = Filters(*SIZES, up_order=3, skip=True, reduce="mean")
    for each in model.convs:
        assert [conv.up_order for conv in each.convs] == [3, 3, 3]
        assert [conv.down_order for conv in each.convs] == [0, 2, 2]
    assert (model.activation, model.skip, model.readout.reduce) == (torch.sin, True, "mean")
    assert model.readout.absolute
    shown = inspect.signature(Filters).parameters
    assert list(shown)[:5] == [*inspect.signature(StackedNetwork).parameters][:5]
    assert (shown["down_order"].default, shown["up_order"].default) == (2, 1)
    assert shown["oriented"].default is True


@pytest.mark.parametrize("name", ["down_order", "heads", "depth"])
def test_an_option_of_neither_is_named_with_those_that_there_are(name):
    with pytest.raises(TypeError, match=f"must be among eps, .*, embed, .*, got {name}"):
        SIN(*SIZES, **{name: 2})


@pytest.mark.parametrize("name", ORIENTED)
def test_an_activation_that_is_not_odd_is_refused_unless_the_symmetry_is_given_up(name):
    for even in (torch.relu, nn.functional.elu, nn.GELU(), torch.cos, Two(1.0)):
        with pytest.raises(ValueError, match=r"activation must be odd, .* oriented=False"):
            make(name, activation=even)
        make(name, activation=even, oriented=False)
    for odd in (torch.tanh, nn.Tanh(), nn.functional.hardtanh, lambda x: x**3, Two(0.0), None):
        make(name, activation=odd)


def test_errors_of_an_activation_are_not_swallowed():
    def broken(x):
        raise RuntimeError("out of order")

    with pytest.raises(ValueError, match="could not be asked: out of order") as caught:
        SNN(*SIZES, activation=broken)
    assert isinstance(caught.value.__cause__, RuntimeError)
    broken.odd = True
    SNN(*SIZES, activation=broken)


def test_without_signs_or_with_a_bias_any_activation_and_norm_will_do():
    for options in ({"signed": False}, {"bias": True}, {"oriented": False}):
        model = SNN(*SIZES, activation=torch.relu, norm="batch", **options)
        assert not model.readout.absolute
    with pytest.raises(ValueError, match="oriented must be False, as SNNConv with these options"):
        SNN(*SIZES, signed=False, oriented=True)
