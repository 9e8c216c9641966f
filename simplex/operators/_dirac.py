"""The Dirac operator: the square root of all Hodge Laplacians at once."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, on_free_threads, require_complex
from simplex.operators._checks import require_signed_dtype


@on_free_threads()
def dirac_operator(K: SimplicialComplex, *, dtype: torch.dtype | None = None) -> Tensor:
    r"""The Dirac operator D = ∂ + ∂ᵀ on the cochains of all degrees.

    .. math:: D = \begin{pmatrix} 0 & \partial_1 \\ \partial_1^\top & 0 & \partial_2 \\
              & \partial_2^\top & 0 & \ddots \\ & & \ddots & \ddots \end{pmatrix}

    Args:
        K: the complex.
        dtype: of the entries, signed integers or floats; ``None`` for torch's default.

    Returns:
        Sparse COO (N, N), coalesced, with N = n_0 + … + n_dim; blocks in the order of the degrees.

    Raises:
        TypeError: ``K`` is no complex, or ``dtype`` none of torch.
        ValueError: a dtype that cannot hold -1, or of complex numbers.

    Laws:
        Symmetric; D² = blockdiag(L_0, …, L_dim); dim ker D = β_0 + … + β_dim.

    Reference:
        Bianconi, "The topological Dirac equation of networks and simplicial complexes",
        J. Phys. Complexity 2, 2021.

    Example:
        >>> from simplex import SimplicialComplex
        >>> dirac_operator(SimplicialComplex.from_simplices([(0, 1)])).to_dense()
        tensor([[ 0.,  0., -1.],
                [ 0.,  0.,  1.],
                [-1.,  1.,  0.]])
    """
    require_complex("K", K)
    dtype = require_signed_dtype(dtype)
    rows, columns, signs, start = [], [], [], 0
    for k in range(1, K.dim + 1):
        facets, below = K.facets(k), K.num_simplices(k - 1)
        simplex = torch.arange(len(facets), device=K.device)[:, None].expand(facets.shape)
        rows.append(facets.flatten() + start)
        columns.append(simplex.flatten() + start + below)
        signs.append(K.facet_signs(k).flatten())
        start += below
    total = sum(K.f_vector)
    empty = torch.empty(0, dtype=torch.int64, device=K.device)
    row, column = torch.cat([empty, *rows]), torch.cat([empty, *columns])
    sign = torch.cat([empty, *signs]).to(dtype)
    index = torch.stack([torch.cat([row, column]), torch.cat([column, row])])
    values = torch.cat([sign, sign])
    return torch.sparse_coo_tensor(index, values, (total, total), check_invariants=False).coalesce()
