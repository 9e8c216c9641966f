"""Schedules of the authors' recipe: the step size of the inner iterations over the epochs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch.optim import Optimizer

from optim.solvers import Iterate


def paper_schedule(epoch: int, *, num_epochs: int = 100, warmup: int = 5) -> float:
    r"""Factor of the inner learning rate in an epoch: a linear rise, then a linear fall to zero.

    .. math:: s(e) = e / w \text{ for } e < w, \qquad s(e) = 1 - (e - w + 1) / (N - w)
        \text{ afterwards}

    The first epoch has factor zero: the authors' first epoch changes nothing.

    Args:
        epoch: 0-based epoch :math:`e`, as ``LambdaLR`` counts its calls of ``step``.
        num_epochs: :math:`N`, the epoch whose predecessor is the last to move (authors: 100).
        warmup: :math:`w`, epochs of the rise (authors: 5).

    Returns:
        The factor, in [0, 1]; 0 from epoch N - 1 on.

    Raises:
        ValueError: ``epoch`` is negative, or not 0 <= warmup < num_epochs.

    Paper:
        The schedule of the authors' published code for the deep autoencoder.

    Example:
        >>> [paper_schedule(e) for e in (0, 1, 4)], round(paper_schedule(5), 4)
        ([0.0, 0.2, 0.8], 0.9895)
    """
    if epoch < 0:
        raise ValueError(f"`epoch` must be at least 0, got {epoch}.")
    if not 0 <= warmup < num_epochs:
        raise ValueError(
            f"`warmup` must be in [0, num_epochs), got {warmup} of {num_epochs}. "
            "Shorten the warm-up or train longer."
        )
    if epoch < warmup:
        return epoch / warmup
    return max(0.0, 1.0 - (epoch - warmup + 1) / (num_epochs - warmup))


class InnerLR:
    """Scales the step sizes η of `Iterate` by a factor of the epoch.

    What ``LambdaLR`` is for ``lr``, which is γ for every solver: a schedule of γ tells the layers
    to go less far, a schedule of η to go there in smaller steps.

    Args:
        optimizer: A LocoProp; maps whose solver is not `Iterate` are left alone.
        factor: Factor of an epoch, from 0, `paper_schedule` say. That of epoch 0 is set at once.

    Example:
        >>> from torch import nn
        >>> from optim import LocoProp
        >>> opt = LocoProp.paper(nn.Linear(2, 1))
        >>> schedule = InnerLR(opt, paper_schedule)
        >>> schedule.step()  # at the end of each epoch
        >>> schedule.epoch, schedule.last_lr()
        (1, [2.0000000000000003e-06])
    """

    def __init__(self, optimizer: Optimizer, factor: Callable[[int], float]) -> None:
        self.optimizer, self.factor = optimizer, factor
        self.base_lrs = {group["name"]: group["solver"].lr for group in self._groups()}
        self.epoch = 0
        self._set()

    def step(self) -> None:
        """Go to the next epoch."""
        self.epoch += 1
        self._set()

    def last_lr(self) -> list[float]:
        """The step sizes η as they are, one for each map."""
        return [group["solver"].lr for group in self._groups()]

    def state_dict(self) -> dict[str, Any]:
        """The epoch and the step sizes that are scaled; the factor is code."""
        return {"epoch": self.epoch, "base_lrs": dict(self.base_lrs)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Resume; the step sizes themselves are in the state of the optimiser.

        Args:
            state_dict: From `state_dict`.
        """
        self.epoch, self.base_lrs = state_dict["epoch"], dict(state_dict["base_lrs"])

    def _groups(self) -> list[dict[str, Any]]:
        return [g for g in self.optimizer.param_groups if isinstance(g.get("solver"), Iterate)]

    def _set(self) -> None:
        for group in self._groups():
            lr = self.base_lrs[group["name"]] * self.factor(self.epoch)
            group["solver"] = replace(group["solver"], lr=lr)
