"""Many complexes in blocks, each refined by a task of its own; labels mean the same in all."""

import math
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_complex, torch_threads
from simplex.storage import Place, open_complex, opened_in, pointer_ranges, run_tasks
from simplex.wl._coloring import by_first_appearance
from simplex.wl._copies import Copies, Marks
from simplex.wl._histories import last_moment
from simplex.wl._marked import marked_hashes
from simplex.wl._parts import part_pointers, some_parts
from simplex.wl._recipes import Recipe


def labels_by_blocks(
    blocks: Iterable[tuple[Any, ...]], recipe: Recipe, executor: Executor | None
) -> Tensor:
    """Equal labels for complexes that the test does not tell apart, by first appearance."""
    todo = ((recipe, *block) for block in blocks)
    hashes = list(run_tasks(hash_parts, todo, executor))
    return by_first_appearance(torch.from_numpy(np.concatenate([np.empty(0, np.int64), *hashes])))


def hash_parts(
    recipe: Recipe,
    union: SimplicialComplex | Place,
    first: int | None = None,
    stop: int | None = None,
) -> np.ndarray:
    r"""A 64-bit hash for each part of a union: equal where the test does not tell two apart.

    Args:
        recipe: the test.
        union: the complexes, or the folder of their union.
        first: the first part, if some are meant.
        stop: the part after the last.
    """
    K = open_complex(union.found()) if isinstance(union, Place) else union
    if first is not None and stop is not None:
        K = some_parts(K, first, stop)
    with torch_threads(1):  # other tasks have the other cores
        if recipe.marks.number:
            return marked_hashes(recipe, K).numpy()
        problem = recipe.problem(K, **recipe.options)
        return last_moment(problem, recipe.max_rounds).hashes.sum(0).numpy()


def blocks_of_items(
    complexes: Iterable[SimplicialComplex], marks: Marks
) -> Iterator[list[SimplicialComplex]]:
    """Lists of consecutive complexes with about so many simplices of copies together."""
    block: list[SimplicialComplex] = []
    held, directed = 0, None
    for i, K in enumerate(complexes):
        block.append(require_complex(f"complexes[{i}]", K))
        if K.directed != directed and directed is not None:
            raise ValueError(
                f"complexes must be all directed or all undirected, got both: complexes[{i}] is "
                "the first of the other kind."
            )
        directed = K.directed
        marked = K.num_simplices(marks.dim) if marks.dim <= K.dim else 0
        held += sum(K.f_vector) * max(math.perm(marked, marks.number), 1)
        if held >= marks.size:
            yield block
            block, held = [], 0
    if block:
        yield block


def as_union(block: list[SimplicialComplex]) -> SimplicialComplex:
    """The bare union, on the CPU: labels, filtrations and parts of parts play no role."""
    degrees = range(max(0, *(K.dim for K in block)) + 1)
    sizes = torch.tensor([[K.num_simplices(k) for K in block] for k in degrees])
    offsets = sizes.cumsum(1) - sizes
    tables = [
        torch.cat([K.facets(k).cpu() for K in block if k <= K.dim])
        + offsets[k - 1].repeat_interleave(sizes[k])[:, None]
        for k in degrees[1:]
    ]
    pointer = torch.cat([offsets[0], sizes[0].sum(0, keepdim=True)])
    return SimplicialComplex(
        int(pointer[-1]), tables, part_pointer=pointer, directed=block[0].directed
    )


def blocks_of_union(
    union: SimplicialComplex | str | os.PathLike[str], marks: Marks
) -> Iterator[tuple[Any, ...]]:
    """Blocks of the parts of a union, which a folder holds, or which is cut here."""
    K = union if isinstance(union, SimplicialComplex) else open_complex(union)
    place = opened_in(K)
    pointer = torch.stack(part_pointers(K)).sum(0)
    if marks.number:
        copies = Copies(K, (), marks)
        work = (copies.sizes.sum(0).double() * copies.choices.double().prod(0)).clamp(max=2.0**53)
        pointer[1:] = work.cumsum(0)
    for first, stop in pointer_ranges(pointer.numpy(), most_work=marks.size):
        yield (some_parts(K, first, stop),) if place is None else (place, first, stop)
