"""The mixer on cochains: equal to MLP-Mixer on a grid, equivariant and linear everywhere else."""

from functools import partial

import pytest
import torch
from torch import nn

from simplex import SimplicialComplex
from simplex.nn import (
    ChannelMixerConv,
    KernelMixerConv,
    MixerBlock,
    MLPMixer,
    OneHotCodes,
    OperatorMixerConv,
    SimplicialMixer,
    StructuralCodes,
    to_patches,
)
from simplex.testing import (
    assert_batch_consistent,
    assert_orientation_equivariant,
    assert_permutation_equivariant,
    random_cochains,
    random_complex,
)
from tests.nn.table import drawn


TOP, WIDTH = 3, 6


def with_even_activations(layer):
    """Against the constructor, which refuses them."""
    layer.activations = [nn.functional.gelu] * len(layer.activations)
    return layer


def grid(rows, columns):
    """A triangulated grid of vertices, row by row."""
    squares = [
        (i * columns + j, i * columns + j + 1, (i + 1) * columns + j, (i + 1) * columns + j + 1)
        for i in range(rows - 1)
        for j in range(columns - 1)
    ]
    triangles = [t for a, b, c, d in squares for t in ((a, b, d), (a, c, d))]
    return SimplicialComplex.from_simplices(triangles)


def star(num_leaves):
    return SimplicialComplex.from_simplices([(0, leaf) for leaf in range(1, num_leaves + 1)])


# --- laws -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layer",
    [
        with_even_activations(OperatorMixerConv(5, TOP)),
        with_even_activations(ChannelMixerConv(WIDTH, 9, TOP)),
        KernelMixerConv(5, TOP, codes=StructuralCodes(signed=False)),
    ],
)
def test_even_codes_and_activations_see_the_orientation(layer):
    K = random_complex(0)
    layer = drawn(layer).to(torch.float64).eval()
    x = random_cochains(K, channels=WIDTH, max_dim=TOP, dtype=torch.float64)
    with pytest.raises(AssertionError, match="under reorientation"):
        assert_orientation_equivariant(layer, x, K)


@pytest.mark.parametrize("mixing", ["kernel", "operator"])
def test_a_part_without_simplices_of_a_dimension(mixing):
    model = SimplicialMixer(2, 4, 3, 2, 2, mixing=mixing).double()
    complexes = [
        SimplicialComplex.from_simplices([], num_vertices=1),
        SimplicialComplex.from_simplices([(0, 1)], num_vertices=3),
        SimplicialComplex.from_simplices([(0, 1, 2, 3)]).skeleton(2),
        SimplicialComplex.from_simplices([], num_vertices=2),
    ]
    items = [(random_cochains(K, channels=2, max_dim=2, dtype=torch.float64), K) for K in complexes]
    assert_batch_consistent(model, items)
    assert all(model(x, K).isfinite().all() for x, K in items)


def test_the_operator_layer_is_additive_even_within_one_part():
    layer = OperatorMixerConv(5, TOP, normalize=False).double()
    complexes = [random_complex(seed) for seed in range(3)]
    union = SimplicialComplex.disjoint_union(complexes)
    cochains = [
        random_cochains(K, channels=WIDTH, max_dim=TOP, dtype=torch.float64) for K in complexes
    ]
    joined = [torch.cat(values) for values in zip(*cochains, strict=True)]
    apart = [layer(x, K) for x, K in zip(cochains, complexes, strict=True)]
    for values, *each in zip(layer(joined, union.with_parts(None)), *apart, strict=True):
        torch.testing.assert_close(values, torch.cat(each))


# --- what reaches what ----------------------------------------------------------------------------


def reach(layer, complex, k):
    """Whether output (σ, c) of degree k depends on input (τ, c'), (n_k, C, n_k, C)."""
    x = random_cochains(complex, channels=3, max_dim=2, dtype=torch.float64)

    def output(values):
        return layer([*x[:k], values, *x[k + 1 :]], complex)[k]

    return torch.autograd.functional.jacobian(output, x[k]).abs() > 1e-14


@pytest.mark.parametrize("k", [0, 1])
@pytest.mark.parametrize("kind", [KernelMixerConv, OperatorMixerConv])
def test_token_mixing_keeps_the_channels_apart(kind, k):
    layer = drawn(kind(5, 2)).to(torch.float64).eval()
    reached = reach(layer, random_complex(3).skeleton(2), k)
    for a in range(3):
        for b in range(3):
            assert reached[:, a, :, b].any() == (a == b)


def test_kernels_reach_all_of_a_part_and_operators_what_is_near():
    path = SimplicialComplex.from_simplices([(i, i + 1) for i in range(6)])
    union = SimplicialComplex.disjoint_union([path, path])
    same_part = union.part(0)[:, None] == union.part(0)
    kernel = drawn(KernelMixerConv(5, 2)).to(torch.float64).eval()
    assert torch.equal(reach(kernel, union, 0)[:, 0, :, 0], same_part)
    operator = drawn(OperatorMixerConv(5, 2, up_order=2)).to(torch.float64).eval()
    place = torch.arange(7)
    near = (place[:, None] - place).abs() <= 2
    assert torch.equal(reach(operator, path, 0)[:, 0, :, 0], near)


