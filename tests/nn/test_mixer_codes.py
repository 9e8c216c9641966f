"""Positional codes of simplices, products part by part, and what the mixers cost."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from simplex import SimplicialComplex
from simplex.nn import (
    KernelMixerConv,
    OneHotCodes,
    SimplicialMixer,
    StructuralCodes,
    expand_tokens,
    part_blocks,
    reduce_tokens,
)
from simplex.operators import (
    apply_coboundary,
)
from simplex.testing import (
    assert_batch_consistent,
    assert_orientation_equivariant,
    assert_permutation_equivariant,
    random_cochains,
    random_complex,
    random_orientation,
)
from tests.nn.table import drawn
from tests.nn.test_simplicial_mixer import TOP, grid, star


@pytest.mark.parametrize("signed", [True, False])
def test_codes_are_equivariant(signed, dtype):
    for seed in range(3):
        codes_are_equivariant(seed, signed, dtype)


def codes_are_equivariant(seed, signed, dtype):
    codes = StructuralCodes(signed=signed)

    def layer(x, K):
        return codes(K, TOP, dtype)

    K = random_complex(seed)
    x = random_cochains(K, channels=1, max_dim=TOP, dtype=dtype)
    assert_permutation_equivariant(layer, x, K, seed=seed)
    assert [code.shape[1] for code in layer(x, K)] == codes.widths(TOP)
    if signed:
        assert_orientation_equivariant(layer, x, K, seed=seed)
    items = [
        (x, K),
        *(
            (random_cochains(L, channels=1, max_dim=TOP), L)
            for L in map(random_complex, range(5, 8))
        ),
    ]
    assert_batch_consistent(layer, items)


def test_odd_codes_are_not_the_boundary_of_a_boundary():
    K = random_complex(3)
    even, odd, above = StructuralCodes()(K, 2, torch.float64)
    assert apply_coboundary(K, apply_coboundary(K, even, 0), 1).abs().max() < 1e-12  # the trap
    assert odd.norm(dim=1).min() > 0
    assert above.norm(dim=1).min() > 0


def test_codes_forget_what_symmetry_forbids():
    ring = SimplicialComplex.from_simplices([(i, (i + 1) % 7) for i in range(7)])
    even, odd = StructuralCodes()(ring, 1, torch.float64)
    assert torch.allclose(even, even[:1])  # a rotation takes each vertex to each other
    assert odd.abs().max() < 1e-10  # a reflection turns each edge around


def test_codes_tell_apart_what_symmetry_allows():
    path = SimplicialComplex.from_simplices([(0, 1), (1, 2), (2, 3), (3, 4), (3, 5), (5, 6)])
    even, odd = StructuralCodes()(path, 1, torch.float64)
    assert len(even.round(decimals=6).unique(dim=0)) == 7
    assert len(odd.round(decimals=6).unique(dim=0)) == 6


def test_one_hot_codes_are_odd_and_know_their_complex():
    K = grid(2, 3)
    x = random_cochains(K, channels=2, dtype=torch.float64)
    layer = drawn(KernelMixerConv(5, 2, codes=OneHotCodes(K.f_vector))).to(torch.float64).eval()
    assert_orientation_equivariant(layer, x, K)
    assert_batch_consistent(layer, [(x, K), (x, K.reorient(random_orientation(K)))])
    with pytest.raises(ValueError, match="must have 6 simplices of dimension 0"):
        layer(random_cochains(star(3), channels=2, max_dim=2, dtype=torch.float64), star(3))
    with pytest.raises(ValueError, match="an entry for each dimension 0 … 3"):
        KernelMixerConv(5, 3, codes=OneHotCodes(K.f_vector))


# --- ragged products and cost ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_blocks_cover_each_part_and_no_other(seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = torch.randint(0, (1, 3, 40, 90)[seed % 4] + 1, (9,), generator=generator)
    sizes[4] = (0, 200)[seed % 2]
    pointer = torch.cat([sizes.new_zeros(1), sizes.cumsum(0)])
    count = int(pointer[-1])
    K = SimplicialComplex.from_simplices([], num_vertices=count).with_parts(pointer)
    blocks = part_blocks(K, 0)
    places = len(blocks.parts.column) * blocks.size
    assert places <= count + blocks.size * 9 <= 2 * count + 9 * 17  # linear
    assert torch.equal(blocks.parts.column[blocks.rows.column // blocks.size], K.part(0))
    assert len(blocks.rows.column.unique()) == count
    weight, x = (
        torch.randn(count, width, dtype=torch.float64, generator=generator) for width in (3, 4)
    )
    hidden = torch.randn(9, 3, 4, dtype=torch.float64, generator=generator)
    pairs = list(zip(weight.split(sizes.tolist()), x.split(sizes.tolist()), strict=True))
    torch.testing.assert_close(
        reduce_tokens(weight, x, blocks), torch.stack([w.T @ y for w, y in pairs])
    )
    torch.testing.assert_close(
        expand_tokens(weight, hidden, blocks),
        torch.cat([w @ h for (w, _), h in zip(pairs, hidden, strict=True)]),
    )


def test_ragged_products_have_derivatives():
    K = SimplicialComplex.disjoint_union([star(2), star(1), star(4)])
    blocks = part_blocks(K, 0)
    weight, x = (torch.randn(10, w, dtype=torch.float64, requires_grad=True) for w in (2, 3))
    hidden = torch.randn(3, 2, 3, dtype=torch.float64, requires_grad=True)
    for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck):
        assert check(lambda w, y: reduce_tokens(w, y, blocks), (weight, x))
        assert check(lambda w, h: expand_tokens(w, h, blocks), (weight, hidden))


@pytest.mark.parametrize("mixing", ["kernel", "operator"])
def test_the_cost_is_linear_even_at_a_hub(mixing):
    model = SimplicialMixer(2, 8, 3, 2, 1, mixing=mixing)

    def operations(K):
        x = random_cochains(K, channels=2, max_dim=1)
        with FlopCounterMode(display=False) as counter:
            model(x, K)
        return counter.get_total_flops()

    small, large = operations(star(200)), operations(star(400))
    assert 1.8 * small < large < 2.1 * small
    parts = SimplicialComplex.disjoint_union([star(5)] * 40)
    assert operations(parts) < 4 * operations(star(200))
