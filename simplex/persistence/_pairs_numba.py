"""What the reduction needs of a filtered chain complex, compiled: sorted cofacets, components."""

import numpy as np

from simplex.complexes import INT64S, TABLE, compiled


@compiled(f"Tuple(({INT64S}, {INT64S}, {INT64S}))({TABLE}, int8[:,::1], {INT64S}, {INT64S})")
def sorted_cofacets(facets, signs, order, place_below):  # type: ignore[no-untyped-def]
    """The cofacets of each cell as a CSR triple with signs, all numbered by their places.

    Args:
        facets: (n_{k+1}, k+2) ids of the facets, -1 for none.
        signs: of each facet in the boundary.
        order: the id of the cell at each place of the filtration.
        place_below: the place of each facet.
    """
    pointer = np.zeros(len(place_below) + 1, np.int64)
    for s in range(len(facets)):
        for i in range(facets.shape[1]):
            if facets[s, i] >= 0:
                pointer[place_below[facets[s, i]] + 1] += 1
    for r in range(len(place_below)):
        pointer[r + 1] += pointer[r]
    cursor = pointer[:-1].copy()
    cofacets = np.empty(pointer[-1], np.int64)
    entries = np.empty(pointer[-1], np.int64)
    for t in range(len(order)):
        s = order[t]
        for i in range(facets.shape[1]):
            if facets[s, i] >= 0:
                r = place_below[facets[s, i]]
                cofacets[cursor[r]] = t
                entries[cursor[r]] = signs[s, i]
                cursor[r] += 1
    return pointer, cofacets, entries


@compiled(f"{INT64S}({TABLE}, {INT64S}, {INT64S})")
def merged_components(ends, order, place_below):  # type: ignore[no-untyped-def]
    """The place of the vertex whose component each edge joins to an older one, or -1.

    Edges come in the order of the filtration, as of :func:`sorted_cofacets`; the end -1 is older
    than all vertices.
    """
    parent = np.arange(len(place_below) + 1)  # 0 is the end -1, r + 1 the vertex at place r
    owner = np.full(len(order), -1, np.int64)
    for t in range(len(order)):
        u = place_below[ends[order[t], 0]] + 1 if ends[order[t], 0] >= 0 else 0
        v = place_below[ends[order[t], 1]] + 1 if ends[order[t], 1] >= 0 else 0
        while parent[u] != u:
            parent[u] = parent[parent[u]]
            u = parent[u]
        while parent[v] != v:
            parent[v] = parent[parent[v]]
            v = parent[v]
        if u != v:
            owner[t] = max(u, v) - 1
            parent[max(u, v)] = min(u, v)
    return owner
