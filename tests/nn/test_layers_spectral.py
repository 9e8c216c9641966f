"""Layers built from Laplacians: each equals its formula in dense matrices, and keeps its laws."""

import copy

import pytest
import torch

from simplex import SimplicialComplex
from simplex.nn import (
    SCCN,
    SCCNN,
    SCN,
    SCNN,
    SNN,
    SCCNConv,
    SCCNNConv,
    SCConv,
    SCNConv,
    SCNet,
    SCNNConv,
    SCoNe,
    SCoNeConv,
    SNNConv,
)
from simplex.operators import boundary_matrix
from simplex.testing import (
    assert_batch_consistent,
    assert_inputs_untouched,
    assert_orientation_equivariant,
    assert_permutation_equivariant,
    random_cochains,
    random_complex,
)
from tests.tables import COMPLEXES


MAX_DIM = 2


class OneDegree(torch.nn.Module):
    """A layer on one degree, called with all cochains as the laws do."""

    def __init__(self, conv):
        super().__init__()
        self.conv = conv

    def forward(self, x, complex_):
        return {self.conv.k: self.conv(x[self.conv.k], complex_)}


def degree(layer, k, **more):
    return lambda width, out, **options: OneDegree(layer(width, out, k, **more, **options))


def dims(layer, **more):
    return lambda width, out, **options: layer(width, out, MAX_DIM, **more, **options)


# name: a layer as a function of its widths, and of signed and bias where they are given
LAYERS = {
    "SNN-0": degree(SNNConv, 0),
    "SNN-1": degree(SNNConv, 1, order=4),
    "SCoNe-0": degree(SCoNeConv, 0),
    "SCoNe-1": degree(SCoNeConv, 1),
    "SCNN-0": degree(SCNNConv, 0),
    "SCNN-1": degree(SCNNConv, 1),
    "SCNN-2": degree(SCNNConv, 2, down_order=3, up_order=0, normalize=True),
    "SCCNN": dims(SCCNNConv),
    "SCCNN-3-1": dims(SCCNNConv, down_order=3, up_order=1, normalize=True),
    "SCN": dims(SCNConv),
    "SCCN": dims(SCCNConv),
    "SCConv": dims(SCConv),
}
MODELS = {
    "SNN": SNN,
    "SCoNe": SCoNe,
    "SCNN": SCNN,
    "SCCNN": SCCNN,
    "SCN": SCN,
    "SCCN": SCCN,
    "SCConv": SCNet,
}
ODD = {"SCoNe-0", "SCoNe-1", "SCoNe"}  # signed and without bias, always


def on_new_tables(layer):
    """The layer on a complex without tables, so that a reoriented one starts from its own signs."""
    return lambda x, complex_: layer(x, SimplicialComplex.disjoint_union([complex_]))


def options_of(name, **options):
    """The options, where the layer or model has them."""
    return {} if name in ODD else options


# --- the formulas, in dense matrices --------------------------------------------------------------


def boundary(complex_, k, signed=True):
    """∂_k as a dense matrix, in any degree."""
    if k > complex_.dim + 1 or complex_.dim < 0:
        below, own = (complex_.num_simplices(j) if j >= 0 else 0 for j in (k - 1, k))
        return torch.zeros(below, own, dtype=torch.float64)
    return boundary_matrix(complex_, k, signed=signed, dtype=torch.float64).to_dense()


def bound(complex_, k, least=1):
    """For each part the largest row sum of |∂_k|ᵀ|∂_k|."""
    d = boundary(complex_, k, signed=False)
    rows = (d.T @ d).sum(1)
    parts = range(complex_.num_parts)
    values = [max([least, *rows[complex_.part(k) == part].tolist()]) for part in parts]
    return torch.tensor(values, dtype=torch.float64)


def scaled_boundary(complex_, k, signed, normalize):
    d = boundary(complex_, k, signed)
    if not normalize or k == 0:
        return d
    return d * bound(complex_, k).rsqrt()[complex_.part(k)]


def power(matrix, exponent):
    return torch.linalg.matrix_power(matrix, exponent)


