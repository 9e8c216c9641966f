"""Data-parallel training: one process per shard of every batch, joined by torch's own DDP."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn

from simplex.complexes import shown


Made = TypeVar("Made")


@dataclass(frozen=True)
class Processes:
    r"""The processes that train one model together; by default this one alone.

    Every batch B is dealt out, :math:`B = B_0 ⊔ … ⊔ B_{R-1}`. DistributedDataParallel averages
    gradients over the processes, so process r takes the loss

    .. math:: \frac{R}{|B|} \sum_{i ∈ B_r} ℓ_i, \qquad
              \frac1R \sum_r \frac{R}{|B|} \sum_{i ∈ B_r} ∇ℓ_i = \frac1{|B|} \sum_{i ∈ B} ∇ℓ_i,

    and the step is that of one process with the whole batch, whatever the sizes of the shards.
    (Batch norm sees the shard alone; running statistics are those of process 0.)

    Args:
        rank: which process this is.
        size: how many there are, R.

    Example:
        >>> [Processes(r, 2).shard(torch.arange(5)).tolist() for r in (0, 1)]
        [[0, 2, 4], [1, 3]]
    """

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that reports and saves."""
        return self.rank == 0

    def shard(self, ids: Tensor, sizes: Tensor | None = None) -> Tensor:
        """This process's part of the ids; it can be empty.

        Args:
            ids: of all processes.
            sizes: how large each of them is: the parts then have about equal sums. The ids are
                dealt out from the largest to the smallest, to and fro.
        """
        if sizes is None or self.size == 1:
            return ids[self.rank :: self.size]
        order = sizes.argsort(descending=True, stable=True)
        place = torch.arange(len(ids)) % (2 * self.size)
        mine = torch.minimum(place, 2 * self.size - 1 - place) == self.rank
        return ids[order[mine].sort()[0]]

    def wrap(self, model: nn.Module) -> nn.Module:
        """The model to train: its backward pass averages gradients over the processes."""
        if self.size == 1:
            return model
        # A dimension without simplices can leave parameters without a gradient.
        return nn.parallel.DistributedDataParallel(model, find_unused_parameters=True)

    def total(self, values: Tensor) -> Tensor:
        """The sum over the processes, the same on all of them."""
        if self.size > 1:
            distributed.all_reduce(values)
        return values

    def gather(self, values: Tensor) -> Tensor:
        """The rows of all processes, one below the other, the same on all of them."""
        if self.size == 1:
            return values
        counts = [
            torch.zeros((), dtype=torch.int64, device=values.device) for _ in range(self.size)
        ]
        distributed.all_gather(counts, torch.tensor(len(values), device=values.device))
        most = max(int(count) for count in counts)
        padded = values.new_zeros(most, *values.shape[1:])
        padded[: len(values)] = values
        parts = [torch.empty_like(padded) for _ in range(self.size)]
        distributed.all_gather(parts, padded)
        return torch.cat([part[: int(n)] for part, n in zip(parts, counts, strict=True)])

    @torch.no_grad()
    def align(self, model: nn.Module) -> None:
        """Give all processes the buffers of process 0, such as running statistics, and its weights.

        The weights are the same already, but for processors that round otherwise.
        """
        if self.size > 1:
            for values in (*model.buffers(), *model.parameters()):
                distributed.broadcast(values, 0)

    def agreed(self, numbers: Sequence[float], device: torch.device) -> list[float]:
        """The numbers of process 0, so that all decide alike whatever their processors."""
        if self.size == 1:
            return list(numbers)
        values = torch.tensor(numbers, dtype=torch.float64, device=device)
        distributed.broadcast(values, 0)
        return values.tolist()

    def of_first(self, make: Callable[[], Made]) -> Made:
        """What process 0 makes, reading files that the others need not see.

        Raises:
            Exception: what ``make`` raises there, on all processes.
        """
        if self.size == 1:
            return make()
        told: list[Any] = [None, None]
        if self.is_first:
            try:
                told[0] = make()
            except Exception as error:
                told[1] = error
        distributed.broadcast_object_list(told, 0)
        if told[1] is not None:
            raise told[1]
        made: Made = told[0]
        return made

    def require_same(self, given: Mapping[str, Any]) -> None:
        """Raise ``ValueError`` where processes were given different things.

        Args:
            given: values that can be compared, by what they are.
        """
        if self.size == 1:
            return
        told: list[Any] = [None] * self.size
        distributed.all_gather_object(told, dict(given))
        for rank, other in enumerate(told):
            for name in given:
                if other[name] != told[0][name]:
                    raise ValueError(
                        f"all processes must train on the same data with the same settings, got "
                        f"{name}={shown(told[0][name])} in process 0 and {shown(other[name])} in "
                        f"process {rank}. Give every machine the same files, versions and options."
                    )


@contextmanager
def torchrun_processes(device: str = "cpu") -> Iterator[tuple[Processes, str]]:
    """Join the processes that ``torchrun`` has started; without torchrun, this one is alone.

    Gradients go through gloo on the CPU and through nccl on CUDA, where the processes of one
    machine take one GPU each.

    Args:
        device: ``"cpu"`` or ``"cuda"``; with an index where there is one process.

    Returns:
        A context with the processes and the device of this one.

    Example:
        >>> with torchrun_processes() as (processes, device):
        ...     processes.size, device
        (1, 'cpu')
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or "RANK" not in os.environ:
        yield Processes(), device
        return
    cuda = torch.device(device).type == "cuda"
    if cuda:
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size()), device
    finally:
        distributed.destroy_process_group()
