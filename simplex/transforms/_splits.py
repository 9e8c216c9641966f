"""Links, triangles and higher simplices held out at random, to be predicted."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch_geometric.data import Batch

from simplex.complexes import (
    SimplicialComplex,
    on_free_threads,
    real_tensor,
    require_int,
    require_real,
    require_undirected,
    shown,
)
from simplex.data import SimplicialData, restricted
from simplex.transforms._checks import require_generator, require_lifted
from simplex.transforms._negatives import Kind, negative_simplices


class SimplexSplit(NamedTuple):
    """The three parts of :func:`split_simplices`.

    Attributes:
        train: the complex of the messages, with ``candidates`` and ``y_candidates`` to learn from.
        validation: the same complex, with others.
        test: the same complex, with others.
    """

    train: SimplicialData
    validation: SimplicialData
    test: SimplicialData


@on_free_threads()
def split_simplices(
    data: SimplicialData | SimplicialComplex,
    k: int = 1,
    *,
    fractions: Sequence[float] = (0.2, 0.1, 0.1),
    negatives: float = 1.0,
    kind: Kind = "open",
    generator: torch.Generator | None = None,
) -> SimplexSplit:
    """Take k-simplices out of a complex at random, and ask which of the candidates were there.

    The complex that is left, on which messages run, is the same in all three parts: it has none of
    the simplices that are to be predicted, in training neither, so that no network learns to look
    them up. With them go their cofaces. Negatives are no simplices of the complex as it was; no
    candidate is in two parts.

    Features stay with their simplices. Such as know of the whole complex, as counts and encodings
    do, are to be made after the split. ``edge_index`` loses the edges that are taken out.

    Args:
        data: the complex, with or without features; no batch. The parts of a union stay.
        k: 1 for links, 2 for triangles, …
        fractions: of the k-simplices, which share is to be predicted in training, validation and
            test; the others stay.
        negatives: how many for each that was there, per part of a union.
        kind: of the negatives, see :func:`negative_simplices`. A clique complex has no open
            triangle: there take ``"one-swapped"``.
        generator: of the draw; ``None`` for torch's own.

    Returns:
        Three objects with ``candidates`` (m, k+1) int64, the vertex ids in random order, and
        ``y_candidates`` (m,) float, 1 for what was there and 0 for the others.

    Raises:
        TypeError: ``data`` is neither, or a number none.
        ValueError: a batch, candidates that are there already, fractions that are negative or
            exceed 1 together or leave nothing to learn from, or fewer negatives than asked for.

    Laws:
        The same generator draws the same split. No held-out simplex, and no coface of one, is in
        the complex.

    Example:
        >>> from simplex.lifting import random_clique_complex
        >>> K = random_clique_complex(20, 0.4, generator=torch.Generator().manual_seed(0))
        >>> split = split_simplices(K, generator=torch.Generator().manual_seed(0))
        >>> K.num_simplices(1), split.train.complex.num_simplices(1), split.test.candidates.shape
        (73, 44, torch.Size([14, 2]))
    """
    require_int("k", k, 1, 63)
    require_real("negatives", negatives, 0, 1e9)
    require_generator(generator)
    if isinstance(data, SimplicialComplex):
        data = SimplicialData.from_complex(data)
    _require_splittable(data)
    K = require_undirected("data", data.complex)
    sizes = _sizes(fractions, K.num_simplices(k), k)
    order = torch.randperm(K.num_simplices(k), generator=generator, device=K.device)
    held = torch.split(order[: sum(sizes)], sizes)
    gone = torch.zeros(K.num_simplices(k), dtype=torch.bool, device=K.device)
    gone[torch.cat(held)] = True
    messages = restricted(data, _without(K, k, gone))
    wanted = _wanted(K, k, held, negatives)
    false = negative_simplices(K, k, wanted.sum(0), kind=kind, generator=generator)
    shares = _dealt(K, false, wanted, generator)
    parts = [
        _with_candidates(messages, K.simplices(k)[ids], rows, generator)
        for ids, rows in zip(held, shares, strict=True)
    ]
    return SimplexSplit(*parts)


def _without(K: SimplicialComplex, k: int, gone: Tensor) -> list[Tensor]:
    """For each dimension the mask of what stays when these k-simplices go, with their cofaces."""
    present = [torch.ones(n, dtype=torch.bool, device=K.device) for n in K.f_vector]
    present[k] = ~gone
    for j in range(k + 1, K.dim + 1):
        present[j] = present[j - 1][K.facets(j)].all(1)
    return present


def _wanted(K: SimplicialComplex, k: int, held: Sequence[Tensor], negatives: float) -> Tensor:
    """How many negatives of each part of the complex, (3, num_parts) int64."""
    counts = [torch.bincount(K.part(k)[ids], minlength=K.num_parts) for ids in held]
    return (torch.stack(counts).double() * negatives).round().long()


def _dealt(
    K: SimplicialComplex, rows: Tensor, wanted: Tensor, generator: torch.Generator | None
) -> list[Tensor]:
    """The rows of each part of the complex dealt at random to the three, as many as wanted."""
    if not len(rows):
        return [rows] * len(wanted)
    luck = torch.randperm(len(rows), generator=generator, device=rows.device)
    part = K.part(0)[rows[luck, 0]]
    order = luck[part.sort(stable=True).indices]  # part by part, within each at random
    whose = torch.arange(len(wanted), device=rows.device).repeat(wanted.shape[1])
    whose = whose.repeat_interleave(wanted.T.flatten())
    return [rows[order[whose == i]] for i in range(len(wanted))]


def _with_candidates(
    data: SimplicialData, true: Tensor, false: Tensor, generator: torch.Generator | None
) -> SimplicialData:
    candidates = torch.cat([true, false])
    label = torch.zeros(len(candidates), device=candidates.device)
    label[: len(true)] = 1
    order = torch.randperm(len(candidates), generator=generator, device=candidates.device)
    result: SimplicialData = data.clone()
    result.candidates, result.y_candidates = candidates[order], label[order]
    return result


# --- what is refused ------------------------------------------------------------------------------


def _require_splittable(data: Any) -> None:
    require_lifted(data)
    if isinstance(data, Batch):
        raise ValueError(
            "data must be one complex, got a batch. Split the items of to_data_list()."
        )
    if "candidates" in data:
        raise ValueError("data must have no candidates yet, got some. Split data once.")


def _sizes(fractions: Any, count: int, k: int) -> list[int]:
    """How many simplices each of the three is given."""
    given = real_tensor("fractions", fractions)
    flat = given.ndim == 1 and not given.is_meta
    shares = [require_real("fractions", share, 0, 1) for share in given.tolist()] if flat else []
    if len(shares) != 3 or sum(shares) > 1 + 1e-9:
        raise ValueError(
            "fractions must be three numbers, of training, validation and test, that are at most 1 "
            f"together, got {shown(fractions)}."
        )
    ends = [round(count * sum(shares[: i + 1])) for i in range(3)]
    sizes = [ends[0], ends[1] - ends[0], ends[2] - ends[1]]
    for i, size in enumerate(sizes):
        if size == 0 and (shares[i] > 0 or i == 0):
            raise ValueError(
                f"fractions must hold out at least one of the {count} {k}-simplices each, got "
                f"{shown(fractions)}."
            )
    return sizes
