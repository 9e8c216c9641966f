"""Ours beside the layers of TopoModelX: the same weights give the same numbers, or the reason why
not. The numbers were made once, by oracles/topomodelx.py."""

import json
from pathlib import Path

import pytest
import torch

from simplex import SimplicialComplex
from simplex.nn import (
    Dist2CycleConv,
    HSNConv,
    SANConv,
    SCAConv,
    SCCNConv,
    SCCNNConv,
    SCConv,
    SCNConv,
    SCNNConv,
    SCoNeConv,
)


REFERENCE = json.loads((Path(__file__).parent / "oracles" / "topomodelx.json").read_text())
CASES = REFERENCE["cases"]


@pytest.fixture
def complex_():
    return SimplicialComplex.from_simplices(list(map(tuple, REFERENCE["maximal"])))


def tensors(values):
    return [torch.tensor(each, dtype=torch.float64) for each in values]


def read(name):
    """Weights by name, inputs and outputs of a case."""
    case = CASES[name]
    weights = dict(zip(case["weights"], tensors(case["weights"].values()), strict=True))
    return weights, tensors(case["inputs"]), tensors(case["outputs"])


def put(lin, *blocks):
    """Load the maps (in, out) of the terms that a dense map of ours takes side by side."""
    weight = torch.cat(blocks).T
    assert lin.weight.shape == weight.shape
    lin.weight.data = weight.contiguous()


def assert_equal(ours, theirs):
    for y, z in zip(ours, theirs, strict=True):
        torch.testing.assert_close(y, z, rtol=1e-10, atol=1e-10)


def terms(weight):
    """Their weights (in, out, terms), as one map per term."""
    return list(weight.unbind(2))


def test_hsn(complex_):
    """On vertices, a sigmoid of ours; their level 1 is our first step, their level 2 our second."""
    weights, (x,), y = read("HSN")
    conv = HSNConv(3, 3, k=0).double()
    for path, of_level_1, of_level_2 in (
        ("upper", "0_to_0", "0_to_0"),
        ("cofacets", "0_to_1", "1_to_0"),
    ):
        put(conv.first[path], weights[f"conv_level1_{of_level_1}.weight"])
        put(conv.second[path], weights[f"conv_level2_{of_level_2}.weight"])
    assert_equal([conv(x, complex_).sigmoid()], y)


def test_sc_conv(complex_):
    """A sigmoid of ours, if it is given the paper's matrices, lowering boundaries transposed."""
    weights, x, y = read("SCConv")
    conv = SCConv(3, 3, max_dim=2).double()
    for k, lin in enumerate(conv.lins):
        senders = [j for j in (k, k - 1, k + 1) if 0 <= j <= 2]
        put(lin, *(weights[f"conv_{j}_to_{k}.weight"] for j in senders))
    assert_equal([each.sigmoid() for each in conv(x, complex_)], y)


def test_scone(complex_):
    """The same layer: weight_1 is of x itself, 0 of the lower, 2 of the upper part."""
    weights, (x,), y = read("SCoNe")
    conv = SCoNeConv(3, 4).double()
    put(conv.lin, *(weights[f"weight_{i}"] for i in (1, 0, 2)))
    assert_equal([conv(x, complex_)], y)


def test_scnn(complex_):
    """The same layer: x, the powers of the lower, those of the upper Laplacian."""
    weights, (x,), y = read("SCNN")
    conv = SCNNConv(3, 4, k=1, down_order=2, up_order=3).double()
    put(conv.lin, *terms(weights["weight"]))
    assert_equal([conv(x, complex_)], y)


def test_sccnn(complex_):
    """The same layer; on edges they begin with what comes from the vertices, we with x itself."""
    weights, x, y = read("SCCNN")
    conv = SCCNNConv(3, 4, max_dim=2, down_order=2, up_order=2).double()
    vertex, edge, triangle = (terms(weights[f"weight_{k}"]) for k in range(3))
    put(conv.lins[0], *vertex)
    from_vertices, own, lower, upper, from_triangles = (
        edge[i:j] for i, j in ((0, 3), (3, 4), (4, 6), (6, 8), (8, 11))
    )
    put(conv.lins[1], *own, *lower, *from_vertices, *upper, *from_triangles)
    put(conv.lins[2], *triangle)
    assert_equal(conv(x, complex_), y)


def test_scn(complex_):
    """ReLU of ours, if it is given the paper's normalised adjacencies of the 2-skeleton."""
    weights, x, y = read("SCN2")
    conv = SCNConv(3, 3, max_dim=2).double()
    for k, lin in enumerate(conv.lins):
        put(lin, weights[f"conv_{k}_to_{k}.weight"])
    assert_equal([each.relu() for each in conv(x, complex_)], y)


