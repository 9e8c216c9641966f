"""The networks on flows: an orientation given beside them, many signals at once, the baseline."""

import copy

import pytest
import torch

from simplex import SimplicialComplex
from simplex.nn import EdgeMPNN, OrientedConv, OrientedMPSN
from tests.nn.oracles.matrices import down_up, off_diagonal
from tests.tables import COMPLEXES, random_complex, random_orientation


TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-10}


@pytest.mark.parametrize("k", [1, 2])
def test_an_orientation_given_beside_is_that_of_the_complex(k, dtype):
    for name, K in COMPLEXES.items():
        signs = random_orientation(K, seed=3)
        T = signs.get(k, torch.ones(K.num_simplices(k))).to(dtype)[:, None]
        x = torch.randn(K.num_simplices(k), 2, dtype=dtype)
        for activation in (None, torch.tanh, torch.nn.functional.softsign):
            conv = OrientedConv(2, 4, k, activation=activation).to(dtype)
            turned, beside = conv(T * x, K.reorient(signs)), conv(T * x, K, T[:, 0])
            assert torch.allclose(beside, turned, atol=TOLERANCE[dtype]), name
            assert torch.allclose(turned, T * conv(x, K), atol=TOLERANCE[dtype]), name


def test_relu_breaks_the_law():
    K = COMPLEXES["torus"]
    T = random_orientation(K, seed=3)[1].to(torch.float64)[:, None]
    conv = OrientedConv(2, 4, 1, activation=torch.relu).double()
    x = torch.randn(K.num_simplices(1), 2, dtype=torch.float64)
    assert not torch.allclose(conv(T * x, K, T[:, 0]), T * conv(x, K), atol=1e-2)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("activation", [torch.tanh, torch.relu])
def test_networks_do_not_see_the_numbering(seed, activation):
    # Relabelling turns the edges whose vertices change order: x is then written against L's order.
    K = random_complex(seed)
    new_name = torch.randperm(K.num_simplices(0))
    edges = new_name[K.simplices(1)]
    L = SimplicialComplex.from_simplices(
        [new_name[K.simplices(k)] for k in range(K.dim + 1)], num_vertices=K.num_simplices(0)
    )
    place, flip = L.index(edges), torch.where(edges[:, 0] < edges[:, 1], 1, -1)
    x = torch.randn(K.num_simplices(1), 2, dtype=torch.float64)
    there = torch.empty_like(x).index_copy(0, place, x)
    orientation = torch.empty_like(flip).index_copy(0, place, flip)
    conv = OrientedConv(2, 3, 1, activation=activation).double()
    model = OrientedMPSN(2, 3, 2, activation=activation, oriented=activation is torch.tanh).double()
    assert torch.allclose(conv(there, L, orientation)[place], conv(x, K))
    assert torch.allclose(model(there, L, orientation), model(x, K))
    baseline = EdgeMPNN(2, 3, 2).double()
    assert torch.allclose(baseline(there, L), baseline(x, K))


@pytest.mark.parametrize("pool", ["sum", "mean"])
def test_the_network_is_invariant_and_its_relu_twin_is_not(pool):
    K = COMPLEXES["torus"]
    x = torch.randn(K.num_simplices(1), 1, dtype=torch.float64)
    signs = random_orientation(K, seed=5)
    T = signs[1].to(torch.float64)[:, None]
    turned = K.reorient(signs)
    tanh = OrientedMPSN(1, 8, 2, reduce=pool).double()
    relu = OrientedMPSN(1, 8, 2, activation=torch.relu, reduce=pool, oriented=False).double()
    assert torch.allclose(tanh(T * x, turned), tanh(x, K))
    assert not torch.allclose(relu(T * x, turned), relu(x, K), atol=1e-3)
    graph_only = EdgeMPNN(1, 8, 2, reduce=pool).double()
    assert torch.allclose(graph_only(T * x, turned), graph_only(x, K))


@pytest.mark.parametrize("model", [OrientedMPSN(1, 4, 2), EdgeMPNN(1, 4, 2)], ids=type)
def test_many_signals_at_once_are_one_by_one(model):
    K = random_complex(1)
    n = K.num_simplices(1)
    x = torch.randn(5, n, 1)
    orientation = 1 - 2 * torch.randint(0, 2, (5, n))
    together = model(x, K, orientation)
    assert together.shape == (5, 1, 2)
    for i in range(5):
        assert torch.allclose(together[i], model(x[i], K, orientation[i]), atol=1e-5)


@pytest.mark.parametrize("pool", ["sum", "mean"])
def test_a_union_is_its_parts(pool):
    parts = [COMPLEXES[name] for name in ("house", "torus", "isolated vertices", "reoriented")]
    union = SimplicialComplex.disjoint_union(parts)
    x = [torch.randn(part.num_simplices(1), 2) for part in parts]
    for model in (OrientedMPSN(2, 4, 3, reduce=pool), EdgeMPNN(2, 4, 3, reduce=pool)):
        separate = torch.cat([model(y, part) for y, part in zip(x, parts, strict=True)])
        assert torch.allclose(model(torch.cat(x), union), separate, atol=1e-5)


