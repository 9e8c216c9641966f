"""What the diffusion of complexes refuses besides, and in which words."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.diffusion._checks import kind_of, require_instance, require_number


def require_state(K: SimplicialComplex, present: Any) -> None:
    """Refuse what does not say of each simplex whether it is there."""
    listed = list(present) if isinstance(present, Sequence) else [present]
    wanted = [(K.num_simplices(k),) for k in range(K.dim + 1)]
    kinds = [isinstance(mask, Tensor) and mask.dtype == torch.bool for mask in listed]
    if not all(kinds) or [tuple(mask.shape) for mask in listed] != wanted:
        raise (ValueError if all(kinds) else TypeError)(
            f"present must be a list of bool tensors, one per dimension, of shapes {wanted}, got "
            f"{[kind_of(mask) for mask in listed]}."
        )


def require_of_process(name: str, size: int, met: int, what: str) -> None:
    """Refuse a scorer that was made for a smaller process."""
    if met > size:
        raise ValueError(
            f"{name} of the scorer must be that of the process, got {size} and {what} {met}. "
            f"Give {name}=process.{name}."
        )


def require_vertex_numbers(num_vertices: object) -> None:
    """Refuse one number in place of a sequence, and what counts nothing."""
    if not isinstance(num_vertices, Iterable):
        raise TypeError(
            "num_vertices must be a sequence, one number for each complex to be generated, got "
            f"{num_vertices!r}. For one complex give [{num_vertices!r}]."
        )
    counts = num_vertices.tolist() if isinstance(num_vertices, Tensor) else list(num_vertices)
    if not isinstance(num_vertices, Tensor) or num_vertices.dtype == torch.bool:
        for n in counts:
            require_number("num_vertices", n)
    if any(not math.isfinite(n) for n in counts) or any(n < 0 or n != int(n) for n in counts):
        raise ValueError(f"num_vertices must be whole numbers, at least 0, got {counts}.")


def require_kept_vertices(survival: Tensor) -> None:
    """Refuse a process that lets vertices die."""
    if not bool((survival[:, 0] == 1).all()):
        raise ValueError(
            "the process must keep the vertices, survival 1 in dimension 0, got "
            f"{float(survival[-1, 0]):.4g} at T. Vertices have no facets to score them by."
        )


def require_bare_end(survival: Tensor) -> None:
    """Refuse a process that does not end in bare vertices."""
    if survival.shape[1] > 1 and float(survival[-1, 1]) != 0:
        raise ValueError(
            "the process must end in bare vertices, survival 0 of the edges at T, got "
            f"{float(survival[-1, 1]):.4g}."
        )


def require_times_of_parts(K: SimplicialComplex, t: Any) -> None:
    """Refuse times that are not one for each part of a complex."""
    require_instance("t", t, Tensor)
    if t.shape != (K.num_parts,):
        raise ValueError(f"t must be of shape ({K.num_parts},), got {tuple(t.shape)}.")
