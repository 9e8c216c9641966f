"""Bistellar flips of closed surfaces, compiled: a random walk through triangulations.

A surface is held as two tables. ``corners[t]`` are the three vertices of triangle t, in any order,
and ``across[t, i]`` is the triangle on the other side of the edge that omits ``corners[t, i]``. No
orientation is kept, so one code serves orientable and non-orientable surfaces. ``home[v]`` is some
triangle at v. ``size`` holds the number of vertices and of triangles in use.

The moves of Pachner: 2-2 replaces an edge by the other diagonal of its two triangles, 1-3 puts a
vertex into a triangle, 3-1 takes a vertex of degree 3 out.
"""

import numpy as np

from simplex.complexes import FLAG, INT64S, STATE, TABLE, compiled, splitmix


_uniform = compiled(f"float64({STATE})")(splitmix)


@compiled(f"int64({TABLE}, int64, int64)")
def _place(table, t, value):  # type: ignore[no-untyped-def]
    """In which column of row t the value stands."""
    if table[t, 0] == value:
        return 0
    return 1 if table[t, 1] == value else 2


@compiled(f"UniTuple(int64, 2)({TABLE}, {TABLE}, int64, int64, int64)")
def _degree(corners, across, t, v, w):  # type: ignore[no-untyped-def]
    """Walk around v from its triangle t: the degree of v, and whether w is a neighbour (0, 1)."""
    start, degree, met = t, 0, 0
    behind = corners[t, (_place(corners, t, v) + 1) % 3]
    while True:
        degree += 1
        if behind == w:
            met = 1
        ahead = corners[t, 0] + corners[t, 1] + corners[t, 2] - v - behind
        t = across[t, _place(corners, t, behind)]
        behind = ahead
        if t == start:
            return degree, met


@compiled(f"boolean({TABLE}, {TABLE}, {INT64S}, int64, int64, float64)")
def _flip(corners, across, home, t, i, threshold):  # type: ignore[no-untyped-def]
    """2-2 across side i of t, if the new edge is absent and Σ degree² grows by the threshold."""
    u = across[t, i]
    j = _place(across, u, t)
    a, b = corners[t, i], corners[u, j]
    p, q = corners[t, (i + 1) % 3], corners[t, (i + 2) % 3]
    degree_a, met = _degree(corners, across, t, a, b)
    if met == 1:
        return False
    if threshold > -np.inf:
        degree_b, _ = _degree(corners, across, u, b, a)
        degree_p, _ = _degree(corners, across, t, p, q)
        degree_q, _ = _degree(corners, across, t, q, p)
        if 2 * (degree_a + degree_b - degree_p - degree_q) + 4 < threshold:
            return False
    t_p, t_q = across[t, (i + 1) % 3], across[t, (i + 2) % 3]
    u_p, u_q = across[u, _place(corners, u, p)], across[u, _place(corners, u, q)]
    corners[t, 0], corners[t, 1], corners[t, 2] = a, b, p
    across[t, 0], across[t, 1], across[t, 2] = u_q, t_q, u
    corners[u, 0], corners[u, 1], corners[u, 2] = a, b, q
    across[u, 0], across[u, 1], across[u, 2] = u_p, t_p, t
    across[u_q, _place(across, u_q, u)] = t
    across[t_p, _place(across, t_p, t)] = u
    home[a], home[b], home[p], home[q] = t, t, t, u
    return True


@compiled(f"void({TABLE}, {TABLE}, {INT64S}, {INT64S}, int64)")
def _insert(corners, across, home, size, t):  # type: ignore[no-untyped-def]
    """1-3: put the next vertex into t."""
    v, t_1, t_2 = size[0], size[1], size[1] + 1
    a, b, c = corners[t, 0], corners[t, 1], corners[t, 2]
    t_b, t_c = across[t, 1], across[t, 2]
    corners[t, 0], corners[t_1, 0], corners[t_2, 0] = v, a, a
    corners[t_1, 1], corners[t_2, 1] = v, b
    corners[t_1, 2], corners[t_2, 2] = c, v
    across[t, 1], across[t, 2] = t_1, t_2
    across[t_1, 0], across[t_1, 1], across[t_1, 2] = t, t_b, t_2
    across[t_2, 0], across[t_2, 1], across[t_2, 2] = t, t_1, t_c
    across[t_b, _place(across, t_b, t)] = t_1
    across[t_c, _place(across, t_c, t)] = t_2
    home[v], home[a], home[b], home[c] = t, t_1, t, t
    size[0] += 1
    size[1] += 2


