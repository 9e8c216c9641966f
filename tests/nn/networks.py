"""Every network of the library, one row each: a new row gains what test_network_contract.py asks.

Rows named after their class alone have its defaults; variants are held to the laws alone.
"""

from functools import partial

import torch
from torch import nn

from simplex.nn import (
    EMPSN,
    GCCN,
    GIN,
    GSAN,
    HOPSE,
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
    DirSNN,
    Dist2Cycle,
    EdgeMPNN,
    FVectorMLP,
    GraphNetwork,
    HeatNet,
    HiGCN,
    MarkedSIN,
    OrientedMPSN,
    PooledMLP,
    SaNN,
    SCNet,
    SCoNe,
    SimplicialMixer,
    SimplicialTransformer,
)
from tests.nn.table import (
    ALL,
    EVERY,
    FLAT,
    GRAPH_LAYERS,
    IN,
    MIXER,
    OUT,
    RANDOM,
    TOP,
    Placed,
    Row,
    drawn,
    unsigned,
)


HIDDEN = 4
SIZES = (IN, HIDDEN, OUT, 2, TOP)  # in_channels, hidden_channels, out_channels, num_layers, max_dim


class PlacedNetwork(Placed):
    """A network on geometric complexes; the places are the last features of the vertices."""

    def forward(self, x, complex):
        return self.conv([x[0][:, :-3], *x[1:]], complex, x[0][:, -3:])


