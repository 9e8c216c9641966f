"""Volumes and angles from distances alone, and EMPSN simplex by simplex."""

import math

import numpy as np
import torch
from torch import nn


def volume(points):
    """The volume by Cayley and Menger; 1 for a point."""
    k = len(points) - 1
    squared = ((points[:, None] - points[None]) ** 2).sum(-1)
    bordered = np.pad(squared, ((1, 0), (1, 0)), constant_values=1.0)
    bordered[0, 0] = 0
    value = (-1) ** (k + 1) * np.linalg.det(bordered) / (2**k * math.factorial(k) ** 2)
    return math.sqrt(max(value, 0))


def cosine_of_angle(common, a, b):
    """The angle at the common face: what is left of a and b when its directions are taken away."""
    u, v = a - common[0], b - common[0]
    span = (common[1:] - common[0]).T
    if span.shape[1]:
        base = np.linalg.qr(span)[0]
        u, v = u - base @ (base.T @ u), v - base @ (base.T @ v)
    return u @ v / (np.linalg.norm(u) * np.linalg.norm(v))


def of_boundary(points, sigma, b):
    """The three invariants of a simplex and its facet without the vertex b."""
    tau = [v for v in sigma if v != b]
    distances = np.linalg.norm(points[tau] - points[b], axis=-1).sum()
    return [distances, volume(points[tau]), volume(points[list(sigma)])]


def of_upper(points, delta, b, a):
    """The six invariants of the facet of delta without b that hears the one without a."""
    sigma, tau = ([v for v in delta if v != gone] for gone in (b, a))
    common = points[[v for v in sigma if v != a]]
    return [
        np.linalg.norm(points[a] - points[b]),
        np.linalg.norm(common - points[a], axis=-1).sum(),
        np.linalg.norm(common - points[b], axis=-1).sum(),
        volume(points[sigma]),
        volume(points[tau]),
        cosine_of_angle(common, points[a], points[b]) if len(common) else 1.0,
    ]


def message(m, own, other, invariants):
    """With the first dense layer applied to the concatenation."""
    weight = torch.cat([m.receive.weight, m.send.weight, m.see.weight], 1)
    seen = torch.tensor(invariants, dtype=own.dtype)
    first = weight @ torch.cat([own, other, seen]) + m.receive.bias
    second = nn.functional.silu(m.second(nn.functional.silu(first)))
    return second * torch.sigmoid(m.gate(second))


def empsn(conv, x, pos, K):
    """Features and moved positions."""
    points = pos.numpy()
    levels = [list(map(tuple, K.simplices(k).tolist())) for k in range(K.dim + 1)]
    result, moved = [values.new_zeros(0, conv.out_channels) for values in x], pos.clone()
    for k, level in enumerate(levels):
        rows = []
        for s, sigma in enumerate(level):
            state = [x[k][s]]
            if k > 0:
                total = pos.new_zeros(conv.out_channels)
                for b in sigma:
                    other = x[k - 1][levels[k - 1].index(tuple(v for v in sigma if v != b))]
                    seen = of_boundary(points, sigma, b)
                    total = total + message(conv.boundary[k - 1], x[k][s], other, seen)
                state.append(total)
            if k < conv.max_dim:
                total, shift, count = pos.new_zeros(conv.out_channels), 0, 0
                cofacets = levels[k + 1] if k < K.dim else []
                for delta in (each for each in cofacets if set(sigma) < set(each)):
                    (b,) = set(delta) - set(sigma)
                    for a in sigma:
                        other = x[k][levels[k].index(tuple(v for v in delta if v != a))]
                        seen = of_upper(points, delta, b, a)
                        arrived = message(conv.upper[k], x[k][s], other, seen)
                        total, count = total + arrived, count + 1
                        if k == 0:
                            shift = shift + (pos[s] - pos[b]) * conv.move(arrived)
                state.append(total)
                if k == 0:
                    moved[s] = pos[s] + shift / max(count, 1)
            rows.append(conv.skip[k](x[k][s]) + conv.update[k](torch.cat(state)))
        result[k] = torch.stack(rows)
    return result, moved
