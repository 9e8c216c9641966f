"""Complexes as Python's sets of frozensets, and constructions on them word by word."""

import itertools

from simplex import SimplicialComplex


def as_sets(K, named=False):
    """The simplices as frozensets of vertices, or of the labels of the vertices."""
    names = K.vertex_labels if named else range(K.num_simplices(0))
    rows = (row for k in range(K.dim + 1) for row in K.simplices(k).tolist())
    return {frozenset(names[v] for v in row) for row in rows}


def marked(K, masks):
    """The simplices that masks mark."""
    rows = (row for k, mask in enumerate(masks) for row in K.simplices(k)[mask].tolist())
    return {frozenset(row) for row in rows}


def closed(sets):
    """All non-empty subsets of the sets."""
    return {
        frozenset(face)
        for one in sets
        for size in range(1, len(one) + 1)
        for face in itertools.combinations(sorted(one), size)
    }


def star(sets, given):
    return {one for one in sets if any(some <= one for some in given)}


def link(sets, simplex):
    """{τ : τ ∩ σ = ∅, τ ∪ σ ∈ K}, for one simplex."""
    return {one for one in sets if not one & simplex and one | simplex in sets}


def maximal(sets):
    return {one for one in sets if not any(one < other for other in sets)}


def build(sets, n):
    return SimplicialComplex.from_simplices([tuple(one) for one in sets], num_vertices=n)


def products(A, B, n_b):
    """Chains of pairs, from all sets of pairs that project onto simplices of both."""
    result = set()
    for one, two in itertools.product(A, B):
        pairs = [(a, b) for a in sorted(one) for b in sorted(two)]
        for size in range(1, len(one) + len(two)):
            for some in itertools.combinations(pairs, size):
                ascending = all(p[1] <= q[1] for p, q in itertools.pairwise(some))
                if ascending:
                    result.add(frozenset(a * n_b + b for a, b in some))
    return result
