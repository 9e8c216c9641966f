"""The law of balls: with the hops of a network, seeds get what the whole complex gives them."""

from functools import cache, partial

import pytest
import torch

from simplex.complexes import SimplicialComplex
from simplex.data import SimplicialData
from simplex.lifting import clique_complex
from simplex.loader import BallLoader
from simplex.nn import (
    GSAN,
    SAN,
    SIN,
    OperatorMixerConv,
    SimplicialMixer,
)
from tests.cases import over
from tests.nn.networks import HIDDEN, NETWORKS, OUT, inner
from tests.nn.rows import IN, TOP


LOCAL_BY_OPTIONS = {
    "SIN with layer norm": partial(SIN, norm="layer"),
    "SAN of a given step": partial(SAN, epsilon=0.3, harmonic_order=3),
    "GSAN of a given step": partial(GSAN, epsilon=0.05, order=1, harmonic_order=1),
    "SimplicialMixer, local": partial(
        SimplicialMixer, mixing=partial(OperatorMixerConv, normalize=False), neighbors=False
    ),
}
MAKE = {name: row.make for name, row in NETWORKS.items()} | LOCAL_BY_OPTIONS
SEES_ALL = {
    "SNN", "SNN unsigned", "Dist2Cycle", "Dist2Cycle, all layers read", "HeatNet", "SAN", "GSAN",
    "SimplicialTransformer, local and global", "SIN", "SIN, embedded", "GraphNetwork gps",
    *(name for name in NETWORKS if name.startswith("Marked")),
    *(name for name in NETWORKS if name.startswith("SimplicialMixer")),
}  # fmt: skip
WIDTH = IN + 3  # and the places of those that have some


@cache
def band() -> SimplicialData:
    """A long band of tetrahedra with random numbers of its vertices, longer than any ball."""
    generator = torch.Generator().manual_seed(1)
    n = 64
    start = torch.arange(n)
    pieces = [torch.stack([start[:-1], start[1:]])]
    for step in (2, 3):
        some = start[:-step][torch.rand(n - step, generator=generator) < 0.6]
        pieces.append(torch.stack([some, some + step]))
    edges = torch.randperm(n, generator=generator)[torch.cat(pieces, dim=1)]
    K = clique_complex(edges, TOP, num_vertices=n)
    x = [torch.randn(c, WIDTH, generator=generator, dtype=torch.float64) for c in K.f_vector]
    return SimplicialData.from_complex(K, x)


@cache
def ball(level: int, hops: int) -> tuple[SimplicialData, SimplicialComplex, torch.Tensor]:
    """Around two simplices: the batch, its complex, and the rows of the seeds in the whole."""
    K = band().complex
    rows = torch.randperm(K.num_simplices(level), generator=torch.Generator().manual_seed(level))
    seeds = K.simplices(level)[rows[:2]]
    (batch,) = BallLoader(band(), seeds, hops, batch_size=2)
    return batch, batch.complex, rows[batch.input_id]


def cochains(data, places):
    first, *others = data.cochains()
    return [first[:, : IN + places], *(values[:, :IN] for values in others)]


def deviation(model, level, hops, places):
    """Of the rows of the seeds from those of the whole complex."""
    whole, (batch, K, rows) = band(), ball(level, hops)
    expected = model(cochains(whole, places), whole.complex)[rows]
    found = model(cochains(batch, places), K)[batch.seed]
    return float((found - expected).abs().max() / expected.abs().max())


def evaluated(name, level):
    """A network with running statistics and parameters as after training, none of them alike."""
    torch.manual_seed(0)
    model = MAKE[name](IN, HIDDEN, OUT, 2, TOP, level=level).double()
    with torch.no_grad():
        model(cochains(band(), places_of(name)), band().complex)  # of the widths, and statistics
    return model.eval()


def places_of(name):
    return NETWORKS[name].places if name in NETWORKS else 0


def sights():
    """Names of networks that see a bounded number of hops: of one class, one for each reach."""
    seen = {}
    for name in sorted(MAKE.keys() - SEES_ALL):
        model = inner(MAKE[name](IN, HIDDEN, OUT, 2, TOP, level=0))
        seen.setdefault((type(model), model.reach), name)
    return list(seen.values())


LOCAL = sights()


@over("name, level", [(name, i % 2) for i, name in enumerate(LOCAL)])
@torch.no_grad()
def test_a_ball_of_the_hops_of_a_network_is_exact(name, level):
    model = evaluated(name, level)
    hops = inner(model).hops
    assert deviation(model, level, hops, places_of(name)) < 1e-12, f"{hops} hops"
    if hops:
        assert deviation(model, level, hops - 1, places_of(name)) > 1e-11, "one hop less suffices"


@over("name", sorted(SEES_ALL))
def test_networks_that_see_the_whole_complex_say_so(name):
    model = NETWORKS[name].make(IN, HIDDEN, OUT, 2, TOP, level=0)
    assert inner(model).hops is None
    with pytest.raises(TypeError, match="sees the whole complex"):
        BallLoader(band(), None, inner(model).hops)


@over("name", ["SIN without norm", "SCNN", "OrientedMPSN", "EMPSN", "PooledMLP", "FVectorMLP"])
def test_pooled_rows_see_the_whole_complex(name):
    assert inner(NETWORKS[name].make(IN, HIDDEN, OUT, 2, TOP)).hops is None
