"""Candidates scored by networks: the laws, for networks of each kind, and that links are learnt."""

import pytest
import torch
from torch_geometric.data import Batch

from simplex import SimplicialComplex
from simplex.data import SimplicialData
from simplex.nn import (
    GIN,
    HSN,
    MPSN,
    SAN,
    SCCN,
    SCCNN,
    SCNN,
    SIN,
    CandidateNetwork,
    Dist2Cycle,
    PooledMLP,
)
from simplex.testing import random_complex, random_orientation
from simplex.transforms import split_simplices
from tests.cases import over
from tests.nn.networks import graph_network
from tests.tables import COMPLEXES


NETWORKS = {  # name: (network, whether it turns with the orientation)
    "SIN": (lambda: SIN(3, 4, 2, 2, 2), False),
    "MPSN, all layers read": (lambda: MPSN(3, 4, 2, 2, 2, jumping_knowledge="cat"), False),
    "SCCN": (lambda: SCCN(3, 4, 2, 2, 2), False),
    "HSN": (lambda: HSN(3, 4, 2, 2, 2), False),
    "SAN": (lambda: SAN(3, 4, 2, 2, 2, harmonic_order=0), False),
    "GIN": (lambda: GIN(3, 4, 2, 2, 2), False),
    "GCCN": (lambda: graph_network("GIN")(3, 4, 2, 2, 2), False),
    "SCCNN": (lambda: SCCNN(3, 4, 2, 2, 2), True),
    "SCNN at a level": (lambda: SCNN(3, 4, 2, 2, 2, level=1, signed_output=True), True),
    "Dist2Cycle": (lambda: Dist2Cycle(3, 4, 2, 2, 2), True),
}


def example(K, dtype, k=2, seed=0, m=20):
    generator = torch.Generator().manual_seed(seed)
    x = [torch.randn(K.num_simplices(j), 3, generator=generator, dtype=dtype) for j in range(3)]
    n = K.num_simplices(0)
    rows = torch.stack([torch.randperm(n, generator=generator)[: k + 1] for _ in range(m)])
    return x, rows


def relabelled(K, x, rows, seed, turns):
    """The same on other vertex numbers, by which simplices may turn."""
    place = torch.randperm(K.num_simplices(0), generator=torch.Generator().manual_seed(seed))
    moved = SimplicialComplex.from_simplices(
        [place[K.simplices(k)] for k in range(K.dim + 1)], K.num_simplices(0)
    )
    y = [torch.empty_like(each) for each in x]
    for k, each in enumerate(x):
        if len(each):
            new = place[K.simplices(k)]
            swapped = sum((new[:, i] > new[:, j]).long() for j in range(k + 1) for i in range(j))
            sign = (
                1 - 2 * (swapped % 2) if turns and k else torch.ones(len(each), dtype=torch.int64)
            )
            y[k][moved.index(new)] = each * sign[:, None]
    return moved, y, place[rows]


@over("dtype, atol", [(torch.float64, 1e-10), (torch.float32, 1e-4)])
@over("name, k", [*((name, 2) for name in NETWORKS), ("SIN", 1), ("SCCNN", 1), ("SIN", 3)])
def test_laws(name, k, dtype, atol):
    make, turns = NETWORKS[name]
    model = CandidateNetwork(make(), 8, 3, k).to(dtype).eval()
    K = random_complex(1)
    x, rows = example(K, dtype, k)
    y = model(x, K, rows)
    scale = atol * float(y.detach().abs().max().clamp(min=1))
    assert y.shape == (20, 3)
    assert y.dtype == dtype
    torch.testing.assert_close(model(x, K, rows.flip(1)), y, atol=scale, rtol=0)
    torch.testing.assert_close(model(x, K, rows.flip(0)).flip(0), y, atol=scale, rtol=0)
    moved, moved_x, moved_rows = relabelled(K, x, rows, 3, turns)
    torch.testing.assert_close(model(moved_x, moved, moved_rows), y, atol=scale, rtol=0)
    signs = random_orientation(K, 5)
    turned = [
        each * signs[j][:, None] if turns and j in signs else each for j, each in enumerate(x)
    ]
    found = model(turned, SimplicialComplex.disjoint_union([K.reorient(signs)]), rows)
    torch.testing.assert_close(found, y, atol=scale, rtol=0)


@over("name", ["SIN", "SCCNN", "GIN"])
def test_batches_give_what_their_items_give(name):
    model = CandidateNetwork(NETWORKS[name][0](), 8, 1, 2).double().eval()
    items, expected = [], []
    for seed, place in enumerate(["house", "random 0", "torus", "hollow triangle"]):
        K = COMPLEXES[place]
        x, rows = example(K, torch.float64, seed=seed, m=5 + seed)
        items.append(SimplicialData.from_complex(K.skeleton(2), x, max_dim=2, candidates=rows))
        expected.append(model(x, K.skeleton(2), rows))
    batch = Batch.from_data_list(items)
    found = model(batch.cochains(), batch.complex, batch.candidates)
    torch.testing.assert_close(found, torch.cat(expected))


