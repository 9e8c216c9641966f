"""Gram matrices in blocks, and their factors where rounding or inputs spoil them."""

import pytest
import torch
from torch import Tensor

from optim import Exact
from optim.curvature import factorize, gram, mean_square
from optim.problem import LocalProblem


def test_gram_in_blocks_is_the_product(dtype: torch.dtype) -> None:
    for problems in ((), (2,), (2, 3)):
        for columns in (1, 5, 256, 300, 600):
            design = torch.randn(*problems, 9, columns, dtype=dtype)
            expected = design.mT @ design / 9
            mean = expected.diagonal(dim1=-2, dim2=-1).mean(-1)
            case = f"{problems}, {columns} columns"
            torch.testing.assert_close(gram(design), expected, msg=case)
            torch.testing.assert_close(mean_square(design), mean, msg=case)


def test_no_rows_do_not_divide_by_zero() -> None:
    empty = torch.zeros(0, 3)
    torch.testing.assert_close(gram(empty), torch.zeros(3, 3))
    torch.testing.assert_close(mean_square(empty), torch.tensor(0.0))


def test_jitter_saves_a_singular_gram(dtype: torch.dtype) -> None:
    """Two equal columns, no damping: rounding decides; the step still solves on the range."""
    column = torch.arange(1.0, 6.0, dtype=dtype)[:, None]
    C = gram(torch.cat([column, column], 1))
    C[0, 1] = C[1, 0] = C[0, 1] * (1 + 4 * torch.finfo(dtype).eps)
    _, info = torch.linalg.cholesky_ex(C)
    assert int(info) > 0
    factor = factorize(C, prox=0.0)
    torch.testing.assert_close(factor @ factor.mT, C)


def test_jitter_touches_only_the_problem_that_needs_it() -> None:
    good = torch.eye(2, dtype=torch.float64)
    bad = torch.tensor([[1.0, 1.0], [1.0, 1.0 - 1e-16]], dtype=torch.float64) - 1e-15
    bad[0, 1] = bad[1, 0] = 1.0
    factors = factorize(torch.stack([good, bad]), prox=0.0)
    torch.testing.assert_close(factors[0], good, rtol=0, atol=0)
    torch.testing.assert_close(factors[1] @ factors[1].mT, bad, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("prox", [0.5, torch.tensor(0.5)])
def test_indefinite_gram_is_a_clear_error(prox: float | Tensor) -> None:
    C = torch.diag(torch.tensor([1.0, -2.0]))
    with pytest.raises(ValueError, match=r"definite, .*side 2 with prox=0.5: .*Raise prox"):
        factorize(C, prox=prox)


def test_gram_that_is_not_finite_is_a_clear_error() -> None:
    design = torch.tensor([[1.0, float("nan")], [0.0, 1.0]])
    with pytest.raises(ValueError, match="entries that are not finite"):
        Exact().solve(LocalProblem(design, design, torch.ones(2, 1), prox=1.0))
