"""The simplicial complex: one integer table per dimension, from which everything else is read."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes._arrays import integer_tensor
from simplex.complexes._build import state_from_simplices
from simplex.complexes._checks import require_int
from simplex.complexes._facet_tables import FacetTables
from simplex.complexes._filtration import checked_filtration
from simplex.complexes._index import find_simplices
from simplex.complexes._orientation import facet_signs, orientation_of, turned_orientation
from simplex.complexes._state import (
    are_equal,
    from_state as _from_state,  # noqa: F401 — as files of earlier versions call it
    kept_in_cache,
    labels_of,
    moved_state,
    pickled,
    plain_labels,
    require_device,
    require_state,
    state_of,
)
from simplex.complexes._tables import (
    require_edge_keys,
)
from simplex.complexes._validate import (
    per_simplex,
    require_degree,
    require_tables,
    require_together,
    validate,
)


class SimplicialComplex(FacetTables):
    r"""A finite simplicial complex of any dimension, stored as its facet tables.

    Vertices are ``0 … n_0-1``; a simplex is its strictly increasing vertex tuple. The simplices of
    dimension k are numbered in lexicographic order, and that number is the simplex's id. Row ``s``
    of :meth:`facets` ``(k)`` holds the ids, in dimension k-1, of the facets of ``s``; column ``i``
    omits the i-th vertex, and its sign in the boundary is

    .. math:: [s : s_i] = (-1)^i \, o(s) \, o(s_i),

    with the orientation signs o = +1 (increasing vertex order) unless set by :meth:`reorient`.

    A complex is immutable: every operation returns a new one, which shares the tensors it does not
    change. Do not write into the tensors it hands out. Beyond its top dimension all tables are
    empty: ``facets(dim + 1)`` has shape ``(0, dim + 2)``. The empty complex has ``dim == -1``.

    In a *directed* complex a simplex is an ordered tuple of distinct vertices, several may have the
    same vertices, and o = +1 is the order of the tuple; all else is as above.
    A disjoint union is again a complex, which remembers its parts. Optional data ride along through
    every operation: filtration values and vertex labels.

    This constructor trusts its tables; see :meth:`from_simplices` and :meth:`validate`.

    Args:
        num_vertices: n_0.
        facets: ``[facets(1), facets(2), …]``, each (n_k, k+1) int64; trailing empty tables are cut.
        orientation: for each k in 0 … dim the (n_k,) int8 signs, or ``None`` for all +1.
        filtration: for each k in 0 … dim the (n_k,) values, or ``None``.
        vertex_labels: n_0 labels of the vertices, or ``None`` for their numbers.
        part_pointer: (num_parts+1,) first vertex of each part, or ``None`` for one part.
        directed: whether simplices are ordered tuples.
        device: where a complex without any table lives.

    Raises:
        ValueError: shapes, dtypes or devices do not fit together.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> K.simplices(1).tolist(), K.facets(2).tolist()
        ([[0, 1], [0, 2], [1, 2], [2, 3]], [[2, 1, 0]])
    """

    def __init__(
        self,
        num_vertices: int,
        facets: Sequence[Tensor] = (),
        *,
        orientation: Sequence[Tensor] | None = None,
        filtration: Sequence[Tensor] | None = None,
        vertex_labels: Sequence[Hashable] | None = None,
        part_pointer: Tensor | None = None,
        directed: bool = False,
        device: torch.device | str | None = None,
    ) -> None:
        self._num_vertices = require_edge_keys(require_int("num_vertices", num_vertices, 0))
        tables = self._facets = require_tables(facets)
        self._device = tables[0].device if tables else require_device(device)
        self._orientation = per_simplex(self, "orientation", orientation)
        self._filtration = per_simplex(self, "filtration", filtration)
        self._vertex_labels = None if vertex_labels is None else plain_labels(vertex_labels)
        self._part_pointer = part_pointer
        self._directed = directed
        require_together(self)
        self._cache: dict[tuple[str, int], Any] = {}

    # --- construction -----------------------------------------------------------------------------

    @classmethod
    def from_simplices(
        cls,
        simplices: Any,
        num_vertices: int | None = None,
        *,
        max_dim: int | None = None,
        compact: bool | None = None,
        directed: bool = False,
    ) -> "SimplicialComplex":
        """The smallest complex that holds the given simplices: closed downward, each simplex once.

        Args:
            simplices: vertex tuples of any lengths, in any order; or an (m, k+1) integer tensor or
                array; or a list of such. Integers are ids; vertices of other names, strings or
                anything hashable, are numbered as they appear, and the names kept as labels.
            num_vertices: n_0; ``None`` for the largest id plus one. Unused ids are isolated.
            max_dim: top dimension kept, ``None`` for all; what lies above is never built.
            compact: ``True`` to keep only the vertices that occur, renumbered in their order;
                ``vertex_labels`` has ids that changed. ``None``: where no ``num_vertices`` is
                given and the ids in use are exactly 1 … n, with a warning. ``False``: never.
            directed: whether the order of the vertices in a tuple is part of the simplex.

        Returns:
            The complex, on the device of the given tensors.

        Raises:
            TypeError: vertices are neither integers nor names, as floats and tuples are not.
            ValueError: an id is negative or not below ``num_vertices``, a simplex repeats a vertex,
                devices differ, or the closure would not fit in memory.

        Example:
            >>> SimplicialComplex.from_simplices([(2, 0, 1)], num_vertices=5).f_vector
            (5, 3, 1)
            >>> SimplicialComplex.from_simplices([("a", "b"), ("b", "c")]).vertex_labels
            ('a', 'b', 'c')
        """
        return cls(**state_from_simplices(simplices, num_vertices, max_dim, compact, directed))

    # --- simplices by their vertices --------------------------------------------------------------

    def index(self, simplices: Any) -> Tensor:
        """Ids of the given vertex tuples, all of one dimension; -1 where a tuple is no simplex.

        Args:
            simplices: (m, k+1) integer tensor, or a list of equally long tuples; the order of
                the vertices in a tuple matters in a directed complex only.

        Returns:
            (m,) int64 ids in dimension k.

        Raises:
            TypeError: vertices are neither integers nor, in a labelled complex, names.
            ValueError: tuples of different lengths, or a tensor on another device.

        Example:
            >>> SimplicialComplex.from_simplices([(0, 1, 2)]).index([(2, 0), (1, 3)]).tolist()
            [1, -1]
        """
        return find_simplices(self, simplices)

    # --- orientation, filtration, labels ----------------------------------------------------------

    def orientation(self, k: int) -> Tensor:
        """Orientation signs of the k-simplices, (n_k,) int8: +1 is increasing vertex order."""
        return orientation_of(self, k)

    def facet_signs(self, k: int) -> Tensor:
        """Signs [s : s_i] of the facets in the boundary of each k-simplex, (n_k, k+1) int8."""
        return facet_signs(self, k)

    def reorient(self, signs: Mapping[int, Tensor] | Sequence[Tensor]) -> "SimplicialComplex":
        """The same complex with some simplices turned around.

        The signs multiply the orientation and nothing else: ids, tables and data stay. With
        T_k = diag(signs[k]) the boundary matrices become T_{k-1} ∂_k T_k.

        Args:
            signs: for each k to change, (n_k,) values +1 or -1; a mapping from k, or a sequence
                over k = 0, 1, …. A vertex has one orientation: ``signs[0]`` must be +1.

        Raises:
            ValueError: a value other than ±1, a wrong length, or a turned vertex.

        Example:
            >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
            >>> K.reorient({1: [1, -1]}).facet_signs(1).tolist()
            [[1, -1], [-1, 1]]
        """
        return self._replace(orientation=turned_orientation(self, signs))

    @property
    def filtration(self) -> tuple[Tensor, ...] | None:
        """Filtration values, for each k the (n_k,) values, or ``None``."""
        return self._filtration

    def with_filtration(self, values: Any, *, monotone: bool = True) -> "SimplicialComplex":
        """The same complex with filtration values.

        Args:
            values: for each k the (n_k,) numbers, tensors or lists; ``None`` for no filtration.
            monotone: ``False`` to take values below those of a facet too.

        Raises:
            ValueError: NaN, values that do not fit the complex, or that are not monotone.
        """
        return self._replace(filtration=checked_filtration(self, values, monotone))

    @property
    def vertex_labels(self) -> tuple[Hashable, ...] | None:
        """The names of the vertices in what the complex came from, or ``None``."""
        return labels_of(self)

    def with_vertex_labels(self, labels: Sequence[Hashable] | None) -> "SimplicialComplex":
        """The same complex with other vertex labels; the ids stay 0 … n_0-1."""
        return self._replace(vertex_labels=labels)

    def _replace(self, **changes: Any) -> "SimplicialComplex":
        result = SimplicialComplex(**state_of(self) | {"device": self._device} | changes)
        result._cache = kept_in_cache(self, tables="facets" not in changes)
        return result

    def skeleton(self, k: int) -> "SimplicialComplex":
        """The simplices of dimension at most k; ids stay."""
        k = require_degree(k)
        return self if k >= self.dim else self._replace(facets=self._facets[:k])

    # --- parts ------------------------------------------------------------------------------------

    @classmethod
    def disjoint_union(cls, complexes: Iterable["SimplicialComplex"]) -> "SimplicialComplex":
        """The disjoint union, again a complex: part p keeps its simplices, ids shifted.

        Each argument becomes one part, whether or not it is a union itself. Orientation, filtration
        and labels ride along where any part has them; parts without get +1, NaN and vertex numbers.

        Raises:
            TypeError: an item is no complex.
            ValueError: the complexes are on different devices.

        Example:
            >>> K = SimplicialComplex.from_simplices([(0, 1, 2)])
            >>> U = SimplicialComplex.disjoint_union([K, K.skeleton(1)])
            >>> U.f_vector, U.part(1).tolist()
            ((6, 6, 1), [0, 0, 0, 1, 1, 1])
        """
        from simplex.complexes._union import disjoint_union

        return disjoint_union(complexes)

    def with_parts(self, part_pointer: Tensor | Sequence[int] | None) -> "SimplicialComplex":
        """The same complex read as a union; ``part_pointer`` (num_parts+1,) starts each part.

        The caller vouches that no simplex crosses parts, as for the clique complex of a batch.
        """
        if part_pointer is not None and not isinstance(part_pointer, Tensor):
            part_pointer = integer_tensor("part_pointer", part_pointer).to(self._device)
        return self._replace(part_pointer=part_pointer)

    def split(self) -> list["SimplicialComplex"]:
        """The parts of a disjoint union, with the ids that they had before."""
        from simplex.complexes._union import split

        return split(self)

    # --- device, state, comparison ----------------------------------------------------------------

    def to(self, device: torch.device | str) -> "SimplicialComplex":
        """The complex with all tensors on the device."""
        target = require_device(device)
        if target == self._device:
            return self
        return SimplicialComplex(**moved_state(self, target))

    def state(self) -> dict[str, Any]:
        """Plain tensors, numbers and lists that rebuild the complex by :meth:`from_state`.

        Safe for ``torch.load(weights_only=True)`` as long as the vertex labels are numbers or
        strings. A complex itself can be pickled and saved by ``torch.save`` too.
        """
        return state_of(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "SimplicialComplex":
        """The complex whose :meth:`state` is given."""
        return cls(**require_state(state))

    def __reduce__(self) -> tuple[Any, ...]:
        return pickled(self)

    def __eq__(self, other: object) -> bool:
        """Same simplices, orientation and parts; labels and filtration do not count."""
        if not isinstance(other, SimplicialComplex):
            return NotImplemented
        return are_equal(self, other)

    def __hash__(self) -> int:
        return hash((self.f_vector, self.num_parts))

    def __repr__(self) -> str:
        parts = "" if self._part_pointer is None else f", num_parts={self.num_parts}"
        parts += ", directed=True" if self._directed else ""
        where = "" if self._device.type == "cpu" else f", device='{self._device}'"
        return f"SimplicialComplex(f_vector={self.f_vector}{parts}{where})"

    def _repr_html_(self) -> str:
        from simplex.complexes._html import html_of

        return html_of(self)

    def validate(self) -> "SimplicialComplex":
        """Check every condition that the constructor trusts; return the complex itself.

        Ids in range; rows of :meth:`simplices` strictly increasing (directed: without repetition)
        and in strict lexicographic order; the simplicial identity facets(k-1)[facets(k)[:, j], i] =
        facets(k-1)[facets(k)[:, i], j-1] for i < j (equivalent to ∂∂ = 0); orientation ±1 and +1 on
        vertices; filtration values not below those of the facets; parts that start at 0, end at
        n_0 and are crossed by no simplex.

        Raises:
            ValueError: naming the dimension, the simplex and the condition.
        """
        validate(self)
        return self
