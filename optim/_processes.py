"""The processes whose rows make one local problem together, and what they tell each other."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed


@dataclass(frozen=True, eq=False)
class Processes:
    """The processes that average the gradients of one model; by default this one alone.

    What they exchange is the same on all of them afterwards, to the last bit, so they decide alike.

    Args:
        group: Their process group; None for one process.

    >>> ALONE.total(torch.ones(2)).tolist(), ALONE.size
    ([1.0, 1.0], 1)
    """

    group: Any = None

    @property
    def size(self) -> int:
        """How many there are."""
        return 1 if self.group is None else int(self.group.size())

    def total(self, own: Tensor) -> Tensor:
        """The sum over the processes; in place where there are several."""
        if self.group is None:
            return own
        summed = own.contiguous()
        distributed.all_reduce(summed, group=self.group)
        return summed

    def total_count(self, own: int, device: torch.device) -> int:
        """The sum over the processes of a number of rows."""
        return own if self.group is None else int(self.total(torch.tensor(own, device=device)))

    def of_first(self, own: Tensor) -> Tensor:
        """What the first process has; in place where there are several."""
        if self.group is None:
            return own
        same = own.contiguous()
        distributed.broadcast(same, group=self.group, group_src=0)
        return same

    def of_each(self, own: Any) -> list[Any]:
        """The objects of all processes, in their order."""
        if self.group is None:
            return [own]
        found: list[Any] = [None] * self.size
        distributed.all_gather_object(found, own, group=self.group)
        return found

    def require_alike(self, moving: list[bool], norm: Tensor) -> None:
        """Raise a RuntimeError on all processes where those of one are not those of all.

        Args:
            moving: Which maps have a gradient.
            norm: Of the gradients, (); it is equal on all processes if they are averages.
        """
        if self.group is None:
            return
        own = torch.stack([norm, *norm.new_tensor(moving)])
        bounds = torch.stack([own, -own])
        distributed.all_reduce(bounds, distributed.ReduceOp.MAX, group=self.group)
        most, least = bounds[0].tolist(), (-bounds[1]).tolist()
        if most[1:] != least[1:]:
            raise RuntimeError(
                f"all {self.size} processes must take a step with gradients of one model, got "
                "others on one of them. Average the gradients over all processes before the step, "
                "as DistributedDataParallel(find_unused_parameters=True) does."
            )
        if most[0] - least[0] > _ROUNDING * most[0]:
            raise RuntimeError(
                f"gradients must be averages over all {self.size} processes, got norms from "
                f"{least[0]:.6g} to {most[0]:.6g} on them. Leave no_sync() for the last backward "
                "pass before a step, or average the gradients yourself."
            )


_ROUNDING = 1e-4  # of norms, relative


ALONE = Processes()


def averaging_processes() -> Processes:
    """Those of the DistributedDataParallel whose forward runs; this one alone without one.

    Raises:
        RuntimeError: Inside its ``join()``, where a process without batches takes no step.
    """
    if not distributed.is_available():
        return ALONE
    wrapper: Any = torch.nn.parallel.DistributedDataParallel._active_ddp_module
    if wrapper is None or wrapper.process_group.size() == 1:
        return ALONE
    if wrapper._join_config.enable:
        raise RuntimeError(
            "LocoProp must be stepped by all processes together, got a forward pass inside join(), "
            "where a process without batches takes no step. Give such a process an empty batch."
        )
    return Processes(wrapper.process_group)
