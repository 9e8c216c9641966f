"""The two sums, against golden vectors of the authors' tests and against the definition."""

import pytest
import torch

from simplex.nn import boundary_sum, gather_facets, upper_sum
from tests.nn.oracle import neighbours, sum_rows
from tests.tables import COMPLEXES


EDGE_ORDER = [0, 3, 1, 2, 5, 4]  # the authors' e0, e3, e1, e2, e5, e4 are lexicographic


def house():
    edges = torch.arange(1.0, 7.0)[EDGE_ORDER]
    x = [torch.arange(1.0, 6.0)[:, None], edges[:, None], torch.ones(1, 1)]
    return COMPLEXES["house"], x


def dummy_layer(x, complex_):
    """x + Σ_up (x_j + x_δ) + Σ_boundary x_j, the parameter-free layer of the authors' tests."""
    result = []
    for k in range(3):
        facets, cofacets = complex_.facets(k), complex_.facets(k + 1)
        y = x[k] + (boundary_sum(x[k - 1], facets) if k > 0 else 0)
        if k < 2:
            message = gather_facets(x[k], cofacets) + x[k + 1][:, None]
            y = y + upper_sum(message, cofacets, len(x[k]))
        result.append(y.squeeze(1).tolist())
    return result


def test_golden_vectors_of_the_house():
    complex_, x = house()
    vertices, edges, triangle = dummy_layer(x, complex_)
    assert vertices == [12, 9, 25, 25, 23]
    assert edges == [[4, 7, 23, 9, 25, 24][i] for i in EDGE_ORDER]
    assert triangle == [15]


@pytest.mark.parametrize("name", COMPLEXES)
def test_sums_from_the_definition(name, dtype):
    complex_ = COMPLEXES[name]
    x = [torch.randn(complex_.num_simplices(k), 2, dtype=dtype) for k in range(complex_.dim + 3)]
    for k in range(complex_.dim + 2):
        boundary, upper = neighbours(complex_, k)
        if k > 0:
            y = boundary_sum(x[k - 1], complex_.facets(k))
            assert y.shape == x[k].shape
            for row, ids in zip(y, boundary, strict=True):
                torch.testing.assert_close(row, x[k - 1][ids].sum(0))
        cofacets = complex_.facets(k + 1)
        y = upper_sum(gather_facets(x[k], cofacets) * x[k + 1][:, None], cofacets, len(x[k]))
        assert y.shape == x[k].shape
        for row, pairs in zip(y, upper, strict=True):
            messages = [x[k][sender] * x[k + 1][shared] for sender, shared in pairs]
            torch.testing.assert_close(row, sum_rows(messages, 2, dtype), atol=1e-5, rtol=1e-5)
