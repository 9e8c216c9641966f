"""The census of surfaces: complete and without repetition, by counts that others found as well."""

from itertools import combinations, permutations

import numpy as np
import pytest
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from simplex.datasets import (
    CENSUS_SURFACES,
    SURFACES,
    dataset_entry,
    fixed_split,
    load_dataset,
    random_surface,
    surface_census,
)
from simplex.operators import betti_numbers
from simplex.wl import is_isomorphic
from tests.cases import over


BY_VERTICES = {4: 1, 5: 1, 6: 3, 7: 9, 8: 43, 9: 655, 10: 42426}  # Sulanke and Lutz
BY_KIND = {
    "sphere": 306, "torus": 2229, "genus 2": 865, "projective plane": 1364, "Klein bottle": 4655,
    "non-orientable genus 3": 11917, "non-orientable genus 4": 13694,
    "non-orientable genus 5": 7052, "non-orientable genus 6": 1022, "non-orientable genus 7": 14,
    "genus 3": 20,
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("surfaces")


@pytest.fixture(scope="module")
def census(root):
    """The 712 surfaces with at most 9 vertices."""
    return surface_census(9, root)


@pytest.fixture(scope="module")
def members(root):
    """The 57 surfaces with at most 8 vertices, one by one."""
    return [item.complex for item in surface_census(8, root)]


def components(a, b, nodes):
    """How many, and of which one each node is, by scipy."""
    edges = coo_array((np.ones(len(a), np.int8), (a.numpy(), b.numpy())), shape=(nodes, nodes))
    return connected_components(edges, directed=False)


def corners(K):
    """For each triangle and corner of it (3 n_2) the ends (vertex, edge) of its edge of the link.

    The ends are numbered by 2·edge, plus one at the second vertex of the edge.
    """
    facets, triangles = K.facets(2), K.simplices(2)  # column i omits vertex i
    sides = []
    for i in range(3):
        j, k = (column for column in range(3) if column != i)
        ends = [facets[:, m] for m in (j, k)]
        second = [K.simplices(1)[end, 1] == triangles[:, i] for end in ends]
        sides.append(2 * torch.stack(ends, 1) + torch.stack(second, 1))
    return torch.cat(sides)


def assert_closed_surfaces(K):
    """Two triangles at every edge; links, and the parts, are connected."""
    assert set(K.cofacets(1)[0].diff().tolist()) == {2}
    link = corners(K)
    assert components(link[:, 0], link[:, 1], 2 * K.num_simplices(1))[0] == K.num_simplices(0)
    edges = K.simplices(1)
    assert components(edges[:, 0], edges[:, 1], K.num_simplices(0))[0] == K.num_parts


def sheets(K):
    """(parts,) of how many pieces the orientation covering is: two where it is orientable."""
    pointer, above = K.cofacets(1)
    first, second = above[pointer[:-1]], above[pointer[:-1] + 1]
    edge = torch.arange(K.num_simplices(1))[:, None]
    sign = [1 - 2 * (K.facets(2)[t] == edge).long().argmax(1).remainder(2) for t in (first, second)]
    turned = (sign[0] == sign[1]).long()  # alike orientations run oppositely along the edge
    a = torch.cat([2 * first, 2 * first + 1])
    b = torch.cat([2 * second + turned, 2 * second + 1 - turned])
    label = torch.from_numpy(components(a, b, 2 * K.num_simplices(2))[1])
    found = torch.stack([K.part(2).repeat_interleave(2), label], 1).unique(dim=0)
    return found[:, 0].bincount(minlength=K.num_parts)


def assert_labels(dataset):
    """χ by counting and orientability by the covering say the same as all labels."""
    batch = dataset.to_batch()
    K = batch.complex
    assert_closed_surfaces(K)
    counts = torch.stack([K.part_pointer(k).diff() for k in range(3)], 1)
    assert torch.equal(batch.euler_characteristic, counts @ torch.tensor([1, -1, 1]))
    assert torch.equal(batch.orientable, sheets(K) - 1)
    kinds = list(CENSUS_SURFACES.values())
    for name in ("genus", "orientable", "euler_characteristic"):
        of_kind = torch.tensor([int(getattr(kind, name)) for kind in kinds])
        assert torch.equal(batch[name], of_kind[batch.kind])
    betti = torch.tensor([kind.betti_numbers for kind in kinds])
    assert torch.equal(batch.betti_numbers, betti[batch.kind])


def test_the_counts_are_those_of_others(root):
    census = surface_census(root=root)
    vertices = census.num_simplices[:, 0].bincount(minlength=11)
    assert {n: int(vertices[n]) for n in range(4, 11)} == BY_VERTICES
    assert len(census) == 43138
    assert dict(zip(CENSUS_SURFACES, census.kind.bincount().tolist(), strict=True)) == BY_KIND
    assert census.orientable.bincount().tolist() == [39718, 3420]
    betti = census.betti_numbers
    assert betti[:, 1].bincount().tolist() == [1670, 4655, 14146, 13694, 7917, 1022, 34]
    assert torch.equal(census.num_simplices[:, 0], census.num_simplices[:, 0].sort().values)
    assert list(CENSUS_SURFACES)[: len(SURFACES)] == list(SURFACES)


def test_every_member_is_a_closed_surface_of_its_label(census):
    assert_labels(census)


@pytest.mark.slow
def test_every_member_of_the_whole_census_too(root):
    assert_labels(surface_census(root=root))


def test_betti_numbers(members, root):
    for K, item in zip(members, surface_census(8, root), strict=True):
        assert betti_numbers(K) == tuple(item.betti_numbers[0].tolist())


def test_no_two_members_are_isomorphic(members):
    for A, B in combinations(members, 2):
        assert A.f_vector != B.f_vector or not is_isomorphic(A, B)


def test_none_is_absent_with_up_to_six_vertices(members):
    """Of all sets of triangles the closed surfaces, against the orbits of the members."""
    for n in (4, 5, 6):
        triangles = list(combinations(range(n), 3))
        edges = list(combinations(range(n), 2))
        inside = np.array([[set(e) <= set(t) for t in triangles] for e in edges])
        place = np.arange(len(triangles))
        chosen = (np.arange(2 ** len(place))[:, None] >> place & 1).astype(np.int8)
        at_edge = chosen @ inside.T.astype(np.int8)
        closed = chosen[((at_edge == 0) | (at_edge == 2)).all(1) & (chosen.sum(1) > 0)]
        labelled = {
            frozenset(triangles[i] for i in row.nonzero()[0])
            for row in closed
            if is_surface([triangles[i] for i in row.nonzero()[0]], n)
        }
        mine = [K for K in members if K.num_simplices(0) == n]
        orbits = [
            {
                frozenset(tuple(sorted(p[v] for v in t)) for t in K.simplices(2).tolist())
                for p in permutations(range(n))
            }
            for K in mine
        ]
        assert set().union(*orbits) == labelled
        assert sum(map(len, orbits)) == len(labelled)


def is_surface(triangles, n):
    """Of triangles that meet in pairs at edges: one component, and every link is one cycle."""

    def pieces(pairs):
        sets = []
        for pair in pairs:
            met = [s for s in sets if s & set(pair)]
            sets = [s for s in sets if s not in met] + [set(pair).union(*met)]
        return sets

    if [len(piece) for piece in pieces(triangles)] != [n]:
        return False
    return all(len(pieces([set(t) - {v} for t in triangles if v in t])) == 1 for v in range(n))


def test_random_surfaces_are_in_it(census):
    """Walks by bistellar flips end at exactly one member each."""
    generator = torch.Generator().manual_seed(0)
    K = census.to_batch().complex
    degrees = torch.full((len(census), 10), 0)
    place = torch.arange(K.num_simplices(0)) - K.part_pointer(0)[:-1][K.part(0)]
    degrees[K.part(0), place] = K.cofacets(0)[0].diff()
    degrees = degrees.sort(1).values
    for name in SURFACES:
        for n in range(max(SURFACES[name].min_vertices, 8), 10):
            drawn = random_surface(name, n, generator=generator)
            degree = torch.zeros(10, dtype=torch.int64)
            degree[:n] = drawn.cofacets(0)[0].diff()
            near = (degrees == degree.sort().values).all(1).nonzero()[:, 0].tolist()
            found = [i for i in near if is_isomorphic(census[i].complex, drawn)]
            assert len(found) == 1
            assert int(census[found[0]].kind) == list(CENSUS_SURFACES).index(name)


@over("target, classes", [("kind", 11), ("name", 5), ("orientable", 2), ("betti_1", 7)])
def test_targets_and_their_split(root, target, classes):
    assert dataset_entry(f"Surfaces {target}").num_outputs == classes
    dataset = load_dataset(f"Surfaces {target}", root=root, max_vertices=9)
    y = dataset.y
    if target == "betti_1":
        assert torch.equal(y, dataset.betti_numbers[:, 1])
    elif target == "name":
        assert y.bincount().tolist() == [73, 120, 154, 193, 172]
    else:
        assert torch.equal(y, getattr(dataset, target))
    parts = fixed_split(dataset)
    assert torch.equal(torch.cat(parts).sort().values, torch.arange(len(dataset)))
    for part, share in zip(parts, (0.6, 0.2, 0.2), strict=True):
        for label in range(classes):
            assert abs(int((y[part] == label).sum()) - share * int((y == label).sum())) < 2
    again = surface_census(9, root, target=target)
    assert torch.equal(again.train_mask, dataset.train_mask)
    assert [len(surface_census(n, root)) for n in (4, 5, 6)] == [1, 2, 5]
    assert "train_mask" not in surface_census(5, root)[0]


@over("reduce", ["sum", "mean", None])
def test_features(root, reduce):
    item = surface_census(7, root, reduce=reduce)[-1]
    K = item.complex
    degree = K.cofacets(0)[0].diff().float()
    assert torch.equal(item.x[:, 0], degree)
    for k, x in enumerate(item.cochains()[1:], start=1):
        if reduce is None:
            assert bool((x == 1).all())
        else:
            assert torch.allclose(x[:, 0], getattr(degree[K.simplices(k)], reduce)(1))
    assert surface_census(7, root, max_dim=1)[-1].complex.f_vector == K.f_vector[:2]
    assert surface_census(7, root, max_dim=3)[-1].complex.f_vector == K.f_vector


def test_subdivisions_are_of_the_same_surfaces(root):
    plain, fine = (surface_census(8, root, subdivided=s) for s in (False, True))
    assert_labels(fine)
    assert torch.equal(plain.y, fine.y)
    assert torch.equal(plain.train_mask, fine.train_mask)
    n0, n1, n2 = plain.num_simplices.T
    assert torch.equal(fine.num_simplices, torch.stack([n0 + n1 + n2, 2 * n1 + 6 * n2, 6 * n2], 1))
    for K, item in zip([each.complex for each in plain], fine, strict=True):
        of_triangles = item.complex.cofacets(0)[0].diff().bincount()  # degrees: 2·own, 4 and 6
        own = 2 * K.cofacets(0)[0].diff()
        others = torch.tensor([4] * K.num_simplices(1) + [6] * K.num_simplices(2))
        assert torch.equal(of_triangles, torch.cat([own, others]).bincount())


def test_the_search_is_kept(root, tmp_path, monkeypatch):
    first = surface_census(7, root)
    monkeypatch.setattr("simplex.datasets._census_tables._searched", lambda: pytest.fail("again"))
    again = surface_census(7, root)
    assert first.to_batch().complex == again.to_batch().complex
    (file,) = root.iterdir()
    assert file.stat().st_size < 300_000
    monkeypatch.setenv("SIMPLEX_DATA", str(tmp_path))
    (tmp_path / "surfaces").mkdir()
    (tmp_path / "surfaces" / file.name).write_bytes(file.read_bytes())
    assert surface_census(7).to_batch().complex == first.to_batch().complex


def test_damaged_files_are_refused(root, tmp_path):
    (file,) = root.iterdir()
    whole = file.read_bytes()
    place = tmp_path / file.name
    with np.load(file) as stored:
        tables = dict(stored)
    place.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="must be the complete file of closed surfaces"):
        surface_census(7, tmp_path)
    tables["triangles"][0, 0] = 3
    np.savez(place, **tables)
    with pytest.raises(ValueError, match="other contents than its checksum says"):
        surface_census(7, tmp_path)
    np.savez(place, counts=tables["counts"])
    with pytest.raises(ValueError, match="cannot be read"):
        surface_census(7, tmp_path)


def test_a_place_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("simplex.datasets._census_tables.MOST_VERTICES", 8)
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.warns(UserWarning, match="not kept, and searched again"):
        assert len(surface_census(8, blocked / "below")) == 57


@over(
    "call, error, match",
    [
        (lambda: surface_census(3), ValueError, "max_vertices must be at least 4"),
        (lambda: surface_census(11), ValueError, "at most 10, got 11. There are 11,590,894"),
        (lambda: surface_census(8.0), TypeError, "max_vertices must be an integer"),
        (lambda: surface_census(8, target="color"), ValueError, "target must be"),
        (lambda: surface_census(8, reduce="max"), ValueError, "reduce must be"),
        (lambda: surface_census(8, subdivided="yes"), TypeError, "subdivided must be"),
        (lambda: surface_census(8, root=3), TypeError, "root must be"),
    ],
)
def test_wrong_requests(call, error, match):
    with pytest.raises(error, match=match):
        call()
