"""The spring layout of networkx."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int
from simplex.plot._checks import require_lifted


_LARGEST_LAYOUT = 5000  # vertices; the spring layout costs their square


def spring_layout(K: SimplicialComplex, *, seed: int = 0, dims: int = 2) -> Tensor:
    """Positions in the plane or in space by networkx's spring layout of the 1-skeleton.

    Args:
        K: the complex.
        seed: of the random start; the same seed gives the same picture.
        dims: 2 or 3.

    Returns:
        (n_0, dims) float64.

    Raises:
        TypeError: ``K`` is no complex, or ``seed`` or ``dims`` no integer.
        ValueError: more than 5,000 vertices, which would take minutes; see :func:`pivot_layout`.

    Example:
        >>> spring_layout(SimplicialComplex.from_simplices([(0, 1, 2)])).shape
        torch.Size([3, 2])
    """
    import networkx as nx
    import numpy as np

    from simplex.interop import to_networkx

    require_lifted(K)
    require_int("seed", seed, least=0, most=2**32 - 1)
    dims = require_int("dims", dims, 2, 3)
    count = K.num_simplices(0)
    if count > _LARGEST_LAYOUT:
        raise ValueError(
            f"a complex must have at most {_LARGEST_LAYOUT} vertices to be laid out, got {count}. "
            "Take pivot_layout, pass positions=, or draw a part of it."
        )
    if count == 0:
        return torch.zeros(0, dims, dtype=torch.float64)
    graph = to_networkx(K.with_vertex_labels(None))
    place = nx.spring_layout(
        graph, seed=seed, k=2.5 / count ** (1 / dims), iterations=100, dim=dims
    )
    return torch.from_numpy(np.array([place[v] for v in range(count)], dtype=np.float64))
