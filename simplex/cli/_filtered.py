"""The filtered complex of a file: by its own values, by lengths, by a column, or of points."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch

from simplex.cli._drawn import Values, numbered, values_of
from simplex.cli._files import file_errors, read_with_content
from simplex.cli._output import note
from simplex.complexes import SimplicialComplex
from simplex.io import Content, Reading, numbers_of
from simplex.lifting import alpha_complex
from simplex.persistence import lower_star, upper_star


_DEGREE = "degree"


def read_filtered(
    path: str,
    max_dim: int | None,
    reading: Reading,
    *,
    by: str | None = None,
    descending: bool = False,
    alpha: bool = False,
) -> tuple[SimplicialComplex, int]:
    """All of a file as one filtered complex, and the largest degree whose classes are whole.

    Of a complex that was cut at a dimension, classes of that degree would never end.

    Raises:
        ValueError: the file is wrong, or nothing in it says when simplices enter.
    """
    if alpha and (by is not None or reading.max_edge_length is not None):
        raise ValueError("--alpha must come without --by and --max-edge-length.")
    alone = replace(reading, max_edge_length=0.0) if alpha else reading  # points, and no edges
    with _advice(alpha):
        complexes, content = read_with_content(path, max_dim, alone)
    with file_errors(path):
        if alpha:
            return _alpha(path, content, max_dim)
        K = complexes[0] if len(complexes) == 1 else SimplicialComplex.disjoint_union(complexes)
        if by is not None:
            if K.filtration is not None and reading.weight is not None:
                raise ValueError("--by must come without --weight.")
            lost: list[str] = []
            known = values_of(content, reading, lost)
            if any("come again" in one and repr(by) in one for one in lost):
                raise ValueError(
                    f"--by {by} must be one value for each edge, got rows of the same edge with "
                    "others. Keep one row of each."
                )
            K = _by(K, by, known, descending)
            _say_absent(path, K)
        if K.filtration is None:
            raise ValueError(
                "must say when simplices enter, got no filtration. Choose --by degree, --by COLUMN "
                "for values of vertices or edges, --weight COLUMN for lengths of edges, or "
                "--format points."
            )
    return K, _whole_degree(K, complexes.cut if max_dim is None else max_dim)


@contextmanager
def _advice(alpha: bool) -> Iterator[None]:
    """Errors of points without a radius, with the other way to filter them."""
    try:
        yield
    except ValueError as error:
        radius = " --max-edge-length R"
        advice = str(error).replace(radius, "" if alpha else f"{radius} or --alpha")
        raise ValueError(advice) from None


def _alpha(path: str, content: Content, max_dim: int | None) -> tuple[SimplicialComplex, int]:
    columns = content.values.get(0, {})
    places = [columns[name] for name in numbered(columns)]
    if content.lifted is None or not places:
        raise ValueError("--alpha must be given points, got none. Say --format points.")
    points = torch.tensor([list(column) for column in places], dtype=torch.float64).T
    _, place = torch.unique(points, dim=0, return_inverse=True)
    count = int(place.max()) + 1
    rows = torch.arange(len(points))
    first = rows.new_full((count,), len(points)).scatter_reduce(0, place, rows, "amin")
    first = first.sort().values  # the points in their order, each place once
    if (doubles := len(points) - count) > 0:
        one = doubles == 1
        note(path, f"note: {doubles} {'point is' if one else 'points are'} where another one is.")
    K = alpha_complex(points[first], max_dim=max_dim)
    labels = content.lifted.vertex_labels
    if labels is not None or doubles:
        names = labels or range(len(points))
        K = K.with_vertex_labels([names[v] for v in first.tolist()])
    return K, _whole_degree(K, max_dim)


def _whole_degree(K: SimplicialComplex, cut: int | None) -> int:
    """Whether K had more than it has now cannot be seen: what ends its top classes may be gone."""
    return max(K.dim if cut is None or K.dim < cut else cut - 1, 0)


def _say_absent(path: str, K: SimplicialComplex) -> None:
    """Vertices that are in no simplex with a value."""
    assert K.filtration is not None
    absent = int(K.filtration[0].isinf().sum()) if K.dim >= 0 else 0
    if absent:
        one = absent == 1
        what = "vertex without an edge never enters" if one else "vertices without one never enter"
        note(path, f"note: {absent} {what}; with --weight all are there from 0 on.")


def _by(
    K: SimplicialComplex, name: str, known: Mapping[int, Values], descending: bool
) -> SimplicialComplex:
    star = upper_star if descending else lower_star
    if name.isdigit() and not any(name in own for own in known.values()):
        name = f"column {name}"  # as --weight takes it, of a table without a heading
    having = [k for k, own in sorted(known.items()) if name in own]
    if len(having) > 1:
        raise ValueError(
            f"--by must name one column, got {name!r} of simplices of the dimensions "
            f"{' and '.join(map(str, having))}. Rename one of them."
        )
    if having:
        (k,) = having
        return star(K, _numbers(K, name, k, known[k][name]), k)
    if name == _DEGREE:
        ends = K.simplices(1).flatten() if K.dim > 0 else K.simplices(0).new_empty(0)
        return star(K, ends.bincount(minlength=K.num_simplices(0)).double())
    there = [
        column
        for own in known.values()
        for column, values in own.items()
        if any(type(value) in (int, float) for value in values)
    ]
    raise ValueError(
        f"--by must be a column of numbers ({', '.join(map(repr, there)) or 'none'} there) or "
        f"'{_DEGREE}', got {name!r}."
    )


def _numbers(K: SimplicialComplex, name: str, k: int, column: Sequence[Any]) -> torch.Tensor:
    numbers = numbers_of(column)
    if numbers is None:
        odd = [i for i, value in enumerate(column) if type(value) not in (int, float)]
        if not odd:
            raise ValueError(f"--by {name} must be numbers of float64, got one beyond them.")
        names = K.vertex_labels or range(K.num_simplices(0))
        simplex = ", ".join(repr(names[v]) for v in K.simplices(k)[odd[0]].tolist())
        got = "none" if column[odd[0]] is None else repr(column[odd[0]])
        more = f", and no number for {len(odd) - 1} more" if len(odd) > 1 else ""
        raise ValueError(
            f"--by {name} must be a number for each {'vertex' if k == 0 else 'simplex'}, got {got} "
            f"for {simplex}{more}. Write numbers in the file, or take these out."
        )
    return numbers