def dense_scnn(conv, x, complex_):
    k = conv.k
    below, above = (scaled_boundary(complex_, j, conv.signed, conv.normalize) for j in (k, k + 1))
    down, up = below.T @ below, above @ above.T
    blocks = iter(conv.lin.weight.split(x.shape[1], dim=1))
    y = x @ next(blocks).T
    for p in range(1, conv.down_order + 1):
        y = y + power(down, p) @ x @ next(blocks).T
    for p in range(1, conv.up_order + 1):
        y = y + power(up, p) @ x @ next(blocks).T
    assert next(blocks, None) is None
    return y


def dense_sccnn(conv, x, complex_):
    result = []
    for k, lin in enumerate(conv.lins):
        below, above = (
            scaled_boundary(complex_, j, conv.signed, conv.normalize) for j in (k, k + 1)
        )
        down, up = below.T @ below, above @ above.T
        terms = [x[k]]
        if k > 0:
            terms += [power(down, t) @ x[k] for t in range(1, conv.down_order + 1)]
            terms += [power(down, t) @ below.T @ x[k - 1] for t in range(conv.down_order + 1)]
        if k < conv.max_dim:
            terms += [power(up, t) @ x[k] for t in range(1, conv.up_order + 1)]
            terms += [power(up, t) @ above @ x[k + 1] for t in range(conv.up_order + 1)]
        start, y = 0, 0
        for term in terms:
            y = y + term @ lin.weight[:, start : start + term.shape[1]].T
            start += term.shape[1]
        assert start == lin.in_features
        result.append(y)
    return result


def dense_scn(conv, x, complex_):
    result = []
    for k, lin in enumerate(conv.lins):
        matrices, sizes = [], []
        for j, degree in ((k, k), (k + 1, k)):
            if j == 0 or j == conv.max_dim + 1:
                continue
            signed, unsigned = boundary(complex_, j), boundary(complex_, j, signed=False)
            square = (lambda d: d.T @ d) if j == degree else (lambda d: d @ d.T)
            signed, unsigned = square(signed), square(unsigned)
            signed, unsigned = (m - m.diagonal().diag() for m in (signed, unsigned))
            matrices.append(-signed if conv.signed else unsigned)
            sizes.append(unsigned)
        eye = torch.eye(len(x[k]), dtype=torch.float64)
        loops = max(len(matrices), 1) * eye
        root = (sum(sizes) + loops).sum(1).rsqrt().diag()
        terms = [root @ (sum(matrices) + loops) @ root @ x[k]]
        if isinstance(conv, SCCNConv):
            if k > 0:
                terms.append(boundary(complex_, k, conv.signed).T @ x[k - 1])
            if k < conv.max_dim:
                terms.append(boundary(complex_, k + 1, conv.signed) @ x[k + 1])
        result.append(torch.cat(terms, dim=1) @ lin.weight.T)
    return result


def dense_snn(conv, x, complex_):
    k, parts = conv.k, complex_.part(conv.k)
    down, up = boundary(complex_, k, conv.signed), boundary(complex_, k + 1, conv.signed)
    laplacian = down.T @ down + up @ up.T
    bounds = torch.stack([bound(complex_, k, least=0), bound(complex_, k + 1, least=0)])
    bounds = (bounds.amax(0) if conv.signed else bounds.sum(0)).clamp(min=1)[parts]
    assert k > complex_.dim or (torch.linalg.eigvalsh(laplacian) <= bounds.max() + 1e-9).all()
    scaled = 2 * laplacian / bounds - torch.eye(len(x), dtype=torch.float64)
    y, blocks = 0, conv.lin.weight.split(x.shape[1], dim=1)
    assert len(blocks) == conv.order + 1
    values, vectors = torch.linalg.eigh(scaled)
    for p, block in enumerate(blocks):  # T_p(cos t) = cos(p t)
        chebyshev = (p * values.clamp(-1, 1).arccos()).cos()
        y = y + vectors @ chebyshev.diag() @ vectors.T @ x @ block.T
    return y


def dense_scone(conv, x, complex_):
    return torch.tanh(dense_scnn(conv, x, complex_))


