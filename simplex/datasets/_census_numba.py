"""All triangulated closed surfaces of n vertices, each once up to isomorphism, compiled.

A flag of a surface (a vertex v, an edge at v, a triangle at the edge) numbers all vertices: v is 0,
its link, read from the edge towards the triangle, is 1 … d; then the lowest edge that has only one
of its two triangles gets the other, whose third vertex has a number or takes the next one, and so
on. These third vertices in order are the flag's *word*. Two surfaces are isomorphic exactly if they
have a word in common, and each is kept in the numbering of its least word among the flags at
vertices of the least degree.

The search writes words letter by letter, from the star of a vertex of degree d on, in lexicographic
order. Its state is a surface with boundary; where one of the closed vertices already has a smaller
word the state is left, so most of what is not least ends long before it is a closed surface.

Sets of vertices are the bits of an integer. ``once[v]`` and ``twice[v]`` are the neighbours of v by
the number of triangles at their edge; ``sums`` has of each edge the sum of the third vertices and
``first`` one of them. The link of an open vertex is a union of paths: ``end`` has of each end the
other one. A path that closes must be the whole link, and at least d long.
"""

import numpy as np

from simplex.complexes import FLAG, INT64S, TABLE, compiled


_LINKS = f"Tuple(({INT64S}, {INT64S}, {TABLE}, {TABLE}, {TABLE}))"
_FLAGS = f"Tuple(({TABLE}, {TABLE}))"


@compiled("int64(int64)")
def _lowest(members):  # type: ignore[no-untyped-def]
    """The least member of a set that is not empty."""
    place = 0
    while not members >> place & 1:
        place += 1
    return place


@compiled("int64(int64)")
def _size(members):  # type: ignore[no-untyped-def]
    count = 0
    while members:
        members &= members - 1
        count += 1
    return count


@compiled(f"boolean({_LINKS}, int64, int64, int64, int64)")
def _takes(links, v, a, b, least):  # type: ignore[no-untyped-def]
    """Whether the link of v takes the edge a b: in the end it is one cycle, and not too short."""
    once, twice, _, _, end = links
    if once[v] == 0:
        return twice[v] == 0
    if not (once[v] >> a & 1 and once[v] >> b & 1 and end[v, a] == b):
        return True
    return once[v] == 1 << a | 1 << b and _size(once[v] | twice[v]) >= least


@compiled(f"void({_LINKS}, int64, int64, int64)")
def _join(links, v, a, b):  # type: ignore[no-untyped-def]
    """Add the edge a b to the link of v."""
    once, twice, sums, first, end = links
    end_a = end[v, a] if once[v] >> a & 1 else a
    end_b = end[v, b] if once[v] >> b & 1 else b
    end[v, end_a], end[v, end_b] = end_b, end_a
    for x, y in ((a, b), (b, a)):
        if once[v] >> x & 1:
            twice[v] |= 1 << x
        else:
            first[v, x] = y
        once[v] ^= 1 << x
        sums[v, x] += y


@compiled(f"void({_LINKS}, int64, int64, int64)")
def _part(links, v, a, b):  # type: ignore[no-untyped-def]
    """Take the edge a b, the last that came, out of the link; inner vertices know their end."""
    once, twice, sums, _, end = links
    for x, y in ((a, b), (b, a)):
        once[v] ^= 1 << x
        twice[v] &= ~(1 << x)
        sums[v, x] -= y
        if once[v] >> x & 1:
            end[v, end[v, x]] = x


@compiled(f"void({_LINKS}, int64, int64, int64)")
def _add(links, a, b, c):  # type: ignore[no-untyped-def]
    _join(links, a, b, c)
    _join(links, b, a, c)
    _join(links, c, a, b)


@compiled(f"void({_LINKS}, int64, int64, int64)")
def _remove(links, a, b, c):  # type: ignore[no-untyped-def]
    _part(links, a, b, c)
    _part(links, b, a, c)
    _part(links, c, a, b)


@compiled(f"int64({_LINKS}, {_FLAGS}, int64, int64, int64, {INT64S}, int64)")
def _compare(links, flags, v, u, w, word, length):  # type: ignore[no-untyped-def]
    """The word of the flag v, v u, v u w against that of the state: -1, 0 or 1.

    It is 0 as well where the state ends before they differ. ``flags`` is room: for the new numbers
    of the vertices, the vertices by new number, the open edges, and of each the third vertex of the
    triangle that has been read.
    """
    once, twice, sums, _, _ = links
    table, passed = flags
    number, vertex, opened = table[0], table[1], table[2]
    number[:] = -1
    opened[:] = 0
    vertex[0], vertex[1], vertex[2] = v, u, w
    degree = _size(twice[v])
    for i in range(3, degree + 1):
        vertex[i] = sums[v, vertex[i - 1]] - vertex[i - 2]
    for i in range(degree + 1):
        number[vertex[i]] = i
    for i in range(1, degree + 1):
        j = i % degree + 1
        opened[i] |= 1 << j
        opened[j] |= 1 << i
        passed[i, j] = passed[j, i] = v
    used, x = degree + 1, 1
    for place in range(length):
        while opened[x] == 0:
            x += 1
        y = _lowest(opened[x])
        a, b = vertex[x], vertex[y]
        if once[a] >> b & 1:
            return 0
        c = sums[a, b] - passed[x, y]
        if number[c] < 0:
            number[c], vertex[used] = used, c
            used += 1
        z = number[c]
        if z != word[place]:
            return -1 if z < word[place] else 1
        opened[x] ^= 1 << y
        opened[y] ^= 1 << x
        for p, third in ((x, b), (y, a)):
            opened[p] ^= 1 << z
            opened[z] ^= 1 << p
            passed[p, z] = passed[z, p] = third
    return 0


