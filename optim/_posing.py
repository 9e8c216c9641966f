"""The captured pass of a map as its local problem: rows, gradient, and what is solved apart."""

from dataclasses import replace

import torch
from torch import Tensor

from optim._processes import ALONE
from optim.capture import Capture
from optim.linear_map import LinearMap
from optim.problem import LocalProblem
from optim.solvers import Iterate, Solver
from optim.splits import WHOLE, Split, split_of
from optim.tables import TableProblem
from optim.trust import Trust


class Poser:
    """Makes the local problems of one optimiser, not damped yet.

    Args:
        capture: Where the rows are.
        sum_loss: Whether the loss is a sum over the rows.
        largest_gram: The largest side of a Gram matrix.

    Attributes:
        splits: By map, how its problem was split last.
        memory: By map, the bytes of its Gram matrices.
    """

    def __init__(self, capture: Capture, *, sum_loss: bool, largest_gram: int) -> None:
        self.capture, self.sum_loss, self.largest_gram = capture, sum_loss, largest_gram
        self.splits: dict[LinearMap, Split] = {}
        self.memory: dict[LinearMap, int] = {}

    def posed(
        self, linear_map: LinearMap, solver: Solver, gamma: float
    ) -> tuple[LocalProblem | TableProblem, Split] | None:
        """The problem of the weights that move, f the identity; None without rows.

        Called by all processes.
        """
        in_sums = isinstance(solver, Iterate) and solver.reduction == "sum"
        design, rows, own = self.capture.design(linear_map, even=not in_sums)  # (…, R, n)
        if linear_map.is_table:
            table = self._of_table(linear_map, design, rows, gamma)
            return None if table is None else (table, WHOLE)
        if not rows:  # an empty batch
            return None
        split = self._split(linear_map, design, solver)

        def pre() -> Tensor:
            """A₀ = Z W₀ as the forward pass made it, or once more where that is gone."""
            kept = self.capture.pre(linear_map)
            if kept is None or split != WHOLE:
                return split.rows(design) @ split.apart(linear_map.weights())
            return kept

        processes = self.capture.processes
        problem = LocalProblem(
            split.rows(linear_map.moving_columns(design)),
            pre,
            split.apart(linear_map.gradient()),
            gamma=gamma,
            processes=processes,
            total_rows=rows,
        )
        if self.sum_loss:  # an average over processes, until now
            problem = replace(problem, gradient=problem.gradient * processes.size / own)
        return problem, split

    def _split(self, linear_map: LinearMap, design: Tensor, solver: Solver) -> Split:
        """How a map's problem is solved apart: by parts of its outputs, or by blocks of columns."""
        split = Split(outputs=self.capture.parts.get(linear_map, 1))
        if isinstance(solver, Iterate):  # which factorizes nothing
            return split
        kept = not isinstance(solver, Trust) and (solver.gram_ema > 0 or solver.gram_every > 1)
        formed = kept or self.capture.processes is not ALONE
        if split == WHOLE:
            split = split_of(design.shape, largest=self.largest_gram, by_rows=not formed)
        self.splits[linear_map] = split
        self.memory[linear_map] = split.gram_bytes(design, formed=formed)
        return split

    def _of_table(
        self, linear_map: LinearMap, design: Tensor, rows: int, gamma: float
    ) -> TableProblem | None:
        """That of a table that rows are looked up in, and of the head that is tied to it."""
        counts, looked_up = self.capture.looked_up(linear_map)
        total, processes = rows + looked_up, self.capture.processes
        if not total:
            return None
        gram = None
        if linear_map.has_head:
            of_head = linear_map.moving_columns(design)
            gram = processes.total(of_head.mT @ of_head) / total
            self.memory[linear_map] = gram.nbytes
        gradient = linear_map.gradient()
        if self.sum_loss:
            gradient = gradient * processes.size / total
        columns = linear_map.moving_columns(linear_map.table_columns)
        return TableProblem(counts / total, gram, columns, gradient, total, gamma)


def gradient_norm(maps: list[LinearMap]) -> Tensor:
    """The norm of the gradients of all moving parameters, in float64."""
    own = [block.gradient() for each in maps for block in each.moving]
    norms = [torch.linalg.vector_norm(each, dtype=torch.float64) for each in own]
    return torch.linalg.vector_norm(torch.stack(norms)) if norms else torch.zeros(())
