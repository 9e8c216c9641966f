"""What people bring to a complex: names, arrays of every kind, large simplices, values, files."""

import io
import itertools
import logging
import warnings

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.operators import betti_numbers
from tests.cases import over
from tests.tables import COMPLEXES


ROWS = np.array([[0, 1], [2, 1], [3, 0]])
from_simplices = SimplicialComplex.from_simplices


# Integers


@over("dtype", [f"{order}{kind}{size}" for order in "<>" for kind in "iu" for size in (1, 2, 4, 8)])
def test_arrays_of_every_integer_dtype_and_layout(dtype):
    rows, expected = ROWS.astype(dtype), from_simplices(ROWS.tolist())
    frozen = rows.copy()
    frozen.setflags(write=False)
    padded = np.zeros((6, 4), dtype)
    padded[::2, ::2] = rows
    turned = rows[::-1], rows[:, ::-1], np.asfortranarray(rows)
    for given in (rows, *turned, frozen, padded[::2, ::2]):
        assert from_simplices(given) == expected
        assert from_simplices(list(given)) == expected
        assert expected.index(given).tolist() == expected.index(given.tolist()).tolist()


def test_integers_of_several_kinds_together():
    rows = [
        np.array([0, 1], np.uint64),
        np.array([1, 2], np.int8),
        (np.uint8(2), 3),
        [4, np.int64(0)],
    ]
    mixed = [torch.tensor([[0, 1]]), np.array([[1, 2], [2, 3]], ">u2"), (4, 0)]
    expected = from_simplices([(0, 1), (1, 2), (2, 3), (0, 4)])
    assert from_simplices(rows) == from_simplices(mixed) == expected
    assert from_simplices(np.array(ROWS, dtype=object)) == from_simplices(ROWS)
    assert from_simplices(np.ma.array(ROWS)) == from_simplices(ROWS)


@over(
    "given, error, message",
    [
        (np.ma.array(ROWS, mask=ROWS == 3), ValueError, "no masked entries"),
        (np.array([[0, 2**63]], np.uint64), ValueError, "below 2⁶³"),
        ([(0, 2**70)], ValueError, "below 2⁶³"),
        (np.array([[0, 1.5]], object), TypeError, "must be integers, got float"),
        ([(0, None)], TypeError, "must be integers, got NoneType"),
        ([(0, True)], TypeError, "must be integers, got bool"),
        (torch.eye(3).long().to_sparse(), TypeError, "dense tensor"),
        ([{0: 1}], TypeError, "a simplex must be a tuple"),
    ],
)
def test_what_is_no_vertex_id(given, error, message):
    with pytest.raises(error, match=message):
        from_simplices(given)


def test_degrees_of_numpy_are_degrees():
    K = COMPLEXES["house"]
    for kind in (np.int64, np.uint8):
        assert K.num_simplices(kind(1)) == 6
        assert torch.equal(K.simplices(kind(2)), K.simplices(2))


# Names and gaps


def test_vertices_called_by_names():
    K = from_simplices([("b", "a", "c"), ("c", "d")])
    assert (K.f_vector, K.vertex_labels) == ((4, 4, 1), ("b", "a", "c", "d"))
    assert K.index([("a", "b"), ("d", "a"), ("a", "nobody")]).tolist() == [0, -1, -1]
    assert from_simplices(np.array([["x", "y"], ["y", "z"]])).vertex_labels == ("x", "y", "z")
    assert from_simplices([("a", 1), (1, "b")]).vertex_labels == ("a", 1, "b")
    with pytest.raises(ValueError, match="num_vertices must be None for named vertices"):
        from_simplices([("a", "b")], num_vertices=3)
    with pytest.raises(TypeError, match="no labels, got names"):
        COMPLEXES["house"].index([("a", "b")])
    with pytest.raises(ValueError, match="must be distinct to be looked up"):
        SimplicialComplex.disjoint_union([K, K]).index([("a", "b")])


