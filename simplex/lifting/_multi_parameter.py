"""Random complexes with a probability for each dimension."""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    fillable_simplices,
    on_free_threads,
    require_generator,
    require_real,
    shown,
    with_simplices,
)
from simplex.lifting._random import random_clique_complex


@on_free_threads()
def multi_parameter_complex(
    num_vertices: int,
    probabilities: Sequence[float] | Tensor,
    *,
    generator: torch.Generator | None = None,
    max_simplices: int | None = None,
) -> SimplicialComplex:
    r"""A random complex of Costa and Farber: each simplex with its boundary by a probability.

    Edges are drawn with p_1; then of the triangles whose edges are there each with p_2, of the
    tetrahedra whose triangles are there each with p_3, and so on:

    .. math:: P(K) = \prod_k p_k^{n_k} (1 - p_k)^{m_k},

    m_k being the number of k-simplices that are not in K although their boundary is. (p, 1, 1, …)
    is the clique complex of G(n, p); (p, q) are its triangles, each kept with q (XGI's "flag
    complex d2"); (1, …, 1, p) is the model of Linial and Meshulam.

    Args:
        num_vertices: n.
        probabilities: p_1, …, p_D in [0, 1]; the dimension is at most D.
        generator: source of randomness; ``None`` for torch's own.
        max_simplices: most edges and vertices that may be drawn; ``None`` for what fits in memory.

    Returns:
        The complex, on the generator's device.

    Raises:
        TypeError: probabilities that are no numbers.
        ValueError: one outside [0, 1], or a complex that does not fit in memory.

    Cost:
        The edges by their gaps, and in each dimension the simplices whose boundary is there.

    Paper:
        Costa, Farber, "Large random simplicial complexes, I", 2016.

    Example:
        >>> multi_parameter_complex(5, [1.0, 1.0, 0.0]).f_vector
        (5, 10, 10)
    """
    require_generator(generator)
    given: object = probabilities
    if isinstance(given, Tensor) and given.ndim == 1 and not given.is_meta:
        given = given.tolist()
    if not isinstance(given, (list, tuple)):
        raise TypeError(f"probabilities must be a list of numbers in [0, 1], got {shown(given)}.")
    chances = [require_real(f"probabilities[{i}]", p, 0, 1) for i, p in enumerate(given)]
    K = random_clique_complex(
        num_vertices,
        chances[0] if chances else 0.0,
        1,
        generator=generator,
        max_simplices=max_simplices,
    )
    for k, chance in enumerate(chances[1:], start=2):
        if K.dim < k - 1:
            break
        candidates = fillable_simplices(K, k)
        uniform = torch.rand(
            len(candidates), generator=generator, dtype=torch.float64, device=K.device
        )
        K = with_simplices(K, k, candidates[uniform < chance])[0]
    return K
