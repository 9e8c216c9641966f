"""The class: construction against brute force, tables, laws of union, orientation and state."""

import io
import itertools
import pickle

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from tests.cases import over
from tests.tables import COMPLEXES, random_complex, random_orientation


ALL = over("name", COMPLEXES)
SEEDS = over("seed", range(8))


def brute_force_closure(simplices, num_vertices):
    """All non-empty subsets, by Python sets: the definition."""
    found = {(v,) for v in range(num_vertices)}
    for simplex in simplices:
        for size in range(1, len(simplex) + 1):
            found |= set(itertools.combinations(sorted(simplex), size))
    top = max((len(s) for s in found), default=0)
    return [sorted(s for s in found if len(s) == k + 1) for k in range(top)]


def random_tuples(seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = torch.randint(1, 6, (12,), generator=generator).tolist()
    return [tuple(torch.randperm(9, generator=generator)[:size].tolist()) for size in sizes]


@SEEDS
def test_closure_is_all_subsets(seed):
    given = random_tuples(seed)
    complex_ = SimplicialComplex.from_simplices(given, num_vertices=10)
    expected = brute_force_closure(given, 10)
    assert complex_.f_vector == tuple(map(len, expected))
    for k, simplices in enumerate(expected):
        assert [tuple(row) for row in complex_.simplices(k).tolist()] == simplices


def test_closure_where_packed_keys_overflow():
    given = [tuple(range(0, 40_000_000, 5_000_000)), (7, 3, 1, 39_999_999)]
    complex_ = SimplicialComplex.from_simplices(given)
    used = brute_force_closure(given, 0)
    for k in range(1, len(used)):
        assert [tuple(row) for row in complex_.simplices(k).tolist()] == used[k]


def test_tensors_lists_and_mixtures_agree():
    rows = torch.tensor([[2, 0, 1], [3, 2, 1]])
    expected = SimplicialComplex.from_simplices(rows.tolist())
    for given in (rows, rows.numpy(), rows.int(), [rows], [rows[:1], (1, 2, 3)], iter(rows)):
        assert SimplicialComplex.from_simplices(given) == expected


@ALL
def test_tables_are_valid(name):
    assert COMPLEXES[name].validate() is COMPLEXES[name]


@ALL
def test_facet_column_omits_its_vertex(name):
    complex_ = COMPLEXES[name]
    for k in range(1, complex_.dim + 1):
        rows = complex_.simplices(k)
        for i in range(k + 1):
            omitted = torch.cat([rows[:, :i], rows[:, i + 1 :]], dim=1)
            assert torch.equal(complex_.simplices(k - 1)[complex_.facets(k)[:, i]], omitted)


@ALL
def test_cofacets_invert_facets(name):
    complex_ = COMPLEXES[name]
    for k in range(complex_.dim + 2):
        pointer, index = complex_.cofacets(k)
        above = complex_.facets(k + 1).tolist()
        for s in range(complex_.num_simplices(k)):
            expected = [t for t, facets in enumerate(above) if s in facets]
            assert index[pointer[s] : pointer[s + 1]].tolist() == expected


@ALL
def test_children_extend_at_the_end(name):
    complex_ = COMPLEXES[name]
    for k in range(complex_.dim + 1):
        pointer, above = complex_.children(k), complex_.simplices(k + 1)
        parent = torch.arange(complex_.num_simplices(k)).repeat_interleave(pointer.diff())
        assert torch.equal(above[:, :-1], complex_.simplices(k)[parent])


@ALL
def test_index_finds_every_simplex_in_any_vertex_order(name):
    complex_ = COMPLEXES[name]
    for k in range(complex_.dim + 1):
        rows = complex_.simplices(k)
        ids = torch.arange(len(rows))
        assert torch.equal(complex_.index(rows.flip(1)), ids)


@SEEDS
def test_index_is_minus_one_exactly_where_absent(seed):
    complex_ = random_complex(seed)
    for size in (1, 2, 3, 4, 5):
        rows = list(itertools.product(range(-1, 10), repeat=size))[:: 7 ** max(0, size - 2)]
        known = {tuple(row): i for i, row in enumerate(complex_.simplices(size - 1).tolist())}
        expected = [known.get(tuple(sorted(row)), -1) for row in rows]
        assert complex_.index(rows).tolist() == expected


def test_index_of_nothing():
    assert COMPLEXES["house"].index([]).tolist() == []
    assert COMPLEXES["house"].index(torch.empty(0, 2, dtype=torch.long)).tolist() == []


@ALL
def test_beyond_the_top_everything_is_empty(name):
    complex_ = COMPLEXES[name]
    k = complex_.dim + 1
    assert complex_.num_simplices(k) == 0
    assert complex_.simplices(k).shape == (0, k + 1)
    assert complex_.facets(k).shape == (complex_.num_simplices(k), k + 1 if k else 0)
    assert complex_.facet_signs(k).shape == complex_.facets(k).shape
    assert complex_.orientation(k).shape == (0,)


@ALL
def test_skeleton_keeps_ids(name):
    complex_ = COMPLEXES[name]
    for k in range(complex_.dim + 2):
        skeleton = complex_.skeleton(k)
        assert skeleton.f_vector == complex_.f_vector[: k + 1]
        assert torch.equal(skeleton.simplices(k), complex_.simplices(k))
        assert torch.equal(skeleton.orientation(k), complex_.orientation(k))
        assert skeleton.num_parts == complex_.num_parts


@ALL
def test_signs_make_the_boundary_of_a_boundary_vanish(name):
    complex_ = COMPLEXES[name]
    for k in range(2, complex_.dim + 1):
        total = torch.zeros(complex_.num_simplices(k), complex_.num_simplices(k - 2)).long()
        once, facets = complex_.facet_signs(k).long(), complex_.facets(k)
        twice, lower = complex_.facet_signs(k - 1).long(), complex_.facets(k - 1)
        signs = (once[:, :, None] * twice[facets]).flatten(1)
        total.scatter_add_(1, lower[facets].flatten(1), signs)
        assert not total.any()


@SEEDS
def test_reorient_multiplies_signs_and_nothing_else(seed):
    complex_ = random_complex(seed)
    signs = random_orientation(complex_, seed)
    turned = complex_.reorient(signs)
    for k in range(1, complex_.dim + 1):
        below = torch.ones(complex_.num_simplices(0)).long() if k == 1 else signs[k - 1]
        expected = complex_.facet_signs(k) * signs[k][:, None] * below[complex_.facets(k)]
        assert torch.equal(turned.facet_signs(k).long(), expected)
        assert turned.facets(k) is complex_.facets(k)
    assert turned.reorient(signs) == complex_
    assert turned != complex_


@SEEDS
def test_union_then_split_gives_the_list_back(seed):
    parts = [random_complex(seed), SimplicialComplex(0), COMPLEXES["torus"]]
    parts += [random_complex(seed + 1).reorient(random_orientation(random_complex(seed + 1), 0))]
    union = SimplicialComplex.disjoint_union(parts).validate()
    assert union.num_parts == 4
    assert union.split() == parts
    for k in range(union.dim + 1):
        assert union.num_simplices(k) == sum(part.num_simplices(k) for part in parts)
        expected = [p for p, part in enumerate(parts) for _ in range(part.num_simplices(k))]
        assert union.part(k).tolist() == expected


def test_union_of_none_and_of_unions():
    nothing = SimplicialComplex.disjoint_union([])
    assert (nothing.num_parts, nothing.f_vector, nothing.split()) == (0, (), [])
    union = COMPLEXES["union"]
    assert SimplicialComplex.disjoint_union([union, union]).num_parts == 2


def test_what_rides_along_survives_union_split_and_skeleton():
    triangle = COMPLEXES["filled triangle"].with_vertex_labels(["a", "b", "c"])
    values = [torch.zeros(3), torch.tensor([1.0, 2.0, 3.0]), torch.tensor([3.0])]
    triangle = triangle.with_filtration(values)
    edge = COMPLEXES["edge"]
    union = SimplicialComplex.disjoint_union([triangle, edge])
    assert union.vertex_labels == ("a", "b", "c", 0, 1)
    assert union.filtration[1].tolist()[:3] == [1.0, 2.0, 3.0]
    assert union.filtration[1].isnan().tolist() == [False] * 3 + [True]
    back = union.split()[0]
    assert back.vertex_labels == ("a", "b", "c")
    assert [value.tolist() for value in back.filtration] == [value.tolist() for value in values]
    assert triangle.skeleton(1).filtration[1].tolist() == [1.0, 2.0, 3.0]
    assert triangle.reorient({1: -torch.ones(3)}).vertex_labels == ("a", "b", "c")


@ALL
def test_pickle_state_and_torch_save(name):
    complex_ = COMPLEXES[name].with_vertex_labels(
        [f"v{i}" for i in range(COMPLEXES[name].num_simplices(0))]
    )
    assert pickle.loads(pickle.dumps(complex_)) == complex_
    for saved, restore in (
        (complex_, lambda loaded: loaded),
        (complex_.state(), SimplicialComplex.from_state),
    ):
        buffer = io.BytesIO()
        torch.save(saved, buffer)
        buffer.seek(0)
        loaded = restore(torch.load(buffer, weights_only=True))
        assert loaded == complex_
        assert loaded.vertex_labels == complex_.vertex_labels


def test_labels_of_numpy_are_saved_as_those_of_python():
    labels = [np.int64(7), np.float64(0.5), np.str_("a"), (1, "b")]
    complex_ = SimplicialComplex.from_simplices([(0, 1, 2, 3)]).with_vertex_labels(labels)
    buffer = io.BytesIO()
    torch.save(complex_, buffer)
    buffer.seek(0)
    loaded = torch.load(buffer, weights_only=True).vertex_labels
    assert loaded == (7, 0.5, "a", (1, "b"))
    assert [type(label) for label in loaded] == [int, float, str, tuple]


def test_to_moves_everything():
    complex_ = COMPLEXES["reoriented"].with_filtration(
        [torch.zeros(n) for n in COMPLEXES["reoriented"].f_vector]
    )
    assert complex_.to("cpu") is complex_
    moved = complex_.to("meta")
    tensors = [moved.facets(1), moved.orientation(1), moved.filtration[1], moved.simplices(0)]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert moved.device.type == "meta"


def test_equality_and_hash():
    house, again = COMPLEXES["house"], SimplicialComplex.from_state(COMPLEXES["house"].state())
    assert house == again
    assert hash(house) == hash(again)
    assert house != house.skeleton(1)
    assert house != "house"
    assert SimplicialComplex.disjoint_union([house, house]) != SimplicialComplex.from_simplices(
        SimplicialComplex.disjoint_union([house, house]).simplices(2)
    )


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([(0, -1)], ValueError, "non-negative, got -1"),
        ([(0.5, 1)], TypeError, "must be integers, got float"),
        (torch.rand(3, 2), TypeError, "must be integers, got torch.float32"),
        (torch.ones(3, 2, dtype=torch.bool), TypeError, "must be integers, got torch.bool"),
        ([(True, False)], TypeError, "must be integers, got bool"),
        ([(None, "b")], TypeError, "must be integers, got NoneType"),
        ([((0, 1), (1, 2))], TypeError, "must be integers, got tuple"),
        ([("a", "b"), torch.zeros(2, 2, dtype=torch.long)], TypeError, "all on names or all on n"),
        ([(1, 1)], ValueError, r"distinct, got \(1, 1\)"),
        ([(0, 1), (2, 3, 2)], ValueError, r"distinct, got \(2, 2, 3\)"),
        ([()], ValueError, "at least one vertex"),
        ([3], TypeError, r"Write a single vertex as \(v,\)"),
        ("abc", TypeError, "list of vertex tuples"),
        (torch.zeros(2, 2, 2, dtype=torch.long), ValueError, r"shape \(m, k\+1\)"),
        ([(0, 2**40)], ValueError, "edge key v0·n \\+ v1 fits in 64 bits"),
        ([tuple(range(62))], ValueError, r"half of the free memory.*Pass max_dim="),
        ([tuple(range(1100))], ValueError, r"the 2\^1100 faces of a 1099-simplex"),
    ],
)
def test_bad_simplices_are_named(given, error, message):
    with pytest.raises(error, match=message):
        SimplicialComplex.from_simplices(given)


