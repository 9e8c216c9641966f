"""The mixer on cochains: equal to MLP-Mixer on a grid, equivariant and linear everywhere else."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from simplex import SimplicialComplex
from simplex.nn import (
    ChannelMixerConv,
    KernelMixerConv,
    MixerBlock,
    MLPMixer,
    OneHotCodes,
    OperatorMixerConv,
    SimplicialMixer,
    SimplicialMixerConv,
    StructuralCodes,
    expand_tokens,
    part_blocks,
    reduce_tokens,
    to_patches,
)
from simplex.operators import (
    apply_coboundary,
)
from simplex.testing import (
    assert_batch_consistent,
    assert_orientation_equivariant,
    assert_permutation_equivariant,
    random_cochains,
    random_complex,
    random_orientation,
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


# --- codes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [True, False])
def test_codes_are_equivariant(signed, dtype):
    for seed in range(3):
        codes_are_equivariant(seed, signed, dtype)


def codes_are_equivariant(seed, signed, dtype):
    codes = StructuralCodes(signed=signed)

    def layer(x, K):
        return codes(K, TOP, dtype)

    K = random_complex(seed)
    x = random_cochains(K, channels=1, max_dim=TOP, dtype=dtype)
    assert_permutation_equivariant(layer, x, K, seed=seed)
    assert [code.shape[1] for code in layer(x, K)] == codes.widths(TOP)
    if signed:
        assert_orientation_equivariant(layer, x, K, seed=seed)
    items = [
        (x, K),
        *(
            (random_cochains(L, channels=1, max_dim=TOP), L)
            for L in map(random_complex, range(5, 8))
        ),
    ]
    assert_batch_consistent(layer, items)


def test_odd_codes_are_not_the_boundary_of_a_boundary():
    K = random_complex(3)
    even, odd, above = StructuralCodes()(K, 2, torch.float64)
    assert apply_coboundary(K, apply_coboundary(K, even, 0), 1).abs().max() < 1e-12  # the trap
    assert odd.norm(dim=1).min() > 0
    assert above.norm(dim=1).min() > 0


def test_codes_forget_what_symmetry_forbids():
    ring = SimplicialComplex.from_simplices([(i, (i + 1) % 7) for i in range(7)])
    even, odd = StructuralCodes()(ring, 1, torch.float64)
    assert torch.allclose(even, even[:1])  # a rotation takes each vertex to each other
    assert odd.abs().max() < 1e-10  # a reflection turns each edge around


def test_codes_tell_apart_what_symmetry_allows():
    path = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3), (3, 4), (3, 5), (5, 6)])
    even, odd = StructuralCodes()(path, 1, torch.float64)
    assert len(even.round(decimals=6).unique(dim=0)) == 7
    assert len(odd.round(decimals=6).unique(dim=0)) == 6


def test_one_hot_codes_are_odd_and_know_their_complex():
    K = grid(2, 3)
    x = random_cochains(K, channels=2, dtype=torch.float64)
    layer = drawn(KernelMixerConv(5, 2, codes=OneHotCodes(K.f_vector))).to(torch.float64).eval()
    assert_orientation_equivariant(layer, x, K)
    assert_batch_consistent(layer, [(x, K), (x, K.reorient(random_orientation(K)))])
    with pytest.raises(ValueError, match="must have 6 simplices of dimension 0"):
        layer(random_cochains(star(3), channels=2, max_dim=2, dtype=torch.float64), star(3))
    with pytest.raises(ValueError, match="an entry for each dimension 0 … 3"):
        KernelMixerConv(5, 3, codes=OneHotCodes(K.f_vector))


# --- ragged products and cost ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_blocks_cover_each_part_and_no_other(seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = torch.randint(0, (1, 3, 40, 90)[seed % 4] + 1, (9,), generator=generator)
    sizes[4] = (0, 200)[seed % 2]
    pointer = torch.cat([sizes.new_zeros(1), sizes.cumsum(0)])
    count = int(pointer[-1])
    K = SimplicialComplex.from_simplices([], num_vertices=count).with_parts(pointer)
    blocks = part_blocks(K, 0)
    places = len(blocks.parts.column) * blocks.size
    assert places <= count + blocks.size * 9 <= 2 * count + 9 * 17  # linear
    assert torch.equal(blocks.parts.column[blocks.rows.column // blocks.size], K.part(0))
    assert len(blocks.rows.column.unique()) == count
    weight, x = (
        torch.randn(count, width, dtype=torch.float64, generator=generator) for width in (3, 4)
    )
    hidden = torch.randn(9, 3, 4, dtype=torch.float64, generator=generator)
    pairs = list(zip(weight.split(sizes.tolist()), x.split(sizes.tolist()), strict=True))
    torch.testing.assert_close(
        reduce_tokens(weight, x, blocks), torch.stack([w.T @ y for w, y in pairs])
    )
    torch.testing.assert_close(
        expand_tokens(weight, hidden, blocks),
        torch.cat([w @ h for (w, _), h in zip(pairs, hidden, strict=True)]),
    )


def test_ragged_products_have_derivatives():
    K = SimplicialComplex.disjoint_union([star(2), star(1), star(4)])
    blocks = part_blocks(K, 0)
    weight, x = (torch.randn(10, w, dtype=torch.float64, requires_grad=True) for w in (2, 3))
    hidden = torch.randn(3, 2, 3, dtype=torch.float64, requires_grad=True)
    for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck):
        assert check(lambda w, y: reduce_tokens(w, y, blocks), (weight, x))
        assert check(lambda w, h: expand_tokens(w, h, blocks), (weight, hidden))


@pytest.mark.parametrize("mixing", ["kernel", "operator"])
def test_the_cost_is_linear_even_at_a_hub(mixing):
    model = SimplicialMixer(2, 8, 3, 2, 1, mixing=mixing)

    def operations(K):
        x = random_cochains(K, channels=2, max_dim=1)
        with FlopCounterMode(display=False) as counter:
            model(x, K)
        return counter.get_total_flops()

    small, large = operations(star(200)), operations(star(400))
    assert 1.8 * small < large < 2.1 * small
    parts = SimplicialComplex.disjoint_union([star(5)] * 40)
    assert operations(parts) < 4 * operations(star(200))


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
        with pytest.raises(ValueError, match=r"x\[1\] must have 2 channels, got 3"):
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
        with pytest.raises(ValueError, match=r"x\[0\] must have 2 channels, got 3"):
            call(random_cochains(K, channels=3, max_dim=2), K)
        with pytest.raises(TypeError, match=r"x\[0\] must be a tensor, got None.*\(0, channels\)"):
            call([None, *x[1:]], K)
        with pytest.raises(TypeError, match=r"x must be a list of cochains, .* got dict"):
            call(dict(enumerate(x)), K)
        with pytest.raises(TypeError, match=r"x must be a list of cochains, .* got one tensor"):
            call(x[0], K)
    with pytest.raises(ValueError, match=r"x\[2\] must have 3 channels, got 1"):
        each(random_cochains(K, channels=(1, 2, 1), max_dim=2), K)
    late = SimplicialMixer(-1, 4, 3, 1, 2)
    assert late(tuple(x), K).shape == (1, 3)
    with pytest.raises(ValueError, match=r"x\[0\] must have 2 channels, got 3"):
        late(random_cochains(K, channels=3, max_dim=2), K)
