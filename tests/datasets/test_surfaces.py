"""Random surfaces: closed, of the promised topology by two independent oracles, and seeded."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.datasets import SURFACES, random_surface, surfaces
from simplex.operators import betti_numbers, euler_characteristic
from tests.cases import over
from tests.operators.oracles import persistent_betti


MINIMAL = {  # known minimal numbers of vertices
    "sphere": 4,
    "torus": 7,
    "genus 2": 10,
    "projective plane": 6,
    "Klein bottle": 8,
    "non-orientable genus 3": 9,
    "non-orientable genus 4": 9,
}


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def assert_closed_surface(K):
    """Every edge lies in two triangles, and the link of every vertex is one cycle."""
    K.validate()
    assert K.dim == 2
    assert set(K.cofacets(1)[0].diff().tolist()) == {2}
    links = {v: {} for v in range(K.num_simplices(0))}
    for triangle in K.simplices(2).tolist():
        for v in triangle:
            a, b = (w for w in triangle if w != v)
            links[v].setdefault(a, []).append(b)
            links[v].setdefault(b, []).append(a)
    for link in links.values():
        before, here = None, next(iter(link))
        start, steps = here, 0
        while steps == 0 or here != start:
            assert len(link[here]) == 2
            before, here = here, next(w for w in link[here] if w != before)
            steps += 1
        assert steps == len(link)


def assert_topology(K, kind):
    """χ, and homology over Q, Z/2 and Z/3 by GUDHI: with Z/2 every closed surface has β_2 = 1."""
    assert euler_characteristic(K) == kind.euler_characteristic
    assert betti_numbers(K) == kind.betti_numbers
    assert persistent_betti(K, 3) == kind.betti_numbers
    assert persistent_betti(K, 2) == (1, 2 - kind.euler_characteristic, 1)


@over("seed", range(3))
@over("num_vertices", [None, 12, 25])
@over("name", SURFACES)
def test_random_surfaces_are_closed_surfaces_of_the_asked_topology(name, num_vertices, seed):
    num_vertices = num_vertices or MINIMAL[name]
    K = random_surface(name, num_vertices, generator=seeded(seed))
    assert K.num_simplices(0) == num_vertices
    assert_closed_surface(K)
    assert_topology(K, SURFACES[name])


@over("num_flips", [0, 1, 2, 3, 50])
@over("name", ["sphere", "torus", "Klein bottle"])
def test_every_single_move_keeps_the_surface(name, num_flips):
    for seed in range(5):
        K = random_surface(name, MINIMAL[name] + 1, num_flips=num_flips, generator=seeded(seed))
        assert_closed_surface(K)
        assert_topology(K, SURFACES[name])


def test_surfaces_without_a_name_and_large_ones():
    for kind in ((3, True), (5, False), (6, False)):
        K = random_surface(kind, 20, generator=seeded(1))
        assert_closed_surface(K)
        assert_topology(K, type(SURFACES["sphere"])(*kind))
    K = random_surface("torus", 2000, num_flips=5000, generator=seeded(0))
    assert_closed_surface(K)
    assert betti_numbers(K) == (1, 2, 1)


def test_minimal_numbers_of_vertices():
    assert {name: kind.min_vertices for name, kind in SURFACES.items()} == MINIMAL


def test_the_walk_moves_and_is_reproducible():
    made = [random_surface("torus", 14, generator=seeded(seed)) for seed in (0, 0, 1)]
    assert made[0] == made[1]
    assert made[0] != made[2]
    degrees = made[0].cofacets(0)[0].diff().sort().values
    unmoved = random_surface("torus", 14, num_flips=0, generator=seeded(0)).cofacets(0)[0].diff()
    assert not torch.equal(degrees, unmoved.sort().values)
    torch.manual_seed(3)
    first = random_surface("sphere")
    torch.manual_seed(3)
    assert first == random_surface("sphere")


def test_vertices_are_permuted():
    """The minimal torus is unique up to isomorphism, so only the numbers can differ."""
    tables = {
        str(random_surface("torus", 7, num_flips=0, generator=seeded(seed)).simplices(2).tolist())
        for seed in range(5)
    }
    assert len(tables) > 1


@over("features", ["degree", "ones", "random"])
def test_the_data_set_labels_what_it_holds(features):
    dataset = surfaces(35, features=features, generator=seeded(0))
    names = list(SURFACES)
    assert dataset.y.bincount().tolist() == [5] * 7
    batch = dataset.to_batch()
    for item, K in zip(dataset, batch.complex.split(), strict=True):
        kind = SURFACES[names[int(item.y)]]
        assert item.complex == K
        assert 12 <= K.num_simplices(0) <= 20
        assert_closed_surface(K)
        assert_topology(K, kind)
        assert (int(item.genus), bool(item.orientable)) == tuple(kind)
        assert tuple(item.betti_numbers[0].tolist()) == kind.betti_numbers
        assert [tuple(x.shape) for x in item.cochains()] == [(n, 1) for n in K.f_vector]
    again = surfaces(35, features=features, generator=seeded(0)).to_batch()
    assert again.complex == batch.complex
    assert all(map(torch.equal, again.cochains(), batch.cochains()))
    assert torch.equal(again.y, batch.y)


def test_features():
    item = surfaces(1, ["sphere"], features="degree", generator=seeded(0))[0]
    K = item.complex
    degree = torch.zeros(K.num_simplices(0)).index_add_(
        0, K.simplices(1).flatten(), torch.ones(2 * K.num_simplices(1))
    )
    for k, x in enumerate(item.cochains()):
        assert torch.equal(x[:, 0], degree[K.simplices(k)].sum(1))
    ones = surfaces(1, ["sphere"], features="ones", generator=seeded(0))[0]
    assert all(bool((x == 1).all()) for x in ones.cochains())
    noise = surfaces(50, ["sphere"], features="random", generator=seeded(0)).to_batch().x_2
    assert abs(float(noise.mean())) < 0.1
    assert abs(float(noise.std()) - 1) < 0.1


def test_the_number_of_vertices_is_distributed_alike():
    dataset = surfaces(1400, num_flips=0, generator=seeded(0))
    count = dataset._data.num_simplices[:, 0]
    for label in range(7):
        mine = count[dataset.y == label]
        assert sorted(set(mine.tolist())) == list(range(12, 21))
        assert abs(float(mine.double().mean()) - 16) < 0.7


@over("pair", [("torus", "Klein bottle"), ("genus 2", "non-orientable genus 4")])
def test_degrees_do_not_leak_orientability(pair):
    """The walk forgets where it started: of equal χ, equal degrees within three standard errors."""
    dataset = surfaces(1000, pair, generator=seeded(0))
    K = dataset.to_batch().complex
    degree = K.cofacets(0)[0].diff().double()
    for statistic in (degree**2, (degree == 3).double(), (degree == 4).double()):
        total = torch.zeros(1000).double().index_add_(0, K.part(0), statistic)
        mean = total / K.part_pointer(0).diff()
        first, second = (mean[dataset.y == label] for label in (0, 1))
        error = float((first.var() / len(first) + second.var() / len(second)).sqrt())
        assert abs(float(first.mean() - second.mean())) < 3 * error


@over("name", SURFACES)
def test_too_few_vertices(name):
    least = MINIMAL[name]
    with pytest.raises(ValueError, match=f"num_vertices of '{name}' must be at least {least}"):
        random_surface(name, least - 1)


def test_impossible_requests():
    with pytest.raises(ValueError, match="surface must be one of"):
        random_surface("Möbius strip")
    with pytest.raises(ValueError, match="genus must be at least 1"):
        random_surface((0, False))
    with pytest.raises(TypeError, match="genus must be an integer"):
        random_surface((1.5, True))
    with pytest.raises(ValueError, match="num_flips must be non-negative"):
        random_surface("torus", num_flips=-1)
    with pytest.raises(TypeError, match="num_vertices of 'torus' must be an integer"):
        random_surface("torus", 12.0)
    with pytest.raises(ValueError, match=r"num_vertices\[0\] of .*genus 2.* must be at least 10"):
        surfaces(3, ["sphere", "genus 2"], num_vertices=(8, 20))
    with pytest.raises(ValueError, match=r"num_vertices\[1\] must be at least 14"):
        surfaces(3, num_vertices=(14, 13))
    with pytest.raises(ValueError, match="at least one surface"):
        surfaces(3, [])
    with pytest.raises(ValueError, match="num_surfaces must be at least 1"):
        surfaces(0)
    with pytest.raises(ValueError, match="features must be"):
        surfaces(3, features="color")


def test_a_surface_that_cannot_be_made_smaller_is_refused_in_words(monkeypatch):
    monkeypatch.setattr("simplex.datasets._surfaces._PATIENCE", 3)
    with pytest.raises(RuntimeError, match="num_vertices must be larger for Surface"):
        random_surface("genus 2", 10)


def test_not_a_surface_is_caught():
    """The oracle of these tests can fail: two spheres that share a vertex."""
    four = [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]
    pinched = four + [tuple(v and v + 3 for v in triangle) for triangle in four]
    with pytest.raises(AssertionError):
        assert_closed_surface(SimplicialComplex.from_simplices(pinched))
