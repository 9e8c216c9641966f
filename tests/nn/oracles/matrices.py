"""Dense boundaries and their products, and the neighbors of each simplex from Python sets."""

import itertools

import torch

from simplex.operators import boundary_matrix


def boundary(K, k, signed=True):
    """∂_k or |∂_k| as a dense matrix, in any degree."""
    if k > K.dim + 1 or K.dim < 0:
        below, own = (K.num_simplices(j) if j >= 0 else 0 for j in (k - 1, k))
        return torch.zeros(below, own, dtype=torch.float64)
    return boundary_matrix(K, k, signed=signed, dtype=torch.float64).to_dense()


def down_up(K, k, signed=True):
    """∂_kᵀ ∂_k and ∂_{k+1} ∂_{k+1}ᵀ."""
    below, above = (boundary(K, j, signed) for j in (k, k + 1))
    return below.T @ below, above @ above.T


def off_diagonal(matrix):
    return matrix - matrix.diagonal().diag()


def eye(x):
    return torch.eye(len(x), dtype=x.dtype)


power = torch.linalg.matrix_power


def bound(K, k, least=1):
    """For each part the largest row sum of |∂_k|ᵀ|∂_k|."""
    rows = down_up(K, k, signed=False)[0].sum(1)
    parts = range(K.num_parts)
    values = [max([least, *rows[K.part(k) == part].tolist()]) for part in parts]
    return torch.tensor(values, dtype=torch.float64)


def neighbors(K, k):
    """For each adjacency and each k-simplex the ids of its neighbors and of what they share."""
    levels = [list(map(frozenset, K.simplices(d).tolist())) for d in range(K.dim + 2)]
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


STEP = {"boundary": -1, "lower": 0, "upper": 0, "coboundary": 1}  # from a receiver to its senders


def adjacency(K, k, kind, num_senders):
    """A[s, t] = 1 where t sends to the k-simplex s."""
    found = neighbors(K, k)[kind]
    matrix = torch.zeros(len(found), num_senders, dtype=torch.float64)
    for s, near in enumerate(found):
        for t, _ in near:
            matrix[s, t] = 1
    return matrix


def masked_softmax(score, support, dim=1):
    """Softmax on the support; rows without support are zero."""
    return score.masked_fill(~support, -torch.inf).softmax(dim).nan_to_num()
