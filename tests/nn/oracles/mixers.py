"""The mixers on cochains: part by part, and with dense operators."""

import torch

from tests.nn.oracles.filters import scaled_boundary
from tests.nn.oracles.matrices import power


def kernel_mixer(conv, x, K):
    codes = conv.codes(K, conv.max_dim, torch.float64)
    result = [values.clone() for values in x]
    for part in range(K.num_parts):
        mine = [K.part(k) == part for k in range(len(x))]
        hidden = conv.bias[:, None]
        for k, own in enumerate(mine):
            count = max(int(own.sum()), 1)
            weight = codes[k][own] @ conv.read[k].weight.T
            hidden = hidden + weight.T @ x[k][own] * count**-conv.power
        hidden = conv.activation(hidden)
        for k, own in enumerate(mine):
            weight = codes[k][own] @ conv.write[k].weight.T
            result[k][own] = weight @ hidden + codes[k][own] @ conv.shift[k].weight.T
    return result


def operator_mixer(conv, x, K):
    result = []
    for k, own in enumerate(x):
        below, above = (scaled_boundary(K, j, conv.signed, conv.normalize) for j in (k, k + 1))
        tokens = [own]
        if k > 0:
            tokens.append(below.T @ x[k - 1])
            tokens += [power(below.T @ below, p) @ own for p in range(1, conv.down_order + 1)]
        if k < conv.max_dim:
            tokens += [power(above @ above.T, p) @ own for p in range(1, conv.up_order + 1)]
            tokens.append(above @ x[k + 1])
        result.append(two_maps(conv, k, torch.stack(tokens, dim=-1)).squeeze(-1))
    return result


def channel_mixer(conv, x, K):
    result = []
    for k, own in enumerate(x):
        terms = [own]
        if conv.neighbors and k > 0:
            terms.append(scaled_boundary(K, k, conv.signed, True).T @ x[k - 1])
        if conv.neighbors and k < conv.max_dim:
            terms.append(scaled_boundary(K, k + 1, conv.signed, True) @ x[k + 1])
        result.append(two_maps(conv, k, torch.cat(terms, dim=-1)))
    return result


def two_maps(conv, k, z):
    """tanh where the cochains are oriented, GELU and biases elsewhere."""
    if conv.signed and k > 0:
        return torch.tanh(z @ conv.lin1[k].weight.T) @ conv.lin2[k].weight.T
    return conv.lin2[k](torch.nn.functional.gelu(conv.lin1[k](z)))


def mixer_block(conv, x, K):
    """Tokens by their kernels, then channels, each after a layer norm and around a skip."""
    for half, mix in ((conv.token_half, kernel_mixer), (conv.channel_half, channel_mixer)):
        h = []
        for values, norm in zip(x, half.norms, strict=True):
            centered = values - values.mean(-1, keepdim=True)
            scaled = centered / (centered.square().mean(-1, keepdim=True) + 1e-6).sqrt()
            scaled = scaled * norm.weight
            h.append(scaled if norm.bias is None else scaled + norm.bias)
        x = [own + more for own, more in zip(x, mix(half.mixing, h, K), strict=True)]
    return x
