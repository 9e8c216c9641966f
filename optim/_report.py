"""Which parameter is trained by which local problem: the coverage report."""

from collections.abc import Iterator
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Coverage:
    """One line of the report: a parameter group and how it is trained.

    Attributes:
        name: Name of the module in the model; several, joined by " + ", where modules share
            their parameters; "fallback" for the parameters of no local problem.
        parameters: Names of the parameters, frozen ones in brackets.
        size: "n x d" of the local problem, or the number of scalars for the fallback.
        solver: Variant and solver, "M mm" say, or the class of the fallback optimiser.
        transfer: Transfer function of the matching loss; "pending" before the first backward.
        reason: Why this transfer, or why no local problem.
    """

    name: str
    parameters: str
    size: str
    solver: str
    transfer: str
    reason: str


@dataclass(frozen=True)
class Report:
    """The coverage of a model as a table; ``print`` it.

    Attributes:
        lines: One `Coverage` for each parameter group, in order.
        covered: Scalars that are trained by local problems.
        total: Scalars of the model.
        skipped: Steps that were skipped because of gradients that were not finite.

    Example:
        >>> line = Coverage("0", "weight, bias", "5 x 3", "M mm", "tanh", "autograd graph")
        >>> print(Report((line,), covered=15, total=15, skipped=0))
        map  parameters    size   solver  transfer  reason
        0    weight, bias  5 x 3  M mm    tanh      autograd graph
        15 of 15 parameters are trained by local problems; 0 steps skipped
    """

    lines: tuple[Coverage, ...]
    covered: int
    total: int
    skipped: int

    def __iter__(self) -> Iterator[Coverage]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __str__(self) -> str:
        header = ("map", "parameters", "size", "solver", "transfer", "reason")
        cells = [header] + [
            tuple(str(getattr(line, field.name)) for field in fields(Coverage)) for line in self
        ]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        table = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in cells
        ]
        return "\n".join(
            [
                *table,
                f"{self.covered} of {self.total} parameters are trained by local problems; "
                f"{self.skipped} steps skipped",
            ]
        )
