"""What the mixers on cochains are called, which activations they take, and what they refuse."""

import pytest
import torch
from torch import nn

from simplex.nn import (
    ChannelMixerConv,
    KernelMixerConv,
    OperatorMixerConv,
    SimplicialMixer,
    SimplicialMixerConv,
)
from simplex.testing import (
    random_cochains,
    random_complex,
)
from tests.nn.test_simplicial_mixer import grid, star


def test_names_and_errors():
    assert "tokens_mlp_dim=5, max_dim=2, up_order=1, tokens=[3, 6, 4]" in repr(
        OperatorMixerConv(5, 2, up_order=1)
    )
    assert "tokens_mlp_dim=5, max_dim=2, codes=StructuralCodes(steps=4" in repr(
        KernelMixerConv(5, 2)
    )
    assert "channels_mlp_dim=9" in repr(ChannelMixerConv(4, 9, 2))
    sizes = (2, 4, 3, 1, 2)
    with pytest.raises(ValueError, match="mixing must be 'kernel', 'operator' or"):
        SimplicialMixer(*sizes, mixing="pool")
    with pytest.raises(ValueError, match="norm must be 'layer' or 'rms'"):
        SimplicialMixer(*sizes, norm="batch")
    with pytest.raises(ValueError, match="jumping_knowledge must be 'cat' or None"):
        SimplicialMixer(*sizes, jumping_knowledge="max")
    for kind in (KernelMixerConv, OperatorMixerConv):
        with pytest.raises(ValueError, match="tokens_mlp_dim must be at least 1, got 0"):
            kind(0, 2)
        with pytest.raises(ValueError, match=r"x\[1\] must have 2 channels, .* got 3"):
            kind(5, 2)(random_cochains(grid(2, 2), channels=(2, 3, 2)), grid(2, 2))
    with pytest.raises(ValueError, match="channels_mlp_dim must be at least 1, got 0"):
        ChannelMixerConv(4, 0, 2)
    with pytest.raises(ValueError, match="up_order must be non-negative"):
        OperatorMixerConv(5, 2, up_order=-1)
    with pytest.raises(ValueError, match="x must hold one cochain for each dimension 0 … 2"):
        SimplicialMixer(*sizes)(random_cochains(star(3), channels=2, max_dim=1), star(3))


MIXERS = {
    "network": lambda **options: SimplicialMixer(2, 4, 3, 1, 2, **options),
    "operator": lambda **options: OperatorMixerConv(5, 2, **options),
    "channel": lambda **options: ChannelMixerConv(4, 9, 2, **options),
}


@pytest.mark.parametrize("make", MIXERS.values(), ids=MIXERS)
@pytest.mark.parametrize(
    "even", [torch.relu, torch.sigmoid, torch.abs, nn.SiLU(), lambda x: torch.tanh(x) + 1e-3]
)
def test_an_odd_activation_has_to_be_odd(make, even):
    with pytest.raises(ValueError, match=r"odd_activation must be odd, f\(-x\) = -f\(x\), got"):
        make(odd_activation=even)
    make(odd_activation=even, signed=False)  # where it is not used


def declared_odd(function):
    function.odd = True
    return function


@pytest.mark.parametrize("make", MIXERS.values(), ids=MIXERS)
@pytest.mark.parametrize(
    "odd",
    [
        nn.Tanh(),
        nn.Softshrink(),
        nn.functional.softsign,
        lambda x: x * x.abs(),
        declared_odd(nn.Linear(9, 9, bias=False)),  # needs a width, so that it cannot be asked
    ],
)
def test_odd_activations_of_any_kind_are_taken(make, odd):
    make(odd_activation=odd)
    with torch.device("meta"):
        make(odd_activation=odd)


@pytest.mark.parametrize("make", MIXERS.values(), ids=MIXERS)
def test_what_cannot_be_asked_is_refused(make):
    with pytest.raises(ValueError, match=r"could not be asked.*set its attribute odd to True"):
        make(odd_activation=nn.Linear(9, 9, bias=False))


