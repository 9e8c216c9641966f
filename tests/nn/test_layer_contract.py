"""What every layer keeps: its formula, its symmetries, torch's contracts. One row of the table."""

import copy

import pytest
import torch

import simplex.nn
from simplex.nn import EachDegree
from tests.nn.contract import (
    assert_drawn_anew,
    assert_laws,
    assert_loads,
    assert_near_in_half_precision,
    assert_refuted,
    union,
)
from tests.nn.table import LAYERS, OUT
from tests.tables import COMPLEXES


PLAIN = {name: row for name, row in LAYERS.items() if not row.variant}
TRACED = ("SNN", "CMPS")  # one on each degree, one on all; in the fast suite
every = pytest.mark.parametrize("name", LAYERS)
plain = pytest.mark.parametrize("name", PLAIN)


def make(row, width=None, max_dim=None, **options):
    width = row.width if width is None else width
    return row.make(width, OUT, row.max_dim if max_dim is None else max_dim, **options)


def test_every_layer_has_a_row():
    exported = {name.removesuffix("Conv") for name in vars(simplex.nn) if name.endswith("Conv")}
    abstract = {"Complex", "Degree"}
    layers = {type(each) for row in LAYERS.values() for each in make(row).modules()}
    assert exported - {kind.__name__.removesuffix("Conv") for kind in layers} == abstract


@every
@torch.no_grad()
def test_formula(name):
    """Float64 to ten digits; float32 relative to the largest value."""
    row = LAYERS[name]
    widths = [1 + k for k in range(row.max_dim + 1)] if row.mixed else row.width
    rough = make(row, widths)
    for parameter in rough.parameters():  # none that starts at a constant stands in for another
        parameter.add_(torch.randn_like(parameter), alpha=0.05)
    exact = copy.deepcopy(rough).double()
    for place in row.exact:
        K = COMPLEXES[place]
        x = row.cochains(K, widths)
        single = rough([values.float() for values in x], K)
        expected = row.oracle(exact, x, K)
        for k, (y, z, w) in enumerate(zip(exact(x, K), single, expected, strict=True)):
            what = f"{name}, degree {k}, {place}"
            wide = (row.width if row.keeps_width else OUT) + row.places * (k == 0)
            assert y.shape == z.shape == (K.num_simplices(k), wide), what
            assert (y.dtype, z.dtype) == (torch.float64, torch.float32), what
            torch.testing.assert_close(
                y, w, atol=1e-10, rtol=1e-10, msg=lambda text, what=what: f"{what}: {text}"
            )
            if len(w) and place not in row.coarse:
                assert (z - w).abs().max() < row.tolerance * w.abs().max().clamp(min=1), what


@every
@torch.no_grad()
def test_laws(name, dtype):
    row = LAYERS[name]
    assert_laws(name, row, make(row, **row.few).to(dtype), dtype)
    if dtype == torch.float64:
        assert_refuted(row, lambda **options: make(row, **options))


@plain
def test_derivatives(name):
    """Of inputs and parameters against finite differences, in random directions."""
    row = PLAIN[name]
    K, top = COMPLEXES["bow tie"], min(row.max_dim, 2)
    layer = make(row, max_dim=top, **row.few).double()
    x = [values.requires_grad_() for values in row.cochains(K, max_dim=top)]
    inputs = (*x, *layer.parameters())
    assert torch.autograd.gradcheck(lambda *_: tuple(layer(x, K)), inputs, fast_mode=True)


@plain
def test_every_parameter_learns_and_is_drawn_anew(name):
    row = PLAIN[name]
    K, top = union("random 0", "torus", "filled tetrahedron", "4-simplex"), min(row.max_dim, 3)
    layer = make(row, max_dim=top, **row.few).double()
    sum(y.square().sum() for y in layer(row.cochains(K, max_dim=top), K)).backward()
    for key, parameter in layer.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
        assert (parameter.grad.abs().sum() > 0) != (key in row.idle), key
    assert_drawn_anew(layer)


@plain
@torch.no_grad()
def test_copies_states_and_half_precision(name):
    row = PLAIN[name]
    assert_loads(row, lambda width=None: make(row, width, **row.few), COMPLEXES["house"])
    assert_near_in_half_precision(row, make(row, **row.few), union("torus", "house"))


@pytest.mark.parametrize(
    "name",
    [n if n in TRACED else pytest.param(n, marks=pytest.mark.slow) for n in PLAIN],
)
def test_traces_as_one_graph_with_dynamic_sizes(name):
    torch._dynamo.reset()  # layers of one class share a limit of graphs
    row = PLAIN[name]
    top = min(row.max_dim, 2)
    layer = make(row, max_dim=top, **row.few).double()
    compiled = torch.compile(layer, fullgraph=True, dynamic=True, backend="eager")
    # No count is 0 or 1, which dynamo always makes a case of its own.
    for place in ("torus", "projective plane", "three triangles on an edge"):
        K = union(place)
        x = row.cochains(K, max_dim=top)
        expected = layer(x, K)  # lists the pairs, whose number is data
        for k, (y, z) in enumerate(zip(compiled(x, K), expected, strict=True)):
            torch.testing.assert_close(y, z, msg=lambda m, k=k: f"degree {k}, {m}")


@torch.no_grad()
def test_many_signals_at_once_are_one_by_one():
    K = COMPLEXES["torus"]
    for name, row in PLAIN.items():
        layer = make(row, **row.few).double()
        if not isinstance(layer, EachDegree) or not row.signals:
            continue
        for k, conv in enumerate(layer.convs):
            x = torch.randn(3, K.num_simplices(k), row.width, dtype=torch.float64)
            for one, signal in zip(conv(x, K), x, strict=True):
                assert torch.allclose(one, conv(signal, K)), (name, k)


def test_representations_name_the_layer_and_its_sizes():
    for name, row in PLAIN.items():
        layer = make(row)
        convs = layer.convs if isinstance(layer, EachDegree) else [getattr(layer, "conv", layer)]
        for conv in convs:
            assert repr(conv).startswith(f"{type(conv).__name__}("), name
            assert " at 0x" not in repr(conv), name
