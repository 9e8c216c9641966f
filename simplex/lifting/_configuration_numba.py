"""Facets with given sizes on vertices with given degrees, compiled: a first table and its rewiring.

A facet of s vertices has s slots, a vertex of degree d has d stubs, and ``stub_at`` and ``slot_of``
are a matching of both. Every table of facets is the same number of matchings, Π d! Π s!, so that a
walk that is uniform on the matchings is uniform on the tables.
"""

import numpy as np

from simplex.complexes import FLAG, INT64S, STATE, compiled, splitmix


_uniform = compiled(f"float64({STATE})")(splitmix)
_SIDES = f"{INT64S}, {INT64S}, {INT64S}, {INT64S}, {INT64S}, {INT64S}"


@compiled(f"boolean({INT64S}, {INT64S}, {INT64S}, {INT64S}, {INT64S})")
def realize(vertex, left, sizes, at_least, member):  # type: ignore[no-untyped-def]
    """Give each facet in turn the vertices of which most is left; False if no table exists.

    ``left`` decreases and ``at_least[r]`` is how many of it are r or more. Of the vertices with
    equally much left the last are taken, so that ``left`` stays sorted.
    """
    start = 0
    for size in sizes:
        least = left[size - 1]
        if least == 0:
            return False
        above, end = at_least[least + 1], at_least[least]
        for i in range(size):
            place = i if i < above else end - size + i
            member[start + i] = vertex[place]
            at_least[left[place]] -= 1
            left[place] -= 1
        start += size
    return True


@compiled(f"boolean({_SIDES}, {INT64S})")
def _repeats(  # type: ignore[no-untyped-def]
    vertex_of, vertex_start, facet_of, facet_start, stub_at, slot_of, slots
):
    """Whether the vertex at one of the slots is in its facet twice."""
    for slot in slots:
        v, found = vertex_of[stub_at[slot]], 0
        for stub in range(vertex_start[v], vertex_start[v + 1]):
            found += facet_of[slot_of[stub]] == facet_of[slot]
        if found > 1:
            return True
    return False


@compiled(f"int64({_SIDES}, {INT64S}, {INT64S}, boolean[::1])")
def _inclusions(  # type: ignore[no-untyped-def]
    vertex_of, vertex_start, facet_of, facet_start, stub_at, slot_of, slots, common, seen
):
    """The number of pairs of a facet at the slots and another, of which one includes the other.

    ``common``, all zero, counts the vertices that a facet shares with the one at hand.
    """
    total = 0
    for chosen in slots:
        f = facet_of[chosen]
        if seen[f]:
            continue
        seen[f] = True
        begin, end = facet_start[f], facet_start[f + 1]
        for slot in range(begin, end):
            v = vertex_of[stub_at[slot]]
            for stub in range(vertex_start[v], vertex_start[v + 1]):
                g = facet_of[slot_of[stub]]
                common[g] += 1
                if common[g] == min(end - begin, facet_start[g + 1] - facet_start[g]):
                    total += not seen[g]
        for slot in range(begin, end):
            v = vertex_of[stub_at[slot]]
            for stub in range(vertex_start[v], vertex_start[v + 1]):
                common[facet_of[slot_of[stub]]] = 0
    for chosen in slots:
        seen[facet_of[chosen]] = False
    return total


@compiled(f"int64({_SIDES}, int64, {STATE}, {FLAG})")
def rewire(  # type: ignore[no-untyped-def]
    vertex_of, vertex_start, facet_of, facet_start, stub_at, slot_of, num_moves, state, ended
):
    """Make moves, and return how many inclusions there are afterwards: none if there were none.

    A move permutes the stubs of L slots, with P(L ≥ l) = 1/(l-1). It is as likely as its inverse.
    From a table without inclusions it leads to another one, or is not made.
    """
    sides = (vertex_of, vertex_start, facet_of, facet_start, stub_at, slot_of)
    num_slots, num_facets = len(stub_at), len(facet_start) - 1
    common, seen = np.zeros(num_facets, np.int64), np.zeros(num_facets, np.bool_)
    order, before = np.arange(num_slots), np.empty(num_slots, np.int64)
    total = _inclusions(*sides, order, common, seen)
    for _ in range(num_moves):
        if ended[0]:
            break
        length = np.int64(min(1.0 / (1.0 - _uniform(state)) + 1.0, num_slots))
        for i in range(length):
            j = i + np.int64(_uniform(state) * (num_slots - i))
            order[i], order[j] = order[j], order[i]
        slots = order[:length]
        old = new = 0
        if total:
            old = _inclusions(*sides, slots, common, seen)
        for i in range(length):
            before[i] = stub_at[slots[i]]
        for i in range(length - 1, 0, -1):  # two slots always change places
            j = np.int64(_uniform(state) * (i + (length > 2)))
            stub_at[slots[i]], stub_at[slots[j]] = stub_at[slots[j]], stub_at[slots[i]]
        for slot in slots:
            slot_of[stub_at[slot]] = slot
        made = not _repeats(*sides, slots)
        if made:
            new = _inclusions(*sides, slots, common, seen)
            # While there are inclusions some may be added, to get out of dead ends.
            made = new <= old or (
                total > 0 and _uniform(state) < np.float64(num_slots) ** (old - new)
            )
        if made:
            total += new - old
        else:
            for i in range(length):
                stub_at[slots[i]] = before[i]
                slot_of[before[i]] = slots[i]
    return total
