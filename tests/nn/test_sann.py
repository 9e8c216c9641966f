"""SaNN: gathered before is gathered within; what it tells apart; what HOPSE and HiGCN look at."""

import networkx as nx
import pytest
import torch
from torch_geometric.loader import DataLoader

from simplex import SimplicialComplex
from simplex.data import SimplicialDataset
from simplex.datasets import classical_pairs, strongly_regular_family
from simplex.lifting import clique_complex
from simplex.nn import HOPSE, HiGCN, PooledMLP, SaNN
from simplex.operators import pool_parts
from simplex.testing import random_cochains
from simplex.transforms import GatheredFeatures, gathered_features
from simplex.wl import distinguish
from tests.benchmarks.graphs.strongly_regular import family, run
from tests.cases import over
from tests.nn.oracles import gathered
from tests.tables import COMPLEXES


NAMES = ("house", "random 1", "isolated vertices", "torus", "filled tetrahedron")
UNION = SimplicialComplex.disjoint_union([COMPLEXES[name] for name in NAMES])


def dataset():
    x = random_cochains(UNION, channels=3, max_dim=2)
    return SimplicialDataset.from_union(UNION, x, max_dim=2)


@over("channels", (None, 4))
@torch.no_grad()
def test_gathered_once_or_within_is_the_same(channels):
    """For an item, a batch, a data set and a part of it; with one state."""
    plain, transform = dataset(), GatheredFeatures(2, channels=channels)
    whole = transform(plain)
    wide = [x.shape[1] for x in whole[0].cochains()]
    sizes = {"hidden_channels": 8, "out_channels": 2, "num_layers": 2, "max_dim": 2}
    within = SaNN(3, hops=2, channels=channels, **sizes).eval()
    before = SaNN(wide, hops=0, **sizes).eval()
    before.load_state_dict(within.state_dict())
    batch = plain.to_batch()
    expected = within(batch.cochains(), batch.complex)
    for given in (
        whole.to_batch(),
        transform(batch),
        next(iter(DataLoader(list(whole), batch_size=len(NAMES)))),
        next(iter(DataLoader([transform(item) for item in plain], batch_size=len(NAMES)))),
    ):
        torch.testing.assert_close(before(given.cochains(), given.complex), expected)
    some = transform(plain[[3, 0]]).to_batch()
    torch.testing.assert_close(before(some.cochains(), some.complex), expected[[3, 0]])
    assert torch.equal(plain[0].x_1, dataset()[0].x_1)


def test_sums_of_a_constant_count_walks_and_no_map_is_drawn():
    """Against dense matrices; and two calls agree to the last bit."""
    K, x = (
        COMPLEXES["random 0"],
        [torch.ones(n, 1).double() for n in COMPLEXES["random 0"].f_vector],
    )
    for options in ({}, {"channels": 5}, {"signed": True}, {"signed": True, "channels": 5}):
        names = {"adjacencies": ("boundary", "coboundary", "lower", "upper")}
        dense = gathered(x, K, 3, **names, **{"signed": False, "channels": None, **options})
        for z, again, w in zip(
            *[gathered_features(K, x, 3, **options) for _ in "ab"], dense, strict=True
        ):
            torch.testing.assert_close(z, w, atol=1e-9, rtol=1e-9)
            assert torch.equal(z, again)
    counts = gathered_features(K, x[:2], 2, adjacencies=["upper"])[0].expm1()
    degree = torch.bincount(K.simplices(1).flatten(), minlength=K.num_simplices(0)).double()
    torch.testing.assert_close(counts[:, 1], degree)


# --- power ----------------------------------------------------------------------------------------


def told_apart(graphs, max_dim, channels=None, hops=4):
    """Which graphs have the same gathered features as multisets, (n,) labels; and exact SWL's."""
    parts = [clique_complex(graph, max_dim=max_dim) for graph in graphs]
    U = SimplicialComplex.disjoint_union(parts)
    x = [torch.ones(U.num_simplices(k), 1).double() for k in range(max_dim + 1)]
    z = gathered_features(U, x, hops, channels=channels)
    rows = [torch.sin(v @ torch.randn(v.shape[1], 4).double()) for v in z]  # of a multiset, its sum
    pooled = [pool_parts(v, U.part_pointer(k), "sum") for k, v in enumerate(rows)]
    ours = torch.unique(torch.cat(pooled, 1).round(decimals=7), dim=0, return_inverse=True)[1]
    return ours, torch.as_tensor(distinguish(parts))


def same(labels):
    return labels[:, None] == labels


