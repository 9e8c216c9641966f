"""What may watch a walk, and lead it: a callback after each step, and one that keeps the states."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from simplex.complexes import require_int
from simplex.diffusion._checks import require_device, require_finite, require_same_shape


class WalkState(NamedTuple):
    """Where a walk is: what a sampler tells a callback.

    Attributes:
        step: 0 at the start, then the number of steps taken.
        time: the time of x as the network gets it, one per row; of complexes one per part.
        x: the state: a tensor, or a complex.
    """

    step: int
    time: Tensor
    x: Any


# Called at the start and after each step; what it returns, unless None, the walk goes on with.
Callback = Callable[[WalkState], Any]


def require_callback(callback: object) -> None:
    """Refuse what cannot be told anything."""
    if callback is not None and (isinstance(callback, type) or not callable(callback)):
        got = callback.__name__ if isinstance(callback, type) else type(callback).__name__
        raise TypeError(
            f"callback must be a function of a WalkState, or None, got {got}. Trajectory() is one."
        )


def told(callback: Callback | None, step: int, time: Tensor, x: Tensor) -> Tensor:
    """The state that the walk goes on with, after a callback has seen it."""
    if callback is None:
        return x
    if step == 0:
        x = x.clone()  # that of the caller, which a callback may write to
    answer = callback(WalkState(step, time, x))
    if answer is None:
        return x
    require_same_shape("what the callback returns", answer, x)
    require_finite("what the callback returns", answer, lambda: f"at step {step}")
    changed: Tensor = answer.to(x)
    return changed


def watched(callback: Callback | None, step: int, time: Tensor, x: object) -> None:
    """Let a callback see a state of a walk that it cannot change."""
    if callback is not None and callback(WalkState(step, time, x)) is not None:
        raise ValueError("the callback must return None here: such states cannot be changed.")


class Trajectory:
    """Keep the states of a walk: a ``callback`` for any sampler.

    Args:
        every: keep the start, each so many-th state, and the last.
        device: where to keep them; ``None`` for where they are.

    Raises:
        ValueError: ``every`` below 1.

    Example:
        >>> from simplex.diffusion import ddim, linear_schedule
        >>> path = Trajectory()
        >>> x = ddim(lambda x, t: 0 * x, torch.ones(4, 2), linear_schedule(), 10, callback=path)
        >>> path.stacked().shape, bool((path.stacked()[-1] == x).all())
        (torch.Size([11, 4, 2]), True)
    """

    def __init__(self, every: int = 1, *, device: torch.device | str | None = None) -> None:
        require_int("every", every, 1)
        if device is not None:
            require_device(device)
        self.every, self.device = every, device
        self._kept: list[WalkState] = []

    def __call__(self, state: WalkState) -> None:
        """Keep a state; the start of a walk begins anew."""
        if state.step == 0:
            self._kept = []
        elif self._kept and self._kept[-1].step % self.every:
            self._kept.pop()  # it was the last so far
        x = state.x
        if isinstance(x, Tensor):
            x = x.detach().to(self.device or x.device, copy=True)
        elif self.device is not None:
            x = x.to(self.device)
        self._kept.append(WalkState(state.step, state.time, x))

    @property
    def states(self) -> list[WalkState]:
        """What was kept, in the order of the walk."""
        return list(self._kept)

    def stacked(self) -> Tensor:
        """The states as one tensor, (kept, rows, …).

        Raises:
            ValueError: nothing was kept yet, or complexes, which do not stack: see ``states``.
        """
        kept = [state.x for state in self._kept]
        if not kept or not all(isinstance(x, Tensor) for x in kept):
            got = type(kept[0]).__name__ if kept else "none"
            raise ValueError(
                f"the states must be tensors to be stacked, got {got}. Give the trajectory to a "
                "sampler, callback=trajectory; of complexes take its states."
            )
        return torch.stack(kept)

    def __len__(self) -> int:
        return len(self._kept)
