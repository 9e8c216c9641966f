"""What every layer and network refuses, in words of the library: one row of the tables each."""

import inspect
import pathlib
import traceback

import networkx as nx
import pytest
import torch
from torch_geometric.data import Data

import simplex
from simplex.nn import EachDegree
from tests.cases import over
from tests.nn.networks import HIDDEN, NETWORKS, inner
from tests.nn.table import LAYERS, OUT, Placed
from tests.tables import COMPLEXES


HOME = str(pathlib.Path(simplex.__file__).parent)
OF_FLOWS = ("Oriented", "OrientedMPSN", "EdgeMPNN")  # they have checks of their own
LAYER_ROWS = {n: row for n, row in LAYERS.items() if not row.variant and n not in OF_FLOWS}
NETWORK_ROWS = {n: row for n, row in NETWORKS.items() if not row.variant and n not in OF_FLOWS}
K = COMPLEXES["house"]
GRAPH = nx.path_graph(3)


def assert_refused(what, call):
    """By a sentence of the library, not by torch's own words or an ``AttributeError``."""
    with pytest.raises((TypeError, ValueError), match=" must ") as caught:
        call()
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert frame.filename.startswith(HOME), f"{what}: {caught.value}"


def wrong_cochains(x):
    """Malformed lists, each with the word for what is wrong with it."""
    *first, last = x
    yield "one channel more", [*first, torch.cat([last, last[:, :1]], dim=1)]
    yield "another dtype", [*first, last.half()]
    yield "integers", [*first, last.long()]
    yield "another device", [*first, last.to("meta")]
    yield "a row more", [*first, torch.cat([last, last[:1], last.new_ones(1, last.shape[1])])]
    yield "no tensor", [*first, None]
    yield "numpy", [*first, last.numpy()]
    yield "a vector", [*first, last.new_ones(len(last))]
    yield "a dimension missing", first
    yield "a dimension too many", [*x, last]
    yield "sparse", [*first, last.to_sparse()]
    for value in (None, 1.5, "words", K, dict(enumerate(x)), Data()):
        yield f"{type(value).__name__} for cochains", value


def assert_refuses(name, module, row, top):
    x = row.cochains(K, max_dim=top, dtype=torch.float32)
    for what, wrong in wrong_cochains(x):
        if what == "one channel more" and name in FREE_WIDTH:
            continue
        if what == "sparse" and name in TAKES_SPARSE:
            continue
        assert_refused(f"{name}, {what}", lambda wrong=wrong: module(wrong, K))
    for wrong in (None, GRAPH, Data(), x):
        what = f"{name}, {type(wrong).__name__} for a complex"
        assert_refused(what, lambda wrong=wrong: module(x, wrong))
    assert_refused(f"{name}, turned around", lambda: module(K, x))


TAKES_SPARSE = [name for name in NETWORKS if name.startswith(("SimplicialMixer", "Marked"))]
FREE_WIDTH = ("EMPSN", "kernel mixer", "operator mixer")


@over("name", LAYER_ROWS)
def test_layers(name):
    row = LAYER_ROWS[name]
    top = min(row.max_dim, 2)
    layer = row.make(row.width, OUT, top, **row.few)
    if not isinstance(layer, Placed):
        assert_refuses(name.split(" of ")[0], layer, row, top)
    if isinstance(layer, EachDegree):
        x = row.cochains(K, max_dim=top, dtype=torch.float32)
        for wrong in (None, x, x[0].long(), x[0][:-1], x[0].double(), "words"):
            assert_refused(f"{name}, degree 0", lambda w=wrong: layer.convs[0](w, K))


@over("name", NETWORK_ROWS)
def test_networks(name):
    row = NETWORK_ROWS[name]
    model = row.make(row.width, HIDDEN, OUT, 1, 2).eval()
    if type(model).__name__ not in (
        "PlacedNetwork",
        "GIN",
        "GraphNetwork",
        "HiGCN",
        "FVectorMLP",
    ):  # the last see less
        assert_refuses(name, model, row, 2)


@over("name", NETWORK_ROWS)
def test_sizes(name):
    """Sizes and options of a network that are no positive integers, or not of their kind."""
    row = NETWORK_ROWS[name]
    kind = type(inner(row.make(row.width, HIDDEN, OUT, 1, 2)))
    names = inspect.signature(kind).parameters
    sizes = {"in_channels": 2, "hidden_channels": 4, "out_channels": 3, "num_layers": 1}
    given = sizes | {k: 2 for k in ("max_dim",) if k in names}
    if "make_conv" in names:
        given["make_conv"] = torch.nn.Linear
    for size in sizes:
        for wrong in (0, -2, 1.5, "x", None, float("nan"), True):
            if size in names and not (size == "in_channels" and name in ("FVectorMLP",)):
                assert_refused(
                    f"{name}({size}={wrong})", lambda s=size, w=wrong: kind(**given | {s: w})
                )
    for option, wrong in (("dropout", 1.5), ("activation", 3), ("readout_dims", 7), ("skip", "no")):
        if option in names:
            what = f"{name}({option}={wrong})"
            assert_refused(what, lambda o=option, w=wrong: kind(**given | {o: w}))
