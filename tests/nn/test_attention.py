"""What attends: the support of Laplacians, chunks of pairs, filters that keep the harmonic part."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.nn import GSANConv, SANConv, SATConv, attend, support_pairs
from simplex.operators import (
    harmonic_filter,
    hodge_bound,
    hodge_decomposition,
    row_pattern,
    sum_columns,
    sum_rows,
)
from simplex.testing import (
    random_cochains,
)
from tests.nn.oracles.attention import halves
from tests.nn.oracles.matrices import down_up
from tests.tables import COMPLEXES


def test_support_is_that_of_the_laplacians():
    for name, K in COMPLEXES.items():
        for k in range(K.dim + 1):
            for kind, laplacian in halves(K, k).items():
                pairs = support_pairs(K, k, kind)
                sender, receiver = pairs.index
                assert receiver.tolist() == sorted(receiver.tolist()), name
                found = torch.zeros_like(laplacian)
                found[receiver, sender] = pairs.sign.double()
                assert torch.equal(found, laplacian.sign()), (name, k, kind)
                assert len(receiver) == int((laplacian != 0).sum()), (name, k, kind)


def test_the_spectrum_is_bounded_part_by_part():
    for name, K in COMPLEXES.items():
        for part in K.split():
            for k in range(part.dim + 1):
                spectrum = torch.linalg.eigvalsh(sum(down_up(part, k)))
                assert spectrum[-1] <= hodge_bound(part, k)[0] + 1e-9, (name, k)


def test_derivatives_in_chunks():
    complex_ = COMPLEXES["triangle with tail"]
    for conv in (SATConv(2, 2, heads=2, max_pairs=7), SANConv(2, 2, order=3, max_pairs=7)):
        (x,) = random_cochains(complex_, channels=2, dtype=torch.float64)[1:2]
        inputs = (x.requires_grad_(), *conv.double().parameters())
        call = lambda x, *_, conv=conv: conv(x, complex_)  # noqa: E731
        assert torch.autograd.gradcheck(call, inputs, fast_mode=True)


def test_the_harmonic_filter_converges_to_the_harmonic_part():
    complex_ = COMPLEXES["torus"]
    x = random_cochains(complex_, channels=2, dtype=torch.float64)[1]
    _, _, harmonic = hodge_decomposition(complex_, x, k=1)
    torch.testing.assert_close(harmonic_filter(complex_, x, 1, 500), harmonic, atol=1e-8, rtol=0)
    assert harmonic.norm() > 0.1


def test_weighted_sum_is_a_sparse_product_with_all_its_derivatives():
    generator = torch.Generator().manual_seed(0)
    row = torch.randint(0, 6, (20,), generator=generator).sort().values
    column = torch.randint(0, 7, (20,), generator=generator)
    table = row_pattern(row, column, 6, 7)
    value = torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(20, dtype=torch.float64, requires_grad=True)
    dense = torch.zeros(6, 7, dtype=torch.float64).index_put((row, column), weight, True)
    torch.testing.assert_close(sum_rows(value, table, weight), dense @ value)
    other = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(sum_columns(other, table, weight), dense.T @ other)
    for product, x in ((sum_rows, value), (sum_columns, other)):
        call = lambda x, weight, product=product: product(x, table, weight)  # noqa: E731
        assert torch.autograd.gradcheck(call, (x, weight))
        assert torch.autograd.gradgradcheck(call, (x, weight))


def test_attention_at_a_hub_stays_within_its_chunks():
    star = SimplicialComplex.from_simplices([(0, i) for i in range(1, 40)])
    x = torch.randn(39, 1, 2, dtype=torch.float64, requires_grad=True)
    query = torch.randn(39, 1, dtype=torch.float64)
    whole = attend(star, query, query, x, 1, "lower")
    parts = attend(star, query, query, x, 1, "lower", max_pairs=100)
    torch.testing.assert_close(parts, whole)
    (expected,) = torch.autograd.grad(whole.square().sum(), x)
    (found,) = torch.autograd.grad(parts.square().sum(), x)
    torch.testing.assert_close(found, expected)


def test_repr():
    assert repr(SATConv(16, 32, 2, heads=2)) == "SATConv(16, 32, k=2, heads=2)"
    assert repr(GSANConv(16, 32, 2, order=3)) == "GSANConv(16, 32, max_dim=2, order=3)"
    assert repr(SANConv(16, 32)) == "SANConv(16, 32, k=1)"


def test_wrong_settings():
    for make, message in (
        (lambda: SATConv(2, 5, heads=2), "out_channels must be a multiple of heads, got 5 and 2"),
        (lambda: SANConv(2, 5, order=0), "order must be at least 1, got 0"),
        (lambda: GSANConv((2, 3), 5, 1), "in_channels must be one width for all dimensions"),
        (lambda: GSANConv(2, 5, 1, order=0), "order must be at least 1, got 0"),
        (lambda: GSANConv(2, 5, 1, harmonic_order=-1), "harmonic_order must be non-negative"),
        (lambda: SANConv(2, 5, harmonic_order=-1), "harmonic_order must be non-negative, got -1"),
    ):
        with pytest.raises(ValueError, match=message):
            make()