@over("channels", (None, 8))
def test_tells_apart_what_swl_does(channels):
    for pair in classical_pairs():
        ours, exact = told_apart([pair.first, pair.second], 3, channels)
        assert torch.equal(same(ours), same(exact)), pair.name
    atlas = [graph for graph in nx.graph_atlas_g() if 5 <= graph.number_of_nodes() <= 6]
    for max_dim in (1, 2):
        ours, exact = told_apart(atlas, max_dim, channels)
        assert torch.equal(same(ours), same(exact)), max_dim
        assert (len(exact.unique()) == len(atlas)) == (max_dim == 2)


class PooledFirst(torch.nn.Module):
    """A perceptron on the sums of the gathered features: no map of single simplices."""

    def __init__(self, top):
        super().__init__()
        self.classify = PooledMLP(1 + 4 * 16, 16, 16, 2, top)

    def forward(self, x, complex):
        return self.classify(gathered_features(complex, x, 4, channels=16), complex)


@pytest.mark.parametrize("name", ["SR(16,6,2,2)", "SR(26,10,3,4)"])
def test_untrained_they_separate_what_swl_separates(shared_data, name):
    each = family(strongly_regular_family(name, shared_data / "sr"), 3)
    for make in (lambda top: SaNN(1, 16, 16, 2, top, hops=4, channels=16), PooledFirst):
        for verdict in run(make, each, range(3), torch.float64):
            assert torch.equal(verdict.told_apart, each.separated)


# --- levels, and what is looked at ----------------------------------------------------------------


@over("make", (SaNN, HOPSE, HiGCN))
def test_rows_of_a_level(make):
    K = COMPLEXES["house"]
    x = random_cochains(K, channels=2, max_dim=2)
    for level in range(3):
        assert make(2, 8, 3, 2, 2, level=level)(x, K).shape == (K.num_simplices(level), 3)


def test_blocks_of_widths_that_the_first_input_says():
    x = random_cochains(UNION, channels=3, max_dim=2)
    assert HOPSE(-1, 4, 2, 1, 2, blocks=(1, 2))(x, UNION).shape == (len(NAMES), 2)
    with pytest.raises(ValueError, match=r"x\[0\] must have as many columns as the blocks"):
        HOPSE(-1, 4, 2, 1, 2, blocks=(2, 2))(x, UNION)


def test_hopse_looks_at_no_neighbour_and_higcn_at_no_higher_feature():
    K = COMPLEXES["torus"]
    x = random_cochains(K, channels=4, max_dim=2)
    other = [x[0], x[1] + 1, x[2]]
    blocks = HOPSE(4, 8, 3, 2, 2, blocks=(3, 1)).eval()
    changed, kept = blocks.encode(other, K), blocks.encode(x, K)
    assert torch.equal(changed[0], kept[0])
    assert torch.equal(changed[2], kept[2])
    assert not torch.equal(changed[1], kept[1])
    petals = HiGCN(4, 8, 3, 2, 2).eval()
    assert torch.equal(petals(other, K), petals(x, K))


@over(
    "call, words",
    (
        (lambda: HOPSE(4, 8, 3, 1, 2, blocks=(3, 2)), "blocks must make up the widths"),
        (lambda: HOPSE(4, 8, 3, 1, 2, blocks=[(3, 1)] * 2), "blocks must make up the widths"),
        (lambda: HOPSE(4, 8, 3, 1, 2, blocks=4), "blocks must be a list"),
        (lambda: HOPSE(4, 8, 3, 1, 2, blocks=[]), "blocks must be a list"),
        (lambda: HiGCN(4, 8, 3, 1, 0), "max_dim must be"),
        (lambda: HiGCN(4, 8, 3, 1, 2, alpha=2.0), "alpha must be"),
        (lambda: SaNN(4, 8, 3, 1, 2, hops=-1), "hops must be"),
        (lambda: SaNN(4, 8, 3, 1, 2, channels=0), "channels must be"),
        (lambda: SaNN(4, 8, 3, 1, 2, adjacencies=["left"]), "adjacencies must be among"),
        (lambda: SaNN(4, 8, 3, 1, 2, signed=True, bias=False), "norm must be"),
        (lambda: GatheredFeatures(-1), "hops must be"),
        (lambda: GatheredFeatures(adjacencies="lower"), "adjacencies must be a list"),
        (lambda: GatheredFeatures(1)(UNION), "data must be SimplicialData"),
        (lambda: gathered_features(UNION, [torch.ones(3, 1)]), r"x\[0\] must have shape"),
        (lambda: gathered_features(UNION, torch.ones(3, 1)), "x must be a list of cochains"),
        (lambda: gathered_features(UNION, [UNION.simplices(0)]), r"x\[0\] must be a tensor of f"),
    ),
)
def test_refusals(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()
