"""The facet tables of a complex, and what is read off them: ids, vertex tuples, parts."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from simplex.complexes._tables import child_pointer, cofacet_table, simplices_from_facets
from simplex.complexes._transforms import outside_transforms
from simplex.complexes._validate import require_degree


class FacetTables:
    """What :class:`SimplicialComplex` says of its simplices by their ids."""

    _num_vertices: int
    _facets: tuple[Tensor, ...]
    _device: torch.device
    _directed: bool
    _part_pointer: Tensor | None
    _cache: dict[tuple[str, int], Any]

    # --- size -------------------------------------------------------------------------------------

    @property
    def dim(self) -> int:
        """The top dimension; -1 for the empty complex."""
        return len(self._facets) if self._num_vertices else -1

    @property
    def f_vector(self) -> tuple[int, ...]:
        """``(n_0, …, n_dim)``, the number of simplices of each dimension."""
        return tuple(self.num_simplices(k) for k in range(self.dim + 1))

    @property
    def device(self) -> torch.device:
        """Where the tables live."""
        return self._device

    @property
    def directed(self) -> bool:
        """Whether simplices are ordered tuples, of which several may have the same vertices."""
        return self._directed

    def num_simplices(self, k: int) -> int:
        """n_k; 0 beyond the top dimension."""
        k = require_degree(k)
        if k == 0:
            return self._num_vertices
        return len(self._facets[k - 1]) if k <= len(self._facets) else 0

    def cached(self, name: str, k: int, compute: Callable[[], Any]) -> Any:
        """What ``compute()`` gives, kept under the name and degree as long as the complex lives.

        For tables that layers share; another orientation or other parts start anew.
        """
        key = (name, k)
        if key not in self._cache:
            self._cache[key] = outside_transforms(compute)
        return self._cache[key]

    # --- tables -----------------------------------------------------------------------------------

    def facets(self, k: int) -> Tensor:
        """Facet ids of the k-simplices, (n_k, k+1) int64; column i omits vertex i.

        For k = 1 a row is ``[v1, v0]``, head and tail. For k = 0 the shape is (n_0, 0): a vertex
        has no facet.
        """
        k = require_degree(k)
        if 1 <= k <= len(self._facets):
            return self._facets[k - 1]
        count, width = (self._num_vertices, 0) if k == 0 else (0, k + 1)
        return torch.empty((count, width), dtype=torch.int64, device=self._device)

    def simplices(self, k: int) -> Tensor:
        """Vertex tuples of the k-simplices, (n_k, k+1) int64, in lexicographic order."""
        k = require_degree(k)

        def compute() -> Tensor:
            if k == 0:
                return torch.arange(self._num_vertices, device=self._device)[:, None]
            if k > self.dim:
                return torch.empty((0, k + 1), dtype=torch.int64, device=self._device)
            if k == 1:
                return self._facets[0].flip(1)
            return simplices_from_facets(self.simplices(k - 1), self._facets[k - 1])

        result: Tensor = self.cached("simplices", k, compute)
        return result

    def cofacets(self, k: int) -> tuple[Tensor, Tensor]:
        """Ids of the (k+1)-simplices above each k-simplex, as a CSR pair.

        Returns:
            ``pointer`` (n_k+1,) and ``index`` (n_{k+1}·(k+2),), both int64. The cofacets of ``s``
            are ``index[pointer[s]:pointer[s + 1]]``, ascending.
        """
        k = require_degree(k)
        pair: tuple[Tensor, Tensor] = self.cached(
            "cofacets", k, lambda: cofacet_table(self.facets(k + 1), self.num_simplices(k))
        )
        return pair

    def children(self, k: int) -> Tensor:
        """Prefix-tree pointer (n_k+1,) to the (k+1)-simplices that extend ``s`` at its end.

        They have the consecutive ids ``pointer[s] … pointer[s + 1] - 1``.
        """
        k = require_degree(k)
        pointer: Tensor = self.cached(
            "children",
            k,
            lambda: child_pointer(self.facets(k + 1)[:, -1], self.num_simplices(k)),
        )
        return pointer

    # --- parts ------------------------------------------------------------------------------------

    @property
    def num_parts(self) -> int:
        """How many complexes were united; 1 for a plain complex."""
        return 1 if self._part_pointer is None else len(self._part_pointer) - 1

    def part_pointer(self, k: int) -> Tensor:
        """First k-simplex of each part and, last, n_k: (num_parts+1,) int64.

        The simplices of a part are consecutive, and its first k-simplex is the first child of its
        first (k-1)-simplex.
        """
        k = require_degree(k)

        def compute() -> Tensor:
            if k > max(self.dim, 0):
                return self.part_pointer(0).new_zeros(self.num_parts + 1)
            if self._part_pointer is None:
                return torch.tensor([0, self.num_simplices(k)], device=self._device)
            return self.children(k - 1)[self.part_pointer(k - 1)] if k else self._part_pointer

        pointer: Tensor = self.cached("part_pointer", k, compute)
        return pointer

    def part(self, k: int) -> Tensor:
        """Which part each k-simplex belongs to, (n_k,) int64: PyG's ``batch`` vector."""
        sizes = self.part_pointer(k).diff()
        parts = torch.arange(self.num_parts, device=self._device)
        return parts.repeat_interleave(sizes, output_size=self.num_simplices(k))
