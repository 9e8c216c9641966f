"""The frame of all networks: norms against PyG's, skips, jumping knowledge, dropout, readout."""

import pytest
import torch
from torch_geometric.nn import GraphNorm

from simplex import SimplicialComplex
from simplex.nn import (
    SCNN,
    SIN,
    EachDegree,
    OrientedConv,
    SimplexGraphNorm,
    SimplicialNetwork,
    SINConv,
    make_norm,
)
from simplex.operators import pool_parts
from simplex.testing import random_cochains, random_complex


UNION = SimplicialComplex.disjoint_union(
    [random_complex(0), SimplicialComplex.from_simplices([(0, 1)]), random_complex(1)]
)


class Twice(torch.nn.Module):
    """A layer that doubles."""

    def forward(self, x, complex):
        return [2 * values for values in x]


def network(**options):
    torch.manual_seed(0)
    return SimplicialNetwork([Twice(), Twice(), Twice()], 4, 2, 2, **options).double()


def inputs(K=UNION, width=4):
    return random_cochains(K, channels=width, max_dim=2, dtype=torch.float64)


def test_graph_norm_is_that_of_pyg(dtype):
    for k in range(3):
        x = inputs()[k].to(dtype)
        ours, theirs = SimplexGraphNorm(4, mean_scale=0.7).to(dtype), GraphNorm(4).to(dtype)
        with torch.no_grad():
            theirs.mean_scale.fill_(0.7)
            for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
                own += torch.rand_like(own)
                other.copy_(own)
        part = UNION.part(k)
        torch.testing.assert_close(ours(x, UNION, k), theirs(x, part, batch_size=3))
        ours.reset_parameters()
        assert ours.mean_scale.tolist() == pytest.approx([0.7] * 4)


@pytest.mark.parametrize("name", ["batch", "layer", "rms", "graph"])
def test_norms_by_name_take_empty_dimensions(name):
    norm = make_norm(name, 4)
    for rows in (UNION, SimplicialComplex.from_simplices([(0,)])):
        for k in range(3):
            x = torch.randn(rows.num_simplices(k), 4)
            assert norm(x, rows, k).shape == x.shape
            assert norm(x, rows, k).isfinite().all()
    rms = make_norm("rms", 4)
    x = torch.randn(UNION.num_simplices(1), 4)
    torch.testing.assert_close(rms(-x, UNION, 1), -rms(x, UNION, 1))
    torch.testing.assert_close(make_norm("layer", 4)(x, UNION, 1), torch.nn.LayerNorm(4)(x))
    with pytest.raises(
        ValueError, match="norm must be one of 'batch', 'layer', 'rms', 'graph', None"
    ):
        make_norm("instance", 4)


def test_skips_and_activations():
    x = inputs()
    for plain, h in zip(network().encode(x, UNION), x, strict=True):
        torch.testing.assert_close(plain, 8 * h)
    for skipped, h in zip(network(skip=True).encode(x, UNION), x, strict=True):
        torch.testing.assert_close(skipped, 18 * h)  # 2, then 2·2 + 2 = 6, then 2·6 + 6
    bent = network(activation=torch.tanh).encode(x, UNION)
    for y, h in zip(bent, x, strict=True):
        torch.testing.assert_close(y, torch.tanh(2 * torch.tanh(2 * torch.tanh(2 * h))))


def test_jumping_knowledge():
    x = inputs()
    cat = network(jumping_knowledge="cat").encode(x, UNION)
    largest = network(jumping_knowledge="max").encode(x, UNION)
    for h, joined, top in zip(x, cat, largest, strict=True):
        torch.testing.assert_close(joined, torch.cat([2 * h, 4 * h, 8 * h], dim=1))
        torch.testing.assert_close(top, torch.where(h > 0, 8 * h, 2 * h))


def test_dropout_acts_between_layers_and_before_the_last_map():
    x = inputs()
    model = network(layer_dropout=0.5)
    torch.manual_seed(0)
    dropped = model.encode(x, UNION)
    share = torch.cat([(y == 0).double().flatten() for y in dropped]).mean()
    assert 0.6 < share < 0.9  # two layers of one half
    for y, h in zip(model.eval().encode(x, UNION), x, strict=True):
        torch.testing.assert_close(y, 8 * h)
    model = network(dropout=0.9)
    assert not torch.equal(model(x, UNION), model(x, UNION))
    model.eval()
    assert torch.equal(model(x, UNION), model(x, UNION))


