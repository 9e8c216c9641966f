"""GUDHI's simplex tree, both ways, filtration included."""

from typing import Any

import numpy as np
import torch

from simplex.complexes import SimplicialComplex


def from_gudhi(tree: Any) -> SimplicialComplex:
    """The complex of a ``gudhi.SimplexTree``, with its filtration values.

    Vertices are renumbered 0, 1, … in increasing order; where the tree's own numbers have gaps they
    are kept in ``vertex_labels``.

    Args:
        tree: a ``gudhi.SimplexTree``.

    Returns:
        The complex, on the CPU; ``filtration`` in float64.

    Raises:
        TypeError: an object of another kind.

    Cost:
        GUDHI hands out its simplices one by one: O(n) Python steps, about 1 µs each.

    Example:
        >>> import gudhi
        >>> tree = gudhi.SimplexTree()
        >>> _ = tree.insert([0, 1, 2], filtration=0.5)
        >>> from_gudhi(tree).f_vector
        (3, 3, 1)
    """
    if not (hasattr(tree, "get_simplices") and hasattr(tree, "num_vertices")):
        raise TypeError(f"tree must be a gudhi.SimplexTree, got {type(tree).__name__}.")
    vertices: dict[int, list[int]] = {}
    values: dict[int, list[float]] = {}
    for simplex, value in tree.get_simplices():
        vertices.setdefault(len(simplex) - 1, []).extend(simplex)
        values.setdefault(len(simplex) - 1, []).append(value)
    blocks = {k: np.array(flat).reshape(-1, k + 1) for k, flat in vertices.items()}
    names = np.sort(blocks[0][:, 0]) if blocks else np.empty(0, np.int64)
    rows = {k: torch.from_numpy(np.searchsorted(names, block)) for k, block in blocks.items()}
    K = SimplicialComplex.from_simplices(list(rows.values()), num_vertices=len(names))
    filtration = []
    for k in range(K.dim + 1):
        value = torch.empty(K.num_simplices(k), dtype=torch.float64)
        value[K.index(rows[k])] = torch.tensor(values[k], dtype=torch.float64)
        filtration.append(value)
    gaps = len(names) > 0 and int(names[-1]) >= len(names)
    return K.with_filtration(filtration).with_vertex_labels(names.tolist() if gaps else None)


def to_gudhi(K: SimplicialComplex) -> Any:
    """A ``gudhi.SimplexTree`` of the complex, on its vertex numbers, with its filtration values.

    Args:
        K: any complex; without filtration every simplex gets 0.

    Returns:
        The tree; inserted dimension by dimension in bulk.

    Raises:
        ValueError: a filtration value is NaN, which a union gives to parts that have none.
    """
    import gudhi

    tree = gudhi.SimplexTree()
    for k in range(K.dim + 1):
        rows = K.simplices(k).cpu().numpy()
        value = np.zeros(len(rows))
        if K.filtration is not None:
            value = K.filtration[k].detach().double().cpu().numpy()
        if np.isnan(value).any():
            raise ValueError(
                f"filtration values must be numbers, got NaN in dimension {k}. "
                "Set them with complex.with_filtration(values)."
            )
        tree.insert_batch(np.ascontiguousarray(rows.T), value)
    return tree
