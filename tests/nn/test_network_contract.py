"""What every network keeps: the laws, learning, torch's contracts. One row of the table each."""

import inspect

import pytest
import torch

import simplex.nn
from tests.nn.contract import (
    assert_drawn_anew,
    assert_laws,
    assert_level_laws,
    assert_loads,
    assert_near_in_half_precision,
    assert_refuted,
    union,
)
from tests.nn.networks import HIDDEN, NETWORKS, OUT, inner
from tests.tables import COMPLEXES


PLAIN = {name: row for name, row in NETWORKS.items() if not row.variant}
every = pytest.mark.parametrize("name", NETWORKS)
plain = pytest.mark.parametrize("name", PLAIN)


def make(row, width=None, layers=2, **options):
    width = row.width if width is None else width
    return row.make(width, HIDDEN, OUT, layers, row.max_dim, **options)


def test_every_network_has_a_row():
    whole = {
        value
        for name, value in vars(simplex.nn).items()
        if inspect.isclass(value)
        and issubclass(value, torch.nn.Module)
        and "complex" in inspect.signature(value.forward).parameters
        and not name.endswith(("Conv", "Norm"))
    }
    frames = {"SimplicialNetwork", "StackedNetwork", "MarkedNetwork", "SimplicialMessagePassing"}
    elsewhere = {"EachDegree", "CochainEncoder", "Readout", "LevelReadout"}
    elsewhere |= {"HodgeDenoiser", "CandidateNetwork", "LearnedLift"}  # called with more
    rows = {type(inner(make(row))) for row in PLAIN.values()}
    assert {kind.__name__ for kind in whole - rows} == frames | elsewhere
    assert rows <= whole


@every
@torch.no_grad()
def test_laws(name):
    """Of the network in both precisions, and of the cochains after its last layer in float64."""
    row = NETWORKS[name]
    assert_refuted(row, lambda **options: make(row, **options))
    for dtype in (torch.float32, torch.float64):
        model = make(row).to(dtype).eval()
        for place in row.laws:
            K = COMPLEXES[place]
            y = model(row.cochains(K, dtype=dtype), K)
            assert y.shape == (K.num_parts, OUT), place
            assert y.dtype == dtype, place
        assert_laws(name, row, model, dtype)
    if hasattr(model, "encode"):
        assert_laws(name, row._replace(laws=row.laws[:1]), model.encode, dtype)


@plain
def test_laws_at_a_level(name):
    """A row per simplex: relabelling, reorientation as the option says, batches, dtypes, training.

    The dimensions take turns from row to row.
    """
    row, level = PLAIN[name], [*PLAIN].index(name) % 4
    assert_level_laws(name, row, make(row, level=level).double().eval(), level)
    if row.symmetry == "turns" and row.broken_by:
        signed = make(row, level=1, signed_output=True).double().eval()
        assert_level_laws(name, row, signed, 1, turns=True)
    K = union("random 0", "filled tetrahedron")
    model = make(row, level=level).train()
    y = model(row.cochains(K, dtype=torch.float32), K)
    assert (y.shape, y.dtype) == ((K.num_simplices(level), OUT), torch.float32)
    y.square().sum().backward()
    for key, parameter in model.named_parameters():
        assert (parameter.grad is not None) != key.startswith(row.idle), key
    assert_drawn_anew(model)


@every
def test_every_parameter_learns_and_is_drawn_anew(name):
    row = NETWORKS[name]
    K = union("random 0", "random 1", "filled tetrahedron")
    model = make(row).train()
    model(row.cochains(K, dtype=torch.float32), K).square().sum().backward()
    for key, parameter in model.named_parameters():
        assert (parameter.grad is not None) != key.startswith(row.idle), key
        assert parameter.grad is None or parameter.grad.isfinite().all(), key
    assert_drawn_anew(model)


@plain
@torch.no_grad()
def test_copies_states_and_half_precision(name):
    row, K = PLAIN[name], COMPLEXES["house"]
    assert_loads(row, lambda width=None: make(row, width), K)
    assert_near_in_half_precision(row, make(row).eval(), union("random 0", "torus", "house"))
    if row.mixed:
        x = row.cochains(K, [2, 1, 2, 3], dtype=torch.float32)
        assert make(row, [2, 1, 2, 3])(x, K).shape == (1, OUT)


@plain
def test_derivatives(name):
    """Of the cochains against finite differences, in random directions."""
    row, K = PLAIN[name], COMPLEXES["house"]
    model = make(row).double().eval()
    x = [values.requires_grad_() for values in row.cochains(K)]
    assert torch.autograd.gradcheck(lambda *_: model(x, K), x, fast_mode=True)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
@plain
@torch.no_grad()
def test_an_accelerator_gives_the_same(name):
    row, K = PLAIN[name], COMPLEXES["random 0"]
    model, x = make(row).double().eval(), row.cochains(K)
    expected = model(x, K)
    result = model.to("cuda")([values.to("cuda") for values in x], K.to("cuda"))
    torch.testing.assert_close(result.cpu(), expected)