def test_sccn(complex_):
    """A sigmoid of ours in all four dimensions, if it is given the paper's adjacencies and |∂|."""
    weights, x, y = read("SCCN")
    conv = SCCNConv(3, 3, max_dim=3).double()
    for k, lin in enumerate(conv.lins):
        names = ["same_rank"] + ["low_to_high"] * (k > 0) + ["high_to_low"] * (k < 3)
        put(lin, *(weights[f"convs_{name}.rank_{k}.weight"] for name in names))
    assert_equal([each.sigmoid() for each in conv(x, complex_)], y)


def san(name):
    """Ours with their weights, the input and their output; they score the sender first."""
    weights, (x,), y = read(name)
    settings = {key: CASES[name][key] for key in ("harmonic_order", "epsilon")}
    conv = SANConv(3, 4, k=1, order=2, **settings).double()
    put(conv.harmonic, weights["conv_harmonic.weight"])
    for adjacency, theirs in (("lower", "conv_down"), ("upper", "conv_up")):
        maps = weights[f"{theirs}.weight"]  # (order, in, out)
        conv.maps[adjacency].weight.data = maps.transpose(1, 2).flatten(0, 1)
        sender, receiver = weights[f"{theirs}.att_weight"].chunk(2)
        conv.score[adjacency].data = torch.stack([receiver, sender])
    return conv, x, y


def test_san_where_all_scores_are_positive(complex_):
    """The same layer as long as no score is negative: ELU and LeakyReLU are then the identity."""
    conv, x, y = san("SAN, all scores positive")
    assert_equal([conv(x, complex_)], y)


def test_san_differs_by_the_activation_of_its_scores_alone(complex_, monkeypatch):
    """It has ELU where the paper has LeakyReLU; with ELU in ours, they are equal."""
    conv, x, y = san("SAN")
    assert not torch.allclose(conv(x, complex_), y[0], atol=1e-3)
    monkeypatch.setattr(
        torch.nn.functional, "leaky_relu", lambda score, _: torch.nn.functional.elu(score)
    )
    assert_equal([conv(x, complex_)], y)


def test_sca_updates_its_input_in_place_and_one_dimension_after_the_other(complex_):
    """Its x_2 is computed from the new x_1, it leaves x_0, and it writes to the caller's list."""
    weights, x, y = read("SCACMPS")
    assert_equal(tensors(CASES["SCACMPS"]["given_afterwards"]), y)
    assert_equal(y[:1], x[:1])

    def weighed(values):
        return (values @ values.sum(0).relu())[:, None].sigmoid() * values

    def their_update(k, below, own):
        boundary = dense_boundary(complex_, k)
        lower = boundary.T @ boundary @ own @ weights[f"lap_layers.{k - 1}.weight"]
        facets = boundary.T @ below @ weights[f"inc_layers.{k - 1}.weight"]
        return ((weighed(lower) + weighed(facets)) / 2).relu()

    assert_equal([their_update(1, x[0], x[1])], y[1:2])
    assert_equal([their_update(2, y[1], x[2])], y[2:])  # from the new values
    assert not torch.allclose(their_update(2, x[1], x[2]), y[2], atol=1e-3)

    conv, before = SCAConv(3, 3, max_dim=2).double(), [each.clone() for each in x]
    conv(x, complex_)
    assert_equal(x, before)
    moved = [x[0], x[1] + 1, x[2]]
    assert not torch.allclose(conv(moved, complex_)[2], conv(x, complex_)[2])
    far = [x[0] + 1, x[1], x[2]]  # two dimensions away: a second layer
    assert_equal(conv(far, complex_)[2:], conv(x, complex_)[2:])


def dense_boundary(complex_, k):
    """∂_k, from the lists of simplices."""
    rows = list(map(tuple, complex_.simplices(k - 1).tolist()))
    columns = complex_.simplices(k).tolist()
    matrix = torch.zeros(len(rows), len(columns), dtype=torch.float64)
    for j, simplex in enumerate(columns):
        for i in range(k + 1):
            matrix[rows.index((*simplex[:i], *simplex[i + 1 :])), j] = (-1) ** i
    return matrix


def test_dist2cycle_ignores_its_input(complex_):
    """Two inputs, one output: x is overwritten. Ours depends on x."""
    _, x, y = read("Dist2Cycle")
    assert_equal(y[:1], y[1:])
    conv = Dist2CycleConv(x[0].shape[1], 4, k=1).double()
    assert not torch.allclose(conv(x[0], complex_), conv(x[1], complex_))
