"""Many complexes in blocks, each refined by a task of its own; labels mean the same in all."""

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_complex, shown, torch_threads
from simplex.storage import Place, open_complex, opened_in, pointer_ranges, run_tasks
from simplex.wl._coloring import by_first_appearance, histogram_hashes
from simplex.wl._folklore import folklore_wl, pair_problem
from simplex.wl._parts import part_pointers, some_parts
from simplex.wl._refine import Problem, require_rounds, rounds_of
from simplex.wl._simplicial import simplex_problem, simplicial_wl
from simplex.wl._vertices import vertex_problem, weisfeiler_lehman


BLOCK = 1 << 19
"""Simplices of a block: about 40 MiB while it is refined, 20 while it waits."""

_TESTS: tuple[tuple[Any, Callable[..., Problem], frozenset[str]], ...] = (
    (simplicial_wl, simplex_problem, frozenset({"adjacencies", "max_rounds"})),
    (weisfeiler_lehman, vertex_problem, frozenset({"max_rounds"})),
    (folklore_wl, pair_problem, frozenset({"max_rounds"})),
)


class Recipe(NamedTuple):
    """A test as tasks are told of it.

    Args:
        problem: what is refined, as a function of a complex and the options.
        options: its options.
        max_rounds: most rounds.
    """

    problem: Callable[..., Problem]
    options: dict[str, Any]
    max_rounds: int | None


def has_recipe(test: Any) -> bool:
    """Whether blocks can be refined by the test."""
    try:
        recipe_of(test)
    except (TypeError, ValueError):
        return False
    return True


def recipe_of(test: Any) -> Recipe:
    """Raise ``ValueError`` unless the test's colours mean the same in every block."""
    options: dict[str, Any] = {}
    while isinstance(test, functools.partial) and not test.args:
        options = {**test.keywords, **options}
        test = test.func
    known = next((row for row in _TESTS if row[0] is test), None)
    others = [name for name in options if known is not None and name not in known[2]]
    if known is None or others:
        got = f"the option {others[0]}" if others else shown(test)
        raise ValueError(
            "test must be simplicial_wl, weisfeiler_lehman or folklore_wl, or a partial of one "
            f"with max_rounds or adjacencies, where complexes are refined in blocks, got {got}. "
            "Give a list without executor and task_size: it is refined as one union, by any test."
        )
    max_rounds = options.pop("max_rounds", None)
    require_rounds(max_rounds, None)
    if "adjacencies" in options:
        options["adjacencies"] = tuple(options["adjacencies"])
    return Recipe(known[1], options, max_rounds)


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

    Let t be the rounds after which part A is stable by itself: the number of its colours does not
    grow in round t+1. The hash is that of round and histograms after round t+1. If those of B are
    the same, B has as many colours after rounds t and t+1, so it is stable as well, and in both
    the same colours of round t become the same ones of round t+1; by induction they do for ever.
    So no block need know of the others.

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
        return _hashed(recipe.problem(K, **recipe.options), recipe.max_rounds)


def _hashed(problem: Problem, max_rounds: int | None) -> np.ndarray:
    pointers = problem.pointers
    hashes = histogram_hashes(problem.first_colors, pointers, 0)
    if max_rounds == 0:
        return hashes.numpy()
    waiting = np.ones(len(hashes), np.bool_)
    classes = _classes(problem.first_colors, pointers, waiting)
    for number, colors in enumerate(rounds_of(problem), 1):
        new_classes = _classes(colors, pointers, waiting)
        now = histogram_hashes(colors, pointers, number)
        hashes = torch.where(torch.from_numpy(waiting), now, hashes)
        waiting &= new_classes > classes
        if number == max_rounds or not waiting.any():
            return hashes.numpy()
        classes = new_classes
    raise AssertionError("rounds go on without end")


def _classes(
    colors: Sequence[Tensor], pointers: Sequence[Tensor], waiting: np.ndarray
) -> np.ndarray:
    """How many colours each waiting part has, over all kinds."""
    from simplex.wl._parts_numba import add_classes

    counts = np.zeros(len(waiting), np.int64)
    for color, pointer in zip(colors, pointers, strict=True):
        add_classes(color.numpy(), pointer.numpy(), waiting, counts)
    return counts


def blocks_of_items(
    complexes: Iterable[SimplicialComplex], size: int
) -> Iterator[list[SimplicialComplex]]:
    """Lists of consecutive complexes with about so many simplices together."""
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
        held += sum(K.f_vector)
        if held >= size:
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
    union: SimplicialComplex | str | os.PathLike[str], size: int
) -> Iterator[tuple[Any, ...]]:
    """Blocks of the parts of a union, which a folder holds, or which is cut here."""
    K = union if isinstance(union, SimplicialComplex) else open_complex(union)
    place = opened_in(K)
    pointer = torch.stack(part_pointers(K)).sum(0)
    for first, stop in pointer_ranges(pointer.numpy(), most_work=size):
        yield (some_parts(K, first, stop),) if place is None else (place, first, stop)