@pytest.mark.parametrize(
    ("num_vertices", "error", "message"),
    [
        (2, ValueError, "below num_vertices=2, got 2"),
        (-1, ValueError, "non-negative, got -1"),
        (3.5, TypeError, r"integer, got 3\.5"),
    ],
)
def test_bad_vertex_counts_are_named(num_vertices, error, message):
    with pytest.raises(error, match=message):
        SimplicialComplex.from_simplices([(0, 1, 2)], num_vertices=num_vertices)


@pytest.mark.parametrize(
    ("signs", "message"),
    [
        ({1: torch.ones(2)}, r"shape \(3,\), got \(2,\)"),
        ({1: torch.tensor([1, 0, 1])}, "must be \\+1 or -1"),
        ({0: -torch.ones(3)}, "a vertex has one orientation"),
        ({1: [1, 1, 2]}, "must be \\+1 or -1, got 2"),
    ],
)
def test_bad_orientations_are_named(signs, message):
    with pytest.raises(ValueError, match=message):
        COMPLEXES["filled triangle"].reorient(signs)


def test_devices_must_agree():
    complex_ = COMPLEXES["filled triangle"]
    meta = complex_.to("meta")
    with pytest.raises(ValueError, match="one device"):
        SimplicialComplex.disjoint_union([complex_, meta])
    with pytest.raises(ValueError, match="complex's device cpu, got meta"):
        complex_.index(torch.zeros(1, 2, dtype=torch.long, device="meta"))
    with pytest.raises(ValueError, match="complex's device cpu, got meta"):
        complex_.reorient({1: torch.ones(3, device="meta")})
    with pytest.raises(ValueError, match="one device"):
        SimplicialComplex(3, [complex_.facets(1), complex_.facets(2).to("meta")])


