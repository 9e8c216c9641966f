"""Attention on the entries of Laplacians: SAT, SAN and GSAN; and between all simplices."""

import torch
from torch import nn

from simplex.operators import harmonic_filter, hodge_bound
from tests.nn.oracles.matrices import (
    STEP,
    boundary,
    down_up,
    masked_softmax,
    neighbors,
    power,
)


def halves(K, k):
    down, up = down_up(K, k)
    return {"lower": down, "upper": up} if k > 0 else {"upper": up}


def sat(conv, x, K):
    width = conv.out_channels // conv.heads
    result = x.new_zeros(len(x), conv.out_channels)
    for kind, laplacian in halves(K, conv.k).items():
        heads = []
        for h in range(conv.heads):
            mapped = x @ conv.maps[kind].weight[width * h : width * (h + 1)].T
            left, right = (mapped.abs() @ conv.score[kind][i, h] for i in (0, 1))
            raw = nn.functional.leaky_relu(left[:, None] + right[None, :], 0.2)
            heads.append((masked_softmax(raw, laplacian != 0) * laplacian.sign()) @ mapped)
        result = result + torch.cat(heads, 1)
    return result


def filtered(mapped, score, order, support):
    """Σ_p (attention on the support)^p X W_p."""
    left, right = mapped @ score[0], mapped @ score[1]
    raw = nn.functional.leaky_relu(left[:, None] + right[None, :], 0.2)
    attention = masked_softmax(raw, support)
    terms = mapped.chunk(order, dim=1)
    return sum(power(attention, p + 1) @ term for p, term in enumerate(terms))


def san(conv, x, K):
    laplacians, harmonic = halves(K, conv.k), x
    if len(x) and conv.harmonic_order:
        step = conv.epsilon or 1 / hodge_bound(K, conv.k).double()[:, None]
        for _ in range(conv.harmonic_order):
            harmonic = harmonic - step * (sum(laplacians.values()) @ harmonic)
    result = harmonic @ conv.harmonic.weight.T
    for kind, laplacian in laplacians.items():
        mapped = x @ conv.maps[kind].weight.T
        result = result + filtered(mapped, conv.score[kind], conv.order, laplacian != 0)
    return result


def gsan(conv, x, K):
    result = []
    for k, own in enumerate(x):
        total = harmonic_filter(K, own, k, conv.harmonic_order) @ conv.harmonic[k].weight.T
        below, above, supports = boundary(K, k), boundary(K, k + 1), halves(K, k)
        sources = {
            "lower": (k - 1, below.T, x[k - 1]),
            "upper": (k, above, x[min(k + 1, conv.max_dim)]),
        }
        for kind in [a for a in sources if f"within_{a}_{k}" in conv.score]:
            block, matrix, other = sources[kind]
            for name, values in (("within", own), ("between", matrix @ other)):
                mapped = values @ getattr(conv, name)[block].weight.T
                score = conv.score[f"{name}_{kind}_{k}"]
                total = total + filtered(mapped, score, conv.order, supports[kind] != 0)
        result.append(total)
    return result


def transformer(conv, x, K):
    """SimplicialTransformerConv: the attention matrix of each part, simplex by simplex."""
    dims = range(conv.max_dim + 1)
    h = [entry(values) for entry, values in zip(conv.entry, x, strict=True)]
    tokens = [norm(values) for norm, values in zip(conv.norms, h, strict=True)]
    names = [(k, s) for k in dims for s in range(len(x[k]))]
    place = {name: i for i, name in enumerate(names)}
    part = [int(K.part(k)[s]) for k, s in names]
    relation = {(name, name): 4 for name in names}  # 1 incident or lower, 2 upper, 3 both, 4 itself
    for k in dims:
        near = neighbors(K, k)
        for kind in set(conv.adjacencies):
            between = k + STEP[kind] if STEP[kind] else k + {"lower": -1, "upper": 1}[kind]
            if between not in dims:
                continue
            for s, found in enumerate(near[kind]):
                for t, _ in found:
                    pair = (k, s), (k + STEP[kind], t)
                    relation[pair] = relation.get(pair, 0) + (2 if kind == "upper" else 1)
    kinds = {"incidence": (False,), "global": (True,), "both": (False, True)}[conv.attention]
    for attention, everyone in zip(conv.attentions, kinds, strict=True):
        mapped = [of_k(values) for of_k, values in zip(attention.maps, tokens, strict=True)]
        query, key, value = torch.cat(mapped).chunk(3, dim=1)
        score = query.new_full((conv.heads, len(names), len(names)), -torch.inf)
        width = conv.out_channels // conv.heads
        for a, i in place.items():
            for b, j in place.items():
                if (a, b) in relation or (everyone and part[i] == part[j]):
                    number = 5 * (a[0] * len(dims) + b[0]) + relation.get((a, b), 0)
                    dots = (query[i] * key[j]).view(conv.heads, width).sum(1)
                    score[:, i, j] = dots / width**0.5 + attention.bias[number]
        heads = value.view(len(names), conv.heads, width).movedim(1, 0)
        sent = torch.cat(list(score.softmax(2) @ heads), dim=1).split([len(each) for each in x])
        h = [own + attention.merge[k](sent[k]) for k, own in enumerate(h)]
    return [
        own + conv.narrow[k](conv.activation(conv.widen[k](conv.second_norms[k](own))))
        for k, own in enumerate(h)
    ]
