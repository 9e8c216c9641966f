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

    def require_alike(self, own: Tensor, what: str) -> None:
        """Raise a RuntimeError on all processes where the integers of one are not those of all."""
        if self.group is None:
            return
        bounds = torch.stack([own, -own])
        distributed.all_reduce(bounds, distributed.ReduceOp.MAX, group=self.group)
        if bool((bounds[0] != -bounds[1]).any()):
            raise RuntimeError(
                f"all {self.size} processes must take a step with {what}, got others on one of "
                "them. Average the gradients over all processes before the step, as "
                "DistributedDataParallel(find_unused_parameters=True) does."
            )


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
