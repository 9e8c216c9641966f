"""Every operator on a complex in a folder gives what it gives in memory."""

import itertools
import pickle

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex, operators
from simplex.lifting import clique_complex, directed_flag_complex
from simplex.operators import boundary_rows, coboundary_rows
from simplex.storage import open_complex, save_complex
from simplex.transforms import HarmonicEnergies
from simplex.wl import distinguish, simplicial_wl
from tests.cases import over


def random_signs(K):
    signs = {k: torch.randint(2, (K.num_simplices(k),)) * 2 - 1 for k in range(1, K.dim + 1)}
    return K.reorient(signs)


EDGES = torch.randint(12, (2, 70), generator=torch.Generator().manual_seed(0))
DENSE = clique_complex(EDGES, num_vertices=13, max_dim=3)
COMPLEXES = {
    "empty": SimplicialComplex(0),
    "vertices alone": SimplicialComplex(3),
    "dense": DENSE,
    "turned": random_signs(DENSE),
    "parts": SimplicialComplex.disjoint_union([DENSE, SimplicialComplex(2), DENSE.skeleton(1)]),
    "directed": directed_flag_complex(EDGES, num_vertices=12, max_dim=3),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The complexes from their folders, with blocks of few rows."""
    folder = tmp_path_factory.mktemp("complexes")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("simplex.operators._on_disk._ENTRIES", 40)
        for name, K in COMPLEXES.items():
            save_complex(K, folder / name)
        yield {name: open_complex(folder / name) for name in COMPLEXES}


APPLIED = {
    "boundary": operators.apply_boundary,
    "coboundary": operators.apply_coboundary,
    "down": operators.apply_down_laplacian,
    "up": operators.apply_up_laplacian,
    "Hodge": operators.apply_hodge_laplacian,
    "walk": operators.apply_random_walk_laplacian,
}


@over("name", COMPLEXES)
def test_maps_of_cochains(opened, name):
    K, L = COMPLEXES[name], opened[name]
    for k, (way, function), signed in itertools.product(
        range(max(K.dim, 0) + 1), APPLIED.items(), (True, False)
    ):
        n = K.num_simplices(k)
        for shape in [(2, n, 2)] if signed else [(n, 3), (n,)]:
            x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
            mine, other = function(K, x, k, signed=signed), function(L, x, k, signed=signed)
            torch.testing.assert_close(other, mine, msg=lambda text: f"{way} {k}: {text}")  # noqa: B023
            if mine.requires_grad:
                grads = [torch.autograd.grad(y.square().sum(), x)[0] for y in (mine, other)]
                torch.testing.assert_close(*grads)


def test_derivatives_of_all_orders(tmp_path):
    house = SimplicialComplex.from_simplices([(0, 1, 2), (1, 2, 3), (3, 4)])
    for number, K in enumerate([house, random_signs(house)]):
        save_complex(K, tmp_path / str(number))
        L = open_complex(tmp_path / str(number))
        x = torch.randn(K.num_simplices(1), 2, dtype=torch.float64, requires_grad=True)

        def flow(y):
            return operators.apply_hodge_laplacian(L, y, 1).sin()  # noqa: B023

        torch.autograd.gradcheck(flow, x, check_forward_ad=True)
        torch.autograd.gradgradcheck(flow, x)
        many = torch.vmap(lambda y: operators.apply_boundary(L, y, 1))(x.T[:, :, None])  # noqa: B023
        expected = operators.apply_boundary(K, x, 1)
        torch.testing.assert_close(many[:, :, 0].T, expected)


def assert_same(mine, other):
    """Numbers up to rounding, all else exactly."""
    if isinstance(mine, torch.Tensor):
        torch.testing.assert_close(other.to_dense(), mine.to_dense())
    elif isinstance(mine, (tuple, list)):
        for each, its in zip(mine, other, strict=True):
            assert_same(each, its)
    else:
        assert mine == other


K_ALONE = {
    "betti": lambda K: operators.betti_numbers(K),
    "components": operators.connected_components,
    "Euler": operators.euler_characteristic,
    "Dirac": lambda K: operators.dirac_operator(K) if K.dim >= 0 else 0,
    "parts": lambda K: [K.part(k) for k in range(K.dim + 2)],
    "split": lambda K: [part.f_vector for part in K.split()],
    "signs": lambda K: [K.facet_signs(k) for k in range(K.dim + 2)],
    "index": lambda K: [K.index(K.simplices(k)) for k in range(K.dim + 1)],
    "boundary": lambda K: [operators.boundary_matrix(K, k) for k in range(max(K.dim, 0) + 2)],
    "Laplacian": lambda K: [operators.hodge_laplacian(K, k) for k in range(max(K.dim, 0) + 1)],
    "normalized": lambda K: [operators.normalized_laplacian(K, k) for k in range(K.dim + 1)],
    "upper": lambda K: [operators.upper_adjacency(K, k)[0] for k in range(K.dim + 1)],
    "lower": lambda K: [operators.lower_adjacency(K, k)[0] for k in range(K.dim + 1)],
    "heat": lambda K: [
        operators.heat_flow(K, torch.arange(2.0 * n).view(n, 2).double(), k, 5)
        for k, n in enumerate(K.f_vector)
    ],
    "Hodge": lambda K: [
        operators.hodge_decomposition(K, torch.arange(float(n)).double(), k)
        for k, n in enumerate(K.f_vector)
    ],
    "energies": lambda K: [
        HarmonicEnergies((1, 4), num_probes=2, generator=torch.Generator().manual_seed(0)).compute(
            K, k
        )
        for k in range(K.dim + 1)
    ],
    "WL": lambda K: simplicial_wl(K).colors if not K.directed and K.dim >= 0 else 0,
    "distinguish": lambda K: distinguish(K) if not K.directed and K.dim >= 0 else 0,
    "turned": lambda K: operators.apply_boundary(
        random_signs(K), torch.ones(K.num_simplices(1)).double(), 1
    ),
    "skeleton": lambda K: operators.apply_hodge_laplacian(
        K.skeleton(1), torch.ones(K.num_simplices(1)).double(), 1
    ),
}


@over("name", K_ALONE)
def test_whatever_is_computed_of_a_complex(opened, name):
    for case, K in COMPLEXES.items():
        torch.manual_seed(0)
        mine = K_ALONE[name](K)
        torch.manual_seed(0)
        assert_same(mine, K_ALONE[name](opened[case]))


@over("name", COMPLEXES)
def test_ids_are_found_without_a_table_of_keys(tmp_path, name):
    K = COMPLEXES[name]
    save_complex(K, tmp_path / name)
    L = open_complex(tmp_path / name)
    for k in range(K.dim + 3):
        rows = torch.cat([K.simplices(k).flip(1), torch.randint(-1, 15, (300, k + 1))])
        assert torch.equal(L.index(rows), K.index(rows))
    assert not L._cache.keys() & {("simplices", k) for k in range(5)}


def test_nothing_of_the_size_of_a_table_is_kept(tmp_path):
    """Neither of what was opened nor of what derives from it."""
    save_complex(COMPLEXES["parts"], tmp_path / "K")
    L = open_complex(tmp_path / "K")
    for K in (L, L.skeleton(2), L.with_parts(None), random_signs(L)):
        operators.apply_hodge_laplacian(K, torch.ones(K.num_simplices(1)), 1)
        operators.heat_flow(K, torch.ones(K.num_simplices(1)), 1, 2)
        kept = {name for name, _ in K._cache}
        assert not kept & {"incidences", "signs as torch.float32", "simplices", "cofacets"}
        assert pickle.loads(pickle.dumps(K)) == K


@over("name", COMPLEXES)
def test_rows_of_the_boundary_maps(opened, name):
    K = COMPLEXES[name]
    for of, k in itertools.product((K, opened[name]), range(-1, max(K.dim, 0) + 1)):
        for function, degree, whole in [
            (boundary_rows, k + 1, operators.boundary_matrix),
            (coboundary_rows, k, operators.coboundary_matrix),
        ]:
            for options in ({}, {"signed": False, "dtype": torch.int8}):
                matrix = whole(K, degree, **options)
                expected, count = matrix.to_dense().numpy(), len(matrix)
                for start, stop in {(0, count), (0, 0), (count // 3, 2 * count // 3)}:
                    rows = function(of, degree, start, stop, **options)
                    assert rows.shape == (stop - start, expected.shape[1])
                    assert rows.dtype == expected.dtype
                    assert rows.has_canonical_format
                    assert np.array_equal(rows.toarray(), expected[start:stop])


def test_rows_that_are_none_are_refused():
    for function, k in [(boundary_rows, 1), (coboundary_rows, 0)]:
        for start, stop in [(3, 2), (0, 10**6)]:
            with pytest.raises(ValueError, match="must be rows of a map with"):
                function(DENSE, k, start, stop)
        with pytest.raises(ValueError, match="start must be non-negative"):
            function(DENSE, k, -1, 2)
        with pytest.raises(ValueError, match=r"one of scipy, got torch\.bfloat16"):
            function(DENSE, k, 0, 2, dtype=torch.bfloat16)
        with pytest.raises(ValueError, match="k must be in"):
            function(DENSE, 9, 0, 0)
