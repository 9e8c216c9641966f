"""Sums over a sparse pattern: the dense product and all its derivatives, in every form of rows."""

import pytest
import torch

from simplex.complexes import ragged
from simplex.operators import (
    connected_components,
    incidence_signs,
    incidences,
    row_pattern,
    segments,
    sum_columns,
    sum_rows,
)
from tests.cases import over
from tests.operators.oracles import ALL, persistent_betti, tolerance


def _pointed(num_rows, num_columns, num_entries):
    row = torch.randint(0, num_rows, (num_entries,)).sort().values
    column = torch.randint(0, num_columns, (num_entries,))
    return row_pattern(row, column, num_rows, num_columns), row, column


def _forms():
    """A pattern of each form with the row and the column of every entry, and its shape."""
    torch.manual_seed(1)
    table = incidences(ALL["torus"], 2)
    of_table = torch.arange(14).repeat_interleave(3)
    index = torch.tensor([0, 0, 2, 3, 3, 3])
    return {
        "pointer": (*_pointed(6, 7, 20), 6, 7),
        "no entries": (*_pointed(4, 3, 0), 4, 3),
        "table": (table, of_table, table.column.flatten(), 14, 21),
        "places": (table.places, torch.arange(42), table.column.flatten(), 42, 21),
        "segments": (segments(index, 5), torch.arange(6), index, 6, 5),
    }


FORMS = _forms()


@pytest.mark.parametrize("kind", ["none", "constant", "learned"])
@over("form", FORMS)
def test_sums_are_dense_products_with_all_their_derivatives(form, kind):
    pattern, row, column, num_rows, num_columns = FORMS[form]
    weight = None if kind == "none" else torch.randn(pattern.column.shape, dtype=torch.float64)
    given = weight
    if kind == "constant":
        order = torch.sort(column, stable=True).indices
        given = (weight, weight.flatten()[order])
    elif kind == "learned":
        weight.requires_grad_()
    entries = torch.ones(len(row), dtype=torch.float64) if weight is None else weight.flatten()
    dense = torch.zeros(num_rows, num_columns, dtype=torch.float64)
    dense = dense.index_put((row, column), entries, accumulate=True)
    for product, matrix in ((sum_rows, dense), (sum_columns, dense.T)):
        x = torch.randn(matrix.shape[1], 3, dtype=torch.float64, requires_grad=True)
        torch.testing.assert_close(product(x, pattern, given), matrix @ x)
        if kind == "learned":
            call = lambda x, w, product=product: product(x, pattern, w)  # noqa: E731
            inputs = (x, weight)
        else:
            call = lambda x, product=product: product(x, pattern, given)  # noqa: E731
            inputs = (x,)
        assert torch.autograd.gradcheck(call, inputs)
        assert torch.autograd.gradgradcheck(call, inputs)


@over("name", ALL)
def test_the_pattern_of_a_complex_is_its_boundary(name, dtype):
    K = ALL[name]
    for k in range(1, K.dim + 2):
        table, signs = incidences(K, k), incidence_signs(K, k, dtype)
        x = torch.randn(K.num_simplices(k - 1), 2, dtype=dtype)
        gathered = x[K.facets(k)]
        expected = (gathered * K.facet_signs(k)[:, :, None]).sum(1)
        torch.testing.assert_close(sum_rows(x, table), gathered.sum(1), **tolerance(dtype))
        torch.testing.assert_close(sum_rows(x, table, signs), expected, **tolerance(dtype))
        assert torch.equal(table.row, K.cofacets(k - 1)[1])
        assert torch.equal(table.column_pointer, K.cofacets(k - 1)[0])


@over("counts", [[], [0], [3], [2, 0, 0, 4, 1], [0, 5, 0]])
def test_ragged_is_two_nested_loops(counts):
    owner, nth = ragged(torch.tensor(counts, dtype=torch.int64))
    pairs = [(i, j) for i, count in enumerate(counts) for j in range(count)]
    assert list(zip(owner.tolist(), nth.tolist(), strict=True)) == pairs


@over("name", ALL)
def test_components_are_joined_by_edges_and_numbered_by_their_first_vertices(name):
    K = ALL[name]
    component = connected_components(K)
    assert torch.equal(*component[K.simplices(1)].unbind(1))
    count = persistent_betti(K, 2)[0] if K.dim >= 0 else 0
    found = component.tolist()
    assert list(dict.fromkeys(found)) == list(range(count))