def test_without_triangles_the_upper_weight_does_not_matter():
    K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3), (0, 3)])
    conv = OrientedConv(1, 4)
    other = copy.deepcopy(conv)
    torch.nn.init.zeros_(other.maps["upper"].weight)
    x = torch.randn(4, 1)
    assert torch.equal(conv(x, K), other(x, K))


@pytest.mark.parametrize(
    ("shape", "orientation", "message"),
    [
        ((20, 1), None, "x must be of shape"),
        ((21,), None, r"x\[..., None\]"),
        ((21, 2), None, "x must have 1 channels, as in_channels says"),
        ((21, 1), torch.ones(20), "orientation must have shape"),
        ((4, 21, 1), torch.ones(3, 21), "orientation must have shape"),
    ],
)
def test_wrong_shapes_are_refused(shape, orientation, message):
    with pytest.raises(ValueError, match=message):
        OrientedConv(1, 2)(torch.zeros(shape), COMPLEXES["torus"], orientation)


@pytest.mark.parametrize("arguments", [{"num_layers": 0}, {"reduce": "max"}])
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match="must be"):
        OrientedMPSN(1, 2, 2, **arguments)
    with pytest.raises(ValueError, match="must be"):
        EdgeMPNN(1, 2, 2, **arguments)


def test_the_baseline_is_the_line_graph_formula():
    K, model = COMPLEXES["house"], EdgeMPNN(1, 3, 2, num_layers=1).double()
    x = torch.randn(6, 1, dtype=torch.float64)
    neighbors = off_diagonal(down_up(K, 1, signed=False)[0])
    maps = model.maps[0]
    hidden = torch.relu(maps["own"](x.abs()) + neighbors @ maps["lower"](x.abs()))
    pooled = hidden.sum(0, keepdim=True)
    expected = model.head.lin2(torch.relu(model.head.lin1(pooled)))
    assert torch.allclose(model(x, K), expected)


def test_what_is_no_input_of_the_networks_is_refused_in_words():
    K, x = COMPLEXES["house"], torch.ones(6, 1)
    ones, network = torch.ones(1, 6, dtype=torch.int64), OrientedMPSN(1, 4, 2)
    for call, error, message in (
        (lambda: OrientedConv(1, 4)(x.double(), K), ValueError, "x must be float32 as the param"),
        (lambda: EdgeMPNN(1, 4, 2)(x.half(), K), ValueError, "x must be float32 as the parameters"),
        (lambda: network(x, K, [1] * 6), TypeError, "orientation must be a tensor of ±1"),
        (lambda: network(x, K, torch.zeros(6)), ValueError, "orientation must hold ±1"),
        (lambda: network(x, K, x[:, 0] * torch.nan), ValueError, "orientation must hold ±1"),
        (lambda: network(x, K, x[:, 0] > 0), TypeError, "orientation must hold ±1, got torch.bool"),
        (lambda: network.forward_quotient(x), TypeError, r"quotient must be what .quotient\("),
        (lambda: network.quotient(None, ones, ones), TypeError, "complex must be a Simplicial"),
        (
            lambda: network.quotient(K, ones[0], ones),
            ValueError,
            r"flows must be a tensor of shape",
        ),
        (lambda: network.quotient(K, ones, None), TypeError, "orientation must be a tensor of sh"),
        (lambda: network.quotient(K, 0.5 * ones, ones), ValueError, "flows must hold integers"),
        (
            lambda: EdgeMPNN(1, 4, 2).quotient(K, ones, ones[:0]),
            ValueError,
            "orientation must be a t",
        ),
        (lambda: OrientedConv(10**30, 4), ValueError, "in_channels must be at most"),
        (lambda: EdgeMPNN(1, 10**30, 2), ValueError, "hidden_channels must be at most"),
        (lambda: OrientedMPSN(1, 4, 10**30), ValueError, "out_channels must be at most"),
        (lambda: OrientedMPSN(1, 2**24, 1), ValueError, "a map of 16777216 .* must fit in half"),
        (lambda: OrientedConv(1, 4, activation="tanh"), TypeError, "activation must be a function"),
        (lambda: OrientedMPSN(1, 4, 2, oriented="yes"), TypeError, "oriented must be True or Fal"),
    ):
        with pytest.raises(error, match=message):
            call()
    turned = network(x, K, -torch.ones(6, dtype=torch.float64))  # signs of any type of numbers
    assert torch.equal(turned, network(x, K, -torch.ones(6)))


def test_given_orientations_are_compiled_and_transformed_with_the_rest():
    K, x = COMPLEXES["house"], torch.randn(6, 1)
    turn, model = torch.tensor([1, -1, 1, 1, -1, -1]), OrientedMPSN(1, 4, 2)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    assert torch.allclose(compiled(x, K, turn), model(x, K, turn), atol=1e-6)
    each = torch.stack([turn, -turn])
    rows = torch.func.vmap(lambda signs: model(x, K, signs))(each)
    assert torch.allclose(rows, torch.stack([model(x, K, signs) for signs in each]), atol=1e-6)
