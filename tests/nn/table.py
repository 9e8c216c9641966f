"""Every layer of the library, one row each: a new row gains all that test_layer_contract.py asks.

Rows that differ from another in an option alone are variants: they are held to their formula and to
the laws. The networks are in networks.py.
"""

from functools import partial

import torch
from torch import nn
from torch_geometric.nn import GATConv, GCNConv, GINConv as GraphGIN, SAGEConv

from simplex.nn import (
    BScNetConv,
    ChannelMixerConv,
    DirSNNConv,
    Dist2CycleConv,
    EMPSNConv,
    GCCNConv,
    GINConv,
    GSANConv,
    HiGCNConv,
    HOPSEConv,
    HSNConv,
    KernelMixerConv,
    MPSNConv,
    OperatorMixerConv,
    OrientedConv,
    SANConv,
    SaNNConv,
    SATConv,
    SCAAttentionConv,
    SCAConv,
    SCCNConv,
    SCCNNConv,
    SCConv,
    SCNConv,
    SCNNConv,
    SCoNeConv,
    SimplicialMixerConv,
    SimplicialTransformerConv,
    SINConv,
    SNNConv,
)
from tests.nn import oracles
from tests.nn.rows import (
    ALL as ALL,
    CHUNKED as CHUNKED,
    EVERY as EVERY,
    FLAT as FLAT,
    IN as IN,
    OUT as OUT,
    RANDOM as RANDOM,
    SMALL as SMALL,
    TOP as TOP,
    Row as Row,
    each_degree as each_degree,
    on_vertices as on_vertices,
)


class Placed(nn.Module):
    """A layer on geometric complexes; the last three features of the vertices are the places."""

    def __init__(self, conv):
        super().__init__()
        self.conv = conv

    def forward(self, x, complex):
        h, pos = self.conv([x[0][:, :-3], *x[1:]], complex, x[0][:, -3:])
        return [torch.cat([h[0], pos], dim=1), *h[1:]]


def placed_empsn(layer, x, K):
    h, pos = oracles.empsn(layer.conv, [x[0][:, :-3], *x[1:]], x[0][:, -3:], K)
    return [torch.cat([h[0], pos], dim=1), *h[1:]]


def drawn(module):
    """The module with its parameters drawn anew, none of them zero; those without a size are."""
    for parameter in module.parameters():
        if not nn.parameter.is_lazy(parameter):
            nn.init.normal_(parameter, std=0.5)
    return module


def graph_gin(i, o):
    return GraphGIN(nn.Sequential(nn.Linear(i, o), nn.ReLU(), nn.Linear(o, o)))


GRAPH_LAYERS = {"GIN": graph_gin, "SAGE": SAGEConv, "GAT": GATConv, "GCN": GCNConv}


def gccn(kind, **options):
    """GCCNConv with a layer of PyG on all neighborhoods."""
    options = {"adjacencies": ALL, "bipartite": kind != "GCN"} | options
    return partial(GCCNConv, make_conv=GRAPH_LAYERS[kind], **options)


def mixer(conv):
    """From (in_channels, out_channels, max_dim), though all widths are one."""
    return lambda i, o, max_dim, **options: drawn(conv(i, max_dim, **options))


def mixer_block(width, top, signed=True):
    kernel, channel = (
        KernelMixerConv(5, top, signed=signed),
        ChannelMixerConv(width, 9, top, signed=signed),
    )
    return SimplicialMixerConv(kernel, channel, width, top, signed=signed)


# Rows that are alike in what is not their own.
FILTER = Row(
    nn.Module,
    max_dim=2,
    broken_by=({"signed": False}, {"bias": True}),
    exact=EVERY,
    laws=("empty", "house", "torus", "reoriented", "random 1", "3-sphere"),
    parts=("isolated vertices", "4-simplex"),
)
MESSAGES = Row(nn.Module, symmetry="blind", exact=SMALL)
MIXER = Row(
    nn.Module,
    mixed=False,
    lazy=False,
    width=6,  # of two, a norm leaves the signs alone
    keeps_width=True,
    broken_by=({"signed": False},),
    laws=(*RANDOM, "house"),
    tolerance=1e-3,  # norms divide small deviations up
)
unsigned = {"symmetry": "blind", "broken_by": (), "variant": True}


