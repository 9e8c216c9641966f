"""Tests as tasks are told of them: what is refined, by which options, with how many marks."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from simplex.complexes import shown
from simplex.wl._copies import Marks
from simplex.wl._folklore import folklore_wl, pair_problem
from simplex.wl._refine import Problem, require_rounds
from simplex.wl._simplicial import simplex_problem, simplicial_wl
from simplex.wl._vertices import vertex_problem, weisfeiler_lehman


_TESTS: tuple[tuple[Any, Callable[..., Problem], frozenset[str]], ...] = (
    (simplicial_wl, simplex_problem, frozenset({"adjacencies", "max_rounds"})),
    (weisfeiler_lehman, vertex_problem, frozenset({"max_rounds"})),
    (folklore_wl, pair_problem, frozenset({"max_rounds"})),
)


_AS_ONE = "Give a list without executor and task_size: it is refined as one union, by any test."


class Recipe(NamedTuple):
    """A test as tasks are told of it.

    Args:
        problem: what is refined, as a function of a complex and the options.
        options: its options.
        max_rounds: most rounds.
        marks: what is marked.
    """

    problem: Callable[..., Problem]
    options: dict[str, Any]
    max_rounds: int | None
    marks: Marks

    @property
    def colors_simplices(self) -> bool:
        """Whether simplices of all dimensions are coloured, and starting colours are for each."""
        return self.problem is simplex_problem


def has_recipe(test: Any) -> bool:
    """Whether blocks can be refined by the test."""
    try:
        recipe_of(test, Marks())
    except (TypeError, ValueError):
        return False
    return True


def recipe_of(test: Any, marks: Marks, *, colors: bool = False) -> Recipe:
    """Raise ``ValueError`` unless the test's colours mean the same in every block.

    Args:
        test: the refinement.
        marks: what is marked.
        colors: whether starting colours may be among the options.
    """
    options: dict[str, Any] = {}
    while isinstance(test, functools.partial) and not test.args:
        options = {**test.keywords, **options}
        test = test.func
    known = next((row for row in _TESTS if row[0] is test), None)
    taken = frozenset({"colors"} if colors else ())
    others = [name for name in options if known is not None and name not in known[2] | taken]
    if known is None or others:
        got = f"the option {others[0]}" if others else shown(test)
        where, remedy = "complexes are refined in blocks", _AS_ONE
        if {"marks", "mark_dim"} & {*others}:
            remedy = "Marks are an option of compare and distinguish: compare(A, B, marks=1)."
        elif marks.number:
            where, remedy = "simplices are marked", "Give marks=0: it is then any test."
        raise ValueError(
            "test must be simplicial_wl, weisfeiler_lehman or folklore_wl, or a partial of one "
            f"with max_rounds or adjacencies, where {where}, got {got}. {remedy}"
        )
    max_rounds = options.pop("max_rounds", None)
    require_rounds(max_rounds, None)
    if "adjacencies" in options:
        options["adjacencies"] = tuple(options["adjacencies"])
    recipe = Recipe(known[1], options, max_rounds, marks)
    if marks.number and marks.dim and not recipe.colors_simplices:
        raise ValueError(
            f"mark_dim must be 0 for {test.__name__}, which colours no other simplices, got "
            f"{marks.dim}. Take simplicial_wl."
        )
    return recipe
