"""Sums of rows by a sparse pattern: the one kernel of the calculus."""

from torch import Tensor

from simplex.operators._row_functions import dots, product
from simplex.operators._row_pattern import RowPattern


Weight = Tensor | tuple[Tensor, Tensor] | None


def sum_rows(x: Tensor, pattern: RowPattern, weight: Weight = None) -> Tensor:
    r"""The product A x with a sparse matrix: a sum of rows of x for each row of A.

    .. math:: y_i = \sum_{e:\, row_e = i} w_e \, x_{column_e}

    Args:
        x: (columns, F).
        pattern: where the entries are.
        weight: ``None`` for entries of 1; learned entries, like ``pattern.column``; or a pair of
            constants, like ``pattern.column`` and (E,) column by column. Of the dtype of x.

    Returns:
        (rows, F).

    Cost:
        O(E · F) in time, O(E) in memory beside the result, in both directions: the backward pass is
        :func:`sum_columns`, never a scatter. Differentiable in x and in a learned weight, any
        number of times.

    Example:
        >>> import torch
        >>> from simplex.operators import row_pattern
        >>> pattern = row_pattern(torch.tensor([0, 0, 1]), torch.tensor([1, 0, 1]), 2, 2)
        >>> x, weight = torch.tensor([[1.0], [2.0]]), torch.tensor([3.0, 4.0, 5.0])
        >>> sum_rows(x, pattern).tolist(), sum_rows(x, pattern, weight).tolist()
        ([[3.0], [2.0]], [[10.0], [10.0]])
    """
    by_row, by_column = weight if isinstance(weight, tuple) else (weight, None)
    return product(x, by_row, by_column, False, *pattern)


def sum_columns(x: Tensor, pattern: RowPattern, weight: Weight = None) -> Tensor:
    r"""The product Aᵀ x: the adjoint of :func:`sum_rows` of the same pattern and weight.

    .. math:: y_j = \sum_{e:\, column_e = j} w_e \, x_{row_e}

    Args:
        x: (rows, F).
        pattern: where the entries of A are.
        weight: as in :func:`sum_rows`.

    Returns:
        (columns, F).

    Example:
        >>> import torch
        >>> from simplex.operators import segments
        >>> sum_columns(torch.ones(3, 1), segments(torch.tensor([0, 0, 2]), 3)).squeeze(1).tolist()
        [2.0, 0.0, 1.0]
    """
    by_row, by_column = weight if isinstance(weight, tuple) else (weight, None)
    return product(x, by_row, by_column, True, *pattern)


def entry_dots(left: Tensor, right: Tensor, pattern: RowPattern) -> Tensor:
    r"""The product of two rows for each entry: scores of attention, without a table of rows.

    .. math:: s_e = ⟨left_{row_e}, right_{column_e}⟩

    Args:
        left: (rows, F).
        right: (columns, F).
        pattern: where the entries are.

    Returns:
        Like ``pattern.column``.

    Cost:
        O(E · F) in time, O(E) in memory beside the inputs.

    Example:
        >>> import torch
        >>> from simplex.operators import row_pattern
        >>> pattern = row_pattern(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), 2, 2)
        >>> entry_dots(torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [4.0]]), pattern).tolist()
        [3.0, 4.0, 8.0]
    """
    return dots(left, right, *pattern)
