"""All small subsets of each set of a family, without a loop over the sets."""

import math

import torch
from torch import Tensor

from simplex.complexes._machine import require_memory
from simplex.complexes._tables import ragged, unique_rows


def small_subsets(members: Tensor, pointer: Tensor, size: int, num_elements: int) -> list[Tensor]:
    """The distinct subsets of 1 … ``size`` elements of the sets of a family.

    Position by position: a tuple of positions in its set is extended by each later position.

    Args:
        members: elements of all sets, each set increasing.
        pointer: (m+1,) where each set starts in ``members``.
        size: most elements of a subset.
        num_elements: elements are 0 … num_elements-1.

    Returns:
        For s = 1 … size the subsets of s elements, (count, s) int64, increasing, lexicographic.

    Raises:
        ValueError: the subsets would not fit in memory.

    Cost:
        O(Σ_sets C(|set|, size)) rows before repetitions are removed.
    """
    require_subsets(pointer.diff(), size)
    ends = pointer[1:].repeat_interleave(pointer.diff())  # (len(members),) end of the member's set
    last = torch.arange(len(members), device=members.device)
    rows, subsets = members[:, None], []
    for width in range(1, size + 1):
        subsets.append(unique_rows(rows, num_elements)[0] if len(rows) else rows)
        if width == size:
            break
        source, nth = ragged(ends[last] - last - 1)  # each row, by each later member of its set
        last = last[source] + 1 + nth
        rows = torch.cat([rows[source], members[last][:, None]], dim=1)
    return subsets


def require_subsets(set_sizes: Tensor, size: int) -> None:
    """Raise before anything is built whose Σ_sets C(|set|, s) rows would not fit in memory."""
    values, counts = (found.tolist() for found in torch.unique(set_sizes, return_counts=True))
    for width in range(1, min(size, max(values, default=0)) + 1):
        total = sum(n * math.comb(s, width) for s, n in zip(values, counts, strict=True))
        number = f"{total}" if total < 10**12 else f"10^{len(str(total)) - 1}"
        what = f"the {number} subsets of {width} elements"
        remedy = "Lower max_dim or give smaller sets."
        require_memory(total * (width + 4) * 8 * 2, set_sizes.device, what, remedy)