def dense_sc_conv(conv, x, complex_):
    result = []
    for k, lin in enumerate(conv.lins):
        n, top = len(x[k]), k == conv.max_dim
        eye, one = torch.eye(n, dtype=torch.float64), torch.ones(n, dtype=torch.float64)
        plain = boundary(complex_, k + 1, signed=False)
        degree = one if top else plain.sum(1).clamp(min=1)
        D, within, terms = degree.diag(), torch.zeros_like(eye), []
        if not top:
            up = boundary(complex_, k + 1)
            scale = 1 if k == 0 else k + 2
            minus = minus_laplacian(up @ up.T / scale, plain @ plain.T / scale, conv.signed)
            within = within + (D + minus + eye) @ (D + eye).inverse()
        if k > 0:
            down, plain_down = boundary(complex_, k), boundary(complex_, k, signed=False)
            V = ((k + 1) * plain_down @ degree).diag()
            inverse = torch.linalg.pinv(V)
            minus = minus_laplacian(
                down.T @ inverse @ down, plain_down.T @ inverse @ plain_down, conv.signed
            )
            within = within + (D + eye) @ (D.inverse() + minus + eye)
            terms.append(D @ boundary(complex_, k, conv.signed).T @ inverse @ x[k - 1])
        if not top:
            above = boundary(complex_, k + 1, conv.signed)
            if k == 0:
                above_degree = torch.ones(len(x[1]), dtype=torch.float64)
                if conv.max_dim > 1:
                    above_degree = boundary(complex_, 2, signed=False).sum(1).clamp(min=1)
                weight = torch.linalg.pinv((2 * plain @ above_degree).diag())
                terms.append(weight @ above @ x[1])
            else:
                terms.append(above @ x[k + 1] / (k + 2))
        result.append(torch.cat([within @ x[k], *terms], dim=1) @ lin.weight.T)
    return result


def minus_laplacian(signed_laplacian, unsigned_laplacian, signed):
    if signed:
        return -signed_laplacian
    return unsigned_laplacian - 2 * unsigned_laplacian.diagonal().diag()


FORMULAS = {
    SNNConv: dense_snn,
    SCoNeConv: dense_scone,
    SCConv: dense_sc_conv,
    SCNNConv: dense_scnn,
    SCCNNConv: dense_sccnn,
    SCNConv: dense_scn,
    SCCNConv: dense_scn,
}


def expected_output(layer, x, complex_):
    if isinstance(layer, OneDegree):
        k = layer.conv.k
        return {k: FORMULAS[type(layer.conv)](layer.conv, x[k], complex_)}
    return dict(enumerate(FORMULAS[type(layer)](layer, x, complex_)))


def outputs(result):
    return dict(result) if isinstance(result, dict) else dict(enumerate(result))


