"""The Hodge denoiser: its symmetries, what it starts as, and laws it can denoise exactly."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.datasets import planted_flows
from simplex.nn import HodgeDenoiser
from simplex.operators import harmonic_basis
from simplex.testing import random_complex, random_orientation, relabel
from tests.cases import over
from tests.tables import COMPLEXES


def carried(renamed, x, k):
    """Rows of cochains, (rows, n_k, 1), on the renamed complex."""
    return renamed.move(x[..., 0].T, k).T[..., None]


def randomized(model, dtype=torch.float64):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.5)
    return model.to(dtype)


@over("k", [1, 2])
@over("seed", range(3))
def test_names_and_orientations_do_not_matter(seed, k, dtype):
    K = random_complex(seed)
    model = randomized(HodgeDenoiser(4, 2, k=k), dtype)
    x, t = torch.randn(3, K.num_simplices(k), 1, dtype=dtype), torch.tensor([0, 500, 999])
    y = model(x, t, K)
    renamed, signs = relabel(K, torch.randperm(K.num_simplices(0))), random_orientation(K, seed)
    tolerance = {"atol": 1e-3, "rtol": 1e-3} if dtype == torch.float32 else {}
    moved = model(carried(renamed, x, k), t, renamed.complex)
    torch.testing.assert_close(moved, carried(renamed, y, k), **tolerance)
    turned = model(signs[k][:, None] * x, t, K.reorient(signs))
    torch.testing.assert_close(turned, signs[k][:, None] * y, **tolerance)


@over("seed", range(3))
def test_fields_are_carried_along_and_their_signs_and_lengths_do_not_matter(seed):
    made = planted_flows("torus", 3, 0, size=(4, 4), dtype=torch.float64)
    K, t = made.complex, torch.tensor(300)
    model = randomized(HodgeDenoiser(2, num_fields=2))
    y = model(made.train, t, K, made.fields)
    torch.testing.assert_close(model(made.train, t, K, -2 * made.fields), y)
    assert not torch.allclose(model(made.train, t, K, made.fields.flip(1)), y)
    signs = random_orientation(K, seed)
    turn = signs[1][:, None]
    turned = model(turn * made.train, t, K.reorient(signs), turn * made.fields)
    torch.testing.assert_close(turned, turn * y)
    renamed = relabel(K, torch.randperm(K.num_simplices(0)))
    moved = model(carried(renamed, made.train, 1), t, renamed.complex, renamed.move(made.fields, 1))
    torch.testing.assert_close(moved, carried(renamed, y, 1))


def test_rows_do_not_mix_and_each_has_its_time():
    K = random_complex(0)
    model = randomized(HodgeDenoiser(4))
    x, t = torch.randn(4, K.num_simplices(1), 1, dtype=torch.float64), torch.arange(4) * 100
    together = model(x, t, K)
    for i in range(4):
        torch.testing.assert_close(model(x[i : i + 1], t[i], K)[0], together[i])
    assert not torch.allclose(model(x, t.flip(0), K), together)


def test_it_starts_at_zero_and_leaves_its_input():
    K = random_complex(1)
    x = torch.randn(2, K.num_simplices(1), 1)
    before = x.clone()
    assert not HodgeDenoiser()(x, torch.tensor(3), K).any()
    assert torch.equal(x, before)


def test_the_fields_only_reach_harmonic_cochains():
    made = planted_flows("torus", 3, 0, size=(4, 4), dtype=torch.float64)
    model = randomized(HodgeDenoiser(2, num_fields=2))
    without = 0 * made.fields
    y, rest = (
        model(made.train, torch.tensor(3), made.complex, each) for each in (made.fields, without)
    )
    added = y - rest
    assert bool(added.abs().max() > 1e-3)
    basis = harmonic_basis(made.complex, 1, dtype=torch.float64)
    torch.testing.assert_close(basis @ (basis.T @ added), added)


@over("seed", [0])
def test_it_learns_the_denoiser_of_two_modes(seed):
    """x = ±c f plus noise: E[±c | x] = c tanh(c a / σ²), odd and far from linear."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    K = planted_flows("annulus", 1, 0, size=(2, 8), generator=generator).complex
    f = harmonic_basis(K, 1)
    model = HodgeDenoiser(2, cond_channels=16)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)

    def draw(rows):
        side = torch.randint(0, 2, (rows, 1), generator=generator) * 2.0 - 1
        clean = 2 * f * side[..., None]  # (rows, n_1, 1)
        x = clean + torch.randn(rows, K.num_simplices(1), 1, generator=generator)
        return x, f @ (2 * torch.tanh(2 * f.T @ x)), clean

    time = torch.tensor(0)
    for _ in range(150):
        x, _, clean = draw(128)
        optimizer.zero_grad()
        (model(x, time, K) - clean).square().sum((1, 2)).mean().backward()
        optimizer.step()
    x, best, clean = draw(2000)
    with torch.no_grad():
        excess = float((model(x, time, K) - best).square().sum((1, 2)).mean())
    linear = float((0.8 * f @ (f.T @ x) - best).square().sum((1, 2)).mean())  # 4 / (4 + 1)
    assert excess < 0.4 * linear