# --- the kernel layer is MLP-Mixer ----------------------------------------------------------------


def with_token_weights(layer, fc1, fc2, counts):
    """Copy the token MLP of the Mixer, whose tokens are the simplices, one dimension after another.

    One-hot codes make W_1 = Φᵀ, so the columns of W_1 are the weights of Φ.
    """
    with torch.no_grad():
        for k, columns in enumerate(fc1.weight.split(counts, dim=1)):
            layer.read[k].weight.copy_(columns)
        for k, rows in enumerate(fc2.weight.split(counts, dim=0)):
            layer.write[k].weight.copy_(rows.T)
        for k, shifts in enumerate(fc2.bias.split(counts)):
            layer.shift[k].weight.copy_(shifts[None])
        layer.bias.copy_(fc1.bias)


def with_block_weights(block, official):
    """Copy a whole block of the Mixer, for vertices alone."""
    token, channel = block.token_half, block.channel_half
    with_token_weights(
        token.mixing, official.mlp_tokens.fc1, official.mlp_tokens.fc2, [official.num_tokens]
    )
    channel.mixing.lin1[0].load_state_dict(official.mlp_channels.fc1.state_dict())
    channel.mixing.lin2[0].load_state_dict(official.mlp_channels.fc2.state_dict())
    token.norms[0].load_state_dict(official.norm1.state_dict())
    channel.norms[0].load_state_dict(official.norm2.state_dict())


def randomised(module, seed):
    torch.manual_seed(seed)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module.double()


