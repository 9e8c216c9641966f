"""Laws of all encodings: equivariance, batches and data sets, fields, widths, dtypes."""

import itertools

import pytest
import torch
from torch_geometric.data import Batch, Data
from torch_geometric.loader import DataLoader
from torch_geometric.transforms import Compose

from simplex import SimplicialComplex
from simplex.data import SimplicialData, SimplicialDataset
from simplex.testing import random_complex, random_orientation, relabel
from simplex.transforms import (
    CliqueLift,
    Degrees,
    Encoding,
    Encodings,
    HodgeEigenvectors,
    RandomCochains,
    RandomWalkReturns,
)
from tests.cases import over
from tests.tables import COMPLEXES
from tests.transforms.encodings import ENCODINGS, seeded


def dataset():
    parts = [COMPLEXES[name] for name in ("isolated vertices", "house", "random 1")]
    union = SimplicialComplex.disjoint_union(parts)
    x = [torch.ones(union.num_simplices(k), 2) for k in range(3)]
    return SimplicialDataset.from_union(union, x, max_dim=2)


@over("complex_name", ["empty", "edge and isolated vertices", "3-sphere", "house"])
def test_equivariant_and_blind_to_orientation(complex_name):
    K = COMPLEXES[complex_name].with_parts(None)
    moved = relabel(K, torch.randperm(K.num_simplices(0), generator=seeded(1)))
    turned = moved.complex.reorient(random_orientation(moved.complex, 2))
    for k, name in itertools.product(range(max(K.dim, 0) + 2), ENCODINGS):
        encoding = ENCODINGS[name]()
        columns = encoding.columns(K, k)
        assert columns.dtype == torch.float32
        assert columns.shape[0] == (K.num_simplices(k) if k <= K.dim else 0)
        assert bool(columns.isfinite().all())
        if k <= K.dim:
            got = encoding.columns(turned, k)[moved.place[k]]
            torch.testing.assert_close(got, columns, atol=2e-5, rtol=1e-5)


@over("name", ENCODINGS)
def test_a_batch_and_a_data_set_have_the_columns_of_their_items(name):
    items, transform = dataset(), ENCODINGS[name]()
    before = [x.clone() for x in items._data.x_1]
    whole, batch = transform(items), transform(items.to_batch())
    assert isinstance(whole, SimplicialDataset)
    assert len(whole) == 3
    alone = [transform(item) for item in items]
    for ours, again, expected in zip(whole, batch.to_data_list(), alone, strict=True):
        assert ours.complex == expected.complex
        for k, x in enumerate(expected.cochains()):
            torch.testing.assert_close(ours.cochains()[k], x, atol=1e-6, rtol=1e-6)
            torch.testing.assert_close(again.cochains()[k], x, atol=1e-6, rtol=1e-6)
            assert torch.equal(x[:, :2], torch.ones(len(x), 2))
    some = transform(items[[2, 0]])
    for ours, place in zip(some, (2, 0), strict=True):
        torch.testing.assert_close(ours.x_1, alone[place].x_1, atol=1e-6, rtol=1e-6)
    collated = whole.to_batch()
    assert torch.equal(collated.x_1, batch.x_1)
    assert all(map(torch.equal, before, items._data.x_1))


@over("name", ENCODINGS)
def test_columns_of_their_own_name_and_chosen_dimensions(name):
    K = COMPLEXES["house"]
    data = SimplicialData.from_complex(K, [torch.ones(n, 1).double() for n in K.f_vector])
    kept = ENCODINGS[name](name="pe")(data)
    assert torch.equal(kept.pe_1, ENCODINGS[name]().columns(K, 1))
    assert kept.x_1.shape == (6, 1)
    assert "pe_1" not in data
    cut = kept.subgraph(torch.tensor([2, 3, 4]))
    assert len(cut.pe_1) == 3
    assert ENCODINGS[name]()(data).x_1.dtype == torch.float64
    whole = ENCODINGS[name](name="pe")(dataset())
    assert whole.to_batch().pe_2.shape == whole._data.pe_2.shape
    if name != "together":
        one = ENCODINGS[name](dims=[1, 7])(data)
        assert (one.x.shape[1], one.x_2.shape[1]) == (1, 1)
        assert one.x_1.shape[1] > 1


@over("chosen", [[2, 0], [1, 1, 2], [1], []])
def test_of_a_subset_its_own_items_alone_are_encoded(chosen):
    seen = []

    class Seen(Degrees):
        def compute(self, K, k):
            seen.append(K.num_parts)
            return super().compute(K, k)

    for transform in (Seen(dims=[0]), Encodings([Seen(dims=[0])])):
        items = dataset()
        ours = transform(items[chosen])
        assert seen == [len(chosen)]
        assert len(ours) == len(chosen)
        assert ours.to_batch().complex.num_parts == len(chosen)
        assert sum(len(item.x) for item in ours) == len(ours._data["x"])
        for item, place in zip(ours, chosen, strict=True):
            assert torch.equal(item.x, transform(items[place]).x)
            assert item.complex == items[place].complex
        seen.clear()


