"""Every network of the library under the laws of ``simplex.testing``: one row each."""

import inspect

import pytest
import torch
from torch_geometric.nn import SAGEConv

import simplex.nn
from simplex.nn import (
    EMPSN,
    GCCN,
    GIN,
    GSAN,
    HSN,
    MPSN,
    SAN,
    SAT,
    SCA,
    SCCN,
    SCCNN,
    SCN,
    SCNN,
    SIN,
    SNN,
    BScNet,
    Dist2Cycle,
    EdgeMPNN,
    FVectorMLP,
    HeatNet,
    OrientedMPSN,
    PooledMLP,
    SCNet,
    SCoNe,
    SimplicialMixer,
)
from simplex.testing import (
    assert_batch_consistent,
    assert_inputs_untouched,
    assert_orientation_equivariant,
    assert_permutation_equivariant,
    random_cochains,
    random_complex,
)


TOP, WIDTH, HIDDEN, OUT = 3, 2, 4, 3
SIZES = (WIDTH, HIDDEN, OUT, 2, TOP)  # in, hidden, out, layers, max_dim


def on_edges(model):
    """A network on edge flows, called like the others."""
    return lambda x, K: model(x[1], K)


def with_places(model):
    """A network on geometric complexes; the places are the first features of the vertices."""
    return lambda x, K: model(x, K, x[0])


# name: (network, how it is called, whether it is invariant under reorientation)
NETWORKS = {
    "SIN": (SIN(*SIZES), None, False),
    "MPSN": (MPSN(*SIZES), None, False),
    "GIN": (GIN(*SIZES), None, True),  # sees vertices alone
    "HSN": (HSN(*SIZES), None, False),
    "SCA": (SCA(*SIZES), None, False),
    "SCN": (SCN(*SIZES), None, False),
    "SCCN": (SCCN(*SIZES), None, False),
    "GCCN": (GCCN(*SIZES, make_conv=SAGEConv), None, False),
    "EMPSN": (EMPSN(*SIZES), with_places, False),
    "PooledMLP": (PooledMLP(*SIZES), None, False),
    "FVectorMLP": (FVectorMLP(WIDTH, HIDDEN, OUT, 2, TOP), None, True),
    "SAN": (SAN(*SIZES, harmonic_order=0), None, False),
    "GSAN": (GSAN(*SIZES), None, False),
    "SNN": (SNN(*SIZES), None, True),
    "SCNet": (SCNet(*SIZES), None, True),
    "SCoNe": (SCoNe(*SIZES), None, True),
    "SCNN": (SCNN(*SIZES), None, True),
    "SCCNN": (SCCNN(*SIZES), None, True),
    "SAT": (SAT(*SIZES), None, True),
    "Dist2Cycle": (Dist2Cycle(*SIZES), None, True),
    "BScNet": (BScNet(*SIZES), None, True),
    "HeatNet": (HeatNet(WIDTH, HIDDEN, OUT, 2, TOP), None, True),
    "SimplicialMixer": (SimplicialMixer(*SIZES), None, True),
    "OrientedMPSN": (OrientedMPSN(WIDTH, HIDDEN, OUT), on_edges, True),
    "EdgeMPNN": (EdgeMPNN(WIDTH, HIDDEN, OUT), on_edges, True),
}
FRAMES = {"SimplicialNetwork", "StackedNetwork", "SimplicialMessagePassing"}


def network(name, dtype):
    model, call, oriented = NETWORKS[name]
    model = model.to(dtype).eval()
    return (call(model) if call else model), oriented


def test_every_network_has_a_row():
    whole = {
        name
        for name, value in vars(simplex.nn).items()
        if inspect.isclass(value)
        and issubclass(value, torch.nn.Module)
        and "complex" in inspect.signature(value.forward).parameters
        and not name.endswith(("Conv", "Norm"))
    }
    elsewhere = {"EachDegree", "Readout", "HodgeDenoiser"}  # takes times, and one complex
    assert whole - FRAMES - elsewhere == set(NETWORKS)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_obey_the_laws(name, dtype):
    model, oriented = network(name, dtype)
    complexes = [random_complex(seed) for seed in range(3)]
    cochains = [
        random_cochains(K, WIDTH, TOP, dtype=dtype, seed=i) for i, K in enumerate(complexes)
    ]
    for seed, (x, K) in enumerate(zip(cochains, complexes, strict=True)):
        assert model(x, K).shape == (1, OUT)
        assert_permutation_equivariant(model, x, K, seed=seed)
        assert_inputs_untouched(model, x, K)
        if oriented:
            assert_orientation_equivariant(model, x, K, seed=seed)
    assert_batch_consistent(model, list(zip(cochains, complexes, strict=True)))


@pytest.mark.parametrize("name", [name for name, row in NETWORKS.items() if not row[2]])
def test_the_others_see_the_orientation_of_their_cochains(name):
    model, _ = network(name, torch.float64)
    K = random_complex(0)
    x = random_cochains(K, WIDTH, TOP, dtype=torch.float64)
    with pytest.raises(AssertionError, match="under reorientation"):
        assert_orientation_equivariant(model, x, K)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
@pytest.mark.parametrize("name", NETWORKS)
def test_an_accelerator_gives_the_same(name):
    model, _ = network(name, torch.float64)
    K = random_complex(0)
    x = random_cochains(K, WIDTH, TOP, dtype=torch.float64)
    expected = model(x, K)
    module = NETWORKS[name][0].to("cuda")
    try:
        result = model([values.to("cuda") for values in x], K.to("cuda"))
    finally:
        module.to("cpu")
    torch.testing.assert_close(result.cpu(), expected)