@pytest.mark.parametrize("seed", [0, 1])
def test_token_mixing_is_the_formula_of_the_paper(seed):
    K, channels, width = grid(3, 4), 5, 7
    generator = torch.Generator().manual_seed(seed)
    fc1, fc2 = nn.Linear(12, width).double(), nn.Linear(width, 12).double()
    layer = KernelMixerConv(width, 0, codes=OneHotCodes(K.f_vector), power=0.0).double()
    with_token_weights(layer, fc1, fc2, [12])
    x = torch.randn(12, channels, dtype=torch.float64, generator=generator)
    hidden = nn.functional.gelu(fc1.weight @ x + fc1.bias[:, None])
    expected = fc2.weight @ hidden + fc2.bias[:, None]
    torch.testing.assert_close(layer([x], K)[0], expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_simplices_of_all_dimensions_are_the_tokens(seed):
    K, channels, width = grid(3, 4), 5, 7
    counts = list(K.f_vector)
    official = randomised(MixerBlock(sum(counts), channels, width, 11), seed)
    layer = KernelMixerConv(width, 2, codes=OneHotCodes(K.f_vector), power=0.0).double()
    with_token_weights(layer, official.mlp_tokens.fc1, official.mlp_tokens.fc2, counts)
    x = random_cochains(K, channels=channels, dtype=torch.float64, seed=seed)
    expected = official.mlp_tokens(torch.cat(x)[None])[0]
    torch.testing.assert_close(torch.cat(layer(x, K)), expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize("seed", [0, 1])
def test_on_a_batch_of_grids_the_network_is_mlp_mixer(seed):
    official = randomised(MLPMixer(3, 10, 0, 2, (6, 8), 2), seed)
    K = grid(3, 4)
    images = torch.randn(5, 3, 6, 8, dtype=torch.float64)
    mixing = partial(KernelMixerConv, codes=OneHotCodes(K.f_vector), power=0.0)
    model = SimplicialMixer(12, 10, 2, num_layers=2, max_dim=0, mixing=mixing).double()
    model.stems[0].load_state_dict(official.stem.proj.state_dict())
    for block, theirs in zip(model.convs, official.blocks, strict=True):
        with_block_weights(block, theirs)
    model.final_norms[0].load_state_dict(official.norm.state_dict())
    batch = SimplicialComplex.disjoint_union([K] * len(images))
    patches = to_patches(images, official.grid).flatten(0, 1)
    expected = official.forward_features(images).flatten(0, 1)
    torch.testing.assert_close(model.encode([patches], batch)[0], expected, atol=1e-10, rtol=0)


# --- condition ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mixing", ["kernel", "operator"])
def test_a_condition_keeps_the_laws(mixing, dtype):
    model = SimplicialMixer(WIDTH, 4, 3, 2, TOP, mixing=mixing, cond_channels=5)
    plain = SimplicialMixer(WIDTH, 4, 3, 2, TOP, mixing=mixing)
    plain.load_state_dict(model.state_dict(), strict=False)
    K = random_complex(1)
    x = random_cochains(K, channels=WIDTH, max_dim=TOP)
    first = torch.randn(1, 5)
    torch.testing.assert_close(model(x, K, first), plain(x, K))  # at the start nothing changes

    model = drawn(model).to(dtype).eval()
    conds = torch.randn(3, 5, dtype=dtype)
    complexes = [random_complex(seed) for seed in range(3)]
    cochains = [random_cochains(K, channels=WIDTH, max_dim=TOP, dtype=dtype) for K in complexes]
    tolerance = 1e-3 if dtype == torch.float32 else 1e-9
    for each, x, K in zip(conds, cochains, complexes, strict=True):
        for method in (model.encode, model):
            layer = partial(method, cond=each[None])
            assert_permutation_equivariant(layer, x, K, tolerance=tolerance)
            assert_orientation_equivariant(layer, x, K, tolerance=tolerance)
    union = SimplicialComplex.disjoint_union(complexes)
    joined = [torch.cat(values) for values in zip(*cochains, strict=True)]
    together = model(joined, union, conds)
    for p, (x, K) in enumerate(zip(cochains, complexes, strict=True)):
        alone = model(x, K, conds[p : p + 1])
        torch.testing.assert_close(alone[0], together[p], atol=tolerance, rtol=tolerance)
    assert not torch.allclose(together, model(joined, union, conds.flip(0)), atol=1e-2)


def test_a_condition_is_given_where_it_is_wanted():
    K = random_complex(0)
    x = random_cochains(K, channels=2, max_dim=TOP)
    wanting, plain = (SimplicialMixer(2, 4, 3, 1, TOP, cond_channels=c) for c in (5, None))
    with pytest.raises(ValueError, match=r"cond must have shape \(1, 5\), got None"):
        wanting(x, K)
    with pytest.raises(ValueError, match=r"cond must have shape \(1, 5\), got \(2, 5\)"):
        wanting(x, K, torch.zeros(2, 5))
    with pytest.raises(ValueError, match=r"cond must be None, got \(1, 5\)"):
        plain(x, K, torch.zeros(1, 5))


# --- the module -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("mixing", ["kernel", "operator"])
def test_the_network_traces_as_one_graph_with_dynamic_sizes(mixing):
    torch._dynamo.reset()
    model = SimplicialMixer(2, 4, 3, 1, 2, mixing=mixing).double()
    compiled = torch.compile(model, fullgraph=True, dynamic=True, backend="eager")
    for seed in range(3):
        K = random_complex(seed, num_vertices=8 + seed, max_dim=2).with_parts(None)
        x = random_cochains(K, channels=2, max_dim=2, dtype=torch.float64)
        torch.testing.assert_close(compiled(x, K), model(x, K))


@pytest.mark.parametrize("mixing", ["kernel", "operator"])
def test_all_matrices_are_dense_layers(mixing):
    model = SimplicialMixer(2, 4, 3, 2, 2, mixing=mixing, cond_channels=5)
    linear = {id(module.weight) for module in model.modules() if isinstance(module, nn.Linear)}
    assert all(p.ndim < 2 or id(p) in linear for p in model.parameters())


@pytest.mark.parametrize("mixing", ["kernel", "operator"])
def test_a_condition_is_drawn_as_zero(mixing):
    model = SimplicialMixer(2, 4, 3, 2, 2, mixing=mixing, cond_channels=5)
    for parameter in model.parameters():
        nn.init.constant_(parameter, 7.0)
    model.reset_parameters()
    assert all((p != 7.0).all() for p in model.parameters())
    zero = [p for name, p in model.named_parameters() if "modulations" in name]
    assert len(zero) == 2 * 2 * 3 * 2
    assert all((p == 0).all() for p in zero)


@pytest.mark.parametrize("mixing", ["kernel", "operator"])
def test_every_parameter_gets_a_gradient(mixing):
    model = SimplicialMixer((1, 2, 3), 4, 3, 2, 2, mixing=mixing, cond_channels=5).double()
    K = SimplicialComplex.disjoint_union([random_complex(s, max_dim=2) for s in range(4)])
    x = random_cochains(K, channels=(1, 2, 3), max_dim=2, dtype=torch.float64)
    drawn(model).to(torch.float64).eval()
    model(x, K, torch.randn(4, 5, dtype=torch.float64)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in model.parameters())


def test_the_readout_is_a_mean_as_in_the_paper():
    K = SimplicialComplex.disjoint_union([star(3), star(5)])
    model = SimplicialMixer(2, 4, 3, 1, 1)
    x = random_cochains(K, channels=2)
    h = model.encode(x, K)
    means = [torch.stack([h[k].abs()[K.part(k) == p].mean(0) for p in range(2)]) for k in range(2)]
    read = [
        nn.functional.elu(linear(mean))
        for linear, mean in zip(model.readout.read, means, strict=True)
    ]
    torch.testing.assert_close(model(x, K), model.readout.classify(sum(read)))


def test_lazy_widths_and_dropout():
    K = random_complex(0)
    x = random_cochains(K, channels=3, max_dim=TOP)
    model = SimplicialMixer(-1, 8, 2, 2, TOP, layer_dropout=0.5, mixing="kernel")
    assert model(x, K).shape == (1, 2)
    assert not torch.equal(model(x, K), model(x, K))
    assert torch.equal(model.eval()(x, K), model(x, K))
