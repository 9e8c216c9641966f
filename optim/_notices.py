"""What a step tells the log, each thing once."""

import logging
from collections.abc import Mapping

from torch import distributed

from optim._choice import Choice
from optim._processes import ALONE, Processes


logger = logging.getLogger("optim")
_SHOWN = 3


class Notices:
    """The warnings of one optimiser."""

    def __init__(self) -> None:
        self._fell_back: set[str] = set()
        self._reductions: set[str] = set()
        self._counted = False

    def of_fallbacks(self, choices: Mapping[str, Choice]) -> None:
        """Maps of variant M that have to be solved as S, by name."""
        fell = {name for name, choice in choices.items() if choice.fell_back} - self._fell_back
        if fell:
            self._fell_back |= fell
            told = [f"{name!r}, {choices[name].reason}" for name in sorted(fell)]
            more = len(told) - _SHOWN
            rest = [f"and {more} more, see report()"] if more > 0 else []
            logger.warning("%d maps solved as S: %s", len(told), "; ".join([*told[:_SHOWN], *rest]))

    def of_reduction(self, shown: str | None, given: str) -> None:
        """The loss that the graph shows is reduced otherwise than the optimiser was told."""
        if shown not in {None, given, *self._reductions}:
            assert shown is not None
            self._reductions.add(shown)
            logger.warning(
                "the loss is a %s but loss_reduction is %r: steps are wrong by the number of rows; "
                "give loss_reduction=%r",
                shown,
                given,
                shown,
            )

    def of_processes(self, processes: Processes) -> None:
        """Several processes run, and nothing shows that they train one model."""
        several = distributed.is_available() and distributed.is_initialized()
        if processes is ALONE and several and distributed.get_world_size() > 1:
            if not self._counted:
                logger.warning(
                    "each of the %d processes steps by its own rows, as no DistributedDataParallel "
                    "is around the model; where its gradients are averaged otherwise, give "
                    "process_group=torch.distributed.group.WORLD",
                    distributed.get_world_size(),
                )
            self._counted = True
