"""Dir-SNN by definition: simplices as tuples, faces by leaving out, relations as dense matrices."""

import itertools

import torch


def without(simplex, i):
    return simplex[:i] + simplex[i + 1 :]


def relation(rows, columns, related):
    entries = [[float(related(s, t)) for t in columns] for s in rows]
    return torch.tensor(entries, dtype=torch.float64).view(len(rows), len(columns))


def dirsnn(layer, x, K):
    """With a matrix for each pair of face maps, and on undirected complexes their mean."""
    simplices = [[tuple(row) for row in K.simplices(k).tolist()] for k in range(len(x) + 1)]

    def settled(matrices):
        if not K.directed:
            matrices = [sum(matrices) / len(matrices)] * len(matrices)
        if layer.aggr == "sum":
            return matrices
        sums = [matrix.sum(1, keepdim=True) for matrix in matrices]
        return [m / torch.where(s == 0, 1, s) for m, s in zip(matrices, sums, strict=True)]

    def boundary(k):
        rows, columns = simplices[k], simplices[k - 1]
        return settled(
            [relation(rows, columns, lambda s, t, i=i: without(s, i) == t) for i in range(k + 1)]
        ), x[k - 1]

    def coboundary(k):
        rows, columns = simplices[k], simplices[k + 1]
        return settled(
            [relation(rows, columns, lambda s, t, i=i: s == without(t, i)) for i in range(k + 2)]
        ), x[k + 1]

    def lower(k):
        pairs = itertools.product(range(k + 1), repeat=2)
        return settled(
            [
                relation(
                    simplices[k],
                    simplices[k],
                    lambda s, t, i=i, j=j: s != t and without(s, i) == without(t, j),
                )
                for i, j in pairs
            ]
        ), x[k]

    def upper(k):
        above = simplices[k + 1]
        pairs = [(i, j) for i, j in itertools.product(range(k + 2), repeat=2) if i != j]
        matrices = []
        for i, j in pairs:
            place = {(without(above_, i), without(above_, j)): 1 for above_ in above}
            matrix = relation(simplices[k], simplices[k], lambda s, t, place=place: (s, t) in place)
            matrices.append(matrix)
        return settled(matrices), x[k]

    terms = {"boundary": boundary, "coboundary": coboundary, "lower": lower, "upper": upper}
    needs = {"boundary": -1, "lower": -1, "coboundary": 1, "upper": 1}
    result = []
    for k, lin in enumerate(layer.lins):
        arrived = [x[k]]
        for name in layer.adjacencies:
            if not 0 <= k + needs[name] < len(x):
                continue
            matrices, source = terms[name](k)
            powers = layer.order if name in ("lower", "upper") else 1
            for p in range(1, powers + 1):
                arrived += [
                    torch.linalg.matrix_power(m, p) @ source if p > 1 else m @ source
                    for m in matrices
                ]
        y = torch.cat(arrived, dim=1) @ lin.weight.T
        result.append(y if lin.bias is None else y + lin.bias)
    return result