@over("name", ["hop counts", "eigenspaces", "together"])
def test_where_torch_makes_double_or_half_precision(name):
    K, made = COMPLEXES["house"], ENCODINGS[name]()
    expected = made.columns(K, 1)
    for dtype in (torch.float64, torch.bfloat16):
        torch.set_default_dtype(dtype)
        try:
            columns = made.columns(K, 1)
        finally:
            torch.set_default_dtype(torch.float32)
        assert columns.dtype == dtype
        assert torch.equal(columns.bfloat16(), expected.bfloat16())


@over("layout", [torch.sparse_csr, torch.sparse_coo])
def test_columns_behind_sparse_ones(layout):
    K = COMPLEXES["house"]
    words = torch.eye(5).to_sparse(layout=layout)
    got = Degrees(dims=[0])(SimplicialData.from_complex(K, x=words)).x
    assert got.layout == layout
    assert torch.equal(got.to_dense(), torch.cat([torch.eye(5), Degrees().columns(K, 0)], dim=1))


def test_workers_and_epochs_draw_other_numbers_with_a_generator_too():
    items = SimplicialComplex.disjoint_union([COMPLEXES["house"]] * 4)
    made, steps = SimplicialDataset.from_union(items), []
    for kind in (RandomCochains, HodgeEigenvectors):  # columns 0 … 3, and the signs of 4 … 7
        steps.append(kind(4, generator=seeded(3)))
    made.transform = Compose(steps)
    draws = []
    for seed in (0, 1, 0):
        loader = DataLoader(made, batch_size=2, num_workers=2, generator=seeded(seed))
        draws.append(torch.cat([batch.x for batch in loader]))
    for columns in (slice(0, 4), slice(4, 8)):
        first, other, again = (draw[:, columns] for draw in draws)
        assert not torch.equal(first[:10], first[10:])
        assert not torch.equal(first, other)
        assert torch.equal(first, again)


def test_a_single_item_and_data_without_features():
    K = COMPLEXES["house"]
    one = SimplicialDataset.from_union(K)
    made = Degrees()(one)
    assert made[0].x.shape == (5, 3)
    bare = Degrees()(SimplicialData.from_complex(K))
    assert [x.shape for x in bare.cochains()] == [(5, 3), (6, 3), (1, 3)]
    whole = SimplicialData.from_complex(K, x=torch.tensor([[1], [2], [3], [4], [5]]))
    assert Degrees(["upper"])(whole).x.tolist() == [[1, 2], [2, 2], [3, 3], [4, 3], [5, 2]]


def test_composed_with_the_lift():
    edges = torch.tensor([[0, 1, 2], [1, 2, 0]])
    graph = Data(x=torch.ones(3, 1), edge_index=edges)
    steps = Compose([CliqueLift(), Encodings([Degrees(["upper"]), RandomWalkReturns([2])])])
    assert steps(graph).x_1.shape == (3, 5)
    loaded = Batch.from_data_list([steps(graph), steps(graph)])
    assert loaded.x_2.shape == (2, 5)


def test_an_encoding_of_your_own():
    class Dimension(Encoding):
        def compute(self, K, k):
            return torch.full((K.num_simplices(k), 1), float(k))

    assert Dimension()(dataset()).to_batch().x_2[:, 2].unique().tolist() == [2.0]
    assert Dimension().columns(COMPLEXES["house"], 5).shape == (0, 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Degrees("north"), ValueError, "adjacencies must be"),
        (lambda: Degrees(3), TypeError, "adjacencies must be words"),
        (lambda: Degrees(form="root"), ValueError, "form must be"),
        (lambda: Degrees(dims=1), TypeError, "dims must be a sequence"),
        (lambda: Degrees(dims=[-1]), ValueError, "dims must be"),
        (lambda: Degrees(name="a b"), ValueError, "name must be the name of a field"),
        (lambda: RandomWalkReturns(8), TypeError, "steps must be a sequence of integers"),
        (lambda: RandomWalkReturns([0]), ValueError, "steps must be"),
        (lambda: RandomWalkReturns(num_probes=0), ValueError, "num_probes must be"),
        (lambda: RandomWalkReturns(generator=3), TypeError, "generator must be"),
        (lambda: Encodings([Compose([])]), TypeError, "must each be an Encoding, got Compose"),
        (lambda: Encodings(Degrees()), TypeError, "encodings must be a list"),
        (lambda: Degrees()(Data()), TypeError, "Lift a graph with"),
        (lambda: Degrees()([1]), TypeError, "got list"),
        (lambda: Degrees().columns(3, 0), TypeError, "K must be a SimplicialComplex"),
        (lambda: Degrees().columns(random_complex(0), -1), ValueError, "k must be"),
        (lambda: Degrees()(stray()), ValueError, r"x must have shape \(5, channels\)"),
    ],
)
def test_wrong_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


def stray():
    data = SimplicialData.from_complex(COMPLEXES["house"])
    data._store["x"] = torch.ones(4, 1)
    return data
