"""The heat flow: held to dense powers of the Hodge Laplacian, to homology, and to symmetry."""

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.datasets import random_surface
from simplex.operators import betti_numbers, heat_energy, heat_flow, hodge_decomposition
from tests.cases import over
from tests.operators.oracles import ALL, CASES, dense_laplacian, random_orientation, tolerance


def cochain(K, k, dtype=torch.float64, channels=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(K.num_simplices(k), channels, generator=generator, dtype=dtype)


@over("name, k", CASES)
def test_the_flow_is_a_power_of_a_contraction(name, k, dtype):
    K = ALL[name]
    x = cochain(K, k, dtype)
    once = heat_flow(K, x, k, 1)
    assert once.dtype == dtype
    L = dense_laplacian(K, k)
    expected = x.double().numpy().copy()
    for p, part in enumerate(K.split()):
        mine = (K.part(k) == p).numpy()
        if not mine.any():
            continue
        block = L[np.ix_(mine, mine)]
        bounds = [1]
        for j in (k, k + 1):
            if j > 0:
                degree = part.cofacets(j - 1)[0].diff()
                bounds += degree[part.facets(j)].sum(1).tolist()
        assert np.linalg.eigvalsh(block).max() <= max(bounds) + 1e-9
        expected[mine] -= block @ expected[mine] / max(bounds)
    torch.testing.assert_close(once.double(), torch.from_numpy(expected), **tolerance(dtype))
    again = heat_flow(K, heat_flow(K, x, k, 2), k, 3)
    torch.testing.assert_close(again, heat_flow(K, x, k, 5), **tolerance(dtype))
    assert torch.equal(heat_flow(K, x, k, 0), x)


@over("name, k", CASES[::2])
def test_the_trace_falls_to_the_betti_number(name, k):
    K = ALL[name]
    n = K.num_simplices(k)
    if n == 0:
        return
    probes = torch.eye(n, dtype=torch.float64)
    trace = heat_energy(K, probes, k, (0, 1, 10, 100, 1000)).sum(0) * n
    assert abs(float(trace[0]) - n) < 1e-9
    assert bool((trace.diff() <= 1e-12).all())
    assert abs(float(trace[-1]) - betti_numbers(K)[k]) < 1e-6
    x = cochain(K, k)
    torch.testing.assert_close(
        heat_flow(K, x, k, 1000), hodge_decomposition(K, x, k)[2], atol=1e-6, rtol=0
    )


@over("name, k", CASES)
def test_orientation_equivariance(name, k):
    K = ALL[name]
    x, signs = cochain(K, k), random_orientation(K, 5)
    turned = K.reorient(signs)
    T = signs[k][:, None] if k else 1
    torch.testing.assert_close(heat_flow(turned, T * x, k, 7), T * heat_flow(K, x, k, 7))
    torch.testing.assert_close(heat_energy(turned, T * x, k), heat_energy(K, x, k))


@over("k", [0, 1, 2])
def test_a_union_is_treated_as_its_parts(k):
    parts = [random_surface(name, 12) for name in ("torus", "Klein bottle", "sphere")]
    U = SimplicialComplex.disjoint_union(parts)
    each = [cochain(K, k, seed=i) for i, K in enumerate(parts)]
    together = heat_flow(U, torch.cat(each), k, 9)
    alone = [heat_flow(K, x, k, 9) for K, x in zip(parts, each, strict=True)]
    torch.testing.assert_close(together, torch.cat(alone))


def test_gradients():
    K = ALL["torus"]
    x = cochain(K, 1, channels=2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: heat_flow(K, x, 1, 3), (x,))
    before = x.detach().clone()
    heat_energy(K, x, 1, (1, 2)).sum().backward()
    assert torch.equal(x.detach(), before)


def test_wrong_arguments():
    K = ALL["torus"]
    with pytest.raises(ValueError, match="x must be of shape"):
        heat_flow(K, torch.ones(3, 1), 1)
    with pytest.raises(ValueError, match="num_steps must be non-negative"):
        heat_flow(K, torch.ones(21, 1), 1, -1)
    with pytest.raises(ValueError, match="num_steps must increase"):
        heat_energy(K, torch.ones(21, 1), 1, (4, 2))
    with pytest.raises(ValueError, match="k must be"):
        heat_flow(K, torch.ones(0, 1), 3)
