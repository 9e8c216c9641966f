"""The disjoint union of complexes, which is again a complex, and the way back."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes._checks import require_complex
from simplex.complexes._complex import SimplicialComplex
from simplex.complexes._machine import require_memory
from simplex.complexes._tables import require_edge_keys
from simplex.complexes._threads import on_free_threads


@on_free_threads()
def disjoint_union(complexes: Any) -> SimplicialComplex:
    """Concatenate the facet tables of the parts, ids shifted: see the method of the class."""
    listed = isinstance(complexes, Iterable) and not isinstance(complexes, (Tensor, np.ndarray))
    if isinstance(complexes, SimplicialComplex) or not listed:
        raise TypeError(
            f"complexes must be a list of complexes, got {type(complexes).__name__}. Write "
            "disjoint_union([A, B])."
        )
    parts = [require_complex(f"complexes[{p}]", part) for p, part in enumerate(complexes)]
    devices = sorted({str(part.device) for part in parts})
    if len(devices) > 1:
        raise ValueError(f"all complexes must be on one device, got {devices}.")
    device = torch.device(devices[0]) if devices else torch.device("cpu")
    directed = {part.directed for part in parts}
    if len(directed) > 1:
        raise ValueError(
            "complexes must be all directed or all undirected, got both. Lift all graphs with "
            "simplex.lifting.directed_flag_complex, or all with clique_complex."
        )
    top = max((part.dim for part in parts), default=-1)
    sizes = torch.tensor(
        [[part.num_simplices(k) for part in parts] for k in range(max(top, 0) + 1)],
        dtype=torch.int64,
    )
    offsets, sizes = (sizes.cumsum(1) - sizes).to(device), sizes.to(device)
    num_vertices = int(sizes[0].sum())
    require_edge_keys(num_vertices)
    entries = sum(part.facets(k).numel() for part in parts for k in range(1, part.dim + 1))
    what = f"the disjoint union of {len(parts)} complexes"
    require_memory(entries * 16, device, what, "Take fewer or smaller complexes.")
    facets = [
        torch.cat([part.facets(k) for part in parts])
        + offsets[k - 1].repeat_interleave(sizes[k])[:, None]
        for k in range(1, top + 1)
    ]
    return SimplicialComplex(
        num_vertices,
        facets,
        orientation=_gather(parts, top, "_orientation", SimplicialComplex.orientation),
        filtration=_gather(parts, top, "_filtration", _no_value),
        vertex_labels=_gather_labels(parts),
        part_pointer=torch.cat([sizes.new_zeros(1), sizes[0].cumsum(0)]),
        directed=directed == {True},
        device=device,
    )


def _no_value(part: SimplicialComplex, k: int) -> Tensor:
    return torch.full((part.num_simplices(k),), torch.nan, device=part.device)


def _gather(
    parts: Sequence[SimplicialComplex],
    top: int,
    name: str,
    default: Callable[[SimplicialComplex, int], Tensor],
) -> list[Tensor] | None:
    """Per dimension the values of all parts; ``default`` where a part has none."""
    own: list[Sequence[Tensor] | None] = [getattr(part, name) for part in parts]
    if all(values is None for values in own):
        return None
    return [
        torch.cat(
            [
                default(part, k) if values is None or k > part.dim else values[k]
                for part, values in zip(parts, own, strict=True)
            ]
        )
        for k in range(top + 1)
    ]


def _gather_labels(parts: Sequence[SimplicialComplex]) -> list[Hashable] | None:
    if all(part.vertex_labels is None for part in parts):
        return None
    return [label for part in parts for label in part.vertex_labels or range(part.num_simplices(0))]


@on_free_threads()
def split(union: SimplicialComplex) -> list[SimplicialComplex]:
    """Cut the tables at the part pointers, ids shifted back."""
    degrees = range(max(union.dim, 0) + 1)
    pointers = [union.part_pointer(k).tolist() for k in degrees]
    tables = [union.facets(k) for k in degrees]

    def cut(values: Sequence[Tensor] | None, spans: list[slice]) -> list[Any] | None:
        if values is None:
            return None
        filled = [span.stop > span.start for span in spans]
        return [values[k][spans[k]] for k in degrees if any(filled[k:])]

    result = []
    for p in range(union.num_parts):
        spans = [slice(pointer[p], pointer[p + 1]) for pointer in pointers]
        labels = None if union.vertex_labels is None else union.vertex_labels[spans[0]]
        result.append(
            SimplicialComplex(
                spans[0].stop - spans[0].start,
                [tables[k][spans[k]] - pointers[k - 1][p] for k in degrees[1:]],
                orientation=cut(union._orientation, spans),
                filtration=cut(union.filtration, spans),
                vertex_labels=labels,
                directed=union.directed,
                device=union.device,
            )
        )
    return result
