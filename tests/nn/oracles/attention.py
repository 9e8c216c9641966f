"""Attention on the entries of Laplacians: SAT, SAN and GSAN."""

import torch
from torch import nn

from simplex.operators import harmonic_filter, hodge_bound
from tests.nn.oracles.matrices import boundary, down_up, masked_softmax, power


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
