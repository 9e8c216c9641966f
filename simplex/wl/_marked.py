"""Tests under marks: the marked copies of two complexes, or of many, compared."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.wl._coloring import by_first_appearance
from simplex.wl._copies import Copies
from simplex.wl._histories import frozen_rounds, last_moment
from simplex.wl._recipes import Recipe
from simplex.wl._refine import Palette, Problem, starting_colors
from simplex.wl._starting import starting_palettes
from simplex.wl._words import Role, key_of, words


class Difference(NamedTuple):
    """Where the copies of two complexes differ first.

    Args:
        round: the first round after which the multisets of their histograms differ.
        dim: the lowest k such that those of the histograms of dimensions 0 … k do.
        kind: what these are, in words.
        mark: the first marked simplex of A whose copies are more frequent in A than in B.
        counts: how many marked simplices of A, and of B, have such copies.
        num_marks: how many simplices of A can be marked.
    """

    round: int
    dim: int
    kind: str
    mark: int
    counts: tuple[int, int]
    num_marks: int


def marked_copies(
    recipe: Recipe, K: SimplicialComplex, chosen: Tensor | None = None
) -> tuple[Copies, Recipe]:
    """The copies of the parts of a union, and the recipe without starting colours."""
    options = dict(recipe.options)
    colors = options.pop("colors", None)
    if recipe.colors_simplices:
        palettes = starting_palettes(K, colors)
    else:
        palettes = [starting_colors(colors, K.num_simplices(0), K.device, "colors")]
        K = K.skeleton(1)
    palettes = [Palette(own.colors.cpu(), own.size) for own in palettes]
    copies = Copies(K.to("cpu"), palettes, recipe.marks, chosen)
    copies.require_room()
    return copies, recipe._replace(options=options)


def problems(recipe: Recipe, copies: Copies) -> Iterator[Problem]:
    """The refinements of the blocks of copies."""
    for union, palettes in copies.blocks():
        colors: Mapping[int, Palette] | Palette = (
            dict(enumerate(palettes)) if recipe.colors_simplices else palettes[0]
        )
        yield recipe.problem(union, colors=colors, **recipe.options)


def marked_hashes(recipe: Recipe, K: SimplicialComplex, chosen: Tensor | None = None) -> Tensor:
    """A 64-bit hash for each chosen part: equal where the copies of two are not told apart."""
    copies, recipe = marked_copies(recipe, K, chosen)
    hashes = [torch.empty(0, dtype=torch.int64)]
    for problem in problems(recipe, copies):
        hashes.append(last_moment(problem, recipe.max_rounds).hashes.sum(0))
    return copies.nested(torch.cat(hashes))


def marked_labels(recipe: Recipe, K: SimplicialComplex, labels: Tensor) -> Tensor:
    """The labels of the parts that the test gives without marks, split further by the marks."""
    alike = torch.bincount(labels)[labels].cpu() > 1
    if not alike.any():
        return labels
    values = words(labels.cpu(), key_of(0, Role.PART))
    values[alike] += words(marked_hashes(recipe, K, alike), key_of(0, Role.MARK))
    return by_first_appearance(values).to(labels.device)


def first_difference(recipe: Recipe, union: SimplicialComplex) -> Difference | int:
    """Where the copies of the two parts of a union differ, or the rounds until all are stable."""
    copies, recipe = marked_copies(recipe, union)
    blocks = copies.ranges()
    histories: list[list[Tensor]] = []
    kinds: Sequence[str] = ()
    for problem in problems(recipe, copies):
        history: list[Tensor] = []
        kinds = problem.kinds
        for moment in frozen_rounds(problem, recipe.max_rounds):
            history.append(moment.hashes)
            if len(blocks) == 1 and _differ(copies, moment.hashes.sum(0)):
                break
        histories.append(history)
    rounds = max(map(len, histories))
    for number in range(rounds):
        # A block that ended earlier is stable, and its histories stay as they are.
        now = torch.cat([history[min(number, len(history) - 1)] for history in histories], 1)
        if _differ(copies, now.sum(0)):
            return _located(copies, now, number, kinds)
    return rounds - 1


def _differ(copies: Copies, hashes: Tensor) -> bool:
    here, there = copies.nested(hashes).tolist()
    return bool(here != there)


def _located(copies: Copies, hashes: Tensor, number: int, kinds: Sequence[str]) -> Difference:
    up_to = hashes.cumsum(0)
    dim = next(k for k in range(len(up_to)) if _differ(copies, up_to[k]))
    values = copies.nested(up_to[dim], level=1)
    num_marks = int(copies.choices[0][0])
    labels = by_first_appearance(values)
    size = int(labels.max()) + 1
    counts = torch.stack([torch.bincount(one, minlength=size) for one in labels.view(2, num_marks)])
    mark = int((counts[0] > counts[1])[labels[:num_marks]].int().argmax())
    here, there = counts[:, labels[mark]].tolist()
    return Difference(number, dim, kinds[dim], mark, (here, there), num_marks)
