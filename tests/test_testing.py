"""The shipped assertions hold for layers that obey, and fail for one that breaks each law."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.nn import SIN, OrientedConv, SINConv
from simplex.operators import boundary_matrix
from simplex.testing import (
    assert_batch_consistent,
    assert_inputs_untouched,
    assert_orientation_equivariant,
    assert_permutation_equivariant,
    random_cochains,
    random_complex,
    random_orientation,
    relabel,
)
from tests.tables import COMPLEXES, house


def items(count=3, top=3):
    return [
        (random_cochains(K, channels=2, max_dim=top), K) for K in map(random_complex, range(count))
    ]


@pytest.mark.parametrize("name", [n for n in COMPLEXES if COMPLEXES[n].dim <= 3])
def test_layers_that_obey(name, dtype):
    K = COMPLEXES[name]
    x = random_cochains(K, channels=2, max_dim=3, dtype=dtype)
    layer, model = SINConv(2, 3, 3).to(dtype), SIN(2, 3, 2, 1, 3).to(dtype)
    for each in (layer, model):
        assert_permutation_equivariant(each, x, K, seed=1)
        assert_inputs_untouched(each, x, K)
    conv = OrientedConv(2, 3).to(dtype)

    def oriented(x, K):
        return {1: conv(x[1], K)}

    assert_orientation_equivariant(oriented, x, K)
    assert_permutation_equivariant(oriented, x, K)


def test_batches_of_a_model_that_obeys():
    for each in (SINConv(2, 3, 3), SIN(2, 3, 2, 1, 3)):
        assert_batch_consistent(each, items())


def by_number(x, K):
    return [values * torch.arange(1.0, len(values) + 1)[:, None] for values in x]


def of_edges(x, K):
    return {1: x[1].cumsum(0)}


def by_first_row(x, K):
    return x[0][:1]


@pytest.mark.parametrize("layer", [by_number, of_edges, by_first_row])
def test_a_layer_that_looks_at_numbers(layer):
    K = random_complex(0)
    with pytest.raises(AssertionError, match=r"under relabelling \(seed 0\)"):
        assert_permutation_equivariant(layer, random_cochains(K, channels=2), K)


def test_a_layer_with_a_bias_is_not_odd():
    K, conv = random_complex(0), OrientedConv(2, 3, activation=torch.relu)
    for layer in (lambda x, K: {1: conv(x[1], K)}, lambda x, K: [v + 1 for v in x]):
        with pytest.raises(AssertionError, match=r"of degree 1 .* under reorientation"):
            assert_orientation_equivariant(layer, random_cochains(K, channels=2), K)


def test_a_layer_that_mixes_parts():
    with pytest.raises(AssertionError, match="under batching"):
        assert_batch_consistent(lambda x, K: [v - v.mean() for v in x], items())
    with pytest.raises(AssertionError, match="must keep the shape"):
        assert_batch_consistent(lambda x, K: x[0].mean(0, keepdim=True), items())


def test_a_layer_that_writes_into_its_input():
    K = random_complex(0)

    def writes(x, K):
        x[1].mul_(2)
        return [v.clone() for v in x]

    def replaces(x, K):
        x[0] = x[0] + 1
        return x

    def remembers(x, K):
        return [v + torch.rand(1) for v in x]

    for layer, message in (
        (writes, r"it changed x\[1\]"),
        (replaces, "list of cochains"),
        (remembers, "a second call"),
    ):
        with pytest.raises(AssertionError, match=message):
            assert_inputs_untouched(layer, random_cochains(K, channels=2), K)


def test_a_layer_that_writes_into_the_tables():
    K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])

    def writes(x, K):
        K.facets(1)[0, 0] = 0
        return x

    with pytest.raises(AssertionError, match=r"facets\(1\)"):
        assert_inputs_untouched(writes, random_cochains(K, channels=2), K)


def test_relabelling_permutes_the_boundary_matrices():
    for seed in range(3):
        K = random_complex(seed).reorient(random_orientation(random_complex(seed), seed))
        names = torch.randperm(8, generator=torch.Generator().manual_seed(seed))
        moved = relabel(K, names)
        moved.complex.validate()
        for k in range(1, K.dim + 1):
            old, new = (boundary_matrix(each, k).to_dense() for each in (K, moved.complex))
            assert torch.equal(new[moved.place[k - 1]][:, moved.place[k]], old)
    with pytest.raises(ValueError, match="names must be a permutation"):
        relabel(K, torch.zeros(8, dtype=torch.int64))


def test_random_draws_repeat():
    assert random_complex(4) == random_complex(4) != random_complex(5)
    K = random_complex(4)
    assert all(
        map(
            torch.equal,
            random_cochains(K, channels=2, seed=3),
            random_cochains(K, channels=2, seed=3),
        )
    )
    assert all(map(torch.equal, *(random_orientation(K, 2).values() for _ in range(2))))
    assert [x.shape[1] for x in random_cochains(K, channels=(1, 2, 3, 4))] == [1, 2, 3, 4]


def test_the_golden_vectors_fit_the_house():
    K, x, expected = house()
    assert COMPLEXES["house"] == K
    assert [len(values) for values in x] == list(K.f_vector)
    for values in expected.values():
        assert [each.shape for each in values] == [each.shape for each in x]
