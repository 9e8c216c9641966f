"""Polynomials of Laplacians, and convolutions between the dimensions, in dense matrices."""

import torch

from simplex.nn import SCCNConv
from simplex.operators import normalized_laplacian
from tests.nn.oracles.matrices import (
    bound,
    boundary,
    down_up,
    eye,
    masked_softmax,
    off_diagonal,
    power,
)


def scaled_boundary(K, k, signed, normalize):
    """∂_k divided by the root of its bound, part by part."""
    d = boundary(K, k, signed)
    if not normalize or k == 0:
        return d
    return d * bound(K, k).rsqrt()[K.part(k)]


def scnn(conv, x, K):
    k = conv.k
    below, above = (scaled_boundary(K, j, conv.signed, conv.normalize) for j in (k, k + 1))
    down, up = below.T @ below, above @ above.T
    blocks = iter(conv.lin.weight.split(x.shape[1], dim=1))
    y = x @ next(blocks).T
    for p in range(1, conv.down_order + 1):
        y = y + power(down, p) @ x @ next(blocks).T
    for p in range(1, conv.up_order + 1):
        y = y + power(up, p) @ x @ next(blocks).T
    assert next(blocks, None) is None
    return y


def scone(conv, x, K):
    return torch.tanh(scnn(conv, x, K))


def sccnn(conv, x, K):
    result = []
    for k, lin in enumerate(conv.lins):
        below, above = (scaled_boundary(K, j, conv.signed, conv.normalize) for j in (k, k + 1))
        down, up = below.T @ below, above @ above.T
        terms = [x[k]]
        if k > 0:
            terms += [power(down, t) @ x[k] for t in range(1, conv.down_order + 1)]
            terms += [power(down, t) @ below.T @ x[k - 1] for t in range(conv.down_order + 1)]
        if k < conv.max_dim:
            terms += [power(up, t) @ x[k] for t in range(1, conv.up_order + 1)]
            terms += [power(up, t) @ above @ x[k + 1] for t in range(conv.up_order + 1)]
        result.append(torch.cat(terms, dim=1) @ lin.weight.T)
    return result


def scn(conv, x, K):
    """SCNConv and, with the neighboring dimensions, SCCNConv."""
    result = []
    for k, lin in enumerate(conv.lins):
        used = [i for i, j in enumerate((k, k + 1)) if 0 < j <= conv.max_dim]
        sizes = [off_diagonal(down_up(K, k, signed=False)[i]) for i in used]
        matrices = [-off_diagonal(down_up(K, k)[i]) for i in used] if conv.signed else sizes
        loops = max(len(used), 1) * eye(x[k])
        root = (sum(sizes) + loops).sum(1).rsqrt().diag()
        terms = [root @ (sum(matrices) + loops) @ root @ x[k]]
        if isinstance(conv, SCCNConv):
            if k > 0:
                terms.append(boundary(K, k, conv.signed).T @ x[k - 1])
            if k < conv.max_dim:
                terms.append(boundary(K, k + 1, conv.signed) @ x[k + 1])
        result.append(torch.cat(terms, dim=1) @ lin.weight.T)
    return result


def snn(conv, x, K):
    laplacian = sum(down_up(K, conv.k, conv.signed))
    bounds = torch.stack([bound(K, conv.k, least=0), bound(K, conv.k + 1, least=0)])
    bounds = (bounds.amax(0) if conv.signed else bounds.sum(0)).clamp(min=1)[K.part(conv.k)]
    assert not len(x) or (torch.linalg.eigvalsh(laplacian) <= bounds.max() + 1e-9).all()
    blocks = conv.lin.weight.split(x.shape[1], dim=1)
    assert len(blocks) == conv.order + 1
    values, vectors = torch.linalg.eigh(2 * laplacian / bounds - eye(x))
    y = 0
    for p, block in enumerate(blocks):  # T_p(cos t) = cos(p t)
        chebyshev = (p * values.clamp(-1, 1).arccos()).cos()
        y = y + vectors @ chebyshev.diag() @ vectors.T @ x @ block.T
    return y


