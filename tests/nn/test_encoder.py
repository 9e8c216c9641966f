"""Maps before the first layer: where a network makes one, sparse rows, categories, refusals."""

import numpy as np
import pytest
import torch
from torch import nn

from simplex import SimplicialComplex
from simplex.nn import EMPSN, GIN, SCCNN, SIN, CochainEncoder, SimplicialMixer, SimplicialNetwork
from simplex.testing import random_cochains
from tests.cases import over
from tests.tables import COMPLEXES


pytestmark = pytest.mark.filterwarnings("ignore:Sparse C.. tensor support is in beta")

K = COMPLEXES["house"]
EDGES = K.num_simplices(1)


def sparse(x):
    """Half of the entries away; as dense, CSR and COO matrices."""
    x = [values * (values > 0) for values in x]
    return x, [values.to_sparse_csr() for values in x], [values.to_sparse_coo() for values in x]


def test_a_network_has_one_where_the_input_is_wider_than_its_layers():
    for make, keys in ((SIN, 6), (SCCNN, 4), (GIN, 2)):  # SCCNN is oriented: bias of vertices alone
        for width, embed, has in (
            (4, None, False),
            (5, None, True),
            ((1, 5, 1), None, make is not GIN),
            (5, False, False),
            (1, True, True),
            (-1, None, False),
            (-1, True, True),
        ):
            model = make(width, 4, 2, 2, 2, embed=embed)
            own = [key for key in model.state_dict() if key.startswith("embed.")]
            assert len(own) == has * keys, (make, width, embed)


@over("make", [SIN, SCCNN, GIN, SimplicialMixer])
def test_sparse_rows_give_what_dense_ones_give(make):
    for dtype in (torch.float32, torch.float64):
        dense, *others = sparse(random_cochains(K, channels=9, max_dim=2, dtype=dtype))
        model = make(9, 4, 2, 2, 2).to(dtype)
        maps = model.stems if make is SimplicialMixer else model.embed
        torch.manual_seed(0)
        expected = model(dense, K)
        expected.square().sum().backward()
        gradient = maps[0].weight.grad.clone()
        for x in others:
            model.zero_grad()
            y = model(x, K)
            torch.testing.assert_close(y, expected)
            y.square().sum().backward()
            torch.testing.assert_close(maps[0].weight.grad, gradient)


@over("make", [SIN, SCCNN, GIN, SimplicialMixer])
def test_what_comes_in_is_dropped_while_training(make):
    model = make(9, 4, 2, 2, 2, input_dropout=0.5)
    drop = model.input_dropout
    for x in sparse(random_cochains(K, channels=9, max_dim=2)):
        torch.manual_seed(0)
        left = [drop(values) for values in x]
        for values, whole in zip(left, x, strict=True):
            values, whole = values.to_dense(), whole.to_dense()
            kept = values != 0
            torch.testing.assert_close(values, 2 * whole * kept)
        torch.manual_seed(0)
        y = model(x, K)
        torch.manual_seed(0)
        drop.p = 0.0
        torch.testing.assert_close(y, model(left, K))
        assert not torch.allclose(y, model(x, K))
        drop.p = 0.5
    model.eval()
    torch.testing.assert_close(model(x, K), model(x, K))


def test_widths_are_taken_from_sparse_rows():
    _, x, _ = sparse(random_cochains(K, channels=9, max_dim=2))
    encoder = CochainEncoder(-1, 4, 2)
    assert [tuple(h.shape) for h in encoder(x, K)] == [(n, 4) for n in K.f_vector]
    assert [linear.in_features for linear in encoder] == [9, 9, 9]


def test_categories_are_sums_of_learned_vectors():
    atoms, bonds = torch.tensor([[0, 1], [2, 0], [1, 1], [0, 0], [2, 1]]), torch.arange(EDGES)
    encoder = CochainEncoder(3, 4, 2, categories={0: (3, 2), 1: EDGES})
    h = encoder([atoms, bonds, torch.ones(1, 3)], K)
    one_hot = nn.functional.one_hot
    both = torch.cat([one_hot(atoms[:, 0], 3), one_hot(atoms[:, 1], 2)], dim=1).float()
    torch.testing.assert_close(h[0], both @ encoder[0].weight)
    torch.testing.assert_close(h[1], encoder[1].weight)
    torch.testing.assert_close(encoder([atoms.int(), bonds[:, None], torch.ones(1, 3)], K)[1], h[1])
    model = SIN(3, 4, 2, 2, 2, embed=encoder)
    assert model([atoms, bonds, torch.ones(1, 3)], K).shape == (1, 2)
    empty = COMPLEXES["isolated vertices"]
    none = [torch.zeros(4, 2).long(), torch.zeros(0).long(), torch.zeros(0, 3)]
    assert model(none, empty).shape == (1, 2)


def test_weights_of_a_network_without_an_encoder_name_the_remedy():
    bare, encoded = SIN(9, 4, 2, 1, 2, embed=False), SIN(9, 4, 2, 1, 2)
    bare.load_state_dict(SIN(9, 4, 2, 1, 2, embed=False).state_dict())
    with pytest.raises(RuntimeError, match=r"without an encoder: make it with embed=False"):
        encoded.load_state_dict(bare.state_dict())
    with pytest.raises(RuntimeError, match=r"with an encoder: make it with embed=True"):
        bare.load_state_dict(encoded.state_dict())
    more = SIN(4, 4, 2, 1, 2, embed=True)
    found = more.load_state_dict(SIN(4, 4, 2, 1, 2).state_dict(), strict=False)
    assert all(key.startswith("embed.") for key in found.missing_keys)


