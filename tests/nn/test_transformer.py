"""The simplicial transformer: torch's own block as the oracle, and what it refuses."""

import pytest
import torch
from torch import nn

from simplex import SimplicialComplex
from simplex.nn import SimplicialTransformer, SimplicialTransformerConv
from simplex.testing import random_cochains
from tests.cases import over
from tests.tables import COMPLEXES


@torch.no_grad()
def test_on_vertices_alone_global_attention_is_the_block_of_torch():
    """Copied weights; two parts of different sizes are a padded batch."""
    block = nn.TransformerEncoderLayer(
        8, 2, 24, 0.0, nn.functional.gelu, batch_first=True, norm_first=True, dtype=torch.float64
    )
    conv = SimplicialTransformerConv(8, 8, 0, heads=2, attention="global", expansion=3).double()
    for parameter in block.parameters():
        nn.init.normal_(parameter)
    (attention,) = conv.attentions
    for ours, theirs in (
        (attention.maps[0], (block.self_attn.in_proj_weight, block.self_attn.in_proj_bias)),
        (attention.merge[0], block.self_attn.out_proj.parameters()),
        (conv.norms[0], block.norm1.parameters()),
        (conv.second_norms[0], block.norm2.parameters()),
        (conv.widen[0], block.linear1.parameters()),
        (conv.narrow[0], block.linear2.parameters()),
    ):
        for mine, other in zip(ours.parameters(), theirs, strict=True):
            mine.copy_(other)
    K = SimplicialComplex.disjoint_union([SimplicialComplex(5), SimplicialComplex(3)])
    x = torch.randn(8, 8, dtype=torch.float64)
    padded = torch.zeros(2, 5, 8, dtype=torch.float64)
    padded[0], padded[1, :3] = x[:5], x[5:]
    mask = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    expected = block(padded, src_key_padding_mask=mask)
    torch.testing.assert_close(conv([x], K)[0], torch.cat([expected[0], expected[1, :3]]))


def test_a_number_for_each_kind_of_pair():
    """A simplex hears only those whose kind has no bias of minus infinity."""
    K = COMPLEXES["triangle with tail"]
    x = random_cochains(K, channels=4, max_dim=2, dtype=torch.float64)
    heard = {
        ("incidence", "boundary"): (1, 0),
        ("incidence", "coboundary"): (0, 1),
        ("incidence", "upper"): (0, 0),
        ("incidence", "lower"): (1, 1),
        ("global", "boundary"): (0, 2),  # a vertex and the triangle are no neighbours
    }
    for (attention, adjacency), (k, other) in heard.items():
        conv = SimplicialTransformerConv(
            4, 4, 2, heads=1, attention=attention, adjacencies=[adjacency]
        ).double()
        inputs = [values.clone().requires_grad_() for values in x]
        gradients = torch.autograd.grad(
            conv(inputs, K)[k].square().sum(), inputs, allow_unused=True
        )
        felt = [j for j, each in enumerate(gradients) if each is not None and bool(each.any())]
        assert other in felt, (attention, adjacency)
        assert attention == "global" or felt == sorted({k, other}), (attention, adjacency)


def test_dropout_is_for_training():
    K, options = COMPLEXES["torus"], ({"attention_dropout": 0.5}, {"branch_dropout": 0.5})
    x = random_cochains(K, channels=2, max_dim=2)
    for attention in ("incidence", "global"):
        for option in options:
            model = SimplicialTransformer(2, 8, 3, 2, 2, attention=attention, **option)
            assert not torch.equal(model(x, K), model(x, K)), option
            model.eval()
            assert torch.equal(model(x, K), model(x, K)), option


@over("attention", ["incidence", "global", "both"])
def test_parts_without_simplices(attention):
    model = SimplicialTransformer(2, 8, 3, 1, 2, attention=attention).eval()
    house = COMPLEXES["house"]
    x = random_cochains(house, channels=2, max_dim=2)
    for before, after in ((0, 0), (1, 0), (1, 2)):
        parts = [SimplicialComplex(0)] * before + [house] + [SimplicialComplex(0)] * after
        y = model(x, SimplicialComplex.disjoint_union(parts))
        torch.testing.assert_close(y[before : before + 1], model(x, house))
    nothing = SimplicialComplex.disjoint_union([])
    assert model([torch.empty(0, 2)] * 3, nothing).shape == (0, 3)


def test_refusals():
    for options, message in (
        ({"heads": 3}, "out_channels must be a multiple of heads, got 8 and 3"),
        ({"heads": 0}, "heads must be at least 1"),
        ({"attention": "dense"}, "attention must be one of 'incidence', 'global', 'both', got"),
        ({"adjacencies": ()}, "adjacencies must be among"),
        ({"expansion": 0}, "expansion must be at least 1"),
        ({"branch_dropout": 1.0}, "branch_dropout must be below 1"),
    ):
        with pytest.raises(ValueError, match=message):
            SimplicialTransformer(2, 8, 3, 1, 2, **options)
    wide = SimplicialComplex(300_000)
    model = SimplicialTransformer(1, 4, 1, 1, 0, attention="global")
    with pytest.raises(ValueError, match=r'the pairs of 300000 simplices .* Take attention="inc'):
        model([torch.ones(300_000, 1)], wide)
    star = SimplicialComplex.from_simplices([(0, i) for i in range(1, 60_000)])
    model = SimplicialTransformer(1, 4, 1, 1, 1, adjacencies=["lower"])
    with pytest.raises(ValueError, match=r'lower-adjacent pairs, 4 heads, must fit.*Leave "lower"'):
        model([torch.ones(60_000, 1), torch.ones(59_999, 1)], star)
