"""The filtered complex of a file: by its own values, by lengths, by a column, or of points."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from simplex.cli._drawn import Values, numbered, values_of
from simplex.cli._files import Complexes, file_errors, read_with_content
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
    complexes, content = read_with_content(path, max_dim, alone)
    with file_errors(path):
        if alpha:
            return _alpha(content, max_dim)
        K = complexes[0] if len(complexes) == 1 else SimplicialComplex.disjoint_union(complexes)
        if by is not None:
            if K.filtration is not None and reading.weight is not None:
                raise ValueError("--by must come without --weight.")
            K = _by(K, by, values_of(content, reading), descending)
        if K.filtration is None:
            raise ValueError(
                "must say when simplices enter, got no filtration. Choose --by degree, --by COLUMN "
                "for values of vertices or edges, --weight COLUMN for lengths of edges, or "
                "--format points."
            )
    return K, _whole_degree(K, complexes)


def _alpha(content: Content, max_dim: int | None) -> tuple[SimplicialComplex, int]:
    columns = content.values.get(0, {})
    places = [columns[name] for name in numbered(columns)]
    if content.lifted is None or not places:
        raise ValueError("--alpha must be given points, got none. Say --format points.")
    points = torch.tensor([list(column) for column in places], dtype=torch.float64).T
    K = alpha_complex(points, max_dim=max_dim)
    if (labels := content.lifted.vertex_labels) is not None:
        K = K.with_vertex_labels(labels)
    return K, K.dim if max_dim is None or max_dim > K.dim else max(max_dim - 1, 0)


def _whole_degree(K: SimplicialComplex, complexes: Complexes) -> int:
    if complexes.cut is None or K.dim < complexes.cut:
        return max(K.dim, 0)
    return max(complexes.cut - 1, 0)


def _by(
    K: SimplicialComplex, name: str, known: Mapping[int, Values], descending: bool
) -> SimplicialComplex:
    star = upper_star if descending else lower_star
    for k, own in sorted(known.items()):
        if name in own:
            return star(K, _numbers(name, k, own[name]), k)
    if name == _DEGREE:
        ends = K.simplices(1).flatten() if K.dim > 0 else K.simplices(0).new_empty(0)
        return star(K, ends.bincount(minlength=K.num_simplices(0)).double())
    there = [column for own in known.values() for column in numbered(own)]
    raise ValueError(
        f"--by must be a column of numbers ({', '.join(map(repr, there)) or 'none'} there) or "
        f"'{_DEGREE}', got {name!r}."
    )


def _numbers(name: str, k: int, column: Any) -> torch.Tensor:
    numbers = numbers_of(column)
    if numbers is None:
        raise ValueError(
            f"--by {name} must be a number for each simplex of dimension {k}, got others or none "
            "for some."
        )
    return numbers
