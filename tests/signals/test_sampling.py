"""Slepians and sampling sets: held to eigenvalues and to recovery."""

import numpy as np
import pytest
import torch

from simplex.operators import eigenpairs
from simplex.signals import reconstruct, sampling_set, slepians
from tests.cases import over
from tests.signals.oracles import ALL


def band(m=6):
    return eigenpairs(ALL["random"], 1, m, dtype=torch.float64).vectors


def test_slepians_are_concentrated_and_doubly_orthogonal():
    V = band()
    region = torch.zeros(len(V), dtype=torch.bool)
    region[: len(V) // 3] = True
    found = slepians(V, region)
    gram = found.vectors.T @ found.vectors
    torch.testing.assert_close(gram, torch.eye(6, dtype=torch.float64), atol=1e-10, rtol=0)
    inside = found.vectors[region].T @ found.vectors[region]
    torch.testing.assert_close(inside, found.concentration.diag(), atol=1e-10, rtol=0)
    assert bool((found.concentration.diff() <= 1e-12).all())
    largest = np.linalg.svd(V[region].numpy(), compute_uv=False)[0] ** 2
    assert abs(float(found.concentration[0]) - largest) < 1e-10


@over("count", [6, 9])
def test_what_is_measured_at_a_sampling_set_comes_back(count):
    V = band()
    ids = sampling_set(V, count)
    assert len(set(ids.tolist())) == count
    x = V @ torch.randn(6, 2, dtype=torch.float64)
    torch.testing.assert_close(reconstruct(V, x[ids], ids), x, atol=1e-9, rtol=0)
    whole = torch.arange(count)
    twice = [reconstruct(V, y, ids) for y in (whole, whole.double())]
    torch.testing.assert_close(*twice)
    volume = torch.linalg.det(V[ids].T @ V[ids])
    rng = np.random.default_rng(0)
    for _ in range(50):  # greedy is better than chance
        other = rng.choice(len(V), count, replace=False)
        assert float(torch.linalg.det(V[other].T @ V[other])) <= float(volume)


@over(
    "call, message",
    [
        (lambda V: sampling_set(2 * V, 3), "orthonormal"),
        (lambda V: sampling_set(V, len(V) + 1), "count must be"),
        (lambda V: reconstruct(V, torch.ones(3), torch.tensor([0, 1, 2])), "tell all signals"),
        (lambda V: reconstruct(V, torch.ones(2), torch.tensor([0, 1, 2])), "int64 ids"),
        (lambda V: reconstruct(V, torch.ones(1), torch.tensor([-1])), "ids from 0"),
        (lambda V: slepians(V, torch.ones(3, dtype=torch.bool)), "region must be"),
    ],
)
def test_wrong_calls_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(band())
