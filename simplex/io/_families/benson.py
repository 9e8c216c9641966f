"""Higher-order data, in Benson's text format or as lists: sets of vertices that appear at times."""

import warnings
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    integer_tensor,
    require_generator,
    require_int,
    require_path,
    require_room_for_vertices,
    require_vertex_count,
    shown,
)
from simplex.io._families.appearances import faces_at_most, first_appearances


class TimedSimplices(NamedTuple):
    """A list of simplices with times, and the complex that they span: see :func:`read_benson`.

    Attributes:
        complex: the closure of the simplices, filtered by first appearance.
        vertices: (total,) int64 members of all of them, one after the other.
        pointer: (m+1,) int64, where each starts in ``vertices``.
        times: (m,) int64.
    """

    complex: SimplicialComplex
    vertices: Tensor
    pointer: Tensor
    times: Tensor


def read_benson(path: str | Path, max_dim: int = 2) -> TimedSimplices:
    r"""Read ``NAME-nverts.txt``, ``NAME-simplices.txt``, ``NAME-times.txt`` and, if there, labels.

    Line i of the first and third file is the number of vertices of the i-th simplex and its time;
    the second has the vertices of all simplices one after the other, one a line. The optional
    ``NAME-node-labels.txt`` has lines ``vertex label``. The complex is the downward closure of the
    listed simplices L with times t, filtered by first appearance:

    .. math:: f(σ) = \min \{ t(τ) : σ ⊆ τ ∈ L \}

    A listed simplex of dimension above ``max_dim`` stands for its faces of dimension ``max_dim``:
    the result is the ``max_dim``-skeleton of the closure.

    Args:
        path: the prefix ``…/NAME``, or the folder that holds the files of one ``NAME``.
        max_dim: the top dimension of the complex, at least 0.

    Returns:
        A tuple, also with attributes: ``complex``, of which f is the filtration (float64);
        ``vertices`` (total,) int64, those of all listed simplices in the order of the file, as ids
        of the complex; ``pointer`` (m+1,) int64, where each listed simplex starts in them;
        ``times`` (m,) int64, when each was listed. Vertices are numbered 0 … n_0-1 by the order of
        their numbers in the file, those that never occur left out; labels are the names, or without
        a file of labels the numbers.

    Raises:
        ValueError: a file is missing or not of whole numbers, counts do not match, a simplex
            repeats a vertex, a vertex has no label, or the faces would not fit in memory.

    Cost:
        O(Σ C(|τ|, max_dim + 1)) over the distinct listed simplices τ.

    Laws:
        f(σ) ≤ f(τ) for σ ⊆ τ. ``max_dim`` only cuts: lower tables and values do not depend on it.

    Paper:
        Benson et al., "Simplicial closure and higher-order link prediction", PNAS 115 (2018), whose
        published data have this format.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     files = {"nverts": "2\n2", "simplices": "1\n2\n2\n4", "times": "8\n5"}
        ...     for name, text in files.items():
        ...         _ = Path(folder, f"toy-{name}.txt").write_text(text)
        ...     print(read_benson(folder).complex.filtration[0].tolist())
        [8.0, 5.0, 5.0]
    """
    require_int("max_dim", max_dim, least=0)
    require_path("path", path)
    prefix = _prefix(Path(path))
    counts, members, times = (_integers(prefix, part) for part in ("nverts", "simplices", "times"))
    if len(counts) != len(times):
        raise ValueError(
            f"{prefix}-nverts.txt and -times.txt must have one line per simplex, got {len(counts)} "
            f"and {len(times)} lines."
        )
    if bool((counts < 1).any()) or int(counts.sum()) != len(members):
        raise ValueError(
            f"{prefix}-nverts.txt must hold positive numbers whose sum is the number of lines of "
            f"-simplices.txt, got the sum {int(counts.sum())} for {len(members)} lines."
        )
    numbers, vertices = torch.unique(members, return_inverse=True)
    pointer = torch.nn.functional.pad(counts.cumsum(0), (1, 0))
    timed = spanned(vertices, pointer, times, len(numbers), max_dim, f"{prefix}-simplices.txt")
    labelled = timed.complex.with_vertex_labels(_labels(prefix, numbers.tolist()))
    return timed._replace(complex=labelled)