def test_numbers_of_categories_from_numpy_and_on_meta():
    encoder = CochainEncoder(3, 4, 0, categories={0: np.int64(5)}).to("meta")
    points = SimplicialComplex(5).to("meta")
    (h,) = encoder([torch.zeros(5, dtype=torch.int64, device="meta")], points)
    assert h.shape == (5, 4)


@over("dtype", [torch.float16, torch.bfloat16])
@over("layout", [torch.sparse_csr, torch.sparse_coo])
def test_sparse_rows_in_half_precision(dtype, layout):
    encoder, x = CochainEncoder(3, 4, 0).to(dtype), torch.eye(5, 3, dtype=dtype)
    points = SimplicialComplex(5)
    (h,) = encoder([x.to_sparse(layout=layout)], points)
    torch.testing.assert_close(h, encoder([x], points)[0])


def test_a_frame_of_other_layers_takes_an_encoder():
    class Twice(nn.Module):
        def forward(self, x, complex):
            return [2 * values for values in x]

    encoder = CochainEncoder(3, 4, 2)
    model = SimplicialNetwork([Twice()], 4, 2, 2, embed=encoder)
    x = random_cochains(K, channels=3, max_dim=2)
    for h, y in zip(encoder(x, K), model.encode(x, K), strict=True):
        torch.testing.assert_close(y, 2 * h)


FLOATS, CODES = torch.ones(EDGES, 3), torch.zeros(EDGES).long()


@over(
    "edges, error, message",
    [
        (torch.ones(EDGES, 2), TypeError, r"x\[1\] must be int64, as it holds categories"),
        (CODES + 4, ValueError, r"categories must be from 0 to below \(4,\)"),
        (CODES - 1, ValueError, r"got from \[-1\] to \[-1\]"),
        (torch.zeros(EDGES, 2).long(), ValueError, r"x\[1\] must have 1 columns of categories"),
        (CODES[1:], ValueError, r"x\[1\] must have shape \(n_1, channels\)"),
        (None, TypeError, r"x\[1\] must be a tensor, got None"),
    ],
)
def test_what_is_no_category_is_refused(edges, error, message):
    encoder = CochainEncoder(3, 4, 2, categories={1: 4})
    with pytest.raises(error, match=message):
        encoder([torch.ones(5, 3), edges, torch.ones(1, 3)], K)


@over(
    "vertices, error, message",
    [
        (torch.zeros(5, 3).long(), TypeError, "embed=CochainEncoder"),
        (torch.ones(5), ValueError, r"must have shape \(rows, channels\)"),
        (torch.ones(5, 2), ValueError, "must have 3 channels"),
        (torch.ones(5, 3).double(), ValueError, "must be float32 as the parameters are"),
        (torch.ones(5, 2).to_sparse(), ValueError, "must have 3 channels"),
    ],
)
def test_what_is_no_number_is_refused(vertices, error, message):
    with pytest.raises(error, match=r"x\[0\] .*" + message):
        CochainEncoder(3, 4, 2)([vertices, FLOATS, torch.ones(1, 3)], K)


def test_other_layouts_are_refused():
    x = torch.ones(5, 3).to_sparse_csc()
    with pytest.raises(TypeError, match=r"x\[0\] must be dense, sparse_csr or sparse_coo"):
        CochainEncoder(3, 4, 2)([x, FLOATS, torch.ones(1, 3)], K)


@over(
    "make, message",
    [
        (lambda: CochainEncoder(3, 4, 2, categories={3: 4}), "a dimension of categories must be"),
        (lambda: CochainEncoder(3, 4, 2, categories={0: ()}), "a number for each column, got none"),
        (lambda: CochainEncoder(3, 4, 2, categories={0: 0}), "categories must be at least 1"),
        (lambda: CochainEncoder(3, 4, 2, categories={1: 4}, oriented=True), "of vertices alone"),
        (lambda: SIN(3, 5, 2, 1, 2, embed=CochainEncoder(3, 4, 2)), "embed must be an encoder of"),
        (lambda: SIN(3, 4, 2, 1, 1, embed=CochainEncoder(3, 4, 2)), "got one of 2 and 4"),
        (lambda: SCCNN(3, 4, 2, 1, 2, embed=CochainEncoder(3, 4, 2)), "with oriented=True"),
        (lambda: EMPSN(3, 4, 2, 1, 2, embed=False), "as this network has one always"),
    ],
)
def test_wrong_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()
    with pytest.raises(TypeError, match="embed must be True, False, None or a CochainEncoder"):
        SIN(3, 4, 2, 1, 2, embed="words")
    with pytest.raises(TypeError, match=r"categories must be an integer, got 4\.0"):
        CochainEncoder(3, 4, 2, categories={0: 4.0})
    with pytest.raises(TypeError, match="categories must be a dictionary"):
        CochainEncoder(3, 4, 2, categories=5)
