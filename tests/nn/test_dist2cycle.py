"""Dist2Cycle: the error of its Chebyshev steps, part by part, and what is harmonic."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.nn import Dist2CycleConv, shifted_inverse
from simplex.operators import harmonic_basis, hodge_bound, hodge_laplacian
from tests.nn.contract import on_each
from tests.tables import COMPLEXES


@pytest.mark.parametrize("num_steps", [1, 3, 10])
@on_each([name for name in COMPLEXES if COMPLEXES[name].dim > 0])
def test_chebyshev_error_is_bounded(name, num_steps):
    K = COMPLEXES[name]
    for k in range(K.dim + 1):
        eye = torch.eye(K.num_simplices(k), dtype=torch.float64)
        laplacian = hodge_laplacian(K, k, dtype=torch.float64).to_dense()
        bound = float(hodge_bound(K, k).max())
        assert float(torch.linalg.eigvalsh(laplacian).max()) <= bound + 1e-9
        root = (1 + bound) ** 0.5
        error = eye - (eye + laplacian) @ shifted_inverse(K, eye, k, num_steps)
        allowed = 2 * ((root - 1) / (root + 1)) ** num_steps + 1e-12
        assert float(torch.linalg.matrix_norm(error, 2)) <= allowed


def test_parts_converge_by_themselves():
    star = SimplicialComplex.from_simplices([(0, i) for i in range(1, 200)])
    path = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
    x = torch.tensor([[1.0], [0.0]], dtype=torch.float64)
    joined = torch.cat([torch.ones(199, 1, dtype=torch.float64), x])
    union = SimplicialComplex.disjoint_union([star, path])
    alone = shifted_inverse(path, x, 1, num_steps=3)
    torch.testing.assert_close(shifted_inverse(union, joined, 1, num_steps=3)[199:], alone)


@pytest.mark.parametrize("name", ["hollow triangle", "two components", "torus"])
def test_harmonic_cochains_pass(name):
    K = COMPLEXES[name]
    harmonic = harmonic_basis(K, 1).double()
    conv = Dist2CycleConv(harmonic.shape[1], 3, num_steps=40).double()
    torch.testing.assert_close(conv(harmonic, K), conv.lin(harmonic), atol=1e-5, rtol=1e-5)
