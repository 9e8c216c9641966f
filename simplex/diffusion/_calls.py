"""How networks are called: with arguments of their own, and whatever holds their answer."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor

from simplex.diffusion._checks import require_callable, require_mapping, require_same_shape
from simplex.diffusion._kinds import carry_kind
from simplex.diffusion._rows import Model


Arguments = Mapping[str, Any]


def calling(what: str, model: Any, arguments: Arguments | None) -> Any:
    """A model with its further keyword arguments filled in; it still says what it predicts."""
    require_callable(what, model)
    if arguments is None:
        return model
    require_mapping("model_kwargs", arguments)
    for name in arguments:
        if not isinstance(name, str):
            raise TypeError(f"model_kwargs must have names of arguments as keys, got {name!r}.")
    return partial(model, **arguments)


def answer_of(output: Any) -> Any:
    """The tensor that a network says, out of what holds it: ``.sample``, or a tuple of one.

    Networks of diffusers answer with the first, or with the second at ``return_dict=False``.
    """
    if isinstance(output, Tensor):
        return output
    sample = getattr(output, "sample", None)
    if isinstance(sample, Tensor):
        return sample
    return output[0] if isinstance(output, tuple) and len(output) == 1 else output


def like_data(what: str, output: Any, x: Tensor) -> Tensor:
    """What a network says, which must have the shape of x."""
    answer = answer_of(output)
    require_same_shape(what, answer, x)
    found: Tensor = answer
    return found


def from_zero(network: Model) -> Model:
    r"""A network trained by code whose timesteps count from 0, as those of diffusers do.

    .. math::
        \text{model}(x, t) = \text{network}(x, t - 1)

    Here time 0 is the data, and a discrete chain has the times 1 … T where there is noise; there
    the same are the timesteps 0 … T - 1.

    Args:
        network: gets x and one timestep per row, (rows,).

    Returns:
        A model for the samplers and losses of this package.

    Example:
        >>> import torch
        >>> model = from_zero(lambda x, timestep: timestep)
        >>> model(torch.zeros(2, 3), torch.tensor([1, 1000])).tolist()
        [0, 999]
    """
    require_callable("network", network)

    def model(x: Tensor, t: Tensor, **named: Any) -> Any:
        return network(x, t - 1, **named)

    carry_kind(network, model)
    return model
