"""Message passing from the definitions, with Python sets: slow, and sharing no code."""

import itertools

import torch


def neighbours(complex_, k):
    """For each k-simplex: its facets, and its upper neighbours with the shared cofacet, as ids."""
    tuples = [list(map(tuple, complex_.simplices(d).tolist())) for d in range(complex_.dim + 2)]
    number = [{simplex: i for i, simplex in enumerate(level)} for level in tuples]
    boundary, upper = [], []
    for simplex in tuples[k] if k <= complex_.dim else []:
        faces = itertools.combinations(simplex, k) if k > 0 else ()
        boundary.append([number[k - 1][face] for face in faces])
        upper.append(
            [
                (number[k][face], number[k + 1][above])
                for above in (tuples[k + 1] if k + 1 < len(tuples) else [])
                if set(simplex) < set(above)
                for face in itertools.combinations(above, k + 1)
                if face != simplex
            ]
        )
    return boundary, upper


def sum_rows(rows, width, dtype):
    return torch.stack(rows).sum(0) if rows else torch.zeros(width, dtype=dtype)


def sin_conv(conv, x, complex_):
    """SINConv of equal widths, simplex by simplex, with MLP_M applied to the concatenated pair."""
    result = []
    for k in range(conv.max_dim + 1):
        boundary, upper = neighbours(complex_, k)
        rows = []
        for s in range(len(x[k])):
            width, dtype = x[k].shape[1], x[k].dtype
            b = (1 + conv.eps[k, 0]) * x[k][s] + sum_rows(
                [x[k - 1][f] for f in boundary[s]], width, dtype
            )
            messages = []
            if k < conv.max_dim:
                m = conv.message[k]
                for neighbour, shared in upper[s]:
                    pair = torch.cat([x[k][neighbour], x[k + 1][shared]])
                    messages.append(conv.activation(m.weight @ pair + m.bias))
            u = (1 + conv.eps[k, 1]) * x[k][s] + sum_rows(messages, width, dtype)
            both = [conv.boundary_update[k](b), conv.upper_update[k](u)]
            rows.append(conv.combine[k](torch.cat(both)))
        result.append(torch.stack(rows) if rows else x[k].new_zeros(0, conv.out_channels))
    return result