def test_degrees_are_checked():
    complex_ = COMPLEXES["house"]
    for call in (complex_.facets, complex_.simplices, complex_.cofacets, complex_.skeleton):
        with pytest.raises(ValueError, match="k must be non-negative, got -1"):
            call(-1)
        with pytest.raises(TypeError, match="k must be an integer"):
            call(1.0)


def broken(**changes):
    good = COMPLEXES["filled tetrahedron"]
    tables = {k: good.facets(k).clone() for k in (1, 2, 3)}
    for k, (row, value) in changes.items():
        tables[int(k[1:])][row] = torch.tensor(value)
    return SimplicialComplex(4, list(tables.values()))


@pytest.mark.parametrize(
    ("complex_", "message"),
    [
        (broken(k1=(0, [9, 0])), "facet ids in 0 … 3; simplex 0"),
        (broken(k1=(0, [0, 0])), "strictly increasing vertices; simplex 0"),
        (broken(k1=(1, [1, 0])), "lexicographic order; simplex 1"),
        (broken(k2=(1, [4, 1, 0])), "common face"),
        (
            COMPLEXES["edge"].with_filtration([[1, 1], [0]], monotone=False),
            "filtration value not below",
        ),
        (COMPLEXES["edge"].with_parts(torch.tensor([0, 1, 2])), "its vertices in one part"),
        (COMPLEXES["edge"].with_parts(torch.tensor([0, 1])), "end at 2, got the pointer"),
        (COMPLEXES["edge"].with_parts(torch.tensor([0, 2, 0, 2])), "ascend"),
    ],
)
def test_validate_finds_what_is_wrong(complex_, message):
    with pytest.raises(ValueError, match=message):
        complex_.validate()


def test_constructor_checks_shapes():
    with pytest.raises(ValueError, match=r"facets\(1\) must be an int64 tensor"):
        SimplicialComplex(3, [torch.zeros(2, 3, dtype=torch.long)])
    with pytest.raises(ValueError, match="one value per simplex"):
        COMPLEXES["edge"].with_filtration([torch.zeros(2)])
    with pytest.raises(ValueError, match=r"one label per vertex \(2\), got 1"):
        COMPLEXES["edge"].with_vertex_labels(["a"])


def test_repr():
    assert repr(COMPLEXES["house"]) == "SimplicialComplex(f_vector=(5, 6, 1))"
    assert "num_parts=3" in repr(COMPLEXES["union"])