def test_lists_that_count_from_one():
    sphere = [[1, 2, 3], [1, 2, 4], [1, 3, 4], [2, 3, 4]]
    with pytest.warns(UserWarning, match=r"ids are 1 … 4: renumbered 0 … 3.*compact=False") as said:
        K = from_simplices(sphere)
    assert [each.filename for each in said] == [__file__]
    assert (K.f_vector, betti_numbers(K), K.vertex_labels) == ((4, 6, 4), (1, 0, 1), (1, 2, 3, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silent = from_simplices(sphere, compact=True)
        assert (silent == K, silent.vertex_labels) == (True, K.vertex_labels)
        for kept in (
            from_simplices(sphere, compact=False),
            from_simplices(sphere, num_vertices=5),
            from_simplices(sphere, num_vertices=5, compact=False),
        ):
            assert (kept.f_vector, betti_numbers(kept)) == ((5, 6, 4), (2, 0, 1))
            assert kept.vertex_labels is None
        for given in ([(2, 3)], [(1, 3)], [(0, 1), (1, 2)], [], torch.empty(0, 3, dtype=int)):
            assert from_simplices(given).vertex_labels is None  # other ids are numbers, in silence
    assert from_simplices([(2, 3)]).f_vector == (4, 1)
    for given in ([torch.tensor([[2, 1]]), np.array([[3]])], [(1, 2), (3,)], [[3], [2, 1]]):
        with pytest.warns(UserWarning, match="compact=False"):
            K = from_simplices(given)
        assert (K.f_vector, K.vertex_labels) == ((3, 1), (1, 2, 3))
    with pytest.warns(UserWarning, match="compact=False"):
        assert from_simplices(sphere, max_dim=1) == from_simplices(sphere, compact=True).skeleton(1)


def test_compact_keeps_what_occurs():
    K = from_simplices([(0, 3 * 10**9), (7, 0)], compact=True)
    assert (K.f_vector, K.vertex_labels) == ((3, 2), (0, 7, 3 * 10**9))
    assert from_simplices([(0, 1)], compact=True).vertex_labels is None
    assert from_simplices([], compact=True).f_vector == ()
    with pytest.raises(ValueError, match="num_vertices must be None"):
        from_simplices([(0, 1)], num_vertices=2, compact=True)


# Large simplices


@over("seed", range(6))
def test_max_dim_is_the_skeleton_of_the_closure(seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = torch.randint(1, 8, (9,), generator=generator).tolist()
    given = [torch.randperm(11, generator=generator)[:size].tolist() for size in sizes]
    whole = from_simplices(given, num_vertices=11)
    for k in range(8):
        assert from_simplices(given, num_vertices=11, max_dim=k) == whole.skeleton(k)


def test_the_faces_of_a_large_simplex_up_to_a_dimension():
    assert from_simplices([range(60)], max_dim=2).f_vector == (60, 1770, 34220)
    given = [range(0, 40), torch.arange(30, 70).tolist()]
    common = 2 * 40 * 39 // 2 - 10 * 9 // 2
    assert from_simplices(given, max_dim=1).f_vector == (70, common)


def generators(count, width, universe):
    rng = np.random.default_rng(0)
    return [np.sort(rng.choice(universe, width, replace=False)) for _ in range(count)]


@over(
    "given, options",
    [
        ([range(27)], {}),
        ([range(1100)], {}),
        (generators(300, 21, 1000), {}),
        (generators(300, 21, 40), {}),
        ([range(1100)], {"max_dim": 3}),
        ([(0, 3 * 10**9)], {}),
    ],
)
def test_what_does_not_fit_is_refused_before_work(monkeypatch, given, options):
    """With 4 GiB free; the largest of these would be built first where they were."""
    for module in ("_machine", "_build"):
        monkeypatch.setattr(f"simplex.complexes.{module}.available_bytes", lambda device: 2**32)
    monkeypatch.setattr("simplex.complexes._build.close_downward", None)
    with pytest.raises(ValueError, match=r"must fit in half of the free memory, 2\.0 GiB"):
        from_simplices(given, **options)


@over("seed", range(10))
def test_the_bound_of_a_closure_is_below_it(monkeypatch, seed):
    """What is refused for certain before work would not have fitted after it."""
    rng = np.random.default_rng(seed)
    given = [rng.choice(12, rng.integers(2, 8), replace=False) for _ in range(rng.integers(1, 9))]
    asked = []
    monkeypatch.setattr("simplex.complexes._build._face_bytes", lambda width: 2**26)
    monkeypatch.setattr("simplex.complexes._build.available_bytes", lambda device: 0)
    monkeypatch.setattr(
        "simplex.complexes._build.require_memory", lambda num_bytes, *_: asked.append(num_bytes)
    )
    K = from_simplices(given, num_vertices=12)
    largest = max(map(len, given))
    whole = sum(8 * (k + 1) * n for k, n in enumerate(K.f_vector))
    assert 8 * largest * 2 ** (largest - 1) <= asked[-1] <= whole


# Values that ride along


def test_filtrations_are_taken_and_checked():
    K = COMPLEXES["filled triangle"]
    values = [[0, 0, 1], [1, 1, 1], [2.5]]
    assert [v.tolist() for v in K.with_filtration(values).filtration] == values
    assert K.with_filtration(values).filtration[0].dtype == torch.float64
    single = [torch.zeros(3), torch.zeros(3), torch.zeros(1)]
    assert K.with_filtration(single).filtration[0].dtype == torch.float32
    with pytest.raises(ValueError, match=r"values\[1\] must be numbers, got NaN"):
        K.with_filtration([[0] * 3, [0, float("nan"), 1], [2]])
    late = [[0, 0, 3], [1, 1, 1], [2.5]]
    with pytest.raises(ValueError, match=r"got 1\.0 for the simplex \(0, 2\).*monotone=False"):
        K.with_filtration(late)
    assert K.with_filtration(late, monotone=False).filtration[0].tolist() == late[0]
    with pytest.raises(ValueError, match="one value per simplex"):
        K.with_filtration([[0] * 3])


def test_orientations_are_signs():
    K = COMPLEXES["filled triangle"]
    assert K.reorient({1: [1, -1, 1]}) == K.reorient({1: np.array([1, -1, 1], "<f4")[::-1]})
    for sign in (torch.ones(3).bool(), torch.ones(3) * 1j):
        with pytest.raises(TypeError, match=r"signs\[1\] must be real numbers"):
            K.reorient({1: sign})
    with pytest.raises(ValueError, match="must be \\+1 or -1, got nan"):
        K.reorient({1: [1, 1, float("nan")]})


def test_parts_by_a_list_and_beyond_the_dimension():
    K = from_simplices([(0, 1), (2, 3)]).with_parts([0, 2, 4])
    assert (K.num_parts, K.part(1).tolist()) == (2, [0, 1])
    assert K.part(5000).tolist() == []
    assert K.part_pointer(5000).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="k must be an integer from 0 to 2147483647"):
        K.facet_signs(2**62)
    with pytest.raises(ValueError, match="non-negative"):
        K.reorient({1: [1, 1]}).orientation(-1)


@over("complexes", [[COMPLEXES["house"], "house"], COMPLEXES["house"], 3])
def test_only_complexes_are_united(complexes):
    with pytest.raises(TypeError, match="must be a"):
        SimplicialComplex.disjoint_union(complexes)


# Files


def saved(state):
    """What a file of a complex with this state would be read as."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return SimplicialComplex.from_state(torch.load(file, weights_only=True))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there must be a machine without a GPU")
def test_vertices_saved_on_a_gpu_come_to_the_cpu(caplog):
    state = COMPLEXES["isolated vertices"].state()
    with caplog.at_level(logging.WARNING):
        assert saved(state | {"device": "cuda:0"}) == COMPLEXES["isolated vertices"]
    assert "saved on cuda:0" in caplog.text
    assert saved(state) == COMPLEXES["isolated vertices"]


def test_vertices_are_moved_as_tables_are():
    file = io.BytesIO()
    torch.save(COMPLEXES["isolated vertices"].state(), file)
    file.seek(0)
    moved = torch.load(file, weights_only=True, map_location="meta")
    assert SimplicialComplex.from_state(moved).device.type == "meta"


@over(
    "change, message",
    [
        ({"num_vertices": 2 * 10**10}, "num_vertices must be at most"),
        ({"num_vertices": 3 * 10**9}, "arrays over 3000000000 vertices must fit"),
        ({"num_vertices": -1}, "non-negative"),
        ({"surprise": 1}, "must be what complex.state"),
        ({"device": "nowhere"}, "device must be one of this machine"),
    ],
)
def test_files_that_ask_for_too_much(monkeypatch, change, message):
    monkeypatch.setattr("simplex.complexes._machine.available_bytes", lambda device: 2**32)
    with pytest.raises(ValueError, match=message):
        saved(COMPLEXES["isolated vertices"].state() | change)


def test_every_subset_is_in_the_closure_of_a_large_simplex():
    K = from_simplices([range(12)])
    assert K.f_vector == tuple(
        len(list(itertools.combinations(range(12), k + 1))) for k in range(12)
    )
