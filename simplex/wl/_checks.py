"""What the tests of isomorphism refuse: what is no complex, and words that name no adjacency."""

import os
from collections.abc import Iterable, Sequence

import numpy as np
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int, require_memory, shown
from simplex.operators import ADJACENCIES
from simplex.wl._copies import Marks


MOST_MARKS = 20  # as many simplices have 2·10¹⁸ orders, more than anybody waits for


def require_room_to_refine(complexes: Sequence[SimplicialComplex]) -> None:
    """Raise ``ValueError`` where colours and hashes of all simplices would not fit in memory."""
    if not complexes:
        return
    simplices = sum(sum(K.f_vector) for K in complexes)
    # Colours or hashes of two rounds, words of the facets, what a sort needs, final colours.
    num_bytes = 8 * 7 * simplices
    what = f"the refinement of {simplices} simplices"
    remedy = "Take complexes of lower dimension, K.skeleton(k), or fewer at once."
    require_memory(num_bytes, complexes[0].device, what, remedy)


def require_adjacencies(adjacencies: Iterable[str]) -> set[str]:
    """The names as a set; a single word is refused, as it would be read letter by letter."""
    given: object = adjacencies
    if isinstance(given, (Tensor, np.ndarray)) or not isinstance(given, Iterable):
        raise TypeError(
            f"adjacencies must be a collection of names among {', '.join(ADJACENCIES)}, got "
            f"{shown(given)}."
        )
    names = [adjacencies] if isinstance(adjacencies, str) else list(adjacencies)
    unknown = [name for name in names if name not in ADJACENCIES]
    if isinstance(adjacencies, str) or unknown:
        raise ValueError(
            f"adjacencies must be a collection of names among {', '.join(ADJACENCIES)}, got "
            f"{adjacencies if isinstance(adjacencies, str) else unknown!r}."
        )
    return set(names)


def runs_in_tasks(K: object, *options: object) -> bool:
    """Whether a complex is in a folder, or any option of a refinement by tasks is given."""
    return isinstance(K, (str, os.PathLike)) or any(option is not None for option in options)


def require_marks(marks: object, mark_dim: object, size: int) -> Marks:
    """What is marked in the copies, which are refined in blocks of so many simplices."""
    number = require_int("marks", marks, 0, MOST_MARKS)
    return Marks(number, require_int("mark_dim", mark_dim, 0), size)


def require_unmarked(K: object, folder: object, executor: object) -> None:
    """Raise ``ValueError`` where marked copies would be refined by tasks."""
    if isinstance(K, (str, os.PathLike)):
        raise ValueError(
            f"marks must be 0 for a complex in a folder, got {os.fspath(K)!r}. Open it first: "
            "simplex.storage.open_complex(folder)."
        )
    if folder is not None or executor is not None:
        name = "executor" if folder is None else "folder"
        raise ValueError(
            f"marks must be 0 with {name}: marked copies are refined in memory, block by block. "
            f"Leave {name} out, or sort many complexes by distinguish."
        )


def require_test(test: object) -> None:
    """Raise unless ``test`` can be a refinement."""
    if isinstance(test, SimplicialComplex):
        raise TypeError("test must be a refinement, got a complex. Put the complexes into a list.")
    if not callable(test):
        raise TypeError(
            f"test must be a refinement such as simplex.wl.simplicial_wl, got {shown(test)}."
        )
