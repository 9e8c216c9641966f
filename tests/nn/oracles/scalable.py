"""What is gathered before learning, and maps without messages: SaNN, HOPSE and HiGCN."""

import math

import torch

from tests.nn.oracles.matrices import boundary, down_up, off_diagonal, power


def splitmix(number):
    """One number in [-1, 1) of the generator SplitMix64, in Python integers."""
    mask = (1 << 64) - 1
    z = number * 0x9E3779B97F4A7C15 & mask
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
    z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
    return ((z ^ z >> 31) >> 11) / 2**52 - 1


def gathered(x, K, hops, adjacencies, signed, channels):
    """The features of ``gathered_features``, with dense matrices."""
    top = len(x) - 1

    def sums(h, k):
        down, up = map(off_diagonal, down_up(K, k, signed))
        parts = {}
        if k > 0:
            parts["boundary"] = boundary(K, k, signed).T @ h[k - 1]
            parts["lower"] = down @ h[k]
        if k < top:
            parts["coboundary"] = boundary(K, k + 1, signed) @ h[k + 1]
            parts["upper"] = up @ h[k]
        order = ("boundary", "coboundary", "lower", "upper")
        return [parts[a] for a in order if a in parts and a in adjacencies]

    def sines(values, hop, k):
        rows, first = values.shape[1], (64 * hop + k) * 2**32 + 1
        numbers = [splitmix(first + i) for i in range((rows + 1) * channels)]
        table = torch.tensor(numbers, dtype=torch.float64).view(rows + 1, channels)
        phase = 0 if signed else math.pi * table[-1]
        return torch.sin(values @ table[:-1] * math.sqrt(3 / max(rows, 1)) + phase)

    result, h = [[values] for values in x], list(x)
    if channels:
        h = [sines(values, 0, k) for k, values in enumerate(h)]
    for hop in range(1, hops + 1):
        heard = [sums(h, k) for k in range(top + 1)]
        if channels:
            h = [sines(torch.cat([h[k], *heard[k]], 1), hop, k) for k in range(top + 1)]
        else:
            h = [torch.cat([x[k][:, :0], *heard[k]], 1) for k in range(top + 1)]
        for k, values in enumerate(h):
            seen = values if channels else values.sign() * (1 + values.abs()).log()
            result[k].append(seen)
    return [torch.cat(blocks, 1) for blocks in result]


def sann(conv, x, K):
    z = gathered(x, K, conv.hops, conv.adjacencies, conv.signed, conv.channels)
    return [lin(values) for lin, values in zip(conv.lins, z, strict=True)]


def hopse(conv, x, K):
    result = []
    for k, values in enumerate(x):
        parts, at = [], 0
        for lin in conv.encode[k]:
            width = lin.weight.shape[1]
            parts.append(conv.activation(lin(values[:, at : at + width])))
            at += width
        assert at == values.shape[1]
        result.append(conv.combine[k](torch.cat(parts, 1)))
    return result


def higcn(conv, x, K):
    """Powers of dense flower-petals Laplacians."""
    parts = []
    for p in range(1, conv.max_dim + 1):
        H = torch.zeros(len(x), K.num_simplices(p), dtype=x.dtype)
        for s, vertices in enumerate(K.simplices(p).tolist()):
            H[vertices, s] = 1
        root = torch.tensor([n**-0.5 if n else 0.0 for n in H.sum(1).tolist()], dtype=x.dtype)
        L = root[:, None] * H @ H.T * root / (p + 1)
        gamma = [conv.alpha * (1 - conv.alpha) ** j for j in range(conv.order)]
        gamma.append((1 - conv.alpha) ** conv.order)
        terms = [
            (g + w) * power(L, j) @ conv.lins[p - 1](x)
            for j, (g, w) in enumerate(zip(gamma, conv.weights[p - 1], strict=True))
        ]
        parts.append(sum(terms))
    return conv.combine(torch.cat(parts, 1))