def test_faces_are_pooled_as_the_equation_says():
    K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 3), (1, 3), (2, 3), (4, 5)])
    x, _ = example(K, torch.float64)
    network = SIN(3, 4, 1, 1, 2).double().eval()
    model = CandidateNetwork(network, 5, 2, 2, num_layers=1).double().eval()
    h = network.encode(x, K)
    a, b, c = h[0][[0, 1, 2]]
    e, f = h[1][K.index([(0, 1), (1, 2)])]
    number = [torch.tensor([value], dtype=torch.float64) for value in (3.0, 2.0, 2.0)]
    read = [a + b + c, a * b + a * c + b * c, number[0], e + f, e * f, number[1]]
    read.append(number[2].log())  # 3 sees 0, 1 and 2: one common neighbour
    expected = model.classify(model.hidden(torch.cat(read)[None]))
    torch.testing.assert_close(model(x, K, torch.tensor([[2, 0, 1]])), expected)
    alone = model(x, K, torch.tensor([[0, 2, 4]]))  # no two of them are joined
    assert bool(alone.isfinite().all())


@over("k", [1, 2])
def test_gradients_reach_the_network_and_what_was_there_is_learnt(k):
    generator = torch.Generator().manual_seed(0)
    blocks = [torch.combinations(torch.arange(8) + 8 * i, k + 1) for i in range(4)]  # four cliques
    split = split_simplices(
        SimplicialComplex.from_simplices(blocks), k, kind="uniform", generator=generator,
        fractions=(0.2, 0.0, 0.2),
    )  # fmt: skip
    torch.manual_seed(0)
    model = CandidateNetwork(SIN(1, 8, 1, 2, k, norm=None), 16, 1, k)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    K, data = split.train.complex, split.train
    x = [torch.ones(K.num_simplices(j), 1) for j in range(k + 1)]
    for step in range(40):
        out = model(x, K, data.candidates)[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(out, data.y_candidates)
        optimizer.zero_grad()
        loss.backward()
        for conv in model.network.convs:  # but for the maps of dimensions that are not read
            reached = [p.grad is not None and bool(p.grad.any()) for p in conv.parameters()]
            assert step or any(reached)
        optimizer.step()
    with torch.no_grad():
        answer = model(x, K, split.test.candidates)[:, 0] > 0
    accuracy = float((answer == (split.test.y_candidates > 0)).float().mean())
    assert accuracy > 0.9


def test_widths_from_the_first_input_states_and_fresh_parameters():
    class Same(torch.nn.Module):
        def encode(self, x, complex):
            return list(x)

    K = random_complex(0)
    x, rows = example(K, torch.float32)
    lazy, given = (
        CandidateNetwork(Same(), 4, 1, 2),
        CandidateNetwork(Same(), 4, 1, 2, in_channels=3),
    )
    first = lazy(x, K, rows)
    given.load_state_dict(lazy.state_dict())
    assert torch.equal(given(x, K, rows), first)
    lazy.reset_parameters()
    assert not torch.allclose(lazy(x, K, rows), first)
    assert "k=2" in repr(lazy)


@over("call, message", [
    (lambda: CandidateNetwork(PooledMLP(3, 4, 2, 1, 2), 4, 1, 2), "module with encode"),
    (lambda: CandidateNetwork(SIN(3, 4, 2, 2, 2).encode, 4, 1, 2), "network must be a module"),
    (lambda: CandidateNetwork(SIN(3, 4, 2, 2, 2), 4, 1, 0), "k must be"),
    (lambda: CandidateNetwork(SIN(3, 4, 2, 2, 2), 0, 1, 2), "hidden_channels must be"),
    (lambda: CandidateNetwork(SIN(3, 4, 2, 2, 2), 4, 1, 2, in_channels=0), "in_channels must be"),
    (lambda: CandidateNetwork(SIN(3, 4, 2, 2, 2), 4, 1, 2, dropout=1.0), "dropout must be"),
])  # fmt: skip
def test_what_is_refused(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@over("rows, message", [
    (torch.tensor([[0, 1]]), r"candidates must be of shape \(m, 3\)"),
    (torch.tensor([[0, 1, 1]]), "distinct vertices"),
    (torch.tensor([[0, 1, 99]]), "vertices of the complex"),
    (torch.tensor([[0.0, 1.0, 2.0]]), "candidates must be integers"),
    (None, "candidates must be"),
])  # fmt: skip
def test_candidates_that_are_none_are_refused(rows, message):
    K = COMPLEXES["house"]
    x, _ = example(K, torch.float32)
    model = CandidateNetwork(SIN(3, 4, 2, 2, 2), 4, 1, 2)
    with pytest.raises((ValueError, TypeError), match=message):
        model(x, K, rows)
