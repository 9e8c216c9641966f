"""The moving average of a network's parameters, which is what one samples with."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from simplex.diffusion._checks import require_decay, require_module, require_same_parameters
from simplex.diffusion._kinds import carry_kind


_FINE = "fine."  # the prefix of the averages in single precision in a state_dict


class ExponentialAverage(nn.Module):
    r"""A copy of a network whose parameters follow those of the original slowly.

    .. math::
        \bar θ ← d_n \barθ + (1 - d_n) θ \qquad d_n = \min\left(d, \frac{1 + n}{10 + n}\right)

    with n the number of updates so far. Buffers are copied, not averaged. It is a module: its
    state goes with ``state_dict``, and calling it calls the averaged network.

    The averages of parameters in half precision are kept in float32 besides, where a small step is
    not rounded away, and the averaged network holds them rounded: it samples in half precision.

    Args:
        network: the network that is trained; it is not kept.
        decay: d in [0, 1).

    Raises:
        TypeError: what is no network.
        ValueError: a decay outside [0, 1); in an update, a network with other parameters.

    Example:
        >>> network = nn.Linear(1, 1, bias=False)
        >>> average = ExponentialAverage(network, decay=0.999)
        >>> _ = nn.init.constant_(network.weight, 5.0)
        >>> average.update(network)
        >>> torch.allclose(average.network.weight, network.weight)
        False
    """

    num_updates: Tensor

    def __init__(self, network: nn.Module, decay: float = 0.999) -> None:
        super().__init__()
        require_module("network", network)
        require_decay(decay)
        self.decay = decay
        self.network = copy.deepcopy(network).requires_grad_(False)
        carry_kind(network, self)
        self.register_buffer("num_updates", torch.zeros((), dtype=torch.int64))
        # By name, the float32 average of a parameter in half precision, and that parameter's count
        # of changes when they agreed.
        self._fine: dict[str, tuple[Tensor, int]] = {}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take one step towards the parameters of the network, after each step of training."""
        require_module("network", network)
        require_same_parameters(self.network, network)
        carry_kind(network, self)
        n = int(self.num_updates)
        decay = min(self.decay, (1 + n) / (10 + n))
        fine = {name: self._fine_of(name, p) for name, p in self._half().items()}
        averages: list[Tensor] = []
        targets: list[Tensor] = []
        for (name, ours), theirs in zip(
            self.network.named_parameters(), network.parameters(), strict=True
        ):
            averages.append(fine.get(name, ours))
            targets.append(theirs.to(averages[-1]))
        torch._foreach_lerp_(averages, targets, 1 - decay)
        for name, rounded in self._half().items():
            rounded.copy_(fine[name])
            self._fine[name] = fine[name], rounded._version
        for buffer, new in zip(self.network.buffers(), network.buffers(), strict=True):
            buffer.copy_(new)
        self.num_updates += 1

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The output of the averaged network."""
        return self.network(*args, **kwargs)

    def extra_repr(self) -> str:
        """The decay."""
        return f"decay={self.decay}"

    # --- averages of half precision ---------------------------------------------------------------

    def _half(self) -> dict[str, nn.Parameter]:
        """The parameters too coarse for an average, by name."""
        named = self.network.named_parameters()
        return {name: p for name, p in named if p.is_floating_point() and p.itemsize < 4}

    def _fine_of(self, name: str, parameter: Tensor) -> Tensor:
        """The average in float32, begun anew where the parameter was changed from outside."""
        if name in self._fine:
            fine, version = self._fine[name]
            fine = fine.to(parameter.device)
            if version == parameter._version or torch.equal(fine.to(parameter.dtype), parameter):
                return fine
        return parameter.float()

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        for name, parameter in self._half().items():
            destination[f"{prefix}{_FINE}{name}"] = self._fine_of(name, parameter)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *others: Any) -> None:
        """Take the averages in float32 where there are some: older states have none."""
        start, half = prefix + _FINE, self._half()
        self._fine = {}
        for key in [key for key in state_dict if key.startswith(start)]:
            name, value = key.removeprefix(start), state_dict.pop(key)
            if name in half:
                self._fine[name] = value.float().clone(), -1  # compared with what is loaded
            else:  # a copy in single precision goes on from the finer numbers
                state_dict[f"{prefix}network.{name}"] = value
        super()._load_from_state_dict(state_dict, prefix, *others)