def test_wrong_shapes_are_refused():
    K, model = SimplicialComplex.from_simplices([(0, 1, 2)]), HodgeDenoiser(2)
    union = SimplicialComplex.disjoint_union([K, K])
    for x in (torch.ones(2, 4, 1), torch.ones(2, 3), torch.ones(2, 3, 2), torch.ones(3)):
        with pytest.raises(ValueError, match="x must be of shape"):
            model(x, torch.tensor(0), K)
    with pytest.raises(ValueError, match=r"of one part, got 2\. .* K\.split\(\)"):
        model(torch.ones(2, 6, 1), torch.tensor(0), union)
    with pytest.raises(TypeError, match="time must be a tensor"):
        model(torch.ones(2, 3, 1), 5, K)
    with pytest.raises(ValueError, match="time must have shape"):
        model(torch.ones(2, 3, 1), torch.ones(3), K)
    for fields in (torch.ones(3), torch.ones(4, 1), torch.ones(3, 1)):
        with pytest.raises(ValueError, match="fields must be"):
            model(torch.ones(2, 3, 1), torch.tensor(0), K, fields)
    with pytest.raises(ValueError, match="fields must be"):
        HodgeDenoiser(2, num_fields=1)(torch.ones(2, 3, 1), torch.tensor(0), K)
    with pytest.raises(ValueError, match="num_fields must be"):
        HodgeDenoiser(num_fields=-1)
    with pytest.raises(ValueError, match="num_layers must be"):
        HodgeDenoiser(num_layers=0)


def test_another_dtype_than_that_of_the_parameters_is_refused():
    K, model, t = SimplicialComplex.from_simplices([(0, 1, 2)]), HodgeDenoiser(2), torch.tensor(0)
    x = torch.ones(2, 3, 1)
    with pytest.raises(ValueError, match=r"got float64: x\.float\(\) or network\.double\(\)\."):
        model(x.double(), t, K)
    with pytest.raises(ValueError, match=r"got int64: x\.float\(\)\."):
        model(x.long(), t, K)
    with torch.autocast("cpu", torch.bfloat16):
        assert model(x, t, K).shape == x.shape


@over("seed", range(2))
def test_fields_that_are_not_harmonic_are_refused(seed, dtype):
    torch.manual_seed(seed)
    made = planted_flows("torus", 3, 0, size=(4, 4), dtype=dtype)
    model = HodgeDenoiser(2, num_fields=2).to(dtype)
    for fields in (made.fields, made.fields.to(dtype), 0.1 * made.fields.to(torch.bfloat16)):
        model(made.train, torch.tensor(3), made.complex, fields)
    tilted = made.fields + 0.01 * made.fields.norm() * torch.randn(made.fields.shape)
    with pytest.raises(ValueError, match=r"fields must be harmonic.*harmonic_basis\(K, 1\),"):
        model(made.train, torch.tensor(3), made.complex, tilted)


def test_an_empty_batch_is_one_and_sizes_have_a_bound():
    K = COMPLEXES["house"]
    empty = HodgeDenoiser()(torch.ones(0, 6, 1), torch.arange(0), K)
    assert empty.shape == (0, 6, 1)
    for name in ("hidden_channels", "order", "cond_channels", "num_fields"):
        with pytest.raises(ValueError, match=f"{name} must be at most"):
            HodgeDenoiser(**{name: 10**30})
    with pytest.raises(ValueError, match="must fit in half of the free memory"):
        HodgeDenoiser(num_fields=2**31 - 1)
