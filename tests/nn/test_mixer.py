"""MLP-Mixer: counts, the equivalences of the paper in float64, conditions, sizes, training."""

import copy
import math

import pytest
import torch
from torch.nn import functional as F

from simplex.nn import (
    MIXER_CONFIGS,
    MixerBlock,
    MLPMixer,
    PatchGrid,
    expand_resolution,
    from_patches,
    to_patches,
)


exact = {"atol": 1e-10, "rtol": 0}

# Without head, with 1000 classes, with 21843, billions of multiplications with 1000 classes. The
# second column of B/16, B/32 and L/16 is what the authors' own test asserts.
COUNTS = {
    "S/32": (18_591_624, 19_104_624, 29_797_083, 1.002),
    "S/16": (18_015_264, 18_528_264, 29_220_723, 3.777),
    "B/32": (59_524_428, 60_293_428, 76_321_695, 3.238),
    "B/16": (59_111_472, 59_880_472, 75_908_739, 12.602),
    "L/32": (205_914_264, 206_939_264, 228_303_339, 11.253),
    "L/16": (207_171_168, 208_196_168, 229_560_243, 44.548),
    "H/14": (431_069_952, 432_350_952, 459_050_835, 120.99),
}

SIZES = {  # image, patch, channels
    "line": ((12,), 3, 2),
    "square": (8, 4, 3),
    "rectangle": ((8, 12), (4, 2), 1),
    "volume": ((4, 6, 2), 2, 2),
    "four axes": ((2, 4, 2, 2), (1, 2, 1, 2), 1),
    "one token": (4, 4, 1),
}