@compiled(f"void({TABLE}, {TABLE}, {INT64S}, {INT64S}, int64)")
def _drop(corners, across, home, size, t):  # type: ignore[no-untyped-def]
    """Forget triangle t; the last triangle takes its number."""
    size[1] -= 1
    last = size[1]
    if t == last:
        return
    for i in range(3):
        corners[t, i], across[t, i] = corners[last, i], across[last, i]
        neighbor = across[t, i]
        across[neighbor, _place(across, neighbor, last)] = t
        home[corners[t, i]] = t


@compiled(f"boolean({TABLE}, {TABLE}, {INT64S}, {INT64S}, int64)")
def _remove(corners, across, home, size, v):  # type: ignore[no-untyped-def]
    """3-1 at v, if it has degree 3 and the surface is not the boundary of a tetrahedron."""
    t = home[v]
    i = _place(corners, t, v)
    j, k = (i + 1) % 3, (i + 2) % 3
    b, c, t_b, t_c = corners[t, j], corners[t, k], across[t, j], across[t, k]
    degree, _ = _degree(corners, across, t, v, b)
    if degree != 3 or size[0] <= 4:
        return False
    a = corners[t_b, 0] + corners[t_b, 1] + corners[t_b, 2] - v - c
    out_b, out_c = across[t_b, _place(corners, t_b, v)], across[t_c, _place(corners, t_c, v)]
    corners[t, i], across[t, j], across[t, k] = a, out_b, out_c
    across[out_b, _place(across, out_b, t_b)] = t
    across[out_c, _place(across, out_c, t_c)] = t
    home[a], home[b], home[c] = t, t, t
    _drop(corners, across, home, size, max(t_b, t_c))  # the larger first: no number moves twice
    _drop(corners, across, home, size, min(t_b, t_c))
    size[0] -= 1
    last = size[0]
    if v != last:  # the last vertex takes the free number
        for s in range(size[1]):
            for m in range(3):
                if corners[s, m] == last:
                    corners[s, m] = v
        home[v] = home[last]
    return True


@compiled(f"boolean({TABLE}, {TABLE}, {INT64S}, {INT64S}, int64, int64, int64, {STATE}, {FLAG})")
def walk(  # type: ignore[no-untyped-def]
    corners, across, home, size, num_vertices, num_flips, patience, state, ended
):
    """Bring a surface to ``num_vertices``, then make ``num_flips`` moves; False if it stays larger.

    Taking vertices out is given up after ``patience`` proposals, everything once ``ended`` is set.
    """
    while size[0] < num_vertices and not ended[0]:
        _insert(corners, across, home, size, np.int64(_uniform(state) * size[1]))
    # 2-2 towards uneven degrees brings forth vertices of degree 3.
    while size[0] > num_vertices and not ended[0]:
        patience -= 1
        if patience < 0:
            return False
        if _remove(corners, across, home, size, np.int64(_uniform(state) * size[0])):
            continue
        t, i = np.int64(_uniform(state) * size[1]), np.int64(_uniform(state) * 3)
        _flip(corners, across, home, t, i, 6.0 * np.log(_uniform(state) + 1e-300))
    done = 0
    # At times one vertex above, never at the end.
    while (done < num_flips or size[0] > num_vertices) and not ended[0]:
        if _uniform(state) < 0.125:
            if size[0] > num_vertices:
                v = np.int64(_uniform(state) * size[0])
                done += _remove(corners, across, home, size, v)
            elif done < num_flips:
                _insert(corners, across, home, size, np.int64(_uniform(state) * size[1]))
                done += 1
        else:
            t, i = np.int64(_uniform(state) * size[1]), np.int64(_uniform(state) * 3)
            done += _flip(corners, across, home, t, i, -np.inf)
    return True