def cochains(complex_, width=2, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    sizes = [complex_.num_simplices(k) for k in range(MAX_DIM + 1)]
    return [torch.randn(n, width, dtype=dtype, generator=generator) for n in sizes]


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("complex_name", COMPLEXES)
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_its_formula(name, complex_name, signed):
    complex_ = COMPLEXES[complex_name]
    layer = LAYERS[name](2, 3, **options_of(name, signed=signed)).double()
    x = cochains(complex_)
    result, expected = outputs(layer(x, complex_)), expected_output(layer, x, complex_)
    assert result.keys() == expected.keys()
    for k, values in result.items():
        assert values.shape == (complex_.num_simplices(k), 3)
        torch.testing.assert_close(values, expected[k], atol=1e-10, rtol=1e-10)


# --- the laws -------------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_does_not_see_the_numbering(name, signed, dtype):
    layer = LAYERS[name](2, 3, **options_of(name, signed=signed)).to(dtype)
    for complex_name in ("house", "torus", "empty", "random 1", "3-sphere"):
        complex_ = COMPLEXES[complex_name]
        x = cochains(complex_, dtype=dtype)
        assert_permutation_equivariant(layer, x, complex_)


@pytest.mark.parametrize("name", LAYERS)
def test_a_signed_layer_turns_with_the_orientation(name, dtype):
    layer = LAYERS[name](2, 3, **options_of(name, signed=True)).to(dtype)
    for complex_name in ("house", "torus", "reoriented", "random 1", "3-sphere"):
        complex_ = COMPLEXES[complex_name]
        x = cochains(complex_, dtype=dtype)
        assert_orientation_equivariant(on_new_tables(layer), x, complex_)


@pytest.mark.parametrize("options", [{"signed": False}, {"signed": True, "bias": True}])
@pytest.mark.parametrize("name", ["SNN-1", "SCNN-1", "SCCNN", "SCCNN-3-1", "SCN", "SCCN", "SCConv"])
def test_without_signs_or_with_a_bias_it_does_not(name, options):
    layer = LAYERS[name](2, 3, **options).double()
    complex_ = COMPLEXES["torus"]
    with pytest.raises(AssertionError, match="reorientation"):
        assert_orientation_equivariant(on_new_tables(layer), cochains(complex_), complex_)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_a_union_is_its_parts(name, signed, dtype):
    layer = LAYERS[name](2, 3, **options_of(name, signed=signed)).to(dtype)
    names = ("house", "torus", "empty", "isolated vertices", "reoriented", "4-simplex")
    items = [(cochains(COMPLEXES[n], dtype=dtype), COMPLEXES[n]) for n in names]
    assert_batch_consistent(layer, items)


@pytest.mark.parametrize("name", LAYERS)
def test_inputs_are_left_alone(name):
    complex_ = COMPLEXES["house"]
    assert_inputs_untouched(LAYERS[name](2, 3), cochains(complex_, dtype=torch.float32), complex_)


@pytest.mark.parametrize("name", LAYERS)
def test_gradients(name):
    complex_ = COMPLEXES["bow tie"]
    layer = LAYERS[name](2, 2).double()
    x = [values.requires_grad_() for values in cochains(complex_)]

    def function(*values):
        return tuple(outputs(layer(list(values), complex_)).values())

    assert torch.autograd.gradcheck(function, x)
    sum(values.square().sum() for values in function(*x)).backward()
    for parameter_name, parameter in layer.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


# --- torch's contracts ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYERS)
def test_widths_from_the_first_input(name):
    complex_ = COMPLEXES["house"]
    lazy, eager = LAYERS[name](-1, 3), LAYERS[name](2, 3)
    x = cochains(complex_, dtype=torch.float32)
    lazy(x, complex_)
    lazy.load_state_dict(eager.state_dict())
    for k, values in outputs(eager(x, complex_)).items():
        assert torch.equal(values, outputs(lazy(x, complex_))[k])


@pytest.mark.parametrize("name", LAYERS)
def test_copies_states_and_new_weights(name):
    complex_ = COMPLEXES["torus"]
    layer = LAYERS[name](2, 3, **options_of(name, bias=True))
    x = cochains(complex_, dtype=torch.float32)
    before = outputs(layer(x, complex_))
    twin = copy.deepcopy(layer)
    state = copy.deepcopy(layer.state_dict())
    inner = getattr(layer, "conv", layer)
    inner.reset_parameters()
    other = outputs(layer(x, complex_))
    layer.load_state_dict(state)
    again = outputs(layer(x, complex_))
    for k, values in before.items():
        assert torch.equal(values, outputs(twin(x, complex_))[k])
        assert torch.equal(values, again[k])
        assert not torch.allclose(values, other[k])


@pytest.mark.parametrize("name", LAYERS)
def test_autocast(name):
    complex_ = COMPLEXES["torus"]
    layer = LAYERS[name](2, 3)
    x = cochains(complex_, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = outputs(layer(x, complex_))
    for k, values in outputs(layer(x, complex_)).items():
        assert result[k].dtype == torch.bfloat16
        scale = values.abs().max()
        torch.testing.assert_close(result[k].float() / scale, values / scale, atol=0.05, rtol=0)


@pytest.mark.parametrize(
    "name",
    [n if n in ("SNN-1", "SCConv") else pytest.param(n, marks=pytest.mark.slow) for n in LAYERS],
)
def test_traces_with_three_sizes(name):
    torch._dynamo.reset()
    layer = LAYERS[name](2, 3)
    compiled = torch.compile(layer, fullgraph=True, dynamic=True, backend="eager")
    # No count is 0 or 1, which dynamo always makes a case of its own.
    for complex_name in ("torus", "projective plane", "three triangles on an edge"):
        complex_ = COMPLEXES[complex_name]
        complex_ = SimplicialComplex.disjoint_union([complex_])  # without tables made before
        x = cochains(complex_, dtype=torch.float32)
        result = outputs(compiled(x, complex_))
        for k, values in outputs(layer(x, complex_)).items():
            torch.testing.assert_close(result[k], values)


def test_names_and_errors():
    assert repr(SCNNConv(16, 32, k=1)) == "SCNNConv(16, 32, k=1)"
    assert repr(SCCNNConv(-1, 32, 2)) == "SCCNNConv(-1, 32, max_dim=2)"
    assert repr(SCNConv(16, 32, 2)) == "SCNConv(16, 32, max_dim=2)"
    assert repr(SCCNConv(16, 32, 2)) == "SCCNConv(16, 32, max_dim=2)"
    complex_ = COMPLEXES["house"]
    with pytest.raises(ValueError, match="x must have shape"):
        SCNNConv(2, 3)(torch.ones(5, 2), complex_)
    with pytest.raises(ValueError, match="one cochain for each dimension"):
        SCCNNConv(2, 3, 2)([torch.ones(5, 2)], complex_)
    with pytest.raises(ValueError, match="up_order must be"):
        SCCNNConv(2, 3, 2, up_order=-1)
    with pytest.raises(ValueError, match="in_channels must be"):
        SCNConv(0, 3, 2)


def test_many_signals_at_once_are_one_by_one():
    complex_ = COMPLEXES["torus"]
    conv = SCNNConv(2, 3, 1, down_order=2, normalize=True)
    x = torch.randn(complex_.num_simplices(1), 5, 2)
    together = conv(x, complex_)
    assert together.shape == (complex_.num_simplices(1), 5, 3)
    for i in range(5):
        torch.testing.assert_close(together[:, i], conv(x[:, i], complex_))


@pytest.mark.parametrize("layer", [SCCNNConv, SCNConv, SCCNConv, SCConv])
def test_a_width_for_each_dimension(layer):
    complex_ = COMPLEXES["torus"]
    x = [torch.randn(n, k + 1, dtype=torch.float64) for k, n in enumerate(complex_.f_vector)]
    conv = layer((1, 2, 3), 4, MAX_DIM).double()
    expected = expected_output(conv, x, complex_)
    for k, values in enumerate(conv(x, complex_)):
        torch.testing.assert_close(values, expected[k])


# --- models ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_a_model_keeps_the_laws(name, dtype):
    options = options_of(name, signed=True) | {"activation": torch.tanh}
    model = MODELS[name](2, 4, 3, 2, MAX_DIM, **options).to(dtype).eval()
    items = [(cochains(COMPLEXES[n], dtype=dtype), COMPLEXES[n]) for n in ("house", "torus")]
    for x, complex_ in items:
        assert model(x, complex_).shape == (1, 3)
        assert_permutation_equivariant(model, x, complex_)
        assert_orientation_equivariant(on_new_tables(model), x, complex_)
        assert_inputs_untouched(model, x, complex_)
    assert_batch_consistent(model, items)


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ODD])
def test_an_unsigned_model_does_not_see_the_numbering(name):
    options = {"signed": False, "bias": True, "norm": "batch"}
    model = MODELS[name](-1, 4, 3, 2, MAX_DIM, **options).double()
    complex_ = random_complex(3)
    x = [values.double() for values in random_cochains(complex_, channels=2)][: MAX_DIM + 1]
    x += [torch.zeros(0, 2, dtype=torch.float64)] * (MAX_DIM + 1 - len(x))
    model(x, complex_)
    assert_permutation_equivariant(model.eval(), x, complex_)
