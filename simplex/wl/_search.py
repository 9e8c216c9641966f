"""Isomorphism of coloured graphs: cut into pieces, single out nodes, use symmetries found."""

from dataclasses import dataclass

import numpy as np

from simplex.wl._pieces import Piece, cut, refine


Map = dict[int, int]
_COSTLY = 12  # refinements after which a failure is worth a search for symmetries
_MOST_FAILED = 8  # failures that a further candidate is compared with


@dataclass
class _Class:
    """Isomorphic pieces: one of them, and the maps from it to those not yet used up."""

    first: Piece
    maps: list[Map]


class Search:
    """Maps between pieces that keep colours and edges.

    A piece is cut into components, which are sorted into classes of isomorphic ones. In one that
    holds together a node of the first piece is singled out, and in turn each node of the second
    that could be its image. Where a symmetry of the second piece carries a node to one that failed,
    it fails too.

    Args:
        num_vertices: ids below are vertices, which settle what contains them.

    Reference:
        McKay, "Practical graph isomorphism", 1981; Junttila and Kaski, "Conflict propagation and
        component recursion for canonical labeling", 2011.
    """

    def __init__(self, num_vertices: int) -> None:
        self.num_vertices = num_vertices
        self.work = 0  # refinements so far

    def match(self, A: Piece, B: Piece) -> Map | None:
        """From the ids of A to those of B, or ``None`` where there is no isomorphism.

        Args:
            A: a piece with a stable colouring.
            B: another, with the same trace.
        """
        (ours, alone), (theirs, also_alone) = cut(A), cut(B)
        result = _by_color(alone, also_alone)
        if result is None or len(ours) != len(theirs):
            return None
        classes = self._sorted_into_classes(ours)
        for piece in theirs:
            for each in classes.get(_signature(piece), []):
                found = self._match_connected(each.first, piece) if each.maps else None
                if found is not None:
                    source = each.maps.pop()
                    result.update((source[v], image) for v, image in found.items())
                    break
            else:
                return None
        return result

    def _sorted_into_classes(self, pieces: list[Piece]) -> dict[bytes, list[_Class]]:
        classes: dict[bytes, list[_Class]] = {}
        for piece in pieces:
            known = classes.setdefault(_signature(piece), [])
            for each in known:
                found = self._match_connected(each.first, piece)
                if found is not None:
                    each.maps.append(found)
                    break
            else:
                known.append(_Class(piece, [{v: v for v in piece.ids.tolist()}]))
        return classes

    def _match_connected(self, A: Piece, B: Piece) -> Map | None:
        """The same for pieces of equal signature that hold together."""
        cell = self._cell(A)
        if cell is None:
            return _by_color(A, B)
        source, *_ = np.flatnonzero(A.colors == cell).tolist()
        ours, trace = refine(_single_out(A, source))
        orbit = {v: v for v in B.ids.tolist()}
        failed: list[tuple[int, Piece]] = []
        for candidate in np.flatnonzero(B.colors == cell).tolist():
            name = int(B.ids[candidate])
            if any(_root(orbit, name) == _root(orbit, v) for v, _ in failed):
                continue
            self.work += 1
            theirs, _ = refine(_single_out(B, candidate), trace)
            if theirs is None:
                continue
            symmetries = (self.match(f, theirs) for _, f in failed[:_MOST_FAILED])
            symmetry = next((each for each in symmetries if each is not None), None)
            if symmetry is not None:
                for v, image in symmetry.items():
                    orbit[_root(orbit, v)] = _root(orbit, image)
                continue
            before = self.work
            found = self.match(ours, theirs)
            if found is not None:
                return found
            if self.work - before >= _COSTLY:
                failed.append((name, theirs))
        return None

    def _cell(self, piece: Piece) -> int | None:
        """The colour of most nodes, of vertices where any share one; ``None`` if none is shared."""
        for colors in (piece.colors[piece.ids < self.num_vertices], piece.colors):
            sizes = np.bincount(colors)
            if sizes.max(initial=0) > 1:
                return int(sizes.argmax())
        return None


def _single_out(piece: Piece, node: int) -> Piece:
    colors = piece.colors.copy()
    colors[node] = int(colors.max()) + 1
    return piece.recolored(colors)


def _by_color(A: Piece, B: Piece) -> Map | None:
    """The map of pieces without two nodes of one colour, or without edges; ``None`` if not one."""
    order, image_order = np.argsort(A.colors, kind="stable"), np.argsort(B.colors, kind="stable")
    if not np.array_equal(A.colors[order], B.colors[image_order]):
        return None
    image = np.empty_like(order)
    image[order] = image_order
    if len(A.column):
        row, row_there = (np.repeat(np.arange(len(P.ids)), np.diff(P.pointer)) for P in (A, B))
        moved = np.sort(image[row] * len(order) + image[A.column])
        if not np.array_equal(moved, np.sort(row_there * len(order) + B.column)):
            return None
    return dict(zip(A.ids.tolist(), B.ids[image].tolist(), strict=True))


def _signature(piece: Piece) -> bytes:
    """Equal for isomorphic pieces: the number of nodes of each colour, and of edges."""
    return np.bincount(piece.colors).tobytes() + len(piece.column).to_bytes(8, "little")


def _root(parents: dict[int, int], v: int) -> int:
    while parents[v] != v:
        parents[v] = v = parents[parents[v]]
    return v