def test_the_readout_is_its_formula():
    x = inputs()
    for absolute in (False, True):
        model = network(reduce="max", reduce_dims="mean", readout_dims=[0, 2], oriented=absolute)
        read = model.readout
        total = 0
        for linear, k in zip(read.read, (0, 2), strict=True):
            rows = []
            for p in range(UNION.num_parts):
                h = 8 * x[k][UNION.part(k) == p]
                h = h.abs() if absolute else h
                rows.append(h.max(0).values if len(h) else torch.zeros(4, dtype=h.dtype))
            total = total + torch.nn.functional.elu(linear(torch.stack(rows))) / 2
        torch.testing.assert_close(model(x, UNION), read.classify(total))


@pytest.mark.parametrize("kind", ["batch", "log"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_pooled_rows_are_normed_before_the_maps_of_the_readout(kind, dtype):
    x = [h.to(dtype) for h in inputs()]
    model = network(readout_norm=kind).to(dtype)
    read, total = model.readout, 0
    for linear, k in zip(read.read, range(3), strict=True):
        rows = torch.stack([8 * x[k][UNION.part(k) == p].sum(0) for p in range(UNION.num_parts)])
        if kind == "log":
            rows = (rows + (rows**2 + 1).sqrt()).log()
        deviation = (rows.var(0, correction=0) + 1e-5).sqrt()
        total = total + torch.nn.functional.elu(linear((rows - rows.mean(0)) / deviation))
    torch.testing.assert_close(model(x, UNION), read.classify(total))


def test_a_state_without_norms_of_the_readout_is_read_and_means_what_it_meant():
    plain, normed = network(), network(readout_norm="log")
    normed.load_state_dict(plain.state_dict())
    assert torch.equal(normed(inputs(), UNION), plain(inputs(), UNION))
    assert normed.state_dict().keys() == plain.state_dict().keys()
    with pytest.raises(RuntimeError, match=r"readout\.norms"):
        plain.load_state_dict(network(readout_norm="log").state_dict())


def test_the_largest_of_nothing_is_zero():
    pooled = pool_parts(torch.tensor([[-2.0], [-1.0]]), torch.tensor([0, 0, 2]), "max")
    assert pooled.tolist() == [[0.0], [-1.0]]


def test_layers_of_different_kinds_stack():
    lower = EachDegree([OrientedConv(4, 4, k) for k in range(3)]).double()
    model = SimplicialNetwork([SINConv(4, 4, 2), lower], 4, 2, 2, norm="layer", skip=True).double()
    assert model(inputs(), UNION).shape == (3, 2)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model.reset_parameters()
    changed = {
        key for key, value in model.state_dict().items() if not torch.equal(value, before[key])
    }
    assert {key for key in before if "lin" in key} <= changed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"norm": "instance"}, "norm must be"),
        ({"readout_norm": "layer"}, "readout_norm must be one of 'batch', 'log', None"),
        ({"oriented": True, "norm": "batch"}, "norm must be 'rms' or None in a network that is"),
        (
            {"oriented": True, "jumping_knowledge": "max"},
            "jumping_knowledge must be 'cat' or None in a network that is equivariant under "
            "reorientation, got 'max'",
        ),
        ({"reduce": "median"}, "reduce must be one of"),
        ({"reduce_dims": "max"}, "reduce_dims must be one of"),
        ({"jumping_knowledge": "lstm"}, "jumping_knowledge must be one of 'cat', 'max', None"),
        ({"readout_dims": [3]}, "readout_dims must be an integer from 0 to 2"),
    ],
)
def test_wrong_settings(options, message):
    with pytest.raises(ValueError, match=message):
        network(**options)


def test_wrong_sizes():
    with pytest.raises(ValueError, match="num_layers must be at least 1, got 0"):
        SimplicialNetwork([], 4, 2, 2)
    with pytest.raises(ValueError, match="hidden_channels must be at least 1, got 0"):
        SCNN(2, 0, 2, 1, 2)
    with pytest.raises(ValueError, match=r"x\[2\] must have shape"):
        network()([*inputs()[:2], torch.zeros(1, 4)], UNION)


def test_what_is_no_list_of_cochains_is_named():
    K = SimplicialComplex.from_simplices([(0, 1)])
    model = SIN(1, 4, 2, num_layers=1, max_dim=1)
    x = [torch.ones(n, 1) for n in K.f_vector]
    with pytest.raises(TypeError, match=r"x must be a list of cochains.*got dict"):
        model(dict(enumerate(x)), K)
    with pytest.raises(TypeError, match=r"x\[1\] must be a tensor, got None.*\(0, channels\)"):
        model([x[0], None], K)
