"""What the package refuses: edges that are none, and edges that are no longer those of the lift."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, any_tensor


def require_complex(name: str, K: object) -> None:
    """A complex, and no graph."""
    if not isinstance(K, SimplicialComplex):
        raise TypeError(
            f"{name} must be a SimplicialComplex, got {type(K).__name__}. Lift a graph with "
            "simplex.lifting.clique_complex, or a PyG Data with simplex.transforms.CliqueLift."
        )


def require_cochains(K: SimplicialComplex, x: Any, top: int) -> list[Tensor]:
    """One cochain per dimension 0 … top, or of the vertices alone, or none; arrays become tensors.

    More than top+1 are cut.
    """
    given = [x] if isinstance(x, (Tensor, np.ndarray)) else x or ()
    if not isinstance(given, (list, tuple)):
        raise TypeError(
            "x must be a tensor of vertex features, or a list with one tensor per dimension, got "
            f"{type(x).__name__}."
        )
    cochains = []
    for k, values in enumerate(given[: top + 1]):
        if isinstance(values, np.ndarray):
            values = any_tensor(f"x[{k}]", values)
        if not isinstance(values, Tensor):
            raise TypeError(f"x[{k}] must be a tensor, got {type(values).__name__}.")
        if values.ndim == 0 or len(values) != K.num_simplices(k):
            raise ValueError(
                f"x[{k}] must have one row per {k}-simplex ({K.num_simplices(k)}), got "
                f"shape {tuple(values.shape)}."
            )
        cochains.append(values)
    return cochains


def kept_vertices(subset: Any, count: int) -> Tensor:
    """The (n_0,) mask of the vertices that are kept, from a mask or from ids."""
    chosen = any_tensor("subset", subset)
    if chosen.is_meta:
        raise ValueError("subset must hold values, got a tensor on the device meta.")
    if chosen.numel() == 0 and not isinstance(subset, Tensor):
        chosen = chosen.long()  # an empty list
    if chosen.dtype == torch.bool:
        if chosen.shape != (count,):
            raise ValueError(
                f"subset must be a mask of shape ({count},), or ids, got a mask of shape "
                f"{tuple(chosen.shape)}."
            )
        return chosen
    if chosen.is_floating_point() or chosen.is_complex() or chosen.ndim != 1:
        raise TypeError(
            f"subset must be a mask (n_0,) or a list of vertex ids, got {chosen.dtype} of shape "
            f"{tuple(chosen.shape)}."
        )
    chosen = chosen.long()
    if bool(((chosen < 0) | (chosen >= count)).any()):
        raise IndexError(f"subset must hold vertex ids in 0 … {count - 1}, got others.")
    return torch.zeros(count, dtype=torch.bool, device=chosen.device).index_fill_(0, chosen, True)


def require_edge_table(edge_index: Any) -> Tensor:
    """An ``edge_index`` of PyG as a plain (2, E) int64 tensor."""
    if not isinstance(edge_index, Tensor):
        raise TypeError(
            f"edge_index must be a tensor (2, E), got {type(edge_index).__name__}. "
            "Convert it with torch.as_tensor."
        )
    if edge_index.is_floating_point() or edge_index.is_complex() or edge_index.dtype == torch.bool:
        raise TypeError(
            f"edge_index must hold integer vertex ids, got {edge_index.dtype}. "
            "Convert it with .long()."
        )
    if edge_index.ndim != 2 or edge_index.shape[0] != 2:
        raise ValueError(f"edge_index must have shape (2, E), got {tuple(edge_index.shape)}.")
    return edge_index.as_subclass(Tensor).long()


def require_ids(edges: Tensor, sizes: Tensor) -> None:
    """Vertex ids of (2, E) edges in 0 … n_0-1; ``sizes`` is n_0, or (E,) that of each column."""
    wrong = edges[(edges < 0) | (edges >= sizes)]
    if wrong.numel():
        raise ValueError(
            f"edge_index must hold ids of vertices of the complex, got {int(wrong[0])} where "
            f"n_0 is {int(sizes.max())} at most."
        )


def require_ids_after_lift(edges: Tensor, count: int) -> None:
    """Vertex ids in 0 … count-1, in edges that may have changed after the lift."""
    if edges.numel() and not 0 <= int(edges.min()) <= int(edges.max()) < count:
        raise ValueError(
            f"edge_index must hold ids below the {count} vertices of the complex, got others. "
            "A transform or an assignment changed the edges: apply it before the lift."
        )


def require_edges_of_lift(found: Tensor, made_of: Tensor, *, known: bool) -> None:
    """Fingerprints (m, 2) of the stored edges and of those that the complex was made of."""
    if torch.equal(found, made_of):
        return
    now, then = int(found[:, 0].sum()), int(made_of[:, 0].sum())
    count = f"{now} others" if now == then else f"{now}"
    if known:
        raise ValueError(
            f"edge_index must hold the {then} undirected edges that the complex was made of, got "
            f"{count}. A transform or an assignment changed the edges: apply it before the lift."
        )
    raise ValueError(
        f"edge_index must hold the {then} edges of the complex when it was not given to "
        f"from_complex, got {count}. Apply what changes edges before the lift; give other edges to "
        "from_complex, or store them under another name."
    )


def require_stored(keys: list[str], store: Any) -> None:
    """The facet tables, without which there is no complex."""
    missing = [key for key in keys if key not in store]
    if missing:
        raise ValueError(
            f"{', '.join(missing)} must be stored for the fields to be read as a complex, got none."
            " Do not exclude them from a batch; build the object with SimplicialData.from_complex."
        )


def require_counts(stored: list[int], counted: list[int]) -> None:
    """How many simplices the fields hold, and how many ``num_simplices`` says."""
    if stored != counted:
        raise ValueError(
            f"num_simplices must count the stored simplices, got {counted} for {stored}. "
            "A transform changed the vertices or the edges: apply it before the lift."
        )


def require_rows(keys: list[str], cochains: list[Any], counts: list[int]) -> None:
    """One row of each cochain for each simplex, also where a transform has set another."""
    for key, values, count in zip(keys, cochains, counts, strict=True):
        if not isinstance(values, Tensor) or not values.ndim or len(values) != count:
            got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
            raise ValueError(
                f"{key} must be a tensor with one row per simplex ({count}), got {got}. What cuts "
                "or pads features comes before the lift."
            )


def require_same_fields(keys: list[set[str]], numbers: Sequence[int] | None = None) -> None:
    """The field names of the items of a batch, or of those with these numbers."""
    numbers = range(len(keys)) if numbers is None else numbers
    every = set().union(*keys)
    for place, own in enumerate(keys):
        missing = sorted(every - own)
        if missing:
            other = next(i for i, each in enumerate(keys) if missing[0] in each)
            raise ValueError(
                f"all items must have the same fields, got no {missing[0]!r} in item "
                f"{numbers[place]} and one in item {numbers[other]}. Set it in all of them, or "
                "leave it out."
            )


def require_same_widths(items: list[dict[str, Any]]) -> None:
    """The shapes of the cochains and tables of the items, but for their lengths."""
    for key, value in items[0].items():
        for place, item in enumerate(items):
            other = item.get(key)
            if not isinstance(value, Tensor) or not isinstance(other, Tensor):
                continue
            if "index" not in key and value.shape[1:] != other.shape[1:]:
                raise ValueError(
                    f"{key} must have the same shape in all items but for its first "
                    f"axis, got {tuple(value.shape)} in item 0 and {tuple(other.shape)} in item "
                    f"{place}."
                )
            if value.device != other.device:
                raise ValueError(
                    f"{key} must be on one device in all items, got {value.device} in "
                    f"item 0 and {other.device} in item {place}."
                )