def sc(conv, x, K):
    result = []
    for k, lin in enumerate(conv.lins):
        top, one = k == conv.max_dim, torch.ones(len(x[k]), dtype=torch.float64)
        plain = boundary(K, k + 1, signed=False)
        degree = one if top else plain.sum(1).clamp(min=1)
        D, I, within, terms = degree.diag(), eye(x[k]), torch.zeros_like(eye(x[k])), []
        if not top:
            up = boundary(K, k + 1)
            scale = 1 if k == 0 else k + 2
            minus = minus_laplacian(up @ up.T / scale, plain @ plain.T / scale, conv.signed)
            within = within + (D + minus + I) @ (D + I).inverse()
        if k > 0:
            down, plain_down = boundary(K, k), boundary(K, k, signed=False)
            inverse = torch.linalg.pinv(((k + 1) * plain_down @ degree).diag())
            minus = minus_laplacian(
                down.T @ inverse @ down, plain_down.T @ inverse @ plain_down, conv.signed
            )
            within = within + (D + I) @ (D.inverse() + minus + I)
            terms.append(D @ boundary(K, k, conv.signed).T @ inverse @ x[k - 1])
        if not top:
            above = boundary(K, k + 1, conv.signed)
            if k == 0:
                above_degree = torch.ones(len(x[1]), dtype=torch.float64)
                if conv.max_dim > 1:
                    above_degree = boundary(K, 2, signed=False).sum(1).clamp(min=1)
                weight = torch.linalg.pinv((2 * plain @ above_degree).diag())
                terms.append(weight @ above @ x[1])
            else:
                terms.append(above @ x[k + 1] / (k + 2))
        result.append(torch.cat([within @ x[k], *terms], dim=1) @ lin.weight.T)
    return result


def minus_laplacian(signed_laplacian, unsigned_laplacian, signed):
    if signed:
        return -signed_laplacian
    return unsigned_laplacian - 2 * unsigned_laplacian.diagonal().diag()


def dist2cycle(conv, x, K):
    down, up = down_up(K, conv.k)
    laplacian = down if conv.laplacian == "down" else down + up
    return torch.linalg.inv(eye(x) + laplacian) @ conv.lin(x)


def bscnet(conv, x, K):
    diffused = []
    for k, values in enumerate(x):
        laplacian = torch.zeros_like(eye(values))
        if not conv.signed:
            laplacian = unsigned_random_walk(K, k)
        elif k <= max(K.dim, 0):
            laplacian = normalized_laplacian(K, k, "random_walk", dtype=torch.float64).to_dense()
        diffused.append(power(laplacian, conv.power) @ values)
    z = [relate(values) for relate, values in zip(conv.relate, diffused, strict=True)]
    result = [conv.own[k](x[k]) + conv.diffuse[k](diffused[k]) for k in range(len(x))]
    for k in range(1, len(x)):
        incidence = boundary(K, k, conv.signed)
        score = (incidence * (z[k - 1] @ z[k].T) / conv.relation_channels**0.5).relu()
        to_facet = incidence * masked_softmax(score, incidence != 0, 1)
        to_simplex = (incidence * masked_softmax(score, incidence != 0, 0)).T
        result[k] = result[k] + to_simplex @ conv.below[k - 1](x[k - 1])
        result[k - 1] = result[k - 1] + to_facet @ conv.above[k - 1](x[k])
    return result


def unsigned_random_walk(K, k):
    up, down = (boundary(K, j, signed=False) for j in (k + 1, k))
    degree = up.sum(1).clamp(min=1)
    below = (k + 1) * (down @ degree)
    scaled = down / torch.where(below > 0, below, 1)[:, None]
    return degree[:, None] * (down.T @ scaled) + up @ up.T / degree / (k + 2)


def oriented(conv, x, K):
    lower, upper = map(off_diagonal, down_up(K, conv.k))
    W = {name: linear.weight.T for name, linear in conv.maps.items()}
    total = x @ W["own"] + lower @ x @ W["lower"] + upper @ x @ W["upper"]
    return total if conv.activation is None else conv.activation(total)
