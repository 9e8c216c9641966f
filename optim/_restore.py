"""Saved states: whether one fits an optimiser, and how its buffers come back unchanged."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def require_fitting_state(groups: list[dict[str, Any]], saved: list[dict[str, Any]]) -> None:
    """Raise a ValueError if saved parameter groups are not those of the same model and rule.

    Args:
        groups: The optimiser's own groups.
        saved: ``state_dict["param_groups"]``.
    """
    if len(saved) != len(groups):
        raise ValueError(
            f"`state_dict` must have {len(groups)} parameter groups, one for each covered map and "
            f"the fallback, got {len(saved)}. Save the state of a LocoProp of the same model."
        )
    names, found = ([group.get("name") for group in each] for each in (groups, saved))
    if found != names:
        raise ValueError(
            f"names of the parameter groups of `state_dict` must be {names}, got {found}. "
            "Make this optimiser with the same model and `exclude` as the saved one."
        )
    for group, other in zip(groups, saved, strict=True):
        if other.get("shapes") != group["shapes"]:
            raise ValueError(
                f"shapes of the parameters of group {group['name']!r} must be {group['shapes']}, "
                f"got {other.get('shapes')}. Load the state into the model it was saved with."
            )
        if other.get("solver") == "iter" and other["inner"] != group["inner"]:
            raise ValueError(
                f"`inner` must be the saved rule {other['inner']}, got {group['inner']}. "
                "The buffers of one rule mean nothing to another."
            )


def restored(value: Any, device: torch.device) -> Any:
    """A deep copy with tensors on the device, their types kept.

    torch casts loaded buffers to the type of their parameter; ours are float32 at least beside
    half-precision weights, and a resumed run would not be the same. Counters stay where they are.
    """
    if isinstance(value, Tensor):
        return value.detach().to(device if value.dim() else value.device, copy=True)
    if isinstance(value, Mapping):
        return {name: restored(each, device) for name, each in value.items()}
    return value
