"""SAT, SAN and GSAN: dense formulas, symmetries, chunks of pairs, torch's contracts."""

import copy

import pytest
import torch

from simplex import SimplicialComplex
from simplex.nn import GSAN, SAN, SAT, GSANConv, SANConv, SATConv
from simplex.nn._networks.attention import attend, support_pairs
from simplex.operators import (
    boundary_matrix,
    down_laplacian,
    harmonic_filter,
    hodge_bound,
    hodge_laplacian,
    row_pattern,
    sum_columns,
    sum_rows,
    up_laplacian,
)
from simplex.testing import (
    assert_batch_consistent,
    assert_inputs_untouched,
    assert_orientation_equivariant,
    assert_permutation_equivariant,
    random_cochains,
    random_complex,
    relabel,
)
from tests.tables import COMPLEXES


DEGREES = [(name, k) for name, K in COMPLEXES.items() for k in range(K.dim + 1)]
CHUNKED = [(*each, 1 << 20) for each in DEGREES] + [
    (name, k, 5) for name in ("torus", "house", "union") for k in range(3)
]
LAYERS = {
    "SATConv": lambda k, i=2, o=4, **options: SATConv(i, o, k, heads=2, **options),
    "SANConv": lambda k, i=2, o=4, **options: SANConv(i, o, k, order=3, **options),
}
MODELS = {
    "SAT": lambda i=2, **options: SAT(i, 4, 3, num_layers=2, max_dim=3, heads=2, **options),
    "SAN": lambda i=2, **options: SAN(i, 4, 3, num_layers=2, max_dim=3, **options),
    "GSAN": lambda i=2, **options: GSAN(i, 4, 3, num_layers=2, max_dim=3, **options),
}
layers = pytest.mark.parametrize("layer", LAYERS)
models = pytest.mark.parametrize("model", MODELS)


def cochain(complex_, k, width=2, dtype=torch.float64, seed=0):
    return random_cochains(complex_, width, 4, dtype=dtype, seed=seed)[k]


def at(conv, k):
    """A layer of one degree, called with all cochains."""
    return lambda x, complex_: {k: conv(x[k], complex_)}


def carried(complex_, seed):
    """The complex with its vertices renamed at random, each simplex oriented as it was before."""
    count = complex_.num_simplices(0)
    names = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    moved = relabel(complex_, names)
    return moved, moved.complex


def masked_softmax(score, support):
    """Row softmax on the support; rows without support are zero."""
    weight = torch.where(support, score.exp(), torch.zeros_like(score))
    return weight / weight.sum(1, keepdim=True).clamp(min=1e-300)


def laplacians(complex_, k):
    dense = {"upper": up_laplacian(complex_, k, dtype=torch.float64).to_dense()}
    if k > 0:
        dense["lower"] = down_laplacian(complex_, k, dtype=torch.float64).to_dense()
    return dense


def dense_filter(mapped, score, order, support, slope=0.2):
    left, right = mapped @ score[0], mapped @ score[1]
    raw = torch.nn.functional.leaky_relu(left[:, None] + right[None, :], slope)
    attention = masked_softmax(raw, support)
    terms = mapped.chunk(order, dim=1)
    return sum(torch.linalg.matrix_power(attention, p + 1) @ term for p, term in enumerate(terms))


