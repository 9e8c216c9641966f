"""The denoiser on images: shapes, times and labels, and that it learns."""

import copy
import math

import pytest
import torch
from torch.nn import functional as F

from simplex.nn import (
    MixerDenoiser,
    MLPMixer,
    TimeEmbedding,
    expand_resolution,
)
from tests.nn.test_mixer import SIZES, images, mixer, randomized


def test_expansion_keeps_the_model_and_its_type():
    model = randomized(mixer("square", cond_channels=4)).requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    random_state = torch.get_rng_state()
    large = expand_resolution(model, 2)
    assert torch.equal(torch.get_rng_state(), random_state)
    torch.testing.assert_close(model.state_dict(), before, atol=0, rtol=0)
    assert {p.dtype for p in large.parameters()} == {torch.float32}
    assert not any(p.requires_grad for p in large.parameters())
    denoiser = expand_resolution(randomized(MixerDenoiser(1, 6, 1, 1, 4, 2)), 2)
    assert isinstance(denoiser, MixerDenoiser)
    x, time = torch.randn(2, 1, 8, 8), torch.tensor([1.0, 2.0])
    small = randomized(MixerDenoiser(1, 6, 1, 1, 4, 2))
    torch.testing.assert_close(
        denoiser(x, time)[..., :4, 4:], small(x[..., :4, 4:], time), atol=1e-4, rtol=1e-4
    )


def test_the_denoiser_compiles_as_one_graph():
    torch.compiler.reset()
    model = randomized(MixerDenoiser(1, 6, 1, 1, 4, 2, label_channels=2))
    x, time, label = torch.randn(3, 1, 4, 4), torch.rand(3), torch.randn(3, 2)
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    torch.testing.assert_close(
        compiled(x, time, label), model(x, time, label), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("size", SIZES)
def test_the_denoiser_returns_images(size, dtype):
    image, patch, colours = SIZES[size]
    model = MixerDenoiser(
        colours, 5, colours, 2, image, patch, label_channels=4, time_scale=1000.0
    ).to(dtype)
    x = images(model, dtype=dtype)
    time, label = torch.rand(3, dtype=dtype), torch.randn(3, 4, dtype=dtype)
    assert model(x, time).shape == x.shape
    assert model(x, time, label).abs().max() == 0
    randomized(model)
    y = model(x, time, label)
    assert y.dtype == dtype
    torch.testing.assert_close(model(x, time[0])[0], model(x, time)[0], atol=1e-4, rtol=1e-4)
    assert (model(x, time) - model(x, time + 0.1)).abs().max() > 1e-4
    assert (model(x, time) - y).abs().max() > 1e-4
    y.square().sum().backward()
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().sum() > 0, name


def test_labels_of_any_type_are_cast_and_none_is_zeros():
    model = randomized(MixerDenoiser(1, 6, 1, 1, 4, 2, label_channels=3))
    x, time, label = torch.randn(2, 1, 4, 4), torch.rand(2), torch.tensor([0, 2])
    hot = F.one_hot(label, 3)
    torch.testing.assert_close(model(x, time, hot), model(x, time, hot.float()))
    torch.testing.assert_close(model(x, time, torch.zeros_like(hot)), model(x, time))
    with pytest.raises(ValueError, match=r"got \(2,\)\. One-hot: .*one_hot\(label, n\)"):
        model(x, time, label)


def test_the_denoiser_refuses_another_dtype_than_that_of_its_parameters():
    model, x, time = MixerDenoiser(1, 6, 1, 1, 4, 2), torch.ones(2, 1, 4, 4), torch.rand(2)
    with pytest.raises(ValueError, match=r"got float64: x\.float\(\) or network\.double\(\)\."):
        model(x.double(), time)
    with pytest.raises(ValueError, match=r"got uint8: x\.float\(\)\."):
        model(x.byte(), time)
    with torch.autocast("cpu", torch.bfloat16):
        assert model(x, time).shape == x.shape


def test_a_denoiser_learns_the_mean():
    """With noise alone as input, and one constant target, it has to find the target."""
    model = MixerDenoiser(1, 16, 1, 1, 4, 2)
    target = torch.randn(1, 1, 4, 4)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(150):
        loss = F.mse_loss(
            model(torch.randn(16, 1, 4, 4), torch.rand(16)), target.expand(16, -1, -1, -1)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05 * target.square().mean().item()


def test_times_are_embedded_by_sines():
    embedding = TimeEmbedding(6, scale=2.0, max_period=100.0).double()
    time = torch.tensor([0.0, 1.5], dtype=torch.float64)
    rows = [[math.cos(2 * t * 100 ** (-i / 3)) for i in range(3)]
            + [math.sin(2 * t * 100 ** (-i / 3)) for i in range(3)] for t in (0, 1.5)]  # fmt: skip
    torch.testing.assert_close(
        embedding(time), torch.tensor(rows, dtype=torch.float64), atol=1e-6, rtol=0
    )
    assert embedding(torch.tensor([3])).dtype == torch.float64
    assert list(embedding.state_dict()) == []


def test_both_numbers_are_printed():
    with torch.device("meta"):
        model = MLPMixer.from_config("B/16")
    for words in (
        "num_tokens=196",
        "tokens_mlp_dim=384",
        "channels_mlp_dim=3072",
        "out_channels=1000",
    ):
        assert words in repr(model)
    for words in ("num_tokens=196", "tokens_mlp_dim=384", "channels_mlp_dim=3072"):
        assert words in repr(model.blocks[0])
    assert "out_channels=3" in repr(MixerDenoiser(3, 4, 3, 1, 4, 2))