def filters(name, make, oracle):
    """A layer on signed and on unsigned boundaries."""
    return {
        name: FILTER._replace(make=make, oracle=oracle),
        f"{name} unsigned": FILTER._replace(
            make=partial(make, signed=False), oracle=oracle, **unsigned
        ),
    }


def mixers(name, make, oracle, **fields):
    return {
        name: MIXER._replace(make=mixer(make), oracle=oracle, **fields),
        f"{name} unsigned": MIXER._replace(
            make=mixer(partial(make, signed=False)), oracle=oracle, **fields, **unsigned
        ),
    }


LAYERS: dict[str, Row] = {
    # --- polynomials of Laplacians, and convolutions between the dimensions
    **filters("SNN", each_degree(SNNConv), oracles.each(oracles.snn)),
    **filters("SNN of order 4", each_degree(SNNConv, order=4), oracles.each(oracles.snn)),
    "SCoNe": FILTER._replace(
        make=each_degree(SCoNeConv),
        oracle=oracles.each(oracles.scone),
        broken_by=({"activation": torch.relu},),
    ),
    **filters("SCNN", each_degree(SCNNConv), oracles.each(oracles.scnn)),
    **filters(
        "SCNN of orders 3 and 0",
        each_degree(SCNNConv, down_order=3, up_order=0, normalize=True),
        oracles.each(oracles.scnn),
    ),
    **filters("SCCNN", SCCNNConv, oracles.sccnn),
    **filters(
        "SCCNN of orders 3 and 1",
        partial(SCCNNConv, down_order=3, up_order=1, normalize=True),
        oracles.sccnn,
    ),
    **filters("SCN", partial(SCNConv, signed=True), oracles.scn),
    **filters("SCCN", partial(SCCNConv, signed=True), oracles.scn),
    **filters("SC", SCConv, oracles.sc),
    "Dist2Cycle": Row(
        each_degree(Dist2CycleConv, num_steps=40),
        oracles.each(oracles.dist2cycle),
        exact=SMALL,
        laws=("isolated vertices", "random 0", "torus"),
        few={"num_steps": 3},
    ),
    "Dist2Cycle down": Row(
        each_degree(Dist2CycleConv, num_steps=40, laplacian="down"),
        oracles.each(oracles.dist2cycle),
        exact=SMALL,
        laws=("isolated vertices", "random 0", "torus"),
        few={"num_steps": 3},
    ),
    "BScNet": Row(BScNetConv, oracles.bscnet, broken_by=({"signed": False},)),
    "BScNet unsigned": Row(
        partial(BScNetConv, signed=False, power=1, relation_channels=2),
        oracles.bscnet,
        symmetry="blind",
    ),
    # --- attention
    "SAT": Row(each_degree(SATConv, heads=3), oracles.each(oracles.sat), max_dim=4, exact=EVERY),
    "SAT in chunks": Row(
        each_degree(SATConv, heads=3, max_pairs=5),
        oracles.each(oracles.sat),
        exact=CHUNKED,
        laws=("house", "filled tetrahedron"),
        parts=("one vertex",),
        variant=True,
    ),
    "SAN": Row(
        each_degree(SANConv, order=3, harmonic_order=2),
        oracles.each(oracles.san),
        max_dim=4,
        symmetry="none",
        exact=EVERY,
    ),
    "SAN in chunks": Row(
        each_degree(SANConv, order=3, harmonic_order=2, max_pairs=5),
        oracles.each(oracles.san),
        symmetry="none",
        exact=CHUNKED,
        laws=("house", "filled tetrahedron"),
        parts=("one vertex",),
        variant=True,
    ),
    "SAN of step 0.05": Row(
        each_degree(SANConv, order=3, harmonic_order=2, epsilon=0.05),
        oracles.each(oracles.san),
        symmetry="none",
        exact=("random 0", "random 1", "random 2"),
        variant=True,
    ),
    "SAN without harmonic part": Row(
        each_degree(SANConv, harmonic_order=0),
        oracles.each(oracles.san),
        symmetry="blind",
        variant=True,
    ),
    "GSAN": Row(GSANConv, oracles.gsan, symmetry="none", mixed=False),
    "GSAN in chunks": Row(
        partial(GSANConv, harmonic_order=1, max_pairs=5),
        oracles.gsan,
        symmetry="none",
        mixed=False,
        exact=("torus", "union"),
        laws=("house", "filled tetrahedron"),
        parts=("one vertex",),
        variant=True,
    ),
    "transformer": MESSAGES._replace(
        make=partial(SimplicialTransformerConv, heads=2), oracle=oracles.transformer
    ),
    **{
        f"transformer, {attention} attention": MESSAGES._replace(
            make=partial(SimplicialTransformerConv, heads=3, attention=attention, adjacencies=ALL),
            oracle=oracles.transformer,
            variant=attention == "both",
        )
        for attention in ("global", "both")
    },
    # --- messages
    "SIN": MESSAGES._replace(
        make=partial(SINConv, eps=0.3, train_eps=True),
        oracle=oracles.sin,
        mixed=False,
        exact=FLAT,
        laws=FLAT,
    ),
    "MPSN sum": MESSAGES._replace(
        make=partial(MPSNConv, adjacencies=ALL), oracle=oracles.mpsn(lambda rows: rows.sum(0))
    ),
    "MPSN max": MESSAGES._replace(
        make=partial(MPSNConv, aggr="max", activation=torch.tanh),
        oracle=oracles.mpsn(lambda rows: rows.amax(0)),
    ),
    "MPSN mean": MESSAGES._replace(
        make=partial(MPSNConv, adjacencies=("lower", "coboundary"), aggr="mean", num_layers=1),
        oracle=oracles.mpsn(lambda rows: rows.mean(0)),
    ),
    "DirSNN": MESSAGES._replace(make=DirSNNConv, oracle=oracles.dirsnn, exact=SMALL),
    "DirSNN of order 2": MESSAGES._replace(
        make=partial(DirSNNConv, order=2, aggr="mean", bias=False, adjacencies=("lower", "upper")),
        oracle=oracles.dirsnn,
        variant=True,
    ),
    "HSN": MESSAGES._replace(make=each_degree(HSNConv), oracle=oracles.hsn),
    "HSN signed": Row(
        each_degree(HSNConv, activation=torch.tanh, signed=True),
        oracles.hsn,
        exact=SMALL,
        broken_by=({"activation": torch.sigmoid},),
    ),
    **{
        f"{name}{' with attention' * attention}": MESSAGES._replace(
            make=partial(SCAAttentionConv if attention else SCAConv, scheme=scheme),
            oracle=oracles.sca(attention),
        )
        for attention in (False, True)
        for name, scheme in (
            ("CMPS", "coadjacency"),
            ("AMPS", "adjacency"),
            ("HCMPS", "homology"),
        )
    },
    "GIN": Row(
        on_vertices(partial(GINConv, eps=0.3)),
        oracles.each(oracles.gin),
        max_dim=0,
        mixed=False,
        exact=EVERY,
        signals=False,
    ),
    **{
        f"GCCN {kind}": MESSAGES._replace(
            make=gccn(kind),
            oracle=oracles.gccn(kind),
            exact=FLAT,
            mixed=kind == "SAGE",
            lazy=kind == "SAGE",
            rough=0.1,
        )
        for kind in GRAPH_LAYERS
    },
    **{
        f"GCCN {kind} {aggr}": MESSAGES._replace(
            make=gccn(kind, aggr=aggr),
            oracle=oracles.gccn(kind),
            mixed=kind == "SAGE",
            variant=True,
        )
        for kind in GRAPH_LAYERS
        for aggr in ("mean", "max")
    },
    "EMPSN": MESSAGES._replace(
        make=lambda i, o, top, **options: Placed(EMPSNConv(i, o, top, **options)),
        oracle=placed_empsn,
        places=3,
        exact=(
            "empty",
            "edge",
            "house",
            "triangle with tail",
            "random 0",
            "random 1",
            "filled tetrahedron",
            "union",
        ),
    ),
    # --- gathered once, or not at all
    "SaNN": MESSAGES._replace(make=SaNNConv, oracle=oracles.sann, exact=FLAT),
    "SaNN signed": FILTER._replace(
        make=partial(SaNNConv, hops=1, signed=True, bias=False), oracle=oracles.sann, exact=EVERY
    ),
    "SaNN of two adjacencies": MESSAGES._replace(
        make=partial(SaNNConv, hops=3, adjacencies=("coboundary", "boundary")),
        oracle=oracles.sann,
        variant=True,
    ),
    **{
        f"SaNN of sines{' signed' * signed}": row._replace(
            make=partial(SaNNConv, channels=3, signed=signed, bias=not signed),
            oracle=oracles.sann,
            exact=FLAT,
            broken_by=(),
            variant=True,
        )
        for signed, row in ((False, MESSAGES), (True, FILTER))
    },
    "HOPSE": MESSAGES._replace(make=HOPSEConv, oracle=oracles.hopse),
    "HOPSE of two blocks": MESSAGES._replace(
        make=partial(HOPSEConv, blocks=(3, 2), activation=torch.tanh),
        oracle=oracles.hopse,
        width=5,
        mixed=False,
        variant=True,
    ),
    "HiGCN": Row(
        on_vertices(partial(HiGCNConv, max_dim=2, order=4)),
        oracles.each(oracles.higcn),
        max_dim=0,
        mixed=False,
        exact=EVERY,
        signals=False,
    ),
    # --- flows
    "Oriented": Row(
        each_degree(OrientedConv),
        oracles.each(oracles.oriented),
        exact=EVERY,
        laws=EVERY,
        lazy=False,
        idle=("convs.0.maps.lower.weight",),
        broken_by=({"activation": torch.relu},),
    ),
    **{
        f"Oriented {name}": Row(
            each_degree(OrientedConv, activation=activation),
            oracles.each(oracles.oriented),
            laws=EVERY,
            variant=True,
        )
        for name, activation in (("linear", None), ("softsign", nn.functional.softsign))
    },
    # --- mixers
    **mixers(
        "kernel mixer",
        lambda i, top, **options: KernelMixerConv(5, top, **options),
        oracles.kernel_mixer,
        coarse=("reoriented",),  # its codes of tetrahedra are differences of like numbers
    ),
    **mixers(
        "operator mixer",
        lambda i, top, **options: OperatorMixerConv(5, top, **options),
        oracles.operator_mixer,
    ),
    **mixers(
        "operator mixer of orders 0 and 3",
        lambda i, top, **options: OperatorMixerConv(5, top, down_order=0, up_order=3, **options),
        oracles.operator_mixer,
    ),
    **mixers(
        "channel mixer",
        lambda i, top, **options: ChannelMixerConv(i, 9, top, **options),
        oracles.channel_mixer,
    ),
    **mixers(
        "channel mixer alone",
        lambda i, top, **options: ChannelMixerConv(i, 9, top, neighbors=False, **options),
        oracles.channel_mixer,
    ),
    **mixers("mixer block", mixer_block, oracles.mixer_block, coarse=("reoriented",)),
}
