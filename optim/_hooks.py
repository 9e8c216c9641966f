"""The hooks of a capture, on modules, on outputs in the graph and on parameters."""

import weakref
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from optim._call import Call
from optim.linear_map import LinearMap


if TYPE_CHECKING:
    from optim.capture import Capture


class Tap:
    """The hook in the graph: it holds the call until the step that the call is captured for.

    A pass that was thrown away leaves the call here: backward may run over its graph once more.
    """

    def __init__(self, capture: "Capture", call: Call) -> None:
        self.capture = weakref.ref(capture)
        self.call: Call | None = call
        self.counted = False  # whether the call is captured: once, however often backward runs

    def __call__(self, grad: Tensor) -> None:
        capture = self.capture()
        if capture is not None and self.call is not None:
            capture._arrive(self.call.map, self)

    def release(self) -> None:
        """Lets the call go: the graph may outlive the step, its memory should not."""
        self.call = None


def nothing() -> None:
    """A reference that was never alive."""


class ForwardHook:
    """The hook on a module. Copies and pickles of the module carry one that does nothing."""

    def __init__(self, capture: "Capture | None" = None, *where: Any) -> None:
        self.capture = weakref.ref(capture) if capture is not None else nothing
        self.where = where

    def __call__(self, module: nn.Module, inputs: Any, *rest: Any) -> Tensor | None:
        capture = self.capture()
        if capture is None:  # collected while the module runs its hooks: called without options
            return None
        options, output = rest
        return capture._forward(self.where, inputs, options, output)

    def __getattr__(self, name: str) -> Any:
        if name == "__name__":  # torch.jit.script asks every hook for it
            raise AttributeError(
                "torch.jit.script must be given a model without hooks, got one that is or was "
                "watched by a LocoProp. Script a model made anew with its state_dict, or trace it."
            )
        raise AttributeError(name)

    def __reduce__(self) -> tuple[type["ForwardHook"], tuple[()]]:
        return (ForwardHook, ())


class GradHook:
    """The hook on a parameter, after its gradient was accumulated."""

    def __init__(self, capture: "Capture", map: LinearMap) -> None:
        self.capture, self.map = weakref.ref(capture), map

    def __call__(self, parameter: Tensor) -> None:
        capture = self.capture()
        if capture is not None:
            capture._confirm(self.map)