class OnEdges(nn.Module):
    """A network on edge flows, called like the others."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x, complex):
        return self.model(x[1], complex)


def inner(model):
    """The network itself, without what adapts how it is called."""
    if isinstance(model, PlacedNetwork):
        return model.conv
    return model.model if isinstance(model, OnEdges) else model


def mixer_network(**fixed):
    def make(*sizes, **options):
        return drawn(SimplicialMixer(*sizes, **fixed | options))

    return make


def graph_network(kind, **fixed):
    options = {"adjacencies": ALL, "bipartite": kind != "GCN"} | fixed
    return partial(GCCN, make_conv=GRAPH_LAYERS[kind], **options)


def on_edges(model, **fixed):
    return lambda i, h, o, layers, top, **options: OnEdges(
        model(i, h, o, num_layers=layers, **fixed | options)
    )


def placed(**fixed):
    return lambda *sizes, **options: PlacedNetwork(EMPSN(*sizes, **fixed | options))


EVEN = ({"activation": torch.relu},)
ODD = Row(
    nn.Module,
    broken_by=EVEN,
    laws=(*RANDOM, "house", "torus"),
    parts=("empty", "isolated vertices", "union"),
    rough=0.1,
)
BLIND = ODD._replace(symmetry="blind", broken_by=())
NONE = BLIND._replace(symmetry="none")
INVARIANT = ODD._replace(broken_by=())  # whatever the options
FILTERS = ({"signed": False}, {"bias": True}, *EVEN)
CAT = {"jumping_knowledge": "cat"}


def variant(row, make):
    return row._replace(make=make, variant=True, broken_by=(), laws=("random 0", "random 1"))


NETWORKS: dict[str, Row] = {
    # --- filters
    **{
        name: ODD._replace(make=make, broken_by=FILTERS)
        for name, make in (
            ("SNN", SNN),
            ("SCNN", SCNN),
            ("SCCNN", SCCNN),
            ("SCNet", SCNet),
            ("SCN signed", partial(SCN, signed=True, activation=torch.tanh)),
            ("SCCN signed", partial(SCCN, signed=True, activation=torch.tanh)),
        )
    },
    **{
        f"{model.__name__} unsigned": variant(
            BLIND, partial(model, signed=False, bias=True, norm="batch")
        )
        for model in (SNN, SCNN, SCCNN, SCN, SCCN, SCNet)
    },
    "SCCNN, embedded": variant(ODD, partial(SCCNN, embed=True)),
    "SCoNe": ODD._replace(make=SCoNe),
    "SCN": BLIND._replace(make=SCN),
    "SCCN": BLIND._replace(make=SCCN),
    "Dist2Cycle": ODD._replace(make=Dist2Cycle),
    "Dist2Cycle, all layers read": variant(ODD, partial(Dist2Cycle, **CAT)),
    "BScNet": ODD._replace(make=BScNet, broken_by=({"signed": False}, *EVEN)),
    "BScNet, all layers read": variant(ODD, partial(BScNet, **CAT)),
    "BScNet unsigned": variant(BLIND, partial(BScNet, signed=False, norm="batch", **CAT)),
    "HeatNet": INVARIANT._replace(make=HeatNet, laws=EVERY, lazy=False),
    # --- attention
    "SAT": ODD._replace(make=SAT),
    "SAT of 2 heads": variant(ODD, partial(SAT, heads=2)),
    "SAN": NONE._replace(make=SAN),
    "SAN without harmonic part": variant(BLIND, partial(SAN, harmonic_order=0)),
    "GSAN": NONE._replace(make=GSAN, mixed=False),
    "SimplicialTransformer": BLIND._replace(make=SimplicialTransformer),
    "SimplicialTransformer, local and global": variant(
        BLIND, partial(SimplicialTransformer, attention="both", adjacencies=ALL, **CAT)
    ),
    # --- messages
    "SIN": BLIND._replace(make=SIN),
    "SIN without norm": BLIND._replace(make=partial(SIN, norm=None), laws=FLAT, variant=True),
    "SIN, pooled rows normed": variant(BLIND, partial(SIN, norm="batch", readout_norm="log")),
    "SIN, embedded": variant(BLIND, partial(SIN, embed=True)),
    "MarkedSIN": BLIND._replace(make=MarkedSIN),
    "MarkedSIN, some copies at a time": variant(
        BLIND, partial(MarkedSIN, copies_per_step=40, norm="batch", reduce="mean", **CAT)
    ),
    "MPSN": BLIND._replace(make=MPSN),
    "MPSN of all adjacencies": variant(BLIND, partial(MPSN, adjacencies=ALL, **CAT)),
    "MPSN max": variant(BLIND, partial(MPSN, aggr="max", **CAT)),
    "DirSNN": BLIND._replace(make=DirSNN),
    "DirSNN of means": variant(BLIND, partial(DirSNN, aggr="mean", norm="batch", order=2)),
    "HSN": BLIND._replace(make=HSN),
    "HSN, all layers read": variant(BLIND, partial(HSN, **CAT)),
    "HSN signed": variant(ODD, partial(HSN, signed=True, activation=torch.tanh, **CAT)),
    "SCA": BLIND._replace(make=SCA),
    "SCA, all layers read": variant(BLIND, partial(SCA, **CAT)),
    "SCA adjacency": variant(BLIND, partial(SCA, scheme="adjacency", **CAT)),
    "SCA attention": variant(BLIND, partial(SCA, attention=True, **CAT)),
    "SCA homology": variant(BLIND, partial(SCA, attention=True, scheme="homology", **CAT)),
    "GIN": INVARIANT._replace(make=GIN),  # it sees vertices alone
    "GIN, all layers read": INVARIANT._replace(make=partial(GIN, **CAT)),
    "GIN with batch norm": INVARIANT._replace(make=partial(GIN, norm="batch", train_eps=True)),
    **{
        f"GraphNetwork {kind}": INVARIANT._replace(
            make=partial(GraphNetwork, convolution=kind, heads=2),
            variant=kind not in ("gat", "gps"),
        )
        for kind in ("gcn", "gat", "sage", "gin", "gps", "mlp")
    },
    "GraphNetwork without norm": variant(INVARIANT, partial(GraphNetwork, norm=None, **CAT)),
    "GCCN": BLIND._replace(make=graph_network("SAGE", adjacencies=("boundary", "upper"))),
    **{
        f"GCCN {kind}": BLIND._replace(
            make=graph_network(kind), mixed=False, lazy=kind == "SAGE", variant=kind != "GIN"
        )
        for kind in GRAPH_LAYERS
    },
    "EMPSN": BLIND._replace(make=placed(), places=3),
    "EMPSN moving": variant(
        BLIND._replace(places=3, idle=("conv.convs.1.move",)), placed(update_pos=True)
    ),
    # --- gathered once, or not at all
    "SaNN": BLIND._replace(make=SaNN),
    "SaNN of sines, all layers read": variant(BLIND, partial(SaNN, channels=3, **CAT)),
    "SaNN signed": variant(
        ODD, partial(SaNN, hops=1, signed=True, bias=False, activation=torch.tanh, norm="rms")
    ),
    "HOPSE": BLIND._replace(make=HOPSE),
    "HOPSE of two blocks": variant(BLIND, partial(HOPSE, blocks=(1, 1))),
    "HiGCN": INVARIANT._replace(make=partial(HiGCN, order=3)),  # it sees vertices alone
    # --- flows
    "OrientedMPSN": ODD._replace(
        make=on_edges(OrientedMPSN),
        mixed=False,
        lazy=False,
        broken_by=({"activation": torch.relu, "oriented": False},),
    ),
    "OrientedMPSN mean": variant(ODD, on_edges(OrientedMPSN, reduce="mean")),
    "EdgeMPNN": INVARIANT._replace(make=on_edges(EdgeMPNN), mixed=False, lazy=False),
    "EdgeMPNN mean": variant(INVARIANT, on_edges(EdgeMPNN, reduce="mean")),
    # --- mixers
    "SimplicialMixer": MIXER._replace(make=mixer_network(), mixed=True, lazy=True),
    "SimplicialMixer rms": variant(MIXER, mixer_network(norm="rms")),
    "SimplicialMixer of kernels": MIXER._replace(
        make=mixer_network(mixing="kernel", **CAT), mixed=True, lazy=True, rough=0.15
    ),
    **{
        f"SimplicialMixer unsigned, {mixing}": MIXER._replace(
            make=mixer_network(mixing=mixing, signed=False, **options),
            **unsigned,
        )
        for mixing, options in (("kernel", CAT), ("operator", {"norm": "rms"}))
    },
    # --- baselines
    "PooledMLP": BLIND._replace(make=PooledMLP),
    "FVectorMLP": INVARIANT._replace(make=FVectorMLP, lazy=False),
}
