"""A complex as a heterogeneous graph of PyG: a type of nodes for each dimension."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_complex, shown


def to_hetero(K: SimplicialComplex, x: Sequence[Tensor] | None = None) -> Any:
    """A ``torch_geometric.data.HeteroData`` whose nodes of type ``dim_k`` are the k-simplices.

    For every k there are edges ``("dim_{k-1}", "bounds", "dim_k")`` from each facet to its simplex
    and ``("dim_k", "contains", "dim_{k-1}")`` back; their ``edge_attr`` (E, 1) is the sign in the
    boundary. PyG's heterogeneous layers, loaders and explainers then work on simplices.

    Args:
        K: the complex, undirected or directed.
        x: for each dimension the features (n_k, F_k), as ``x``; ``None`` for none.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: features that do not have a row for each simplex.

    Laws:
        ``from_hetero(to_hetero(K, x))`` is the complex and its features.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> to_hetero(K)["dim_1", "bounds", "dim_2"].edge_index.tolist()
        [[2, 1, 0], [0, 0, 0]]
    """
    from torch_geometric.data import HeteroData

    require_complex("K", K)
    if x is not None and not isinstance(x, (list, tuple)):
        raise TypeError(f"x must be a list of tensors, one for each dimension, got {shown(x)}.")
    given = list(x or ())
    if len(given) > K.dim + 1:
        raise ValueError(f"x must have features of dimensions 0 … {K.dim}, got {len(given)}.")
    data = HeteroData()
    for k in range(K.dim + 1):
        data[f"dim_{k}"].num_nodes = K.num_simplices(k)
        if k < len(given) and given[k] is not None:
            if not isinstance(given[k], Tensor) or given[k].shape[:1] != (K.num_simplices(k),):
                raise ValueError(
                    f"x[{k}] must be a tensor of {K.num_simplices(k)} rows, one for each simplex, "
                    f"got {shown(given[k])}."
                )
            data[f"dim_{k}"].x = given[k]
        if k:
            facets = K.facets(k)
            above = torch.arange(len(facets), device=K.device).repeat_interleave(k + 1)
            index = torch.stack([facets.flatten(), above])
            signs = K.facet_signs(k).flatten()[:, None].to(torch.get_default_dtype())
            up = data[f"dim_{k - 1}", "bounds", f"dim_{k}"]
            down = data[f"dim_{k}", "contains", f"dim_{k - 1}"]
            up.edge_index, up.edge_attr = index, signs
            down.edge_index, down.edge_attr = index.flip(0), signs
    return data


def from_hetero(data: Any) -> tuple[SimplicialComplex, list[Tensor | None]]:
    """The complex of a :func:`to_hetero` object, and the features of each dimension.

    Simplices may be numbered in another order: features follow them. The orientation is that of
    increasing vertex numbers.

    Args:
        data: a ``HeteroData`` with the types ``dim_0``, ``dim_1``, … and the edges ``bounds``.

    Raises:
        TypeError: an object of another kind.
        ValueError: a simplex without all its facets, as a sampled neighbourhood has them, two with
            the same vertices, or one whose facets do not fit together.
    """
    if not (hasattr(data, "node_types") and hasattr(data, "edge_types")):
        raise TypeError(f"data must be a torch_geometric HeteroData, got {type(data).__name__}.")
    dims = [k for k in range(len(data.node_types)) if f"dim_{k}" in data.node_types]
    if dims != list(range(len(data.node_types))) or not dims:
        got = ", ".join(map(repr, data.node_types)) or "none"
        raise ValueError(f"data must have the types of nodes dim_0, dim_1, …, got {got}.")
    count = int(data["dim_0"].num_nodes)
    rows = [torch.arange(count)[:, None]]
    for k in dims[1:]:
        edge_type = (f"dim_{k - 1}", "bounds", f"dim_{k}")
        if edge_type not in data.edge_types:
            raise ValueError(f"data must have edges of the type {edge_type}, got none.")
        below, above = data[edge_type].edge_index.cpu()
        size = int(data[f"dim_{k}"].num_nodes)
        if not bool((above.bincount(minlength=size) == k + 1).all()):
            raise ValueError(f"every {k}-simplex must have its {k + 1} facets, got others.")
        order = above.sort(stable=True).indices
        met = rows[k - 1][below[order]].view(size, -1).sort(1).values  # each vertex k times
        simplices = met[:, ::k]
        if met.shape[1] != k * (k + 1) or not torch.equal(simplices.repeat_interleave(k, 1), met):
            raise ValueError(f"the facets of a {k}-simplex must fit together, got others.")
        rows.append(simplices)
    K = SimplicialComplex.from_simplices([block for block in rows if len(block)], count)
    if K.f_vector != tuple(len(block) for block in rows[: K.dim + 1]):
        raise ValueError("every simplex must be there once, with its facets, got others.")
    features: list[Tensor | None] = []
    for k in dims[: K.dim + 1]:
        x = data[f"dim_{k}"].get("x")
        features.append(None if x is None else x[K.index(rows[k]).argsort().to(x.device)])
    return K, features