def timed_simplices(
    simplices: Iterable[Sequence[int]],
    times: Any = None,
    max_dim: int = 2,
    *,
    num_vertices: int | None = None,
    generator: torch.Generator | None = None,
) -> TimedSimplices:
    """A list of simplices with times, and the complex that they span: :func:`read_benson` of lists.

    Args:
        simplices: vertex ids of each, from 0, such as the members of groups; they may come again.
        times: (m,) integers, when each was there; ``None`` for a random order, for data without
            times: what is later is then any other simplex.
        max_dim: the top dimension of the complex.
        num_vertices: n_0; ``None`` for the largest id plus one.
        generator: of the random order; ``None`` for torch's own.

    Returns:
        As of :func:`read_benson`, without labels.

    Raises:
        TypeError: vertices or times are no integers.
        ValueError: an empty simplex, a vertex twice in one, an id out of range, or times that are
            not one for each.

    Example:
        >>> timed_simplices([(0, 1), (1, 2, 0)], times=[3, 7]).complex.filtration[1].tolist()
        [3.0, 7.0, 7.0]
    """
    require_int("max_dim", max_dim, least=0)
    require_generator(generator)
    given: Any = simplices
    if isinstance(given, Tensor | np.ndarray):
        given = integer_tensor("simplices", given)
        given = None if given.is_meta or given.ndim != 2 else given.tolist()
    if not isinstance(given, Iterable) or isinstance(given, str | bytes | Mapping):
        raise TypeError(f"simplices must be a list of vertex tuples, got {shown(simplices)}.")
    listed = list(given)
    if not all(hasattr(simplex, "__len__") and len(simplex) for simplex in listed):
        raise ValueError("simplices must be tuples of at least one vertex, got others.")
    sizes = torch.tensor([len(simplex) for simplex in listed], dtype=torch.int64)
    vertices = integer_tensor("simplices", [v for simplex in listed for v in simplex])
    if len(vertices) and int(vertices.min()) < 0:
        raise ValueError(f"simplices must hold non-negative ids, got {int(vertices.min())}.")
    largest = int(vertices.max()) if len(vertices) else -1
    count = require_vertex_count(num_vertices, largest)
    require_room_for_vertices(count, torch.device("cpu"))
    if times is None:
        times = torch.randperm(len(listed), generator=generator)
    given = integer_tensor("times", times)
    if given.shape != (len(listed),):
        raise ValueError(
            f"times must be one for each of the {len(listed)} simplices, got shape "
            f"{tuple(given.shape)}."
        )
    pointer = torch.nn.functional.pad(sizes.cumsum(0), (1, 0))
    return spanned(vertices, pointer, given.cpu(), count, max_dim, "simplices")


def spanned(
    vertices: Tensor, pointer: Tensor, times: Tensor, num_vertices: int, max_dim: int, name: str
) -> TimedSimplices:
    """The closure of the listed simplices, filtered by first appearance."""
    blocks = first_appearances(vertices, pointer, times, num_vertices, name)
    blocks = [faces_at_most(rows, first, max_dim) for rows, first in blocks]
    K = SimplicialComplex.from_simplices([rows for rows, _ in blocks], num_vertices)
    return TimedSimplices(K.with_filtration(_filtration(K, blocks)), vertices, pointer, times)


# --- files ----------------------------------------------------------------------------------------


def _prefix(path: Path) -> Path:
    """``…/NAME``, from itself or from the folder of its files."""
    if not path.is_dir():
        return path
    found = sorted(path.glob("*-nverts.txt"))
    if len(found) != 1:
        names = [each.name.removesuffix("-nverts.txt") for each in found]
        raise ValueError(
            f"{path} must hold one file NAME-nverts.txt, got {len(found)}. Pass the prefix "
            f"{path / (names[0] if names else 'NAME')}."
        )
    return found[0].with_name(found[0].name.removesuffix("-nverts.txt"))


def _integers(prefix: Path, part: str) -> Tensor:
    """The file of one whole number a line, (lines,) int64."""
    place = Path(f"{prefix}-{part}.txt")
    if not place.is_file():
        raise ValueError(
            f"{place} must be there beside the other files of {prefix.name}, got no such file."
        )
    if not place.read_bytes().strip():
        return torch.empty(0, dtype=torch.int64)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy would round 1.5 with a warning
            values = np.loadtxt(place, dtype=np.int64, comments=None, ndmin=1)
    except (ValueError, OverflowError, DeprecationWarning) as error:
        raise ValueError(f"{place} must hold one integer a line, got {error}.") from error
    if values.ndim != 1:
        raise ValueError(f"{place} must hold one integer a line, got {values.shape[1]} in each.")
    return torch.from_numpy(values)


def _labels(prefix: Path, numbers: list[int]) -> list[Hashable]:
    """The names of the vertices with these numbers; the numbers themselves without a file."""
    place = Path(f"{prefix}-node-labels.txt")
    if not place.exists():
        return list(numbers)
    names: dict[int, str] = {}
    lines = place.read_text(encoding="utf-8", errors="replace").splitlines()
    for i, line in enumerate(lines, start=1):
        number, name = [*line.split(maxsplit=1), "", ""][:2]
        if not line.strip():
            continue
        if not number.removeprefix("-").isdecimal() or not name.strip():
            raise ValueError(
                f"line {i} of {place} must be the number of a vertex and its label, got "
                f"{line[:40]!r}."
            )
        if names.setdefault(int(number), name.strip()) != name.strip():
            raise ValueError(
                f"{place} must name a vertex once, got vertex {number} again in line {i}."
            )
    missing = [number for number in numbers if number not in names]
    if missing:
        raise ValueError(
            f"{place} must have a line for each of the {len(numbers)} vertices, got none for "
            f"vertex {missing[0]} (and {len(missing) - 1} others)."
        )
    return [names[number] for number in numbers]


# --- simplices ------------------------------------------------------------------------------------


def _filtration(K: SimplicialComplex, blocks: list[tuple[Tensor, Tensor]]) -> list[Tensor]:
    """First times, (n_k,) float64: of the listed simplices, then down to the faces of each."""
    values = [torch.full((n,), torch.inf, dtype=torch.float64) for n in K.f_vector]
    for rows, first in blocks:
        k = rows.shape[1] - 1
        values[k].scatter_reduce_(0, K.index(rows), first.double(), "amin")
    for k in range(K.dim, 0, -1):
        spread = values[k].repeat_interleave(k + 1)  # to the k + 1 facets of each
        values[k - 1].scatter_reduce_(0, K.facets(k).flatten(), spread, "amin")
    return values
