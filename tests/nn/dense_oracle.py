"""Layers written out with dense matrices and Python sets: slow, and sharing no code with them."""

import itertools

import torch

from simplex.operators import boundary_matrix, hodge_laplacian, normalized_laplacian


def boundary(complex_, k, signed, dtype):
    """∂_k or |∂_k| as a dense matrix, empty beyond the dimension of the complex."""
    if k > complex_.dim + 1:
        shape = complex_.num_simplices(k - 1), complex_.num_simplices(k)
        return torch.zeros(shape, dtype=dtype)
    return boundary_matrix(complex_, k, signed=signed, dtype=dtype).to_dense()


def neighbours(complex_, k):
    """For each adjacency and each k-simplex the ids of its neighbours and of what they share."""
    levels = [list(map(frozenset, complex_.simplices(d).tolist())) for d in range(complex_.dim + 2)]
    number = [{simplex: i for i, simplex in enumerate(level)} for level in levels]
    found = {a: [] for a in ("boundary", "coboundary", "lower", "upper")}
    if k >= len(levels):
        return found
    above = number[k + 1] if k + 1 < len(number) else {}
    for simplex in levels[k]:
        others = [other for other in levels[k] if other != simplex]
        facets = map(frozenset, itertools.combinations(simplex, k)) if k else ()
        found["boundary"].append([(number[k - 1][facet], None) for facet in facets])
        found["coboundary"].append([(i, None) for each, i in above.items() if simplex < each])
        found["lower"].append(
            [
                (number[k][other], number[k - 1][simplex & other])
                for other in others
                if k and len(simplex & other) == k
            ]
        )
        found["upper"].append(
            [
                (number[k][other], above[simplex | other])
                for other in others
                if simplex | other in above
            ]
        )
    return found


def mpsn(conv, x, complex_, reduce):
    """MPSNConv, message by message; ``reduce`` takes the stacked messages of one receiver."""
    step = {"boundary": -1, "lower": -1, "coboundary": 1, "upper": 1}
    result = []
    for k in range(len(x)):
        near, rows = neighbours(complex_, k), []
        for s, own in enumerate(x[k]):
            parts = [own]
            for adjacency in conv.adjacencies:
                other = k + step[adjacency]
                if not 0 <= other < len(x):
                    continue
                apart = adjacency in ("boundary", "coboundary")
                senders = x[other] if apart else x[k]
                message = conv.message[adjacency][min(k, other)]
                sent = [
                    message(torch.cat([own, senders[t]] + ([] if apart else [x[other][shared]])))
                    for t, shared in near[adjacency][s]
                ]
                parts.append(reduce(torch.stack(sent)) if sent else own.new_zeros(5))
            rows.append(conv.combine[k](torch.cat(parts)))
        result.append(torch.stack(rows) if rows else x[k].new_zeros(0, 5))
    return result


def hsn(layer, x, complex_):
    """HSNConv of every degree."""
    result = []
    for k, (conv, values) in enumerate(zip(layer.convs, x, strict=True)):
        up = boundary(complex_, k + 1, conv.signed, values.dtype)
        laplacian = up @ up.T
        steps = {"upper": laplacian - laplacian.diag().diag(), "cofacets": up.T}
        back = {"upper": steps["upper"], "cofacets": up}
        if k:
            steps["facets"] = boundary(complex_, k, conv.signed, values.dtype)
            back["facets"] = steps["facets"].T
        total = values.new_zeros(len(values), 5)
        for path, matrix in steps.items():
            between = conv.activation(matrix @ values @ conv.first[path].weight.T)
            total += back[path] @ between @ conv.second[path].weight.T
        result.append(total)
    return result


def sca(conv, x, complex_, attention):
    """SCAConv and, with ``attention``, SCAAttentionConv."""
    result = []
    for k, own in enumerate(x):
        total, heard, near = conv.own[k](own), [], neighbours(complex_, k)
        for adjacency, maps in conv.send.items():
            if str(k) not in maps:
                continue
            step = {"boundary": -1, "coboundary": 1}.get(adjacency, 0)
            matrix = own.new_zeros(len(own), len(x[k + step]))
            for s, found in enumerate(near[adjacency]):
                for t, _ in found:
                    matrix[s, t] = 1
            values = maps[str(k)](x[k + step])
            if attention:
                score = conv.of_receiver[adjacency][str(k)](own)
                score = score + conv.of_sender[adjacency][str(k)](values).T
                score = torch.nn.functional.leaky_relu(score, 0.2)
                score = score.masked_fill(matrix == 0, -torch.inf)
                matrix = score.softmax(1).nan_to_num()
            heard.append(matrix @ values)
        result.append(total + torch.stack(heard).mean(0) if heard else total)
    return result


def dist2cycle(layer, x, complex_):
    """Dist2CycleConv of every degree, with the dense inverse."""
    result = []
    for k, (conv, values) in enumerate(zip(layer.convs, x, strict=True)):
        if k > complex_.dim:
            result.append(conv.lin(values))
            continue
        laplacian = hodge_laplacian(complex_, k, dtype=values.dtype).to_dense()
        if conv.laplacian == "down":
            below = boundary(complex_, k, True, values.dtype)
            laplacian = below.T @ below
        inverse = torch.linalg.inv(torch.eye(len(values), dtype=values.dtype) + laplacian)
        result.append(inverse @ conv.lin(values))
    return result


def bscnet(conv, x, complex_):
    """BScNetConv with dense blocks."""
    dtype, laplacians = x[0].dtype, []
    for k, values in enumerate(x):
        laplacian = torch.zeros(len(values), len(values), dtype=dtype)
        if k <= max(complex_.dim, 0):
            laplacian = normalized_laplacian(complex_, k, "random_walk", dtype=dtype).to_dense()
        if not conv.signed:
            laplacian = _unsigned_random_walk(complex_, k, dtype)
        laplacians.append(torch.linalg.matrix_power(laplacian, conv.power))
    diffused = [matrix @ values for matrix, values in zip(laplacians, x, strict=True)]
    z = [relate(values) for relate, values in zip(conv.relate, diffused, strict=True)]
    result = [conv.own[k](x[k]) + conv.diffuse[k](diffused[k]) for k in range(len(x))]
    for k in range(1, len(x)):
        incidence = boundary(complex_, k, conv.signed, dtype)
        score = (incidence * (z[k - 1] @ z[k].T) / conv.relation_channels**0.5).relu()
        score = score.masked_fill(incidence == 0, -torch.inf)
        to_facet = incidence * score.softmax(1).nan_to_num()
        to_simplex = (incidence * score.softmax(0).nan_to_num()).T
        result[k] = result[k] + to_simplex @ conv.below[k - 1](x[k - 1])
        result[k - 1] = result[k - 1] + to_facet @ conv.above[k - 1](x[k])
    return result


def _unsigned_random_walk(complex_, k, dtype):
    up, down = (boundary(complex_, j, False, dtype) for j in (k + 1, k))
    degree = up.sum(1).clamp(min=1)
    below = (k + 1) * (down @ degree)
    scaled = down / torch.where(below > 0, below, 1)[:, None]
    return degree[:, None] * (down.T @ scaled) + up @ up.T / degree / (k + 2)
