"""Columns of text as features: numbers standardised, words one-hot, what is missing marked."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from simplex.complexes import require_memory
from simplex.datasets._own.table import MISSING, NUMBER


_MOST_WORDS = 20  # always categories; more of them only where they come back
Form = Mapping[str, Any]  # how one column was read, as JSON has it


def is_missing(value: str) -> bool:
    """Whether a field says that there is nothing."""
    return value.lower() in MISSING


def are_numbers(values: Sequence[str]) -> bool:
    """Whether all that is there are numbers, and something is."""
    present = [value for value in values if not is_missing(value)]
    return bool(present) and all(NUMBER.fullmatch(value) for value in present)


def as_numbers(values: Sequence[str]) -> Tensor:
    """(n,) float64, NaN where there is none."""
    parsed = [float("nan") if is_missing(value) else float(value) for value in values]
    return torch.tensor(parsed, dtype=torch.float64)


def form_of(name: str, values: Sequence[str], *, category: bool) -> tuple[Form | None, str]:
    """How a column becomes features, and what to tell of it; no form where it is left out."""
    present = [value for value in values if not is_missing(value)]
    gaps = len(values) - len(present)
    said = f", missing in {gaps} rows" if gaps else ""
    if not present:
        return None, f"{name}: left out, as it is empty"
    if are_numbers(values) and not category:
        numbers = as_numbers(present)
        deviation = float(numbers.std(correction=0)) or 1.0
        form = {
            "name": name, "mean": float(numbers.mean()), "deviation": deviation, "gaps": gaps > 0,
        }  # fmt: skip
        return form, f"{name}: numbers{said and said + ', which a column of its own marks'}"
    words = sorted(set(present))
    if len(words) > max(_MOST_WORDS, len(present) // 4) and not category:
        return None, f"{name}: left out, as nearly every row has a word of its own"
    return {"name": name, "words": words}, f"{name}: {len(words)} categories{said}"


def features_of(form: Form, values: Sequence[str], where: str) -> Tensor:
    """The columns of one, (n, C) float32.

    Raises:
        ValueError: words among numbers, or a word that the form has not.
    """
    name = form["name"]
    if "words" not in form:
        wrong = next((v for v in values if not is_missing(v) and not NUMBER.fullmatch(v)), None)
        if wrong is not None:
            raise ValueError(
                f"{name!r} of {where} must hold numbers as in training, got {wrong!r}. Correct it, "
                "or leave the field empty."
            )
        numbers = (as_numbers(values) - form["mean"]) / form["deviation"]
        gaps = numbers.isnan()
        columns = [numbers.nan_to_num(0.0), *([gaps.double()] if form["gaps"] else [])]
        return torch.stack(columns, 1).float()
    words = {word: i for i, word in enumerate(form["words"])}
    require_memory(
        4 * len(values) * len(words),
        torch.device("cpu"),
        f"the one-hot {name!r}, {len(words)} columns",
        "Leave this column out.",
    )
    ids = [words.get(value, -1) for value in values]
    absent = [value for value, i in zip(values, ids, strict=True) if i < 0]
    unknown = next((value for value in absent if not is_missing(value)), None)
    if unknown is not None:
        known = ", ".join(map(repr, form["words"][:6])) + (", …" if len(words) > 6 else "")
        raise ValueError(
            f"{name!r} of {where} must be a category of the training, {known}, got {unknown!r}. "
            "Correct it, or leave the field empty."
        )
    return functional.one_hot(torch.tensor(ids) + 1, len(words) + 1)[:, 1:].float()


def feature_columns(
    table: Mapping[str, Sequence[str]],
    forms: Sequence[Form],
    where: str,
    rows: int,
) -> Tensor:
    """All features of a table, (rows, F), as their forms say.

    Raises:
        ValueError: a column is not there, or holds what its form has not.
    """
    parts = []
    for form in forms:
        if form["name"] not in table:
            there = ", ".join(map(repr, table)) or "none"
            raise ValueError(
                f"{where} must have the columns of the training, got no {form['name']!r} among "
                f"{there}. Add it; fields may be empty."
            )
        parts.append(features_of(form, table[form["name"]], where))
    return torch.cat([torch.zeros(rows, 0), *parts], 1)


def forms_of(
    table: Mapping[str, Sequence[str]],
    candidates: Sequence[str],
    features: Sequence[str] | None,
    categories: Sequence[str],
) -> tuple[list[Form], list[str]]:
    """The forms of the columns that are features, and what to tell."""
    chosen = candidates if features is None else [name for name in candidates if name in features]
    forms, notes = [], []
    for name in chosen:
        named = name in categories or (features is not None and not are_numbers(table[name]))
        form, note = form_of(name, table[name], category=named)
        notes.append(note)
        if form is not None:
            forms.append(form)
    return forms, notes
