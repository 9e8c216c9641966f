"""Problems that are solved apart: parts of the outputs, or blocks of the columns of a wide map."""

from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor
from torch.nn.functional import pad


@dataclass(frozen=True)
class Split:
    """How one map's matrices become those of several problems, (P, …), and one again.

    Args:
        outputs: Number of equal parts of the outputs; each has a design matrix of its own.
        blocks: Number of blocks of columns, as equal as can be; zeros fill up the last.

    Laws:
        ``together`` undoes ``apart``.

    >>> halves = Split(blocks=2)
    >>> halves.apart(torch.ones(3, 4)).shape, halves.rows(torch.ones(5, 3)).shape
    (torch.Size([2, 2, 4]), torch.Size([2, 5, 2]))
    """

    outputs: int = 1
    blocks: int = 1

    def gram_bytes(self, design: Tensor, *, formed: bool) -> int:
        """Memory of the Gram matrices of a design (…, R, n): of columns, or of R < n rows.

        >>> Split(blocks=2).gram_bytes(torch.ones(50, 6), formed=True)
        72
        """
        *problems, rows, columns = design.shape
        side = -(-columns // self.blocks)
        side = side if formed else min(side, rows)
        return prod(problems) * self.blocks * side * side * design.element_size()

    def rows(self, design: Tensor) -> Tensor:
        """Z (R, n) as (blocks, R, n / blocks); the parts of outputs have theirs already."""
        return design if self.blocks == 1 else self.apart(design.mT).mT

    def apart(self, matrix: Tensor) -> Tensor:
        """(n, d) as (blocks, n / blocks, d) or (outputs, n, d / outputs)."""
        if self.outputs > 1:
            parts: Tensor = torch.unflatten(matrix, -1, (self.outputs, -1))
            return parts.movedim(-2, 0)
        if self.blocks == 1:
            return matrix
        missing = -len(matrix) % self.blocks
        filled = pad(matrix, (0, 0, 0, missing)) if missing else matrix
        blocks: Tensor = torch.unflatten(filled, 0, (self.blocks, -1))
        return blocks

    def together(self, matrices: Tensor, columns: int) -> Tensor:
        """The inverse of :meth:`apart`, of so many columns n."""
        if self.outputs > 1:
            return matrices.movedim(0, -2).flatten(-2)
        return matrices if self.blocks == 1 else matrices.flatten(0, 1)[:columns]


WHOLE = Split()


def split_of(shape: tuple[int, ...], *, largest: int, by_rows: bool = True) -> Split:
    """How a design matrix (…, R, n) is split where a Gram matrix may have the side ``largest``.

    Few rows split nothing if Woodbury's identity may take their own Gram matrix, ``by_rows``.

    >>> split_of((9000, 9000), largest=4096).blocks, split_of((100, 9000), largest=4096).blocks
    (3, 1)
    """
    *problems, rows, columns = shape
    if problems or columns <= largest or (by_rows and 3 * rows <= largest):
        return WHOLE
    return Split(blocks=-(-columns // largest))
