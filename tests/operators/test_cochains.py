"""One layout of cochains: leading batch axes, simplices, channels; a vector is one channel."""

from functools import partial

import pytest
import torch

from simplex.operators import (
    apply_boundary,
    apply_coboundary,
    apply_down_laplacian,
    apply_hodge_laplacian,
    apply_random_walk_laplacian,
    apply_up_laplacian,
    boundary_sum,
    chain_down,
    chain_up,
    coboundary_sum,
    harmonic_filter,
    heat_flow,
    hodge_decomposition,
    hodge_laplacian,
)
from tests.cases import over
from tests.operators.oracles import ALL, tolerance


def _of_degree_below(function):
    return lambda K, x, k: function(K, x, k + 1)


def _of_degree_above(function):
    return lambda K, x, k: function(K, x, k - 1) if k else x


MAPS = {
    "boundary": apply_boundary,
    "coboundary": apply_coboundary,
    "down": apply_down_laplacian,
    "up": apply_up_laplacian,
    "hodge": partial(apply_hodge_laplacian, signed=False),
    "random walk": apply_random_walk_laplacian,
    "boundary sum": _of_degree_below(partial(boundary_sum, signed=True)),
    "coboundary sum": _of_degree_above(coboundary_sum),
    "chain down": lambda K, x, k: chain_down(K, x, k, 3, normalize=True)[-1] if k else x,
    "chain up": lambda K, x, k: chain_up(K, x, k, 3, normalize=True)[-1],
    "harmonic filter": partial(harmonic_filter, order=2),
    "heat flow": partial(heat_flow, num_steps=3),
    "gradient": lambda K, x, k: hodge_decomposition(K, x, k)[0],
    "harmonic": lambda K, x, k: hodge_decomposition(K, x, k)[2],
}


@pytest.mark.parametrize("of", MAPS.values(), ids=MAPS)
@over("name", [name for name in ALL if name not in ("3-sphere", "4-simplex")])
def test_a_batch_is_one_by_one_and_a_vector_is_one_channel(name, of):
    K = ALL[name]
    for k in range(max(K.dim, 0) + 1):
        x = torch.randn(2, 3, K.num_simplices(k), 4, dtype=torch.float64)
        before, together = x.clone(), of(K, x, k)
        assert torch.equal(x, before)
        for i in range(2):
            for j in range(3):
                alone = of(K, x[i, j], k)
                torch.testing.assert_close(together[i, j], alone, atol=1e-9, rtol=0)
        column = of(K, x[0, 0, :, 0], k)
        torch.testing.assert_close(column, together[0, 0, :, 0], atol=1e-9, rtol=0)


@over("name", ALL)
def test_an_oracle_for_the_batch(name, dtype):
    K = ALL[name]
    for k in range(K.dim + 1):
        x = torch.randn(2, K.num_simplices(k), 3, dtype=dtype)
        expected = hodge_laplacian(K, k, dtype=dtype).to_dense() @ x
        got = apply_hodge_laplacian(K, x, k)
        torch.testing.assert_close(got, expected, **tolerance(dtype))
