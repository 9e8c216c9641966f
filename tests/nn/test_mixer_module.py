"""MLP-Mixer as a module: sizes, weights, dropout, copies, compilation, and the errors it raises."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from optim import LocoProp
from simplex.nn import (
    MixerBlock,
    MixerDenoiser,
    MLPMixer,
    TimeEmbedding,
    TokenLinear,
    expand_resolution,
)
from tests.nn.test_mixer import SIZES, exact, images, mixer, randomized


def mixer_of(image, patch, colours=3, classes=4, channels=6, blocks=1, **options):
    return MLPMixer(colours, channels, classes, blocks, image, patch, **options)


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


def test_errors_say_what_and_how():
    for make, words in (
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
    ):
        with pytest.raises((ValueError, TypeError), match=words):
            make()


def test_errors_of_kind():
    for make, words in (
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
    ):
        with pytest.raises(TypeError, match=words):
            make()
