"""In which order and by which process seeds are taken."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, distributed
from torch.utils.data import Sampler


class Draw(NamedTuple):
    """One batch: which seeds, and the key of what is drawn for it."""

    ids: Tensor
    key: int


class Draws(Sampler[Draw]):
    """The batches of an epoch; those of every epoch are drawn anew.

    Args:
        groups: the seeds, each list taken whole; or how many there are, each by itself.
        batch_size: seeds, or groups, in a batch.
        shuffle: whether in a new order in every epoch.
        drop_last: whether a last batch that is not full is left out.
        sampler: the order of every epoch, in place of ``shuffle``.
        generator: of orders and keys.
        rank, num_ranks: this process's share is every ``num_ranks``-th; with ``shuffle`` shares are
            filled up from the start to be of one length, so that no rank waits for another.
    """

    def __init__(
        self,
        groups: int | list[Tensor],
        batch_size: int,
        *,
        shuffle: bool,
        drop_last: bool,
        sampler: Iterable[int] | None,
        generator: torch.Generator | None,
        rank: int,
        num_ranks: int,
    ) -> None:
        self.groups, self.batch_size, self.shuffle = groups, batch_size, shuffle
        self.drop_last, self.sampler, self.generator = drop_last, sampler, generator
        self.rank, self.num_ranks, self.epoch = rank, num_ranks, 0

    def __len__(self) -> int:
        share = self._share_size()
        return share // self.batch_size if self.drop_last else -(-share // self.batch_size)

    def __iter__(self) -> Iterator[Draw]:
        generator = self._of_epoch()
        order = self._order(generator)
        keys = torch.randint(2**62, (len(self) * self.num_ranks,), generator=generator).tolist()
        for number in range(len(self)):
            chosen = order[number * self.batch_size : (number + 1) * self.batch_size]
            if isinstance(self.groups, list):
                parts = [self.groups[group] for group in chosen.tolist()]
                chosen = torch.cat(parts) if parts else chosen
            yield Draw(chosen, keys[number * self.num_ranks + self.rank])

    def _of_epoch(self) -> torch.Generator | None:
        """Of one process the user's; of several one that all of them have alike."""
        self.epoch += 1
        if self.num_ranks == 1:
            return self.generator
        start = 0 if self.generator is None else self.generator.initial_seed()
        return torch.Generator().manual_seed((start + self.epoch) % 2**63)

    def _count(self) -> int:
        if self.sampler is not None:
            return len(self.sampler)  # type: ignore[arg-type]
        return self.groups if isinstance(self.groups, int) else len(self.groups)

    def _share_size(self) -> int:
        count = self._count()
        if self.shuffle:
            return -(-count // self.num_ranks)
        return len(range(self.rank, count, self.num_ranks))

    def _order(self, generator: torch.Generator | None) -> Tensor:
        count = self._count()
        if self.sampler is not None:
            order = torch.tensor([int(i) for i in self.sampler], dtype=torch.int64)
        elif self.shuffle:
            order = torch.randperm(count, generator=generator)
            missing = self._share_size() * self.num_ranks - count
            order = torch.cat([order, order.repeat(-(-missing // max(count, 1)))[:missing]])
        else:
            order = torch.arange(count)
        return order[self.rank :: self.num_ranks]


def share(rank: int | None, num_ranks: int | None) -> tuple[int, int]:
    """This process and how many there are: as given, or those of torch.distributed."""
    if (rank is None) != (num_ranks is None):
        raise ValueError(
            f"rank and num_ranks must be given together, got {rank} and {num_ranks}. Leave both "
            "out for those of torch.distributed, or for one process."
        )
    if rank is None or num_ranks is None:
        if distributed.is_available() and distributed.is_initialized():
            return distributed.get_rank(), distributed.get_world_size()
        return 0, 1
    if not 0 <= rank < num_ranks:
        raise ValueError(f"rank must be in 0 … num_ranks - 1 = {num_ranks - 1}, got {rank}.")
    return rank, num_ranks
