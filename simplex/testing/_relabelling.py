"""A complex with renamed vertices, and where its simplices have gone."""

from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, integer_tensor, require_complex, shown


class Relabelling(NamedTuple):
    """A complex with renamed vertices, every simplex oriented as it was.

    Attributes:
        complex: the renamed complex, with the orientation carried along: its boundary matrices are
            the old ones with rows and columns permuted, P_{k-1} ∂_k P_kᵀ.
        place: for each k the (n_k,) new ids of the k-simplices.
    """

    complex: SimplicialComplex
    place: list[Tensor]

    def move(self, x: Tensor, k: int) -> Tensor:
        """The k-cochain ``x`` on the renamed complex: P_k x."""
        return torch.empty_like(x).index_copy(0, self.place[k], x)


def relabel(K: SimplicialComplex, names: Tensor) -> Relabelling:
    """Rename vertex v to ``names[v]`` and say where each simplex has gone.

    Args:
        K: the complex, read as one part.
        names: (n_0,) a permutation of 0 … n_0-1.

    Raises:
        ValueError: ``names`` is no permutation.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> moved = relabel(K, torch.tensor([2, 0, 1]))
        >>> moved.complex.simplices(1).tolist(), moved.place[1].tolist()
        ([[0, 1], [0, 2]], [1, 0])
        >>> moved.complex.orientation(1).tolist()  # (0, 1) went to (2, 0)
        [1, -1]
    """
    require_complex("K", K)
    count = K.num_simplices(0)
    names = integer_tensor("names", names)
    if names.is_meta or sorted(names.flatten().tolist()) != list(range(count)):
        raise ValueError(f"names must be a permutation of 0 … {count - 1}, got {shown(names)}.")
    names = names.flatten()
    rows = [names[K.simplices(k)] for k in range(max(K.dim, 0) + 1)]
    image = SimplicialComplex.from_simplices(rows, num_vertices=count, directed=K.directed)
    place = [image.index(each) if len(each) else each[:, 0] for each in rows]
    signs = {}
    for k in range(1, K.dim + 1):
        turned = 1 if K.directed else _permutation_sign(rows[k]).to(torch.int8)
        sign = turned * K.orientation(k)
        signs[k] = torch.empty_like(sign).index_copy(0, place[k], sign)
    return Relabelling(image.reorient(signs), place)


def _permutation_sign(rows: Tensor) -> Tensor:
    """The sign of the permutation that sorts each row: -1 to the number of inversions."""
    later = torch.ones(rows.shape[1], rows.shape[1], dtype=torch.bool).triu(1)
    inversions = ((rows[:, :, None] > rows[:, None, :]) & later).sum((1, 2))  # of (n_k, k+1, k+1)
    return 1 - 2 * (inversions % 2)
