"""MLP-Mixer: counts, the equivalences of the paper in float64, conditions, sizes, training."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from optim import LocoProp
from simplex.nn import (
    MIXER_CONFIGS,
    MixerBlock,
    MixerDenoiser,
    MLPMixer,
    PatchGrid,
    TimeEmbedding,
    TokenLinear,
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


@pytest.mark.parametrize("size", SIZES)
def test_every_size_in_both_types(size, dtype):
    model = randomized(mixer(size, cond_channels=3)).to(dtype)
    x, cond = images(model, dtype=dtype), torch.randn(3, 3, dtype=dtype)
    before = x.clone(), cond.clone()
    y = model(x, cond)
    assert y.shape == (3, 5)
    assert y.dtype == dtype
    torch.testing.assert_close((x, cond), before, atol=0, rtol=0)
    one_by_one = torch.cat([model(a[None], c[None]) for a, c in zip(x, cond, strict=True)])
    torch.testing.assert_close(
        y, one_by_one, atol=1e-4 if dtype == torch.float32 else 1e-12, rtol=1e-5
    )
    assert model(x[:0], cond[:0]).shape == (0, 5)
    y.square().sum().backward()
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().sum() > 0, name


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


def test_weights_are_drawn_as_flax_draws_them():
    model = MLPMixer(3, 128, 10, 1, 32, 8)
    weights = {
        model.stem.proj.weight: 192,
        model.blocks[0].mlp_tokens.fc1.weight: 16,
        model.blocks[0].mlp_tokens.fc2.weight: 64,
        model.blocks[0].mlp_channels.fc1.weight: 128,
        model.blocks[0].mlp_channels.fc2.weight: 512,
    }
    for weight, fan_in in weights.items():
        assert weight.shape[1] == fan_in
        assert weight.std().item() == pytest.approx(fan_in**-0.5, rel=0.06)
        assert weight.abs().max() <= 2 / 0.8796 * fan_in**-0.5
    biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
    assert all(bias.abs().max() == 0 for bias in biases)


def test_weights_are_drawn_anew():
    model = mixer(cond_channels=2)
    before = copy.deepcopy(model.state_dict())
    randomized(model).reset_parameters()
    for name, p in model.named_parameters():
        drawn = p.ndim > 1 and not name.startswith("head") and "modulation" not in name
        assert torch.equal(p, before[name]) != drawn, name
        assert p.std().item() == pytest.approx(before[name].std().item(), rel=0.5, abs=1e-9)


@pytest.mark.parametrize("variant", ["S", "M"])
def test_locoprop_covers_every_linear_map(variant):
    model = mixer(cond_channels=2)
    optimizer = LocoProp(model, variant, lr=0.1)
    covered = {line.name for line in optimizer.report() if line.solver}
    linears = {n for n, m in model.named_modules() if isinstance(m, nn.Linear | TokenLinear)}
    assert linears <= covered
    x, cond, y = images(model, dtype=torch.float32), torch.randn(3, 2), torch.tensor([0, 1, 2])
    losses = []
    for _ in range(20):
        losses.append(F.cross_entropy(model(x, cond), y))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.8 * losses[0]
    optimizer.close()


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


def test_stochastic_depth_drops_samples_and_keeps_the_mean():
    model = randomized(mixer(blocks=5, stochastic_depth=0.5)).double()
    assert [block.depth.rate for block in model.blocks] == [0, 0.125, 0.25, 0.375, 0.5]
    x = images(model)
    torch.testing.assert_close(model.eval()(x), randomized(mixer(blocks=5)).double()(x), **exact)

    block = randomized(MixerBlock(5, 4, 6, 8, stochastic_depth=0.25)).double()
    x = torch.randn(1, 5, 4, dtype=torch.float64).expand(4000, -1, -1)
    full = block.eval()(x)[0] - x[0]
    half = block.mlp_tokens(block.norm1(x[:1]))[0]  # the branch on tokens, alone
    change = block.train()(x) - x
    dropped = (change == 0).all(-1).all(-1)
    assert dropped.double().mean().item() == pytest.approx(1 / 16, abs=0.015)
    tokens_only = (change - half / 0.75).abs().amax((1, 2)) < 1e-10
    assert tokens_only.double().mean().item() == pytest.approx(3 / 16, abs=0.025)
    depth = block.depth(torch.ones(4000, 2, 3))
    assert depth.unique().tolist() == pytest.approx([0, 4 / 3])
    assert (depth == depth[:, :1, :1]).all()
    assert depth.mean().item() == pytest.approx(1, abs=0.05)
    assert full.abs().max() > 0


def test_dropout_acts_in_training_alone():
    model = randomized(mixer(dropout=0.5, head_dropout=0.5)).double()
    x = images(model)
    assert not torch.equal(model(x), model(x))
    model.eval()
    torch.testing.assert_close(model(x), randomized(mixer()).double()(x), **exact)


def test_features_head_and_reset():
    model = randomized(mixer()).double()
    x = images(model)
    features = model.forward_features(x)
    assert features.shape == (3, 12, 6)
    torch.testing.assert_close(model.forward_head(features), model(x), **exact)
    state = torch.get_rng_state()
    model.reset_classifier(0)
    torch.testing.assert_close(model(x), features.mean(1), **exact)
    model.reset_classifier(7)
    assert torch.equal(torch.get_rng_state(), state)
    assert model(x).tolist() == torch.zeros(3, 7).tolist()
    assert model.head.weight.dtype == torch.float64
    model.head.weight.data.fill_(1)
    model(x).sum().backward()
    assert model.head.weight.grad is not None


def test_copies_and_state():
    model = randomized(mixer(cond_channels=2))
    x, cond = images(model, dtype=torch.float32), torch.randn(3, 2)
    twin = copy.deepcopy(model)
    other = mixer(cond_channels=2)
    other.load_state_dict(model.state_dict())
    assert torch.equal(twin(x, cond), model(x, cond))
    assert torch.equal(other(x, cond), model(x, cond))


def test_autocast_is_near():
    model = randomized(mixer())
    x = images(model, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        y = model(x)
        y.float().square().mean().backward()
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.float(), model(x), atol=0.2, rtol=0.1)
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("cond_channels", [None, 3])
def test_compiles_as_one_graph(cond_channels):
    torch.compiler.reset()
    model = randomized(mixer(cond_channels=cond_channels, dropout=0.1, stochastic_depth=0.2)).eval()
    x = images(model, dtype=torch.float32)
    cond = None if cond_channels is None else torch.randn(3, cond_channels)
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x, cond), model(x, cond), atol=1e-5, rtol=1e-5)
    assert compiled.train()(x, cond).isfinite().all()


def test_the_denoiser_compiles_as_one_graph():
    torch.compiler.reset()
    model = randomized(MixerDenoiser(1, 6, 1, 1, 4, 2, label_channels=2))
    x, time, label = torch.randn(3, 1, 4, 4), torch.rand(3), torch.randn(3, 2)
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    torch.testing.assert_close(
        compiled(x, time, label), model(x, time, label), atol=1e-5, rtol=1e-5
    )


@pytest.mark.slow
@pytest.mark.parametrize("cond_channels", [None, 3])
def test_compiles_to_kernels(cond_channels):
    torch.compiler.reset()
    model = randomized(mixer(cond_channels=cond_channels))
    x = images(model, dtype=torch.float32)
    cond = None if cond_channels is None else torch.randn(3, cond_channels)
    compiled = torch.compile(model, fullgraph=True)
    torch.testing.assert_close(compiled(x, cond), model(x, cond), atol=1e-4, rtol=1e-4)
    expected = torch.autograd.grad(model(x, cond).square().sum(), list(model.parameters()))
    found = torch.autograd.grad(compiled(x, cond).square().sum(), list(model.parameters()))
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


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


def test_token_maps_tell_rows_and_weights():
    linear = MixerBlock(5, 4, 6, 8).mlp_tokens.fc1
    randomized(linear).double()
    x = torch.randn(2, 5, 4, dtype=torch.float64)
    rows = linear.locoprop_rows(x)
    weight, bias = linear.locoprop_weights()
    y = rows @ torch.cat([weight, bias[:, None]], dim=1).T
    torch.testing.assert_close(y.view(2, 4, 6).mT, linear(x), **exact)


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


def test_the_default_widths_are_the_papers():
    block = MixerBlock(49, 10)
    assert (block.tokens_mlp_dim, block.channels_mlp_dim) == (5, 40)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: mixer_of(30, 8),
            r"image_size must be a multiple of patch_size \(8, 8\).*\(32, 32\)",
        ),
        (lambda: mixer_of((32, 32), (8, 8, 8)), "one entry for each of the 2 axes"),
        (lambda: mixer_of((), 8), "at least one"),
        (lambda: mixer_of(32.0, 8), "image_size must be an integer, got 32.0"),
        (lambda: mixer_of((32, 32.0), 8), "image_size must be an integer, got 32.0"),
        (lambda: mixer_of(None, 8), "image_size must be an integer, got None"),
        (lambda: mixer_of(32, 8.0), "patch_size must be an integer, got 8.0"),
        (lambda: mixer_of(32, True), "patch_size must be an integer, got True"),
        (
            lambda: mixer_of(32, 8, channels=8.0),
            "hidden_channels must be an integer, got 8",
        ),
        (lambda: mixer_of(32, 0), "patch_size must be at least 1, got 0"),
        (lambda: mixer_of(32, 8, colours=0), "in_channels must be at least 1"),
        (
            lambda: mixer_of(32, 8, classes=-1),
            "out_channels must be non-negative, got -1",
        ),
        (lambda: mixer_of(32, 8, blocks=0), "num_layers must be at least 1, got 0"),
        (lambda: mixer_of(32, 8, tokens_mlp_dim=0), "tokens_mlp_dim must be at least 1"),
        (lambda: mixer_of(32, 8, channels_mlp_dim=2.5), "channels_mlp_dim must be an integer"),
        (lambda: mixer_of(32, 8, cond_channels=0), "cond_channels must be at least 1"),
        (lambda: mixer_of(32, 8, gelu="exact"), "gelu must be one of 'erf', 'tanh', got 'exact'"),
        (lambda: mixer_of(32, 8, dropout=1.0), "dropout must be below 1, got 1.0"),
        (
            lambda: mixer_of(32, 8, stochastic_depth=-0.1),
            "stochastic_depth must be a finite number",
        ),
        (
            lambda: mixer_of(32, 8, head_dropout=2.0),
            "head_dropout must be a finite number",
        ),
        (
            lambda: MLPMixer.from_config("B16"),
            "'S/32', 'S/16', 'B/32', 'B/16', 'L/32', 'L/16', 'H/14', got 'B16'",
        ),
        (lambda: MLPMixer.from_config("B/16", image_size=250), "must be a multiple of patch_size"),
        (lambda: TimeEmbedding(3), "channels must be even, got 3"),
        (lambda: expand_resolution(mixer(), 0), "factor must be at least 1, got 0"),
        (lambda: expand_resolution(mixer(), 1.5), "factor must be an integer, got 1.5"),
        (lambda: expand_resolution(mixer(), (2, 2, 2)), "each of the 2 axes"),
        (
            lambda: mixer()(torch.ones(2, 1, 8, 8)),
            r"x must have shape \(batch, 1, 8, 12\), got \(2, 1, 8, 8\)",
        ),
        (
            lambda: mixer()(torch.ones(2, 1, 8, 12), torch.ones(2, 3)),
            r"cond must be None, got .*cond_channels",
        ),
        (
            lambda: mixer(cond_channels=3)(torch.ones(2, 1, 8, 12)),
            r"cond must have shape \(2, 3\), got None",
        ),
        (
            lambda: MixerBlock(4, 6)(torch.ones(2, 5, 6)),
            r"\(batch, 4, 6\).*got \(2, 5, 6\).*expand_resolution",
        ),
        (
            lambda: MixerDenoiser(1, 6, 1, 1, 4, 2)(torch.ones(2, 1, 4, 4), torch.ones(3)),
            r"time must have shape \(2,\)",
        ),
        (
            lambda: MixerDenoiser(1, 6, 1, 1, 4, 2)(
                torch.ones(2, 1, 4, 4), torch.ones(2), torch.ones(2, 1)
            ),
            "label must be None in a network without labels.*label_channels",
        ),
        (
            lambda: MixerDenoiser(1, 6, 1, 1, 4, 2, label_channels=2)(
                torch.ones(2, 1, 4, 4), torch.ones(2), torch.ones(2, 1)
            ),
            r"label must have shape \(2, 2\) or be None, got \(2, 1\)",
        ),
        (
            lambda: MixerDenoiser(1, 6, 1, 1, 4, 2, label_channels=0),
            "label_channels must be at least 1",
        ),
    ],
)
def test_errors_say_what_and_how(make, words):
    with pytest.raises((ValueError, TypeError), match=words):
        make()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: MLPMixer.from_config("S/32", num_layers=2),
            "num_layers must be left to the configuration 'S/32', got 2",
        ),
        (
            lambda: MLPMixer.from_config("S/32", patch_size=8),
            "patch_size must be left to the configuration 'S/32', got 8",
        ),
        (lambda: expand_resolution(nn.Linear(2, 3), 2), "model must be an MLPMixer .* got Linear"),
        (
            lambda: MixerDenoiser(1, 6, 1, 1, 4, 2)(torch.ones(2, 1, 4, 4), 5),
            r"time must be a tensor of shape \(2,\) or \(\), got 5.*torch.tensor",
        ),
    ],
)
def test_errors_of_kind(make, words):
    with pytest.raises(TypeError, match=words):
        make()


def mixer_of(image, patch, colours=3, classes=4, channels=6, blocks=1, **options):
    return MLPMixer(colours, channels, classes, blocks, image, patch, **options)


@pytest.mark.gpu
def test_an_accelerator_gives_the_same():
    model = randomized(mixer(cond_channels=3)).double()
    x, cond = images(model), torch.randn(3, 3, dtype=torch.float64)
    y = copy.deepcopy(model).cuda()(x.cuda(), cond.cuda())
    torch.testing.assert_close(y.cpu(), model(x, cond), **exact)


def test_modules_are_the_expected_ones():
    """Hooks and quantisers look for linear maps: all are modules of their own."""
    kinds = {type(m).__name__ for m in mixer().modules() if any(True for _ in m.parameters(False))}
    assert kinds == {"LecunLinear", "ZeroLinear", "LayerNorm", "TokenLinear"}
    assert not isinstance(mixer().blocks[0].mlp_tokens.fc1, nn.Linear)