@pytest.mark.parametrize("signed", ["no", 0, None])
def test_signed_has_to_be_a_bool(signed):
    operator, channel = OperatorMixerConv(5, 2), ChannelMixerConv(4, 9, 2)
    for make in (
        *MIXERS.values(),
        lambda signed: SimplicialMixer(2, 4, 3, 1, 2, mixing="kernel", signed=signed),
        lambda signed: KernelMixerConv(5, 2, signed=signed),
        lambda signed: SimplicialMixerConv(operator, channel, 4, 2, signed=signed),
    ):
        with pytest.raises(TypeError, match=f"signed must be True or False, got {signed!r}"):
            make(signed=signed)


def test_sizes_are_named_as_they_were_given():
    for sizes, options, words in (
        ((2, 4, 0, 1, 2), {}, "out_channels must be at least 1, got 0"),
        ((2, 4.0, 3, 1, 2), {}, "hidden_channels must be an integer, got 4.0"),
        ((2, 4, 3, 0, 2), {}, "num_layers must be at least 1, got 0"),
        ((2, 4, 3, 1, -1), {}, "max_dim must be non-negative, got -1"),
        ((2, 4, 3, 1, 2), {"cond_channels": 0}, "cond_channels must be at least 1, got 0"),
        ((2, 4, 3, 1, 2), {"channels_mlp_dim": 0}, "channels_mlp_dim must be at least 1"),
        ((2, 4, 3, 1, 2), {"tokens_mlp_dim": 0}, "tokens_mlp_dim must be at least 1"),
        ((2, 4, 3, 1, 2), {"mixing": None}, "mixing must be .* or what makes a layer, got None"),
    ):
        with pytest.raises((ValueError, TypeError), match=words):
            SimplicialMixer(*sizes, **options)


def test_sizes_of_the_layers_are_checked():
    operator, channel = OperatorMixerConv(5, 2), ChannelMixerConv(4, 9, 2)
    for make in (
        lambda: OperatorMixerConv(5, -1),
        lambda: KernelMixerConv(5, -1),
        lambda: ChannelMixerConv(4, 9, -1),
        lambda: SimplicialMixerConv(operator, channel, 4, -1),
    ):
        with pytest.raises(ValueError, match="max_dim must be non-negative, got -1"):
            make()
    with pytest.raises(ValueError, match="cond_channels must be at least 1, got 0"):
        SimplicialMixerConv(operator, channel, 4, 2, cond_channels=0)


@pytest.mark.parametrize("name", ["activation", "odd_activation"])
def test_activations_have_to_be_functions(name):
    for make in MIXERS.values():
        with pytest.raises(TypeError, match=f"{name} must be a function of a tensor, got 'relu'"):
            make(**{name: "relu"})
    with pytest.raises(TypeError, match="activation must be a function"):
        KernelMixerConv(5, 2, activation="relu")


def test_wrong_cochains_are_named():
    K = random_complex(0).skeleton(2)
    x = random_cochains(K, channels=2, max_dim=2)
    model, each = SimplicialMixer(2, 4, 3, 1, 2), SimplicialMixer((1, 2, 3), 4, 3, 1, 2)
    for call in (model, model.encode):
        with pytest.raises(ValueError, match=r"x\[0\] must have 2 channels, .* got 3"):
            call(random_cochains(K, channels=3, max_dim=2), K)
        with pytest.raises(TypeError, match=r"x\[0\] must be a tensor, got None.*\(0, channels\)"):
            call([None, *x[1:]], K)
        with pytest.raises(TypeError, match=r"x must be a list of cochains, .* got dict"):
            call(dict(enumerate(x)), K)
        with pytest.raises(TypeError, match=r"x must be a list of cochains, .* got one tensor"):
            call(x[0], K)
    with pytest.raises(ValueError, match=r"x\[2\] must have 3 channels, .* got 1"):
        each(random_cochains(K, channels=(1, 2, 1), max_dim=2), K)
    late = SimplicialMixer(-1, 4, 3, 1, 2)
    assert late(tuple(x), K).shape == (1, 3)
    with pytest.raises(ValueError, match=r"x\[0\] must have 2 channels, .* got 3"):
        late(random_cochains(K, channels=3, max_dim=2), K)