@pytest.mark.parametrize(("name", "k", "max_pairs"), CHUNKED)
def test_sat_is_its_formula(name, k, max_pairs):
    complex_ = COMPLEXES[name]
    conv = SATConv(2, 6, k, heads=3, max_pairs=max_pairs).double()
    x = cochain(complex_, k)
    expected = x.new_zeros(len(x), 6)
    for adjacency, laplacian in laplacians(complex_, k).items():
        heads = []
        for h in range(3):
            mapped = x @ conv.maps[adjacency].weight[2 * h : 2 * h + 2].T
            left, right = (mapped.abs() @ conv.score[adjacency][i, h] for i in (0, 1))
            raw = torch.nn.functional.leaky_relu(left[:, None] + right[None, :], 0.2)
            heads.append((masked_softmax(raw, laplacian != 0) * laplacian.sign()) @ mapped)
        expected = expected + torch.cat(heads, 1)
    torch.testing.assert_close(conv(x, complex_), expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize(("name", "k", "max_pairs"), CHUNKED)
def test_san_is_its_formula(name, k, max_pairs):
    epsilon = 0.05 if name.startswith("random") else None
    complex_ = COMPLEXES[name]
    conv = SANConv(
        2, 5, k, order=3, harmonic_order=2, epsilon=epsilon, max_pairs=max_pairs
    ).double()
    x = cochain(complex_, k)
    step = epsilon or 1 / hodge_bound(complex_, k).double()[:, None]
    laplacian = hodge_laplacian(complex_, k, dtype=torch.float64).to_dense()
    expected = x
    for _ in range(2):
        expected = expected - step * (laplacian @ expected)
    expected = expected @ conv.harmonic.weight.T
    for adjacency, part in laplacians(complex_, k).items():
        mapped = x @ conv.maps[adjacency].weight.T
        expected = expected + dense_filter(mapped, conv.score[adjacency], 3, part != 0)
    torch.testing.assert_close(conv(x, complex_), expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize(
    ("name", "max_pairs"),
    [(n, 1 << 20) for n, K in COMPLEXES.items() if K.dim <= 3] + [("torus", 5), ("union", 5)],
)
def test_gsan_is_its_formula(name, max_pairs):
    complex_ = COMPLEXES[name]
    conv = GSANConv(2, 5, 3, order=2, harmonic_order=1, max_pairs=max_pairs).double()
    x = random_cochains(complex_, 2, 3, dtype=torch.float64)
    for k, y in enumerate(conv(x, complex_)):
        expected = harmonic_filter(complex_, x[k], k, 1) @ conv.harmonic[k].weight.T
        if k <= complex_.dim:
            below, above = (
                boundary_matrix(complex_, j, dtype=torch.float64).to_dense() for j in (k, k + 1)
            )
            parts = laplacians(complex_, k)
            sources = {"lower": (k - 1, below.T, x[k - 1]), "upper": (k, above, x[min(k + 1, 3)])}
            for adjacency in [a for a in ("lower", "upper") if f"within_{a}_{k}" in conv.score]:
                block, matrix, other = sources[adjacency]
                for kind, values in (("within", x[k]), ("between", matrix @ other)):
                    mapped = values @ getattr(conv, kind)[block].weight.T
                    score = conv.score[f"{kind}_{adjacency}_{k}"]
                    expected = expected + dense_filter(mapped, score, 2, parts[adjacency] != 0)
        torch.testing.assert_close(y, expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize("seed", [0, 1])
def test_gsan_under_relabelling_and_reorientation(seed):
    complex_ = random_complex(seed)
    conv = GSANConv(2, 4, complex_.dim).double()
    x = random_cochains(complex_, 2, dtype=torch.float64)
    moved, image = carried(complex_, seed)
    images = [moved.move(values, k) for k, values in enumerate(x)]
    for k, (y, z) in enumerate(zip(conv(x, complex_), conv(images, image), strict=True)):
        torch.testing.assert_close(z, moved.move(y, k), atol=1e-10, rtol=0)
    with pytest.raises(AssertionError, match="reorientation"):
        assert_orientation_equivariant(conv, x, complex_)


def test_gsan_gradients_parameters_and_precision():
    complex_ = COMPLEXES["triangle with tail"]
    conv = GSANConv(2, 2, 2).double()
    x = [v.requires_grad_() for v in random_cochains(complex_, 2, dtype=torch.float64)]
    call = lambda *x: tuple(conv(x, complex_))  # noqa: E731
    assert torch.autograd.gradcheck(call, x, fast_mode=True)
    complex_ = COMPLEXES["torus"]  # a lone triangle would have nothing to weigh
    x = random_cochains(complex_, 2, dtype=torch.float64)
    sum(y.square().sum() for y in conv(x, complex_)).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in conv.parameters())
    before = {name: value.clone() for name, value in conv.state_dict().items()}
    conv.reset_parameters()
    assert all(not torch.equal(before[name], v) for name, v in conv.state_dict().items())
    conv, x = GSANConv(2, 4, 2), random_cochains(complex_, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = conv(x, complex_)
    for y, z in zip(rough, conv(x, complex_), strict=True):
        torch.testing.assert_close(y.float(), z, atol=0.1, rtol=0.1)


@pytest.mark.parametrize(("name", "k"), DEGREES)
def test_support_is_that_of_the_laplacians(name, k):
    complex_ = COMPLEXES[name]
    for adjacency, laplacian in laplacians(complex_, k).items():
        pairs = support_pairs(complex_, k, adjacency)
        sender, receiver = pairs.index
        assert receiver.tolist() == sorted(receiver.tolist())
        found = torch.zeros_like(laplacian)
        found[receiver, sender] = pairs.sign.double()
        assert torch.equal(found, laplacian.sign())
        assert len(receiver) == int((laplacian != 0).sum())


@pytest.mark.parametrize(("name", "k"), DEGREES)
def test_the_spectrum_is_bounded_part_by_part(name, k):
    for complex_ in COMPLEXES[name].split():
        if complex_.num_simplices(k):
            spectrum = torch.linalg.eigvalsh(
                hodge_laplacian(complex_, k, dtype=torch.float64).to_dense()
            )
            assert spectrum[-1] <= hodge_bound(complex_, k)[0] + 1e-9


def test_the_harmonic_filter_converges_to_the_harmonic_part():
    from simplex.operators import hodge_decomposition

    complex_ = COMPLEXES["torus"]
    x = cochain(complex_, 1)
    _, _, harmonic = hodge_decomposition(complex_, x, k=1)
    torch.testing.assert_close(harmonic_filter(complex_, x, 1, 500), harmonic, atol=1e-8, rtol=0)
    assert harmonic.norm() > 0.1


@layers
@pytest.mark.parametrize("k", [0, 1, 2])
@pytest.mark.parametrize("seed", [0, 1])
def test_equivariant_under_relabelling_that_carries_the_orientation(layer, k, seed):
    complex_ = random_complex(seed)
    conv = LAYERS[layer](k).double()
    x = random_cochains(complex_, 2, dtype=torch.float64)
    moved, image = carried(complex_, seed)
    expected = moved.move(conv(x[k], complex_), k)
    torch.testing.assert_close(conv(moved.move(x[k], k), image), expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_sat_is_equivariant_under_relabelling_and_reorientation(k, dtype):
    for seed in range(2):
        complex_ = random_complex(seed)
        x = random_cochains(complex_, 2, dtype=dtype)
        layer = at(LAYERS["SATConv"](k).to(dtype), k)
        assert_permutation_equivariant(layer, x, complex_, seed=seed)
        assert_orientation_equivariant(layer, x, complex_, seed=seed)


def test_san_without_harmonic_part_forgets_the_vertex_order():
    complex_ = random_complex(0)
    layer = at(SANConv(2, 4, 1, harmonic_order=0).double(), 1)
    x = random_cochains(complex_, 2, dtype=torch.float64)
    assert_permutation_equivariant(layer, x, complex_)


def test_san_is_not_orientation_equivariant():
    complex_ = random_complex(0)
    x = random_cochains(complex_, 2, dtype=torch.float64)
    with pytest.raises(AssertionError, match="reorientation"):
        assert_orientation_equivariant(at(SANConv(2, 4, 1).double(), 1), x, complex_)


@layers
@pytest.mark.parametrize("k", [0, 1, 2])
def test_batched_and_untouched(layer, k, dtype):
    conv = at(LAYERS[layer](k).to(dtype), k)
    items = [
        (random_cochains(K, 2, 3, dtype=dtype, seed=i), K)
        for i, K in enumerate([random_complex(0), COMPLEXES["empty"], COMPLEXES["house"]])
    ]
    assert_batch_consistent(conv, items)
    assert_inputs_untouched(conv, *items[0])


@models
def test_models(model, dtype):
    network = MODELS[model]().to(dtype)
    items = [
        (random_cochains(K, 2, 3, dtype=dtype, seed=i), K)
        for i, K in enumerate([random_complex(0), COMPLEXES["empty"], COMPLEXES["house"]])
    ]
    assert_batch_consistent(network, items)
    assert_inputs_untouched(network, *items[0])
    assert [tuple(h.shape) for h in network.encode(*items[0])] == [
        (n, 4) for n in items[0][1].f_vector
    ]
    network(*items[0]).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_sat_model_forgets_order_and_orientation():
    complex_ = random_complex(1)
    x = random_cochains(complex_, 2, 3, dtype=torch.float64)
    network = MODELS["SAT"]().double()
    assert_permutation_equivariant(network, x, complex_)
    assert_orientation_equivariant(network, x, complex_)


@layers
def test_batch_dimensions_are_taken_one_by_one(layer):
    complex_ = COMPLEXES["torus"]
    conv = LAYERS[layer](1).double()
    x = torch.randn(3, 21, 2, dtype=torch.float64)
    together = conv(x, complex_)
    for i in range(3):
        torch.testing.assert_close(together[i], conv(x[i], complex_))


@layers
@pytest.mark.parametrize("max_pairs", [1 << 20, 7])
def test_gradients_against_finite_differences(layer, max_pairs):
    complex_ = COMPLEXES["triangle with tail"]
    conv = LAYERS[layer](1, 2, 2, max_pairs=max_pairs).double()
    inputs = (cochain(complex_, 1).requires_grad_(), *conv.parameters())
    assert torch.autograd.gradcheck(lambda x, *_: conv(x, complex_), inputs, fast_mode=True)


@layers
def test_every_parameter_is_used_and_drawn_anew(layer):
    complex_ = COMPLEXES["torus"]
    conv = LAYERS[layer](1)
    conv(cochain(complex_, 1, dtype=torch.float32), complex_).square().sum().backward()
    before = {name: value.clone() for name, value in conv.state_dict().items()}
    for parameter in conv.parameters():
        assert parameter.grad is not None
        assert parameter.grad.abs().sum() > 0
    conv.reset_parameters()
    assert all(not torch.equal(before[name], v) for name, v in conv.state_dict().items())


@layers
def test_lazy_widths_copies_and_states(layer):
    complex_ = COMPLEXES["house"]
    x = cochain(complex_, 1, dtype=torch.float32)
    lazy, known = LAYERS[layer](1, -1), LAYERS[layer](1, 2)
    lazy(x, complex_)
    known.load_state_dict(lazy.state_dict())
    assert torch.equal(known(x, complex_), lazy(x, complex_))
    assert torch.equal(copy.deepcopy(known)(x, complex_), known(x, complex_))


@models
def test_lazy_models(model):
    complex_ = COMPLEXES["house"]
    x = random_cochains(complex_, 2, 3)
    lazy, known = MODELS[model](-1), MODELS[model](2)
    lazy(x, complex_)
    known.load_state_dict(lazy.state_dict())
    assert torch.equal(known(x, complex_), lazy(x, complex_))


@pytest.mark.parametrize("model", ["SAT", "SAN"])
def test_a_width_for_each_dimension(model):
    widths, complex_ = (2, 1, 2, 3), COMPLEXES["house"]
    x = random_cochains(complex_, widths, 3)
    assert MODELS[model](widths).encode(x, complex_)[3].shape == (0, 4)


@layers
@pytest.mark.parametrize("name", ["empty", "one vertex", "isolated vertices"])
def test_empty_ranks(layer, name):
    for k in range(3):
        y = LAYERS[layer](k)(cochain(COMPLEXES[name], k, dtype=torch.float32), COMPLEXES[name])
        assert y.shape == (COMPLEXES[name].num_simplices(k), 4)


@layers
def test_autocast(layer):
    complex_ = COMPLEXES["torus"]
    conv, x = LAYERS[layer](1), cochain(COMPLEXES["torus"], 1, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = conv(x, complex_)
    torch.testing.assert_close(rough.float(), conv(x, complex_), atol=0.1, rtol=0.1)


@pytest.mark.parametrize(
    "conv", [SATConv(2, 4), SANConv(2, 4, order=1, harmonic_order=1)], ids=["SATConv", "SANConv"]
)
def test_traces_as_one_graph_with_dynamic_sizes(conv):
    conv = copy.deepcopy(conv).double()
    compiled = torch.compile(conv, fullgraph=True, dynamic=True, backend="eager")
    for seed in range(3):
        complex_ = random_complex(seed, num_vertices=8 + seed)
        x = cochain(complex_, 1)
        expected = conv(x, complex_)  # lists the pairs, whose number is data
        torch.testing.assert_close(compiled(x, complex_), expected)


def test_weighted_sum_is_a_sparse_product_with_all_its_derivatives():
    generator = torch.Generator().manual_seed(0)
    row = torch.randint(0, 6, (20,), generator=generator).sort().values
    column = torch.randint(0, 7, (20,), generator=generator)
    table = row_pattern(row, column, 6, 7)
    value = torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(20, dtype=torch.float64, requires_grad=True)
    dense = torch.zeros(6, 7, dtype=torch.float64).index_put((row, column), weight, True)
    torch.testing.assert_close(sum_rows(value, table, weight), dense @ value)
    other = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(sum_columns(other, table, weight), dense.T @ other)
    for product, x in ((sum_rows, value), (sum_columns, other)):
        call = lambda x, weight, product=product: product(x, table, weight)  # noqa: E731
        assert torch.autograd.gradcheck(call, (x, weight))
        assert torch.autograd.gradgradcheck(call, (x, weight))


def test_attention_at_a_hub_stays_within_its_chunks():
    star = SimplicialComplex.from_simplices([(0, i) for i in range(1, 40)])
    x = torch.randn(39, 1, 2, dtype=torch.float64, requires_grad=True)
    query = torch.randn(39, 1, dtype=torch.float64)
    whole = attend(star, query, query, x, 1, "lower")
    parts = attend(star, query, query, x, 1, "lower", max_pairs=100)
    torch.testing.assert_close(parts, whole)
    (expected,) = torch.autograd.grad(whole.square().sum(), x)
    (found,) = torch.autograd.grad(parts.square().sum(), x)
    torch.testing.assert_close(found, expected)


def test_repr():
    assert repr(SATConv(16, 32, 2)) == "SATConv(16, 32, k=2)"
    assert repr(GSANConv(16, 32, 2)) == "GSANConv(16, 32, max_dim=2)"
    assert repr(SANConv(16, 32, order=3)) == "SANConv(16, 32, k=1, order=3)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SATConv(2, 5, heads=2), "out_channels must be a multiple of heads, got 5 and 2"),
        (lambda: SANConv(2, 5, order=0), "order must be at least 1, got 0"),
        (lambda: GSANConv((2, 3), 5, 1), "in_channels must be one width for all dimensions"),
        (lambda: GSANConv(2, 5, 1, order=0), "order must be at least 1, got 0"),
        (lambda: GSANConv(2, 5, 1, harmonic_order=-1), "harmonic_order must be non-negative"),
        (lambda: SANConv(2, 5, harmonic_order=-1), "harmonic_order must be non-negative, got -1"),
    ],
)
def test_wrong_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()
