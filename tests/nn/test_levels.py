"""A row per simplex: the readout of a level by dense matrices, and what is refused."""

import pytest
import torch
from torch import nn

from simplex import SimplicialComplex
from simplex.nn import (
    GIN,
    SCCNN,
    SIN,
    FVectorMLP,
    HeatNet,
    LevelReadout,
    OrientedMPSN,
    PooledMLP,
    SimplicialMixer,
)
from simplex.operators import boundary_matrix, heat_flow
from simplex.testing import random_cochains
from tests.cases import over
from tests.tables import COMPLEXES


IN, OUT = 3, 2
PLACES = ("random 0", "house", "isolated vertices", "filled tetrahedron", "torus")
SETTINGS = [
    {"dims": [0, 1, 2, 3], "level": 1},
    {"dims": [3, 0], "level": 2, "reduce_dims": "mean"},
    {"dims": [2], "level": 0},
    {"dims": [0, 1], "level": 3, "reduce": "mean"},
    {"dims": [0, 1, 2, 3], "level": 1, "reduce": "mean", "signed": True},
    {"dims": [1, 3], "level": 0, "signed": True, "activation": torch.sin},
    {"dims": [0, 1, 2, 3], "level": 2, "absolute": True, "activation": torch.relu},
    {"dims": [0, 1, 2, 3], "level": 1, "reduce": "max"},
]


def dense(readout, x, K):
    """The equations of the class, with the matrices ∂ in full."""
    k, phi, mean = readout.level, readout.activation, readout.reduce == "mean"

    def sums(values, j, sender):
        """Of the values of a neighbouring dimension, what meets at each j-simplex."""
        top = max(j, sender)
        matrix = torch.zeros(K.num_simplices(top - 1), K.num_simplices(top)).double()
        if top <= K.dim:
            matrix = boundary_matrix(K, top, signed=readout.signed).to_dense().double()
        matrix = matrix if sender > j else matrix.T
        degree = matrix.abs().sum(1, keepdim=True).clamp(min=1)
        if readout.reduce == "max":
            kept = [values[row != 0] for row in matrix]
            tops = [
                each.amax(0) if len(each) else values.new_zeros(values.shape[1]) for each in kept
            ]
            return torch.stack(tops) if tops else values.new_zeros(0, values.shape[1])
        return (matrix @ values) / (degree if mean else 1)

    def own(j):
        if str(j) not in readout.read:
            return None
        return readout.read[str(j)](x[j].abs() if readout.absolute and j > 0 else x[j])

    def chain(dims, maps, step):
        value = None
        for j in dims:
            terms = [t for t in (own(j), value) if t is not None]
            value = maps[str(j - step)](sums(phi(sum(terms)), j - step, j))
        return value

    above = chain(range(max(readout.dims), k, -1), readout.down, 1)
    below = chain(range(min(readout.dims), k), readout.up, -1)
    terms = [t for t in (own(k), above, below) if t is not None]
    total = sum(terms) / (len(terms) if readout.reduce_dims == "mean" else 1)
    return readout.classify(phi(total))


@over("options", SETTINGS)
def test_the_readout_of_a_level_is_its_formula(options):
    readout = LevelReadout(IN, 5, OUT, **options).double()
    for place in PLACES:
        K = COMPLEXES[place]
        x = random_cochains(K, channels=IN, max_dim=3, dtype=torch.float64)
        torch.testing.assert_close(readout(x, K), dense(readout, x, K), msg=place)


def test_an_absent_dimension_adds_nothing():
    K = COMPLEXES["house"].skeleton(1)
    x = random_cochains(K, channels=IN, max_dim=3)
    full = LevelReadout(IN, 5, OUT, dims=[0, 1, 2, 3], level=1)
    graph = LevelReadout(IN, 5, OUT, dims=[0, 1], level=1)
    graph.load_state_dict({key: full.state_dict()[key] for key in graph.state_dict()})
    torch.testing.assert_close(full(x, K), graph(x, K))


def brute(K, j, k):
    """1 where a j-simplex and a k-simplex contain one another, (n_k, n_j)."""
    rows, columns = ([set(s) for s in K.simplices(d).tolist()] for d in (k, j))
    table = [[float(a <= b or b <= a) for b in columns] for a in rows]
    return torch.tensor(table, dtype=torch.float64).reshape(len(rows), len(columns))


