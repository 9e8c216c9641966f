"""Drawing the parameters of a network anew."""

from torch import nn


def reset_submodules(module: nn.Module) -> None:
    """Call ``reset_parameters`` of every module inside, each once; lazy ones wait for an input.

    Example:
        >>> reset_submodules(nn.Sequential(nn.Linear(2, 2), nn.ELU()))
    """
    for inner in module.modules():
        reset = getattr(inner, "reset_parameters", None)
        if inner is not module and callable(reset):
            reset()