def randomized(model, seed=0):
    """The same network with all parameters random: heads, biases and modulations too."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(0.4 * torch.randn(p.shape, generator=generator, dtype=torch.float64))
    return model


def mixer(size="rectangle", classes=5, channels=6, blocks=2, **options):
    image, patch, colours = SIZES[size]
    options = {"tokens_mlp_dim": 7, "channels_mlp_dim": 9, **options}
    return MLPMixer(colours, channels, classes, blocks, image, patch, **options)


def images(model, batch=3, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, model.stem.in_channels, *model.grid.image_size)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


def count(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("name", MIXER_CONFIGS)
def test_counts_of_the_published_configurations(name):
    bare, thousand, many, billions = COUNTS[name]
    with torch.device("meta"):
        model = MLPMixer.from_config(name)
        assert count(model) == thousand
        assert len(model.state_dict()) == 12 * len(model.blocks) + 6
        assert model.macs() == pytest.approx(billions * 1e9, rel=5e-4)
        model.reset_classifier(21_843)
        assert count(model) == many
        model.reset_classifier(0)
        assert count(model) == bare


def test_every_configuration_has_counts():
    assert list(COUNTS) == list(MIXER_CONFIGS)


def test_a_width_given_wins_over_the_configuration():
    with torch.device("meta"):
        model = MLPMixer.from_config("S/32", tokens_mlp_dim=5, image_size=64, out_channels=3)
    assert model.blocks[0].tokens_mlp_dim == 5
    assert model.blocks[0].channels_mlp_dim == 2048
    assert model.grid.num_tokens == 4


def convolutional(model, x, gelu="none"):
    """The network as convolutions alone: the "is it free of them?" of the debate."""
    N, (h, w), C = len(x), model.grid.shape, model.hidden_channels
    kernel = model.stem.proj.weight.view(C, -1, *model.grid.patch_size)
    x = F.conv2d(x, kernel, model.stem.proj.bias, stride=model.grid.patch_size)

    def norm(layer, x):
        return layer(x.movedim(1, -1)).movedim(-1, 1)

    for block in model.blocks:
        one, two = block.mlp_tokens.fc1, block.mlp_tokens.fc2
        y = norm(block.norm1, x).reshape(N * C, 1, h, w)
        y = F.gelu(F.conv2d(y, one.weight.view(-1, 1, h, w), one.bias), approximate=gelu)
        y = F.conv2d(y, two.weight[:, :, None, None], two.bias)
        x = x + y.view(N, C, h, w)
        one, two = block.mlp_channels.fc1, block.mlp_channels.fc2
        y = F.conv2d(norm(block.norm2, x), one.weight[:, :, None, None], one.bias)
        y = F.conv2d(F.gelu(y, approximate=gelu), two.weight[:, :, None, None], two.bias)
        x = x + y
    return model.head(norm(model.norm, x).mean((2, 3)))


@pytest.mark.parametrize(("gelu", "torchs"), [("erf", "none"), ("tanh", "tanh")])
@pytest.mark.parametrize("size", ["square", "rectangle", "one token"])
def test_equal_to_a_convolutional_network(size, gelu, torchs):
    model = randomized(mixer(size, gelu=gelu)).double()
    x = images(model)
    torch.testing.assert_close(model(x), convolutional(model, x, torchs), **exact)


def test_the_two_gelus_differ():
    model = randomized(mixer()).double()
    other = randomized(mixer(gelu="tanh")).double()
    x = images(model)
    assert 1e-9 < (model(x) - other(x)).abs().max() < 1e-1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_permutation_of_patches_and_of_pixels_is_absorbed(size, seed):
    model = randomized(mixer(size), seed).double()
    x, grid = images(model, seed=seed), model.grid
    order = torch.randperm(grid.num_tokens)
    pixels = torch.randperm(grid.patch_volume)
    patches = to_patches(x, grid)[:, order].unflatten(-1, (-1, grid.patch_volume))[..., pixels]
    shuffled = from_patches(patches.flatten(-2), grid)

    other = copy.deepcopy(model)
    with torch.no_grad():
        weight = other.stem.proj.weight.unflatten(1, (-1, grid.patch_volume))
        other.stem.proj.weight.copy_(weight[..., pixels].flatten(1))
        for block in other.blocks:
            one, two = block.mlp_tokens.fc1, block.mlp_tokens.fc2
            one.weight.copy_(one.weight[:, order])
            two.weight.copy_(two.weight[order])
            two.bias.copy_(two.bias[order])
    torch.testing.assert_close(other(shuffled), model(x), **exact)
    if grid.num_tokens > 1 and not torch.equal(order, torch.arange(grid.num_tokens)):
        assert (model(shuffled) - model(x)).abs().max() > 1e-4


@pytest.mark.parametrize(
    ("size", "factor"),
    [("square", 2), ("square", 3), ("rectangle", 2), ("rectangle", (1, 3)), ("line", 2),
     ("volume", (2, 1, 2)), ("one token", 2), ("square", 1)],
)  # fmt: skip
def test_the_expanded_network_is_the_small_one_on_each_part(size, factor):
    model = randomized(mixer(size)).double()
    large = expand_resolution(model, factor)
    grid, shape = model.grid, large.grid.shape
    x = images(large)
    parts = PatchGrid(large.grid.image_size, grid.image_size)
    small = to_patches(x, parts)  # (N, parts, channels · pixels of a small image)
    small = small.reshape(-1, model.stem.in_channels, *grid.image_size)
    features = large.forward_features(x).movedim(-1, 1).reshape(len(x), -1, *shape)
    by_part = to_patches(features, PatchGrid(shape, grid.shape))
    by_part = by_part.reshape(-1, model.hidden_channels, grid.num_tokens).mT
    torch.testing.assert_close(by_part, model.forward_features(small), **exact)
    mean = model(small).view(len(x), -1, model.out_channels).mean(1)
    torch.testing.assert_close(large(x), mean, **exact)

    number = parts.num_tokens
    assert large.blocks[0].num_tokens == number * grid.num_tokens
    assert large.blocks[0].tokens_mlp_dim == number * model.blocks[0].tokens_mlp_dim
    assert (
        repr(large.blocks[0].mlp_tokens.fc1)
        == f"TokenLinear({number * grid.num_tokens}, {number * 7})"
    )


@pytest.mark.parametrize("classes", [2, 10])
def test_the_head_starts_at_zero(classes, dtype):
    model = mixer(classes=classes).to(dtype)
    logits = model(images(model, dtype=dtype))
    assert logits.abs().max() == 0
    loss = F.cross_entropy(logits, torch.zeros(3, dtype=torch.long))
    assert loss.item() == pytest.approx(math.log(classes))


def test_token_mixing_keeps_the_channels_apart():
    block = randomized(MixerBlock(5, 4, 6, 8)).double()
    x = torch.randn(1, 5, 4, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda x: x + block.mlp_tokens(x), x)[0, :, :, 0]
    other = ~torch.eye(4, dtype=torch.bool)  # (token, channel, token, channel)
    assert jacobian.movedim(2, 1)[:, :, other].abs().max() == 0
    assert jacobian.movedim(2, 1)[:, :, ~other].abs().min() > 0


def test_the_block_is_the_formula():
    block = randomized(MixerBlock(5, 4, 6, 8)).double()
    x = torch.randn(2, 5, 4, dtype=torch.float64)

    def norm(x, layer):
        x = x - x.mean(-1, keepdim=True)
        x = x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()
        return x * layer.weight + layer.bias

    def gelu(x):
        return x * (1 + torch.erf(x / math.sqrt(2))) / 2

    t, c = block.mlp_tokens, block.mlp_channels
    hidden = gelu(t.fc1.weight @ norm(x, block.norm1) + t.fc1.bias[:, None])
    U = x + t.fc2.weight @ hidden + t.fc2.bias[:, None]
    Y = U + gelu(norm(U, block.norm2) @ c.fc1.weight.T + c.fc1.bias) @ c.fc2.weight.T + c.fc2.bias
    torch.testing.assert_close(block(x), Y, **exact)


def test_gradients_agree_with_differences():
    model = randomized(mixer("square", channels=3, blocks=1, classes=2, cond_channels=2)).double()
    x, cond = images(model, batch=2), torch.randn(2, 2, dtype=torch.float64)
    names, values = zip(*model.named_parameters(), strict=True)

    def call(x, cond, *values):
        return torch.func.functional_call(model, dict(zip(names, values, strict=True)), (x, cond))

    inputs = (x.requires_grad_(), cond.requires_grad_(), *values)
    assert torch.autograd.gradcheck(call, inputs, fast_mode=True)


@pytest.mark.parametrize("size", ["line", "square", "volume"])
def test_patches_are_those_of_a_convolution(size):
    model = mixer(size).double()
    x, kernel = images(model), model.stem.proj.weight
    convolution = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[len(model.grid.shape)]
    kernel = kernel.view(len(kernel), -1, *model.grid.patch_size)
    y = convolution(x, kernel, model.stem.proj.bias, stride=model.grid.patch_size)
    torch.testing.assert_close(model.stem(x), y.flatten(2).mT, **exact)
    torch.testing.assert_close(
        from_patches(to_patches(x, model.grid), model.grid), x, atol=0, rtol=0
    )


def test_a_condition_changes_nothing_at_first():
    plain = randomized(mixer()).double()
    conditioned = mixer(cond_channels=4).double()
    missing, foreign = conditioned.load_state_dict(plain.state_dict(), strict=False)
    assert foreign == []
    assert all("modulation" in name for name in missing)
    x, cond = images(plain), torch.randn(3, 4, dtype=torch.float64)
    torch.testing.assert_close(conditioned(x, cond), plain(x), **exact)
    randomized(conditioned.blocks[1].modulation)
    assert (conditioned(x, cond) - plain(x)).abs().max() > 1e-3
    assert (conditioned(x, cond)[0] - conditioned(x, 2 * cond)[0]).abs().max() > 1e-3


def test_the_condition_is_the_formula():
    block = randomized(MixerBlock(5, 4, 6, 8, cond_channels=3)).double()
    x, cond = torch.randn(2, 5, 4).double(), torch.randn(2, 3).double()
    lin = block.modulation.lin
    parts = (cond * torch.sigmoid(cond)) @ lin.weight.T + lin.bias
    b1, s1, g1, b2, s2, g2 = parts.view(2, 1, 6, 4).unbind(2)
    U = x + (1 + g1) * block.mlp_tokens((1 + s1) * block.norm1(x) + b1)
    Y = U + (1 + g2) * block.mlp_channels((1 + s2) * block.norm2(U) + b2)
    torch.testing.assert_close(block(x, cond), Y, **exact)


def test_token_maps_tell_rows_and_weights():
    linear = MixerBlock(5, 4, 6, 8).mlp_tokens.fc1
    randomized(linear).double()
    x = torch.randn(2, 5, 4, dtype=torch.float64)
    rows = linear.locoprop_rows(x)
    weight, bias = linear.locoprop_weights()
    y = rows @ torch.cat([weight, bias[:, None]], dim=1).T
    torch.testing.assert_close(y.view(2, 4, 6).mT, linear(x), **exact)


def test_the_default_widths_are_the_papers():
    block = MixerBlock(49, 10)
    assert (block.tokens_mlp_dim, block.channels_mlp_dim) == (5, 40)