@over("level", [0, 1, 2, 3])
def test_baselines_see_what_contains_a_simplex_or_is_part_of_it(level):
    for place in ("random 0", "isolated vertices", "filled tetrahedron"):
        K = COMPLEXES[place]
        x = random_cochains(K, channels=1, max_dim=3, dtype=torch.float64)
        near = [brute(K, j, level) for j in range(4)]
        counts = [each.sum(1, keepdim=True) for each in near]

        model = FVectorMLP(1, 4, OUT, 2, 3, level=level).double().eval()
        expected = model.layers(torch.cat(counts, dim=1).log1p())
        torch.testing.assert_close(model(x, K), expected, msg=place)

        model = PooledMLP(1, 4, OUT, 2, 3, level=level).double().eval()
        seen = []
        for table, count, values in zip(near, counts, x, strict=True):
            total = table @ values
            squeezed = total.sign() * total.abs().log1p()
            seen += [count.log1p(), squeezed, total / count.clamp(min=1)]
        expected = model.classify(model.hidden(model.norm(torch.cat(seen, dim=1))))
        torch.testing.assert_close(model(x, K), expected, msg=place)

        model = HeatNet(1, 4, OUT, 2, 3, level=level).double().eval()
        read = []
        for j, (table, count) in enumerate(zip(near, counts, strict=True)):
            flows = [heat_flow(K, x[j], j, s) if j <= K.dim else x[j] for s in (1, 2)]
            energy = torch.cat([flow.square() for flow in flows], dim=1)
            read += [count, table @ energy]
        expected = model.classify(torch.cat(read, dim=1))
        torch.testing.assert_close(model(x, K), expected, msg=place)


@over("make", [SIN, SCCNN, GIN, SimplicialMixer, FVectorMLP, PooledMLP, HeatNet])
def test_a_level_above_the_cochains_is_refused(make):
    with pytest.raises(ValueError, match=r"level must be a dimension .* got 3\. Lift with max_dim"):
        make(1, 4, OUT, 2, 2, level=3)
    with pytest.raises(ValueError, match="level must be non-negative, got -1"):
        make(1, 4, OUT, 2, 2, level=-1)
    with pytest.raises(TypeError, match="level must be an integer"):
        make(1, 4, OUT, 2, 2, level="edges")


def test_a_signed_output_needs_a_level_and_an_oriented_network():
    for make, options, message in (
        (SCCNN, {}, "signed_output must be False where level is None"),
        (OrientedMPSN, {}, "signed_output must be False where level is None"),
        (SIN, {"level": 1}, "signed_output must be False in a network that is not equivariant"),
        (SCCNN, {"level": 1, "reduce": "max"}, "reduce must be 'sum' or 'mean' where the rows"),
        (
            SCCNN,
            {"level": 1, "readout_activation": nn.functional.elu},
            "readout_activation must be odd.*take torch.tanh",
        ),
    ):
        sizes = (1, 4, OUT, 2) if make is OrientedMPSN else (1, 4, OUT, 2, 2)
        with pytest.raises(ValueError, match=message):
            make(*sizes, signed_output=True, **options)
    with pytest.raises(ValueError, match="absolute must be False"):
        LevelReadout(1, 4, 2, [0], 1, signed=True, absolute=True)


def test_the_old_readout_is_drawn_and_computed_as_before():
    """Without a level the network has the parameters, and draws them, as without the option."""
    torch.manual_seed(0)
    plain = SIN(2, 4, OUT, 2, 2)
    torch.manual_seed(0)
    none = SIN(2, 4, OUT, 2, 2, level=None)
    assert list(plain.state_dict()) == list(none.state_dict())
    assert all(map(torch.equal, plain.state_dict().values(), none.state_dict().values()))


def test_flows_of_many_orientations_at_the_level_of_edges():
    """A signal written in an orientation of its own gives a row written in it."""
    K = COMPLEXES["torus"]
    x = torch.randn(5, K.num_simplices(1), 1, dtype=torch.float64)
    turn = torch.randint(0, 2, x.shape[:2]) * 2 - 1
    for signed, level in ((True, 1), (True, 0), (False, 1), (False, 2)):
        model = OrientedMPSN(1, 4, OUT, 2, level=level, signed_output=signed).double()
        plain, turned = model(x, K), model(turn[..., None] * x, K, turn)
        assert plain.shape == (5, K.num_simplices(level), OUT)
        expected = turn[..., None] * plain if signed and level == 1 else plain
        torch.testing.assert_close(turned, expected)
        assert model.quotient(K, torch.ones(2, x.shape[1]).long(), turn[:2]) is None


@pytest.mark.parametrize("signed", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_traces_as_one_graph_with_dynamic_sizes(signed):
    model = LevelReadout(IN, 5, OUT, [0, 1, 2], 1, reduce="mean", signed=signed)
    compiled = torch.compile(model, fullgraph=True, dynamic=True, backend="eager")
    for place in ("random 0", "house"):
        K = SimplicialComplex.disjoint_union([COMPLEXES[place]])
        x = random_cochains(K, channels=IN, max_dim=2)
        torch.testing.assert_close(compiled(x, K), model(x, K))


def test_a_row_of_a_vertex_knows_what_contains_it():
    """Two vertices of equal features differ where only the triangles above them do."""
    K = SimplicialComplex.from_simplices([(0, 1, 2), (3, 4), (3, 5), (4, 5)])
    x = [torch.ones(n, 1) for n in K.f_vector]
    y = SIN(1, 4, OUT, 1, 2, level=0, readout_dims=[2])(x, K)
    assert y[:3].allclose(y[0])
    assert y[3:].allclose(y[3])
    assert not y[0].allclose(y[3])
