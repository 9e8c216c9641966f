"""The rate that a benchmark schedules: ``lr``, but the inner step size of the authors' recipe."""

from dataclasses import replace

from torch.optim import Optimizer

from optim import Iterate


def rates(optimizer: Optimizer) -> list[float]:
    """The scheduled rate of each parameter group."""
    return [
        group["solver"].lr if isinstance(group.get("solver"), Iterate) else group["lr"]
        for group in optimizer.param_groups
    ]


def set_rates(optimizer: Optimizer, rates: list[float], factor: float) -> None:
    """Set the scheduled rate of each group to its start times a factor."""
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        if isinstance(group.get("solver"), Iterate):
            group["solver"] = replace(group["solver"], lr=rate * factor)
        else:
            group["lr"] = rate * factor
