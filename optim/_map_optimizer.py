"""The habits of an optimiser that has one parameter group for each linear map of a model."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from copy import deepcopy
from typing import Any, Literal, NoReturn

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from optim._checks import (
    first_nonfinite,
    require_closure_free,
    require_fallback,
    require_fitting_state,
    require_same_parameters,
)
from optim.capture import Capture
from optim.maps import Cover
from optim.solvers import packed, unpacked


logger = logging.getLogger("optim")
Fallback = Callable[[Iterable[nn.Parameter]], Optimizer]


class MapOptimizer(Optimizer):
    """What `LocoProp` does whatever the local problems are: groups, gradients, saved states.

    Parameters of no map have groups of the fallback optimiser, which are its own: schedulers and
    ``state_dict`` see one optimiser. A subclass gives ``step``.

    Attributes:
        skipped: Steps that were skipped because a gradient was not finite.
    """

    def __init__(
        self,
        cover: Cover,
        defaults: Mapping[str, Any],
        fallback: Fallback,
        *,
        nonfinite: Literal["raise", "skip"],
    ) -> None:
        self.skipped = 0
        self._cover = cover
        self._maps = {each.name: each for each in cover.maps}
        self._nonfinite = nonfinite
        super().__init__(
            [{"params": [*each.parameters], "name": name} for name, each in self._maps.items()],
            dict(defaults),
        )
        require_fallback(fallback)
        self._fallback = _made(fallback, cover) if cover.rest else None
        if self._fallback is not None:
            for k, group in enumerate(self._fallback.param_groups):
                group["name"] = f"fallback {k}" if k else "fallback"
                self.param_groups.append(group)
        for group in self.param_groups:
            group["shapes"] = [tuple(p.shape) for p in group["params"]]
        self._share_with_fallback()
        self._capture = Capture(cover.maps)
        self._closed = False

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear gradients (to None or zeros), and forget the passes that they came from."""
        super().zero_grad(set_to_none)
        self._capture.discard()

    def paused(self) -> AbstractContextManager[None]:
        """A context whose forward passes are not captured: evaluation with gradients enabled."""
        return self._capture.paused()

    def close(self) -> None:
        """Remove all hooks from the model; the optimiser takes no further step."""
        self._capture.close()
        self._closed = True

    def _ready(self) -> list[dict[str, Any]]:
        """Groups of the maps that have a gradient, and the rows that it is the gradient of."""
        if self._closed:
            raise RuntimeError(
                "step() must come before close(), got a closed LocoProp. Make a new one."
            )
        ready = []
        several = self._capture.processes.size > 1  # one of them may not have called the module
        for group in self.param_groups[: len(self._maps)]:
            require_same_parameters(self._maps[group["name"]])
            if all(p.grad is None or not p.requires_grad for p in group["params"]):
                continue
            if self._maps[group["name"]] not in self._capture and not several:
                raise RuntimeError(
                    f"step() must follow a forward and backward pass of its own, got a gradient "
                    f"but no captured forward of map {group['name']!r}. Call zero_grad(), forward "
                    "and backward() (outside of paused()); if the weights are used without "
                    f"calling the module, give exclude=({group['name']!r},)."
                )
            ready.append(group)
        rest = self._cover.rest
        if not ready and all(p.grad is None for p in rest):
            raise RuntimeError(
                "step() must follow a forward and backward pass, got no gradient at all. "
                "Call loss.backward() first."
            )
        return ready

    def _gradients_are_finite(self) -> bool:
        """Whether the step may be taken; otherwise an error, or a skipped step that is counted."""
        parameters = [p for group in self.param_groups for p in group["params"]]
        found = first_nonfinite([p.grad for p in parameters if p.grad is not None])
        if found is None:
            return True
        culprit = [p for p in parameters if p.grad is not None][found]
        return self._refuse("gradients", "the gradient", self._cover.names[culprit])

    def _refuse(self, plural: str, what: str, name: str) -> bool:
        """An error that names what is not finite, or False and a skipped step that is counted."""
        if self._nonfinite == "raise":
            raise ValueError(
                f"{plural} must be finite, got NaN or inf in that of {name!r}. Lower the step "
                "size, clip the gradients, or skip such steps with nonfinite='skip'."
            )
        self.skipped += 1
        logger.warning("step skipped: %s of %r is not finite", what, name)
        return False

    def state_dict(self) -> dict[str, Any]:
        """Hyper-parameters and buffers as plain data, the solvers too: no class is pickled."""
        state: dict[str, Any] = super().state_dict()
        for group in state["param_groups"][: len(self._maps)]:
            group["solver"] = packed(group["solver"])
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Resume from a saved state: hyper-parameters, buffers, the fallback's state; not aliased.

        Raises:
            ValueError: The state is of another model, cover or inner rule. Nothing is changed then.
        """
        saved_groups, count = state_dict["param_groups"], len(self._maps)
        require_fitting_state(self.param_groups, saved_groups)
        pairs = zip(saved_groups[:count], self.param_groups[:count], strict=True)
        solvers = [unpacked(saved.get("solver"), group["solver"]) for saved, group in pairs]
        buffers = dict(state_dict["state"])
        keys = [group["params"][0] for group in saved_groups[:count]]
        ours = {key: buffers.pop(key) for key in keys if key in buffers}
        super().load_state_dict({**state_dict, "state": deepcopy(buffers)})
        for group, solver, key in zip(self.param_groups, solvers, keys, strict=False):  # the maps'
            group["solver"] = solver
            if key in ours:
                first = group["params"][0]
                self.state[first] = _restored(ours[key], first.device)
        self._share_with_fallback()

    def _share_with_fallback(self) -> None:
        """One state and the same groups: schedulers and state_dict see the fallback's too."""
        if self._fallback is not None:
            self._fallback.state = self.state
            self._fallback.param_groups = self.param_groups[len(self._maps) :]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Refused after construction: the groups are the maps of the model."""
        if hasattr(self, "_fallback"):
            raise RuntimeError(
                "parameter groups must come from the model, got a further one. "
                "Make a new LocoProp of the model that has the new layers."
            )
        super().add_param_group(param_group)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(
            "LocoProp must stay with its model, whose hooks it owns, got a copy or a pickle. "
            "Make a new one and load `state_dict()`."
        )


def _made(fallback: Fallback, cover: Cover) -> Optimizer:
    """The optimiser of the parameters of no map; it has all of them that train, and no other."""
    made = fallback(cover.rest) if callable(fallback) else fallback
    require_fallback(made, made=True)
    require_closure_free(made)
    held = {p for group in made.param_groups for p in group["params"]}
    missing = [cover.names[p] for p in cover.rest if p.requires_grad and p not in held]
    foreign = len(held.difference(cover.rest))
    if missing or foreign:
        names = f" (without {', '.join(map(repr, missing[:3]))})" if missing else ""
        raise ValueError(
            f"`fallback` must take the {len(cover.rest)} parameters it is given and no other, got "
            f"{len(held) - foreign} of them{names} and {foreign} other. Pass on its argument."
        )
    return made


def _restored(value: Any, device: torch.device) -> Any:
    """A deep copy with tensors on the device, their types kept.

    torch casts loaded buffers to the type of their parameter; ours are float32 at least beside
    half-precision weights, and a resumed run would not be the same. Counters stay where they are.
    """
    if isinstance(value, Tensor):
        return value.detach().to(device if value.dim() else value.device, copy=True)
    if isinstance(value, Mapping):
        return {name: _restored(each, device) for name, each in value.items()}
    return value
