"""Which parameter is trained by which local problem: the coverage report."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from torch import nn

from optim._choice import Choice
from optim.linear_map import LinearMap
from optim.maps import Cover
from optim.transfers import IDENTITY


_SHOWN = 3
_WORTH_SAYING = 2**26  # bytes


@dataclass(frozen=True)
class Coverage:
    """One line of the report: a parameter group and how it is trained.

    Attributes:
        name: Name of the module in the model; several, joined by " + ", where modules share
            their parameters; "fallback" for the parameters of no local problem.
        parameters: Names of the parameters, frozen ones in brackets.
        size: "n x d" of the local problem, or the number of scalars for the fallback.
        solver: Variant and solver, "M Majorise" say, or the class of the fallback optimiser.
        transfer: Transfer function of the matching loss; "pending" before a backward pass, "-"
            without a local problem or where all parameters are frozen.
        reason: Why this transfer, or why no local problem.
        memory: Bytes of the Gram matrix (its factorization takes as much again), of all blocks
            together; 0 before the first step, and where a solver or a table forms none.
    """

    name: str
    parameters: str
    size: str
    solver: str
    transfer: str
    reason: str
    memory: int = 0


@dataclass(frozen=True)
class Report:
    """The coverage of a model as a table; ``print`` it (long lists are cut there, not in lines).

    Attributes:
        lines: One `Coverage` for each parameter group, in order.
        covered: Scalars that are trained by local problems.
        total: Scalars of the model that require a gradient.
        skipped: Steps that were skipped because of gradients that were not finite.
        frozen: Scalars of the model that require no gradient now.

    Example:
        >>> line = Coverage("0", "weight, bias", "5 x 3", "M Majorise", "tanh", "autograd graph")
        >>> print(Report((line,), covered=15, total=15, skipped=0))
        map  parameters    size   solver      transfer  reason
        0    weight, bias  5 x 3  M Majorise  tanh      autograd graph
        15 of 15 parameters are trained by local problems; 0 steps skipped
    """

    lines: tuple[Coverage, ...]
    covered: int
    total: int
    skipped: int
    frozen: int = 0

    def __iter__(self) -> Iterator[Coverage]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __str__(self) -> str:
        header = ("map", "parameters", "size", "solver", "transfer", "reason")
        cells = [header] + [
            tuple(_short(getattr(line, field.name)) for field in fields(Coverage)[:-1])
            for line in self
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
                + (f"{self.frozen} are frozen (in brackets); " if self.frozen else "")
                + f"{self.skipped} steps skipped",
                *self._of_memory(),
            ]
        )

    def _of_memory(self) -> list[str]:
        """What the Gram matrices take, where that is worth a line."""
        largest = max(self.lines, key=lambda line: line.memory, default=None)
        if largest is None or largest.memory < _WORTH_SAYING:
            return []
        shown = f"{largest.memory / 2**20:.0f} MiB"
        return [f"the largest Gram matrix is that of {largest.name!r}, {shown}"]


def map_line(
    linear_map: LinearMap, choice: Choice, names: Mapping[nn.Parameter, str], memory: int = 0
) -> Coverage:
    """The line of one local problem."""
    variant = "S" if choice.transfer is IDENTITY else "M"
    columns, outputs = linear_map.shape
    if linear_map.is_table and not linear_map.has_head:
        columns, outputs = outputs, columns
    solver = "pending" if choice.pending else f"{variant} {type(choice.solver).__name__}"
    transfer = "pending" if choice.pending else choice.transfer.name
    reason = choice.reason
    if not linear_map.trainable:
        solver, transfer, reason = "-", "-", "frozen"
    return Coverage(
        name=linear_map.name,
        parameters=_named(linear_map.parameters, names),
        size=f"{columns} x {outputs}",
        solver=solver,
        transfer=transfer,
        reason=reason,
        memory=memory,
    )


def fallback_line(group: Mapping[str, Any], optimiser: str, cover: Cover) -> Coverage:
    """The line of a group of the fallback optimiser."""
    return Coverage(
        name=group["name"],
        parameters=_named(group["params"], cover.names),
        size=str(sum(parameter.numel() for parameter in group["params"])),
        solver=optimiser,
        transfer="-",
        reason="; ".join(cover.reasons),
    )


def _short(cell: str) -> str:
    """At most four items of a list, in words how many more there are."""
    for separator in ("; ", ", "):
        items = cell.split(separator)
        if len(items) > _SHOWN + 1:
            return f"{separator.join(items[:_SHOWN])} … and {len(items) - _SHOWN} more"
    return cell


def _named(parameters: Iterable[nn.Parameter], names: Mapping[nn.Parameter, str]) -> str:
    return ", ".join(names[p] if p.requires_grad else f"({names[p]})" for p in parameters)
