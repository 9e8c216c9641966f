"""MPSN, HSN, SCA, Dist2Cycle, BScNet: each is its formula and obeys the laws."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest
import torch

from simplex import SimplicialComplex
from simplex.nn import (
    HSN,
    MPSN,
    SCA,
    BScNet,
    BScNetConv,
    Dist2Cycle,
    Dist2CycleConv,
    EachDegree,
    HSNConv,
    MPSNConv,
    SCAAttentionConv,
    SCAConv,
)
from simplex.nn._networks.dist2cycle import shifted_inverse
from simplex.operators import (
    apply_random_walk_laplacian,
    harmonic_basis,
    hodge_bound,
    hodge_laplacian,
    normalized_laplacian,
)
from simplex.testing import (
    assert_batch_consistent,
    assert_inputs_untouched,
    assert_orientation_equivariant,
    assert_permutation_equivariant,
    random_cochains,
    random_complex,
    random_orientation,
)
from tests.nn import dense_oracle as oracle
from tests.tables import COMPLEXES


MAX_DIM = 3
ALL = ("boundary", "coboundary", "lower", "upper")
FLAT = [name for name in COMPLEXES if COMPLEXES[name].dim <= MAX_DIM]
SMALL = [  # the oracles are slow
    *[(name, torch.float64) for name in FLAT if sum(COMPLEXES[name].f_vector) < 14],
    *[(name, torch.float32) for name in ("empty", "filled tetrahedron")],
]


class Case(NamedTuple):
    """A layer on all dimensions (in_channels to out_channels), its oracle, and its symmetry."""

    make: Callable[..., Any]
    oracle: Callable[..., Any]
    oriented: bool = False
    model: Any = None


def each_degree(conv, in_channels, out_channels, max_dim, **options):
    widths = [in_channels] * (max_dim + 1) if isinstance(in_channels, int) else in_channels
    return EachDegree([conv(w, out_channels, k, **options) for k, w in enumerate(widths)])


LAYERS = {
    "MPSN sum": Case(
        partial(MPSNConv, adjacencies=ALL),
        partial(oracle.mpsn, reduce=lambda rows: rows.sum(0)),
        model=partial(MPSN, adjacencies=ALL),
    ),
    "MPSN max": Case(
        partial(MPSNConv, aggr="max", activation=torch.tanh),
        partial(oracle.mpsn, reduce=lambda rows: rows.amax(0)),
        model=partial(MPSN, aggr="max"),
    ),
    "MPSN mean": Case(
        partial(MPSNConv, adjacencies=("lower", "coboundary"), aggr="mean", num_layers=1),
        partial(oracle.mpsn, reduce=lambda rows: rows.mean(0)),
    ),
    "HSN": Case(partial(each_degree, HSNConv), oracle.hsn, model=HSN),
    "HSN signed": Case(
        partial(each_degree, HSNConv, activation=torch.tanh, signed=True),
        oracle.hsn,
        oriented=True,
        model=partial(HSN, signed=True, activation=torch.tanh),
    ),
    "CMPS": Case(SCAConv, partial(oracle.sca, attention=False), model=SCA),
    "AMPS": Case(
        partial(SCAConv, scheme="adjacency"),
        partial(oracle.sca, attention=False),
        model=partial(SCA, scheme="adjacency"),
    ),
    "HCMPS": Case(partial(SCAConv, scheme="homology"), partial(oracle.sca, attention=False)),
    "CMPS attention": Case(
        SCAAttentionConv,
        partial(oracle.sca, attention=True),
        model=partial(SCA, attention=True),
    ),
    "AMPS attention": Case(
        partial(SCAAttentionConv, scheme="adjacency"), partial(oracle.sca, attention=True)
    ),
    "HCMPS attention": Case(
        partial(SCAAttentionConv, scheme="homology"),
        partial(oracle.sca, attention=True),
        model=partial(SCA, attention=True, scheme="homology"),
    ),
    "Dist2Cycle": Case(
        partial(each_degree, Dist2CycleConv, num_steps=40),
        oracle.dist2cycle,
        oriented=True,
        model=Dist2Cycle,
    ),
    "Dist2Cycle down": Case(
        partial(each_degree, Dist2CycleConv, num_steps=40, laplacian="down"),
        oracle.dist2cycle,
        oriented=True,
    ),
    "BScNet": Case(BScNetConv, oracle.bscnet, oriented=True, model=BScNet),
    "BScNet unsigned": Case(
        partial(BScNetConv, signed=False, power=1, relation_channels=2),
        oracle.bscnet,
        model=partial(BScNet, signed=False, norm="batch"),
    ),
}
MODELS = {name: case for name, case in LAYERS.items() if case.model}
SHORT = {  # few steps where many only cost time
    **{name: case for name, case in LAYERS.items() if "Dist2Cycle" not in name},
    "Dist2Cycle": Case(partial(each_degree, Dist2CycleConv, num_steps=3), oracle.dist2cycle),
}
TRACED = [  # five seconds each
    pytest.param(case, id=name, marks=() if name == "CMPS" else pytest.mark.slow)
    for name, case in SHORT.items()
]
each_layer = pytest.mark.parametrize("case", LAYERS.values(), ids=LAYERS)
each_model = pytest.mark.parametrize("case", MODELS.values(), ids=MODELS)


def close(dtype):
    return {"atol": 1e-4, "rtol": 1e-4} if dtype == torch.float32 else {"atol": 1e-10, "rtol": 0}


def run_lower_pairs_once(layer, x, complex_):
    """The table of lower pairs has a size that tracing cannot know; it is kept with the complex."""
    layer(x, complex_)


@each_layer
@pytest.mark.parametrize(("name", "dtype"), SMALL)
@torch.no_grad()
def test_layer_is_its_formula(name, case, dtype):
    complex_ = COMPLEXES[name]
    layer = case.make((1, 2, 3, 4), 5, MAX_DIM).to(dtype)
    x = random_cochains(complex_, (1, 2, 3, 4), MAX_DIM, dtype=dtype)
    result = layer(x, complex_)
    for k, (y, expected) in enumerate(zip(result, case.oracle(layer, x, complex_), strict=True)):
        assert y.shape == (complex_.num_simplices(k), 5)
        assert y.dtype == dtype
        torch.testing.assert_close(y, expected, **close(dtype))


@each_layer
@pytest.mark.parametrize("name", ["isolated vertices", "random 0"])
@torch.no_grad()
def test_laws(name, case, dtype):
    complex_ = COMPLEXES[name]
    layer = case.make(2, 3, MAX_DIM).to(dtype)
    x = random_cochains(complex_, 2, MAX_DIM, dtype=dtype)
    tables = [complex_.facets(k) for k in range(1, complex_.dim + 1)]
    bare = SimplicialComplex(complex_.num_simplices(0), tables)
    assert_permutation_equivariant(layer, x, bare)
    assert_inputs_untouched(layer, x, complex_)
    items = [(random_cochains(K, 2, MAX_DIM, dtype=dtype), K) for K in (random_complex(3), bare)]
    assert_batch_consistent(layer, items)
    if case.oriented:
        assert_orientation_equivariant(layer, x, complex_)
    else:
        turned = layer(x, complex_.reorient(random_orientation(complex_)))
        for y, expected in zip(turned, layer(x, complex_), strict=True):
            torch.testing.assert_close(y, expected)


def test_signs_and_a_sigmoid_are_not_equivariant():
    complex_ = COMPLEXES["house"]
    layer = each_degree(HSNConv, 2, 3, 2, signed=True)
    with pytest.raises(AssertionError, match="reorientation"):
        assert_orientation_equivariant(layer, random_cochains(complex_, 2), complex_)


@each_layer
def test_every_parameter_learns_and_can_be_drawn_anew(case):
    complex_ = random_complex(0)
    layer = case.make(2, 3, MAX_DIM)
    before = {key: value.clone() for key, value in layer.state_dict().items()}
    sum(y.square().sum() for y in layer(random_cochains(complex_, 2), complex_)).backward()
    for name, parameter in layer.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    for module in layer.convs if isinstance(layer, EachDegree) else [layer]:
        module.reset_parameters()
    for key, value in layer.state_dict().items():
        assert not torch.equal(value, before[key]), key


@pytest.mark.parametrize("case", SHORT.values(), ids=SHORT)
def test_gradients_against_finite_differences(case):
    complex_ = COMPLEXES["house"]
    layer = case.make(1, 1, 2).double()
    x = [v.requires_grad_() for v in random_cochains(complex_, 1, 2, dtype=torch.float64)]
    assert torch.autograd.gradcheck(lambda *x: tuple(layer(x, complex_)), x, fast_mode=True)


@each_layer
def test_lazy_widths_copies_and_state(case):
    complex_ = COMPLEXES["bow tie"]
    x = random_cochains(complex_, 3, MAX_DIM)
    lazy, fresh, known = case.make(-1, 4, MAX_DIM), case.make(-1, 4, MAX_DIM), None
    expected = lazy(x, complex_)
    known = case.make(3, 4, MAX_DIM)
    known.load_state_dict(lazy.state_dict())
    fresh.load_state_dict(lazy.state_dict())
    for layer in (known, fresh, copy.deepcopy(lazy)):
        for y, same in zip(layer(x, complex_), expected, strict=True):
            assert torch.equal(y, same)


@each_layer
def test_autocast(case):
    complex_ = COMPLEXES["house"]
    layer, x = case.make(3, 4, MAX_DIM), random_cochains(complex_, 3, MAX_DIM)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = layer(x, complex_)
    for y, expected in zip(rough, layer(x, complex_), strict=True):
        torch.testing.assert_close(y.float(), expected, atol=0.1, rtol=0.1)


@pytest.mark.parametrize("case", TRACED)
def test_traces_as_one_graph_with_dynamic_sizes(case):
    torch._dynamo.reset()  # layers of one class share a limit of graphs
    layer = case.make(2, 3, 1).double()
    compiled = torch.compile(layer, fullgraph=True, dynamic=True, backend="eager")
    for seed in range(3):
        complex_ = random_complex(seed, num_vertices=8 + seed, max_dim=2, num_simplices=6)
        x = random_cochains(complex_, 2, 1, dtype=torch.float64)
        run_lower_pairs_once(layer, x, complex_)
        for y, expected in zip(compiled(x, complex_), layer(x, complex_), strict=True):
            torch.testing.assert_close(y, expected)


@each_model
@torch.no_grad()
def test_models_are_invariant(case, dtype):
    torch.manual_seed(0)
    model = case.model(2, 4, 3, 2, MAX_DIM, jumping_knowledge="cat").to(dtype).eval()
    items = [(random_cochains(K, 2, MAX_DIM, dtype=dtype), K) for K in map(random_complex, (0, 1))]
    x, complex_ = items[0]
    assert_batch_consistent(model, items)
    assert_permutation_equivariant(model, x, complex_)
    if case.oriented:
        assert_orientation_equivariant(model, x, complex_)
    assert model(x, complex_).shape == (1, 3)


@each_model
def test_models_learn(case):
    model = case.model(-1, 4, 2, 2, MAX_DIM, dropout=0.1)
    complex_ = SimplicialComplex.disjoint_union([random_complex(0), random_complex(1)])
    x = random_cochains(complex_, 3, MAX_DIM)
    model(x, complex_).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
    model.reset_parameters()


# --- MPSN -----------------------------------------------------------------------------------------


def test_mpsn_in_chunks_is_the_same():
    complex_ = random_complex(5)
    whole = MPSNConv(2, 5, MAX_DIM, adjacencies=ALL).double()
    chunked = MPSNConv(2, 5, MAX_DIM, adjacencies=ALL, max_pairs=7).double()
    chunked.load_state_dict(whole.state_dict())
    x = random_cochains(complex_, 2, MAX_DIM, dtype=torch.float64)
    for y, expected in zip(chunked(x, complex_), whole(x, complex_), strict=True):
        torch.testing.assert_close(y, expected)


def test_mpsn_sees_the_shared_simplex():
    complex_ = COMPLEXES["filled triangle"]
    x = [torch.ones(3, 1), torch.ones(3, 1), torch.ones(1, 1)]
    conv = MPSNConv(1, 4, 2, adjacencies=("upper",), activation=torch.tanh)
    other = conv([x[0], x[1], 2 * x[2]], complex_)
    first = conv(x, complex_)
    assert not torch.allclose(first[1], other[1])
    assert torch.equal(first[0], other[0])


# --- Dist2Cycle -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in COMPLEXES if COMPLEXES[name].dim > 0])
@pytest.mark.parametrize("num_steps", [1, 3, 10])
def test_chebyshev_error_is_bounded(name, num_steps):
    complex_ = COMPLEXES[name]
    for k in range(complex_.dim + 1):
        eye = torch.eye(complex_.num_simplices(k), dtype=torch.float64)
        laplacian = hodge_laplacian(complex_, k, dtype=torch.float64).to_dense()
        bound = float(hodge_bound(complex_, k).max())
        assert float(torch.linalg.eigvalsh(laplacian).max()) <= bound + 1e-9
        root = (1 + bound) ** 0.5
        error = eye - (eye + laplacian) @ shifted_inverse(complex_, eye, k, num_steps)
        allowed = 2 * ((root - 1) / (root + 1)) ** num_steps + 1e-12
        assert float(torch.linalg.matrix_norm(error, 2)) <= allowed


def test_parts_converge_by_themselves():
    star = SimplicialComplex.from_simplices([(0, i) for i in range(1, 200)])
    path = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
    x = torch.tensor([[1.0], [0.0]], dtype=torch.float64)
    joined = torch.cat([torch.ones(199, 1, dtype=torch.float64), x])
    union = SimplicialComplex.disjoint_union([star, path])
    alone = shifted_inverse(path, x, 1, num_steps=3)
    torch.testing.assert_close(shifted_inverse(union, joined, 1, num_steps=3)[199:], alone)


@pytest.mark.parametrize("name", ["hollow triangle", "two components", "torus"])
def test_harmonic_cochains_pass(name):
    complex_ = COMPLEXES[name]
    harmonic = harmonic_basis(complex_, 1).double()
    conv = Dist2CycleConv(harmonic.shape[1], 3, num_steps=40).double()
    torch.testing.assert_close(conv(harmonic, complex_), conv.lin(harmonic), atol=1e-5, rtol=1e-5)


# --- BScNet ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMPLEXES)
def test_random_walk_laplacian_is_the_matrix(name, dtype):
    complex_ = COMPLEXES[name]
    for k in range(max(complex_.dim, 0) + 1):
        x = random_cochains(complex_, 2, dtype=dtype)[k]
        matrix = normalized_laplacian(complex_, k, "random_walk", dtype=dtype).to_dense()
        applied = apply_random_walk_laplacian(complex_, x, k)
        torch.testing.assert_close(applied, matrix @ x, **close(dtype))


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MPSNConv(3, 4, 2, adjacencies=()), "adjacencies must be some of"),
        (lambda: MPSNConv(3, 4, 2, adjacencies=("up",)), r"got \['up'\]"),
        (lambda: MPSNConv(3, 4, 2, num_layers=0), "num_layers must be at least 1"),
        (lambda: MPSNConv(3, 4, 2, aggr="nothing"), "aggr must be the name"),
        (lambda: SCAConv(3, 4, 2, scheme="cmps"), "scheme must be one of 'adjacency'"),
        (lambda: Dist2CycleConv(3, 4, num_steps=0), "num_steps must be at least 1"),
        (lambda: Dist2CycleConv(3, 4, laplacian="up"), "laplacian must be one of 'hodge', 'down'"),
        (lambda: BScNetConv(3, 4, 2, power=0), "power must be at least 1"),
        (lambda: BScNetConv((3, 4), 4, 2), "one positive width for each dimension"),
        (lambda: BScNet(3, 4, 2, 1, 2, norm="batch"), "norm must be 'rms' or None"),
        (lambda: HSN(3, 4, 2, 0, 2), "num_layers must be at least 1"),
        (lambda: SCAConv(3, 4, 2)([], COMPLEXES["house"]), "0 … 2, got 0"),
        (lambda: MPSNConv(3, 4, 2)([], COMPLEXES["house"]), "0 … 2, got 0"),
        (lambda: BScNetConv(3, 4, 2)([], COMPLEXES["house"]), "0 … 2, got 0"),
    ],
)
def test_wrong_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_reprs():
    assert repr(HSNConv(16, 32, k=1)) == "HSNConv(16, 32, k=1)"
    assert repr(Dist2CycleConv(16, 32, k=1)) == "Dist2CycleConv(16, 32, k=1)"
    assert repr(SCAConv(16, 32, 2)) == "SCAConv(16, 32, max_dim=2)"
    assert repr(SCAConv(16, 32, 2, scheme="homology")).endswith("max_dim=2, scheme='homology')")
    assert repr(BScNetConv(16, 32, 2)) == "BScNetConv(16, 32, max_dim=2)"
    assert (
        repr(MPSNConv(16, 32, 2, aggr="max"))
        == "MPSNConv(16, 32, max_dim=2, aggr=MaxAggregation())"
    )
