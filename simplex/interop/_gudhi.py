"""GUDHI's simplex tree, both ways, filtration included."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, first_below_a_facet, require_undirected
from simplex.interop._simplex_tree import tree_arrays


def from_gudhi(tree: Any) -> SimplicialComplex:
    """The complex of a ``gudhi.SimplexTree``, with its filtration values.

    Vertices are renumbered 0, 1, … in increasing order; where the tree's own numbers have gaps they
    are kept in ``vertex_labels``.

    Args:
        tree: a ``gudhi.SimplexTree``.

    Returns:
        The complex, on the CPU; ``filtration`` in float64, as it stands in the tree, or ``None``
        where every value is NaN.

    Raises:
        TypeError: an object of another kind.
        ValueError: some values are NaN and others are not.

    Cost:
        Linear: one pass over what GUDHI writes of its tree, and a sort per dimension.

    Example:
        >>> import gudhi
        >>> tree = gudhi.SimplexTree()
        >>> _ = tree.insert([0, 1, 2], filtration=0.5)
        >>> from_gudhi(tree).f_vector
        (3, 3, 1)
    """
    if not (hasattr(tree, "get_simplices") and hasattr(tree, "num_vertices")):
        raise TypeError(f"tree must be a gudhi.SimplexTree, got {type(tree).__name__}.")
    found = tree_arrays(tree)
    blocks, values = _one_by_one(tree) if found is None else found
    names = np.sort(blocks[0][:, 0]) if blocks else np.empty(0, np.int64)
    rows = [torch.from_numpy(np.searchsorted(names, block)) for block in blocks]
    K = SimplicialComplex.from_simplices(rows, num_vertices=len(names))
    filtration = []
    for k in range(K.dim + 1):
        value = torch.empty(K.num_simplices(k), dtype=torch.float64)
        value[K.index(rows[k])] = torch.from_numpy(values[k])
        filtration.append(value)
    gaps = len(names) > 0 and int(names[-1]) >= len(names)
    K = K.with_vertex_labels(names.tolist() if gaps else None)
    if filtration and all(bool(value.isnan().all()) for value in filtration):
        return K  # a tree without values, such as that of a gudhi.DelaunayComplex
    return K.with_filtration(filtration, monotone=False)


def _one_by_one(tree: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """As :func:`tree_arrays`, of a tree that is packed otherwise or is none of GUDHI's."""
    vertices: dict[int, list[int]] = {}
    values: dict[int, list[float]] = {}
    for simplex, value in tree.get_simplices():
        vertices.setdefault(len(simplex) - 1, []).extend(simplex)
        values.setdefault(len(simplex) - 1, []).append(value)
    dims = range(len(vertices))
    blocks = [np.array(vertices[k]).reshape(-1, k + 1) for k in dims]
    return blocks, [np.array(values[k]) for k in dims]


def to_gudhi(K: SimplicialComplex) -> Any:
    """A ``gudhi.SimplexTree`` of the complex, on its vertex numbers, with its filtration values.

    Args:
        K: any complex; without filtration every simplex gets 0.

    Returns:
        The tree; inserted dimension by dimension in bulk.

    Raises:
        TypeError: not a complex.
        ValueError: a directed complex; or a filtration value is NaN, which a union gives to parts
            that have none; is below that of a facet, which GUDHI would lower; or is no number of
            float64.
    """
    import gudhi

    require_undirected("K", K)
    tree = gudhi.SimplexTree()
    for k in range(K.dim + 1):
        rows = K.simplices(k).cpu().numpy()
        value = np.zeros(len(rows)) if K.filtration is None else _values(K, K.filtration, k)
        tree.insert_batch(np.ascontiguousarray(rows.T), value)
    return tree


def _values(K: SimplicialComplex, filtration: Sequence[Tensor], k: int) -> np.ndarray:
    """The values of dimension k in float64, if GUDHI keeps them as they are."""
    given = filtration[k].detach()
    if bool(given.isnan().any()):
        raise ValueError(
            f"filtration values must be numbers, got NaN in dimension {k}. "
            "Set them with complex.with_filtration(values)."
        )
    value = given.double()
    if not torch.equal(value.to(given.dtype), given):
        raise ValueError(
            f"filtration values must be numbers of float64, got {given.dtype} beyond its digits in "
            f"dimension {k}. Round them first."
        )
    if k and (late := first_below_a_facet(K, filtration, k)) is not None:
        raise ValueError(
            "filtration values must not be below those of the facets, which GUDHI would lower, got "
            f"{value[late].item()} for the simplex {tuple(K.simplices(k)[late].tolist())}. Raise "
            "it to the largest value of its facets."
        )
    return value.cpu().numpy()
