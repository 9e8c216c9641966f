"""Functions of the halves of a Laplacian, and projections, against dense linear algebra."""

import pytest
import torch

from simplex.operators import (
    chebyshev_apply,
    chebyshev_coefficients,
    down_laplacian,
    hodge_decomposition,
    laplacian_halves,
    part_bound,
    up_laplacian,
)
from tests.cases import over
from tests.tables import COMPLEXES


CASES = [(name, k) for name, K in COMPLEXES.items() for k in range(max(K.dim, 0) + 1)]
FUNCTIONS = {
    "exponential": lambda x: torch.exp(-x),
    "root": lambda x: (0.3 + x).sqrt(),
    "pole near": lambda x: 1 / (0.05 + x),
}


@over("name, k", CASES)
def test_halves_and_bounds_are_those_of_the_matrices(name, k, dtype):
    K = COMPLEXES[name]
    n = K.num_simplices(k)
    for half, bound, matrix in zip(
        laplacian_halves(K, k, dtype),
        (part_bound(K, k), part_bound(K, k + 1)),
        (down_laplacian, up_laplacian),
        strict=True,
    ):
        dense = matrix(K, k, dtype=dtype).to_dense()
        torch.testing.assert_close(half(torch.eye(n, dtype=dtype)), dense, atol=0, rtol=0)
        largest = torch.linalg.eigvalsh(dense).max() if n else torch.zeros(())
        assert largest <= bound.max() + 1e-5 if len(bound) else n == 0


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions_are_those_of_the_eigenvalues(function, dtype):
    generator = torch.Generator().manual_seed(3)
    root = torch.randn(9, 6, generator=generator, dtype=torch.float64)
    values, vectors = torch.linalg.eigh(root @ root.T)  # three zero eigenvalues
    bound = 1.3 * float(values.max())
    coefficients = chebyshev_coefficients(function, bound, dtype).tolist()
    matrix = (root @ root.T).to(dtype)
    got = chebyshev_apply(lambda x: matrix @ x, coefficients, bound, torch.eye(9, dtype=dtype))
    expected = (vectors * function(values.clamp(min=0))) @ vectors.T
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    torch.testing.assert_close(
        got.double(), expected, atol=tolerance * float(function(torch.zeros(1).double())), rtol=0
    )


def test_functions_that_no_polynomial_follows_are_refused():
    with pytest.raises(ValueError, match="smooth enough"):
        chebyshev_coefficients(lambda x: (x > 1).double(), 2.0, torch.float64)
    with pytest.raises(ValueError, match="must be finite"):
        chebyshev_coefficients(lambda x: 1 / (0 * x), 2.0, torch.float64)


@over("name, time", [("random 0", 0.1), ("reoriented", 0.05)])
def test_channels_done_early_stay_done(name, time):
    """Conjugate gradients on many channels: the first to converge used to be carried away again."""
    K = COMPLEXES[name]
    L = up_laplacian(K, 1, dtype=torch.float64).to_dense()
    smooth = torch.linalg.matrix_exp(-time * L)
    parts = hodge_decomposition(K, smooth)
    torch.testing.assert_close(torch.stack(parts).sum(0), smooth)
    curls = torch.linalg.pinv(L) @ L @ smooth
    torch.testing.assert_close(parts[1], curls, atol=1e-10, rtol=0)
