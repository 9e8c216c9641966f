"""All small subsets of each set of a family, without a loop over the sets."""

import torch
from torch import Tensor

from simplex.complexes._memory import require_memory
from simplex.complexes._tables import unique_rows


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
    ends = pointer[1:].repeat_interleave(pointer.diff())  # (len(members),) end of the member's set
    last = torch.arange(len(members), device=members.device)
    rows, subsets = members[:, None], []
    for width in range(1, size + 1):
        subsets.append(unique_rows(rows, num_elements)[0] if len(rows) else rows)
        if width == size:
            break
        later = ends[last] - last - 1
        total = int(later.sum())
        require_memory(total * (width + 4) * 8 * 2, members.device, f"the {total} subsets")
        source = torch.arange(len(rows), device=members.device).repeat_interleave(later)
        first = (later.cumsum(0) - later)[source]
        last = last[source] + 1 + torch.arange(total, device=members.device) - first
        rows = torch.cat([rows[source], members[last][:, None]], dim=1)
    return subsets
