"""The tables of a data set whose items are the parts of one union."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.data._checks import require_complex
from simplex.data._edges import with_fingerprint
from simplex.data._gather import require_length
from simplex.data._simplicial_data import LABELS, SimplicialData, cochain_keys
from simplex.data._storage import DIRECTED


def items_of_union(
    union: SimplicialComplex,
    cochains: Sequence[Tensor],
    max_dim: int | None,
    fields: Mapping[str, Any] | None,
    slices: Mapping[str, Tensor] | None,
) -> tuple[SimplicialData, dict[str, Tensor]]:
    """The fields of all items, ids counting from each, and where the items start in them."""
    require_complex("union", union)
    for name, given in (("fields", fields), ("slices", slices)):
        if given is None:
            continue
        if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
            raise TypeError(f"{name} must be a mapping from names to tensors, got {given!r}.")
    fields = with_fingerprint(union, fields or {}, slices or {})
    data = SimplicialData.from_complex(union, cochains, max_dim=max_dim, **fields)
    top, by_item = data.max_dim, torch.arange(union.num_parts + 1)
    own = [key for key in ("num_simplices", DIRECTED) if key in data]
    bounds = dict.fromkeys([*own, *fields], by_item) | dict(slices or {})
    for key, value in fields.items():
        if isinstance(bounds[key], Tensor) and bounds[key].ndim == 1:
            require_length(data, key, value, int(bounds[key][-1]))
    pointers = [union.part_pointer(k) for k in range(top + 1)]
    for k, key in enumerate(cochain_keys(top)):
        if key in data:
            bounds[key] = pointers[k]
    for k in range(1, top + 1):
        first_facet = pointers[k - 1][:-1].repeat_interleave(pointers[k].diff())
        data[f"facets_{k}"] = union.facets(k) - first_facet[:, None]  # (n_k, k+1)
        bounds[f"facets_{k}"] = pointers[k]
    for k, name in itertools.product(range(top + 1), ("orientation", "filtration")):
        if f"{name}_{k}" in data:
            bounds[f"{name}_{k}"] = pointers[k]
    if union.vertex_labels is not None:
        bounds[LABELS] = by_item
    if union.vertex_labels is not None and union.num_parts != 1:
        spans = itertools.pairwise(pointers[0].tolist())
        data[LABELS] = [list(union.vertex_labels[a:b]) for a, b in spans]
    data._num_nodes = pointers[0].diff().tolist()
    return data, bounds
