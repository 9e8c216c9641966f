"""Message passing, message by message: SIN, MPSN, SCA, HSN, GIN and GCCN."""

import torch
from torch import nn

from tests.nn.oracles.matrices import (
    STEP,
    adjacency,
    boundary,
    masked_softmax,
    neighbors,
    off_diagonal,
)


def sum_of(rows, like):
    return torch.stack(rows).sum(0) if rows else torch.zeros_like(like)


def sin(conv, x, K):
    """SINConv of equal widths, with MLP_M applied to the concatenated pair."""
    result = []
    for k in range(conv.max_dim + 1):
        near, rows = neighbors(K, k), []
        for s, own in enumerate(x[k]):
            facets = [x[k - 1][t] for t, _ in near["boundary"][s]]
            messages = []
            for t, shared in near["upper"][s] if k < conv.max_dim else []:
                m = conv.message[k]
                pair = torch.cat([x[k][t], x[k + 1][shared]])
                messages.append(conv.activation(m.weight @ pair + m.bias))
            b = (1 + conv.eps[k, 0]) * own + sum_of(facets, own)
            u = (1 + conv.eps[k, 1]) * own + sum_of(messages, own)
            both = [conv.boundary_update[k](b), conv.upper_update[k](u)]
            rows.append(conv.combine[k](torch.cat(both)))
        result.append(torch.stack(rows) if rows else x[k].new_zeros(0, conv.out_channels))
    return result


def mpsn(reduce):
    """MPSNConv; ``reduce`` takes the stacked messages of one receiver."""

    def formula(conv, x, K):
        result = []
        for k in range(len(x)):
            near, rows = neighbors(K, k), []
            for s, own in enumerate(x[k]):
                parts = [own]
                for kind in conv.adjacencies:
                    other = k + {"lower": -1, "upper": 1}.get(kind, STEP[kind])
                    if not 0 <= other < len(x):
                        continue
                    apart = STEP[kind] != 0
                    senders = x[other] if apart else x[k]
                    message = conv.message[kind][min(k, other)]
                    sent = [
                        message(torch.cat([own, senders[t]] + ([] if apart else [x[other][both]])))
                        for t, both in near[kind][s]
                    ]
                    nothing = own.new_zeros(conv.out_channels)
                    parts.append(reduce(torch.stack(sent)) if sent else nothing)
                rows.append(conv.combine[k](torch.cat(parts)))
            result.append(torch.stack(rows) if rows else x[k].new_zeros(0, conv.out_channels))
        return result

    return formula


def sca(attention):
    """SCAConv and, with ``attention``, SCAAttentionConv."""

    def formula(conv, x, K):
        result = []
        for k, own in enumerate(x):
            total, heard = conv.own[k](own), []
            for kind, maps in conv.send.items():
                if str(k) not in maps:
                    continue
                senders = x[k + STEP[kind]]
                matrix = adjacency(K, k, kind, len(senders)).view(len(own), len(senders))
                values = maps[str(k)](senders)
                if attention:
                    score = conv.of_receiver[kind][str(k)](own)
                    score = score + conv.of_sender[kind][str(k)](values).T
                    score = nn.functional.leaky_relu(score, 0.2)
                    matrix = masked_softmax(score, matrix != 0)
                heard.append(matrix @ values)
            result.append(total + torch.stack(heard).mean(0) if heard else total)
        return result

    return formula


def hsn(layer, x, K):
    """HSNConv of every degree."""
    result = []
    for k, (conv, values) in enumerate(zip(layer.convs, x, strict=True)):
        up = boundary(K, k + 1, conv.signed)
        steps = {"upper": off_diagonal(up @ up.T), "cofacets": up.T}
        back = {"upper": steps["upper"], "cofacets": up}
        if k:
            steps["facets"] = boundary(K, k, conv.signed)
            back["facets"] = steps["facets"].T
        total = values.new_zeros(len(values), conv.out_channels)
        for path, matrix in steps.items():
            between = conv.activation(matrix @ values @ conv.first[path].weight.T)
            total += back[path] @ between @ conv.second[path].weight.T
        result.append(total)
    return result


def gin(conv, x, K):
    first, second = conv.mlp[0], conv.mlp[2]
    near = adjacency(K, 0, "upper", len(x)).view(len(x), len(x))
    hidden = (near @ x + (1 + conv.eps) * x) @ first.weight.T + first.bias
    return torch.relu(torch.relu(hidden) @ second.weight.T + second.bias)


def gccn(kind):
    """GCCNConv on all adjacencies with the graph layer ``kind``."""

    def formula(conv, x, K):
        result = []
        for k in range(conv.max_dim + 1):
            arrived = []
            for name in conv.adjacencies:
                j = k + STEP[name]
                if f"{name}_{k}" not in conv.convs:
                    ends = j in (-1, conv.max_dim + 1)
                    assert ends or (name, k) in (("lower", 0), ("upper", conv.max_dim))
                    continue
                A = adjacency(K, k, name, len(x[j])).view(len(x[k]), len(x[j]))
                source, own, count = x[j], x[k], len(x[k])
                if kind == "GCN" and j != k:  # both dimensions as nodes of one graph
                    source = own = torch.cat([x[k], x[j]])
                    A = torch.cat([A.new_zeros(count, count), A], 1)
                    A = torch.cat([A, A.new_zeros(len(x[j]), len(own))])
                if kind == "GCN" or (kind == "GAT" and j == k):
                    A = A + torch.eye(len(A), dtype=A.dtype)
                inner = conv.convs[f"{name}_{k}"]
                arrived.append(graph_layer(kind, inner, A, source, own)[:count])
            total = conv.own[k](x[k])
            if arrived:
                table = torch.stack(arrived)
                total = total + (table.amax(0) if conv.aggr == "max" else
                                 getattr(table, conv.aggr)(0))  # fmt: skip
            result.append(total)
        return result

    return formula


def graph_layer(kind, conv, A, source, own):
    """From its definition; A[i, j] = 1 where j of ``source`` sends to i."""
    if kind == "GIN":
        return conv.nn(own + A @ source)
    if kind == "SAGE":
        return conv.lin_l((A @ source) / A.sum(1, keepdim=True).clamp(min=1)) + conv.lin_r(own)
    if kind == "GAT":
        hidden, received = source @ conv.lin.weight.T, own @ conv.lin.weight.T
        left, right = (received * conv.att_dst[0]).sum(1), (hidden * conv.att_src[0]).sum(1)
        score = nn.functional.leaky_relu(left[:, None] + right[None, :], 0.2)
        return masked_softmax(score, A != 0) @ hidden + conv.bias
    degree = A.sum(1).rsqrt()
    return degree[:, None] * A * degree[None, :] @ source @ conv.lin.weight.T + conv.bias