@compiled(f"boolean({_LINKS}, {_FLAGS}, int64, int64, {INT64S}, int64)")
def _is_least(links, flags, used, degree, word, length):  # type: ignore[no-untyped-def]
    """Whether no flag at a closed vertex of the degree has a smaller word than the state."""
    once, twice, sums, first, _ = links
    for v in range(used):
        if once[v] == 0 and _size(twice[v]) == degree:
            neighbors = twice[v]
            while neighbors:
                u = _lowest(neighbors)
                neighbors &= neighbors - 1
                w = first[v, u]
                if _compare(links, flags, v, u, w, word, length) < 0:
                    return False
                if _compare(links, flags, v, u, sums[v, u] - w, word, length) < 0:
                    return False
    return True


@compiled(f"UniTuple(int64, 3)({_LINKS}, int64, int64)")
def _choices(links, used, num_vertices):  # type: ignore[no-untyped-def]
    """The lowest open edge, and what may be the third vertex of its other triangle."""
    once, twice, _, _, _ = links
    a = 0
    while once[a] == 0:
        a += 1
    b = _lowest(once[a])
    free = 1 << used if used < num_vertices else 0
    for v in range(used):
        if once[v] != 0:
            free |= 1 << v
    return a, b, free & ~(twice[a] | twice[b] | 1 << a | 1 << b)


@compiled(f"{TABLE}({TABLE}, int64)")
def _with_room(table, rows):  # type: ignore[no-untyped-def]
    """The table, twice as long if it has not so many rows."""
    if rows <= len(table):
        return table
    longer = np.empty((2 * len(table), table.shape[1]), np.int64)
    for row in range(len(table)):
        for column in range(table.shape[1]):
            longer[row, column] = table[row, column]
    return longer


@compiled(f"UniTuple({TABLE}, 2)(int64, int64, {FLAG})")
def surfaces_of(num_vertices, degree, ended):  # type: ignore[no-untyped-def]
    """The surfaces of n vertices with this least degree, in the order of their words.

    Returns (triangles, 3), those of a surface in the order in which its word adds them, and
    (surfaces, 1), how many are of each. Ends early when told to.
    """
    n, d = num_vertices, degree
    square = (n, n)
    links = (
        np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(square, np.int64),
        np.zeros(square, np.int64), np.zeros(square, np.int64),
    )  # fmt: skip
    once = links[0]
    flags = np.zeros((3, n), np.int64), np.zeros(square, np.int64)
    most = n * (n - 1) // 3 + 1
    triangles = np.zeros((most, 3), np.int64)
    word, left, used = np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.int64)
    found, counts = np.empty((1024, 3), np.int64), np.empty((64, 1), np.int64)
    rows = surfaces = length = 0
    for i in range(d):
        b, c = i + 1, (i + 1) % d + 1
        triangles[i, 0], triangles[i, 1], triangles[i, 2] = 0, b, c
        _add(links, 0, b, c)
    used[0] = d + 1
    triangles[d, 0], triangles[d, 1], left[0] = _choices(links, d + 1, n)
    while not ended[0]:
        if left[length] == 0:
            if length == 0:
                break
            length -= 1
            a, b, c = triangles[d + length]
            _remove(links, a, b, c)
            continue
        c = _lowest(left[length])
        left[length] &= left[length] - 1
        a, b = triangles[d + length, 0], triangles[d + length, 1]
        if not (
            _takes(links, a, b, c, d) and _takes(links, b, a, c, d) and _takes(links, c, a, b, d)
        ):
            continue
        _add(links, a, b, c)
        triangles[d + length, 2] = word[length] = c
        now = max(used[length], c + 1)
        some_closed = once[a] == 0 or once[b] == 0 or once[c] == 0
        if not some_closed or _is_least(links, flags, now, d, word, length + 1):
            if once.any():
                length += 1
                used[length] = now
                triangles[d + length, 0], triangles[d + length, 1], left[length] = _choices(
                    links, now, n
                )
                continue
            if now == n:
                count = d + length + 1
                found = _with_room(found, rows + count)
                counts = _with_room(counts, surfaces + 1)
                for row in range(count):
                    for column in range(3):
                        found[rows + row, column] = triangles[row, column]
                counts[surfaces] = count
                rows += count
                surfaces += 1
        _remove(links, a, b, c)
    return found[:rows].copy(), counts[:surfaces].copy()


@compiled(f"boolean[::1]({TABLE}, {INT64S})")
def orientable(triangles, counts):  # type: ignore[no-untyped-def]
    """Whether each surface is orientable, its triangles in the order of a word.

    Each triangle after the star is added at an edge, where it must run the other way round.
    """
    answer = np.ones(len(counts), np.bool_)
    runs = np.full((32, 32), -1, np.int64)  # the last surface that has run from a to b
    t = 0
    for s in range(len(counts)):
        for _ in range(counts[s]):
            a, b, c = triangles[t]
            if runs[a, b] == s:
                a, b = b, a
            for x, y in ((a, b), (b, c), (c, a)):
                if runs[x, y] == s:
                    answer[s] = False
                runs[x, y] = s
            t += 1
    return answer
